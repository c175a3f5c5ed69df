"""A lesson as an event of Google Calendar, and what an event tells of itself.

Each event carries the moment at which we let it begin. So whoever reads it knows from the event
alone whether a person has moved it since, even if we died before we could remember our own call.
"""

import json
from base64 import b32hexencode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from core.phrase import Translate, say
from core.week import DAY, GRID, instant, minute_of, wall
from sync.google import UID_PROPERTY
from sync.plan import Wanted

BEGINS, FINGERPRINT = "brightpathBegins", "brightpathFingerprint"
"""Further keys of `extendedProperties.private`, which only we read and people leave alone."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event begins on the family's clock; `start` in minutes of the day `on`."""

    on: date
    start: int


@dataclass(frozen=True, slots=True)
class GoogleEvent:
    """An event as it is to be: from `starts` to `ends` (aware), at `place` on the family's clock;
    `resource` is all of it, as the Calendar API writes it."""

    place: Place
    starts: datetime
    ends: datetime
    summary: str
    resource: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LessonEvent:
    """One child's lesson as its calendar is to show it; `end` in minutes of the place's day,
    `adult` the name of the adult who is needed (None: the child works alone)."""

    uid: str
    place: Place
    end: int
    name: str
    adult: str | None = None
    completed: bool = False


def event_id(family_id: int, calendar_id: str, uid: str) -> str:
    """The event's id: the same however often it is asked, another one in each calendar.

    Google takes base32hex in small letters, 5 to 1024 of them; half of SHA-256 makes 26.
    """
    named = f"{family_id}\n{calendar_id}\n{uid}".encode()
    return b32hexencode(sha256(named).digest()[:16]).decode().rstrip("=").lower()


def calendar_summary(child: str, translate: Translate) -> str:
    """What the calendar of a child is called."""
    return translate(say("google.calendar", child=child))


def wanted_event(
    lesson: LessonEvent, family_id: int, calendar_id: str, zone: ZoneInfo, translate: Translate
) -> Wanted[GoogleEvent]:
    """The event that shows a lesson."""
    minutes = lesson.end - lesson.place.start
    starts = instant(lesson.place.on, lesson.place.start, zone)
    # Both ends may fall into the hour that the clock skips.
    ends = max(instant(lesson.place.on, lesson.end, zone), starts + timedelta(minutes=GRID))
    told = (
        say("calendar.lesson_with", minutes=minutes, adult=lesson.adult)
        if lesson.adult
        else say("calendar.lesson_alone", minutes=minutes)
    )
    summary = translate(say("calendar.done", title=lesson.name))
    said: dict[str, Any] = {
        "status": "confirmed",
        "summary": summary if lesson.completed else lesson.name,
        "description": translate(told),
        "start": _moment(starts, zone),
        "end": _moment(ends, zone),
        # It takes the child's time, not that of the adult whose account this is.
        "transparency": "transparent",
    }
    private = {UID_PROPERTY: lesson.uid, BEGINS: starts.isoformat()}
    # The fingerprint is of all that is said, and is said itself.
    fingerprint = sha256(json.dumps([said, private], sort_keys=True).encode()).hexdigest()
    private[FINGERPRINT] = fingerprint
    own_id = event_id(family_id, calendar_id, lesson.uid)
    resource = {"id": own_id, **said, "extendedProperties": {"private": private}}
    event = GoogleEvent(lesson.place, starts, ends, said["summary"], resource)
    return Wanted(own_id, lesson.uid, fingerprint, event)


def wanted_events(
    lessons: Iterable[LessonEvent],
    family_id: int,
    calendar_id: str,
    zone: ZoneInfo,
    translate: Translate,
) -> tuple[Wanted[GoogleEvent], ...]:
    """The events of a child's calendar."""
    return tuple(
        wanted_event(lesson, family_id, calendar_id, zone, translate) for lesson in lessons
    )


def place_of(starts: datetime | date, zone: ZoneInfo, otherwise: int) -> Place:
    """Where an event begins, to the nearest minute of the grid. One that was made an all-day event
    says nothing of the hour: it begins at minute `otherwise` of its day."""
    if not isinstance(starts, datetime):
        return Place(starts, otherwise)
    local = wall(starts, zone)
    minute = round((minute_of(local.time()) + local.second / 60) / GRID) * GRID
    if minute == DAY:
        return Place(local.date() + timedelta(days=1), 0)
    return Place(local.date(), minute)


def written_start(private: Mapping[str, str]) -> datetime | None:
    """When we let the event begin; None if it does not say so in our way."""
    try:
        moment = datetime.fromisoformat(private.get(BEGINS, ""))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _moment(moment: datetime, zone: ZoneInfo) -> dict[str, str]:
    return {"dateTime": moment.astimezone(zone).isoformat(), "timeZone": zone.key}
