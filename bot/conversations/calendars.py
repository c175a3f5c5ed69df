"""Cards of /calendars: the week in other calendars, and other calendars in the week.

One living card. What it asks to be typed stands in the button by which it is left (see `Asked`),
so that the card that is shown says how words are meant; half an answer is a connection that waits.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.conversations.answers import short
from bot.conversations.answers.addresses import holds_address
from bot.conversations.cards import Card, Link, Option
from bot.conversations.differences import at
from core.addresses import webcal_url
from core.grammar.words import vocabulary
from core.outside import Problem
from core.phrase import Phrase, say
from core.text import name_key
from core.week import minute_of

OPEN, HOME, SEE, RING = "cal-open", "cal-home", "cal-see", "cal-ring"
GOOGLE, OUTSIDE, SEND, SUGGESTED = "cal-google", "cal-busy", "cal-dav", "cal-name"
"""Options; what stands behind a further dash is an app, a person, minutes or a connection."""

SERVERS = {
    "cal-dav-apple": "https://caldav.icloud.com",
    "cal-dav-fastmail": "https://caldav.fastmail.com",
}
"""Servers that can be tapped, by option."""

_OPTION = re.compile(r"cal-[a-z]+(?:-[a-z0-9-]+)?")
_ASKS = re.compile(r"cal-x-(address|whose|name|server|user|pass)(?:-(\d{1,10}))?")
_LEAVE = "cal-x"
_ROOM_BESIDE_SHORT, _ROOM_BESIDE_LONG = 10, 8
"""Characters of a name that a button holds beside "Take off" and beside "Disconnect"."""

_EVERYBODY = vocabulary(
    "everybody|everyone|all|all of us|us|the family|family|the whole family|whole family|todos|"
    "todas|todos nosotros|toda la familia|la familia|familia|nosotros"
)

ALARMS = (0, 5, 10, 15)
"""Minutes before a lesson at which calendar apps can ring; 0: they do not."""

EVERYBODY = "f"
"""The whole family, where others are "a" or "c" and the id of an adult or a child."""

Reach = Literal["public", "private", "loopback"]
Wanted = Literal["address", "whose", "name", "server", "user", "pass"]


class App(StrEnum):
    """A calendar app that subscribes to addresses; the value stands in options and text keys."""

    GOOGLE = "g"
    APPLE = "a"
    OUTLOOK = "o"
    THUNDERBIRD = "t"
    OTHER = "x"


FROM_ITS_SERVERS = frozenset({App.GOOGLE, App.OUTLOOK})
"""Apps whose makers fetch an address from their own computers."""

BY_CAMERA = frozenset({App.APPLE, App.OTHER})
"""Apps that subscribe by a `webcal` address, which a phone's camera can read."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a card asks to be typed, and of which connection where there is one already."""

    wanted: Wanted
    connection_id: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Whose week or time: `EVERYBODY`, or "a" or "c" and an id; nobody by name is everybody."""

    key: str
    name: str | None = None

    @property
    def label(self) -> Phrase:
        if self.name is None:
            return say("calendars.everybody")
        return say("verbatim", text=self.name)


@dataclass(frozen=True, slots=True)
class Followed:
    """A calendar that is planned around. `looked` is the family's wall time of the last look."""

    id: int
    name: str
    whose: Person
    looked: datetime | None = None
    trouble: Problem | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """An account into which weeks are written, and whose it is. `waits`: nothing is written before
    its owner has done something."""

    id: int
    google: bool
    name: Phrase
    owner: str | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Calendars:
    """What a family has connected. `alarm` in minutes; `google`: whether Google can be connected
    at all."""

    alarm: int = 0
    google: bool = False
    followed: tuple[Followed, ...] = ()
    written: tuple[Written, ...] = ()


def is_calendar_option(option: str) -> bool:
    """Whether an option belongs to a card of this module."""
    return _OPTION.fullmatch(option) is not None


def asked_by(options: Iterable[str]) -> Asked | None:
    """What a card with these options asks to be typed."""
    for option in options:
        found = _ASKS.fullmatch(option)
        if found:
            number = int(found[2]) if found[2] else None
            return Asked(found[1], number)  # type: ignore[arg-type]
    return None


def is_meant(asked: Asked, text: str, *, latest: bool) -> bool:
    """Whether words answer what was asked; `latest`: nothing was said since.

    Before anything is told, words without an address mean something else. Where a password may
    follow, they are taken all the same as long as the question stands last: no chat must show one.
    """
    beginning = asked.wanted == "address" or (asked.wanted == "server" and not latest)
    return not beginning or holds_address(text)


