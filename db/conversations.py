"""Who talks to us: chat accounts, their drafts, their consent.

Accounts are a directory: they are found without a family. Drafts and consents need a transaction
of the chat account (`db.session.chat_scope`) or of its family.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.base import CURRENT_FAMILY
from db.models import ChatAccount, Consent, QuestionnaireDraft
from db.revision import bump_revision
from db.secrets import digest
from db.session import lock_chat
from db.types import QuestionnaireSession

TELEGRAM = "telegram"
WEB = "web"


@dataclass(frozen=True, slots=True)
class Account:
    """One chat of one person (or of a group), and whom it belongs to as far as that is known."""

    id: int
    channel: str
    external_id: str
    family_id: int | None
    adult_id: int | None
    child_id: int | None
    language: str | None
    draft_account_id: int | None = None

    @property
    def draft_owner(self) -> int:
        """The account under whose id this person's draft is kept."""
        return self.draft_account_id or self.id


@dataclass(frozen=True, slots=True)
class Draft:
    """A person's questionnaire; `user_id` and `family_id` from the day it was confirmed."""

    data: QuestionnaireSession
    user_id: int | None = None
    family_id: int | None = None


async def find_or_create_account(
    session: AsyncSession, channel: str, external_id: str, *, language: str | None = None
) -> Account:
    """The account that a channel (`TELEGRAM`, `WEB`) knows by this id. `language` is that of a
    new one."""
    await session.execute(
        insert(ChatAccount)
        .values(channel=channel, external_id=external_id, language=language)
        .on_conflict_do_nothing(index_elements=["channel", "external_id"])
    )
    row = await session.scalars(
        select(ChatAccount).where(
            ChatAccount.channel == channel, ChatAccount.external_id == external_id
        )
    )
    return _account(row.one())


async def load_account(session: AsyncSession, chat_account_id: int) -> Account | None:
    """The account with this id, as it is now."""
    row = await session.get(ChatAccount, chat_account_id, populate_existing=True)
    return _account(row) if row else None


async def accounts_of(session: AsyncSession, family_id: int) -> Sequence[Account]:
    """Every account that belongs to a family, oldest first."""
    rows = await session.scalars(
        select(ChatAccount).where(ChatAccount.family_id == family_id).order_by(ChatAccount.id)
    )
    return [_account(row) for row in rows]


async def accounts_sharing(session: AsyncSession, draft_owner: int) -> Sequence[Account]:
    """Every account of the person whose draft is kept under `draft_owner`, oldest first."""
    rows = await session.scalars(
        select(ChatAccount)
        .where((ChatAccount.id == draft_owner) | (ChatAccount.draft_account_id == draft_owner))
        .order_by(ChatAccount.id)
        .execution_options(populate_existing=True)
    )
    return [_account(row) for row in rows]


async def share_draft(session: AsyncSession, chat_account_id: int, draft_owner: int) -> None:
    """From now on the account, and whoever shared its draft, is one person with `draft_owner`."""
    await session.execute(
        update(ChatAccount)
        .where(
            (ChatAccount.id == chat_account_id) | (ChatAccount.draft_account_id == chat_account_id),
            ChatAccount.id != draft_owner,
        )
        .values(draft_account_id=draft_owner)
    )


async def create_web_account(
    session: AsyncSession, cookie: str, *, language: str | None = None
) -> Account:
    """A new account of the web chat for a browser that holds `cookie`, a fresh random secret of
    which only a hash is kept."""
    row = ChatAccount(
        channel=WEB,
        external_id=secrets.token_hex(16),
        secret_hash=digest(cookie),
        language=language,
    )
    session.add(row)
    await session.flush()
    return _account(row)


async def web_account(session: AsyncSession, cookie: str) -> Account | None:
    """The account whose cookie this is; None if it is nobody's."""
    row = await session.scalar(
        select(ChatAccount).where(
            ChatAccount.channel == WEB, ChatAccount.secret_hash == digest(cookie)
        )
    )
    return _account(row) if row else None


