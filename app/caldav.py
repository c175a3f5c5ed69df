"""The calendars that we keep on families' CalDAV servers, run by run.

A run reads, decides and remembers in short transactions, and calls the server between them, in a
thread. Whatever ends it, the next one goes on: every call holds however often it is made.
"""

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages import feed_content
from app.services import Services
from bot.changes import tell_guardians
from bot.conversations.caldav import (
    Trouble,
    connected_card,
    left_card,
    refused_card,
    stopped_card,
)
from bot.texts import translator
from core.week import wall
from db.calendars import FEED, FeedTarget
from db.connections import (
    Connection,
    ConnectionState,
    Provider,
    amend_connection,
    connections_of,
    delete_connection,
    load_connection,
    replace_token,
)
from db.published import (
    WrittenEvent,
    amend_published,
    create_published,
    note_removed,
    note_written,
    published_calendars,
    written_events,
)
from db.revision import publish_soon
from sync.backoff import pause
from sync.caldav import (
    NAME,
    Done,
    carry_out,
    drop_if_empty,
    made_by_us,
    service_address,
    settle,
    wanted_objects,
)
from sync.dav import CERTIFICATE, Login, NotAllowed, NotCalDav, Server
from sync.errors import (
    AccessRevoked,
    Forbidden,
    NotFound,
    QuotaExceeded,
    RateLimited,
    Refused,
    RemoteError,
    Unavailable,
)
from sync.ical import CalendarObject, FeedContent, calendar_objects
from sync.plan import Action, Known, Remove, actions

RECENT = timedelta(days=30)
"""How far back lessons are written into a calendar that does not hold them yet."""

PATIENCE = timedelta(days=3)
"""For how long a server may not answer before anybody is told."""

LASTING = frozenset({Trouble.PASSWORD, Trouble.READ_ONLY, Trouble.GONE, Trouble.ADDRESS})
"""What does not pass by waiting."""

log = structlog.get_logger()


async def connect_caldav(services: Services, family_id: int, connection_id: int) -> None:
    """Find a place for the family's calendar on the server of a pending connection, and have it
    filled. The chats of the guardians are told; what cannot be joined is forgotten, its password
    first of all."""
    async with services.database.transaction(family_id=family_id) as session:
        connection = await load_connection(session, connection_id, services.box)
    if connection is None or connection.state is not ConnectionState.PENDING:
        return
    try:
        url = await asyncio.to_thread(_settled, services, connection)
    except RemoteError as error:
        found = trouble(error)
        log.info("not connected", family_id=family_id, reason=found.value)
        async with services.database.transaction(family_id=family_id) as session:
            await delete_connection(session, connection_id)
            await tell_guardians(session, family_id, refused_card(found), now=services.now())
        return
    async with services.database.transaction(family_id=family_id) as session:
        await _begin(services, session, connection, url)
    log.info("calendar connected", family_id=family_id, kind=Provider.CALDAV.value)


async def publish_caldav(services: Services, connection: Connection) -> None:
    """Make the family's collection equal to its weeks. One runs at a time for a connection (the
    job's lock).

    Where the server cannot be asked a later job goes on; what only a guardian can mend is told
    once, and the connection rests until it is joined anew.
    """
    if connection.state is not ConnectionState.ACTIVE:
        return
    place = await _place(services, connection)
    if place is None:
        return
    try:
        refused = await _carry_out(services, connection, place, await _decide(services, place))
    except RemoteError as error:
        await _stopped(services, connection, error)
        return
    now = services.now()
    async with services.database.transaction(family_id=connection.family_id) as session:
        await amend_published(session, place.published_id, now=now, synced_at=now)
        await amend_connection(
            session, connection.id, now=now, problem=None, problem_since=None, checked_at=now
        )
    if refused:
        log.warning("events refused", family_id=connection.family_id, count=refused)


