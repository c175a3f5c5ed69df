"""Taps about the calendars that we keep in Google: a job does what was tapped."""

from bot.conversations.cards import Card
from bot.conversations.google import Answered, Chosen, answered_card, choosing_card, tapped
from bot.outbox import replace_card
from bot.talk import Talk
from core.phrase import say
from db.published import published_calendar
from db.queue import enqueue

ANSWER_CALENDAR = "answer_calendar"
"""The task that does with a published calendar what a guardian has answered."""

MOVE_LESSON = "move_lesson"
"""The task that puts a lesson where a button says, and tells what came of it in the message."""


async def answer_google(talk: Talk, option: str, message_id: int) -> None:
    """A tap on one of `bot.conversations.google`'s buttons."""
    family_id, answer = talk.account.family_id, tapped(option)
    if family_id is None or not await talk.decides():
        await talk.say(Card(say("change.guardian")))
        return
    match answer:
        case Answered(what, published_id):
            calendar = await published_calendar(talk.session, published_id)
            if calendar is not None:
                await enqueue(
                    talk.session,
                    ANSWER_CALENDAR,
                    lock=f"publish:{calendar.connection_id}",
                    family_id=family_id,
                    published_id=published_id,
                    answer=what.value,
                )
            await replace_card(
                talk.session, talk.account, message_id, answered_card(what), now=talk.now
            )
        case Chosen(item_id, to, start):
            await enqueue(
                talk.session,
                MOVE_LESSON,
                lock=f"family:{family_id}",
                family_id=family_id,
                account_id=talk.account.id,
                message_id=message_id,
                item_id=item_id,
                day=to.toordinal(),
                start=start,
            )
            await replace_card(
                talk.session, talk.account, message_id, choosing_card(), now=talk.now
            )
        case None:
            return
