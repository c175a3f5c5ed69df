"""What a column holds: the shapes of the JSONB columns, and how PostgreSQL keeps them.

Each shape is a frozen model; it is changed by replacing it (`model_copy(update=...)`), because a
change in place would never reach the database. A key that a shape does not know survives a round
trip, and a key that was absent stays absent. Keys are camelCase in JSON, snake_case in Python.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError
from sqlalchemy import Dialect, String, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine

from core.family import Flexibility, LearningTime, PlanningApproach
from core.plan import ItemType
from core.text import clean_json, clean_text
from core.week import Weekday, parse_clock

E = TypeVar("E", bound=StrEnum)


def refusal(reason: str) -> PydanticCustomError:
    """The error of a validator; `reason` says in full what is wrong and what is allowed."""
    return PydanticCustomError("refused", "{reason}", {"reason": reason})


def shown(value: object) -> str:
    """A value as an error message quotes it: on one line, and short."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def one_of(choices: type[E]) -> Callable[[object], E]:
    """A validator that takes the values of `choices`."""

    def check(value: object) -> E:
        if isinstance(value, str) and value in set(choices):
            return choices(value)
        raise refusal(f"{shown(value)} is not one of {', '.join(choices)}")

    return check


def whole(low: int, high: int, step: int = 1) -> Callable[[object], int]:
    """A validator that takes whole numbers from `low` to `high` in steps of `step`."""

    def check(value: object) -> int:
        # bool is an int to Python, and true is no number to a family.
        if type(value) is int and low <= value <= high and value % step == 0:
            return value
        allowed = f"from {low} to {high}" + (f" and a multiple of {step}" if step > 1 else "")
        raise refusal(f"{shown(value)} is not a whole number {allowed}")

    return check


def _clock(value: object) -> str:
    if isinstance(value, str) and re.fullmatch("[0-9]{2}:[0-9]{2}", value):
        try:
            parse_clock(value)
        except ValueError:
            pass
        else:
            return value
    raise refusal(f"{shown(value)} is not a time from 00:00 to 23:59, such as 09:30")


