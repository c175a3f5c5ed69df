"""Families as rows: written from a family document, read back as one, or as the engine's own."""

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
    Family,
    Identities,
)
from core.text import name_key
from core.week import wall
from db import models
from db.conversations import (
    Account,
    accounts_of,
    accounts_sharing,
    link_account,
    load_account,
    record_consent,
)
from db.document_models import (
    FamilyDocument,
)
from db.family_rows import (
    NO_MAIL,
    add_child,
    document_of,
    family_commitment_values,
    family_of,
    free_object,
    load_rows,
    sequence_of,
)
from db.inbox import chat_key, forget_failed
from db.links import end_codes
from db.revision import bump_revision
from db.session import chat_scope, family_scope, user_scope

STORAGE = "storage"
"""The consent that is asked before anything is stored."""


class EmailTaken(Exception):
    """An imported family's e-mail address belongs to a user already."""

    def __init__(self) -> None:
        super().__init__("parent.email: is already known; leave it out or give another one")


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
) -> int:
    """Write a whole family, leave the transaction in its scope, and return its id.

    From a chat, all chats of the account's person become the parent's, their draft and consents
    the family's, and an e-mail address that is missing or taken is replaced by a placeholder. From
    an import, consent is recorded here, and a taken address raises `EmailTaken`.
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
            questionnaire_responses=free_object(document.questionnaire_responses),
            timezone=document.timezone,
            created_at=now,
            updated_at=now,
        )
    )
    await session.flush()
    # In a chat the parent says who teaches, and need not be one of them.
    parent = name_key(parent_name if source == "chat" else document.adults[0].name)
    adults = await _insert_adults(session, document, family_id, now)
    if parent not in adults:
        parents_own = models.Adult(
            family_id=family_id, name=parent_name, teaches=False, created_at=now
        )
        session.add(parents_own)
        await session.flush()
        adults[parent] = parents_own.id
    await session.execute(
        update(models.Adult).where(models.Adult.id == adults[parent]).values(user_id=user_id)
    )
    await _insert_children(session, document, family_id, adults, now)
    session.add_all(
        models.FamilyCommitment(
            family_id=family_id,
            created_at=now,
            updated_at=now,
            **family_commitment_values(commitment, adults),
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
        account = await load_account(session, chat_account_id)
        if account is not None:
            await adopt_chat(session, account, family_id, adults[parent], user_id=user_id)
    return family_id


async def adopt_chat(
    session: AsyncSession,
    account: Account,
    family_id: int,
    adult_id: int | None,
    *,
    user_id: int | None = None,
) -> None:
    """The chat, and every other of the same person, is the adult's from now on, with what was
    agreed to and said there; the questionnaire becomes the user's. The transaction must act for
    the family, and acts for that chat afterwards."""
    for chat in await accounts_sharing(session, account.draft_owner):
        await chat_scope(session, chat.id)
        await link_account(session, chat.id, family_id=family_id, adult_id=adult_id)
        if user_id is not None:
            await session.execute(
                update(models.QuestionnaireDraft)
                .where(models.QuestionnaireDraft.chat_account_id == chat.id)
                .values(user_id=user_id, family_id=family_id)
            )
        for said in (models.Consent, models.Message):
            await session.execute(
                update(said)
                .where(said.chat_account_id == chat.id, said.family_id.is_(None))
                .values(family_id=family_id)
            )
    await chat_scope(session, account.id)
    # Its first chat's language is the family's.
    await bump_revision(session, family_id)


@dataclass(frozen=True, slots=True)
class FamilyAdult:
    """An adult of the family; `chats` is the number of chats that are theirs."""

    id: int
    name: str
    role: str
    chats: int


async def family_adults(session: AsyncSession, family_id: int) -> Sequence[FamilyAdult]:
    """Every adult of the family, whether or not they teach, oldest first."""
    rows = await session.execute(
        select(models.Adult, func.count(models.ChatAccount.id))
        .join(models.ChatAccount, models.ChatAccount.adult_id == models.Adult.id, isouter=True)
        .where(models.Adult.family_id == family_id)
        .group_by(models.Adult.id)
        .order_by(models.Adult.id)
    )
    return [FamilyAdult(row.id, row.name, row.role, chats) for row, chats in rows]


async def invite_adult(session: AsyncSession, family_id: int, name: str, now: datetime) -> int:
    """An adult who belongs to the family without teaching; returns the id."""
    row = models.Adult(family_id=family_id, name=name, teaches=False, created_at=now)
    session.add(row)
    await session.flush()
    return row.id


async def set_role(session: AsyncSession, adult_id: int, role: str) -> None:
    """What an adult may do: "guardian" or "helper"."""
    await session.execute(update(models.Adult).where(models.Adult.id == adult_id).values(role=role))


@dataclass(frozen=True, slots=True)
class Told:
    """Since which date a commitment holds, the number of its revision, and when it last
    changed."""

    since: date
    sequence: int
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
            sequence = sequence_of(created_at, updated_at)
            found[key] = Told(wall(created_at, zone).date(), sequence, updated_at)
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
        .values(family_id=None, adult_id=None, child_id=None, draft_account_id=None)
    )
    await end_codes(session, account.id)
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
    return family_of(await load_rows(session, family_id, outside=True))


async def load_document(session: AsyncSession, family_id: int) -> FamilyDocument:
    """The family as a document that can be imported again. Raises `NoSuchFamily`."""
    return document_of(await load_rows(session, family_id))


async def load_document_with_ids(
    session: AsyncSession, family_id: int
) -> tuple[FamilyDocument, Identities]:
    """The family as a document, and the ids of what it lists. Raises `NoSuchFamily`."""
    rows = await load_rows(session, family_id)

    def ids(listed: Mapping[int, Sequence[Any]]) -> tuple[tuple[int | None, ...], ...]:
        return tuple(tuple(row.id for row in listed.get(child.id, ())) for child in rows.children)

    return document_of(rows), Identities(
        children=tuple(row.id for row in rows.children),
        subjects=ids(rows.subjects),
        commitments=tuple(row.id for row in rows.commitments),
        child_commitments=ids(rows.child_commitments),
    )


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
    session: AsyncSession, document: FamilyDocument, family_id: int, now: datetime
) -> dict[str, int]:
    """The adults' ids by folded name, in the document's order."""
    rows = [
        models.Adult(family_id=family_id, name=adult.name, created_at=now)
        for adult in document.adults
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
    children = {
        name_key(child.name): await add_child(session, family_id, child, adults, now)
        for child in document.children
    }
    session.add_all(
        models.DayOff(
            date=off.date,
            child_id=None if off.child is None else children[name_key(off.child)],
            created_at=now,
        )
        for off in dict.fromkeys(document.days_off)
    )
    await session.flush()
