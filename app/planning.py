"""Planning a family's weeks: read, solve without any lock, check, and store if nothing changed."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from app.services import Services
from core.check import Violation, check_week
from core.family import DayOff, Family
from core.plan import Plan, WeekRequest
from core.week import wall, week_dates, week_start
from db.families import load_family
from db.learning import active_weights
from db.schedules import load_week, store_plan
from db.session import family_revision, lock_family

TRIES = 3
"""How often a week is solved anew because the family changed while it was being solved."""

TIME_LIMIT = 10.0

log = structlog.get_logger()


class RulesBroken(Exception):
    """The solver's week does not pass the independent checker: it is not stored."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        super().__init__(f"rules {sorted({violation.rule for violation in violations})} are broken")
        self.violations = violations


class KeepsChanging(Exception):
    """The family changed during every try; somebody else is planning it too."""


def first_weeks(family: Family, now: datetime) -> tuple[WeekRequest, ...]:
    """What a new family gets: the rest of the current week from tomorrow, and the next week.

    The days that are over count as days off: they hold nothing and nothing is owed for them.
    """
    today = wall(now, ZoneInfo(family.timezone)).date()
    monday = week_start(today)
    gone = tuple(DayOff(day) for day in week_dates(monday) if day <= today)
    requests = [WeekRequest(family, monday + timedelta(days=7))]
    if len(gone) < len(week_dates(monday)):
        rest = replace(family, days_off=(*family.days_off, *gone))
        requests.insert(0, WeekRequest(rest, monday))
    return tuple(requests)


async def plan_first_weeks(services: Services, family_id: int) -> list[int]:
    """Plans and publishes a new family's weeks; returns the ids of the schedules."""
    async with services.database.transaction(family_id=family_id) as session:
        family = await load_family(session, family_id)
    schedules: list[int] = []
    now = services.now()
    for request in first_weeks(family, now):
        schedules += await _plan(services, family_id, request.week_start, now)
    return schedules


async def _plan(services: Services, family_id: int, monday: date, now: datetime) -> list[int]:
    for _ in range(TRIES):
        async with services.database.transaction(family_id=family_id) as session:
            planned = await load_week(session, family_id, monday)
            if planned.schedules:
                # An earlier run of this job was stopped after it had stored the week.
                return [schedule.id for schedule in planned.schedules]
            revision = await family_revision(session, family_id)
            family = await load_family(session, family_id)
            request = replace(
                next(week for week in first_weeks(family, now) if week.week_start == monday),
                weights=await active_weights(session),
            )
        plan = await asyncio.to_thread(solve_and_check, request)
        async with services.database.transaction(family_id=family_id) as session:
            await lock_family(session, family_id)
            if await family_revision(session, family_id) != revision:
                continue
            stored = await store_plan(session, family_id, plan, now=services.now())
        log.info(
            "planned",
            family_id=family_id,
            status=plan.status.value,
            seconds=round(plan.solve_seconds, 2),
            children=len(plan.request.family.children),
        )
        return list(stored)
    raise KeepsChanging(f"the week of {monday.isoformat()} of family {family_id}")


def solve_and_check(request: WeekRequest, *, time_limit: float = TIME_LIMIT) -> Plan:
    """A week that has passed the independent checker. Raises `RulesBroken` for any other."""
    # Imported here: the solver takes seconds to load, which only planning should pay.
    from core.solve import plan_week

    plan = plan_week(request, time_limit=time_limit)
    violations = check_week(plan)
    if violations:
        raise RulesBroken(violations)
    return plan
