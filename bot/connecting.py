"""A calendar elsewhere that is being connected: told answer by answer, and handed to a job.

What an address or a password opens is a family's own affair: both go straight into the connection's
ciphertext, and the chat never shows them again.
"""

import json
from datetime import timedelta

from bot.connected import ground_of, home_card, outside_card, send_card, takers, whose_time
from bot.conversations import calendars as cards
from bot.conversations.answers import Misread, check_name, tidy_person
from bot.conversations.answers.addresses import (
    Login,
    calendar_address,
    host_of,
    read_login,
    read_user,
)
from bot.conversations.calendars import Asked, Person
from bot.conversations.cards import Card
from bot.outbox import spoken
from bot.talk import Talk
from bot.texts import translator
from core.phrase import Phrase, say
from db.connections import (
    CONNECT_CALDAV,
    FOLLOW,
    Connection,
    ConnectionState,
    Provider,
    amend_connection,
    create_connection,
    delete_connection,
    forget_unanswered,
    load_connection,
    replace_token,
)
from db.families import load_family
from db.queue import enqueue
from db.session import lock_family

LISTEN = timedelta(hours=1)
"""For how long words answer a card; what is not told by then is forgotten."""

MOST_FOLLOWED = 10
"""Calendars that one family plans around."""


async def told_by_words(talk: Talk, family_id: int, about: Asked, text: str) -> Card:
    address = calendar_address(text, asked=about.wanted == "address")
    if about.wanted == "address" or (about.wanted in ("whose", "name") and address is not None):
        await _forget(talk, about)
        return await pasted(talk, family_id, address or Misread(say("calendars.busy.misread")))
    if about.wanted == "server":
        login = read_login(text)
        if isinstance(login, Misread):
            return await send_card(talk, family_id, notice=login.phrase)
        return await try_login(talk, family_id, None, login)
    if about.connection_id is None:
        return await home_card(talk, family_id)
    if about.wanted == "whose":
        return await _whose_words(talk, family_id, about.connection_id, text)
    if about.wanted == "name":
        return await _name_words(talk, family_id, about.connection_id, text)
    pending = await _pending(talk, about.connection_id, Provider.CALDAV)
    if pending is None or pending.address is None:
        return await send_card(talk, family_id, notice=say("calendars.again"))
    user, password = read_user(text)
    if about.wanted == "pass":
        known = json.loads(pending.token or "{}").get("user")
        user, password = (known, text.strip()) if known else (user, password)
    return await try_login(talk, family_id, pending.id, Login(pending.address, user, password))


async def _whose_words(talk: Talk, family_id: int, connection_id: int, text: str) -> Card:
    people = takers(await load_family(talk.session, family_id))
    person = cards.person_named(text, people)
    if person is not None:
        return await belongs(talk, family_id, connection_id, person.key)
    pending = await _pending(talk, connection_id, Provider.ICAL)
    if pending is None or pending.address is None:
        return await outside_card(talk, family_id, notice=say("calendars.again"))
    host = host_of(pending.address)
    return cards.whose_card(connection_id, people, host, notice=say("calendars.whose_misread"))


async def _name_words(talk: Talk, family_id: int, connection_id: int, text: str) -> Card:
    name = tidy_person(text)
    problem = check_name(name)
    if problem is None:
        return await named(talk, family_id, connection_id, name)
    pending = await _pending(talk, connection_id, Provider.ICAL)
    if pending is None:
        return await outside_card(talk, family_id, notice=say("calendars.again"))
    suggested = _suggestion(whose_time(pending, await load_family(talk.session, family_id)))
    return cards.name_card(connection_id, suggested, notice=problem.phrase)


async def pasted(talk: Talk, family_id: int, address: str | Misread) -> Card:
    """Asks whose time a calendar takes; its address waits as ciphertext meanwhile."""
    if isinstance(address, Misread):
        return await outside_card(talk, family_id, notice=address.phrase, misread=True)
    await lock_family(talk.session, family_id)
    await forget_unanswered(talk.session, family_id, talk.now - LISTEN)
    ground = await ground_of(talk, family_id)
    followed = ground.of(Provider.ICAL)
    place = address.partition("://")[2]
    if place.startswith(f"{talk.dialogue.base_url.partition('://')[2]}/feeds/"):
        # Planned around itself, a week could never move again.
        return await outside_card(talk, family_id, notice=say("calendars.busy.own"))
    known = next((c for c in followed if (c.address or "").partition("://")[2] == place), None)
    if known is not None:
        notice = say("calendars.busy.known", name=known.name or host_of(address))
        return await outside_card(talk, family_id, notice=notice)
    if len(followed) >= MOST_FOLLOWED:
        notice = say("calendars.busy.many", count=MOST_FOLLOWED)
        return await outside_card(talk, family_id, notice=notice)
    connection_id = await create_connection(
        talk.session,
        family_id,
        Provider.ICAL,
        talk.dialogue.box,
        now=talk.now,
        state=ConnectionState.PENDING,
        address=address,
    )
    return cards.whose_card(connection_id, takers(ground.family), host_of(address))


