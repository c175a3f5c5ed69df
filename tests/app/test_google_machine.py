"""The family changes its weeks while its parent drags and deletes in Google, calls fail in every
way, and runs die between any two of their transactions: once it is quiet, both say the same."""

import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from changing import FRIDAY, MONDAY
from google_home import GoogleHome, buttons, with_google
from googleapi import faults
from googleapi.server import GoogleServer
from parts import skip_waits
from test_change_machine import STARTS, any_change

from app.changes import Applied
from app.google import publish_google
from app.services import Services
from core.plan import ItemType
from core.week import week_dates
from db.connections import load_connection
from db.session import Database

SEEDS = range(int(os.environ.get("GOOGLE_WEEKS", "2")))
"""`GOOGLE_WEEKS=50` plays that many, for an evening."""

STEPS = 12
ANYWHERE = (faults.RATE_LIMITED, faults.USER_RATE_LIMITED, faults.TOO_MANY, faults.UNAVAILABLE)
ANYWHERE += (faults.BROKEN, faults.BROKEN_AFTERWARDS, faults.DROPPED, faults.DROPPED_AFTERWARDS)
MISHAPS = {
    "events.list": (*ANYWHERE, faults.GARBLED),
    "events.get": (*ANYWHERE, faults.NOT_THERE),
    "events.insert": (*ANYWHERE, faults.EXISTS, faults.GARBLED),
    "events.update": (*ANYWHERE, faults.CHANGED, faults.NOT_THERE, faults.GARBLED),
    "events.delete": (*ANYWHERE, faults.CHANGED, faults.NOT_THERE),
}


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Mortal:
    """A database whose process dies instead of opening one transaction more than `left`."""

    database: Database
    left: int

    @asynccontextmanager
    async def transaction(self, **scope: Any) -> AsyncIterator[Any]:
        self.left -= 1
        if self.left < 0:
            raise Killed
        async with self.database.transaction(**scope) as session:
            yield session


async def run(there: GoogleHome, services: Services) -> None:
    async with there.services.database.transaction(family_id=there.home.id) as session:
        connection = await load_connection(session, there.connection()["id"], there.services.box)
    assert connection is not None
    await publish_google(services, connection)


async def run_and_die(there: GoogleHome, transactions: int) -> bool:
    mortal: Any = Mortal(there.services.database, transactions)
    try:
        await run(there, replace(there.services, database=mortal))
    except Killed:
        return True
    return False


async def somebody(there: GoogleHome, dice: random.Random) -> bool:
    """Sarah does something in one of the calendars; whether there was anything to do."""
    lessons = [item for item in (await there.home.week()).items if item.type is ItemType.SUBJECT]
    item = dice.choice(lessons)
    try:
        calendar, event = there.event_of(item)
    except LookupError:
        return False
    match dice.choice(["drag", "drag", "drag", "delete", "rename", "all day"]):
        case "drag":
            there.drag(item, dice.choice(week_dates(MONDAY)), dice.choice(STARTS))
        case "delete":
            there.sarah.delete(calendar, event)
        case "rename":
            there.sarah.change(calendar, event, summary="Volcanoes")
        case "all day":
            there.sarah.change(
                calendar,
                event,
                start={"date": FRIDAY.isoformat(), "dateTime": None},
                end={"date": FRIDAY.replace(day=5).isoformat(), "dateTime": None},
            )
    return True


async def quiet(there: GoogleHome) -> None:
    """Everything that waits is done, and what is asked is answered."""
    there.google.faults.plan = lambda number, method: None
    for _ in range(4):
        skip_waits(there.home.conninfo)
        await there.poll()
        for message in there.said():
            if "deleted at once" in message["title"] and buttons(message):
                await there.tap(message["id"], buttons(message)[0]["id"])
        await there.work()


@pytest.mark.parametrize("seed", SEEDS)
async def test_once_it_is_quiet_both_say_the_same(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer, seed: int
) -> None:
    dice = random.Random(seed)
    figures = Counter[str]()

    def mishap(number: int, method: str) -> faults.Fault | None:
        if method not in MISHAPS or dice.random() > 0.15:
            return None
        figures["faults"] += 1
        return dice.choice(MISHAPS[method])

    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        for _ in range(STEPS):
            if dice.random() < 0.5:
                change = any_change(dice, await there.home.reload(), await there.home.week())
                outcome = await there.home.change(change)
                if isinstance(outcome, Applied):
                    figures["changes"] += len(outcome.difference.moved) + 1
            else:
                figures["edits"] += await somebody(there, dice)
            there.google.faults.plan = mishap
            if dice.random() < 0.5:
                figures["deaths"] += await run_and_die(there, dice.randrange(30))
            else:
                await run(there, there.services)
            there.google.faults.plan = lambda number, method: None
        await quiet(there)
        await there.assert_equal()
        calls = there.calls()
        await there.poll()
        assert there.calls() == calls + 3
        lists = there.calls("events.list")
        print(f"\nGoogle weeks: {dict(figures)}, {there.writes()} writes, {lists} lists")
