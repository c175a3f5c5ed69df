"""Calendars elsewhere: those that are read, and the accounts into which weeks are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import CalendarConnection, ConnectionTime
from db.secrets import SecretBox
from db.types import BusyProposal

FOLLOW = "follow_calendar"
"""The task that looks at a calendar that is read."""

DISCONNECT = "disconnect_calendar"
"""The task that takes a published connection down; `keep` 1 leaves its calendars where they are."""

CONNECT_CALDAV = "connect_caldav"
"""The task that begins a pending CalDAV connection, whose `token` is JSON with user and password.
"""


class Provider(StrEnum):
    """What stands at the other end."""

    GOOGLE = "google"
    ICAL = "ical"
    CALDAV = "caldav"


class ConnectionState(StrEnum):
    """`PENDING`: something is still to be answered in chat. `BROKEN`: it waits for a guardian, who
    was told. `ENDED`: being taken down."""

    PENDING = "pending"
    ACTIVE = "active"
    BROKEN = "broken"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection of the transaction's family, its secrets opened.

    `address` is that of a calendar or collection, `token` what proves that we may: a refresh
    token, or JSON. `http_etag` and `http_modified` are what the server said last; `problem` is a
    short code of ours, since `problem_since`.
    """

    id: int
    family_id: int
    provider: Provider
    state: ConnectionState
    name: str | None
    adult_id: int | None
    child_id: int | None
    address: str | None
    token: str | None
    http_etag: str | None
    http_modified: str | None
    problem: str | None
    problem_since: datetime | None
    checked_at: datetime | None
    proposal: BusyProposal | None


@dataclass(frozen=True, slots=True)
class DueConnection:
    """A connection whose time to be looked at has come."""

    connection_id: int
    family_id: int


async def create_connection(
    session: AsyncSession,
    family_id: int,
    provider: Provider,
    box: SecretBox,
    *,
    now: datetime,
    state: ConnectionState = ConnectionState.ACTIVE,
    name: str | None = None,
    address: str | None = None,
    token: str | None = None,
    adult_id: int | None = None,
    child_id: int | None = None,
) -> int:
    """A new connection; returns its id. It is not looked at before `set_next_look` says when."""
    # A ciphertext is bound to its row's id, so the id comes first.
    row_id: int = (
        await session.execute(select(func.nextval("calendar_connections_id_seq")))
    ).scalar_one()
    session.add(
        CalendarConnection(
            id=row_id,
            family_id=family_id,
            provider=provider,
            state=state,
            name=name,
            adult_id=adult_id,
            child_id=child_id,
            address_ciphertext=_sealed(box, "address_ciphertext", row_id, address),
            token_ciphertext=_sealed(box, "token_ciphertext", row_id, token),
            created_at=now,
            updated_at=now,
        )
    )
    await session.flush()
    return row_id


async def load_connection(
    session: AsyncSession, connection_id: int, box: SecretBox, *, lock: bool = False
) -> Connection | None:
    """The connection; None if the family has none with this id (any more). With `lock` nobody else
    changes it until the transaction ends. Raises `SecretUnreadable`."""
    query = select(CalendarConnection).where(CalendarConnection.id == connection_id)
    if lock:
        query = query.with_for_update()
    row = await session.scalar(query.execution_options(populate_existing=True))
    return None if row is None else _connection(row, box)


async def connections_of(
    session: AsyncSession, family_id: int, box: SecretBox
) -> Sequence[Connection]:
    """The family's connections, oldest first. Raises `SecretUnreadable`."""
    rows = await session.scalars(
        select(CalendarConnection)
        .where(CalendarConnection.family_id == family_id)
        .order_by(CalendarConnection.id)
        .execution_options(populate_existing=True)
    )
    return [_connection(row, box) for row in rows]


async def amend_connection(
    session: AsyncSession, connection_id: int, *, now: datetime, **values: Any
) -> None:
    """Set columns that are no secrets (`state`, `name`, `problem`, `proposal`, …)."""
    await session.execute(
        update(CalendarConnection)
        .where(CalendarConnection.id == connection_id)
        .values(**values, updated_at=now)
    )


async def replace_token(
    session: AsyncSession, connection_id: int, token: str | None, box: SecretBox, *, now: datetime
) -> None:
    """Another `token`, or none."""
    sealed = _sealed(box, "token_ciphertext", connection_id, token)
    await amend_connection(session, connection_id, now=now, token_ciphertext=sealed)


async def delete_connection(session: AsyncSession, connection_id: int) -> None:
    """Forget the connection with everything that came with it."""
    await session.execute(delete(CalendarConnection).where(CalendarConnection.id == connection_id))


async def forget_unanswered(session: AsyncSession, family_id: int, before: datetime) -> None:
    """Forget connections of which nothing more was told since `before`."""
    await session.execute(
        delete(CalendarConnection).where(
            CalendarConnection.family_id == family_id,
            CalendarConnection.state == ConnectionState.PENDING,
            CalendarConnection.updated_at < before,
        )
    )


async def set_next_look(
    session: AsyncSession, family_id: int, connection_id: int, at: datetime | None
) -> None:
    """When the connection is to be looked at next; None: never."""
    if at is None:
        await session.execute(
            delete(ConnectionTime).where(ConnectionTime.connection_id == connection_id)
        )
        return
    row = insert(ConnectionTime).values(
        connection_id=connection_id, family_id=family_id, next_due_at=at
    )
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["connection_id"], set_={"next_due_at": row.excluded.next_due_at}
        )
    )


async def active_provider(session: AsyncSession, connection_id: int) -> Provider | None:
    """What stands at the other end of an active connection; None of any other."""
    found = await session.scalar(
        select(CalendarConnection.provider).where(
            CalendarConnection.id == connection_id,
            CalendarConnection.state == ConnectionState.ACTIVE,
        )
    )
    return None if found is None else Provider(found)


async def claim_connections_due(
    session: AsyncSession, now: datetime, limit: int
) -> Sequence[DueConnection]:
    """What is to be looked at by `now`, longest overdue first, locked so that no other clock
    claims it. The claimer moves each on with `set_next_look` before the transaction ends."""
    rows = await session.scalars(
        select(ConnectionTime)
        .where(ConnectionTime.next_due_at <= now)
        .order_by(ConnectionTime.next_due_at, ConnectionTime.connection_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [DueConnection(row.connection_id, row.family_id) for row in rows]


def _sealed(box: SecretBox, column: str, row_id: int, text: str | None) -> bytes | None:
    if text is None:
        return None
    return box.seal(text, table="calendar_connections", column=column, row_id=row_id)


def _connection(row: CalendarConnection, box: SecretBox) -> Connection:
    def opened(column: str, ciphertext: bytes | None) -> str | None:
        if ciphertext is None:
            return None
        return box.open(ciphertext, table="calendar_connections", column=column, row_id=row.id)

    return Connection(
        id=row.id,
        family_id=row.family_id,
        provider=Provider(row.provider),
        state=ConnectionState(row.state),
        name=row.name,
        adult_id=row.adult_id,
        child_id=row.child_id,
        address=opened("address_ciphertext", row.address_ciphertext),
        token=opened("token_ciphertext", row.token_ciphertext),
        http_etag=row.http_etag,
        http_modified=row.http_modified,
        problem=row.problem,
        problem_since=row.problem_since,
        checked_at=row.checked_at,
        proposal=row.proposal,
    )
