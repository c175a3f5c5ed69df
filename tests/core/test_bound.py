"""No week is better than the bound says, whatever stands already and whoever parts."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.families import family
from core.attention import attention_left
from core.board import board_of, state_of, timetable_of
from core.bound import Stays, bound
from core.check import check_week
from core.family import (
    Adult,
    Child,
    Commitment,
    CommitmentFrequency,
    Family,
    Frequency,
    Hours,
    Involvement,
    LearningTime,
    Scope,
    Subject,
)
from core.fit import adult_shortage
from core.greedy import greedy
from core.hard import candidates
from core.plan import Item, ItemType, Lesson, Plan, WeekRequest
from core.problem import problem_of
from core.search import improve, missing_weight, soft_value
from core.soft import points
from core.solve import plan_week
from core.timetable import items_of
from core.week import Weekday
from db.document import parse_document, to_request

MONDAY = date(2026, 11, 30)
ALONE = Subject(1, "X", True, 20, Frequency.DAILY, Involvement.INDEPENDENT, 3)
WEEKLY = replace(ALONE, frequency=Frequency.WEEKLY)
EMMA = Child(1, "Emma", 9, Hours(540, 840), 60, (ALONE,))
TWO_DAYS = (Weekday.MONDAY, Weekday.TUESDAY)


def week_of(*children: Child, adults: int = 1, **given_: object) -> WeekRequest:
    grown_ups = tuple(Adult(number, f"Adult {number}") for number in range(1, adults + 1))
    return WeekRequest(Family("UTC", grown_ups, children), MONDAY, **given_)


def planned(request: WeekRequest) -> Plan:
    plan = plan_week(request)
    assert check_week(plan) == ()
    return plan


def pinned(request: WeekRequest, start: int, *keys: tuple[int, int, int]) -> Plan:
    """The week with lessons, (child id, subject id, day), pinned to a start."""
    return planned(
        replace(
            request,
            pins=tuple(
                Lesson(child, subject, MONDAY + timedelta(day), start)
                for child, subject, day in keys
            ),
        )
    )


def done(child: int, subject: int, name: str, start: int, minutes: int, **given_: object) -> Item:
    return Item(
        child,
        MONDAY,
        ItemType.SUBJECT,
        name,
        start,
        start + minutes,
        subject_id=subject,
        uid=f"{child}-{subject}",
        completed=True,
        **given_,
    )


def test_idle_time_counts_where_a_break_is_longer_than_lunch() -> None:
    late = replace(ALONE, id=2, name="Y", fixed_time=True, preferred_time=780)
    slow = Child(1, "Emma", 4, Hours(540, 840), 20, (ALONE, late), break_minutes=45)
    plan = planned(week_of(slow))
    other = pinned(week_of(slow), 780 - 65, *((1, 1, day) for day in range(5)))
    assert other.objective <= plan.bound


def test_idle_time_counts_beside_what_is_done() -> None:
    only = replace(WEEKLY, minutes=30, days=(Weekday.MONDAY,))
    both = replace(EMMA, subjects=(only, replace(only, id=2, name="Z")))
    request = week_of(both, previous=(done(1, 2, "Z", 780, 30),))
    assert pinned(request, 720, (1, 1, 0)).objective <= planned(request).bound


def test_a_lesson_may_be_worth_it_for_lunch_together() -> None:
    children = tuple(
        Child(
            number,
            f"Child {number}",
            9,
            Hours(540, 900),
            60,
            (replace(WEEKLY, id=number, minutes=5),),
            best_times=(LearningTime.MID_MORNING,),
        )
        for number in (1, 2, 3)
    )
    plan = planned(week_of(*children))
    together = pinned(week_of(*children), 540, *((n, n, 0) for n in (1, 2, 3)))
    assert together.objective <= plan.bound


def test_who_goes_along_may_be_who_has_least_to_give() -> None:
    half = replace(WEEKLY, minutes=60, involvement=Involvement.SOME)
    full = replace(
        half,
        id=2,
        name="F",
        involvement=Involvement.FULL,
        fixed_time=True,
        preferred_time=600,
        days=(Weekday.MONDAY,),
    )
    gym = Commitment(
        1,
        "Gym",
        CommitmentFrequency.WEEKLY,
        600,
        660,
        Scope.CHILD,
        (Weekday.MONDAY,),
        needs_adult=True,
    )
    request = week_of(
        replace(EMMA, subjects=(half,)),
        replace(EMMA, id=2, name="Noah", subjects=(full,)),
        replace(EMMA, id=3, name="Mia", subjects=(), commitments=(gym,)),
        adults=2,
        previous=(done(1, 1, "X", 600, 60, adult_id=2),),
    )
    assert attention_left(problem_of(request), 0)[600] == 100
    # Within this hour alone: one adult for the whole lesson is enough.
    hour = Hours(600, 660)
    monday = tuple(
        replace(child, hours=hour, school_days=(Weekday.MONDAY,))
        for child in request.family.children
    )
    tight = replace(request, family=replace(request.family, children=monday))
    assert adult_shortage(problem_of(tight)) <= 0
    plan = planned(request)
    assert plan.omission_weight == 0
    assert plan.bound >= plan.objective


def test_a_sibling_who_is_ahead_leaves_no_row_that_cannot_hold() -> None:
    shared = replace(WEEKLY, minutes=30, frequency=Frequency.TWO_OR_THREE, teach_together=True)
    request = week_of(
        replace(EMMA, subjects=(shared,), school_days=TWO_DAYS),
        replace(EMMA, id=2, name="Noah", subjects=(replace(shared, id=2),), school_days=TWO_DAYS),
        previous=(done(1, 1, "X", 540, 30),),
    )
    problem = problem_of(request)
    first = greedy(problem, candidates(problem))
    board = board_of(problem, candidates(problem), first.escorts)
    reached = soft_value(board, state_of(problem, board, first))
    highest = bound(
        problem,
        board,
        reached=-inf,
        omissions=missing_weight(board, state_of(problem, board, first)),
        stays=Stays(),
        steps=60,
        enough=0.0,
        seconds_left=lambda: inf,
    )
    assert reached <= highest


def test_siblings_with_different_days_stay_together() -> None:
    art = replace(WEEKLY, minutes=30, teach_together=True)
    big = replace(
        WEEKLY,
        id=2,
        name="Big",
        minutes=200,
        fixed_time=True,
        preferred_time=540,
        days=(Weekday.MONDAY,),
    )
    request = week_of(
        Child(1, "Emma", 13, Hours(540, 840), 300, (art, big), school_days=TWO_DAYS),
        Child(
            2,
            "Noah",
            13,
            Hours(540, 840),
            300,
            (replace(art, id=3),),
            school_days=(Weekday.MONDAY,),
        ),
    )
    assert planned(request).omission_weight == 0


def test_a_day_that_lost_its_lessons_has_no_lunch() -> None:
    children = tuple(
        replace(EMMA, id=number, name=f"Child {number}", subjects=(replace(WEEKLY, id=number),))
        for number in (1, 2, 3)
    )
    problem = problem_of(week_of(*children))
    places = candidates(problem)
    first = greedy(problem, places)
    board = board_of(problem, places, first.escorts)
    week = improve(problem, board, first, work=60_000, seed=0, seconds_left=lambda: inf)
    items = items_of(problem, timetable_of(problem, places, board, week, first))
    assert soft_value(board, week) == points(problem, items)


def test_many_lessons_of_one_adult_make_way_for_one() -> None:
    long = Subject(1, "Long", True, 240, Frequency.WEEKLY, Involvement.FULL, 1, days=TWO_DAYS[:1])
    short = tuple(
        Subject(10 + n, f"S{n}", True, 10, Frequency.DAILY, Involvement.SOME, 5) for n in range(20)
    )
    request = week_of(
        Child(1, "Emma", 13, Hours(540, 800), 90, (long,)),
        Child(2, "Noah", 13, Hours(540, 800), 90, short),
    )
    plan = planned(request)
    assert plan.omission_bound <= plan.omission_weight


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_no_way_to_pin_a_week_beats_its_bound(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 40))
    children = data.draw(st.integers(1, 3))
    request = to_request(parse_document(family(children, seed)))
    problem = problem_of(request)
    items = items_of(problem, greedy(problem, candidates(problem)))
    lessons = [item for item in items if item.type is ItemType.SUBJECT]
    if data.draw(st.booleans()):
        # In the middle of the week: some lessons done, the rest as it stands.
        wednesday = problem.dates[2]
        before = tuple(
            replace(item, completed=item.type is ItemType.SUBJECT and item.date < wednesday)
            for item in items
        )
        request = replace(request, previous=before, now=datetime.combine(wednesday, time(10)))
        lessons = [item for item in lessons if item.date > wednesday]
    plan = planned(request)
    for item in data.draw(st.lists(st.sampled_from(lessons), max_size=2)) if lessons else ():
        other = planned(
            replace(
                request,
                pins=(Lesson(item.child_id, item.subject_id or 0, item.date, item.start),),
            )
        )
        if other.omission_weight <= plan.omission_weight and len(other.moved) <= len(plan.moved):
            assert other.objective <= plan.bound + 1e-6


@pytest.mark.parametrize("seconds", [0.0, 0.1])
def test_a_bound_without_time_is_still_one(seconds: float) -> None:
    request = to_request(parse_document(family(2, 1)))
    hasty = plan_week(request, seconds_left=lambda: seconds)
    assert check_week(hasty) == ()
    assert planned(request).objective <= hasty.bound
