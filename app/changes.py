"""The one way in which a stored week changes, for chat, page and Google alike, with undo.

Read everything, decide without any lock, and write everything in one transaction if the family's
revision is still the same; else decide again.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.planning import TRIES, KeepsChanging, settle, week_request
from app.services import Services
from core.changes import (
    Change,
    FactChange,
    Impossible,
    LessonChange,
    MarkDone,
    MissLessons,
    Origin,
    Why,
    lessons_named,
    weeks_touched,
)
from core.decisions import Broken, broken_by, why_unmet
from core.diff import Difference, LeftOut, difference
from core.facts import objection, with_fact
from core.family import Family
from core.plan import Plan, WeekRequest, Weights
from core.problem import asks_the_same
from core.rearrange import asked_for, changed, nothing_more
from core.week import wall, week_start
from db.changes import ChangeRecord, change_of_key, record_change, what_changed
from db.completion import CompletedItem, complete_item, log_missed, missed_log
from db.facts import fact_row, write_fact
from db.families import load_family
from db.items import day_of_item
from db.learning import active_weights
from db.revision import bump_revision, family_revision
from db.schedules import StoredWeek, load_week, planned_mondays, store_plan
from db.session import lock_family
from db.types import ChangedWeek, ChangeEffect, DoneLesson, FactRow

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Applied:
    """The change is so. `token` takes it back; `again`: it was so before, under the same key."""

    token: str
    difference: Difference
    again: bool = False


Outcome: TypeAlias = Applied | Impossible | Broken


@dataclass(frozen=True, slots=True)
class _Situation:
    """All that a change is decided from: the family at a revision, and the weeks that it may
    concern as they stand."""

    revision: int
    family: Family
    weeks: tuple[StoredWeek, ...]
    weights: Weights
    now: datetime

    @property
    def local(self) -> datetime:
        return wall(self.now, ZoneInfo(self.family.timezone))


@dataclass(frozen=True, slots=True)
class _Decided:
    """Weeks that were planned anew, each with how it stood."""

    plans: tuple[tuple[StoredWeek, Plan], ...] = ()

    @property
    def difference(self) -> Difference:
        """What becomes of the lessons."""
        return difference(
            [item for week, _ in self.plans for item in week.items],
            [item for _, plan in self.plans for item in plan.items],
            [left for week, _ in self.plans for left in week.left_out],
            [
                LeftOut(left.child_id, left.subject_id, left.missing, left.reason.key)
                for _, plan in self.plans
                for left in plan.unscheduled
            ],
        )


async def apply_change(
    services: Services,
    family_id: int,
    change: Change,
    origin: Origin,
    *,
    key: str | None = None,
    reason: str | None = None,
) -> Outcome:
    """Change the family's stored weeks, with as few moves as can be.

    Nothing is changed unless `Applied` comes back. `key` names the change for its sender: however
    often it is sent, it is applied once. `reason`, in the family's words, goes into the history
    of every item that moves. Raises `KeepsChanging`, `RulesBroken`.
    """
    for _ in range(TRIES):
        now = services.now()
        async with services.database.transaction(family_id=family_id) as session:
            if key is not None and (known := await change_of_key(session, family_id, key)):
                return await answer(session, family_id, known, again=True)
            situation = await _situation(session, family_id, change, now)
        if isinstance(situation, Impossible):
            return situation
        decided = await asyncio.to_thread(_decide, situation, change)
        if not isinstance(decided, _Decided):
            return decided
        async with services.database.transaction(family_id=family_id) as session:
            await lock_family(session, family_id)
            if await family_revision(session, family_id) != situation.revision:
                continue
            effect = await _store(session, family_id, situation, decided, change, reason)
            if isinstance(effect, Impossible):
                return effect
            record = await record_change(
                session, effect, origin=origin, kind=_kind(change), now=now, key=key
            )
            log.info("week changed", family_id=family_id, kind=record.kind)
            return await answer(session, family_id, record)
    raise KeepsChanging(f"a change of family {family_id}")


async def preview_change(
    services: Services, family_id: int, change: Change
) -> Difference | Impossible | Broken:
    """What `apply_change` would make of the lessons if the family stayed as it is: a new one has
    no `uid` yet, and that one is done is not foreseen. Nothing is stored. Raises `RulesBroken`."""
    async with services.database.transaction(family_id=family_id) as session:
        situation = await _situation(session, family_id, change, services.now())
    if isinstance(situation, Impossible):
        return situation
    decided = await asyncio.to_thread(_decide, situation, change)
    return decided.difference if isinstance(decided, _Decided) else decided


async def answer(
    session: AsyncSession, family_id: int, record: ChangeRecord, *, again: bool = False
) -> Applied:
    """What is said of a recorded change."""
    return Applied(record.token, await what_changed(session, family_id, record.effect), again)


def _kind(change: Change) -> str:
    """ "MoveLesson" as "move_lesson"."""
    name = type(change).__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).removeprefix("_")


async def _situation(
    session: AsyncSession, family_id: int, change: Change, now: datetime
) -> _Situation | Impossible:
    mondays = (
        await _mondays_of_lessons(session, family_id, change)
        if not isinstance(change, FactChange)
        else await _mondays_of_fact(session, family_id, change)
    )
    if isinstance(mondays, Impossible):
        return mondays
    return _Situation(
        revision=await family_revision(session, family_id),
        family=await load_family(session, family_id),
        weeks=tuple([await load_week(session, family_id, monday) for monday in mondays]),
        weights=await active_weights(session),
        now=now,
    )


async def _mondays_of_lessons(
    session: AsyncSession, family_id: int, change: LessonChange
) -> list[date] | Impossible:
    mondays: list[date] = []
    for uid in lessons_named(change):
        day = await day_of_item(session, family_id, uid)
        if day is None:
            return Impossible(Why.NO_SUCH_LESSON, uid)
        mondays.append(week_start(day))
        if mondays[-1] != mondays[0]:
            return Impossible(Why.OUTSIDE_WEEK, uid)
    return mondays[:1] or Impossible(Why.ALREADY_SO)


async def _mondays_of_fact(session: AsyncSession, family_id: int, change: FactChange) -> list[date]:
    wanted = weeks_touched(change)
    if not wanted:
        return []
    planned = await planned_mondays(session, family_id, min(wanted))
    return [monday for monday in planned if monday in wanted]


def _decide(situation: _Situation, change: Change) -> _Decided | Impossible | Broken:
    """The weeks as the change makes them."""
    family = situation.family
    if isinstance(change, FactChange):
        against = objection(family, situation.local, change)
        if against is not None:
            return against
        after = with_fact(family, change)
        weeks = [
            week for week in situation.weeks if not asks_the_same(family, after, week.week_start)
        ]
    else:
        weeks = list(situation.weeks)
    plans = []
    for week in weeks:
        plan = _replanned(situation, week, change)
        if isinstance(plan, Impossible | Broken):
            return plan
        if plan is not None:
            plans.append((week, plan))
    return _Decided(tuple(plans))


def _replanned(
    situation: _Situation, week: StoredWeek, change: Change
) -> Plan | Impossible | Broken | None:
    """The week after the change; None where nothing is to be planned."""
    family = situation.family
    if isinstance(change, MarkDone):
        # What was held may lie in a week that is over, and moves nothing.
        held = changed(WeekRequest(family, week.week_start, previous=week.items), change)
        return held if isinstance(held, Impossible) else None
    before = week_request(family, week.week_start, week.items, situation.now, week.decisions)
    if before is None:
        return None if isinstance(change, FactChange) else Impossible(Why.WEEK_OVER)
    after = changed(before, change)
    if isinstance(after, Impossible):
        return after
    asked = asked_for(before, after)
    violations = broken_by(after, asked) if asked else ()
    if violations:
        return Broken(violations)
    plan = settle(replace(nothing_more(after), weights=situation.weights))
    if not asked <= frozenset(plan.request.pins):
        return Broken(why_unmet(plan, asked))
    return plan


async def _store(
    session: AsyncSession,
    family_id: int,
    situation: _Situation,
    decided: _Decided,
    change: Change,
    reason: str | None,
) -> ChangeEffect | Impossible:
    """Write what was decided; the family's lock is held. Returns what was done."""
    now = situation.now
    if isinstance(change, MarkDone):
        return await _mark_done(session, family_id, change, now)
    added: list[FactRow] = []
    removed: list[FactRow] = []
    new_ids: Mapping[int, int] = {}
    if isinstance(change, FactChange):
        added, removed, new_ids = await write_fact(
            session, family_id, situation.family, change, now=now
        )
    elif isinstance(change, MissLessons):
        for uid in dict.fromkeys(change.uids):
            log_id = await log_missed(session, family_id, uid, now, reason=reason)
            if log_id is not None:
                added.append(await fact_row(session, "activity_logs", log_id))
    weeks = []
    for week, plan in decided.plans:
        after = await store_plan(
            session,
            family_id,
            _with_ids(plan, new_ids),
            now=now,
            reason=reason,
            revision=situation.revision,
            keep_unchanged=True,
        )
        weeks.append(ChangedWeek(week_start_date=week.week_start, before=week.ids, after=after))
    # Weeks that are not planned yet are remembered too: once they are, the facts are in use.
    seen = {week.week_start_date for week in weeks}
    if isinstance(change, FactChange):
        for monday in weeks_touched(change):
            if monday not in seen:
                ids = (await load_week(session, family_id, monday)).ids
                weeks.append(ChangedWeek(week_start_date=monday, before=ids, after=ids))
    await bump_revision(session, family_id)
    return ChangeEffect(weeks=tuple(weeks), added=tuple(added), removed=tuple(removed))


