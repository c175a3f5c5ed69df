"""Calendars that families plan around: looked at every hour, and followed.

A look reads, decides and writes in short transactions; between them it fetches, parses and plans.
What makes no lesson move is so at once. What does is asked first, once.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes import Applied, Outcome, apply_change, preview_change
from app.services import Services
from bot.changes import tell_change, tell_guardians
from bot.conversations.cards import Card
from bot.conversations.outside import (
    clash_card,
    left_card,
    moved_card,
    settled_card,
    stays_card,
    trouble_card,
)
from bot.outside import ask_guardians, replace_question
from core.changes import FollowCalendar, Origin, OutsideTime
from core.diff import Difference
from core.facts import outside_times
from core.family import Family
from core.outside import (
    AHEAD,
    Problem,
    asks_something,
    clashing,
    differing,
    left_over,
    next_look,
    stirred,
    worth_telling,
)
from core.phrase import say
from core.week import wall
from db.connections import (
    Connection,
    ConnectionState,
    Provider,
    amend_connection,
    load_connection,
    set_next_look,
)
from db.families import load_family
from db.items import load_items
from db.outside import (
    decline_times,
    declined_times,
    forget_past_times,
    proposal_name,
    proposal_of,
    proposed_times,
)
from sync.fetch import Fetched, NotModified, fetch
from sync.sandbox import read_calendar

KEPT = timedelta(days=14)
"""How long times of the past are kept: as long as a week that holds them may be looked at."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at a calendar: what we know of it at `now`, and of the family that planned around
    it."""

    services: Services
    connection: Connection
    family: Family
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.family.timezone)

    @property
    def local(self) -> datetime:
        return wall(self.now, self.zone)

    @property
    def name(self) -> str:
        return self.connection.name or ""

    def change(self, added: tuple[OutsideTime, ...] = ()) -> FollowCalendar:
        """What the calendar changes: these new times."""
        connection = self.connection
        return FollowCalendar(
            connection.id, self.name, connection.child_id, connection.adult_id, added
        )


class Unsettled(Exception):
    """The family has changed while its calendar was being followed: the job does it again."""


async def follow_calendar(services: Services, family_id: int, connection_id: int) -> None:
    """Look at a calendar, and plan around what is new in it. One runs at a time for a connection
    (the job's lock). Raises `KeepsChanging`, `RulesBroken`, `Unsettled`."""
    look = await _look(services, family_id, connection_id)
    if look is None or look.connection.state is not ConnectionState.ACTIVE:
        return
    found = await _fetched(look)
    if isinstance(found, Problem):
        await _not_read(look, found)
    elif isinstance(found, NotModified):
        async with services.database.transaction(family_id=family_id) as session:
            await _note_read(session, look)
    else:
        fetched, times = found
        asked = await _follow_quietly(look, times)
        question = await preview_change(services, family_id, look.change(asked)) if asked else None
        if question is not None and not isinstance(question, Difference):
            raise Unsettled
        await _conclude(look, fetched, asked, question)


async def answer_times(
    services: Services, family_id: int, connection_id: int, proposal: str, *, move: bool
) -> None:
    """Do what a guardian has answered: the lessons `move`, or these times are not asked about
    again. Raises `KeepsChanging`, `RulesBroken`."""
    look = await _look(services, family_id, connection_id)
    waiting = None if look is None else look.connection.proposal
    if look is None or waiting is None or proposal_name(waiting) != proposal:
        await _answered(services, family_id, connection_id, proposal, settled_card(), late=True)
        return
    times = proposed_times(waiting)
    card = left_card(look.name)
    if move:
        change = look.change(times)
        card = _card_of(look, await apply_change(services, family_id, change, Origin.CALENDAR))
    async with services.database.transaction(family_id=family_id) as session:
        if await load_connection(session, connection_id, services.box, lock=True) is None:
            return
        if not move:
            await decline_times(session, connection_id, times, now=look.now)
        await amend_connection(session, connection_id, now=look.now, proposal=None)
    await _answered(services, family_id, connection_id, proposal, card)


async def give_up_answer(
    services: Services, family_id: int, connection_id: int, proposal: str
) -> None:
    """Say that we could not do what was answered; the next look asks again."""
    async with services.database.transaction(family_id=family_id) as session:
        await amend_connection(session, connection_id, now=services.now(), proposal=None)
    card = Card(say("chat.our_fault"))
    await _answered(services, family_id, connection_id, proposal, card)


async def _look(services: Services, family_id: int, connection_id: int) -> _Look | None:
    async with services.database.transaction(family_id=family_id) as session:
        connection = await load_connection(session, connection_id, services.box)
        if connection is None or connection.provider is not Provider.ICAL:
            return None
        now = services.now()
        if connection.state is ConnectionState.ACTIVE:
            # For a look that comes to nothing; one that ends says itself when the next is.
            at = next_look(connection_id, now, None)
            await set_next_look(session, family_id, connection_id, at)
        return _Look(services, connection, await load_family(session, family_id), now)


async def _fetched(look: _Look) -> tuple[Fetched, tuple[OutsideTime, ...]] | NotModified | Problem:
    connection, today = look.connection, look.local.date()
    # A new day brings new times into view, also of a file that stays the same.
    seen = connection.checked_at
    known = seen is not None and wall(seen, look.zone).date() == today
    fetched = await fetch(
        connection.address or "",
        etag=connection.http_etag if known else None,
        modified=connection.http_modified if known else None,
        guard=look.services.guard,
    )
    if not isinstance(fetched, Fetched):
        return fetched
    times = await read_calendar(fetched.body, look.zone, today)
    return times if isinstance(times, Problem) else (fetched, times)


async def _follow_quietly(look: _Look, times: tuple[OutsideTime, ...]) -> tuple[OutsideTime, ...]:
    """Plan around all that asks nothing of the family; returns the new times that do."""
    services, connection, today = look.services, look.connection, look.local.date()
    async with services.database.transaction(family_id=connection.family_id) as session:
        family = await load_family(session, connection.family_id)
        declined = await declined_times(session, connection.id)
        items = await load_items(session, connection.family_id, today, today + AHEAD)
    known = [each for each in outside_times(family, connection.id) if each.on >= today]
    change = differing(look.change(), known, left_over(times, declined))
    asked = clashing(change, (stored.item for stored in items), look.local)
    quiet = _without(change, asked)
    if not quiet.added and not quiet.removed:
        return asked
    found = await preview_change(services, connection.family_id, quiet)
    if isinstance(found, Difference) and asks_something(found):
        asked += stirred(quiet, found)
        quiet = _without(change, asked)
    if quiet.added or quiet.removed:
        outcome = await apply_change(services, connection.family_id, quiet, Origin.CALENDAR)
        if not isinstance(outcome, Applied):
            raise Unsettled
        if asks_something(outcome.difference):
            # The family has changed since it was foreseen; what was done is told at least.
            async with services.database.transaction(family_id=connection.family_id) as session:
                title = say("outside.moved", name=look.name)
                await tell_change(
                    session,
                    connection.family_id,
                    outcome.difference,
                    outcome.token,
                    now=look.now,
                    title=title,
                )
    return tuple(sorted(asked))


def _without(change: FollowCalendar, asked: tuple[OutsideTime, ...]) -> FollowCalendar:
    return replace(change, added=tuple(each for each in change.added if each not in asked))


async def _conclude(
    look: _Look, fetched: Fetched, asked: tuple[OutsideTime, ...], question: Difference | None
) -> None:
    """Remember the look, and ask what is to be asked, unless that is being asked already."""
    connection_id, family_id = look.connection.id, look.connection.family_id
    async with look.services.database.transaction(family_id=family_id) as session:
        connection = await load_connection(session, connection_id, look.services.box, lock=True)
        if connection is None:
            return
        proposal = proposal_of(asked)
        await _note_read(
            session,
            look,
            http_etag=fetched.etag,
            http_modified=fetched.modified,
            proposal=proposal,
        )
        await forget_past_times(session, connection_id, look.local.date() - KEPT)
        if proposal == connection.proposal:
            return
        if connection.proposal is not None:
            former = proposal_name(connection.proposal)
            await replace_question(
                session, family_id, connection_id, former, settled_card(), now=look.now
            )
        if proposal is not None and question is not None:
            card = clash_card(
                look.name,
                question,
                await load_family(session, family_id),
                today=look.local.date(),
                connection_id=connection_id,
                proposal=proposal_name(proposal),
            )
            await ask_guardians(
                session, family_id, connection_id, proposal_name(proposal), card, now=look.now
            )


async def _note_read(session: AsyncSession, look: _Look, **values: object) -> None:
    connection, now = look.connection, look.now
    await amend_connection(
        session,
        connection.id,
        now=now,
        problem=None,
        problem_since=None,
        checked_at=now,
        **values,
    )
    at = next_look(connection.id, now, None)
    await set_next_look(session, connection.family_id, connection.id, at)


async def _not_read(look: _Look, problem: Problem) -> None:
    """Remember that the calendar could not be read, and tell the guardians once if it is time."""
    connection, now = look.connection, look.now
    since = connection.problem_since or now
    ever_read = connection.checked_at is not None
    log.info("calendar not read", family_id=connection.family_id, reason=problem.value)
    async with look.services.database.transaction(family_id=connection.family_id) as session:
        if await load_connection(session, connection.id, look.services.box, lock=True) is None:
            return
        await amend_connection(
            session, connection.id, now=now, problem=problem.value, problem_since=since
        )
        at = next_look(connection.id, now, since)
        await set_next_look(session, connection.family_id, connection.id, at)
        if worth_telling(problem, since, now, ever_read=ever_read):
            await tell_guardians(
                session,
                connection.family_id,
                trouble_card(look.name, problem, ever_read=ever_read),
                now=now,
                dedupe_key=f"calendar:{connection.id}:{since:%Y%m%dT%H%M%S}",
            )


def _card_of(look: _Look, outcome: Outcome) -> Card:
    if isinstance(outcome, Applied):
        return moved_card(
            look.name,
            outcome.difference,
            look.family,
            today=look.local.date(),
            undo=outcome.token,
        )
    return stays_card(look.name, outcome, look.family)


async def _answered(
    services: Services,
    family_id: int,
    connection_id: int,
    proposal: str,
    card: Card,
    *,
    late: bool = False,
) -> None:
    async with services.database.transaction(family_id=family_id) as session:
        now = services.now()
        await replace_question(
            session, family_id, connection_id, proposal, card, now=now, waiting_only=late
        )