async def try_login(talk: Talk, family_id: int, connection_id: int | None, login: Login) -> Card:
    """What is known of an account by now: the next question, or the job that tries it."""
    box, host = talk.dialogue.box, host_of(login.server)
    told = {"user": login.user, "password": login.password}
    token = json.dumps({key: value for key, value in told.items() if value is not None})
    if connection_id is None:
        await forget_unanswered(talk.session, family_id, talk.now - LISTEN)
        connection_id = await create_connection(
            talk.session,
            family_id,
            Provider.CALDAV,
            box,
            now=talk.now,
            state=ConnectionState.PENDING,
            name=host,
            address=login.server,
            token=token,
            adult_id=talk.account.adult_id,
        )
    else:
        await replace_token(talk.session, connection_id, token, box, now=talk.now)
    if login.user is None:
        return cards.user_card(connection_id, host)
    if login.password is None:
        return cards.password_card(connection_id, host)
    await enqueue(
        talk.session,
        CONNECT_CALDAV,
        lock=f"publish:{connection_id}",
        family_id=family_id,
        connection_id=connection_id,
    )
    return cards.connecting_card(host)


async def leave(talk: Talk, family_id: int, about: Asked) -> Card:
    """A question is left: what was told so far is forgotten."""
    await _forget(talk, about)
    return await home_card(talk, family_id)


async def belongs(talk: Talk, family_id: int, connection_id: int, key: str) -> Card:
    """It is known whose time a pasted calendar takes."""
    pending = await _pending(talk, connection_id, Provider.ICAL)
    family = await load_family(talk.session, family_id)
    person = next((p for p in takers(family) if p.key == key), None)
    if pending is None or person is None:
        return await outside_card(talk, family_id, notice=say("calendars.again"))
    number = int(key[1:] or 0)
    await amend_connection(
        talk.session,
        connection_id,
        now=talk.now,
        adult_id=number if key.startswith("a") else None,
        child_id=number if key.startswith("c") else None,
    )
    return cards.name_card(connection_id, _suggestion(person))


async def named(talk: Talk, family_id: int, connection_id: int, name: str | None) -> Card:
    """All is told of a calendar that is read: it is in use from now on, under its suggested name
    where none was told."""
    pending = await _pending(talk, connection_id, Provider.ICAL)
    if pending is None:
        return await outside_card(talk, family_id, notice=say("calendars.again"))
    if name is None:
        person = whose_time(pending, await load_family(talk.session, family_id))
        name = translator(spoken(talk.account))(_suggestion(person))
    await amend_connection(
        talk.session, connection_id, now=talk.now, name=name, state=ConnectionState.ACTIVE
    )
    await enqueue(
        talk.session,
        FOLLOW,
        lock=f"follow:{connection_id}",
        queueing_lock=f"follow:{connection_id}",
        family_id=family_id,
        connection_id=connection_id,
    )
    return await outside_card(talk, family_id, notice=say("calendars.busy.added", name=name))


def _suggestion(person: Person) -> Phrase:
    match person.key[0]:
        case "a":
            return say("calendars.name_work")
        case "c":
            return say("calendars.name_child")
        case _:
            return say("calendars.name_family")


async def _pending(
    talk: Talk, connection_id: int, provider: Provider | None = None
) -> Connection | None:
    """A connection of which something is still to be told."""
    found = await load_connection(talk.session, connection_id, talk.dialogue.box, lock=True)
    if found is None or found.state is not ConnectionState.PENDING:
        return None
    return found if provider in (None, found.provider) else None


async def _forget(talk: Talk, about: Asked) -> None:
    if about.connection_id is not None:
        pending = await _pending(talk, about.connection_id)
        if pending is not None:
            await delete_connection(talk.session, pending.id)
