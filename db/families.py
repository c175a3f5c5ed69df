"""Families as rows: written from a family document, read back as one, or as the engine's own."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.family import (
    Adult,
    CommitmentFrequency,
    Family,
    Frequency,
    Involvement,
    Scope,
)
from core.family import DayOff as CoreDayOff
from core.text import name_key
from core.week import parse_clock, time_of, wall
from db import models
from db.conversations import Account, accounts_of, link_account, record_consent
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
from db.inbox import chat_key, forget_failed
from db.session import family_scope, user_scope
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

STORAGE = "storage"
"""The consent that is asked before anything is stored."""

TEACH_TOGETHER = "teachTogether"
"""Key of `subjects.metadata`; the data model has no column for it."""


class EmailTaken(Exception):
    """An imported family's e-mail address belongs to a user already."""

    def __init__(self) -> None:
        super().__init__("parent.email: is already known; leave it out or give another one")


class NoSuchFamily(Exception):
    """There is no family with this id, or the transaction does not act for it."""

    def __init__(self, family_id: int) -> None:
        super().__init__(f"there is no family {family_id}")


@dataclass(frozen=True, slots=True)
class _Rows:
    """A family's rows, each list in the order of its ids."""

    family: models.Family
    user: models.User | None
    adults: Sequence[models.Adult]
    children: Sequence[models.Child]
    subjects: Mapping[int, Sequence[models.Subject]]
    commitments: Sequence[models.FamilyCommitment]
    child_commitments: Mapping[int, Sequence[models.ChildCommitment]]
    days_off: Sequence[models.DayOff]


async def create_family(
    session: AsyncSession,
    document: FamilyDocument,
    *,
    parent_name: str,
    email: str | None = None,
    source: Literal["chat", "import"],
    consent_version: str,
    now: datetime,
    chat_account_id: int | None = None,
    questionnaire_responses: Mapping[str, Any] | None = None,
) -> int:
    """Write a whole family, leave the transaction in its scope, and return its id.

    From a chat, the account becomes the first adult's, its draft and its consent the family's,
    and an e-mail address that is missing or taken is replaced by a placeholder. From an import,
    consent is recorded here, and a taken address raises `EmailTaken`.
    """
    user_id, family_id = await _reserve_ids(session)
    await user_scope(session, user_id)
    await family_scope(session, family_id)
    await _insert_user(session, user_id, parent_name, email, now, strict=source == "import")
    session.add(
        models.Family(
            id=family_id,
            user_id=user_id,
            name=parent_name,
            scheduling_flexibility=document.preferences.scheduling_flexibility,
            planning_approach=document.preferences.planning_approach,
            preferences=document.preferences,
            questionnaire_responses=_responses(
                questionnaire_responses or document.questionnaire_responses
            ),
            timezone=document.timezone,
            created_at=now,
            updated_at=now,
        )
    )
    await session.flush()
    adults = await _insert_adults(session, document, family_id, user_id, now)
    await _insert_children(session, document, family_id, adults, now)
    session.add_all(
        models.FamilyCommitment(
            family_id=family_id,
            scope=commitment.scope or Scope.FAMILY,
            adult_id=None if commitment.adult is None else adults[name_key(commitment.adult)],
            **_commitment_values(commitment, now),
        )
        for commitment in document.commitments
    )
    await session.flush()
    if chat_account_id is None:
        await record_consent(
            session,
            kind=STORAGE,
            version=consent_version,
            source=source,
            now=now,
            family_id=family_id,
        )
    else:
        await _adopt_chat(session, chat_account_id, user_id, family_id, next(iter(adults.values())))
    return family_id


@dataclass(frozen=True, slots=True)
class Told:
    """Since which date a commitment holds, and when it last changed."""

    since: date
    updated_at: datetime


async def family_name(session: AsyncSession, family_id: int) -> str:
    """What the family is called."""
    return (
        await session.execute(select(models.Family.name).where(models.Family.id == family_id))
    ).scalar_one()


async def last_change(session: AsyncSession, family_id: int) -> datetime:
    """When anything of the family or its weeks last changed, removals included."""
    return (
        await session.execute(select(models.Family.updated_at).where(models.Family.id == family_id))
    ).scalar_one()


async def commitment_dates(
    session: AsyncSession, family_id: int
) -> Mapping[tuple[bool, int], Told]:
    """The dates of every commitment by (whether it is a child's own, its id); `since` by the
    family's own calendar."""
    zone = ZoneInfo(
        (
            await session.execute(
                select(models.Family.timezone).where(models.Family.id == family_id)
            )
        ).scalar_one()
    )
    found = {}
    for model in (models.FamilyCommitment, models.ChildCommitment):
        rows = await session.execute(
            select(model.id, model.created_at, model.updated_at).where(model.family_id == family_id)
        )
        for row_id, created_at, updated_at in rows:
            key = model is models.ChildCommitment, row_id
            found[key] = Told(wall(created_at, zone).date(), updated_at)
    return found


