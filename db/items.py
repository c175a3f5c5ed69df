"""The items of weeks as rows: read, and written into `schedule_data`, which only repeats them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Select, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from core.patterns import schedule_data
from core.plan import Item, ItemType
from core.week import DAY, minute_of
from db import models
from db.types import (
    ScheduleData,
    read,
    write,
)


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item with what its row adds. `data` is its `item_data` (camelCase, as JSON)."""

    id: int
    schedule_id: int
    item: Item
    sequence: int
    updated_at: datetime
    completed_at: datetime | None
    data: Mapping[str, Any]


async def load_items(
    session: AsyncSession,
    family_id: int,
    since: date,
    until: date,
    *,
    child_id: int | None = None,
    adult_id: int | None = None,
) -> Sequence[StoredItem]:
    """The items of the active weeks from `since` up to and without `until`, by date and time:
    all, one child's, or only what needs one adult."""
    query = (
        select(models.ScheduleItem, models.Schedule.child_id)
        .join(models.Schedule, models.Schedule.id == models.ScheduleItem.schedule_id)
        .where(
            models.ScheduleItem.family_id == family_id,
            models.ScheduleItem.day_date >= since,
            models.ScheduleItem.day_date < until,
            models.Schedule.is_active,
        )
        .order_by(
            models.ScheduleItem.day_date, models.ScheduleItem.start_time, models.ScheduleItem.id
        )
        .execution_options(populate_existing=True)
    )
    if child_id is not None:
        query = query.where(models.Schedule.child_id == child_id)
    if adult_id is not None:
        query = query.where(models.ScheduleItem.adult_id == adult_id)
    return [stored_item(row, child) for row, child in await session.execute(query)]


@dataclass(frozen=True, slots=True)
class StoredLesson:
    """A lesson of an active week, as far as calendars tell of it. Times are minutes of the day;
    `data` is its `item_data`, `details` its subject's `metadata` (camelCase, as JSON), changed
    last at `details_updated_at`; a subject that is no more has none."""

    uid: str
    sequence: int
    updated_at: datetime
    date: date
    start: int
    end: int
    name: str
    child_id: int
    adult_id: int | None
    completed: bool
    data: Mapping[str, Any]
    details: Mapping[str, Any]
    details_updated_at: datetime | None


async def load_lessons(
    session: AsyncSession, family_id: int, since: date, until: date
) -> Sequence[StoredLesson]:
    """The lessons of the active weeks from `since` up to and without `until`, by date and time.

    Plain columns: a feed holds a year of them, and mapped rows would take ten times as long.
    """
    item, week, subject = models.ScheduleItem, models.Schedule, models.Subject
    rows = await session.execute(
        select(
            item.uid,
            item.sequence,
            item.updated_at,
            item.day_date,
            item.start_time,
            item.end_time,
            item.name,
            week.child_id,
            item.adult_id,
            item.completed,
            type_coerce(item.item_data, JSONB).label("data"),
            type_coerce(subject.details, JSONB).label("details"),
            subject.updated_at.label("details_updated_at"),
        )
        .join(week, week.id == item.schedule_id)
        .join(subject, subject.id == item.subject_id, isouter=True)
        .where(
            item.family_id == family_id,
            item.item_type == ItemType.SUBJECT,
            item.day_date >= since,
            item.day_date < until,
            week.is_active,
        )
        .order_by(item.day_date, item.start_time, item.id)
    )
    return [
        StoredLesson(
            uid=row.uid or "",
            sequence=row.sequence,
            updated_at=row.updated_at,
            date=row.day_date,
            start=minute_of(row.start_time),
            end=_end(row.end_time),
            name=row.name,
            child_id=row.child_id,
            adult_id=row.adult_id,
            completed=bool(row.completed),
            data=row.data,
            details=row.details or {},
            details_updated_at=row.details_updated_at,
        )
        for row in rows
    ]


