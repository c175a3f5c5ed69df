"""Days off and public holidays: suggested, taken, given back, each with Undo."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest_asyncio
from changing import FRIDAY, MONDAY, THURSDAY, Home, assert_agrees, at_home, places
from parts import in_browser, say_to_us
from test_requests_in_chat import Chat, chat_of

from bot.conversations.school_year import Stretch, stretches
from bot.incoming import Command
from core.changes import GiveDaysBack, Impossible, TakeDaysOff, Why
from core.family import DayOff
from core.plan import ItemType
from db.families import invite_adult, set_role


@pytest_asyncio.fixture
async def home(database_url: str, conninfo: str, tmp_path: Path) -> AsyncIterator[Home]:
    async with at_home(database_url, conninfo, tmp_path) as found:
        found.at(MONDAY, "08:00")
        yield found
        assert_agrees(conninfo)


async def command(chat: Chat, argument: str = "") -> None:
    await say_to_us(chat.home.services, chat.account, Command("year", argument))


def off(home: Home) -> list[date]:
    return [row["date"] for row in home.rows("SELECT date FROM days_off ORDER BY date")]


async def test_public_holidays_are_ticked_off_and_taken_together(home: Home) -> None:
    sarah = await chat_of(home)
    await command(sarah)
    assert sarah.lines == "None so far. Breaks and trips can be typed at any time."
    await sarah.taps("Public holidays")
    assert sarah.title == "Public holidays of United States: which are days off for you?"
    assert "12/25 Christmas Day" in sarah.lines
    assert "12/25" in sarah.labels
    assert "Take these 9 off" in sarah.labels
    assert off(home) == [], "they are only suggested"
    for label in [each for each in sarah.labels if each[0].isdigit() and each != "12/25"][1:]:
        await sarah.taps(label)
    assert "Take these 2 off" in sarah.labels
    await sarah.taps("Take these 2 off")
    assert sarah.title.startswith("No lessons for anybody on ")
    assert off(home) == []
    await sarah.taps("Do it")
    assert date(2026, 12, 25) in off(home)
    assert len(off(home)) == 2
    await command(sarah)
    assert "Everybody: Friday, December 25" in sarah.lines
    await sarah.taps("Public holidays")
    assert "Christmas" not in sarah.lines


async def test_a_break_is_given_back_and_the_week_stands_again(home: Home) -> None:
    sarah = await chat_of(home)
    before = places(await home.week())
    await sarah.types("emma off thursday to friday")
    await sarah.taps("Do it")
    await command(sarah)
    assert sarah.lines == "Emma: Thu to Friday, December 4"
    await sarah.taps("Give 12/3 back")
    assert sarah.title == "Lessons again from Thu to Fri for Emma"
    assert len(off(home)) == 2
    await sarah.taps("Do it")
    assert off(home) == []
    lessons = [i for i in (await home.week()).items if i.type is ItemType.SUBJECT]
    assert {i.date for i in lessons if i.child_id == home.emma} >= {THURSDAY, FRIDAY}
    await sarah.taps("Undo")
    assert len(off(home)) == 2
    await sarah.types("undo")
    assert off(home) == []
    assert places(await home.week()) == before


async def test_another_country(home: Home) -> None:
    sarah = await chat_of(home)
    await command(sarah, "Spain")
    assert sarah.title == "Public holidays of Spain: which are days off for you?"
    await sarah.taps("12/25")
    assert sarah.title == "Public holidays of Spain: which are days off for you?"
    assert "Take these 6 off" in sarah.labels
    await command(sarah, "Atlantis")
    assert sarah.title == "Days off to come"


async def test_only_who_decides(home: Home) -> None:
    async with home.services.database.transaction(family_id=home.id) as session:
        adult_id = await invite_adult(session, home.id, "Nana", home.clock.now)
        await set_role(session, adult_id, "helper")
    nana = Chat(home, await in_browser(home.services, "n" * 30, home, adult_id=adult_id))
    await command(nana)
    assert nana.title == "Only a parent of the family can change the week."


async def test_what_is_given_back_must_be_off_and_to_come(home: Home) -> None:
    assert await home.change(GiveDaysBack(THURSDAY, FRIDAY)) == Impossible(Why.NO_SUCH_OCCURRENCE)
    await home.applied(TakeDaysOff(THURSDAY, THURSDAY, home.emma))
    assert await home.change(GiveDaysBack(THURSDAY, FRIDAY)) == Impossible(Why.NO_SUCH_OCCURRENCE)
    yesterday = MONDAY - timedelta(days=1)
    outcome = await home.change(GiveDaysBack(yesterday, FRIDAY, home.emma))
    assert outcome == Impossible(Why.PAST)
    await home.applied(GiveDaysBack(THURSDAY, FRIDAY, home.emma))


def test_days_in_a_row_are_one_break() -> None:
    def days(child: int | None, *numbers: int) -> list[DayOff]:
        return [DayOff(MONDAY + timedelta(days=n), child) for n in numbers]

    everybody = days(None, 3, 4, 7, 8, 14)
    found = stretches([*everybody, *days(2, 4)], MONDAY)
    assert found == (
        Stretch(THURSDAY, MONDAY + timedelta(days=8)),
        Stretch(FRIDAY, FRIDAY, 2),
        Stretch(MONDAY + timedelta(days=14), MONDAY + timedelta(days=14)),
    )
    assert stretches(everybody, MONDAY + timedelta(days=15)) == ()
