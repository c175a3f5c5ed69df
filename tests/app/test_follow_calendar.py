"""A calendar outside, served over loopback, and what it does to a family's week."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio
from changing import DOCUMENT, MONDAY, TUESDAY, Home, assert_agrees, at_home, places, subject
from parts import in_browser, last_said, say_to_us, work
from web_outside import Reply, Request, Server, calendar_server, guard

from app.clock import tick
from app.outside import follow_calendar
from app.services import libpq_url
from app.tasks import register
from bot.conversations.cards import Tapped
from core.outside import PATIENCE
from core.plan import Item, ItemType
from core.week import clock
from db.connections import (
    FOLLOW,
    Connection,
    ConnectionState,
    Provider,
    amend_connection,
    create_connection,
    delete_connection,
    load_connection,
)
from db.conversations import Account
from db.families import invite_adult, set_role
from db.queue import enqueue, make_app
from db.revision import bump_revision

NAME = "Work calendar"


def meeting(item: Item, *, uid: str = "meeting") -> str:
    """A meeting at the time of a lesson."""
    at = f"{item.date:%Y%m%d}T"
    return (
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:Lay off half of the team\r\n"
        f"DTSTART;TZID=America/New_York:{at}{clock(item.start).replace(':', '')}00\r\n"
        f"DTEND;TZID=America/New_York:{at}{clock(item.end).replace(':', '')}00\r\nEND:VEVENT\r\n"
    )


@dataclass
class Outside:
    """The calendar as its owner keeps it; `status` is what its server answers."""

    events: list[str] = field(default_factory=list)
    status: int = 200

    def answer(self, request: Request) -> Reply:
        if self.status != 200:
            return Reply(self.status)
        body = "".join(("BEGIN:VCALENDAR\r\n", *self.events, "END:VCALENDAR\r\n")).encode()
        etag = f'"{hash(body)}"'
        if request.headers.get("if-none-match") == etag:
            return Reply(304)
        return Reply(body=body, headers={"ETag": etag})


@dataclass(frozen=True)
class Followed:
    """A family that plans around a calendar, and one parent's chat."""

    home: Home
    outside: Outside
    server: Server
    connection_id: int
    chat: Account

    async def look(self) -> None:
        """What the clock has done every hour."""
        await follow_calendar(self.home.services, self.home.id, self.connection_id)

    async def connection(self) -> Connection:
        async with self.home.services.database.transaction(family_id=self.home.id) as session:
            found = await load_connection(session, self.connection_id, self.home.services.box)
            assert found is not None
            return found

    def times(self) -> set[tuple[Any, str, str]]:
        return {
            (row["date"], f"{row['start_time']:%H:%M}", f"{row['end_time']:%H:%M}")
            for row in self.home.table("family_commitments")
            if row["connection_id"]
        }

    def said(self, chat: Account | None = None) -> list[dict[str, Any]]:
        query = "SELECT * FROM messages WHERE chat_account_id = %s ORDER BY id"
        return self.home.rows(query, (chat or self.chat).id)

    async def tap(self, label: str, chat: Account | None = None) -> None:
        chat = chat or self.chat
        message = last_said(self.home.conninfo, chat)
        buttons = [button for row in message["view"]["rows"] for button in row]
        option = next(button["id"] for button in buttons if button["label"] == label)
        tapped = Tapped(message["step"], option)
        await say_to_us(self.home.services, chat, tapped, message_id=message["id"])

    def next_look(self) -> timedelta:
        (row,) = self.home.rows("SELECT next_due_at FROM connection_times")
        due: timedelta = row["next_due_at"] - self.home.clock.now.replace(tzinfo=None)
        return due


