from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commitments import adult_of, busy, clear_of, falls_on, merged
from core.family import Adult, Commitment, CommitmentFrequency, Override, Scope
from core.week import DAY, Weekday

MONDAY = date(2026, 11, 30)
SOCCER = Commitment(
    1,
    "Soccer",
    CommitmentFrequency.WEEKLY,
    16 * 60,
    17 * 60,
    Scope.CHILD,
    days_of_week=(Weekday.MONDAY, Weekday.WEDNESDAY),
)
EVERY_DAY = replace(SOCCER, frequency=CommitmentFrequency.DAILY, days_of_week=())

intervals = st.lists(
    st.tuples(st.integers(0, 100), st.integers(1, 30)).map(lambda pair: (pair[0], sum(pair)))
)


def test_weekly_falls_on_its_days_only() -> None:
    taken = [busy(SOCCER, MONDAY + timedelta(days=offset)) for offset in range(7)]
    assert taken == [((960, 1020),), (), ((960, 1020),), (), (), (), ()]


def test_daily_falls_on_every_day() -> None:
    assert all(busy(EVERY_DAY, MONDAY + timedelta(days=offset)) for offset in range(7))


@pytest.mark.parametrize(
    ("day", "falls"),
    [
        (date(2026, 1, 31), True),
        (date(2026, 2, 28), True),
        (date(2026, 2, 27), False),
        (date(2028, 2, 28), False),
        (date(2028, 2, 29), True),
        (date(2026, 4, 30), True),
        (date(2026, 5, 30), False),
    ],
)
def test_monthly_on_a_day_that_the_month_lacks_falls_on_its_last(day: date, falls: bool) -> None:
    dentist = replace(EVERY_DAY, frequency=CommitmentFrequency.MONTHLY, on=date(2025, 12, 31))
    assert falls_on(dentist, day) is falls


def test_one_time_falls_on_its_date() -> None:
    once = replace(EVERY_DAY, frequency=CommitmentFrequency.ONE_TIME, on=MONDAY)
    assert busy(once, MONDAY) == ((960, 1020),)
    assert busy(once, MONDAY + timedelta(days=7)) == ()


def test_without_a_date_monthly_and_one_time_never_fall() -> None:
    for frequency in (CommitmentFrequency.MONTHLY, CommitmentFrequency.ONE_TIME):
        assert not falls_on(replace(EVERY_DAY, frequency=frequency), MONDAY)


def test_overnight_counts_on_both_days_of_its_night() -> None:
    night = replace(SOCCER, start=22 * 60, end=6 * 60, days_of_week=(Weekday.MONDAY,))
    assert busy(night, MONDAY) == ((1320, DAY),)
    assert busy(night, MONDAY + timedelta(days=1)) == ((0, 360),)
    assert busy(night, MONDAY + timedelta(days=2)) == ()


def test_overnight_every_day_has_two_pieces() -> None:
    assert busy(replace(EVERY_DAY, start=1320, end=360), MONDAY) == ((0, 360), (1320, DAY))


def test_until_midnight_takes_nothing_of_the_next_day() -> None:
    late = replace(EVERY_DAY, start=1320, end=0)
    assert busy(late, MONDAY) == ((1320, DAY),)


def test_the_first_date_of_all_has_no_night_before() -> None:
    assert busy(replace(EVERY_DAY, start=1320, end=360), date.min) == ((1320, DAY),)


@given(st.dates(), st.integers(0, DAY - 1), st.integers(0, DAY - 1))
def test_busy_minutes_lie_in_the_day_in_order(day: date, start: int, end: int) -> None:
    edges = [
        edge for piece in busy(replace(EVERY_DAY, start=start, end=end), day) for edge in piece
    ]
    assert edges == sorted(edges)
    assert all(0 <= edge <= DAY for edge in edges)


@given(intervals)
def test_merged_covers_the_same_minutes_without_touching(
    pieces: list[tuple[int, int]],
) -> None:
    union = merged(pieces)
    assert {m for s, e in union for m in range(s, e)} == {m for s, e in pieces for m in range(s, e)}
    assert all(one[1] < other[0] for one, other in pairwise(union))


@given(intervals, st.integers(1, 30))
def test_clear_of_keeps_exactly_the_free_starts(taken: list[tuple[int, int]], minutes: int) -> None:
    busy_minutes = {m for s, e in taken for m in range(s, e)}
    free = [s for s in range(120) if not busy_minutes & set(range(s, s + minutes))]
    assert list(clear_of(range(120), minutes, taken)) == free


def test_a_parents_commitment_takes_the_one_named_else_the_first() -> None:
    adults = (Adult(1, "Sarah"), Adult(2, "Ben"))
    assert adult_of(SOCCER, adults) == 1
    assert adult_of(replace(SOCCER, adult_id=2), adults) == 2
    assert adult_of(SOCCER, ()) is None


def test_one_occurrence_may_be_otherwise() -> None:
    soccer = replace(
        SOCCER, overrides=(Override(MONDAY), Override(MONDAY + timedelta(days=7), 1320, 60))
    )
    taken = [busy(soccer, MONDAY + timedelta(days=offset)) for offset in (0, 7, 8, 14)]
    assert taken == [(), ((1320, DAY),), ((0, 60),), busy(SOCCER, MONDAY)]
    assert falls_on(soccer, MONDAY), "its series still names the date"


def test_an_override_of_a_date_without_an_occurrence_changes_nothing() -> None:
    tuesday = MONDAY + timedelta(days=1)
    assert busy(replace(SOCCER, overrides=(Override(tuesday, 600, 660),)), tuesday) == ()


def test_a_night_that_is_cancelled_leaves_the_next_morning_free() -> None:
    night = replace(EVERY_DAY, start=1320, end=360, overrides=(Override(MONDAY),))
    assert busy(night, MONDAY) == ((0, 360),)
    assert busy(night, MONDAY + timedelta(days=1)) == ((1320, DAY),)
