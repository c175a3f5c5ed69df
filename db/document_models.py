"""The keys of the family document, each with the values that it allows.

Keys are camelCase in JSON. A key that is not listed is refused, except inside preferences,
learning preferences and metadata.
"""

import re
from datetime import datetime
from functools import cache
from typing import Annotated, TypeAlias
from zoneinfo import available_timezones

from pydantic import BeforeValidator, ConfigDict, Field, JsonValue

from core.family import CommitmentFrequency, Frequency, Involvement, Scope
from core.week import GRID
from db.types import (
    ClockTime,
    Day,
    DayName,
    FamilyPreferences,
    LearningPreferences,
    Rating,
    ScheduleData,
    Shape,
    SubjectMetadata,
    one_of,
    refusal,
    shown,
    whole,
)

MAX_NAME = 80
MAX_ADULTS = 20


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(value: object) -> str:
    if isinstance(value, str) and value in _zones():
        return value
    raise refusal(f"{shown(value)} is not an IANA time zone such as America/New_York")


def _name(value: object) -> str:
    if isinstance(value, str):
        tidy = " ".join(value.split())
        if 1 <= len(tidy) <= MAX_NAME:
            return tidy
    raise refusal(f"{shown(value)} is not a name of 1 to {MAX_NAME} characters")


def _email(value: object) -> str:
    if isinstance(value, str) and len(value) <= 255 and re.fullmatch(r"[^@\s]+@[^@\s]+", value):
        return value
    raise refusal(f"{shown(value)} is not an e-mail address such as sarah@example.com")


def _moment(value: object) -> datetime:
    if isinstance(value, str) and re.fullmatch(r"[0-9-]{10}T[0-9:]{5,8}", value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise refusal(f"{shown(value)} is not a wall time such as 2025-04-08T11:00")


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise refusal(f"{shown(value)} is not true or false")


def _adults(value: object) -> object:
    """A number of adults as that many adults with a name."""
    if isinstance(value, list | tuple):
        return value
    if type(value) is int and 1 <= value <= MAX_ADULTS:
        return [{"name": f"Adult {number}"} for number in range(1, value + 1)]
    raise refusal(f'{shown(value)} is neither 1 to {MAX_ADULTS} nor a list of {{"name": ...}}')


Name: TypeAlias = Annotated[str, BeforeValidator(_name)]
Flag: TypeAlias = Annotated[bool, BeforeValidator(_flag)]
Moment: TypeAlias = Annotated[datetime, BeforeValidator(_moment)]


class Strict(Shape):
    """An object whose keys are all listed."""

    model_config = ConfigDict(extra="forbid")


class ParentDocument(Strict):
    """Whose family it is."""

    name: Name
    email: Annotated[str, BeforeValidator(_email)] | None = None


class AdultDocument(Strict):
    """Somebody who teaches."""

    name: Name


class CommitmentDocument(Strict):
    """A recurring commitment; `end_time <= start_time` means that it lasts past midnight.

    `date` is the date of a one-time commitment and gives a monthly one its day of the month.
    """

    name: Name
    frequency: Annotated[CommitmentFrequency, BeforeValidator(one_of(CommitmentFrequency))]
    days_of_week: tuple[DayName, ...] = ()
    date: Day | None = None
    start_time: ClockTime
    end_time: ClockTime
    scope: Annotated[Scope, BeforeValidator(one_of(Scope))] | None = None
    adult: str | None = None


class ChildCommitmentDocument(CommitmentDocument):
    """A child's own commitment; `adult` names who goes along."""

    needs_adult: Flag | None = None


class SubjectDocument(Strict):
    """What a child learns; `session_duration` in minutes."""

    name: Name
    is_core_subject: Flag = False
    session_duration: Annotated[int, BeforeValidator(whole(5, 240, GRID))]
    frequency: Annotated[Frequency, BeforeValidator(one_of(Frequency))]
    parent_involvement: Annotated[Involvement, BeforeValidator(one_of(Involvement))]
    fixed_time_required: Flag = False
    preferred_time: ClockTime | None = None
    interest_level: Rating = 3
    teach_together: Flag = False
    metadata: SubjectMetadata = SubjectMetadata()


class ChildDocument(Strict):
    """A child with commitments and subjects; `school_days` goes before those in the
    preferences."""

    name: Name
    age: Annotated[int, BeforeValidator(whole(2, 18))]
    school_days: tuple[DayName, ...] | None = None
    learning_preferences: LearningPreferences = LearningPreferences()
    commitments: tuple[ChildCommitmentDocument, ...] = ()
    subjects: tuple[SubjectDocument, ...] = ()
    questionnaire_responses: JsonValue = None


class DayOffDocument(Strict):
    """A date without lessons, for one child or for all."""

    date: Day
    child: str | None = None


class LessonDocument(Strict):
    """Names one session of a child's subject."""

    child: str
    subject: str
    date: Day
    start_time: ClockTime | None = None


class PreviousChild(Shape):
    """One child's week in an earlier output."""

    name: str
    schedule_data: ScheduleData


class PreviousPlan(Shape):
    """An earlier output of `plan`; only the weeks of the children matter."""

    children: tuple[PreviousChild, ...] = ()


class FamilyDocument(Strict):
    """A whole family and, to plan a week, what is asked of it."""

    week_start_date: Day | None = None
    timezone: Annotated[str, BeforeValidator(_zone)]
    adults: Annotated[tuple[AdultDocument, ...], BeforeValidator(_adults)] = (
        AdultDocument(name="Adult 1"),
    )
    preferences: FamilyPreferences = FamilyPreferences()
    commitments: tuple[CommitmentDocument, ...] = ()
    days_off: tuple[DayOffDocument, ...] = ()
    children: tuple[ChildDocument, ...]
    previous: PreviousPlan | None = None
    now: Moment | None = None
    pins: tuple[LessonDocument, ...] = ()
    dropped: tuple[LessonDocument, ...] = ()
    missed: tuple[LessonDocument, ...] = ()
    carried: tuple[LessonDocument, ...] = ()
    loop: dict[str, str] = Field(default_factory=dict)
    parent: ParentDocument | None = None
    questionnaire_responses: JsonValue = None
    schedules: JsonValue = None
    activity_logs: JsonValue = None
    user_feedback: JsonValue = None
    exported_at: JsonValue = None
