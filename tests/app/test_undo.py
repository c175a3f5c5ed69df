"""Every change of a stored week, taken back; and when that is refused."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from changing import (
    MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    Home,
    assert_agrees,
    at_home,
    everything,
    facts,
    places,
)
from parts import rows

from core.changes import (
    AddCommitment,
    CancelOccurrence,
    Change,
    DropLesson,
    Impossible,
    MarkDone,
    MissLessons,
    MoveLesson,
    MoveOccurrence,
    SwapLessons,
    TakeDaysOff,
    Why,
)
from core.decisions import Broken
from core.family import Scope
from core.week import clock
from db.schedules import load_versions

NOON = 12 * 60
NEXT = MONDAY + timedelta(days=7)


@pytest_asyncio.fixture
async def home(database_url: str, conninfo: str, tmp_path: Path) -> AsyncIterator[Home]:
    async with at_home(database_url, conninfo, tmp_path) as found:
        yield found
        assert_agrees(conninfo)


async def a_change(home: Home, kind: str) -> Change:
    maths = await home.lessons("Mathematics")
    science = await home.lessons("Science", home.emma)
    piano = home.family.children[0].commitments[0]
    match kind:
        case "move":
            return MoveLesson(science[0].uid, science[0].date, NOON)
        case "swap":
            return SwapLessons(maths[1].uid, maths[3].uid)
        case "drop":
            return DropLesson(science[0].uid)
        case "miss":
            return MissLessons(((await home.lessons("Reading"))[0].uid, maths[0].uid))
        case "sick":
            return TakeDaysOff(TUESDAY, WEDNESDAY, home.noah)
        case "off":
            return TakeDaysOff(MONDAY, MONDAY)
        case "new":
            return AddCommitment("Dentist", THURSDAY, 540, 720, Scope.FAMILY)
        case "cancel":
            return CancelOccurrence(piano.id, True, WEDNESDAY)
        case "later":
            return MoveOccurrence(piano.id, True, WEDNESDAY, THURSDAY, 540, 600)
    raise AssertionError(kind)


KINDS = ("move", "swap", "drop", "miss", "sick", "off", "new", "cancel", "later")


@pytest.mark.parametrize("kind", KINDS)
async def test_undo_puts_everything_back_and_can_be_undone(home: Home, kind: str) -> None:
    first, first_facts = await home.week(), facts(home)
    home.at(MONDAY, "08:00")
    applied = await home.applied(await a_change(home, kind), reason="why")
    changed, changed_facts = await home.week(), facts(home)
    assert (places(changed), changed_facts) != (places(first), first_facts)
    home.at(MONDAY, "08:01")
    back = await home.undone(applied.token)
    restored = await home.week()
    assert places(restored) == places(first)
    assert restored.decisions == first.decisions
    assert facts(home) == first_facts
    assert {pair.new.uid for pair in back.difference.moved} == {
        pair.old.uid for pair in applied.difference.moved
    }
    assert back.difference.added == applied.difference.gone
    # Whatever has moved, gone or come back says so to every calendar; nothing else does.
    sequences = {stored.item.uid: stored for s in changed.schedules for stored in s.items}
    for schedule in restored.schedules:
        for stored in schedule.items:
            before = sequences.get(stored.item.uid)
            was = places(changed).get(stored.item.uid or "")
            if before is not None and was == places(restored)[stored.item.uid or ""]:
                assert (stored.sequence, stored.updated_at) == (before.sequence, before.updated_at)
            else:
                assert stored.sequence > (before.sequence if before else 0)
                assert stored.updated_at == home.clock.now
    assert await home.undo(applied.token) == Impossible(Why.UNDONE)
    await home.undone(back.token)
    again = await home.week()
    assert (places(again), again.decisions) == (places(changed), changed.decisions)
    assert facts(home) == changed_facts
    links = "SELECT uid, commitment_id, family_commitment_id FROM schedule_items i"
    links += " JOIN schedules s ON s.id = schedule_id WHERE s.is_active AND is_external"
    for row in home.rows(links):
        assert row["commitment_id"] or row["family_commitment_id"]
    assert len(home.rows("SELECT * FROM week_changes")) == 3
    assert await home.undo(back.token) == Impossible(Why.UNDONE)


async def test_undo_is_refused_once_something_else_has_changed(home: Home) -> None:
    maths = await home.lessons("Mathematics")
    applied = await home.applied(MoveLesson(maths[2].uid, WEDNESDAY, NOON))
    later = await home.applied(MoveLesson(maths[3].uid, THURSDAY, NOON))
    before = everything(home)
    assert await home.undo(applied.token) == Impossible(Why.CHANGED_SINCE)
    assert everything(home) == before
    await home.undone(later.token)
    await home.undone(applied.token)


async def test_undo_is_refused_once_a_lesson_has_begun_or_is_done(home: Home) -> None:
    maths = await home.lessons("Mathematics")
    applied = await home.applied(MoveLesson(maths[0].uid, MONDAY, NOON))
    home.at(MONDAY, f"{maths[0].start // 60:02}:{maths[0].start % 60:02}")
    assert await home.undo(applied.token) == Impossible(Why.BEGUN, maths[0].uid)
    applied = await home.applied(MoveLesson(maths[3].uid, THURSDAY, NOON))
    await home.applied(MarkDone(maths[3].uid, "child"))
    assert await home.undo(applied.token) == Impossible(Why.DONE, maths[3].uid)


async def test_undo_keeps_what_was_done_meanwhile(home: Home) -> None:
    maths = await home.lessons("Mathematics")
    applied = await home.applied(MoveLesson(maths[3].uid, THURSDAY, NOON))
    await home.applied(MarkDone(maths[0].uid, "child"))
    await home.undone(applied.token)
    assert await home.lessons("Mathematics") == [replace(maths[0], completed=True), *maths[1:]]


async def test_undo_does_not_bring_back_a_done_that_was_taken_back(home: Home) -> None:
    maths = await home.lessons("Mathematics")
    done = await home.applied(MarkDone(maths[0].uid, "child"))
    moved = await home.applied(MoveLesson(maths[3].uid, THURSDAY, NOON))
    await home.undone(done.token)
    await home.undone(moved.token)
    assert await home.lessons("Mathematics") == maths


async def test_undo_is_refused_where_the_old_place_is_taken(home: Home, conninfo: str) -> None:
    science = (await home.lessons("Science", home.emma))[-1]
    applied = await home.applied(MoveLesson(science.uid, science.date, NOON))
    day, start, end = f'["{science.date:%A}"]', clock(science.start), clock(science.end)
    moved = """UPDATE family_commitments
                  SET days_of_week = %s, start_time = %s, end_time = %s RETURNING id"""
    rows(conninfo, moved, day, start, end)
    before = everything(home)
    outcome = await home.undo(applied.token)
    assert isinstance(outcome, Broken)
    assert outcome.rules == (7,)
    assert everything(home) == before


async def test_undo_is_refused_for_a_row_that_was_edited(home: Home, conninfo: str) -> None:
    applied = await home.applied(AddCommitment("Dentist", THURSDAY, 540, 600, Scope.FAMILY))
    rows(conninfo, "UPDATE family_commitments SET name = 'Doctor' RETURNING id")
    assert await home.undo(applied.token) == Impossible(Why.CHANGED_SINCE)


async def test_a_token_is_good_for_its_own_family_only(home: Home) -> None:
    maths = await home.lessons("Mathematics")
    applied = await home.applied(DropLesson(maths[0].uid))
    assert await home.undo("00" * 10) == Impossible(Why.NO_SUCH_CHANGE)
    assert await replace(home, id=home.id + 1).undo(applied.token) == Impossible(Why.NO_SUCH_CHANGE)


async def test_old_versions_stay(home: Home) -> None:
    first = await home.week()
    applied = await home.applied(await a_change(home, "move"))
    await home.undone(applied.token)
    async with home.services.database.transaction(family_id=home.id) as session:
        kept = await load_versions(session, MONDAY, first.ids)
    assert places(kept) == places(first)
    states = home.rows("SELECT child_id, version, state FROM schedules ORDER BY child_id, version")
    assert [row["state"] for row in states] == ["superseded", "superseded", "published"] * 2
