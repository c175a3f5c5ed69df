"""Whether a week can hold all that it is asked, and by how much its time falls short.

Arithmetic tells, or first fit, or where neither knows a small CP-SAT model under a budget of
deterministic work, so that equal weeks get equal answers.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from core.asks import Ask, asked
from core.attention import attention_left
from core.commitments import merged
from core.greedy import greedy
from core.hard import (
    Candidates,
    candidates,
    omission_weight,
    required,
    variables,
)
from core.plan import Item, WeekRequest
from core.problem import Activity, ChildDay, Interval, Member, Problem, problem_of
from core.rest import LUNCH, lunch_starts
from core.timetable import items_of, sessions
from core.week import DAY, GRID

DAY_CHECK, WEEK_CHECK = 0.005, 0.02
DAY_WORK, WEEK_WORK = 0.6, 0.15
PLACE_WORK, MODEL_WORK = 0.0003, 0.001
"""Budgets in the solver's deterministic seconds: of one search, in a single day or in more; of all
checks of either kind; and what counts for our own work, for each place of a lesson that is looked
at, and more for one that becomes part of a model."""


@dataclass(slots=True)
class Judge:
    """Tells whether asks fit, while its budget of work lasts."""

    problem: Problem
    day_work: float = DAY_WORK
    week_work: float = WEEK_WORK
    known: dict[tuple[tuple[int, ...], frozenset[Ask]], bool | None] = field(default_factory=dict)

    @property
    def is_tired(self) -> bool:
        """Whether the budget for single days has ended."""
        return self.day_work <= 0

    def fits(self, days: Collection[int], asks: Iterable[Ask]) -> bool | None:
        """Whether all of `asks` can stand on `days`; None if the budget ends before it is known."""
        key = tuple(sorted(days)), frozenset(asks)
        if key not in self.known:
            self.known[key] = self.holds(asked(self.problem, days, asks))
        return self.known[key]

    def holds(self, request: WeekRequest) -> bool | None:
        """Whether the week of `request` can hold all that it asks; None as in `fits`."""
        problem = problem_of(request)
        days = len({child_day.day for child_day in problem.child_days.values() if child_day.open})
        left, most = (self.day_work, DAY_CHECK) if days <= 1 else (self.week_work, WEEK_CHECK)
        if left <= 0:
            return None
        places = candidates(problem)
        spent = PLACE_WORK * len(places)
        if is_impossible(problem, places):
            verdict: bool | None = False
        elif _first_fit(problem, places):
            verdict = True
        else:
            verdict, work = _search(problem, places, min(left, most))
            spent += work + MODEL_WORK * len(places)
        if days <= 1:
            self.day_work -= spent
        else:
            self.week_work -= spent
        return verdict


def lacking(problem: Problem, items: tuple[Item, ...]) -> Iterator[tuple[Activity, Member, int]]:
    """What a week lacks by rule 4: the sessions that are missing, in the family's order."""
    held = sessions(items)
    for activity in problem.activities:
        for member in activity.members:
            missing = required(problem, member) - held[member.key]
            if missing > 0:
                yield activity, member, missing


def omitted(problem: Problem, items: tuple[Item, ...]) -> int:
    """The weight of all that a week leaves out."""
    return sum(
        omission_weight(member.subject) * missing for _, member, missing in lacking(problem, items)
    )


def is_impossible(problem: Problem, places: Candidates) -> bool:
    """Whether counting days or minutes is enough to see that something must be left out."""
    for activity in problem.activities:
        for index, member in enumerate(activity.members):
            days = sum(
                index in place.members for (each, _), place in places.items() if each == activity.id
            )
            if days < _due(problem, member):
                return True
        for day in range(7):
            if problem.pinned(activity, day) and (activity.id, day) not in places:
                return True
    return is_short(problem)


def is_short(problem: Problem) -> bool:
    """Whether the adults' or a child's minutes alone cannot hold what is still due."""
    return adult_shortage(problem) > 0 or any(
        child_shortage(problem, child.id) > 0 for child in problem.request.family.children
    )


def _due(problem: Problem, member: Member) -> int:
    return max(0, required(problem, member) - len(problem.kept_days(member)))


