"""Updates: each once, in any order, gone when processed."""

import random

import psycopg
from households import NOW

from db.inbox import Update, mark_failed, mark_processed, receive, take
from db.session import Database

PAYLOAD = {"message": {"text": "done \x00math ✅"}}


async def test_an_update_is_received_once_whatever_the_order_of_ids(database: Database) -> None:
    updates = [str(number) for number in range(40)] * 3
    random.Random(7).shuffle(updates)
    received = []
    for update_id in updates:
        async with database.transaction(chat_key="telegram:42") as session:
            if await receive(session, "telegram", "telegram:42", update_id, PAYLOAD):
                received.append(update_id)
    assert sorted(received) == sorted(set(updates))


async def test_ids_of_two_channels_are_apart_and_of_two_chats_are_not(database: Database) -> None:
    async with database.transaction(chat_key="telegram:42") as session:
        assert await receive(session, "telegram", "telegram:42", "1", PAYLOAD)
    async with database.transaction(chat_key="web:42") as session:
        assert await receive(session, "web", "web:42", "1", PAYLOAD)
    async with database.transaction(chat_key="telegram:43") as session:
        assert await receive(session, "telegram", "telegram:43", "1", PAYLOAD) is None


async def test_a_processed_update_leaves_its_id_only(database: Database, conninfo: str) -> None:
    async with database.transaction(chat_key="telegram:42") as session:
        inbox_id = await receive(session, "telegram", "telegram:42", "1", PAYLOAD)
    assert inbox_id is not None
    async with database.transaction(chat_key="telegram:42") as session:
        assert await take(session, inbox_id) == Update(
            inbox_id, "telegram", "telegram:42", "1", {"message": {"text": "done math ✅"}}
        )
        await mark_processed(session, inbox_id, now=NOW)
    async with database.transaction(chat_key="telegram:42") as session:
        assert await take(session, inbox_id) is None
        assert await receive(session, "telegram", "telegram:42", "1", PAYLOAD) is None
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute("SELECT payload, processed_at FROM inbox").fetchall()
    assert rows == [(None, NOW.replace(tzinfo=None))]


async def test_a_failed_update_is_not_taken_again_but_can_be_looked_at(
    database: Database, conninfo: str
) -> None:
    async with database.transaction(chat_key="telegram:42") as session:
        inbox_id = await receive(session, "telegram", "telegram:42", "1", PAYLOAD)
        assert inbox_id is not None
        await mark_failed(session, inbox_id, "unreadable", now=NOW)
        assert await take(session, inbox_id) is None
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute("SELECT payload IS NOT NULL, error FROM inbox").fetchall()
    assert rows == [(True, "unreadable")]


async def test_another_chat_cannot_take_it(database: Database) -> None:
    async with database.transaction(chat_key="telegram:42") as session:
        inbox_id = await receive(session, "telegram", "telegram:42", "1", PAYLOAD)
    assert inbox_id is not None
    async with database.transaction(chat_key="telegram:43") as session:
        assert await take(session, inbox_id) is None