@asynccontextmanager
async def following(
    url: str,
    conninfo: str,
    folder: Path,
    *,
    adult: bool = False,
    document: dict[str, Any] = DOCUMENT,
) -> AsyncIterator[Followed]:
    outside = Outside()
    async with (
        at_home(url, conninfo, folder, document=document) as home,
        calendar_server(folder, outside.answer) as server,
    ):
        queue = make_app(libpq_url(home.services.database_url))
        services = replace(home.services, guard=guard(), queue=queue)
        register(services)
        home = replace(home, services=services)
        async with queue.open_async():
            async with services.database.transaction(family_id=home.id) as session:
                connection_id = await create_connection(
                    session,
                    home.id,
                    Provider.ICAL,
                    services.box,
                    now=home.clock.now,
                    name=NAME,
                    address=server.url(),
                    adult_id=home.family.adults[0].id if adult else None,
                )
            chat = await in_browser(services, "s" * 30, home)
            yield Followed(home, outside, server, connection_id, chat)
    assert_agrees(conninfo)


@pytest_asyncio.fixture
async def followed(database_url: str, conninfo: str, tmp_path: Path) -> AsyncIterator[Followed]:
    async with following(database_url, conninfo, tmp_path) as found:
        yield found


async def math_on(home: Home, place: int) -> Item:
    return (await home.lessons("Mathematics"))[place]


async def feed_marks(home: Home) -> set[Any]:
    return {row["fresh_until"] for row in home.rows("SELECT fresh_until FROM feed_tokens")}


async def test_a_meeting_hits_a_lesson_and_a_tap_moves_it(followed: Followed) -> None:
    home = followed.home
    await followed.look()
    assert (followed.said(), followed.times()) == ([], set())
    before = places(await home.week())
    lesson = await math_on(home, 1)
    followed.outside.events.append(meeting(lesson))

    await followed.look()
    (question,) = followed.said()
    assert question["view"]["title"] == (
        f"{NAME} has new times when you have lessons. Shall we move them?"
    )
    assert "Mathematics moves" in " ".join(question["view"]["lines"])
    assert places(await home.week()) == before
    # The next hours do not ask again, nor does the next day, which reads the file anew.
    for hours in (1, 1, 6):
        home.clock.now += timedelta(hours=hours)
        await followed.look()
    assert followed.said() == [question]

    home.rows("UPDATE feed_tokens SET fresh_until = now() RETURNING 1")
    await followed.tap("Move them")
    assert last_said(home.conninfo, followed.chat)["view"]["title"] == f"Making room for {NAME}…"
    await work(home.services)
    (answer,) = followed.said()
    assert answer["view"]["title"] == f"There is room for {NAME} now"
    assert answer["view"]["lines"] == question["view"]["lines"]
    moved = await math_on(home, 1)
    assert moved.uid in {item.uid for item in await home.lessons("Mathematics")}
    after = {item.uid: item for item in (await home.week()).items}[lesson.uid]
    assert not (after.date == lesson.date and after.start < lesson.end and lesson.start < after.end)
    assert followed.times() == {(lesson.date, clock(lesson.start), clock(lesson.end))}
    shown = {item.name for item in (await home.week()).items if item.type is ItemType.COMMITMENT}
    assert NAME in shown
    assert await feed_marks(home) == {None}, "feeds are made anew"
    assert "Lay off" not in str(home.rows("SELECT * FROM schedule_items"))
    # And it stays so.
    await followed.look()
    assert followed.said() == [answer]


async def test_undone_it_is_asked_again_in_its_place(followed: Followed) -> None:
    home = followed.home
    before = places(await home.week())
    followed.outside.events.append(meeting(await math_on(home, 1)))
    await followed.look()
    await followed.tap("Move them")
    await work(home.services)
    await followed.tap("Undo")
    await work(home.services)
    assert places(await home.week()) == before
    home.clock.now += timedelta(days=1)
    followed.outside.events.append("")
    await followed.look()
    (question,) = followed.said()
    assert "Shall we move" in question["view"]["title"]


async def test_left_as_it_is_it_is_never_asked_again(followed: Followed) -> None:
    home = followed.home
    before = places(await home.week())
    lesson = await math_on(home, 1)
    followed.outside.events.append(meeting(lesson))
    await followed.look()
    await followed.tap("Leave as is")
    await work(home.services)
    (answer,) = followed.said()
    assert "the lessons stay" in answer["view"]["title"]
    followed.outside.events.append(meeting(lesson, uid="another at the same time"))
    home.at(MONDAY, "07:00")
    await followed.look()
    assert followed.said() == [answer]
    assert (places(await home.week()), followed.times()) == (before, set())


