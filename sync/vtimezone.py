"""VTIMEZONE (RFC 5545, 3.6.5) from the transitions of the IANA database."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

_PROBE = timedelta(days=1)


def vtimezone(zone: ZoneInfo, since: date, until: date) -> Timezone:
    """The zone's rules for every wall time from `since` to `until`, both included.

    The first observance states what holds the day before `since`; then comes one observance for
    each transition, its DTSTART the onset on the clock that it ends (in TZOFFSETFROM). `ValueError`
    if `until` is before `since`.
    """
    if until < since:
        raise ValueError(f"{until.isoformat()} is before {since.isoformat()}")
    # A day more on either side holds every wall time of the range, whatever the offset.
    first = datetime.combine(since - timedelta(days=2), time(), tzinfo=UTC)
    last = datetime.combine(until + timedelta(days=2), time(), tzinfo=UTC)
    component = Timezone()
    component.add("tzid", zone.key)
    offset = _offset(first, zone)
    component.add_component(_observance(first, offset, zone))
    for onset in _transitions(zone, first, last):
        component.add_component(_observance(onset, offset, zone))
        offset = _offset(onset, zone)
    return component


def transitions(zone: ZoneInfo, since: int, until: int) -> tuple[datetime, ...]:
    """The UTC instants of the years from `since` to `until` (both included) from which on the
    clock reads otherwise."""
    return _transitions(
        zone, datetime(since, 1, 1, tzinfo=UTC), datetime(until + 1, 1, 1, tzinfo=UTC)
    )


def _observance(
    onset: datetime, offset_from: timedelta, zone: ZoneInfo
) -> TimezoneStandard | TimezoneDaylight:
    local = onset.astimezone(zone)
    offset = _offset(onset, zone)
    # Readers expect DAYLIGHT to be the clock that is ahead; Dublin and Casablanca, whose law
    # calls the winter (or Ramadan) clock the exception, have a negative `dst` instead.
    ahead = offset > offset_from or (local.dst() or timedelta()) > timedelta()
    component = TimezoneDaylight() if ahead else TimezoneStandard()
    component.add("dtstart", onset.replace(tzinfo=None) + offset_from)
    component.add("tzoffsetfrom", offset_from)
    component.add("tzoffsetto", offset)
    component.add("tzname", local.tzname())
    return component


@lru_cache(maxsize=256)
def _transitions(zone: ZoneInfo, first: datetime, last: datetime) -> tuple[datetime, ...]:
    """The UTC instants after `first` and up to `last` from which on the clock reads otherwise."""
    onsets: list[datetime] = []
    here = first
    while here < last:
        there = min(here + _PROBE, last)
        if _reading(there, zone) != _reading(here, zone):
            onsets.append(_onset(here, there, zone))
        here = there
    return tuple(onsets)


def _onset(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first whole second of the new reading between two instants that read differently."""
    old = _reading(before, zone)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=1) // 2)
        if _reading(middle, zone) == old:
            before = middle
        else:
            after = middle
    return after


def _reading(moment: datetime, zone: ZoneInfo) -> tuple[timedelta, timedelta | None, str | None]:
    local = moment.astimezone(zone)
    return _offset(moment, zone), local.dst(), local.tzname()


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    """East of UTC is positive."""
    return moment.astimezone(zone).replace(tzinfo=None) - moment.replace(tzinfo=None)