async def disconnect_caldav(
    services: Services, connection: Connection, *, keep: bool, last: bool = True
) -> None:
    """Take the connection down: what we wrote is taken away (or, with `keep`, stays as it is), the
    collection too if we made it and nothing else is in it, and nothing of it is kept here.

    Raises `Unavailable` and `RateLimited` unless this is the `last` time that it is tried: nothing
    is lost by then, and it can be asked again.
    """
    family_id, left = connection.family_id, False
    async with services.database.transaction(family_id=family_id) as session:
        now = services.now()
        await amend_connection(session, connection.id, now=now, state=ConnectionState.ENDED)
    place = await _place(services, connection)
    if place is not None and not keep:
        try:
            left = not await _take_down(services, connection, place)
        except RemoteError as error:
            if not last and isinstance(error, Unavailable | RateLimited):
                raise
            log.info("not taken down", family_id=family_id, error=type(error).__name__)
            left = not isinstance(error, NotFound)
    async with services.database.transaction(family_id=family_id) as session:
        await delete_connection(session, connection.id)
        if left:
            await tell_guardians(session, family_id, left_card(), now=services.now())
    log.info("calendar disconnected", family_id=family_id, kind=Provider.CALDAV.value)


def trouble(error: RemoteError) -> Trouble:
    """What an answer of the server comes to for a family."""
    match error:
        case AccessRevoked():
            return Trouble.PASSWORD
        case NotCalDav():
            return Trouble.NO_CALENDAR
        case NotAllowed():
            return Trouble.ADDRESS
        case Forbidden():
            return Trouble.READ_ONLY
        case NotFound():
            return Trouble.GONE
        case QuotaExceeded():
            return Trouble.FULL
        case Unavailable(reason=reason) if reason == CERTIFICATE:
            return Trouble.CERTIFICATE
        case _:
            return Trouble.NO_ANSWER


@dataclass(frozen=True, slots=True)
class _Place:
    """A connection's collection, and what we have written into it."""

    published_id: int
    url: str
    known: tuple[Known, ...]
    content: FeedContent


def _login(connection: Connection) -> Login:
    said = json.loads(connection.token or "{}")
    return Login(said.get("user", ""), said.get("password", ""))


def _settled(services: Services, connection: Connection) -> str:
    """The URL of the collection, made if need be. Blocks; raises `RemoteError`."""
    address = service_address(connection.address or "")
    with Server(address, _login(connection), services.guard) as server:
        return settle(server, address)


async def _begin(
    services: Services, session: AsyncSession, connection: Connection, url: str
) -> None:
    """The connection writes into this collection from now on. Was it known already, then the old
    connection goes on under the new password, and knows what it has written."""
    now, box, family_id = services.now(), services.box, connection.family_id
    if await load_connection(session, connection.id, box, lock=True) is None:
        return
    goes_on = await _writing_into(session, connection, url, services)
    if goes_on is None:
        published_id = await create_published(session, connection.id, None, now=now)
        await amend_published(session, published_id, now=now, calendar_id=url)
        goes_on = connection.id
    else:
        await replace_token(session, goes_on, connection.token, box, now=now)
        await delete_connection(session, connection.id)
    await amend_connection(
        session,
        goes_on,
        now=now,
        state=ConnectionState.ACTIVE,
        problem=None,
        problem_since=None,
    )
    await publish_soon(session, family_id, goes_on)
    await tell_guardians(session, family_id, connected_card(NAME), now=now)


async def _writing_into(
    session: AsyncSession, connection: Connection, url: str, services: Services
) -> int | None:
    for other in await connections_of(session, connection.family_id, services.box):
        if other.provider is Provider.CALDAV and other.id != connection.id:
            calendars = await published_calendars(session, other.id)
            if any(calendar.calendar_id == url for calendar in calendars):
                return other.id
    return None


