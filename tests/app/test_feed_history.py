"""What a calendar app sees of a family that changes its weeks and takes changes back."""

import os
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from changing import MONDAY, WEDNESDAY, Home, at_home
from icalendar import Calendar, Component
from test_change_machine import any_change

from app.changes import Applied
from app.web import create_app
from core.changes import AddCommitment, CancelOccurrence, MoveOccurrence
from core.family import Scope
from db.calendars import feed_tokens

SEEDS = range(int(os.environ.get("FEEDS", "2")))
"""`FEEDS=100` plays that many families."""

STEPS = 14
REVISION = ("SEQUENCE", "DTSTAMP", "LAST-MODIFIED")


class Follower:
    """A calendar app that knows all that it was ever shown of each event."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self.client, self.address = client, f"/feeds/{token}.ics"
        self.tag = ""
        self.shown: dict[str, tuple[str, int, object]] = {}
        """By uid: what an event said last, its SEQUENCE and LAST-MODIFIED, also once it is gone."""
        self.there: set[str] = set()

    async def look(self) -> bool:
        """Reads the calendar, if it is another; whether it was. Whatever is shown otherwise than
        last time must be a newer revision, also if it was gone meanwhile, and nothing an older
        one."""
        answer = await self.client.get(self.address, headers={"if-none-match": self.tag})
        if answer.status_code == 304:
            return False
        assert answer.status_code == 200
        self.tag = answer.headers["etag"]
        whole: dict[str, list[Component]] = {}
        for event in Calendar.from_ical(answer.content).walk("VEVENT"):
            whole.setdefault(str(event["UID"]), []).append(event)
        for uid, events in whole.items():
            (series, *moved) = sorted(events, key=lambda event: "RECURRENCE-ID" in event)
            assert all("RECURRENCE-ID" in event for event in moved), "one event for a uid"
            said = "".join(
                f"{name}:{event[name]}"
                for event in events
                for name in sorted(event)
                if name not in REVISION
            )
            sequence, changed = int(series["SEQUENCE"]), series["LAST-MODIFIED"].dt
            if uid in self.shown:
                before, former, at = self.shown[uid]
                # A lesson that was shared for a while comes back as the child's own that it was.
                back = uid not in self.there and uid.startswith("commitment")
                assert sequence > former if said != before or back else sequence >= former
                assert changed >= at
            self.shown[uid] = said, sequence, changed
        self.there = set(whole)
        return True


@asynccontextmanager
async def followed(
    database_url: str, conninfo: str, tmp_path: Path
) -> AsyncIterator[tuple[Home, list[Follower]]]:
    """A family at home, and a follower of each of its calendars."""
    async with at_home(database_url, conninfo, tmp_path) as home:
        async with home.services.database.transaction(family_id=home.id) as session:
            tokens = await feed_tokens(session, home.id, home.services.box)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(home.services)), base_url="http://x.example"
        ) as client:
            every = [tokens.family, *tokens.children.values(), *tokens.adults.values()]
            yield home, [Follower(client, token) for token in every]


def events_of(answer: httpx.Response) -> str:
    """All but when the calendar itself was changed, which is told only if something else is new."""
    return re.sub(r"LAST-MODIFIED:\w+\r\n", "", answer.text, count=1)


async def assert_right(home: Home, follower: Follower) -> None:
    """What is kept is what would be made now."""
    kept = await follower.client.get(follower.address)
    with psycopg.connect(home.conninfo) as connection:
        connection.execute("UPDATE feed_tokens SET fresh_until = NULL")
        connection.execute("DELETE FROM feed_bodies")
    made = await follower.client.get(follower.address)
    assert events_of(kept) == events_of(made)


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_changes_each_calendar_follows(
    database_url: str, conninfo: str, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    async with followed(database_url, conninfo, tmp_path) as (home, followers):
        tokens: list[str] = []
        changes = looks = 0
        for _ in range(STEPS):
            for follower in followers:
                looks += await follower.look()
            home.clock.now += timedelta(seconds=dice.choice([0, 1, 60]))
            if tokens and dice.random() < 0.4:
                outcome = await home.undo(tokens.pop())
            else:
                outcome = await home.change(
                    any_change(dice, await home.reload(), await home.week())
                )
            if isinstance(outcome, Applied):
                changes += 1
                tokens.append(outcome.token)
        for follower in followers:
            looks += await follower.look()
            await assert_right(home, follower)
        assert changes
        print(f"\n{changes} changes, {looks} calendars read anew of {len(followers) * (STEPS + 1)}")


async def test_a_commitment_rises_with_every_change_and_undo(
    database_url: str, conninfo: str, tmp_path: Path
) -> None:
    async with followed(database_url, conninfo, tmp_path) as (home, followers):
        family = followers[0]
        piano = home.family.children[0].commitments[0].id
        party = AddCommitment("Party", MONDAY, 16 * 60, 17 * 60, Scope.FAMILY)
        # All of it within one second: each is another revision all the same.
        for change in (
            party,
            CancelOccurrence(piano, True, WEDNESDAY),
            MoveOccurrence(piano, True, WEDNESDAY, WEDNESDAY, 16 * 60, 17 * 60),
        ):
            await family.look()
            token = (await home.applied(change)).token
            for _ in range(3):
                assert await family.look()
                token = (await home.undone(token)).token
        assert await family.look()
