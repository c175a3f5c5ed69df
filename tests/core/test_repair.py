"""What would make room: every offer was tried, and does what it says."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from strategies import requests

from bot.texts import translator
from core.check import check_week
from core.family import (
    SCHOOL_DAYS,
    Adult,
    Child,
    Commitment,
    CommitmentFrequency,
    Family,
    Frequency,
    Hours,
    Involvement,
    Scope,
    Subject,
)
from core.hard import omission_weight
from core.plan import Plan, Repair, WeekRequest
from core.problem import problem_of
from core.remedies import (
    Fewer,
    FreeDays,
    FreeTime,
    GoInstead,
    Helper,
    Independent,
    Later,
    LongerDay,
    Remedy,
    Shorter,
    TeachTogether,
    remedied,
)
from core.solve import plan_week
from core.week import Weekday

ROOT = Path(__file__).parent.parent.parent
MONDAY = date(2026, 11, 30)
TUESDAY = MONDAY + timedelta(days=1)
SARAH, BEN = Adult(1, "Sarah"), Adult(2, "Ben")
ONE_DAY = (Weekday.TUESDAY,)
MATHS = Subject(1, "Maths", True, 180, Frequency.WEEKLY, Involvement.FULL, 3)
EMMA = Child(1, "Emma", 15, Hours(540, 840), 90, (MATHS,), school_days=ONE_DAY)
NOAH = replace(EMMA, id=2, name="Noah", age=4, subjects=(replace(MATHS, id=2),))
WORK = Commitment(1, "Work", CommitmentFrequency.WEEKLY, 690, 840, Scope.PARENT, (Weekday.TUESDAY,))


def week(*children: Child, adults: tuple[Adult, ...] = (SARAH,), **more: object) -> WeekRequest:
    return WeekRequest(Family("UTC", adults, children, **more), MONDAY)


def applied(request: WeekRequest, remedy: Remedy) -> WeekRequest:
    return replace(request, family=remedied(request.family, remedy, problem_of(request).dates))


def offered(request: WeekRequest) -> dict[type, Repair]:
    """The repairs of a week by kind, each found to do in a new plan what it promises."""
    plan = plan_week(request)
    for repair in plan.repairs:
        assert kept_word(plan, repair)
    return {type(repair.remedy): repair for repair in plan.repairs}


def kept_word(plan: Plan, repair: Repair) -> bool:
    changed = plan_week(applied(plan.request, repair.remedy))
    assert check_week(changed) == ()
    return changed.omission_weight <= plan.omission_weight - repair.gain


def text(repair: Repair, language: str = "en") -> str:
    return translator(language)(repair.text)


def test_siblings_may_learn_together_or_somebody_helps() -> None:
    found = offered(week(EMMA, NOAH))
    both = found[TeachTogether]
    assert both.remedy == TeachTogether(((1, 1), (2, 2)))
    assert both.gain == omission_weight(MATHS)
    assert text(both) == "Teach Maths to Emma and Noah together"
    alone = found[Independent]
    # A child of four does not work alone.
    assert alone.remedy == Independent(((1, 1),))
    assert len(found) == 3


def test_gains_fall_and_of_equal_ones_the_gentlest_comes_first() -> None:
    repairs = plan_week(week(EMMA, NOAH)).repairs
    assert [type(each.remedy) for each in repairs] == [TeachTogether, Independent, Shorter]
    assert len({each.gain for each in repairs}) == 1


def test_shortening_takes_no_more_than_it_must() -> None:
    """Five hours for two lessons of three: either may keep two."""
    shorter = offered(week(EMMA, NOAH))[Shorter]
    assert isinstance(shorter.remedy, Shorter)
    assert shorter.remedy.minutes == 120
    assert "120 minutes" in text(shorter)


def test_a_commitment_comes_later() -> None:
    child = replace(EMMA, hours=Hours(540, 700), subjects=(replace(MATHS, minutes=150),))
    found = offered(week(child, commitments=(replace(WORK, start=680, end=700),)))
    assert found[Later].remedy == Later(1, 60)
    assert text(found[Later]) == "Let Sarah's Work begin at 12:20 PM"


def test_half_an_hour_more() -> None:
    alone = replace(MATHS, involvement=Involvement.INDEPENDENT, minutes=60)
    child = replace(EMMA, hours=Hours(540, 650), subjects=(alone, replace(alone, id=3, name="Art")))
    longer = offered(week(child))[LongerDay]
    assert longer.remedy == LongerDay(1, (Weekday.TUESDAY,), 30)
    assert text(longer) == "Let Emma's lessons go on until 11:20 AM on Tuesday, December 1"


@pytest.mark.parametrize(
    ("subject", "remedy", "words"),
    [
        (
            replace(MATHS, minutes=60, days=ONE_DAY, fixed_time=True, preferred_time=720),
            FreeTime(((1, 1),)),
            "Let Emma have Maths at another time than 12 PM",
        ),
        (
            replace(MATHS, minutes=160, days=ONE_DAY),
            FreeDays(((1, 1),), 1),
            "Let Emma have Maths on any school day",
        ),
    ],
)
def test_another_hour_or_day(subject: Subject, remedy: Remedy, words: str) -> None:
    child = replace(EMMA, subjects=(subject,), school_days=SCHOOL_DAYS)
    found = offered(week(child, commitments=(WORK,)))[type(remedy)]
    assert found.remedy == remedy
    assert text(found) == words


def test_somebody_else_goes_along() -> None:
    """Ben is back from dancing at eleven, when Sarah must leave; if she goes, he has all day."""
    dance = replace(WORK, id=5, name="Dance", start=540, end=660, scope=Scope.CHILD)
    dance = replace(dance, needs_adult=True, adult_id=BEN.id)
    noah = replace(NOAH, subjects=(replace(MATHS, id=2, minutes=240),))
    emma = replace(EMMA, subjects=(), commitments=(dance,))
    request = week(emma, noah, adults=(SARAH, BEN), commitments=(replace(WORK, start=660),))
    found = offered(request)
    assert found[GoInstead].remedy == GoInstead(1, 5, SARAH.id)
    assert text(found[GoInstead]) == "Let Sarah go along to Emma's Dance"


def test_a_helper_is_there_on_that_day_alone() -> None:
    request = week(EMMA, NOAH)
    helped = applied(request, Helper((TUESDAY,), None))
    problem = problem_of(helped)
    number = next(adult.id for adult in helped.family.adults if adult != SARAH)
    assert [bool(problem.away[number, day]) for day in range(7)] == [day != 1 for day in range(7)]
    assert plan_week(helped).omission_weight == 0


def test_who_belongs_to_the_family_helps_by_name() -> None:
    grown = replace(NOAH, subjects=(replace(MATHS, id=2, name="Reading", minutes=215),), age=4)
    little = replace(EMMA, age=4, subjects=(replace(MATHS, minutes=215),))
    found = offered(week(little, grown, others=(BEN,)))
    assert found[Helper].remedy == Helper((TUESDAY,), BEN.id)
    assert text(found[Helper]) == "Have Ben teach on Tuesday, December 1"


def test_asking_for_less_is_the_last_resort() -> None:
    too_long = replace(MATHS, minutes=240, involvement=Involvement.INDEPENDENT)
    request = week(replace(EMMA, hours=Hours(540, 600), subjects=(too_long,)))
    found = offered(request)
    assert found[Fewer].remedy == Fewer(((1, 1),), 0)
    assert text(found[Fewer]) == "Leave Maths out for Emma"
    assert Fewer not in offered(week(EMMA, NOAH))


def test_a_daily_subject_may_come_less_often() -> None:
    daily = replace(MATHS, frequency=Frequency.DAILY, minutes=200)
    away = replace(WORK, start=0, end=1435)
    found = offered(
        week(replace(NOAH, subjects=(daily,), school_days=SCHOOL_DAYS), commitments=(away,))
    )
    assert text(found[Fewer]) == "Have Maths 4 times a week for Noah"


def test_a_week_that_holds_everything_costs_nothing() -> None:
    """Not even the import of the solver."""
    program = """
