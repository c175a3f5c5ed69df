"""Accounts, calendars and events as Google keeps them, and what people do in them."""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from googleapi.events import (
    Resource,
    check_id,
    instant,
    next_sequence,
    tombstone,
    written,
    zone,
)
from googleapi.refusals import (
    CONDITION_NOT_MET,
    DELETED,
    DUPLICATE,
    FORBIDDEN,
    NOT_FOUND,
    Refused,
)

BASE32HEX = "0123456789abcdefghijklmnopqrstuv"


@dataclass
class Calendar:
    """`events` are resources by id, tombstones among them; `revisions` says at which revision of
    the calendar each was changed last. `spent` are the ids that no new event can have. `made_by`
    is the client that created the calendar; None: its owner did, by hand."""

    id: str
    summary: str
    timezone: str
    owner: "Person"
    made_by: str | None
    etag: str
    events: dict[str, Resource] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    revision: int = 0
    spent: set[str] = field(default_factory=set)
    listed: dict[str, Any] = field(default_factory=dict)

    def standing(self) -> list[Resource]:
        """The events that are not deleted, as the calendar shows them: by start."""
        there = [event for event in self.events.values() if event["status"] != "cancelled"]
        return sorted(there, key=lambda event: (instant(event["start"]), event["id"]))


class World:
    """What the server knows. Every public method may be called from any thread."""

    def __init__(self, seed: int, changed: Callable[[Calendar, str], None]) -> None:
        """`changed` is told of each change of a calendar, with the state that a notification
        gives: "exists" or "not_exists"."""
        self.lock = threading.RLock()
        self.people: dict[str, Person] = {}
        self.calendars: dict[str, Calendar] = {}
        self._chance = random.Random(seed)
        self._changed = changed
        self._ahead = timedelta()
        self._last = datetime.min.replace(tzinfo=UTC)
        self._versions = 0

    def person(self, name: str = "Sarah", timezone: str = "America/New_York") -> "Person":
        """Somebody with a Google account and a calendar of their own in it."""
        with self.lock:
            person = Person(self, f"{name.lower()}@example.com", timezone)
            self.people[person.email] = person
            calendar = self.create(person, person.email, timezone, None, calendar_id=person.email)
            calendar.listed["primary"] = True
            return person

    def now(self) -> datetime:
        """The server's clock, UTC. No two readings are the same."""
        with self.lock:
            now = datetime.now(UTC) + self._ahead
            now = now.replace(microsecond=now.microsecond // 1000 * 1000)
            self._last = max(now, self._last + timedelta(milliseconds=1))
            return self._last

    def advance(self, by: timedelta) -> None:
        """Lets time pass: tokens, codes and channels end."""
        with self.lock:
            self._ahead += by

    def token(self, length: int = 32) -> str:
        """Something that nobody guesses, and the same in every run."""
        with self.lock:
            return "".join(self._chance.choices(BASE32HEX, k=length))

    def create(
        self,
        owner: "Person",
        summary: str,
        timezone: str,
        made_by: str | None,
        *,
        calendar_id: str | None = None,
    ) -> Calendar:
        zone(timezone)
        calendar_id = calendar_id or f"c_{self.token()}@group.calendar.google.com"
        calendar = Calendar(calendar_id, summary, timezone, owner, made_by, self._etag())
        self.calendars[calendar.id] = calendar
        return calendar

    def destroy(self, calendar: Calendar) -> None:
        del self.calendars[calendar.id]
        self._changed(calendar, "not_exists")

    def insert(self, calendar: Calendar, body: Resource) -> Resource:
        event_id = body.get("id") or self.token(26)
        check_id(event_id)
        fresh = written(body, calendar.timezone)
        if event_id in calendar.spent:
            raise Refused(DUPLICATE)
        calendar.spent.add(event_id)
        by = {"email": calendar.owner.email}
        mine = calendar.id == calendar.owner.email
        resource = {
            "kind": "calendar#event",
            "id": event_id,
            "htmlLink": f"https://www.google.com/calendar/event?eid={event_id}",
            "created": _stamp(self.now()),
            "iCalUID": body.get("iCalUID", f"{event_id}@google.com"),
            "creator": by | ({"self": True} if mine else {}),
            "organizer": {"email": calendar.id, "displayName": calendar.summary, "self": True},
            "sequence": int(body.get("sequence", 0)),
            "reminders": {"useDefault": True},
            "eventType": "default",
            **fresh,
        }
        return self._store(calendar, resource)

    def replace(
        self, calendar: Calendar, event_id: str, body: Resource, if_match: str | None = None
    ) -> Resource:
        """PUT: what `body` leaves out is gone. A tombstone comes back to life only by being told
        that it is confirmed, and is locked otherwise."""
        before = self.existing(calendar, event_id)
        _matching(before, if_match)
        if before["status"] == "cancelled" and body.get("status") != "confirmed":
            raise Refused(FORBIDDEN)
        fresh = written(body, calendar.timezone)
        kept = {
            name: before[name]
            for name in ("kind", "id", "htmlLink", "created", "iCalUID", "creator", "organizer")
        }
        after = {
            **kept,
            "reminders": {"useDefault": True},
            "eventType": before["eventType"],
            **fresh,
        }
        after["sequence"] = next_sequence(before, body, after)
        return self._store(calendar, after)

    def patch(
        self, calendar: Calendar, event_id: str, body: Resource, if_match: str | None = None
    ) -> Resource:
        before = self.existing(calendar, event_id)
        return self.replace(calendar, event_id, _merged(before, body), if_match)

    def delete(self, calendar: Calendar, event_id: str, if_match: str | None = None) -> None:
        before = self.existing(calendar, event_id)
        if before["status"] == "cancelled":
            raise Refused(DELETED)
        _matching(before, if_match)
        self._store(calendar, {**before, "status": "cancelled"})

    def purge(self, calendar: Calendar, event_id: str) -> None:
        """What time does to deleted events: nothing is left but that the id was used."""
        if calendar.events[event_id]["status"] != "cancelled":
            raise ValueError("only a deleted event disappears")
        del calendar.events[event_id], calendar.revisions[event_id]

    def existing(self, calendar: Calendar, event_id: str) -> Resource:
        if event_id not in calendar.events:
            raise Refused(NOT_FOUND)
        return calendar.events[event_id]

    def changed_since(self, calendar: Calendar, revision: int) -> Iterator[Resource]:
        """Events changed after `revision`, oldest change first."""
        for event_id in sorted(calendar.events, key=calendar.revisions.__getitem__):
            if calendar.revisions[event_id] > revision:
                yield calendar.events[event_id]

    def _store(self, calendar: Calendar, resource: Resource) -> Resource:
        calendar.revision += 1
        resource = {**resource, "etag": self._etag(), "updated": _stamp(self.now())}
        calendar.events[resource["id"]] = resource
        calendar.revisions[resource["id"]] = calendar.revision
        self._changed(calendar, "exists")
        return resource

    def _etag(self) -> str:
        self._versions += 1
        return f'"{3_400_000_000_000_000 + 2 * self._versions}"'


class Person:
    """Somebody who uses Google Calendar with their own hands."""

    def __init__(self, world: World, email: str, timezone: str) -> None:
        self._world = world
        self.email = email
        self.timezone = timezone

    def calendars(self) -> list[Calendar]:
        """Everything in the account, the primary calendar first."""
        with self._world.lock:
            return [known for known in self._world.calendars.values() if known.owner is self]

    def calendar(self, name: str) -> Calendar:
        """The calendar with this id or title."""
        for known in self.calendars():
            if name in (known.id, known.summary):
                return known
        raise LookupError(f"no calendar {name!r} among {[c.summary for c in self.calendars()]}")

    def events(self, calendar: str) -> list[Resource]:
        """What a calendar shows, by start."""
        with self._world.lock:
            return [dict(event) for event in self.calendar(calendar).standing()]

    def event(self, calendar: str, event_id: str) -> Resource:
        """An event, deleted or not."""
        with self._world.lock:
            return dict(self._world.existing(self.calendar(calendar), event_id))

    def add(
        self, calendar: str, summary: str, start: datetime | date, end: datetime | date
    ) -> Resource:
        """Makes a new event."""
        body = {"summary": summary, "start": _time(start), "end": _time(end)}
        with self._world.lock:
            return self._world.insert(self.calendar(calendar), body)

    def move(self, calendar: str, event_id: str, start: datetime | date) -> Resource:
        """Drags an event to another start; it stays as long as it is."""
        with self._world.lock:
            event = self.event(calendar, event_id)
            length = instant(event["end"]) - instant(event["start"])
            return self.change(calendar, event_id, start=_time(start), end=_time(start + length))

    def resize(self, calendar: str, event_id: str, end: datetime | date) -> Resource:
        """Drags an event's lower edge."""
        return self.change(calendar, event_id, end=_time(end))

    def change(self, calendar: str, event_id: str, **fields: Any) -> Resource:
        """Edits any fields, by the names that the API gives them; None empties one."""
        with self._world.lock:
            return self._world.patch(self.calendar(calendar), event_id, fields)

    def delete(self, calendar: str, event_id: str) -> None:
        """Puts an event into the bin."""
        with self._world.lock:
            self._world.delete(self.calendar(calendar), event_id)

    def restore(self, calendar: str, event_id: str) -> Resource:
        """Takes an event out of the bin."""
        return self.change(calendar, event_id, status="confirmed")

    def delete_calendar(self, calendar: str) -> None:
        """Deletes a whole calendar with all that is in it."""
        with self._world.lock:
            self._world.destroy(self.calendar(calendar))

    def create_calendar(self, summary: str) -> Calendar:
        """Makes a calendar by hand."""
        with self._world.lock:
            return self._world.create(self, summary, self.timezone, None)


def shown(resource: Resource, *, details: bool) -> Resource:
    """An event as an answer carries it."""
    if resource["status"] == "cancelled" and not details:
        return tombstone(resource)
    return resource


def _matching(resource: Resource, if_match: str | None) -> None:
    if if_match not in (None, "*", resource["etag"]):
        raise Refused(CONDITION_NOT_MET)


def _merged(before: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """PATCH: objects are merged key by key, null removes a key, arrays are replaced."""
    merged = dict(before)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(before.get(name), dict):
            merged[name] = _merged(before[name], value)
        else:
            merged[name] = value
    return merged


def _time(moment: datetime | date) -> dict[str, str | None]:
    # Null in a patch: an all-day event that gets hours loses its date, and the other way round.
    if isinstance(moment, datetime):
        return {"dateTime": moment.isoformat(), "date": None}
    return {"date": moment.isoformat(), "dateTime": None, "timeZone": None}


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
