"""What can be understood of what a family says during the day: a closed set of frozen values.

Lessons are named by their `uid`, in the order of the day's facts; children, adults and commitments
by their ids; a minute is one of the family's wall clock. `children` are never empty and in the
family's order: "everybody" is all of them. Nothing here has been done yet: the reader of a value
shows it, and `core.changes` says what becomes of it.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from core.family import Scope
from core.phrase import Phrase, say
from core.plan import Item


@dataclass(frozen=True, slots=True)
class DayFacts:
    """What there is to talk about: lessons of today and of the days to come, as far as the chat may
    see them, and who speaks: a child (in a chat of its own) or an adult, where it is known."""

    lessons: tuple[Item, ...]
    child_id: int | None = None
    adult_id: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """Lessons were held. `started`, `ended` and the `minutes` that they took where they were told;
    `engagement` from 1 (not at all) to 5."""

    lessons: tuple[str, ...]
    started: int | None = None
    ended: int | None = None
    minutes: int | None = None
    engagement: int | None = None


@dataclass(frozen=True, slots=True)
class AllDone:
    """All of today's lessons of these children were held, but for those in `but`."""

    children: tuple[int, ...]
    but: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotYet:
    """Lessons are still to be held; none named: whatever was asked about. Changes nothing, so one
    name may mean several lessons."""

    lessons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """Lessons were not held, or will not be, when they are planned; they may move, or (`let_go`)
    are not made up for."""

    lessons: tuple[str, ...]
    let_go: bool = False


@dataclass(frozen=True, slots=True)
class Sick:
    """Children are ill from `first` to `last`."""

    children: tuple[int, ...]
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Late:
    """What is left of today begins so many minutes later."""

    children: tuple[int, ...]
    minutes: int


@dataclass(frozen=True, slots=True)
class StartAt:
    """On a date, no lesson begins before `start`."""

    children: tuple[int, ...]
    on: date
    start: int


@dataclass(frozen=True, slots=True)
class DayOff:
    """No lessons from `first` to `last`."""

    children: tuple[int, ...]
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class HalfDay:
    """Only the first half of a day's lessons."""

    children: tuple[int, ...]
    on: date


@dataclass(frozen=True, slots=True)
class MoveLesson:
    """A lesson is wanted on `to`, at `start` or (None) wherever it fits; with all who share it."""

    lesson: str
    to: date
    start: int | None = None


@dataclass(frozen=True, slots=True)
class SwapLessons:
    """Two lessons of one child change places."""

    first: str
    second: str


@dataclass(frozen=True, slots=True)
class DropLesson:
    """A lesson is let go; with all who share it."""

    lesson: str


@dataclass(frozen=True, slots=True)
class CancelOccurrence:
    """A commitment (`own`: a child's, else the family's or a parent's) does not happen on dates."""

    commitment_id: int
    own: bool
    dates: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class MoveOccurrence:
    """A commitment's occurrence of the date `on` happens on `to`, from `start` to `end`."""

    commitment_id: int
    own: bool
    on: date
    to: date
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class NewCommitment:
    """Something new that happens once. In the scope of children it is `children`'s, and `adult_id`
    (None: nobody was named) goes along; in a parent's it is the adult's; else everybody's."""

    name: str
    on: date
    start: int
    end: int
    scope: Scope
    children: tuple[int, ...]
    adult_id: int | None = None


@dataclass(frozen=True, slots=True)
class Outing:
    """Something learned outside of the plan, for the records. `subject` is one that the children
    have, if it was told."""

    name: str
    on: date
    minutes: int
    children: tuple[int, ...]
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """The last change is taken back."""


Reply: TypeAlias = Done | AllDone | NotYet | Skip
Request: TypeAlias = (
    Sick
    | Late
    | StartAt
    | DayOff
    | HalfDay
    | MoveLesson
    | SwapLessons
    | DropLesson
    | CancelOccurrence
    | MoveOccurrence
    | NewCommitment
    | Outing
    | Undo
)
Understood: TypeAlias = Reply | Request


class Topic(StrEnum):
    """What a text is about, as far as it was understood; each has an example that works."""

    DONE = "done"
    ALL_DONE = "all_done"
    NOT_YET = "not_yet"
    SKIP = "skip"
    SICK = "sick"
    LATE = "late"
    START = "start"
    DAY_OFF = "day_off"
    HALF_DAY = "half_day"
    MOVE = "move"
    SWAP = "swap"
    DROP = "drop"
    CANCEL = "cancel"
    SHIFT = "shift"
    NEW = "new"
    OUTING = "outing"
    UNDO = "undo"


TOPICS: dict[type, Topic] = {
    Done: Topic.DONE,
    AllDone: Topic.ALL_DONE,
    NotYet: Topic.NOT_YET,
    Skip: Topic.SKIP,
    Sick: Topic.SICK,
    Late: Topic.LATE,
    StartAt: Topic.START,
    DayOff: Topic.DAY_OFF,
    HalfDay: Topic.HALF_DAY,
    MoveLesson: Topic.MOVE,
    SwapLessons: Topic.SWAP,
    DropLesson: Topic.DROP,
    CancelOccurrence: Topic.CANCEL,
    MoveOccurrence: Topic.SHIFT,
    NewCommitment: Topic.NEW,
    Outing: Topic.OUTING,
    Undo: Topic.UNDO,
}


class Why(StrEnum):
    """Why a text must be asked back.

    NOTHING: nothing of ours. WORDS: words are left over that may change what it means. QUESTION: it
    asks. UNSURE: it wishes, doubts or tells of what is to come. TWO_THINGS: it says more than one
    thing. WHICH, WHO, WHEN, HOW_LONG, ENDS: one of several lessons or dates; whom; when; how much;
    until when. NO_SUCH: no such lesson or occurrence there. PAST and FUTURE: it is over, or still
    to come.
    """

    NOTHING = "nothing"
    WORDS = "words"
    QUESTION = "question"
    UNSURE = "unsure"
    TWO_THINGS = "two_things"
    WHICH = "which"
    WHO = "who"
    WHEN = "when"
    HOW_LONG = "how_long"
    ENDS = "ends"
    NO_SUCH = "no_such"
    PAST = "past"
    FUTURE = "future"


MOST_CANDIDATES = 4


@dataclass(frozen=True, slots=True)
class Unclear:
    """Not understood well enough: why, what it was about (None: nothing that we know), and up to
    four readings that it may have, likeliest first; each is complete."""

    why: Why
    topic: Topic | None = None
    candidates: tuple[Understood, ...] = ()


Reading: TypeAlias = Understood | Unclear


def ask_back(why: Why, topic: Topic, candidates: tuple[Understood, ...] = ()) -> Unclear:
    """`Unclear` with different candidates only, and not too many."""
    return Unclear(why, topic, tuple(dict.fromkeys(candidates))[:MOST_CANDIDATES])


def example(unclear: Unclear) -> Phrase:
    """Words that would have been understood."""
    return say(f"said.example.{unclear.topic or Topic.DONE}")
