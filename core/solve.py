"""Plans a family's week: first the fewest omissions, then the fewest moves, then the best week."""

from collections.abc import Callable
from dataclasses import replace
from math import floor, inf

import numpy as np

from core.board import board_of, state_of, timetable_of
from core.bound import Stays, bound
from core.clash import clashes
from core.explain import conflicts, unscheduled
from core.finish import finished
from core.fit import omitted
from core.hard import Candidates, candidates
from core.kernel.arrays import NEVER, Board
from core.plan import Item, Plan, Status, WeekRequest
from core.problem import Problem, problem_of
from core.promises import keep_promises
from core.repair import repairs
from core.search import improve, soft_value
from core.soft import points, scores
from core.timetable import Timetable, items_of, moves, stands
from core.week import GRID

SEARCH_WORK, MOST_SEARCH_WORK = 750_000, 20_000_000
"""States of the day program that the search for the best week may look at, for the square of the
number of children, and at most."""

STEPS, STEPS_LESS, LEAST_STEPS, AGAIN_STEPS = 120, 12, 30, 20
"""Sets of prices that the bound tries, how many fewer for each child, at least, and for a week that
is planned anew, whose family waits for it."""

ENOUGH = 0.005
"""A week is as good as the best once the bound is this close."""

TRIAL = 0.2
"""Share of the usual work that a repair is tried with."""

SEARCHING, EXPLAINING = 0.5, 0.15
"""Shares of the seconds left that are kept for the bound and the explanation together, and for
the explanation, where the machine is slow."""

PROMISED, SEARCHED, BOUNDED = 0.05, 0.25, 0.95
"""Shares of the whole work that are done after the promises, the search and the bound, about."""


def plan_week(
    request: WeekRequest,
    *,
    seconds_left: Callable[[], float] = lambda: inf,
    seed: int = 0,
    watched: Callable[[float], None] = lambda share: None,
) -> Plan:
    """The best week found for `request`; always a plan, whatever the family can or cannot do.

    Equal requests and seeds get equal plans: work is counted, not timed. `seconds_left` only stops
    a search that the machine is too slow for; what was found by then is returned. `watched` is
    told now and then the share of the work that is done: it rises, and ends with 1.
    """
    problem = problem_of(request)
    places = candidates(problem)
    allowed = min(seconds_left(), 1e9)
    promise = keep_promises(
        problem,
        places,
        work=1.0,
        seed=seed,
        seconds_left=lambda: seconds_left() - SEARCHING * allowed,
    )
    watched(PROMISED)
    board = _board(problem, places, promise.timetable)
    best = improve(
        problem,
        board,
        promise.timetable,
        work=_search_work(board, promise.timetable),
        seed=seed,
        seconds_left=lambda: seconds_left() - SEARCHING * allowed,
        watched=lambda share: watched(PROMISED + share * (SEARCHED - PROMISED)),
    )
    timetable = finished(
        problem, board, timetable_of(problem, places, board, best, promise.timetable)
    )
    items = items_of(problem, timetable)
    weight, objective = omitted(problem, items), points(problem, items)
    reserve = EXPLAINING * allowed if weight else 0.0
    above = _above(
        problem,
        board,
        timetable,
        objective,
        weight,
        lambda: seconds_left() - reserve,
        lambda share: watched(SEARCHED + share * (BOUNDED - SEARCHED)),
    )
    clashing = clashes(problem, items)
    offers = repairs(
        problem, items, clashing, weight, lambda week: _least(week, seconds_left, seed)
    )
    watched(1.0)
    return Plan(
        request=request,
        status=Status.PARTIAL if weight else Status.FEASIBLE if above else Status.OPTIMAL,
        items=items,
        omission_weight=weight,
        omission_bound=min(promise.bound, weight),
        objective=objective / 1000,
        bound=(objective + above) / 1000,
        solve_seconds=0.0,
        scores=scores(problem, items),
        unscheduled=unscheduled(problem, items, clashing),
        conflicts=conflicts(problem, items, clashing),
        repairs=offers,
        moved=moves(problem, timetable),
    )


def _board(problem: Problem, places: Candidates, timetable: Timetable) -> Board:
    """The board on which the best week is searched for: what is pinned or stands where it stood
    does not move any more, and a week that is planned anew gets no lessons beyond the required."""
    standing = [
        (number, day)
        for number, day in timetable.lessons
        if problem.pinned(problem.activities[number], day)
    ]
    before = {(item.child_id, item.subject_id, item.date, item.start) for item in problem.movable}
    standing += [
        (number, day)
        for (number, day), placement in timetable.lessons.items()
        for index in placement.members
        if (
            *problem.activities[number].members[index].key,
            problem.dates[day],
            placement.start,
        )
        in before
    ]
    board = board_of(problem, places, timetable.escorts, standing)
    if problem.movable:
        held = state_of(problem, board, timetable).held
        board = board._replace(most=np.minimum(board.most, np.maximum(board.due, held)))
    return board


def _search_work(board: Board, timetable: Timetable) -> int:
    """As much as the lessons that are free to move are worth: none where all stand as before."""
    free = sum(not board.frozen[key] for key in timetable.lessons)
    work = min(MOST_SEARCH_WORK, SEARCH_WORK * len(board.span) ** 2)
    return work * free // max(1, len(timetable.lessons))


def _above(
    problem: Problem,
    board: Board,
    timetable: Timetable,
    objective: int,
    omissions: int,
    seconds_left: Callable[[], float],
    watched: Callable[[float], None],
) -> int:
    """The points by which another week might still be better, with as few omissions and moves."""
    if not problem.activities:
        return 0
    children = {child.id: row for row, child in enumerate(problem.request.family.children)}
    owner = {
        member.key: activity.id for activity in problem.activities for member in activity.members
    }
    lessons = [
        (
            children[item.child_id],
            owner[item.child_id, item.subject_id or 0],
            problem.dates.index(item.date),
            item.start // GRID,
        )
        for item in problem.movable
    ]
    known = [lesson for lesson in lessons if board.worth[lesson[1:]] > NEVER / 2]
    # The bound is up to a constant, which a week without anything new shows.
    nothing = replace(timetable, lessons={})
    constant = points(problem, items_of(problem, nothing)) - soft_value(
        board, state_of(problem, board, nothing)
    )
    highest = bound(
        problem,
        board,
        reached=objective - constant,
        omissions=omissions,
        stays=Stays(
            tuple(known), sum(stands(problem, timetable, item) for item in problem.movable)
        ),
        steps=AGAIN_STEPS
        if problem.movable
        else max(LEAST_STEPS, STEPS - STEPS_LESS * len(board.span)),
        enough=ENOUGH,
        seconds_left=seconds_left,
        watched=watched,
    )
    return max(0, floor(highest + constant - objective + 1e-6))


def _least(
    request: WeekRequest, seconds_left: Callable[[], float], seed: int
) -> tuple[int, tuple[Item, ...]] | None:
    """The least weight of omissions found for a request, nothing else asked of its week, and the
    items of that week; None once the time is up."""
    if seconds_left() <= 0:
        return None
    problem = problem_of(request)
    promise = keep_promises(
        problem, candidates(problem), work=TRIAL, seed=seed, seconds_left=seconds_left
    )
    items = items_of(problem, promise.timetable)
    return omitted(problem, items), items
