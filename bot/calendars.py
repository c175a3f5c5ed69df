"""/calendars in a chat: the week's addresses, and calendars elsewhere that are written or read."""

import re
from dataclasses import dataclass
from datetime import datetime

from bot.connected import (
    app_card,
    google_card,
    ground_of,
    home_card,
    outside_card,
    own_key,
    send_card,
    written_as,
)
from bot.connecting import LISTEN, belongs, leave, named, pasted, told_by_words, try_login
from bot.conversations import calendars as cards
from bot.conversations.answers import Misread, means_back
from bot.conversations.answers.addresses import Login
from bot.conversations.calendars import App, Asked
from bot.conversations.cards import Card, Tapped, Typed
from bot.outbox import replace_card, shown, shrink
from bot.talk import Talk
from core.phrase import say
from db.calendars import alarm_minutes, set_alarm
from db.connections import (
    DISCONNECT,
    ConnectionState,
    Provider,
    amend_connection,
    delete_connection,
    forget_unanswered,
)
from db.messages import load_message, said_lately
from db.queue import enqueue
from db.revision import bump_revision
from db.session import lock_family

_SECRET = frozenset({"address", "server", "user", "pass"})


@dataclass(frozen=True, slots=True)
class Listening:
    """A card that waits for words. `since`: when it began to."""

    message_id: int
    asked: Asked
    since: datetime

    @property
    def secret(self) -> bool:
        """Whether what is typed may open something, so that no chat may show it."""
        return self.asked.wanted in _SECRET


async def open_calendars(talk: Talk, family_id: int) -> None:
    """Shows the calendars below everything else: all that can be done to a guardian, to others
    how to see their own week."""
    if await talk.decides():
        await forget_unanswered(talk.session, family_id, talk.now - LISTEN)
        await talk.say(await home_card(talk, family_id))
    elif own_key(talk) is None:
        await talk.say(Card(say("calendars.guardian")))
    else:
        await talk.say(cards.apps_card(back=False))


async def answer_tap(talk: Talk, family_id: int, tap: Tapped, message_id: int) -> None:
    """A tap on a card of calendars, which the next card takes the place of."""
    option = tap.option
    if option == cards.OPEN:
        await open_calendars(talk, family_id)
        return
    decides = await talk.decides()
    seen = re.fullmatch(rf"{cards.SEE}-([goatx])(?:-([ac]\d{{1,10}}|f))?", option)
    if seen:
        card = await app_card(talk, family_id, App(seen[1]), seen[2], decides=decides)
    elif option == cards.SEE and (decides or own_key(talk)):
        card = cards.apps_card(back=decides)
    elif not decides:
        card = Card(say("calendars.guardian"))
    else:
        card = await _decided(talk, family_id, option, message_id)
    await _instead(talk, message_id, card)


async def listening(talk: Talk, event: object) -> Listening | None:
    """The card of this chat that waits for the words of an event; None if none does."""
    if talk.account.family_id is None or not isinstance(event, Typed) or not event.text:
        return None
    said = await said_lately(talk.session, talk.account.id, talk.now - LISTEN)
    for message in said:
        view = shown(message, talk.dialogue.box)
        asked = cards.asked_by(button.id for row in view.rows for button in row)
        if asked is not None:
            ours = cards.is_meant(asked, event.text, latest=message is said[0])
            ours = ours and await talk.decides()
            return Listening(message.id, asked, message.updated_at) if ours else None
    return None


async def answer_words(talk: Talk, family_id: int, heard: Listening, text: str) -> None:
    """Words that answer a card: it shrinks to a line, and the next one comes below them."""
    message = await load_message(talk.session, heard.message_id)
    if message is not None:
        title = shown(message, talk.dialogue.box).title
        await shrink(talk.session, talk.account, message.id, title, now=talk.now)
    if means_back(text):
        await talk.say(await leave(talk, family_id, heard.asked))
    else:
        await talk.say(await told_by_words(talk, family_id, heard.asked, text))


async def paste_address(talk: Talk, family_id: int, address: str | Misread) -> None:
    """An address of a calendar that was pasted without being asked for."""
    if await talk.decides():
        await talk.say(await pasted(talk, family_id, address))
    else:
        await talk.say(Card(say("calendars.guardian")))


async def _decided(talk: Talk, family_id: int, option: str, message_id: int) -> Card:
    """What a guardian's tap leads to."""
    about = await _asked_on(talk, message_id)
    number = re.fullmatch(r"cal-(off|keep|take)-(\d{1,10})", option)
    if number:
        return await _end(talk, family_id, number[1], int(number[2]))
    ring = re.fullmatch(rf"{cards.RING}-(\d{{1,2}})", option)
    if ring and int(ring[1]) in cards.ALARMS:
        return await _ring(talk, family_id, int(ring[1]))
    if about is not None and option.startswith("cal-x-"):
        return await leave(talk, family_id, about)
    if about is not None and about.connection_id is not None:
        whose = re.fullmatch(r"cal-for-(f|[ac]\d{1,10})", option)
        if whose:
            return await belongs(talk, family_id, about.connection_id, whose[1])
        if option == cards.SUGGESTED:
            return await named(talk, family_id, about.connection_id, None)
    match option:
        case cards.GOOGLE if talk.dialogue.google:
            return await google_card(talk, family_id)
        case cards.RING:
            return cards.ring_card(await alarm_minutes(talk.session, family_id) or 0)
        case cards.OUTSIDE:
            return await outside_card(talk, family_id)
        case cards.SEND:
            return await send_card(talk, family_id)
        case _ if option in cards.SERVERS:
            return await try_login(talk, family_id, None, Login(cards.SERVERS[option]))
        case _:
            return await home_card(talk, family_id)


async def _ring(talk: Talk, family_id: int, minutes: int) -> Card:
    await set_alarm(talk.session, family_id, minutes or None)
    notice = say("calendars.ring_set") if minutes else say("calendars.ring_quiet")
    return await home_card(talk, family_id, notice=notice)


async def _end(talk: Talk, family_id: int, verb: str, connection_id: int) -> Card:
    """A connection is to be ended: what is read at once, what is written once it is known what
    becomes of it."""
    await lock_family(talk.session, family_id)
    ground = await ground_of(talk, family_id)
    connection = next((c for c in ground.of(*Provider) if c.id == connection_id), None)
    if connection is None:
        return await home_card(talk, family_id)
    if connection.provider is Provider.ICAL:
        await delete_connection(talk.session, connection_id)
        await bump_revision(talk.session, family_id)
        name = connection.name or ""
        return await outside_card(talk, family_id, notice=say("calendars.busy.gone", name=name))
    if verb == "off":
        return cards.disconnect_card(written_as(connection, ground.family))
    await amend_connection(talk.session, connection_id, now=talk.now, state=ConnectionState.ENDED)
    await enqueue(
        talk.session,
        DISCONNECT,
        lock=f"publish:{connection_id}",
        family_id=family_id,
        connection_id=connection_id,
        keep=int(verb == "keep"),
    )
    return await home_card(talk, family_id, notice=say(f"calendars.disconnected_{verb}"))


async def _asked_on(talk: Talk, message_id: int) -> Asked | None:
    message = await load_message(talk.session, message_id)
    if message is None:
        return None
    view = shown(message, talk.dialogue.box)
    return cards.asked_by(button.id for row in view.rows for button in row)


async def _instead(talk: Talk, message_id: int, card: Card) -> None:
    await replace_card(
        talk.session, talk.account, message_id, card, now=talk.now, box=talk.dialogue.box
    )
