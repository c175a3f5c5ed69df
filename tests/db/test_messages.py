"""The outbox: what is said, in which order, and how often it is delivered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from households import NOW
from sqlalchemy.ext.asyncio import AsyncSession

from db.conversations import find_or_create_account
from db.messages import (
    edit_message,
    load_message,
    mark_parked,
    mark_sending,
    mark_sent,
    mark_unsent,
    messages_since,
    pending_messages,
    post_message,
    recover_interrupted,
)
from db.session import Database

HELLO = {"key": "hello", "args": {"name": "Sarah"}}
LATER = NOW + timedelta(minutes=5)


class Chat:
    """One chat of the database; each `with` is one transaction of it."""

    def __init__(self, database: Database, account_id: int) -> None:
        self.database, self.id = database, account_id

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        async with self.database.transaction(chat_account_id=self.id) as session:
            yield session

    async def post(self, **options: str) -> int:
        async with self.transaction() as session:
            message_id = await post_message(session, self.id, HELLO, now=NOW, **options)
        assert message_id is not None
        return message_id

    async def states(self) -> list[tuple[int, str]]:
        async with self.transaction() as session:
            return [(each.id, each.state) for each in await messages_since(session, self.id, 0)]


@pytest.fixture
async def chat(database: Database) -> Chat:
    async with database.transaction() as session:
        return Chat(database, (await find_or_create_account(session, "telegram", "42")).id)


async def test_a_message_goes_out_once(chat: Chat) -> None:
    message_id = await chat.post()
    async with chat.transaction() as session:
        (waiting,) = await pending_messages(session, chat.id)
        assert (waiting.id, waiting.view) == (message_id, HELLO)
        claimed = await mark_sending(session, message_id)
        assert claimed is not None
        assert claimed.attempts == 1
        assert await mark_sending(session, message_id) is None
    async with chat.transaction() as session:
        await mark_sent(session, message_id, claimed.revision, external_id="777")
        assert await pending_messages(session, chat.id) == []
        found = await load_message(session, message_id)
    assert found is not None
    assert (found.external_id, found.state, found.delivered_revision) == ("777", "sent", 1)


async def test_of_many_senders_one_gets_the_message(chat: Chat) -> None:
    message_id = await chat.post()

    async def claim() -> bool:
        async with chat.transaction() as session:
            return await mark_sending(session, message_id) is not None

    assert sum(await asyncio.gather(*(claim() for _ in range(8)))) == 1


async def test_an_edit_is_delivered_too(chat: Chat) -> None:
    message_id = await chat.post()
    async with chat.transaction() as session:
        claimed = await mark_sending(session, message_id)
        assert claimed is not None
        edited = await edit_message(session, message_id, {"key": "bye"}, now=LATER, step=2)
        await mark_sent(session, message_id, claimed.revision, external_id="777")
        (waiting,) = await pending_messages(session, chat.id)
    assert (waiting.view, waiting.step, waiting.revision) == ({"key": "bye"}, 2, edited)
    assert (waiting.external_id, waiting.delivered_revision) == ("777", 1)
    assert (waiting.created_at, waiting.updated_at) == (NOW, LATER)
    async with chat.transaction() as session:
        claimed = await mark_sending(session, message_id)
        assert claimed is not None
        await mark_sent(session, message_id, claimed.revision)
        stored = await load_message(session, message_id)
    assert stored is not None
    assert (stored.state, stored.external_id, stored.delivered_revision) == ("sent", "777", edited)


async def test_a_key_is_said_once(chat: Chat) -> None:
    first = await chat.post(dedupe_key="morning 2026-11-30")
    async with chat.transaction() as session:
        again = await post_message(
            session, chat.id, HELLO, now=NOW, dedupe_key="morning 2026-11-30"
        )
    assert again is None
    assert await chat.states() == [(first, "pending")]


async def test_a_reader_misses_nothing_and_sees_edits_as_news(chat: Chat) -> None:
    seen: list[int] = []

    async def read() -> None:
        last = 0
        while len(seen) < 30:
            async with chat.transaction() as session:
                for message in await messages_since(session, chat.id, last, limit=4):
                    seen.append(message.id)
                    last = message.revision
            await asyncio.sleep(0)

    reading = asyncio.create_task(read())
    posted = await asyncio.gather(*(chat.post(author="them", state="sent") for _ in range(30)))
    await asyncio.wait_for(reading, 30)
    assert sorted(seen) == sorted(posted)
    async with chat.transaction() as session:
        await edit_message(session, posted[0], {"key": "bye"}, now=LATER)
        (news,) = await messages_since(session, chat.id, 30)
    assert (news.id, news.revision) == (posted[0], 31)


async def test_a_refusal_for_now_costs_no_attempt(chat: Chat) -> None:
    message_id = await chat.post()
    async with chat.transaction() as session:
        await mark_sending(session, message_id)
        await mark_unsent(session, message_id)
        (waiting,) = await pending_messages(session, chat.id)
    assert waiting.attempts == 0


async def test_an_interrupted_delivery_is_tried_once_more_then_parked(chat: Chat) -> None:
    message_id = await chat.post()
    states = []
    for _ in range(2):
        async with chat.transaction() as session:
            assert await mark_sending(session, message_id)
        async with chat.transaction() as session:
            await recover_interrupted(session, chat.id)
        states += await chat.states()
    assert states == [(message_id, "pending"), (message_id, "parked")]


async def test_a_parked_message_waits_for_nobody(chat: Chat) -> None:
    message_id = await chat.post()
    async with chat.transaction() as session:
        await mark_parked(session, message_id)
        assert await pending_messages(session, chat.id) == []
        assert await mark_sending(session, message_id) is None
