"""What the channels hand us: each update once, kept until its effect is committed.

All of it needs a transaction of the update's chat (`Database.transaction(chat_key=…)`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import InboxUpdate
from db.session import chat_key_scope
from db.types import FreeObject, read, write


@dataclass(frozen=True, slots=True)
class Update:
    """An update that waits; `payload` as the channel sent it."""

    id: int
    channel: str
    chat_key: str
    update_id: str
    payload: Mapping[str, Any]


def chat_key(channel: str, external_id: str) -> str:
    """The chat as jobs, locks and the inbox name it: a hash, so that none of them spells out who
    talks to us."""
    return hashlib.sha256(f"{channel}:{external_id}".encode()).hexdigest()[:32]


async def receive(
    session: AsyncSession,
    channel: str,
    chat_key: str,
    update_id: str,
    payload: Mapping[str, Any],
) -> int | None:
    """Keep an update; returns its inbox id, or None if it was seen before.

    Seen ids are a set: a channel's ids may start again anywhere.
    """
    kept = await session.execute(
        insert(InboxUpdate)
        .values(
            channel=channel,
            chat_key=chat_key,
            update_id=update_id,
            payload=read(FreeObject, payload),
        )
        .on_conflict_do_nothing(index_elements=["channel", "update_id"])
        .returning(InboxUpdate.id)
    )
    return kept.scalar_one_or_none()


async def take(session: AsyncSession, inbox_id: int) -> Update | None:
    """The update, locked until the transaction ends; None if it was processed or has failed."""
    row = await session.scalar(
        select(InboxUpdate)
        .where(
            InboxUpdate.id == inbox_id,
            InboxUpdate.processed_at.is_(None),
            InboxUpdate.failed_at.is_(None),
        )
        .with_for_update()
    )
    if row is None or row.payload is None:
        return None
    return Update(row.id, row.channel, row.chat_key, row.update_id, write(row.payload))


async def mark_processed(session: AsyncSession, inbox_id: int, *, now: datetime) -> None:
    """The update has had its effect; its payload is erased."""
    await session.execute(
        update(InboxUpdate).where(InboxUpdate.id == inbox_id).values(processed_at=now, payload=None)
    )


async def mark_failed(session: AsyncSession, inbox_id: int, error: str, *, now: datetime) -> None:
    """The update cannot be processed. `error` is a short code, never what a family wrote."""
    await session.execute(
        update(InboxUpdate).where(InboxUpdate.id == inbox_id).values(failed_at=now, error=error)
    )


async def forget_failed(session: AsyncSession, key: str) -> None:
    """Erase what the failed updates of the chat `key` hold. The transaction, of whichever chat it
    is, stays with its own."""
    own = await session.scalar(select(func.current_setting("app.chat_key", True)))
    await chat_key_scope(session, key)
    await session.execute(
        update(InboxUpdate)
        .where(InboxUpdate.chat_key == key, InboxUpdate.failed_at.is_not(None))
        .values(payload=None)
    )
    await chat_key_scope(session, own or "")
