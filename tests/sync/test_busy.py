"""What calendar files of every origin say of when somebody is busy."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from calendar_files import APPLE, GOOGLE, NEXTCLOUD, OUTLOOK, as_bytes, calendar
from hypothesis import given, settings
from hypothesis import strategies as st

from core.changes import OutsideTime
from core.outside import AHEAD, Problem
from core.week import DAY
from sync.busy import MOST_EVENTS, busy_times

NEW_YORK = ZoneInfo("America/New_York")
FIRST = date(2026, 11, 30)


def hm(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def busy(data: bytes, first: date = FIRST, zone: ZoneInfo = NEW_YORK) -> list[str]:
    found = busy_times(data, zone, first)
    assert not isinstance(found, Problem), found
    return [f"{each.on:%m-%d} {hm(each.start)}-{hm(each.end)}" for each in found]


def test_google() -> None:
    assert busy(as_bytes(GOOGLE)) == [
        "12-01 09:30-10:00",
        "12-02 14:05-15:00",
        "12-16 14:30-15:00",
        "12-21 00:00-00:00",
        "12-22 00:00-00:00",
        "12-29 09:30-10:00",
        *(f"01-{day} 09:30-10:00" for day in ("05", "12", "19")),
    ]


def test_outlook() -> None:
    assert busy(as_bytes(OUTLOOK)) == [
        "12-01 11:00-12:00",
        "12-02 10:00-11:00",
        "12-03 00:00-00:00",
    ]


def test_apple() -> None:
    assert busy(as_bytes(APPLE)) == [
        "11-30 00:00-01:00",
        "11-30 22:00-00:00",
        "12-01 00:00-01:00",
        "12-01 22:00-00:00",
        "12-02 00:00-01:00",
        "12-05 17:00-18:30",
    ]


def test_nextcloud() -> None:
    assert busy(as_bytes(NEXTCLOUD)) == [
        "12-02 09:00-10:00",
        "12-04 09:00-10:00",
        "12-10 10:00-11:00",
        "12-11 11:00-12:00",
    ]


TEN = "UID:1;;DTSTART:20261201T150000Z;;DTEND:20261201T160000Z"
ALL_DAY = "UID:1;;DTSTART;VALUE=DATE:20261201"


@pytest.mark.parametrize(
    ("event", "taken"),
    [
        (TEN, ["12-01 10:00-11:00"]),
        (f"{TEN};;TRANSP:transparent", []),
        (f"{TEN};;STATUS:CANCELLED", []),
        (f"{TEN};;STATUS:TENTATIVE", ["12-01 10:00-11:00"]),
        (f"{TEN};;X-MICROSOFT-CDO-BUSYSTATUS:FREE", []),
        (f"{TEN};;TRANSP:OPAQUE;;X-MICROSOFT-CDO-BUSYSTATUS:FREE", ["12-01 10:00-11:00"]),
        (ALL_DAY, []),
        (f"{ALL_DAY};;TRANSP:OPAQUE", ["12-01 00:00-00:00"]),
        (f"{ALL_DAY};;X-MICROSOFT-CDO-BUSYSTATUS:BUSY", ["12-01 00:00-00:00"]),
        (f"{ALL_DAY};;X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", []),
        (f"{ALL_DAY};;TRANSP:TRANSPARENT;;X-MICROSOFT-CDO-BUSYSTATUS:BUSY", []),
        ("UID:1;;DTSTART:20261201T150000Z", []),
        ("UID:1;;DTSTART:20261201T160000Z;;DTEND:20261201T150000Z", []),
        ("UID:1;;DTSTART:20261201T150100Z;;DTEND:20261201T150200Z", ["12-01 10:00-10:05"]),
        ("UID:1;;DTSTART:20261201T150459Z;;DTEND:20261201T150501Z", ["12-01 10:00-10:10"]),
        ("DTSTART:20261201T150000Z;;DTEND:20261201T160000Z", ["12-01 10:00-11:00"]),
        ("UID:1;;DTSTART:20261101T150000Z;;DTEND:20261101T160000Z", []),
        ("UID:1;;DTSTART:20270125T150000Z;;DTEND:20270125T160000Z", []),
        ("UID:1;;DTSTART:20261101T150000Z;;DTEND:20261130T130000Z", ["11-30 00:00-08:00"]),
    ],
)
def test_what_takes_time(event: str, taken: list[str]) -> None:
    assert busy(calendar(event)) == taken


def test_a_moved_occurrence_leaves_its_place_from_far_away() -> None:
    series = "UID:1;;DTSTART:20200106T150000Z;;DTEND:20200106T160000Z;;RRULE:FREQ=WEEKLY"
    away = "UID:1;;RECURRENCE-ID:20261207T150000Z;;DTSTART:20280101T150000Z;;DURATION:PT1H"
    here = "UID:1;;RECURRENCE-ID:20250106T150000Z;;DTSTART:20261203T150000Z;;DURATION:PT1H"
    gone = "UID:1;;RECURRENCE-ID:20261214T150000Z;;DTSTART:20261214T150000Z;;STATUS:CANCELLED"
    found = busy(calendar(series, away, here, gone))
    assert found[:3] == ["11-30 10:00-11:00", "12-03 10:00-11:00", "12-21 10:00-11:00"]


def test_a_series_keeps_its_hour_over_a_change_of_the_clock() -> None:
    zoned = (
        "DTSTART;TZID=America/New_York:20261026T090000;;DURATION:PT1H;;RRULE:FREQ=WEEKLY;COUNT=3"
    )
    found = busy(calendar(f"UID:1;;{zoned}"), date(2026, 10, 26))
    assert found == [f"{day} 09:00-10:00" for day in ("10-26", "11-02", "11-09")]


def test_an_hour_that_is_shown_twice_is_taken_where_it_is_either_time() -> None:
    fall_back = "UID:1;;DTSTART:20261101T053000Z;;DTEND:20261101T061000Z"
    found = busy(calendar(fall_back), date(2026, 10, 26))
    assert found == ["11-01 01:00-01:10", "11-01 01:30-02:00"]


def test_one_broken_event_does_not_cost_the_others() -> None:
    broken = "UID:2;;DTSTART:20261201T999999Z"
    assert busy(calendar(broken, TEN)) == ["12-01 10:00-11:00"]
    assert busy_times(calendar(broken), NEW_YORK, FIRST) is Problem.DAMAGED


def test_an_empty_calendar_is_a_calendar() -> None:
    assert busy(calendar()) == []


def test_a_title_cannot_pretend_to_be_an_event() -> None:
    for separator in ("\u2028", "\u0085", "\v", "\f", "\x1c", "\\n"):
        title = separator.join(("SUMMARY:x", "END:VEVENT", "BEGIN:VEVENT", *TEN.split(";;")))
        assert busy(calendar(f"{ALL_DAY};;{title}")) == []


def test_what_an_earlier_calendar_called_its_zones_is_forgotten() -> None:
    assert busy(as_bytes(NEXTCLOUD))[0] == "12-02 09:00-10:00"
    later = "UID:1;;DTSTART;TZID=Co-op clock:20261202T110000;;DURATION:PT1H"
    assert busy(calendar(later)) == ["12-02 11:00-12:00"]


@st.composite
def spans(draw: st.DrawFn) -> tuple[datetime, datetime]:
    start = draw(
        st.datetimes(datetime(2026, 10, 20), datetime(2026, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
    ).replace(microsecond=0)
    return start, start + timedelta(seconds=draw(st.integers(1, 3 * 86_400)))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(spans(), max_size=4),
    st.sampled_from(["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_every_busy_instant_is_taken(
    given_spans: list[tuple[datetime, datetime]], name: str
) -> None:
    zone, first = ZoneInfo(name), date(2026, 10, 26)
    events = [
        f"UID:{n};;DTSTART:{start:%Y%m%dT%H%M%SZ};;DTEND:{end:%Y%m%dT%H%M%SZ}"
        for n, (start, end) in enumerate(given_spans)
    ]
    found = busy_times(calendar(*events), zone, first)
    assert isinstance(found, tuple)
    minutes = {(each.on, m) for each in found for m in range(each.start, each.end or DAY)}
    busy_ones = set()
    for start, end in given_spans:
        instants = [start, end - timedelta(seconds=1)]
        instants += [
            start + n * timedelta(seconds=59) for n in range((end - start) // timedelta(seconds=59))
        ]
        for instant in instants:
            wall = instant.astimezone(zone)
            if first <= wall.date() < first + AHEAD:
                busy_ones.add((wall.date(), wall.hour * 60 + wall.minute))
    assert busy_ones <= minutes
    # No free time is made busy, but for the rest of a step of five minutes.
    steps = {(on, minute // 5) for on, minute in busy_ones}
    assert {(on, minute // 5) for on, minute in minutes} <= steps


def test_too_many_events_are_too_much() -> None:
    event = "DTSTART:20261201T150000Z;;DTEND:20261201T160000Z"
    assert busy(calendar(*[event] * MOST_EVENTS)) == ["12-01 10:00-11:00"]
    assert busy_times(calendar(*[event] * (MOST_EVENTS + 1)), NEW_YORK, FIRST) is Problem.TOO_MUCH
    past = event.replace("2026", "2016")
    assert busy(calendar(*[past] * (MOST_EVENTS + 1))) == []


def test_more_separate_times_than_a_family_can_have_are_too_much() -> None:
    days = [FIRST + timedelta(days=n) for n in range(50)]
    events = [
        f"DTSTART:{day:%Y%m%d}T{hour:02}{minute:02}00Z;;DURATION:PT5M"
        for day in days
        for hour in range(24)
        for minute in (0, 30)
    ]
    assert busy_times(calendar(*events), NEW_YORK, FIRST) is Problem.TOO_MUCH


def test_times_are_values() -> None:
    assert busy_times(calendar(TEN), NEW_YORK, FIRST) == (OutsideTime(date(2026, 12, 1), 600, 660),)
