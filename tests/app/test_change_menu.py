"""Changes by taps alone: every way of the menu ends in a change that can be taken back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from changing import MONDAY, Home, assert_agrees, at_home, everything, places
from parts import in_browser, say_to_us
from test_requests_in_chat import Chat, chat_of

from app.clock import tick
from bot.incoming import Command
from db.families import invite_adult, set_role


@pytest_asyncio.fixture
async def home(database_url: str, conninfo: str, tmp_path: Path) -> AsyncIterator[Home]:
    async with at_home(database_url, conninfo, tmp_path) as found:
        found.at(MONDAY, "08:00")
        yield found
        assert_agrees(conninfo)


async def command(chat: Chat, name: str, argument: str = "") -> None:
    await say_to_us(chat.home.services, chat.account, Command(name, argument))


@pytest.mark.parametrize(
    ("taps", "title"),
    [
        (["Somebody is ill", "Emma", "today"], "Emma is ill today"),
        (["Somebody is ill", "Everybody", "Tue"], "Emma and Noah are ill Tue"),
        (["We start later", "30 minutes"], "Emma and Noah begin 30 minutes later"),
        (["Half a day", "Wed"], "Half a day Wed for Emma and Noah"),
        (["A day off", "Thu"], "No lessons Thu for Emma and Noah"),
        (["Cancel something", "Piano Wed"], "No Piano Wed"),
        (["Move a lesson", "Emma: M", "Tue"], "Emma's Mathematics moves to another time, Tue"),
    ],
)
async def test_by_taps(home: Home, taps: list[str], title: str) -> None:
    sarah = await chat_of(home)
    before, week = everything(home), places(await home.week())
    await command(sarah, "change")
    assert sarah.title == "What shall change?"
    for label in taps:
        await sarah.taps(next(each for each in sarah.labels if each.startswith(label)))
    assert sarah.title == title
    await sarah.taps("Do it")
    assert everything(home) != before
    await command(sarah, "change")
    await sarah.taps("Undo last change")
    assert sarah.title == "Put back."
    assert places(await home.week()) == week


async def test_back_leads_to_the_menu_and_new_things_are_typed(home: Home) -> None:
    sarah = await chat_of(home)
    await command(sarah, "change")
    await sarah.taps("Something new")
    assert sarah.view["hint"]
    await sarah.taps("Back")
    assert sarah.title == "What shall change?"
    await sarah.taps("Undo last change")
    assert sarah.title == "This stays as it is now"


async def test_a_helper_is_told_who_can(home: Home) -> None:
    async with home.services.database.transaction(family_id=home.id) as session:
        adult_id = await invite_adult(session, home.id, "Nana", home.clock.now)
        await set_role(session, adult_id, "helper")
    nana = Chat(home, await in_browser(home.services, "n" * 30, home, adult_id=adult_id))
    await command(nana, "change")
    assert nana.title == "Only a parent of the family can change the week."
    await command(nana, "reminders", "7:15")
    assert "parent" in nana.title
    assert home.table("families")[0]["day_settings"] is None


async def test_the_family_is_reminded_when_it_wants_and_not_while_it_pauses(home: Home) -> None:
    sarah = await chat_of(home)
    home.at(MONDAY, "06:00")
    await command(sarah, "reminders", "7:15")
    assert sarah.lines.startswith("The day's list at 7:15 AM")
    due = {row["kind"]: row["next_due_at"] for row in home.rows("SELECT * FROM reminder_times")}
    assert f"{due['morning']:%H:%M}" == "12:15"
    await sarah.taps("Evening")
    await sarah.taps("Never")
    left = [row["kind"] for row in home.rows("SELECT kind FROM reminder_times ORDER BY kind")]
    assert left == ["morning", "review"]
    await command(sarah, "pause", "2 days")
    assert sarah.lines.startswith("Paused until Wednesday, December 2.")
    home.at(MONDAY, "07:15")
    await tick(home.services)
    assert home.table("reminders") == []
    await command(sarah, "resume")
    home.at(MONDAY, "07:20")
    await tick(home.services)
    assert home.table("reminders") == [], "Monday's time has passed while it was quiet"
    await command(sarah, "pause", "purple")
    assert sarah.view["notice"] == "We did not understand that time."
