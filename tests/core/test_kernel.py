"""The compiled kernel against plain enumeration, and against itself without a compiler."""

import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise, product
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.families import family
from core.board import board_of, state_of, timetable_of
from core.bound import Stays, bound
from core.fit import omitted
from core.greedy import greedy
from core.hard import candidates
from core.kernel.anneal import copy, search, value
from core.kernel.arrays import ABSENT, MOST_OPEN, NEVER, Scratch, scratch
from core.kernel.day import day_program
from core.problem import Problem, problem_of
from core.rest import runs_fit
from core.search import improve, missing_weight, room_for, soft_value
from core.soft import points
from core.timetable import items_of
from db.document import parse_document, to_request

WINDOW = 22
REST = 10
IDLE = 200.0


def made_up(children: int, seed: int, *, full: bool = False) -> Problem:
    return problem_of(to_request(parse_document(family(children, seed, full=full))))


@st.composite
def days(draw: st.DrawFn) -> dict[str, object]:
    lessons = draw(st.integers(1, 3))
    minutes = [draw(st.sampled_from([10, 15, 20, 22, 30])) for _ in range(lessons)]
    starts = [
        {
            at: draw(st.integers(-20_000, 60_000))
            for at in draw(st.sets(st.integers(0, WINDOW - 7), max_size=4))
        }
        for _ in range(lessons)
    ]
    fixed = draw(st.none() | st.integers(0, WINDOW - 7))
    lunch = {
        at: draw(st.sampled_from([0, 10_000]))
        for at in draw(st.sets(st.integers(0, WINDOW - 7), max_size=4))
    }
    return {
        "minutes": minutes,
        "starts": starts,
        "fixed": fixed,
        "lunch": lunch,
        "span": draw(st.sampled_from([20, 45, 60])),
        "crowd": draw(st.sampled_from([0, -5_000])),
    }


def day_points(day: dict[str, object], chosen: Sequence[int | None]) -> float:
    """What a day with these starts is worth; `NEVER` if it may not be."""
    minutes, starts, fixed = day["minutes"], day["starts"], day["fixed"]
    lunch, span = day["lunch"], day["span"]
    assert isinstance(minutes, list)
    assert isinstance(starts, list)
    assert isinstance(lunch, dict)
    held = sorted((5 * at, minutes[row]) for row, at in enumerate(chosen) if at is not None)
    if not held:
        return 0.0
    if any(a + m > b for (a, m), (b, _) in pairwise(held)) or not runs_fit(held, span, REST):
        return NEVER
    total = sum(
        starts[row][at]
        for row, at in enumerate(chosen)
        if at is not None and not (fixed is not None and row == len(minutes) - 1)
    )
    total += day["crowd"] * (len(held) - (fixed is not None))
    total -= IDLE * (held[-1][0] + held[-1][1] - held[0][0] - sum(m for _, m in held))
    if lunch:
        free = [
            worth
            for at, worth in lunch.items()
            if all(5 * at + 30 <= a or a + m <= 5 * at for a, m in held)
        ]
        if not free:
            return NEVER
        total += max(free)
    return float(total)


def enumerated(day: dict[str, object]) -> float:
    """The most points by trying everything."""
    starts, fixed = day["starts"], day["fixed"]
    assert isinstance(starts, list)
    choices = [[None, *own] for own in starts]
    if fixed is not None:
        choices[-1] = [fixed]
    return max(day_points(day, chosen) for chosen in product(*choices))


