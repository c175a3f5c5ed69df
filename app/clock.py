"""The minute's tick: finds what is due and hands it on. Two clocks at once do no harm."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.services import Services
from app.tasks import REMIND
from core.reminders import Kind, Said, due_on, how_said, next_of
from db.connections import (
    FOLLOW,
    Provider,
    active_provider,
    claim_connections_due,
    set_next_look,
)
from db.conversations import accounts_of
from db.families import load_family
from db.queue import enqueue, sweep_stalled
from db.reminders import Due, claim_due, create_reminder, load_day_settings, set_next_due
from db.revision import publish_soon
from db.session import family_scope

BATCH = 100
"""Families claimed in one transaction."""

SWEEP_SECONDS = 15
"""How often dead workers are looked for: with the heartbeat's patience, within a minute."""

TRY_AGAIN = timedelta(hours=1)
"""When what could not be handed on is looked at again."""

log = structlog.get_logger()


async def tick(services: Services) -> None:
    """Claims everything that is due now."""
    now = services.now()
    while claimed := await _claim(services, now):
        log.info("due", count=claimed)
    while looks := await _claim_looks(services, now):
        log.info("calendars due", count=looks)


async def take_back(services: Services) -> None:
    """Takes back the jobs of workers that died."""
    revived = await sweep_stalled(services.queue)
    if revived:
        log.warning("stalled jobs taken back", count=revived)


async def _claim(services: Services, now: datetime) -> int:
    async with services.database.transaction() as session:
        found = await claim_due(session, now, BATCH)
        for due in found:
            try:
                async with session.begin_nested():
                    await _hand_on(session, due, now)
            except Exception:
                # One family that cannot be read must not keep the others from their morning.
                log.exception("not handed on", family_id=due.family_id)
                await set_next_due(session, due.family_id, due.kind, now + TRY_AGAIN)
        return len(found)


async def _claim_looks(services: Services, now: datetime) -> int:
    """Calendars elsewhere whose time to be looked at has come."""
    async with services.database.transaction() as session:
        found = await claim_connections_due(session, now, BATCH)
        for due in found:
            await family_scope(session, due.family_id)
            # Its job says when the next look is; this is for jobs that come to nothing.
            await set_next_look(session, due.family_id, due.connection_id, now + TRY_AGAIN)
            match await active_provider(session, due.connection_id):
                case Provider.ICAL:
                    await enqueue(
                        session,
                        FOLLOW,
                        lock=f"follow:{due.connection_id}",
                        queueing_lock=f"follow:{due.connection_id}",
                        family_id=due.family_id,
                        connection_id=due.connection_id,
                    )
                case Provider.GOOGLE | Provider.CALDAV:
                    await publish_soon(session, due.family_id, due.connection_id)
                case None:
                    await set_next_look(session, due.family_id, due.connection_id, None)
        return len(found)


async def _hand_on(session: AsyncSession, due: Due, now: datetime) -> None:
    """One reminder for each chat of the family, and the next time at which it is due."""
    await family_scope(session, due.family_id)
    family = await load_family(session, due.family_id)
    settings, kind = await load_day_settings(session, due.family_id), Kind(due.kind)
    await set_next_due(session, due.family_id, kind, next_of(kind, family, settings, now))
    local_date = due_on(kind, family, settings, due.due_at, now)
    if local_date is None:
        return
    zone = ZoneInfo(family.timezone)
    if how_said(settings, kind, local_date, now, zone) is Said.NEVER:
        return
    for account in await accounts_of(session, due.family_id):
        reminder_id = await create_reminder(session, kind, account.id, local_date)
        if reminder_id is not None:
            await enqueue(
                session,
                REMIND,
                lock=f"remind:{account.id}",
                family_id=due.family_id,
                reminder_id=reminder_id,
            )
