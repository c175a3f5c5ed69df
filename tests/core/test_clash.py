"""What cannot all stand: families with a known smallest set, and any family."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from strategies import requests

from bot.texts import translator
from core.asks import (
    Ask,
    FixedTime,
    HoursOf,
    Lessons,
    Pinned,
    Promise,
    Wanted,
    asked,
    subject_of,
)
from core.clash import Clash, clashes
from core.explain import conflicts, unscheduled
from core.family import (
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
from core.fit import Judge, lacking
from core.greedy import greedy
from core.hard import candidates
from core.plan import Item, ItemType, Lesson, WeekRequest
from core.problem import Problem, problem_of
from core.solve import plan_week
from core.timetable import items_of
from core.week import Weekday

MONDAY = date(2026, 11, 30)
TUESDAY = MONDAY + timedelta(days=1)
TUE = (1,)
SARAH, BEN = Adult(1, "Sarah"), Adult(2, "Ben")
LONG = Subject(
    1, "Maths", True, 180, Frequency.WEEKLY, Involvement.FULL, 3, days=(Weekday.TUESDAY,)
)
READING = replace(LONG, id=2, name="Reading")
EMMA = Child(1, "Emma", 15, Hours(540, 840), 90, (LONG,))
NOAH = Child(2, "Noah", 16, Hours(540, 840), 90, (READING,))
WORK = Commitment(1, "Work", CommitmentFrequency.WEEKLY, 540, 720, Scope.PARENT, (Weekday.TUESDAY,))
SHORT = replace(LONG, minutes=30)


def week(*children: Child, adults: tuple[Adult, ...] = (SARAH,), **more: object) -> WeekRequest:
    return WeekRequest(Family("UTC", adults, children, **more), MONDAY)


def first_fit(request: WeekRequest) -> tuple[Problem, tuple[Item, ...]]:
    problem = problem_of(request)
    return problem, items_of(problem, greedy(problem, candidates(problem)))


def found(request: WeekRequest) -> tuple[Clash, ...]:
    return clashes(*first_fit(request))


def wants(*keys: tuple[int, int], days: tuple[int, ...] = TUE, sessions: int = 1) -> Lessons:
    return Lessons(tuple(Wanted(*key, days, sessions) for key in keys))


def said(request: WeekRequest, language: str = "en") -> list[str]:
    problem, items = first_fit(request)
    tell = translator(language)
    return [tell(each) for each in conflicts(problem, items, clashes(problem, items))]


def reasons(request: WeekRequest) -> list[str]:
    problem, items = first_fit(request)
    return [each.reason.key for each in unscheduled(problem, items, clashes(problem, items))]


def test_two_lessons_want_the_one_grown_up() -> None:
    request = week(EMMA, NOAH)
    (clash,) = found(request)
    assert set(clash.asks) == {wants((1, 1)), wants((2, 2)), HoursOf(1), HoursOf(2)}
    assert (clash.days, clash.minimal, clash.adults, clash.short) == (TUE, True, True, 60)
    assert said(request) == [
        "Tuesday, December 1 is 60 minutes short of Sarah's time: "
        "Noah's Reading and Emma's Maths cannot all stand."
    ]
    assert said(request, "es") == [
        "Faltan 60 minutos del tiempo de Sarah el martes 1 de diciembre: "
        "no caben a la vez Reading de Noah y Maths de Emma."
    ]
    assert found(week(EMMA, NOAH, adults=(SARAH, BEN))) == ()


def test_what_has_nothing_to_do_with_it_is_not_named() -> None:
    art = replace(SHORT, id=5, name="Art", involvement=Involvement.INDEPENDENT)
    ben = replace(EMMA, id=3, name="Ben", subjects=(replace(art, id=6),))
    soccer = replace(WORK, id=9, start=960, end=1020, scope=Scope.CHILD)
    emma = replace(EMMA, subjects=(LONG, art), commitments=(soccer,))
    assert [set(clash.asks) for clash in found(week(emma, NOAH, ben))] == [
        {wants((1, 1)), wants((2, 2)), HoursOf(1), HoursOf(2)}
    ]


def test_a_lesson_that_is_longer_than_the_hours() -> None:
    request = week(replace(EMMA, subjects=(replace(LONG, minutes=240),), hours=Hours(540, 720)))
    (clash,) = found(request)
    assert set(clash.asks) == {wants((1, 1)), HoursOf(1)}
    assert not clash.adults
    assert reasons(request) == ["plan.reason.too_long"]
    assert said(request) == [
        "Emma's Maths takes 240 minutes, more than Emma's hours hold on Tuesday, December 1."
    ]


def test_a_childs_own_day_is_too_short() -> None:
    alone = replace(LONG, involvement=Involvement.INDEPENDENT)
    request = week(replace(EMMA, subjects=(alone, replace(alone, id=2, name="Latin"))))
    (clash,) = found(request)
    assert set(clash.asks) == {wants((1, 1)), wants((1, 2)), HoursOf(1)}
    assert (clash.adults, clash.child_id, clash.short) == (False, 1, 90)
    assert reasons(request) == ["plan.reason.no_time"]
    assert said(request) == [
        "Tuesday, December 1 is 90 minutes short of Emma's time: "
        "Emma's Latin and Emma's Maths cannot all stand."
    ]


def test_an_adult_who_is_away() -> None:
    request = week(EMMA, commitments=(WORK,))
    (clash,) = found(request)
    assert set(clash.asks) == {wants((1, 1)), Promise(None, 1), HoursOf(1)}
    assert (clash.adults, clash.short) == (True, 60)
    assert said(request) == [
        "Tuesday, December 1 is 60 minutes short of Sarah's time: "
        "Emma's Maths and Sarah's Work cannot all stand."
    ]


FIXED = replace(SHORT, fixed_time=True, preferred_time=600)


def test_a_fixed_time_while_the_grown_up_is_away() -> None:
    request = week(replace(EMMA, subjects=(FIXED,)), commitments=(WORK,))
    (clash,) = found(request)
    assert set(clash.asks) == {wants((1, 1)), FixedTime(((1, 1),)), Promise(None, 1)}
    assert clash.adults
    assert reasons(request) == ["plan.reason.fixed_no_adult"]
    assert said(request) == [
        "Sarah cannot be there for all of this on Tuesday, December 1: "
        "Emma's Maths at 10 AM and Sarah's Work."
    ]


def test_a_fixed_time_on_a_commitment_of_the_child() -> None:
    piano = replace(WORK, name="Piano", scope=Scope.CHILD)
    request = week(replace(EMMA, subjects=(FIXED,), commitments=(piano,)))
    (clash,) = found(request)
    assert set(clash.asks) == {wants((1, 1)), FixedTime(((1, 1),)), Promise(1, 1)}
    assert not clash.adults
    assert reasons(request) == ["plan.reason.fixed_time"]
    assert said(request) == [
        "These do not all fit on Tuesday, December 1: Emma's Maths at 10 AM and Emma's Piano."
    ]


def test_a_fixed_time_outside_the_hours() -> None:
    request = week(replace(EMMA, subjects=(replace(FIXED, preferred_time=900),)))
    assert reasons(request) == ["plan.reason.outside_hours"]
    assert said(request) == [
        "These do not all fit on Tuesday, December 1: "
        "Emma's Maths at 3 PM and Emma's hours (9 AM–2 PM)."
    ]


def test_a_pin_in_the_way() -> None:
    pinned = replace(SHORT, id=2, name="Art", involvement=Involvement.INDEPENDENT)
    fixed = replace(FIXED, involvement=Involvement.INDEPENDENT, core=False)
    pin = Lesson(1, 2, TUESDAY, 600)
    request = replace(week(replace(EMMA, subjects=(fixed, pinned))), pins=(pin,))
    problem = problem_of(request)
    art = Item(1, TUESDAY, ItemType.SUBJECT, "Art", 600, 630, subject_id=2)
    (clash,) = clashes(problem, (art,))
    assert set(clash.asks) == {wants((1, 1)), FixedTime(((1, 1),)), Pinned(pin)}
    assert translator("en")(conflicts(problem, (art,), (clash,))[-1]) == (
        "These do not all fit on Tuesday, December 1: "
        "Emma's Maths at 10 AM and Emma's Art kept at 10 AM."
    )


def test_siblings_who_share_a_lesson_ask_as_one() -> None:
    shared = replace(LONG, name="Science", teach_together=True)
    emma = replace(EMMA, subjects=(shared,))
    noah = replace(NOAH, subjects=(replace(shared, id=2),))
    request = week(emma, noah, commitments=(WORK,))
    (clash,) = found(request)
    assert wants((1, 1), (2, 2)) in clash.asks
    assert Promise(None, 1) in clash.asks
    assert clash.lacking == ((1, 1), (2, 2))
    assert "Emma and Noah's Science" in said(request)[0]


def test_every_day_is_said_once() -> None:
    daily = replace(LONG, frequency=Frequency.DAILY, days=None)
    request = week(
        replace(EMMA, subjects=(daily,)),
        replace(NOAH, subjects=(replace(daily, id=2, name="Reading"),)),
    )
    assert len(found(request)) == 5
    assert said(request) == [
        "Every day is 60 minutes short of Sarah's time: "
        "Noah's Reading and Emma's Maths cannot all stand."
    ]


def test_a_lesson_that_fits_on_none_of_its_days() -> None:
    days = (Weekday.TUESDAY, Weekday.THURSDAY)
    request = week(
        replace(EMMA, subjects=(replace(LONG, days=days, frequency=Frequency.DAILY),)),
        replace(NOAH, subjects=(replace(READING, core=False, days=days),)),
    )
    (clash,) = found(request)
    assert clash.days == (1, 3)
    assert set(clash.asks) == {
        wants((2, 2), days=(1, 3)),
        wants((1, 1), days=(1, 3), sessions=2),
        HoursOf(1),
        HoursOf(2),
    }
    assert said(request) == ["No day has room for Noah's Reading beside Emma's Maths."]


@pytest.mark.parametrize("late", [(TUESDAY, time(15)), (TUESDAY + timedelta(days=1), time(8))])
def test_hours_and_days_that_are_over_clash_with_nothing(late: tuple[date, time]) -> None:
    request = replace(week(EMMA), now=datetime.combine(*late))
    assert found(request) == ()
    assert reasons(request) == ["plan.reason.no_day"]


def test_without_adults_there_is_only_that_to_say() -> None:
    assert found(week(EMMA, adults=())) == ()
    assert reasons(week(EMMA, adults=())) == ["plan.reason.no_adult"]


def test_core_subjects_are_named_where_others_would_do_as_well() -> None:
    """Any of the short lessons would clash with the long one; the core one is kept in the set."""
    alone = replace(LONG, minutes=60, involvement=Involvement.INDEPENDENT)
    others = tuple(
        replace(alone, id=2 + n, name=name, core=name == "Latin")
        for n, name in enumerate(("Art", "Latin", "Music"))
    )
    hall = replace(alone, id=9, name="Hall", core=False, minutes=215)
    request = week(replace(EMMA, subjects=(*others, hall)))
    problem = problem_of(request)
    held = tuple(
        Item(1, TUESDAY, ItemType.SUBJECT, each.name, at, at + 60, subject_id=each.id)
        for each, at in zip(others, (540, 610, 780), strict=True)
    )
    (clash,) = clashes(problem, held)
    assert set(clash.asks) == {wants((1, 9)), wants((1, 3)), HoursOf(1)}


def holds_everything(problem: Problem, clash: Clash, asks: tuple[Ask, ...]) -> bool:
    return plan_week(asked(problem, clash.days, asks)).omission_weight == 0


@pytest.mark.timeout(300)
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(requests())
def test_a_clash_cannot_stand_and_without_any_one_ask_it_can(request: WeekRequest) -> None:
    problem, items = first_fit(request)
    for clash in clashes(problem, items)[:3]:
        assert not holds_everything(problem, clash, clash.asks)
        lacking_keys = {member.key for _, member, _ in lacking(problem, items)}
        assert lacking_keys.issuperset(clash.lacking)
        if clash.minimal:
            for ask in clash.asks:
                rest = tuple(each for each in clash.asks if each != ask)
                assert holds_everything(problem, clash, rest), ask


@settings(max_examples=40, deadline=None, derandomize=True)
@given(requests())
def test_equal_weeks_get_equal_words_and_all_of_them_in_both_languages(
    request: WeekRequest,
) -> None:
    problem, items = first_fit(request)
    again = clashes(problem, items)
    assert again == clashes(problem, items)
    for tell in (translator("en"), translator("es")):
        for phrase in conflicts(problem, items, again):
            assert tell(phrase)
        for left in unscheduled(problem, items, again):
            assert subject_of(request.family, (left.child_id, left.subject_id)).name in tell(
                left.reason
            )


def test_when_the_budget_ends_nothing_is_claimed() -> None:
    problem = problem_of(week(EMMA, NOAH))
    judge = Judge(problem, day_work=0.0)
    assert judge.fits(TUE, (wants((1, 1)), HoursOf(1))) is None
