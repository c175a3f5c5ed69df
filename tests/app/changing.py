"""A small family with a solved week, and one line for each change of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from parts import opened, rows
from whole_program import Clock

from app.changes import Applied, Outcome, apply_change
from app.planning import settle
from app.services import Services
from app.undo import undo
from bot.welcome import welcome_family
from core.changes import Change, Origin
from core.family import Family
from core.plan import Item, ItemType, Plan, WeekRequest
from core.week import parse_clock, wall
from db.document import parse_document
from db.families import load_family
from db.schedules import StoredWeek, load_week, store_plan

MONDAY = date(2026, 11, 30)
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (MONDAY + timedelta(days=n) for n in range(1, 5))
SUNDAY_EVENING = datetime(2026, 11, 29, 23, 0, tzinfo=UTC)
"""Six in the evening in New York, the day before the week begins."""


def subject(name: str, frequency: str = "daily", **keys: Any) -> dict[str, Any]:
    return {
        "name": name,
        "isCoreSubject": True,
        "sessionDuration": 30,
        "frequency": frequency,
        "parentInvolvement": "independent",
        "interestLevel": 3,
        **keys,
    }


SCIENCE = subject(
    "Science", "2-3_times_per_week", parentInvolvement="some_assistance", teachTogether=True
)
LEARNING = {"homeschoolingHours": {"startTime": "09:00", "endTime": "13:00"}}
DOCUMENT = {
    "timezone": "America/New_York",
    "adults": [{"name": "Sarah"}],
    "parent": {"name": "Sarah"},
    "commitments": [
        {
            "name": "Work",
            "frequency": "weekly",
            "daysOfWeek": ["Tuesday"],
            "startTime": "09:00",
            "endTime": "11:00",
            "scope": "parent",
        }
    ],
    "children": [
        {
            "name": "Emma",
            "age": 9,
            "learningPreferences": LEARNING,
            "commitments": [
                {
                    "name": "Piano",
                    "frequency": "weekly",
                    "daysOfWeek": ["Wednesday"],
                    "startTime": "10:00",
                    "endTime": "11:00",
                }
            ],
            "subjects": [subject("Mathematics"), SCIENCE],
        },
        {
            "name": "Noah",
            "age": 6,
            "learningPreferences": LEARNING,
            "subjects": [
                subject("Reading", "once_a_week", parentInvolvement="full_involvement"),
                SCIENCE,
            ],
        },
    ],
}


@dataclass(frozen=True)
class Home:
    """The family, and what its database holds of it."""

    services: Services
    conninfo: str
    clock: Clock
    id: int
    family: Family

    @property
    def emma(self) -> int:
        return self.family.children[0].id

    @property
    def noah(self) -> int:
        return self.family.children[1].id

    @property
    def local(self) -> datetime:
        return wall(self.clock.now, ZoneInfo(self.family.timezone))

    async def change(self, change: Change, **options: Any) -> Outcome:
        return await apply_change(self.services, self.id, change, Origin.CHAT, **options)

    async def applied(self, change: Change, **options: Any) -> Applied:
        outcome = await self.change(change, **options)
        assert isinstance(outcome, Applied), outcome
        return outcome

    async def undo(self, token: str) -> Outcome:
        return await undo(self.services, self.id, token)

    async def undone(self, token: str) -> Applied:
        outcome = await self.undo(token)
        assert isinstance(outcome, Applied), outcome
        return outcome

    async def week(self, monday: date = MONDAY) -> StoredWeek:
        async with self.services.database.transaction(family_id=self.id) as session:
            return await load_week(session, self.id, monday)

    async def reload(self) -> Family:
        async with self.services.database.transaction(family_id=self.id) as session:
            return await load_family(session, self.id)

    async def lessons(self, name: str, child: int | None = None) -> list[Item]:
        """The lessons of a subject by date."""
        found = [
            item
            for item in (await self.week()).items
            if item.type is ItemType.SUBJECT and item.name == name
            if child in (None, item.child_id)
        ]
        return sorted(found, key=lambda item: (item.date, item.start, item.child_id))

    def rows(self, query: str, *given: object) -> list[dict[str, Any]]:
        return rows(self.conninfo, query, *given)

    def table(self, name: str) -> list[dict[str, Any]]:
        """All rows of a table, oldest first."""
        return self.rows(f"SELECT * FROM {name} ORDER BY id")  # noqa: S608

    def at(self, day: date, clock_time: str) -> None:
        """Sets the clock to a wall time of the family, who are five hours behind UTC."""
        minutes = parse_clock(clock_time) + 5 * 60
        self.clock.now = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(
            minutes=minutes
        )


_PLANS: list[Plan] = []


def first_plan(family: Family) -> Plan:
    """The family's first week, solved once for all tests: rows are numbered alike in each."""
    found = next((plan for plan in _PLANS if plan.request.family == family), None)
    if found is None:
        found = settle(WeekRequest(family, MONDAY))
        _PLANS.append(found)
    return found


@asynccontextmanager
async def at_home(
    url: str, conninfo: str, home: Path, *, document: dict[str, Any] = DOCUMENT
) -> AsyncIterator[Home]:
    """The family with its first solved week, on the evening before."""
    clock = Clock(SUNDAY_EVENING)
    async with opened(url, home, clock) as services:
        async with services.database.transaction() as session:
            family_id = await welcome_family(
                session, services.box, parse_document(document), source="import", now=clock.now
            )
            family = await load_family(session, family_id)
            await store_plan(session, family_id, first_plan(family), now=clock.now)
        yield Home(services, conninfo, clock, family_id, family)


def places(week: StoredWeek) -> dict[str, tuple[object, ...]]:
    """Where everything stands, by uid."""
    return {
        item.uid or "": (item.child_id, item.date, item.start, item.end, item.name, item.adult_id)
        for item in week.items
    }


def assert_agrees(conninfo: str) -> None:
    """`schedule_data` of every version repeats its items, and one version of each is active."""
    for schedule in rows(conninfo, "SELECT * FROM schedules"):
        items = rows(
            conninfo, "SELECT * FROM schedule_items WHERE schedule_id = %s", schedule["id"]
        )
        told = [
            (item["id"], day["date"], item["name"], item["startTime"], bool(item.get("completed")))
            for day in schedule["schedule_data"]["days"]
            for item in day["items"]
        ]
        stored = [
            (
                item["id"],
                item["day_date"].isoformat(),
                item["name"],
                f"{item['start_time']:%H:%M}",
                bool(item["completed"]),
            )
            for item in items
        ]
        assert sorted(told) == sorted(stored)
        assert len({item["uid"] for item in items}) == len(items)
        assert all(item["uid"] for item in items)
    twice = "SELECT child_id FROM schedules WHERE is_active GROUP BY child_id, week_start_date"
    assert rows(conninfo, f"{twice} HAVING count(*) <> 1") == []


def everything(home: Home) -> dict[str, list[dict[str, object]]]:
    """All that a change may write."""
    tables = (
        *("families", "schedules", "schedule_items", "activity_logs", "days_off"),
        *("family_commitments", "child_commitments", "commitment_exceptions", "week_changes"),
    )
    return {table: home.table(table) for table in tables}


def facts(home: Home) -> dict[str, list[dict[str, object]]]:
    """What a week is planned around, and what really happened, but for times of change."""
    kept = {}
    for table in (
        *("activity_logs", "days_off", "commitment_exceptions"),
        *("family_commitments", "child_commitments"),
    ):
        found = home.table(table)
        kept[table] = [{k: v for k, v in row.items() if k != "updated_at"} for row in found]
    return kept