def shortage(
    problem: Problem, days: Collection[int], asks: Iterable[Ask], child_id: int | None
) -> int:
    """Minutes by which the time of a child (None: of the adults) falls short of `asks` on `days`,
    by plain addition and up to the next step of the grid; not above 0 if it does not."""
    request = problem_of(asked(problem, days, asks))
    return adult_shortage(request) if child_id is None else child_shortage(request, child_id)


def adult_shortage(problem: Problem) -> int:
    """Minutes of undivided attention that the lessons still due ask beyond what the adults have
    while those children have hours, up to the next step of the grid; not above 0 if none."""
    wanted = 0
    children: set[int] = set()
    for activity in problem.activities:
        if activity.attention:
            due = max(_due(problem, member) for member in activity.members)
            wanted += due * activity.minutes * activity.attention
            children |= {member.child.id for member in activity.members} if due else set()
    free = 0
    for day in range(7):
        hours = merged(
            _hours(problem, problem.child_days[child_id, day])
            for child_id in children
            if problem.child_days[child_id, day].open
        )
        if not hours:
            continue
        left = attention_left(problem, day)
        free += sum(int(left[start:end].sum()) for start, end in hours)
    return _to_grid(-(-(wanted - free) // 100))


def child_shortage(problem: Problem, child_id: int) -> int:
    """Minutes of lessons still due, needed breaks and lunch beyond what a child's hours leave
    free, up to the next step of the grid; not above 0 if none."""
    child = problem.request.family.child(child_id)
    lengths = [
        activity.minutes
        for activity in problem.activities
        for member in activity.members
        if member.child.id == child_id
        for _ in range(_due(problem, member))
    ]
    if not lengths:
        return 0
    days = [problem.child_days[child_id, day] for day in range(7)]
    days = [each for each in days if each.open and problem.earliest(each.day) < DAY]
    free, parts = 0, 0
    for child_day in days:
        hours = (_hours(problem, child_day),)
        taken = _common(hours, child_day.taken)
        lunch = bool(lunch_starts(problem, child_day))
        # A day that stays empty needs no lunch.
        lunch_minutes = LUNCH if lunch and len(days) == 1 else 0
        free += _length(hours) - _length(taken) - lunch_minutes
        parts += 1 + len(taken) + lunch
    runs = -(-sum(min(length, child.span) for length in lengths) // child.span)
    rests = child.break_minutes * max(0, runs - parts)
    return _to_grid(sum(lengths) + rests - free)


def _hours(problem: Problem, child_day: ChildDay) -> Interval:
    """What is left of a child's hours on a day."""
    hours = child_day.child.hours_on(child_day.date)
    start = max(hours.start, problem.earliest(child_day.day))
    return start, max(start, hours.end)


def _common(some: Sequence[Interval], others: Sequence[Interval]) -> tuple[Interval, ...]:
    """What two lists of disjoint intervals have in common."""
    return tuple(
        (max(start, begin), min(end, until))
        for start, end in some
        for begin, until in others
        if max(start, begin) < min(end, until)
    )


def _length(intervals: Iterable[Interval]) -> int:
    return sum(end - start for start, end in intervals)


def _to_grid(minutes: int) -> int:
    return -(-minutes // GRID) * GRID


def _first_fit(problem: Problem, places: Candidates) -> bool:
    items = items_of(problem, greedy(problem, places))
    if next(lacking(problem, items), None) is not None:
        return False
    at = {(item.child_id, item.subject_id, item.date): item.start for item in items}
    return all(
        at.get((pin.child_id, pin.subject_id, pin.date)) == pin.start
        for pin in problem.request.pins
    )


def _search(problem: Problem, places: Candidates, work: float) -> tuple[bool | None, float]:
    """Whether the week holds all that it asks, by CP-SAT, and the work that it took."""
    from ortools.sat.python import cp_model

    week = variables(problem, places)
    for missing, _ in week.missing.values():
        week.model.add(missing == 0)
    for (number, day), present in week.present.items():
        activity = next(each for each in problem.activities if each.id == number)
        if problem.pinned(activity, day):
            week.model.add(present == 1)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = work
    status = solver.solve(week.model)
    verdicts = {
        cp_model.OPTIMAL: True,
        cp_model.FEASIBLE: True,
        cp_model.INFEASIBLE: False,
    }
    return verdicts.get(status), solver.response_proto.deterministic_time
