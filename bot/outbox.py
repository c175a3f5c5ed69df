"""Saying something: a card becomes a message of the chat, delivered once the transaction commits.

For the web chat the stored message is the delivery: the page reads it. For Telegram a job carries
it there.
"""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.cards import Card
from bot.texts import language_of, translator
from bot.views import View, render
from db.conversations import WEB, Account
from db.messages import State, edit_message, post_message
from db.queue import enqueue

DELIVER = "deliver"
"""The task that carries a chat's pending messages to its channel."""


def spoken(account: Account) -> str:
    """The language in which this chat is addressed."""
    return language_of(account.language)


async def post(
    session: AsyncSession,
    account: Account,
    card: Card,
    *,
    now: datetime,
    step: int = 0,
    dedupe_key: str | None = None,
) -> int | None:
    """Says a card in a new message; returns its id, or None if `dedupe_key` was said already."""
    message_id = await post_message(
        session,
        account.id,
        _stored(render(card, translator(spoken(account)))),
        now=now,
        step=step,
        state=_first_state(account),
        dedupe_key=dedupe_key,
    )
    if message_id is not None:
        await hand_over(session, account)
    return message_id


async def replace_card(
    session: AsyncSession,
    account: Account,
    message_id: int,
    card: Card,
    *,
    now: datetime,
    step: int = 0,
) -> None:
    """Puts another card in place of what a message says."""
    await _replace(
        session, account, message_id, render(card, translator(spoken(account))), now=now, step=step
    )


async def shrink(
    session: AsyncSession, account: Account, message_id: int, line: str, *, now: datetime
) -> None:
    """Leaves one quiet line of a card that was answered."""
    await _replace(session, account, message_id, View(title=line, shrunk=True), now=now, step=0)


async def hand_over(
    session: AsyncSession, account: Account, *, wait: timedelta | None = None
) -> None:
    """Has the chat's pending messages delivered, at once or after `wait`."""
    if account.channel != WEB:
        await enqueue(
            session,
            DELIVER,
            lock=f"deliver:{account.id}",
            queueing_lock=f"deliver:{account.id}",
            schedule_in=wait,
            account_id=account.id,
        )


async def _replace(
    session: AsyncSession,
    account: Account,
    message_id: int,
    view: View,
    *,
    now: datetime,
    step: int,
) -> None:
    await edit_message(
        session, message_id, _stored(view), now=now, state=_first_state(account), step=step
    )
    await hand_over(session, account)


def _stored(view: View) -> dict[str, object]:
    return view.model_dump(mode="json", exclude_defaults=True)


def _first_state(account: Account) -> State:
    return "sent" if account.channel == WEB else "pending"
