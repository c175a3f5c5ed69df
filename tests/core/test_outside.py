"""Calendars outside: addresses, times left over, and when to look again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.changes import FollowCalendar, OutsideTime
from core.diff import Changed, Difference, LeftOut
from core.outside import (
    PATIENCE,
    Address,
    Problem,
    asks_something,
    clashing,
    left_over,
    next_look,
    on_dates,
    parse_address,
    redirected,
    stirred,
    worth_telling,
)
from core.plan import Item, ItemType
from core.week import DAY

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAYS = [date(2026, 11, 30), date(2026, 12, 1)]


@st.composite
def intervals(draw: st.DrawFn, grid: int = 1) -> tuple[date, int, int]:
    start = draw(st.integers(0, DAY // grid - 1))
    end = draw(st.integers(start + 1, DAY // grid))
    return draw(st.sampled_from(DAYS)), start * grid, end * grid


def minutes(times: tuple[OutsideTime, ...]) -> set[tuple[date, int]]:
    return {(t.on, minute) for t in times for minute in range(t.start, t.end or DAY)}


@given(st.lists(intervals(), max_size=6))
def test_times_cover_what_is_taken_and_no_more_than_the_grid(
    taken: list[tuple[date, int, int]],
) -> None:
    found = on_dates(taken)
    exact = {(on, minute) for on, start, end in taken for minute in range(start, end)}
    assert exact <= minutes(found)
    cells = {(on, minute // 5) for on, minute in exact}
    assert {(on, minute // 5) for on, minute in minutes(found)} == cells
    assert list(found) == sorted(found)
    assert all(each.start % 5 == each.end % 5 == 0 for each in found)
    # Those that touch are one.
    ends = {(each.on, each.end) for each in found if each.end}
    assert ends.isdisjoint((each.on, each.start) for each in found)


@given(st.lists(intervals(grid=5), max_size=5), st.lists(intervals(grid=5), max_size=5))
def test_what_was_declined_is_left_out_to_the_minute(
    taken: list[tuple[date, int, int]], given_up: list[tuple[date, int, int]]
) -> None:
    times, declined = on_dates(taken), on_dates(given_up)
    left = left_over(times, declined)
    assert minutes(left) == minutes(times) - minutes(declined)
    assert left_over(times, ()) == times
    assert left_over(left, declined) == left


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://a.example/c.ics", Address("a.example", 443, "/c.ics")),
        (" webcal://A.Example:8443 ", Address("a.example", 8443, "/")),
        (
            "https://münchen.example/ö?q=ü&r=%20",
            Address("xn--mnchen-3ya.example", 443, "/%C3%B6?q=%C3%BC&r=%20"),
        ),
        ("webcals://u%40x:p%3A@a.example/c", Address("a.example", 443, "/c", ("u@x", "p:"))),
        ("https://[2606:4700::1]:443/c#x", Address("2606:4700::1", 443, "/c")),
        ("http://a.example/c.ics", None),
        ("https://a.example:25/c.ics", None),
        ("https://a.example:0/", None),
        ("https://a.example:70000/", None),
        ("https://a.exa mple/", None),
        ("https://", None),
        ("a.example/c.ics", None),
        ("", None),
        ("https://a.example/" + "x" * 2000, None),
    ],
)
def test_what_is_an_address(text: str, address: Address | None) -> None:
    assert parse_address(text) == address


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_an_address_or_none(text: str, location: str) -> None:
    for pasted in (text, f"https://{text}", f"https://a.example/{text}"):
        found = parse_address(pasted)
        if found is not None:
            assert found.target.isascii()
            assert found.host.isascii()
            assert parse_address(found.url) is not None
            onward = redirected(found, location)
            assert onward is None or onward.port == 443 or onward.port >= 1024


def test_looks_slow_down_to_once_a_day_and_spread_out() -> None:
    for connection in range(100):
        well = next_look(connection, NOW, None) - NOW
        assert timedelta(minutes=54) <= well <= timedelta(minutes=66)
    assert len({next_look(connection, NOW, None) for connection in range(100)}) == 100
    at, looks = NOW, 0
    while at < NOW + timedelta(days=7):
        at, looks = next_look(1, at, NOW), looks + 1
    assert looks < 16
    assert next_look(1, NOW, NOW - timedelta(days=9)) - NOW <= timedelta(hours=27)


def test_what_passes_is_not_told_before_three_days() -> None:
    soon = NOW + PATIENCE - timedelta(minutes=1)
    for problem in Problem:
        told = worth_telling(problem, NOW, soon, ever_read=True)
        assert told == (problem in (Problem.ADDRESS, Problem.PRIVATE, Problem.DENIED, Problem.GONE))
        assert worth_telling(problem, NOW, NOW + PATIENCE, ever_read=True)
        assert worth_telling(problem, NOW, NOW, ever_read=False)


@pytest.mark.parametrize(
    ("whose", "start", "end", "hit"),
    [
        ({}, 9 * 60, 10 * 60, True),
        ({}, 9 * 60 + 30, 10 * 60, False),
        ({}, 8 * 60, 9 * 60, False),
        ({}, 9 * 60 + 25, 0, True),
        ({"child_id": 1}, 0, 0, True),
        ({"child_id": 2}, 0, 0, False),
        ({"adult_id": 3}, 0, 0, True),
        ({"adult_id": 4}, 0, 0, False),
    ],
)
def test_a_new_time_clashes_with_lessons_of_whom_it_takes(
    whose: dict[str, int], start: int, end: int, hit: bool
) -> None:
    on = DAYS[1]
    lesson = Item(1, on, ItemType.SUBJECT, "Art", 540, 570, subject_id=1, adult_id=3)
    change = FollowCalendar(1, "Work", **whose, added=(OutsideTime(on, start, end),))
    day_before = datetime(2026, 11, 30, 12)  # noqa: DTZ001 - wall time
    assert bool(clashing(change, [lesson], day_before)) == hit
    # What has begun or is done does not move.
    assert not clashing(change, [lesson], datetime(2026, 12, 1, 9))  # noqa: DTZ001
    assert not clashing(change, [replace(lesson, completed=True)], day_before)
    assert not clashing(change, [replace(lesson, type=ItemType.LUNCH)], day_before)


def test_only_the_weeks_that_are_asked_something_wait() -> None:
    here, next_week = OutsideTime(DAYS[0], 60, 120), OutsideTime(date(2026, 12, 9), 60, 120)
    change = FollowCalendar(1, "Work", added=(here, next_week))
    lesson = Item(1, DAYS[1], ItemType.SUBJECT, "Art", 540, 570, subject_id=1)
    moved = Changed(lesson, replace(lesson, start=600, end=630))
    assert stirred(change, Difference(moved=(moved,))) == (here,)
    assert stirred(change, Difference(handed_over=(moved,))) == (here,)
    assert stirred(change, Difference(gone=(lesson,))) == (here,)
    assert stirred(change, Difference(left_out=(LeftOut(1, 1, 1, "x"),))) == change.added
    assert not asks_something(Difference(added=(lesson,)))