import json, sys
from core.clash import clashes
from core.explain import conflicts, unscheduled
from core.greedy import greedy
from core.hard import candidates
from core.problem import problem_of
from core.repair import repairs
from core.timetable import items_of
from db.document import parse_document, to_request

problem = problem_of(to_request(parse_document(json.load(open("examples/sarah.json")))))
items = items_of(problem, greedy(problem, candidates(problem)))
assert clashes(problem, items) == unscheduled(problem, items, ()) == ()
assert conflicts(problem, items, ()) == repairs(problem, items, (), 0, None) == ()
assert "ortools" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


Change = Callable[[Family], object]


@pytest.mark.parametrize(
    ("remedy", "see", "expected"),
    [
        (Fewer(((1, 1),), 2), lambda f: f.children[0].subjects[0].sessions_per_week, 2),
        (Shorter(((1, 1),), 90), lambda f: f.children[0].subjects[0].minutes, 90),
        (Later(1, 60), lambda f: (f.commitments[0].start, f.commitments[0].end), (750, 900)),
        (
            LongerDay(1, (Weekday.TUESDAY,), 30),
            lambda f: f.children[0].hours_on(TUESDAY),
            Hours(540, 870),
        ),
        (
            LongerDay(1, (Weekday.TUESDAY,), 30),
            lambda f: f.children[0].hours_on(MONDAY),
            Hours(540, 840),
        ),
    ],
)
def test_a_remedy_changes_what_it_names_and_nothing_else(
    remedy: Remedy, see: Change, expected: object
) -> None:
    family = week(EMMA, NOAH, commitments=(WORK,)).family
    changed = remedied(family, remedy, ())
    assert see(changed) == expected
    assert changed.children[1] == family.children[1]


@pytest.mark.timeout(300)
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(requests())
def test_every_gain_is_real(request: WeekRequest) -> None:
    plan = plan_week(request)
    gains = [repair.gain for repair in plan.repairs]
    assert gains == sorted(gains, reverse=True)
    assert len({type(repair.remedy) for repair in plan.repairs}) == len(gains) <= 3
    for repair in plan.repairs:
        assert 0 < repair.gain <= plan.omission_weight
        assert kept_word(plan, repair)
        for language in ("en", "es"):
            assert text(repair, language)
    again = plan_week(request)
    assert again.repairs == plan.repairs
    assert again.conflicts == plan.conflicts
