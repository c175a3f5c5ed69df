"""A family's revision: raised by whoever changes anything that its weeks are made from, and what
follows from that."""

from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import models
from db.queue import enqueue

PUBLISH = "publish_week"
"""The task that makes a calendar elsewhere equal to the family's weeks."""


async def bump_revision(session: AsyncSession, family_id: int) -> int:
    """Raise `families.revision`, which tells a planner that its question has changed meanwhile;
    returns the new one.

    The family's feeds are to be made anew, and the calendars that we write follow.
    """
    raised = await session.execute(
        update(models.Family)
        .where(models.Family.id == family_id)
        .values(revision=models.Family.revision + 1, updated_at=func.now())
        .returning(models.Family.revision)
    )
    await session.execute(
        update(models.FeedToken)
        .where(models.FeedToken.family_id == family_id)
        .values(fresh_until=None)
    )
    written = await session.scalars(
        select(models.CalendarConnection.id).where(
            models.CalendarConnection.family_id == family_id,
            models.CalendarConnection.provider != "ical",
            models.CalendarConnection.state == "active",
        )
    )
    for connection_id in written.all():
        await publish_soon(session, family_id, connection_id)
    return raised.scalar_one()


async def publish_soon(
    session: AsyncSession, family_id: int, connection_id: int, *, wait: timedelta | None = None
) -> None:
    """Queue `PUBLISH` for one connection, at once or after `wait`, unless it waits already: then
    that one does it, when its time comes. One runs at a time."""
    await enqueue(
        session,
        PUBLISH,
        lock=f"publish:{connection_id}",
        queueing_lock=f"publish:{connection_id}",
        schedule_in=wait,
        family_id=family_id,
        connection_id=connection_id,
    )


async def family_revision(session: AsyncSession, family_id: int) -> int:
    """The family's revision now."""
    return (
        await session.execute(select(models.Family.revision).where(models.Family.id == family_id))
    ).scalar_one()
