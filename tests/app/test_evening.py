"""What is left of a day: asked in the evening, and moved on by itself."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest_asyncio
from changing import MONDAY, TUESDAY, WEDNESDAY, Home, assert_agrees, at_home, everything, places
from parts import in_browser, rows, work
from test_requests_in_chat import Chat, chat_of

from app.clock import tick
from app.reminders import carry_missed
from core.missed import presumed_missed, unanswered
from core.plan import Item, ItemType
from db.families import invite_adult, set_role


@pytest_asyncio.fixture
async def home(database_url: str, conninfo: str, tmp_path: Path) -> AsyncIterator[Home]:
    async with at_home(database_url, conninfo, tmp_path) as found:
        yield found
        assert_agrees(conninfo)


async def at(home: Home, day: date, clock_time: str) -> None:
    """The clock shows this time, and everything that became due is worked off."""
    home.at(day, clock_time)
    await tick(home.services)
    await work(home.services)


def keys(home: Home) -> list[str]:
    found = rows(home.conninfo, "SELECT dedupe_key FROM messages WHERE dedupe_key IS NOT NULL")
    return sorted(row["dedupe_key"] for row in found)


async def missed(home: Home, day: date) -> list[Item]:
    items = (await home.week()).items
    return [i for i in items if i.type is ItemType.SUBJECT and i.date == day and not i.completed]


async def test_the_evening_asks_once_for_what_is_open(home: Home) -> None:
    sarah = await chat_of(home)
    await at(home, MONDAY, "07:30")
    await sarah.types("done math")
    for _ in range(2):
        await at(home, MONDAY, "18:30")
    assert keys(home) == ["day:2026-11-30", "evening:2026-11-30"]
    assert sarah.title == "How did the day go?"
    assert "Mathematics" not in sarah.lines
    assert "Science" in sarah.lines
    assert sarah.labels == ["All done", "Choose", "Move them", "Let them go"]
    await sarah.taps("All done")
    assert await missed(home, MONDAY) == []
    await sarah.taps("Undo")
    assert len(await missed(home, MONDAY)) > 0


async def test_the_morning_says_who_needs_me_when(home: Home) -> None:
    sarah = await chat_of(home)
    emma = await chat_of(home, "e" * 30, child_id=home.emma)
    await at(home, MONDAY, "07:30")
    needs = [i for i in await missed(home, MONDAY) if i.adult_id is not None]
    first = min(item.start for item in needs)
    told = sarah.lines.split(" | ")[0]
    assert told.startswith(f"You are needed {first // 60}")
    assert "You are needed" not in emma.lines


async def test_nobody_is_asked_about_a_day_that_is_done(home: Home) -> None:
    sarah = await chat_of(home)
    await at(home, MONDAY, "07:30")
    await sarah.types("all done")
    await at(home, MONDAY, "18:30")
    assert keys(home) == ["day:2026-11-30"]


async def test_what_is_left_moves_with_one_tap_and_back(home: Home) -> None:
    sarah = await chat_of(home)
    await at(home, MONDAY, "07:30")
    week, open_lessons = places(await home.week()), await missed(home, MONDAY)
    await at(home, MONDAY, "18:30")
    await sarah.taps("Move them")
    assert sarah.labels == ["Undo"]
    now = {item.uid: item for item in (await home.week()).items}
    weekly = [item for item in open_lessons if item.name != "Mathematics"]
    assert weekly
    for item in weekly:
        assert item.uid not in now or now[item.uid].date > MONDAY
    assert {row["actual"]["completed"] for row in home.table("activity_logs")} == {False}
    await sarah.taps("Undo")
    assert places(await home.week()) == week
    assert home.table("activity_logs") == []


async def test_what_is_let_go_is_not_made_up_for(home: Home) -> None:
    sarah = await chat_of(home)
    await at(home, MONDAY, "18:30")
    before = places(await home.week())
    await sarah.taps("Let them go")
    after = places(await home.week())
    assert all(after.get(uid, place) == place for uid, place in before.items())
    assert home.table("activity_logs")


async def test_choosing_opens_the_list(home: Home) -> None:
    sarah = await chat_of(home)
    await at(home, MONDAY, "18:30")
    await sarah.taps("Choose")
    (label,) = [each for each in sarah.labels if "Mathe" in each]
    await sarah.taps(label)
    assert [log["activity_name"] for log in home.table("activity_logs")] == ["Mathematics"]


async def test_whom_it_asks(home: Home) -> None:
    async with home.services.database.transaction(family_id=home.id) as session:
        adult_id = await invite_adult(session, home.id, "Nana", home.clock.now)
        await set_role(session, adult_id, "helper")
    emma = await chat_of(home, "e" * 30, child_id=home.emma)
    await in_browser(home.services, "n" * 30, home, adult_id=adult_id)
    await at(home, MONDAY, "18:30")
    assert len(keys(home)) == 1
    assert emma.labels == ["All done", "Choose"], "a child lets nothing go"


async def test_a_report_after_the_question_is_left_out_of_the_answer(home: Home) -> None:
    sarah = await chat_of(home)
    tom = Chat(home, await in_browser(home.services, "t" * 30, home))
    await at(home, MONDAY, "18:30")
    await tom.types("all done")
    before = everything(home)
    await sarah.taps("Move them")
    assert sarah.lines == "That cannot be: | It is so already."
    assert everything(home)["schedule_items"] == before["schedule_items"]


async def test_the_next_morning_what_was_left_has_moved(home: Home) -> None:
    sarah = await chat_of(home)
    await at(home, MONDAY, "07:30")
    await sarah.types("done math")
    left = [i for i in await missed(home, MONDAY) if i.child_id == home.emma]
    assert left
    week = places(await home.week())
    for _ in range(2):
        await at(home, TUESDAY, "07:30")
        await carry_missed(home.services, home.id, TUESDAY)
    assert keys(home) == ["day:2026-11-30", "day:2026-12-01", "moved-on:2026-12-01"]
    stored = {item.uid: item for item in (await home.week()).items}
    for item in left:
        assert item.uid not in stored or stored[item.uid].date >= TUESDAY
    noahs = [uid for uid, place in week.items() if place[:2] == (home.noah, MONDAY)]
    assert all(stored[uid].date == MONDAY for uid in noahs), "nobody reported anything of Noah's"
    told = rows(home.conninfo, "SELECT view FROM messages WHERE dedupe_key LIKE 'moved-on%%'")
    assert told[0]["view"]["title"] == "What was left has a new place"


async def test_a_family_that_never_reports_is_left_alone(home: Home) -> None:
    await chat_of(home)
    before = places(await home.week())
    await at(home, TUESDAY, "07:30")
    assert places(await home.week()) == before


async def test_a_family_hears_from_us_in_the_morning_and_the_evening(home: Home) -> None:
    due = {
        row["kind"]: row["next_due_at"]
        for row in rows(home.conninfo, "SELECT * FROM reminder_times")
    }
    assert due == {
        "review": datetime(2026, 12, 6, 22, 0, tzinfo=UTC).replace(tzinfo=None),
        "morning": datetime(2026, 11, 30, 12, 30, tzinfo=UTC).replace(tzinfo=None),
        "evening": datetime(2026, 11, 30, 23, 30, tzinfo=UTC).replace(tzinfo=None),
    }


def test_presumed_and_unanswered() -> None:
    def lesson(child: int, day: date, *, done: bool = False) -> Item:
        uid = f"{child}-{day}-{done}"
        return Item(
            child, day, ItemType.SUBJECT, "Math", 540, 570, subject_id=1, uid=uid, completed=done
        )

    items = [
        lesson(1, MONDAY, done=True),
        lesson(2, MONDAY),
        lesson(1, TUESDAY),
        lesson(1, MONDAY - timedelta(days=3)),
        lesson(1, WEDNESDAY),
    ]
    other = lesson(1, MONDAY)
    assert presumed_missed([*items, other], frozenset(), WEDNESDAY) == (other,)
    assert presumed_missed([*items, other], {(other.uid or "", MONDAY)}, WEDNESDAY) == ()
    assert unanswered(items, frozenset(), MONDAY) == (items[1],)
