"""What a search leaves to be settled: who teaches what, and when a day's lunch is."""

from dataclasses import replace

import numpy as np

from core.board import state_of
from core.kernel.arrays import DAYS, LUNCH_SLOTS, SLOTS, Board, State
from core.problem import Problem
from core.timetable import Timetable
from core.week import GRID


def finished(problem: Problem, board: Board, timetable: Timetable) -> Timetable:
    """The same lessons at the same times, shared out evenly, with lunches as common as can be."""
    return _lunched(problem, board, evened(problem, board, timetable))


def _lunched(problem: Problem, board: Board, timetable: Timetable) -> Timetable:
    """Lunch where most children can have it together, soon after lessons; who cannot has it at the
    best hour of their own."""
    state = state_of(problem, board, timetable)
    lunches = dict(timetable.lunches)
    children = [child.id for child in problem.request.family.children]
    for day in range(DAYS):
        waits = {
            row: _waits(board, state, row, day)
            for row in range(len(children))
            if state.lunch[row, day] >= 0 and board.lunch[row, day].any()
        }
        # Days that the search leaves alone keep their lunch, and may have company.
        others = [int(slot) for row, slot in enumerate(state.lunch[:, day]) if row not in waits]
        if not waits:
            continue
        table = np.array(list(waits.values()))
        company = (table < SLOTS).sum(axis=0) + np.bincount(
            [slot for slot in others if slot >= 0], minlength=SLOTS
        )
        most = company == company.max()
        waited = np.where(table < SLOTS, table, 0).sum(axis=0)
        common = int(np.where(most, waited, SLOTS * SLOTS).argmin())
        for row, own in waits.items():
            slot = common if own[common] < SLOTS else int(own.argmin())
            lunches[children[row], day] = GRID * slot
    return replace(timetable, lunches=lunches)


def _waits(
    board: Board, state: State, row: int, day: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """For each slot of a day, the slots between a child's last lesson and a lunch at this slot (how
    long until the first lesson before any); `SLOTS` where lunch cannot be."""
    free = board.lunch[row, day].copy()
    begins, ends = [], []
    for place in range(board.owned[row], board.owned[row + 1]):
        activity = board.own[place]
        start = int(state.start[activity, day])
        if start >= 0 and board.joins[board.own_member[place], day]:
            end = start + int(board.slots[activity])
            free[max(0, start - LUNCH_SLOTS + 1) : end] = False
            begins.append(start)
            ends.append(end)
    waits = np.full(SLOTS, SLOTS, np.int64)
    for slot in np.flatnonzero(free):
        before = [end for end in ends if end <= slot]
        waits[slot] = slot - max(before) if before else min(begins) - slot
    return waits


def evened(problem: Problem, board: Board, timetable: Timetable) -> Timetable:
    """The same week with its lessons shared out among the adults as evenly as single changes of
    adult allow; lessons that stand as before keep theirs."""
    state = state_of(problem, board, timetable)
    asked = board.slots * board.attention
    given = np.zeros(len(problem.adults), np.int64)
    taught = [
        (int(number), int(day), int(row))
        for number, day in zip(*np.nonzero(state.adult >= 0), strict=True)
        for row in (state.adult[number, day],)
    ]
    for number, _, row in taught:
        given[row] += asked[number]
    lessons = dict(timetable.lessons)
    for number, day, row in sorted(taught, key=lambda lesson: (-asked[lesson[0]], lesson)):
        start = state.start[number, day]
        during = slice(start, start + board.slots[number])
        for other in np.argsort(given, kind="stable"):
            if board.frozen[number, day] or given[other] + asked[number] >= given[row]:
                break
            free = state.load[other, day, during].max() + board.attention[number] <= 100
            if free and board.able[other, number, day, start]:
                state.load[row, day, during] -= board.attention[number]
                state.load[other, day, during] += board.attention[number]
                given[row] -= asked[number]
                given[other] += asked[number]
                placement = lessons[number, day]
                lessons[number, day] = replace(placement, adult_id=problem.adults[int(other)])
                break
    return replace(timetable, lessons=lessons)
