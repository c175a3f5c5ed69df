"""The calendars that we keep in a guardian's Google account, run by run.

A run reads, decides and remembers in short transactions and calls Google between them. Whatever
ends it, the next one goes on where it stood.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.google_access import google_client, google_connection, make_anew
from app.google_watch import stop_watching, watch_calendar
from app.google_weeks import ChildWeeks, doubt_all
from app.services import Services
from bot.changes import tell_guardians
from bot.conversations.google import (
    Answer,
    Question,
    left_card,
    question_card,
    ready_card,
    revoked_card,
)
from bot.outbox import spoken
from bot.texts import language_of, translator
from core.family import Family
from core.phrase import Translate
from core.week import wall
from db.connections import (
    Connection,
    ConnectionState,
    amend_connection,
    delete_connection,
    load_connection,
    set_next_look,
)
from db.conversations import accounts_of
from db.families import load_family
from db.published import (
    CalendarState,
    Published,
    amend_published,
    create_published,
    delete_published,
    published_calendar,
    published_calendars,
)
from db.revision import publish_soon
from sync.backoff import pause
from sync.errors import AccessRevoked, NotFound, RateLimited, RemoteError, Unavailable
from sync.google import GoogleCalendars
from sync.google_events import calendar_summary
from sync.oauth import OAuthClient, refresh, revoke
from sync.two_way import Ending, keep_equal

POLL = timedelta(minutes=10)
"""How often a calendar is looked at about which nobody notifies us."""

WATCHED_POLL = timedelta(hours=6)
"""How often one is looked at all the same: notifications get lost, and channels must be renewed."""

SOON = timedelta(minutes=1)
"""When a calendar that kept changing is looked at again."""

NIGHT = 3
"""The hour of the family's day from which a calendar is compared as a whole, once a day."""

REVOKED = "revoked"
"""`problem` of a connection that Google does not let us use any more."""

log = structlog.get_logger()


@dataclass(frozen=True)
class _Run:
    """One run for one connection."""

    services: Services
    connection: Connection
    google: GoogleCalendars
    family: Family
    translate: Translate
    now: datetime

    @property
    def family_id(self) -> int:
        return self.connection.family_id

    def weeks(self, calendar: Published, calendar_id: str) -> ChildWeeks:
        return ChildWeeks(
            self.services,
            self.family_id,
            calendar.child_id or 0,
            calendar.id,
            calendar_id,
            self.translate,
        )

    def child_name(self, calendar: Published) -> str | None:
        """Whose calendar it is; None of a child who has left."""
        return next((c.name for c in self.family.children if c.id == calendar.child_id), None)


async def publish_google(services: Services, connection: Connection) -> None:
    """Make each child's calendar equal to its weeks, from both sides; what the account lacks is
    made first. One runs at a time for a connection (the job's lock).

    Where Google cannot be asked, or wants us to wait, a later job goes on; where the access is
    gone, a guardian is told once and the connection rests until it is granted anew.
    """
    client = google_client(services)
    if client is None or connection.token is None or connection.state is not ConnectionState.ACTIVE:
        log.info("not published", family_id=connection.family_id, reason="no access")
        return
    try:
        run = await _begin(services, connection, client)
        watched = await _run(run)
    except AccessRevoked:
        await _rest(services, connection)
    except RemoteError as error:
        await _go_on_later(services, connection, error)
    else:
        await _done(run, WATCHED_POLL if watched else POLL)


async def answer_calendar(
    services: Services, family_id: int, published_id: int, answer: Answer
) -> None:
    """What a guardian has answered to a question about a calendar. Raises `RemoteError` where
    Google must be asked and cannot be: then nothing has changed, and it can be tried again."""
    now = services.now()
    async with services.database.transaction(family_id=family_id) as session:
        calendar = await published_calendar(session, published_id)
        if calendar is None:
            return
        connection = await load_connection(session, calendar.connection_id, services.box)
        children = {child.id for child in (await load_family(session, family_id)).children}
    client = google_client(services)
    if answer is Answer.DELETE and connection is not None and client is not None:
        try:
            await _delete_calendar(await _begin(services, connection, client), calendar)
        except AccessRevoked:
            await _rest(services, connection)
            return
    async with services.database.transaction(family_id=family_id) as session:
        if answer is Answer.FILL and calendar.state is CalendarState.GONE:
            await make_anew(session, published_id, now=now)
        elif answer is Answer.FILL:
            await doubt_all(session, published_id, now=now)
            await amend_published(session, published_id, now=now, state=CalendarState.ACTIVE)
        elif answer is Answer.LEAVE and calendar.child_id in children:
            await amend_published(session, published_id, now=now, state=CalendarState.GONE)
        else:
            await delete_published(session, published_id)
        await publish_soon(session, family_id, calendar.connection_id)


