"""A family's week as an iCalendar object (RFC 5545 and RFC 7986)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import groupby
from zoneinfo import ZoneInfo

from core.addresses import UID_DOMAIN
from core.family import Commitment, Scope
from core.phrase import Translate, say
from sync.lines import local, text, utc, written
from sync.recurrence import Series, Span, series, span
from sync.vtimezone import vtimezone

PRODID = "-//BrightPath//Homeschool week//EN"
REFRESH = timedelta(hours=1)
"""How often we ask readers to look again (whole hours); many take far longer."""

_REFRESH = f"PT{REFRESH // timedelta(hours=1)}H"

_ZONE_YEARS = 3
"""Years of clock changes told beyond the last lesson, for readers that do not know the zone."""


class Audience(StrEnum):
    """Whose calendar it is."""

    FAMILY = "family"
    CHILD = "child"
    ADULT = "adult"


@dataclass(frozen=True, slots=True)
class Color:
    """A colour by its name in CSS3 (RFC 7986) and as Apple's calendar reads it."""

    name: str
    code: str


COLORS = (
    Color("steelblue", "#4682B4"),
    Color("chocolate", "#D2691E"),
    Color("seagreen", "#2E8B57"),
    Color("orchid", "#DA70D6"),
    Color("goldenrod", "#DAA520"),
    Color("slateblue", "#6A5ACD"),
    Color("skyblue", "#87CEEB"),
    Color("slategray", "#708090"),
)
"""Colours that also a colour-blind reader tells apart; the family's own comes first."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Lessons from the date `since` on ring `minutes` before they begin, unless they are done."""

    minutes: int
    since: date


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One child's lesson.

    `start` and `end` are minutes of the family's wall time on `day`, `updated_at` is aware,
    `adult` the name of the adult who is needed (None: the child works alone), `materials` a line
    for each thing to have at hand.
    """

    uid: str
    sequence: int
    updated_at: datetime
    day: date
    start: int
    end: int
    name: str
    child: str
    adult: str | None = None
    completed: bool = False
    materials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedCommitment:
    """A commitment, told once with its recurrence.

    `since` is the date from which it holds and must not move with time (the day it was entered),
    `cancelled` the dates on which it is left out, beside those that the commitment itself
    overrides. `children` and `adults` name those whom it takes; both empty: everybody.
    """

    uid: str
    sequence: int
    updated_at: datetime
    commitment: Commitment
    since: date
    cancelled: tuple[date, ...] = ()
    children: tuple[str, ...] = ()
    adults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedContent:
    """All that a calendar is made from.

    `events` and `commitments` may hold the whole family's: those that do not concern `person`
    (a child's or adult's name; None for the family's calendar) are left out. `updated_at` is
    aware and rises with every change, removals too. `language` is a code such as "en".
    """

    title: str
    timezone: str
    language: str
    updated_at: datetime
    audience: Audience = Audience.FAMILY
    person: str | None = None
    events: tuple[FeedEvent, ...] = ()
    commitments: tuple[FeedCommitment, ...] = ()
    color: Color = COLORS[0]
    alarm: Alarm | None = None


@dataclass(frozen=True, slots=True)
class _Lesson:
    """A lesson of one child, or of several who share it."""

    uid: str
    sequence: int
    updated_at: datetime
    children: tuple[str, ...]
    first: FeedEvent
    completed: bool
    materials: tuple[str, ...]


def commitment_uid(family: str, commitment: Commitment) -> str:
    """The UID for life of a commitment; `family` is a text that no other family has."""
    table = "child" if commitment.scope is Scope.CHILD else "family"
    return f"commitment-{table}-{commitment.id}-{family}@{UID_DOMAIN}"


def concerning(feed: FeedContent) -> FeedContent:
    """The content without what its reader is not shown."""
    family = feed.audience is Audience.FAMILY
    child = feed.audience is Audience.CHILD
    return replace(
        feed,
        events=tuple(
            event
            for event in feed.events
            if family or feed.person == (event.child if child else event.adult)
        ),
        commitments=tuple(
            told
            for told in feed.commitments
            if family
            or not (told.children or told.adults)
            or feed.person in (told.children if child else told.adults)
        ),
    )


def calendar(feed: FeedContent, translate: Translate) -> bytes:
    """The calendar, equal bytes for equal input.

    Lessons are single events (a lesson that siblings share stands once), recurring commitments
    one event with an RRULE each; breaks and lunch are left out, so that the calendar stays calm.
    """
    feed = concerning(feed)
    zone = ZoneInfo(feed.timezone)
    lessons = _lessons(feed)
    commitments = [
        (told, recurring)
        for told in sorted(feed.commitments, key=lambda told: told.uid)
        if (recurring := series(told.commitment, told.since, told.cancelled, zone)) is not None
    ]
    events = [_lesson_event(lesson, feed, zone, translate) for lesson in lessons]
    for told, recurring in commitments:
        events += _commitment_events(told, recurring, feed, zone, translate)
    days = [lesson.first.day for lesson in lessons]
    days += [recurring.span.start.date() for _, recurring in commitments]
    return b"".join(
        [
            written(_head(feed, translate)),
            _clock_of(zone, min(days), max(days)) if days else b"",
            *map(written, events),
            written(["END:VCALENDAR"]),
        ]
    )


def _head(feed: FeedContent, translate: Translate) -> list[str]:
    # Without a UID: readers fold all calendars that share one into one.
    title = text(_plain(feed.title))
    return [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODID}",
        "CALSCALE:GREGORIAN",
        f"NAME:{title}",
        f"X-WR-CALNAME:{title}",
        f"X-WR-TIMEZONE:{feed.timezone}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{_REFRESH}",
        f"X-PUBLISHED-TTL:{_REFRESH}",
        f"COLOR:{feed.color.name}",
        f"X-APPLE-CALENDAR-COLOR:{feed.color.code}",
        f"CATEGORIES:{text(translate(say('calendar.category')))}",
        f"LAST-MODIFIED:{utc(feed.updated_at)}",
    ]


def _clock_of(zone: ZoneInfo, first: date, last: date) -> bytes:
    """The VTIMEZONE that holds for these days and some years more."""
    until = min(last.year + _ZONE_YEARS, date.max.year - 1)
    octets: bytes = vtimezone(zone, date(first.year, 1, 1), date(until, 12, 31)).to_ical()
    return octets


def _lessons(feed: FeedContent) -> list[_Lesson]:
    """The lessons in order of time, each once however many share it."""
    # A stable sort keeps the children in the order in which the family names them.
    events = sorted(feed.events, key=_sharing)
    return [_lesson(list(shared)) for _, shared in groupby(events, key=_sharing)]


def _sharing(event: FeedEvent) -> tuple[date, int, int, str, str]:
    """Siblings whose events agree in this sit at one table."""
    return event.day, event.start, event.end, event.name.casefold(), event.adult or ""


def _lesson(events: list[FeedEvent]) -> _Lesson:
    first = events[0]
    uid = first.uid
    if len(events) > 1:
        # Its own identity for each set of children: were one child's UID kept, SEQUENCE could
        # fall when another leaves, and readers would keep the old event.
        joined = "\n".join(sorted(event.uid for event in events))
        uid = f"shared-{sha256(joined.encode()).hexdigest()[:32]}@{UID_DOMAIN}"
    return _Lesson(
        uid=uid,
        sequence=sum(event.sequence for event in events),
        updated_at=max(event.updated_at for event in events),
        children=tuple(event.child for event in events),
        first=first,
        completed=all(event.completed for event in events),
        materials=tuple(dict.fromkeys(line for event in events for line in event.materials)),
    )


def _lesson_event(
    lesson: _Lesson, feed: FeedContent, zone: ZoneInfo, translate: Translate
) -> list[str]:
    told = lesson.first
    name = _plain(told.name)
    title = _titled(name, _others(lesson.children, feed), translate)
    help_line = (
        say("calendar.lesson_with", minutes=told.end - told.start, adult=_plain(told.adult))
        if told.adult
        else say("calendar.lesson_alone", minutes=told.end - told.start)
    )
    description = [translate(help_line)]
    if lesson.completed:
        title = translate(say("calendar.done", title=title))
    else:
        description += map(_plain, lesson.materials)
        description.append(translate(say("calendar.answer", name=name)))
    return _event(
        lesson.uid,
        lesson.sequence,
        lesson.updated_at,
        [
            *_times(span(told.day, told.start, told.end, zone), zone),
            f"SUMMARY:{text(title)}",
            f"DESCRIPTION:{text(chr(10).join(description))}",
            f"CATEGORIES:{text(name)}",
            *_alarm(lesson, feed.alarm, title),
        ],
    )


def _alarm(lesson: _Lesson, alarm: Alarm | None, title: str) -> list[str]:
    if alarm is None or lesson.completed or lesson.first.day < alarm.since:
        return []
    return [
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"TRIGGER:-PT{alarm.minutes}M",
        f"DESCRIPTION:{text(title)}",
        "END:VALARM",
    ]


def _commitment_events(
    told: FeedCommitment, recurring: Series, feed: FeedContent, zone: ZoneInfo, translate: Translate
) -> list[list[str]]:
    """The series, and each occurrence that is an event of its own (RFC 5545, RECURRENCE-ID)."""
    people = _others(told.children + told.adults, feed)
    what = [
        f"SUMMARY:{text(_titled(_plain(told.commitment.name), people, translate))}",
        f"CATEGORIES:{text(translate(say('calendar.commitment')))}",
    ]

    def event(times: Span, recurrence: list[str]) -> list[str]:
        own = [*_times(times, zone), *recurrence, *what]
        return _event(told.uid, told.sequence, told.updated_at, own)

    rules = [f"RRULE:{recurring.rule}"] if recurring.rule else []
    rules += [local("RDATE", day, zone) for day in recurring.added]
    rules += [local("EXDATE", day, zone) for day in recurring.excluded]
    return [
        event(recurring.span, rules),
        *(event(times, [local("RECURRENCE-ID", day, zone)]) for day, times in recurring.alone),
    ]


def _times(times: Span, zone: ZoneInfo) -> list[str]:
    if times.start.tzinfo is not zone:
        return [f"DTSTART:{utc(times.start)}", f"DTEND:{utc(times.end)}"]
    return [local("DTSTART", times.start, zone), local("DTEND", times.end, zone)]


def _event(uid: str, sequence: int, updated_at: datetime, own: Iterable[str]) -> list[str]:
    """An event: what every one has, then its own lines.

    DTSTAMP is the last change, never the present: it must not make an unchanged feed differ.
    """
    changed = utc(updated_at)
    return [
        "BEGIN:VEVENT",
        f"UID:{text(_plain(uid))}",
        f"SEQUENCE:{sequence}",
        f"DTSTAMP:{changed}",
        f"LAST-MODIFIED:{changed}",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        *own,
        "END:VEVENT",
    ]


def _others(people: Iterable[str], feed: FeedContent) -> tuple[str, ...]:
    """Those to name in a title: nobody is told about themselves."""
    return tuple(_plain(name) for name in people if name != feed.person)


def _titled(name: str, people: tuple[str, ...], translate: Translate) -> str:
    return translate(say("calendar.whose", people=people, name=name)) if people else name


def _plain(text: str) -> str:
    """One line without control characters, which a content line cannot carry."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
