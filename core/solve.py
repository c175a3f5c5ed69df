"""Plans a family's week: first the fewest omissions, then the fewest moves, then the best week."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING

from core.clash import clashes
from core.explain import conflicts, unscheduled
from core.greedy import greedy
from core.hard import Candidates, Variables, candidates, omission_weight, required, variables
from core.plan import Item, Plan, Status, WeekRequest
from core.problem import Problem, problem_of
from core.repair import repairs
from core.soft import add_points, most_points, points, scores
from core.timetable import Placement, Timetable, items_of, moves, sessions
from core.week import GRID

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

UNMET_PIN = 1_000_000
"""Outweighs all that a week can leave out."""

MOVE = 1000
"""Outweighs all the changes of adult in a week."""

OMISSION_WORK = 6.0
MOVE_WORK = 2.0
TRIAL_WORK = 0.05
CHILD_WORK = 0.1
SOFT_WORK = 0.1
PROOF_WORK = 0.1
"""Work budgets in the solver's deterministic seconds, so that equal requests get equal plans
however busy the machine is; the last three for each child (the last two for three at least)."""

RESERVE = 3.0
"""Seconds of the time limit that belong to the whole family's search."""

HUGE = 10**9
"""Beyond every sum in these models."""


class SolverBroken(Exception):
    """The solver refused a model that has a solution by construction."""


@dataclass(slots=True)
class _Search:
    """A model on its way to its best week. `best` holds the values of all its variables;
    `omissions`, `moves` and `points` are the variables that it is judged by (`points` only if
    asked for)."""

    problem: Problem
    week: Variables
    deadline: float
    seed: int
    omissions: "cp_model.IntVar"
    moves: "cp_model.IntVar"
    points: "cp_model.IntVar | None"
    best: list[int]


def plan_week(request: WeekRequest, *, time_limit: float = 10.0, seed: int = 0) -> Plan:
    """The best week found for `request`; always a plan, whatever the family can or cannot do.

    Equal requests and seeds give equal plans. `time_limit` (seconds) only stops a search that
    the machine is too slow for; what was found by then is returned.
    """
    began = monotonic()
    problem = problem_of(request)
    timetable, bound, ceiling = _search(problem, began + time_limit, seed)
    items = items_of(problem, timetable)
    weight = omitted(problem, items)
    objective = points(problem, items)
    clashing = clashes(problem, items)
    deadline = began + time_limit
    offers = repairs(problem, items, clashing, weight, lambda week: _least(week, deadline, seed))
    gap = ceiling > objective
    return Plan(
        request=request,
        status=Status.PARTIAL if weight else Status.FEASIBLE if gap else Status.OPTIMAL,
        items=items,
        omission_weight=weight,
        omission_bound=min(bound, weight),
        objective=objective / 1000,
        bound=max(ceiling, objective) / 1000,
        solve_seconds=monotonic() - began,
        scores=scores(problem, items),
        unscheduled=unscheduled(problem, items, clashing),
        conflicts=conflicts(problem, items, clashing),
        repairs=offers,
        moved=moves(problem, timetable),
    )


def omitted(problem: Problem, items: tuple[Item, ...]) -> int:
    """The weight of all that a week leaves out."""
    held = sessions(items)
    return sum(
        omission_weight(member.subject)
        * max(0, required(problem, member) - held[member.child.id, member.subject.id])
        for activity in problem.activities
        for member in activity.members
    )


def _least(request: WeekRequest, deadline: float, seed: int) -> tuple[int, tuple[Item, ...]] | None:
    """The least weight of omissions found for a request, nothing else asked of its week, and the
    items of that week; None once the deadline has passed."""
    if monotonic() > deadline:
        return None
    problem = problem_of(request)
    places = candidates(problem)
    timetable = greedy(problem, places)
    if omitted(problem, items_of(problem, timetable)):
        search = _begin(problem, places, timetable, deadline, seed, soft=False)
        if search is None:
            return None
        _improve(search, search.omissions, TRIAL_WORK)
        timetable = _timetable(search)
    items = items_of(problem, timetable)
    return omitted(problem, items), items


def _search(problem: Problem, deadline: float, seed: int) -> tuple[Timetable, int, int]:
    """The timetable, the proven least weight of omissions, and a bound on its points."""
    places = candidates(problem)
    timetable, bound = _kept_promises(problem, places, deadline, seed)
    timetable = _child_by_child(problem, places, timetable, deadline, seed)
    search = _begin(problem, places, timetable, deadline, seed, soft=True)
    if search is None:
        return timetable, bound, most_points(problem, places)
    ceiling = _best_week(search)
    return _timetable(search), bound, ceiling


def _kept_promises(
    problem: Problem, places: Candidates, deadline: float, seed: int
) -> tuple[Timetable, int]:
    """A timetable with the fewest omissions and then the fewest moves that were found, and the
    weight that no plan's omissions can go below."""
    timetable = greedy(problem, places)
    search = _begin(problem, places, timetable, deadline, seed, soft=False)
    if search is None:
        return timetable, 0
    bound = 0
    if search.best[search.omissions.index]:
        bound = max(0, _improve(search, search.omissions, OMISSION_WORK))
    search.week.model.add(search.omissions <= search.best[search.omissions.index])
    if search.best[search.moves.index]:
        _improve(search, search.moves, MOVE_WORK)
    return _timetable(search), bound if bound < UNMET_PIN else 0