async def is_guardian(session: AsyncSession, adult_id: int | None) -> bool:
    """Whether this adult of the family decides for it."""
    role = await session.scalar(select(models.Adult.role).where(models.Adult.id == adult_id))
    return role == "guardian"


async def erase_chat(
    session: AsyncSession, account: Account, *, keep_message: int | None = None
) -> None:
    """Delete a chat's draft and consents and all that was said in it, but for `keep_message`: the
    chat is nobody's afterwards. The transaction must be in the scope of the chat account."""
    for own in (models.QuestionnaireDraft, models.Consent):
        await session.execute(delete(own).where(own.chat_account_id == account.id))
    said = models.Message.chat_account_id == account.id
    await session.execute(delete(models.Message).where(said, models.Message.id != keep_message))
    await session.execute(update(models.Message).where(said).values(family_id=None))
    await session.execute(
        update(models.ChatAccount)
        .where(models.ChatAccount.id == account.id)
        .values(family_id=None, adult_id=None, child_id=None)
    )
    await forget_failed(session, chat_key(account.channel, account.external_id))


async def erase_family(
    session: AsyncSession,
    family_id: int,
    *,
    keep: Account | None = None,
    keep_message: int | None = None,
) -> None:
    """Delete the family and everything that was ever kept of it, its chats included.

    `keep` is the chat that asked: its id stays, so that it can still be answered, but nothing that
    was said in it beside `keep_message`. The transaction must be in the scope of the family, and
    of that chat.
    """
    for account in await accounts_of(session, family_id):
        await forget_failed(session, chat_key(account.channel, account.external_id))
    if keep is not None:
        await erase_chat(session, keep, keep_message=keep_message)
    user_id = await session.scalar(
        select(models.Family.user_id).where(models.Family.id == family_id)
    )
    await session.execute(delete(models.Family).where(models.Family.id == family_id))
    if user_id is not None:
        await user_scope(session, user_id)
        await session.execute(delete(models.User).where(models.User.id == user_id))


async def load_family(session: AsyncSession, family_id: int) -> Family:
    """The family as the engine knows it, with the ids of its rows. Raises `NoSuchFamily`."""
    rows = await _load_rows(session, family_id)
    names = {row.id: row.name for row in rows.adults}
    ids = {name_key(row.name): row.id for row in rows.adults}
    return Family(
        timezone=rows.family.timezone,
        adults=tuple(Adult(row.id, row.name) for row in rows.adults),
        children=tuple(
            to_child(
                row.id,
                _child_document(rows, row, names),
                subjects=tuple(
                    to_subject(subject.id, _subject_document(subject))
                    for subject in rows.subjects.get(row.id, ())
                ),
                commitments=tuple(
                    to_commitment(own.id, _child_commitment_document(own, names), ids)
                    for own in rows.child_commitments.get(row.id, ())
                ),
            )
            for row in rows.children
        ),
        preferences=to_preferences(_preferences(rows.family)),
        commitments=tuple(
            to_commitment(row.id, _family_commitment_document(row, names), ids)
            for row in rows.commitments
        ),
        days_off=tuple(CoreDayOff(row.date, row.child_id) for row in rows.days_off),
    )


