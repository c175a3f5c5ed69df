"""Weeks as rows: versions, identities, completion."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import psycopg
import pytest
from households import MONDAY, NOW, TUESDAY, first_items, move_in, planned

from core.family import Family
from core.plan import Item
from db.completion import AlreadyDone, CompletedItem, NoSuchItem, complete_item, undo_completion
from db.families import load_family
from db.items import StoredItem, load_items
from db.revision import family_revision
from db.schedules import StoredWeek, load_week, store_plan
from db.session import Database

LATER = NOW + timedelta(hours=3)


class Household:
    """A family with its database, to write one line a step."""

    def __init__(self, database: Database, family_id: int, family: Family) -> None:
        self.database, self.id, self.family = database, family_id, family

    async def store(
        self,
        items: Sequence[Item],
        now: datetime = NOW,
        week_start: date = MONDAY,
        **options: str,
    ) -> Sequence[int]:
        async with self.database.transaction(family_id=self.id) as session:
            plan = planned(self.family, items, week_start)
            return await store_plan(session, self.id, plan, now=now, **options)

    async def week(self, week_start: date = MONDAY) -> StoredWeek:
        async with self.database.transaction(family_id=self.id) as session:
            return await load_week(session, self.id, week_start)

    async def complete(self, uid: str, at: datetime = LATER, **said: int) -> object:
        async with self.database.transaction(family_id=self.id) as session:
            return await complete_item(session, self.id, uid, at, by="child", **said)

    async def undo(self, uid: str) -> bool:
        async with self.database.transaction(family_id=self.id) as session:
            return await undo_completion(session, self.id, uid, now=LATER)


@pytest.fixture
async def home(database: Database) -> Household:
    async with database.transaction() as session:
        family_id = await move_in(session)
        return Household(database, family_id, await load_family(session, family_id))


def stored_items(week: StoredWeek) -> dict[str, StoredItem]:
    return {item.item.uid or "": item for schedule in week.schedules for item in schedule.items}


def without_uids(items: Sequence[Item]) -> set[Item]:
    return {replace(item, uid=None) for item in items}


async def test_what_was_planned_comes_back(home: Household) -> None:
    items = first_items(home.family)
    await home.store(items)
    week = await home.week()
    assert without_uids(week.items) == set(items)
    assert len({item.uid for item in week.items}) == len(items)
    noah = week.schedules[0]
    assert (noah.version, noah.state, noah.generation_method) == (1, "published", "cp_sat_v1")
    assert noah.quality is not None
    assert noah.quality["status"] == "partial"
    assert noah.quality["scores"]["parentInvolvement"] == 0.3
    assert noah.quality["unscheduled"] == []
    assert week.schedules[1].quality["unscheduled"][0]["missing"] == 1
    original = noah.items[0].data["originalSubject"]
    assert original == {
        "name": "Mathematics",
        "isCoreSubject": True,
        "sessionDuration": 30,
        "parentInvolvement": "some_assistance",
    }


async def test_schedule_data_says_what_the_items_say(home: Household) -> None:
    await home.store(first_items(home.family))
    noah = (await home.week()).schedules[0]
    monday, tuesday = noah.data["days"][:2]
    assert len(noah.data["days"]) == 7
    assert [entry["id"] for entry in monday["items"]] == [item.id for item in noah.items[:2]]
    assert monday["items"][0] == {
        "id": noah.items[0].id,
        "type": "subject",
        "name": "Mathematics",
        "startTime": "09:30",
        "endTime": "10:00",
        "subjectId": noah.items[0].item.subject_id,
        "completed": False,
        "adult": "Sarah",
    }
    assert monday["items"][1]["activity"] == "stretch"
    assert tuesday["items"][0]["name"] == "Science"
    assert noah.data["patterns"]["learningBlocks"]


async def test_planning_anew_keeps_what_did_not_change(home: Household) -> None:
    await home.store(first_items(home.family))
    before = stored_items(await home.week())
    done = (await home.week()).items[0]
    await home.complete(done.uid or "", NOW)
    week = await home.week()
    moved = [
        replace(item, start=660, end=690) if item.date == TUESDAY and item.child_id == 1 else item
        for item in week.items
    ]
    await home.store(moved, LATER, reason="Emma is sick")
    after = stored_items(await home.week())
    assert after.keys() == before.keys()
    for uid, item in after.items():
        if item.item.start == 660:
            assert (item.sequence, item.updated_at) == (1, LATER)
            assert item.data["adjustmentHistory"] == [
                {
                    "date": "2026-11-28T20:00:00Z",
                    "previousStartTime": "10:00",
                    "previousEndTime": "10:30",
                    "reason": "Emma is sick",
                }
            ]
        else:
            assert (item.sequence, item.updated_at) == (int(uid == done.uid), NOW)
            assert item.data["adjustmentHistory"] == []
        assert item.item.completed == (uid == done.uid)
    assert after[done.uid or ""].completed_at == NOW
    assert {schedule.version for schedule in (await home.week()).schedules} == {2}


async def test_an_item_that_lost_its_name_is_known_by_its_place(home: Household) -> None:
    await home.store(first_items(home.family))
    before = stored_items(await home.week())
    await home.store(first_items(home.family), LATER)
    after = stored_items(await home.week())
    assert after.keys() == before.keys()
    assert {item.updated_at for item in after.values()} == {NOW}


async def test_a_lesson_carried_to_the_next_week_stays_the_same_lesson(home: Household) -> None:
    await home.store(first_items(home.family))
    science = next(item for item in (await home.week()).items if item.date == TUESDAY)
    next_week = MONDAY + timedelta(days=7)
    carried = replace(science, date=next_week)
    await home.store([carried], LATER, next_week)
    (item,) = stored_items(await home.week(next_week)).values()
    assert (item.item.uid, item.sequence) == (science.uid, 1)
    assert item.data["adjustmentHistory"][0]["previousDate"] == "2026-12-01"


async def test_one_version_is_active_and_old_ones_and_their_logs_stay(
    home: Household, conninfo: str
) -> None:
    first = await home.store(first_items(home.family))
    uid = (await home.week()).items[0].uid or ""
    await home.complete(uid)
    second = await home.store((await home.week()).items, LATER)
    with psycopg.connect(conninfo) as connection:
        states = connection.execute(
            "SELECT id, is_active, state FROM schedules ORDER BY id"
        ).fetchall()
        logs = connection.execute("SELECT schedule_id, item_uid FROM activity_logs").fetchall()
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("UPDATE schedules SET is_active = TRUE")
    assert states == [
        *((schedule_id, False, "superseded") for schedule_id in first),
        *((schedule_id, True, "published") for schedule_id in second),
    ]
    assert logs == [(first[0], uid)]
    assert isinstance(await home.complete(uid), AlreadyDone)


async def test_a_proposed_week_leaves_the_published_one_alone(home: Household) -> None:
    published = await home.store(first_items(home.family))
    await home.store(first_items(home.family)[:1], LATER, state="proposed")
    assert [schedule.id for schedule in (await home.week()).schedules] == list(published)


async def test_done_is_logged_once_in_the_data_models_shape(home: Household, conninfo: str) -> None:
    await home.store(first_items(home.family))
    maths = (await home.week()).items[0]
    first = await home.complete(maths.uid or "", started=575, ended=605)
    assert isinstance(first, CompletedItem)
    assert first.item == replace(maths, completed=True)
    assert isinstance(await home.complete(maths.uid or ""), AlreadyDone)
    with psycopg.connect(conninfo) as connection:
        (log,) = connection.execute(
            "SELECT child_id, date, activity_name, activity_type, scheduled, actual"
            " FROM activity_logs"
        ).fetchall()
    assert log[:4] == (maths.child_id, MONDAY, "Mathematics", "subject")
    assert log[4] == {
        "startTime": "09:30",
        "endTime": "10:00",
        "original": {"subjectId": maths.subject_id, "name": "Mathematics", "duration": 30},
    }
    assert log[5] == {
        "completed": True,
        "completedAt": "2026-11-28T20:00:00Z",
        "startTime": "09:35",
        "endTime": "10:05",
        "parentInvolvement": "some_assistance",
        "loggedBy": "child",
    }
    noah = (await home.week()).schedules[0]
    assert noah.items[0].completed_at == LATER
    assert noah.data["days"][0]["items"][0]["completed"] is True


async def test_a_log_without_times_says_that_it_repeats_the_plan(
    home: Household, conninfo: str
) -> None:
    await home.store(first_items(home.family))
    await home.complete((await home.week()).items[0].uid or "")
    with psycopg.connect(conninfo) as connection:
        (actual,) = connection.execute("SELECT actual FROM activity_logs").fetchone()
    assert (actual["startTime"], actual["endTime"], actual["asPlanned"]) == ("09:30", "10:00", True)


async def test_twenty_taps_at_once_are_one_effect(home: Household, conninfo: str) -> None:
    await home.store(first_items(home.family))
    uid = (await home.week()).items[0].uid or ""
    results = await asyncio.gather(*(home.complete(uid) for _ in range(20)))
    assert sum(isinstance(result, CompletedItem) for result in results) == 1
    with psycopg.connect(conninfo) as connection:
        assert connection.execute("SELECT count(*) FROM activity_logs").fetchone() == (1,)


async def test_undo_takes_back_the_completion_and_its_log(home: Household, conninfo: str) -> None:
    await home.store(first_items(home.family))
    uid = (await home.week()).items[0].uid or ""
    assert not await home.undo(uid)
    await home.complete(uid)
    assert await home.undo(uid)
    noah = (await home.week()).schedules[0]
    assert (noah.items[0].item.completed, noah.items[0].completed_at) == (False, None)
    assert noah.data["days"][0]["items"][0]["completed"] is False
    with psycopg.connect(conninfo) as connection:
        assert connection.execute("SELECT count(*) FROM activity_logs").fetchone() == (0,)
    assert isinstance(await home.complete(uid), CompletedItem)


async def test_an_item_that_no_week_holds_cannot_be_done(home: Household) -> None:
    await home.store(first_items(home.family))
    gone = (await home.week()).items[0].uid or ""
    await home.store((await home.week()).items[1:], LATER)
    assert await home.complete(gone) == NoSuchItem()
    assert await home.complete("nobody@brightpath") == NoSuchItem()
    assert not await home.undo(gone)


async def test_items_of_some_days_of_one_child_or_of_one_adult(home: Household) -> None:
    await home.store(first_items(home.family))
    noah, emma = home.family.children
    sarah = home.family.adults[0]

    async def names(since: date, until: date, **of: int) -> list[str]:
        async with home.database.transaction(family_id=home.id) as session:
            found = await load_items(session, home.id, since, until, **of)
            return [item.item.name for item in found]

    assert await names(MONDAY, TUESDAY) == ["Mathematics", "Break", "Game night"]
    assert await names(MONDAY, TUESDAY, child_id=noah.id) == ["Mathematics", "Break"]
    assert await names(TUESDAY, TUESDAY + timedelta(days=1), child_id=emma.id) == ["Science"]
    week = (MONDAY, MONDAY + timedelta(days=7))
    assert await names(*week, adult_id=sarah.id) == ["Mathematics", "Science", "Science"]


async def test_a_week_that_was_never_planned_is_empty(home: Household) -> None:
    assert (await home.week()).schedules == ()


async def test_every_write_raises_the_familys_revision(home: Household) -> None:
    async def revision() -> int:
        async with home.database.transaction(family_id=home.id) as session:
            return await family_revision(session, home.id)

    await home.store(first_items(home.family))
    uid = (await home.week()).items[0].uid or ""
    seen = [await revision()]
    await home.complete(uid)
    seen.append(await revision())
    await home.undo(uid)
    seen.append(await revision())
    assert seen == [1, 2, 3]