async def link_account(
    session: AsyncSession,
    chat_account_id: int,
    *,
    family_id: int,
    adult_id: int | None = None,
    child_id: int | None = None,
) -> None:
    """From now on the account is this adult's or child's, or (neither) the family's group."""
    await session.execute(
        update(ChatAccount)
        .where(ChatAccount.id == chat_account_id)
        .values(family_id=family_id, adult_id=adult_id, child_id=child_id)
    )


async def move_account(session: AsyncSession, chat_account_id: int, external_id: str) -> None:
    """The channel knows the chat by another id from now on (a group has become a supergroup)."""
    await session.execute(
        update(ChatAccount).where(ChatAccount.id == chat_account_id).values(external_id=external_id)
    )


async def park_account(session: AsyncSession, chat_account_id: int, *, now: datetime) -> None:
    """The chat has blocked us: nothing is sent to it for a while."""
    await session.execute(
        update(ChatAccount).where(ChatAccount.id == chat_account_id).values(blocked_at=now)
    )


async def parked_since(session: AsyncSession, chat_account_id: int) -> datetime | None:
    """When the chat blocked us; None if it has not, or has spoken to us since."""
    found: datetime | None = await session.scalar(
        select(ChatAccount.blocked_at).where(ChatAccount.id == chat_account_id)
    )
    return found


async def unpark_account(session: AsyncSession, chat_account_id: int) -> None:
    """The chat speaks to us, so it listens again."""
    await session.execute(
        update(ChatAccount)
        .where(ChatAccount.id == chat_account_id, ChatAccount.blocked_at.is_not(None))
        .values(blocked_at=None)
    )


async def set_language(session: AsyncSession, chat_account_id: int, language: str) -> None:
    """The language in which this chat is addressed, as a language tag ("en", "es"). The
    transaction acts for the chat's family, if it has one: its calendars may speak that language."""
    changed = await session.execute(
        update(ChatAccount)
        .where(ChatAccount.id == chat_account_id)
        .values(language=language)
        .returning(ChatAccount.family_id)
    )
    family_id = changed.scalar_one_or_none()
    if family_id is not None:
        await bump_revision(session, family_id)


async def load_draft(session: AsyncSession, draft_owner: int) -> Draft:
    """The draft that is kept under this account, empty if there is none. Until the transaction
    ends, no other step of this person's conversation gets past this call, whichever chat it
    comes from. The transaction must be in the owner's scope, or the draft's family's."""
    await lock_chat(session, draft_owner)
    row = await session.scalar(
        select(QuestionnaireDraft)
        .where(QuestionnaireDraft.chat_account_id == draft_owner)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        return Draft(QuestionnaireSession())
    return Draft(row.session_data, row.user_id, row.family_id)


async def save_draft(
    session: AsyncSession, draft_owner: int, data: QuestionnaireSession, *, now: datetime
) -> None:
    """Replace the draft that is kept under this account, in the scope that `load_draft` needs. It
    belongs to the transaction's family, if there is one."""
    row = insert(QuestionnaireDraft).values(
        chat_account_id=draft_owner,
        family_id=CURRENT_FAMILY,
        session_data=data,
        last_updated=now,
    )
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["chat_account_id"],
            set_={
                "family_id": func.coalesce(row.excluded.family_id, QuestionnaireDraft.family_id),
                "session_data": row.excluded.session_data,
                "last_updated": row.excluded.last_updated,
            },
        )
    )


async def record_consent(
    session: AsyncSession,
    *,
    kind: str,
    version: str,
    source: str,
    now: datetime,
    chat_account_id: int | None = None,
    family_id: int | None = None,
) -> int:
    """Keep who agreed to what (`kind`), in which wording (`version`), and how (`source`).
    Returns the consent's id."""
    row = Consent(
        kind=kind,
        version=version,
        source=source,
        given_at=now,
        chat_account_id=chat_account_id,
        family_id=family_id,
    )
    session.add(row)
    await session.flush()
    return row.id


def _account(row: ChatAccount) -> Account:
    return Account(
        id=row.id,
        channel=row.channel,
        external_id=row.external_id,
        family_id=row.family_id,
        adult_id=row.adult_id,
        child_id=row.child_id,
        language=row.language,
        draft_account_id=row.draft_account_id,
    )
