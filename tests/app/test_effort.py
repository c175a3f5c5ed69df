"""How much a parent has to tap and type: counted from /start to the published week, through the
real chat and the real planner."""

from pathlib import Path

import pytest
from parts import SUNDAY_EVENING, opened, rows, work
from players import DEFAULTS, Player, browser
from whole_program import Clock

from app.services import Services
from core.defaults import PRESETS, subject_defaults, subject_kind
from core.week import time_of

AT_MOST_BY_DEFAULT = 25
AT_MOST_IN_EVERY_DETAIL = 90

BEFORE_SUBJECTS = DEFAULTS[:11]
RATINGS = ("1 2 4 5 2", "1 2 4 5 2", "1 2 5 4 1 2 5")
"""None of them as the first preset has it."""


@pytest.fixture
def clock() -> Clock:
    return Clock(SUNDAY_EVENING)


async def start(services: Services, conninfo: str) -> Player:
    parent = await browser(services, conninfo)
    await parent.say("/start")
    return parent


async def published(services: Services, parent: Player) -> None:
    await work(services)
    assert "Emma and Noah's week is ready" in await parent.titles()
    states = rows(parent.conninfo, "SELECT DISTINCT state FROM schedules WHERE is_active")
    assert [row["state"] for row in states] == ["published"]


async def test_a_family_of_two_that_accepts_the_defaults(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        sarah = await start(services, conninfo)
        await sarah.say(*DEFAULTS, "@accept")
        await published(services, sarah)
        print(f"\ninputs from /start to the week, defaults accepted: {sarah.inputs}")
        assert sarah.inputs <= AT_MOST_BY_DEFAULT


async def test_a_family_that_changes_every_detail(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        sarah = await start(services, conninfo)
        await sarah.say(*BEFORE_SUBJECTS)
        for _ in ("Emma", "Noah"):
            card = await sarah.card()
            chosen = [line.split(" · ")[0] for line in card.lines if " min" in line]
            assert chosen
            for number, name in enumerate(chosen):
                # One line for each subject, as a parent would type it who wants it all otherwise.
                line = _line(card.lines, name)
                core = "not core" if "core" in line else "core"
                help_needed = "with me" if "alone" in line else "alone"
                at = f"{9 + number // 2}:{30 * (number % 2):02}"
                await sarah.say(f"{name} {core} 10 min 4x {help_needed} at {at} interest 5")
            await sarah.say("@accept")
        await sarah.say(*DEFAULTS[13:17])
        for line in RATINGS:
            await sarah.say(line, "@accept")
        await sarah.say("@plans-1", "@accept")
        await published(services, sarah)
        print(f"\ninputs from /start to the week, every detail changed: {sarah.inputs}")
        assert sarah.inputs <= AT_MOST_IN_EVERY_DETAIL
        assert_nothing_is_as_suggested(conninfo)


def _line(lines: tuple[str, ...], name: str) -> str:
    return next(line for line in lines if line.startswith(f"{name} · "))


def assert_nothing_is_as_suggested(conninfo: str) -> None:
    subjects = rows(
        conninfo, "SELECT s.*, c.age FROM subjects s JOIN children c ON c.id = child_id"
    )
    assert len(subjects) > 10
    for row in subjects:
        usual = subject_defaults(subject_kind(row["name"]), row["age"])
        assert row["is_core_subject"] != usual.core
        assert row["session_duration"] != usual.minutes
        assert row["metadata"]["sessionsPerWeek"] == 4
        assert row["parent_involvement"] != usual.involvement.value
        assert row["fixed_time_required"]
        assert row["preferred_time"] >= time_of(9 * 60)
        assert row["interest_level"] != usual.interest
    (family,) = rows(conninfo, "SELECT preferences FROM families")
    stored, usual_preset = family["preferences"], PRESETS[0]
    groups = {
        "homeschoolingPhilosophy": usual_preset.philosophy,
        "schedulingStyle": usual_preset.style,
        "activityPreferences": usual_preset.activities,
    }
    changed = [
        (group, name)
        for group, usual_ratings in groups.items()
        for name, rating in usual_ratings.items()
        if stored[group][name] != rating
    ]
    assert len(changed) == 17
    assert stored["planningApproach"] != usual_preset.approach.value
