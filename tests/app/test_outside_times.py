"""Times of a calendar outside: planned around, taken back, and nobody's own words."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from changing import (
    FRIDAY,
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    Home,
    assert_agrees,
    at_home,
    facts,
    places,
)

from app.changes import Applied
from app.pages import FamilyPages
from core.changes import FollowCalendar, Impossible, MoveOccurrence, OutsideTime, Why
from core.facts import outside_times
from core.plan import ItemType
from db.amend import amend_family
from db.calendars import feed_tokens
from db.connections import Provider, create_connection, delete_connection
from db.families import load_document_with_ids
from db.revision import bump_revision

NAME = "Work calendar"


@pytest_asyncio.fixture
async def home(database_url: str, conninfo: str, tmp_path: Path) -> AsyncIterator[Home]:
    async with at_home(database_url, conninfo, tmp_path) as found:
        yield found
        assert_agrees(conninfo)


async def connected(home: Home, **whose: int) -> int:
    async with home.services.database.transaction(family_id=home.id) as session:
        return await create_connection(
            session,
            home.id,
            Provider.ICAL,
            home.services.box,
            now=home.clock.now,
            name=NAME,
            address="https://calendar.example/work.ics",
            **whose,
        )


async def follow(
    home: Home,
    connection: int,
    *added: OutsideTime,
    removed: tuple[OutsideTime, ...] = (),
    **whose: int,
) -> Applied:
    return await home.applied(
        FollowCalendar(connection, NAME, **whose, added=added, removed=removed)
    )


async def test_the_family_s_times_are_kept_free(home: Home) -> None:
    connection = await connected(home)
    times = (OutsideTime(WEDNESDAY, 540, 600), OutsideTime(FRIDAY, 0, 0))
    applied = await follow(home, connection, *times)
    assert applied.difference.moved
    week = await home.week()
    shown = [item for item in week.items if item.name == NAME]
    assert {(item.child_id, item.date, item.start, item.end) for item in shown} == {
        (child, *when)
        for child in (home.emma, home.noah)
        for when in [(WEDNESDAY, 540, 600), (FRIDAY, 0, 1440)]
    }
    ids = {row["id"] for row in home.table("family_commitments") if row["connection_id"]}
    assert {item.family_commitment_id for item in shown} == ids
    assert len(ids) == 2
    lessons = [item for item in week.items if item.type is ItemType.SUBJECT]
    assert not [item for item in lessons if item.date == FRIDAY]
    assert not [item for item in lessons if item.date == WEDNESDAY and item.start < 600]


async def test_an_adult_s_times_take_the_adult_alone(home: Home) -> None:
    sarah = home.family.adults[0].id
    connection = await connected(home, adult_id=sarah)
    reading = (await home.lessons("Reading"))[0]
    time = OutsideTime(reading.date, reading.start, reading.end)
    applied = await follow(home, connection, time, adult_id=sarah)
    assert [pair.old.name for pair in applied.difference.moved] == ["Reading"]
    assert not [item for item in (await home.week()).items if item.name == NAME]


async def test_a_child_s_times_take_the_child_alone(home: Home) -> None:
    connection = await connected(home, child_id=home.emma)
    math = (await home.lessons("Mathematics"))[0]
    time = OutsideTime(math.date, math.start, math.end)
    applied = await follow(home, connection, time, child_id=home.emma)
    assert math.uid in [pair.old.uid for pair in applied.difference.moved]
    shown = [item for item in (await home.week()).items if item.name == NAME]
    assert [(item.child_id, item.commitment_id) for item in shown] == [
        (home.emma, row["id"]) for row in home.table("child_commitments") if row["connection_id"]
    ]


async def test_times_go_and_undo_brings_them_back(home: Home) -> None:
    connection = await connected(home)
    first = OutsideTime(WEDNESDAY, 540, 600)
    second = OutsideTime(WEDNESDAY, 660, 720)
    await follow(home, connection, first)
    stood, there = places(await home.week()), facts(home)
    applied = await follow(home, connection, second, removed=(first,))
    assert outside_times(await home.reload(), connection).keys() == {second}
    await home.undone(applied.token)
    assert places(await home.week()) == stood
    assert facts(home) == there


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, Why.ALREADY_SO),
        ({"added": (OutsideTime(MONDAY, 60, 120),)}, Why.ALREADY_SO),
        ({"removed": (OutsideTime(MONDAY, 60, 180),)}, Why.NO_SUCH_OCCURRENCE),
        ({"child_id": 99, "added": (OutsideTime(TUESDAY, 1, 2),)}, Why.NO_SUCH_PERSON),
        ({"adult_id": 99, "added": (OutsideTime(TUESDAY, 1, 2),)}, Why.NO_SUCH_PERSON),
    ],
)
async def test_what_cannot_be_is_said(home: Home, changed: dict[str, object], why: Why) -> None:
    connection = await connected(home)
    await follow(home, connection, OutsideTime(MONDAY, 60, 120))
    change = FollowCalendar(connection, NAME, **changed)  # type: ignore[arg-type]
    assert await home.change(change) == Impossible(why)


async def test_the_family_s_own_words_do_not_hold_them(home: Home) -> None:
    mine, child = await connected(home), await connected(home, child_id=home.emma)
    await follow(home, mine, OutsideTime(MONDAY, 60, 120))
    await follow(home, child, OutsideTime(MONDAY, 60, 180), child_id=home.emma)
    there = facts(home)
    async with home.services.database.transaction(family_id=home.id) as session:
        document, identities = await load_document_with_ids(session, home.id)
        assert NAME not in document.model_dump_json()
        await amend_family(session, home.id, document, identities, now=home.clock.now)
    assert facts(home) == there


async def test_the_family_s_feed_does_not_repeat_them(home: Home) -> None:
    connection = await connected(home)
    await follow(home, connection, OutsideTime(MONDAY, 60, 120))
    async with home.services.database.transaction(family_id=home.id) as session:
        tokens = await feed_tokens(session, home.id, home.services.box)
    pages = FamilyPages(home.services)
    found = await pages.find_feed(tokens.family)
    assert found is not None
    kept = await pages.read_feed(found)
    assert kept is not None
    shown = gzip.decompress(kept.body).decode()
    assert "SUMMARY:Sarah: Work\r\n" in shown
    assert NAME not in shown


async def test_a_time_moved_by_the_family_is_the_family_s_own(home: Home) -> None:
    connection = await connected(home)
    await follow(home, connection, OutsideTime(MONDAY, 60, 120))
    row = next(row for row in home.table("family_commitments") if row["connection_id"])
    await home.applied(MoveOccurrence(row["id"], False, MONDAY, TUESDAY, 60, 120))
    moved = home.table("family_commitments")[-1]
    assert (moved["date"], moved["connection_id"]) == (TUESDAY, None)


async def test_with_the_connection_its_times_go(home: Home) -> None:
    connection = await connected(home)
    await follow(home, connection, OutsideTime(WEDNESDAY, 540, 600))
    async with home.services.database.transaction(family_id=home.id) as session:
        await delete_connection(session, connection)
        await bump_revision(session, home.id)
    assert [row["name"] for row in home.table("family_commitments")] == ["Work"]
