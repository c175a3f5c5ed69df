"""Saying something: a card becomes a message of the chat, delivered once the transaction commits.

For the web chat the stored message is the delivery: the page reads it. For Telegram a job carries
it there.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.cards import Card, Option
from bot.texts import language_of, translator
from bot.views import Button, View, render
from db.conversations import WEB, Account
from db.messages import State, StoredMessage, edit_message, post_message
from db.queue import TELEGRAM_QUEUE, enqueue
from db.secrets import SecretBox

DELIVER = "deliver"
"""The task that carries a chat's pending messages to its channel."""

SEALED = "sealed"
"""Key under which a stored message holds the ciphertext of a secret card."""


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
    box: SecretBox | None = None,
) -> int | None:
    """Says a card in a new message; returns its id, or None if `dedupe_key` was said already.

    A secret card needs a `box`; `ValueError` without one.
    """
    message_id = await post_message(
        session,
        account.id,
        _stored(account, card, box),
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
    box: SecretBox | None = None,
) -> None:
    """Puts another card in place of what a message says; `box` as for `post`."""
    stored = _stored(account, card, box)
    await _replace(session, account, message_id, stored, now=now, step=step)


def shown(message: StoredMessage, box: SecretBox) -> View:
    """What a stored message says; raises `SecretUnreadable` where its key is gone."""
    sealed = message.view.get(SEALED)
    if sealed is None:
        return View.model_validate(message.view)
    return View.model_validate_json(box.open(b64decode(sealed), **_place(message.chat_account_id)))


async def shrink(
    session: AsyncSession,
    account: Account,
    message_id: int,
    line: str,
    *,
    now: datetime,
    again: Option | None = None,
) -> None:
    """Leaves one quiet line of a card that was answered, with the button `again` to reopen it."""
    words = translator(spoken(account))
    rows = ((Button(id=again.id, label=words(again.label)),),) if again else ()
    stored = _plain(View(title=line, shrunk=True, rows=rows))
    await _replace(session, account, message_id, stored, now=now, step=0)


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
            queue=TELEGRAM_QUEUE,
            account_id=account.id,
        )


async def _replace(
    session: AsyncSession,
    account: Account,
    message_id: int,
    stored: Mapping[str, Any],
    *,
    now: datetime,
    step: int,
) -> None:
    await edit_message(session, message_id, stored, now=now, state=_first_state(account), step=step)
    await hand_over(session, account)


def _stored(account: Account, card: Card, box: SecretBox | None) -> dict[str, Any]:
    view = render(card, translator(spoken(account)))
    if not card.secret:
        return _plain(view)
    if box is None:
        raise ValueError("a secret card is stored only encrypted")
    sealed = box.seal(view.model_dump_json(exclude_defaults=True), **_place(account.id))
    return {SEALED: b64encode(sealed).decode()}


def _plain(view: View) -> dict[str, Any]:
    return view.model_dump(mode="json", exclude_defaults=True)


def _place(account_id: int) -> dict[str, Any]:
    # Bound to the chat, not to the message: its id is not known before it is stored.
    return {"table": "messages", "column": "view", "row_id": account_id}


def _first_state(account: Account) -> State:
    return "sent" if account.channel == WEB else "pending"