async def _mark_done(
    session: AsyncSession, family_id: int, change: MarkDone, now: datetime
) -> ChangeEffect | Impossible:
    done = DoneLesson(
        uid=change.uid,
        by=change.by,
        at=now.isoformat(),
        started=change.started,
        ended=change.ended,
    )
    effect = await complete(session, family_id, done)
    return effect or Impossible(Why.ALREADY_SO, change.uid)


async def complete(session: AsyncSession, family_id: int, done: DoneLesson) -> ChangeEffect | None:
    """Mark a lesson as done; returns what was done, None if there is nothing to do."""
    missed = await missed_log(session, family_id, done.uid)
    replaced = [] if missed is None else [await fact_row(session, "activity_logs", missed)]
    outcome = await complete_item(
        session,
        family_id,
        done.uid,
        datetime.fromisoformat(done.at),
        by=done.by,
        started=done.started,
        ended=done.ended,
    )
    if not isinstance(outcome, CompletedItem):
        return None
    return ChangeEffect(done=done, removed=tuple(replaced))


def _with_ids(plan: Plan, ids: Mapping[int, int]) -> Plan:
    """The plan with the ids of the rows that its new commitments have become."""

    def id_of(given: int | None) -> int | None:
        return None if given is None else ids.get(given, given)

    return replace(
        plan,
        items=tuple(
            replace(
                item,
                commitment_id=id_of(item.commitment_id),
                family_commitment_id=id_of(item.family_commitment_id),
            )
            for item in plan.items
        ),
    )
