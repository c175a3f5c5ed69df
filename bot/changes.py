"""A change of the week in the chat: told to those who decide, and taken back by a tap."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.cards import Card
from bot.conversations.differences import (
    changed_card,
    not_undone_card,
    token_to_undo,
    undoing_card,
    undone_card,
)
from bot.outbox import post, replace_card
from bot.talk import Talk
from core.changes import Impossible
from core.decisions import Broken
from core.diff import Difference
from core.phrase import Phrase, say
from core.week import wall
from db.conversations import accounts_of
from db.families import is_guardian, load_family
from db.items import find_item
from db.queue import enqueue
from db.secrets import SecretBox

UNDO_CHANGE = "undo_change"
"""The task that takes a change back and says so in the message that offered it."""


async def tell_guardians(
    session: AsyncSession,
    family_id: int,
    card: Card,
    *,
    now: datetime,
    dedupe_key: str | None = None,
    box: SecretBox | None = None,
    but: int | None = None,
) -> int:
    """Says a card in every chat of those who decide for the family, `but` in that account's;
    returns in how many it was new. The transaction acts for the family; `dedupe_key` and `box` as
    for `bot.outbox.post`."""
    told = 0
    for account in await accounts_of(session, family_id):
        if account.id != but and await is_guardian(session, account.adult_id):
            posted = await post(session, account, card, now=now, dedupe_key=dedupe_key, box=box)
            told += posted is not None
    return told


async def tell_change(
    session: AsyncSession,
    family_id: int,
    found: Difference,
    token: str,
    *,
    now: datetime,
    title: Phrase | None = None,
) -> None:
    """Tells the guardians what a change has done, with Undo."""
    family = await load_family(session, family_id)
    today = wall(now, ZoneInfo(family.timezone)).date()
    card = changed_card(found, family, today=today, undo=token, title=title)
    await tell_guardians(session, family_id, card, now=now)


async def ask_undo(talk: Talk, option: str, message_id: int) -> None:
    """A tap on Undo: the message says that we are at it, and a job does it."""
    family_id, token = talk.account.family_id, token_to_undo(option)
    if family_id is None or token is None or not await talk.decides():
        await talk.say(Card(say("change.guardian")))
        return
    await replace_card(talk.session, talk.account, message_id, undoing_card(), now=talk.now)
    await enqueue(
        talk.session,
        UNDO_CHANGE,
        lock=f"family:{family_id}",
        family_id=family_id,
        account_id=talk.account.id,
        message_id=message_id,
        token=token,
    )


async def card_of_undo(
    session: AsyncSession,
    family_id: int,
    outcome: Difference | Impossible | Broken,
    *,
    now: datetime,
) -> Card:
    """What came of taking a change back: what that did to the lessons, or why it cannot be."""
    family = await load_family(session, family_id)
    if isinstance(outcome, Difference):
        return undone_card(outcome, family, today=wall(now, ZoneInfo(family.timezone)).date())
    uid = outcome.uid if isinstance(outcome, Impossible) else None
    lesson = await find_item(session, family_id, uid) if uid is not None else None
    return not_undone_card(outcome, family, lesson)