def calendars_card(calendars: Calendars, *, notice: Phrase | None = None) -> Card:
    """Where it begins: what is connected, and a button for each thing that can be done."""
    lines = [*_written_lines(calendars.written)]
    if calendars.followed:
        names = tuple(each.name for each in calendars.followed)
        lines.append(say("calendars.around", names=names))
    if calendars.alarm:
        lines.append(say("calendars.rings", minutes=calendars.alarm))
    rows = [
        (Option(SEE, say("calendars.see")),),
        (Option(RING, say("calendars.ring")),),
        (Option(OUTSIDE, say("calendars.plan_around")),),
        (Option(SEND, say("calendars.send")),),
    ]
    if calendars.google:
        rows.insert(2, (Option(GOOGLE, say("calendars.google")),))
    return Card(
        say("calendars.title"),
        lines=tuple(lines) or (say("calendars.why"),),
        rows=tuple(rows),
        notice=notice,
    )


def apps_card(*, back: bool) -> Card:
    """Which app is it? Without a way `back` for those who may see nothing else."""
    options = [Option(f"{SEE}-{app}", say(f"calendars.app.{app}")) for app in App]
    rows = [tuple(options[:2]), tuple(options[2:4]), tuple(options[4:])]
    if back:
        rows.append(_back())
    return Card(say("calendars.which_app"), rows=tuple(rows))


def app_card(
    app: App, chosen: Person, people: Sequence[Person], address: str, reach: Reach
) -> Card:
    """How an app subscribes to the week of the `chosen`, and how late it hears of changes.
    `address` is the https one; `people` whose weeks can be chosen instead."""
    steps = [say(f"calendars.steps.{app}.{number}") for number in range(1, _STEPS[app] + 1)]
    lines = [*steps, say(f"calendars.delay.{app}"), say("calendars.same_day")]
    if app in FROM_ITS_SERVERS and reach != "public":
        lines.insert(0, say("calendars.out_of_reach", app=say(f"calendars.app.{app}")))
    links = [Link(say("week.link_feed"), address)]
    if app in BY_CAMERA:
        links.insert(0, Link(say("week.link_webcal"), webcal_url(address)))
    options = [
        Option(f"{SEE}-{app}-{person.key}", _button(person), chosen=person.key == chosen.key)
        for person in people
        if len(people) > 1
    ]
    return Card(
        say("calendars.in_app", app=say(f"calendars.app.{app}"), whose=chosen.label),
        lines=tuple(lines),
        rows=(*_pairs(options), (Option(SEE, say("flow.back")),)),
        links=tuple(links),
        qr=webcal_url(address) if app in BY_CAMERA else None,
        secret=True,
    )


_STEPS = {App.GOOGLE: 3, App.APPLE: 2, App.OUTLOOK: 2, App.THUNDERBIRD: 2, App.OTHER: 1}


def ring_card(alarm: int) -> Card:
    """Whether calendar apps ring before lessons."""
    options = tuple(
        Option(
            f"{RING}-{minutes}",
            say("calendars.ring_minutes", minutes=minutes)
            if minutes
            else say("calendars.ring_off"),
            chosen=minutes == alarm,
        )
        for minutes in ALARMS
    )
    return Card(
        say("calendars.ring_ask"),
        lines=(say("calendars.ring_how"),),
        rows=(options[:2], options[2:], _back()),
    )


def google_card(connected: Sequence[Written], connect: str | None, reach: Reach) -> Card:
    """What connecting Google means. `connect` is the address that does it once, for who has not
    connected yet or must do it again."""
    lines = [say("calendars.google_what"), say("calendars.google_back"), *_written_lines(connected)]
    if connect is not None:
        lines.append(say("calendars.google_once"))
        if reach == "loopback":
            lines.append(say("chat.loopback_link"))
    return Card(
        say("calendars.google_title"),
        lines=tuple(lines),
        rows=(*_disconnect_rows(connected), _back()),
        links=(Link(say("calendars.google_connect"), connect),) if connect is not None else (),
        secret=connect is not None,
    )


def disconnect_card(account: Written) -> Card:
    """What becomes of what we have written, once no more is."""
    return Card(
        say("calendars.disconnect_ask", name=account.name),
        lines=(say("calendars.disconnect_how"),),
        rows=(
            (Option(f"cal-keep-{account.id}", say("calendars.keep")),),
            (Option(f"cal-take-{account.id}", say("calendars.take")),),
            (Option(GOOGLE if account.google else SEND, say("flow.back")),),
        ),
    )


def outside_card(
    followed: Sequence[Followed],
    *,
    now: datetime,
    notice: Phrase | None = None,
    misread: bool = False,
) -> Card:
    """The calendars that are planned around, and how another one comes. `now` is wall time."""
    options = [
        Option(
            f"cal-off-{each.id}", say("calendars.off", name=_within(each.name, _ROOM_BESIDE_SHORT))
        )
        for each in followed
    ]
    lines = [_followed_line(each, now) for each in followed]
    return Card(
        say("calendars.busy.title"),
        lines=(
            *lines,
            say("calendars.busy.paste"),
            say("calendars.busy.google"),
            say("calendars.busy.outlook"),
            say("calendars.busy.what"),
        ),
        rows=(*((option,) for option in options), _leave("address")),
        notice=notice,
        hint=say("calendars.busy.hint"),
        misread=misread,
    )


