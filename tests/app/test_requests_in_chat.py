"""What a family asks in its own words: shown as understood, done when confirmed, taken back by a
tap; and what it reports."""

import time
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from changing import (
    FRIDAY,
    MONDAY,
    THURSDAY,
    TUESDAY,
    Home,
    assert_agrees,
    at_home,
    everything,
    places,
)
from parts import in_browser, last_said, say_to_us, work

from bot.conversations.cards import Tapped, Typed
from bot.incoming import Command
from core.plan import Item, ItemType
from db.conversations import Account
from db.families import invite_adult, set_role

SECRET = "s" * 30


@pytest_asyncio.fixture
async def home(database_url: str, conninfo: str, tmp_path: Path) -> AsyncIterator[Home]:
    async with at_home(database_url, conninfo, tmp_path) as found:
        found.at(MONDAY, "08:00")
        yield found
        assert_agrees(conninfo)


class Chat:
    """One guardian's chat, word by word."""

    def __init__(self, home: Home, account: Account) -> None:
        self.home, self.account = home, account

    async def types(self, text: str) -> None:
        await say_to_us(self.home.services, self.account, Typed(text))
        await work(self.home.services)

    async def taps(self, label: str) -> None:
        """The button with this label on the card that was said last."""
        message = last_said(self.home.conninfo, self.account)
        buttons = [button for row in message["view"].get("rows", ()) for button in row]
        (option,) = [each["id"] for each in buttons if each["label"] == label]
        event = Tapped(message["step"], option)
        await say_to_us(self.home.services, self.account, event, message_id=message["id"])
        await work(self.home.services)

    @property
    def view(self) -> dict[str, Any]:
        view: dict[str, Any] = last_said(self.home.conninfo, self.account)["view"]
        return view

    @property
    def title(self) -> str:
        return str(self.view["title"])

    @property
    def lines(self) -> str:
        return " | ".join(self.view.get("lines", ()))

    @property
    def labels(self) -> list[str]:
        return [button["label"] for row in self.view.get("rows", ()) for button in row]


async def chat_of(home: Home, secret: str = SECRET, **who: Any) -> Chat:
    return Chat(home, await in_browser(home.services, secret, home, **who))


def lessons(items: tuple[Item, ...], child: int, day: date) -> list[Item]:
    return [i for i in items if (i.child_id, i.date, i.type) == (child, day, ItemType.SUBJECT)]


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("Emma is sick today", "Emma is ill today"),
        ("emma and noah are ill tomorrow", "Emma and Noah are ill Tue"),
        ("running 30 minutes late", "Emma and Noah begin 30 minutes later"),
        ("start at 10 tomorrow", "Emma and Noah start at Tue 10 AM"),
        ("dentist Thursday 10-11", "Dentist for everyone, Thu 10 AM to 11 AM"),
        ("Emma dentist Thu 10-11", "Dentist for Emma, Thu 10 AM to 11 AM"),
        ("half day tomorrow", "Half a day Tue for Emma and Noah"),
        ("day off friday", "No lessons Fri for Emma and Noah"),
        ("move reading to friday 12pm", "Noah's Reading (Thu) moves to Fri 12 PM"),
        ("cancel piano this week", "No Piano Wed"),
        ("piano is 11-12 on wednesday", "Piano: Wed 11 AM to 12 PM"),
        ("skip reading", "Not now, another time: Noah's Reading"),
    ],
)
async def test_understood_shown_done_and_taken_back(home: Home, said: str, title: str) -> None:
    if said == "skip reading":
        (reading,) = await home.lessons("Reading")
        home.at(reading.date, "08:00")
    sarah, tom = await chat_of(home), await chat_of(home, "t" * 30)
    before, week = everything(home), places(await home.week())
    await sarah.types(said)
    assert sarah.title == title
    assert sarah.labels == ["Do it", "Leave it"]
    assert everything(home) == before, "nothing changes before it is confirmed"
    asked = last_said(home.conninfo, sarah.account)["id"]

    await sarah.taps("Do it")
    assert sarah.title == title
    assert sarah.labels == ["Undo"]
    assert last_said(home.conninfo, sarah.account)["id"] == asked, "one card, edited in place"
    assert tom.title == title, "the other chat of those who decide is told"
    assert everything(home) != before

    await sarah.taps("Undo")
    assert sarah.title == "Put back."
    assert places(await home.week()) == week
    for table in ("days_off", "day_hours", "commitment_exceptions", "activity_logs"):
        assert home.table(table) == []
    assert home.table("chat_requests") == []


