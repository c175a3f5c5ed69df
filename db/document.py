"""The family document: what `plan` and `import` read, and `export` writes.

Keys are camelCase, times "HH:MM", dates ISO 8601. A key that is not listed here is refused,
except inside preferences, learning preferences and metadata.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import count
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from core.commitments import busy
from core.family import (
    ACTIVITIES,
    BREAK,
    DEFAULT_HOURS,
    PHILOSOPHIES,
    SCHEDULING_STYLES,
    SCHOOL_DAYS,
    Adult,
    Child,
    Commitment,
    CommitmentFrequency,
    DayOff,
    Family,
    Flexibility,
    Hours,
    PlanningApproach,
    Preferences,
    Scope,
    Subject,
    attention_span,
    minutes_in,
)
from core.plan import Item, ItemType, Lesson, WeekRequest
from core.text import clean_json, name_key
from core.week import DAY, GRID, Weekday, clock, parse_clock, week_dates
from db.document_models import (
    MAX_ADULTS,
    AdultDocument,
    ChildCommitmentDocument,
    ChildDocument,
    CommitmentDocument,
    FamilyDocument,
    LessonDocument,
    SubjectDocument,
)
from db.types import (
    FamilyPreferences,
    HomeschoolingHours,
    ScheduleEntry,
    Shape,
    read,
    shown,
    write,
)

__all__ = [
    "DocumentError",
    "FamilyDocument",
    "dump_document",
    "parse_document",
    "to_child",
    "to_commitment",
    "to_days",
    "to_family",
    "to_hours",
    "to_preferences",
    "to_request",
    "to_subject",
]

MAX_CHILDREN = 20
MAX_SUBJECTS = 40
MAX_COMMITMENTS = 100
FIRST_YEAR, LAST_YEAR = 2000, 2199


N = TypeVar("N", Adult, Subject, Commitment)


class DocumentError(ValueError):
    """A document that cannot be read; its text is one line: which key, and what is allowed."""


def parse_document(data: object) -> FamilyDocument:
    """A JSON value as a family document; `DocumentError` if it is none."""
    try:
        json.dumps(data, allow_nan=False)
        cleaned = clean_json(data)
    except (RecursionError, TypeError, ValueError):
        raise DocumentError("document: is not plain JSON with finite numbers") from None
    try:
        document = read(FamilyDocument, cleaned)
    except ValidationError as error:
        # A misspelt key makes the right one missing; the misspelling is the better news.
        worst = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        raise DocumentError(_in_one_line(worst)) from None
    for path, reason in _contradictions(document):
        raise DocumentError(f"{path}: {reason}")
    return document


def dump_document(document: FamilyDocument) -> dict[str, Any]:
    """The JSON value that `parse_document` reads; keys that were never given are left out."""
    return write(document)


_PLAIN_WORDS = {
    "missing": "is missing",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "tuple_type": "must be a list",
    "string_type": "must be a text",
}


def _in_one_line(error: ErrorDetails) -> str:
    path = ""
    for part in error["loc"]:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            name = part if part.isidentifier() else shown(part)
            path += f".{name}" if path else name
    if error["type"] == "extra_forbidden":
        known = ", ".join(_keys_at(error["loc"][:-1]))
        return f"{path}: is not a known key; known here are {known}"
    reason = _PLAIN_WORDS.get(error["type"], error["msg"])
    return f"{path or 'document'}: {' '.join(reason.split())}"


def _keys_at(loc: Sequence[int | str]) -> list[str]:
    model: type[BaseModel] = FamilyDocument
    for part in loc:
        for field in model.model_fields.values():
            if field.alias == part:
                model = _model_in(field.annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)


Contradiction: TypeAlias = tuple[str, str]


def _contradictions(document: FamilyDocument) -> Iterator[Contradiction]:
    """What no single value shows: (path, reason), in the order of the document."""
    monday = document.week_start_date
    if monday is not None and monday.weekday() != Weekday.MONDAY:
        yield "weekStartDate", f"{monday} is a {Weekday.of(monday).label}, not a Monday"
    if monday is not None and not FIRST_YEAR <= monday.year <= LAST_YEAR:
        yield "weekStartDate", f"{monday} is not in the years {FIRST_YEAR} to {LAST_YEAR}"
    if not document.adults:
        yield "adults", "must name at least one adult"
    yield from _too_many("adults", document.adults, MAX_ADULTS)
    yield from _doubles("adults", [adult.name for adult in document.adults], "another adult")
    yield from _in_commitments("", document.commitments, document)
    yield from _too_many("children", document.children, MAX_CHILDREN)
    yield from _doubles("children", [child.name for child in document.children], "another child")
    for number, child in enumerate(document.children):
        yield from _in_child(f"children[{number}]", child, document)
    yield from _in_shared(document.children)
    yield from _in_references(document)


def _too_many(path: str, listed: Sequence[object], most: int) -> Iterator[Contradiction]:
    if len(listed) > most:
        yield path, f"has {len(listed)} entries, at most {most} are allowed"


def _doubles(path: str, names: Iterable[str], whose: str) -> Iterator[Contradiction]:
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name_key(name) in seen:
            yield f"{path}[{number}].name", f"{shown(name)} is already the name of {whose}"
        seen.add(name_key(name))


def _in_commitments(
    owner: str, commitments: Sequence[CommitmentDocument], document: FamilyDocument
) -> Iterator[Contradiction]:
    yield from _too_many(f"{owner}commitments", commitments, MAX_COMMITMENTS)
    for number, commitment in enumerate(commitments):
        path = f"{owner}commitments[{number}]"
        if commitment.frequency is CommitmentFrequency.WEEKLY and not commitment.days_of_week:
            yield f"{path}.daysOfWeek", "a weekly commitment names at least one day of the week"
        dated = (CommitmentFrequency.MONTHLY, CommitmentFrequency.ONE_TIME)
        if commitment.frequency in dated and commitment.date is None:
            yield f"{path}.date", f"a {commitment.frequency} commitment needs a date"
        allowed = (
            (Scope.CHILD,)
            if isinstance(commitment, ChildCommitmentDocument)
            else (Scope.FAMILY, Scope.PARENT)
        )
        if commitment.scope not in (None, *allowed):
            yield f"{path}.scope", f"'{commitment.scope}' is not one of {', '.join(allowed)} here"
        if commitment.adult is not None:
            yield from _unlisted(f"{path}.adult", commitment.adult, document.adults)


def _unlisted(
    path: str, name: str, listed: Sequence[AdultDocument | ChildDocument | SubjectDocument]
) -> Iterator[Contradiction]:
    if name_key(name) not in {name_key(entry.name) for entry in listed}:
        names = ", ".join(entry.name for entry in listed) or "nobody"
        yield path, f"{shown(name)} is not one of {names}"


def _in_child(path: str, child: ChildDocument, document: FamilyDocument) -> Iterator[Contradiction]:
    preferences = child.learning_preferences
    hours = {"homeschoolingHours": preferences.homeschooling_hours} | {
        f"hoursByDay.{day}": hours for day, hours in preferences.hours_by_day.items()
    }
    for key, value in hours.items():
        if value is not None and value.end_time <= value.start_time:
            end = f"{path}.learningPreferences.{key}.endTime"
            yield end, f"{value.end_time} is not after startTime {value.start_time}"
    yield from _in_commitments(f"{path}.", child.commitments, document)
    yield from _too_many(f"{path}.subjects", child.subjects, MAX_SUBJECTS)
    names = [subject.name for subject in child.subjects]
    yield from _doubles(f"{path}.subjects", names, "another subject of this child")
    for number, subject in enumerate(child.subjects):
        key = f"{path}.subjects[{number}].preferredTime"
        if subject.preferred_time is None:
            if subject.fixed_time_required:
                yield key, "is missing; fixedTimeRequired needs a time such as 09:30"
        elif parse_clock(subject.preferred_time) % GRID:
            yield key, f"{subject.preferred_time} is not a multiple of {GRID} minutes"


def _terms(subject: SubjectDocument) -> dict[str, object]:
    """What siblings who are taught together must have alike."""
    days = subject.metadata.days
    return {
        "sessionDuration": subject.session_duration,
        "frequency": subject.frequency,
        "fixedTimeRequired": subject.fixed_time_required,
        "preferredTime": subject.preferred_time if subject.fixed_time_required else None,
        "metadata.days": None if days is None else frozenset(days),
        "metadata.sessionsPerWeek": subject.metadata.sessions_per_week,
    }


def _in_shared(children: Sequence[ChildDocument]) -> Iterator[Contradiction]:
    first: dict[str, tuple[ChildDocument, SubjectDocument]] = {}
    for number, child in enumerate(children):
        for place, subject in enumerate(child.subjects):
            if not subject.teach_together:
                continue
            sibling, theirs = first.setdefault(name_key(subject.name), (child, subject))
            expected = _terms(theirs)
            for key, value in _terms(subject).items():
                if value != expected[key]:
                    path = f"children[{number}].subjects[{place}].{key}"
                    yield path, f"must equal {sibling.name}'s: {subject.name} is taught together"


def _in_references(document: FamilyDocument) -> Iterator[Contradiction]:
    children = {name_key(child.name): child for child in document.children}
    for number, off in enumerate(document.days_off):
        if off.child is not None:
            yield from _unlisted(f"daysOff[{number}].child", off.child, document.children)
    named = [
        (f"{key}[{number}]", lesson.child, lesson.subject, f"{key}[{number}].subject")
        for key in ("pins", "dropped", "missed", "carried")
        for number, lesson in enumerate(getattr(document, key))
    ] + [("loop", child, subject, f"loop.{child}") for child, subject in document.loop.items()]
    for path, child_name, subject_name, subject_path in named:
        child_path = path if path == "loop" else f"{path}.child"
        yield from _unlisted(child_path, child_name, document.children)
        if name_key(child_name) in children:
            subjects = children[name_key(child_name)].subjects
            yield from _unlisted(subject_path, subject_name, subjects)


def to_hours(hours: HomeschoolingHours) -> Hours:
    """Homeschooling hours in minutes of the day."""
    return Hours(parse_clock(hours.start_time), parse_clock(hours.end_time))


def to_days(names: Iterable[str]) -> tuple[Weekday, ...]:
    """Names of weekdays as weekdays, sorted, each once."""
    return tuple(sorted({Weekday.parse(name) for name in names}))


def to_preferences(preferences: FamilyPreferences) -> Preferences:
    """A family's preferences as the engine takes them; what is not answered has its default."""

    def ratings(group: Shape, names: Iterable[str]) -> Mapping[str, int]:
        given = {name: getattr(group, name) for name in names}
        return MappingProxyType({name: value for name, value in given.items() if value})

    return Preferences(
        flexibility=preferences.scheduling_flexibility or Flexibility.MODERATE,
        approach=preferences.planning_approach or PlanningApproach.MIX,
        philosophy=ratings(preferences.homeschooling_philosophy, PHILOSOPHIES),
        style=ratings(preferences.scheduling_style, SCHEDULING_STYLES),
        activities=ratings(preferences.activity_preferences, ACTIVITIES),
    )


