"""A calendar of Google's in memory, quick enough for a thousand weeks: the answers that
`GoogleCalendars` gives, without HTTP. What it answers is held against the real thing's semantics
in `tests/googleapi`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sync.errors import (
    Conflict,
    Deleted,
    NotFound,
    PreconditionFailed,
    SyncTokenExpired,
)
from sync.google import Remote


@dataclass
class LightGoogle:
    """One calendar. `before` and `after` are called around each call with its name, and may raise
    what the way there and back can do."""

    before: Callable[[str], None] = lambda name: None
    after: Callable[[str], None] = lambda name: None

    def __post_init__(self) -> None:
        self.calls: list[str] = []
        self.events: dict[str, Remote] = {}
        self.changed: dict[str, int] = {}
        self.clock = 0
        self.oldest_token = 0
        self.there = True

    def list_events(
        self, calendar_id: str, sync_token: str | None
    ) -> tuple[tuple[Remote, ...], str]:
        self._begin("list" if sync_token is None else "list changes")
        if not self.there:
            raise NotFound("notFound")
        since = int(sync_token) if sync_token is not None else -1
        if sync_token is not None and since < self.oldest_token:
            raise SyncTokenExpired("fullSyncRequired")
        seen = tuple(each for id_, each in self.events.items() if self.changed[id_] > since)
        self.after("list")
        return seen, str(self.clock)

    def get_event(self, calendar_id: str, event_id: str) -> Remote:
        self._begin("get")
        self.after("get")
        return self._found(event_id)

    def insert_event(self, calendar_id: str, body: dict[str, Any]) -> Remote:
        self._begin("insert")
        if not self.there:
            raise NotFound("notFound")
        if body["id"] in self.events:
            raise Conflict("duplicate")
        made = self._put(body)
        self.after("insert")
        return made

    def update_event(
        self, calendar_id: str, event_id: str, body: dict[str, Any], etag: str | None
    ) -> Remote:
        self._begin("update")
        if etag not in (None, self._found(event_id).etag):
            raise PreconditionFailed("conditionNotMet")
        made = self._put(body)
        self.after("update")
        return made

    def delete_event(self, calendar_id: str, event_id: str, etag: str | None) -> None:
        self._begin("delete")
        found = self._found(event_id)
        if found.cancelled:
            raise Deleted("deleted")
        if etag not in (None, found.etag):
            raise PreconditionFailed("conditionNotMet")
        self.change(event_id, status="cancelled")
        self.after("delete")

    def change(self, event_id: str, **values: Any) -> None:
        """What a person does to an event in Google's own app."""
        self.clock += 1
        self.changed[event_id] = self.clock
        etag = f'"{self.clock}"'
        self.events[event_id] = replace(self.events[event_id], etag=etag, **values)

    def move(self, event_id: str, by: timedelta, longer: timedelta = timedelta()) -> None:
        """A person drags an event, and perhaps one end of it."""
        event = self.events[event_id]
        assert isinstance(event.start, datetime)
        assert isinstance(event.end, datetime)
        self.change(event_id, start=event.start + by, end=event.end + by + longer)

    def add(self, remote: Remote) -> None:
        """A person writes an event of their own."""
        self.events[remote.event_id] = remote
        self.change(remote.event_id)

    def forget_tokens(self) -> None:
        """From now on no sync token that was given is good for anything."""
        self.clock += 1
        self.oldest_token = self.clock

    def live(self) -> Iterator[Remote]:
        """The events that a person sees."""
        return (event for event in self.events.values() if not event.cancelled)

    def _begin(self, name: str) -> None:
        self.calls.append(name)
        self.before(name)

    def _found(self, event_id: str) -> Remote:
        if not self.there or event_id not in self.events:
            raise NotFound("notFound")
        return self.events[event_id]

    def _put(self, body: dict[str, Any]) -> Remote:
        private = body["extendedProperties"]["private"]
        self.events[body["id"]] = Remote(
            event_id=body["id"],
            etag="",
            status=body["status"],
            start=datetime.fromisoformat(body["start"]["dateTime"]),
            end=datetime.fromisoformat(body["end"]["dateTime"]),
            summary=body["summary"],
            updated=None,
            uid=private["brightpathUid"],
            private=private,
        )
        self.change(body["id"])
        return self.events[body["id"]]
