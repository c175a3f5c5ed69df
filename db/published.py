"""The calendars elsewhere that we keep equal to the family's weeks, and what we wrote into them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import PublishedCalendar, PublishedEvent


class CalendarState(StrEnum):
    """`DOUBTFUL`: a guardian was asked what is to become of it, because so much of it was deleted
    at once or its child has left the family. `GONE`: it was deleted there, or the family does not
    want it any more: nothing is written."""

    ACTIVE = "active"
    DOUBTFUL = "doubtful"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Published:
    """A calendar of a connection: of one child, or (None) of the family. `calendar_id` is the
    server's name or address for it, None before it is made; `synced_at` when all of it was last
    compared with what we want."""

    id: int
    connection_id: int
    child_id: int | None
    calendar_id: str | None
    sync_token: str | None
    state: CalendarState
    synced_at: datetime | None


@dataclass(frozen=True, slots=True)
class WrittenEvent:
    """An event as we last wrote or saw it, under the server's `etag`."""

    event_id: str
    uid: str
    fingerprint: str
    etag: str | None


async def published_calendars(session: AsyncSession, connection_id: int) -> Sequence[Published]:
    """The connection's calendars, the family's first, then by child."""
    rows = await session.scalars(
        select(PublishedCalendar)
        .where(PublishedCalendar.connection_id == connection_id)
        .order_by(PublishedCalendar.child_id.nulls_first())
        .execution_options(populate_existing=True)
    )
    return [_published(row) for row in rows]


async def published_calendar(session: AsyncSession, published_id: int) -> Published | None:
    """The calendar with this id; None if the transaction's family has none (any more)."""
    row = await session.get(PublishedCalendar, published_id, populate_existing=True)
    return None if row is None else _published(row)


async def create_published(
    session: AsyncSession, connection_id: int, child_id: int | None, *, now: datetime
) -> int:
    """The calendar of a connection for a child or the family; returns its id, that of the one
    which is there already included."""
    row = insert(PublishedCalendar).values(
        connection_id=connection_id, child_id=child_id, created_at=now, updated_at=now
    )
    made = await session.execute(
        row.on_conflict_do_update(
            index_elements=["connection_id", "child_id"], set_={"updated_at": now}
        ).returning(PublishedCalendar.id)
    )
    return made.scalar_one()


async def amend_published(
    session: AsyncSession, published_id: int, *, now: datetime, **values: Any
) -> None:
    """Set `calendar_id`, `sync_token`, `state` or `synced_at`."""
    await session.execute(
        update(PublishedCalendar)
        .where(PublishedCalendar.id == published_id)
        .values(**values, updated_at=now)
    )


async def written_events(session: AsyncSession, published_id: int) -> Sequence[WrittenEvent]:
    """What we have written into the calendar and not removed."""
    rows = await session.scalars(
        select(PublishedEvent)
        .where(PublishedEvent.published_calendar_id == published_id)
        .order_by(PublishedEvent.event_id)
        .execution_options(populate_existing=True)
    )
    return [WrittenEvent(row.event_id, row.item_uid, row.fingerprint, row.etag) for row in rows]


async def note_written(
    session: AsyncSession, published_id: int, event: WrittenEvent, *, now: datetime
) -> None:
    """Remember an event as it stands there now."""
    row = insert(PublishedEvent).values(
        published_calendar_id=published_id,
        event_id=event.event_id,
        item_uid=event.uid,
        fingerprint=event.fingerprint,
        etag=event.etag,
        created_at=now,
        updated_at=now,
    )
    renewed = ("item_uid", "fingerprint", "etag", "updated_at")
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["published_calendar_id", "event_id"],
            set_={column: row.excluded[column] for column in renewed},
        )
    )


async def note_removed(session: AsyncSession, published_id: int, event_id: str) -> None:
    """Forget an event that is no longer there."""
    await session.execute(
        delete(PublishedEvent).where(
            PublishedEvent.published_calendar_id == published_id,
            PublishedEvent.event_id == event_id,
        )
    )


async def forget_written(
    session: AsyncSession, published_id: int, event_ids: Collection[str] | None = None
) -> None:
    """Forget these events, or (None) all of the calendar, whether or not they are still there."""
    which = [PublishedEvent.published_calendar_id == published_id]
    if event_ids is not None:
        which.append(PublishedEvent.event_id.in_(event_ids))
    await session.execute(delete(PublishedEvent).where(*which))


async def delete_published(session: AsyncSession, published_id: int) -> None:
    """Forget the calendar with all that came with it."""
    await session.execute(delete(PublishedCalendar).where(PublishedCalendar.id == published_id))


def _published(row: PublishedCalendar) -> Published:
    return Published(
        id=row.id,
        connection_id=row.connection_id,
        child_id=row.child_id,
        calendar_id=row.calendar_id,
        sync_token=row.sync_token,
        state=CalendarState(row.state),
        synced_at=row.synced_at,
    )
