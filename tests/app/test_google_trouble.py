"""Google cannot be asked, tells of changes, and is taken leave of."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from changing import FRIDAY
from google_home import GoogleHome, buttons, with_google
from googleapi import faults
from googleapi.server import CLIENT_ID, CLIENT_SECRET, GoogleServer
from parts import skip_waits

from app.google import NIGHT
from core.changes import MoveLesson
from db.connections import DISCONNECT
from db.queue import MAX_ATTEMPTS, enqueue
from db.revision import bump_revision, publish_soon

HTTPS = "https://plan.example"


async def disconnect(there: GoogleHome, *, keep: bool) -> None:
    async with there.services.database.transaction(family_id=there.home.id) as session:
        await enqueue(
            session,
            DISCONNECT,
            family_id=there.home.id,
            connection_id=there.connection()["id"],
            keep=int(keep),
        )
    await there.work()


async def changed(there: GoogleHome) -> None:
    """Something changes here, which Google is to be told."""
    math = (await there.home.lessons("Mathematics", there.home.emma))[4]
    await there.home.applied(MoveLesson(math.uid or "", FRIDAY, 12 * 60 + 15))


def waiting(there: GoogleHome) -> list[dict[str, Any]]:
    """The jobs that wait to publish, with the seconds until they may."""
    return there.home.rows(
        "SELECT id, extract(epoch FROM scheduled_at - now())::int AS seconds"
        " FROM procrastinate_jobs WHERE task_name = 'publish_week' AND status = 'todo'"
    )


async def test_a_limit_is_waited_for_and_nothing_asks_meanwhile(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        google.faults.plan = lambda number, method: (
            faults.RATE_LIMITED if method == "events.list" else None
        )
        await changed(there)
        await there.work()
        (job,) = waiting(there)
        assert 20 < job["seconds"] <= 46
        assert there.connection()["problem"] == "ratelimited"
        calls = there.calls()
        async with there.services.database.transaction(family_id=there.home.id) as session:
            await bump_revision(session, there.home.id)
        await there.work()
        assert there.calls() == calls
        assert [each["id"] for each in waiting(there)] == [job["id"]]
        # The longer it lasts, the longer the pause.
        there.home.clock.now += timedelta(minutes=5)
        skip_waits(conninfo)
        await there.work()
        (job,) = waiting(there)
        assert 290 < job["seconds"] <= 450
        google.faults.plan = lambda number, method: None
        skip_waits(conninfo)
        await there.work()
        await there.assert_equal()
        assert there.connection()["problem"] is None
        assert len(there.said()) == 1, "nobody needs to hear of that"


async def test_as_long_as_google_asks(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        patient = faults.BACKEND_UNAVAILABLE.waiting(900)
        google.faults.next(faults.Fault(patient), "events.list")
        await changed(there)
        await there.work()
        (job,) = waiting(there)
        assert 890 < job["seconds"] <= 901


async def test_at_night_all_of_it_is_compared(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        # We remember something that is not so, as a restored backup would.
        there.home.rows("UPDATE published_events SET fingerprint = 'older' RETURNING id")
        lost = there.home.rows(
            "DELETE FROM published_events WHERE id = (SELECT min(id) FROM published_events)"
            " RETURNING id"
        )
        assert lost
        there.home.at(FRIDAY, f"{NIGHT:02d}:05")
        async with there.services.database.transaction(family_id=there.home.id) as session:
            await publish_soon(session, there.home.id, there.connection()["id"])
        await there.work()
        await there.assert_equal()
        compared = {row["synced_at"] for row in there.home.table("published_calendars")}
        assert compared == {there.home.clock.now.replace(tzinfo=None)}


async def test_a_child_who_leaves_is_asked_about(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        there.home.rows("DELETE FROM children WHERE name = 'Noah' RETURNING id")
        await there.poll()
        await there.poll()
        (_, asked) = there.said()
        assert [button["label"] for button in buttons(asked)] == ["Leave it as it is", "Delete it"]
        assert len(there.sarah.calendars()) == 3
        await there.tap(asked["id"], buttons(asked)[1]["id"])
        await there.work()
        assert [c.summary for c in there.sarah.calendars()[1:]] == ["Emma · BrightPath"]
        assert len(there.home.table("published_calendars")) == 1
        assert there.shown("Emma") == await there.planned("Emma")


@pytest.mark.parametrize("keep", [True, False])
async def test_taken_leave_of(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer, keep: bool
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        google.faults.next(faults.BROKEN, "oauth.token")
        await disconnect(there, keep=keep)
        assert there.connection()["state"] == "ended"
        skip_waits(conninfo)
        await there.work()
        assert len(there.sarah.calendars()) == (3 if keep else 1)
        for table in ("calendar_connections", "published_calendars", "published_events"):
            assert there.home.table(table) == []
        assert google.oauth._refresh_tokens == {}
        calls = there.calls()
        await changed(there)
        await there.poll()
        assert there.calls() == calls


async def test_access_that_is_gone_can_be_taken_leave_of(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        google.oauth.take_back(there.sarah)
        await disconnect(there, keep=False)
        assert there.home.table("calendar_connections") == []
        assert "still there" in there.said()[-1]["title"]


async def test_a_google_that_never_answers_can_be_taken_leave_of(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        google.faults.plan = lambda number, method: faults.BROKEN
        await disconnect(there, keep=False)
        for _ in range(MAX_ATTEMPTS - 2):
            skip_waits(conninfo)
            await there.work()
        assert there.connection()["state"] == "ended"
        skip_waits(conninfo)
        await there.work()
        assert there.home.table("calendar_connections") == []
        assert "still there" in there.said()[-1]["title"]


async def test_google_tells_of_changes_where_it_can_reach_us(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    google.oauth.register(CLIENT_ID, CLIENT_SECRET, f"{HTTPS}/google/callback")
    settings = {"public_url": HTTPS}
    async with with_google(database_url, conninfo, tmp_path, google, **settings) as there:
        await there.connect()
        await there.work()
        channels = there.home.rows("SELECT * FROM watch_channels ORDER BY expires_at")
        assert len(channels) == len(google.channels.open) == 2
        assert all(channel["resource_id"] for channel in channels)
        calls = there.calls()
        await there.poll()
        assert there.calls() == calls, "nothing is asked between"

        math = (await there.home.lessons("Mathematics", there.home.emma))[4]
        there.drag(math, FRIDAY, 12 * 60 + 15)
        google.channels.settle()
        told = google.channels.delivered[-1].headers
        assert (await there.client.post("/google/notifications", headers=told)).status_code == 200
        await there.work()
        (moved,) = [e for e in await there.home.lessons("Mathematics") if e.uid == math.uid]
        assert (moved.date, moved.start) == (FRIDAY, 12 * 60 + 15)

        for name, forged in (
            ("X-Goog-Channel-Token", "guessed"),
            ("X-Goog-Channel-Token", "é"),
            ("X-Goog-Channel-ID", "unknown"),
            ("X-Goog-Resource-ID", "another"),
        ):
            headers = {**told, name: forged.encode()}
            answer = await there.client.post("/google/notifications", headers=headers)
            assert answer.status_code == 404
        assert (await there.client.post("/google/notifications")).status_code == 404
        assert waiting(there) == []

        # Channels are renewed before they end, and the old ones stopped.
        there.home.clock.now += timedelta(days=6, hours=1)
        google.world.advance(timedelta(days=6, hours=1))
        await there.poll()
        renewed = there.home.rows("SELECT * FROM watch_channels")
        assert len(renewed) == len(google.channels.open) == 2
        assert {c["channel_id"] for c in renewed}.isdisjoint(c["channel_id"] for c in channels)
        await disconnect(there, keep=True)
        assert google.channels.open == {}


async def test_who_connects_again_while_it_is_taken_down_is_connected(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        google.faults.next(faults.BROKEN, "oauth.token")
        await disconnect(there, keep=True)
        await there.connect()
        skip_waits(conninfo)
        await there.work()
        assert there.connection()["state"] == "active"
        emma = [c for c in there.sarah.calendars() if c.summary == "Emma · BrightPath"]
        assert [len(c.standing()) for c in emma] == [len(await there.planned("Emma"))] * 2


async def test_answers_wait_for_google_and_end_with_the_access(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        there.home.rows("DELETE FROM children WHERE name = 'Noah' RETURNING id")
        await there.poll()
        asked = there.said()[-1]
        google.faults.next(faults.BROKEN, "calendars.delete")
        await there.tap(asked["id"], buttons(asked)[1]["id"])
        await there.work()
        assert len(there.home.table("published_calendars")) == 2
        google.oauth.take_back(there.sarah)
        skip_waits(conninfo)
        await there.work()
        assert there.connection()["state"] == "broken"
        assert there.said()[-1]["title"] == "Google no longer lets us write your calendar"