async def disconnect_google(
    services: Services, connection: Connection, *, keep: bool, last: bool = True
) -> None:
    """Take the connection down: its calendars are deleted (or, with `keep`, stay as they are), the
    access is given back, and nothing of it is kept here. Where calendars had to stay, the guardians
    are told.

    Raises `Unavailable` and `RateLimited` unless this is the `last` time that it is tried: nothing
    is lost by then, and it can be asked again.
    """
    family_id, left = connection.family_id, False
    async with services.database.transaction(family_id=family_id) as session:
        await set_next_look(session, family_id, connection.id, None)
        await amend_connection(
            session, connection.id, now=services.now(), state=ConnectionState.ENDED
        )
    client = google_client(services)
    if client is not None and connection.token is not None:
        try:
            await _take_down(await _begin(services, connection, client), keep=keep)
            if not await _connected_again(services, connection):
                # Google takes back all that the account has granted us, a newer consent included.
                await asyncio.to_thread(revoke, client, connection.token)
        except RemoteError as error:
            if not last and isinstance(error, Unavailable | RateLimited):
                raise
            left = not keep
            log.info("not taken down", family_id=family_id, error=type(error).__name__)
    async with services.database.transaction(family_id=family_id) as session:
        await delete_connection(session, connection.id)
        if left:
            await tell_guardians(session, family_id, left_card(), now=services.now())
    log.info("calendar disconnected", family_id=family_id, kind=connection.provider.value)


async def _connected_again(services: Services, connection: Connection) -> bool:
    if connection.adult_id is None:
        return False
    async with services.database.transaction(family_id=connection.family_id) as session:
        newer = await google_connection(
            session, connection.family_id, connection.adult_id, services.box
        )
    return newer is not None


async def _begin(services: Services, connection: Connection, client: OAuthClient) -> _Run:
    """A run with an access token of its own, which is kept nowhere."""
    tokens = await asyncio.to_thread(refresh, client, connection.token or "")
    async with services.database.transaction(family_id=connection.family_id) as session:
        family = await load_family(session, connection.family_id)
        language = await _language(session, connection)
    return _Run(
        services=services,
        connection=connection,
        google=GoogleCalendars(tokens.access_token, base=services.settings.google_api_base),
        family=family,
        translate=translator(language),
        now=services.now(),
    )


async def _language(session: AsyncSession, connection: Connection) -> str:
    """That of the adult whose account it is."""
    chats = await accounts_of(session, connection.family_id)
    own = [chat for chat in chats if chat.adult_id == connection.adult_id]
    return spoken(own[0]) if own else language_of(None)


async def _run(run: _Run) -> bool:
    """All calendars of the connection; returns whether Google notifies us about every one."""
    watched = True
    for calendar in await _calendars(run):
        if calendar.state is not CalendarState.ACTIVE:
            continue
        if run.child_name(calendar) is None:
            await _ask(run, calendar, Question.CHILD_LEFT)
        elif await _keep(run, calendar):
            watched &= await watch_calendar(
                run.services, run.google, run.family_id, calendar, now=run.now
            )
    return watched


async def _calendars(run: _Run) -> Sequence[Published]:
    """The connection's calendars, those that are missing made first. Google gives a calendar its
    id, so one that we could not remember stays there, empty."""
    async with run.services.database.transaction(family_id=run.family_id) as session:
        for child in run.family.children:
            await create_published(session, run.connection.id, child.id, now=run.now)
        calendars = await published_calendars(session, run.connection.id)
    for calendar in calendars:
        name = run.child_name(calendar)
        if calendar.calendar_id is None and name is not None:
            calendar_id = await asyncio.to_thread(
                run.google.create_calendar,
                calendar_summary(name, run.translate),
                run.family.timezone,
            )
            async with run.services.database.transaction(family_id=run.family_id) as session:
                await amend_published(session, calendar.id, now=run.now, calendar_id=calendar_id)
    async with run.services.database.transaction(family_id=run.family_id) as session:
        return await published_calendars(session, run.connection.id)


