"""Why a week leaves something out, and what would make room: in a family's words."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace

from core.commitments import clear_of, merged
from core.family import Child, Family, Involvement, Subject
from core.hard import (
    Candidates,
    candidates,
    member_starts,
    omission_weight,
    required,
    school_days,
    within_hours,
)
from core.phrase import Phrase, say
from core.plan import Item, ItemType, Repair, Unscheduled, WeekRequest
from core.problem import Activity, ChildDay, Member, Problem, shared_name
from core.rest import LUNCH, lunch_due, lunch_starts, runs_fit
from core.timetable import sessions
from core.week import GRID, time_of

MOST_REPAIRS = 3
MOST_TRIALS = 6
SHORTEST = 15


def unscheduled(problem: Problem, items: tuple[Item, ...]) -> tuple[Unscheduled, ...]:
    """What the week lacks by rule 4, in the family's order, each with the simplest true reason."""
    held = sessions(items)
    places = candidates(problem)
    found = []
    for activity in problem.activities:
        for member in activity.members:
            missing = required(problem, member) - held[member.key]
            if missing > 0:
                reason = _reason(problem, items, places, activity, member)
                found.append(Unscheduled(member.child.id, member.subject.id, missing, reason))
    return tuple(found)


def _reason(
    problem: Problem,
    items: tuple[Item, ...],
    places: Candidates,
    activity: Activity,
    member: Member,
) -> Phrase:
    child, subject = member.child, member.subject
    names = {"child": child.name, "subject": subject.name}
    days = [
        day for day in school_days(problem, member) if not _held_on(items, problem, member, day)
    ]
    if not any(
        within_hours(child.hours_on(problem.dates[day]), activity.minutes)
        for day in school_days(problem, member)
    ):
        return say("plan.reason.too_long", **names, minutes=activity.minutes)
    if any(each.subject_id == subject.id for each in problem.missed) and not any(
        member_starts(problem, activity, member, day) for day in days
    ):
        return say("plan.reason.let_go", **names)
    if activity.attention and not problem.adults:
        return say("plan.reason.no_adult", **names, adults=())
    if subject.fixed_time and subject.preferred_time is not None:
        return say("plan.reason.fixed_time", **names, time=time_of(subject.preferred_time))
    if activity.attention and any(
        (activity.id, day) not in places and member_starts(problem, activity, member, day)
        for day in days
    ):
        return say("plan.reason.no_adult", **names, adults=_adult_names(problem.request.family))
    if activity.attention and any(
        _child_has_room(problem, items, activity, member, day) for day in days
    ):
        return say("plan.reason.no_adult", **names, adults=_adult_names(problem.request.family))
    return say("plan.reason.no_time", **names)


def _held_on(items: tuple[Item, ...], problem: Problem, member: Member, day: int) -> bool:
    return any(
        (item.child_id, item.subject_id, item.date) == (*member.key, problem.dates[day])
        for item in items
    )


def _taught(items: tuple[Item, ...], child_day: ChildDay) -> list[tuple[int, int]]:
    return sorted(
        (item.start, item.end)
        for item in items
        if item.type is ItemType.SUBJECT
        and (item.child_id, item.date) == (child_day.child.id, child_day.date)
    )


def _child_has_room(
    problem: Problem, items: tuple[Item, ...], activity: Activity, member: Member, day: int
) -> bool:
    """Whether the child could have the lesson on this day as the week stands, adults aside."""
    child_day = problem.child_days[member.child.id, day]
    taught = _taught(items, child_day)
    starts = member_starts(problem, activity, member, day)
    lunches = lunch_starts(problem, child_day)
    for start in clear_of(starts, activity.minutes, taught):
        with_it = sorted([*taught, (start, start + activity.minutes)])
        rests = runs_fit(
            [(begin, end - begin) for begin, end in with_it],
            member.child.span,
            member.child.break_minutes,
        )
        if rests and (not lunches or clear_of(lunches, LUNCH, with_it)):
            return True
    return False


def _adult_names(family: Family) -> tuple[str, ...]:
    return tuple(adult.name for adult in family.adults)


def conflicts(
    problem: Problem, items: tuple[Item, ...], left: tuple[Unscheduled, ...]
) -> tuple[Phrase, ...]:
    """Days without room for lunch, and days that are short of an adult's or a child's time.

    A day counts as short where what stands on it and what it lacks add up to more minutes than
    it has; sessions that could stand on several days are charged to the first.
    """
    return (*_lunches(problem, items), *_shortages(problem, items, left))


def _lunches(problem: Problem, items: tuple[Item, ...]) -> Iterator[Phrase]:
    for (child_id, _), child_day in problem.child_days.items():
        today = {
            item.type for item in items if (item.child_id, item.date) == (child_id, child_day.date)
        }
        if lunch_due(child_day) and ItemType.SUBJECT in today and ItemType.LUNCH not in today:
            yield say("plan.conflict.no_lunch", child=child_day.child.name, date=child_day.date)


def _shortages(
    problem: Problem, items: tuple[Item, ...], left: tuple[Unscheduled, ...]
) -> Iterator[Phrase]:
    lacking: dict[int, list[tuple[Activity, Member]]] = defaultdict(list)
    for each in left:
        activity, member = next(
            (activity, member)
            for activity in problem.activities
            for member in activity.members
            if member.key == (each.child_id, each.subject_id)
        )
        days = [
            day
            for day in school_days(problem, member)
            if not _held_on(items, problem, member, day)
            and member_starts(problem, activity, member, day)
        ]
        for day in days[: each.missing]:
            lacking[day].append((activity, member))
    for day, lessons in sorted(lacking.items()):
        short = _adult_shortage(problem, items, day, [activity for activity, _ in lessons])
        if short > 0:
            yield say(
                "plan.conflict.adult_short",
                date=problem.dates[day],
                minutes=short,
                adults=_adult_names(problem.request.family),
            )
        for child in problem.request.family.children:
            minutes = [
                activity.minutes for activity, member in lessons if member.child.id == child.id
            ]
            short = _child_shortage(problem.child_days[child.id, day], items, minutes)
            if minutes and short > 0:
                yield say(
                    "plan.conflict.child_short",
                    date=problem.dates[day],
                    minutes=short,
                    child=child.name,
                )


