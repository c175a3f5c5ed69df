"""Why a lesson stands where it stands: each reason by a week made for it, and any week."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from strategies import requests

from bot.texts import LANGUAGES, translator
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
    Preferences,
    Scope,
    Subject,
)
from core.greedy import greedy
from core.hard import candidates
from core.phrase import Phrase
from core.plan import Item, ItemType, Lesson, WeekRequest, Weights
from core.problem import problem_of
from core.reasons import MOST, reasons
from core.solve import plan_week
from core.timetable import items_of
from core.week import Weekday

MONDAY = date(2026, 11, 30)
SARAH, BEN = Adult(1, "Sarah"), Adult(2, "Ben")
MATHS = Subject(1, "Maths", True, 30, Frequency.DAILY, Involvement.FULL, 3)
ART = Subject(2, "Art", False, 30, Frequency.WEEKLY, Involvement.INDEPENDENT, 3)
EMMA = Child(1, "Emma", 9, Hours(540, 840), 60, (MATHS, ART))
MORNING = replace(EMMA, best_times=(LearningTime.MID_MORNING,))
AFTERNOON = replace(EMMA, best_times=(LearningTime.EARLY_AFTERNOON,))
NOAH = replace(EMMA, id=2, name="Noah", subjects=(replace(MATHS, id=3), replace(ART, id=4)))
WORK = Commitment(1, "Work", CommitmentFrequency.DAILY, 540, 720, Scope.PARENT)
SOCCER = Commitment(2, "Soccer", CommitmentFrequency.DAILY, 540, 720, Scope.CHILD)
NOTHING = Weights(0, 0, 0, 0)
INTEREST, BEST, EARLY, COHERENT = (
    Weights(1, 0, 0, 0),
    Weights(0, 1, 0, 0),
    Weights(0, 0, 1, 0),
    Weights(0, 0, 0, 1),
)


def week(
    *children: Child,
    adults: tuple[Adult, ...] = (SARAH,),
    commitments: tuple[Commitment, ...] = (),
    style: dict[str, int] | None = None,
    weights: Weights = NOTHING,
    **more: object,
) -> WeekRequest:
    preferences = Preferences(style=style or {})
    family = Family("UTC", adults, children or (EMMA,), preferences, commitments)
    return WeekRequest(family, MONDAY, weights=weights, **more)


def lesson(day: int, start: int, subject: Subject = MATHS, child: int = 1) -> Item:
    return Item(
        child,
        MONDAY + timedelta(days=day),
        ItemType.SUBJECT,
        subject.name,
        start,
        start + subject.minutes,
        subject_id=subject.id,
        adult_id=1 if subject.involvement.attention else None,
    )


def lunch(start: int, child: int = 1, day: int = 0) -> Item:
    on = MONDAY + timedelta(days=day)
    return Item(child, on, ItemType.LUNCH, "Lunch", start, start + 30)


def why(request: WeekRequest, *items: Item) -> tuple[Phrase, ...]:
    """The reasons of the first of `items`, which are the whole week."""
    return reasons(problem_of(request), items, items[0])


def keys(request: WeekRequest, *items: Item) -> list[str]:
    return [phrase.key.removeprefix("plan.why.") for phrase in why(request, *items)]


# what leaves no choice


def test_a_fixed_time_is_the_reason() -> None:
    latin = replace(ART, fixed_time=True, preferred_time=660)
    request = week(replace(AFTERNOON, subjects=(latin,)), weights=BEST)
    (phrase,) = why(request, lesson(0, 660, latin))
    assert phrase.key == "plan.why.fixed"
    assert phrase.args == {"subject": "Art", "time": time(11)}


def test_what_the_family_put_there_stays() -> None:
    request = week(pins=(Lesson(1, ART.id, MONDAY, 660),))
    assert keys(request, lesson(0, 660, ART)) == ["pinned"]


def test_what_stood_there_stays() -> None:
    before = lesson(0, 660, ART)
    assert keys(week(previous=(before,)), before)[0] == "stays"
    assert "stays" not in keys(week(previous=(before,)), lesson(0, 700, ART))


def test_what_has_begun_stays() -> None:
    before = lesson(0, 540, ART)
    now = datetime.combine(MONDAY, time(9, 10))
    assert keys(week(previous=(before,), now=now), before) == ["begun"]
    done = replace(before, completed=True)
    assert keys(week(previous=(done,), now=now), done) == ["done"]


def test_the_only_start_left_by_commitments() -> None:
    busy = replace(EMMA, commitments=(replace(SOCCER, end=810),))
    assert keys(week(busy), lesson(0, 810, ART)) == ["only"]


def test_the_only_start_left_by_adults() -> None:
    request = week(commitments=(replace(WORK, end=810),))
    assert keys(request, lesson(0, 810)) == ["only_with_adult"]
    assert keys(request, lesson(0, 810, ART)) == ["free"]


# what is earned


def test_siblings_learn_together() -> None:
    shared = replace(ART, teach_together=True)
    children = (replace(EMMA, subjects=(shared,)), replace(NOAH, subjects=(shared,)))
    (phrase,) = why(week(*children), lesson(0, 600, shared), lesson(0, 600, shared, child=2))
    assert phrase.key == "plan.why.together"
    assert phrase.args == {"children": ("Emma", "Noah")}
    assert keys(week(*children), lesson(0, 600, shared)) == ["free"]


@pytest.mark.parametrize("weights", [INTEREST, BEST])
def test_the_best_time(weights: Weights) -> None:
    request = week(MORNING, weights=weights)
    assert keys(request, lesson(0, 600)) == ["best_time"]
    assert keys(request, lesson(0, 700)) == ["mostly_best_time"]
    assert keys(week(EMMA, weights=weights), lesson(0, 600)) == ["free"]


def test_a_wish_without_weight_is_no_reason() -> None:
    assert keys(week(MORNING), lesson(0, 600)) == ["free"]


def test_early_when_adults_are_freest() -> None:
    assert keys(week(weights=EARLY), lesson(0, 540)) == ["early"]
    assert keys(week(weights=EARLY), lesson(0, 800)) == ["free"]
    assert keys(week(weights=EARLY), lesson(0, 540, ART)) == ["free"]


def test_the_same_time_as_on_other_days() -> None:
    request = week(weights=COHERENT)
    assert keys(request, lesson(0, 600), lesson(1, 600), lesson(2, 600)) == ["always"]
    (phrase,) = why(request, lesson(0, 600), lesson(1, 600), lesson(2, 630))
    assert phrase.key == "plan.why.same_time"
    assert phrase.args == {"count": 1}


def test_not_next_to_another_session() -> None:
    some = replace(ART, frequency=Frequency.TWO_OR_THREE)
    request = week(replace(EMMA, subjects=(some,)), weights=COHERENT)
    assert "apart" in keys(request, lesson(0, 600, some), lesson(2, 600, some))
    assert "apart" not in keys(request, lesson(0, 600, some), lesson(1, 600, some))


def test_a_short_lesson_opens_the_day() -> None:
    short = replace(ART, minutes=15)
    request = week(
        replace(EMMA, subjects=(short, MATHS)),
        weights=COHERENT,
        style={"grouped_activities": 5},
    )
    assert keys(request, lesson(0, 540, short)) == ["opening"]
    assert "opening" not in keys(request, lesson(0, 570, short), lesson(0, 540))


def test_next_in_the_loop() -> None:
    request = week(loop={1: ART.id})
    assert keys(request, lesson(0, 600, ART)) == ["loop"]
    assert keys(request, lesson(4, 600, ART)) == ["free"]


def test_a_session_more_than_needed() -> None:
    some = replace(ART, frequency=Frequency.TWO_OR_THREE)
    request = week(replace(EMMA, subjects=(some,)))
    three = [lesson(day, 600, some) for day in (4, 2, 0)]
    assert keys(request, *three) == ["extra"]
    assert keys(request, *three[::-1]) == ["free"]
    now_and_then = replace(ART, frequency=Frequency.OCCASIONALLY)
    assert keys(week(replace(EMMA, subjects=(now_and_then,))), lesson(0, 600, now_and_then)) == [
        "extra"
    ]


def test_lessons_stay_close_together() -> None:
    assert "close" in keys(week(), lesson(0, 630, ART), lesson(0, 600))
    assert "close" not in keys(week(), lesson(0, 810, ART), lesson(0, 540))


def test_block_style_keeps_the_fullest_day_short() -> None:
    request = week(style={"block": 5}, weights=COHERENT)
    maths = [lesson(day, 540) for day in range(1, 5)]
    assert "few_a_day" in keys(request, lesson(0, 600, ART), *maths)


def test_other_days_are_fuller() -> None:
    long = replace(MATHS, minutes=240)
    request = week(replace(EMMA, subjects=(long, ART)))
    days = [lesson(day, 540, long) for day in range(1, 5)]
    assert "slack" in keys(request, lesson(0, 600, ART), *days)


def test_lunch_together() -> None:
    request = week(EMMA, NOAH)
    (phrase,) = why(request, lunch(720), lunch(720, child=2))
    assert phrase.key == "plan.why.lunch_together"
    assert phrase.args == {"children": ("Emma", "Noah")}
    assert keys(request, lunch(720), lunch(725, child=2)) == ["free"]


def test_the_only_time_for_lunch() -> None:
    early, late = replace(SOCCER, end=690), replace(SOCCER, id=3, start=720, end=840)
    busy = replace(EMMA, commitments=(early, late))
    assert keys(week(busy), lunch(690)) == ["only"]
    kept = lunch(690)
    now = datetime.combine(MONDAY, time(12))
    assert keys(week(previous=(kept,), now=now), kept) == ["begun"]


# what is given up


def given_up(request: WeekRequest, *items: Item) -> tuple[str, Phrase]:
    phrase = why(request, *items)[-1]
    because = phrase.args["because"]
    assert isinstance(because, Phrase)
    return phrase.key.removeprefix("plan.why."), because


def test_the_best_time_belongs_to_another_lesson() -> None:
    long = replace(ART, minutes=180)
    request = week(replace(MORNING, subjects=(MATHS, long)), weights=BEST)
    key, because = given_up(request, lesson(0, 750), lesson(0, 540, long))
    assert (key, because.key) == ("not_best_time", "plan.why.because.taken")
    assert because.args == {"names": ("Art",)}


def test_the_best_time_belongs_to_a_commitment() -> None:
    request = week(replace(MORNING, commitments=(SOCCER,)), weights=BEST)
    soccer = Item(1, MONDAY, ItemType.COMMITMENT, "Soccer", 540, 720, commitment_id=2)
    key, because = given_up(request, lesson(0, 750), soccer)
    assert (key, because.args["names"]) == ("not_best_time", ("Soccer",))


def test_the_adult_is_away_in_the_best_time() -> None:
    request = week(MORNING, weights=BEST, commitments=(replace(WORK, end=700),))
    key, because = given_up(request, lesson(0, 750))
    assert (key, because.key) == ("not_best_time", "plan.why.because.away")
    assert because.args == {"count": 1, "who": ("Sarah",)}
    assert keys(request, lesson(0, 750, ART)) == ["free"], "nothing keeps Art from the best time"


def test_the_adult_helps_somebody_else_in_the_best_time() -> None:
    long = replace(MATHS, id=3, minutes=180)
    noah = replace(NOAH, subjects=(long,))
    key, because = given_up(
        week(MORNING, noah, weights=BEST), lesson(0, 750), lesson(0, 540, long, child=2)
    )
    assert (key, because.key) == ("not_best_time", "plan.why.because.busy")
    assert because.args["who"] == ("Sarah",)
    said = translator("en")(because)
    assert said == "Sarah is busy then with Noah's Maths"


def test_another_adult_could_have_helped() -> None:
    long = replace(MATHS, id=3, minutes=180)
    noah = replace(NOAH, subjects=(long,))
    request = week(MORNING, noah, adults=(SARAH, BEN), weights=BEST)
    assert keys(request, lesson(0, 750), lesson(0, 540, long, child=2)) == ["free"]


def test_an_adult_who_goes_along_is_busy() -> None:
    dance = replace(SOCCER, name="Dance", needs_adult=True)
    long = replace(MATHS, id=7, minutes=180)
    noah = replace(NOAH, subjects=(), commitments=(dance,))
    mia = replace(NOAH, id=3, name="Mia", subjects=(long,))
    gone = Item(2, MONDAY, ItemType.COMMITMENT, "Dance", 540, 720, commitment_id=2, adult_id=1)
    taught = replace(lesson(0, 540, long, child=3), adult_id=2)
    request = week(MORNING, noah, mia, adults=(SARAH, BEN), weights=BEST)
    _, because = given_up(request, lesson(0, 750), gone, taught)
    assert translator("en")(because) == (
        "Sarah and Ben are busy then with Noah's Dance and Mia's Maths"
    )


def test_the_only_adult_who_goes_along_is_away() -> None:
    noah = replace(NOAH, subjects=(), commitments=(replace(SOCCER, needs_adult=True),))
    _, because = given_up(week(MORNING, noah, weights=BEST), lesson(0, 750))
    assert because.key == "plan.why.because.away"


def test_lunch_lies_in_the_best_time() -> None:
    late = replace(AFTERNOON, hours=Hours(690, 755))
    _, because = given_up(week(late, weights=BEST), lesson(0, 690, ART), lunch(725))
    assert because.key == "plan.why.because.lunch"


def test_a_rest_is_needed_by_the_usual_time() -> None:
    long = replace(ART, id=5, minutes=60)
    request = week(replace(EMMA, subjects=(MATHS, long)), weights=COHERENT)
    usual = [lesson(day, 600) for day in (1, 2, 3)]
    key, because = given_up(request, lesson(0, 700), lesson(0, 540, long), *usual)
    assert (key, because.key) == ("not_usual", "plan.why.because.rest")


def test_the_day_fits_together_better() -> None:
    request = week(AFTERNOON, weights=Weights(0, 0.001, 0, 0))
    key, because = given_up(request, lesson(0, 570, ART), lesson(0, 540))
    assert (key, because.key) == ("not_best_time", "plan.why.because.week")


def test_a_better_place_that_was_free_is_not_excused() -> None:
    assert keys(week(AFTERNOON, weights=BEST), lesson(0, 570)) == ["free"]


# any week


def starts_of(items: tuple[Item, ...], item: Item) -> set[int]:
    return {
        each.start
        for each in items
        if (each.child_id, each.subject_id) == (item.child_id, item.subject_id)
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(request=requests())
def test_every_lesson_has_a_reason_and_it_is_true(request: WeekRequest) -> None:
    problem = problem_of(request)
    items = items_of(problem, greedy(problem, candidates(problem)))
    for item in items:
        found = reasons(problem, items, item)
        if item.type not in (ItemType.SUBJECT, ItemType.LUNCH):
            assert found == ()
            continue
        assert 1 <= len(found) <= MOST
        child = request.family.child(item.child_id)
        inside = sum(
            any(start <= minute < end for start, end in (each.window for each in child.best_times))
            for minute in range(item.start, item.end)
        )
        for phrase in found:
            for language in LANGUAGES:
                assert translator(language)(phrase)
            match phrase.key.removeprefix("plan.why."):
                case "best_time":
                    assert inside == item.end - item.start
                case "not_best_time":
                    assert inside < (item.end - item.start) / 2
                case "always":
                    assert starts_of(items, item) == {item.start}
                case "not_usual":
                    assert len(starts_of(items, item)) > 1


@pytest.fixture(scope="module")
def planned() -> tuple[WeekRequest, tuple[Item, ...]]:
    shared = replace(ART, frequency=Frequency.TWO_OR_THREE, teach_together=True)
    children = (
        replace(MORNING, subjects=(MATHS, shared)),
        replace(NOAH, subjects=(replace(MATHS, id=3), replace(shared, id=4))),
    )
    work = replace(WORK, frequency=CommitmentFrequency.WEEKLY, days_of_week=(Weekday.TUESDAY,))
    request = week(*children, commitments=(work,), weights=Weights())
    return request, plan_week(request).items


def test_a_planned_week_says_why(planned: tuple[WeekRequest, tuple[Item, ...]]) -> None:
    request, items = planned
    problem = problem_of(request)
    taught = [item for item in items if item.type is ItemType.SUBJECT]
    said = {item: reasons(problem, items, item) for item in taught}
    assert all(said.values())
    assert all(said[item][0].key == "plan.why.together" for item in taught if item.name == ART.name)


def test_a_week_that_is_planned_again_says_what_stays(
    planned: tuple[WeekRequest, tuple[Item, ...]],
) -> None:
    request, items = planned
    again = replace(request, previous=items)
    problem = problem_of(again)
    week_again = plan_week(again).items
    taught = [item for item in week_again if item.type is ItemType.SUBJECT]
    assert {reasons(problem, week_again, item)[0].key for item in taught} == {"plan.why.stays"}