async def active_item(
    session: AsyncSession, family_id: int, uid: str
) -> tuple[models.ScheduleItem, int] | None:
    found = await session.execute(
        select(models.ScheduleItem, models.Schedule.child_id)
        .join(models.Schedule, models.Schedule.id == models.ScheduleItem.schedule_id)
        .where(
            models.ScheduleItem.uid == uid,
            models.ScheduleItem.family_id == family_id,
            models.Schedule.is_active,
        )
        .order_by(models.ScheduleItem.day_date.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    return None if row is None else (row[0], row[1] or 0)


async def day_of_item(session: AsyncSession, family_id: int, uid: str) -> date | None:
    """The date on which the family's active weeks hold this item."""
    found = await active_item(session, family_id, uid)
    return None if found is None else found[0].day_date


async def find_item(session: AsyncSession, family_id: int, uid: str) -> Item | None:
    """The item as the family's active weeks hold it."""
    found = await active_item(session, family_id, uid)
    return None if found is None else stored_item(*found).item


async def days_of_items(
    session: AsyncSession, family_id: int, uids: Collection[str]
) -> Mapping[str, date]:
    """The dates on which the family's active weeks hold these items; those that they do not hold
    are left out."""
    found = await session.execute(
        select(models.ScheduleItem.uid, models.ScheduleItem.day_date)
        .join(models.Schedule, models.Schedule.id == models.ScheduleItem.schedule_id)
        .where(
            models.ScheduleItem.family_id == family_id,
            models.ScheduleItem.uid.in_(uids),
            models.Schedule.is_active,
        )
    )
    return {uid: day for uid, day in found if uid is not None}


async def find_stored(session: AsyncSession, family_id: int, uid: str) -> StoredItem | None:
    """The item as the family's active weeks hold it, with what its row adds."""
    found = await active_item(session, family_id, uid)
    return None if found is None else stored_item(*found)


async def uid_of_item(session: AsyncSession, family_id: int, item_id: int) -> str | None:
    """The identity of what the row is or once was; None if there is no such row."""
    found: str | None = await session.scalar(
        select(models.ScheduleItem.uid).where(
            models.ScheduleItem.family_id == family_id, models.ScheduleItem.id == item_id
        )
    )
    return found


async def rewrite_data(session: AsyncSession, schedule_id: int) -> None:
    schedule = await session.get_one(models.Schedule, schedule_id)
    child_id = schedule.child_id or 0
    rows = (await session.scalars(item_rows(models.ScheduleItem.schedule_id == schedule_id))).all()
    core = await session.scalars(
        select(models.Subject.id).where(
            models.Subject.child_id == child_id, models.Subject.is_core_subject
        )
    )
    adults = await session.execute(
        select(models.Adult.id, models.Adult.name).where(
            models.Adult.family_id == schedule.family_id
        )
    )
    data = schedule_data(
        [stored_item(row, child_id).item for row in rows],
        [row.id for row in rows],
        week_start=schedule.week_start_date,
        version=schedule.version,
        method=schedule.generation_method,
        core_subjects=frozenset(core),
        adults={row.id: row.name for row in adults},
    )
    schedule.schedule_data = read(ScheduleData, data)
    schedule.patterns = schedule.schedule_data.patterns
    await session.flush()


def item_rows(condition: Any) -> Select[models.ScheduleItem]:
    return (
        select(models.ScheduleItem)
        .where(condition)
        .order_by(
            models.ScheduleItem.day_date, models.ScheduleItem.start_time, models.ScheduleItem.id
        )
        .execution_options(populate_existing=True)
    )


def _end(stored: time) -> int:
    """Midnight at the day's end is stored as its last minute."""
    end = minute_of(stored)
    return DAY if end == DAY - 1 else end


def stored_item(row: models.ScheduleItem, child_id: int | None) -> StoredItem:
    data = write(row.item_data)
    return StoredItem(
        id=row.id,
        schedule_id=row.schedule_id or 0,
        item=Item(
            child_id=child_id or 0,
            date=row.day_date,
            type=ItemType(row.item_type),
            name=row.name,
            start=minute_of(row.start_time),
            end=_end(row.end_time),
            subject_id=row.subject_id,
            commitment_id=row.commitment_id,
            family_commitment_id=row.family_commitment_id,
            adult_id=row.adult_id,
            external=row.is_external,
            completed=bool(row.completed),
            suggestion=data.get("activity"),
            uid=row.uid,
        ),
        sequence=row.sequence,
        updated_at=row.updated_at,
        completed_at=row.completed_at,
        data=data,
    )


def iso_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