def _adult_shortage(
    problem: Problem, items: tuple[Item, ...], day: int, lacking: list[Activity]
) -> int:
    """Minutes of undivided attention that the day's lessons ask beyond what the adults have
    during the family's homeschooling hours, rounded up to the grid."""
    family = problem.request.family
    wanted = {activity.id: activity.minutes * activity.attention for activity in lacking}
    for activity in problem.activities:
        if any(_held_on(items, problem, member, day) for member in activity.members):
            wanted[activity.id] = activity.minutes * activity.attention
    hours = [child.hours_on(problem.dates[day]) for child in family.children]
    opening, closing = min(each.start for each in hours), max(each.end for each in hours)
    free = 0
    for adult in problem.adults:
        away = merged(
            (max(start, opening), min(end, closing))
            for start, end in problem.away[adult, day]
            if start < closing and end > opening
        )
        free += closing - opening - sum(end - start for start, end in away)
    short = -(-sum(wanted.values()) // 100) - free
    return -(-short // GRID) * GRID


def _child_shortage(child_day: ChildDay, items: tuple[Item, ...], lacking: list[int]) -> int:
    """Minutes of lessons, needed breaks and lunch beyond the child's free homeschooling hours."""
    child = child_day.child
    hours = child.hours_on(child_day.date)
    taken = merged(
        (max(start, hours.start), min(end, hours.end))
        for start, end in child_day.committed
        if start < hours.end and end > hours.start
    )
    free = hours.end - hours.start - sum(end - start for start, end in taken)
    lengths = [*lacking, *(end - start for start, end in _taught(items, child_day))]
    runs = -(-sum(min(length, child.span) for length in lengths) // child.span)
    lunch = LUNCH if lunch_due(child_day) else 0
    rests = child.break_minutes * max(0, runs - 1 - len(taken) - bool(lunch))
    return -(-(sum(lengths) + rests + lunch - free) // GRID) * GRID


def repairs(
    problem: Problem,
    left: tuple[Unscheduled, ...],
    weight: int,
    least: Callable[[WeekRequest], int | None],
) -> tuple[Repair, ...]:
    """At most three single changes that save omissions, best first.

    `least` plans a changed week anew and gives the weight of what it leaves out (None: no time
    left to try); the gain is what that saves of `weight`.
    """
    request = problem.request
    order = sorted(left, key=lambda each: -each.missing * _weight(request.family, each))
    trials = [trial for each in order for trial in _changes(request, each)]
    found: list[Repair] = []
    for text, changed in trials[:MOST_TRIALS]:
        rest = least(changed)
        if rest is None:
            break
        if rest < weight:
            found.append(Repair(text, weight - rest))
    return tuple(sorted(found, key=lambda repair: -repair.gain)[:MOST_REPAIRS])


def _weight(family: Family, left_out: Unscheduled) -> int:
    child = family.child(left_out.child_id)
    return omission_weight(
        next(subject for subject in child.subjects if subject.id == left_out.subject_id)
    )


def _changes(request: WeekRequest, left_out: Unscheduled) -> Iterator[tuple[Phrase, WeekRequest]]:
    """Single changes around one left-out subject, the gentlest first."""
    child = request.family.child(left_out.child_id)
    subject = next(each for each in child.subjects if each.id == left_out.subject_id)
    names = {"child": child.name, "subject": subject.name}
    twins = [
        (other, twin)
        for other in request.family.children
        if other.id != child.id
        for twin in other.subjects
        if shared_name(twin) == shared_name(subject)
        and not (twin.teach_together and subject.teach_together)
        and _alike(twin, subject)
    ]
    if twins:
        changed = request
        for who, what in ((child, subject), *twins):
            changed = _with_subject(changed, who, replace(what, teach_together=True))
        siblings = tuple(other.name for other, _ in twins)
        yield say("plan.repair.together", **names, siblings=siblings), changed
    if subject.involvement.attention:
        alone = replace(subject, involvement=Involvement.INDEPENDENT)
        yield say("plan.repair.independent", **names), _with_subject(request, child, alone)
    shorter = max(SHORTEST, subject.minutes // 2 // GRID * GRID)
    if shorter < subject.minutes and not subject.teach_together:
        short = replace(subject, minutes=shorter)
        changed = _with_subject(request, child, short)
        yield say("plan.repair.shorten", **names, minutes=shorter), changed
    fewer = replace(child, subjects=tuple(each for each in child.subjects if each != subject))
    yield say("plan.repair.drop", **names), _with_child(request, fewer)


def _alike(one: Subject, other: Subject) -> bool:
    return (one.minutes, one.frequency, one.fixed_time, one.preferred_time) == (
        other.minutes,
        other.frequency,
        other.fixed_time,
        other.preferred_time,
    )


def _with_subject(request: WeekRequest, child: Child, subject: Subject) -> WeekRequest:
    now = request.family.child(child.id)
    subjects = tuple(subject if each.id == subject.id else each for each in now.subjects)
    return _with_child(request, replace(now, subjects=subjects))


def _with_child(request: WeekRequest, child: Child) -> WeekRequest:
    children = tuple(child if each.id == child.id else each for each in request.family.children)
    return replace(request, family=replace(request.family, children=children))
