"""Feeds with the real database: kept as they were made, and made anew when anything has changed."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from icalendar import Calendar, Event
from parts import Household, by_hand, household, in_browser, opened, rows
from whole_program import Clock

from app.services import Services
from app.web import create_app
from db.amend import amend_family
from db.calendars import create_feeds, renew_feeds, set_alarm
from db.completion import complete_item, undo_completion
from db.conversations import create_web_account, set_language
from db.document import parse_document
from db.families import adopt_chat, load_document_with_ids
from db.items import load_items
from db.schedules import store_plan
from db.session import chat_scope

MONDAY = date(2026, 11, 23)
SUNDAY_NOON = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)

OTHERS = """
    SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'feed_tokens'
"""


@dataclass
class Reader:
    """Somebody who follows a household's calendars, and what may be done to that household."""

    services: Services
    conninfo: str
    clock: Clock
    home: Household
    client: httpx.AsyncClient

    async def get(self, token: str | None = None, **headers: str) -> httpx.Response:
        address = f"/feeds/{token or self.home.tokens.family}.ics"
        return await self.client.get(
            address, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    async def events(self, token: str | None = None) -> dict[str, Event]:
        """The events by uid, of which no two share one."""
        answer = await self.get(token)
        assert answer.status_code == 200
        found = [
            event
            for event in Calendar.from_ical(answer.content).walk("VEVENT")
            if "RECURRENCE-ID" not in event
        ]
        events = {str(event["UID"]): event for event in found}
        assert len(events) == len(found)
        return events

    async def titles(self, token: str | None = None) -> list[str]:
        return sorted(str(event["SUMMARY"]) for event in (await self.events(token)).values())

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Any]:
        async with self.services.database.transaction(family_id=self.home.id) as session:
            yield session

    def later(self, minutes: int = 1) -> None:
        self.clock.now += timedelta(minutes=minutes)


@pytest_asyncio.fixture
async def reader(database_url: str, conninfo: str, tmp_path: Path) -> AsyncIterator[Reader]:
    clock = Clock(SUNDAY_NOON)
    async with opened(database_url, tmp_path, clock) as services:
        home = await household(services)
        transport = httpx.ASGITransport(create_app(services))
        async with httpx.AsyncClient(transport=transport, base_url="http://plan.example") as client:
            yield Reader(services, conninfo, clock, home, client)


async def test_what_a_reader_has_already_costs_one_look_up(reader: Reader) -> None:
    tag = (await reader.get()).headers["etag"]
    with psycopg.connect(reader.conninfo) as other:
        (tables,) = other.execute(OTHERS).fetchone() or ("",)
        other.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE".encode())
        async with asyncio.timeout(10):
            again = await reader.get(if_none_match=tag)
    assert (again.status_code, again.headers["etag"]) == (304, tag)


async def test_what_was_made_once_is_kept(reader: Reader) -> None:
    first = await reader.get()
    ((body, etag),) = [
        (bytes(row["body"]), row["etag"])
        for row in rows(reader.conninfo, "SELECT * FROM feed_bodies")
    ]
    assert gzip.decompress(body) == first.content
    assert first.headers["etag"] == f'"{etag}-gzip"'
    second = await reader.get(accept_encoding="identity")
    assert (second.content, second.headers["etag"]) == (first.content, f'"{etag}"')
    ((token,),) = [
        (row["etag"],)
        for row in rows(reader.conninfo, "SELECT * FROM feed_tokens WHERE fresh_until > now()")
    ]
    assert token == etag


async def test_a_lesson_that_is_done_changes_only_the_calendars_that_show_it(
    reader: Reader,
) -> None:
    emma, noah = (reader.home.tokens.children[child.id] for child in reader.home.family.children)
    tags = {token: (await reader.get(token)).headers["etag"] for token in (emma, noah)}
    uid = next(iter(await reader.events(emma)))
    async with reader.writing() as session:
        await complete_item(session, reader.home.id, uid, reader.clock.now, by="child")
    assert (await reader.get(noah, if_none_match=tags[noah])).status_code == 304
    answer = await reader.get(emma, if_none_match=tags[emma])
    assert answer.status_code == 200
    done = (await reader.events(emma))[uid]
    assert str(done["SUMMARY"]).startswith("✓ ")
    assert (done["SEQUENCE"], done["LAST-MODIFIED"].dt) == (1, reader.clock.now)
    reader.later()
    async with reader.writing() as session:
        await undo_completion(session, reader.home.id, uid, now=reader.clock.now)
    again = (await reader.events(emma))[uid]
    assert not str(again["SUMMARY"]).startswith("✓")
    assert (again["SEQUENCE"], again["LAST-MODIFIED"].dt) == (2, reader.clock.now)
    assert (await reader.get(noah, if_none_match=tags[noah])).status_code == 304


async def speaks(reader: Reader, code: str) -> None:
    account = await in_browser(reader.services, f"cookie-{code}", reader.home)
    async with reader.writing() as session:
        await set_language(session, account.id, code)


async def claimed_in_spanish(reader: Reader) -> None:
    async with reader.writing() as session:
        account = await create_web_account(session, "cookie", language="es")
        await chat_scope(session, account.id)
        await adopt_chat(session, account, reader.home.id, reader.home.family.adults[0].id)


async def rings(reader: Reader) -> None:
    async with reader.writing() as session:
        await set_alarm(session, reader.home.id, 10)


