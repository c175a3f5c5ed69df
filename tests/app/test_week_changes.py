"""Every change of a stored week, once: what becomes of the rows, and what is refused."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from changing import (
    FRIDAY,
    MONDAY,
    SUNDAY_EVENING,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    Home,
    assert_agrees,
    at_home,
    everything,
    places,
)
from parts import rows

from app import changes
from app.planning import KeepsChanging, plan_weeks, settle
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
    SetHours,
    SwapLessons,
    TakeDaysOff,
    Together,
    Why,
)
from core.decisions import Broken
from core.facts import together
from core.family import Override, Scope
from core.plan import ItemType, Lesson, Plan, WeekRequest
from db.completion import complete_item

NOON = 12 * 60
NEXT = MONDAY + timedelta(days=7)


@pytest_asyncio.fixture
async def home(database_url: str, conninfo: str, tmp_path: Path) -> AsyncIterator[Home]:
    async with at_home(database_url, conninfo, tmp_path) as found:
        yield found
        assert_agrees(conninfo)


async def test_a_lesson_moves_to_another_hour(home: Home) -> None:
    maths = (await home.lessons("Mathematics"))[2]
    before = places(await home.week())
    applied = await home.applied(
        MoveLesson(maths.uid, WEDNESDAY, NOON), reason="Conflict with doctor appointment"
    )
    (moved,) = applied.difference.moved
    assert (moved.old.uid, moved.new.uid) == (maths.uid, maths.uid)
    assert (moved.new.date, moved.new.start) == (WEDNESDAY, NOON)
    after = places(await home.week())
    assert {uid for uid in before if before[uid] != after[uid]} == {maths.uid}
    emma, noah = (await home.week()).schedules
    assert (emma.version, noah.version) == (2, 1)
    assert emma.decisions.pins == (Lesson(home.emma, maths.subject_id or 0, WEDNESDAY, NOON),)
    for stored in emma.items:
        if stored.item.uid == maths.uid:
            assert (stored.sequence, stored.updated_at) == (1, home.clock.now)
            assert stored.data["adjustmentHistory"] == [
                {
                    "date": "2026-11-29T23:00:00Z",
                    "previousStartTime": f"{maths.start // 60:02}:{maths.start % 60:02}",
                    "previousEndTime": f"{maths.end // 60:02}:{maths.end % 60:02}",
                    "reason": "Conflict with doctor appointment",
                }
            ]
        else:
            assert (stored.sequence, stored.data["adjustmentHistory"]) == (0, [])


async def test_what_did_not_change_keeps_its_time_of_change(home: Home) -> None:
    maths = (await home.lessons("Mathematics"))[2]
    home.at(MONDAY, "08:00")
    await home.applied(MoveLesson(maths.uid, WEDNESDAY, NOON))
    changed_at = {s.item.uid: s.updated_at for s in (await home.week()).schedules[0].items}
    assert changed_at.pop(maths.uid) == home.clock.now
    assert set(changed_at.values()) == {SUNDAY_EVENING}


async def test_a_lesson_moves_to_another_day_with_all_who_share_it(home: Home) -> None:
    emmas = await home.lessons("Science", home.emma)
    taught = {lesson.date for lesson in emmas}
    to = next(day for day in (TUESDAY, THURSDAY, FRIDAY) if day not in taught)
    await home.applied(MoveLesson(emmas[0].uid, to, NOON))
    for child, uid in ((home.emma, emmas[0].uid), (home.noah, None)):
        after = await home.lessons("Science", child)
        assert {lesson.date for lesson in after} == taught - {emmas[0].date} | {to}
        moved = next(lesson for lesson in after if lesson.date == to)
        assert moved.start == NOON
        assert uid in (None, moved.uid)
    (row,) = home.rows(
        "SELECT item_data FROM schedule_items i JOIN schedules s ON s.id = schedule_id"
        " WHERE s.is_active AND i.uid = %s",
        emmas[0].uid,
    )
    (entry,) = row["item_data"]["adjustmentHistory"]
    assert entry["previousDate"] == emmas[0].date.isoformat()


async def test_a_lesson_that_was_moved_stays_there_through_later_plans(home: Home) -> None:
    maths = (await home.lessons("Mathematics"))[2]
    await home.applied(MoveLesson(maths.uid, WEDNESDAY, NOON))
    moved = places(await home.week())
    await plan_weeks(home.services, home.id, [MONDAY], since=10**6)
    assert places(await home.week())[maths.uid] == moved[maths.uid]
    assert (await home.week()).decisions.pins != ()


async def test_a_commitment_in_the_place_of_a_moved_lesson_releases_it(home: Home) -> None:
    maths = (await home.lessons("Mathematics"))[2]
    await home.applied(MoveLesson(maths.uid, WEDNESDAY, NOON))
    applied = await home.applied(
        AddCommitment("Dentist", WEDNESDAY, NOON, NOON + 30, Scope.CHILD, child_id=home.emma)
    )
    assert [change.old.uid for change in applied.difference.moved] == [maths.uid]
    assert applied.difference.left_out == ()
    assert (await home.week()).decisions.pins == ()


async def test_two_lessons_change_places(home: Home) -> None:
    science, maths = [
        lesson
        for lesson in sorted((await home.week()).items, key=lambda item: item.start)
        if lesson.child_id == home.emma
        and lesson.date == MONDAY
        and lesson.type is ItemType.SUBJECT
    ]
    await home.applied(SwapLessons(maths.uid, science.uid))
    after = places(await home.week())
    assert after[maths.uid][2] == science.start
    assert after[science.uid][3] == maths.end


async def test_a_lesson_that_is_let_go_is_not_made_up_for(home: Home) -> None:
    science = (await home.lessons("Science", home.emma))[0]
    count = len(await home.lessons("Science", home.emma))
    applied = await home.applied(DropLesson(science.uid))
    assert [item.uid for item in applied.difference.gone] == [science.uid]
    assert applied.difference.added == ()
    assert len(await home.lessons("Science", home.emma)) == count - 1
    await plan_weeks(home.services, home.id, [MONDAY], since=10**6)
    assert len(await home.lessons("Science", home.emma)) == count - 1
    assert len(await home.lessons("Science", home.noah)) == count


async def test_a_change_adds_no_lesson_that_is_not_due(home: Home) -> None:
    await home.applied(TakeDaysOff(MONDAY, MONDAY, home.emma))
    left = await home.lessons("Science", home.emma)
    assert len(left) == 2
    applied = await home.applied(DropLesson(left[0].uid))
    assert applied.difference.added == ()
    assert await home.lessons("Science", home.emma) == left[1:]


async def test_a_missed_lesson_moves_and_is_logged(home: Home) -> None:
    reading = (await home.lessons("Reading"))[0]
    home.at(reading.date, "12:50")
    applied = await home.applied(MissLessons((reading.uid,)), reason="Noah was tired")
    (moved,) = applied.difference.moved
    assert moved.new.date > reading.date
    (log,) = home.rows("SELECT * FROM activity_logs")
    assert (log["item_uid"], log["date"]) == (reading.uid, reading.date)
    assert log["actual"] == {"completed": False, "adjustmentReason": "Noah was tired"}
    assert log["scheduled"]["original"]["name"] == "Reading"
    (item,) = home.rows("SELECT * FROM schedule_items WHERE id = %s", log["schedule_item_id"])
    assert item["day_date"] == reading.date
    (row,) = home.rows(
        "SELECT item_data FROM schedule_items i JOIN schedules s ON s.id = schedule_id"
        " WHERE s.is_active AND i.uid = %s",
        reading.uid,
    )
    (entry,) = row["item_data"]["adjustmentHistory"]
    assert entry["previousDate"] == reading.date.isoformat()
    assert entry["reason"] == "Noah was tired"


async def test_a_missed_daily_lesson_moves_within_its_day_and_can_be_done_then(home: Home) -> None:
    maths = (await home.lessons("Mathematics"))[0]
    home.at(MONDAY, "10:30")
    applied = await home.applied(MissLessons((maths.uid,)))
    (moved,) = applied.difference.moved
    assert moved.new.date == MONDAY
    assert moved.new.start > 10 * 60 + 30
    await home.applied(MarkDone(maths.uid, "child"))
    (log,) = home.rows("SELECT * FROM activity_logs")
    assert log["actual"]["completed"] is True
    assert isinstance(await home.change(MarkDone(maths.uid, "child")), Impossible)


async def test_that_a_lesson_was_missed_is_known_again_once_done_is_taken_back(home: Home) -> None:
    maths = (await home.lessons("Mathematics"))[0]
    home.at(MONDAY, "10:30")
    missed = await home.applied(MissLessons((maths.uid,)))
    logs = home.table("activity_logs")
    done = await home.applied(MarkDone(maths.uid, "child"))
    await home.undone(done.token)
    assert home.table("activity_logs") == logs
    await home.undone(missed.token)
    assert home.table("activity_logs") == []
    assert (await home.lessons("Mathematics"))[0] == maths


async def test_a_missed_daily_lesson_without_room_is_let_go_for_good(home: Home) -> None:
    maths = (await home.lessons("Mathematics"))[0]
    home.at(MONDAY, "12:50")
    applied = await home.applied(MissLessons((maths.uid,)))
    assert [item.uid for item in applied.difference.gone] == [maths.uid]
    again = (await home.lessons("Mathematics"))[1]
    later = await home.applied(MoveLesson(again.uid, again.date, NOON))
    assert later.difference.left_out == ()
    emma = (await home.week()).schedules[0]
    assert emma.left_out == (), "what was let go is not owed any more"


async def test_missed_lessons_can_be_let_go_at_once(home: Home) -> None:
    reading = (await home.lessons("Reading"))[0]
    home.at(reading.date, "12:50")
    applied = await home.applied(MissLessons((reading.uid,), let_go=True))
    assert [item.uid for item in applied.difference.gone] == [reading.uid]
    assert await home.lessons("Reading") == []
    assert len(home.rows("SELECT * FROM activity_logs")) == 1


async def test_a_child_who_is_sick_has_the_day_off(home: Home) -> None:
    home.at(MONDAY, "08:00")
    applied = await home.applied(TakeDaysOff(MONDAY, MONDAY, home.emma), reason="Emma is sick")
    week = await home.week()
    assert not [
        item
        for item in week.items
        if (item.child_id, item.date, item.type) == (home.emma, MONDAY, ItemType.SUBJECT)
    ]
    (off,) = home.rows("SELECT * FROM days_off")
    assert (off["date"], off["child_id"], off["family_id"]) == (MONDAY, home.emma, home.id)
    # Two of the three lessons in Science are due, and they have their days already.
    assert {item.name for item in applied.difference.gone} == {"Mathematics", "Science"}
    assert applied.difference.left_out == ()
    assert await home.change(TakeDaysOff(MONDAY, MONDAY, home.emma)) == Impossible(Why.ALREADY_SO)


async def test_days_off_over_two_weeks_are_one_change(home: Home) -> None:
    await plan_weeks(home.services, home.id, [NEXT])
    before = [places(await home.week(monday)) for monday in (MONDAY, NEXT)]
    applied = await home.applied(TakeDaysOff(FRIDAY, NEXT + timedelta(days=1)))
    for monday, gone in ((MONDAY, {FRIDAY}), (NEXT, {NEXT, NEXT + timedelta(days=1)})):
        week = await home.week(monday)
        held = {item.date for item in week.items if item.type is ItemType.SUBJECT}
        assert held
        assert not held & gone
    assert len(home.rows("SELECT * FROM days_off")) == 5
    await home.undone(applied.token)
    assert [places(await home.week(monday)) for monday in (MONDAY, NEXT)] == before
    assert home.rows("SELECT * FROM days_off") == []


async def test_a_date_has_hours_of_its_own(home: Home) -> None:
    await plan_weeks(home.services, home.id, [NEXT])
    before = [places(await home.week(monday)) for monday in (MONDAY, NEXT)]
    hours = SetHours(home.emma, FRIDAY, 10 * 60, 12 * 60)
    applied = await home.applied(hours)
    week = await home.week()
    held = [i for i in week.items if (i.child_id, i.date) == (home.emma, FRIDAY)]
    assert held
    assert all(item.start >= 10 * 60 and item.end <= 12 * 60 for item in held)
    assert places(await home.week(NEXT)) == before[1]
    assert await home.change(hours) == Impossible(Why.ALREADY_SO)
    later = await home.applied(SetHours(home.emma, FRIDAY, 11 * 60, 13 * 60))
    assert len(home.rows("SELECT * FROM day_hours")) == 1
    await home.undone(later.token)
    await home.undone(applied.token)
    assert [places(await home.week(monday)) for monday in (MONDAY, NEXT)] == before
    assert home.rows("SELECT * FROM day_hours") == []


async def test_what_comes_together_goes_together(home: Home) -> None:
    before = places(await home.week())
    fair = [
        AddCommitment("Fair", FRIDAY, 9 * 60, 13 * 60, Scope.CHILD, child_id=child)
        for child in (home.emma, home.noah)
    ]
    change = together(home.family, home.local, [TakeDaysOff(THURSDAY, THURSDAY, home.emma), *fair])
    assert isinstance(change, Together)
    applied = await home.applied(change)
    week = await home.week()
    shown = [item for item in week.items if item.name == "Fair"]
    assert {item.child_id for item in shown} == {home.emma, home.noah}
    rows = {row["id"]: row["child_id"] for row in home.table("child_commitments")}
    assert all(rows[item.commitment_id or 0] == item.child_id for item in shown)
    lessons = [item for item in week.items if item.type is ItemType.SUBJECT]
    assert not [i for i in lessons if (i.child_id, i.date) == (home.emma, THURSDAY)]
    assert not [i for i in lessons if i.date == FRIDAY]
    family = await home.reload()
    assert together(family, home.local, change.changes) == Impossible(Why.ALREADY_SO)
    only = [change.changes[0], TakeDaysOff(WEDNESDAY, WEDNESDAY)]
    assert together(family, home.local, only) == only[1]
    await home.undone(applied.token)
    assert places(await home.week()) == before
    assert home.rows("SELECT * FROM days_off") == []


@pytest.mark.parametrize("scope", list(Scope))
async def test_something_new_takes_its_time(home: Home, scope: Scope) -> None:
    of_child = scope is Scope.CHILD
    dentist = AddCommitment(
        "Dentist",
        THURSDAY,
        9 * 60,
        11 * 60,
        scope,
        child_id=home.emma if of_child else None,
        adult_id=home.family.adults[0].id if scope is not Scope.FAMILY else None,
        needs_adult=of_child,
    )
    await home.applied(dentist)
    week = await home.week()
    shown = [item for item in week.items if item.name == "Dentist"]
    taken = {Scope.FAMILY: {home.emma, home.noah}, Scope.CHILD: {home.emma}, Scope.PARENT: set()}
    assert {item.child_id for item in shown} == taken[scope]
    table = "child_commitments" if of_child else "family_commitments"
    (row,) = [row for row in home.table(table) if row["name"] == "Dentist"]
    assert (row["frequency"], row["date"]) == ("one-time", THURSDAY)
    links = {item.commitment_id if of_child else item.family_commitment_id for item in shown}
    assert links <= {row["id"]}
    for item in week.items:
        needed = item.adult_id is not None or item.child_id in taken[scope]
        if item.type is ItemType.SUBJECT and item.date == THURSDAY and needed:
            assert item.start >= 11 * 60
    assert await home.change(dentist) == Impossible(Why.ALREADY_SO)


async def test_what_is_in_no_planned_week_is_only_written_down(home: Home) -> None:
    applied = await home.applied(AddCommitment("Choir", NEXT, NOON, NOON + 60, Scope.FAMILY))
    assert {schedule.version for schedule in (await home.week()).schedules} == {1}
    assert len(home.rows("SELECT * FROM family_commitments WHERE name = 'Choir'")) == 1
    await home.undone(applied.token)
    assert home.rows("SELECT * FROM family_commitments WHERE name = 'Choir'") == []


async def test_what_a_planned_week_counts_on_is_not_undone(home: Home) -> None:
    applied = await home.applied(AddCommitment("Choir", NEXT, NOON, NOON + 60, Scope.FAMILY))
    await plan_weeks(home.services, home.id, [NEXT])
    assert await home.undo(applied.token) == Impossible(Why.CHANGED_SINCE)
    assert len(home.rows("SELECT * FROM family_commitments WHERE name = 'Choir'")) == 1


async def test_an_occurrence_is_cancelled(home: Home) -> None:
    piano = home.family.children[0].commitments[0]
    await home.applied(CancelOccurrence(piano.id, True, WEDNESDAY))
    assert [item for item in (await home.week()).items if item.name == "Piano"] == []
    (row,) = home.rows("SELECT * FROM commitment_exceptions")
    assert (row["child_commitment_id"], row["date"], row["start_time"]) == (
        piano.id,
        WEDNESDAY,
        None,
    )
    again = CancelOccurrence(piano.id, True, WEDNESDAY)
    assert await home.change(again) == Impossible(Why.NO_SUCH_OCCURRENCE)


async def test_an_occurrence_moves_on_its_day(home: Home) -> None:
    piano = home.family.children[0].commitments[0]
    await home.applied(MoveOccurrence(piano.id, True, WEDNESDAY, WEDNESDAY, 540, 600))
    (item,) = [item for item in (await home.week()).items if item.name == "Piano"]
    assert (item.start, item.end, item.commitment_id) == (540, 600, piano.id)
    family = await home.reload()
    assert family.children[0].commitments[0].overrides == (Override(WEDNESDAY, 540, 600),)
    await home.applied(MoveOccurrence(piano.id, True, WEDNESDAY, WEDNESDAY, 600, 660))
    assert len(home.rows("SELECT * FROM commitment_exceptions")) == 1


async def test_an_occurrence_moves_to_another_day(home: Home) -> None:
    piano = home.family.children[0].commitments[0]
    applied = await home.applied(MoveOccurrence(piano.id, True, WEDNESDAY, FRIDAY, 600, 660))
    (item,) = [item for item in (await home.week()).items if item.name == "Piano"]
    assert (item.date, item.start, item.child_id) == (FRIDAY, 600, home.emma)
    assert item.commitment_id != piano.id
    await home.undone(applied.token)
    (item,) = [item for item in (await home.week()).items if item.name == "Piano"]
    assert (item.date, item.commitment_id) == (WEDNESDAY, piano.id)
    assert home.rows("SELECT * FROM commitment_exceptions") == []
    assert len(home.rows("SELECT * FROM child_commitments")) == 1


async def test_done_is_logged_and_moves_nothing(home: Home) -> None:
    maths = (await home.lessons("Mathematics"))[0]
    before = places(await home.week())
    home.at(MONDAY, "10:30")
    applied = await home.applied(MarkDone(maths.uid, "parent", started=570, ended=615))
    assert applied.difference.done == (replace(maths, completed=True),)
    week = await home.week()
    assert places(week) == before
    assert {schedule.version for schedule in week.schedules} == {1}
    (log,) = home.rows("SELECT * FROM activity_logs")
    assert log["actual"]["endTime"] == "10:15"
    await home.applied(MoveLesson((await home.lessons("Mathematics"))[1].uid, TUESDAY, NOON))
    assert (await home.lessons("Mathematics"))[0] == replace(maths, completed=True)
    back = await home.undone(applied.token)
    assert [item.uid for item in back.difference.not_done] == [maths.uid]
    assert home.rows("SELECT * FROM activity_logs") == []
    await home.undone(back.token)
    assert (await home.lessons("Mathematics"))[0].completed
    (again,) = home.rows("SELECT * FROM activity_logs")
    assert again["actual"] == log["actual"]


async def test_done_can_be_said_when_the_week_is_over(home: Home) -> None:
    maths = (await home.lessons("Mathematics"))[4]
    home.at(MONDAY + timedelta(days=6), "18:00")
    assert await home.change(MoveLesson(maths.uid, FRIDAY, NOON)) == Impossible(Why.WEEK_OVER)
    await home.applied(MarkDone(maths.uid, "parent"))


async def test_what_cannot_be_is_answered_and_changes_nothing(home: Home) -> None:
    reading = (await home.lessons("Reading"))[0]
    maths = await home.lessons("Mathematics")
    piano = home.family.children[0].commitments[0]
    home.at(TUESDAY, "13:00")
    await home.applied(MarkDone(maths[3].uid, "parent"))
    before = everything(home)
    nobody = "nobody@brightpath"
    impossible: list[tuple[Change, Why]] = [
        (MoveLesson(nobody, FRIDAY, NOON), Why.NO_SUCH_LESSON),
        (MarkDone(nobody, "child"), Why.NO_SUCH_LESSON),
        (MoveLesson(maths[0].uid, FRIDAY, NOON), Why.BEGUN),
        (DropLesson(maths[1].uid), Why.BEGUN),
        (MoveLesson(maths[3].uid, THURSDAY, NOON), Why.DONE),
        (MissLessons((maths[3].uid,)), Why.DONE),
        (MarkDone(maths[3].uid, "child"), Why.ALREADY_SO),
        (MoveLesson(maths[4].uid, MONDAY, NOON), Why.PAST),
        (MoveLesson(maths[4].uid, TUESDAY, 600), Why.PAST),
        (MoveLesson(maths[4].uid, NEXT, NOON), Why.OUTSIDE_WEEK),
        (MoveLesson(maths[4].uid, maths[4].date, maths[4].start), Why.ALREADY_SO),
        (SwapLessons(maths[4].uid, maths[4].uid), Why.SAME_LESSON),
        (SwapLessons(maths[4].uid, maths[0].uid), Why.BEGUN),
        (MissLessons(()), Why.ALREADY_SO),
        (TakeDaysOff(MONDAY, FRIDAY), Why.PAST),
        (TakeDaysOff(FRIDAY, THURSDAY), Why.NO_TIME),
        (TakeDaysOff(FRIDAY, FRIDAY, 99), Why.NO_SUCH_PERSON),
        (TakeDaysOff(FRIDAY, FRIDAY + timedelta(days=400)), Why.TOO_LONG),
        (SetHours(home.emma, MONDAY, 600, 660), Why.PAST),
        (SetHours(home.emma, FRIDAY, 660, 660), Why.NO_TIME),
        (SetHours(home.emma, FRIDAY, 9 * 60, 13 * 60), Why.ALREADY_SO),
        (SetHours(99, FRIDAY, 600, 660), Why.NO_SUCH_PERSON),
        (Together((SetHours(home.emma, FRIDAY, 600, 660), TakeDaysOff(MONDAY, FRIDAY))), Why.PAST),
        (AddCommitment("Vet", MONDAY, 600, 660, Scope.FAMILY), Why.PAST),
        (AddCommitment("Vet", FRIDAY, 600, 600, Scope.FAMILY), Why.NO_TIME),
        (AddCommitment("Vet", FRIDAY, 600, 660, Scope.CHILD), Why.NO_SUCH_PERSON),
        (AddCommitment("Vet", FRIDAY, 600, 660, Scope.PARENT, adult_id=99), Why.NO_SUCH_PERSON),
        (CancelOccurrence(piano.id, True, THURSDAY), Why.NO_SUCH_OCCURRENCE),
        (CancelOccurrence(99, False, WEDNESDAY), Why.NO_SUCH_OCCURRENCE),
        (MoveOccurrence(piano.id, True, WEDNESDAY, MONDAY, 600, 660), Why.PAST),
        (MoveOccurrence(piano.id, True, WEDNESDAY, WEDNESDAY, 600, 660), Why.ALREADY_SO),
    ]
    for change, why in impossible:
        outcome = await home.change(change)
        assert isinstance(outcome, Impossible), change
        assert outcome.why is why, change
    assert reading.uid
    assert everything(home) == before


@pytest.mark.parametrize(
    ("day", "start", "rules"),
    [
        (WEDNESDAY, 600, (2,)),  # onto piano
        (FRIDAY, 8 * 60, (1,)),  # before the hours
        (FRIDAY, 12 * 60 + 45, (1,)),  # beyond them
        (MONDAY + timedelta(days=5), NOON, (1,)),  # on a Saturday
        (FRIDAY, NOON + 2, (1,)),  # between two steps of the grid
    ],
)
async def test_a_place_that_breaks_a_rule_is_refused_by_its_name(
    home: Home, day: date, start: int, rules: tuple[int, ...]
) -> None:
    science = (await home.lessons("Science", home.emma))[0]
    taken = {lesson.date for lesson in await home.lessons("Science", home.emma)}
    lesson = science if day not in taken - {science.date} else None
    lesson = lesson or next(
        each for each in await home.lessons("Science", home.emma) if each.date == day
    )
    before = everything(home)
    outcome = await home.change(MoveLesson(lesson.uid, day, start))
    assert isinstance(outcome, Broken)
    assert outcome.rules == rules
    assert everything(home) == before


async def test_a_lesson_cannot_take_a_parent_who_is_at_work(home: Home) -> None:
    science = (await home.lessons("Science", home.emma))[0]
    outcome = await home.change(MoveLesson(science.uid, TUESDAY, 9 * 60))
    assert isinstance(outcome, Broken)
    assert outcome.rules == (7,)


async def test_who_moves_onto_the_day_of_the_same_subject_sends_that_one_elsewhere(
    home: Home,
) -> None:
    maths = await home.lessons("Mathematics")
    await home.applied(MoveLesson(maths[4].uid, THURSDAY, NOON))
    after = {lesson.uid: lesson for lesson in await home.lessons("Mathematics")}
    assert (after[maths[4].uid].date, after[maths[4].uid].start) == (THURSDAY, NOON)
    assert after[maths[3].uid].date == FRIDAY
    assert len({lesson.date for lesson in after.values()}) == 5


async def test_two_lessons_of_a_subject_cannot_be_put_on_one_day(home: Home) -> None:
    maths = await home.lessons("Mathematics")
    await home.applied(MoveLesson(maths[3].uid, THURSDAY, NOON))
    outcome = await home.change(MoveLesson(maths[4].uid, THURSDAY, 600))
    assert isinstance(outcome, Broken)
    assert outcome.rules == (3,)


async def test_a_lesson_cannot_take_the_place_of_one_that_was_put_there(home: Home) -> None:
    maths = (await home.lessons("Mathematics"))[4]
    science = next(each for each in await home.lessons("Science", home.emma) if each.date == FRIDAY)
    await home.applied(MoveLesson(maths.uid, FRIDAY, NOON))
    outcome = await home.change(MoveLesson(science.uid, FRIDAY, NOON - 15))
    assert isinstance(outcome, Broken)
    assert outcome.rules == (2,)
    await home.applied(MoveLesson(science.uid, FRIDAY, NOON - 30))


async def test_the_past_and_what_is_done_never_move(home: Home) -> None:
    maths = await home.lessons("Mathematics")
    await home.applied(MarkDone(maths[4].uid, "parent"))
    home.at(WEDNESDAY, "09:15")
    stands = {
        uid: place
        for uid, place in places(await home.week()).items()
        if uid == maths[4].uid or (place[1], place[2]) <= (WEDNESDAY, 555)
    }
    assert len(stands) > 4
    for change in (
        AddCommitment("Zoo", WEDNESDAY, 540, 780, Scope.FAMILY),
        TakeDaysOff(FRIDAY, FRIDAY),
        AddCommitment("Vet", THURSDAY, 540, 780, Scope.FAMILY),
    ):
        await home.applied(change)
        now = places(await home.week())
        assert {uid: now[uid] for uid in stands} == stands


async def test_the_same_key_changes_once(home: Home) -> None:
    maths = (await home.lessons("Mathematics"))[2]
    drop = DropLesson(maths.uid)
    outcomes = await asyncio.gather(*(home.applied(drop, key="update-7") for _ in range(4)))
    assert len({outcome.token for outcome in outcomes}) == 1
    assert sorted(outcome.again for outcome in outcomes) == [False, True, True, True]
    assert {outcome.difference.gone for outcome in outcomes} == {(maths,)}
    assert (await home.week()).schedules[0].version == 2
    assert len(home.rows("SELECT * FROM week_changes")) == 1
    assert await home.change(drop, key="update-8") == Impossible(Why.NO_SUCH_LESSON, maths.uid)


async def test_of_two_changes_at_once_none_is_lost(home: Home) -> None:
    maths = await home.lessons("Mathematics")
    await asyncio.gather(
        home.applied(MoveLesson(maths[2].uid, WEDNESDAY, NOON)),
        home.applied(MoveLesson(maths[3].uid, THURSDAY, NOON)),
        home.applied(MarkDone(maths[0].uid, "child")),
    )
    after = await home.lessons("Mathematics")
    assert [after[2].start, after[3].start, after[0].completed] == [NOON, NOON, True]
    assert {lesson.uid for lesson in after} == {lesson.uid for lesson in maths}


def before_storing(
    monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[int], None]
) -> list[WeekRequest]:
    """Lets something happen (with the number of the try) each time a week has been solved."""
    asked: list[WeekRequest] = []

    def slowly(request: WeekRequest) -> Plan:
        plan = settle(request)
        asked.append(request)
        meanwhile(len(asked))
        return plan

    monkeypatch.setattr(changes, "settle", slowly)
    return asked


async def test_a_change_meanwhile_is_solved_for(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    maths = await home.lessons("Mathematics")
    loop = asyncio.get_running_loop()

    async def done() -> None:
        async with home.services.database.transaction(family_id=home.id) as session:
            await complete_item(session, home.id, maths[0].uid or "", home.clock.now, by="child")

    def meanwhile(number: int) -> None:
        if number == 1:
            asyncio.run_coroutine_threadsafe(done(), loop).result(10)

    asked = before_storing(monkeypatch, meanwhile)
    await home.applied(DropLesson(maths[2].uid))
    assert [
        [item.completed for item in request.previous if item.uid == maths[0].uid]
        for request in asked
    ] == [[False], [True]]
    assert (await home.lessons("Mathematics"))[0].completed


async def test_a_family_that_changes_all_the_time_is_not_written_over(
    home: Home, conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    maths = await home.lessons("Mathematics")
    before = places(await home.week())

    def meanwhile(_number: int) -> None:
        rows(conninfo, "UPDATE families SET revision = revision + 1 RETURNING id")

    asked = before_storing(monkeypatch, meanwhile)
    with pytest.raises(KeepsChanging):
        await home.change(DropLesson(maths[2].uid))
    assert len(asked) == 3
    assert places(await home.week()) == before
