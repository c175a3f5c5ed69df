"""The Calendar API's methods over a `World`: what each does, and how Google refuses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from googleapi.channels import Channels
from googleapi.listing import Lists
from googleapi.oauth import Access
from googleapi.refusals import NOT_FOUND, Refused, invalid
from googleapi.world import Calendar, World, zone

APP_CREATED = "https://www.googleapis.com/auth/calendar.app.created"
_OF_THE_LIST = {"colorId", "backgroundColor", "foregroundColor", "hidden", "selected"}


@dataclass(frozen=True)
class Google:
    """Everything that a method may touch."""

    world: World
    lists: Lists
    channels: Channels


@dataclass(frozen=True)
class Asked:
    """A request that is well formed, and on whose behalf it comes."""

    access: Access
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: Any
    if_match: str | None


Answer = dict[str, Any] | None


def insert_calendar(google: Google, asked: Asked) -> Answer:
    summary = asked.body["summary"]
    if not summary.strip():
        raise invalid("Missing title.", "required")
    timezone = asked.body.get("timeZone", "UTC")
    owner = asked.access.person
    return _calendar(google.world.create(owner, summary, timezone, asked.access.client_id))


def get_calendar(google: Google, asked: Asked) -> Answer:
    return _calendar(_visible(google, asked))


def patch_calendar(google: Google, asked: Asked) -> Answer:
    calendar = _visible(google, asked)
    if "timeZone" in asked.body:
        zone(asked.body["timeZone"])
        calendar.timezone = asked.body["timeZone"]
    calendar.summary = asked.body.get("summary", calendar.summary)
    return _calendar(calendar)


def delete_calendar(google: Google, asked: Asked) -> Answer:
    calendar = _visible(google, asked)
    if calendar.id == calendar.owner.email:
        raise invalid("Cannot delete a primary calendar.", "cannotDeletePrimaryCalendar")
    google.world.destroy(calendar)
    return None


def list_calendars(google: Google, asked: Asked) -> Answer:
    items = [_entry(calendar) for calendar in asked.access.person.calendars()]
    return {"kind": "calendar#calendarList", "items": items, "nextSyncToken": "L="}


def get_entry(google: Google, asked: Asked) -> Answer:
    return _entry(_visible(google, asked))


def patch_entry(google: Google, asked: Asked) -> Answer:
    calendar = _visible(google, asked)
    calendar.listed |= {name: asked.body[name] for name in _OF_THE_LIST & set(asked.body)}
    return _entry(calendar)


def insert_event(google: Google, asked: Asked) -> Answer:
    return google.world.insert(_visible(google, asked), asked.body)


def get_event(google: Google, asked: Asked) -> Answer:
    return google.world.existing(_visible(google, asked), asked.path["eventId"])


def update_event(google: Google, asked: Asked) -> Answer:
    calendar = _visible(google, asked)
    return google.world.replace(calendar, asked.path["eventId"], asked.body, asked.if_match)


def patch_event(google: Google, asked: Asked) -> Answer:
    calendar = _visible(google, asked)
    return google.world.patch(calendar, asked.path["eventId"], asked.body, asked.if_match)


def delete_event(google: Google, asked: Asked) -> Answer:
    google.world.delete(_visible(google, asked), asked.path["eventId"], asked.if_match)
    return None


def list_events(google: Google, asked: Asked) -> Answer:
    return google.lists.events(_visible(google, asked), asked.query)


def watch_events(google: Google, asked: Asked) -> Answer:
    return google.channels.watch(_visible(google, asked), asked.body, asked.access)


def stop_channel(google: Google, asked: Asked) -> Answer:
    google.channels.stop(asked.body, asked.access)
    return None


METHODS: dict[str, Callable[[Google, Asked], Answer]] = {
    "calendars.insert": insert_calendar,
    "calendars.get": get_calendar,
    "calendars.patch": patch_calendar,
    "calendars.delete": delete_calendar,
    "calendarList.list": list_calendars,
    "calendarList.get": get_entry,
    "calendarList.patch": patch_entry,
    "events.insert": insert_event,
    "events.get": get_event,
    "events.update": update_event,
    "events.patch": patch_event,
    "events.delete": delete_event,
    "events.list": list_events,
    "events.watch": watch_events,
    "channels.stop": stop_channel,
}


def _visible(google: Google, asked: Asked) -> Calendar:
    """The calendar that the path names. One of somebody else, or one that this program did not
    make where it may see no other, does not exist."""
    named = asked.path["calendarId"]
    access = asked.access
    calendar = google.world.calendars.get(access.person.email if named == "primary" else named)
    if calendar is None or calendar.owner is not access.person:
        raise Refused(NOT_FOUND)
    if access.scopes == {APP_CREATED} and calendar.made_by != access.client_id:
        raise Refused(NOT_FOUND)
    return calendar


def _calendar(calendar: Calendar) -> dict[str, Any]:
    return {
        "kind": "calendar#calendar",
        "etag": calendar.etag,
        "id": calendar.id,
        "summary": calendar.summary,
        "timeZone": calendar.timezone,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }


def _entry(calendar: Calendar) -> dict[str, Any]:
    return {
        **_calendar(calendar),
        "kind": "calendar#calendarListEntry",
        "accessRole": "owner",
        "colorId": "14",
        "defaultReminders": [],
        **calendar.listed,
    }