async def test_in_spanish(home: Home) -> None:
    sarah = await chat_of(home)
    await say_to_us(home.services, sarah.account, Command("es"))
    await sarah.types("Emma está enferma hoy")
    assert sarah.title == "Con enfermedad hoy: Emma"
    await sarah.taps("Hacerlo")
    assert lessons((await home.week()).items, home.emma, MONDAY) == []
    await sarah.types("deshacer")
    assert lessons((await home.week()).items, home.emma, MONDAY) != []


async def test_left_is_left(home: Home) -> None:
    sarah = await chat_of(home)
    before = everything(home)
    await sarah.types("day off friday")
    await sarah.taps("Leave it")
    assert sarah.lines == "Left as it was."
    assert sarah.labels == []
    assert everything(home) == before
    assert home.table("chat_requests") == []


async def test_a_second_tap_and_an_old_one_do_nothing_more(home: Home) -> None:
    sarah = await chat_of(home)
    await sarah.types("Emma is sick today")
    message = last_said(home.conninfo, sarah.account)
    (option, _) = [button["id"] for row in message["view"]["rows"] for button in row]
    for _ in range(2):
        event = Tapped(message["step"], option)
        await say_to_us(home.services, sarah.account, event, message_id=message["id"])
    await work(home.services)
    assert len(home.table("days_off")) == 1
    assert len(home.table("week_changes")) == 1


async def test_what_cannot_be_says_why_and_changes_nothing(home: Home) -> None:
    sarah = await chat_of(home)
    before = everything(home)
    await sarah.types("move reading to friday 8pm")
    assert sarah.lines == "That cannot be: | That lies outside the hours or days of lessons."
    await sarah.types("day off friday")
    await sarah.taps("Do it")
    await sarah.types("day off friday")
    assert sarah.lines == "That cannot be: | It is so already."
    await sarah.types("undo")
    assert sarah.title == "Put back."
    await sarah.types("undo")
    assert sarah.lines == "That change is too long ago for us to find it."
    assert {key: value for key, value in everything(home).items() if key == "days_off"} == {
        "days_off": before["days_off"]
    }


async def test_a_lesson_finds_a_place_of_the_day(home: Home) -> None:
    sarah = await chat_of(home)
    await sarah.types("move reading to friday")
    assert sarah.title == "Noah's Reading (Thu) moves to another time, Fri"
    await sarah.taps("Do it")
    (reading,) = await home.lessons("Reading")
    assert reading.date == FRIDAY


async def test_asked_back_with_what_may_be_meant(home: Home) -> None:
    sarah = await chat_of(home)
    before = everything(home)
    await sarah.types("running late")
    assert sarah.title == "How long?"
    assert "30 minutes" in sarah.labels
    await sarah.taps("30 minutes")
    assert sarah.title == "Emma and Noah begin 30 minutes later"
    assert sarah.labels == ["Do it", "Leave it"]
    assert everything(home) == before
    await sarah.types("move the zebra to friday")
    assert sarah.view["hint"] == "For example: move science to Friday 2pm"
    assert everything(home) == before


async def test_away_over_weeks_and_back(home: Home) -> None:
    sarah = await chat_of(home)
    await sarah.types("we are away dec 3 - dec 11")
    assert sarah.title.startswith("No lessons from ")
    await sarah.taps("Do it")
    assert len(home.table("days_off")) == 9
    held = {i.date for i in (await home.week()).items if i.type is ItemType.SUBJECT}
    assert held
    assert max(held) < THURSDAY


