"""The planned weeks, and what really happened."""

from datetime import date as Date  # noqa: N812
from datetime import datetime, time

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, family_column, now_column, reference
from db.types import (
    ChangeEffect,
    CleanString,
    CleanText,
    FreeObject,
    ItemData,
    Json,
    LogActual,
    LogScheduled,
    ScheduleData,
    SchedulePatterns,
    UtcTimestamp,
    WeekDecisions,
)


class Schedule(Base):
    __tablename__ = "schedules"
    __table_args__ = (
        Index("idx_schedules_child_id_week", "child_id", "week_start_date"),
        Index("idx_schedules_family_id", "family_id"),
        Index("idx_schedules_is_active", "is_active"),
        Index("idx_schedules_data_gin", "schedule_data", postgresql_using="gin"),
        Index(
            "idx_schedules_one_active",
            "child_id",
            "week_start_date",
            unique=True,
            postgresql_where=text("is_active"),
        ),
        CheckConstraint("state IN ('proposed', 'published', 'superseded')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int | None] = reference("families.id", "CASCADE")
    child_id: Mapped[int | None] = reference("children.id", "CASCADE")
    week_start_date: Mapped[Date]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    generation_method: Mapped[str] = mapped_column(CleanString(50))
    schedule_data: Mapped[ScheduleData] = mapped_column(Json(ScheduleData))
    patterns: Mapped[SchedulePatterns | None] = mapped_column(Json(SchedulePatterns))
    created_at: Mapped[datetime] = now_column()
    updated_at: Mapped[datetime] = now_column()
    state: Mapped[str] = mapped_column(CleanString(50), server_default="published")
    quality: Mapped[FreeObject | None] = mapped_column(Json(FreeObject))
    decisions: Mapped[WeekDecisions | None] = mapped_column(Json(WeekDecisions))


class ScheduleItem(Base):
    __tablename__ = "schedule_items"
    __table_args__ = (
        Index("idx_schedule_items_schedule_id", "schedule_id"),
        Index("idx_schedule_items_day_date", "day_date"),
        Index("idx_schedule_items_completion", "completed", "completed_at"),
        Index("idx_schedule_items_subject_id", "subject_id"),
        Index("idx_schedule_items_item_data_gin", "item_data", postgresql_using="gin"),
        Index("idx_schedule_items_family_id_day_date", "family_id", "day_date"),
        Index("idx_schedule_items_uid", "uid", "schedule_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int | None] = reference("schedules.id", "CASCADE")
    day_date: Mapped[Date]
    item_type: Mapped[str] = mapped_column(CleanString(50))
    name: Mapped[str] = mapped_column(CleanString(255))
    start_time: Mapped[time]
    end_time: Mapped[time]
    is_external: Mapped[bool] = mapped_column(server_default=text("false"))
    completed: Mapped[bool | None] = mapped_column(server_default=text("false"))
    completed_at: Mapped[datetime | None] = mapped_column(UtcTimestamp)
    subject_id: Mapped[int | None] = reference("subjects.id", "SET NULL")
    commitment_id: Mapped[int | None] = reference("child_commitments.id", "SET NULL")
    item_data: Mapped[ItemData] = mapped_column(Json(ItemData))
    created_at: Mapped[datetime] = now_column()
    updated_at: Mapped[datetime] = now_column()
    family_id: Mapped[int | None] = family_column()
    uid: Mapped[str | None] = mapped_column(CleanString(255))
    sequence: Mapped[int] = mapped_column(server_default=text("0"))
    adult_id: Mapped[int | None] = reference("adults.id", "SET NULL")
    family_commitment_id: Mapped[int | None] = reference("family_commitments.id", "SET NULL")


class ActivityLog(Base):
    __tablename__ = "activity_logs"
    __table_args__ = (
        Index("idx_activity_logs_child_id_date", "child_id", "date"),
        Index("idx_activity_logs_schedule_item_id", "schedule_item_id"),
        Index("idx_activity_logs_family_id", "family_id"),
        Index("idx_activity_logs_actual_gin", "actual", postgresql_using="gin"),
        Index("idx_activity_logs_one_effect", "child_id", "item_uid", "date", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int | None] = reference("schedules.id", "CASCADE")
    schedule_item_id: Mapped[int | None] = reference("schedule_items.id", "CASCADE")
    family_id: Mapped[int | None] = reference("families.id", "CASCADE")
    child_id: Mapped[int | None] = reference("children.id", "CASCADE")
    date: Mapped[Date]
    activity_name: Mapped[str] = mapped_column(CleanString(255))
    activity_type: Mapped[str] = mapped_column(CleanString(50))
    scheduled: Mapped[LogScheduled] = mapped_column(Json(LogScheduled))
    actual: Mapped[LogActual | None] = mapped_column(Json(LogActual))
    notes: Mapped[str | None] = mapped_column(CleanText)
    created_at: Mapped[datetime] = now_column()
    item_uid: Mapped[str | None] = mapped_column(CleanString(255))


class UserFeedback(Base):
    __tablename__ = "user_feedback"
    __table_args__ = (
        Index("idx_user_feedback_family_id", "family_id"),
        Index("idx_user_feedback_schedule_id", "schedule_id"),
        Index("idx_user_feedback_feedback_data_gin", "feedback_data", postgresql_using="gin"),
        CheckConstraint("rating >= 1 AND rating <= 5", name="rating"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int | None] = reference("families.id", "CASCADE")
    child_id: Mapped[int | None] = reference("children.id", "SET NULL")
    schedule_id: Mapped[int | None] = reference("schedules.id", "SET NULL")
    feedback_type: Mapped[str] = mapped_column(CleanString(50))
    rating: Mapped[int | None]
    comments: Mapped[str | None] = mapped_column(CleanText)
    feedback_data: Mapped[FreeObject | None] = mapped_column(Json(FreeObject))
    created_at: Mapped[datetime] = now_column()


class LoopState(Base):
    """The subject whose turn is next in a child's rotation."""

    __tablename__ = "loop_state"

    child_id: Mapped[int] = reference("children.id", "CASCADE", primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    subject_id: Mapped[int | None] = reference("subjects.id", "SET NULL")
    updated_at: Mapped[datetime] = now_column()


class WeekChange(Base):
    """A change of the family's weeks and what it has done; an undo is a change that `undoes_id`
    names another."""

    __tablename__ = "week_changes"
    __table_args__ = (
        Index("idx_week_changes_token", "family_id", "token", unique=True),
        Index("idx_week_changes_idempotency_key", "family_id", "idempotency_key", unique=True),
        Index("idx_week_changes_undoes_id", "undoes_id", unique=True),
        CheckConstraint("origin IN ('chat', 'page', 'google', 'calendar', 'clock')", name="origin"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    origin: Mapped[str] = mapped_column(CleanString(50))
    kind: Mapped[str] = mapped_column(CleanString(50))
    token: Mapped[str] = mapped_column(CleanString(50))
    idempotency_key: Mapped[str | None] = mapped_column(CleanString(255))
    undoes_id: Mapped[int | None] = reference("week_changes.id", "CASCADE")
    effect: Mapped[ChangeEffect] = mapped_column(Json(ChangeEffect))
    created_at: Mapped[datetime] = now_column()
