"""Calendars that we plan around, in the chats of those who decide."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.changes import tell_guardians
from bot.conversations.cards import Card
from bot.conversations.outside import moving_card, settled_card, times_answered
from bot.outbox import replace_card
from bot.talk import Talk
from core.phrase import say
from db.connections import load_connection
from db.conversations import accounts_of
from db.messages import find_said
from db.queue import enqueue

ANSWER_TIMES = "answer_times"
"""The task that does what was answered to a calendar's new times."""


def clash_key(connection_id: int, proposal: str) -> str:
    """The key under which a chat is asked about a calendar's new times: once."""
    return f"calendar:{connection_id}:{proposal}"


async def answer_times(talk: Talk, option: str, message_id: int) -> None:
    """A tap on an answer: the message says that we are at it, and a job does it."""
    family_id, answer = talk.account.family_id, times_answered(option)
    if family_id is None or answer is None or not await talk.decides():
        await talk.say(Card(say("change.guardian")))
        return
    connection = await load_connection(talk.session, answer.connection_id, talk.dialogue.box)
    card = settled_card() if connection is None else moving_card(connection.name or "")
    await replace_card(talk.session, talk.account, message_id, card, now=talk.now)
    if connection is not None:
        await enqueue(
            talk.session,
            ANSWER_TIMES,
            lock=f"follow:{connection.id}",
            family_id=family_id,
            connection_id=connection.id,
            proposal=answer.proposal,
            move=int(answer.move),
        )


async def ask_guardians(
    session: AsyncSession,
    family_id: int,
    connection_id: int,
    proposal: str,
    card: Card,
    *,
    now: datetime,
) -> None:
    """Asks in every chat of those who decide; where the same was asked before, in that message."""
    key = clash_key(connection_id, proposal)
    await replace_question(session, family_id, connection_id, proposal, card, now=now)
    await tell_guardians(session, family_id, card, now=now, dedupe_key=key)


async def replace_question(
    session: AsyncSession,
    family_id: int,
    connection_id: int,
    proposal: str,
    card: Card,
    *,
    now: datetime,
    waiting_only: bool = False,
) -> None:
    """Puts a card in place of a question, in every chat that was asked; with `waiting_only` where
    the answer is being waited for."""
    for account in await accounts_of(session, family_id):
        asked = await find_said(session, account.id, clash_key(connection_id, proposal))
        if asked is not None and (not waiting_only or asked.view.get("thinking")):
            await replace_card(session, account, asked.id, card, now=now)
