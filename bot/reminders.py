"""/reminders and /pause in a chat: when the family hears from us."""

from bot.conversations.cards import Card
from bot.conversations.reminders import (
    Shown,
    Step,
    part_card,
    reminders_card,
    tapped,
    told,
    told_pause,
)
from bot.daily import today_of
from bot.outbox import replace_card
from bot.talk import Talk
from bot.texts import language_of
from core.phrase import say
from core.reminders import DaySettings
from db.families import load_family
from db.reminders import load_day_settings, plan_reminders, save_day_settings
from db.session import lock_family


async def set_reminders(talk: Talk, family_id: int, command: str, words: str) -> None:
    """/reminders, /pause or /resume with what was said behind it."""
    if not await talk.decides():
        await talk.say(Card(say("settings.guardian")))
        return
    await lock_family(talk.session, family_id)
    family = await load_family(talk.session, family_id)
    settings, today = await load_day_settings(talk.session, family_id), today_of(family, talk.now)
    match command:
        case "resume":
            step: Step = tapped("rem-go", settings, today)
        case "pause":
            english = language_of(talk.account.language) == "en"
            step = told_pause(words, settings, today, day_first=not english)
        case _:
            step = told(words, settings)
    await talk.say(await _answer(talk, family_id, step, settings))


async def tap_reminders(talk: Talk, family_id: int, option: str, message_id: int) -> None:
    """A button of the cards, answered in place."""
    if not await talk.decides():
        await talk.say(Card(say("settings.guardian")))
        return
    await lock_family(talk.session, family_id)
    family = await load_family(talk.session, family_id)
    settings = await load_day_settings(talk.session, family_id)
    step = tapped(option, settings, today_of(family, talk.now))
    card = await _answer(talk, family_id, step, settings)
    await replace_card(talk.session, talk.account, message_id, card, now=talk.now)


async def _answer(talk: Talk, family_id: int, step: Step, settings: DaySettings) -> Card:
    family = await load_family(talk.session, family_id)
    today = today_of(family, talk.now)
    match step:
        case DaySettings():
            await save_day_settings(talk.session, family_id, step)
            await plan_reminders(talk.session, family, family_id, now=talk.now)
            return reminders_card(step, today, notice=say("reminders.kept"))
        case Shown(part="open"):
            return reminders_card(settings, today)
        case Shown(part=part):
            return part_card(part, settings)
        case None:
            notice = say("reminders.misread")
            return reminders_card(settings, today, notice=notice, misread=True)
