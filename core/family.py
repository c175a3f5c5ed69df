"""A family as the engine knows it: frozen, complete, without a database.

Values of the enumerations are those of the data model, so that JSON, rows and code say the same.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from core.week import Weekday


class Frequency(StrEnum):
    """How often a subject is wanted in a week."""

    DAILY = "daily"
    TWO_OR_THREE = "2-3_times_per_week"
    WEEKLY = "once_a_week"
    OCCASIONALLY = "occasionally"


class Involvement(StrEnum):
    """How much of one adult a lesson takes."""

    FULL = "full_involvement"
    SOME = "some_assistance"
    MINIMAL = "minimal_supervision"
    INDEPENDENT = "independent"

    @property
    def attention(self) -> int:
        """Share of one adult's attention, in per cent."""
        return {"full_involvement": 100, "some_assistance": 50, "minimal_supervision": 20}.get(
            self.value, 0
        )


class CommitmentFrequency(StrEnum):
    """How a commitment recurs."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    ONE_TIME = "one-time"


class Scope(StrEnum):
    """Whom a commitment takes."""

    FAMILY = "family"
    PARENT = "parent"
    CHILD = "child"


class LearningTime(StrEnum):
    """A part of the day in which a child learns best."""

    EARLY_MORNING = "early_morning"
    MID_MORNING = "mid-morning"
    EARLY_AFTERNOON = "early_afternoon"
    LATE_AFTERNOON = "late_afternoon"
    EVENING = "evening"

    @property
    def window(self) -> tuple[int, int]:
        """First and last minute of it."""
        return {
            "early_morning": (6 * 60, 9 * 60),
            "mid-morning": (9 * 60, 12 * 60),
            "early_afternoon": (12 * 60, 15 * 60),
            "late_afternoon": (15 * 60, 18 * 60),
            "evening": (18 * 60, 24 * 60),
        }[self.value]


class Flexibility(StrEnum):
    """How firmly a family holds to its plan."""

    VERY_FLEXIBLE = "very_flexible"
    GENERALLY_FOLLOWED = "generally_followed"
    MODERATE = "moderate_structure"
    MOSTLY_STRUCTURED = "mostly_structured"
    STRICT = "strictly_structured"

    @property
    def slack(self) -> float:
        """Share of the homeschooling hours that stays free."""
        return {
            "very_flexible": 0.25,
            "generally_followed": 0.20,
            "moderate_structure": 0.15,
            "mostly_structured": 0.10,
            "strictly_structured": 0.05,
        }[self.value]


class PlanningApproach(StrEnum):
    """Where a family's plans come from."""

    SET_CURRICULUM = "set_curriculum"
    CURRICULUM_AS_GUIDE = "curriculum_as_guide"
    OWN_LESSON_PLANS = "own_lesson_plans"
    INTEREST_LED = "interest_led"
    MIX = "mix_of_planned_and_spontaneous"


PHILOSOPHIES = ("traditional", "charlotte_mason", "montessori", "classical", "unschooling")
SCHEDULING_STYLES = ("block", "loop", "time_blocked", "interest_led", "grouped_activities")
ACTIVITIES = (
    "textbooks_worksheets",
    "nature_exploration",
    "arts_crafts",
    "memorization",
    "research_projects",
    "experiments",
    "discussions",
)

SCHOOL_DAYS = (
    Weekday.MONDAY,
    Weekday.TUESDAY,
    Weekday.WEDNESDAY,
    Weekday.THURSDAY,
    Weekday.FRIDAY,
)
"""School days of a child who has named none."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Homeschooling hours, in minutes of the day."""

    start: int
    end: int


DEFAULT_HOURS = Hours(9 * 60, 14 * 60)
"""Homeschooling hours of a child who has named none."""

BREAK = 10
"""Minutes of rest that end a run of lessons, unless the child's preferences say otherwise."""


def attention_span(age: int) -> int:
    """Minutes of lessons that a child of this age takes in one run."""
    if age <= 4:
        return 20
    if age <= 8:
        return 45
    if age <= 12:
        return 60
    return 90


