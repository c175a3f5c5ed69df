"""How something recurs in the words of RFC 5545, chosen so that all readers find the same
instants.

They do not agree everywhere. Where the clock changes within an occurrence, some give it the exact
length of the first (as the RFC has it) and others keep its end on the clock; a time that the clock
shows twice or skips is read either way; and not everybody knows every part of a rule. So a series
says with a plain rule what is plain, and the rest by date.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.commitments import falls_on, occurrence
from core.family import Commitment, CommitmentFrequency
from core.week import DAY, instant
from sync.vtimezone import transitions

_YEARS = 16
"""Years for which a series tells what its rule does not; a child learns from 2 to 18."""

_BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class Span:
    """DTSTART and DTEND, both in the family's zone or both in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Series:
    """What recurs by `rule` (the value of RRULE; empty: only once) from `span` on.

    `added` are its RDATEs, `excluded` its EXDATEs, `alone` the RECURRENCE-IDs of occurrences that
    are events of their own, with their times. All but spans are wall times in the family's zone.
    """

    span: Span
    rule: str = ""
    added: tuple[datetime, ...] = ()
    excluded: tuple[datetime, ...] = ()
    alone: tuple[tuple[datetime, Span], ...] = ()


def span(day: date, start: int, end: int, zone: ZoneInfo) -> Span:
    """When something starts on `day` and ends (`end <= start`: on the next day), so that no reader
    can be in doubt: in the zone, or in UTC where its clock changes in between, shows one of the
    times twice or skips it."""
    wall = _wall_span(day, start, end, zone)
    if _is_plain(wall):
        return wall
    begins, ends = instant(day, start, zone), instant(_last(day, start, end), end, zone)
    if ends <= begins:
        # Both fell into the hour that the clock skips.
        ends = begins + timedelta(minutes=(end - start) % DAY)
    return Span(begins, ends)


def series(
    commitment: Commitment, since: date, cancelled: Collection[date], zone: ZoneInfo
) -> Series | None:
    """The occurrences of a commitment from `since` on, without those of the dates `cancelled`;
    None if it never happens."""
    first = _first(commitment, since)
    if first is None:
        return None
    rule = _rule(commitment)
    if not rule:
        times = None if first in cancelled else occurrence(commitment, first)
        return Series(span(first, *times, zone)) if times is not None else None

    begins = _begins(commitment, first, zone)
    before = (begins + timedelta(days=offset) for offset in range((first - begins).days))
    excluded = [day for day in before if _is_ruled(commitment, day)]
    alone = []
    overridden = {override.on for override in commitment.overrides}
    for day in sorted({*cancelled, *overridden, *_near_changes(zone, first.year)}):
        if day < first or not falls_on(commitment, day):
            continue
        times = None if day in cancelled else occurrence(commitment, day)
        if times is None:
            excluded.append(day)
        elif day in overridden or not _is_plain(_wall_span(day, *times, zone)):
            alone.append((_on_clock(day, commitment.start, zone), span(day, *times, zone)))
    return Series(
        _wall_span(begins, commitment.start, commitment.end, zone),
        rule,
        added=tuple(_on_clock(day, commitment.start, zone) for day in _unruled(commitment, first)),
        excluded=tuple(_on_clock(day, commitment.start, zone) for day in excluded),
        alone=tuple(alone),
    )


def _first(commitment: Commitment, since: date) -> date | None:
    """The first date on which its recurrence falls."""
    if commitment.frequency is CommitmentFrequency.ONE_TIME:
        return commitment.on
    # No month is longer, so one look ahead finds any recurrence there is.
    ahead = (since + timedelta(days=offset) for offset in range(32))
    return next((day for day in ahead if falls_on(commitment, day)), None)


def _rule(commitment: Commitment) -> str:
    match commitment.frequency:
        case CommitmentFrequency.DAILY:
            return "FREQ=DAILY"
        case CommitmentFrequency.WEEKLY:
            days = ",".join(_BYDAY[day] for day in sorted(set(commitment.days_of_week)))
            return f"FREQ=WEEKLY;BYDAY={days};WKST=MO"
        case CommitmentFrequency.MONTHLY if commitment.on is not None:
            # The last of a month is -1.
            return f"FREQ=MONTHLY;BYMONTHDAY={-1 if commitment.on.day == 31 else commitment.on.day}"
    return ""


def _is_ruled(commitment: Commitment, day: date) -> bool:
    """Whether the rule names a date.

    It does not name the last of February for the 29th or 30th of each month. A rule could, by
    BYSETPOS, but readers that do not know that part put one occurrence on the 28th of every month,
    one on the 29th, and so on.
    """
    if not falls_on(commitment, day):
        return False
    if commitment.frequency is not CommitmentFrequency.MONTHLY or commitment.on is None:
        return True
    return commitment.on.day in (day.day, 31)


def _unruled(commitment: Commitment, since: date) -> list[date]:
    """The dates from `since` on that its recurrence has beside those of the rule."""
    years = range(since.year, min(since.year + _YEARS, MAXYEAR - 1) + 1)
    ends = (date(year, 3, 1) - timedelta(days=1) for year in years)
    return [
        day
        for day in ends
        if day >= since and falls_on(commitment, day) and not _is_ruled(commitment, day)
    ]


def _begins(commitment: Commitment, first: date, zone: ZoneInfo) -> date:
    """The date of DTSTART: `first`, or the nearest of the three months before it that the rule
    names and whose times are plain, because readers give its length to every occurrence."""
    backwards = (first - timedelta(days=back) for back in range(93))
    return next(
        (
            day
            for day in backwards
            if _is_ruled(commitment, day)
            and _is_plain(_wall_span(day, commitment.start, commitment.end, zone))
        ),
        first,
    )


@lru_cache(maxsize=256)
def _near_changes(zone: ZoneInfo, year: int) -> frozenset[date]:
    """The dates of the years from `year` on from which something that lasts less than a day may
    meet a change of the clock."""
    days: set[date] = set()
    for change in transitions(zone, year, min(year + _YEARS, MAXYEAR - 1)):
        for moment in (change - timedelta(seconds=1), change):
            day = moment.astimezone(zone).date()
            days |= {day - timedelta(days=1), day}
    return frozenset(days)


def _is_plain(wall: Span) -> bool:
    """Whether one offset holds at both wall times, neither of them skipped or shown twice."""
    offsets = {
        moment.replace(fold=fold).utcoffset()
        for moment in (wall.start, wall.end)
        for fold in (0, 1)
    }
    return len(offsets) == 1


def _wall_span(day: date, start: int, end: int, zone: ZoneInfo) -> Span:
    return Span(_on_clock(day, start, zone), _on_clock(_last(day, start, end), end, zone))


def _last(day: date, start: int, end: int) -> date:
    return day + timedelta(days=1) if end <= start else day


def _on_clock(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """A wall time as it is, even one that the clock skips: a series repeats it on other days."""
    return datetime.combine(day, time(), tzinfo=zone) + timedelta(minutes=minute)
