"""A week that is decided, and the items it becomes."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import cycle, islice

from core.family import Child, Frequency, Scope
from core.insights import break_activities
from core.plan import Item, ItemType, Move
from core.problem import Activity, ChildDay, Problem
from core.rest import LUNCH, breaks
from core.text import name_key

BREAK_NAME = "Break"
LUNCH_NAME = "Lunch"


@dataclass(frozen=True, slots=True)
class Placement:
    """One lesson: its start, its adult if it takes attention, and the members who attend."""

    start: int
    adult_id: int | None
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Timetable:
    """Everything that is new in a week: `lessons` by (activity id, day), `lunches` (start) by
    (child id, day), `escorts` the adult id by index of the escort."""

    lessons: Mapping[tuple[int, int], Placement]
    lunches: Mapping[tuple[int, int], int]
    escorts: Mapping[int, int]


def items_of(problem: Problem, timetable: Timetable) -> tuple[Item, ...]:
    """All items of the week, by child, date and time.

    What is kept appears unchanged; commitments stand with every child whom they take; a lesson
    that is the same as before, or has moved, bears its old `uid`.
    """
    lessons = _with_uids(problem, tuple(_lessons(problem, timetable)))
    items: list[Item] = []
    for (child_id, day), child_day in problem.child_days.items():
        new = [item for item in lessons if (item.child_id, item.date) == (child_id, child_day.date)]
        taught = sorted([*new, *child_day.kept_lessons], key=lambda item: item.start)
        kept_lunch = child_day.kept_lunch
        lunch = kept_lunch.start if kept_lunch else timetable.lunches.get((child_id, day))
        if lunch is not None and not kept_lunch and taught:
            new.append(
                Item(child_id, child_day.date, ItemType.LUNCH, LUNCH_NAME, lunch, lunch + LUNCH)
            )
        rests = breaks(child_day, [(item.start, item.end) for item in taught], lunch)
        ideas = islice(cycle(break_ideas(child_day.child)), day, None)
        for (start, end), idea in zip(rests, ideas, strict=False):
            new.append(
                Item(
                    child_id,
                    child_day.date,
                    ItemType.BREAK,
                    BREAK_NAME,
                    start,
                    end,
                    suggestion=idea,
                )
            )
        new.extend(child_day.kept)
        new.extend(_commitments(problem, timetable, child_day))
        items.extend(sorted(new, key=lambda item: (item.start, item.end, item.type)))
    return tuple(items)


def break_ideas(child: Child) -> tuple[str, ...]:
    """What this child may do in a break, in turn: the child's own list, else by age."""
    return child.break_activities or break_activities(child.age)


def _lessons(problem: Problem, timetable: Timetable) -> Iterator[Item]:
    for (activity_id, day), placement in sorted(timetable.lessons.items()):
        activity: Activity = problem.activities[activity_id]
        for index in placement.members:
            member = activity.members[index]
            yield Item(
                child_id=member.child.id,
                date=problem.dates[day],
                type=ItemType.SUBJECT,
                name=member.subject.name,
                start=placement.start,
                end=placement.start + activity.minutes,
                subject_id=member.subject.id,
                adult_id=placement.adult_id,
            )


def _commitments(problem: Problem, timetable: Timetable, child_day: ChildDay) -> Iterator[Item]:
    goes = {
        (escort.name, escort.day, escort.interval): adult
        for index, adult in timetable.escorts.items()
        for escort in (problem.escorts[index],)
    }
    only = problem.adults[0] if len(problem.adults) == 1 else None
    for commitment, interval in child_day.commitments:
        own = commitment.scope is not Scope.FAMILY
        along = None
        if own and commitment.needs_adult:
            key = name_key(commitment.name), child_day.day, interval
            along = commitment.adult_id or goes.get(key, only)
        yield Item(
            child_id=child_day.child.id,
            date=child_day.date,
            type=ItemType.COMMITMENT,
            name=commitment.name,
            start=interval[0],
            end=interval[1],
            commitment_id=commitment.id if own else None,
            family_commitment_id=None if own else commitment.id,
            adult_id=along,
            external=True,
        )


def _pairs(problem: Problem, lessons: tuple[Item, ...]) -> dict[int, Item]:
    """The previous lesson that each new one continues, by index: the one that stood at the same
    place, else one of its day, else the earliest that is left."""
    left = sorted((*problem.missed, *problem.movable), key=lambda item: (item.date, item.start))
    left = [item for item in left if item.type is ItemType.SUBJECT]
    pairs: dict[int, Item] = {}
    for alike in (_same_place, _same_day, _same_subject):
        for index, lesson in enumerate(lessons):
            if index in pairs:
                continue
            old = next(
                (item for item in left if alike(item, lesson) and _may_move(problem, item, lesson)),
                None,
            )
            if old is not None:
                pairs[index] = old
                left.remove(old)
    return pairs


def _may_move(problem: Problem, old: Item, new: Item) -> bool:
    """Rule 9: a missed daily lesson stays in its day or is let go."""
    if old not in problem.missed or old.date == new.date:
        return True
    subjects = problem.request.family.child(old.child_id).subjects
    return not any(
        subject.id == old.subject_id and subject.frequency is Frequency.DAILY
        for subject in subjects
    )


def _same_subject(old: Item, new: Item) -> bool:
    return (old.child_id, old.subject_id) == (new.child_id, new.subject_id)


def _same_day(old: Item, new: Item) -> bool:
    return _same_subject(old, new) and old.date == new.date


def _same_place(old: Item, new: Item) -> bool:
    return _same_day(old, new) and old.start == new.start


def _with_uids(problem: Problem, lessons: tuple[Item, ...]) -> tuple[Item, ...]:
    pairs = _pairs(problem, lessons)
    return tuple(
        replace(lesson, uid=pairs[index].uid) if index in pairs else lesson
        for index, lesson in enumerate(lessons)
    )


def moves(problem: Problem, timetable: Timetable) -> tuple[Move, ...]:
    """The previous lessons that stand elsewhere now, in order of their old place."""
    lessons = tuple(_lessons(problem, timetable))
    found = [
        Move(
            old.child_id,
            old.subject_id,
            (old.date, old.start),
            (lessons[index].date, lessons[index].start),
        )
        for index, old in _pairs(problem, lessons).items()
        if old.subject_id is not None and not _same_place(old, lessons[index])
    ]
    return tuple(sorted(found, key=lambda move: (move.old, move.child_id)))


def stands(problem: Problem, timetable: Timetable, item: Item) -> bool:
    """Whether a previous lesson stands where it stood, with who it belongs to."""
    day = problem.dates.index(item.date)
    for (number, on), placement in timetable.lessons.items():
        if on == day and placement.start == item.start:
            members = problem.activities[number].members
            if any(
                members[index].key == (item.child_id, item.subject_id)
                for index in placement.members
            ):
                return True
    return False


def sessions(items: tuple[Item, ...]) -> Counter[tuple[int, int]]:
    """Lessons in the week by (child id, subject id)."""
    return Counter(
        (item.child_id, item.subject_id)
        for item in items
        if item.type is ItemType.SUBJECT and item.subject_id is not None
    )
