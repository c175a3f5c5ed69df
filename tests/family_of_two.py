"""The family that both channels' tests play, and what must be stored and shown of it: Sarah works
on two mornings, Emma has Latin at eleven, Science is shared, Noah plays soccer."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import httpx
import icalendar
import psycopg
import recurring_ical_events
from psycopg.rows import dict_row
from whole_program import Program

from core.addresses import feed_url
from core.commitments import busy
from core.family import Commitment, CommitmentFrequency, Scope
from core.week import Weekday
from db.calendars import feed_tokens
from db.families import load_family

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 23)

AWAY = Commitment(
    1,
    "Away",
    CommitmentFrequency.WEEKLY,
    600,
    690,
    Scope.PARENT,
    days_of_week=(Weekday.TUESDAY, Weekday.THURSDAY),
)

LESSONS = """
    SELECT c.name AS child, i.name, i.day_date, i.start_time, i.end_time, i.uid, i.id
    FROM schedule_items i
    JOIN schedules s ON s.id = i.schedule_id
    JOIN children c ON c.id = s.child_id
    WHERE s.is_active AND i.item_type = 'subject' ORDER BY i.day_date, i.start_time, c.name
"""

Row = dict[str, object]


def rows(conninfo: str, query: str, *given: object) -> list[Row]:
    """What the database holds, seen by the superuser."""
    with psycopg.connect(conninfo, row_factory=dict_row) as connection:
        return connection.execute(query.encode(), given).fetchall()


def lessons_of_feed(url: str, monday: date) -> list[tuple[str, str, str, str, str]]:
    """The lessons that a calendar app shows of a feed in two weeks from `monday`: uid, name, date,
    start, end."""
    answer = httpx.get(url)
    assert answer.status_code == 200
    calendar = icalendar.Calendar.from_ical(answer.content)
    found = recurring_ical_events.of(calendar).between(monday, monday + timedelta(days=14))
    lessons = []
    for event in found:
        if "commitment" in event["UID"]:
            continue
        start, end = event.start.astimezone(NEW_YORK), event.end.astimezone(NEW_YORK)
        name = str(event["SUMMARY"]).removeprefix("✓ ")
        lessons.append((str(event["UID"]), name, f"{start:%F}", f"{start:%H:%M}", f"{end:%H:%M}"))
    return sorted(lessons)


def as_told(lessons: list[Row]) -> list[tuple[str, str, str, str, str]]:
    """Lessons of the database as `lessons_of_feed` tells them."""
    return sorted(
        (
            str(row["uid"]),
            str(row["name"]),
            str(row["day_date"]),
            f"{row['start_time']:%H:%M}",
            f"{row['end_time']:%H:%M}",
        )
        for row in lessons
    )


def clock_of(row: Row) -> str:
    """When a lesson starts, as an English reader is told."""
    return f"{row['start_time']:%-I:%M %p}".replace(":00 ", " ")


def stored_week(conninfo: str) -> list[Row]:
    """The lessons stored for the family, once they are known to be what was asked for."""
    lessons = rows(conninfo, LESSONS)
    assert {row["child"] for row in lessons} == {"Emma", "Noah"}
    latin = [row for row in lessons if row["name"] == "Latin"]
    assert latin
    assert all(f"{row['start_time']:%H:%M}" == "11:00" for row in latin)
    shared = {
        child: {
            (row["day_date"], row["start_time"])
            for row in lessons
            if row["child"] == child and row["name"] == "Science"
        }
        for child in ("Emma", "Noah")
    }
    assert shared["Emma"] == shared["Noah"] != set()
    for row in rows(conninfo, "SELECT * FROM schedules WHERE is_active"):
        assert row["schedule_data"]["version"] == row["version"] == 1
        items = rows(conninfo, "SELECT * FROM schedule_items WHERE schedule_id = %s", row["id"])
        shown = [item for day in row["schedule_data"]["days"] for item in day["items"]]
        assert {(item["id"], item["name"], item["startTime"]) for item in shown} == {
            (item["id"], item["name"], f"{item['start_time']:%H:%M}") for item in items
        }
    # Nothing that needs Sarah falls into her meeting.
    helped = rows(conninfo, "SELECT * FROM schedule_items WHERE adult_id IS NOT NULL")
    assert helped
    for row in helped:
        start = row["start_time"].hour * 60 + row["start_time"].minute
        end = row["end_time"].hour * 60 + row["end_time"].minute
        for away_start, away_end in busy(AWAY, row["day_date"]):
            assert end <= away_start or start >= away_end
    return lessons


async def feed_urls(program: Program) -> dict[str, str]:
    """Each child's feed by its name."""
    async with program.services.database.transaction(family_id=1) as session:
        family = await load_family(session, 1)
        tokens = await feed_tokens(session, 1, program.services.box)
    return {
        child.name: feed_url(program.base, tokens.children[child.id]) for child in family.children
    }


def assert_calendars_hold(lessons: list[Row], urls: dict[str, str]) -> None:
    """The children's calendars show exactly what is stored."""
    for child in ("Emma", "Noah"):
        own = [row for row in lessons if row["child"] == child]
        assert lessons_of_feed(urls[child], MONDAY) == as_told(own)
    answer = httpx.get(urls["Emma"])
    again = httpx.get(urls["Emma"], headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    # Soccer stands in the calendar once, and comes each Monday and Wednesday.
    calendar = icalendar.Calendar.from_ical(httpx.get(urls["Noah"]).content)
    soccer = [event for event in calendar.walk("VEVENT") if "Soccer" in str(event["SUMMARY"])]
    assert len(soccer) == 1
    found = recurring_ical_events.of(calendar).between(MONDAY, MONDAY + timedelta(days=14))
    days = [event.start.date() for event in found if "Soccer" in str(event["SUMMARY"])]
    assert sorted(days) == [MONDAY + timedelta(days=d) for d in (0, 2, 7, 9)]
