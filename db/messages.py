"""What is said in each chat. What we say is also the outbox: pending, sending, sent or parked.

A message that is being sent is marked before the call to the channel and after it, each in a
transaction of its own: whoever finds it between the two knows that the channel may have it.

Messages need a transaction of the chat account or of the message's family. `revision` counts a
chat's posts and edits: what has a higher one than a reader has seen is news to that reader.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import extract, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import ChannelPause, Message
from db.session import lock_messages
from db.types import FreeObject, read, write

Author = Literal["us", "them"]
State = Literal["pending", "sending", "sent", "parked"]

MAX_DELIVERIES = 2
"""A channel cannot tell whether it has an interrupted message: it is tried once more, not
again."""


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message; `view` as it was posted or last edited, `external_id` the channel's own."""

    id: int
    chat_account_id: int
    author: str
    view: Mapping[str, Any]
    step: int | None
    state: str
    external_id: str | None
    attempts: int
    revision: int
    delivered_revision: int
    created_at: datetime
    updated_at: datetime


async def post_message(
    session: AsyncSession,
    chat_account_id: int,
    view: Mapping[str, Any],
    *,
    now: datetime,
    author: Author = "us",
    state: State = "pending",
    step: int | None = None,
    dedupe_key: str | None = None,
) -> int | None:
    """Add a message to a chat; returns its id, or None if the chat has one with this
    `dedupe_key`."""
    revision = await _next_revision(session, chat_account_id)
    posted = await session.execute(
        insert(Message)
        .values(
            chat_account_id=chat_account_id,
            author=author,
            view=read(FreeObject, view),
            step=step,
            state=state,
            dedupe_key=dedupe_key,
            revision=revision,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing(index_elements=["chat_account_id", "dedupe_key"])
        .returning(Message.id)
    )
    return posted.scalar_one_or_none()


async def edit_message(
    session: AsyncSession,
    message_id: int,
    view: Mapping[str, Any],
    *,
    now: datetime,
    state: State = "pending",
    step: int | None = None,
) -> int:
    """Replace what a message says; returns its new revision. It is to be delivered again, as an
    edit where the channel has it already."""
    chat_account_id = (
        await session.scalars(select(Message.chat_account_id).where(Message.id == message_id))
    ).one()
    revision = await _next_revision(session, chat_account_id)
    await session.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(
            view=read(FreeObject, view),
            step=step,
            state=state,
            attempts=0,
            revision=revision,
            updated_at=now,
        )
    )
    return revision


async def load_message(session: AsyncSession, message_id: int) -> StoredMessage | None:
    """The message with this id."""
    row = await session.get(Message, message_id, populate_existing=True)
    return _stored(row) if row else None


async def find_said(
    session: AsyncSession, chat_account_id: int, dedupe_key: str
) -> StoredMessage | None:
    """The message that was posted to a chat under this key."""
    row = await session.scalar(
        select(Message)
        .where(Message.chat_account_id == chat_account_id, Message.dedupe_key == dedupe_key)
        .execution_options(populate_existing=True)
    )
    return _stored(row) if row else None


async def pending_messages(
    session: AsyncSession, chat_account_id: int, *, limit: int = 50
) -> Sequence[StoredMessage]:
    """What is to be delivered to a chat, in the order in which it was said."""
    return await _select(
        session,
        limit,
        Message.chat_account_id == chat_account_id,
        Message.state == "pending",
    )


async def messages_since(
    session: AsyncSession, chat_account_id: int, revision: int, *, limit: int = 200
) -> Sequence[StoredMessage]:
    """What is new in a chat to a reader who has seen it up to `revision`, oldest news first."""
    return await _select(
        session,
        limit,
        Message.chat_account_id == chat_account_id,
        Message.revision > revision,
    )


