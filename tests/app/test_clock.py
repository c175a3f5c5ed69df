"""A morning reaches each chat once on each local date: whatever the clocks do, and however many."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from parts import MONDAY, SUNDAY_EVENING, household, in_browser, opened, rows, work
from sqlalchemy import text
from whole_program import Clock

from app.clock import tick
from app.services import Services
from app.tasks import say_reminder

NEW_YORK = "America/New_York"


@pytest.fixture
def clock() -> Clock:
    return Clock(SUNDAY_EVENING)


MANY = """
INSERT INTO families (id, name, timezone) SELECT n, 'Family', %(zone)s
    FROM generate_series(1001, 1200) n;
INSERT INTO children (family_id, name, age) SELECT n, 'Child', 9
    FROM generate_series(1001, 1200) n;
INSERT INTO chat_accounts (channel, external_id, family_id) SELECT 'web', n || '-' || chat, n
    FROM generate_series(1001, 1200) n, generate_series(1, 2) chat;
INSERT INTO reminder_times (family_id, kind, next_due_at) SELECT n, 'morning', %(due)s
    FROM generate_series(1001, 1200) n;
"""


def reminded(conninfo: str) -> list[date]:
    found = rows(
        conninfo,
        "SELECT local_date FROM reminders WHERE kind = 'morning' ORDER BY local_date, id",
    )
    return [row["local_date"] for row in found]


async def minute_by_minute(services: Services, clock: Clock, until: str, *, step: int) -> None:
    """Ticks every `step` minutes up to `until`, and works off what became due."""
    end = datetime.fromisoformat(until).astimezone(UTC)
    while clock.now + timedelta(minutes=step) <= end:
        clock.now += timedelta(minutes=step)
        await tick(services)


async def test_two_clocks_with_200_due_families_make_one_reminder_for_each_chat(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    due = datetime(2026, 11, 23, 12, 30)  # noqa: DTZ001 - as stored
    with psycopg.connect(conninfo, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(MANY, {"zone": NEW_YORK, "due": due})
    clock.set("2026-11-23T07:30:00-05:00")
    async with (
        opened(database_url, tmp_path, clock) as one,
        opened(database_url, tmp_path, clock) as two,
    ):
        await asyncio.gather(tick(one), tick(two), tick(one))
        await tick(two)
    found = rows(
        conninfo,
        "SELECT count(*), count(DISTINCT chat_account_id) AS chats, count(DISTINCT family_id)"
        " AS families, min(local_date) AS first, max(local_date) AS last FROM reminders",
    )
    assert found == [{"count": 400, "chats": 400, "families": 200, "first": MONDAY, "last": MONDAY}]
    queued = rows(conninfo, "SELECT args FROM procrastinate_jobs WHERE task_name = 'remind'")
    assert len(queued) == len({row["args"]["reminder_id"] for row in queued}) == 400
    later = rows(conninfo, "SELECT DISTINCT next_due_at FROM reminder_times")
    assert later == [{"next_due_at": due + timedelta(days=1)}]


async def test_a_morning_is_said_once_though_its_job_runs_twice(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        await in_browser(services, "s" * 43, home)
        clock.set("2026-11-23T07:30:00-05:00")
        await asyncio.gather(tick(services), tick(services))
        await asyncio.gather(*(say_reminder(services, home.id, 1) for _ in range(3)))
        await work(services)
        said = rows(conninfo, "SELECT id, dedupe_key FROM messages")
        assert [row["dedupe_key"] for row in said] == ["day:2026-11-23"]
        assert rows(conninfo, "SELECT message_id FROM reminders") == [{"message_id": said[0]["id"]}]


@pytest.mark.parametrize(
    ("zone", "began", "ends", "dates"),
    [
        # Clocks go forward in the night to Sunday, 8 March; the weekend has no school.
        (
            NEW_YORK,
            "2026-03-05T12:00:00-05:00",
            "2026-03-11T12:00:00-04:00",
            ["2026-03-06", "2026-03-09", "2026-03-10", "2026-03-11"],
        ),
        # Back in the night to Sunday, 25 October.
        (
            "Europe/Berlin",
            "2026-10-22T12:00:00+02:00",
            "2026-10-27T12:00:00+01:00",
            ["2026-10-23", "2026-10-26", "2026-10-27"],
        ),
        # Egypt's clocks go forward at midnight to a Friday, and back at midnight to one.
        (
            "Africa/Cairo",
            "2026-04-22T12:00:00+02:00",
            "2026-04-24T12:00:00+03:00",
            ["2026-04-23", "2026-04-24"],
        ),
        (
            "Africa/Cairo",
            "2026-10-28T12:00:00+03:00",
            "2026-10-30T12:00:00+02:00",
            ["2026-10-29", "2026-10-30"],
        ),
    ],
)
async def test_a_change_of_the_clocks_neither_doubles_nor_skips_a_morning(
    database_url: str,
    conninfo: str,
    tmp_path: Path,
    clock: Clock,
    zone: str,
    began: str,
    ends: str,
    dates: list[str],
) -> None:
    clock.set(began)
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services, timezone=zone)
        await in_browser(services, "s" * 43, home)
        await minute_by_minute(services, clock, ends, step=30)
    assert [day.isoformat() for day in reminded(conninfo)] == dates


async def test_after_a_downtime_the_morning_is_caught_up_or_left_out(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        await in_browser(services, "s" * 43, home)
        clock.set("2026-11-23T07:29:59-05:00")
        await tick(services)
        assert reminded(conninfo) == []
        clock.set("2026-11-23T07:35:00-05:00")
        await tick(services)
        assert reminded(conninfo) == [MONDAY]
        # In the evening the day is asked about, and its list helps nobody any more.
        clock.set("2026-11-24T18:40:00-05:00")
        await tick(services)
        assert reminded(conninfo) == [MONDAY]
        clock.set("2026-11-25T07:30:00-05:00")
        await tick(services)
        assert reminded(conninfo) == [MONDAY, MONDAY + timedelta(days=2)]
        await minute_by_minute(services, clock, "2026-11-30T07:29:00-05:00", step=30)
        # Thursday, Friday, and nothing at the weekend.
        assert reminded(conninfo)[2:] == [MONDAY + timedelta(days=n) for n in (3, 4)]


async def test_a_morning_whose_day_is_over_is_not_said(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        await in_browser(services, "s" * 43, home)
        clock.set("2026-11-23T07:30:00-05:00")
        await tick(services)
        # No worker ran until the next day.
        clock.set("2026-11-24T07:30:00-05:00")
        await tick(services)
        await work(services)
    said = rows(conninfo, "SELECT dedupe_key FROM messages")
    assert [row["dedupe_key"] for row in said] == ["day:2026-11-24"]


async def test_on_a_free_day_nobody_is_disturbed(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        await in_browser(services, "s" * 43, home)
        # On Thursday afternoon the program comes up again: only that day's list is of any use.
        for moment in ("2026-11-26T15:00", "2026-11-27T07:30", "2026-11-30T07:30"):
            clock.set(f"{moment}:00-05:00")
            await tick(services)
            await work(services)
    # Friday has lessons; of the Monday after nothing is planned.
    said = rows(conninfo, "SELECT dedupe_key FROM messages")
    assert [row["dedupe_key"] for row in said] == ["day:2026-11-26", "day:2026-11-27"]


async def test_a_family_that_cannot_be_read_keeps_nobody_from_the_morning(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        broken, home = await household(services, ("Wren",)), await household(services)
        await in_browser(services, "b" * 43, broken)
        await in_browser(services, "s" * 43, home)
        with psycopg.connect(conninfo) as connection:
            connection.execute(
                "UPDATE families SET timezone = 'Nowhere/Atall' WHERE id = %s", (broken.id,)
            )
        clock.set("2026-11-23T07:30:00-05:00")
        await tick(services)
        await work(services)
        assert [row["family_id"] for row in rows(conninfo, "SELECT * FROM messages")] == [home.id]
        # It is looked at again later, not every minute.
        (due,) = rows(
            conninfo,
            "SELECT next_due_at FROM reminder_times WHERE family_id = %s AND kind = 'morning'",
            broken.id,
        )
        assert due["next_due_at"] > clock.now.replace(tzinfo=None)


async def test_a_clock_that_dies_in_its_tick_leaves_all_of_it_due(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        await in_browser(services, "s" * 43, home)
        clock.set("2026-11-23T07:30:00-05:00")
        async with services.database.transaction() as session:
            # Somebody holds what the tick wants to write: it is killed while it waits.
            await session.execute(text("LOCK TABLE chat_accounts IN ACCESS EXCLUSIVE MODE"))
            dying = asyncio.create_task(tick(services))
            await asyncio.sleep(0.2)
            dying.cancel()
            with pytest.raises(asyncio.CancelledError):
                await dying
        assert reminded(conninfo) == []
        await tick(services)
        assert reminded(conninfo) == [MONDAY]
