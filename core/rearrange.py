"""What a change means for the request that plans the week again."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from core.changes import (
    AddCommitment,
    CancelOccurrence,
    Change,
    DropLesson,
    FollowCalendar,
    GiveDaysBack,
    Impossible,
    MarkDone,
    MissLessons,
    MoveLesson,
    MoveOccurrence,
    SetHours,
    SwapLessons,
    TakeDaysOff,
    Together,
    Why,
)
from core.facts import with_fact
from core.family import Child, Frequency, Subject
from core.plan import Item, ItemType, Lesson, WeekRequest
from core.text import name_key
from core.week import minute_of, week_dates


def changed(request: WeekRequest, change: Change) -> WeekRequest | Impossible:
    """The request that plans the week after `change`, `request.previous` being the week as it
    stands. What `change` says of other weeks is left out; `objection` is not asked."""
    match change:
        case MoveLesson():
            return _with_move(request, change)
        case SwapLessons():
            return _with_swap(request, change)
        case DropLesson():
            return _with_drop(request, change)
        case MissLessons():
            return _with_misses(request, change)
        case MarkDone():
            return _with_done(request, change)
        case (
            TakeDaysOff()
            | GiveDaysBack()
            | SetHours()
            | Together()
            | AddCommitment()
            | CancelOccurrence()
            | MoveOccurrence()
            | FollowCalendar()
        ):
            return replace(request, family=with_fact(request.family, change))


def nothing_more(request: WeekRequest) -> WeekRequest:
    """The same request for a change of a week that stands: sessions that are welcome but not due
    are kept where they stand, and none is added that nobody asked for."""
    subjects = [(child, subject) for child in request.family.children for subject in child.subjects]
    counts = {
        (child.id, subject.id): _count(request, child, subject) for child, subject in subjects
    }

    def count(child: Child, subject: Subject) -> int:
        group = {
            (other.id, theirs.id)
            for other, theirs in subjects
            if subject.teach_together and theirs.teach_together
            if name_key(theirs.name) == name_key(subject.name)
        }
        apart = any(
            (each.child_id, each.subject_id) in group
            for each in (*request.dropped, *request.missed, *request.carried)
        )
        # Who was absent must join a lesson that moves to where they are there, unless siblings'
        # lessons differ already.
        return (
            counts[child.id, subject.id]
            if apart or not group
            else max(counts[each] for each in group)
        )

    def capped(child: Child, subject: Subject) -> Subject:
        due = {Frequency.TWO_OR_THREE: 2, Frequency.OCCASIONALLY: 0}.get(subject.frequency)
        exact = subject.sessions_per_week is not None
        if due is None or exact or count(child, subject) > due:
            return subject
        return replace(subject, sessions_per_week=due)

    children = tuple(
        replace(child, subjects=tuple(capped(child, subject) for subject in child.subjects))
        for child in request.family.children
    )
    return replace(request, family=replace(request.family, children=children))


def place_of(item: Item) -> Lesson:
    """The session that stands as this lesson."""
    return Lesson(item.child_id, item.subject_id or 0, item.date, item.start)


def asked_for(before: WeekRequest, after: WeekRequest) -> frozenset[Lesson]:
    """The pins that a change has set."""
    moved = {place_of(item) for item in after.previous if item not in before.previous}
    return frozenset(moved.intersection(after.pins))


def has_begun(now: datetime | None, day: date, minute: int) -> bool:
    """Whether a minute of a day lies at or before `now` (wall time; None: before the week)."""
    return now is not None and (day, minute) <= (now.date(), minute_of(now.time()))


def _count(request: WeekRequest, child: Child, subject: Subject) -> int:
    """The regular sessions that the family counts on: those that stand, and those given up."""

    def of_it(lesson: Lesson) -> bool:
        return (lesson.child_id, lesson.subject_id) == (child.id, subject.id)

    stands = sum(
        of_it(place_of(item))
        for item in request.previous
        if _is_lesson(item) and not any(_means_any(each, [item]) for each in request.dropped)
    )
    return stands + sum(map(of_it, request.dropped)) - sum(map(of_it, request.carried))


def _is_lesson(item: Item) -> bool:
    return item.type is ItemType.SUBJECT


def _lesson(request: WeekRequest, uid: str) -> Item | Impossible:
    for item in request.previous:
        if item.uid == uid and _is_lesson(item):
            return item
    return Impossible(Why.NO_SUCH_LESSON, uid)


def _movable(request: WeekRequest, uid: str) -> Item | Impossible:
    """The lesson, if it has neither begun nor been done."""
    item = _lesson(request, uid)
    if isinstance(item, Impossible):
        return item
    if item.completed:
        return Impossible(Why.DONE, uid)
    if has_begun(request.now, item.date, item.start):
        return Impossible(Why.BEGUN, uid)
    return item


def _sharing(request: WeekRequest, item: Item) -> tuple[Item, ...]:
    """The lesson, and those of siblings who share it."""

    def shared(child_id: int, subject_id: int | None) -> str | None:
        for child in request.family.children:
            for subject in child.subjects:
                if (child.id, subject.id) == (child_id, subject_id) and subject.teach_together:
                    return name_key(subject.name)
        return None

    name = shared(item.child_id, item.subject_id)
    return tuple(
        other
        for other in request.previous
        if other == item
        or (
            name is not None
            and _is_lesson(other)
            and not other.completed
            and (other.date, other.start) == (item.date, item.start)
            and shared(other.child_id, other.subject_id) == name
        )
    )


def _with_move(request: WeekRequest, change: MoveLesson) -> WeekRequest | Impossible:
    item = _movable(request, change.uid)
    if isinstance(item, Impossible):
        return item
    if change.to not in week_dates(request.week_start):
        return Impossible(Why.OUTSIDE_WEEK, change.uid)
    if has_begun(request.now, change.to, change.start):
        return Impossible(Why.PAST, change.uid)
    if (item.date, item.start) == (change.to, change.start):
        return Impossible(Why.ALREADY_SO, change.uid)
    return _placed(request, dict.fromkeys(_sharing(request, item), (change.to, change.start)))


def _with_swap(request: WeekRequest, change: SwapLessons) -> WeekRequest | Impossible:
    first, second = _movable(request, change.first), _movable(request, change.second)
    if isinstance(first, Impossible):
        return first
    if isinstance(second, Impossible):
        return second
    if second in _sharing(request, first):
        return Impossible(Why.SAME_LESSON, change.second)
    early, late = sorted((first, second), key=lambda item: (item.date, item.start))
    new = {early: (late.date, late.start), late: (early.date, early.start)}
    if (early.child_id, early.date) == (late.child_id, late.date):
        # Lessons of different lengths change their order within the time that they take together.
        new[early] = late.date, late.end - (early.end - early.start)
    return _placed(
        request,
        {each: place for item, place in new.items() for each in _sharing(request, item)},
    )


def _placed(
    request: WeekRequest, places: Mapping[Item, tuple[date, int]]
) -> WeekRequest | Impossible:
    """The request with lessons standing elsewhere, and pinned there; not where another lesson of
    the same subject stands already, from which they could not be told apart."""
    moved = {
        item: replace(item, date=day, start=start, end=start + item.end - item.start)
        for item, (day, start) in places.items()
    }
    taken = {place_of(new) for new in moved.values()}
    for item in request.previous:
        if _is_lesson(item) and item not in moved and place_of(item) in taken:
            return Impossible(Why.DONE if item.completed else Why.ALREADY_SO, item.uid)
    dropped = list(request.dropped)
    for old, new in moved.items():
        # A session that was given up on the new day is now given up on the old one.
        for index, lesson in enumerate(dropped):
            of_new = (lesson.child_id, lesson.subject_id, lesson.date)
            if of_new == (new.child_id, new.subject_id, new.date) and old.date != new.date:
                dropped[index] = place_of(old)
    request = _unpinned(request, moved)
    return replace(
        request,
        previous=tuple(moved.get(item, item) for item in request.previous),
        pins=(*request.pins, *map(place_of, moved.values())),
        dropped=tuple(dropped),
        # A lesson that is put where one was once missed is wanted there.
        missed=tuple(each for each in request.missed if not _means_any(each, moved.values())),
    )


def _means_any(lesson: Lesson, items: Iterable[Item]) -> bool:
    places = [place_of(item) for item in items]
    return any(lesson in (place, replace(place, start=None)) for place in places)


def _unpinned(request: WeekRequest, items: Iterable[Item]) -> WeekRequest:
    gone = tuple(items)
    return replace(request, pins=tuple(pin for pin in request.pins if not _means_any(pin, gone)))


def _with_drop(request: WeekRequest, change: DropLesson) -> WeekRequest | Impossible:
    item = _movable(request, change.uid)
    if isinstance(item, Impossible):
        return item
    request = _unpinned(request, [item])
    return replace(request, dropped=(*request.dropped, place_of(item)))


def _with_misses(request: WeekRequest, change: MissLessons) -> WeekRequest | Impossible:
    missed: list[Item] = []
    for uid in dict.fromkeys(change.uids):
        item = _lesson(request, uid)
        if isinstance(item, Impossible):
            return item
        if item.completed:
            return Impossible(Why.DONE, uid)
        missed.append(item)
    if not missed:
        return Impossible(Why.ALREADY_SO)
    request = _unpinned(request, missed)
    places = tuple(map(place_of, missed))
    return replace(
        request,
        missed=(*request.missed, *places),
        dropped=(*request.dropped, *(places if change.let_go else ())),
    )


def _with_done(request: WeekRequest, change: MarkDone) -> WeekRequest | Impossible:
    item = _lesson(request, change.uid)
    if isinstance(item, Impossible):
        return item
    if item.completed:
        return Impossible(Why.ALREADY_SO, change.uid)
    done = replace(item, completed=True)
    return replace(
        request, previous=tuple(done if each == item else each for each in request.previous)
    )
