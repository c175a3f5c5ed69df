"""Changes and undos at random: whatever happens, the stored week is sound, and everything that was
done can be taken back."""

import os
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from changing import FRIDAY, MONDAY, Home, assert_agrees, at_home, places

from app.changes import Applied
from app.planning import week_request
from core.changes import (
    AddCommitment,
    CancelOccurrence,
    Change,
    DropLesson,
    GiveDaysBack,
    MarkDone,
    MissLessons,
    MoveLesson,
    MoveOccurrence,
    SetHours,
    SwapLessons,
    TakeDaysOff,
    Together,
)
from core.check import check_week
from core.family import Family, Scope
from core.phrase import say
from core.plan import Item, ItemType, Plan, Scores, Status, Unscheduled
from core.rearrange import has_begun
from core.week import wall
from db.schedules import StoredWeek

SEEDS = range(int(os.environ.get("CHANGES", "4")))
"""`CHANGES=200` plays that many weeks."""

STEPS = 14
DAYS = [MONDAY + timedelta(days=number) for number in range(5)]
STARTS = range(9 * 60, 13 * 60, 15)


def any_change(dice: random.Random, family: Family, week: StoredWeek) -> Change:
    """A change that may or may not be possible."""
    lessons = [item for item in week.items if item.type is ItemType.SUBJECT]
    uids = [item.uid or "" for item in lessons]
    day, start = dice.choice(DAYS), dice.choice(STARTS)
    child = dice.choice(family.children).id
    ways: list[Callable[[], Change]] = [
        lambda: MoveLesson(dice.choice(uids), day, start),
        lambda: MoveLesson(dice.choice(uids), day, start),
        lambda: SwapLessons(dice.choice(uids), dice.choice(uids)),
        lambda: DropLesson(dice.choice(uids)),
        lambda: MissLessons(tuple(dice.sample(uids, 2)), let_go=dice.random() < 0.3),
        lambda: TakeDaysOff(day, day, dice.choice([None, child])),
        lambda: AddCommitment("Vet", day, start, start + 45, Scope.CHILD, child_id=child),
        lambda: AddCommitment("Zoo", day, start, start + 90, Scope.FAMILY),
        lambda: AddCommitment("Work", day, start, start + 60, Scope.PARENT),
        lambda: CancelOccurrence(1, True, MONDAY + timedelta(days=2)),
        lambda: MoveOccurrence(1, True, MONDAY + timedelta(days=2), day, start, start + 60),
        lambda: MarkDone(dice.choice(uids), "parent"),
        lambda: GiveDaysBack(DAYS[0], DAYS[-1], dice.choice([None, child])),
        lambda: SetHours(child, day, start, start + 150),
        lambda: Together((TakeDaysOff(day, day, child), SetHours(child, DAYS[-1], start, 13 * 60))),
        lambda: Together(
            tuple(
                AddCommitment("Fair", day, start, start + 45, Scope.CHILD, child_id=each.id)
                for each in family.children
            )
        ),
    ]
    return dice.choice(ways)()


def as_plan(family: Family, week: StoredWeek, now: datetime) -> Plan:
    """The stored week with all that it claims to leave out."""
    request = week_request(family, MONDAY, week.items, now, week.decisions)
    assert request is not None
    left_out = tuple(
        Unscheduled(left.child_id, left.subject_id, left.missing, say(left.reason))
        for left in week.left_out
    )
    return Plan(
        request=request,
        status=Status.PARTIAL if left_out else Status.FEASIBLE,
        items=week.items,
        omission_weight=len(left_out),
        omission_bound=0,
        objective=0.0,
        bound=0.0,
        solve_seconds=0.0,
        scores=Scores(0.0, 0.0, 0.0, 0.0),
        unscheduled=left_out,
    )


async def assert_sound(home: Home, *, claims: bool) -> None:
    week = await home.week()
    found = check_week(as_plan(await home.reload(), week, home.clock.now))
    assert [each for each in found if claims or each.rule not in (0, 4)] == []
    assert_agrees(home.conninfo)
    owners: dict[str, set[tuple[int, int | None]]] = {}
    for row in home.rows(
        "SELECT uid, child_id, subject_id FROM schedule_items i"
        " JOIN schedules s ON s.id = schedule_id WHERE item_type = 'subject'"
    ):
        owners.setdefault(row["uid"], set()).add((row["child_id"], row["subject_id"]))
    assert all(len(owner) == 1 for owner in owners.values())


def begun(home: Home, week: StoredWeek) -> dict[str, Item]:
    now = wall(home.clock.now, ZoneInfo(home.family.timezone))
    return {
        item.uid or "": item
        for item in week.items
        if item.type is not ItemType.COMMITMENT
        and (item.completed or has_begun(now, item.date, item.start))
    }


def place(item: Item) -> tuple[object, ...]:
    return item.date, item.start, item.end, item.adult_id


@pytest.mark.parametrize("seed", SEEDS)
async def test_everything_can_be_taken_back_in_reverse(
    database_url: str, conninfo: str, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    async with at_home(database_url, conninfo, tmp_path) as home:
        first = await home.week()
        tokens: list[str] = []
        for _ in range(STEPS):
            if tokens and dice.random() < 0.2:
                undone = await home.undone(tokens.pop())
                if dice.random() < 0.5:
                    # An undo that is undone is the change again.
                    tokens.append((await home.undone(undone.token)).token)
            else:
                change = any_change(dice, await home.reload(), await home.week())
                outcome = await home.change(change, reason=str(seed))
                if isinstance(outcome, Applied):
                    tokens.append(outcome.token)
            await assert_sound(home, claims=True)
        assert tokens
        for token in reversed(tokens):
            await home.undone(token)
            await assert_sound(home, claims=True)
        last = await home.week()
        assert places(last) == places(first)
        assert (last.decisions, last.items) == (first.decisions, first.items)
        for table in ("days_off", "day_hours", "commitment_exceptions", "activity_logs"):
            assert home.table(table) == []


@pytest.mark.parametrize("seed", SEEDS)
async def test_while_the_week_passes_the_past_stays(
    database_url: str, conninfo: str, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    async with at_home(database_url, conninfo, tmp_path) as home:
        # What a missed lesson's change, or its undo, may move although it has begun.
        tokens: list[tuple[str, set[str]]] = []
        for _ in range(STEPS):
            home.clock.now += timedelta(minutes=dice.randrange(10 * 60))
            week = await home.week()
            stands = begun(home, week)
            missed: set[str] = set()
            if tokens and dice.random() < 0.3:
                token, missed = tokens.pop()
                outcome = await home.undo(token)
            else:
                change = any_change(dice, await home.reload(), week)
                if isinstance(change, MissLessons):
                    missed = set(change.uids)
                outcome = await home.change(change)
            if isinstance(outcome, Applied):
                tokens.append((outcome.token, missed))
            now = {item.uid: item for item in (await home.week()).items}
            for uid in stands.keys() - missed:
                assert place(now[uid]) == place(stands[uid])
            if home.clock.now.date() <= FRIDAY:
                await assert_sound(home, claims=False)
        assert tokens
