"""What a family asks of its week in the chat: shown as understood, looked at, confirmed."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bot.changes import UNDO_CHANGE
from bot.conversations.cards import Card
from bot.conversations.differences import not_undone_card, undoing_card
from bot.conversations.requests import (
    Answer,
    Ground,
    left_card,
    looking_card,
    noted_card,
    outing_card,
    which_card,
    working_card,
)
from bot.outbox import replace_card
from bot.talk import Talk
from core.changes import Impossible, Why
from core.family import Family
from core.phrase import say
from core.said.readings import Outing, Request, Skip, Unclear, Undo
from core.week import wall
from core.wishes import DaysBack, DaysOff, titled
from db.changes import latest_change
from db.completion import log_outing
from db.items import load_items
from db.queue import enqueue
from db.requests import (
    Logged,
    forget_old_requests,
    forget_request,
    keep_request,
)

PREVIEW = "preview_request"
"""The task that looks what would become of the week."""

CARRY_OUT = "carry_out_request"
"""The task that does what was confirmed."""

AHEAD = timedelta(days=62)
"""How far ahead a lesson can be named."""

BEHIND = timedelta(days=7)
"""How long ago one may have been that is still spoken of."""

REQUEST_LIFE = timedelta(days=2)
"""How long what was asked can be confirmed, and the last change be taken back by words."""


async def ground_of(session: AsyncSession, family_id: int, family: Family, now: datetime) -> Ground:
    """What requests of the family are told on, at `now`."""
    today = wall(now, ZoneInfo(family.timezone)).date()
    items = await load_items(session, family_id, today - BEHIND, today + AHEAD)
    return Ground(family, [stored.item for stored in items], today)


async def ask_for(
    talk: Talk,
    family_id: int,
    asked: Request | Skip | DaysOff | DaysBack,
    ground: Ground,
    *,
    message_id: int | None = None,
) -> None:
    """Shows what was understood, in place of the message `message_id` where one is given, and has
    a job look what would become of the week. Only who decides for the family can ask."""
    if not await talk.decides():
        await talk.say(Card(say("change.guardian")))
        return
    if isinstance(asked, Undo):
        await _take_back(talk, family_id, ground.family)
        return
    asked = titled(asked)
    request_id = await keep(talk, asked)
    if isinstance(asked, Outing):
        await talk.say(outing_card(request_id, asked, ground))
        return
    card = looking_card(asked, ground)
    if message_id is None:
        message_id = await talk.say(card)
    else:
        await replace_card(talk.session, talk.account, message_id, card, now=talk.now)
    await _hand_on(talk, PREVIEW, family_id, message_id, request_id)


async def keep(talk: Talk, asked: Request | Skip | DaysOff | DaysBack | Logged) -> int:
    """Keeps what this chat has asked, and forgets what it asked long ago; returns the id."""
    await forget_old_requests(talk.session, talk.account.id, talk.now - REQUEST_LIFE)
    return await keep_request(talk.session, talk.account.id, asked, now=talk.now)


async def ask_which(talk: Talk, unclear: Unclear, ground: Ground) -> None:
    """Asks back what was meant."""
    candidates = [
        (await keep_request(talk.session, talk.account.id, each, now=talk.now), each)
        for each in map(titled, unclear.candidates)
    ]
    await talk.say(which_card(unclear, candidates, ground))


async def answer_proposal(
    talk: Talk,
    family_id: int,
    request_id: int,
    asked: Request | Skip | DaysOff | DaysBack,
    answer: Answer,
    ground: Ground,
    message_id: int,
) -> None:
    """A tap under a request: it is meant, is to be carried out, or is left."""
    session, account = talk.session, talk.account
    if not await talk.decides():
        await talk.say(Card(say("change.guardian")))
        return
    if isinstance(asked, Undo):
        await _take_back(talk, family_id, ground.family)
        return
    if answer is Answer.LEAVE:
        await forget_request(session, request_id)
        card = left_card(asked, ground)
        await replace_card(session, account, message_id, card, now=talk.now)
    elif isinstance(asked, Outing):
        logs = await log_outing(session, family_id, asked, at=talk.now)
        undo = await keep(talk, Logged(logs=logs))
        await forget_request(session, request_id)
        card = noted_card(undo, asked, ground)
        await replace_card(session, account, message_id, card, now=talk.now)
    else:
        meant = answer is Answer.MEANT
        card = looking_card(asked, ground) if meant else working_card(asked, ground)
        await replace_card(session, account, message_id, card, now=talk.now)
        task = PREVIEW if meant else CARRY_OUT
        await _hand_on(talk, task, family_id, message_id, request_id)


async def _take_back(talk: Talk, family_id: int, family: Family) -> None:
    """The latest change that somebody asked for is taken back, as by its button."""
    found = await latest_change(talk.session, family_id, since=talk.now - REQUEST_LIFE)
    if found is None:
        await talk.say(not_undone_card(Impossible(Why.NO_SUCH_CHANGE), family))
        return
    message_id = await talk.say(undoing_card())
    await enqueue(
        talk.session,
        UNDO_CHANGE,
        lock=f"family:{family_id}",
        family_id=family_id,
        account_id=talk.account.id,
        message_id=message_id,
        token=found,
    )


async def _hand_on(talk: Talk, task: str, family_id: int, message_id: int, request_id: int) -> None:
    await enqueue(
        talk.session,
        task,
        lock=f"family:{family_id}",
        family_id=family_id,
        account_id=talk.account.id,
        message_id=message_id,
        request_id=request_id,
    )
