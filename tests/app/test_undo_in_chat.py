"""A change is told to those who decide, and a tap takes it back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from changing import MONDAY, Home, at_home, places
from parts import in_browser, last_said, rows, say_to_us, work

from app.changes import Applied
from bot.changes import tell_change, tell_guardians
from bot.conversations.cards import Card, Tapped
from bot.conversations.differences import undo_option
from core.changes import MarkDone, MoveLesson
from core.phrase import say
from db.conversations import Account
from db.families import invite_adult, set_role

NOON = 12 * 60


@pytest_asyncio.fixture
async def home(database_url: str, conninfo: str, tmp_path: Path) -> AsyncIterator[Home]:
    async with at_home(database_url, conninfo, tmp_path) as found:
        yield found


async def a_move(home: Home) -> Applied:
    """Emma's first lesson of mathematics at noon, told in the chats."""
    first = (await home.lessons("Mathematics"))[0]
    applied = await home.applied(MoveLesson(first.uid or "", first.date, NOON))
    async with home.services.database.transaction(family_id=home.id) as session:
        await tell_change(session, home.id, applied.difference, applied.token, now=home.clock.now)
    return applied


async def tap_undo(home: Home, account: Account, applied: Applied) -> None:
    message = last_said(home.conninfo, account)
    option = undo_option(applied.token).id
    assert option in str(message["view"])
    await say_to_us(
        home.services, account, Tapped(message["step"], option), message_id=message["id"]
    )


def shown(home: Home, account: Account) -> tuple[str, str]:
    """The title and the lines of what was said last."""
    view = last_said(home.conninfo, account)["view"]
    return view["title"], " ".join(view.get("lines", ()))


async def a_helper(home: Home) -> Account:
    async with home.services.database.transaction(family_id=home.id) as session:
        adult_id = await invite_adult(session, home.id, "Nana", home.clock.now)
        await set_role(session, adult_id, "helper")
    return await in_browser(home.services, "n" * 30, home, adult_id=adult_id)


async def test_a_tap_puts_the_week_back_and_says_so_in_place(home: Home) -> None:
    sarah = await in_browser(home.services, "s" * 30, home)
    before = places(await home.week())
    applied = await a_move(home)
    assert shown(home, sarah) == ("Your week has changed", "Emma's Mathematics moves to Mon 12 PM")
    told = last_said(home.conninfo, sarah)["id"]

    await tap_undo(home, sarah, applied)
    assert shown(home, sarah) == ("Putting it back…", "")
    await work(home.services)
    title, lines = shown(home, sarah)
    assert title == "Put back."
    assert lines.startswith("Emma's Mathematics moves to Mon ")
    assert last_said(home.conninfo, sarah)["id"] == told
    assert places(await home.week()) == before


async def test_one_that_cannot_be_taken_back_says_why(home: Home) -> None:
    sarah = await in_browser(home.services, "s" * 30, home)
    applied = await a_move(home)
    home.at(MONDAY, "12:40")
    (lesson,) = applied.difference.moved
    await home.applied(MarkDone(lesson.new.uid or "", "parent"))
    week = places(await home.week())

    await tap_undo(home, sarah, applied)
    await work(home.services)
    assert shown(home, sarah) == (
        "This stays as it is now",
        "Emma's Mathematics is done already, so it stays.",
    )
    assert places(await home.week()) == week


async def test_of_two_taps_in_two_chats_the_second_finds_it_put_back(home: Home) -> None:
    sarah = await in_browser(home.services, "s" * 30, home)
    again = await in_browser(home.services, "t" * 30, home)
    applied = await a_move(home)
    await tap_undo(home, sarah, applied)
    await tap_undo(home, again, applied)
    await work(home.services)
    titles = sorted([shown(home, sarah), shown(home, again)])
    assert titles[1] == ("This stays as it is now", "It was put back already.")
    assert titles[0][0] == "Put back."


async def test_only_guardians_are_told_and_each_once(home: Home) -> None:
    sarah, nana = await in_browser(home.services, "s" * 30, home), await a_helper(home)
    for _ in range(2):
        async with home.services.database.transaction(family_id=home.id) as session:
            await tell_guardians(
                session, home.id, Card(say("change.title")), now=home.clock.now, dedupe_key="once"
            )
    said = rows(home.conninfo, "SELECT chat_account_id FROM messages")
    assert [row["chat_account_id"] for row in said] == [sarah.id]
    assert nana.id != sarah.id


async def test_who_no_longer_decides_takes_nothing_back(home: Home) -> None:
    """Somebody who was a parent when it was told, and helps only now."""
    sarah = await in_browser(home.services, "s" * 30, home)
    applied = await a_move(home)
    week = places(await home.week())
    async with home.services.database.transaction(family_id=home.id) as session:
        await set_role(session, home.family.adults[0].id, "helper")
    await tap_undo(home, sarah, applied)
    await work(home.services)
    assert shown(home, sarah)[0] == "Only a parent of the family can change the week."
    assert places(await home.week()) == week