async def _keep(run: _Run, calendar: Published) -> bool:
    """One calendar, kept equal; returns whether it goes on."""
    calendar_id = calendar.calendar_id or ""
    weeks = run.weeks(calendar, calendar_id)
    await weeks.leave_the_past()
    whole = _due_as_a_whole(calendar, run)
    if whole:
        await weeks.keep_sync_token(None)
    kept = await keep_equal(run.google, calendar_id, weeks, now=run.now)
    match kept.ending:
        case Ending.DOUBTFUL:
            await _ask(run, calendar, Question.EMPTIED)
            return False
        case Ending.LOST:
            await _ask(run, calendar, Question.LOST)
            return False
        case Ending.UNSETTLED:
            async with run.services.database.transaction(family_id=run.family_id) as session:
                await publish_soon(session, run.family_id, run.connection.id, wait=SOON)
        case Ending.EQUAL if whole:
            async with run.services.database.transaction(family_id=run.family_id) as session:
                await amend_published(session, calendar.id, now=run.now, synced_at=run.now)
            log.info("calendar compared", family_id=run.family_id, count=kept.written)
    return True


def _due_as_a_whole(calendar: Published, run: _Run) -> bool:
    zone = ZoneInfo(run.family.timezone)
    if calendar.synced_at is None:
        return True
    local, last = wall(run.now, zone), wall(calendar.synced_at, zone)
    return local.date() > last.date() and local.hour >= NIGHT


async def _ask(run: _Run, calendar: Published, question: Question) -> None:
    """Ask the guardians what is to become of a calendar; until then nothing is written there."""
    state = CalendarState.GONE if question is Question.LOST else CalendarState.DOUBTFUL
    card = question_card(question, calendar.id, run.child_name(calendar))
    async with run.services.database.transaction(family_id=run.family_id) as session:
        await amend_published(session, calendar.id, now=run.now, state=state)
        await tell_guardians(session, run.family_id, card, now=run.now)
    log.info("calendar asked about", family_id=run.family_id, kind=question.value)


async def _done(run: _Run, until_next: timedelta) -> None:
    """The run has ended well; after the first one the chat is told."""
    async with run.services.database.transaction(family_id=run.family_id) as session:
        if run.connection.checked_at is None:
            names = [child.name for child in run.family.children]
            await tell_guardians(session, run.family_id, ready_card(names), now=run.now)
        await amend_connection(
            session,
            run.connection.id,
            now=run.now,
            problem=None,
            problem_since=None,
            checked_at=run.now,
        )
        await set_next_look(session, run.family_id, run.connection.id, run.now + until_next)


async def _rest(services: Services, connection: Connection) -> None:
    """The access is gone: nothing is tried until it is granted anew."""
    now = services.now()
    async with services.database.transaction(family_id=connection.family_id) as session:
        await amend_connection(
            session,
            connection.id,
            now=now,
            state=ConnectionState.BROKEN,
            problem=REVOKED,
            problem_since=now,
        )
        await set_next_look(session, connection.family_id, connection.id, None)
        await tell_guardians(session, connection.family_id, revoked_card(), now=now)
    log.info("access revoked", family_id=connection.family_id)


async def _go_on_later(services: Services, connection: Connection, error: RemoteError) -> None:
    """The rest is left to a job after a pause, which is twice as long each time."""
    now = services.now()
    since = connection.problem_since or now
    asked = error.retry_after if isinstance(error, RateLimited | Unavailable) else None
    wait = pause(now - since, asked, random.random())  # noqa: S311 - spreads jobs, keeps no secret
    async with services.database.transaction(family_id=connection.family_id) as session:
        await amend_connection(
            session,
            connection.id,
            now=now,
            problem=type(error).__name__.lower(),
            problem_since=since,
        )
        await publish_soon(session, connection.family_id, connection.id, wait=wait)
    log.warning(
        "published later",
        family_id=connection.family_id,
        error=type(error).__name__,
        pause=round(wait.total_seconds()),
    )


async def _take_down(run: _Run, *, keep: bool) -> None:
    async with run.services.database.transaction(family_id=run.family_id) as session:
        calendars = await published_calendars(session, run.connection.id)
    for calendar in calendars:
        await stop_watching(run.services, run.google, run.family_id, calendar.id)
        if not keep:
            await _delete_calendar(run, calendar)


async def _delete_calendar(run: _Run, calendar: Published) -> None:
    if calendar.calendar_id is None:
        return
    # It may have been deleted there, or by us before we could remember it.
    with contextlib.suppress(NotFound):
        await asyncio.to_thread(run.google.delete_calendar, calendar.calendar_id)
