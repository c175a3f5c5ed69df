"""One Google calendar and the weeks that it shows, kept equal from both sides.

What people did there is taken over first, then what differs is written. What is to be created or
deleted is remembered before the calls, and every call's outcome after it: killed anywhere, the
next run finds out by looking, and at most one call was made in vain.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sync.errors import Conflict, NotFound, PreconditionFailed, SyncTokenExpired
from sync.errors import Deleted as Gone
from sync.google import GoogleCalendars, Remote
from sync.google_events import GoogleEvent
from sync.plan import Action, Create, Known, Remove, Replace, Wanted, actions
from sync.pull import (
    OTHERWISE,
    REMOVING,
    Adjustment,
    Deleted,
    Expected,
    Forgotten,
    Moved,
    Noted,
    adjustments,
    too_many,
    unsure,
)

ROUNDS = 5
"""Looks at a calendar that changes under our hands, before the rest is left to later."""


class Weeks(Protocol):
    """What the calendar is to show, and what we remember of it. Each call is a transaction of its
    own."""

    async def expected(self) -> Expected:
        """What is to be there now."""
        ...

    async def known(self) -> Sequence[Known]:
        """What we wrote there."""
        ...

    async def note(self, events: Collection[Known]) -> None:
        """Remember these as given."""
        ...

    async def forget(self, event_id: str) -> None: ...

    async def sync_token(self) -> str | None: ...

    async def keep_sync_token(self, token: str | None) -> None: ...

    async def adjust(self, change: Moved | Deleted) -> bool:
        """Make the weeks follow what somebody did to an event, or tell them why not. However often
        the same is asked, it is done once. Returns whether the weeks have followed."""
        ...


class Ending(StrEnum):
    """EQUAL: nothing is left to do. UNSETTLED: it kept changing meanwhile. DOUBTFUL: so much was
    deleted at once that nothing was taken over. LOST: there is no such calendar any more."""

    EQUAL = "equal"
    UNSETTLED = "unsettled"
    DOUBTFUL = "doubtful"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Kept:
    """How a run ended, and how many events it set out to write."""

    ending: Ending
    written: int = 0


async def keep_equal(
    google: GoogleCalendars, calendar_id: str, weeks: Weeks, *, now: datetime
) -> Kept:
    """Take over what people did in the calendar, and write what differs.

    Without any change it costs one call a page; otherwise one for each change, and the pages
    twice. Raises what the calendar raises beyond a single event: `RateLimited`, `Unavailable`, ….
    """
    written = 0
    for _ in range(ROUNDS):
        try:
            pulled = await _pull(google, calendar_id, weeks, now)
        except NotFound:
            return Kept(Ending.LOST, written)
        if not pulled:
            return Kept(Ending.DOUBTFUL, written)
        todo = actions((await weeks.expected()).events, await weeks.known())
        if not todo:
            return Kept(Ending.EQUAL, written)
        written += len(todo)
        await _push(google, calendar_id, weeks, todo)
    return Kept(Ending.UNSETTLED, written)


async def _pull(google: GoogleCalendars, calendar_id: str, weeks: Weeks, now: datetime) -> bool:
    """Take over what has changed there since the last look; whether that may be done without
    asking. Raises `NotFound` if the calendar is gone, on two calls' word."""
    token = await weeks.sync_token()
    try:
        seen, following = await asyncio.to_thread(google.list_events, calendar_id, token)
    except (SyncTokenExpired, NotFound):
        # Google has forgotten the token, or says that the calendar is gone: only a full list tells.
        token = None
        seen, following = await asyncio.to_thread(google.list_events, calendar_id, None)
    expected, known = await weeks.expected(), await weeks.known()
    found = adjustments(seen, known, expected, whole=token is None)
    if too_many(found, known, expected, now=now):
        return False
    await _take_over(weeks, found)
    # Last: until all of it is taken over, the same must be seen again.
    await weeks.keep_sync_token(following)
    return True


