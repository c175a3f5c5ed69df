"""Two families, every route and every command: neither reads nor writes a word of the other; and
nothing of either reaches the log or the queue."""

import logging
import re
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

import httpx
import psycopg
import pytest
import structlog
from botapi.server import BotApiServer
from parts import (
    MONDAY,
    Household,
    answer,
    everything,
    found,
    household,
    in_browser,
    in_telegram,
    opened,
    rows,
    skip_waits,
    work,
)
from whole_program import Clock

from app import logs
from app.services import Services
from app.web import create_app
from db.calendars import FeedTokens, feed_tokens
from db.conversations import Account
from db.links import Purpose, create_code
from db.secrets import digest

BASE = "http://brightpath.test"

ROUTES = {
    "/",
    "/chat",
    "/chat/events",
    "/chat/messages",
    "/chat/open",
    "/chat/static/{name}",
    "/chat/worker.js",
    "/feeds/{token}.ics",
    "/google/callback",
    "/google/connect",
    "/google/notifications",
    "/healthz",
    "/metrics",
    "/openapi.json",
    "/readyz",
    "/telegram/webhook",
    "/week/{token}",
}
"""Every route there is. A new one is named here once the walk below has been taught it."""

OPEN_TO_ALL = ("/", "/chat", "/healthz", "/readyz", "/metrics", "/openapi.json")

COMMANDS = (
    *("start", "today", "week", "help", "link", "newlinks", "language es", "en", "es", "forget"),
    *("nonsense", "start 0000-0000-0000-0000", "link {code}"),
    *("calendars", "calendars https://calendar.example.com/private/basic.ics"),
)

OPTIONS = ("forget-yes", "forget-no", "d1", "u1", "all1", "cal-off-1")

FIRST = ("Zephyrine", "Quillon", "Marguerita", "first@birds.example", "Ornithology")
SECOND = ("Thessaly", "Barnabus", "Philomena", "second@fish.example", "Ichthyology")


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 11, 23, 14, 45, tzinfo=UTC))


@dataclass(frozen=True)
class House:
    """A family, its words that nobody else uses, and its parent's browser."""

    home: Household
    words: tuple[str, ...]
    account: Account
    cookie: str

    @property
    def tokens(self) -> FeedTokens:
        return self.home.tokens

    def feeds(self) -> list[str]:
        """Every address of a calendar."""
        tokens = self.tokens
        return [
            f"/feeds/{token}.ics"
            for token in (tokens.family, *tokens.children.values(), *tokens.adults.values())
        ]

    def weeks(self) -> list[str]:
        """The page of the week, of this week, the next, and one long ago."""
        page = f"/week/{self.tokens.week}"
        return [page, *(f"{page}?week={day}" for day in (MONDAY, "2026-11-30", "2020-01-06"))]


async def settle(services: Services, words: tuple[str, ...], cookie: str) -> House:
    home = await household(
        services,
        words[:2],
        parent=words[2],
        email=words[3],
        subjects=("Mathematics", words[4]),
    )
    return House(home, words, await in_browser(services, cookie, home), cookie)


@asynccontextmanager
async def browser(
    services: Services, cookie: str | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody's browser on our own page."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(services)),
        base_url=BASE,
        headers={"origin": BASE, "x-brightpath": "1"},
        cookies={"brightpath_chat": cookie} if cookie else None,
    ) as client:
        yield client


def typed(text: str) -> dict[str, Any]:
    return {"kind": "text", "key": str(uuid.uuid4()), "since": 0, "text": text}


def tapped(message: int, step: int, option: str) -> dict[str, Any]:
    key = str(uuid.uuid4())
    tap = {"message": message, "step": step, "option": option}
    return {"kind": "tap", "key": key, "since": 0, **tap}


def of_one(conninfo: str, house: House) -> dict[str, list[str]]:
    """Every row that names the family or its account."""
    kept = {}
    with psycopg.connect(conninfo) as connection:
        for table in everything(conninfo):
            columns = {
                name
                for (name,) in connection.execute(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = %s",
                    (table,),
                )
            }
            own = {"family_id": house.home.id, "chat_account_id": house.account.id}
            if table == "families":
                own = {"id": house.home.id}
            named = [f"{column} = {own[column]}" for column in own if column in columns]
            if named:
                query = f"SELECT t::text FROM {table} t WHERE {' OR '.join(named)} ORDER BY 1"  # noqa: S608
                kept[table] = [row for (row,) in connection.execute(query.encode())]
    return kept


