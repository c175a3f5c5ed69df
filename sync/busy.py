"""When a calendar file says that somebody is busy. Nothing else of it is read.

What counts:

- `TRANSP:TRANSPARENT` and `STATUS:CANCELLED` take no time. Where TRANSP is missing, Outlook's
  busy status decides (FREE takes none); where that is missing too, an event takes its time, as
  RFC 5545 has it. Not so a whole day: a birthday or a holiday is a note, and a whole day is taken
  only by an event that says so, by OPAQUE or by Outlook's BUSY or OOF.
- An event without an end takes its day, or (with a time) nothing; one that ends before it begins
  takes nothing.
- A time without a zone, or in one that is neither known nor told, is on the calendar's own clock
  (X-WR-TIMEZONE), else on the family's.

Files come from anywhere, so they are sieved before they are parsed: what remains are the lines
that tell when, of events that can fall into the window. Their number is bounded here, the time and
memory that they take in `sync.sandbox`.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import chain
from typing import TypeAlias, TypeVar
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Component, Event, Timezone
from icalendar.timezone import tzp

from core.changes import OutsideTime
from core.outside import AHEAD, Problem, on_dates
from core.week import DAY

MOST_EVENTS = 5_000
MOST_PIECES = 5_000
"""Occurrences, each of its days counted."""

MOST_TIMES = 1_000
"""Separate times of all days together: more than a family can have."""

MOST_LINES = 2_000
"""Of one event or zone, of those that we read."""

LONGEST_LINE = 20_000
"""Letters: a thousand dates."""

MARGIN = timedelta(days=2)
"""More than the difference between any two clocks."""

LONGEST = timedelta(days=32)
"""How long an occurrence may be so that its override is found from before the window."""

READ: Mapping[str, frozenset[str]] = {
    "VEVENT": frozenset(
        {
            *("UID", "SEQUENCE", "RECURRENCE-ID", "DTSTART", "DTEND", "DURATION"),
            *("RRULE", "RDATE", "EXDATE", "STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS"),
        }
    ),
    "VTIMEZONE": frozenset(
        {"BEGIN", "END", "TZID", "DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE"}
    ),
}
"""The lines that we read, by their component."""

T = TypeVar("T")
C = TypeVar("C", bound=Component)

CLOCK = "X-WR-TIMEZONE"
MINUTE = timedelta(minutes=1)
QUARTER = 15 * 60

FAR_AWAY = date(9000, 1, 1)

_NAME = re.compile(r"[A-Za-z0-9-]+(?=[:;])")
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T|$)")
_UNTIL = re.compile(r"UNTIL=(\d{8})", re.IGNORECASE)

Lines: TypeAlias = Mapping[str, Sequence[str]]
"""The lines of an event by the name of their property."""

Piece: TypeAlias = tuple[date, int, int]
"""Minutes of a date, from 0 to 1440."""


class _Unfit(Exception):
    """The file cannot be read, and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class _Broken(Exception):
    """An event, or a zone, that breaks its own rules: it must not cost the others."""


def busy_times(data: bytes, zone: ZoneInfo, first: date) -> tuple[OutsideTime, ...] | Problem:
    """The times from the date `first` on, for `AHEAD`, that a calendar file takes on the clock of
    `zone`: sorted, on the grid, those that touch made one."""
    window = _Window(zone, first, first + AHEAD)
    try:
        sieved = _sieve(data, window)
        with warnings.catch_warnings():
            # Of guesses at names of zones, which are better than none.
            warnings.simplefilter("ignore")
            times = on_dates(_pieces(sieved, window))
    except _Unfit as unfit:
        return unfit.problem
    return times if len(times) <= MOST_TIMES else Problem.TOO_MUCH


