"""What is asked of a week, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from core.family import Family
from core.phrase import Phrase
from core.remedies import Remedy

ENGINE = "cp_sat_v1"
"""`generation_method` of the weeks that this engine makes."""


class ItemType(StrEnum):
    """What fills a stretch of a child's day."""

    SUBJECT = "subject"
    COMMITMENT = "commitment"
    BREAK = "break"
    LUNCH = "lunch"


class Status(StrEnum):
    """OPTIMAL: nothing left out and gap 0. FEASIBLE: nothing left out, gap stated. PARTIAL:
    something is left out."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of one child's day; `start` and `end` in minutes of that day.

    A lesson has `subject_id`, and `adult_id` if it takes attention. A commitment has
    `commitment_id` (a child's own) or `family_commitment_id`, and is external: not ours to move.
    `uid` is the lesson's identity for life and empty until it is stored.
    """

    child_id: int
    date: date
    type: ItemType
    name: str
    start: int
    end: int
    subject_id: int | None = None
    commitment_id: int | None = None
    family_commitment_id: int | None = None
    adult_id: int | None = None
    external: bool = False
    completed: bool = False
    suggestion: str | None = None
    uid: str | None = None


@dataclass(frozen=True, slots=True)
class Lesson:
    """Names one session of a subject: on `date`, at `start` where the hour matters."""

    child_id: int
    subject_id: int
    date: date
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a family has decided about the lessons of a week, and every later plan of it honours:
    see `WeekRequest`."""

    pins: tuple[Lesson, ...] = ()
    dropped: tuple[Lesson, ...] = ()
    missed: tuple[Lesson, ...] = ()
    carried: tuple[Lesson, ...] = ()


@dataclass(frozen=True, slots=True)
class Weights:
    """The four weights of the active model; they sum to 1."""

    child_interest: float = 0.4
    learning_times: float = 0.3
    parent_involvement: float = 0.2
    subject_coherence: float = 0.1


@dataclass(frozen=True, slots=True)
class WeekRequest:
    """A week to plan.

    `now` is the family's wall time (naive): what starts before or at it stays as `previous` has
    it, and no new lesson starts at or before it. `pins` stand where they are; `dropped` sessions
    are given up by the family; `missed` ones were not held and no longer count; `carried` ones
    are owed from an earlier week and raise this week's count by one each. `loop` is, for a child,
    the subject whose turn is next.
    """

    family: Family
    week_start: date
    now: datetime | None = None
    previous: tuple[Item, ...] = ()
    pins: tuple[Lesson, ...] = ()
    dropped: tuple[Lesson, ...] = ()
    missed: tuple[Lesson, ...] = ()
    carried: tuple[Lesson, ...] = ()
    loop: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    weights: Weights = field(default_factory=Weights)


@dataclass(frozen=True, slots=True)
class Unscheduled:
    """`missing` sessions of a subject that the week could not hold, and why."""

    child_id: int
    subject_id: int
    missing: int
    reason: Phrase


@dataclass(frozen=True, slots=True)
class Repair:
    """A change that would make room; `gain` is the weight of omissions that it saves, in a week
    that was found and checked. `remedy` is the change itself."""

    text: Phrase
    gain: int
    remedy: Remedy


@dataclass(frozen=True, slots=True)
class Move:
    """A lesson that stands elsewhere than before."""

    child_id: int
    subject_id: int
    old: tuple[date, int]
    new: tuple[date, int]


@dataclass(frozen=True, slots=True)
class Scores:
    """How well a week serves each of the four aims, from 0 to 1."""

    child_interest: float
    learning_times: float
    parent_involvement: float
    subject_coherence: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A week.

    `omission_weight` is what is left out (see `core.hard.omission_weight`), `omission_bound` what
    no plan can go below; `objective` is the soft score and `bound` what no plan with as few
    omissions can exceed.
    """

    request: WeekRequest
    status: Status
    items: tuple[Item, ...]
    omission_weight: int
    omission_bound: int
    objective: float
    bound: float
    solve_seconds: float
    scores: Scores
    unscheduled: tuple[Unscheduled, ...] = ()
    conflicts: tuple[Phrase, ...] = ()
    repairs: tuple[Repair, ...] = ()
    moved: tuple[Move, ...] = ()
