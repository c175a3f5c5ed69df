"""A plan arranged for checking, and the plain facts that several of its rules ask for."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from core.commitments import busy
from core.family import Child, Family, Scope, Subject
from core.plan import Item, ItemType, Lesson, Plan, WeekRequest
from core.week import Weekday, clock, minute_of, week_dates

Key = tuple[int, date, ItemType, int, int, int | None]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Week:
    """A plan, arranged for looking things up.

    `settled` holds what has started or is done and was not missed: it stands whatever the
    settings now say. `days` holds each child's items of a date by start, `lessons` those of each
    child's subject.
    """

    plan: Plan
    request: WeekRequest
    family: Family
    dates: tuple[date, ...]
    children: Mapping[int, Child]
    subjects: Mapping[tuple[int, int | None], Subject]
    settled: frozenset[Key]
    days: Mapping[tuple[int, date], tuple[Item, ...]]
    lessons: Mapping[tuple[int, int | None], tuple[Item, ...]]

    def is_settled(self, item: Item) -> bool:
        """Whether rule 9 keeps the item where it is."""
        return key_of(item) in self.settled

    def lessons_of(self, child: Child, subject: Subject) -> tuple[Item, ...]:
        """The lessons of a child's subject in the whole week."""
        return self.lessons.get((child.id, subject.id), ())

    def day(self, child_id: int, day: date, *kinds: ItemType) -> list[Item]:
        """A child's items of some kinds on a date, by start."""
        return [item for item in self.days.get((child_id, day), ()) if item.type in kinds]

    def available(self, child: Child, subject: Subject) -> list[date]:
        """The dates on which a subject may be taught: school days and its own, not days off."""
        return [
            day
            for day in self.dates
            if Weekday.of(day) in child.school_days
            and not is_off(self.request, child.id, day)
            and (subject.days is None or Weekday.of(day) in subject.days)
        ]


def arrange(plan: Plan) -> Week:
    """`ValueError` if the requested week does not begin on a Monday."""
    request = plan.request
    days: defaultdict[tuple[int, date], list[Item]] = defaultdict(list)
    lessons: defaultdict[tuple[int, int | None], list[Item]] = defaultdict(list)
    for item in sorted(plan.items, key=lambda item: (item.start, item.end)):
        days[item.child_id, item.date].append(item)
        if is_lesson(item):
            lessons[item.child_id, item.subject_id].append(item)
    return Week(
        plan=plan,
        request=request,
        family=request.family,
        dates=week_dates(request.week_start),
        children={child.id: child for child in request.family.children},
        subjects={
            (child.id, subject.id): subject
            for child in request.family.children
            for subject in child.subjects
        },
        settled=frozenset(
            key_of(item)
            for item in request.previous
            if item.type is not ItemType.COMMITMENT
            and (item.completed or has_started(request, item.date, item.start))
            and not was_missed(request, item)
        ),
        days={owner: tuple(items) for owner, items in days.items()},
        lessons={owner: tuple(items) for owner, items in lessons.items()},
    )


def key_of(item: Item) -> Key:
    """What two versions of one item that stands have in common."""
    return item.child_id, item.date, item.type, item.start, item.end, item.subject_id


def title(item: Item) -> str:
    """An item as a message names it."""
    return f"{item.name} of child {item.child_id} on {item.date} at {clock(item.start)}"


def is_lesson(item: Item) -> bool:
    """Whether it is a lesson of a subject."""
    return item.type is ItemType.SUBJECT


def overlap(item: Item, span: Span) -> bool:
    """Whether an item shares a minute with a span of its day."""
    return item.start < span[1] and span[0] < item.end


def has_started(request: WeekRequest, day: date, minute: int) -> bool:
    """Whether a minute lies at or before `now`."""
    now = request.now
    return now is not None and (day, minute) <= (now.date(), minute_of(now.time()))


def is_off(request: WeekRequest, child_id: int, day: date) -> bool:
    """Whether it is a day off for the child."""
    return any(
        off.date == day and off.child_id in (None, child_id) for off in request.family.days_off
    )


def is_about(named: Lesson, item: Item) -> bool:
    """Whether a named session is of the item's child, subject and date, at whatever hour."""
    wanted = (named.child_id, named.subject_id, named.date)
    return wanted == (item.child_id, item.subject_id, item.date)


def was_missed(request: WeekRequest, item: Item) -> bool:
    """Whether the family says that this lesson was not held."""
    return is_lesson(item) and any(
        is_about(missed, item) and missed.start in (None, item.start) for missed in request.missed
    )


def commitment_spans(family: Family, child: Child, day: date) -> list[Span]:
    """When the child's own commitments and the family's take the child."""
    shared = (found for found in family.commitments if found.scope is Scope.FAMILY)
    return [span for found in (*child.commitments, *shared) for span in busy(found, day)]
