"""What a family asks of its weeks in the chat, as changes of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from core import changes
from core.changes import (
    AddCommitment,
    Change,
    DropLesson,
    Impossible,
    MissLessons,
    PlainFact,
    SetHours,
    TakeDaysOff,
    Why,
)
from core.facts import together
from core.family import Child, Family, Scope
from core.plan import Item, ItemType
from core.rearrange import has_begun
from core.said.readings import (
    CancelOccurrence,
    DayOff,
    HalfDay,
    Late,
    MoveLesson,
    MoveOccurrence,
    NewCommitment,
    Outing,
    Sick,
    Skip,
    StartAt,
    SwapLessons,
)
from core.said.readings import (
    DropLesson as DropAsked,
)
from core.week import DAY


@dataclass(frozen=True, slots=True)
class DaysOff:
    """No lessons for anybody on these dates."""

    dates: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class DaysBack:
    """Days off from `first` to `last` are school days again: everybody's, or one child's."""

    first: date
    last: date
    child_id: int | None = None


Wish = (
    DaysOff
    | DaysBack
    | Sick
    | Late
    | StartAt
    | DayOff
    | HalfDay
    | MoveLesson
    | SwapLessons
    | DropAsked
    | CancelOccurrence
    | MoveOccurrence
    | NewCommitment
    | Skip
)
"""What can be understood that changes weeks."""

Asked = TypeVar("Asked")

ALONE_FROM = 12
"""Age from which a child goes somewhere alone, unless somebody was named who goes along."""


def titled(asked: Asked) -> Asked:
    """The same with its name as it is to stand in calendars and records, where what was typed in
    a hurry looks careless in lower case."""
    if not isinstance(asked, NewCommitment | Outing):
        return asked
    return replace(asked, name=asked.name[:1].upper() + asked.name[1:])


def change_of(
    wish: Wish, family: Family, lessons: Sequence[Item], now: datetime
) -> Change | Impossible:
    """The change that is asked for at `now` (wall time), `lessons` being those that are planned.

    A lesson that may stand anywhere on a day is asked for at its own hour of it: where else it can
    stand there is for `core.nearby` to say. `Impossible` where nothing would be otherwise, or what
    is named is not there.
    """
    match wish:
        case MoveLesson(lesson=uid, to=to, start=start):
            there = next((item for item in lessons if item.uid == uid), None)
            if there is None:
                return Impossible(Why.NO_SUCH_LESSON, uid)
            return changes.MoveLesson(uid, to, there.start if start is None else start)
        case SwapLessons(first=first, second=second):
            return changes.SwapLessons(first, second)
        case DropAsked(lesson=uid):
            return DropLesson(uid)
        case Skip(lessons=uids, let_go=let_go):
            done = {item.uid for item in lessons if item.completed}
            # One that was reported after it was asked about is no longer meant.
            open_still = tuple(uid for uid in uids if uid not in done)
            return MissLessons(open_still, let_go) if open_still else Impossible(Why.ALREADY_SO)
        case MoveOccurrence():
            return changes.MoveOccurrence(
                wish.commitment_id, wish.own, wish.on, wish.to, wish.start, wish.end
            )
        case _:
            return together(family, now, _facts(wish, family, lessons, now))


def _facts(
    wish: (
        DaysOff
        | DaysBack
        | Sick
        | Late
        | StartAt
        | DayOff
        | HalfDay
        | CancelOccurrence
        | NewCommitment
    ),
    family: Family,
    lessons: Sequence[Item],
    now: datetime,
) -> Iterator[PlainFact]:
    match wish:
        case (
            Sick(children=children, first=first, last=last)
            | DayOff(children=children, first=first, last=last)
        ):
            everybody = len(children) == len(family.children)
            for child_id in (None,) if everybody else children:
                yield TakeDaysOff(first, last, child_id)
        case DaysOff(dates=dates):
            for on in dates:
                yield TakeDaysOff(on, on)
        case DaysBack(first=first, last=last, child_id=child):
            yield changes.GiveDaysBack(max(first, now.date()), last, child)
        case CancelOccurrence(commitment_id=number, own=own, dates=dates):
            for on in dates:
                yield changes.CancelOccurrence(number, own, on)
        case NewCommitment():
            yield from _commitments(wish, family)
        case Late(children=children, minutes=minutes):
            for child_id in children:
                today = _of(lessons, child_id, now.date())
                ahead = [i for i in today if not has_begun(now, i.date, i.start)]
                if ahead:
                    hours = family.child(child_id).hours_on(now.date())
                    start = min(item.start for item in ahead) + minutes
                    # Who begins later ends later: nothing has to fall away for it.
                    yield SetHours(child_id, now.date(), start, min(hours.end + minutes, DAY))
        case StartAt(children=children, on=on, start=start):
            for child_id in children:
                yield SetHours(child_id, on, start, family.child(child_id).hours_on(on).end)
        case HalfDay(children=children, on=on):
            for child_id in children:
                whose = family.child(child_id)
                end = _half(_of(lessons, child_id, on), whose, on)
                yield SetHours(child_id, on, whose.hours_on(on).start, end)


def _commitments(wish: NewCommitment, family: Family) -> Iterator[AddCommitment]:
    if wish.scope is not Scope.CHILD:
        yield AddCommitment(
            wish.name, wish.on, wish.start, wish.end, wish.scope, adult_id=wish.adult_id
        )
        return
    for child_id in wish.children:
        young = family.child(child_id).age < ALONE_FROM
        yield AddCommitment(
            wish.name,
            wish.on,
            wish.start,
            wish.end,
            wish.scope,
            child_id=child_id,
            adult_id=wish.adult_id,
            needs_adult=young or wish.adult_id is not None,
        )


def _of(lessons: Iterable[Item], child_id: int, on: date) -> list[Item]:
    """A child's lessons of a date, by time."""
    found = [
        item
        for item in lessons
        if (item.child_id, item.date, item.type) == (child_id, on, ItemType.SUBJECT)
    ]
    return sorted(found, key=lambda item: item.start)


def _half(lessons: Sequence[Item], child: Child, on: date) -> int:
    """The minute at which half of a day's lessons, by their length, are over; of a day without
    any the middle of its hours."""
    hours = child.hours_on(on)
    whole, held = sum(item.end - item.start for item in lessons), 0
    for item in lessons:
        held += item.end - item.start
        if 2 * held >= whole:
            return item.end
    return (hours.start + hours.end) // 2
