"""Our VTIMEZONEs, read back by readers that know nothing of `zoneinfo`."""

from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from zoneinfo import ZoneInfo, available_timezones

import pytest
from dateutil.tz import tzical
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Timezone

from sync.vtimezone import vtimezone

SINCE, UNTIL = date(2024, 1, 1), date(2028, 12, 31)
ZONES = (
    "Africa/Casablanca",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Chatham",
    "UTC",
)


def by_dateutil(component: Timezone) -> object:
    return tzical(StringIO(component.to_ical().decode())).get()


def by_icalendar(component: Timezone, moment: datetime) -> timedelta:
    """The offset at a UTC instant as icalendar reads the observances."""
    times, info = component.get_transitions()
    passed = [index for index, onset in enumerate(times) if onset <= moment.replace(tzinfo=None)]
    return info[passed[-1]][0]


def offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    found = moment.astimezone(zone).utcoffset()
    assert found is not None
    return found


def changes(zone: ZoneInfo) -> list[datetime]:
    """The UTC hours after which the offset is another."""
    hour = datetime.combine(SINCE, time(), tzinfo=UTC)
    end = datetime.combine(UNTIL, time(), tzinfo=UTC)
    found = []
    while hour < end:
        if offset(zone, hour) != offset(zone, hour + timedelta(hours=12)):
            found += [
                hour + timedelta(minutes=30 * step)
                for step in range(24)
                if offset(zone, hour + timedelta(minutes=30 * step))
                != offset(zone, hour + timedelta(minutes=30 * (step + 1)))
            ]
        hour += timedelta(hours=12)
    return found


@pytest.mark.parametrize("key", ZONES)
def test_both_readers_agree_with_the_database_around_every_change(key: str) -> None:
    zone = ZoneInfo(key)
    written = vtimezone(zone, SINCE, UNTIL)
    reread = Timezone.from_ical(written.to_ical())
    read = by_dateutil(written)
    moments = [datetime(2026, month, 15, 12, tzinfo=UTC) for month in range(1, 13)]
    for change in changes(zone):
        moments += [change + timedelta(minutes=minutes) for minutes in range(-180, 240, 15)]
    for moment in moments:
        assert by_icalendar(reread, moment) == offset(zone, moment), moment
        wall = moment.astimezone(zone).replace(tzinfo=None)
        ambiguous = offset_of_wall(zone, wall, 0) != offset_of_wall(zone, wall, 1)
        if not ambiguous:
            assert wall.replace(tzinfo=read).utcoffset() == offset(zone, moment), moment


def offset_of_wall(zone: ZoneInfo, wall: datetime, fold: int) -> timedelta | None:
    return wall.replace(tzinfo=zone, fold=fold).utcoffset()


def test_the_zones_above_change_as_often_as_their_laws_say() -> None:
    assert len(changes(ZoneInfo("America/New_York"))) == 10
    assert len(changes(ZoneInfo("Africa/Casablanca"))) == 10
    assert changes(ZoneInfo("Asia/Kathmandu")) == []


@settings(max_examples=60, deadline=None)
@given(
    key=st.sampled_from(sorted(available_timezones())),
    day=st.dates(date(2015, 1, 1), date(2035, 12, 31)),
    minute=st.integers(0, 24 * 60 - 1),
)
def test_any_wall_time_of_any_zone(key: str, day: date, minute: int) -> None:
    zone = ZoneInfo(key)
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    first, second = (offset_of_wall(zone, wall, fold) for fold in (0, 1))
    read = by_dateutil(vtimezone(zone, day, day))
    assert wall.replace(tzinfo=read).utcoffset() in {first, second}
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    assert by_icalendar(vtimezone(zone, day, day), instant) == offset(zone, instant)


def test_one_observance_for_what_holds_and_one_for_each_change() -> None:
    component = vtimezone(ZoneInfo("America/New_York"), date(2026, 1, 1), date(2026, 12, 31))
    told = [
        (part.name, part["DTSTART"].to_ical(), part["TZNAME"]) for part in component.subcomponents
    ]
    assert told[1:] == [
        ("DAYLIGHT", b"20260308T020000", "EDT"),
        ("STANDARD", b"20261101T020000", "EST"),
    ]
    assert told[0][0] == "STANDARD"


@pytest.mark.parametrize("key", ["Europe/Dublin", "Africa/Casablanca"])
def test_daylight_is_the_clock_that_is_ahead(key: str) -> None:
    component = vtimezone(ZoneInfo(key), date(2026, 1, 1), date(2026, 12, 31))
    for part in component.subcomponents[1:]:
        ahead = part["TZOFFSETTO"].td > part["TZOFFSETFROM"].td
        assert (part.name == "DAYLIGHT") == ahead


def test_a_range_that_ends_before_it_begins() -> None:
    with pytest.raises(ValueError, match="before"):
        vtimezone(ZoneInfo("UTC"), date(2026, 1, 2), date(2026, 1, 1))
