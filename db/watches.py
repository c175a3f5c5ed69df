"""Channels on which Google tells us that something has changed in a calendar of ours.

A directory: a notification names the channel only, and by that leads to a family.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import WatchChannel


@dataclass(frozen=True, slots=True)
class Watch:
    """A channel about one published calendar. Of the token that comes with each notification only
    the hash is kept; `resource_id` is Google's, None until it has told us."""

    channel_id: str
    family_id: int
    published_id: int
    token_hash: str
    resource_id: str | None
    expires_at: datetime


async def create_watch(session: AsyncSession, watch: Watch) -> None:
    """Remember a channel; before it is asked for, since its first notification may come first."""
    session.add(
        WatchChannel(
            channel_id=watch.channel_id,
            family_id=watch.family_id,
            published_calendar_id=watch.published_id,
            token_hash=watch.token_hash,
            resource_id=watch.resource_id,
            expires_at=watch.expires_at,
        )
    )
    await session.flush()


async def open_watch(
    session: AsyncSession, channel_id: str, resource_id: str, expires_at: datetime
) -> None:
    """What Google has said of a channel: `resource_id`, and until when it notifies."""
    await session.execute(
        update(WatchChannel)
        .where(WatchChannel.channel_id == channel_id)
        .values(resource_id=resource_id, expires_at=expires_at)
    )


async def find_watch(session: AsyncSession, channel_id: str) -> Watch | None:
    """The channel with this id, whichever family's it is."""
    row = await session.get(WatchChannel, channel_id, populate_existing=True)
    return None if row is None else _watch(row)


async def watches_of(session: AsyncSession, published_id: int) -> Sequence[Watch]:
    """The channels about a calendar, the one that lasts longest first."""
    rows = await session.scalars(
        select(WatchChannel)
        .where(WatchChannel.published_calendar_id == published_id)
        .order_by(WatchChannel.expires_at.desc(), WatchChannel.channel_id)
        .execution_options(populate_existing=True)
    )
    return [_watch(row) for row in rows]


async def delete_watch(session: AsyncSession, channel_id: str) -> None:
    """Forget a channel: what still comes on it is not listened to."""
    await session.execute(delete(WatchChannel).where(WatchChannel.channel_id == channel_id))


def _watch(row: WatchChannel) -> Watch:
    return Watch(
        channel_id=row.channel_id,
        family_id=row.family_id,
        published_id=row.published_calendar_id,
        token_hash=row.token_hash,
        resource_id=row.resource_id,
        expires_at=row.expires_at,
    )
