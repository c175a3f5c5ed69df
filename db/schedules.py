"""Weeks as rows. Items are the truth; `schedule_data` is rewritten from them in the same
transaction, by one function.

Every writer here takes the family's lock and raises its revision.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.decisions import decided
from core.diff import LeftOut
from core.family import Child, Family
from core.plan import ENGINE, Decisions, Item, Lesson, Plan
from core.week import clock, parse_clock
from db import models
from db.item_rows import item_row, matched, stands_as
from db.items import StoredItem, item_rows, rewrite_data, stored_item
from db.revision import bump_revision
from db.session import lock_family
from db.types import (
    DecidedLesson,
    FreeObject,
    ScheduleData,
    WeekDecisions,
    read,
    write,
)

State = Literal["proposed", "published"]

LEFT_OUT = "unscheduled"
"""Key of `schedules.quality`: the sessions that the week could not hold."""

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
    decisions: Decisions

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """The sessions that this version could not hold."""
        return tuple(
            LeftOut(self.child_id, left["subjectId"], left["missing"], left["reason"])
            for left in (self.quality or {}).get(LEFT_OUT, ())
        )


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

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(schedule.id for schedule in self.schedules)

    def without(self, schedule_ids: Iterable[int]) -> "StoredWeek":
        """The week but for these versions."""
        gone = frozenset(schedule_ids)
        return replace(
            self, schedules=tuple(each for each in self.schedules if each.id not in gone)
        )

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Every child's sessions that the week could not hold."""
        return tuple(left for schedule in self.schedules for left in schedule.left_out)

    @property
    def decisions(self) -> Decisions:
        """Every child's decisions."""
        every = [schedule.decisions for schedule in self.schedules]
        return Decisions(
            pins=tuple(pin for each in every for pin in each.pins),
            dropped=tuple(lesson for each in every for lesson in each.dropped),
            missed=tuple(lesson for each in every for lesson in each.missed),
            carried=tuple(lesson for each in every for lesson in each.carried),
        )


async def store_plan(
    session: AsyncSession,
    family_id: int,
    plan: Plan,
    *,
    now: datetime,
    state: State = "published",
    reason: str | None = None,
    revision: int = 0,
    keep_unchanged: bool = False,
) -> Sequence[int]:
    """Write a planned week as a new version for each child; returns the schedules' ids in the
    order of the family's children.

    A published version takes the place of the active one; a proposed one stands beside it. An
    item that was there before keeps its uid, its completion and its history; where it has
    changed, its sequence rises and `reason` goes into its history. Logs stay with the version
    that they were written for. `revision` is the family's as the plan found it. With
    `keep_unchanged`, a child whose week would be the same keeps its version.
    """
    await lock_family(session, family_id)
    request = plan.request
    ids = []
    for child in request.family.children:
        items = [item for item in plan.items if item.child_id == child.id]
        active = await _active(session, child.id, request.week_start)
        pairs = matched(items, await _former_rows(session, active, items))
        decisions = _write_decisions(decided(plan, child.id))
        quality = _quality(plan, child.id)
        if (
            keep_unchanged
            and active is not None
            and await _stands(session, active, pairs)
            and active.decisions == decisions
            and write(active.quality or FreeObject()).get(LEFT_OUT) == quality[LEFT_OUT]
        ):
            ids.append(active.id)
            continue
        schedule = models.Schedule(
            family_id=family_id,
            child_id=child.id,
            week_start_date=request.week_start,
            generation_method=ENGINE,
            quality=read(FreeObject, {**quality, REVISION: revision}),
            decisions=decisions,
        )
        ids.append(
            await _write_version(session, schedule, active, pairs, child, now, reason, state=state)
        )
    await bump_revision(session, family_id)
    return ids