async def test_what_asks_nothing_is_so_at_once(followed: Followed) -> None:
    home = followed.home
    lesson = await math_on(home, 1)
    evening = replace(lesson, start=19 * 60, end=20 * 60)
    far_off = replace(lesson, date=lesson.date + timedelta(days=28))
    followed.outside.events += [
        meeting(lesson),
        meeting(evening, uid="2"),
        meeting(far_off, uid="3"),
    ]
    await followed.look()
    assert followed.times() == {
        (lesson.date, "19:00", "20:00"),
        (far_off.date, clock(lesson.start), clock(lesson.end)),
    }
    assert len(followed.said()) == 1
    # What the calendar no longer holds is free again, and the question with it.
    followed.outside.events.clear()
    await followed.look()
    assert followed.times() == set()
    (answer,) = followed.said()
    assert answer["view"]["title"].startswith("This has been settled")
    assert (await followed.connection()).proposal is None


async def test_no_lesson_moves_unasked(database_url: str, conninfo: str, tmp_path: Path) -> None:
    """Not even where no lesson stands at the new time, but a rest is cut short by it."""
    subjects = [subject(name) for name in ("Mathematics", "Latin", "Spelling")]
    hours = {"homeschoolingHours": {"startTime": "09:00", "endTime": "10:45"}}
    emma = {"name": "Emma", "age": 9, "learningPreferences": hours, "subjects": subjects}
    document = {**DOCUMENT, "commitments": [], "children": [emma]}
    async with following(database_url, conninfo, tmp_path, document=document) as followed:
        home = followed.home

        async def lessons() -> set[tuple[object, ...]]:
            items = (await home.week()).items
            return {(i.uid, i.date, i.start) for i in items if i.type is ItemType.SUBJECT}

        before = await lessons()
        rests = [i for i in (await home.week()).items if i.type is ItemType.BREAK]
        for number, rest in enumerate(rests):
            short = replace(rest, end=rest.start + 5)
            followed.outside.events.append(meeting(short, uid=str(number)))
        await followed.look()
        assert await lessons() == before
        (question,) = followed.said()
        assert "Shall we move" in question["view"]["title"]
        assert followed.times() == set()


async def test_an_adult_s_meeting_leaves_lessons_alone_that_need_nobody(
    database_url: str, conninfo: str, tmp_path: Path
) -> None:
    async with following(database_url, conninfo, tmp_path, adult=True) as followed:
        alone = await math_on(followed.home, 1)
        with_sarah = (await followed.home.lessons("Reading"))[0]
        followed.outside.events.append(meeting(alone))
        await followed.look()
        assert followed.said() == []
        followed.outside.events.append(meeting(with_sarah, uid="2"))
        await followed.look()
        (question,) = followed.said()
        assert "Noah's Reading" in " ".join(question["view"]["lines"])


async def test_every_guardian_is_asked_and_one_answer_settles_it(followed: Followed) -> None:
    home, services = followed.home, followed.home.services
    async with services.database.transaction(family_id=home.id) as session:
        dad = await invite_adult(session, home.id, "Tom", home.clock.now)
        nana = await invite_adult(session, home.id, "Nana", home.clock.now)
        await set_role(session, dad, "guardian")
        await set_role(session, nana, "helper")
    toms = await in_browser(services, "t" * 30, home, adult_id=dad)
    nanas = await in_browser(services, "n" * 30, home, adult_id=nana)
    followed.outside.events.append(meeting(await math_on(home, 1)))
    await followed.look()
    assert len(followed.said(toms)) == 1
    assert followed.said(nanas) == []
    # Both answer; the later one finds it settled.
    await followed.tap("Leave as is")
    await followed.tap("Move them", toms)
    await work(services)
    for chat in (followed.chat, toms):
        (said,) = followed.said(chat)
        assert "the lessons stay" in said["view"]["title"] or "settled" in said["view"]["title"]
        assert "rows" not in said["view"]
    assert followed.times() == set()


