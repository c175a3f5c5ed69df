"""Transactions, and on whose behalf they act.

Row-level security compares each row with the transaction's settings: without a family, nothing of
any family is seen or written. A transaction is the unit of work: it commits where it was opened.

Locks are taken in this order, so that two writers never wait for each other: the chat
(`db.conversations.load_draft`), then the family (`lock_family`), then messages
(`db.conversations.post_message`).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TypeVarTuple

from sqlalchemy import Row, Select, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from db.roles import APP_ROLE

POOL_SIZE = 10
POOL_WAIT = 2.0
"""Seconds that a transaction waits for a connection."""

LOOK_UPS = 4
"""Connections for `Database.look_up`: each look-up holds one for well under a millisecond."""

Columns = TypeVarTuple("Columns")

FAMILY_LOCK = 1
CHAT_LOCK = 2
MESSAGES_LOCK = 3
"""First halves of the keys of advisory locks; the second half is a row id."""


class Busy(Exception):
    """No connection to the database became free in time; try again in a moment."""


class Database:
    """The connections to one database, opened when they are first needed."""

    def __init__(self, url: str, *, pool_size: int = POOL_SIZE) -> None:
        """`url` in SQLAlchemy's form: `postgresql+psycopg://…`."""
        self._engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_WAIT,
            connect_args={"options": "-c timezone=UTC"},
        )
        self._look_ups = create_async_engine(
            url,
            pool_size=LOOK_UPS,
            max_overflow=0,
            pool_timeout=POOL_WAIT,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",
            connect_args={"options": f"-c timezone=UTC -c role={APP_ROLE}"},
        )

    @asynccontextmanager
    async def transaction(
        self,
        *,
        family_id: int | None = None,
        chat_account_id: int | None = None,
        chat_key: str | None = None,
        user_id: int | None = None,
    ) -> AsyncIterator[AsyncSession]:
        """One transaction as the plain role, seeing what the given ids own. Commits at the end,
        rolls back when an exception leaves it. Raises `Busy`."""
        async with AsyncSession(self._engine, expire_on_commit=False) as session:
            await _begin(
                session,
                {
                    "role": APP_ROLE,
                    "app.family_id": family_id,
                    "app.chat_account_id": chat_account_id,
                    "app.chat_key": chat_key,
                    "app.user_id": user_id,
                },
            )
            yield session
            await session.commit()

    async def look_up(self, query: Select[*Columns], **given: str) -> Row[*Columns] | None:
        """The row of a directory that a query finds with its parameters, None if there is none.
        Raises `Busy`.

        One round trip, where a transaction takes four: the connection has the plain role for good
        and acts for nobody, so nothing has to be begun, set or ended. A query that is built once,
        with `bindparam`, saves as much again.
        """
        try:
            return await self._ask(query, given)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            # As in `_begin`.
            return await self._ask(query, given)

    async def _ask(self, query: Select[*Columns], given: Mapping[str, str]) -> Row[*Columns] | None:
        try:
            async with self._look_ups.connect() as connection:
                return (await connection.execute(query, given)).one_or_none()
        except PoolTimeoutError as error:
            raise Busy from error

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
        await self._look_ups.dispose()


async def family_scope(session: AsyncSession, family_id: int) -> None:
    """From here on the transaction acts for this family."""
    await _act_as(session, **{"app.family_id": family_id})


async def no_family_scope(session: AsyncSession) -> None:
    """From here on the transaction acts for no family."""
    await _act_as(session, **{"app.family_id": None})


async def user_scope(session: AsyncSession, user_id: int) -> None:
    """From here on the transaction acts for this user."""
    await _act_as(session, **{"app.user_id": user_id})


async def chat_scope(session: AsyncSession, chat_account_id: int) -> None:
    """From here on the transaction acts for this chat account."""
    await _act_as(session, **{"app.chat_account_id": chat_account_id})


async def chat_key_scope(session: AsyncSession, chat_key: str) -> None:
    """From here on the transaction acts for the chat that the inbox knows by this key."""
    await _act_as(session, **{"app.chat_key": chat_key})


async def lock_family(session: AsyncSession, family_id: int) -> None:
    """Be the only writer of this family's weeks until the transaction ends."""
    await _lock(session, FAMILY_LOCK, family_id)


async def lock_chat(session: AsyncSession, chat_account_id: int) -> None:
    """Be the only step of this chat's conversation until the transaction ends."""
    await _lock(session, CHAT_LOCK, chat_account_id)


async def lock_messages(session: AsyncSession, chat_account_id: int) -> None:
    """Be the only one to add to this chat's messages until the transaction ends."""
    await _lock(session, MESSAGES_LOCK, chat_account_id)


async def schema_revision(session: AsyncSession) -> str | None:
    """The revision of the schema that the database has."""
    found: str | None = await session.scalar(text("SELECT version_num FROM alembic_version"))
    return found


async def _begin(session: AsyncSession, settings: Mapping[str, str | int | None]) -> None:
    try:
        try:
            await _act_as(session, **settings)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            # The server has closed the connection since it was used last. Nothing was done in it
            # yet, and the pool has given up all that are as old, so the next one is new: no ping
            # is needed before each transaction.
            await session.rollback()
            await _act_as(session, **settings)
    except PoolTimeoutError as error:
        raise Busy from error


async def _act_as(session: AsyncSession, **settings: str | int | None) -> None:
    # set_config(…, true) is SET LOCAL, and one round trip sets them all.
    await session.execute(
        select(
            *(
                func.set_config(name, "" if value is None else str(value), True)
                for name, value in settings.items()
            )
        )
    )


async def _lock(session: AsyncSession, kind: int, row_id: int) -> None:
    await session.execute(
        text("SELECT pg_advisory_xact_lock(:kind, :row_id)"), {"kind": kind, "row_id": row_id}
    )
