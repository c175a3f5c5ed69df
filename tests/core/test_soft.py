"""The wishes, each by a pair of weeks of which one fulfils it better."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.family import (
    Adult,
    Child,
    Family,
    Flexibility,
    Frequency,
    Hours,
    Involvement,
    LearningTime,
    Preferences,
    Subject,
)
from core.plan import Item, ItemType, WeekRequest, Weights
from core.problem import Problem, problem_of
from core.soft import best_minutes, claim, earliness, points, room, scores

MONDAY = date(2026, 11, 30)
MATHS = Subject(1, "Maths", True, 30, Frequency.TWO_OR_THREE, Involvement.FULL, 3)
ART = Subject(2, "Art", False, 30, Frequency.WEEKLY, Involvement.INDEPENDENT, 5)
NOAH = Child(
    1, "Noah", 6, Hours(540, 840), 45, (MATHS, ART), best_times=(LearningTime.MID_MORNING,)
)
ADULTS = (Adult(1, "Sarah"), Adult(2, "Ben"))
NOTHING = Weights(0, 0, 0, 0)


def problem(
    *children: Child,
    adults: tuple[Adult, ...] = ADULTS[:1],
    preferences: Preferences | None = None,
    weights: Weights = NOTHING,
    loop: Mapping[int, int] | None = None,
) -> Problem:
    family = Family("UTC", adults, children or (NOAH,), preferences or Preferences())
    return problem_of(WeekRequest(family, MONDAY, weights=weights, loop=loop or {}))


def lesson(day: int, start: int, subject: Subject = MATHS, adult: int | None = None) -> Item:
    return Item(
        1,
        MONDAY + timedelta(days=day),
        ItemType.SUBJECT,
        subject.name,
        start,
        start + subject.minutes,
        subject_id=subject.id,
        adult_id=adult,
    )


@pytest.mark.parametrize(
    ("weights", "better", "worse"),
    [
        (Weights(1, 0, 0, 0), [lesson(0, 600)], [lesson(0, 780)]),
        (Weights(0, 1, 0, 0), [lesson(0, 600)], [lesson(0, 780)]),
        (Weights(0, 1, 0, 0), [lesson(0, 690)], [lesson(0, 705)]),
        (Weights(0, 0, 1, 0), [lesson(0, 545)], [lesson(0, 550)]),
        (
            Weights(0, 0, 0, 1),
            [lesson(0, 600), lesson(2, 600)],
            [lesson(0, 600), lesson(2, 605)],
        ),
        (
            Weights(0, 0, 0, 1),
            [lesson(0, 600), lesson(2, 600)],
            [lesson(0, 600), lesson(1, 600)],
        ),
    ],
)
def test_each_weight_moves_its_own_aim(
    weights: Weights, better: list[Item], worse: list[Item]
) -> None:
    assert points(problem(weights=weights), better) > points(problem(weights=weights), worse)
    assert points(problem(), better) == points(problem(), worse)


def test_idle_time_costs_by_the_minute() -> None:
    close = points(problem(), [lesson(0, 600), lesson(0, 640, ART)])
    apart = points(problem(), [lesson(0, 600), lesson(0, 740, ART)])
    assert close - apart == 100 * 200


def test_a_common_lunch_is_better() -> None:
    emma = replace(NOAH, id=2, name="Emma")
    lunches = [Item(1, MONDAY, ItemType.LUNCH, "Lunch", 720, 750)]
    together = points(problem(NOAH, emma), [*lunches, replace(lunches[0], child_id=2)])
    apart = [*lunches, replace(lunches[0], child_id=2, start=725, end=755)]
    assert together > points(problem(NOAH, emma), apart)


def test_a_third_session_is_wanted() -> None:
    twice = [lesson(0, 600), lesson(2, 600)]
    assert points(problem(), [*twice, lesson(4, 600)]) > points(problem(), twice)


@pytest.mark.parametrize(
    ("flexibility", "minutes"), [(Flexibility.VERY_FLEXIBLE, 225), (Flexibility.STRICT, 285)]
)
def test_slack_is_left_by_flexibility(flexibility: Flexibility, minutes: int) -> None:
    week = problem(preferences=Preferences(flexibility=flexibility))
    assert room(week, week.child_days[1, 0]) == minutes
    long = replace(ART, minutes=minutes)
    longer = replace(ART, minutes=minutes + 10)
    crowd = points(week, [lesson(0, 540, longer)]) - points(week, [lesson(0, 540, long)])
    assert crowd == -10 * 500


def test_block_style_spreads_subjects_over_days() -> None:
    week = problem(preferences=Preferences(style={"block": 5}), weights=Weights(0, 0, 0, 1))
    spread = [lesson(0, 600), lesson(2, 600, ART)]
    same = [lesson(0, 600), lesson(0, 630, ART)]
    assert points(week, spread) > points(week, same)


def test_grouped_activities_open_the_day() -> None:
    short = replace(MATHS, minutes=15)
    week = problem(
        replace(NOAH, subjects=(short,)),
        preferences=Preferences(style={"grouped_activities": 5}),
        weights=Weights(0, 0, 0, 1),
    )
    assert points(week, [lesson(0, 540, short)]) > points(week, [lesson(0, 600, short)])


def test_the_loops_next_subject_comes_early_in_the_week() -> None:
    week = problem(loop={1: ART.id})
    assert points(week, [lesson(0, 600, ART)]) > points(week, [lesson(1, 600, ART)])


def test_who_claims_the_best_hours() -> None:
    week = problem(preferences=Preferences(style={"interest_led": 5}))
    calm = problem(preferences=Preferences(style={"interest_led": 1}))
    assert claim(week, MATHS) == claim(calm, MATHS) == 10
    assert claim(week, ART) == 20
    assert claim(calm, ART) == 4
    assert claim(week, replace(ART, interest=1)) == 10
    assert claim(week, replace(ART, interest=3)) == 0


@given(st.integers(0, 1400), st.integers(5, 240))
def test_best_minutes_counts_the_minutes_in_best_times(start: int, minutes: int) -> None:
    inside = sum(540 <= minute < 720 for minute in range(start, start + minutes))
    assert best_minutes(NOAH, np.array([start]), minutes) == [inside]
    assert best_minutes(replace(NOAH, best_times=()), np.array([start]), minutes) == [minutes]


@given(st.integers(0, 1400), st.integers(5, 300))
def test_earliness_is_a_percentage(start: int, minutes: int) -> None:
    week = problem()
    assert 0 <= earliness(week.child_days[1, 0], np.array([start]), minutes)[0] <= 100


def test_scores_are_shares_of_the_week() -> None:
    best = scores(problem(), [lesson(0, 540), lesson(2, 540)])
    assert best.learning_times == best.child_interest == best.subject_coherence == 1
    assert best.parent_involvement == 1
    mixed = scores(problem(), [lesson(0, 540), lesson(2, 810)])
    assert mixed.learning_times == mixed.parent_involvement == 0.5
    assert mixed.subject_coherence == 0
    near = scores(problem(), [lesson(0, 540), lesson(2, 600)])
    assert near.subject_coherence == 0.75


def test_an_empty_week_lacks_nothing() -> None:
    empty = scores(problem(), [])
    assert {
        empty.child_interest,
        empty.learning_times,
        empty.parent_involvement,
        empty.subject_coherence,
    } == {1.0}
    assert points(problem(), []) == 0
