"""Weeks as rows. Items are the truth; `schedule_data` is rewritten from them in the same
transaction, by one function.

Every writer here takes the family's lock and raises its revision.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.addresses import UID_DOMAIN
from core.family import Subject
from core.plan import ENGINE, Item, Plan
from core.week import time_of
from db import models
from db.items import StoredItem, iso_utc, item_rows, rewrite_data, stored_item
from db.session import bump_revision, lock_family
from db.types import (
    Adjustment,
    FreeObject,
    ItemData,
    OriginalSubject,
    ScheduleData,
    read,
    write,
)

State = Literal["proposed", "published"]

REVISION = "familyRevision"
"""Key of `schedules.quality`: the revision of the family that the week was planned for."""


@dataclass(frozen=True, slots=True)
class StoredSchedule:
    """One child's version of a week. `data` and `quality` are JSON as stored."""

    id: int
    child_id: int
    version: int
    state: str
    generation_method: str
    created_at: datetime
    items: tuple[StoredItem, ...]
    data: Mapping[str, Any]
    quality: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class StoredWeek:
    """The active versions of a week, children in the order of their ids; none before it is
    planned."""

    week_start: date
    schedules: tuple[StoredSchedule, ...]

    @property
    def revision(self) -> int:
        """The family's revision for which the oldest of the versions was planned."""
        return min(
            (int((schedule.quality or {}).get(REVISION, 0)) for schedule in self.schedules),
            default=0,
        )

    @property
    def items(self) -> tuple[Item, ...]:
        """Every child's items, as the engine takes them back."""
        return tuple(stored.item for schedule in self.schedules for stored in schedule.items)


async def store_plan(
    session: AsyncSession,
    family_id: int,
    plan: Plan,
    *,
    now: datetime,
    state: State = "published",
    reason: str | None = None,
    revision: int = 0,
) -> Sequence[int]:
    """Write a planned week as a new version for each child; returns the schedules' ids in the
    order of the family's children.

    A published version takes the place of the active one; a proposed one stands beside it. An
    item that was there before keeps its uid, its completion and its history; where it has
    changed, its sequence rises and `reason` goes into its history. Logs stay with the version
    that they were written for. `revision` is the family's as the plan found it.
    """
    await lock_family(session, family_id)
    request = plan.request
    ids = []
    for child in request.family.children:
        items = [item for item in plan.items if item.child_id == child.id]
        former = await _former_rows(session, child.id, request.week_start, items)
        if state == "published":
            await _supersede(session, child.id, request.week_start, now)
        schedule = models.Schedule(
            family_id=family_id,
            child_id=child.id,
            week_start_date=request.week_start,
            is_active=state == "published",
            version=await _next_version(session, child.id, request.week_start),
            generation_method=ENGINE,
            schedule_data=ScheduleData(week_start_date=request.week_start),
            state=state,
            quality=read(FreeObject, {**_quality(plan, child.id), REVISION: revision}),
            created_at=now,
            updated_at=now,
        )
        session.add(schedule)
        await session.flush()
        subjects = {subject.id: subject for subject in child.subjects}
        session.add_all(
            _item_row(schedule.id, item, before, subjects, now, reason)
            for item, before in _matched(items, former)
        )
        await session.flush()
        await rewrite_data(session, schedule.id)
        ids.append(schedule.id)
    await bump_revision(session, family_id)
    return ids


async def load_week(session: AsyncSession, family_id: int, week_start: date) -> StoredWeek:
    """The active week that begins on this Monday."""
    schedules = await session.scalars(
        select(models.Schedule)
        .where(
            models.Schedule.family_id == family_id,
            models.Schedule.week_start_date == week_start,
            models.Schedule.is_active,
        )
        .order_by(models.Schedule.child_id)
        .execution_options(populate_existing=True)
    )
    found = schedules.all()
    child_of = {schedule.id: schedule.child_id or 0 for schedule in found}
    rows = await session.scalars(item_rows(models.ScheduleItem.schedule_id.in_(child_of)))
    items: dict[int, list[StoredItem]] = {schedule_id: [] for schedule_id in child_of}
    for row in rows:
        stored = stored_item(row, child_of[row.schedule_id or 0])
        items[stored.schedule_id].append(stored)
    return StoredWeek(
        week_start,
        tuple(
            StoredSchedule(
                id=schedule.id,
                child_id=child_of[schedule.id],
                version=schedule.version,
                state=schedule.state,
                generation_method=schedule.generation_method,
                created_at=schedule.created_at,
                items=tuple(items[schedule.id]),
                data=write(schedule.schedule_data),
                quality=write(schedule.quality) if schedule.quality else None,
            )
            for schedule in found
        ),
    )


async def planned_mondays(session: AsyncSession, family_id: int, since: date) -> Sequence[date]:
    """The Mondays of the active weeks from `since` on."""
    found = await session.scalars(
        select(models.Schedule.week_start_date)
        .where(
            models.Schedule.family_id == family_id,
            models.Schedule.week_start_date >= since,
            models.Schedule.is_active,
        )
        .distinct()
        .order_by(models.Schedule.week_start_date)
    )
    return found.all()


async def _former_rows(
    session: AsyncSession, child_id: int, week_start: date, items: Iterable[Item]
) -> Sequence[models.ScheduleItem]:
    """The rows of the active version, and the last rows of items that come from other weeks."""
    active = select(models.Schedule.id).where(
        models.Schedule.child_id == child_id,
        models.Schedule.week_start_date == week_start,
        models.Schedule.is_active,
    )
    rows = await session.scalars(item_rows(models.ScheduleItem.schedule_id.in_(active)))
    here = rows.all()
    elsewhere = {item.uid for item in items if item.uid} - {row.uid for row in here}
    if not elsewhere:
        return here
    carried = await session.scalars(
        select(models.ScheduleItem)
        .where(models.ScheduleItem.uid.in_(elsewhere))
        .order_by(models.ScheduleItem.id)
    )
    return [*here, *carried]