async def test_later_and_half_a_day_keep_their_hours(home: Home) -> None:
    sarah = await chat_of(home)
    first = min(item.start for item in lessons((await home.week()).items, home.emma, MONDAY))
    await sarah.types("emma is running 45 minutes late")
    await sarah.taps("Do it")
    week = (await home.week()).items
    assert min(item.start for item in lessons(week, home.emma, MONDAY)) >= first + 45
    whole = lessons(week, home.emma, TUESDAY)
    await sarah.types("half day tomorrow for emma")
    await sarah.taps("Do it")
    half = lessons((await home.week()).items, home.emma, TUESDAY)
    assert sum(i.end - i.start for i in half) <= sum(i.end - i.start for i in whole)


async def test_a_report_is_logged_at_once_and_taken_back_whole(home: Home) -> None:
    sarah = await chat_of(home)
    home.at(MONDAY, "12:30")
    await sarah.types("all done")
    done = [i for i in (await home.week()).items if i.completed]
    assert {i.date for i in done} == {MONDAY}
    assert len(done) == len(home.table("activity_logs")) > 1
    await sarah.taps("Undo")
    assert home.table("activity_logs") == []
    assert not [i for i in (await home.week()).items if i.completed]


async def test_how_it_was_is_added_by_a_face(home: Home) -> None:
    sarah = await chat_of(home)
    first = (await home.lessons("Mathematics"))[0]
    home.at(MONDAY, "12:30")
    await sarah.types("finished math at 10:05, took 25 minutes")
    await sarah.types("done math 9:00-9:40")
    (log,) = home.table("activity_logs")
    assert log["item_uid"] == first.uid
    assert (log["actual"]["startTime"], log["actual"]["endTime"]) == ("09:00", "09:40")
    assert log["scheduled"]["original"]["name"] == "Mathematics"
    await sarah.taps("😊")
    (log,) = home.table("activity_logs")
    assert log["actual"]["childEngagement"] == 4
    await sarah.taps("Undo")
    assert home.table("activity_logs") == []


async def test_an_outing_goes_into_the_records(home: Home) -> None:
    sarah = await chat_of(home)
    await sarah.types("we did 2 h museum, science")
    assert sarah.labels == ["Note it", "Leave it"]
    assert home.table("activity_logs") == []
    await sarah.taps("Note it")
    logs = home.table("activity_logs")
    assert {log["child_id"] for log in logs} == {home.emma, home.noah}
    assert {(log["activity_type"], log["actual"]["minutes"]) for log in logs} == {("outing", 120)}
    await sarah.taps("Undo")
    assert home.table("activity_logs") == []


async def test_only_guardians_change_the_week(home: Home) -> None:
    async with home.services.database.transaction(family_id=home.id) as session:
        adult_id = await invite_adult(session, home.id, "Nana", home.clock.now)
        await set_role(session, adult_id, "helper")
    nana = await chat_of(home, "n" * 30, adult_id=adult_id)
    emma = await chat_of(home, "e" * 30, child_id=home.emma)
    before = everything(home)
    for chat in (nana, emma):
        await chat.types("day off friday")
    assert emma.title == "Only a parent of the family can change the week."
    assert everything(home) == before
    home.at(MONDAY, "12:30")
    await emma.types("done math")
    (log,) = home.table("activity_logs")
    assert (log["child_id"], log["actual"]["loggedBy"]) == (home.emma, "child")
    await emma.types("done reading")
    assert len(home.table("activity_logs")) == 1, "a brother's lesson is not hers to report"


async def test_from_sick_to_the_new_week_within_two_seconds(home: Home) -> None:
    sarah = await chat_of(home)
    before = places(await home.week())
    began = time.perf_counter()
    await sarah.types("Emma is sick today")
    shown = time.perf_counter()
    await sarah.taps("Do it")
    done = time.perf_counter()
    after = places(await home.week())
    moved = [uid for uid in before.keys() & after.keys() if before[uid] != after[uid]]
    print(f"\nshown in {shown - began:.2f} s, done {done - shown:.2f} s later, {len(moved)} moved")
    gone = {uid for uid in before if uid not in after}
    assert {before[uid][:2] for uid in gone} == {(home.emma, MONDAY)}
