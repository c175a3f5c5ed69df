"""Sunday in the chat: how the week was, and the next one to agree to."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.cards import Card
from bot.conversations.review import Approved, Rated, proposed_card, review_card
from bot.daily import helps, left_out_of, spans_of, today_of
from bot.outbox import post, replace_card
from bot.talk import Talk
from core.family import Family
from core.phrase import Phrase, say
from core.review import review
from core.week import week_start
from db.conversations import Account
from db.families import load_family
from db.feedback import rate_week, rating_of
from db.queue import enqueue
from db.reminders import load_day_settings, save_day_settings
from db.schedules import load_week, proposed_week
from db.session import lock_family

PUBLISH_WEEK = "publish_proposed_week"
"""The task that publishes a week that was agreed to, and shows it in the message that asked."""

WEEK = timedelta(days=7)


async def say_review(
    session: AsyncSession,
    account: Account,
    family_id: int,
    *,
    now: datetime,
    notice: Phrase | None = None,
) -> int | None:
    """Shows those who decide how the week was, and the next one where it waits for their word;
    once a week for a chat. Returns a message's id, None where there was nothing to say."""
    if account.child_id is not None or await helps(session, account):
        return None
    family = await load_family(session, family_id)
    monday = week_start(today_of(family, now))
    said: int | None = None
    card = await _review(session, family_id, family, monday, notice=notice)
    if card is not None:
        said = await post(session, account, card, now=now, dedupe_key=f"review:{monday}")
    proposed = await proposed_week(session, family_id, monday + WEEK)
    if proposed.schedules:
        card = proposed_card(
            monday + WEEK,
            spans_of(family, proposed, since=monday + WEEK, adult_id=None),
            left_out_of(family, proposed),
        )
        shown = await post(session, account, card, now=now, dedupe_key=f"proposed:{monday + WEEK}")
        said = said or shown
    return said


async def show_review(talk: Talk, family_id: int) -> None:
    """/review: how this week has been so far."""
    if not await talk.decides():
        await talk.say(Card(say("change.guardian")))
        return
    family = await load_family(talk.session, family_id)
    monday = week_start(today_of(family, talk.now))
    card = await _review(talk.session, family_id, family, monday)
    await talk.say(card or Card(say("chat.no_week")))


async def answer_review(
    talk: Talk, family_id: int, answer: Rated | Approved, message_id: int
) -> None:
    """A tap under a review or a proposed week."""
    session, account, now = talk.session, talk.account, talk.now
    if not await talk.decides():
        await talk.say(Card(say("change.guardian")))
        return
    await lock_family(session, family_id)
    family = await load_family(session, family_id)
    if isinstance(answer, Rated):
        await rate_week(session, family_id, answer.monday, now=now, rating=answer.rating)
        card = await _review(session, family_id, family, answer.monday)
        await replace_card(session, account, message_id, card or Card(say("day.thanks")), now=now)
        return
    if answer.always:
        settings = await load_day_settings(session, family_id)
        await save_day_settings(session, family_id, replace(settings, automatic=True))
    await replace_card(
        session, account, message_id, Card(say("review.publishing"), thinking=True), now=now
    )
    await enqueue(
        session,
        PUBLISH_WEEK,
        lock=f"family:{family_id}",
        family_id=family_id,
        account_id=account.id,
        message_id=message_id,
        monday=answer.monday.toordinal(),
        always=int(answer.always),
    )


async def comment(talk: Talk, family_id: int, words: str) -> None:
    """/comment: what somebody says of the week that is, or was until yesterday."""
    if not words.strip():
        await talk.say(Card(say("review.comment_how"), hint=say("review.hint")))
        return
    family = await load_family(talk.session, family_id)
    # On Monday the week before is still what is meant.
    monday = week_start(today_of(family, talk.now) - timedelta(days=1))
    await lock_family(talk.session, family_id)
    await rate_week(talk.session, family_id, monday, now=talk.now, comment=words.strip())
    await talk.say(Card(say("review.commented")))


async def _review(
    session: AsyncSession,
    family_id: int,
    family: Family,
    monday: date,
    *,
    notice: Phrase | None = None,
) -> Card | None:
    week = await load_week(session, family_id, monday)
    weeks = review(family, week.items)
    if not weeks:
        return None
    rating = await rating_of(session, family_id, monday)
    return review_card(monday, weeks, family, rating=rating, notice=notice)
