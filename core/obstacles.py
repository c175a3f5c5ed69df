"""What a finished week sets against a lesson at another start of its day."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.commitments import clear_of
from core.greedy import peak
from core.hard import with_adult
from core.phrase import say
from core.plan import Item, ItemType
from core.problem import Activity, Member, Problem
from core.rest import runs_fit, with_rest
from core.wording import Name, children_named

GOES_ALONG = 100
"""Attention that going along with a child takes."""


@dataclass(frozen=True, slots=True)
class Held:
    """A lesson as a week holds it: `members` are those of the activity who attend."""

    activity: Activity
    members: tuple[Member, ...]
    day: int
    start: int

    @property
    def children(self) -> frozenset[int]:
        return frozenset(member.child.id for member in self.members)

    def is_part(self, problem: Problem, item: Item) -> bool:
        """Whether an item is one child's part of this lesson."""
        key, on = (item.child_id, item.subject_id), problem.dates[self.day]
        return item.date == on and any(member.key == key for member in self.members)


class Hindrance(StrEnum):
    """TAKEN: a child has something else. LUNCH: a child eats. AWAY: no adult is there. BUSY: those
    who are there help elsewhere. REST: a child has had lessons for as long as its span."""

    TAKEN = "taken"
    LUNCH = "lunch"
    AWAY = "away"
    BUSY = "busy"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """The first thing that forbids a start; `who` are the people in question, by name, and
    `names` what takes them."""

    hindrance: Hindrance
    who: tuple[str, ...] = ()
    names: tuple[Name, ...] = ()


def held(problem: Problem, items: Iterable[Item], item: Item) -> Held | None:
    """The lesson of which `item` is a part; None if it is of no subject of the family's."""
    owned = (
        activity
        for activity in problem.activities
        if any(member.key == (item.child_id, item.subject_id) for member in activity.members)
    )
    activity = next(owned, None)
    if activity is None:
        return None
    there = {
        (each.child_id, each.subject_id)
        for each in items
        if each.type is ItemType.SUBJECT and (each.date, each.start) == (item.date, item.start)
    }
    members = tuple(member for member in activity.members if member.key in there)
    return Held(activity, members, problem.dates.index(item.date), item.start)


def obstacle(
    problem: Problem, items: Collection[Item], lesson: Held, start: int
) -> Obstacle | None:
    """What else the week holds that forbids the lesson at `start`, a start within the children's
    hours; None if nothing does."""
    on, minutes = problem.dates[lesson.day], lesson.activity.minutes
    today = [item for item in items if item.date == on and not lesson.is_part(problem, item)]
    there = [item for item in today if not clear_of((start,), minutes, ((item.start, item.end),))]
    own = [item for item in there if item.child_id in lesson.children]
    taken = [item for item in own if item.type in (ItemType.SUBJECT, ItemType.COMMITMENT)]
    if taken:
        return Obstacle(Hindrance.TAKEN, names=_called(problem, lesson, taken))
    if any(item.type is ItemType.LUNCH for item in own):
        return Obstacle(Hindrance.LUNCH)
    return _of_adults(problem, there, lesson, start) or _of_rest(problem, today, lesson, start)


def _of_adults(
    problem: Problem, there: Collection[Item], lesson: Held, start: int
) -> Obstacle | None:
    activity, day = lesson.activity, lesson.day
    if not activity.attention:
        return None
    family = problem.request.family
    present = [
        adult for adult in problem.adults if with_adult(problem, activity, day, adult, (start,))
    ]
    if not present:
        return Obstacle(Hindrance.AWAY, tuple(family.adult(each).name for each in problem.adults))
    for adult in present:
        loads = _loads(problem, there, day, adult)
        if peak(loads, start, start + activity.minutes) + activity.attention <= 100:
            return None
    helping = [item for item in there if item.adult_id in present]
    who = tuple(
        family.adult(adult).name
        for adult in present
        if any(item.adult_id == adult for item in helping)
    )
    return Obstacle(Hindrance.BUSY, who, _called(problem, lesson, helping))


def _loads(
    problem: Problem, there: Iterable[Item], day: int, adult: int
) -> tuple[tuple[int, int, int], ...]:
    """(start, end, attention) of all that takes this adult; what siblings share counts once."""
    owner = {member.key: activity for activity in problem.activities for member in activity.members}
    kept = {item for each in problem.child_days.values() for item in each.kept}
    once = {}
    for item in there:
        if item.adult_id != adult or item in kept:
            continue
        activity = owner.get((item.child_id, item.subject_id or 0))
        key = activity.id if activity else item.name
        attention = activity.attention if activity else GOES_ALONG
        once[key, item.start] = item.start, item.end, attention
    return (*problem.loads.get((adult, day), ()), *once.values())


def _of_rest(problem: Problem, today: Iterable[Item], lesson: Held, start: int) -> Obstacle | None:
    minutes = lesson.activity.minutes
    for member in lesson.members:
        child, child_day = member.child, problem.child_days[member.child.id, lesson.day]
        taught = [
            (item.start, item.end - item.start)
            for item in today
            if item.type is ItemType.SUBJECT and item.child_id == child.id
        ]
        rested = runs_fit(sorted([*taught, (start, minutes)]), child.span, child.break_minutes)
        if not rested or not with_rest(child_day, (start,), minutes):
            return Obstacle(Hindrance.REST, (child.name,))
    return None


def _called(problem: Problem, lesson: Held, items: Iterable[Item]) -> tuple[Name, ...]:
    """What items are called by somebody who asks about `lesson`; a lesson that several children
    share is one, and so is a commitment."""
    family = problem.request.family
    children: dict[tuple[str, int], set[int]] = {}
    for item in sorted(items, key=lambda each: each.start):
        children.setdefault((item.name, item.start), set()).add(item.child_id)
    names: dict[tuple[str, tuple[str, ...]], Name] = {}
    for (name, _), whose in children.items():
        others = () if whose & lesson.children else children_named(family, whose)
        names[name, others] = (
            say("plan.ask.lessons", children=others, subject=name) if others else name
        )
    return tuple(names.values())