def to_child(
    child_id: int,
    document: ChildDocument,
    *,
    subjects: tuple[Subject, ...],
    commitments: tuple[Commitment, ...],
) -> Child:
    """A child with resolved hours, school days, span and breaks."""
    learning = document.learning_preferences
    hours = learning.homeschooling_hours
    insights = learning.derived_insights
    breaks = insights.recommended_breaks if insights else None
    days = document.school_days if document.school_days is not None else learning.school_days
    return Child(
        id=child_id,
        name=document.name,
        age=document.age,
        hours=to_hours(hours) if hours else DEFAULT_HOURS,
        span=minutes_in((breaks and breaks.frequency) or "") or attention_span(document.age),
        subjects=subjects,
        commitments=commitments,
        school_days=SCHOOL_DAYS if days is None else to_days(days),
        hours_by_day=MappingProxyType(
            {Weekday.parse(day): to_hours(hours) for day, hours in learning.hours_by_day.items()}
        ),
        best_times=learning.best_learning_times,
        break_minutes=minutes_in((breaks and breaks.duration) or "") or BREAK,
        break_activities=breaks.activities if breaks else (),
    )


def to_subject(subject_id: int, document: SubjectDocument) -> Subject:
    """A subject with its id."""
    days = document.metadata.days
    return Subject(
        id=subject_id,
        name=document.name,
        core=document.is_core_subject,
        minutes=document.session_duration,
        frequency=document.frequency,
        involvement=document.parent_involvement,
        interest=document.interest_level,
        fixed_time=document.fixed_time_required,
        preferred_time=parse_clock(document.preferred_time) if document.preferred_time else None,
        teach_together=document.teach_together,
        days=None if days is None else to_days(days),
        sessions_per_week=document.metadata.sessions_per_week,
    )


