"""What RFC 5545 asks of a calendar's octets, read without any library of ours."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from icalendar import Calendar

_LINE = re.compile(
    r"(?P<name>[A-Z0-9-]+)"
    r'(?P<parameters>(?:;[A-Z0-9-]+=(?:"[^"\x00-\x1f]*"|[^";:,\x00-\x1f]*))*)'
    r":(?P<value>[^\x00-\x08\x0a-\x1f\x7f]*)"
)
_TEXT = re.compile(r"(?:[^\\;,]|\\[\\;,nN])*")
_UTC = re.compile(r"\d{8}T\d{6}Z")
_LOCAL = re.compile(r"\d{8}T\d{6}")

ONCE = ("UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE", "LAST-MODIFIED")
"""Every event has these once (we promise more than the RFC)."""

AT_MOST_ONCE = ("DESCRIPTION", "RRULE", "RECURRENCE-ID", "STATUS", "TRANSP", "CLASS", "URL")

TEXTS = ("SUMMARY", "DESCRIPTION", "UID", "NAME", "X-WR-CALNAME", "PRODID")

UNTOLD = frozenset({"DTSTAMP", "LAST-MODIFIED", "SEQUENCE"})
"""What says that an event has changed, and not what it is."""


@dataclass(frozen=True)
class Line:
    """A content line: a property, its parameters and its value as it stands."""

    name: str
    parameters: str
    value: str

    @property
    def tzid(self) -> str | None:
        found = re.search(r";TZID=([^;]*)", self.parameters)
        return found[1] if found else None


@dataclass(frozen=True)
class Component:
    """A component with its own lines and those within it."""

    name: str
    lines: list[Line] = field(default_factory=list)
    parts: list["Component"] = field(default_factory=list)

    def value(self, name: str) -> str:
        return next(line.value for line in self.lines if line.name == name)

    def count(self, name: str) -> int:
        return sum(line.name == name for line in self.lines)

    def walk(self, name: str) -> Iterator["Component"]:
        for part in self.parts:
            if part.name == name:
                yield part
            yield from part.walk(name)


def read(raw: bytes) -> Component:
    """The calendar, if its lines and their nesting are as they have to be; AssertionError else."""
    assert raw.endswith(b"\r\n")
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw) is None, "a bare line end"
    lines: list[str] = []
    for octets in raw.split(b"\r\n")[:-1]:
        assert len(octets) <= 75, octets
        # Each line by itself: nothing is folded inside a character.
        line = octets.decode()
        if line.startswith(" "):
            lines[-1] += line[1:]
        else:
            lines.append(line)
    top = Component("")
    open_ones = [top]
    for line in lines:
        match = _LINE.fullmatch(line)
        assert match, line
        name, value = match["name"], match["value"]
        if name == "BEGIN":
            open_ones[-1].parts.append(Component(value))
            open_ones.append(open_ones[-1].parts[-1])
        elif name == "END":
            assert open_ones.pop().name == value
        else:
            open_ones[-1].lines.append(Line(name, match["parameters"], value))
    assert open_ones == [top]
    (calendar,) = top.parts
    return calendar


def check(raw: bytes) -> Component:
    """The calendar, if it keeps the rules; AssertionError else."""
    calendar = read(raw)
    assert calendar.name == "VCALENDAR"
    assert [calendar.value("VERSION"), calendar.count("VERSION")] == ["2.0", 1]
    assert calendar.count("PRODID") == 1
    assert calendar.count("METHOD") == calendar.count("UID") == 0
    assert {part.name for part in calendar.parts} <= {"VTIMEZONE", "VEVENT"}
    _check_texts(calendar)
    zones = [_check_zone(zone) for zone in calendar.walk("VTIMEZONE")]
    assert len(zones) == len(set(zones))
    events = list(calendar.walk("VEVENT"))
    for event in events:
        _check_event(event, set(zones))
    _check_identities(events)
    # An independent reader finds nothing to forgive either.
    for component in Calendar.from_ical(raw).walk():
        assert component.errors == []
    return calendar


def _check_texts(component: Component) -> None:
    for line in component.lines:
        if line.name in TEXTS:
            assert _TEXT.fullmatch(line.value), line
    for part in component.parts:
        _check_texts(part)


def _check_zone(zone: Component) -> str:
    assert zone.count("TZID") == 1
    assert {part.name for part in zone.parts} <= {"STANDARD", "DAYLIGHT"}
    assert zone.parts
    for observance in zone.parts:
        for name in ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO"):
            assert observance.count(name) == 1
        assert _LOCAL.fullmatch(observance.value("DTSTART"))
        for name in ("TZOFFSETFROM", "TZOFFSETTO"):
            assert re.fullmatch(r"[+-]\d{4}(\d{2})?", observance.value(name))
    return zone.value("TZID")


def _check_event(event: Component, zones: set[str]) -> None:
    for name in ONCE:
        assert event.count(name) == 1, (name, event)
    for name in AT_MOST_ONCE:
        assert event.count(name) <= 1, (name, event)
    for name in ("DTSTAMP", "LAST-MODIFIED"):
        assert _UTC.fullmatch(event.value(name)), event
    assert int(event.value("SEQUENCE")) >= 0
    times = {}
    for line in event.lines:
        if line.name in ("DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"):
            form = _UTC if line.tzid is None else _LOCAL
            assert all(form.fullmatch(value) for value in line.value.split(",")), line
            assert line.tzid is None or line.tzid in zones, line
            times[line.name] = line
    start, end = times["DTSTART"], times["DTEND"]
    assert start.tzid == end.tzid
    assert start.value < end.value
    if event.count("RRULE"):
        assert event.count("RECURRENCE-ID") == 0
        for name in ("EXDATE", "RDATE"):
            assert name not in times or times[name].tzid == start.tzid
    else:
        assert event.count("EXDATE") == event.count("RDATE") == 0


def _check_identities(events: list[Component]) -> None:
    """No two are one and the same; an occurrence has its series, and its own kind of time."""
    identities = Counter(
        (event.value("UID"), event.value("RECURRENCE-ID") if event.count("RECURRENCE-ID") else None)
        for event in events
    )
    assert set(identities.values()) <= {1}
    series = {event.value("UID"): event for event in events if event.count("RRULE")}
    for event in events:
        for line in event.lines:
            if line.name == "RECURRENCE-ID":
                of = series[event.value("UID")]
                assert line.tzid == next(x.tzid for x in of.lines if x.name == "DTSTART")
                assert event.value("SEQUENCE") == of.value("SEQUENCE")


@dataclass(frozen=True)
class Version:
    """One event, with its occurrences that are otherwise, as it was at one time."""

    told: Counter[tuple[str, str, str]]
    sequence: int
    modified: datetime
    stamp: datetime


def versions(calendar: Component) -> Mapping[str, Version]:
    """Each event by its UID."""
    parts = defaultdict(list)
    for event in calendar.walk("VEVENT"):
        parts[event.value("UID")].append(event)

    def latest(events: list[Component], name: str) -> datetime:
        return max(datetime.strptime(e.value(name), "%Y%m%dT%H%M%S%z") for e in events)

    return {
        uid: Version(
            Counter(
                (line.name, line.parameters, line.value)
                for event in events
                for line in event.lines
                if line.name not in UNTOLD
            ),
            max(int(event.value("SEQUENCE")) for event in events),
            latest(events, "LAST-MODIFIED"),
            latest(events, "DTSTAMP"),
        )
        for uid, events in parts.items()
    }
