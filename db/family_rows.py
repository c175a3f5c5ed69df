"""A family's rows, read at once, and the way between rows and documents: one place for each
column's meaning."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.family import (
    Adult,
    CommitmentFrequency,
    Family,
    Frequency,
    Hours,
    Involvement,
    Override,
    Scope,
)
from core.family import DayOff as CoreDayOff
from core.text import name_key
from core.week import minute_of, parse_clock, time_of
from db import models
from db.document import to_child, to_commitment, to_preferences, to_subject
from db.document_models import (
    AdultDocument,
    ChildCommitmentDocument,
    ChildDocument,
    CommitmentDocument,
    DayOffDocument,
    FamilyDocument,
    ParentDocument,
    SubjectDocument,
)
from db.types import (
    FamilyPreferences,
    FreeObject,
    LearningPreferences,
    SubjectMetadata,
    read,
    write,
)

NO_MAIL = "no-mail.invalid"
"""Domain of the placeholder in `users.email`, which may not be empty."""

TEACH_TOGETHER = "teachTogether"
"""Key of `subjects.metadata`; the data model has no column for it."""


class NoSuchFamily(Exception):
    """There is no family with this id, or the transaction does not act for it."""

    def __init__(self, family_id: int) -> None:
        super().__init__(f"there is no family {family_id}")


@dataclass(frozen=True, slots=True)
class FamilyRows:
    """A family's rows, each list in the order of its ids."""

    family: models.Family
    user: models.User | None
    adults: Sequence[models.Adult]
    children: Sequence[models.Child]
    subjects: Mapping[int, Sequence[models.Subject]]
    commitments: Sequence[models.FamilyCommitment]
    child_commitments: Mapping[int, Sequence[models.ChildCommitment]]
    days_off: Sequence[models.DayOff]
    day_hours: Sequence[models.DayHours]
    exceptions: Sequence[models.CommitmentException]


async def load_rows(session: AsyncSession, family_id: int, *, outside: bool = False) -> FamilyRows:
    """What the family has told us, and (with `outside`) the times of calendars outside too. Raises
    `NoSuchFamily`."""
    family = await session.get(models.Family, family_id, populate_existing=True)
    if family is None:
        raise NoSuchFamily(family_id)
    user = (
        None
        if family.user_id is None
        else await session.scalar(select(models.User).where(models.User.id == family.user_id))
    )

    async def rows(model: Any) -> Sequence[Any]:
        found = await session.scalars(
            select(model)
            .where(model.family_id == family_id)
            .order_by(model.id)
            .execution_options(populate_existing=True)
        )
        return found.all()

    async def promised(model: Any) -> Sequence[Any]:
        return [row for row in await rows(model) if outside or row.connection_id is None]

    return FamilyRows(
        family=family,
        user=user,
        adults=await rows(models.Adult),
        children=await rows(models.Child),
        subjects=_by_child(await rows(models.Subject)),
        commitments=await promised(models.FamilyCommitment),
        child_commitments=_by_child(await promised(models.ChildCommitment)),
        days_off=await rows(models.DayOff),
        day_hours=await rows(models.DayHours),
        exceptions=await rows(models.CommitmentException),
    )


def _by_child(rows: Sequence[Any]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row.child_id, []).append(row)
    return grouped


def changed_at(former: datetime, now: datetime) -> datetime:
    """`updated_at` of a row that changes now and had changed at `former`: at least a second later,
    because `sequence_of` counts in seconds."""
    return max(now, former + timedelta(seconds=1))


def sequence_of(created_at: datetime, updated_at: datetime) -> int:
    """A commitment's SEQUENCE: the seconds from its beginning to its last change. It rises with
    every change, also where an undo puts an earlier row back, and no counter has to be kept."""
    return (updated_at - created_at) // timedelta(seconds=1)


def free_object(value: Any) -> FreeObject | None:
    return read(FreeObject, value) if isinstance(value, Mapping) else None


def _preferences(row: models.Family) -> FamilyPreferences:
    return row.preferences or FamilyPreferences()


def learning_preferences_of(child: ChildDocument) -> LearningPreferences:
    if child.school_days is None:
        return child.learning_preferences
    return child.learning_preferences.model_copy(update={"school_days": child.school_days})


def child_values(child: ChildDocument) -> dict[str, Any]:
    """The columns of a child."""
    return {
        "name": child.name,
        "age": child.age,
        "learning_preferences": learning_preferences_of(child),
        "questionnaire_responses": free_object(child.questionnaire_responses),
    }


