"""What was accepted is answered, and what was said arrives: once, or twice if we die meanwhile."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from botapi.server import BotApiServer
from botapi.world import wait_until
from parts import (
    MONDAY,
    SUNDAY_EVENING,
    answer,
    fetch,
    household,
    in_telegram,
    opened,
    rows,
    skip_waits,
    with_telegram,
    work,
)
from whole_program import Clock

from app.delivery import deliver
from app.services import Services
from app.updates import hear, receive_update
from bot.conversations.cards import Card
from bot.outbox import post
from bot.telegram import TelegramChannel
from core.phrase import say
from db.conversations import TELEGRAM, Account, find_or_create_account
from db.messages import pause_left
from db.queue import MAX_ATTEMPTS
from db.session import chat_scope


@pytest.fixture
def clock() -> Clock:
    return Clock(SUNDAY_EVENING)


async def told(services: Services, external_id: int, *texts: str) -> Account:
    """Says each text in a new message of the chat; nothing is delivered yet."""
    async with services.database.transaction() as session:
        account = await find_or_create_account(session, TELEGRAM, str(external_id), language="en")
        await chat_scope(session, account.id)
        for text in texts:
            card = Card(say("verbatim", text=text))
            await post(session, account, card, now=services.now())
    return account


def texts(person: object) -> list[str]:
    return [message["text"] for message in person.received()]


def states(conninfo: str) -> list[tuple[str, int]]:
    found = rows(conninfo, "SELECT state, attempts FROM messages WHERE author = 'us' ORDER BY id")
    return [(row["state"], row["attempts"]) for row in found]


def jobs(conninfo: str, status: str) -> list[dict[str, object]]:
    return rows(conninfo, "SELECT * FROM procrastinate_jobs WHERE status::text = %s", status)


async def pause(services: Services) -> float:
    async with services.database.transaction() as session:
        return await pause_left(session, TELEGRAM)


async def test_updates_that_come_three_times_and_shuffled_count_once(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    chance = random.Random(3)
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        people = [bot_api.world.user(f"P{number}") for number in range(6)]
        for person in people:
            for words in ("/help", "/start", "/es", "/help"):
                person.send(words)
        updates = list(bot_api.world.updates.values())
        assert len(updates) == 24
        sent = [dict(update) for update in updates for _ in range(3)]
        chance.shuffle(sent)
        await asyncio.gather(*(receive_update(services, update) for update in sent[:36]))
        await asyncio.gather(work(services), *(receive_update(services, u) for u in sent[36:]))
        await work(services)
        for person in people:
            # Two cards of help, the questionnaire and the word on the language.
            assert len(person.received()) == 4
        kept = rows(conninfo, "SELECT * FROM inbox")
        assert len(kept) == 24
        assert all(row["processed_at"] is not None and row["payload"] is None for row in kept)


async def test_a_chat_is_answered_in_its_order(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        people = [bot_api.world.user(f"P{number}") for number in range(4)]
        for person in people:
            # The language of an answer tells which of the two came first.
            for words in ("/es", "/en", "/es"):
                person.send(words)
        await fetch(services, bot_api)
        await asyncio.gather(work(services), work(services))
        for person in people:
            first, second, third = texts(person)
            assert first == third != second


async def test_a_death_before_the_call_is_made_good(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    class Dying(TelegramChannel):
        """The process ends between the commit and the call."""

        async def send(self, *_: object, **__: object) -> str:
            raise KilledHere

    async with opened(database_url, tmp_path, clock, bot_api) as services:
        sarah = bot_api.world.user("Sarah")
        account = await told(services, sarah.id, "One", "Two")
        dying = replace(services, telegram=Dying(bot_api.token, bot_api.base))
        with pytest.raises(KilledHere):
            await deliver(dying, account.id)
        assert states(conninfo) == [("sending", 1), ("pending", 0)]
        await work(services)
        assert texts(sarah) == ["One", "Two"]
        assert states(conninfo) == [("sent", 2), ("sent", 1)]


class KilledHere(BaseException):
    """Stands for a `kill -9`: nothing of ours catches it."""


async def test_a_death_during_the_call_sends_twice_at_most(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        sarah = bot_api.world.user("Sarah")
        account = await told(services, sarah.id, "One", "Two")
        for round_ in (1, 2):
            bot_api.faults.deliver_then_hang(0.5)
            dying = asyncio.create_task(deliver(services, account.id))
            await asyncio.to_thread(wait_until, lambda n=round_: texts(sarah) == ["One"] * n)
            dying.cancel()
            with pytest.raises(asyncio.CancelledError):
                await dying
        await work(services)
        # We cannot know whether it arrived, so that it is parked; what follows it is not held up.
        assert texts(sarah) == ["One", "One", "Two"]
        assert states(conninfo) == [("parked", 2), ("sent", 1)]


async def test_an_answer_that_never_comes_sends_twice_at_most(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api, answer_seconds=0.3) as services:
        sarah, ben = bot_api.world.user("Sarah"), bot_api.world.user("Ben")
        bot_api.faults.deliver_then_hang(0.6, calls=1)
        await told(services, sarah.id, "One")
        await work(services)
        assert texts(sarah) == ["One", "One"]
        bot_api.faults.deliver_then_hang(0.6, calls=2)
        await told(services, ben.id, "One", "Two")
        await work(services)
        assert texts(ben) == ["One", "One", "Two"]
        assert states(conninfo) == [("sent", 2), ("parked", 2), ("sent", 1)]


async def test_a_flood_pauses_every_chat_and_every_call(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        sarah, ben = bot_api.world.user("Sarah"), bot_api.world.user("Ben")
        sarah.send("/start")
        await answer(services, bot_api)
        bot_api.faults.flood(calls=1, retry_after=2)
        await told(services, sarah.id, "One", "Two")
        await work(services)
        assert 0 < await pause(services) <= 2
        # Another chat, one more message of the same, a tap that wants its sign ended; and again,
        # as if each had waited long enough: the pause is everybody's, and outlives its jobs.
        await told(services, ben.id, "Hello")
        await told(services, sarah.id, "Three")
        query = sarah.tap(sarah.received()[0], "I agree")
        await answer(services, bot_api)
        skip_waits(conninfo)
        for row in jobs(conninfo, "todo"):
            await deliver(services, int(row["args"]["account_id"]))
        assert texts(ben) == []
        assert len(texts(sarah)) == 1
        assert bot_api.world.callbacks[query] is False
        assert bot_api.faults.early_calls == 0
        await asyncio.sleep(await pause(services) + 0.01)
        skip_waits(conninfo)
        await work(services)
        assert texts(ben) == ["Hello"]
        assert texts(sarah)[1:] == ["One", "Two", "Three"]
        assert bot_api.faults.early_calls == 0
        assert {state for state, _ in states(conninfo)} == {"sent"}


async def test_a_blocked_chat_is_called_once_for_a_message(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        sarah = bot_api.world.user("Sarah")
        sarah.block()
        account = await told(services, sarah.id, "One")
        await work(services)
        assert states(conninfo) == [("parked", 1)]
        for _ in range(3):
            await deliver(services, account.id)
        assert len(bot_api.called("sendMessage")) == 1
        assert jobs(conninfo, "todo") == jobs(conninfo, "failed") == []
        await told(services, sarah.id, "Two")
        await work(services)
        # Until it speaks to us again, nothing is tried.
        sarah.block(False)
        sarah.send("/start")
        await answer(services, bot_api)
        await told(services, sarah.id, "Three")
        await work(services)
        consent, third = texts(sarah)
        assert "what we keep" in consent
        assert third == "Three"


async def test_what_is_said_while_telegram_is_down_arrives_once_it_is_back(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        sarah = bot_api.world.user("Sarah")
        sarah.send("/start")
        await fetch(services, bot_api)
        # A port where nobody listens. More often than a job is ever begun: longer than any retry.
        async with TelegramChannel(bot_api.token, "http://127.0.0.1:9") as nowhere:
            down = with_telegram(services, nowhere, database_url)
            async with down.queue.open_async():
                await work(down)
                assert rows(conninfo, "SELECT 1 FROM inbox WHERE processed_at IS NULL") == []
                await told(down, sarah.id, "Two")
                for _ in range(2 * MAX_ATTEMPTS):
                    skip_waits(conninfo)
                    await work(down)
        assert {state for state, _ in states(conninfo)} == {"pending"}
        assert len(jobs(conninfo, "todo")) == 1
        skip_waits(conninfo)
        await work(services)
        consent, second = texts(sarah)
        assert "what we keep" in consent
        assert second == "Two"
        # Servers that fail are waited for as well.
        bot_api.faults.fail(502, "Bad Gateway", calls=3, method="sendMessage")
        await told(services, sarah.id, "Three")
        for _ in range(4):
            await work(services)
            skip_waits(conninfo)
        assert texts(sarah)[2:] == ["Three"]
        assert jobs(conninfo, "failed") == []


@pytest.fixture
def broken_family(conninfo: str) -> Iterator[object]:
    """Breaks families by a time zone that no computer knows, until it is mended."""

    def set_zone(zone: str) -> None:
        with psycopg.connect(conninfo) as connection:
            connection.execute("UPDATE families SET timezone = %s", (zone,))

    return set_zone


async def test_an_update_that_fails_is_given_up_and_the_chat_goes_on(
    database_url: str,
    conninfo: str,
    tmp_path: Path,
    clock: Clock,
    bot_api: BotApiServer,
    broken_family: object,
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        home = await household(services)
        sarah, ben = bot_api.world.user("Sarah"), bot_api.world.user("Ben")
        await in_telegram(services, sarah, home)
        broken_family("Nowhere/Land")
        sarah.send("/today")
        sarah.send("/help")
        ben.send("/start")
        await answer(services, bot_api)
        # The others do not wait; this chat keeps its order, for half a minute in all.
        assert len(texts(ben)) == 1
        assert texts(sarah) == []
        waits = 0.0
        for _ in range(MAX_ATTEMPTS - 1):
            row = next(job for job in jobs(conninfo, "todo") if job["attempts"])
            query = "SELECT extract(epoch FROM scheduled_at - now()) AS s FROM procrastinate_jobs"
            waits += float(rows(conninfo, f"{query} WHERE id = %s", row["id"])[0]["s"])
            skip_waits(conninfo)
            await work(services)
        assert 20 < waits <= 30
        sorry, help_ = texts(sarah)
        assert "went wrong on our side" in sorry
        assert "/today" in help_
        failed = rows(conninfo, "SELECT * FROM inbox WHERE failed_at IS NOT NULL")
        assert [row["payload"]["message"]["text"] for row in failed] == ["/today"]
        assert failed[0]["error"] == "ZoneInfoNotFoundError"
        assert [row["task_name"] for row in jobs(conninfo, "failed")] == ["hear"]
        broken_family("America/New_York")
        clock.set(f"{MONDAY}T09:00:00-05:00")
        sarah.send("/today")
        await answer(services, bot_api)
        assert "Mathematics" in texts(sarah)[-1]


async def test_an_update_that_fails_once_is_answered_once(
    database_url: str,
    conninfo: str,
    tmp_path: Path,
    clock: Clock,
    bot_api: BotApiServer,
    broken_family: object,
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        home = await household(services)
        sarah = bot_api.world.user("Sarah")
        await in_telegram(services, sarah, home)
        broken_family("Nowhere/Land")
        sarah.send("/today")
        await answer(services, bot_api)
        broken_family("America/New_York")
        skip_waits(conninfo)
        await work(services)
        assert len(texts(sarah)) == 1
        # A worker that died after its commit: the job runs again, and finds nothing to do.
        for row in rows(conninfo, "SELECT id, chat_key FROM inbox"):
            await hear(services, row["id"], row["chat_key"])
        await work(services)
        assert len(texts(sarah)) == 1
        assert rows(conninfo, "SELECT 1 FROM inbox WHERE failed_at IS NOT NULL") == []
