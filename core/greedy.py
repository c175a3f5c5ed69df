"""A week by first fit: obeys every hard rule, promises nothing else.

It gives the solver its first hint, and the family an answer where time runs out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from core.commitments import clear_of
from core.hard import (
    Candidate,
    Candidates,
    companions,
    goes_along,
    limit,
    omission_weight,
    required,
    with_adult,
)
from core.problem import Activity, Problem
from core.rest import LUNCH, lunch_starts, runs_fit
from core.timetable import Placement, Timetable


@dataclass(slots=True)
class _Draft:
    """The week so far. `taught` holds (start, minutes) by (child id, day), kept lessons included;
    `taken` (start, end, attention) by (adult id, day)."""

    problem: Problem
    places: Candidates
    escorts: dict[int, int]
    taught: dict[tuple[int, int], list[tuple[int, int]]]
    taken: dict[tuple[int, int], list[tuple[int, int, int]]]
    lunches: dict[tuple[int, int], tuple[int, ...]]
    lessons: dict[tuple[int, int], Placement] = field(default_factory=dict)


def greedy(problem: Problem, places: Candidates) -> Timetable:
    """Places fixed, pinned and weighty activities first, each at its earliest fitting start (its
    previous one, if that still fits)."""
    draft = _Draft(
        problem=problem,
        places=places,
        escorts=escorts_of(problem),
        taught={
            key: [(item.start, item.end - item.start) for item in child_day.kept_lessons]
            for key, child_day in problem.child_days.items()
        },
        taken={key: list(loads) for key, loads in problem.loads.items()},
        lunches={key: lunch_starts(problem, day) for key, day in problem.child_days.items()},
    )
    for index, adult in draft.escorts.items():
        escort = problem.escorts[index]
        draft.taken.setdefault((adult, escort.day), []).append((*escort.interval, 100))
    for activity in sorted(problem.activities, key=lambda each: _urgency(problem, each)):
        _place(draft, activity)
    return Timetable(draft.lessons, _lunches(draft), draft.escorts)


def _urgency(problem: Problem, activity: Activity) -> tuple[bool, int, int, int]:
    given = any(problem.pinned(activity, day) for day in range(7)) or any(
        member.subject.fixed_time for member in activity.members
    )
    weight = sum(omission_weight(member.subject) for member in activity.members)
    return not given, -weight, -activity.attention, activity.id


def escorts_of(problem: Problem) -> dict[int, int]:
    """Who goes along to what; where there are not enough adults, the last of them."""
    chosen: dict[int, int] = {}
    for day in range(7):
        trips = [index for index, escort in enumerate(problem.escorts) if escort.day == day]
        if trips:
            chosen |= companions(problem, day) or dict.fromkeys(trips, problem.adults[-1])
    return chosen


def _place(draft: _Draft, activity: Activity) -> None:
    problem = draft.problem
    due = [
        max(0, required(problem, member) - len(problem.kept_days(member)))
        for member in activity.members
    ]
    most = [limit(problem, each) - len(problem.kept_days(each)) for each in activity.members]
    keys = {member.key for member in activity.members}
    before = {
        problem.dates.index(item.date): item.start
        for item in problem.movable
        if (item.child_id, item.subject_id) in keys
    }
    days = [day for day in range(7) if (activity.id, day) in draft.places]
    together = goes_along(problem, activity, draft.places)
    while days and any(due):
        day = min(days, key=lambda each: _burden(draft, activity, each, each in before))
        days.remove(day)
        place = draft.places[activity.id, day]
        attending = tuple(index for index in place.members if most[index] > 0)
        if not any(due[index] for index in attending) or (together and attending != place.members):
            continue
        starts = sorted(place.starts, key=lambda start: start != before.get(day))
        if _try(draft, activity, day, Candidate(tuple(starts), attending)):
            for index in attending:
                due[index] = max(0, due[index] - 1)
                most[index] -= 1


def _burden(
    draft: _Draft, activity: Activity, day: int, stood: bool
) -> tuple[bool, bool, bool, int, int]:
    pinned = bool(draft.problem.pinned(activity, day))
    adjacent = any((activity.id, other) in draft.lessons for other in (day - 1, day + 1))
    load = sum(
        minutes for member in activity.members for _, minutes in draft.taught[member.child.id, day]
    )
    return not pinned, not stood, adjacent, load, day


def _try(draft: _Draft, activity: Activity, day: int, place: Candidate) -> bool:
    """Places the activity at the first start that fits all who attend; whether there was one."""
    problem, minutes = draft.problem, activity.minutes
    children = [activity.members[index].child.id for index in place.members]
    adults: dict[int, tuple[int, ...]] = {
        adult: with_adult(problem, activity, day, adult, place.starts) for adult in problem.adults
    }
    for start in place.starts:
        if not all(_fits(draft, child, day, start, minutes) for child in children):
            continue
        adult = None
        if activity.attention:
            able = (
                adult
                for adult in problem.adults
                if start in adults[adult]
                and peak(draft.taken.get((adult, day), ()), start, start + minutes)
                + activity.attention
                <= 100
            )
            adult = next(able, None)
            if adult is None:
                continue
            draft.taken.setdefault((adult, day), []).append(
                (start, start + minutes, activity.attention)
            )
        for child in children:
            draft.taught[child, day].append((start, minutes))
            draft.taught[child, day].sort()
        draft.lessons[activity.id, day] = Placement(start, adult, place.members)
        return True
    return False


def _fits(draft: _Draft, child_id: int, day: int, start: int, minutes: int) -> bool:
    child = draft.problem.child_days[child_id, day].child
    taught = draft.taught[child_id, day]
    if not clear_of((start,), minutes, [(at, at + length) for at, length in taught]):
        return False
    with_it = sorted([*taught, (start, minutes)])
    if not runs_fit(with_it, child.span, child.break_minutes):
        return False
    lunches = draft.lunches[child_id, day]
    return not lunches or bool(_free_lunches(lunches, with_it))


def _free_lunches(lunches: tuple[int, ...], taught: list[tuple[int, int]]) -> tuple[int, ...]:
    return clear_of(lunches, LUNCH, [(at, at + length) for at, length in taught])


def _lunches(draft: _Draft) -> dict[tuple[int, int], int]:
    return {
        key: _free_lunches(lunches, draft.taught[key])[0]
        for key, lunches in draft.lunches.items()
        if lunches
    }


def peak(loads: Iterable[tuple[int, int, int]], start: int, end: int) -> int:
    """The most attention that is taken at any minute between `start` and `end`."""
    inside = [load for load in loads if load[0] < end and load[1] > start]
    moments = {start, *(load[0] for load in inside if load[0] > start)}
    return max(
        (sum(share for begin, until, share in inside if begin <= at < until) for at in moments),
        default=0,
    )
