"""Google Calendar, through Google's own client library: what we ask of it, and what its answers
mean. Every call blocks its thread; from a loop they are made with `asyncio.to_thread`."""

import http.client
import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias

import httplib2
import stamina
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from sync.errors import (
    AccessRevoked,
    ClientRefused,
    Conflict,
    Deleted,
    Forbidden,
    NotFound,
    PreconditionFailed,
    QuotaExceeded,
    RateLimited,
    Refused,
    RemoteError,
    SyncTokenExpired,
    Unavailable,
)

API_BASE = "https://www.googleapis.com"
UID_PROPERTY = "brightpathUid"
"""The private extended property in which an event of ours carries its item's uid."""

TIMEOUT_SECONDS = 20.0
PAGE_SIZE = 2500
ATTEMPTS = 5
PATIENCE_SECONDS = 10.0
"""How long a call waits for a rate limit to pass, the last wait aside, and how long for each wait:
20 seconds at most. Waiting longer is the job's."""

_RATE_LIMITED = {"rateLimitExceeded", "userRateLimitExceeded"}
_QUOTA_EXCEEDED = {
    "quotaExceeded",
    "dailyLimitExceeded",
    "dailyLimitExceededUnreg",
    "calendarLimitExceeded",
}
_SYNC_TOKEN_EXPIRED = {"fullSyncRequired", "updatedMinTooLongAgo"}
_API_SWITCHED_OFF = "accessNotConfigured"

Request: TypeAlias = Any
"""One of the client library's requests, which has no types."""


@dataclass(frozen=True, slots=True)
class Remote:
    """An event as Google shows it. `start` and `end` are aware datetimes, or dates if it lasts all
    day. Of a deleted event (`status` "cancelled") nothing is sure but its id; `etag` is "" where it
    is not said. `private` are the private extended properties, which only we see; `uid` is that of
    them which names the item, None: the event is not ours."""

    event_id: str
    etag: str
    status: str
    start: datetime | date | None
    end: datetime | date | None
    summary: str
    updated: datetime | None
    uid: str | None
    private: Mapping[str, str] = field(default_factory=dict)

    @property
    def cancelled(self) -> bool:
        return self.status == "cancelled"


