"""What a change would do is what it does, and to ask changes nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
from changing import FRIDAY, MONDAY, THURSDAY, WEDNESDAY, Home, at_home, everything

from app.changes import Applied, preview_change
from core.changes import (
    AddCommitment,
    Change,
    DropLesson,
    Impossible,
    MissLessons,
    MoveLesson,
    TakeDaysOff,
    Why,
)
from core.decisions import Broken
from core.diff import Difference
from core.family import Scope

NOON = 12 * 60


async def preview(home: Home, change: Change) -> Difference | Impossible | Broken:
    before = everything(home)
    found = await preview_change(home.services, home.id, change)
    assert everything(home) == before
    return found


def unnamed(found: Difference) -> Difference:
    """Without the names that new lessons get when they are stored."""
    return replace(found, added=tuple(replace(item, uid=None) for item in found.added))


@pytest.mark.parametrize("kind", ["days off", "one child", "move", "miss", "nothing moves"])
async def test_it_is_what_the_change_does(
    database_url: str, conninfo: str, tmp_path: Path, kind: str
) -> None:
    async with at_home(database_url, conninfo, tmp_path) as home:
        math = await home.lessons("Mathematics", home.emma)
        change: Change = {
            "days off": TakeDaysOff(WEDNESDAY, THURSDAY),
            "one child": AddCommitment(
                "Vet", math[0].date, math[0].start, NOON, Scope.CHILD, child_id=home.emma
            ),
            "move": MoveLesson(math[4].uid or "", FRIDAY, NOON + 15),
            "miss": MissLessons((math[2].uid or "",)),
            "nothing moves": AddCommitment("Choir", MONDAY, 1200, 1260, Scope.FAMILY),
        }[kind]
        expected = await preview(home, change)
        assert isinstance(expected, Difference)
        assert (expected == Difference()) == (kind == "nothing moves")
        applied = await home.change(change)
        assert isinstance(applied, Applied)
        assert unnamed(applied.difference) == expected


async def test_it_says_what_stands_against_it(
    database_url: str, conninfo: str, tmp_path: Path
) -> None:
    async with at_home(database_url, conninfo, tmp_path) as home:
        math = await home.lessons("Mathematics", home.emma)
        assert await preview(home, DropLesson("nobody")) == Impossible(Why.NO_SUCH_LESSON, "nobody")
        past = AddCommitment("Vet", MONDAY.replace(day=2), 540, 600, Scope.FAMILY)
        assert await preview(home, past) == Impossible(Why.PAST)
        too_early = MoveLesson(math[0].uid or "", MONDAY, 7 * 60)
        broken = await preview(home, too_early)
        assert isinstance(broken, Broken)
        assert broken == await home.change(too_early)