async def restore_versions(
    session: AsyncSession,
    family: Family,
    family_id: int,
    current: StoredWeek,
    former: StoredWeek,
    *,
    now: datetime,
    reason: str | None = None,
) -> Sequence[int]:
    """Put back the versions `former` of a week as new ones in place of the `current`, with what was
    done meanwhile; returns the ids of all active versions. A child for whom both are the same
    version keeps it."""
    await lock_family(session, family_id)
    done = {item.uid: item.completed for item in current.items}
    versions = {schedule.child_id: schedule for schedule in former.schedules}
    ids = []
    for there in current.schedules:
        version = versions.get(there.child_id, there)
        if version.id == there.id:
            ids.append(there.id)
            continue
        active = await session.get_one(models.Schedule, there.id)
        wanted = await session.get_one(models.Schedule, version.id)
        items = [
            replace(stored.item, completed=done.get(stored.item.uid, stored.item.completed))
            for stored in version.items
        ]
        pairs = matched(items, await _former_rows(session, active, items))
        schedule = models.Schedule(
            family_id=family_id,
            child_id=there.child_id,
            week_start_date=current.week_start,
            generation_method=wanted.generation_method,
            quality=wanted.quality,
            decisions=wanted.decisions,
        )
        child = family.child(there.child_id)
        ids.append(await _write_version(session, schedule, active, pairs, child, now, reason))
    await bump_revision(session, family_id)
    return ids


async def load_week(session: AsyncSession, family_id: int, week_start: date) -> StoredWeek:
    """The active week that begins on this Monday."""
    return await _load(
        session,
        week_start,
        models.Schedule.family_id == family_id,
        models.Schedule.week_start_date == week_start,
        models.Schedule.is_active,
    )


async def proposed_week(session: AsyncSession, family_id: int, week_start: date) -> StoredWeek:
    """The latest versions of a week that were proposed and not published; none once the week has
    been published otherwise."""
    latest = (
        select(func.max(models.Schedule.id))
        .where(
            models.Schedule.family_id == family_id,
            models.Schedule.week_start_date == week_start,
        )
        .group_by(models.Schedule.child_id)
    )
    return await _load(
        session,
        week_start,
        models.Schedule.id.in_(latest),
        models.Schedule.state == "proposed",
    )


async def publish_proposed(
    session: AsyncSession, family_id: int, week: StoredWeek, now: datetime
) -> None:
    """Publish a week that was proposed, in place of whatever is active."""
    await lock_family(session, family_id)
    active = await load_week(session, family_id, week.week_start)
    await session.execute(
        update(models.Schedule)
        .where(models.Schedule.id.in_(active.ids))
        .values(is_active=False, state="superseded", updated_at=now)
    )
    await session.execute(
        update(models.Schedule)
        .where(models.Schedule.id.in_(week.ids))
        .values(is_active=True, state="published", updated_at=now)
    )
    await bump_revision(session, family_id)


async def load_versions(
    session: AsyncSession, week_start: date, schedule_ids: Iterable[int]
) -> StoredWeek:
    """These versions of a week, active or not; those that are no more are left out."""
    return await _load(session, week_start, models.Schedule.id.in_(schedule_ids))