def to_commitment(
    commitment_id: int, document: CommitmentDocument, adults: Mapping[str, int]
) -> Commitment:
    """A commitment with its id; `adults` holds ids by folded name.

    To name the adult who goes along with a child is to say that one is needed, unless
    `needsAdult` is false.
    """
    child = isinstance(document, ChildCommitmentDocument)
    scope = Scope.CHILD if child else document.scope or Scope.FAMILY
    adult = None if document.adult is None else adults[name_key(document.adult)]
    needed = False
    if isinstance(document, ChildCommitmentDocument):
        needed = adult is not None if document.needs_adult is None else document.needs_adult
    return Commitment(
        id=commitment_id,
        name=document.name,
        frequency=document.frequency,
        start=parse_clock(document.start_time),
        end=parse_clock(document.end_time),
        scope=scope,
        days_of_week=to_days(document.days_of_week),
        on=document.date,
        adult_id=adult if scope is Scope.PARENT or needed else None,
        needs_adult=needed,
    )


def to_family(document: FamilyDocument) -> Family:
    """The family of a document. Ids run from 1 in the order of the document: adults, children,
    the family's commitments, and over all children their commitments and their subjects."""
    adults = tuple(Adult(number, adult.name) for number, adult in enumerate(document.adults, 1))
    adult_ids = {name_key(adult.name): adult.id for adult in adults}
    subject_ids, commitment_ids = count(1), count(1)
    children = tuple(
        to_child(
            number,
            child,
            subjects=tuple(to_subject(next(subject_ids), subject) for subject in child.subjects),
            commitments=tuple(
                to_commitment(next(commitment_ids), commitment, adult_ids)
                for commitment in child.commitments
            ),
        )
        for number, child in enumerate(document.children, 1)
    )
    child_ids = {name_key(child.name): child.id for child in children}
    return Family(
        timezone=document.timezone,
        adults=adults,
        children=children,
        preferences=to_preferences(document.preferences),
        commitments=tuple(
            to_commitment(number, commitment, adult_ids)
            for number, commitment in enumerate(document.commitments, 1)
        ),
        days_off=tuple(
            DayOff(off.date, None if off.child is None else child_ids[name_key(off.child)])
            for off in document.days_off
        ),
    )


