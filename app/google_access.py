"""Access to a guardian's Google Calendar: granted, used, told about changes, and given back."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.services import Services
from db.connections import (
    Connection,
    ConnectionState,
    Provider,
    amend_connection,
    connections_of,
    create_connection,
    replace_token,
    set_next_look,
)
from db.families import is_guardian
from db.links import Purpose, code_works, redeem_code
from db.published import (
    CalendarState,
    amend_published,
    forget_written,
    published_calendar,
    published_calendars,
)
from db.revision import publish_soon
from db.secrets import SecretBox, digest
from db.session import family_scope
from db.watches import find_watch, open_watch
from sync.errors import AccessRevoked, RemoteError, ScopeMissing
from sync.google_routes import Consent
from sync.oauth import OAuthClient, authorization_url, exchange

CALLBACK_PATH = "/google/callback"
NOTIFICATIONS_PATH = "/google/notifications"

FIRST_LOOK = timedelta(minutes=10)

FOR_GOOGLE = frozenset({Purpose.GOOGLE})

log = structlog.get_logger()


def google_client(services: Services) -> OAuthClient | None:
    """How Google knows this server; None where the operator has set up nothing."""
    settings = services.settings
    if settings.google_client_id is None or settings.google_client_secret is None:
        return None
    return OAuthClient(
        client_id=settings.google_client_id,
        client_secret=settings.google_client_secret.get_secret_value(),
        redirect_uri=f"{settings.base_url}{CALLBACK_PATH}",
        base=settings.google_oauth_base,
    )


@dataclass(frozen=True)
class GoogleAccess:
    """Implements `sync.google_routes.GooglePort` over the database."""

    services: Services
    client: OAuthClient

    async def consent_address(self, state: str) -> str | None:
        async with self.services.database.transaction() as session:
            good = await code_works(session, state, now=self.services.now(), purposes=FOR_GOOGLE)
        return authorization_url(self.client, state, self._key) if good else None

    async def connect(self, state: str, code: str) -> Consent:
        now = self.services.now()
        async with self.services.database.transaction() as session:
            found = await redeem_code(session, state, now=now, purposes=FOR_GOOGLE)
        if found is None or found.family_id is None or found.adult_id is None:
            return Consent.EXPIRED
        family_id, adult_id = found.family_id, found.adult_id
        try:
            tokens = await asyncio.to_thread(exchange, self.client, code, state, self._key)
        except ScopeMissing:
            return Consent.DENIED
        except AccessRevoked:
            return Consent.EXPIRED
        except RemoteError as error:
            log.warning("consent not taken", family_id=family_id, error=type(error).__name__)
            return Consent.LATER
        async with self.services.database.transaction(family_id=family_id) as session:
            # The answer took its time; meanwhile another guardian may have changed who decides.
            if not await is_guardian(session, adult_id):
                return Consent.EXPIRED
            await self._keep(session, family_id, adult_id, tokens.refresh_token)
        log.info("calendar connected", family_id=family_id, kind=Provider.GOOGLE.value)
        return Consent.CONNECTED

    async def notified(self, channel_id: str, token: str, resource_id: str) -> bool:
        async with self.services.database.transaction() as session:
            watch = await find_watch(session, channel_id)
            if watch is None or not compare_digest(watch.token_hash, digest(token)):
                return False
            if watch.resource_id is None:
                # The first notification may come before the answer that opened the channel.
                await open_watch(session, channel_id, resource_id, watch.expires_at)
            elif not compare_digest(watch.resource_id.encode(), resource_id.encode()):
                return False
            await family_scope(session, watch.family_id)
            calendar = await published_calendar(session, watch.published_id)
            if calendar is not None:
                await publish_soon(session, watch.family_id, calendar.connection_id)
            return True

    @property
    def _key(self) -> bytes:
        return self.services.settings.key

    async def _keep(
        self, session: AsyncSession, family_id: int, adult_id: int, refresh_token: str | None
    ) -> None:
        """The adult's connection, anew or for the first time, to be filled by a job. A calendar
        that was deleted, or left alone on request, is wanted again by that."""
        now, box = self.services.now(), self.services.box
        known = await google_connection(session, family_id, adult_id, box)
        if known is None:
            connection_id = await create_connection(
                session,
                family_id,
                Provider.GOOGLE,
                box,
                now=now,
                token=refresh_token,
                adult_id=adult_id,
            )
        else:
            connection_id = known.id
            await replace_token(session, connection_id, refresh_token, box, now=now)
            await amend_connection(
                session,
                connection_id,
                now=now,
                state=ConnectionState.ACTIVE,
                problem=None,
                problem_since=None,
                checked_at=None,
            )
            for calendar in await published_calendars(session, connection_id):
                if calendar.state is CalendarState.GONE:
                    await make_anew(session, calendar.id, now=now)
        await publish_soon(session, family_id, connection_id)
        # Should that job be lost, the clock tries again.
        await set_next_look(session, family_id, connection_id, now + FIRST_LOOK)


async def google_connection(
    session: AsyncSession, family_id: int, adult_id: int, box: SecretBox
) -> Connection | None:
    """The adult's connection to Google, but for one that is being taken down. Raises
    `SecretUnreadable`."""
    for connection in await connections_of(session, family_id, box):
        of_adult = (connection.provider, connection.adult_id) == (Provider.GOOGLE, adult_id)
        if of_adult and connection.state is not ConnectionState.ENDED:
            return connection
    return None


async def make_anew(session: AsyncSession, published_id: int, *, now: datetime) -> None:
    """Forget what a calendar was at Google, so that the next run makes another one."""
    await forget_written(session, published_id)
    await amend_published(
        session,
        published_id,
        now=now,
        calendar_id=None,
        sync_token=None,
        synced_at=None,
        state=CalendarState.ACTIVE,
    )