async def _supersede(session: AsyncSession, child_id: int, week_start: date, now: datetime) -> None:
    await session.execute(
        update(models.Schedule)
        .where(
            models.Schedule.child_id == child_id,
            models.Schedule.week_start_date == week_start,
            models.Schedule.is_active,
        )
        .values(is_active=False, state="superseded", updated_at=now)
    )


async def _next_version(session: AsyncSession, child_id: int, week_start: date) -> int:
    last = await session.scalar(
        select(func.max(models.Schedule.version)).where(
            models.Schedule.child_id == child_id, models.Schedule.week_start_date == week_start
        )
    )
    return (last or 0) + 1


def _matched(
    items: Iterable[Item], former: Sequence[models.ScheduleItem]
) -> list[tuple[Item, models.ScheduleItem | None]]:
    """Each item with the row that it was before: by uid, else by being the same thing at the same
    time. No row is given twice."""
    # A later row of the same uid replaces an earlier one.
    by_uid = {row.uid: row for row in former}
    pairs = [(item, by_uid.pop(item.uid, None) if item.uid else None) for item in items]
    same = {_identity(stored_item(row, 0).item): row for row in by_uid.values()}
    return [
        (item, row if row is not None or item.uid else same.pop(_identity(item), None))
        for item, row in pairs
    ]


def _identity(item: Item) -> tuple[object, ...]:
    of = (item.subject_id, item.commitment_id, item.family_commitment_id)
    return item.type, item.date, item.start, of


def _item_row(
    schedule_id: int,
    item: Item,
    before: models.ScheduleItem | None,
    subjects: Mapping[int, Subject],
    now: datetime,
    reason: str | None,
) -> models.ScheduleItem:
    subject = subjects.get(item.subject_id) if item.subject_id is not None else None
    row = models.ScheduleItem(
        schedule_id=schedule_id,
        day_date=item.date,
        item_type=item.type,
        name=item.name,
        start_time=time_of(item.start),
        end_time=time_of(item.end),
        is_external=item.external,
        completed=item.completed,
        subject_id=item.subject_id,
        commitment_id=item.commitment_id,
        family_commitment_id=item.family_commitment_id,
        adult_id=item.adult_id,
        item_data=_item_data(item, subject),
        uid=item.uid or (before.uid if before else None) or _new_uid(),
        sequence=0,
        created_at=now,
        updated_at=now,
    )
    if before is not None:
        row.completed = item.completed or before.completed
        row.completed_at = before.completed_at
        row.created_at = before.created_at
        row.sequence = before.sequence
        row.item_data = _carried_data(before, row, now, reason)
        if _shown(before) == _shown(row):
            row.updated_at = before.updated_at
        else:
            row.sequence += 1
    return row


def _new_uid() -> str:
    return f"{uuid.uuid4().hex}@{UID_DOMAIN}"


def _times(row: models.ScheduleItem) -> tuple[date, time, time]:
    return row.day_date, row.start_time, row.end_time


def _shown(row: models.ScheduleItem) -> tuple[object, ...]:
    """What a calendar shows of an item: a change of it is a new sequence."""
    return *_times(row), row.item_type, row.name, row.adult_id, row.is_external


def _item_data(item: Item, subject: Subject | None) -> ItemData:
    data: dict[str, Any] = {"notes": "", "resources": [], "adjustmentHistory": []}
    if subject is not None:
        original = OriginalSubject(
            name=subject.name,
            is_core_subject=subject.core,
            session_duration=subject.minutes,
            parent_involvement=subject.involvement,
        )
        data["originalSubject"] = write(original)
    if item.suggestion is not None:
        data["activity"] = item.suggestion
    return read(ItemData, data)


def _carried_data(
    before: models.ScheduleItem, row: models.ScheduleItem, now: datetime, reason: str | None
) -> ItemData:
    """What was noted at an item goes along; a move is added to its history."""
    data = {**write(before.item_data), **_renewed(row.item_data)}
    if _times(before) != _times(row):
        change: dict[str, Any] = {
            "date": iso_utc(now),
            "previousStartTime": f"{before.start_time:%H:%M}",
            "previousEndTime": f"{before.end_time:%H:%M}",
        }
        if before.day_date != row.day_date:
            change["previousDate"] = before.day_date.isoformat()
        if reason is not None:
            change["reason"] = reason
        history = [*data.get("adjustmentHistory", ()), write(read(Adjustment, change))]
        data["adjustmentHistory"] = history
    return read(ItemData, data)


def _renewed(data: ItemData) -> dict[str, Any]:
    fresh = write(data)
    return {key: fresh[key] for key in ("originalSubject", "activity") if key in fresh}


def _quality(plan: Plan, child_id: int) -> dict[str, Any]:
    scores = plan.scores
    return {
        "status": plan.status.value,
        "omissions": {"weight": plan.omission_weight, "bound": plan.omission_bound},
        "objective": plan.objective,
        "bound": plan.bound,
        "solveSeconds": round(plan.solve_seconds, 3),
        "scores": {
            "childInterest": scores.child_interest,
            "learningTimes": scores.learning_times,
            "parentInvolvement": scores.parent_involvement,
            "subjectCoherence": scores.subject_coherence,
        },
        "unscheduled": [
            {"subjectId": left.subject_id, "missing": left.missing, "reason": left.reason.key}
            for left in plan.unscheduled
            if left.child_id == child_id
        ],
    }