def _child_by_child(
    problem: Problem, places: Candidates, timetable: Timetable, deadline: float, seed: int
) -> Timetable:
    """The week after each child's own lessons were improved in turn, all others standing still:
    small searches that reach most of what the joint one would."""
    children = problem.request.family.children
    for child in (*children, *children) if len(children) > 1 else ():
        if monotonic() > deadline - RESERVE:
            break
        own = {
            activity.id
            for activity in problem.activities
            if any(member.child.id == child.id for member in activity.members)
        }
        part = {
            key: place if key[0] in own else replace(place, starts=(timetable.lessons[key].start,))
            for key, place in places.items()
            if key[0] in own or key in timetable.lessons
        }
        search = _begin(problem, part, timetable, deadline, seed, soft=True)
        if search is not None and search.points is not None:
            _improve(search, search.points, CHILD_WORK)
            timetable = _timetable(search)
    return timetable


def _best_week(search: _Search) -> int:
    """Searches for the most points; returns what no such week can exceed."""
    if search.points is None:
        return most_points(search.problem, search.week.places)
    children = len(search.problem.request.family.children)
    found = _improve(search, search.points, SOFT_WORK * max(3, children))
    if found == search.best[search.points.index]:
        return found
    return min(found, _improve(search, search.points, PROOF_WORK * max(3, children), relax=True))


def _begin(
    problem: Problem,
    places: Candidates,
    first: Timetable,
    deadline: float,
    seed: int,
    *,
    soft: bool,
) -> _Search | None:
    """A search that starts from `first`; with `soft`, one that gives up nothing that `first`
    keeps of what is due and of what stood before. None if time is up."""
    if monotonic() > deadline:
        return None
    week = variables(problem, places)
    model = week.model
    omissions, moves = model.new_int_var(0, HUGE, ""), model.new_int_var(0, HUGE, "")
    search = _Search(problem, week, deadline, seed, omissions, moves, None, [])
    model.add(omissions == _omissions(search))
    model.add(moves == _moves(search))
    if soft:
        score = add_points(problem, week)
        search.points = model.new_int_var(-HUGE, most_points(problem, places), "")
        model.add(search.points == score)
    # First fit lets siblings part in cases in which the model holds them together.
    nothing = replace(first, lessons={})
    if not any(_complete(search, _values(week, start)) for start in (first, nothing)):
        return None
    if soft:
        model.add(omissions <= search.best[omissions.index])
        model.add(moves <= search.best[moves.index])
    return search


def _omissions(search: _Search) -> "cp_model.LinearExprT":
    week, problem = search.week, search.problem
    pins = [
        UNMET_PIN * ~present
        for (number, day), present in week.present.items()
        if problem.pinned(problem.activities[number], day)
    ]
    return sum(weight * missing for missing, weight in week.missing.values()) + sum(pins)


def _moves(search: _Search) -> "cp_model.LinearExprT":
    """The previous lessons that do not stay, and (light) those that change their adult."""
    problem, week = search.problem, search.week
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


def _solver(search: _Search, work: float) -> "cp_model.CpSolver":
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = search.seed
    solver.parameters.cp_model_probing_level = 0
    solver.parameters.symmetry_level = 0
    solver.parameters.max_deterministic_time = work
    solver.parameters.max_time_in_seconds = max(0.05, search.deadline - monotonic())
    return solver


def _hint(week: Variables, values: Mapping[int, int]) -> None:
    week.model.clear_hints()  # type: ignore[no-untyped-call]
    for index, value in values.items():
        week.model.add_hint(week.model.get_int_var_from_proto_index(index), value)


def _improve(
    search: _Search, target: "cp_model.IntVar", work: float, *, relax: bool = False
) -> int:
    """Improves `search.best` towards `target` (most points, least of anything else); returns
    what was proven that it cannot pass.

    `relax` spends the work on linear relaxations, which prove much and find little; without it
    the search finds much and proves little.
    """
    from ortools.sat.python import cp_model

    model, maximise = search.week.model, target is search.points
    if maximise:
        model.maximize(target)
    else:
        model.minimize(target)
    _hint(search.week, dict(enumerate(search.best)))
    solver = _solver(search, work)
    solver.parameters.linearization_level = 2 if relax or not maximise else 0
    status = solver.solve(model)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        found = list(solver.response_proto.solution)
        now, then = found[target.index], search.best[target.index]
        if now > then if maximise else now < then:
            search.best = found
        return round(solver.best_objective_bound)
    if status == cp_model.UNKNOWN:
        return most_points(search.problem, search.week.places) if maximise else 0
    raise SolverBroken(solver.status_name(status))


def _complete(search: _Search, known: Mapping[int, int]) -> bool:
    """Extends values of the decisions (by index) to all variables of the model, with the points
    that they earn, and keeps them as best; whether that was possible in time."""
    from ortools.sat.python import cp_model

    model = search.week.model
    _hint(search.week, known)
    if search.points is not None:
        model.maximize(search.points - search.omissions - search.moves)
    else:
        model.minimize(search.omissions + search.moves)
    solver = _solver(search, OMISSION_WORK)
    solver.parameters.fix_variables_to_their_hinted_value = True
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return False
    search.best = list(solver.response_proto.solution)
    return True


def _values(week: Variables, timetable: Timetable) -> dict[int, int]:
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


def _timetable(search: _Search) -> Timetable:
    problem, week, values = search.problem, search.week, search.best
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