async def said_lately(
    session: AsyncSession, chat_account_id: int, since: datetime, *, limit: int = 10
) -> Sequence[StoredMessage]:
    """What we have said or edited in a chat since then, the latest first."""
    rows = await session.scalars(
        select(Message)
        .where(
            Message.chat_account_id == chat_account_id,
            Message.author == "us",
            Message.updated_at >= since,
        )
        .order_by(Message.revision.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [_stored(row) for row in rows]


async def mark_sending(session: AsyncSession, message_id: int) -> StoredMessage | None:
    """Claim a pending message for one delivery; None if it is not pending (any more). Commit
    before the channel is called."""
    claimed = await session.scalar(
        update(Message)
        .where(Message.id == message_id, Message.state == "pending")
        .values(state="sending", attempts=Message.attempts + 1)
        .returning(Message)
        .execution_options(populate_existing=True)
    )
    return _stored(claimed) if claimed else None


async def mark_sent(
    session: AsyncSession, message_id: int, revision: int, *, external_id: str | None = None
) -> None:
    """The channel has the message as of `revision`. One that was edited meanwhile stays pending."""
    await session.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(
            delivered_revision=func.greatest(Message.delivered_revision, revision),
            external_id=func.coalesce(external_id, Message.external_id),
        )
    )
    await session.execute(
        update(Message)
        .where(Message.id == message_id, Message.revision == revision)
        .values(state="sent")
    )


async def mark_unsent(session: AsyncSession, message_id: int) -> None:
    """The channel has refused the message for now and surely does not have it: pending again,
    and the attempt does not count."""
    await session.execute(
        update(Message)
        .where(Message.id == message_id, Message.state == "sending")
        .values(state="pending", attempts=Message.attempts - 1)
    )


async def mark_parked(session: AsyncSession, message_id: int) -> None:
    """The message cannot be delivered (the chat is blocked, say)."""
    await session.execute(update(Message).where(Message.id == message_id).values(state="parked"))


async def recover_interrupted(session: AsyncSession, chat_account_id: int) -> None:
    """Settle messages that a sender left behind in the middle: each is tried once more, then
    parked. Only while nobody else sends to this chat."""
    interrupted = (Message.chat_account_id == chat_account_id, Message.state == "sending")
    await session.execute(
        update(Message)
        .where(*interrupted, Message.attempts >= MAX_DELIVERIES)
        .values(state="parked")
    )
    await session.execute(update(Message).where(*interrupted).values(state="pending"))


async def pause_channel(session: AsyncSession, channel: str, seconds: float) -> None:
    """The channel takes no calls for `seconds` from now, from any process of ours. A longer pause
    that was asked for before stays."""
    # By the database's clock, which all processes share.
    until = func.clock_timestamp() + timedelta(seconds=seconds)
    row = insert(ChannelPause).values(channel=channel, paused_until=until)
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["channel"],
            set_={"paused_until": func.greatest(ChannelPause.paused_until, until)},
        )
    )


async def pause_left(session: AsyncSession, channel: str) -> float:
    """For how many seconds more the channel takes no calls; 0 if it takes them."""
    left = await session.scalar(
        select(extract("epoch", ChannelPause.paused_until - func.clock_timestamp())).where(
            ChannelPause.channel == channel
        )
    )
    return max(float(left or 0), 0.0)


async def _next_revision(session: AsyncSession, chat_account_id: int) -> int:
    # Under the lock revisions become visible in their order, so that no reader skips one.
    await lock_messages(session, chat_account_id)
    last = await session.scalar(
        select(func.max(Message.revision)).where(Message.chat_account_id == chat_account_id)
    )
    return (last or 0) + 1


async def _select(session: AsyncSession, limit: int, *conditions: Any) -> Sequence[StoredMessage]:
    rows = await session.scalars(
        select(Message)
        .where(*conditions)
        .order_by(Message.revision)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [_stored(row) for row in rows]


def _stored(row: Message) -> StoredMessage:
    return StoredMessage(
        id=row.id,
        chat_account_id=row.chat_account_id,
        author=row.author,
        view=write(row.view),
        step=row.step,
        state=row.state,
        external_id=row.external_id,
        attempts=row.attempts,
        revision=row.revision,
        delivered_revision=row.delivered_revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