async def walk(
    services: Services, house: House, *, code: str, cards: Sequence[tuple[int, int]]
) -> str:
    """Takes every route as the family, also with the code and on the cards (message and step) of
    another, and returns all that was answered."""
    words = ("done", "all done", f"done {house.words[4]}", "not yet", "👍")
    events = [
        *(typed("/" + command.format(code=code)) for command in COMMANDS),
        *(typed(said) for said in words),
        *(tapped(message, step, option) for message, step in cards for option in OPTIONS),
    ]
    asked = {"key": str(uuid.uuid4()), "language": "en"}
    async with browser(services, house.cookie) as client:
        answers = [
            *[await client.get(path) for path in OPEN_TO_ALL],
            *[await client.get(path) for path in (*house.feeds(), *house.weeks())],
            await client.post("/chat/open", json=asked),
        ]
        for event in events:
            assert answers[-1].status_code == 200, (event, answers[-1].request.content)
            since = {"since": answers[-1].json()["revision"]}
            answers.append(await client.post("/chat/events", json=event | since))
        # Nobody's code or channel opens these here: the server has no Google client.
        for asked_of_google in (
            await client.get("/google/connect", params={"state": code}),
            await client.get("/google/callback", params={"state": code, "code": "4/0"}),
            await client.post("/google/notifications", headers={"x-goog-channel-id": code}),
        ):
            assert asked_of_google.status_code == 404
        answers.append(await client.get("/chat/messages?since=0&wait=0"))
    assert {answered.status_code for answered in answers} == {200, 307}
    return " ".join(answered.text for answered in answers)