@dataclass(frozen=True, slots=True)
class _Window:
    """The dates from `first` up to and without `end`, on the clock of `zone`."""

    zone: ZoneInfo
    first: date
    end: date

    def of(self, start: date, end: date) -> Iterator[Piece]:
        """What a span takes of each date: whole days (`end` not included), or instants."""
        if isinstance(start, datetime) and isinstance(end, datetime):
            return self._of_instants(start, end)
        return self._of_dates(start, end)

    def _of_dates(self, start: date, end: date) -> Iterator[Piece]:
        day = max(start, self.first)
        while day < min(end, self.end):
            yield day, 0, DAY
            day += timedelta(days=1)

    def _of_instants(self, start: datetime, end: datetime) -> Iterator[Piece]:
        start = max(start, datetime.combine(self.first, time(), self.zone)).astimezone(self.zone)
        end = min(end, datetime.combine(self.end, time(), self.zone)).astimezone(self.zone)
        now, last = start.timestamp(), end.timestamp()
        if now < last and start.utcoffset() == end.utcoffset():
            yield from _by_date(start.replace(tzinfo=None), end.replace(tzinfo=None))
            return
        # The clock changes meanwhile, and shows an hour twice or never: it is read at every
        # quarter, at which clocks change.
        while now < last:
            until = min((now // QUARTER + 1) * QUARTER, last)
            wall = datetime.fromtimestamp(now, self.zone).replace(tzinfo=None)
            yield from _by_date(wall, wall + timedelta(seconds=until - now))
            now = until


def _by_date(start: datetime, end: datetime) -> Iterator[Piece]:
    """A span of wall time cut at midnight, widened to whole minutes."""
    day = start.date()
    while (midnight := datetime.combine(day, time())) < end:
        yield day, max((start - midnight) // MINUTE, 0), min(-((midnight - end) // MINUTE), DAY)
        day += timedelta(days=1)


@dataclass(slots=True)
class _Sieved:
    """What is left of a file: zones, the events of each UID (one without is alone), and the name
    of the calendar's own clock."""

    zones: list[Sequence[str]] = field(default_factory=list)
    series: dict[object, list[Lines]] = field(default_factory=dict)
    clock: str = ""


def _sieve(data: bytes, window: _Window) -> _Sieved:
    """Raises `_Unfit` for what is no calendar, is cut off, or is too much."""
    found = _Sieved()
    count = 0
    for name, lines in _components(data):
        if name == "VTIMEZONE":
            found.zones.append(lines)
        elif name == "VEVENT":
            event = _by_name(lines)
            if not _can_matter(event, window):
                continue
            count += 1
            if count > MOST_EVENTS:
                raise _Unfit(Problem.TOO_MUCH)
            uid = event.get("UID")
            found.series.setdefault(_value(uid[0]) if uid else count, []).append(event)
        elif _name(lines[0]) == CLOCK:
            found.clock = _value(lines[0])
    return found


def _components(data: bytes) -> Iterator[tuple[str, Sequence[str]]]:
    """What stands in the file's calendars, one after the other: the names of components with the
    lines of them that we `READ`, and each line of the calendar itself. Raises `_Unfit`."""
    open_ones: list[str] = []
    lines: list[str] = []
    any_calendar = False
    for line in _unfolded(data):
        name = _name(line)
        if name == "BEGIN":
            open_ones.append(_value(line).upper())
        if open_ones[:1] != ["VCALENDAR"]:
            open_ones.clear()
            continue
        any_calendar = True
        if len(open_ones) == 1:
            yield "", [line]
        # What stands inside an event, such as its alarms, is not its own.
        elif name in READ.get(open_ones[1], ()) and (
            len(open_ones) == 2 or open_ones[1] != "VEVENT"
        ):
            lines.append(line)
            if len(line) > LONGEST_LINE or len(lines) > MOST_LINES:
                raise _Unfit(Problem.TOO_MUCH)
        if name == "END":
            if len(open_ones) == 2:
                yield open_ones[1], lines
                lines = []
            open_ones.pop()
    if not any_calendar:
        raise _Unfit(Problem.NO_CALENDAR)
    if open_ones:
        raise _Unfit(Problem.DAMAGED)


def _unfolded(data: bytes) -> Iterator[str]:
    """The lines that hold something, each in one piece. Only what ends a line in RFC 5545 does:
    other separators of Unicode may stand in a title."""
    text = data.decode("utf-8-sig", errors="replace").replace("\0", "")
    line: list[str] = []
    for part in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if part[:1] in (" ", "\t"):
            line.append(part[1:])
            continue
        if line and (whole := "".join(line)).strip():
            yield whole
        line = [part]
    if line and (whole := "".join(line)).strip():
        yield whole


def _name(line: str) -> str:
    found = _NAME.match(line)
    return found[0].upper() if found else ""


def _by_name(lines: Iterable[str]) -> Lines:
    event: dict[str, list[str]] = {}
    for line in lines:
        event.setdefault(_name(line), []).append(line)
    return event


def _value(line: str) -> str:
    """The value of a line whose value holds no colon."""
    return line.rpartition(":")[2].strip()


def _can_matter(event: Lines, window: _Window) -> bool:
    """Whether an event can fall into the window; read off its digits, and doubtful ones can."""
    start, end = _dates(event, "DTSTART"), _dates(event, "DTEND")
    if not start:
        return False
    last = max(start + end)
    if "DURATION" in event:
        last += LONGEST
    before, after = window.first - MARGIN, window.end + MARGIN
    if "RDATE" in event:
        return True
    if "RRULE" in event:
        until = [found for rule in event["RRULE"] if (found := _UNTIL.search(rule))]
        if len(until) == len(event["RRULE"]):
            ends = max(_date(found[1]) or FAR_AWAY for found in until)
            return ends >= before - max(last - start[0], LONGEST) and start[0] <= after
        return start[0] <= after
    instead_of = _dates(event, "RECURRENCE-ID")
    if instead_of:
        ranged = any("RANGE=" in line.upper() for line in event["RECURRENCE-ID"])
        if ranged or before - LONGEST <= instead_of[0] <= after:
            return True
    return start[0] <= after and last >= before


def _dates(event: Lines, name: str) -> list[date]:
    found = (_date(_value(line)) for line in event.get(name, ()))
    return [each for each in found if each is not None]


def _date(digits: str) -> date | None:
    match = _DATE.match(digits)
    try:
        # Far away is far enough: what is added to it must still be a date.
        return min(date(*map(int, match.groups())), FAR_AWAY) if match else None
    except ValueError:
        return None


def _pieces(sieved: _Sieved, window: _Window) -> Iterator[Piece]:
    """Raises `_Unfit` where nothing can be read, or too much."""
    # What an earlier calendar has called its zones is not this one's business.
    tzp.use_default()
    for zone in sieved.zones:
        _unless_broken(partial(_learn, zone))
    clock = _unless_broken(lambda: ZoneInfo(sieved.clock)) or window.zone
    any_readable = not sieved.series
    count = 0
    for events in sieved.series.values():
        try:
            found = _of_series(events, window, clock)
        except _Broken:
            continue
        any_readable = True
        count += len(found)
        if count > MOST_PIECES:
            raise _Unfit(Problem.TOO_MUCH)
        yield from found
    if not any_readable:
        raise _Unfit(Problem.DAMAGED)


def _learn(zone: Iterable[str]) -> None:
    tzp.cache_timezone_component(_parsed(Timezone, zone))


def _unless_broken(read: Callable[[], T]) -> T | None:
    """What a library makes of something foreign; None where that is broken. What it may raise then
    stands in no documentation."""
    try:
        return read()
    except MemoryError:
        raise
    except Exception:
        return None


def _parsed(kind: type[C], lines: Iterable[str]) -> C:
    parsed = kind.from_ical("".join(f"{line}\r\n" for line in lines))
    if not isinstance(parsed, kind):
        raise TypeError
    return parsed


def _of_series(events: Sequence[Lines], window: _Window, clock: ZoneInfo) -> list[Piece]:
    """What the events of one UID take. Raises `_Broken`."""
    parsed = []
    for lines in events:
        whole = ("BEGIN:VEVENT", *chain(*lines.values()), "END:VEVENT")
        event = _unless_broken(partial(_parsed, Event, whole))
        if event is None:
            raise _Broken
        start, end = _span(event, clock)
        if start <= end:
            parsed.append(event)
    recurs = len(parsed) > 1 or any("RRULE" in event or "RDATE" in event for event in parsed)
    occurrences = _unless_broken(partial(_occurrences, parsed, window)) if recurs else parsed
    if occurrences is None:
        raise _Broken
    return [
        piece
        for each in occurrences
        if _takes_time(each)
        for piece in window.of(*_span(each, clock))
    ]


def _occurrences(events: Sequence[Event], window: _Window) -> Sequence[Event]:
    calendar = Calendar()
    for event in events:
        calendar.add_component(event)
    query = recurring_ical_events.of(calendar)
    found: Sequence[Event] = query.between(window.first - MARGIN, window.end + MARGIN)
    return found


def _takes_time(event: Event) -> bool:
    transparency, status = _word(event, "TRANSP"), _word(event, "X-MICROSOFT-CDO-BUSYSTATUS")
    if transparency == "TRANSPARENT" or _word(event, "STATUS") == "CANCELLED":
        return False
    if transparency == "OPAQUE":
        return True
    if isinstance(_told(event, "DTSTART", date), datetime):
        return status != "FREE"
    return status in ("BUSY", "OOF")


def _word(event: Event, name: str) -> str:
    value = event.get(name, "")
    return str(value[0] if isinstance(value, list) else value).strip().upper()


def _span(event: Event, clock: ZoneInfo) -> tuple[date, date]:
    """Start and end, both dates or both instants. Raises `_Broken`."""
    start = _told(event, "DTSTART", date)
    try:
        if "DTEND" in event:
            end = _told(event, "DTEND", date)
        elif "DURATION" in event:
            end = start + _told(event, "DURATION", timedelta)
        else:
            end = start if isinstance(start, datetime) else start + timedelta(days=1)
        if isinstance(start, datetime) or isinstance(end, datetime):
            # In UTC, where later is greater whatever clocks do; the end of time is in no zone.
            return _instant(start, clock), _instant(end, clock)
    except OverflowError as error:
        raise _Broken from error
    return start, end


def _instant(moment: date, clock: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=clock)
    return moment.astimezone(UTC)


def _told(event: Event, name: str, kind: type[T]) -> T:
    """The value of a property that stands once. Raises `_Broken`."""
    value: object = _unless_broken(lambda: getattr(event[name], "dt", None))
    if not isinstance(value, kind):
        raise _Broken(name)
    return value