async def _take_over(weeks: Weeks, found: Sequence[Adjustment]) -> None:
    await weeks.note([each.event for each in found if isinstance(each, Noted)])
    for each in found:
        match each:
            case Forgotten(event_id):
                await weeks.forget(event_id)
            case Moved(event):
                await weeks.adjust(each)
                await weeks.note([event])
            case Deleted(event):
                if await weeks.adjust(each):
                    await weeks.forget(event.event_id)
                else:
                    await weeks.note([unsure(event)])


async def _push(
    google: GoogleCalendars,
    calendar_id: str,
    weeks: Weeks,
    todo: Sequence[Action[GoogleEvent]],
) -> None:
    """Run the actions. Where an event is not what we knew it to be, it is looked at instead, and
    is the next round's."""
    await weeks.note([_intended(action) for action in todo if not isinstance(action, Replace)])
    for action in todo:
        match action:
            case Remove(known):
                await _remove(google, calendar_id, weeks, known)
            case Create(wanted):
                await _create(google, calendar_id, weeks, wanted)
            case Replace(wanted, known) if known.etag is None:
                await _create(google, calendar_id, weeks, wanted)
            case Replace(wanted, known):
                await _replace(google, calendar_id, weeks, wanted, known.etag)


def _intended(action: Create[GoogleEvent] | Remove) -> Known:
    if isinstance(action, Remove):
        return replace(action.known, fingerprint=REMOVING)
    return Known(action.wanted.event_id, action.wanted.uid, OTHERWISE, None)


async def _remove(google: GoogleCalendars, calendar_id: str, weeks: Weeks, known: Known) -> None:
    try:
        await asyncio.to_thread(google.delete_event, calendar_id, known.event_id, known.etag)
    except PreconditionFailed:
        await _look(google, calendar_id, weeks, known.event_id)
    except (NotFound, Gone):
        await weeks.keep_sync_token(None)
    else:
        await weeks.forget(known.event_id)


async def _create(
    google: GoogleCalendars, calendar_id: str, weeks: Weeks, wanted: Wanted[GoogleEvent]
) -> None:
    try:
        remote = await asyncio.to_thread(google.insert_event, calendar_id, wanted.body.resource)
    except Conflict:
        await _look(google, calendar_id, weeks, wanted.event_id, revive=wanted)
    except NotFound:
        await weeks.keep_sync_token(None)
    else:
        await weeks.note([_written(wanted, remote)])


async def _replace(
    google: GoogleCalendars,
    calendar_id: str,
    weeks: Weeks,
    wanted: Wanted[GoogleEvent],
    etag: str | None,
) -> None:
    try:
        remote = await asyncio.to_thread(
            google.update_event, calendar_id, wanted.event_id, wanted.body.resource, etag
        )
    except PreconditionFailed:
        await _look(google, calendar_id, weeks, wanted.event_id)
    except (NotFound, Gone):
        # Somebody deleted it, or the calendar is gone: a full list tells which.
        await weeks.keep_sync_token(None)
    else:
        await weeks.note([_written(wanted, remote)])


async def _look(
    google: GoogleCalendars,
    calendar_id: str,
    weeks: Weeks,
    event_id: str,
    *,
    revive: Wanted[GoogleEvent] | None = None,
) -> None:
    """Take over what has become of one event. An id that is taken by a deleted event cannot be
    given again: then that event is brought back as `revive`."""
    try:
        remote = await asyncio.to_thread(google.get_event, calendar_id, event_id)
    except (NotFound, Gone):
        await weeks.keep_sync_token(None)
        return
    if revive is not None and remote.cancelled:
        await _replace(google, calendar_id, weeks, revive, remote.etag)
        return
    found = adjustments([remote], await weeks.known(), await weeks.expected(), whole=False)
    await _take_over(weeks, found)


def _written(wanted: Wanted[GoogleEvent], remote: Remote) -> Known:
    return Known(wanted.event_id, wanted.uid, wanted.fingerprint, remote.etag)
