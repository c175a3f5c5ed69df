"""/calendars in a chat: what a family connects, what it takes off, and what nobody ever sees."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from botapi.server import BotApiServer
from parts import (
    SUNDAY_EVENING,
    Household,
    answer,
    everything,
    found,
    household,
    in_browser,
    in_telegram,
    last_said,
    opened,
    rows,
    say_to_us,
)
from whole_program import Clock

from app.services import Services
from app.updates import offer_commands
from bot.conversations.cards import Tapped, Typed
from bot.incoming import Command
from bot.outbox import shown
from bot.views import View
from db.calendars import alarm_minutes, feed_tokens
from db.connections import (
    Connection,
    ConnectionState,
    Provider,
    amend_connection,
    connections_of,
    create_connection,
)
from db.conversations import Account, create_web_account, link_account, load_account
from db.families import invite_adult, set_role
from db.links import Purpose, code_works
from db.messages import StoredMessage
from db.secrets import digest

SECRET = "zephyrine5f2c"
ADDRESS = f"https://calendar.example.com/ical/private-{SECRET}/basic.ics"
PASSWORD = "quillon-marguerita"

JOBS = "SELECT task_name, args FROM procrastinate_jobs ORDER BY id"


@dataclass
class Chat:
    """Somebody of the household in a browser, and what they see."""

    services: Services
    conninfo: str
    home: Household
    account: Account

    async def type(self, text: str) -> View:
        await say_to_us(self.services, self.account, Typed(text))
        return self.card

    async def command(self, name: str, argument: str = "") -> View:
        await say_to_us(self.services, self.account, Command(name, argument))
        return self.card

    async def tap(self, option: str) -> View:
        """Taps a button of what was said last, as a page that shows it can."""
        message = last_said(self.conninfo, self.account)
        assert self.card.offers(option), (option, self.card)
        return await self.forge(option, message)

    async def forge(self, option: str, message: dict[str, Any]) -> View:
        tap = Tapped(message["step"] or 0, option)
        await say_to_us(self.services, self.account, tap, message_id=message["id"])
        return self.card

    @property
    def card(self) -> View:
        return self._view(last_said(self.conninfo, self.account))

    @property
    def words(self) -> list[str]:
        """What the chat shows of theirs."""
        query = (
            "SELECT view FROM messages WHERE author = 'them' AND chat_account_id = %s ORDER BY id"
        )
        return [row["view"]["title"] for row in rows(self.conninfo, query, self.account.id)]

    @property
    def said(self) -> int:
        query = "SELECT count(*) AS n FROM messages WHERE author = 'us' AND chat_account_id = %s"
        return int(rows(self.conninfo, query, self.account.id)[0]["n"])

    async def connections(self) -> list[Connection]:
        async with self.services.database.transaction(family_id=self.home.id) as session:
            return list(await connections_of(session, self.home.id, self.services.box))

    def _view(self, row: dict[str, Any]) -> View:
        fields = {name: row[name] for name in StoredMessage.__dataclass_fields__}
        return shown(StoredMessage(**fields), self.services.box)


@pytest.fixture
def clock() -> Clock:
    return Clock(SUNDAY_EVENING)


@pytest_asyncio.fixture
async def services(database_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Services]:
    async with opened(database_url, tmp_path, clock) as found:
        yield found


@pytest_asyncio.fixture
async def sarah(services: Services, conninfo: str) -> Chat:
    home = await household(services)
    return Chat(services, conninfo, home, await in_browser(services, "s" * 30, home))


async def nana(sarah: Chat) -> Chat:
    """A helper of the same household, with a feed of her own."""
    await sarah.command("invite", "Nana")
    await sarah.tap(next(b.id for row in sarah.card.rows for b in row if b.id.startswith("helper")))
    adult_id = rows(sarah.conninfo, "SELECT id FROM adults WHERE name = 'Nana'")[0]["id"]
    account = await in_browser(sarah.services, "n" * 30, sarah.home, adult_id=adult_id)
    return replace(sarah, account=account)


async def emma(sarah: Chat) -> Chat:
    """A child with a chat of her own."""
    async with sarah.services.database.transaction() as session:
        account = await create_web_account(session, "e" * 30, language="en")
        child_id = sarah.home.family.children[0].id
        await link_account(session, account.id, family_id=sarah.home.id, child_id=child_id)
        linked = await load_account(session, account.id)
        assert linked is not None
    return replace(sarah, account=linked)


def jobs(chat: Chat, name: str) -> list[dict[str, Any]]:
    return [row["args"] for row in rows(chat.conninfo, JOBS) if row["task_name"] == name]


def feed(chat: Chat, token: str) -> str:
    return f"{chat.services.settings.base_url}/feeds/{token}.ics"


# --- the week in a calendar app


async def test_a_week_is_shown_in_the_app_of_whom_one_likes(sarah: Chat) -> None:
    await sarah.command("calendars")
    first = last_said(sarah.conninfo, sarah.account)["id"]
    await sarah.tap("cal-see")
    view = await sarah.tap("cal-see-a")
    tokens = sarah.home.tokens
    assert view.qr == feed(sarah, tokens.family).replace("http:", "webcal:")
    child = sarah.home.family.children[1]
    view = await sarah.tap(f"cal-see-a-c{child.id}")
    assert view.title == f"Apple · {child.name}"
    assert [link.url for link in view.links][1] == feed(sarah, tokens.children[child.id])
    assert any(button.chosen and button.label == child.name for row in view.rows for button in row)
    await sarah.tap("cal-see")
    view = await sarah.tap("cal-see-g")
    # The address that this test's program has is known on this machine alone.
    assert any("cannot reach" in line for line in view.lines)
    await sarah.tap("cal-see")
    assert (await sarah.tap("cal-home")).title == "Your calendars"
    assert last_said(sarah.conninfo, sarah.account)["id"] == first, "one living card"
    assert found(sarah.conninfo, [tokens.family, tokens.children[child.id]]) == []


async def test_the_week_leads_to_the_calendars(sarah: Chat) -> None:
    week = await sarah.command("week")
    assert week.title.endswith("week is ready")
    before = sarah.said
    assert (await sarah.tap("cal-open")).title == "Your calendars"
    assert sarah.said == before + 1, "the week stays where it is"


async def test_lessons_ring_as_long_before_as_one_likes(sarah: Chat) -> None:
    await sarah.command("calendars")
    view = await sarah.tap("cal-ring")
    assert [b.label for row in view.rows for b in row if b.chosen] == ["Off"]
    view = await sarah.tap("cal-ring-10")
    assert "Lessons ring 10 minutes before they begin." in view.lines
    async with sarah.services.database.transaction(family_id=sarah.home.id) as session:
        assert await alarm_minutes(session, sarah.home.id) == 10
    await sarah.tap("cal-ring")
    await sarah.tap("cal-ring-0")
    async with sarah.services.database.transaction(family_id=sarah.home.id) as session:
        assert await alarm_minutes(session, sarah.home.id) is None


# --- a calendar to plan around


async def test_a_pasted_address_becomes_a_calendar_to_plan_around(sarah: Chat) -> None:
    view = await sarah.type(f"here is my work: {ADDRESS}")
    assert view.title == "Whose time is it?"
    assert "A calendar from calendar.example.com" in view.lines
    (pending,) = await sarah.connections()
    assert (pending.provider, pending.state) == (Provider.ICAL, ConnectionState.PENDING)
    assert pending.address == ADDRESS
    assert jobs(sarah, "follow_calendar") == []

    parent = sarah.home.family.adults[0]
    view = await sarah.tap(f"cal-for-a{parent.id}")
    assert view.offers("cal-name")
    view = await sarah.tap("cal-name")
    assert view.notice is not None
    assert view.notice.startswith("We plan around Work calendar from now on")
    (active,) = await sarah.connections()
    assert (active.state, active.name) == (ConnectionState.ACTIVE, "Work calendar")
    assert (active.adult_id, active.child_id) == (parent.id, None)
    assert jobs(sarah, "follow_calendar") == [
        {"family_id": sarah.home.id, "connection_id": active.id}
    ]
    assert sarah.words == ["here is my work: calendar.example.com/…"]
    assert found(sarah.conninfo, [SECRET]) == []


async def test_whose_and_how_it_is_called_can_be_typed(sarah: Chat) -> None:
    await sarah.command("calendars", ADDRESS)
    view = await sarah.type("Grandpa")
    assert view.title == "Whose time is it?"
    assert view.notice == (
        "We know nobody of that name. Tap below, or type a name as it stands there."
    )
    child = sarah.home.family.children[0]
    view = await sarah.type(child.name.upper())
    assert view.title == "What shall we call it?"
    view = await sarah.type("123")
    assert view.title == "What shall we call it?"
    assert view.notice is not None
    await sarah.type("Swim club")
    (active,) = await sarah.connections()
    assert (active.name, active.child_id, active.adult_id) == ("Swim club", child.id, None)
    assert sarah.words == [
        "/calendars calendar.example.com/…",
        "Grandpa",
        "EMMA",
        "123",
        "Swim club",
    ]


async def test_an_address_that_is_none_is_answered_and_nothing_is_lost(sarah: Chat) -> None:
    await sarah.command("calendars")
    await sarah.tap("cal-busy")
    view = await sarah.type("calendar.example.com")
    assert view.title == "Plan around another calendar"
    assert view.notice is not None
    assert "We did not find the address of a calendar" in view.notice
    assert view.misread
    view = await sarah.type(f"http://calendar.example.com/{SECRET}.ics")
    assert view.notice is not None
    assert "begins with https://" in view.notice
    view = await sarah.type(feed(sarah, sarah.home.tokens.family).replace("http:", "webcal:"))
    assert view.notice is not None
    assert "your own week" in view.notice
    assert await sarah.connections() == []
    # What was typed here may open something, whatever we made of it.
    assert set(sarah.words[1:]) == {"•••"}
    view = await sarah.type(f"calendar.example.com/{SECRET}.ics")
    assert view.title == "Whose time is it?"
    assert found(sarah.conninfo, [SECRET]) == []


async def test_other_words_go_where_they_always_go(sarah: Chat, clock: Clock) -> None:
    clock.now += timedelta(days=1)
    await sarah.command("calendars")
    await sarah.tap("cal-busy")
    view = await sarah.type("Emma did math")
    assert view.title.startswith("Logged Mathematics")
    assert sarah.words[-1] == "Emma did math"


async def test_the_same_calendar_is_planned_around_once(sarah: Chat) -> None:
    await sarah.type(ADDRESS)
    await sarah.tap("cal-for-f")
    await sarah.type("Co-op")
    view = await sarah.type(ADDRESS.replace("https", "webcal"))
    assert view.notice == "We plan around that one already: Co-op."
    assert len(await sarah.connections()) == 1


async def test_a_question_that_is_left_leaves_nothing(sarah: Chat, clock: Clock) -> None:
    await sarah.type(ADDRESS)
    (pending,) = await sarah.connections()
    assert (await sarah.tap(f"cal-x-whose-{pending.id}")).title == "Your calendars"
    assert await sarah.connections() == []
    await sarah.type(ADDRESS)
    assert (await sarah.type("back")).title == "Your calendars"
    assert await sarah.connections() == []
    await sarah.type(ADDRESS)
    clock.now += timedelta(hours=2)
    # Too late to be meant for it.
    assert (await sarah.type("Work")).title != "What shall we call it?"
    await sarah.command("calendars")
    assert await sarah.connections() == []


async def test_taken_off_it_takes_no_time_any_more(sarah: Chat) -> None:
    await sarah.type(ADDRESS)
    await sarah.tap("cal-for-f")
    await sarah.tap("cal-name")
    (active,) = await sarah.connections()
    revision = rows(sarah.conninfo, "SELECT revision FROM families")[0]["revision"]
    view = await sarah.tap(f"cal-off-{active.id}")
    assert view.notice == (
        "Family calendar no longer takes any time. The week follows when it is planned next."
    )
    assert await sarah.connections() == []
    assert rows(sarah.conninfo, "SELECT revision FROM families")[0]["revision"] == revision + 1


# --- accounts that are written


async def test_an_account_is_told_in_one_line(sarah: Chat) -> None:
    await sarah.command("calendars")
    await sarah.tap("cal-dav")
    view = await sarah.type(f"cloud.example.com sarah {PASSWORD}")
    assert view.title == "Trying cloud.example.com"
    (pending,) = await sarah.connections()
    assert (pending.provider, pending.state) == (Provider.CALDAV, ConnectionState.PENDING)
    assert pending.address == "https://cloud.example.com"
    assert pending.token == f'{{"user": "sarah", "password": "{PASSWORD}"}}'
    assert pending.adult_id == sarah.home.family.adults[0].id
    assert jobs(sarah, "connect_caldav") == [
        {"family_id": sarah.home.id, "connection_id": pending.id}
    ]
    assert sarah.words[-1] == "•••"
    assert found(sarah.conninfo, PASSWORD.split("-")) == []


async def test_an_account_is_told_bit_by_bit(sarah: Chat) -> None:
    await sarah.command("calendars")
    await sarah.tap("cal-dav")
    view = await sarah.type(f"sarah {PASSWORD}")
    assert view.notice is not None
    assert "does not begin with a server" in view.notice
    assert (await sarah.tap("cal-dav-apple")).title == "Which user name is it?"
    view = await sarah.type("sarah@icloud.com")
    assert view.title == "And the app password?"
    # Something else is said meanwhile; the password is not shown all the same.
    await sarah.command("today")
    assert jobs(sarah, "connect_caldav") == []
    view = await sarah.type(PASSWORD)
    assert view.title == "Trying caldav.icloud.com"
    (pending,) = await sarah.connections()
    assert pending.token == f'{{"user": "sarah@icloud.com", "password": "{PASSWORD}"}}'
    assert len(jobs(sarah, "connect_caldav")) == 1
    assert sarah.words == ["/calendars", "•••", "•••", "/today", "•••"]
    assert found(sarah.conninfo, [*PASSWORD.split("-"), "sarah@icloud.com"]) == []


@pytest.mark.parametrize(("verb", "keep"), [("keep", 1), ("take", 0)])
async def test_disconnecting_asks_what_becomes_of_what_was_written(
    sarah: Chat, verb: str, keep: int
) -> None:
    async with sarah.services.database.transaction(family_id=sarah.home.id) as session:
        connection_id = await create_connection(
            session,
            sarah.home.id,
            Provider.CALDAV,
            sarah.services.box,
            now=sarah.services.now(),
            name="cloud.example.com",
            adult_id=sarah.home.family.adults[0].id,
        )
    await sarah.command("calendars")
    view = await sarah.tap("cal-dav")
    assert "cloud.example.com of Sarah: your week is written there." in view.lines
    view = await sarah.tap(f"cal-off-{connection_id}")
    assert view.title == "Disconnect cloud.example.com of Sarah?"
    assert jobs(sarah, "disconnect_calendar") == []
    await sarah.tap(f"cal-{verb}-{connection_id}")
    (ended,) = await sarah.connections()
    assert ended.state is ConnectionState.ENDED
    assert jobs(sarah, "disconnect_calendar") == [
        {"family_id": sarah.home.id, "connection_id": connection_id, "keep": keep}
    ]


async def test_google_is_offered_only_where_it_is_set_up(sarah: Chat) -> None:
    view = await sarah.command("calendars")
    assert not view.offers("cal-google")


async def test_google_is_connected_by_a_code_that_works_once(sarah: Chat, clock: Clock) -> None:
    with_google = replace(sarah.services.dialogue, google=True)
    sarah.services = replace(sarah.services, dialogue=with_google)
    await sarah.command("calendars")
    view = await sarah.tap("cal-google")
    (link,) = view.links
    base, code = link.url.split("/google/connect?state=")
    assert base == sarah.services.settings.base_url
    asked = "SELECT purpose, family_id, adult_id, chat_account_id FROM link_codes"
    (row,) = rows(sarah.conninfo, f"{asked} WHERE code_hash = %s", digest(code.replace("-", "")))
    assert row == {
        "purpose": "google",
        "family_id": sarah.home.id,
        "adult_id": sarah.home.family.adults[0].id,
        "chat_account_id": sarah.account.id,
    }
    purposes = frozenset({Purpose.GOOGLE})
    async with sarah.services.database.transaction() as session:
        assert await code_works(session, code, now=clock.now, purposes=purposes)
        late = clock.now + timedelta(minutes=16)
        assert not await code_works(session, code, now=late, purposes=purposes)
    assert found(sarah.conninfo, [code]) == []


async def test_google_that_is_connected_asks_again_only_once_it_is_broken(sarah: Chat) -> None:
    with_google = replace(sarah.services.dialogue, google=True)
    sarah.services = replace(sarah.services, dialogue=with_google)
    async with sarah.services.database.transaction(family_id=sarah.home.id) as session:
        connection_id = await create_connection(
            session,
            sarah.home.id,
            Provider.GOOGLE,
            sarah.services.box,
            now=sarah.services.now(),
            adult_id=sarah.home.family.adults[0].id,
        )
    await sarah.command("calendars")
    view = await sarah.tap("cal-google")
    assert view.links == ()
    assert view.offers(f"cal-off-{connection_id}")
    async with sarah.services.database.transaction(family_id=sarah.home.id) as session:
        await amend_connection(
            session, connection_id, now=sarah.services.now(), state=ConnectionState.BROKEN
        )
    view = await sarah.command("calendars")
    assert any("does not let us in any more" in line for line in view.lines)
    assert len((await sarah.tap("cal-google")).links) == 1


# --- who may


async def test_a_helper_and_a_child_see_their_own_week_alone(sarah: Chat) -> None:
    helper, child = await nana(sarah), await emma(sarah)
    await sarah.command("calendars")
    tokens = await all_tokens(sarah)
    own = {
        helper.account.id: tokens[f"a{helper.account.adult_id}"],
        child.account.id: tokens[f"c{child.account.child_id}"],
    }
    for chat in (helper, child):
        view = await chat.command("calendars")
        assert view.title == "Which calendar app do you use?"
        assert not view.offers("cal-home")
        view = await chat.tap("cal-see-x")
        shown_here = view.model_dump_json()
        for token in tokens.values():
            assert (token in shown_here) == (token == own[chat.account.id])
        assert [button.id for row in view.rows for button in row] == ["cal-see"]


async def all_tokens(chat: Chat) -> dict[str, str]:
    async with chat.services.database.transaction(family_id=chat.home.id) as session:
        tokens = await feed_tokens(session, chat.home.id, chat.services.box)
    return {
        "f": tokens.family,
        "week": tokens.week,
        **{f"a{number}": token for number, token in tokens.adults.items()},
        **{f"c{number}": token for number, token in tokens.children.items()},
    }


async def test_only_a_guardian_connects(sarah: Chat) -> None:
    for chat in (await nana(sarah), await emma(sarah)):
        before = everything(sarah.conninfo, "messages", "inbox")
        view = await chat.type(ADDRESS)
        assert view.title.startswith("Only a parent of the family can decide about calendars.")
        assert chat.words[-1] == "calendar.example.com/…"
        assert everything(sarah.conninfo, "messages", "inbox") == before


async def test_who_no_longer_decides_decides_no_more_by_a_card_of_before(sarah: Chat) -> None:
    await sarah.type(ADDRESS)
    async with sarah.services.database.transaction(family_id=sarah.home.id) as session:
        await invite_adult(session, sarah.home.id, "Tom", sarah.services.now())
        await set_role(session, sarah.home.family.adults[0].id, "helper")
    view = await sarah.tap("cal-for-f")
    assert view.title.startswith("Only a parent")
    (pending,) = await sarah.connections()
    assert pending.state is ConnectionState.PENDING


async def test_a_button_of_another_chat_does_nothing(sarah: Chat) -> None:
    await sarah.type(ADDRESS)
    (pending,) = await sarah.connections()
    message = last_said(sarah.conninfo, sarah.account)
    other = replace(sarah, account=await in_browser(sarah.services, "o" * 30, sarah.home))
    await other.forge(f"cal-x-whose-{pending.id}", message)
    assert [each.id for each in await sarah.connections()] == [pending.id]


async def test_a_person_may_go_on_in_another_chat_with_another_calendar(sarah: Chat) -> None:
    """A card listens to its own chat: what is typed elsewhere means something else."""
    await sarah.type(ADDRESS)
    other = replace(sarah, account=await in_browser(sarah.services, "o" * 30, sarah.home))
    view = await other.type("Emma")
    assert view.title != "What shall we call it?"
    assert (await sarah.type("Emma")).title == "What shall we call it?"


async def test_of_settings_and_calendars_the_later_card_hears(sarah: Chat, clock: Clock) -> None:
    await sarah.type(ADDRESS)
    clock.now += timedelta(minutes=1)
    await sarah.command("settings")
    assert (await sarah.type("Emma")).title != "What shall we call it?"
    clock.now += timedelta(minutes=1)
    await sarah.type(ADDRESS)
    assert (await sarah.type("Emma")).title == "What shall we call it?"


# --- in Telegram


async def test_in_telegram_an_address_and_a_password_are_gone_once_they_are_heard(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        home = await household(services)
        person = bot_api.world.user("Sarah")
        await in_telegram(services, person, home)

        async def shows(title: str) -> dict[str, Any]:
            await answer(services, bot_api)
            begins = [m for m in person.received() if m.get("text", "").startswith(title)]
            assert begins, person.received()[-1]
            return begins[-1]

        # Jobs reach out for what was told, and come to a private network at once.
        person.send(ADDRESS.replace("calendar.example.com", "127.0.0.1"))
        asked = await shows("Whose time is it?")
        person.tap(asked, "Everyone")
        person.tap(await shows("What shall we call it?"), "Family calendar")
        told = await shows("We plan around Family calendar from now on")
        assert told["message_id"] == asked["message_id"], "one living card"
        person.send("/calendars")
        person.tap(await shows("Your calendars"), "Apple or Nextcloud")
        await shows("Send to Apple")
        person.send(f"127.0.0.1 sarah {PASSWORD}")
        await shows("Trying 127.0.0.1")
        assert found(conninfo, [SECRET, *PASSWORD.split("-")]) == []


async def test_telegrams_menu_offers_the_calendars(
    database_url: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        await offer_commands(services)
    for menu in bot_api.world.commands.values():
        assert "calendars" in [command["command"] for command in menu]
