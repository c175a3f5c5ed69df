"""One reminder on each local date, in every zone, over every change of the clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.reminders import (
    LATE,
    DaySettings,
    Kind,
    Said,
    due_date,
    how_said,
    next_due,
)
from core.week import Weekday, instant, minute_of

EVERY_DAY = tuple(Weekday)
ZONES = sorted(available_timezones())
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2030, 12, 31, tzinfo=UTC)


def first_instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The first instant at which the clock shows `minute` of `day` or later, by trying all."""
    wanted = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    moment = wanted.replace(tzinfo=UTC) - timedelta(hours=27)
    while moment.astimezone(zone).replace(tzinfo=None) < wanted:
        moment += timedelta(minutes=1)
    return moment


def transitions(zone: ZoneInfo) -> list[datetime]:
    """Days (UTC) in which the zone's offset changes."""
    found, moment = [], FIRST
    offset = moment.astimezone(zone).utcoffset()
    while moment < LAST:
        moment += timedelta(days=1)
        now = moment.astimezone(zone).utcoffset()
        if now != offset:
            found.append(moment)
        offset = now
    return found


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    after=st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None)),
    minute=st.integers(0, 1439),
)
@settings(max_examples=150, deadline=None)
def test_it_is_the_first_instant_at_which_the_clock_shows_the_minute(
    zone: ZoneInfo, after: datetime, minute: int
) -> None:
    moment = after.replace(tzinfo=UTC)
    due = next_due(moment, zone, minute, EVERY_DAY)
    assert moment < due <= moment + timedelta(hours=26)
    assert due == first_instant(due_date(due, zone, minute), minute, zone)


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    after=st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None)),
    minute=st.integers(0, 1439),
    weekdays=st.sets(st.sampled_from(EVERY_DAY), min_size=1),
)
@settings(max_examples=150, deadline=None)
def test_only_the_named_weekdays_and_each_of_them(
    zone: ZoneInfo, after: datetime, minute: int, weekdays: set[Weekday]
) -> None:
    due = next_due(after.replace(tzinfo=UTC), zone, minute, weekdays)
    seen = []
    for _ in range(len(weekdays) * 2):
        seen.append(due_date(due, zone, minute))
        due = next_due(due, zone, minute, weekdays)
    assert {Weekday.of(day) for day in seen} == weekdays
    assert len(set(seen)) == len(seen)
    assert seen[-1] - seen[0] < timedelta(days=14)


def test_every_zone_over_every_change_of_its_clocks() -> None:
    changes = 0
    alike: set[tuple[object, ...]] = set()
    for name in ZONES:
        zone = ZoneInfo(name)
        around = transitions(zone)
        pattern = tuple((moment, moment.astimezone(zone).utcoffset()) for moment in around)
        if pattern in alike:
            continue
        alike.add(pattern)
        for change in around:
            changes += 1
            for minute in (0, 30, 150, 450, 1380, 1410, 1439):
                due = next_due(change - timedelta(days=3), zone, minute, EVERY_DAY)
                dates = []
                for _ in range(5):
                    dates.append(due_date(due, zone, minute))
                    later = next_due(due, zone, minute, EVERY_DAY)
                    assert timedelta(0) < later - due <= timedelta(hours=26)
                    due = later
                assert dates == [dates[0] + timedelta(days=n) for n in range(5)], (name, change)
    assert changes > 100


def test_the_gap_and_the_repeated_hour_of_new_york() -> None:
    zone = ZoneInfo("America/New_York")
    spring = next_due(datetime(2026, 3, 8, 5, tzinfo=UTC), zone, 150, EVERY_DAY)
    assert spring == datetime(2026, 3, 8, 7, tzinfo=UTC)
    autumn = next_due(datetime(2026, 11, 1, 4, tzinfo=UTC), zone, 90, EVERY_DAY)
    assert autumn == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    after = next_due(autumn, zone, 90, EVERY_DAY)
    assert after == datetime(2026, 11, 2, 6, 30, tzinfo=UTC)


