"""What a week owes before it may be good: the fewest omissions, then the fewest moves, proven.

First fit is tried first, then the compiled search; where something is still left out or moved,
CP-SAT decides: with a break after every lesson at first, which is small and mostly enough, then
with rule 8 to the letter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.board import board_of, timetable_of
from core.fit import is_impossible, is_short, omitted
from core.greedy import greedy
from core.hard import Candidates, Variables, omission_weight, required, variables
from core.problem import Problem
from core.rest import is_wary
from core.search import improve, missing_weight
from core.timetable import Placement, Timetable, items_of, stands
from core.week import GRID

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

Clock = Callable[[], float]
"""Seconds that are left."""

UNMET_PIN = 1_000_000
"""Outweighs all that a week can leave out."""

MOVE = 1000
"""Outweighs all the changes of adult in a week."""

SEARCH_WORK = 250_000
"""Work of the compiled search for each child, before CP-SAT is asked."""

PADDED_WORK, EXACT_WORK = 0.4, 0.6
"""Work budgets in the solver's deterministic seconds, so that equal requests get equal weeks
however busy the machine is."""

HUGE = 10**9
"""Beyond every sum in these models."""


class SolverBroken(Exception):
    """The solver refused a model that has a solution by construction."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A timetable, the weight of omissions that no plan can go below, and whether both omissions
    and moves are proven to be the fewest."""

    timetable: Timetable
    bound: int
    proven: bool


def keep_promises(
    problem: Problem,
    places: Candidates,
    *,
    work: float,
    seed: int,
    seconds_left: Clock,
) -> Promise:
    """The fewest omissions and then the fewest moves that were found.

    `work` is the share of the usual budgets to spend.
    """
    timetable = greedy(problem, places)
    if _is_perfect(problem, places, timetable):
        return Promise(timetable, 0, True)
    if not problem.movable and _pins_stand(problem, places, timetable):
        timetable = _search(problem, places, timetable, work, seed, seconds_left)
        if not omitted(problem, items_of(problem, timetable)):
            return Promise(timetable, 0, True)
        if is_impossible(problem, places):
            promise = _exact(problem, places, timetable, work, seed, seconds_left)
            if is_short(problem):
                return replace(promise, bound=max(promise.bound, _lightest(problem)))
            return promise
        padded = _padded(problem, places, timetable, work, seed, seconds_left)
        if padded is not None:
            return Promise(padded, 0, True)
    return _exact(problem, places, timetable, work, seed, seconds_left)


def _lightest(problem: Problem) -> int:
    """What must weigh at least whatever is left out."""
    return min(
        omission_weight(member.subject)
        for activity in problem.activities
        for member in activity.members
        if required(problem, member)
    )


def _pins_stand(problem: Problem, places: Candidates, timetable: Timetable) -> bool:
    return all(
        (number, day) in timetable.lessons
        for number, day in places
        if problem.pinned(problem.activities[number], day)
    )


def _is_perfect(problem: Problem, places: Candidates, timetable: Timetable) -> bool:
    return (
        _pins_stand(problem, places, timetable)
        and not omitted(problem, items_of(problem, timetable))
        and all(stands(problem, timetable, item) for item in problem.movable)
    )


def _search(
    problem: Problem,
    places: Candidates,
    timetable: Timetable,
    work: float,
    seed: int,
    seconds_left: Clock,
) -> Timetable:
    """The week after a short search, which mostly finds room for what first fit left out."""
    pinned = [key for key in places if problem.pinned(problem.activities[key[0]], key[1])]
    board = board_of(problem, places, timetable.escorts, pinned)
    best = improve(
        problem,
        board,
        timetable,
        work=int(work * SEARCH_WORK * len(board.span)),
        seed=seed,
        seconds_left=seconds_left,
        enough=lambda state: missing_weight(board, state) == 0,
    )
    return timetable_of(problem, places, board, best, timetable)


def _padded(
    problem: Problem,
    places: Candidates,
    near: Timetable,
    work: float,
    seed: int,
    seconds_left: Clock,
) -> Timetable | None:
    """A week that leaves nothing out and has a break after every lesson, if one is found."""
    from ortools.sat.python import cp_model

    if seconds_left() <= 0:
        return None
    week = variables(problem, places, padded=True)
    for missing, _ in week.missing.values():
        week.model.add(missing == 0)
    hint(week, values_of(week, near))
    solver = _solver(seed, PADDED_WORK * work, seconds_left)
    if solver.solve(week.model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return timetable_in(problem, week, list(solver.response_proto.solution))


def _exact(
    problem: Problem,
    places: Candidates,
    timetable: Timetable,
    work: float,
    seed: int,
    seconds_left: Clock,
) -> Promise:
    from ortools.sat.python import cp_model

    if seconds_left() <= 0:
        return Promise(timetable, 0, False)
    week = variables(problem, places)
    model = week.model
    omissions, moved = model.new_int_var(0, HUGE, ""), model.new_int_var(0, HUGE, "")
    model.add(omissions == _omissions(problem, week))
    model.add(moved == _moves(problem, week))
    price = (MOVE + 1) * len(problem.movable) + 1
    model.minimize(price * omissions + moved)
    # First fit lets siblings part in cases in which the model holds them together.
    nothing = Timetable({}, timetable.lunches, timetable.escorts)
    for start in (timetable, nothing):
        known = _completed(week, values_of(week, start), seed, seconds_left)
        if known is not None:
            break
    else:
        return Promise(timetable, 0, False)
    hint(week, dict(enumerate(known)))
    solver = _solver(seed, EXACT_WORK * work, seconds_left)
    solver.parameters.linearization_level = 2 if known[omissions.index] else 1
    status = solver.solve(model)
    bound = 0
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        found = list(solver.response_proto.solution)
        if price * found[omissions.index] + found[moved.index] <= (
            price * known[omissions.index] + known[moved.index]
        ):
            known = found
        bound = max(0, round(solver.best_objective_bound)) // price
    elif status != cp_model.UNKNOWN:
        raise SolverBroken(solver.status_name(status))
    if bound >= UNMET_PIN or any(is_wary(child_day) for child_day in problem.child_days.values()):
        # An unmet pin hides the weight; and a day that was kept freer than it must be proves less.
        bound = 0
    return Promise(timetable_in(problem, week, known), bound, status == cp_model.OPTIMAL)


def _omissions(problem: Problem, week: Variables) -> "cp_model.LinearExprT":
    pins = [
        UNMET_PIN * ~present
        for (number, day), present in week.present.items()
        if problem.pinned(problem.activities[number], day)
    ]
    return sum(weight * missing for missing, weight in week.missing.values()) + sum(pins)


def _moves(problem: Problem, week: Variables) -> "cp_model.LinearExprT":
    """The previous lessons that do not stay, and (light) those that change their adult."""
    model = week.model
    terms: list[cp_model.LinearExprT] = []
    owner = {
        member.key: (activity, index)
        for activity in problem.activities
        for index, member in enumerate(activity.members)
    }
    for item in problem.movable:
        activity, index = owner[item.child_id, item.subject_id or 0]
        day = problem.dates.index(item.date)
        key = activity.id, day
        attends = week.attends.get((activity.id, index, day))
        if attends is None or item.start not in week.places[key].starts:
            continue
        stays = model.new_bool_var("")
        model.add_implication(stays, attends)
        model.add(week.slot[key] == item.start // GRID).only_enforce_if(stays)
        terms.append(MOVE * ~stays)
        same_adult = week.teaches.get((*key, item.adult_id or 0))
        if same_adult is not None:
            terms.append(~same_adult)
    return sum(terms)


def _solver(seed: int, work: float, seconds_left: Clock) -> "cp_model.CpSolver":
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.cp_model_probing_level = 0
    solver.parameters.symmetry_level = 0
    solver.parameters.max_deterministic_time = work
    solver.parameters.max_time_in_seconds = min(1e6, max(0.05, seconds_left()))
    return solver


def hint(week: Variables, values: Mapping[int, int]) -> None:
    """Has the solver begin with these values of variables, by index."""
    week.model.clear_hints()  # type: ignore[no-untyped-call]
    for index, value in values.items():
        week.model.add_hint(week.model.get_int_var_from_proto_index(index), value)


def _completed(
    week: Variables, known: Mapping[int, int], seed: int, seconds_left: Clock
) -> list[int] | None:
    """Values of the decisions (by index) extended to all variables of the model; None if that was
    not possible in time."""
    from ortools.sat.python import cp_model

    hint(week, known)
    solver = _solver(seed, EXACT_WORK, seconds_left)
    solver.parameters.fix_variables_to_their_hinted_value = True
    if solver.solve(week.model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return list(solver.response_proto.solution)


def values_of(week: Variables, timetable: Timetable) -> dict[int, int]:
    """A timetable as values of a model's decisions, by index of the variable."""
    values: dict[int, int] = {}
    for (number, day), present in week.present.items():
        placement = timetable.lessons.get((number, day))
        values[present.index] = int(placement is not None)
        first = week.places[number, day].starts[0]
        values[week.slot[number, day].index] = (placement.start if placement else first) // GRID
    for (number, index, day), attends in week.attends.items():
        placement = timetable.lessons.get((number, day))
        values[attends.index] = int(placement is not None and index in placement.members)
    for (number, day, adult), teaches in week.teaches.items():
        placement = timetable.lessons.get((number, day))
        values[teaches.index] = int(placement is not None and placement.adult_id == adult)
    for (escort, adult), goes in week.escorts.items():
        values[goes.index] = int(timetable.escorts[escort] == adult)
    for key, at in week.lunch.items():
        if key in timetable.lunches:
            values[at.index] = timetable.lunches[key]
    return values


def timetable_in(problem: Problem, week: Variables, values: list[int]) -> Timetable:
    """The timetable that values of a model's variables, by index, stand for."""
    lessons: dict[tuple[int, int], Placement] = {}
    for (number, day), present in week.present.items():
        if not values[present.index]:
            continue
        lessons[number, day] = Placement(
            start=GRID * values[week.slot[number, day].index],
            adult_id=next(
                (
                    adult
                    for adult in problem.adults
                    if (teaches := week.teaches.get((number, day, adult))) is not None
                    and values[teaches.index]
                ),
                None,
            ),
            members=tuple(
                index
                for index in week.places[number, day].members
                if values[week.attends[number, index, day].index]
            ),
        )
    return Timetable(
        lessons,
        {key: values[at.index] for key, at in week.lunch.items()},
        {escort: adult for (escort, adult), goes in week.escorts.items() if values[goes.index]},
    )