def to_request(document: FamilyDocument) -> WeekRequest:
    """The week that a document asks for; `DocumentError` if it names none.

    The items of `previous` are matched by names; one whose child, subject or commitment the
    family no longer has, or that is of another week, is left out.
    """
    if document.week_start_date is None:
        raise DocumentError("weekStartDate: is missing; the week to plan begins on a Monday")
    family = to_family(document)
    children = {name_key(child.name): child for child in family.children}

    def lesson(named: LessonDocument) -> Lesson:
        child = children[name_key(named.child)]
        start = None if named.start_time is None else parse_clock(named.start_time)
        return Lesson(child.id, _subject_id(child, named.subject), named.date, start)

    return WeekRequest(
        family=family,
        week_start=document.week_start_date,
        now=document.now,
        previous=_previous_items(document, family),
        pins=tuple(map(lesson, document.pins)),
        dropped=tuple(map(lesson, document.dropped)),
        missed=tuple(map(lesson, document.missed)),
        carried=tuple(map(lesson, document.carried)),
        loop=MappingProxyType(
            {
                children[name_key(name)].id: _subject_id(children[name_key(name)], subject)
                for name, subject in document.loop.items()
            }
        ),
    )


def _subject_id(child: Child, name: str) -> int:
    return next(
        subject.id for subject in child.subjects if name_key(subject.name) == name_key(name)
    )


def _previous_items(document: FamilyDocument, family: Family) -> tuple[Item, ...]:
    if document.previous is None or document.week_start_date is None:
        return ()
    week = week_dates(document.week_start_date)
    children = {name_key(child.name): child for child in family.children}
    items = (
        _item(entry, day.date, children[name_key(earlier.name)], family)
        for earlier in document.previous.children
        if name_key(earlier.name) in children
        for day in earlier.schedule_data.days
        if day.date in week
        for entry in day.items
    )
    return tuple(item for item in items if item is not None)


def _item(entry: ScheduleEntry, day: date, child: Child, family: Family) -> Item | None:
    subject = commitment = None
    if entry.type is ItemType.SUBJECT:
        subject = _named(entry.name, child.subjects)
    elif entry.type is ItemType.COMMITMENT:
        own = () if entry.family_commitment_id is not None else child.commitments
        commitment = _named(entry.name, (*own, *family.commitments))
    if entry.type in (ItemType.SUBJECT, ItemType.COMMITMENT) and not (subject or commitment):
        return None
    adult = _named(entry.adult, family.adults) if entry.adult else None
    start, end = parse_clock(entry.start_time), parse_clock(entry.end_time)
    # Midnight at the day's end is written 23:59.
    if commitment and entry.end_time == clock(DAY) and (start, DAY) in busy(commitment, day):
        end = DAY
    return Item(
        child_id=child.id,
        date=day,
        type=entry.type,
        name=entry.name,
        start=start,
        end=end,
        subject_id=subject.id if subject else None,
        commitment_id=commitment.id if commitment and commitment.scope is Scope.CHILD else None,
        family_commitment_id=(
            commitment.id if commitment and commitment.scope is not Scope.CHILD else None
        ),
        adult_id=adult.id if adult else None,
        external=bool(entry.is_external),
        completed=bool(entry.completed),
        suggestion=entry.activity,
    )


def _named(name: str, things: Iterable[N]) -> N | None:
    return next((thing for thing in things if name_key(thing.name) == name_key(name)), None)