def whose_card(
    connection_id: int, people: Sequence[Person], host: str, *, notice: Phrase | None = None
) -> Card:
    """Whose time does the calendar take that was pasted? `host` is what is shown of its address."""
    options = [Option(f"cal-for-{person.key}", _button(person)) for person in people]
    return Card(
        say("calendars.whose"),
        lines=(say("calendars.whose_from", host=host), say("calendars.whose_how")),
        rows=(*_pairs(options), _leave("whose", connection_id)),
        notice=notice,
        hint=say("calendars.whose_hint", name=_example(people)),
        misread=notice is not None,
    )


def name_card(connection_id: int, suggested: Phrase, *, notice: Phrase | None = None) -> Card:
    """How is it to be called? The week shows this name, and nothing else of that calendar."""
    return Card(
        say("calendars.name"),
        lines=(say("calendars.name_why"),),
        rows=((Option(SUGGESTED, suggested),), _leave("name", connection_id)),
        notice=notice,
        hint=say("calendars.name_hint"),
        misread=notice is not None,
    )


def send_card(accounts: Sequence[Written], *, notice: Phrase | None = None) -> Card:
    """What sending the week to a CalDAV account means, and the first thing that it needs."""
    return Card(
        say("calendars.dav.title"),
        lines=(
            *_written_lines(accounts),
            say("calendars.dav.what"),
            say("calendars.dav.three"),
            say("calendars.dav.secret"),
        ),
        rows=(
            *_disconnect_rows(accounts),
            (
                Option("cal-dav-apple", say("calendars.dav.apple")),
                Option("cal-dav-fastmail", say("calendars.dav.fastmail")),
            ),
            _leave("server"),
        ),
        notice=notice,
        hint=say("calendars.dav.hint"),
    )


def user_card(connection_id: int, host: str, *, notice: Phrase | None = None) -> Card:
    """The name of the account on the server that was told."""
    return Card(
        say("calendars.dav.user"),
        lines=(say("calendars.dav.server", host=host),),
        rows=(_leave("user", connection_id),),
        notice=notice,
        hint=say("calendars.dav.user_hint"),
    )


def password_card(connection_id: int, host: str, *, notice: Phrase | None = None) -> Card:
    """The password for apps, which no chat of ours shows again."""
    return Card(
        say("calendars.dav.password"),
        lines=(
            say("calendars.dav.server", host=host),
            say("calendars.dav.password_where"),
            say("calendars.dav.secret"),
        ),
        rows=(_leave("pass", connection_id),),
        notice=notice,
        hint=say("calendars.dav.password_hint"),
    )


def connecting_card(host: str) -> Card:
    """All is told; a job tries it and answers in the chat."""
    return Card(
        say("calendars.dav.trying", host=host),
        lines=(say("calendars.dav.delete_words"),),
    )


def person_named(text: str, people: Iterable[Person]) -> Person | None:
    """Whom a typed text names."""
    said = name_key(text.strip(" .!¡"))
    for person in people:
        if said in _EVERYBODY if person.name is None else said == name_key(person.name):
            return person
    return None


def _written_lines(written: Iterable[Written]) -> list[Phrase]:
    return [
        say("calendars.waits" if each.waits else "calendars.writes", name=each.name)
        for each in written
    ]


def _followed_line(followed: Followed, now: datetime) -> Phrase:
    whose = followed.whose.label
    if followed.trouble is not None:
        problem = say(f"outside.problem.{followed.trouble}")
        return say("calendars.busy.trouble", name=followed.name, whose=whose, problem=problem)
    if followed.looked is None:
        return say("calendars.busy.first_look", name=followed.name, whose=whose)
    looked = at(followed.looked.date(), minute_of(followed.looked.time()), now.date())
    return say("calendars.busy.looked", name=followed.name, whose=whose, at=looked)


def _disconnect_rows(written: Iterable[Written]) -> list[tuple[Option, ...]]:
    return [
        (
            Option(
                f"cal-off-{each.id}",
                say("calendars.disconnect", name=_within(each.owner, _ROOM_BESIDE_LONG))
                if each.owner is not None
                else say("calendars.disconnect_it"),
            ),
        )
        for each in written
    ]


def _example(people: Iterable[Person]) -> str:
    return next(person.name for person in people if person.name is not None)


def _within(name: str, room: int) -> str:
    return name if len(name) <= room else f"{name[: room - 1].rstrip()}…"


def _button(person: Person) -> Phrase:
    return person.label if person.name is None else say("verbatim", text=short(person.name))


def _pairs(options: Sequence[Option]) -> tuple[tuple[Option, ...], ...]:
    return tuple(tuple(options[n : n + 2]) for n in range(0, len(options), 2))


def _back() -> tuple[Option, ...]:
    return (Option(HOME, say("flow.back")),)


def _leave(wanted: Wanted, connection_id: int | None = None) -> tuple[Option, ...]:
    number = "" if connection_id is None else f"-{connection_id}"
    return (Option(f"{_LEAVE}-{wanted}{number}", say("flow.back")),)