def test_a_gap_that_reaches_midnight_keeps_each_date_its_own_reminder() -> None:
    zone, minute = ZoneInfo("America/Nuuk"), 23 * 60 + 30
    saturday = next_due(datetime(2026, 3, 28, 12, tzinfo=UTC), zone, minute, EVERY_DAY)
    sunday = next_due(saturday, zone, minute, EVERY_DAY)
    assert due_date(saturday, zone, minute) == date(2026, 3, 28)
    assert due_date(sunday, zone, minute) == date(2026, 3, 29)
    assert minute_of(saturday.astimezone(zone).time()) == 0


def test_a_date_that_an_island_has_skipped_has_no_reminder() -> None:
    zone = ZoneInfo("Pacific/Apia")
    due = next_due(datetime(2011, 12, 29, 20, tzinfo=UTC), zone, 450, EVERY_DAY)
    assert due_date(due, zone, 450) == date(2011, 12, 31)


def test_without_weekdays_it_is_never_due() -> None:
    with pytest.raises(ValueError, match="weekday"):
        next_due(FIRST, ZoneInfo("UTC"), 450, ())


NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 30)


def at(hour: int, minute: int = 0, *, days: int = 0) -> datetime:
    return instant(MONDAY + timedelta(days=days), hour * 60 + minute, NEW_YORK)


@pytest.mark.parametrize(
    ("now", "kind", "wanted"),
    [
        (at(7, 29), Kind.MORNING, Said.NEVER),
        (at(7, 30), Kind.MORNING, Said.NOW),
        (at(7, 50), Kind.MORNING, Said.NOW),
        (at(7, 51), Kind.MORNING, Said.LATE),
        (at(15), Kind.MORNING, Said.LATE),
        (at(18, 30), Kind.MORNING, Said.NEVER),
        (at(7, 30, days=1), Kind.MORNING, Said.NEVER),
        (at(18, 30), Kind.EVENING, Said.NOW),
        (at(20, 59), Kind.EVENING, Said.LATE),
        (at(21), Kind.EVENING, Said.NEVER),
        (at(0, 10, days=1), Kind.EVENING, Said.NEVER),
    ],
)
def test_what_becomes_of_what_was_due(now: datetime, kind: Kind, wanted: Said) -> None:
    assert how_said(DaySettings(), kind, MONDAY, now, NEW_YORK) is wanted


def test_a_time_that_somebody_set_is_kept_in_the_quiet_hours_too() -> None:
    early = DaySettings(morning=6 * 60, evening=None)
    assert how_said(early, Kind.MORNING, MONDAY, at(6), NEW_YORK) is Said.NOW
    assert how_said(early, Kind.MORNING, MONDAY, at(6, 40), NEW_YORK) is Said.NEVER
    assert how_said(early, Kind.MORNING, MONDAY, at(9), NEW_YORK) is Said.LATE
    assert how_said(early, Kind.EVENING, MONDAY, at(18, 30), NEW_YORK) is Said.NEVER


def test_nothing_is_said_in_a_pause_and_all_after_it() -> None:
    paused = DaySettings(paused_until=MONDAY + timedelta(days=1))
    assert how_said(paused, Kind.MORNING, MONDAY, at(7, 30), NEW_YORK) is Said.NEVER
    tuesday = MONDAY + timedelta(days=1)
    assert how_said(paused, Kind.MORNING, tuesday, at(7, 30, days=1), NEW_YORK) is Said.NOW


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    day=st.dates(FIRST.date(), LAST.date()),
    minute=st.integers(0, 1439),
    late=st.integers(0, int(LATE.total_seconds()) // 60),
)
@settings(max_examples=150, deadline=None)
def test_whatever_the_clocks_do_what_is_in_time_is_said(
    zone: ZoneInfo, day: date, minute: int, late: int
) -> None:
    told = DaySettings(morning=minute)
    now = instant(day, minute, zone) + timedelta(minutes=late)
    assert how_said(told, Kind.MORNING, day, now, zone) is Said.NOW


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_quiet_hours_may_last_past_midnight(start: int, end: int, minute: int) -> None:
    quiet = DaySettings(quiet_from=start, quiet_until=end)
    wanted = minute in range(start, end) or (start > end and not end <= minute < start)
    assert quiet.is_quiet(minute) is wanted
