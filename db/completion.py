"""What was done: an item is completed once, with one log, and the word can be taken back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.plan import Item
from core.said.readings import Outing
from core.week import clock, minute_of
from db import models
from db.items import active_item, iso_utc, rewrite_data, stored_item
from db.revision import bump_revision
from db.session import lock_family
from db.types import (
    LogActual,
    LoggedOriginal,
    LogScheduled,
    read,
    write,
)

OUTING = "outing"
"""`activity_type` of what was learned outside of the plan."""


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
    engagement: int | None = None,
) -> Completion:
    """The item is done, at this instant, on the word of `by` ("child", "parent").

    `started` and `ended` (minutes of the day) where they were told, else it is logged as planned;
    `engagement` from 1 (not at all) to 5.
    However often it is said, and by however many at once, there is one log for each child, item
    and date; one that tells that it was missed becomes this one.
    """
    await lock_family(session, family_id)
    found = await active_item(session, family_id, uid)
    if found is None:
        return NoSuchItem()
    row, child_id = found
    stored = stored_item(row, child_id)
    written = insert(models.ActivityLog).values(
        **_log_values(row, child_id),
        actual=_log_actual(row, at, by, started, ended, engagement),
        created_at=at,
    )
    renewed = ("schedule_id", "schedule_item_id", "scheduled", "actual", "created_at")
    log_id = (
        await session.execute(
            written.on_conflict_do_update(
                index_elements=["child_id", "item_uid", "date"],
                set_={column: written.excluded[column] for column in renewed},
                where=models.ActivityLog.actual["completed"].as_boolean().is_(False),
            ).returning(models.ActivityLog.id)
        )
    ).scalar_one_or_none()
    if log_id is None:
        return AlreadyDone(stored.item)
    row.completed, row.completed_at, row.updated_at = True, at, at
    row.sequence += 1
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
    row.sequence += 1
    await session.flush()
    await rewrite_data(session, row.schedule_id or 0)
    await bump_revision(session, family_id)
    return True


async def set_engagement(session: AsyncSession, family_id: int, uid: str, engagement: int) -> None:
    """Add to the log of an item that is done how much the child liked it, from 1 to 5."""
    await lock_family(session, family_id)
    found = await active_item(session, family_id, uid)
    if found is None:
        return
    log = await session.scalar(
        select(models.ActivityLog)
        .where(
            models.ActivityLog.child_id == found[1],
            models.ActivityLog.item_uid == uid,
            models.ActivityLog.date == found[0].day_date,
        )
        .execution_options(populate_existing=True)
    )
    if log is not None and log.actual is not None:
        log.actual = read(LogActual, {**write(log.actual), "childEngagement": engagement})
        await session.flush()


async def log_outing(
    session: AsyncSession, family_id: int, outing: Outing, *, at: datetime
) -> tuple[int, ...]:
    """Log something that was learned outside of the plan, for each of its children; returns the
    logs' ids."""
    rows = [
        models.ActivityLog(
            family_id=family_id,
            child_id=child_id,
            date=outing.on,
            activity_name=outing.name if outing.subject is None else outing.subject,
            activity_type=OUTING,
            scheduled=LogScheduled(),
            actual=read(
                LogActual,
                {
                    "completed": True,
                    "completedAt": iso_utc(at),
                    "minutes": outing.minutes,
                    "outing": outing.name,
                },
            ),
            created_at=at,
        )
        for child_id in outing.children
    ]
    session.add_all(rows)
    await session.flush()
    return tuple(row.id for row in rows)


async def forget_logs(session: AsyncSession, ids: Iterable[int]) -> None:
    """Take back logs of what was learned outside of the plan."""
    await session.execute(
        delete(models.ActivityLog).where(
            models.ActivityLog.id.in_(list(ids)), models.ActivityLog.activity_type == OUTING
        )
    )


async def log_missed(
    session: AsyncSession, family_id: int, uid: str, at: datetime, *, reason: str | None
) -> int | None:
    """Write down that an item was not held where it stands now; returns the log's id, None where
    there is a log of it already."""
    found = await active_item(session, family_id, uid)
    if found is None:
        return None
    row, child_id = found
    actual: dict[str, Any] = {"completed": False}
    if reason is not None:
        actual["adjustmentReason"] = reason
    log_id: int | None = (
        await session.execute(
            insert(models.ActivityLog)
            .values(**_log_values(row, child_id), actual=read(LogActual, actual), created_at=at)
            .on_conflict_do_nothing(index_elements=["child_id", "item_uid", "date"])
            .returning(models.ActivityLog.id)
        )
    ).scalar_one_or_none()
    return log_id


async def missed_log(session: AsyncSession, family_id: int, uid: str) -> int | None:
    """The id of the log that tells that an item was missed earlier on the date on which it stands
    now. `complete_item` writes over it."""
    found = await active_item(session, family_id, uid)
    if found is None:
        return None
    log_id: int | None = await session.scalar(
        select(models.ActivityLog.id).where(
            models.ActivityLog.child_id == found[1],
            models.ActivityLog.item_uid == uid,
            models.ActivityLog.date == found[0].day_date,
            models.ActivityLog.actual["completed"].as_boolean().is_(False),
        )
    )
    return log_id


async def told_missed(
    session: AsyncSession, family_id: int, since: date, until: date
) -> frozenset[tuple[str, date]]:
    """The lessons (by uid and date) from `since` up to and without `until` that are known not to
    have been held then."""
    found = await session.execute(
        select(models.ActivityLog.item_uid, models.ActivityLog.date).where(
            models.ActivityLog.family_id == family_id,
            models.ActivityLog.date >= since,
            models.ActivityLog.date < until,
            models.ActivityLog.actual["completed"].as_boolean().is_(False),
        )
    )
    return frozenset((uid, day) for uid, day in found if uid is not None)


def _log_values(row: models.ScheduleItem, child_id: int) -> dict[str, Any]:
    """The columns of an item's log, but for what really happened."""
    return {
        "schedule_id": row.schedule_id,
        "schedule_item_id": row.id,
        "family_id": row.family_id,
        "child_id": child_id,
        "date": row.day_date,
        "activity_name": row.name,
        "activity_type": row.item_type,
        "scheduled": _log_scheduled(row),
        "item_uid": row.uid,
    }


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
    row: models.ScheduleItem,
    at: datetime,
    by: str,
    started: int | None,
    ended: int | None,
    engagement: int | None,
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
    if engagement is not None:
        actual["childEngagement"] = engagement
    original = row.item_data.original_subject
    if original is not None and original.parent_involvement is not None:
        actual["parentInvolvement"] = original.parent_involvement
    return read(LogActual, actual)
