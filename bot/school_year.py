"""/year in a chat: days off taken and given back, and public holidays suggested."""

from datetime import date, timedelta

from bot.conversations.cards import Card
from bot.conversations.school_year import (
    HOLIDAYS,
    MOST,
    TAKE,
    GivenBack,
    Tap,
    Ticked,
    holidays_card,
    stretches,
    taught_on,
    year_card,
    year_tapped,
)
from bot.daily import today_of
from bot.outbox import replace_card, shown, spoken
from bot.public_holidays import country_name, country_named, country_of, public_holidays
from bot.requests import ask_for, ground_of
from bot.talk import Talk
from core.family import Family
from core.phrase import say
from core.wishes import DaysBack, DaysOff
from db.families import load_family
from db.messages import load_message

AHEAD = timedelta(days=366)
"""How far ahead holidays are suggested."""


async def open_year(talk: Talk, family_id: int, words: str) -> None:
    """/year, or with a country its public holidays."""
    if not await talk.decides():
        await talk.say(Card(say("change.guardian")))
        return
    family = await load_family(talk.session, family_id)
    country = country_named(words) if words.strip() else country_of(family.timezone)
    if words.strip() and country is not None:
        await talk.say(_holidays(talk, family, country, None), step=_number(country))
        return
    today = today_of(family, talk.now)
    name = None if country is None else country_name(country, spoken(talk.account))
    await talk.say(year_card(family, today, country=name))


async def tap_year(talk: Talk, family_id: int, option: str, message_id: int) -> None:
    """A button of the cards, answered in place."""
    session, account, now = talk.session, talk.account, talk.now
    message = await load_message(session, message_id)
    tap: Tap | None = year_tapped(option)
    if message is None or tap is None or not await talk.decides():
        await talk.say(Card(say("change.guardian")))
        return
    family = await load_family(session, family_id)
    today = today_of(family, now)
    country = _code(message.step or 0) or country_of(family.timezone)
    buttons = [each for row in shown(message, talk.dialogue.box).rows for each in row]
    ticked = [year_tapped(button.id) for button in buttons if button.chosen]
    chosen = {each.day for each in ticked if isinstance(each, Ticked)}
    ground = await ground_of(session, family_id, family, now)
    match tap:
        case GivenBack(first=first, child_id=child_id):
            found = next(
                (
                    each
                    for each in stretches(family.days_off, today)
                    if (each.first, each.child_id) == (first, child_id)
                ),
                None,
            )
            if found is not None:
                asked = DaysBack(found.first, found.last, found.child_id)
                await ask_for(talk, family_id, asked, ground, message_id=message_id)
                return
        case Ticked(day=day) if country is not None:
            chosen ^= {day}
            card = _holidays(talk, family, country, chosen)
            await replace_card(session, account, message_id, card, now=now, step=_number(country))
            return
        case str() if tap == TAKE and chosen:
            wanted = DaysOff(tuple(sorted(chosen)))
            await ask_for(talk, family_id, wanted, ground, message_id=message_id)
            return
        case str() if tap == HOLIDAYS and country is not None:
            card = _holidays(talk, family, country, None)
            await replace_card(session, account, message_id, card, now=now, step=_number(country))
            return
    name = None if country is None else country_name(country, spoken(account))
    await replace_card(
        session, account, message_id, year_card(family, today, country=name), now=now
    )


def _holidays(talk: Talk, family: Family, country: str, chosen: set[date] | None) -> Card:
    """The card of a country's holidays; `chosen` None: all are ticked at first."""
    today, language = today_of(family, talk.now), spoken(talk.account)
    off = {each.date for each in family.days_off if each.child_id is None}
    coming = [
        (day, name)
        for day, name in public_holidays(country, today, today + AHEAD, language)
        if day not in off and taught_on(family.children, day)
    ]
    ticked = {day for day, _ in coming[:MOST]} if chosen is None else chosen
    return holidays_card(country_name(country, language), coming, ticked)


def _number(country: str) -> int:
    """A country's code as the step of a message, which its taps carry."""
    return ord(country[0]) * 256 + ord(country[1])


def _code(step: int) -> str | None:
    return chr(step // 256) + chr(step % 256) if step else None
