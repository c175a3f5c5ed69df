"""Google's notifications about a calendar of ours: asked for, renewed before they end, stopped."""

import asyncio
import contextlib
import secrets
from datetime import datetime, timedelta

import structlog

from app.google_access import NOTIFICATIONS_PATH
from app.services import Services
from db.published import Published
from db.secrets import digest, new_token
from db.watches import Watch, create_watch, delete_watch, open_watch, watches_of
from sync.errors import NotFound, RemoteError
from sync.google import GoogleCalendars

LIFE = timedelta(days=7)
"""How long we ask to be notified; Google may make it shorter."""

RENEW_BEFORE = timedelta(days=1)

log = structlog.get_logger()


async def watch_calendar(
    services: Services,
    google: GoogleCalendars,
    family_id: int,
    calendar: Published,
    *,
    now: datetime,
) -> bool:
    """See to it that we are notified about the calendar for another `RENEW_BEFORE` at least;
    returns whether we are. Google notifies over https only."""
    if not services.settings.base_url.startswith("https://"):
        return False
    async with services.database.transaction(family_id=family_id) as session:
        known = await watches_of(session, calendar.id)
    if known and known[0].resource_id is not None and known[0].expires_at > now + RENEW_BEFORE:
        return True
    token = new_token()
    fresh = Watch(
        channel_id=secrets.token_hex(16),
        family_id=family_id,
        published_id=calendar.id,
        token_hash=digest(token),
        resource_id=None,
        expires_at=now + LIFE,
    )
    async with services.database.transaction(family_id=family_id) as session:
        await create_watch(session, fresh)
    address = f"{services.settings.base_url}{NOTIFICATIONS_PATH}"
    try:
        resource_id, expires_at = await asyncio.to_thread(
            google.watch, calendar.calendar_id or "", fresh.channel_id, token, address, LIFE
        )
    except RemoteError as error:
        log.warning("not watched", family_id=family_id, error=type(error).__name__)
        async with services.database.transaction(family_id=family_id) as session:
            await delete_watch(session, fresh.channel_id)
        return False
    async with services.database.transaction(family_id=family_id) as session:
        await open_watch(session, fresh.channel_id, resource_id, expires_at)
    for old in known:
        await _stop(services, google, old)
    return True


async def stop_watching(
    services: Services, google: GoogleCalendars, family_id: int, published_id: int
) -> None:
    """No more notifications about the calendar."""
    async with services.database.transaction(family_id=family_id) as session:
        known = await watches_of(session, published_id)
    for watch in known:
        await _stop(services, google, watch)


async def _stop(services: Services, google: GoogleCalendars, watch: Watch) -> None:
    if watch.resource_id is not None:
        # It may have ended by itself.
        with contextlib.suppress(NotFound):
            await asyncio.to_thread(google.stop, watch.channel_id, watch.resource_id)
    async with services.database.transaction(family_id=watch.family_id) as session:
        await delete_watch(session, watch.channel_id)
