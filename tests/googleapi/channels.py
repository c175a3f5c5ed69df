"""Watch channels: what is told to whom when a calendar changes, and the telling."""

import hashlib
import queue
import re
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from googleapi.oauth import Access
from googleapi.refusals import NOT_FOUND, Refusal, Refused, invalid
from googleapi.world import Calendar, World

DEFAULT_TTL = timedelta(days=7)
LONGEST_TTL = timedelta(days=30)
TRIES = 3
_ID = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}")
_AGAIN = {500, 502, 503, 504}


@dataclass
class Channel:
    """`number` is that of its newest notification."""

    id: str
    resource_id: str
    resource_uri: str
    calendar_id: str
    address: str
    token: str | None
    access: Access
    expires: datetime
    number: int = 0


@dataclass(frozen=True)
class Notification:
    """One as it was brought: `status` is what the receiver answered, or 0 where nobody did."""

    address: str
    headers: dict[str, str]
    status: int


@dataclass
class Channels:
    """All channels, and a thread that brings their notifications one after the other while the
    server runs. `proxied` is what a TLS proxy does for a real receiver: the public address, and
    where it leads."""

    world: World
    proxied: dict[str, str] = field(default_factory=dict)
    delivered: list[Notification] = field(default_factory=list)
    open: dict[str, Channel] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _waiting: "queue.Queue[tuple[str, dict[str, str]] | None]" = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._bring_all, name="notifications", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._waiting.put(None)
        self._thread.join(20)

    def settle(self) -> None:
        """Blocks until everything that has happened was notified."""
        self._waiting.join()

    def watch(self, calendar: Calendar, body: dict[str, Any], access: Access) -> dict[str, Any]:
        """events.watch."""
        channel_id, address = body.get("id", ""), body.get("address", "")
        if body.get("type") not in ("web_hook", "webhook"):
            raise invalid("Unknown channel type", "channelTypeUnknown")
        if not _ID.fullmatch(channel_id):
            raise invalid("Invalid channel id", "channelIdInvalid")
        if channel_id in self._used:
            raise invalid(f"Channel id {channel_id} not unique", "channelIdNotUnique")
        parts = urlsplit(address)
        # Plain http where it cannot leave the machine, so that tests need no certificates.
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise invalid(f"WebHook callback must be HTTPS: {address}", "push.webhookUrlNotHttps")
        path = f"calendars/{quote(calendar.id, safe='')}/events"
        channel = Channel(
            id=channel_id,
            resource_id=hashlib.sha256(calendar.id.encode()).hexdigest()[:27],
            resource_uri=f"https://www.googleapis.com/calendar/v3/{path}?alt=json",
            calendar_id=calendar.id,
            address=address,
            token=body.get("token"),
            access=access,
            expires=self._end(body),
        )
        self._used.add(channel_id)
        self.open[channel_id] = channel
        self._notify(channel, "sync")
        answer = {
            "kind": "api#channel",
            "id": channel.id,
            "resourceId": channel.resource_id,
            "resourceUri": channel.resource_uri,
            "expiration": str(int(channel.expires.timestamp() * 1000)),
        }
        return answer if channel.token is None else answer | {"token": channel.token}

    def stop(self, body: dict[str, Any], access: Access) -> None:
        """channels.stop."""
        channel = self.open.get(body.get("id", ""))
        if (
            channel is None
            or channel.resource_id != body.get("resourceId")
            or channel.access.client_id != access.client_id
            or channel.access.person is not access.person
            or channel.expires <= self.world.now()
        ):
            raise Refused(
                Refusal(404, NOT_FOUND.reason, f"Channel '{body.get('id')}' not found for project")
            )
        del self.open[channel.id]

    def changed(self, calendar: Calendar, state: str) -> None:
        """Tells every open channel of the calendar."""
        for channel in list(self.open.values()):
            if channel.calendar_id != calendar.id:
                continue
            if channel.expires <= self.world.now():
                del self.open[channel.id]
                continue
            self._notify(channel, state)
            if state == "not_exists":
                del self.open[channel.id]

    def _end(self, body: dict[str, Any]) -> datetime:
        now = self.world.now()
        if "expiration" in body:
            wished = datetime.fromtimestamp(int(body["expiration"]) / 1000, now.tzinfo)
        else:
            ttl = body.get("params", {}).get("ttl")
            wished = now + (DEFAULT_TTL if ttl is None else timedelta(seconds=int(ttl)))
        return min(wished, now + LONGEST_TTL)

    def _notify(self, channel: Channel, state: str) -> None:
        channel.number += 1
        headers = {
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Channel-Expiration": format_datetime(channel.expires, usegmt=True),
            "X-Goog-Message-Number": str(channel.number),
            "X-Goog-Resource-ID": channel.resource_id,
            "X-Goog-Resource-State": state,
            "X-Goog-Resource-URI": channel.resource_uri,
        }
        if channel.token is not None:
            headers["X-Goog-Channel-Token"] = channel.token
        self._waiting.put((channel.address, headers))

    def _bring_all(self) -> None:
        with httpx.Client(timeout=10, trust_env=False) as client:
            while (notification := self._waiting.get()) is not None:
                address, headers = notification
                self.delivered.append(self._bring(client, address, headers))
                self._waiting.task_done()

    def _bring(self, client: httpx.Client, address: str, headers: dict[str, str]) -> Notification:
        local = address
        for public, leads_to in self.proxied.items():
            if address.startswith(public):
                local = leads_to + address.removeprefix(public)
        status = 0
        for _ in range(TRIES):
            try:
                status = client.post(local, headers=headers).status_code
            except httpx.HTTPError:
                status = 0
            if status not in _AGAIN:
                break
        return Notification(address, headers, status)