def subject_values(subject: SubjectDocument) -> dict[str, Any]:
    """The columns of a subject, but for whose it is."""
    details = write(subject.metadata)
    if subject.teach_together:
        details[TEACH_TOGETHER] = True
    preferred = subject.preferred_time
    return {
        "name": subject.name,
        "is_core_subject": subject.is_core_subject,
        "session_duration": subject.session_duration,
        "frequency": subject.frequency,
        "parent_involvement": subject.parent_involvement,
        "fixed_time_required": subject.fixed_time_required,
        "preferred_time": None if preferred is None else time_of(parse_clock(preferred)),
        "interest_level": subject.interest_level,
        "details": read(SubjectMetadata, details) if details else None,
    }


def family_commitment_values(
    commitment: CommitmentDocument, adults: Mapping[str, int]
) -> dict[str, Any]:
    """The columns of a family's or an adult's commitment; `adults` are ids by folded name."""
    return {
        "scope": commitment.scope or Scope.FAMILY,
        "adult_id": None if commitment.adult is None else adults[name_key(commitment.adult)],
        **_commitment_values(commitment),
    }


def child_commitment_values(
    commitment: ChildCommitmentDocument, adults: Mapping[str, int]
) -> dict[str, Any]:
    """The columns of a child's commitment, but for whose it is."""
    named = None if commitment.adult is None else adults[name_key(commitment.adult)]
    needed = commitment.needs_adult
    return {
        "needs_adult": named is not None if needed is None else needed,
        "adult_id": named,
        **_commitment_values(commitment),
    }


def _commitment_values(commitment: CommitmentDocument) -> dict[str, Any]:
    days = commitment.days_of_week
    return {
        "name": commitment.name,
        "frequency": commitment.frequency,
        "days_of_week": json.dumps(days) if days else None,
        "date": commitment.date,
        "start_time": time_of(parse_clock(commitment.start_time)),
        "end_time": time_of(parse_clock(commitment.end_time)),
    }


def _commitment_keys(
    row: models.FamilyCommitment | models.ChildCommitment, adults: Mapping[int, str]
) -> dict[str, Any]:
    given: dict[str, Any] = {
        "name": row.name,
        "frequency": CommitmentFrequency(row.frequency),
        "start_time": f"{row.start_time:%H:%M}",
        "end_time": f"{row.end_time:%H:%M}",
    }
    if row.days_of_week:
        given["days_of_week"] = tuple(json.loads(row.days_of_week))
    if row.date is not None:
        given["date"] = row.date
    if row.adult_id is not None:
        given["adult"] = adults[row.adult_id]
    return given


def _family_commitment_document(
    row: models.FamilyCommitment, adults: Mapping[int, str]
) -> CommitmentDocument:
    return CommitmentDocument(**_commitment_keys(row, adults), scope=Scope(row.scope))


def _child_commitment_document(
    row: models.ChildCommitment, adults: Mapping[int, str]
) -> ChildCommitmentDocument:
    return ChildCommitmentDocument(**_commitment_keys(row, adults), needs_adult=row.needs_adult)


def _subject_document(row: models.Subject) -> SubjectDocument:
    details = write(row.details) if row.details else {}
    given: dict[str, Any] = {
        "name": row.name,
        "is_core_subject": row.is_core_subject,
        "session_duration": row.session_duration,
        "frequency": Frequency(row.frequency),
        "parent_involvement": Involvement(row.parent_involvement),
        "fixed_time_required": row.fixed_time_required,
        "interest_level": row.interest_level,
    }
    if details.pop(TEACH_TOGETHER, False):
        given["teach_together"] = True
    if row.preferred_time is not None:
        given["preferred_time"] = f"{row.preferred_time:%H:%M}"
    if details:
        given["metadata"] = read(SubjectMetadata, details)
    return SubjectDocument(**given)


def _child_document(
    rows: FamilyRows, row: models.Child, adults: Mapping[int, str]
) -> ChildDocument:
    given: dict[str, Any] = {
        "name": row.name,
        "age": row.age,
        "learning_preferences": row.learning_preferences or LearningPreferences(),
        "commitments": tuple(
            _child_commitment_document(own, adults)
            for own in rows.child_commitments.get(row.id, ())
        ),
        "subjects": tuple(_subject_document(subject) for subject in rows.subjects.get(row.id, ())),
    }
    if row.questionnaire_responses is not None:
        given["questionnaire_responses"] = write(row.questionnaire_responses)
    return ChildDocument(**given)


