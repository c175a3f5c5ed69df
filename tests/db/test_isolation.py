"""One family never sees another's, and whoever acts for nobody sees nothing."""

# ruff: noqa: S608 - the tables' names come from the catalogue

import asyncio

import psycopg
import pytest
from households import MONDAY, NOW, first_items, move_in, planned
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from app.embedded import EmbeddedServer
from core.changes import Origin
from db import migrate
from db.calendars import create_feeds
from db.changes import record_change
from db.completion import complete_item
from db.conversations import find_or_create_account, link_account, record_consent, save_draft
from db.families import load_family
from db.inbox import receive
from db.messages import post_message
from db.reminders import create_reminder, set_next_due
from db.revision import bump_revision, family_revision
from db.schedules import load_week, store_plan
from db.secrets import SecretBox
from db.session import (
    POOL_WAIT,
    Busy,
    Database,
    chat_scope,
    lock_family,
)
from db.types import ChangeEffect, QuestionnaireSession

FILLED = {
    *("users", "families", "adults", "children", "subjects", "family_commitments"),
    *("child_commitments", "days_off", "schedules", "schedule_items", "activity_logs", "feeds"),
    *("questionnaire_sessions", "messages", "consents", "reminders", "week_changes"),
}


async def whole_family(database: Database, name: str) -> int:
    """A family with rows in nearly every table."""
    async with database.transaction() as session:
        account = await find_or_create_account(session, "telegram", name)
        await chat_scope(session, account.id)
        await save_draft(session, account.id, QuestionnaireSession(), now=NOW)
        family_id = await move_in(session, f"{name}@example.com")
        await link_account(session, account.id, family_id=family_id)
        await save_draft(session, account.id, QuestionnaireSession(), now=NOW)
        message = await post_message(session, account.id, {"key": "hello"}, now=NOW)
        await create_reminder(session, "morning", account.id, MONDAY, message_id=message)
        await set_next_due(session, family_id, "morning", NOW)
        family = await load_family(session, family_id)
        await store_plan(session, family_id, planned(family, first_items(family)), now=NOW)
        week = await load_week(session, family_id, MONDAY)
        await complete_item(session, family_id, week.items[0].uid or "", NOW, by="parent")
        await create_feeds(session, family_id, SecretBox([b"k" * 32]))
        await record_change(session, ChangeEffect(), origin=Origin.CHAT, kind="move", now=NOW)
    async with database.transaction(chat_key=name) as session:
        await receive(session, "telegram", name, name, {"text": "hello"})
    return family_id


def walled_tables(conninfo: str) -> list[str]:
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute("SELECT relname FROM pg_class WHERE relrowsecurity").fetchall()
    return [name for (name,) in rows]


async def counts(session: AsyncSession, tables: list[str]) -> dict[str, int]:
    return {
        table: (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
        for table in tables
    }


async def test_each_family_sees_its_own_and_nobody_sees_all(
    database: Database, conninfo: str
) -> None:
    first = await whole_family(database, "first")
    second = await whole_family(database, "second")
    tables = walled_tables(conninfo)
    with psycopg.connect(conninfo) as connection:
        total = {
            table: connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()[0]
            for table in tables
        }
    async with database.transaction() as session:
        assert set((await counts(session, tables)).values()) == {0}
    async with database.transaction(family_id=first) as session:
        of_first = await counts(session, tables)
    async with database.transaction(family_id=second) as session:
        of_second = await counts(session, tables)
    async with database.transaction(chat_key="first") as session:
        assert (await counts(session, tables)) == dict.fromkeys(tables, 0) | {"inbox": 1}
    assert total.pop("inbox") == 2
    assert {table: of_first[table] + of_second[table] for table in total} == total
    assert {table for table in total if of_first[table]} == FILLED
    assert of_first == of_second


async def test_nothing_of_another_family_can_be_changed_or_made(
    database: Database, conninfo: str
) -> None:
    first = await whole_family(database, "first")
    second = await whole_family(database, "second")

    async def attempt(statement: str) -> int:
        async with database.transaction(family_id=first) as session:
            changed = (await session.execute(text(statement))).rowcount
            await session.rollback()
            return int(changed)

    for table in walled_tables(conninfo):
        own = "id" if table == "families" else "family_id"
        if table in ("users", "inbox"):
            continue
        assert await attempt(f"UPDATE {table} SET {own} = {own} WHERE {own} = {second}") == 0
        assert await attempt(f"DELETE FROM {table} WHERE {own} = {second}") == 0
        if table in FILLED:
            assert await attempt(f"UPDATE {table} SET {own} = {own}") > 0
            with pytest.raises(ProgrammingError, match="row-level security"):
                await attempt(f"UPDATE {table} SET {own} = {second}")
    for made in (
        f"INSERT INTO adults (family_id, name) VALUES ({second}, 'Mallory')",
        f"INSERT INTO children (family_id, name, age) VALUES ({second}, 'Mallory', 9)",
        f"INSERT INTO days_off (family_id, date) VALUES ({second}, '2026-12-01')",
    ):
        with pytest.raises(ProgrammingError, match="row-level security"):
            await attempt(made)


async def test_a_family_falls_to_the_current_one_where_none_is_named(database: Database) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)
        await session.execute(text("INSERT INTO days_off (date) VALUES ('2026-12-01')"))
        found = await session.execute(
            text("SELECT family_id FROM days_off WHERE date = '2026-12-01'")
        )
        assert found.scalar_one() == family_id