class GoogleCalendars:
    """The calendars that we made in one account.

    Rate limits are waited for within `PATIENCE_SECONDS`; nothing else is tried again here. Besides
    the errors named below, every method raises `RateLimited`, `QuotaExceeded`, `Forbidden`,
    `Unavailable`, `AccessRevoked`, `ClientRefused` and `Refused`. `calls` names each request that
    was sent, oldest first, repetitions included. An object may serve several threads.
    """

    def __init__(
        self, access_token: str, *, base: str = API_BASE, renew: Callable[[], str] | None = None
    ) -> None:
        """`renew` fetches another access token, once per call that is answered 401. Without it
        such an answer means `AccessRevoked` at once, which is right for a token just made."""
        self.calls: list[str] = []
        self._access_token = access_token
        self._base = base
        self._renew = renew

    def create_calendar(self, summary: str, timezone: str) -> str:
        """A new secondary calendar; returns its id. After an ambiguous `Unavailable` there may be
        one of whose id we know nothing."""
        body = {"summary": summary, "timeZone": timezone}
        made = self._call("calendars.insert", lambda api: api.calendars().insert(body=body))
        return _required(made, "id")

    def delete_calendar(self, calendar_id: str) -> None:
        """Raises `NotFound`."""
        self._call(
            "calendars.delete",
            lambda api: api.calendars().delete(calendarId=calendar_id),
            bodiless=True,
        )

    def insert_event(self, calendar_id: str, body: dict[str, Any]) -> Remote:
        """A new event under the id that `body` chooses (5 to 1024 of 0-9 and a-v). Raises
        `Conflict` if an event has that id or had it, deleted ones included; `NotFound`."""
        return _remote(
            self._call(
                "events.insert",
                lambda api: api.events().insert(calendarId=calendar_id, body=body),
            )
        )

    def update_event(
        self, calendar_id: str, event_id: str, body: dict[str, Any], etag: str | None
    ) -> Remote:
        """Make the event say what `body` says and nothing else. One that is deleted comes back by
        that. Raises `PreconditionFailed` unless the event is the one of `etag` (None: whatever it
        is); `NotFound`."""
        # Google leaves a deleted event deleted unless it is told otherwise.
        confirmed = {"status": "confirmed", **body}
        return _remote(
            self._call(
                "events.update",
                lambda api: api.events().update(
                    calendarId=calendar_id, eventId=event_id, body=confirmed
                ),
                etag=etag,
            )
        )

    def get_event(self, calendar_id: str, event_id: str) -> Remote:
        """The event, also if it is deleted. Raises `NotFound`."""
        return _remote(
            self._call(
                "events.get",
                lambda api: api.events().get(calendarId=calendar_id, eventId=event_id),
            )
        )

    def delete_event(self, calendar_id: str, event_id: str, etag: str | None) -> None:
        """Raises `PreconditionFailed` unless the event is the one of `etag` (None: whatever it is),
        `Deleted` if it was deleted before, `NotFound`."""
        self._call(
            "events.delete",
            lambda api: api.events().delete(calendarId=calendar_id, eventId=event_id),
            etag=etag,
            bodiless=True,
        )

    def list_events(
        self, calendar_id: str, sync_token: str | None, *, page_size: int = PAGE_SIZE
    ) -> tuple[tuple[Remote, ...], str]:
        """What has changed since `sync_token` was given, or (None) everything, deleted events
        included; and the token for the next time. Raises `SyncTokenExpired`, `NotFound`."""
        # A token is only good for the parameters that it was given for, so these never vary.
        parameters: dict[str, Any] = {
            "calendarId": calendar_id,
            "showDeleted": True,
            "maxResults": page_size,
        }
        if sync_token is not None:
            parameters["syncToken"] = sync_token
        events: list[Remote] = []
        while True:
            page = self._call("events.list", lambda api: api.events().list(**parameters))
            events += map(_remote, page.get("items", ()))
            if "nextPageToken" not in page:
                return tuple(events), _required(page, "nextSyncToken")
            parameters["pageToken"] = page["nextPageToken"]

    def watch(
        self, calendar_id: str, channel_id: str, token: str, address: str, ttl: timedelta
    ) -> tuple[str, datetime]:
        """Have changes of the calendar's events notified to `address` (https), `token` in every
        notification. Returns the resource's id and when it ends, which Google decides. Raises
        `NotFound`; `Refused` if a channel of ours had this id before."""
        body = {
            "id": channel_id,
            "token": token,
            "type": "web_hook",
            "address": address,
            "params": {"ttl": str(int(ttl.total_seconds()))},
        }
        channel = self._call(
            "events.watch", lambda api: api.events().watch(calendarId=calendar_id, body=body)
        )
        expires = datetime.fromtimestamp(int(_required(channel, "expiration")) / 1000, UTC)
        return _required(channel, "resourceId"), expires

    def stop(self, channel_id: str, resource_id: str) -> None:
        """No more notifications by this channel. Raises `NotFound` if it has ended already."""
        body = {"id": channel_id, "resourceId": resource_id}
        self._call("channels.stop", lambda api: api.channels().stop(body=body), bodiless=True)

    def _call(
        self,
        name: str,
        request: Callable[[Any], Request],
        *,
        etag: str | None = None,
        bodiless: bool = False,
    ) -> dict[str, Any]:
        """Send the request that `request` makes of the service, until it meets no rate limit.
        `bodiless`: the answer has no body when it is well."""
        for attempt in stamina.retry_context(
            on=_pause, attempts=ATTEMPTS, timeout=PATIENCE_SECONDS, wait_initial=0.5, wait_max=8.0
        ):
            with attempt:
                answer = self._authorized(name, request, etag)
                break
        if bodiless:
            return {}
        if not isinstance(answer, dict):
            raise Unavailable("malformedAnswer")
        return answer

    def _authorized(self, name: str, request: Callable[[Any], Request], etag: str | None) -> object:
        try:
            return self._send(name, request, etag)
        except AccessRevoked:
            if self._renew is None:
                raise
            renew = self._renew
        self._access_token = renew()
        return self._send(name, request, etag)

    def _send(self, name: str, request: Callable[[Any], Request], etag: str | None) -> object:
        # Neither httplib2 nor what the client library builds on it may be shared between threads,
        # so each call has its own; the description of the API comes with the library.
        problem: RemoteError
        with closing(_Http(timeout=TIMEOUT_SECONDS)) as transport:
            api = build(
                "calendar",
                "v3",
                http=transport,
                static_discovery=True,
                cache_discovery=False,
                client_options={"api_endpoint": f"{self._base}/calendar/v3/"},
            )
            prepared = request(api)
            prepared.headers["authorization"] = f"Bearer {self._access_token}"
            if etag is not None:
                prepared.headers["if-match"] = etag
            self.calls.append(name)
            try:
                answer: object = prepared.execute()
            except HttpError as error:
                problem = problem_of(error.resp.status, error.content, error.resp)
            except _NotConnected:
                problem = Unavailable("noConnection", ambiguous=False)
            except (OSError, http.client.HTTPException, httplib2.HttpLib2Error):
                problem = Unavailable("connectionLost")
            else:
                return answer
        # Raised out here, so that it does not carry the library's exception along: that one holds
        # the address with the sync token, and the body.
        raise problem