async def _load(session: AsyncSession, week_start: date, *conditions: Any) -> StoredWeek:
    schedules = await session.scalars(
        select(models.Schedule)
        .where(*conditions)
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
                decisions=_read_decisions(schedule),
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


async def _active(session: AsyncSession, child_id: int, week_start: date) -> models.Schedule | None:
    found: models.Schedule | None = await session.scalar(
        select(models.Schedule)
        .where(
            models.Schedule.child_id == child_id,
            models.Schedule.week_start_date == week_start,
            models.Schedule.is_active,
        )
        .execution_options(populate_existing=True)
    )
    return found


async def _former_rows(
    session: AsyncSession, active: models.Schedule | None, items: Iterable[Item]
) -> Sequence[models.ScheduleItem]:
    """The rows of the active version, and the last rows of items that are not in it: those of
    other weeks, and those that come back."""
    here: Sequence[models.ScheduleItem] = ()
    if active is not None:
        of_active = models.ScheduleItem.schedule_id == active.id
        here = (await session.scalars(item_rows(of_active))).all()
    elsewhere = {item.uid for item in items if item.uid} - {row.uid for row in here}
    if not elsewhere:
        return here
    carried = await session.scalars(
        select(models.ScheduleItem)
        .where(models.ScheduleItem.uid.in_(elsewhere))
        .order_by(models.ScheduleItem.id)
    )
    return [*here, *carried]


async def _stands(
    session: AsyncSession,
    active: models.Schedule,
    pairs: Sequence[tuple[Item, models.ScheduleItem | None]],
) -> bool:
    """Whether the active version holds these items and nothing else."""
    count = await session.scalar(
        select(func.count()).where(models.ScheduleItem.schedule_id == active.id)
    )
    return count == len(pairs) and all(
        row is not None and row.schedule_id == active.id and stands_as(item, row)
        for item, row in pairs
    )


async def _write_version(
    session: AsyncSession,
    schedule: models.Schedule,
    active: models.Schedule | None,
    pairs: Sequence[tuple[Item, models.ScheduleItem | None]],
    child: Child,
    now: datetime,
    reason: str | None,
    *,
    state: State = "published",
) -> int:
    """Write a version with its items, each with the row that it was; returns its id. Unless it is
    proposed, it takes the place of the active one."""
    if state == "published" and active is not None:
        active.is_active, active.state, active.updated_at = False, "superseded", now
        await session.flush()
    schedule.is_active = state == "published"
    schedule.state = state
    schedule.version = await _next_version(session, child.id, schedule.week_start_date)
    schedule.schedule_data = ScheduleData(week_start_date=schedule.week_start_date)
    schedule.created_at = schedule.updated_at = now
    session.add(schedule)
    await session.flush()
    subjects = {subject.id: subject for subject in child.subjects}
    former = active.id if active is not None else None
    session.add_all(
        item_row(schedule.id, item, before, subjects, now, reason, active=former)
        for item, before in pairs
    )
    await session.flush()
    await rewrite_data(session, schedule.id)
    return schedule.id


async def _next_version(session: AsyncSession, child_id: int, week_start: date) -> int:
    last = await session.scalar(
        select(func.max(models.Schedule.version)).where(
            models.Schedule.child_id == child_id, models.Schedule.week_start_date == week_start
        )
    )
    return (last or 0) + 1


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
        LEFT_OUT: [
            {"subjectId": left.subject_id, "missing": left.missing, "reason": left.reason.key}
            for left in plan.unscheduled
            if left.child_id == child_id
        ],
    }


def _write_decisions(decisions: Decisions) -> WeekDecisions | None:
    """As the column holds them: nothing where nothing was decided."""

    def lessons(given: tuple[Lesson, ...]) -> tuple[DecidedLesson, ...]:
        return tuple(
            DecidedLesson(
                subject_id=lesson.subject_id,
                date=lesson.date,
                **({} if lesson.start is None else {"start_time": clock(lesson.start)}),
            )
            for lesson in given
        )

    if decisions == Decisions():
        return None
    return WeekDecisions(
        pins=lessons(decisions.pins),
        dropped=lessons(decisions.dropped),
        missed=lessons(decisions.missed),
        carried=lessons(decisions.carried),
    )


def _read_decisions(schedule: models.Schedule) -> Decisions:
    def lessons(given: tuple[DecidedLesson, ...]) -> tuple[Lesson, ...]:
        return tuple(
            Lesson(
                schedule.child_id or 0,
                each.subject_id,
                each.date,
                None if each.start_time is None else parse_clock(each.start_time),
            )
            for each in given
        )

    found = schedule.decisions or WeekDecisions()
    return Decisions(
        pins=lessons(found.pins),
        dropped=lessons(found.dropped),
        missed=lessons(found.missed),
        carried=lessons(found.carried),
    )
