"""Planning a family's weeks: read, solve without any lock, check, and store if nothing changed."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

import structlog

from app.services import Services
from core.check import Violation, check_week
from core.decisions import tenable, unmet, with_decisions
from core.family import DayOff, Family
from core.plan import Decisions, Item, ItemType, Plan, WeekRequest
from core.week import wall, week_dates, week_start
from db.families import load_family
from db.learning import active_weights
from db.revision import family_revision
from db.schedules import load_week, store_plan
from db.session import lock_family

TRIES = 3
"""How often a week is solved anew because the family changed while it was being solved."""

TIME_LIMIT = 10.0

NOTHING_DECIDED = Decisions()

log = structlog.get_logger()


class RulesBroken(Exception):
    """The solver's week does not pass the independent checker: it is not stored."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        super().__init__(f"rules {sorted({violation.rule for violation in violations})} are broken")
        self.violations = violations


class KeepsChanging(Exception):
    """The family changed during every try; somebody else is planning it too."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What planning has brought: the ids of the schedules, and how many lessons moved."""

    schedules: tuple[int, ...] = ()
    moved: int = 0


def first_mondays(today: date) -> tuple[date, date]:
    """The weeks that a new family gets: the current one and the next."""
    monday = week_start(today)
    return monday, monday + timedelta(days=7)


def week_request(
    family: Family,
    monday: date,
    previous: tuple[Item, ...],
    now: datetime,
    decisions: Decisions = NOTHING_DECIDED,
) -> WeekRequest | None:
    """A week as it can still be planned at `now` (aware), `previous` being what stands in it and
    `decisions` what the family has decided about it; None for one that is over.

    Days up to today that hold no lessons of a child count as that child's days off: nothing can
    be placed there any more, and nothing is owed for them.
    """
    local = wall(now, ZoneInfo(family.timezone)).replace(tzinfo=None)
    today = local.date()
    if week_dates(monday)[-1] <= today:
        return None
    learned = {(item.child_id, item.date) for item in previous if item.type is ItemType.SUBJECT}
    gone = tuple(
        DayOff(day, child.id)
        for child in family.children
        for day in week_dates(monday)
        if day <= today and (child.id, day) not in learned
    )
    begun = monday <= today
    request = WeekRequest(
        replace(family, days_off=(*family.days_off, *gone)),
        monday,
        now=local if begun else None,
        previous=previous,
    )
    return with_decisions(request, decisions)


async def plan_first_weeks(services: Services, family_id: int) -> Planned:
    """Plans and publishes a new family's weeks."""
    async with services.database.transaction(family_id=family_id) as session:
        family = await load_family(session, family_id)
    today = wall(services.now(), ZoneInfo(family.timezone)).date()
    return await plan_weeks(services, family_id, first_mondays(today))


async def plan_weeks(
    services: Services, family_id: int, mondays: Iterable[date], *, since: int = 0
) -> Planned:
    """Plans these weeks anew and publishes them, but for those that were planned at the family's
    revision `since` or later: a job that is run twice plans once. With as few moves as can be."""
    schedules: list[int] = []
    moved = 0
    for monday in mondays:
        planned = await _plan(services, family_id, monday, since)
        schedules += planned.schedules
        moved += planned.moved
    return Planned(tuple(schedules), moved)


async def _plan(services: Services, family_id: int, monday: date, since: int) -> Planned:
    for _ in range(TRIES):
        now = services.now()
        async with services.database.transaction(family_id=family_id) as session:
            there = await load_week(session, family_id, monday)
            if there.schedules and there.revision >= since:
                return Planned(tuple(schedule.id for schedule in there.schedules))
            revision = await family_revision(session, family_id)
            family = await load_family(session, family_id)
            request = week_request(family, monday, there.items, now, there.decisions)
            if request is None:
                return Planned()
            request = replace(request, weights=await active_weights(session))
        plan = await asyncio.to_thread(settle, request)
        async with services.database.transaction(family_id=family_id) as session:
            await lock_family(session, family_id)
            if await family_revision(session, family_id) != revision:
                continue
            stored = await store_plan(session, family_id, plan, now=now, revision=revision)
        log.info(
            "planned",
            family_id=family_id,
            status=plan.status.value,
            seconds=round(plan.solve_seconds, 2),
            children=len(plan.request.family.children),
        )
        return Planned(tuple(stored), len(plan.moved))
    raise KeepsChanging(f"the week of {monday.isoformat()} of family {family_id}")


def settle(request: WeekRequest, *, time_limit: float = TIME_LIMIT) -> Plan:
    """A checked week in which every pin stands: `plan.request` is without those that cannot.
    Raises `RulesBroken`."""
    request = tenable(request)
    while True:
        plan = _timed(request, time_limit)
        lost = unmet(plan)
        if not lost:
            return checked(plan)
        # Released, their lessons are free to stand elsewhere.
        request = replace(request, pins=tuple(pin for pin in request.pins if pin not in lost))


def solve_and_check(
    request: WeekRequest,
    *,
    time_limit: float = TIME_LIMIT,
    watched: Callable[[float], None] = lambda share: None,
) -> Plan:
    """A week that has passed the independent checker, planned within `time_limit` seconds or a
    little more; `watched` as in `plan_week`. Raises `RulesBroken` for any other."""
    return checked(_timed(request, time_limit, watched))


def _timed(
    request: WeekRequest,
    time_limit: float,
    watched: Callable[[float], None] = lambda share: None,
) -> Plan:
    # Imported here: the solver takes seconds to load, which only planning should pay.
    from core.solve import plan_week

    began = monotonic()
    plan = plan_week(
        request, seconds_left=lambda: began + time_limit - monotonic(), watched=watched
    )
    return replace(plan, solve_seconds=monotonic() - began)


def checked(plan: Plan) -> Plan:
    """The plan, if the independent checker passes it. Raises `RulesBroken` for any other."""
    violations = check_week(plan)
    if violations:
        raise RulesBroken(violations)
    return plan
