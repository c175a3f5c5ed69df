"""/settings of a family that has a week: what is saved, what is planned anew, who may."""

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from parts import MONDAY, SUNDAY_EVENING, Household, by_hand, household, opened, rows, work
from players import DEFAULTS, Player, browser
from whole_program import Clock

from app.services import Services
from core.plan import ItemType
from db.families import invite_adult, load_family
from db.schedules import load_week, store_plan

NEXT = MONDAY + timedelta(days=7)


@pytest.fixture
def clock() -> Clock:
    return Clock(SUNDAY_EVENING)


async def at_home(services: Services, conninfo: str) -> tuple[Household, Player]:
    """Emma and Noah with two planned weeks, and Sarah at her browser."""
    home = await household(services)
    async with services.database.transaction(family_id=home.id) as session:
        await store_plan(session, home.id, by_hand(home.family, NEXT), now=services.now())
    sarah = await browser(services, conninfo, home=home)
    return home, sarah


def jobs(conninfo: str) -> list[dict[str, Any]]:
    return rows(conninfo, "SELECT args FROM procrastinate_jobs WHERE task_name = 'plan_weeks'")


async def test_a_longer_lesson_is_saved_and_its_weeks_are_planned_anew(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home, sarah = await at_home(services, conninfo)
        before = rows(conninfo, "SELECT id, name FROM subjects ORDER BY id")
        emma = home.family.children[0].id
        await sarah.say("/settings", "@edit-4", f"@pick-subjects-{emma}", "Mathematics 45 min")
        await sarah.say("@accept")
        assert "Changed" in " ".join((await sarah.card()).lines)
        await sarah.say("@accept")
        assert rows(conninfo, "SELECT id, name FROM subjects ORDER BY id") == before
        (job,) = jobs(conninfo)
        assert job["args"]["mondays"] == f"{MONDAY} {NEXT}"
        await work(services)
        assert "week is ready" in (await sarah.card()).title
        async with services.database.transaction(family_id=home.id) as session:
            family = await load_family(session, home.id)
            weeks = [await load_week(session, home.id, monday) for monday in (MONDAY, NEXT)]
        for week in weeks:
            assert {schedule.version for schedule in week.schedules} == {2}
            lengths = {
                item.end - item.start
                for item in week.items
                if item.name == "Mathematics" and item.child_id == emma
            }
            assert lengths == {45}
        assert family.child(emma).subjects[0].minutes == 45


async def test_what_no_week_shows_plans_nothing(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await at_home(services, conninfo)
        await sarah.say("/settings", "@edit-1", "@pick-email", "sarah@example.com", "@accept")
        assert jobs(conninfo) == []
        assert (await sarah.card()).title == "Saved. Your week stays as it is."
        (user,) = rows(conninfo, "SELECT email FROM users")
        assert user["email"] == "sarah@example.com"


async def test_a_date_in_one_week_plans_that_week_alone(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await at_home(services, conninfo)
        await sarah.say("/settings", "@edit-3", "@pick-familycommitments")
        await sarah.say("Dentist Dec 1 10-11 all of us", "@continue", "@accept")
        (job,) = jobs(conninfo)
        assert job["args"]["mondays"] == str(NEXT)
        await work(services)
        async with services.database.transaction(family_id=1) as session:
            this, following = [await load_week(session, 1, day) for day in (MONDAY, NEXT)]
        assert {schedule.version for schedule in this.schedules} == {1}
        assert [i.date for i in following.items if i.name == "Dentist"] == [date(2026, 12, 1)] * 2


async def test_what_has_begun_stays_and_the_rest_moves_little(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home, sarah = await at_home(services, conninfo)
        # Wednesday, half past nine in New York: the first lesson has begun.
        clock.now = SUNDAY_EVENING + timedelta(days=2, hours=15, minutes=30)
        async with services.database.transaction(family_id=home.id) as session:
            before = await load_week(session, home.id, MONDAY)
        await sarah.say("/settings", "@edit-3", "@pick-familycommitments")
        await sarah.say("Choir Thu 9-10 all of us", "@continue", "@accept")
        await work(services)
        async with services.database.transaction(family_id=home.id) as session:
            after = await load_week(session, home.id, MONDAY)

        def lessons(items: Any, until: date) -> set[tuple[object, ...]]:
            return {
                (i.child_id, i.name, i.date, i.start, i.uid)
                for i in items
                if i.type is ItemType.SUBJECT and i.date <= until
            }

        wednesday = MONDAY + timedelta(days=2)
        assert lessons(after.items, wednesday) == lessons(before.items, wednesday)
        # The same lessons as before, Thursday's beside the choir.
        uids = {i.uid for i in before.items if i.type is ItemType.SUBJECT}
        assert {i.uid for i in after.items if i.type is ItemType.SUBJECT} == uids
        moved = lessons(after.items, date.max) - lessons(before.items, date.max)
        assert {row[2] for row in moved} == {MONDAY + timedelta(days=3)}
        assert "moved" in ((await sarah.card()).notice or "")


async def test_a_new_child_gets_a_week_and_one_who_leaves_takes_everything_along(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home, sarah = await at_home(services, conninfo)
        noah = home.family.children[1].id
        await sarah.say("/settings", "@edit-2", f"@remove-child_{noah}", "Ben 7", "@continue")
        await sarah.go_on_until("What would you like to change?")
        assert "Noah" in (await sarah.card()).lines[-1]
        await sarah.say("@accept")
        await work(services)
        names = [row["name"] for row in rows(conninfo, "SELECT name FROM children ORDER BY id")]
        assert names == ["Emma", "Ben"]
        assert rows(conninfo, "SELECT 1 FROM schedules WHERE child_id = %s", noah) == []
        for draft in rows(conninfo, "SELECT session_data FROM questionnaire_sessions"):
            assert "Noah" not in str(draft["session_data"])
        async with services.database.transaction(family_id=home.id) as session:
            family = await load_family(session, home.id)
            week = await load_week(session, home.id, NEXT)
        ben = family.children[1]
        assert ben.subjects
        assert [item for item in week.items if item.child_id == ben.id]
        feeds = rows(conninfo, "SELECT 1 FROM feeds WHERE child_id = %s", ben.id)
        assert len(feeds) == 1


async def test_an_adult_who_stops_teaching_stays_in_the_family_if_they_chat(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await at_home(services, conninfo)
        await sarah.say("/settings", "@edit-1", "@pick-adults", "Tom", "@accept")
        found = rows(conninfo, "SELECT name, teaches FROM adults ORDER BY id")
        assert [tuple(row.values()) for row in found] == [("Sarah", False), ("Tom", True)]
        await work(services)
        assert "week is ready" in (await sarah.card()).title
        await sarah.say("/settings", "@edit-1", "@pick-adults", "@alone", "@accept")
        found = rows(conninfo, "SELECT name, teaches FROM adults ORDER BY id")
        assert [tuple(row.values()) for row in found] == [("Sarah", True)]


async def test_two_guardians_change_different_things_and_both_count(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home, sarah = await at_home(services, conninfo)
        laptop = await browser(services, conninfo, home=home)
        await sarah.say("/settings", "@edit-5", "@flex-1")
        await laptop.say("/settings", "@edit-1", "@pick-timezone", "Europe/Madrid", "@accept")
        await sarah.say("@accept")
        (family,) = rows(conninfo, "SELECT timezone, scheduling_flexibility FROM families")
        assert family == {"timezone": "Europe/Madrid", "scheduling_flexibility": "very_flexible"}


async def test_two_guardians_who_save_at_once_both_count(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home, sarah = await at_home(services, conninfo)
        async with services.database.transaction(family_id=home.id) as session:
            tom_id = await invite_adult(session, home.id, "Tom", services.now())
        tom = await browser(services, conninfo, home=home, adult_id=tom_id)
        await sarah.say("/settings", "@edit-2", "Ben 7", "@continue")
        await sarah.go_on_until("What would you like to change?")
        await tom.say("/settings", "@edit-5", "@flex-1")
        await asyncio.gather(sarah.say("@accept"), tom.say("@accept"))
        names = [row["name"] for row in rows(conninfo, "SELECT name FROM children ORDER BY id")]
        assert names == ["Emma", "Noah", "Ben"]
        (family,) = rows(conninfo, "SELECT scheduling_flexibility FROM families")
        assert family["scheduling_flexibility"] == "very_flexible"


async def test_a_child_who_was_taken_out_meanwhile_does_not_come_back(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home, sarah = await at_home(services, conninfo)
        laptop = await browser(services, conninfo, home=home)
        noah = home.family.children[1].id
        await laptop.say("/settings", "@edit-2", "Ben 7", "@continue")
        await sarah.say("/settings", "@edit-2", f"@remove-child_{noah}", "@continue")
        await sarah.go_on_until("What would you like to change?")
        await sarah.say("@accept")
        await laptop.go_on_until("What would you like to change?")
        await laptop.say("@accept")
        names = [row["name"] for row in rows(conninfo, "SELECT name FROM children ORDER BY id")]
        assert names == ["Emma", "Ben"]


async def test_a_new_child_is_not_taken_for_another_with_the_same_number(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await at_home(services, conninfo)
        await sarah.say("/settings", "@edit-2", "Mia 7", "@continue")
        await sarah.go_on_until("What would you like to change?")
        card = await sarah.say("@edit-4")
        ids = [button.id for row in card.rows for button in row]
        assert len(ids) == len(set(ids))
        card = await sarah.say("@pick-subjects-t1")
        assert "Mia" in card.title


async def test_weeks_that_could_not_be_planned_have_another_chance(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home, sarah = await at_home(services, conninfo)
        rows(conninfo, "DELETE FROM schedules RETURNING id")
        await sarah.say("/settings", "@edit-5", "@flex-1", "@accept")
        (job,) = jobs(conninfo)
        assert job["args"]["mondays"] == f"{MONDAY - timedelta(days=7)} {MONDAY}"
        await work(services)
        async with services.database.transaction(family_id=home.id) as session:
            assert (await load_week(session, home.id, MONDAY)).schedules


async def test_words_go_to_the_settings_while_they_are_open_and_to_the_day_otherwise(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await at_home(services, conninfo)
        clock.now = SUNDAY_EVENING + timedelta(hours=15)
        await sarah.say("/settings", "@edit-1", "@pick-name", "Sally")
        assert "Changed: Your name" in " ".join((await sarah.card()).lines)
        clock.now += timedelta(hours=2)
        await sarah.say("Emma done math")
        (logged,) = rows(conninfo, "SELECT activity_name FROM activity_logs")
        assert logged["activity_name"] == "Mathematics"
        # Their buttons work on.
        await sarah.say("@accept")
        (user,) = rows(conninfo, "SELECT name FROM users")
        assert user["name"] == "Sally"
        (adult,) = rows(conninfo, "SELECT name FROM adults")
        assert adult["name"] == "Sally"


async def test_a_draft_of_settings_holds_only_what_differs(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await at_home(services, conninfo)
        await sarah.say("/settings", "@edit-5", "@flex-1")
        stored = await sarah.state()
        assert stored["draftResponses"] == {"section5": {"flexibility": "very_flexible"}}
        assert stored["changed"] == ["flexibility"]


async def test_the_week_stays_on_a_device_that_does_not_open_the_settings(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        phone, laptop = await browser(services, conninfo), await browser(services, conninfo)
        await phone.come()
        await phone.say(*DEFAULTS)
        card = await phone.say("/link")
        code = next(line.split()[-1] for line in card.lines if "-" in line)
        await laptop.say(f"/link {code}")
        await phone.say("@accept")
        await work(services)
        assert "Emma and Noah's week is ready" in await laptop.titles()
        await phone.say("/settings", "@edit-5", "@flex-1", "@leave")
        for player in (phone, laptop):
            assert "Emma and Noah's week is ready" in await player.titles()


async def test_nothing_is_saved_by_leaving(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await at_home(services, conninfo)
        before = rows(conninfo, "SELECT * FROM families")
        await sarah.say("/settings", "@edit-5", "@flex-1", "@leave")
        assert (await sarah.card()).title == "Everything stays as it was."
        assert rows(conninfo, "SELECT * FROM families") == before
        await sarah.say("/settings")
        assert "Changed" not in " ".join((await sarah.card()).lines)


async def test_settings_that_are_open_in_two_chats_are_left_in_both(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await at_home(services, conninfo)
        laptop = await browser(services, conninfo)
        await laptop.come()
        code = (await sarah.say("/link")).qr
        await laptop.say(f"/link {code.partition('#start=')[2]}", "/settings")
        await sarah.say("/settings", "@leave")
        for player in (sarah, laptop):
            assert (await player.card()).title == "Everything stays as it was."


async def test_settings_turn_into_another_language(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await at_home(services, conninfo)
        await sarah.say("/settings", "@edit-5", "/es")
        card = next(view for _, _, view in reversed(await sarah.see()) if view.offers("flex-1"))
        assert card.title == "¿Qué tan firmes quieres los días?"
        await sarah.say("@flex-1", "@accept")
        (family,) = rows(conninfo, "SELECT scheduling_flexibility FROM families")
        assert family["scheduling_flexibility"] == "very_flexible"


async def test_hours_of_single_weekdays_outlive_other_changes(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, sarah = await at_home(services, conninfo)
        by_day = '{"hoursByDay": {"Friday": {"startTime": "09:00", "endTime": "11:00"}}}'
        with_hours = "UPDATE children SET learning_preferences = learning_preferences || %s::jsonb"
        rows(conninfo, f"{with_hours} RETURNING id", by_day)
        await sarah.say("/settings", "@edit-5", "@flex-1", "@accept")
        kept = rows(conninfo, "SELECT learning_preferences->'hoursByDay' AS hours FROM children")
        assert all(row["hours"]["Friday"]["endTime"] == "11:00" for row in kept)