async def add_child(
    session: AsyncSession,
    family_id: int,
    child: ChildDocument,
    adults: Mapping[str, int],
    now: datetime,
) -> int:
    """A new child with subjects and commitments; returns its id. `adults` are ids by folded
    name."""
    row = models.Child(family_id=family_id, created_at=now, updated_at=now, **child_values(child))
    session.add(row)
    await session.flush()
    for subject in child.subjects:
        session.add(
            models.Subject(
                child_id=row.id, created_at=now, updated_at=now, **subject_values(subject)
            )
        )
    for own in child.commitments:
        session.add(
            models.ChildCommitment(
                child_id=row.id,
                created_at=now,
                updated_at=now,
                **child_commitment_values(own, adults),
            )
        )
    await session.flush()
    return row.id


def family_of(rows: FamilyRows) -> Family:
    """The family as the engine knows it."""
    names = {row.id: row.name for row in rows.adults}
    ids = {name_key(row.name): row.id for row in rows.adults}
    return Family(
        timezone=rows.family.timezone,
        adults=tuple(Adult(row.id, row.name) for row in rows.adults if row.teaches),
        others=tuple(Adult(row.id, row.name) for row in rows.adults if not row.teaches),
        children=tuple(
            replace(
                to_child(
                    row.id,
                    _child_document(rows, row, names),
                    subjects=tuple(
                        to_subject(subject.id, _subject_document(subject))
                        for subject in rows.subjects.get(row.id, ())
                    ),
                    commitments=tuple(
                        replace(
                            to_commitment(own.id, _child_commitment_document(own, names), ids),
                            overrides=_overrides(rows, own),
                            connection_id=own.connection_id,
                        )
                        for own in rows.child_commitments.get(row.id, ())
                    ),
                ),
                hours_by_date=_hours_by_date(rows, row.id),
            )
            for row in rows.children
        ),
        preferences=to_preferences(_preferences(rows.family)),
        commitments=tuple(
            replace(
                to_commitment(row.id, _family_commitment_document(row, names), ids),
                overrides=_overrides(rows, row),
                connection_id=row.connection_id,
            )
            for row in rows.commitments
        ),
        days_off=tuple(CoreDayOff(row.date, row.child_id) for row in rows.days_off),
    )


def _hours_by_date(rows: FamilyRows, child_id: int) -> Mapping[date, Hours]:
    return MappingProxyType(
        {
            row.date: Hours(minute_of(row.start_time), minute_of(row.end_time))
            for row in rows.day_hours
            if row.child_id == child_id
        }
    )


def _overrides(
    rows: FamilyRows, of: models.FamilyCommitment | models.ChildCommitment
) -> tuple[Override, ...]:
    own = isinstance(of, models.ChildCommitment)
    return tuple(
        Override(row.date)
        if row.start_time is None or row.end_time is None
        else Override(row.date, minute_of(row.start_time), minute_of(row.end_time))
        for row in rows.exceptions
        if (row.child_commitment_id if own else row.family_commitment_id) == of.id
    )


def document_of(rows: FamilyRows) -> FamilyDocument:
    adults = {row.id: row.name for row in rows.adults}
    children = {row.id: row.name for row in rows.children}
    given: dict[str, Any] = {
        "timezone": rows.family.timezone,
        "adults": tuple(AdultDocument(name=row.name) for row in rows.adults if row.teaches),
        "preferences": _preferences(rows.family),
        "commitments": tuple(_family_commitment_document(row, adults) for row in rows.commitments),
        "days_off": tuple(
            DayOffDocument(
                date=row.date, **({} if row.child_id is None else {"child": children[row.child_id]})
            )
            for row in rows.days_off
        ),
        "children": tuple(_child_document(rows, row, adults) for row in rows.children),
    }
    if rows.user is not None:
        mail = {} if rows.user.email.endswith(f"@{NO_MAIL}") else {"email": rows.user.email}
        given["parent"] = ParentDocument(name=rows.user.name, **mail)
    if rows.family.questionnaire_responses is not None:
        given["questionnaire_responses"] = write(rows.family.questionnaire_responses)
    return FamilyDocument(**given)
