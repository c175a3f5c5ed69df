"""The family's weeks on real CalDAV servers, from joining to leaving, read back by other eyes."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from changing import MONDAY, THURSDAY, TUESDAY, WEDNESDAY, Home, at_home
from davservers import PASSWORD, USER, Running, radicale
from icalendar import Calendar
from parts import found, in_browser, rows, skip_waits, work
from real_process import free_port
from web_outside import Reply, Request, calendar_server, guard

import app.caldav
from app.caldav import connect_caldav, publish_caldav
from app.planning import settle
from app.tasks import register
from core.changes import (
    AddCommitment,
    CancelOccurrence,
    DropLesson,
    MarkDone,
    MoveLesson,
    MoveOccurrence,
)
from core.commitments import busy
from core.family import Scope
from core.plan import ItemType, WeekRequest
from core.week import instant, week_dates
from db.connections import (
    CONNECT_CALDAV,
    DISCONNECT,
    Connection,
    ConnectionState,
    Provider,
    connections_of,
    create_connection,
)
from db.conversations import Account, link_account
from db.queue import enqueue, make_app
from db.revision import PUBLISH, bump_revision
from db.schedules import store_plan
from sync.caldav import made_by_us, new_name
from sync.dav import Server

SOMEBODY_ELSES = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Somebody//Else//EN\r\nBEGIN:VEVENT\r\n"
    "UID:dentist\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20300101T160000Z\r\nSUMMARY:Dentist\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)

A_CALENDAR = (
    b'<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><response>'
    b"<href>/sarah/</href><propstat><prop><resourcetype><C:calendar/></resourcetype></prop>"
    b"<status>HTTP/1.1 200 OK</status></propstat></response></multistatus>"
)

NEXT_WEDNESDAY = WEDNESDAY + timedelta(days=7)

ZONE = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Joined:
    """A family at home, Sarah's web chat, and a collection of hers with an event of her own."""

    home: Home
    running: Running
    chat: Account
    url: str

    async def pending(self, address: str, password: str = PASSWORD) -> int:
        """What the chat keeps when Sarah has typed it all."""
        services = self.home.services
        async with services.database.transaction(family_id=self.home.id) as session:
            return await create_connection(
                session,
                self.home.id,
                Provider.CALDAV,
                services.box,
                now=services.now(),
                state=ConnectionState.PENDING,
                address=address,
                token=json.dumps({"user": USER, "password": password}),
                adult_id=self.home.family.adults[0].id,
            )

    async def join(self, address: str | None = None, password: str = PASSWORD) -> None:
        services, family_id = self.home.services, self.home.id
        connection_id = await self.pending(address or self.url, password)
        async with services.database.transaction(family_id=family_id) as session:
            await enqueue(session, CONNECT_CALDAV, family_id=family_id, connection_id=connection_id)
        await work(services)

    async def leave(self, *, keep: bool) -> None:
        services = self.home.services
        (connection,) = await self.connections()
        async with services.database.transaction(family_id=self.home.id) as session:
            await enqueue(
                session,
                DISCONNECT,
                family_id=self.home.id,
                connection_id=connection.id,
                keep=int(keep),
            )
        await work(services)

    async def connections(self) -> list[Connection]:
        services = self.home.services
        async with services.database.transaction(family_id=self.home.id) as session:
            return list(await connections_of(session, self.home.id, services.box))

    async def connection(self) -> Connection:
        (connection,) = await self.connections()
        return connection

    async def change(self, change: Any) -> None:
        await self.home.applied(change)
        await work(self.home.services)

    def said(self) -> list[str]:
        """Titles of what Sarah was told, oldest first."""
        query = "SELECT view FROM messages WHERE chat_account_id = %s ORDER BY id"
        return [row["view"]["title"] for row in rows(self.home.conninfo, query, self.chat.id)]

    def shown(self, url: str | None = None) -> Counter[tuple[datetime, datetime, str]]:
        """What a calendar app shows of two weeks: from, to, what."""
        found: Counter[tuple[datetime, datetime, str]] = Counter()
        for body in self.running.bodies(url or self.url).values():
            for event in recurring_ical_events.of(Calendar.from_ical(body)).between(
                MONDAY, MONDAY + timedelta(days=14)
            ):
                told = str(event["SUMMARY"]).removeprefix("✓ ").rpartition(": ")[2]
                found[event.start.astimezone(UTC), event.end.astimezone(UTC), told] += 1
        return found

    async def planned(self) -> Counter[tuple[datetime, datetime, str]]:
        """The same from the family's rows."""
        family = await self.home.reload()
        lessons = {
            (item.date, item.start, item.end, item.name, item.adult_id)
            for monday in (MONDAY, MONDAY + timedelta(days=7))
            for item in (await self.home.week(monday)).items
            if item.type is ItemType.SUBJECT
        }
        owned = [*family.commitments, *(c for child in family.children for c in child.commitments)]
        taken = [
            (day, start, end, commitment.name)
            for commitment in owned
            for monday in (MONDAY, MONDAY + timedelta(days=7))
            for day in week_dates(monday)
            for start, end in busy(commitment, day)
        ]
        return Counter(
            (instant(day, start, ZONE), instant(day, end, ZONE), name)
            for day, start, end, name, *_ in [*lessons, *taken]
        )

    async def assert_equal(self, url: str | None = None) -> int:
        """The collection shows the weeks, each thing once, and Sarah's own event is as it was."""
        shown = self.shown(url)
        assert shown == await self.planned()
        if url is None:
            assert "Dentist" in self.running.bodies(self.url)["dentist.ics"]
        return shown.total()


