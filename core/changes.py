"""The changes that a family can make to its weeks: a closed set. Lessons are named by their `uid`.

What a change means stands in `core.facts` (what weeks are planned around) and `core.rearrange`
(their lessons). One that cannot be is answered by `Impossible`, one that would break a hard rule
where it was asked by `core.decisions.Broken`; neither is an exception.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeAlias

from core.family import Scope
from core.week import week_start

NEW = 0
"""Id of a commitment in a request that has no row yet; further ones count down from it."""

LONGEST_ABSENCE = 366
"""Days off in one change; more is a slip of the pen."""


class Origin(StrEnum):
    """Where a change was made."""

    CHAT = "chat"
    PAGE = "page"
    GOOGLE = "google"
    CALENDAR = "calendar"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class MoveLesson:
    """The lesson stands on `to` at minute `start` from now on, for all who share it."""

    uid: str
    to: date
    start: int


@dataclass(frozen=True, slots=True)
class SwapLessons:
    """Two lessons of a week change places."""

    first: str
    second: str


@dataclass(frozen=True, slots=True)
class DropLesson:
    """A lesson that has not begun is let go, and not made up for."""

    uid: str


@dataclass(frozen=True, slots=True)
class MissLessons:
    """Lessons that were not held, or will not be: each moves to the next fitting place, or (with
    `let_go`) is not made up for. A daily one moves within its day only."""

    uids: tuple[str, ...]
    let_go: bool = False


@dataclass(frozen=True, slots=True)
class TakeDaysOff:
    """No lessons from `first` to `last` (both included): one child's, or (None) everybody's."""

    first: date
    last: date
    child_id: int | None = None


@dataclass(frozen=True, slots=True)
class GiveDaysBack:
    """Days off from `first` to `last` (both included) are school days again: those of one child,
    or (None) those of everybody. A child's own stay where everybody's are given back."""

    first: date
    last: date
    child_id: int | None = None


@dataclass(frozen=True, slots=True)
class SetHours:
    """A child's lessons of the date `on` lie between the minutes `start` and `end`; those of other
    dates where they do."""

    child_id: int
    on: date
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AddCommitment:
    """Something new that happens once. `adult_id` is whom a parent's takes, or who goes along with
    a child; `child_id` is whose it is in the scope of a child."""

    name: str
    on: date
    start: int
    end: int
    scope: Scope
    child_id: int | None = None
    adult_id: int | None = None
    needs_adult: bool = False


@dataclass(frozen=True, slots=True)
class CancelOccurrence:
    """A commitment (a child's own, or the family's and parents') does not happen on a date."""

    commitment_id: int
    own: bool
    on: date


@dataclass(frozen=True, slots=True)
class MoveOccurrence:
    """A commitment's occurrence of the date `on` happens on `to`, from `start` to `end`."""

    commitment_id: int
    own: bool
    on: date
    to: date
    start: int
    end: int


@dataclass(frozen=True, slots=True, order=True)
class OutsideTime:
    """A time that a calendar outside takes, from minute `start` to `end` of the date `on`; `end` 0
    is the midnight that ends it."""

    on: date
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FollowCalendar:
    """A calendar outside takes other times than before: those of a child, of an adult, or (neither)
    of the whole family. Every time bears the calendar's `name`; what it holds is not our business.
    """

    connection_id: int
    name: str
    child_id: int | None = None
    adult_id: int | None = None
    added: tuple[OutsideTime, ...] = ()
    removed: tuple[OutsideTime, ...] = ()

    @property
    def scope(self) -> Scope:
        if self.child_id is not None:
            return Scope.CHILD
        return Scope.FAMILY if self.adult_id is None else Scope.PARENT


@dataclass(frozen=True, slots=True)
class MarkDone:
    """A lesson was held, on the word of `by` ("child", "parent"); `started` and `ended` where they
    were told."""

    uid: str
    by: str
    started: int | None = None
    ended: int | None = None


PlainFact: TypeAlias = TakeDaysOff | GiveDaysBack | SetHours | AddCommitment | CancelOccurrence


@dataclass(frozen=True, slots=True)
class Together:
    """Facts that become so at once, in this order, and are taken back at once."""

    changes: tuple[PlainFact, ...]


LessonChange: TypeAlias = MoveLesson | SwapLessons | DropLesson | MissLessons | MarkDone
FactChange: TypeAlias = PlainFact | MoveOccurrence | FollowCalendar | Together
Change: TypeAlias = LessonChange | FactChange
"""A closed set: of single lessons, or of the facts that a family's weeks are planned around."""


class Why(StrEnum):
    """Why a change, or its undo, cannot be."""

    NO_SUCH_LESSON = "no_such_lesson"
    NO_SUCH_PERSON = "no_such_person"
    NO_SUCH_OCCURRENCE = "no_such_occurrence"
    SAME_LESSON = "same_lesson"
    BEGUN = "begun"
    DONE = "done"
    PAST = "past"
    OUTSIDE_WEEK = "outside_week"
    WEEK_OVER = "week_over"
    NO_TIME = "no_time"
    TOO_LONG = "too_long"
    ALREADY_SO = "already_so"
    NO_SUCH_CHANGE = "no_such_change"
    UNDONE = "undone"
    CHANGED_SINCE = "changed_since"


@dataclass(frozen=True, slots=True)
class Impossible:
    """The change cannot be; `uid` is the lesson that is in the way, where there is one."""

    why: Why
    uid: str | None = None


def lessons_named(change: Change) -> tuple[str, ...]:
    """The uids of the lessons that a change is about."""
    match change:
        case MoveLesson(uid=uid) | DropLesson(uid=uid) | MarkDone(uid=uid):
            return (uid,)
        case SwapLessons():
            return change.first, change.second
        case MissLessons():
            return change.uids
        case _:
            return ()


def weeks_touched(change: FactChange) -> tuple[date, ...]:
    """The Mondays of the weeks in which a fact changes."""
    match change:
        case TakeDaysOff() | GiveDaysBack():
            days = [*days_from(change.first, change.last)]
        case Together():
            return tuple(sorted({day for each in change.changes for day in weeks_touched(each)}))
        case SetHours():
            return (week_start(change.on),)
        case AddCommitment() | CancelOccurrence():
            days = [change.on]
        case MoveOccurrence():
            days = [change.on, change.to]
        case FollowCalendar():
            days = [each.on for each in (*change.added, *change.removed)]
    if not isinstance(change, TakeDaysOff | GiveDaysBack):
        # What lasts past midnight takes the next day too.
        days += [day + timedelta(days=1) for day in days]
    return tuple(sorted({week_start(day) for day in days}))


def days_from(first: date, last: date) -> Iterator[date]:
    """Every date from `first` to `last`, both included."""
    return (first + timedelta(days=offset) for offset in range((last - first).days + 1))