def problem_of(status: int, body: bytes, headers: dict[str, str]) -> RemoteError:
    """What an answer that is no success means, by the reason that it gives."""
    reason = _reason(body) or f"http{status}"
    retry_after = _seconds(headers.get("retry-after"))
    if status >= 500:
        return Unavailable(reason, retry_after=retry_after)
    if status == 429 or reason in _RATE_LIMITED:
        return RateLimited(reason, retry_after)
    if reason in _QUOTA_EXCEEDED:
        return QuotaExceeded(reason)
    if reason == _API_SWITCHED_OFF:
        return ClientRefused(reason)
    if status == 410:
        return SyncTokenExpired(reason) if reason in _SYNC_TOKEN_EXPIRED else Deleted(reason)
    known: dict[int, type[RemoteError]] = {
        401: AccessRevoked,
        403: Forbidden,
        404: NotFound,
        409: Conflict,
        412: PreconditionFailed,
    }
    return known.get(status, Refused)(reason)


def _pause(error: Exception) -> bool | float:
    """Whether waiting for what stood against a call is worth it, and for how many seconds."""
    if not isinstance(error, RateLimited):
        return False
    if error.retry_after is None:
        return True
    return error.retry_after if error.retry_after <= PATIENCE_SECONDS else False


def _reason(body: bytes) -> str | None:
    try:
        return str(json.loads(body)["error"]["errors"][0]["reason"])
    except (ValueError, LookupError, TypeError):
        return None


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isdecimal() else None


def _remote(resource: dict[str, Any]) -> Remote:
    try:
        updated = resource.get("updated")
        private = resource.get("extendedProperties", {}).get("private", {})
        return Remote(
            event_id=resource["id"],
            etag=resource.get("etag", ""),
            status=resource.get("status", "confirmed"),
            start=_moment(resource.get("start")),
            end=_moment(resource.get("end")),
            summary=resource.get("summary", ""),
            updated=None if updated is None else datetime.fromisoformat(updated),
            uid=private.get(UID_PROPERTY),
            private=private,
        )
    except (LookupError, TypeError, ValueError, AttributeError):
        raise Unavailable("malformedAnswer") from None


def _moment(time: dict[str, str] | None) -> datetime | date | None:
    if not time:
        return None
    if "date" in time:
        return date.fromisoformat(time["date"])
    return datetime.fromisoformat(time["dateTime"])


def _required(resource: dict[str, Any], name: str) -> str:
    if name not in resource:
        raise Unavailable("malformedAnswer")
    return str(resource[name])


class _NotConnected(Exception):
    """The request never left."""


class _Honest:
    """A connection that sends a request once. httplib2 sends it again when the server hangs up
    before its answer, and so makes two calendars where one was asked for."""

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]
        except OSError as error:
            raise _NotConnected from error

    def getresponse(self) -> http.client.HTTPResponse:
        try:
            response: http.client.HTTPResponse = super().getresponse()  # type: ignore[misc]
        except http.client.HTTPException as error:
            raise ConnectionResetError(type(error).__name__) from None
        return response


class _PlainConnection(_Honest, httplib2.HTTPConnectionWithTimeout):  # type: ignore[misc]
    pass


class _SecureConnection(_Honest, httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]
    pass


class _Http(httplib2.Http):  # type: ignore[misc]
    """httplib2 over honest connections, which takes nothing that we say elsewhere."""

    def __init__(self, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self.follow_redirects = False

    def request(self, uri: str, method: str = "GET", **rest: Any) -> Any:
        secure = uri.startswith("https:")
        rest["connection_type"] = _SecureConnection if secure else _PlainConnection
        return super().request(uri, method, **rest)
