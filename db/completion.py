"""What was done: an item is completed once, with one log, and the word can be taken back."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.plan import Item
from core.week import clock, minute_of
from db import models
from db.items import active_item, iso_utc, rewrite_data, stored_item
from db.session import bump_revision, lock_family
from db.types import (
    LogActual,
    LoggedOriginal,
    LogScheduled,
    read,
)


@dataclass(frozen=True, slots=True)
class CompletedItem:
    """The item is done, by this call."""

    item: Item
    log_id: int


@dataclass(frozen=True, slots=True)
class AlreadyDone:
    """The item was done before; nothing has changed."""

    item: Item


@dataclass(frozen=True, slots=True)
class NoSuchItem:
    """No active week of the family holds this item (any more)."""


Completion: TypeAlias = CompletedItem | AlreadyDone | NoSuchItem


async def complete_item(
    session: AsyncSession,
    family_id: int,
    uid: str,
    at: datetime,
    *,
    by: str,
    started: int | None = None,
    ended: int | None = None,
) -> Completion:
    """The item is done, at this instant, on the word of `by` ("child", "parent").

    `started` and `ended` (minutes of the day) where they were told, else it is logged as planned.
    However often it is said, and by however many at once, there is one log for each child, item
    and date.
    """
    await lock_family(session, family_id)
    found = await active_item(session, family_id, uid)
    if found is None:
        return NoSuchItem()
    row, child_id = found
    stored = stored_item(row, child_id)
    log_id = (
        await session.execute(
            insert(models.ActivityLog)
            .values(
                schedule_id=row.schedule_id,
                schedule_item_id=row.id,
                family_id=family_id,
                child_id=child_id,
                date=row.day_date,
                activity_name=row.name,
                activity_type=row.item_type,
                scheduled=_log_scheduled(row),
                actual=_log_actual(row, at, by, started, ended),
                item_uid=uid,
                created_at=at,
            )
            .on_conflict_do_nothing(index_elements=["child_id", "item_uid", "date"])
            .returning(models.ActivityLog.id)
        )
    ).scalar_one_or_none()
    if log_id is None:
        return AlreadyDone(stored.item)
    row.completed, row.completed_at, row.updated_at = True, at, at
    await session.flush()
    await rewrite_data(session, stored.schedule_id)
    await bump_revision(session, family_id)
    return CompletedItem(replace(stored.item, completed=True), log_id)


async def undo_completion(
    session: AsyncSession, family_id: int, uid: str, *, now: datetime
) -> bool:
    """Take back `complete_item`, its log included. False if the item is not done."""
    await lock_family(session, family_id)
    found = await active_item(session, family_id, uid)
    if found is None or not found[0].completed:
        return False
    row, child_id = found
    await session.execute(
        delete(models.ActivityLog).where(
            models.ActivityLog.child_id == child_id,
            models.ActivityLog.item_uid == uid,
            models.ActivityLog.date == row.day_date,
        )
    )
    row.completed, row.completed_at, row.updated_at = False, None, now
    await session.flush()
    await rewrite_data(session, row.schedule_id or 0)
    await bump_revision(session, family_id)
    return True


def _log_scheduled(row: models.ScheduleItem) -> LogScheduled:
    original: dict[str, Any] = {
        "name": row.name,
        "duration": minute_of(row.end_time) - minute_of(row.start_time),
    }
    if row.subject_id is not None:
        original["subject_id"] = row.subject_id
    return LogScheduled(
        start_time=f"{row.start_time:%H:%M}",
        end_time=f"{row.end_time:%H:%M}",
        original=LoggedOriginal(**original),
    )


def _log_actual(
    row: models.ScheduleItem, at: datetime, by: str, started: int | None, ended: int | None
) -> LogActual:
    actual: dict[str, Any] = {
        "completed": True,
        "completedAt": iso_utc(at),
        "startTime": f"{row.start_time:%H:%M}" if started is None else clock(started),
        "endTime": f"{row.end_time:%H:%M}" if ended is None else clock(ended),
        "loggedBy": by,
    }
    if started is None and ended is None:
        # Learning must not take the plan for a measurement.
        actual["asPlanned"] = True
    original = row.item_data.original_subject
    if original is not None and original.parent_involvement is not None:
        actual["parentInvolvement"] = original.parent_involvement
    return read(LogActual, actual)
