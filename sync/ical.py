"""A family's week as an iCalendar object (RFC 5545 and RFC 7986)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import groupby
from zoneinfo import ZoneInfo

from icalendar import Alarm as AlarmComponent
from icalendar import Calendar, Component, Event, vRecur

from core.addresses import UID_DOMAIN
from core.family import Commitment, Scope
from core.phrase import Translate, say
from sync.recurrence import Series, Span, series, span
from sync.vtimezone import vtimezone

PRODID = "-//BrightPath//Homeschool week//EN"
REFRESH = timedelta(hours=1)
"""How often we ask readers to look again (whole hours); many take far longer."""

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


@dataclass(frozen=True, slots=True)
class CalendarObject:
    """All that there is of one UID, as CalDAV keeps it (RFC 4791, 4.1): a whole calendar without
    METHOD. `last_day` is the last date on which it happens, None if it recurs without end."""

    uid: str
    last_day: date | None
    body: bytes


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
    commitments = _commitments(feed, zone)
    days = [lesson.first.day for lesson in lessons]
    days += [recurring.span.start.date() for _, recurring in commitments]
    components: list[Component] = []
    if days:
        components.append(_clock_of(zone, min(days).year, max(days).year + _ZONE_YEARS))
    components += [_lesson_event(lesson, feed, zone, translate) for lesson in lessons]
    for told, recurring in commitments:
        components += _commitment_events(told, recurring, feed, translate)
    return _written(_envelope(feed, translate), components)


def calendar_objects(
    feed: FeedContent, translate: Translate, *, today: date
) -> tuple[CalendarObject, ...]:
    """The same calendar in pieces, one for each UID, lessons in order of time.

    A piece changes only with what it tells, and with the year of `today`: a series brings the
    clock's rules for some years more.
    """
    feed = concerning(feed)
    zone = ZoneInfo(feed.timezone)

    def whole(uid: str, events: list[Event], first: date, last: date | None) -> CalendarObject:
        # Which years a piece's clock tells must not hang on what else there is.
        years = first.year, max(first, last or today).year + (_ZONE_YEARS if last is None else 0)
        return CalendarObject(uid, last, _written(_bare(), [_clock_of(zone, *years), *events]))

    lessons = [
        whole(
            lesson.uid,
            [_lesson_event(lesson, feed, zone, translate)],
            lesson.first.day,
            lesson.first.day,
        )
        for lesson in _lessons(feed)
    ]
    commitments = [
        whole(
            told.uid,
            _commitment_events(told, recurring, feed, translate),
            recurring.span.start.astimezone(zone).date(),
            None if recurring.rule else recurring.span.end.astimezone(zone).date(),
        )
        for told, recurring in _commitments(feed, zone)
    ]
    return *lessons, *commitments


def _written(calendar: Calendar, components: Iterable[Component]) -> bytes:
    for component in components:
        calendar.add_component(component)
    octets: bytes = calendar.to_ical()
    return octets


def _bare() -> Calendar:
    # `Calendar.new` would add a random UID, by which readers fold all its events into one.
    built = Calendar()
    built.add("prodid", PRODID)
    built.add("version", "2.0")
    built.add("calscale", "GREGORIAN")
    return built


def _envelope(feed: FeedContent, translate: Translate) -> Calendar:
    built = _bare()
    title = _plain(feed.title)
    built.add("name", title)
    built.add("x-wr-calname", title)
    built.add("x-wr-timezone", feed.timezone)
    built.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    built.add("x-published-ttl", f"PT{REFRESH // timedelta(hours=1)}H")
    built.add("color", feed.color.name)
    built.add("x-apple-calendar-color", feed.color.code)
    built.add("categories", [translate(say("calendar.category"))])
    built.add("last-modified", feed.updated_at)
    return built


def _clock_of(zone: ZoneInfo, first: int, last: int) -> Component:
    """The VTIMEZONE that holds from one year through another."""
    until = date(min(last, date.max.year - 1), 12, 31)
    return vtimezone(zone, date(first, 1, 1), until)


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
) -> Event:
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
    event = _event(
        lesson.uid,
        lesson.sequence,
        lesson.updated_at,
        span(told.day, told.start, told.end, zone),
    )
    event.add("summary", title)
    event.add("description", "\n".join(description))
    event.add("categories", [name])
    if feed.alarm is not None and not lesson.completed and told.day >= feed.alarm.since:
        event.add_component(_alarm(feed.alarm, title))
    return event


def _alarm(alarm: Alarm, title: str) -> AlarmComponent:
    built = AlarmComponent()
    built.add("action", "DISPLAY")
    built.add("trigger", -timedelta(minutes=alarm.minutes))
    built.add("description", title)
    return built


def _commitments(feed: FeedContent, zone: ZoneInfo) -> list[tuple[FeedCommitment, Series]]:
    """Those that ever happen, each with how it recurs."""
    return [
        (told, recurring)
        for told in sorted(feed.commitments, key=lambda told: told.uid)
        if (recurring := series(told.commitment, told.since, told.cancelled, zone)) is not None
    ]


def _commitment_events(
    told: FeedCommitment, recurring: Series, feed: FeedContent, translate: Translate
) -> list[Event]:
    """The series, and each occurrence that is an event of its own (RFC 5545, RECURRENCE-ID)."""
    people = _others(told.children + told.adults, feed)

    def event(times: Span) -> Event:
        built = _event(told.uid, told.sequence, told.updated_at, times)
        built.add("summary", _titled(_plain(told.commitment.name), people, translate))
        built.add("categories", [translate(say("calendar.commitment"))])
        return built

    first = event(recurring.span)
    if recurring.rule:
        first.add("rrule", vRecur.from_ical(recurring.rule))
    for day in recurring.added:
        first.add("rdate", day)
    for day in recurring.excluded:
        first.add("exdate", day)
    events = [first]
    for day, times in recurring.alone:
        alone = event(times)
        alone.add("recurrence-id", day)
        events.append(alone)
    return events


def _event(uid: str, sequence: int, updated_at: datetime, times: Span) -> Event:
    """An event with all that does not depend on what it is about.

    DTSTAMP is the last change, never the present: it must not make an unchanged feed differ.
    """
    event = Event()
    event.add("uid", uid)
    event.add("sequence", sequence)
    event.add("dtstamp", updated_at)
    event.add("last-modified", updated_at)
    event.add("status", "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("dtstart", times.start)
    event.add("dtend", times.end)
    return event


def _others(people: Iterable[str], feed: FeedContent) -> tuple[str, ...]:
    """Those to name in a title: nobody is told about themselves."""
    return tuple(_plain(name) for name in people if name != feed.person)


def _titled(name: str, people: tuple[str, ...], translate: Translate) -> str:
    return translate(say("calendar.whose", people=people, name=name)) if people else name


def _plain(text: str) -> str:
    """One line without control characters, which a content line cannot carry."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