async def _place(services: Services, connection: Connection) -> _Place | None:
    """None if there is no collection (any more)."""
    family_id = connection.family_id
    async with services.database.transaction(family_id=family_id) as session:
        for calendar in await published_calendars(session, connection.id):
            if calendar.child_id is None and calendar.calendar_id is not None:
                written = await written_events(session, calendar.id)
                known = tuple(Known(w.event_id, w.uid, w.fingerprint, w.etag) for w in written)
                family = FeedTarget(0, family_id, FEED, None, None)
                content = await feed_content(session, family, None, now=services.now())
                return _Place(calendar.id, calendar.calendar_id, known, content)
    return None


async def _decide(services: Services, place: _Place) -> Sequence[Action[CalendarObject]]:
    """What is to be done; a tenth of a second of writing for a big family, so in a thread."""
    today = wall(services.now(), ZoneInfo(place.content.timezone)).date()

    def decided() -> Sequence[Action[CalendarObject]]:
        words = translator(place.content.language)
        objects = calendar_objects(place.content, words, today=today)
        names = {known.event_id for known in place.known}
        return actions(wanted_objects(objects, names, today - RECENT), place.known)

    return await asyncio.to_thread(decided)


async def _carry_out(
    services: Services,
    connection: Connection,
    place: _Place,
    todo: Sequence[Action[CalendarObject]],
) -> int:
    """Does it, remembering each action as soon as it is done; returns how many the server has
    refused for themselves. Raises what concerns them all."""
    refused = 0
    if not todo:
        return refused
    server = await asyncio.to_thread(Server, place.url, _login(connection), services.guard)
    with server:
        for action in todo:
            try:
                done = await asyncio.to_thread(carry_out, server, place.url, action)
            except Refused:
                refused += 1
            else:
                await _remember(services, connection.family_id, place.published_id, done)
    return refused


async def _remember(services: Services, family_id: int, published_id: int, done: Done) -> None:
    async with services.database.transaction(family_id=family_id) as session:
        if done.known is None:
            await note_removed(session, published_id, done.event_id)
            return
        known = done.known
        event = WrittenEvent(known.event_id, known.uid, known.fingerprint, known.etag)
        await note_written(session, published_id, event, now=services.now())


async def _take_down(services: Services, connection: Connection, place: _Place) -> bool:
    """Whether nothing of ours is left there."""
    removals = [Remove(known) for known in place.known]
    refused = await _carry_out(services, connection, place, removals)
    if refused or not made_by_us(place.url):
        return not refused
    server = await asyncio.to_thread(Server, place.url, _login(connection), services.guard)
    with server:
        await asyncio.to_thread(drop_if_empty, server, place.url)
    return True


async def _stopped(services: Services, connection: Connection, error: RemoteError) -> None:
    """A run has ended before its end: later, or when a guardian has mended it."""
    found, now, family_id = trouble(error), services.now(), connection.family_id
    async with services.database.transaction(family_id=family_id) as session:
        current = await load_connection(session, connection.id, services.box, lock=True)
        if current is None or current.state is not ConnectionState.ACTIVE:
            return
        since = now
        if current.problem == found and current.problem_since is not None:
            since = current.problem_since
        lasting = found in LASTING
        await amend_connection(
            session,
            connection.id,
            now=now,
            state=ConnectionState.BROKEN if lasting else ConnectionState.ACTIVE,
            problem=found.value,
            problem_since=since,
        )
        if not lasting:
            asked = error.retry_after if isinstance(error, RateLimited | Unavailable) else None
            wait = pause(now - since, asked, random.random())  # noqa: S311 - spreads jobs
            await publish_soon(session, family_id, connection.id, wait=wait)
        if lasting or found is Trouble.FULL or now - since >= PATIENCE:
            await tell_guardians(
                session,
                family_id,
                stopped_card(found),
                now=now,
                dedupe_key=f"caldav:{connection.id}:{found}:{since:%Y%m%dT%H%M%S}",
            )
    log.warning("not published", family_id=family_id, reason=found.value)