def minutes_in(text: str) -> int | None:
    """The minutes in a phrase of the data model ("every_45_minutes", "10_minutes").

    None where it names no length.
    """
    found = re.search(r"(\d+)_minutes?$", text)
    return int(found[1]) if found and int(found[1]) > 0 else None


@dataclass(frozen=True, slots=True)
class Adult:
    """Somebody who teaches."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Override:
    """One occurrence of a commitment, that of the date `on`, which is otherwise than the others:
    from `start` to `end` (minutes), or (no times) not at all."""

    on: date
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Commitment:
    """Something the family has promised elsewhere.

    `on` is the date of a one-time commitment, or the day of the month of a monthly one.
    `end <= start` means that it lasts past midnight. `adult_id` is the adult whom a parent's
    commitment takes, or who goes along with a child (None: the first adult for a parent's,
    anyone for a child's). `overrides` are the single occurrences that differ, one for a date.
    `connection_id` names the calendar outside from which we know of it (None: the family told us).
    """

    id: int
    name: str
    frequency: CommitmentFrequency
    start: int
    end: int
    scope: Scope
    days_of_week: tuple[Weekday, ...] = ()
    on: date | None = None
    adult_id: int | None = None
    needs_adult: bool = False
    overrides: tuple[Override, ...] = ()
    connection_id: int | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a child learns. `minutes` is the length of one session."""

    id: int
    name: str
    core: bool
    minutes: int
    frequency: Frequency
    involvement: Involvement
    interest: int
    fixed_time: bool = False
    preferred_time: int | None = None
    teach_together: bool = False
    days: tuple[Weekday, ...] | None = None
    sessions_per_week: int | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """A child with everything that a week must know of it.

    `span` and `break_minutes` are in minutes and already resolved (`attention_span`, or what the
    child's preferences say).
    """

    id: int
    name: str
    age: int
    hours: Hours
    span: int
    subjects: tuple[Subject, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    school_days: tuple[Weekday, ...] = SCHOOL_DAYS
    hours_by_day: Mapping[Weekday, Hours] = field(default_factory=lambda: MappingProxyType({}))
    hours_by_date: Mapping[date, Hours] = field(default_factory=lambda: MappingProxyType({}))
    best_times: tuple[LearningTime, ...] = ()
    break_minutes: int = BREAK
    break_activities: tuple[str, ...] = ()

    def hours_on(self, day: date) -> Hours:
        """The homeschooling hours of a date, whether or not it is a school day: those that were
        asked for this date alone go before those of its weekday."""
        usual = self.hours_by_day.get(Weekday.of(day), self.hours)
        return self.hours_by_date.get(day, usual)


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a family likes to teach; ratings run from 1 to 5."""

    flexibility: Flexibility = Flexibility.MODERATE
    approach: PlanningApproach = PlanningApproach.MIX
    philosophy: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    style: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    activities: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class DayOff:
    """A date without lessons, for one child or (None) for all."""

    date: date
    child_id: int | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """Everybody, and all that is asked of their week. `adults` are those who teach, `others`
    belong to the family without teaching (any more). `commitments` are the family's and the
    parents' own; a child's stand with the child."""

    timezone: str
    adults: tuple[Adult, ...]
    children: tuple[Child, ...]
    preferences: Preferences = field(default_factory=Preferences)
    commitments: tuple[Commitment, ...] = ()
    days_off: tuple[DayOff, ...] = ()
    others: tuple[Adult, ...] = ()

    def child(self, child_id: int) -> Child:
        return next(child for child in self.children if child.id == child_id)

    def adult(self, adult_id: int) -> Adult:
        return next(adult for adult in (*self.adults, *self.others) if adult.id == adult_id)


@dataclass(frozen=True, slots=True)
class Identities:
    """The ids of what the lists of a family document hold, in the document's order; None for what
    is new. `subjects` and `child_commitments` have one list for each child."""

    children: tuple[int | None, ...] = ()
    subjects: tuple[tuple[int | None, ...], ...] = ()
    commitments: tuple[int | None, ...] = ()
    child_commitments: tuple[tuple[int | None, ...], ...] = ()
