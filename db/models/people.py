"""Who a family is, and what it has promised."""

from datetime import date as Date  # noqa: N812
from datetime import datetime, time

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, family_column, now_column, reference
from db.types import (
    CleanString,
    DaySettings,
    FamilyPreferences,
    FreeObject,
    Json,
    LearningPreferences,
    SubjectMetadata,
    UtcTimestamp,
)


class User(Base):
    __tablename__ = "users"
    __table_args__ = (
        Index("idx_users_google_id", "google_id"),
        Index("idx_users_email", "email"),
        UniqueConstraint("google_id"),
        UniqueConstraint("email"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    google_id: Mapped[str | None] = mapped_column(CleanString(255))
    email: Mapped[str] = mapped_column(CleanString(255))
    name: Mapped[str] = mapped_column(CleanString(255))
    created_at: Mapped[datetime] = now_column()
    last_login: Mapped[datetime | None] = mapped_column(UtcTimestamp)
    questionnaire_completed: Mapped[bool | None] = mapped_column(server_default=text("false"))
    questionnaire_completed_at: Mapped[datetime | None] = mapped_column(UtcTimestamp)


class Family(Base):
    __tablename__ = "families"
    __table_args__ = (
        Index("idx_families_user_id", "user_id"),
        Index("idx_families_scheduling_flexibility", "scheduling_flexibility"),
        Index("idx_families_preferences_gin", "preferences", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = reference("users.id", "CASCADE")
    name: Mapped[str] = mapped_column(CleanString(255))
    scheduling_flexibility: Mapped[str | None] = mapped_column(CleanString(50))
    planning_approach: Mapped[str | None] = mapped_column(CleanString(50))
    preferences: Mapped[FamilyPreferences | None] = mapped_column(Json(FamilyPreferences))
    questionnaire_responses: Mapped[FreeObject | None] = mapped_column(Json(FreeObject))
    created_at: Mapped[datetime] = now_column()
    updated_at: Mapped[datetime] = now_column()
    timezone: Mapped[str] = mapped_column(CleanString(255), server_default="UTC")
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    day_settings: Mapped[DaySettings | None] = mapped_column(Json(DaySettings))


class Adult(Base):
    __tablename__ = "adults"
    __table_args__ = (
        Index("idx_adults_family_id", "family_id"),
        CheckConstraint("role IN ('guardian', 'helper')", name="role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    user_id: Mapped[int | None] = reference("users.id", "SET NULL")
    name: Mapped[str] = mapped_column(CleanString(255))
    role: Mapped[str] = mapped_column(CleanString(50), server_default="guardian")
    created_at: Mapped[datetime] = now_column()
    teaches: Mapped[bool] = mapped_column(server_default=text("true"))


class FamilyCommitment(Base):
    """A promise of the family or of a parent; one with `connection_id` repeats a time of a calendar
    outside."""

    __tablename__ = "family_commitments"
    __table_args__ = (
        Index("idx_family_commitments_family_id", "family_id"),
        CheckConstraint("scope IN ('family', 'parent')", name="scope"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int | None] = reference("families.id", "CASCADE")
    name: Mapped[str] = mapped_column(CleanString(255))
    frequency: Mapped[str] = mapped_column(CleanString(50))
    days_of_week: Mapped[str | None] = mapped_column(CleanString(255))
    start_time: Mapped[time]
    end_time: Mapped[time]
    created_at: Mapped[datetime] = now_column()
    updated_at: Mapped[datetime] = now_column()
    date: Mapped[Date | None]
    scope: Mapped[str] = mapped_column(CleanString(50), server_default="family")
    adult_id: Mapped[int | None] = reference("adults.id", "SET NULL")
    connection_id: Mapped[int | None] = reference("calendar_connections.id", "CASCADE")


class Child(Base):
    __tablename__ = "children"
    __table_args__ = (
        Index("idx_children_family_id", "family_id"),
        Index("idx_children_age", "age"),
        Index(
            "idx_children_learning_preferences_gin",
            "learning_preferences",
            postgresql_using="gin",
        ),
        CheckConstraint("age >= 2 AND age <= 18", name="age"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int | None] = reference("families.id", "CASCADE")
    name: Mapped[str] = mapped_column(CleanString(255))
    age: Mapped[int]
    learning_preferences: Mapped[LearningPreferences | None] = mapped_column(
        Json(LearningPreferences)
    )
    questionnaire_responses: Mapped[FreeObject | None] = mapped_column(Json(FreeObject))
    created_at: Mapped[datetime] = now_column()
    updated_at: Mapped[datetime] = now_column()


class ChildCommitment(Base):
    """A child's own promise; one with `connection_id` repeats a time of a calendar outside."""

    __tablename__ = "child_commitments"
    __table_args__ = (
        Index("idx_child_commitments_child_id", "child_id"),
        Index("idx_child_commitments_family_id", "family_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int | None] = reference("children.id", "CASCADE")
    name: Mapped[str] = mapped_column(CleanString(255))
    frequency: Mapped[str] = mapped_column(CleanString(50))
    days_of_week: Mapped[str | None] = mapped_column(CleanString(255))
    start_time: Mapped[time]
    end_time: Mapped[time]
    created_at: Mapped[datetime] = now_column()
    updated_at: Mapped[datetime] = now_column()
    date: Mapped[Date | None]
    needs_adult: Mapped[bool] = mapped_column(server_default=text("false"))
    adult_id: Mapped[int | None] = reference("adults.id", "SET NULL")
    family_id: Mapped[int | None] = family_column()
    connection_id: Mapped[int | None] = reference("calendar_connections.id", "CASCADE")


class Subject(Base):
    __tablename__ = "subjects"
    __table_args__ = (
        Index("idx_subjects_child_id", "child_id"),
        Index("idx_subjects_is_core", "is_core_subject"),
        Index("idx_subjects_name", "name"),
        Index("idx_subjects_family_id", "family_id"),
        CheckConstraint("interest_level >= 1 AND interest_level <= 5", name="interest_level"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int | None] = reference("children.id", "CASCADE")
    name: Mapped[str] = mapped_column(CleanString(255))
    is_core_subject: Mapped[bool] = mapped_column(server_default=text("false"))
    session_duration: Mapped[int]
    frequency: Mapped[str] = mapped_column(CleanString(50))
    parent_involvement: Mapped[str] = mapped_column(CleanString(50))
    fixed_time_required: Mapped[bool] = mapped_column(server_default=text("false"))
    preferred_time: Mapped[time | None]
    interest_level: Mapped[int]
    # `metadata` itself is SQLAlchemy's own name on every model.
    details: Mapped[SubjectMetadata | None] = mapped_column("metadata", Json(SubjectMetadata))
    created_at: Mapped[datetime] = now_column()
    updated_at: Mapped[datetime] = now_column()
    family_id: Mapped[int | None] = family_column()


class CommitmentException(Base):
    """One date on which a commitment is otherwise: at other times, or (no times) not at all."""

    __tablename__ = "commitment_exceptions"
    __table_args__ = (
        Index("idx_commitment_exceptions_family_id_date", "family_id", "date"),
        CheckConstraint(
            "num_nonnulls(family_commitment_id, child_commitment_id) = 1", name="one_commitment"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    family_commitment_id: Mapped[int | None] = reference("family_commitments.id", "CASCADE")
    child_commitment_id: Mapped[int | None] = reference("child_commitments.id", "CASCADE")
    date: Mapped[Date]
    start_time: Mapped[time | None]
    end_time: Mapped[time | None]
    created_at: Mapped[datetime] = now_column()


class DayHours(Base):
    """A child's homeschooling hours of one date, where they are other than usual."""

    __tablename__ = "day_hours"
    __table_args__ = (
        UniqueConstraint("child_id", "date"),
        Index("idx_day_hours_family_id", "family_id"),
        CheckConstraint("start_time < end_time", name="times"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    child_id: Mapped[int] = reference("children.id", "CASCADE")
    date: Mapped[Date]
    start_time: Mapped[time]
    end_time: Mapped[time]
    created_at: Mapped[datetime] = now_column()


class DayOff(Base):
    __tablename__ = "days_off"
    __table_args__ = (
        UniqueConstraint("family_id", "date", "child_id", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    child_id: Mapped[int | None] = reference("children.id", "CASCADE")
    date: Mapped[Date]
    created_at: Mapped[datetime] = now_column()
