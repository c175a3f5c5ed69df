"""An event's rules: what may be written into one, and how it reads afterwards."""

import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from googleapi.discovery import DOCUMENT
from googleapi.refusals import invalid

Resource = dict[str, Any]
"""An event as the API shows it, all of its fields."""

_ID = re.compile(r"[0-9a-v]{5,1024}")
_GIVEN_BY_GOOGLE = {
    "kind",
    "etag",
    "id",
    "htmlLink",
    "created",
    "updated",
    "creator",
    "organizer",
    "iCalUID",
    "eventType",
    "sequence",
    "hangoutLink",
    "locked",
    "recurringEventId",
    "originalStartTime",
}
_WRITABLE = set(DOCUMENT["schemas"]["Event"]["properties"]) - _GIVEN_BY_GOOGLE
_STATUSES = ("confirmed", "tentative", "cancelled")


def check_id(event_id: str) -> None:
    """Raises Refused unless `event_id` is one that a client may choose (base32hex)."""
    if not _ID.fullmatch(event_id):
        raise invalid("Invalid resource id value.")


def zone(name: str) -> ZoneInfo:
    """Raises Refused for a zone that does not exist."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise invalid(f"Invalid time zone definition: {name}") from error


def written(body: Resource, timezone: str) -> Resource:
    """What remains of a body that is written into a calendar of `timezone`: times as Google gives
    them back. Raises Refused."""
    kept = {name: value for name, value in body.items() if name in _WRITABLE and value is not None}
    if kept.setdefault("status", "confirmed") not in _STATUSES:
        raise invalid("Invalid value for status")
    for name in ("start", "end"):
        if name not in kept:
            raise invalid(f"Missing {name} time.", "required")
        kept[name] = _time(name, kept[name], timezone)
    if ("date" in kept["start"]) != ("date" in kept["end"]):
        raise invalid("Start and end times must either both be date or both be dateTime.")
    if instant(kept["end"]) < instant(kept["start"]):
        raise invalid("The specified time range is empty.", "timeRangeEmpty", "calendar")
    return kept


def moved(before: Resource, after: Resource) -> bool:
    """Whether a change is one for which SEQUENCE rises."""
    return any(before.get(name) != after.get(name) for name in ("start", "end", "recurrence"))


def next_sequence(before: Resource, body: Resource, after: Resource) -> int:
    """The sequence after a change; raises Refused if the writer knew an older one."""
    current = int(before.get("sequence", 0))
    given = int(body.get("sequence", current))
    if given < current:
        raise invalid(
            "Invalid sequence value. The specified sequence number is below the current sequence "
            "number of the resource. Re-fetch the resource and use its sequence number on the "
            "following request."
        )
    return max(given, current + moved(before, after))


def tombstone(resource: Resource) -> Resource:
    """All that is sure to be left of a deleted event."""
    return {name: resource[name] for name in ("kind", "etag", "id", "status")}


def instant(time: dict[str, str]) -> datetime:
    """A start or end on one line: all-day events begin at midnight UTC."""
    if "date" in time:
        day = date.fromisoformat(time["date"])
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    return datetime.fromisoformat(time["dateTime"])


def _time(name: str, given: dict[str, str], timezone: str) -> dict[str, str]:
    given = {key: value for key, value in given.items() if value is not None}
    if ("date" in given) == ("dateTime" in given):
        raise invalid(f"Invalid {name} time.")
    if "date" in given:
        try:
            date.fromisoformat(given["date"])
        except ValueError as error:
            raise invalid(f"Invalid {name} time.") from error
        return {"date": given["date"]}
    try:
        moment = datetime.fromisoformat(given["dateTime"])
    except ValueError as error:
        raise invalid(f"Invalid {name} time.") from error
    own = given.get("timeZone")
    if moment.tzinfo is None:
        if own is None:
            raise invalid(f"Missing time zone definition for {name} time.", "required")
        moment = moment.replace(tzinfo=zone(own))
    elif own is not None:
        zone(own)
    shown = moment.astimezone(zone(timezone)).isoformat(timespec="seconds")
    return {"dateTime": shown.replace("+00:00", "Z"), "timeZone": own or timezone}