async def load_document(session: AsyncSession, family_id: int) -> FamilyDocument:
    """The family as a document that can be imported again. Raises `NoSuchFamily`."""
    rows = await _load_rows(session, family_id)
    adults = {row.id: row.name for row in rows.adults}
    children = {row.id: row.name for row in rows.children}
    given: dict[str, Any] = {
        "timezone": rows.family.timezone,
        "adults": tuple(AdultDocument(name=row.name) for row in rows.adults),
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


async def _reserve_ids(session: AsyncSession) -> tuple[int, int]:
    # Row-level security shows a new row only to the scope of its own id, so the ids come first.
    reserved = await session.execute(
        select(func.nextval("users_id_seq"), func.nextval("families_id_seq"))
    )
    user_id, family_id = reserved.one()
    return user_id, family_id


async def _insert_user(
    session: AsyncSession,
    user_id: int,
    name: str,
    email: str | None,
    now: datetime,
    *,
    strict: bool,
) -> None:
    values = {
        "id": user_id,
        "name": name,
        "created_at": now,
        "questionnaire_completed": True,
        "questionnaire_completed_at": now,
    }
    if email is not None:
        written = await session.execute(
            insert(models.User)
            .values(**values, email=email.strip().lower())
            .on_conflict_do_nothing(index_elements=["email"])
            .returning(models.User.id)
        )
        if written.scalar_one_or_none() is not None:
            return
        if strict:
            raise EmailTaken
    session.add(models.User(**values, email=f"u{uuid.uuid4()}@{NO_MAIL}"))
    await session.flush()


async def _insert_adults(
    session: AsyncSession, document: FamilyDocument, family_id: int, user_id: int, now: datetime
) -> dict[str, int]:
    """The adults' ids by folded name, in the document's order; the first one is the user."""
    rows = [
        models.Adult(
            family_id=family_id,
            user_id=user_id if number == 0 else None,
            name=adult.name,
            created_at=now,
        )
        for number, adult in enumerate(document.adults)
    ]
    session.add_all(rows)
    await session.flush()
    return {name_key(row.name): row.id for row in rows}


async def _insert_children(
    session: AsyncSession,
    document: FamilyDocument,
    family_id: int,
    adults: Mapping[str, int],
    now: datetime,
) -> None:
    rows = [
        models.Child(
            family_id=family_id,
            name=child.name,
            age=child.age,
            learning_preferences=_learning_preferences(child),
            questionnaire_responses=_responses(child.questionnaire_responses),
            created_at=now,
            updated_at=now,
        )
        for child in document.children
    ]
    session.add_all(rows)
    await session.flush()
    for row, child in zip(rows, document.children, strict=True):
        session.add_all(_subject_row(subject, row.id, now) for subject in child.subjects)
        for commitment in child.commitments:
            named = None if commitment.adult is None else adults[name_key(commitment.adult)]
            needed = commitment.needs_adult
            session.add(
                models.ChildCommitment(
                    child_id=row.id,
                    needs_adult=named is not None if needed is None else needed,
                    adult_id=named,
                    **_commitment_values(commitment, now),
                )
            )
    children = {name_key(row.name): row.id for row in rows}
    session.add_all(
        models.DayOff(
            date=off.date,
            child_id=None if off.child is None else children[name_key(off.child)],
            created_at=now,
        )
        for off in dict.fromkeys(document.days_off)
    )
    await session.flush()


async def _adopt_chat(
    session: AsyncSession, chat_account_id: int, user_id: int, family_id: int, adult_id: int
) -> None:
    await link_account(session, chat_account_id, family_id=family_id, adult_id=adult_id)
    await session.execute(
        update(models.QuestionnaireDraft)
        .where(models.QuestionnaireDraft.chat_account_id == chat_account_id)
        .values(user_id=user_id, family_id=family_id)
    )
    for said in (models.Consent, models.Message):
        await session.execute(
            update(said)
            .where(said.chat_account_id == chat_account_id, said.family_id.is_(None))
            .values(family_id=family_id)
        )


async def _load_rows(session: AsyncSession, family_id: int) -> _Rows:
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

    return _Rows(
        family=family,
        user=user,
        adults=await rows(models.Adult),
        children=await rows(models.Child),
        subjects=_by_child(await rows(models.Subject)),
        commitments=await rows(models.FamilyCommitment),
        child_commitments=_by_child(await rows(models.ChildCommitment)),
        days_off=await rows(models.DayOff),
    )


def _by_child(rows: Sequence[Any]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row.child_id, []).append(row)
    return grouped


def _responses(value: Any) -> FreeObject | None:
    return read(FreeObject, value) if isinstance(value, Mapping) else None


def _preferences(row: models.Family) -> FamilyPreferences:
    return row.preferences or FamilyPreferences()


def _learning_preferences(child: ChildDocument) -> LearningPreferences:
    if child.school_days is None:
        return child.learning_preferences
    return child.learning_preferences.model_copy(update={"school_days": child.school_days})


def _subject_row(subject: SubjectDocument, child_id: int, now: datetime) -> models.Subject:
    details = write(subject.metadata)
    if subject.teach_together:
        details[TEACH_TOGETHER] = True
    preferred = subject.preferred_time
    return models.Subject(
        child_id=child_id,
        name=subject.name,
        is_core_subject=subject.is_core_subject,
        session_duration=subject.session_duration,
        frequency=subject.frequency,
        parent_involvement=subject.parent_involvement,
        fixed_time_required=subject.fixed_time_required,
        preferred_time=None if preferred is None else time_of(parse_clock(preferred)),
        interest_level=subject.interest_level,
        details=read(SubjectMetadata, details) if details else None,
        created_at=now,
        updated_at=now,
    )


def _commitment_values(commitment: CommitmentDocument, now: datetime) -> dict[str, Any]:
    days = commitment.days_of_week
    return {
        "name": commitment.name,
        "frequency": commitment.frequency,
        "days_of_week": json.dumps(days) if days else None,
        "date": commitment.date,
        "start_time": time_of(parse_clock(commitment.start_time)),
        "end_time": time_of(parse_clock(commitment.end_time)),
        "created_at": now,
        "updated_at": now,
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


def _child_document(rows: _Rows, row: models.Child, adults: Mapping[int, str]) -> ChildDocument:
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