def prepared(day: dict[str, object], *, told_apart: bool) -> tuple[Scratch, int, int]:
    """The day as the kernel reads it, with its open rows and its bits."""
    minutes, starts, fixed = day["minutes"], day["starts"], day["fixed"]
    lunch = day["lunch"]
    assert isinstance(minutes, list)
    assert isinstance(starts, list)
    assert isinstance(lunch, dict)
    rows = len(minutes)
    opened = rows - (fixed is not None)
    room = scratch(WINDOW + 1, 3, 20, rows, seed=0)
    room.worth[:] = NEVER
    for row, own in enumerate(starts):
        for at, worth in own.items():
            room.worth[row, at] = worth
        room.minutes[row], room.slots[row] = minutes[row], -(-minutes[row] // 5)
        room.far[row] = -(-(minutes[row] + REST) // 5)
        room.bit[row] = row if told_apart else -1
    room.fixed_at[:] = -1
    if fixed is not None:
        room.fixed_at[fixed] = opened
        room.worth[opened, fixed] = 0.0
    room.lunch[:] = NEVER
    for at, worth in lunch.items():
        room.lunch[at] = worth
    bits = opened if told_apart else 0
    for mask in range(1 << opened):
        room.terminal[mask] = day["crowd"] * mask.bit_count() if told_apart else 0.0
    return room, opened, bits


def solved(
    day: dict[str, object], *, told_apart: bool, floor: float = NEVER
) -> tuple[float, list[int | None]]:
    """The kernel's points, and the start of each lesson (None: not held)."""
    room, opened, bits = prepared(day, told_apart=told_apart)
    minutes, span, lunch = day["minutes"], day["span"], day["lunch"]
    assert isinstance(minutes, list)
    assert isinstance(span, int)
    rows = len(minutes)
    found, _ = day_program(room, opened, rows, bits, WINDOW + 1, span, bool(lunch), IDLE, floor)
    starts = [int(room.starts[row]) for row in range(rows)]
    return found, [None if at == ABSENT else at for at in starts]


@settings(deadline=None)  # the first call compiles
@given(day=days())
def test_a_day_is_the_best_that_can_be_and_says_how(day: dict[str, object]) -> None:
    best = enumerated(day)
    found, starts = solved(day, told_apart=True)
    assert found == pytest.approx(best)
    if best > NEVER:
        assert day_points(day, starts) == pytest.approx(best)


@settings(deadline=None)
@given(day=days())
def test_lessons_not_told_apart_may_be_held_again(day: dict[str, object]) -> None:
    assert solved(day, told_apart=False)[0] >= enumerated(day) - 1e-6


@settings(deadline=None)
@given(day=days(), below=st.integers(-30_000, 30_000))
def test_a_floor_hides_only_days_beneath_it(day: dict[str, object], below: int) -> None:
    best = enumerated(day)
    floor = best - below if best > NEVER else float(below)
    found, _ = solved(day, told_apart=True, floor=floor)
    if floor <= best:
        assert found == pytest.approx(best)
    else:
        assert found < floor


@pytest.mark.parametrize("children", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_the_search_and_the_wishes_reckon_alike(children: int, seed: int) -> None:
    problem = made_up(children, seed)
    first = greedy(problem, candidates(problem))
    board = board_of(problem, candidates(problem), first.escorts)
    found = improve(problem, board, first, work=40_000, seed=seed, seconds_left=lambda: inf)
    later = timetable_of(problem, candidates(problem), board, found, first)
    for week in (first, later):
        items, state = items_of(problem, week), state_of(problem, board, week)
        assert missing_weight(board, state) == omitted(problem, items)
        assert soft_value(board, state) == points(problem, items)
    assert soft_value(board, found) == points(problem, items_of(problem, later))


def test_the_search_only_improves_and_is_repeatable() -> None:
    problem = made_up(2, 1)
    first = greedy(problem, candidates(problem))
    board = board_of(problem, candidates(problem), first.escorts)
    weeks = [
        improve(problem, board, first, work=60_000, seed=3, seconds_left=lambda: inf)
        for _ in range(2)
    ]
    assert value(board, weeks[0]) > value(board, state_of(problem, board, first))
    assert np.array_equal(weeks[0].start, weeks[1].start)


def test_what_is_frozen_stays() -> None:
    problem = made_up(2, 1)
    first = greedy(problem, candidates(problem))
    places = candidates(problem)
    kept = sorted(first.lessons)[::2]
    board = board_of(problem, places, first.escorts, kept)
    state = state_of(problem, board, first)
    week = improve(problem, board, first, work=60_000, seed=3, seconds_left=lambda: inf)
    assert all(week.start[key] == state.start[key] for key in kept)
    assert not np.array_equal(week.start, state.start)


@pytest.mark.parametrize(("children", "seed"), [(1, 0), (1, 1), (2, 1), (2, 2)])
def test_no_week_exceeds_the_bound(children: int, seed: int) -> None:
    problem = made_up(children, seed)
    first = greedy(problem, candidates(problem))
    board = board_of(problem, candidates(problem), first.escorts)
    start = state_of(problem, board, first)
    most = bound(
        problem,
        board,
        reached=soft_value(board, start),
        omissions=missing_weight(board, start),
        stays=Stays(),
        steps=60,
        enough=0.0,
        seconds_left=lambda: inf,
    )
    for other in range(3):
        week = improve(problem, board, first, work=400_000, seed=other, seconds_left=lambda: inf)
        assert missing_weight(board, week) <= missing_weight(board, start)
        assert soft_value(board, week) <= most


ALIKE = """
import sys
{hide}
from benchmarks.families import family
from core.board import board_of
from core.greedy import greedy
from core.hard import candidates
from core.kernel.arrays import COMPILED
from core.problem import problem_of
from core.search import improve
from math import inf
from db.document import parse_document, to_request
problem = problem_of(to_request(parse_document(family(1, 0))))
first = greedy(problem, candidates(problem))
board = board_of(problem, candidates(problem), first.escorts)
week = improve(problem, board, first, work=300, seed=1, seconds_left=lambda: inf)
print(COMPILED, week.start.tolist(), week.lunch.tolist())
"""


def test_without_a_compiler_the_week_is_the_same() -> None:
    hide = "import importlib.util as u; f = u.find_spec; u.find_spec = " + (
        "lambda name, *rest: None if name == 'numba' else f(name, *rest)"
    )
    with_it, without = (
        subprocess.run(
            [sys.executable, "-c", ALIKE.format(hide=lines)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split(" ", 1)
        for lines in ("", hide)
    )
    assert (with_it[0], without[0]) == ("True", "False")
    assert with_it[1] == without[1]


def test_a_search_stops_at_its_budget() -> None:
    problem = made_up(1, 0)
    first = greedy(problem, candidates(problem))
    board = board_of(problem, candidates(problem), first.escorts)
    state = state_of(problem, board, first)
    best, trial, choice, before = (state_of(problem, board, first) for _ in range(4))
    copy(state, best)
    room = room_for(board, MOST_OPEN, 0)
    search(board, state, best, trial, choice, before, room, 5_000, 5_000, 2_500.0)
    assert 5_000 <= room.work[0] < 400_000
