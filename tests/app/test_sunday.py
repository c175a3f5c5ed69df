"""Sunday: how the week was, the next one to agree to, and what comes of no answer."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest_asyncio
from changing import MONDAY, Home, assert_agrees, at_home
from parts import in_browser, rows, say_to_us, work
from test_requests_in_chat import chat_of

from app.clock import tick
from bot.incoming import Command
from core.changes import AddCommitment
from core.family import Scope
from core.plan import ItemType
from core.review import SubjectWeek, review
from db.families import invite_adult, set_role

SUNDAY = MONDAY + timedelta(days=6)
NEXT = MONDAY + timedelta(days=7)


@pytest_asyncio.fixture
async def home(database_url: str, conninfo: str, tmp_path: Path) -> AsyncIterator[Home]:
    async with at_home(database_url, conninfo, tmp_path) as found:
        yield found
        assert_agrees(conninfo)


async def at(home: Home, day: date, clock_time: str, *, times: int = 1) -> None:
    """The clock shows this time, and everything that became due is worked off."""
    home.at(day, clock_time)
    for _ in range(times):
        await tick(home.services)
        await work(home.services)


def states(home: Home) -> list[tuple[int, str, bool]]:
    found = rows(
        home.conninfo,
        "SELECT child_id, state, is_active FROM schedules WHERE week_start_date = %s"
        " ORDER BY child_id, id",
        NEXT,
    )
    return [(row["child_id"], row["state"], row["is_active"]) for row in found]


def texts(home: Home) -> str:
    return str([row["view"] for row in rows(home.conninfo, "SELECT view FROM messages")])


async def test_the_week_is_shown_rated_and_the_next_one_agreed_to(home: Home) -> None:
    sarah = await chat_of(home)
    home.at(MONDAY, "12:30")
    await sarah.types("all done")
    await at(home, SUNDAY, "17:00", times=2)
    keys = [row["dedupe_key"] for row in home.rows("SELECT dedupe_key FROM messages ORDER BY id")]
    assert keys[-2:] == ["review:2026-11-30", "proposed:2026-12-07"]
    assert len([key for key in keys if key]) == 2
    assert sarah.title == "The next week, as we would have it"
    assert states(home) == [(home.emma, "proposed", False), (home.noah, "proposed", False)]
    assert (await home.week(NEXT)).schedules == (), "nothing is in the calendars yet"
    await sarah.taps("Looks good")
    assert sarah.title == "The week is in your calendars"
    assert states(home) == [(home.emma, "published", True), (home.noah, "published", True)]
    await at(home, NEXT, "07:30")
    assert states(home) == [(home.emma, "published", True), (home.noah, "published", True)]


async def test_rated_by_a_face_and_in_words(home: Home) -> None:
    sarah = await chat_of(home)
    home.at(MONDAY + timedelta(days=2), "15:00")
    await say_to_us(home.services, sarah.account, Command("review"))
    assert sarah.title == "This week"
    assert "Emma: 0 of" in sarah.lines
    await sarah.taps("😊")
    await sarah.taps("😐")
    words = Command("comment", "Tuesday was too full")
    await say_to_us(home.services, sarah.account, words)
    (row,) = home.table("user_feedback")
    assert (row["rating"], row["comments"]) == (3, "Tuesday was too full")
    assert row["feedback_type"] == "schedule_satisfaction"
    assert row["feedback_data"] == {"weekStartDate": "2026-11-30"}


async def test_without_an_answer_the_week_begins_all_the_same(home: Home) -> None:
    sarah = await chat_of(home)
    await at(home, SUNDAY, "17:00")
    await at(home, NEXT, "07:30", times=2)
    assert states(home) == [(home.emma, "published", True), (home.noah, "published", True)]
    assert "Mathematics" in sarah.lines
    held = {i.date for i in (await home.week(NEXT)).items if i.type is ItemType.SUBJECT}
    assert NEXT in held


async def test_what_changed_since_sunday_is_in_the_week(home: Home) -> None:
    sarah = await chat_of(home)
    await at(home, SUNDAY, "17:00")
    fair = AddCommitment("Fair", NEXT, 9 * 60, 13 * 60, Scope.FAMILY)
    await home.applied(fair)
    await sarah.taps("Looks good")
    assert sarah.title == "The week is in your calendars"
    held = {i.date for i in (await home.week(NEXT)).items if i.type is ItemType.SUBJECT}
    assert held
    assert NEXT not in held


async def test_who_wants_it_so_is_not_asked_any_more(home: Home) -> None:
    sarah = await chat_of(home)
    await at(home, SUNDAY, "17:00")
    await sarah.taps("Always publish")
    assert sarah.view["notice"].startswith("From now on")
    await at(home, SUNDAY + timedelta(days=7), "17:00")
    later = rows(
        home.conninfo,
        "SELECT state FROM schedules WHERE week_start_date = %s",
        NEXT + timedelta(days=7),
    )
    assert {row["state"] for row in later} == {"published"}
    assert "proposed:2026-12-14" not in texts(home)
    await say_to_us(home.services, sarah.account, Command("reminders"))
    await sarah.taps("Ask me first")
    assert "published by themselves" not in sarah.lines


async def test_weeks_go_on_without_a_word_and_after_a_long_silence(home: Home) -> None:
    await chat_of(home)
    for week in range(2):
        await at(home, SUNDAY + timedelta(days=7 * week), "17:00")
    # The program was down for ten days, and comes up on a Wednesday.
    wednesday = MONDAY + timedelta(days=30)
    await at(home, wednesday, "07:30")
    monday = wednesday - timedelta(days=2)
    held = {i.date for i in (await home.week(monday)).items if i.type is ItemType.SUBJECT}
    assert held
    assert min(held) > wednesday, "a day that has begun is not filled any more"


async def test_who_hears_of_it(home: Home) -> None:
    async with home.services.database.transaction(family_id=home.id) as session:
        adult_id = await invite_adult(session, home.id, "Nana", home.clock.now)
        await set_role(session, adult_id, "helper")
    await in_browser(home.services, "n" * 30, home, adult_id=adult_id)
    await in_browser(home.services, "e" * 30, home, child_id=home.emma)
    await at(home, SUNDAY, "17:00")
    assert home.rows("SELECT dedupe_key FROM messages") == []


async def test_what_a_week_has_been(home: Home) -> None:
    week = await home.week()
    weeks = review(home.family, week.items)
    assert [each.child_id for each in weeks] == [home.emma, home.noah]
    assert sum(each.planned for each in weeks) == len(
        [item for item in week.items if item.type is ItemType.SUBJECT]
    )
    assert sum(each.held for each in weeks) == 0
    assert SubjectWeek("Mathematics", 0, 5) in weeks[0].subjects
