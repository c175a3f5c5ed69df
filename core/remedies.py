"""Single changes of what a family asks, each as data that can be applied, now or later.

A remedy names what it changes by ids, so that a button can carry it to the stored family.
"""

from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from core.family import (
    Adult,
    Child,
    Commitment,
    CommitmentFrequency,
    Family,
    Hours,
    Involvement,
    Scope,
    Subject,
)
from core.week import DAY, Weekday

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Key: TypeAlias = tuple[int, int]
"""(child id, subject id)."""


@dataclass(frozen=True, slots=True)
class TeachTogether:
    """Siblings share the lessons of their subjects of one name."""

    subjects: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class GoInstead:
    """Another adult goes along to a child's commitment."""

    child_id: int
    commitment_id: int
    adult_id: int


@dataclass(frozen=True, slots=True)
class FreeTime:
    """Subjects (one, or one that siblings share) lose their fixed time."""

    subjects: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class FreeDays:
    """Subjects may come on any school day, as many times a week as so far."""

    subjects: tuple[Key, ...]
    sessions: int


@dataclass(frozen=True, slots=True)
class Later:
    """A parent's commitment comes later, by so many minutes."""

    commitment_id: int
    minutes: int


@dataclass(frozen=True, slots=True)
class LongerDay:
    """A child's homeschooling hours go on longer on these weekdays, by so many minutes."""

    child_id: int
    weekdays: tuple[Weekday, ...]
    minutes: int


@dataclass(frozen=True, slots=True)
class Independent:
    """Subjects are done without a grown-up."""

    subjects: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Shorter:
    """One session of subjects takes so many minutes."""

    subjects: tuple[Key, ...]
    minutes: int


@dataclass(frozen=True, slots=True)
class Helper:
    """One more adult teaches on these dates: `adult_id` of the family's others, or anyone."""

    dates: tuple[date, ...]
    adult_id: int | None


@dataclass(frozen=True, slots=True)
class Fewer:
    """Subjects come so many times a week; 0 leaves them out."""

    subjects: tuple[Key, ...]
    sessions: int


Remedy: TypeAlias = (
    TeachTogether
    | GoInstead
    | FreeTime
    | FreeDays
    | Later
    | LongerDay
    | Independent
    | Shorter
    | Helper
    | Fewer
)

GENTLENESS: tuple[type, ...] = (
    TeachTogether,
    GoInstead,
    FreeTime,
    FreeDays,
    Later,
    LongerDay,
    Independent,
    Shorter,
    Helper,
    Fewer,
)
"""The kinds of remedy, beginning with what takes least from a family."""


def remedied(family: Family, remedy: Remedy, dates: "Iterable[date]") -> Family:
    """The family as `remedy` makes it, in the week of `dates`: a helper who comes on some of them
    is away on the others. Other weeks see the same change, but for the helper."""
    match remedy:
        case TeachTogether(subjects):
            return _with_subjects(family, subjects, lambda each: replace(each, teach_together=True))
        case FreeTime(subjects):
            return _with_subjects(family, subjects, lambda each: replace(each, fixed_time=False))
        case FreeDays(subjects, sessions):
            return _with_subjects(
                family, subjects, lambda each: replace(each, days=None, sessions_per_week=sessions)
            )
        case Independent(subjects):
            alone = Involvement.INDEPENDENT
            return _with_subjects(family, subjects, lambda each: replace(each, involvement=alone))
        case Shorter(subjects, minutes):
            return _with_subjects(family, subjects, lambda each: replace(each, minutes=minutes))
        case Fewer(subjects, sessions):
            return _with_subjects(
                family, subjects, lambda each: replace(each, sessions_per_week=sessions)
            )
        case GoInstead(child_id, commitment_id, adult_id):
            return _with_child(
                family,
                child_id,
                lambda child: replace(
                    child,
                    commitments=tuple(
                        replace(each, adult_id=adult_id) if each.id == commitment_id else each
                        for each in child.commitments
                    ),
                ),
            )
        case LongerDay(child_id, weekdays, minutes):
            return _with_child(family, child_id, lambda child: _longer(child, weekdays, minutes))
        case Later(commitment_id, minutes):
            return replace(
                family,
                commitments=tuple(
                    replace(each, start=each.start + minutes, end=each.end + minutes)
                    if each.id == commitment_id
                    else each
                    for each in family.commitments
                ),
            )
        case Helper(on, adult_id):
            return _helped(family, on, adult_id, dates)


def _longer(child: Child, weekdays: tuple[Weekday, ...], minutes: int) -> Child:
    hours = dict(child.hours_by_day)
    for weekday in weekdays:
        former = hours.get(weekday, child.hours)
        hours[weekday] = Hours(former.start, min(DAY, former.end + minutes))
    return replace(child, hours_by_day=MappingProxyType(hours))


def _helped(
    family: Family, on: tuple[date, ...], adult_id: int | None, dates: "Iterable[date]"
) -> Family:
    known = next((adult for adult in family.others if adult.id == adult_id), None)
    number = 1 + max((adult.id for adult in (*family.adults, *family.others)), default=0)
    helper = known or Adult(number, "")
    first = 1 + max((each.id for each in family.commitments), default=0)
    away = tuple(
        Commitment(
            first + index,
            "",
            CommitmentFrequency.ONE_TIME,
            0,
            0,  # until the next midnight
            Scope.PARENT,
            on=day,
            adult_id=helper.id,
        )
        for index, day in enumerate(day for day in dates if day not in on)
    )
    return replace(
        family,
        adults=(*family.adults, helper),
        others=tuple(adult for adult in family.others if adult is not known),
        commitments=(*family.commitments, *away),
    )


def _with_subjects(
    family: Family, keys: tuple[Key, ...], change: "Callable[[Subject], Subject]"
) -> Family:
    for child_id in dict.fromkeys(child_id for child_id, _ in keys):
        family = _with_child(
            family,
            child_id,
            lambda child: replace(
                child,
                subjects=tuple(
                    change(each) if (child.id, each.id) in keys else each for each in child.subjects
                ),
            ),
        )
    return family


def _with_child(family: Family, child_id: int, change: "Callable[[Child], Child]") -> Family:
    children = tuple(change(child) if child.id == child_id else child for child in family.children)
    return replace(family, children=children)