@asynccontextmanager
async def family_with(
    running: Running, url: str, conninfo: str, folder: Path
) -> AsyncIterator[Joined]:
    async with at_home(url, conninfo, folder) as home:
        queue = make_app(url.replace("postgresql+psycopg", "postgresql"))
        services = replace(home.services, guard=running.guard, queue=queue)
        register(services)
        async with services.queue.open_async():
            chat = await in_browser(services, "sarahs cookie")
            async with services.database.transaction() as session:
                adult_id = home.family.adults[0].id
                await link_account(session, chat.id, family_id=home.id, adult_id=adult_id)
            collection = running.make(new_name())
            running.put(f"{collection}dentist.ics", SOMEBODY_ELSES)
            yield Joined(replace(home, services=services), running, chat, collection)


@pytest.fixture
async def joined(
    running: Running, database_url: str, conninfo: str, tmp_path: Path
) -> AsyncIterator[Joined]:
    async with family_with(running, database_url, conninfo, tmp_path) as family:
        await family.join()
        yield family


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods of all requests that we make, as they are made."""
    methods: list[str] = []
    ask = Server.ask

    def counted(self: Server, method: str, *arguments: Any, **named: Any) -> Any:
        methods.append(method)
        return ask(self, method, *arguments, **named)

    monkeypatch.setattr(Server, "ask", counted)
    return methods


async def test_a_family_joins_by_the_address_of_its_server(
    running: Running, database_url: str, conninfo: str, tmp_path: Path
) -> None:
    async with family_with(running, database_url, conninfo, tmp_path) as family:
        before = running.collections()
        await family.join(running.address.removeprefix("https://"))
        connection = await family.connection()
        assert connection.state is ConnectionState.ACTIVE
        (calendar,) = family.home.table("published_calendars")
        url = calendar["calendar_id"]
        assert calendar["child_id"] is None
        assert calendar["synced_at"] is not None
        assert made_by_us(url)
        assert len(running.collections() - before) <= 1
        assert family.said() == [
            "Connected. Your week goes to the calendar “BrightPath” there, and changes follow by"
            " themselves."
        ]
        occurrences = await family.assert_equal(url if url != family.url else None)
        print(f"{running.name}: {occurrences} occurrences at their instants")


async def test_every_change_of_a_week_follows(joined: Joined, asked: list[str]) -> None:
    home = joined.home
    total = await joined.assert_equal()
    assert asked == []
    (maths, *_), (reading, *_) = await home.lessons("Mathematics"), await home.lessons("Reading")
    piano = home.family.children[0].commitments[0]
    for change in (
        MoveLesson(maths.uid or "", maths.date, 12 * 60),
        DropLesson(reading.uid or ""),
        CancelOccurrence(piano.id, True, WEDNESDAY),
        MoveOccurrence(piano.id, True, NEXT_WEDNESDAY, NEXT_WEDNESDAY, 12 * 60, 13 * 60),
        AddCommitment("Choir", THURSDAY, 900, 960, Scope.FAMILY),
    ):
        asked.clear()
        await joined.change(change)
        total += await joined.assert_equal()
        assert 1 <= asked.count("PUT") + asked.count("DELETE") <= 20
        assert set(asked) <= {"PUT", "DELETE"}
    family = await home.reload()
    plan = settle(WeekRequest(family, MONDAY + timedelta(days=7)))
    async with home.services.database.transaction(family_id=home.id) as session:
        await store_plan(session, home.id, plan, now=home.services.now())
    asked.clear()
    await work(home.services)
    total += await joined.assert_equal()
    assert set(asked) == {"PUT"}
    home.at(TUESDAY, "16:00")
    asked.clear()
    done = (await home.lessons("Mathematics"))[1]
    await joined.change(MarkDone(done.uid or "", "parent"))
    assert asked == ["PUT"]
    print(f"{joined.running.name}: {total} occurrences compared")


async def test_without_a_change_nothing_is_written(joined: Joined, asked: list[str]) -> None:
    home = joined.home
    before = joined.running.bodies(joined.url)
    for _ in range(2):
        async with home.services.database.transaction(family_id=home.id) as session:
            await bump_revision(session, home.id)
        await work(home.services)
    assert asked == []
    assert joined.running.bodies(joined.url) == before


@pytest.mark.parametrize("killed_at", [1, 2, 7])
async def test_killed_between_a_call_and_its_note_nothing_is_doubled(
    running: Running,
    database_url: str,
    conninfo: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    killed_at: int,
) -> None:
    remember = app.caldav._remember
    calls = 0

    async def dies_once(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == killed_at:
            raise ConnectionResetError
        await remember(*arguments)

    monkeypatch.setattr(app.caldav, "_remember", dies_once)
    async with family_with(running, database_url, conninfo, tmp_path) as family:
        await family.join()
        assert calls == killed_at
        skip_waits(conninfo)
        await work(family.home.services)
        assert calls > killed_at
        await family.assert_equal()
        calls = 0
        maths = (await family.home.lessons("Mathematics"))[0]
        for change in (MoveLesson(maths.uid or "", maths.date, 720), DropLesson(maths.uid or "")):
            calls = killed_at - 1
            await family.change(change)
            skip_waits(conninfo)
            await work(family.home.services)
            await family.assert_equal()


async def test_what_is_done_there_gives_way_where_we_change_it(joined: Joined) -> None:
    home, running = joined.home, joined.running
    first, second = (await home.lessons("Mathematics"))[:2]
    names = [f"{(lesson.uid or '').partition('@')[0]}.ics" for lesson in (first, second)]
    body = running.bodies(joined.url)[names[0]]
    running.put(joined.url + names[0], body.replace("Mathematics", "Sleeping in"))
    running.delete(joined.url + names[1])
    shown = joined.shown()
    assert any(told == "Sleeping in" for *_, told in shown)
    await joined.change(MoveLesson(first.uid or "", first.date, 12 * 60))
    await joined.change(MoveLesson(second.uid or "", second.date, 12 * 60))
    await joined.assert_equal()


@pytest.mark.parametrize("keep", [True, False])
async def test_leaving_takes_ours_along_or_leaves_it(joined: Joined, keep: bool) -> None:
    before = joined.running.bodies(joined.url)
    await joined.leave(keep=keep)
    after = joined.running.bodies(joined.url)
    assert after == before if keep else list(after) == ["dentist.ics"]
    assert "Dentist" in after["dentist.ics"]
    assert await joined.connections() == []
    assert joined.home.table("published_events") == []
    assert len(joined.said()) == 1


async def test_a_collection_of_ours_goes_with_the_last_of_it(joined: Joined) -> None:
    joined.running.delete(f"{joined.url}dentist.ics")
    await joined.leave(keep=False)
    assert joined.url.rstrip("/").rpartition("/")[2] not in joined.running.collections()


async def test_one_who_comes_back_finds_it_all_and_nothing_doubled(
    joined: Joined, asked: list[str]
) -> None:
    await joined.leave(keep=True)
    await joined.join()
    await joined.assert_equal()
    asked.clear()
    await joined.join()
    assert len(await joined.connections()) == 1
    assert not {"PUT", "DELETE"} & set(asked)


async def test_a_wrong_password_is_told_and_forgotten(
    running: Running, database_url: str, conninfo: str, tmp_path: Path
) -> None:
    async with family_with(running, database_url, conninfo, tmp_path) as family:
        await family.join(password="guessed wrong")
        assert family.said() == ["The server did not accept that name and password."]
        assert await family.connections() == []
        assert found(conninfo, ["guessed wrong"]) == []


async def test_addresses_that_lead_nowhere_are_told_kindly(
    running: Running, database_url: str, conninfo: str, tmp_path: Path
) -> None:
    async with family_with(running, database_url, conninfo, tmp_path) as family:
        for address, title in (
            ("my calendar", "We found no calendar server at that address."),
            (
                "http://cloud.example/",
                "We can only go to addresses that begin with https and can be reached from the"
                " internet.",
            ),
            (
                f"https://localhost:{free_port()}/",
                "That server gives no answer that we understand right now.",
            ),
        ):
            await family.join(address)
            assert family.said()[-1] == title
            assert await family.connections() == []


async def test_a_password_that_ends_is_told_once_and_mended(
    tmp_path_factory: pytest.TempPathFactory, database_url: str, conninfo: str
) -> None:
    with radicale(tmp_path_factory.mktemp("radicale")) as running:
        folder = tmp_path_factory.mktemp("home")
        async with family_with(running, database_url, conninfo, folder) as family:
            await family.join()
            running.let_in_with("another one")
            lessons = await family.home.lessons("Mathematics")
            for lesson in lessons[:3]:
                await family.change(MoveLesson(lesson.uid or "", lesson.date, 12 * 60))
            connection = await family.connection()
            assert (connection.state, connection.problem) == (ConnectionState.BROKEN, "password")
            assert [title for title in family.said() if "does not let us in" in title] == [
                "Your calendar server does not let us in any more, so changes do not reach your"
                " calendar there."
            ]
            await family.join(password="another one")
            assert (await family.connection()).state is ConnectionState.ACTIVE
            running.let_in_with(PASSWORD)
            await family.assert_equal()


async def test_a_calendar_that_is_deleted_there_is_not_made_again(joined: Joined) -> None:
    joined.running.delete(joined.url)
    for lesson in (await joined.home.lessons("Mathematics"))[:2]:
        await joined.change(MoveLesson(lesson.uid or "", lesson.date, 12 * 60))
    connection = await joined.connection()
    assert (connection.state, connection.problem) == (ConnectionState.BROKEN, "gone")
    assert joined.url.rstrip("/").rpartition("/")[2] not in joined.running.collections()
    assert (
        joined.said().count(
            "The calendar that we write to is not there any more, so we have stopped."
        )
        == 1
    )


async def test_a_server_out_of_reach_is_waited_for(joined: Joined) -> None:
    home = joined.home

    async def nowhere(_host: str, _port: int) -> list[str]:
        raise OSError

    cut_off = replace(home.services, guard=replace(joined.running.guard, resolve=nowhere))
    maths = (await home.lessons("Mathematics"))[0]
    await home.applied(MoveLesson(maths.uid or "", maths.date, 12 * 60))
    home.rows("DELETE FROM procrastinate_jobs RETURNING id")
    start, waits = home.clock.now, []
    for hours in (0, 1, 12, 71, 72, 80):
        home.clock.now = start + timedelta(hours=hours)
        await publish_caldav(cut_off, await joined.connection())
        connection = await joined.connection()
        assert (connection.state, connection.problem) == (ConnectionState.ACTIVE, "no_answer")
        assert connection.problem_since == start
        (job,) = home.rows(
            "DELETE FROM procrastinate_jobs RETURNING task_name,"
            " extract(epoch FROM scheduled_at - now()) AS wait"
        )
        assert job["task_name"] == PUBLISH
        waits.append(float(job["wait"]))
        silent = [title for title in joined.said() if "three days" in title]
        assert len(silent) == (hours >= 72)
    assert waits[0] < 60 < 3000 < waits[2] < 5500
    await publish_caldav(home.services, await joined.connection())
    assert (await joined.connection()).problem is None
    await joined.assert_equal()


async def test_a_server_that_dies_amid_it_all(
    tmp_path_factory: pytest.TempPathFactory, database_url: str, conninfo: str
) -> None:
    with radicale(tmp_path_factory.mktemp("radicale")) as running:
        folder = tmp_path_factory.mktemp("home")
        async with family_with(running, database_url, conninfo, folder) as family:
            await family.join()
            running.vanish()
            maths = (await family.home.lessons("Mathematics"))[0]
            await family.change(MoveLesson(maths.uid or "", maths.date, 12 * 60))
            assert (await family.connection()).problem == "no_answer"
            await family.leave(keep=False)
            for _ in range(5):
                skip_waits(conninfo)
                await work(family.home.services)
            assert await family.connections() == []
            assert "did not let us take our lessons away" in family.said()[-1]


async def test_a_full_account_is_told_once_and_goes_on_by_itself(
    running: Running, database_url: str, conninfo: str, tmp_path: Path
) -> None:
    full, kept = True, 0

    def answer(request: Request) -> Reply:
        nonlocal kept
        if request.method == "PROPFIND":
            return Reply(207, A_CALENDAR, {"Content-Type": "text/xml"})
        kept += not full
        return Reply(507) if full else Reply(201, headers={"ETag": '"1"'})

    async with (
        calendar_server(tmp_path, answer) as server,
        family_with(running, database_url, conninfo, tmp_path) as family,
    ):
        services = replace(family.home.services, guard=guard())
        connection_id = await family.pending(server.url("/sarah/"))
        await connect_caldav(services, family.home.id, connection_id)
        for _ in range(3):
            await publish_caldav(services, await family.connection())
        connection = await family.connection()
        assert (connection.state, connection.problem) == (ConnectionState.ACTIVE, "full")
        assert family.said()[1:] == [
            "Your calendar account is full, so new lessons do not reach it."
        ]
        full = False
        await publish_caldav(services, await family.connection())
        assert (await family.connection()).problem is None
        assert kept == len(family.home.table("published_events")) > 10


async def test_secrets_are_only_stored_sealed(joined: Joined) -> None:
    assert found(joined.home.conninfo, [PASSWORD, joined.running.address]) == [
        ("published_calendars", joined.running.address)
    ]
