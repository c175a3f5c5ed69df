"""Searches for the best week around a timetable, on the compiled kernel."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import isfinite

import numpy as np

from core.board import blank, state_of
from core.kernel.anneal import copy, search, value
from core.kernel.arrays import MISSING, MOST_OPEN, Board, Scratch, State, scratch
from core.kernel.day import run_lengths
from core.problem import Problem
from core.timetable import Timetable

WARMTH = 2_500.0
"""Points that a week may well lose by a move, early in the search."""

CREW = 2
"""Searches that run side by side: as many as a small machine has cores."""

LEG = 100_000
"""Work between two looks at the clock: some hundredths of a second."""

MOST_STATES = 4_000_000
"""States that one scratch has room for (about a hundred megabytes): days of more are decided in
parts."""


def improve(
    problem: Problem,
    board: Board,
    timetable: Timetable,
    *,
    work: int,
    seed: int,
    seconds_left: Callable[[], float],
    enough: Callable[[State], bool] | None = None,
    watched: Callable[[float], None] = lambda share: None,
) -> State:
    """The best week found around `timetable`; it obeys every rule as that one does and leaves out
    no more.

    `work` counts states of the day program, so that equal requests get equal weeks; where
    `seconds_left` are too few for it, it is less. `enough` ends a search that has found what it
    was for; `watched` is told the share of the work that is done.
    """
    first = state_of(problem, board, timetable)
    crew = [_Searcher(board, first, CREW * seed + number) for number in range(CREW)]
    done, budget, loaded = 0, work, seconds_left()
    while len(board.minutes) and done < budget and seconds_left() > 0:
        if enough is not None and any(enough(each.best) for each in crew):
            break
        if done > LEG and isfinite(loaded):
            # Where the time does not suffice, less work, each leg a larger part of the way.
            pace = (done - LEG) / max(loaded - seconds_left(), 1e-6)
            budget = min(work, done + max(LEG, int(pace * seconds_left())))
        done = min(budget, done + LEG)
        side_by_side(partial(_go_on, crew, done, budget))
        if done == LEG:
            # The first leg loads the kernel: it tells nothing of the pace.
            loaded = seconds_left()
        watched(done / budget)
    return max((each.best for each in crew), key=lambda best: value(board, best))


class _Searcher:
    """One of the searches that run side by side, each with chances of its own."""

    def __init__(self, board: Board, first: State, seed: int) -> None:
        # A move freezes a lesson for as long as it lasts: not on another's board.
        self.board = board._replace(frozen=board.frozen.copy())
        self.state, self.best = blank(board), blank(board)
        self.spare = blank(board), blank(board), blank(board)
        copy(first, self.state)
        copy(first, self.best)
        self.room = room_for(board, MOST_OPEN, seed)


def _go_on(crew: list[_Searcher], until: int, work: int, number: int) -> None:
    """Has one of the crew search until so much of the work is done."""
    each = crew[number]
    trial, choice, before = each.spare
    search(each.board, each.state, each.best, trial, choice, before, each.room, until, work, WARMTH)


def side_by_side(task: Callable[[int], None]) -> None:
    """Runs a task of the kernel for each number below `CREW` at the same time."""
    with ThreadPoolExecutor(CREW) as pool:
        for running in [pool.submit(task, number) for number in range(CREW)]:
            running.result()


def missing_weight(board: Board, state: State) -> int:
    """The weight of what a week leaves out."""
    return int((np.maximum(0, board.due - state.held) * board.weight).sum())


def soft_value(board: Board, state: State) -> float:
    """Points of a week, up to a constant for what is kept; what it leaves out is not reckoned."""
    return value(board, state) + MISSING * missing_weight(board, state)


def room_for(board: Board, open_lessons: int, seed: int) -> Scratch:
    """Scratch space for every child's day of `board`."""
    window = max(1, int((board.high - board.low).max(initial=0)))
    lessons = max(1, int(np.diff(board.owned).max(initial=0)))
    runs = 0
    for child, span in enumerate(board.span):
        minutes = board.minutes[board.own[board.owned[child] : board.owned[child + 1]]]
        lengths, index = np.zeros((2, span + 1), np.int64)
        runs = max(runs, run_lengths(len(minutes), minutes, span, lengths, index))
    most = min(open_lessons, lessons)
    while most > 1 and window * (4 << most) * max(1, runs) > MOST_STATES:
        most -= 1
    return scratch(window, most, runs, lessons, seed)
