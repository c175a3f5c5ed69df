"""What people do to lessons in Google Calendar becomes a change of the week, and is told."""

import asyncio
from datetime import date, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import structlog

from app.changes import Applied, Outcome, apply_change, preview_change
from app.planning import RulesBroken, week_request
from app.services import Services
from bot.changes import tell_guardians
from bot.conversations.cards import Card
from bot.conversations.differences import changed_card, refusal
from bot.conversations.google import put_back_card, stays_card
from bot.outbox import replace_card
from core.changes import DropLesson, Impossible, MoveLesson, Origin, Why
from core.decisions import Broken
from core.diff import Difference
from core.family import Family
from core.nearby import places_near
from core.phrase import Phrase, say
from core.plan import Item
from core.week import wall, week_start
from db.conversations import load_account
from db.families import load_family
from db.items import find_item, find_stored, uid_of_item
from db.schedules import load_week
from sync.pull import Deleted, Moved

OFFERED = 3
"""Other places that are offered for a lesson that cannot stand where it was put."""

TRIED = 8
"""Places that are planned for it at most: each takes a solver's second."""

UNNOTICED = {Why.ALREADY_SO, Why.NO_SUCH_LESSON}
"""Refusals of which nobody needs to hear: the week and the calendar agree already."""

SETTLED = {Why.BEGUN, Why.DONE, Why.PAST, Why.WEEK_OVER}
"""Refusals because of what is over: no other place is of any help."""

log = structlog.get_logger()


async def follow(
    services: Services, family_id: int, published_id: int, change: Moved | Deleted
) -> bool:
    """Make the week follow what somebody did to an event of the published calendar, and tell the
    guardians what came of it. Both happen once, however often this is called. Returns whether the
    event is now as the week has it, without our doing."""
    event = change.event
    key = f"google:{published_id}:{event.event_id}:{change.name}"
    wanted = (
        MoveLesson(event.uid, change.to.on, change.to.start)
        if isinstance(change, Moved)
        else DropLesson(event.uid)
    )
    try:
        outcome = await apply_change(services, family_id, wanted, Origin.GOOGLE, key=key)
    except RulesBroken as error:
        # Our mistake; the family's week stays as it was, and the next event is not kept waiting.
        log.exception("change not applied", family_id=family_id)
        outcome = Broken(error.violations)
    if isinstance(outcome, Impossible) and outcome.why in UNNOTICED:
        return True
    card = await _told(services, family_id, wanted, outcome)
    async with services.database.transaction(family_id=family_id) as session:
        await tell_guardians(session, family_id, card, now=services.now(), dedupe_key=key)
    return isinstance(outcome, Applied)


async def move_by_tap(
    services: Services,
    family_id: int,
    account_id: int,
    message_id: int,
    item_id: int,
    to: date,
    start: int,
) -> None:
    """Put the lesson that was once this row at a place that was offered, and say so in the message
    that offered it."""
    async with services.database.transaction(family_id=family_id) as session:
        uid = await uid_of_item(session, family_id, item_id)
    outcome: Outcome = Impossible(Why.NO_SUCH_LESSON)
    if uid is not None:
        move = MoveLesson(uid, to, start)
        key = f"tap:{message_id}:{to.isoformat()}:{start}"
        outcome = await apply_change(services, family_id, move, Origin.CHAT, key=key)
    transaction = services.database.transaction(family_id=family_id, chat_account_id=account_id)
    async with transaction as session:
        account = await load_account(session, account_id)
        if account is None or account.family_id != family_id:
            return
        family = await load_family(session, family_id)
        lesson = await find_item(session, family_id, uid) if uid is not None else None
        now = services.now()
        if isinstance(outcome, Applied):
            card = _changed(family, outcome, _today(family, now))
        else:
            card = Card(say("google.stays_still"), lines=refusal(outcome, family, lesson))
        await replace_card(session, account, message_id, card, now=now)


async def _told(
    services: Services, family_id: int, wanted: MoveLesson | DropLesson, outcome: Outcome
) -> Card:
    async with services.database.transaction(family_id=family_id) as session:
        family = await load_family(session, family_id)
        stored = await find_stored(session, family_id, wanted.uid)
    if isinstance(outcome, Applied):
        return _changed(family, outcome, _today(family, services.now()))
    reasons = refusal(outcome, family, None if stored is None else stored.item)
    if stored is None or (isinstance(outcome, Impossible) and outcome.why in SETTLED):
        return put_back_card(reasons)
    places: list[tuple[date, int]] = []
    if isinstance(wanted, MoveLesson):
        places = await _places(services, family_id, family, stored.item, wanted)
    return stays_card(_named(family, stored.item), reasons, stored.id, places)


async def _places(
    services: Services, family_id: int, family: Family, lesson: Item, asked: MoveLesson
) -> list[tuple[date, int]]:
    """Places near the one that was asked at which the lesson can stand: each was tried."""
    monday = week_start(lesson.date)
    async with services.database.transaction(family_id=family_id) as session:
        week = await load_week(session, family_id, monday)
    request = week_request(family, monday, week.items, services.now(), week.decisions)
    if request is None:
        return []
    near = await asyncio.to_thread(lambda: list(islice(places_near(request, asked), TRIED)))
    found: list[tuple[date, int]] = []
    for move in near:
        if isinstance(await preview_change(services, family_id, move), Difference):
            found.append((move.to, move.start))
        if len(found) == OFFERED:
            break
    return found


def _changed(family: Family, outcome: Applied, today: date) -> Card:
    return changed_card(outcome.difference, family, today=today, undo=outcome.token)


def _named(family: Family, lesson: Item) -> Phrase:
    name = family.child(lesson.child_id).name
    return say("plan.ask.lessons", children=(name,), subject=lesson.name)


def _today(family: Family, now: datetime) -> date:
    return wall(now, ZoneInfo(family.timezone)).date()
