"""Lists of events: their pages, and what has changed since the last one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from googleapi.events import Resource, instant
from googleapi.refusals import FULL_SYNC_REQUIRED, Refused, invalid
from googleapi.world import Calendar, World, shown

PAGE_SIZE, LARGEST_PAGE = 250, 2500
_NOT_WITH_SYNC_TOKEN = {
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
}
_MAY_VARY = {"syncToken", "pageToken", "maxResults", "timeMin", "timeMax", "updatedMin"}
_MODELLED = _MAY_VARY | {"showDeleted", "singleEvents", "orderBy", "privateExtendedProperty"}
_OF_THE_LIBRARY = {"alt", "prettyPrint"}


class NotModelled(Exception):
    """The real API can do this; this server cannot."""


@dataclass(frozen=True)
class SyncPoint:
    """What a sync token stands for: everything up to `revision` is known, for these parameters."""

    calendar_id: str
    revision: int
    parameters: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Page:
    """What a page token stands for: what is left of a list, as it was when the list began."""

    calendar_id: str
    rest: tuple[Resource, ...]
    point: SyncPoint | None
    parameters: frozenset[tuple[str, str]]


@dataclass
class Lists:
    """The tokens that are out. `longest_page`: as many events as a page holds at most, whatever is
    asked for; the real API may do the same. `bare_tombstones`: deleted events say no more than is
    promised, which the real API does where it has forgotten the rest."""

    world: World
    longest_page: int = LARGEST_PAGE
    bare_tombstones: bool = False
    _points: dict[str, SyncPoint] = field(default_factory=dict)
    _pages: dict[str, Page] = field(default_factory=dict)

    def expire_sync_tokens(self, calendar_id: str | None = None) -> None:
        """Forgets the tokens of one calendar, or (None) of all."""
        with self.world.lock:
            self._points = {
                token: point
                for token, point in self._points.items()
                if calendar_id not in (None, point.calendar_id)
            }

    def events(self, calendar: Calendar, query: Mapping[str, list[str]]) -> dict[str, Any]:
        """events.list."""
        unknown = set(query) - _MODELLED - _OF_THE_LIBRARY
        if unknown:
            raise NotModelled(f"events.list with {sorted(unknown)}")
        given = {name: values[0] for name, values in query.items()}
        parameters = frozenset(
            (name, value)
            for name, values in query.items()
            for value in values
            if name not in _MAY_VARY | _OF_THE_LIBRARY
        )
        if "pageToken" in given:
            rest, point = self._next_page(given["pageToken"], calendar, parameters)
        elif "syncToken" in given:
            rest, point = self._changes(given, calendar, parameters)
        else:
            rest, point = self._all(query, calendar, parameters)
        size = min(int(given.get("maxResults", PAGE_SIZE)), self.longest_page)
        answer = {
            "kind": "calendar#events",
            "etag": f'"p{calendar.revision}"',
            "summary": calendar.summary,
            "description": "",
            "updated": self.world.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "timeZone": calendar.timezone,
            "accessRole": "owner",
            "defaultReminders": [],
            "items": [self._said(event) for event in rest[:size]],
        }
        if len(rest) > size:
            token = self.world.token()
            self._pages[token] = Page(calendar.id, rest[size:], point, parameters)
            answer["nextPageToken"] = token
        elif point is not None:
            answer["nextSyncToken"] = token = f"C{self.world.token()}="
            self._points[token] = point
        return answer

    def _said(self, event: Resource) -> Resource:
        if event["status"] == "cancelled" and self.bare_tombstones:
            return {"id": event["id"], "status": "cancelled"}
        return event

    def _next_page(
        self, token: str, calendar: Calendar, parameters: frozenset[tuple[str, str]]
    ) -> tuple[tuple[Resource, ...], SyncPoint | None]:
        page = self._pages.get(token)
        if page is None or page.calendar_id != calendar.id or page.parameters != parameters:
            raise invalid("Invalid page token value.")
        return page.rest, page.point

    def _changes(
        self, given: Mapping[str, str], calendar: Calendar, parameters: frozenset[tuple[str, str]]
    ) -> tuple[tuple[Resource, ...], SyncPoint]:
        if set(given) & _NOT_WITH_SYNC_TOKEN or given.get("showDeleted") == "false":
            raise invalid(
                "Sync token cannot be used with other request restrictions.",
                "syncTokenWithRequestRestrictions",
                "calendar",
            )
        point = self._points.get(given["syncToken"])
        if point is None or point.calendar_id != calendar.id:
            raise Refused(FULL_SYNC_REQUIRED)
        if point.parameters != parameters:
            # Documented as undefined; a client that counts on it is wrong.
            raise invalid("Invalid sync token value.")
        details = given.get("showDeleted") == "true"
        changed = self.world.changed_since(calendar, point.revision)
        now = SyncPoint(calendar.id, calendar.revision, parameters)
        return tuple(shown(event, details=details) for event in changed), now

    def _all(
        self,
        query: Mapping[str, list[str]],
        calendar: Calendar,
        parameters: frozenset[tuple[str, str]],
    ) -> tuple[tuple[Resource, ...], SyncPoint | None]:
        given = {name: values[0] for name, values in query.items()}
        events = list(self.world.changed_since(calendar, 0))
        if given.get("showDeleted") != "true" and "updatedMin" not in given:
            events = [event for event in events if event["status"] != "cancelled"]
        if given.get("singleEvents") == "true" and any("recurrence" in event for event in events):
            raise NotModelled("events.list that expands recurring events")
        order = given.get("orderBy")
        if order == "startTime" and given.get("singleEvents") != "true":
            raise invalid("The requested ordering is not available for the particular query.")
        events = [event for event in events if _within(event, given)]
        for wanted in query.get("privateExtendedProperty", ()):
            name, _, value = wanted.partition("=")
            events = [event for event in events if _private(event).get(name) == value]
        if order == "startTime":
            events.sort(key=lambda event: instant(event["start"]))
        restricted = set(given) & {"orderBy", "privateExtendedProperty", "updatedMin"}
        point = None if restricted else SyncPoint(calendar.id, calendar.revision, parameters)
        return tuple(events), point


def _within(event: Resource, given: Mapping[str, str]) -> bool:
    bounds = {
        name: datetime.fromisoformat(given[name])
        for name in ("timeMin", "timeMax", "updatedMin")
        if name in given
    }
    return not (
        ("timeMin" in bounds and instant(event["end"]) <= bounds["timeMin"])
        or ("timeMax" in bounds and instant(event["start"]) >= bounds["timeMax"])
        or (
            "updatedMin" in bounds
            and datetime.fromisoformat(event["updated"]) < bounds["updatedMin"]
        )
    )


def _private(event: Resource) -> dict[str, str]:
    properties: dict[str, str] = event.get("extendedProperties", {}).get("private", {})
    return properties
