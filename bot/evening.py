"""The evening in the chat: what is still unanswered of the day, and what is to become of it."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.cards import Card
from bot.conversations.evening import Open, evening_card
from bot.conversations.requests import Answer, option_of
from bot.daily import day_lessons, helps, today_of
from bot.outbox import post
from core.missed import unanswered
from core.phrase import Phrase, say
from core.said.readings import Done, Skip
from db.completion import told_missed
from db.conversations import Account
from db.families import load_family
from db.messages import find_said
from db.requests import keep_request


async def say_evening(
    session: AsyncSession,
    account: Account,
    family_id: int,
    *,
    now: datetime,
    notice: Phrase | None = None,
) -> int | None:
    """Asks, once a day for a chat, what became of the lessons of which nobody has said it; returns
    the message's id. None if it was asked already or nothing is open: then nobody is disturbed. A
    helper is not asked, and a child may report but not let go."""
    family = await load_family(session, family_id)
    today = today_of(family, now)
    key = f"evening:{today.isoformat()}"
    if await helps(session, account) or await find_said(session, account.id, key) is not None:
        return None
    lessons = [s.item for s in await day_lessons(session, account, family_id, today)]
    known = await told_missed(session, family_id, today, today + timedelta(days=1))
    left = unanswered(lessons, known, today)
    if not left:
        return None
    uids = tuple(item.uid or "" for item in left)
    done = await keep_request(session, account.id, Done(uids), now=now)
    options = [option_of(done, Answer.MEANT, say("evening.all_done"))]
    if account.child_id is None:
        move = await keep_request(session, account.id, Skip(uids), now=now)
        drop = await keep_request(session, account.id, Skip(uids, let_go=True), now=now)
        options.append(option_of(move, Answer.GO, say("evening.move")))
        options.append(option_of(drop, Answer.GO, say("evening.let_go")))
    whose = [(family.child(item.child_id).name, Open(item.name, item.start)) for item in left]
    card: Card = evening_card(today, whose, options, notice=notice)
    return await post(session, account, card, now=now, step=today.toordinal(), dedupe_key=key)