async def test_every_route_and_command_stays_within_its_family(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        assert paths_of(create_app(services).routes) == ROUTES
        first = await settle(services, FIRST, "f" * 43)
        second = await settle(services, SECOND, "s" * 43)
        for house in (first, second):
            async with browser(services, house.cookie) as client:
                await client.post("/chat/events", json=typed("/today"))
                await client.post("/chat/events", json=typed("/forget"))
                await client.post("/chat/events", json=typed("/link"))
        codes = await link_codes(services, (first, second))
        query = "SELECT chat_account_id AS account, id, step FROM messages WHERE author = 'us'"
        shown = rows(conninfo, query)
        assert len(shown) == 6
        for house, other in ((first, second), (second, first)):
            untouched = of_one(conninfo, other)
            assert {"children", "messages", "feeds", "schedule_items"} <= set(untouched)
            cards = [
                (row["id"], row["step"]) for row in shown if row["account"] == other.account.id
            ]
            heard = await walk(services, house, code=codes[other.home.id], cards=cards)
            assert of_one(conninfo, other) == untouched
            assert all(word in heard for word in (*house.words[:2], house.words[4]))
            assert [word for word in other.words if word in heard] == []


def paths_of(routes: Sequence[Any]) -> set[str]:
    """The path of each route, those of included routers too."""
    paths = set()
    for route in routes:
        included = getattr(route, "original_router", None)
        paths |= {route.path} if included is None else paths_of(included.routes)
    return paths


async def current(services: Services, house: House) -> House:
    """The family with the addresses that it has now."""
    async with services.database.transaction(family_id=house.home.id) as session:
        tokens = await feed_tokens(session, house.home.id, services.box)
    return replace(house, home=replace(house.home, tokens=tokens))


async def link_codes(services: Services, houses: tuple[House, ...]) -> dict[int, str]:
    """A code of each family, good for a chat that has none."""
    async with services.database.transaction() as session:
        return {
            house.home.id: await create_code(
                session,
                Purpose.DEVICE,
                timedelta(minutes=15),
                now=services.now(),
                family_id=house.home.id,
                adult_id=house.account.adult_id,
            )
            for house in houses
        }


async def test_an_address_opens_what_it_was_given_for_and_nothing_else(
    database_url: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        house = await settle(services, FIRST, "f" * 43)
        await settle(services, SECOND, "s" * 43)
        token, page = house.tokens.family, house.tokens.week
        child = house.tokens.children[house.home.family.children[0].id]
        async with browser(services) as client:
            wrong = (
                f"/feeds/{page}.ics",
                f"/week/{token}",
                f"/feeds/{token[:-1]}.ics",
                f"/feeds/{token}0.ics",
                f"/feeds/{token.swapcase()}.ics",
                f"/feeds/{digest(token)}.ics",
                f"/week/{digest(page)}",
                "/feeds/%00.ics",
                "/feeds/1.ics",
                "/feeds/'%20OR%201=1--.ics",
                "/week/1",
                "/week/%F0%9F%A6%9C",
            )
            for path in wrong:
                answered = await client.get(path)
                assert answered.status_code == 404, path
                assert [word for word in (*FIRST, *SECOND) if word in answered.text] == []
            # A child's own calendar tells of no sibling's lessons.
            events = (await client.get(f"/feeds/{child}.ics")).text
            assert FIRST[0] in events
            assert FIRST[1] not in events


async def test_new_links_close_the_old_ones_of_this_family_alone(
    database_url: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        house = await settle(services, FIRST, "f" * 43)
        other = await settle(services, SECOND, "s" * 43)
        async with browser(services, house.cookie) as client:
            assert len(house.feeds()) == 4
            tags = {path: (await client.get(path)).headers["etag"] for path in house.feeds()}
            await client.post("/chat/events", json=typed("/newlinks"))
            for path in (*house.feeds(), *house.weeks()):
                assert (await client.get(path)).status_code == 404, path
            for path, tag in tags.items():
                # Not even "you have seen it already".
                again = await client.get(path, headers={"if-none-match": tag})
                assert again.status_code == 404
            fresh = await current(services, house)
            assert {*fresh.feeds(), *fresh.weeks()}.isdisjoint({*house.feeds(), *house.weeks()})
            for path in (*fresh.feeds(), *fresh.weeks(), *other.feeds(), *other.weeks()):
                assert (await client.get(path)).status_code == 200, path


@contextmanager
def talkative_logs() -> Iterator[None]:
    """The logs as the program sets them up, at their most talkative; put back afterwards."""
    root, level, handlers = logging.getLogger(), logging.getLogger().level, logging.root.handlers[:]
    telegram = logging.getLogger("telegram")
    before = telegram.level
    logs.configure(json=True)
    root.setLevel(logging.DEBUG)
    telegram.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(level)
        telegram.setLevel(before)


async def test_nothing_of_a_family_reaches_the_log_or_the_queue(
    database_url: str,
    conninfo: str,
    tmp_path: Path,
    clock: Clock,
    bot_api: BotApiServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with talkative_logs():
        async with opened(database_url, tmp_path, clock, bot_api) as services:
            house = await settle(services, FIRST, "f" * 43)
            parent = bot_api.world.user(FIRST[2])
            await in_telegram(services, parent, house.home)
            parent.send("/link")
            parent.send(f"{FIRST[0]} done {FIRST[4]}")
            await answer(services, bot_api)
            code = re.findall(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", str(parent.received()))[0]
            with psycopg.connect(conninfo) as connection:
                connection.execute("UPDATE families SET timezone = %s", (f"Nowhere/{FIRST[1]}",))
            parent.send(f"{FIRST[1]} done")
            await answer(services, bot_api)
            async with browser(services, house.cookie) as client:
                for path in (*house.feeds(), *house.weeks()):
                    with pytest.raises(ZoneInfoNotFoundError):
                        await client.get(path)
                with pytest.raises(ZoneInfoNotFoundError):
                    await client.post("/chat/events", json=typed(f"done {FIRST[4]}"))
            for _ in range(4):
                skip_waits(conninfo)
                await work(services)
            bot_api.faults.fail(400, f"Bad Request: {FIRST[0]}", calls=1, method="sendMessage")
            parent.send("/help")
            await answer(services, bot_api)
            # A line that should never have been written.
            structlog.get_logger().error("saved", name=FIRST[0], email=FIRST[3])
            logging.getLogger("library").error("could not save %s", FIRST[0])
            queued = [
                str(row) for row in rows(conninfo, "SELECT args, lock FROM procrastinate_jobs")
            ]
            secrets = (bot_api.token, code, *house.feeds(), house.tokens.week, house.cookie)
            canaries = [*FIRST, *(secret.split("/")[-1].removesuffix(".ics") for secret in secrets)]
    written = capsys.readouterr()
    logged = written.out + written.err
    # The log has told what happened, by its ids and the names of exceptions.
    assert logged.count("ZoneInfoNotFoundError") >= 5
    assert '"event": "undeliverable"' in logged
    assert "httpx" in logged
    assert [canary for canary in canaries if canary in logged] == []
    assert queued
    assert [canary for canary in canaries if canary in str(queued)] == []
    # Nor do they stand in any table as they are.
    assert found(conninfo, [bot_api.token, code, house.cookie, house.tokens.week]) == []