async def test_a_changed_question_takes_the_place_of_the_old_one(followed: Followed) -> None:
    home = followed.home
    followed.outside.events.append(meeting(await math_on(home, 1)))
    await followed.look()
    followed.outside.events.append(meeting(await math_on(home, 2), uid="2"))
    await followed.look()
    old, new = followed.said()
    assert old["view"]["title"].startswith("This has been settled")
    assert "Shall we move" in new["view"]["title"]


async def test_a_file_is_read_once_a_day_although_it_stays_the_same(followed: Followed) -> None:
    home = followed.home
    await followed.look()
    await followed.look()
    home.clock.now += timedelta(days=1)
    await followed.look()
    conditional = ["if-none-match" in each.headers for each in followed.server.requests]
    assert conditional == [False, True, False]


async def test_trouble_that_lasts_is_told_once_and_slows_the_looks(followed: Followed) -> None:
    home = followed.home
    await followed.look()
    assert timedelta(minutes=54) <= followed.next_look() <= timedelta(minutes=66)
    followed.outside.status = 503
    began = home.clock.now
    looks = 0
    while home.clock.now < began + timedelta(days=6):
        await followed.look()
        told = [each for each in followed.said() if "cannot read" in each["view"]["title"]]
        assert bool(told) == (home.clock.now - began >= PATIENCE)
        home.clock.now += followed.next_look()
        looks += 1
    (said,) = followed.said()
    assert said["view"]["lines"][1] == "What we know of it stays in your plan."
    assert looks < 16
    connection = await followed.connection()
    assert (connection.problem, connection.problem_since) == ("server", began)
    followed.outside.status = 200
    await followed.look()
    connection = await followed.connection()
    assert (connection.problem, connection.problem_since) == (None, None)


async def test_a_link_that_is_gone_is_told_at_once(followed: Followed) -> None:
    lesson = await math_on(followed.home, 1)
    evening = replace(lesson, start=19 * 60, end=20 * 60)
    followed.outside.events.append(meeting(evening))
    await followed.look()
    known = followed.times()
    for _ in range(3):
        followed.outside.status = 410
        followed.home.clock.now += timedelta(days=1)
        await followed.look()
    (said,) = followed.said()
    assert said["view"]["lines"][0] == "There is no calendar at its address any more."
    assert followed.times() == known


async def test_a_new_address_that_cannot_be_read_is_told_at_once(followed: Followed) -> None:
    followed.outside.status = 503
    await followed.look()
    await followed.look()
    (said,) = followed.said()
    assert said["view"]["lines"][1] == "Your week is planned without it so far."


async def test_past_times_are_forgotten_and_without_the_connection_all(followed: Followed) -> None:
    home = followed.home
    tuesday = replace(await math_on(home, 1), date=TUESDAY, start=19 * 60, end=20 * 60)
    followed.outside.events.append(meeting(tuesday))
    await followed.look()
    home.clock.now += timedelta(days=10)
    await followed.look()
    assert len(followed.times()) == 1
    home.clock.now += timedelta(days=10)
    await followed.look()
    assert followed.times() == set()
    async with home.services.database.transaction(family_id=home.id) as session:
        await delete_connection(session, followed.connection_id)
        await bump_revision(session, home.id)
    await followed.look()
    assert home.rows("SELECT * FROM connection_times") == []


async def test_the_clock_looks_every_hour_and_a_job_that_runs_twice_does_no_harm(
    followed: Followed,
) -> None:
    home = followed.home
    async with home.services.database.transaction(family_id=home.id) as session:
        ids = {"family_id": home.id, "connection_id": followed.connection_id}
        await enqueue(session, FOLLOW, **ids)
        await enqueue(session, FOLLOW, **ids)
    await work(home.services)
    assert len(followed.server.requests) == 2
    assert (await followed.connection()).checked_at == home.clock.now
    for hours in range(1, 4):
        home.clock.now += followed.next_look()
        await tick(home.services)
        await work(home.services)
        assert len(followed.server.requests) == 2 + hours


async def test_what_is_still_being_told_is_not_looked_at(followed: Followed) -> None:
    home = followed.home
    async with home.services.database.transaction(family_id=home.id) as session:
        await amend_connection(
            session, followed.connection_id, now=home.clock.now, state=ConnectionState.PENDING
        )
    await followed.look()
    assert followed.server.requests == []
