"""The small family with its week, and a parent's Google account beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
from changing import Home, at_home
from googleapi.server import CLIENT_ID, CLIENT_SECRET, GoogleServer
from googleapi.world import Person
from parts import in_browser, rows, say_to_us, work
from pydantic import SecretStr

from app.clock import tick
from app.services import Services
from app.settings import Settings
from app.tasks import register
from app.web import create_app
from bot.conversations.cards import Tapped
from core.plan import Item, ItemType
from core.week import instant
from db.conversations import Account
from db.links import Purpose, create_code
from db.queue import make_app

QUARTER = timedelta(minutes=15)
COOKIE = "g" * 43


@dataclass(frozen=True)
class GoogleHome:
    """A family whose parent Sarah uses Google."""

    home: Home
    google: GoogleServer
    sarah: Person
    account: Account
    client: httpx.AsyncClient

    @property
    def services(self) -> Services:
        return self.home.services

    async def link(self) -> str:
        """The address that the chat shows, without its server."""
        async with self.services.database.transaction() as session:
            code = await create_code(
                session,
                Purpose.GOOGLE,
                QUARTER,
                now=self.services.now(),
                family_id=self.home.id,
                adult_id=self.account.adult_id,
                chat_account_id=self.account.id,
            )
        return f"/google/connect?state={code}"

    async def to_google(self) -> str:
        """Google's page, to which the link leads."""
        answer = await self.client.get(await self.link())
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def connect(self) -> httpx.Response:
        """Sarah follows the link, agrees, and comes back."""
        back = self.google.oauth.consent(await self.to_google(), self.sarah)
        parts = urlsplit(back)
        return await self.client.get(f"{parts.path}?{parts.query}")

    async def work(self) -> None:
        await work(self.services)

    async def poll(self, after: timedelta = timedelta(minutes=10)) -> None:
        """Time passes, and what became due is done."""
        self.home.clock.now += after
        self.google.world.advance(after)
        await tick(self.services)
        await self.work()

    def calendar(self, child: str) -> str:
        """The id of a child's calendar."""
        return self.sarah.calendar(f"{child} · BrightPath").id

    def shown(self, child: str) -> dict[str, tuple[datetime, datetime, str]]:
        """What a child's calendar shows of ours, by uid; what others wrote is left out."""
        found = {}
        for event in self.sarah.events(self.calendar(child)):
            uid = event.get("extendedProperties", {}).get("private", {}).get("brightpathUid")
            if uid is not None:
                assert uid not in found, "shown twice"
                found[uid] = (moment(event["start"]), moment(event["end"]), event["summary"])
        return found

    async def planned(self, child: str) -> dict[str, tuple[datetime, datetime, str]]:
        """What it should show."""
        family = await self.home.reload()
        zone = ZoneInfo(family.timezone)
        (child_id,) = [each.id for each in family.children if each.name == child]
        return {
            item.uid or "": (
                instant(item.date, item.start, zone),
                instant(item.date, item.end, zone),
                f"✓ {item.name}" if item.completed else item.name,
            )
            for item in (await self.home.week()).items
            if item.child_id == child_id and item.type is ItemType.SUBJECT
        }

    async def assert_equal(self) -> None:
        for child in ("Emma", "Noah"):
            assert self.shown(child) == await self.planned(child)

    def event_of(self, item: Item) -> tuple[str, str]:
        """The calendar and id of a lesson's event."""
        name = next(c.name for c in self.home.family.children if c.id == item.child_id)
        for event in self.sarah.events(self.calendar(name)):
            private = event.get("extendedProperties", {}).get("private", {})
            if private.get("brightpathUid") == item.uid:
                return self.calendar(name), event["id"]
        raise LookupError(item)

    def drag(self, item: Item, to: date, start: int) -> None:
        """Sarah drags a lesson in Google."""
        zone = ZoneInfo(self.home.family.timezone)
        self.sarah.move(*self.event_of(item), instant(to, start, zone).astimezone(zone))

    async def tap(self, message_id: int, option: str) -> None:
        """Sarah taps a button in the chat."""
        tapped = Tapped(0, option)
        await say_to_us(self.services, self.account, tapped, message_id=message_id)

    def said(self) -> list[dict[str, Any]]:
        """What the chat shows, oldest first."""
        found = rows(
            self.home.conninfo,
            "SELECT id, view FROM messages WHERE author = 'us' AND chat_account_id = %s"
            " ORDER BY id",
            self.account.id,
        )
        return [{"id": row["id"], **row["view"]} for row in found]

    def calls(self, *methods: str) -> int:
        """How many calls of these methods were made so far; all without any."""
        return sum(not methods or call.method in methods for call in self.google.calls)

    def writes(self) -> int:
        return self.calls("events.insert", "events.update", "events.delete")

    def connection(self) -> dict[str, Any]:
        (row,) = self.home.table("calendar_connections")
        return row


@asynccontextmanager
async def with_google(
    url: str, conninfo: str, home: Path, google: GoogleServer, **settings: Any
) -> AsyncIterator[GoogleHome]:
    """The family, with a server that knows Google and a parent's browser."""
    async with at_home(url, conninfo, home) as small:
        services = replace(
            small.services,
            settings=Settings(
                _env_file=None,
                brightpath_home=home,
                google_api_base=google.base,
                google_oauth_base=google.base,
                **{
                    "google_client_id": CLIENT_ID,
                    "google_client_secret": SecretStr(CLIENT_SECRET),
                    **settings,
                },
            ),
            queue=make_app(url.replace("postgresql+psycopg", "postgresql")),
        )
        register(services)
        small = replace(small, services=services)
        sarah = google.world.person("Sarah")
        transport = httpx.ASGITransport(create_app(services))
        async with (
            services.queue.open_async(),
            httpx.AsyncClient(transport=transport, base_url="http://brightpath.test") as client,
        ):
            account = await in_browser(services, COOKIE, small)  # type: ignore[arg-type]
            yield GoogleHome(small, google, sarah, account, client)


def moment(time: dict[str, str]) -> datetime:
    return datetime.fromisoformat(time["dateTime"])


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons of a message, row by row."""
    return [button for row in message.get("rows", ()) for button in row]