async def test_a_chat_without_a_family_has_its_own_draft_and_messages(database: Database) -> None:
    async with database.transaction() as session:
        mine = await find_or_create_account(session, "telegram", "1")
        theirs = await find_or_create_account(session, "telegram", "2")
        for account in (mine, theirs):
            await chat_scope(session, account.id)
            await save_draft(session, account.id, QuestionnaireSession(), now=NOW)
            await post_message(session, account.id, {"key": "hello"}, now=NOW)
            await record_consent(
                session,
                kind="storage",
                version="1",
                source="chat",
                now=NOW,
                chat_account_id=account.id,
            )
    tables = ["questionnaire_sessions", "messages", "consents"]
    async with database.transaction(chat_account_id=mine.id) as session:
        assert await counts(session, tables) == dict.fromkeys(tables, 1)
    async with database.transaction() as session:
        assert await counts(session, tables) == dict.fromkeys(tables, 0)


async def test_the_scope_ends_with_its_transaction(database_url: str) -> None:
    database = Database(database_url, pool_size=1)
    async with database.transaction() as session:
        family_id = await move_in(session)
    async with database.transaction(family_id=family_id) as session:
        assert await counts(session, ["children"]) == {"children": 2}
    async with database.transaction() as session:
        assert await counts(session, ["children"]) == {"children": 0}
    await database.close()


async def test_an_owner_who_is_no_superuser_is_bound_as_well(
    postgres: EmbeddedServer, migrated_database: str, empty_database: str
) -> None:
    server = psycopg.conninfo.make_conninfo(postgres.conninfo, dbname="postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS plain_owner")
        connection.execute("CREATE ROLE plain_owner LOGIN CREATEROLE")
        connection.execute("GRANT brightpath_app TO plain_owner")
        connection.execute(f"ALTER DATABASE {empty_database} OWNER TO plain_owner".encode())
    url = postgres.url_of(empty_database).replace("//postgres@", "//plain_owner@")
    migrate.upgrade(url)
    database = Database(url)
    first = await whole_family(database, "first")
    await whole_family(database, "second")
    async with database.transaction(family_id=first) as session:
        assert await counts(session, ["families", "children"]) == {"families": 1, "children": 2}
    await database.close()
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
        assert connection.execute("SELECT count(*) FROM children").fetchone() == (0,)


async def test_times_are_utc_and_the_role_is_plain(database: Database) -> None:
    async with database.transaction() as session:
        found = await session.execute(text("SELECT current_setting('timezone'), current_user"))
        assert found.one() == ("UTC", "brightpath_app")


async def test_a_full_house_is_busy_and_not_for_ever(database_url: str) -> None:
    database = Database(database_url, pool_size=1)

    async def enter() -> None:
        async with database.transaction():
            pass

    async with database.transaction():
        began = asyncio.get_running_loop().time()
        with pytest.raises(Busy):
            await enter()
        assert asyncio.get_running_loop().time() - began < POOL_WAIT + 2
    await enter()
    await database.close()


async def test_writers_of_one_family_take_turns(database: Database) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)

    async def write() -> None:
        async with database.transaction(family_id=family_id) as session:
            await lock_family(session, family_id)
            before = await family_revision(session, family_id)
            await asyncio.sleep(0.01)
            assert await bump_revision(session, family_id) == before + 1

    await asyncio.gather(*(write() for _ in range(5)))
    async with database.transaction(family_id=family_id) as session:
        assert await family_revision(session, family_id) == 5
