"""What a family asks of its week, looked at and carried out by jobs; the chat is told in the
message in which it asked."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from app.changes import Applied, Outcome, apply_change, preview_change
from app.planning import week_request
from app.services import Services
from app.waiting import family_chat
from bot.changes import tell_guardians
from bot.conversations.cards import Card
from bot.conversations.differences import changed_card, refusal
from bot.conversations.requests import Ground, proposal_card, refused_card, told
from bot.outbox import replace_card, spoken
from bot.requests import ground_of
from bot.texts import translator
from core.changes import Change, Impossible, MoveLesson, Origin
from core.decisions import Broken
from core.diff import Difference
from core.nearby import places_near
from core.said.readings import MoveLesson as MoveAsked
from core.week import wall, week_start
from core.wishes import Wish, change_of
from db.families import load_family
from db.requests import ChatRequest, forget_request, keep_change, load_request
from db.schedules import load_week

TRIED = 8
"""Places of a day that are planned for a lesson at most: each takes a solver's second."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, and the ground on which it was made."""

    wish: Wish
    change: Change | None
    ground: Ground
    local: datetime


async def preview(
    services: Services, family_id: int, account_id: int, message_id: int, request_id: int
) -> None:
    """Look what would become of the week, and ask in the message whether to do it. Raises
    `NoSuchFamily`, `RulesBroken`."""
    asked = await _asked(services, family_id, account_id, request_id)
    if asked is None:
        return
    change = change_of(asked.wish, asked.ground.family, asked.ground.lessons, asked.local)
    found: Difference | Impossible | Broken
    if isinstance(change, Impossible):
        found = change
    else:
        change, found = await _first_that_can_be(services, family_id, asked, change)
    async with family_chat(services, family_id, account_id) as (session, account):
        if account is None:
            return
        if isinstance(found, Difference) and not isinstance(change, Impossible):
            await keep_change(session, request_id, change)
            card = proposal_card(request_id, asked.wish, asked.ground, found)
        else:
            await forget_request(session, request_id)
            card = _refused(asked, found)
        await replace_card(session, account, message_id, card, now=services.now())


async def carry_out(
    services: Services, family_id: int, account_id: int, message_id: int, request_id: int
) -> None:
    """Do what was confirmed, once; say what it did in the message and to the other guardians.
    Raises `KeepsChanging`, `NoSuchFamily`, `RulesBroken`."""
    asked = await _asked(services, family_id, account_id, request_id)
    if asked is None:
        return
    async with family_chat(services, family_id, account_id) as (_, account):
        if account is None:
            return
        reason = translator(spoken(account))(told(asked.wish, asked.ground))
    # What the evening asks about was never looked at before.
    change = asked.change or change_of(
        asked.wish, asked.ground.family, asked.ground.lessons, asked.local
    )
    outcome: Outcome
    if isinstance(change, Impossible):
        outcome = change
    else:
        key = f"request:{request_id}"
        outcome = await apply_change(
            services, family_id, change, Origin.CHAT, key=key, reason=reason
        )
    now = services.now()
    card = (
        changed_card(
            outcome.difference,
            asked.ground.family,
            today=asked.ground.today,
            undo=outcome.token,
            title=told(asked.wish, asked.ground),
        )
        if isinstance(outcome, Applied)
        else _refused(asked, outcome)
    )
    if isinstance(outcome, Applied):
        # Before the request is forgotten: a job that dies in between tells them when it runs again.
        async with services.database.transaction(family_id=family_id) as session:
            key = f"request:{request_id}"
            await tell_guardians(session, family_id, card, now=now, dedupe_key=key, but=account_id)
    async with family_chat(services, family_id, account_id) as (session, account):
        if account is not None:
            await forget_request(session, request_id)
            await replace_card(session, account, message_id, card, now=now)


async def _first_that_can_be(
    services: Services, family_id: int, asked: _Asked, change: Change
) -> tuple[Change, Difference | Impossible | Broken]:
    """The change and what it would do; of a lesson that may stand anywhere on a day, the nearest
    place to its own hour at which it can."""
    found = await preview_change(services, family_id, change)
    anywhere = isinstance(asked.wish, MoveAsked) and asked.wish.start is None
    if not anywhere or not isinstance(change, MoveLesson) or isinstance(found, Difference):
        return change, found
    for place in await _places(services, family_id, asked, change):
        other = await preview_change(services, family_id, place)
        if isinstance(other, Difference):
            return place, other
    return change, found


async def _places(
    services: Services, family_id: int, asked: _Asked, move: MoveLesson
) -> list[MoveLesson]:
    monday = week_start(move.to)
    async with services.database.transaction(family_id=family_id) as session:
        week = await load_week(session, family_id, monday)
    family, now = asked.ground.family, services.now()
    request = week_request(family, monday, week.items, now, week.decisions)
    if request is None:
        return []
    near = (place for place in places_near(request, move) if place.to == move.to)
    return await asyncio.to_thread(lambda: list(islice(near, TRIED)))


def _refused(asked: _Asked, outcome: Difference | Impossible | Broken) -> Card:
    lesson = None
    if isinstance(outcome, Impossible) and outcome.uid is not None:
        lesson = next((i for i in asked.ground.lessons if i.uid == outcome.uid), None)
    reasons = (
        () if isinstance(outcome, Difference) else refusal(outcome, asked.ground.family, lesson)
    )
    return refused_card(asked.wish, asked.ground, reasons)


async def _asked(
    services: Services, family_id: int, account_id: int, request_id: int
) -> _Asked | None:
    now = services.now()
    async with family_chat(services, family_id, account_id) as (session, account):
        if account is None:
            return None
        request: ChatRequest | None = await load_request(session, request_id, account_id)
        if request is None or not isinstance(request.asked, Wish):
            return None
        family = await load_family(session, family_id)
        ground = await ground_of(session, family_id, family, now)
    return _Asked(request.asked, request.change, ground, wall(now, ZoneInfo(family.timezone)))
