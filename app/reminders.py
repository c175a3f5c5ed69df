"""What is said to families of our own accord, once each; what was missed has moved on before."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from app.changes import Applied, apply_change
from app.review import propose_week, publish_week
from app.services import Services
from bot.changes import tell_guardians
from bot.conversations.differences import changed_card
from bot.daily import remind_of_today
from bot.evening import say_evening
from bot.review import say_review
from core.changes import MissLessons, Origin
from core.missed import presumed_missed
from core.phrase import say
from core.reminders import Kind, Said, how_said
from core.week import week_start
from db.completion import told_missed
from db.conversations import load_account
from db.families import load_family
from db.items import load_items
from db.reminders import DueReminder, attach_message, load_day_settings, load_reminder
from db.session import chat_scope

SPEAKERS: Mapping[Kind, Callable[..., Awaitable[int | None]]] = {
    Kind.MORNING: remind_of_today,
    Kind.EVENING: say_evening,
    Kind.REVIEW: say_review,
}
"""Who says a reminder, in the chat's transaction: (session, account, family_id, now, notice) to the
message's id, None where there is nothing to say."""


async def say_reminder(services: Services, family_id: int, reminder_id: int) -> None:
    """Says a reminder once: its message and the note that it was said are committed together. One
    whose time is over is not said any more. Raises `KeepsChanging`, `NoSuchFamily`."""
    async with services.database.transaction(family_id=family_id) as session:
        reminder = await load_reminder(session, reminder_id)
    if reminder is None or await _how(services, family_id, reminder) is Said.NEVER:
        return
    today = reminder.local_date
    match Kind(reminder.kind):
        case Kind.MORNING:
            await publish_week(services, family_id, week_start(today))
            await carry_missed(services, family_id, today)
        case Kind.REVIEW:
            await propose_week(services, family_id, week_start(today) + timedelta(days=7))
        case Kind.EVENING:
            pass
    how = await _how(services, family_id, reminder)
    async with services.database.transaction(family_id=family_id) as session:
        reminder = await load_reminder(session, reminder_id)
        if reminder is None or reminder.message_id is not None or how is Said.NEVER:
            return
        account = await load_account(session, reminder.chat_account_id)
        if account is None:
            return
        await chat_scope(session, account.id)
        message_id = await SPEAKERS[Kind(reminder.kind)](
            session,
            account,
            family_id,
            now=services.now(),
            notice=say("day.late") if how is Said.LATE else None,
        )
        if message_id is not None:
            await attach_message(session, reminder_id, message_id)


async def carry_missed(services: Services, family_id: int, today: date) -> None:
    """What was missed on the days of this week before `today` moves to the next fitting place, and
    the guardians are told, with Undo; once for a date, however often this is called. Raises
    `KeepsChanging`, `NoSuchFamily`, `RulesBroken`."""
    monday = week_start(today)
    async with services.database.transaction(family_id=family_id) as session:
        family = await load_family(session, family_id)
        items = [stored.item for stored in await load_items(session, family_id, monday, today)]
        known = await told_missed(session, family_id, monday, today)
    missed = presumed_missed(items, known, today)
    if not missed:
        return
    key = f"moved-on:{today.isoformat()}"
    change = MissLessons(tuple(item.uid or "" for item in missed))
    outcome = await apply_change(services, family_id, change, Origin.CLOCK, key=key)
    if not isinstance(outcome, Applied):
        return
    card = changed_card(
        outcome.difference,
        family,
        today=today,
        undo=outcome.token,
        title=say("evening.moved_on"),
    )
    async with services.database.transaction(family_id=family_id) as session:
        await tell_guardians(session, family_id, card, now=services.now(), dedupe_key=key)


async def _how(services: Services, family_id: int, reminder: DueReminder) -> Said:
    async with services.database.transaction(family_id=family_id) as session:
        family = await load_family(session, family_id)
        settings = await load_day_settings(session, family_id)
    if reminder.message_id is not None:
        return Said.NEVER
    kind, zone = Kind(reminder.kind), ZoneInfo(family.timezone)
    return how_said(settings, kind, reminder.local_date, services.now(), zone)
