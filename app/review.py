"""The weeks to come: proposed on Sunday, published when they are agreed to or when they begin."""

import asyncio
from dataclasses import replace
from datetime import date

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.planning import plan_weeks, settle, week_request
from app.services import Services
from app.waiting import family_chat
from bot.conversations.review import published_card
from bot.daily import left_out_of, spans_of
from bot.outbox import replace_card
from db.families import load_family
from db.learning import active_weights
from db.reminders import load_day_settings
from db.revision import family_revision
from db.schedules import StoredWeek, load_week, proposed_week, publish_proposed, store_plan
from db.session import lock_family

log = structlog.get_logger()


async def propose_week(services: Services, family_id: int, monday: date) -> None:
    """Have a plan for this week ready: one to agree to, or (if the family wants it so) published
    at once. A week that is published already, or proposed as the family is now, stays. Raises
    `KeepsChanging`, `NoSuchFamily`, `RulesBroken`."""
    async with services.database.transaction(family_id=family_id) as session:
        settings = await load_day_settings(session, family_id)
        there = await load_week(session, family_id, monday)
        proposed = await proposed_week(session, family_id, monday)
        fresh = await _is_fresh(session, family_id, proposed)
        revision = await family_revision(session, family_id)
        family = await load_family(session, family_id)
        request = week_request(family, monday, (), services.now())
        weights = await active_weights(session)
    if there.schedules or request is None or fresh:
        return
    if settings.automatic:
        await plan_weeks(services, family_id, [monday])
        return
    plan = await asyncio.to_thread(settle, replace(request, weights=weights))
    async with services.database.transaction(family_id=family_id) as session:
        await lock_family(session, family_id)
        if (await load_week(session, family_id, monday)).schedules:
            return
        await store_plan(
            session, family_id, plan, now=services.now(), state="proposed", revision=revision
        )
    log.info("week proposed", family_id=family_id)


async def publish_week(services: Services, family_id: int, monday: date) -> None:
    """Publish this week unless it is: as it was proposed if the family is still as it was then,
    else planned anew. Raises `KeepsChanging`, `NoSuchFamily`, `RulesBroken`."""
    async with services.database.transaction(family_id=family_id) as session:
        await lock_family(session, family_id)
        if (await load_week(session, family_id, monday)).schedules:
            return
        proposed = await proposed_week(session, family_id, monday)
        if await _is_fresh(session, family_id, proposed):
            await publish_proposed(session, family_id, proposed, services.now())
            log.info("week published", family_id=family_id)
            return
    await plan_weeks(services, family_id, [monday])


async def publish_and_show(
    services: Services,
    family_id: int,
    account_id: int,
    message_id: int,
    monday: int,
    always: int,
) -> None:
    """Publish a week that was agreed to, and show it in the message that asked."""
    begins = date.fromordinal(monday)
    await publish_week(services, family_id, begins)
    async with family_chat(services, family_id, account_id) as (session, account):
        if account is None:
            return
        family = await load_family(session, family_id)
        week = await load_week(session, family_id, begins)
        card = published_card(
            begins,
            spans_of(family, week, since=begins, adult_id=None),
            left_out_of(family, week),
            always=bool(always),
        )
        await replace_card(session, account, message_id, card, now=services.now())


async def _is_fresh(session: AsyncSession, family_id: int, week: StoredWeek) -> bool:
    """Whether a proposed week is of the family as it is now."""
    # To store it was the last change: it was planned for the revision before.
    revision = await family_revision(session, family_id)
    return bool(week.schedules) and week.revision + 1 == revision