async def amended(reader: Reader, change: Callable[[dict[str, Any]], object]) -> None:
    async with reader.writing() as session:
        document, ids = await load_document_with_ids(session, reader.home.id)
        given = document.model_dump(mode="json", by_alias=True, exclude_unset=True)
        change(given)
        await amend_family(
            session, reader.home.id, parse_document(given), ids, now=reader.clock.now
        )


async def renamed(reader: Reader) -> None:
    await amended(reader, lambda given: given["children"][0].update(name="Emmy"))


async def moved_house(reader: Reader) -> None:
    await amended(reader, lambda given: given.update(timezone="Europe/Madrid"))


async def given_a_sheet(reader: Reader) -> None:
    sheet = {"resources": [{"name": "Sheet", "url": "https://example.com/sheet"}]}
    await amended(reader, lambda given: given["children"][0]["subjects"][0].update(metadata=sheet))


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (lambda reader: speaks(reader, "es"), "NAME:Familia de Sarah"),
        (claimed_in_spanish, "NAME:Familia de Sarah"),
        (rings, "TRIGGER:-PT10M"),
        (renamed, "SUMMARY:Emmy and Noah: Mathematics"),
        (moved_house, "DTSTART;TZID=Europe/Madrid:20261123T090000"),
        (given_a_sheet, "Sheet: https://example.com/sheet"),
    ],
    ids=["language", "claimed", "alarm", "name", "zone", "materials"],
)
async def test_whatever_a_calendar_shows_is_shown_anew_once_it_changes(
    reader: Reader, change: Callable[[Reader], Awaitable[None]], shown: str
) -> None:
    before = await reader.get()
    assert shown not in before.text.replace("\r\n ", "")
    await change(reader)
    after = await reader.get(if_none_match=before.headers["etag"])
    assert after.status_code == 200
    assert shown in after.text.replace("\r\n ", "")


async def test_a_year_is_looked_back_on_and_then_leaves_by_the_month(reader: Reader) -> None:
    year_ago = date(2025, 11, 24)
    async with reader.writing() as session:
        plan = by_hand(reader.home.family, year_ago)
        await store_plan(session, reader.home.id, plan, now=reader.clock.now)
    reader.clock.now = datetime(2026, 12, 1, 4, 59, tzinfo=UTC)  # a minute to midnight
    first = await reader.get()
    days = {event.start.date() for event in (await reader.events()).values()}
    assert min(days) == year_ago
    reader.later()
    answer = await reader.get(if_none_match=first.headers["etag"])
    assert answer.status_code == 200
    days = {event.start.date() for event in (await reader.events()).values()}
    assert min(days) == MONDAY


async def test_a_lesson_rings_until_its_day_is_over(reader: Reader) -> None:
    await rings(reader)

    async def ringing() -> set[date]:
        events = (await reader.events()).values()
        return {event.start.date() for event in events if event.walk("VALARM")}

    week = {MONDAY + timedelta(days=number) for number in range(5)}
    assert await ringing() == week
    reader.clock.now = datetime(2026, 11, 24, 4, 59, tzinfo=UTC)
    assert await ringing() == week
    reader.later()
    assert await ringing() == week - {MONDAY}
    # Addresses that are made later ring too.
    async with reader.writing() as session:
        tokens = await renew_feeds(
            session, reader.home.id, reader.services.box, now=reader.clock.now
        )
    events = (await reader.events(tokens.family)).values()
    assert [event for event in events if event.walk("VALARM")]
    async with reader.writing() as session:
        await set_alarm(session, reader.home.id, None)
        assert await create_feeds(session, reader.home.id, reader.services.box) == tokens
    events = (await reader.events(tokens.family)).values()
    assert not [event for event in events if event.walk("VALARM")]


async def test_what_another_version_has_kept_is_made_anew(reader: Reader) -> None:
    first = await reader.get()
    other = "00000000ab"
    with psycopg.connect(reader.conninfo) as connection:
        for table in ("feed_tokens", "feed_bodies"):
            connection.execute(f"UPDATE {table} SET etag = %s".encode(), (other,))  # noqa: S608
        connection.execute("UPDATE feed_bodies SET body = 'nothing to unzip'")
    answer = await reader.get(if_none_match=f'"{other}"')
    assert (answer.status_code, answer.content) == (200, first.content)
    assert answer.headers["etag"] == first.headers["etag"]


async def test_each_calendar_has_a_color_of_its_own(reader: Reader) -> None:
    tokens = reader.home.tokens
    every = [tokens.family, *tokens.children.values(), *tokens.adults.values()]
    colors = [
        str(Calendar.from_ical((await reader.get(token)).content)["COLOR"]) for token in every
    ]
    assert len(set(colors)) == len(colors) == 4


async def test_only_lessons_are_told_and_by_nicknames(reader: Reader) -> None:
    async with reader.writing() as session:
        items = await load_items(session, reader.home.id, MONDAY, MONDAY + timedelta(days=7))
        lessons = [replace(stored.item, adult_id=None) for stored in items]
        await store_plan(
            session,
            reader.home.id,
            replace(by_hand(reader.home.family, MONDAY), items=tuple(lessons)),
            now=reader.clock.now,
        )
    assert set(await reader.titles()) == {"Emma and Noah: Mathematics", "Emma and Noah: Reading"}
    assert "example.com" not in (await reader.get()).text
