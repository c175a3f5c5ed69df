"""A second adult comes by an invitation: seven days, one use, and a guardian says who it is."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from botapi.server import BotApiServer
from parts import (
    MONDAY,
    SUNDAY_EVENING,
    Household,
    answer,
    found,
    household,
    of_families,
    opened,
    rows,
)
from players import Player, browser
from whole_program import Clock

from app.services import Services

MONDAY_MORNING = SUNDAY_EVENING + timedelta(hours=13)


@pytest.fixture
def clock() -> Clock:
    return Clock(MONDAY_MORNING)


async def sarah_at_home(services: Services, conninfo: str) -> tuple[Household, Player]:
    home = await household(services)
    return home, await browser(services, conninfo, home=home)


async def invitation(sarah: Player, name: str, role: str) -> str:
    """The code with which somebody comes as `name`."""
    await sarah.say(f"/invite {name}")
    (adult,) = rows(sarah.conninfo, "SELECT id FROM adults WHERE name = %s", name)
    card = await sarah.say(f"@{role}-{adult['id']}")
    assert card.title == f"Invitation for {name}"
    return next(line.split()[-1] for line in card.lines if "code" in line)


async def come_in(services: Services, sarah: Player, name: str, role: str) -> Player:
    """Somebody who was invited, came, and was let in."""
    guest = await browser(services, sarah.conninfo)
    code = await invitation(sarah, name, role)
    await guest.say(f"/start {code}", "@join-come")
    await sarah.say(f"@join-let-{guest.account.id}")
    await guest.come()
    return guest


async def test_a_second_parent_comes_and_decides_too(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home, sarah = await sarah_at_home(services, conninfo)
        guest = await browser(services, conninfo)
        code = await invitation(sarah, "Tom", "guardian")
        card = await guest.say(f"/start {code}")
        assert card.title == "Join Sarah's family?"
        # What is kept is said before anything is.
        assert any("/forget" in line for line in card.lines)
        assert rows(conninfo, "SELECT 1 FROM consents WHERE source = 'invitation'") == []
        card = await guest.say("@join-come")
        assert guest.account.family_id is None
        assert "say yes" in card.title
        assert (await sarah.card()).title == "Is this Tom?"
        await sarah.say(f"@join-let-{guest.account.id}")
        await guest.come()
        assert guest.account.family_id == home.id
        assert "Emma and Noah's week is ready" in await guest.titles()
        (consent,) = rows(conninfo, "SELECT * FROM consents WHERE source = 'invitation'")
        assert consent["family_id"] == home.id
        await guest.say("/settings", "@edit-5", "@flex-1", "@accept")
        (family,) = rows(conninfo, "SELECT scheduling_flexibility FROM families")
        assert family["scheduling_flexibility"] == "very_flexible"


async def test_a_helper_sees_only_what_needs_them_and_decides_nothing(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await sarah_at_home(services, conninfo)
        nana = await come_in(services, sarah, "Nana", "helper")
        (item,) = rows(
            conninfo,
            "UPDATE schedule_items SET adult_id = %s WHERE id = (SELECT id FROM schedule_items"
            " WHERE day_date = %s ORDER BY id LIMIT 1) RETURNING id, name",
            nana.account.adult_id,
            MONDAY,
        )
        today = await nana.say("/today")
        assert sum(item["name"] in line for line in today.lines) == 1
        assert today.rows == ()
        before = of_families(conninfo)
        for words in ("done", "all done", "/settings", "/invite Ana", "/newlinks", "/forget"):
            await nana.say(words)
        assert of_families(conninfo) == before
        feeds = rows(conninfo, "SELECT 1 FROM feeds WHERE adult_id = %s", nana.account.adult_id)
        assert len(feeds) == 1
        page = await nana.say("/week")
        urls = {link.url for link in page.links}
        theirs = {link.url for link in (await sarah.say("/week")).links}
        assert not urls & theirs
        assert not any("/week/" in url for url in urls)
        spans = [line for line in page.lines if "Emma" in line or "Noah" in line]
        assert len(spans) == 1
        assert "1 lesson" in spans[0]


async def test_nobody_is_let_in_by_anybody_but_a_guardian_of_the_family(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await sarah_at_home(services, conninfo)
        other = await household(services, ["Mia"], parent="Olga")
        olga = await browser(services, conninfo, home=other)
        nana = await come_in(services, sarah, "Nana", "helper")
        guest = await browser(services, conninfo)
        await guest.say(f"/start {await invitation(sarah, 'Tom', 'guardian')}", "@join-come")
        shown = [(n, step) for n, step, view in await sarah.see() if view.title == "Is this Tom?"]
        option = f"join-let-{guest.account.id}"
        for stranger in (olga, nana, guest):
            await stranger.tap(*shown[-1], option)
            await guest.come()
            assert guest.account.family_id is None
        await sarah.say(f"@join-no-{guest.account.id}")
        assert (await guest.card()).title.startswith("This invitation is over")
        await sarah.tap(*shown[-1], option)
        await guest.come()
        assert guest.account.family_id is None


async def test_an_invitation_works_once_and_for_seven_days(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await sarah_at_home(services, conninfo)
        code = await invitation(sarah, "Tom", "guardian")
        guests = [await browser(services, conninfo) for _ in range(8)]
        await asyncio.gather(*(guest.say(f"/start {code}") for guest in guests))
        asked = [g for g in guests if "Join Sarah's family?" in await g.titles()]
        assert len(asked) == 1
        late = await browser(services, conninfo)
        code = await invitation(sarah, "Ana", "guardian")
        clock.now += timedelta(days=7, minutes=1)
        await late.say(f"/start {code}")
        assert "Join Sarah's family?" not in await late.titles()
        # Whoever has come in time but says yes too late is not let in either.
        await asked[0].say("@join-come")
        assert (await asked[0].card()).title.startswith("This invitation is over")


async def test_a_new_invitation_ends_the_one_before(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await sarah_at_home(services, conninfo)
        first = await invitation(sarah, "Tom", "guardian")
        await invitation(sarah, "Tom", "helper")
        guest = await browser(services, conninfo)
        await guest.say(f"/start {first}")
        assert "Join Sarah's family?" not in await guest.titles()
        (tom,) = rows(conninfo, "SELECT role FROM adults WHERE name = 'Tom'")
        assert tom["role"] == "helper"


async def test_a_change_of_settings_leaves_an_invitation_open(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await sarah_at_home(services, conninfo)
        code = await invitation(sarah, "Nana", "helper")
        await sarah.say("/settings", "@edit-5", "@flex-1", "@accept")
        guest = await browser(services, conninfo)
        await guest.say(f"/start {code}")
        assert "Join Sarah's family?" in await guest.titles()


async def test_a_guest_who_erases_everything_is_not_let_in(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await sarah_at_home(services, conninfo)
        guest = await browser(services, conninfo)
        await guest.say(f"/start {await invitation(sarah, 'Tom', 'guardian')}", "@join-come")
        await guest.say("/forget", "@forget-yes")
        await sarah.say(f"@join-let-{guest.account.id}")
        await guest.come()
        assert guest.account.family_id is None


async def test_another_guardian_answers_where_the_inviting_chat_is_gone(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home, sarah = await sarah_at_home(services, conninfo)
        laptop = await browser(services, conninfo, home=home)
        guest = await browser(services, conninfo)
        await guest.say(f"/start {await invitation(sarah, 'Tom', 'guardian')}")
        rows(
            conninfo,
            "UPDATE chat_accounts SET family_id = NULL, adult_id = NULL WHERE id = %s RETURNING id",
            sarah.account.id,
        )
        await guest.say("@join-come")
        assert (await laptop.card()).title == "Is this Tom?"


async def test_a_code_that_still_works_is_not_written_down(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await sarah_at_home(services, conninfo)
        code = await invitation(sarah, "Tom", "guardian")
        await sarah.say(f"/link {code}")
        assert found(conninfo, [code]) == []


async def test_a_mistyped_code_leaves_a_waiting_guest_at_the_door(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await sarah_at_home(services, conninfo)
        guest = await browser(services, conninfo)
        await guest.say(f"/start {await invitation(sarah, 'Tom', 'guardian')}", "@join-come")
        await guest.say("/link 0000-0000-0000-0000")
        await sarah.say(f"@join-let-{guest.account.id}")
        await guest.come()
        assert guest.account.family_id is not None


async def test_who_declines_leaves_nothing(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await sarah_at_home(services, conninfo)
        guest = await browser(services, conninfo)
        await guest.say(f"/start {await invitation(sarah, 'Tom', 'guardian')}", "@join-stay")
        assert rows(conninfo, "SELECT 1 FROM consents WHERE source = 'invitation'") == []
        assert rows(conninfo, "SELECT 1 FROM link_codes") == []
        assert "Is this Tom?" not in await sarah.titles()


async def test_from_the_browser_into_telegram(
    database_url: str,
    conninfo: str,
    tmp_path: Path,
    clock: Clock,
    bot_api: BotApiServer,
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        home, sarah = await sarah_at_home(services, conninfo)
        code = await invitation(sarah, "Tom", "guardian")
        card = await sarah.card()
        link = next(link.url for link in card.links if "t.me" in link.url)
        assert link == f"https://t.me/brightpath_test_bot?start={code}"
        tom = bot_api.world.user("Tommy")
        tom.send(f"/start {code}")
        await answer(services, bot_api)
        asked = tom.wait_for(lambda m: "Join Sarah" in m.get("text", ""))
        tom.tap(asked, "Join")
        await answer(services, bot_api)
        card = await sarah.card()
        assert "Tommy opened your invitation in Telegram." in card.lines
        guest = rows(conninfo, "SELECT id FROM chat_accounts WHERE channel = 'telegram'")[0]
        await sarah.say(f"@join-let-{guest['id']}")
        await answer(services, bot_api)
        tom.wait_for(lambda m: "week is ready" in m.get("text", ""))
        (let_in,) = rows(conninfo, "SELECT * FROM chat_accounts WHERE channel = 'telegram'")
        (adult,) = rows(conninfo, "SELECT id FROM adults WHERE name = 'Tom'")
        assert (let_in["family_id"], let_in["adult_id"]) == (home.id, adult["id"])
