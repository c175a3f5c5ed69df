"""What a family has connected, and its addresses: read, and made into cards of /calendars."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.conversations import calendars as cards
from bot.conversations.answers.addresses import host_of
from bot.conversations.calendars import App, Calendars, Followed, Person, Written
from bot.conversations.cards import Card
from bot.markup import reach
from bot.talk import Talk
from core.addresses import feed_url
from core.family import Family
from core.outside import Problem
from core.phrase import Phrase, say
from core.week import wall
from db.calendars import alarm_minutes, feed_tokens
from db.connections import Connection, ConnectionState, Provider, connections_of
from db.families import load_family
from db.links import Purpose, create_code

GOOGLE_LIFE = timedelta(minutes=15)
"""How long the address that connects Google works."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The family, and what it has connected."""

    family: Family
    connections: Sequence[Connection]
    now: datetime

    def of(self, *providers: Provider) -> list[Connection]:
        """Those that are in use, or wait for a guardian to mend them."""
        used = (ConnectionState.ACTIVE, ConnectionState.BROKEN)
        return [c for c in self.connections if c.provider in providers and c.state in used]


async def home_card(talk: Talk, family_id: int, *, notice: Phrase | None = None) -> Card:
    """Where /calendars begins, for who decides."""
    ground = await ground_of(talk, family_id)
    return cards.calendars_card(
        Calendars(
            alarm=await alarm_minutes(talk.session, family_id) or 0,
            google=talk.dialogue.google,
            followed=_followed(ground),
            written=_all_written(ground, Provider.GOOGLE, Provider.CALDAV),
        ),
        notice=notice,
    )


async def outside_card(
    talk: Talk, family_id: int, *, notice: Phrase | None = None, misread: bool = False
) -> Card:
    """The calendars that the family plans around."""
    ground = await ground_of(talk, family_id)
    return cards.outside_card(_followed(ground), now=ground.now, notice=notice, misread=misread)


async def send_card(talk: Talk, family_id: int, *, notice: Phrase | None = None) -> Card:
    """The CalDAV accounts to which the week is sent."""
    ground = await ground_of(talk, family_id)
    return cards.send_card(_all_written(ground, Provider.CALDAV), notice=notice)


async def google_card(talk: Talk, family_id: int) -> Card:
    """The Google accounts that are connected, with an address to connect what the reader lacks."""
    ground = await ground_of(talk, family_id)
    mine = [c for c in ground.of(Provider.GOOGLE) if c.adult_id == talk.account.adult_id]
    connect = None
    if not any(c.state is ConnectionState.ACTIVE for c in mine):
        code = await create_code(
            talk.session,
            Purpose.GOOGLE,
            GOOGLE_LIFE,
            now=talk.now,
            family_id=family_id,
            adult_id=talk.account.adult_id,
            chat_account_id=talk.account.id,
        )
        connect = f"{talk.dialogue.base_url}/google/connect?state={code}"
    written = _all_written(ground, Provider.GOOGLE)
    return cards.google_card(written, connect, reach(talk.dialogue.base_url))


async def ground_of(talk: Talk, family_id: int) -> Ground:
    """The family as it is now. Raises `SecretUnreadable`."""
    family = await load_family(talk.session, family_id)
    connections = await connections_of(talk.session, family_id, talk.dialogue.box)
    return Ground(family, connections, wall(talk.now, ZoneInfo(family.timezone)))


def _followed(ground: Ground) -> tuple[Followed, ...]:
    zone = ZoneInfo(ground.family.timezone)
    return tuple(
        Followed(
            id=each.id,
            name=each.name or host_of(each.address or ""),
            whose=whose_time(each, ground.family),
            looked=wall(each.checked_at, zone) if each.checked_at else None,
            trouble=Problem(each.problem) if each.problem else None,
        )
        for each in ground.of(Provider.ICAL)
    )


def _all_written(ground: Ground, *providers: Provider) -> tuple[Written, ...]:
    return tuple(written_as(each, ground.family) for each in ground.of(*providers))


def written_as(connection: Connection, family: Family) -> Written:
    """An account as cards call it."""
    google = connection.provider is Provider.GOOGLE
    name = say("calendars.app.g") if google else say("verbatim", text=connection.name or "CalDAV")
    adults = (*family.adults, *family.others)
    owner = next((adult.name for adult in adults if adult.id == connection.adult_id), None)
    if owner is not None:
        name = say("calendars.account_of", name=name, adult=owner)
    waits = connection.state is ConnectionState.BROKEN
    return Written(connection.id, google, name, owner, waits)


async def app_card(talk: Talk, family_id: int, app: App, key: str | None, *, decides: bool) -> Card:
    """How an app shows the week of `key` (None: the family's), to who decides; to others only how
    it shows their own."""
    family = await load_family(talk.session, family_id)
    wanted = key or cards.EVERYBODY if decides else own_key(talk)
    people = [person for person in _people(family) if decides or person.key == wanted]
    if not people:
        return Card(say("calendars.guardian"))
    chosen = next((person for person in people if person.key == wanted), people[0])
    tokens = await feed_tokens(talk.session, family_id, talk.dialogue.box)
    of_people = {
        cards.EVERYBODY: tokens.family,
        **{f"a{adult_id}": token for adult_id, token in tokens.adults.items()},
        **{f"c{child_id}": token for child_id, token in tokens.children.items()},
    }
    base = talk.dialogue.base_url
    return cards.app_card(app, chosen, people, feed_url(base, of_people[chosen.key]), reach(base))


def own_key(talk: Talk) -> str | None:
    """Whose week is this chat's own, where it is one person's."""
    if talk.account.child_id is not None:
        return f"c{talk.account.child_id}"
    return f"a{talk.account.adult_id}" if talk.account.adult_id is not None else None


def _people(family: Family) -> list[Person]:
    """Whose week has an address of its own."""
    return [
        *takers(family),
        *(Person(f"a{adult.id}", adult.name) for adult in family.others),
    ]


def takers(family: Family) -> list[Person]:
    """Whose time a calendar can take."""
    return [
        Person(cards.EVERYBODY),
        *(Person(f"a{adult.id}", adult.name) for adult in family.adults),
        *(Person(f"c{child.id}", child.name) for child in family.children),
    ]


def whose_time(connection: Connection, family: Family) -> Person:
    keys = (f"a{connection.adult_id}", f"c{connection.child_id}")
    everybody = Person(cards.EVERYBODY)
    return next((person for person in _people(family) if person.key in keys), everybody)
