import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from botapi.server import BotApiServer
from botapi.world import wait_until

from bot.incoming import Json
from bot.polling import poll
from bot.telegram import TelegramChannel


class Inbox:
    """Keeps what it was given; fails first as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.updates: list[dict[str, Json]] = []
        self.failures = failures
        self._news = asyncio.Condition()

    async def receive(self, update: dict[str, Json]) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is away")
        async with self._news:
            self.updates.append(update)
            self._news.notify_all()

    async def holds(self, count: int) -> list[str]:
        async with self._news:
            await asyncio.wait_for(
                self._news.wait_for(lambda: len(self.updates) >= count), timeout=10
            )
        return [str(update["message"]["text"]) for update in self.updates]


@pytest.fixture
async def channel(bot_api: BotApiServer) -> AsyncIterator[TelegramChannel]:
    async with TelegramChannel(bot_api.token, bot_api.base) as opened:
        yield opened


class Polling:
    def __init__(self, channel: TelegramChannel, inbox: Inbox) -> None:
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(
            poll(channel, inbox.receive, stop=self._stop, wait=20, first_pause=0.02)
        )

    async def __aenter__(self) -> "Polling":
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._stop.set()
        await asyncio.wait_for(self._task, timeout=2)


async def test_updates_arrive_in_order_and_are_confirmed(
    channel: TelegramChannel, bot_api: BotApiServer
) -> None:
    bot_api.world.webhook = ("http://127.0.0.1:9/old", "")
    sarah, inbox = bot_api.world.user(), Inbox()
    sarah.send("one")
    sarah.send("two")
    async with Polling(channel, inbox):
        assert await inbox.holds(2) == ["one", "two"]
        sarah.send("three")
        assert await inbox.holds(3) == ["one", "two", "three"]
        await asyncio.to_thread(wait_until, lambda: not bot_api.world.updates)
    assert all(isinstance(update["update_id"], int) for update in inbox.updates)


async def test_what_could_not_be_kept_is_asked_for_again(
    channel: TelegramChannel, bot_api: BotApiServer
) -> None:
    sarah, inbox = bot_api.world.user(), Inbox(failures=2)
    sarah.send("one")
    sarah.send("two")
    async with Polling(channel, inbox):
        assert await inbox.holds(2) == ["one", "two"]


async def test_a_server_in_trouble_is_asked_again(
    channel: TelegramChannel, bot_api: BotApiServer
) -> None:
    sarah, inbox = bot_api.world.user(), Inbox()
    bot_api.faults.fail(502, "Bad Gateway", calls=2, method="getUpdates")
    bot_api.faults.flood(retry_after=1, method="getUpdates")
    sarah.send("one")
    started = time.monotonic()
    async with Polling(channel, inbox):
        assert await inbox.holds(1) == ["one"]
    assert time.monotonic() - started >= 1
    assert len(bot_api.called("getUpdates")) == 4


async def test_stopping_does_not_wait_for_the_open_question(
    channel: TelegramChannel, bot_api: BotApiServer
) -> None:
    polling = Polling(channel, Inbox())
    await asyncio.to_thread(wait_until, lambda: bool(bot_api.called("deleteWebhook")))
    await asyncio.sleep(0.1)
    started = time.monotonic()
    async with polling:
        pass
    assert time.monotonic() - started < 1