def _date(value: object) -> date:
    if type(value) is date:
        return value
    if isinstance(value, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise refusal(f"{shown(value)} is not a date such as 2026-11-30")


def _day_name(value: object) -> str:
    names = [day.label for day in Weekday]
    if isinstance(value, str) and value in names:
        return value
    raise refusal(f"{shown(value)} is not one of {', '.join(names)}")


ClockTime: TypeAlias = Annotated[str, BeforeValidator(_clock)]
"""Wall time as "HH:MM"."""

Day: TypeAlias = Annotated[date, BeforeValidator(_date)]
"""A date, in JSON "2026-11-30"."""

DayName: TypeAlias = Annotated[str, BeforeValidator(_day_name)]
""" "Monday" to "Sunday"."""

Rating: TypeAlias = Annotated[int, BeforeValidator(whole(1, 5))]
Number: TypeAlias = int | float


class Shape(BaseModel):
    """A JSON object. In Python it is built by field names, from JSON by `read`."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,
        protected_namespaces=(),
    )


S = TypeVar("S", bound=Shape)


def read(model: type[S], data: object) -> S:
    """A JSON value as a shape; `pydantic.ValidationError` if it is none."""
    return model.model_validate(data, by_alias=True, by_name=False)


def write(shape: Shape) -> dict[str, Any]:
    """The JSON value of a shape: clean, and without the keys that were never given."""
    dumped = clean_json(shape.model_dump(mode="json", by_alias=True, exclude_unset=True))
    return dict(dumped)


class FreeObject(Shape):
    """A JSON object whose keys are nobody's promise: questionnaire responses, feedback data,
    feature importance, metrics."""


class _Ratings(Shape):
    model_config = ConfigDict(alias_generator=None)


class Philosophy(_Ratings):
    """How much each statement about teaching fits the family, 1 to 5."""

    traditional: Rating | None = None
    charlotte_mason: Rating | None = None
    montessori: Rating | None = None
    classical: Rating | None = None
    unschooling: Rating | None = None


class SchedulingStyle(_Ratings):
    """How much each statement about the shape of a day fits the family, 1 to 5."""

    block: Rating | None = None
    loop: Rating | None = None
    time_blocked: Rating | None = None
    interest_led: Rating | None = None
    grouped_activities: Rating | None = None


class ActivityPreferences(_Ratings):
    """How much the family likes each kind of activity, 1 to 5."""

    textbooks_worksheets: Rating | None = None
    nature_exploration: Rating | None = None
    arts_crafts: Rating | None = None
    memorization: Rating | None = None
    research_projects: Rating | None = None
    experiments: Rating | None = None
    discussions: Rating | None = None


class FamilyPreferences(Shape):
    """`families.preferences`."""

    scheduling_flexibility: Annotated[Flexibility, BeforeValidator(one_of(Flexibility))] | None = (
        None
    )
    homeschooling_philosophy: Philosophy = Philosophy()
    scheduling_style: SchedulingStyle = SchedulingStyle()
    planning_approach: (
        Annotated[PlanningApproach, BeforeValidator(one_of(PlanningApproach))] | None
    ) = None
    activity_preferences: ActivityPreferences = ActivityPreferences()


class HomeschoolingHours(Shape):
    """From when to when a child learns."""

    start_time: ClockTime
    end_time: ClockTime


class InterestCluster(Shape):
    """Subjects that a child likes alike."""

    name: str | None = None
    subjects: tuple[str, ...] = ()
    average_interest: Number | None = None


class RecommendedBreaks(Shape):
    """Lengths as phrases: "every_45_minutes", "10_minutes"."""

    frequency: str | None = None
    duration: str | None = None
    activities: tuple[str, ...] = ()


class DerivedInsights(Shape):
    """What was concluded about how a child learns."""

    attention_span: str | None = None
    preferred_learning_modality: str | None = None
    interest_clusters: tuple[InterestCluster, ...] = ()
    recommended_breaks: RecommendedBreaks | None = None


class LearningPreferences(Shape):
    """`children.learning_preferences`; `hours_by_day` goes before `homeschooling_hours`."""

    best_learning_times: tuple[
        Annotated[LearningTime, BeforeValidator(one_of(LearningTime))], ...
    ] = ()
    homeschooling_hours: HomeschoolingHours | None = None
    school_days: tuple[DayName, ...] | None = None
    hours_by_day: dict[DayName, HomeschoolingHours] = {}
    derived_insights: DerivedInsights | None = None


class SubjectMetadata(Shape):
    """`subjects.metadata`: the weekdays on which a subject may be taught, and an exact number of
    sessions a week."""

    days: tuple[DayName, ...] | None = None
    sessions_per_week: Annotated[int, BeforeValidator(whole(0, 7))] | None = None


class ScheduleEntry(Shape):
    """One item of a day. `family_commitment_id` stands in place of `commitment_id` where the
    whole family goes; `adult` is the name of whom a lesson needs; `activity` what to do in a
    break."""

    id: int | None = None
    type: Annotated[ItemType, BeforeValidator(one_of(ItemType))]
    name: str
    start_time: ClockTime
    end_time: ClockTime
    subject_id: int | None = None
    commitment_id: int | None = None
    family_commitment_id: int | None = None
    is_external: bool | None = None
    completed: bool | None = None
    adult: str | None = None
    activity: str | None = None


class ScheduleDay(Shape):
    """One date and its items."""

    date: Day
    day_of_week: DayName | None = None
    items: tuple[ScheduleEntry, ...] = ()


class LearningBlock(Shape):
    """Lessons of one kind in one part of the day; `average_duration` in minutes."""

    type: str | None = None
    preferred_time: str | None = None
    subjects: tuple[str, ...] = ()
    average_duration: Number | None = None


class BreakPatterns(Shape):
    """How often a child rests, for how many minutes, and at what."""

    frequency: str | None = None
    duration: Number | None = None
    activity_suggestions: tuple[str, ...] = ()


class SchedulePatterns(Shape):
    """`schedules.patterns`, also a part of `ScheduleData`."""

    learning_blocks: tuple[LearningBlock, ...] = ()
    break_patterns: BreakPatterns | None = None


class ScheduleData(Shape):
    """`schedules.schedule_data`: one child's week."""

    week_start_date: Day
    version: int | None = None
    generation_method: str | None = None
    days: tuple[ScheduleDay, ...] = ()
    patterns: SchedulePatterns | None = None


class OriginalSubject(Shape):
    """The subject as it was when its lesson was planned; `session_duration` in minutes."""

    name: str | None = None
    is_core_subject: bool | None = None
    session_duration: int | None = None
    parent_involvement: str | None = None


class Resource(Shape):
    """Material for a lesson."""

    type: str | None = None
    name: str | None = None
    url: str | None = None


class Adjustment(Shape):
    """One change of an item: when (`date`, ISO 8601), from where, and why."""

    date: str | None = None
    previous_date: Day | None = None
    previous_start_time: ClockTime | None = None
    previous_end_time: ClockTime | None = None
    reason: str | None = None


class ItemData(Shape):
    """`schedule_items.item_data`."""

    original_subject: OriginalSubject | None = None
    notes: str | None = None
    resources: tuple[Resource, ...] = ()
    adjustment_history: tuple[Adjustment, ...] = ()


class DecidedLesson(Shape):
    """One session of a child's subject, named by its date and, where the hour matters, start."""

    subject_id: int
    date: Day
    start_time: ClockTime | None = None


class WeekDecisions(Shape):
    """`schedules.decisions`: what the family has decided about a child's lessons of the week."""

    pins: tuple[DecidedLesson, ...] = ()
    dropped: tuple[DecidedLesson, ...] = ()
    missed: tuple[DecidedLesson, ...] = ()
    carried: tuple[DecidedLesson, ...] = ()


class ChangedWeek(Shape):
    """The ids of the active versions of a week, one a child, before a change and after it."""

    week_start_date: Day
    before: tuple[int, ...]
    after: tuple[int, ...]


class FactRow(Shape):
    """A row as `to_jsonb` writes it; `items` are the uids of the items that point to it."""

    table: str
    row: dict[str, JsonValue]
    items: tuple[str, ...] = ()


class DoneLesson(Shape):
    """The arguments with which a lesson was marked as done; minutes of its day."""

    uid: str
    by: str
    at: str
    started: int | None = None
    ended: int | None = None


class BusyTime(Shape):
    """A time that a calendar outside takes, on the family's clock."""

    date: date
    start_time: ClockTime
    end_time: ClockTime


class DaySettings(Shape):
    """`families.day_settings`: what was set otherwise than usual; a time of null is never."""

    morning: ClockTime | None = None
    evening: ClockTime | None = None
    review: ClockTime | None = None
    quiet_from: ClockTime | None = None
    quiet_until: ClockTime | None = None
    paused_until: str | None = None
    automatic: bool | None = None


class BusyProposal(Shape):
    """`calendar_connections.proposal`: times that have come and gone, and would move lessons."""

    added: tuple[BusyTime, ...] = ()
    removed: tuple[BusyTime, ...] = ()


class ChangeEffect(Shape):
    """`week_changes.effect`: what a change has done, so that it can be taken back."""

    weeks: tuple[ChangedWeek, ...] = ()
    added: tuple[FactRow, ...] = ()
    removed: tuple[FactRow, ...] = ()
    done: DoneLesson | None = None
    not_done: DoneLesson | None = None


class LoggedOriginal(Shape):
    """What a log's lesson was planned to be; `duration` in minutes."""

    subject_id: int | None = None
    name: str | None = None
    duration: int | None = None


class LogScheduled(Shape):
    """`activity_logs.scheduled`."""

    start_time: ClockTime | None = None
    end_time: ClockTime | None = None
    original: LoggedOriginal | None = None


class LogActual(Shape):
    """`activity_logs.actual`; `completed_at` in ISO 8601, `child_engagement` from 1 to 5."""

    completed: bool | None = None
    completed_at: str | None = None
    start_time: ClockTime | None = None
    end_time: ClockTime | None = None
    adjustment_reason: str | None = None
    parent_involvement: str | None = None
    child_engagement: Number | None = None


class ModelWeights(Shape):
    """The four weights of the soft rules."""

    child_interest: Number | None = None
    learning_times: Number | None = None
    parent_involvement: Number | None = None
    subject_coherence: Number | None = None


class ModelPerformance(Shape):
    """How weeks made with a model fared."""

    average_satisfaction_score: Number | None = None
    usage_count: int | None = None
    adjustment_rate: Number | None = None
    completion_rate: Number | None = None


class TrainingData(Shape):
    """What a model was trained on."""

    sample_count: int | None = None
    last_updated: Day | None = None
    dataset_version: str | None = None


class ModelParameters(Shape):
    """`ml_models.parameters`."""

    weights: ModelWeights | None = None
    hyperparameters: dict[str, JsonValue] = {}
    feature_engineering: dict[str, JsonValue] = {}
    feature_importance: dict[str, JsonValue] = {}
    performance: ModelPerformance | None = None
    training_data: TrainingData | None = None


SectionState: TypeAlias = Literal["not_started", "in_progress", "complete"]


class ChildProgress(Shape):
    """How far the questionnaire is for one child."""

    child_id: str | int | None = None
    name: str | None = None
    section3_child: SectionState | None = None
    section4: SectionState | None = None
    section6: SectionState | None = None


class QuestionnaireSession(Shape):
    """`questionnaire_sessions.session_data`: a draft; `last_updated` in ISO 8601."""

    current_section: int | None = None
    progress: dict[str, SectionState] = {}
    children_progress: tuple[ChildProgress, ...] = ()
    draft_responses: dict[str, JsonValue] = {}
    last_updated: str | None = None


class Json(TypeDecorator[Shape]):
    """A JSONB column that holds one shape; None is SQL NULL."""

    impl = JSONB
    cache_ok = True

    def __init__(self, model: type[Shape]) -> None:
        super().__init__(none_as_null=True)
        self.model = model

    def process_bind_param(self, value: Shape | None, dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else write(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Shape | None:
        return None if value is None else read(self.model, value)

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        # A path or a text on the other side of a JSONB operator is not a shape.
        return self.impl_instance.coerce_compared_value(op, value)


class UtcTimestamp(TypeDecorator[datetime]):
    """A TIMESTAMP WITHOUT TIME ZONE held in UTC: takes and gives aware datetimes."""

    impl = TIMESTAMP
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """`ValueError` for a naive datetime: nobody knows which instant it means."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class CleanString(TypeDecorator[str]):
    """A VARCHAR that takes any text (see `clean_text`)."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean_text(value)


class CleanText(CleanString):
    """A TEXT that takes any text (see `clean_text`)."""

    impl = Text
    cache_ok = True
