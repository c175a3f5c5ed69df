"""Who belongs to a family: codes that work once, and a farewell that leaves nothing behind."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from botapi.server import BotApiServer
from botapi.world import Person
from parts import (
    MONDAY,
    SUNDAY_EVENING,
    Household,
    answer,
    everything,
    found,
    household,
    in_browser,
    in_telegram,
    last_said,
    of_families,
    opened,
    rows,
    say_to_us,
    skip_waits,
    work,
)
from whole_program import Clock

from app.chat import WebConversations
from app.services import Services
from bot.conversations.cards import Located, Opened, Tapped, Typed
from bot.incoming import Command
from bot.webchat import Session
from db.conversations import Account
from db.links import Purpose, create_code

CODE = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}")
CANARIES = ("Zephyrine", "Quillon", "Marguerita", "canary@birds.example", "Ornithology")


@pytest.fixture
def clock() -> Clock:
    return Clock(SUNDAY_EVENING)


def family_of(conninfo: str, account: Account) -> int | None:
    known = rows(conninfo, "SELECT family_id FROM chat_accounts WHERE id = %s", account.id)
    return known[0]["family_id"] if known else None


async def told(services: Services, account: Account) -> list[str]:
    """All that we have said to a chat, as its page shows it, the latest news first."""
    messages = await WebConversations(services).messages(Session(account.id, "en"), 0, 0)
    ours = [message for message in messages if message.author == "us"]
    ours.sort(key=lambda message: message.revision, reverse=True)
    return [message.view.model_dump_json() for message in ours]


async def code_in(services: Services, account: Account) -> str:
    """The code that was last shown to a chat."""
    codes = [match[0] for text in await told(services, account) if (match := CODE.search(text))]
    return codes[0]


async def asked_for_code(services: Services, account: Account) -> str:
    await say_to_us(services, account, Command("link"))
    return await code_in(services, account)


async def test_a_code_joins_one_device_within_a_quarter_of_an_hour(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        sarah = await in_browser(services, "s" * 43, home)
        tablet, phone, late = [await in_browser(services, c * 43) for c in "tpl"]
        code = await asked_for_code(services, sarah)
        clock.now += timedelta(minutes=14, seconds=59)
        await say_to_us(services, tablet, Command("link", code.lower().replace("-", " ")))
        assert family_of(conninfo, tablet) == home.id
        assert "/week/" in str(await told(services, tablet))
        await say_to_us(services, phone, Command("link", code))
        assert family_of(conninfo, phone) is None

        code = await asked_for_code(services, sarah)
        clock.now += timedelta(minutes=15)
        for guess in (code, "", "0000-0000-0000-0000", "x" * 4000, "1;--"):
            await say_to_us(services, late, Command("start", guess))
            assert family_of(conninfo, late) is None
            assert "Emma" not in str(await told(services, late))


async def test_codes_and_addresses_are_stored_only_encrypted(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        sarah = await in_browser(services, "s" * 43, home)
        code = await asked_for_code(services, sarah)
        await say_to_us(services, sarah, Command("week"))
        shown = str(await told(services, sarah))
        secrets = {code, home.tokens.family, home.tokens.week}
        assert all(secret in shown for secret in secrets)
        assert found(conninfo, secrets) == []


async def test_before_consent_nothing_that_a_person_is_or_says_is_stored(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        stranger = await in_browser(services, "s" * 43)
        port, session = WebConversations(services), Session(stranger.id, "en")
        for event in (Opened(), Typed("I am Zephyrine"), Typed("Quillon is 9")):
            await port.receive(session, event, key=str(uuid4()), timezone="Pacific/Chatham")
        assert found(conninfo, ("Zephyrine", "Quillon", "Chatham")) == []
        await port.receive(session, Typed("yes"), key=str(uuid4()), timezone="Pacific/Chatham")
        assert found(conninfo, ("Chatham",)) != []


async def test_of_a_shared_place_only_the_clock_is_stored(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    place = Located(35.681236, 139.767125)
    async with opened(database_url, tmp_path, clock) as services:
        stranger = await in_browser(services, "s" * 43)
        port, session = WebConversations(services), Session(stranger.id, "en")
        for event in (Opened(), Typed("yes"), Typed("Yuki"), Typed("skip"), place):
            await port.receive(session, event, key=str(uuid4()))
        # A button of the card was pressed, so the card changes in place.
        assert "Tokyo" in (await told(services, stranger))[0]
        assert len(await told(services, stranger)) == 4
        await port.receive(session, Typed("yes"), key=str(uuid4()))
        await port.receive(session, place, key=str(uuid4()))
        assert "No place is needed" in (await told(services, stranger))[0]
        assert found(conninfo, ("Asia/Tokyo",)) != []
        assert found(conninfo, ("35.6", "139.7")) == []


async def test_a_planned_family_that_shares_a_place_is_told_that_none_is_needed(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        sarah = await in_browser(services, "s" * 43, home)
        await say_to_us(services, sarah, Located(35.681236, 139.767125))
        assert "No place is needed" in (await told(services, sarah))[0]
        assert found(conninfo, ("35.6", "139.7")) == []


async def test_what_nobody_understands_is_answered_with_what_works(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        sarah = await in_browser(services, "s" * 43, home)
        # It is Sunday: there is no list, and "done" has nothing to mean.
        await say_to_us(services, sarah, Typed("qwerty zzz"))
        assert "We did not understand that" in (await told(services, sarah))[0]
        await say_to_us(services, sarah, Typed("done"))
        assert "no lessons on today" in (await told(services, sarah))[0]


async def test_of_fifty_that_redeem_a_code_at_once_one_succeeds(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        sarah = await in_browser(services, "s" * 43, home)
        code = await asked_for_code(services, sarah)
        others = [await in_browser(services, f"{n:043}") for n in range(50)]
        turns = asyncio.Semaphore(9)

        async def redeem(account: Account) -> None:
            # As many at once as there are connections; the others queue before they begin.
            async with turns:
                await say_to_us(services, account, Command("link", code))

        await asyncio.gather(*(redeem(account) for account in others))
        joined = [account for account in others if family_of(conninfo, account) is not None]
        assert len(joined) == 1
        refused = [account for account in others if account not in joined]
        assert [len(await told(services, account)) for account in refused] == [1] * 49


async def test_a_recovery_code_works_once_and_is_followed_by_a_fresh_one(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        async with services.database.transaction() as session:
            first = await create_code(
                session,
                Purpose.RECOVERY,
                timedelta(days=3650),
                now=clock.now,
                family_id=home.id,
                adult_id=home.family.adults[0].id,
            )
        one, two, three = [await in_browser(services, c * 43) for c in "abc"]
        clock.now += timedelta(days=3000)
        await say_to_us(services, one, Command("link", first))
        fresh = await code_in(services, one)
        assert fresh != first
        await say_to_us(services, two, Command("link", first))
        assert family_of(conninfo, two) is None
        await say_to_us(services, three, Command("link", fresh))
        assert family_of(conninfo, one) == family_of(conninfo, three) == home.id


async def test_a_chat_with_a_family_is_not_moved_and_leaves_the_code_whole(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home, other = await household(services), await household(services, ("Wren",))
        sarah = await in_browser(services, "s" * 43, home)
        ben = await in_browser(services, "b" * 43, other)
        tablet = await in_browser(services, "t" * 43)
        code = await asked_for_code(services, sarah)
        await say_to_us(services, ben, Command("link", code))
        assert family_of(conninfo, ben) == other.id
        await say_to_us(services, tablet, Command("link", code))
        assert family_of(conninfo, tablet) == home.id


async def test_two_events_at_once_while_a_chat_joins(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    """The second one waits for the first, and then knows whose chat it is."""
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        sarah = await in_browser(services, "s" * 43, home)
        for number in range(5):
            code = await asked_for_code(services, sarah)
            tablet = await in_browser(services, f"{number:043}")
            joining = asyncio.create_task(say_to_us(services, tablet, Command("link", code)))
            await asyncio.sleep(0.002 * number)
            await asyncio.gather(joining, say_to_us(services, tablet, Command("today")))
            assert family_of(conninfo, tablet) == home.id


def buttons_of(message: dict[str, Any]) -> list[str]:
    return [button["id"] for row in message["view"].get("rows", ()) for button in row]


async def ask_to_erase(
    services: Services, conninfo: str, account: Account
) -> tuple[dict[str, Any], Tapped, Tapped]:
    """The card that asks, and its two answers: keep, erase."""
    await say_to_us(services, account, Command("forget"))
    card = last_said(conninfo, account)
    keep, erase = buttons_of(card)
    return card, Tapped(card["step"], keep), Tapped(card["step"], erase)


async def test_erasing_needs_two_steps_of_a_guardian_within_the_hour(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        sarah = await in_browser(services, "s" * 43, home)
        before = of_families(conninfo)
        card, keep, erase = await ask_to_erase(services, conninfo, sarah)
        for words in ("yes", "Erase it all", "erase"):
            await say_to_us(services, sarah, Typed(words))
        assert of_families(conninfo) == before
        await say_to_us(services, sarah, keep, message_id=card["id"])
        # The button of a card that has been answered.
        await say_to_us(services, sarah, erase, message_id=card["id"])
        assert of_families(conninfo) == before
        # The button of a card that was forgotten on a screen.
        card, _, erase = await ask_to_erase(services, conninfo, sarah)
        clock.now += timedelta(hours=1, seconds=1)
        await say_to_us(services, sarah, erase, message_id=card["id"])
        assert of_families(conninfo) == before
        assert last_said(conninfo, sarah)["view"]["title"] == "Nothing was erased."


async def test_a_helper_cannot_erase_nor_one_who_became_a_helper(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        sarah = await in_browser(services, "s" * 43, home)
        card, _, erase = await ask_to_erase(services, conninfo, sarah)
        with psycopg.connect(conninfo) as connection:
            connection.execute("UPDATE adults SET role = 'helper'")
        before = of_families(conninfo)
        await say_to_us(services, sarah, erase, message_id=card["id"])
        await say_to_us(services, sarah, Command("forget"))
        assert buttons_of(last_said(conninfo, sarah)) == []
        await say_to_us(services, sarah, Tapped(0, "forget-yes"), message_id=card["id"])
        assert of_families(conninfo) == before


async def test_a_browser_hears_that_all_is_erased_and_may_ask_again(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        browser = WebConversations(services)
        begun = await browser.begin("en", None)
        assert begun is not None
        assert begun.questionnaire
        home = await household(services)
        sarah = await in_browser(services, "s" * 43, home)
        before = await browser.resume("s" * 43)
        assert before is not None
        assert not before.questionnaire
        code = await asked_for_code(services, sarah)
        (shown,) = [m for m in await browser.messages(before, 0, 0) if m.view.secret]
        assert code in shown.view.model_dump_json()
        card, _, erase = await ask_to_erase(services, conninfo, sarah)
        await say_to_us(services, sarah, erase, message_id=card["id"])
        after = await browser.resume("s" * 43)
        assert after is not None
        assert after.questionnaire
        (left,) = await browser.messages(after, 0, 0)
        assert left.view.farewell


async def test_where_nobody_may_sign_up_a_code_of_the_family_begins_a_chat(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        sarah = await in_browser(services, "s" * 43, home)
        code = await asked_for_code(services, sarah)
        off = services.settings.model_copy(update={"chat_signup": False})
        services = replace(services, settings=off)
        browser = WebConversations(services)
        accounts = len(rows(conninfo, "SELECT 1 FROM chat_accounts"))
        for brought in (None, "", "0000-0000-0000-0000"):
            assert await browser.begin("en", brought) is None
        assert len(rows(conninfo, "SELECT 1 FROM chat_accounts")) == accounts
        assert await browser.resume("s" * 43) is not None
        begun = await browser.begin("en", code.lower())
        assert begun is not None
        assert begun.cookie is not None
        await browser.receive(begun, Command("start", code), key=str(uuid4()))
        joined = await browser.resume(begun.cookie)
        assert joined is not None
        assert not joined.questionnaire
        # Used up, and after a quarter of an hour it would have been too old.
        assert await browser.begin("en", code) is None


async def bird_family(services: Services) -> Household:
    return await household(
        services,
        CANARIES[:2],
        parent=CANARIES[2],
        email=CANARIES[3],
        subjects=("Mathematics", CANARIES[4]),
    )


async def test_erasing_leaves_nothing_of_the_family_and_all_of_the_other(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        other = await household(services, ("Wren",))
        ben = await in_browser(services, "b" * 43, other)
        await say_to_us(services, ben, Opened())
        untouched = everything(conninfo)
        home = await bird_family(services)
        parent = bot_api.world.user(CANARIES[2])
        await in_telegram(services, parent, home)
        tablet = await in_browser(services, "t" * 43, home)
        clock.set(f"{MONDAY}T10:00:00-05:00")
        for words in ("/today", f"{CANARIES[0]} done {CANARIES[4]}", "/week", "/link"):
            parent.send(words)
        await answer(services, bot_api)
        await say_to_us(services, tablet, Typed(f"done {CANARIES[4]}"))
        assert len(rows(conninfo, "SELECT 1 FROM activity_logs")) >= 1
        # Another phone of the family, whose words could not be answered and are still kept.
        grandma = bot_api.world.user("Grandma")
        await in_telegram(services, grandma, home)
        await fail_an_update(services, bot_api, conninfo, grandma)
        tables = {table for table, _ in found(conninfo, CANARIES)}
        assert tables >= {"users", "children", "messages", "inbox", "schedules", "activity_logs"}

        parent.send("/forget")
        await answer(services, bot_api)
        parent.tap(parent.received()[-1], "Erase it all")
        # More words while the tap is still on its way.
        parent.send("/help")
        await answer(services, bot_api)

        assert found(conninfo, CANARIES) == []
        assert rows(conninfo, "SELECT id FROM families") == [{"id": other.id}]
        for table, lines in untouched.items():
            if table not in ("procrastinate_jobs", "procrastinate_events", "ml_models"):
                assert set(lines) <= set(everything(conninfo)[table]), table
        texts = [message.get("text", "") for message in parent.received()]
        assert any("Your family is erased" in text for text in texts)
        assert "answer the question above" in texts[-1]
        # The tablet's cookie opens nothing any more, and this chat can begin again.
        assert family_of(conninfo, tablet) is None
        parent.send("/start")
        await answer(services, bot_api)
        assert "what we keep" in parent.received()[-1]["text"]
        failed = rows(conninfo, "SELECT task_name FROM procrastinate_jobs WHERE status = 'failed'")
        assert failed == [{"task_name": "hear"}]


async def fail_an_update(
    services: Services, bot_api: BotApiServer, conninfo: str, person: Person
) -> None:
    """An update that cannot be answered, and that is kept with its words for a few days."""

    def set_zone(zone: str) -> None:
        with psycopg.connect(conninfo) as connection:
            connection.execute("UPDATE families SET timezone = %s", (zone,))

    set_zone("Nowhere/Land")
    person.send(f"{CANARIES[1]} done")
    await answer(services, bot_api)
    for _ in range(4):
        skip_waits(conninfo)
        await work(services)
    set_zone("America/New_York")
    assert rows(conninfo, "SELECT 1 FROM inbox WHERE payload IS NOT NULL") != []


@pytest.mark.parametrize("taps", [1, 2])
async def test_a_browser_that_waits_hears_that_all_is_erased(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, taps: int
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home = await bird_family(services)
        parent = await in_browser(services, "s" * 43, home)
        for event in (Opened(), Typed("hello"), Command("week")):
            await say_to_us(services, parent, event)
        card, _, erase = await ask_to_erase(services, conninfo, parent)
        await say_to_us(services, parent, Typed(f"bye, {CANARIES[0]}"))
        seen = last_said(conninfo, parent)["revision"]
        await asyncio.gather(
            *(say_to_us(services, parent, erase, message_id=card["id"]) for _ in range(taps))
        )
        said = rows(conninfo, "SELECT * FROM messages WHERE revision > %s ORDER BY revision", seen)
        assert "Your family is erased" in said[0]["view"]["title"]
        assert found(conninfo, CANARIES) == []
        await say_to_us(services, parent, Opened())
        assert "what we keep" in last_said(conninfo, parent)["view"]["title"]


async def test_an_unfinished_questionnaire_can_be_erased_too(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        parent, other = [await in_browser(services, c * 43) for c in "so"]
        for account in (parent, other):
            await begin(services, conninfo, account, (CANARIES[2], CANARIES[3]))
        assert {table for table, _ in found(conninfo, CANARIES)} == {
            "messages",
            "questionnaire_sessions",
        }
        card, keep, _ = await ask_to_erase(services, conninfo, parent)
        await say_to_us(services, parent, keep, message_id=card["id"])
        assert len(rows(conninfo, "SELECT 1 FROM consents")) == 2
        card, _, erase = await ask_to_erase(services, conninfo, parent)
        await say_to_us(services, parent, erase, message_id=card["id"])
        for table in ("consents", "questionnaire_sessions"):
            left = rows(conninfo, f"SELECT chat_account_id FROM {table}")  # noqa: S608
            assert left == [{"chat_account_id": other.id}]
        assert len(await told(services, parent)) == 1
        await say_to_us(services, parent, Opened())
        assert "what we keep" in last_said(conninfo, parent)["view"]["title"]


async def begin(services: Services, conninfo: str, account: Account, words: Sequence[str]) -> None:
    """Consents, and answers the first questions."""
    await say_to_us(services, account, Opened())
    card = last_said(conninfo, account)
    agree = next(
        button["id"]
        for row in card["view"]["rows"]
        for button in row
        if button["label"] == "I agree"
    )
    await say_to_us(services, account, Tapped(card["step"], agree), message_id=card["id"])
    for text in words:
        await say_to_us(services, account, Typed(text))
