"""The calendar, read back as calendar apps do."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from dateutil.tz import tzical
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from bot.texts import translator
from core.commitments import busy, falls_on
from core.family import Commitment, CommitmentFrequency, Override, Scope
from core.week import DAY, Weekday, instant
from sync.ical import (
    COLORS,
    Alarm,
    Audience,
    FeedCommitment,
    FeedContent,
    FeedEvent,
    calendar,
    calendar_objects,
    commitment_uid,
)

MONDAY = date(2026, 11, 30)
CHANGED = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
ENGLISH = translator("en")
HOSTILE = (
    "Art, Music; and more",
    "back\\slash \\n not a newline",
    "two\r\nEND:VEVENT\r\nlines",
    "Robert'); DROP TABLE children;--",
    "🎨🧪 " + "Ñandú 👩‍👧 " * 15,
    "x" * 200,
    '"quoted": <b>bold</b> & more',
    "bell\x07 and del\x7f",
    "{name} {0}",
)


def lesson(
    child: str = "Noah",
    name: str = "Mathematics",
    *,
    day: date = MONDAY,
    start: int = 9 * 60,
    minutes: int = 30,
    adult: str | None = "Sarah",
    sequence: int = 0,
    completed: bool = False,
) -> FeedEvent:
    return FeedEvent(
        uid=f"{child}-{name}-{day}@test",
        sequence=sequence,
        updated_at=CHANGED,
        day=day,
        start=start,
        end=start + minutes,
        name=name,
        child=child,
        adult=adult,
        completed=completed,
    )


def commitment(
    frequency: CommitmentFrequency = CommitmentFrequency.WEEKLY,
    *,
    name: str = "Co-op",
    start: int = 13 * 60,
    end: int = 15 * 60,
    scope: Scope = Scope.FAMILY,
    days: tuple[Weekday, ...] = (Weekday.FRIDAY,),
    on: date | None = None,
) -> Commitment:
    return Commitment(1, name, frequency, start, end, scope, days, on)


def told(
    what: Commitment,
    *,
    since: date = MONDAY,
    cancelled: tuple[date, ...] = (),
    children: tuple[str, ...] = (),
    adults: tuple[str, ...] = (),
) -> FeedCommitment:
    uid = commitment_uid("family-7", what)
    return FeedCommitment(uid, 0, CHANGED, what, since, cancelled, children, adults)


def feed(
    *events: FeedEvent,
    commitments: tuple[FeedCommitment, ...] = (),
    timezone: str = "America/New_York",
    audience: Audience = Audience.FAMILY,
    person: str | None = None,
) -> FeedContent:
    return FeedContent(
        title="The Kim family",
        timezone=timezone,
        language="en",
        updated_at=CHANGED,
        audience=audience,
        person=person,
        events=events,
        commitments=commitments,
    )


def read(content: FeedContent) -> list[Event]:
    return Calendar.from_ical(calendar(content, ENGLISH)).walk("VEVENT")


def titles(content: FeedContent) -> list[str]:
    return sorted(str(event["SUMMARY"]) for event in read(content))


def test_the_calendar_says_what_it_is() -> None:
    text = calendar(feed(lesson()), ENGLISH).decode()
    lines = text.split("\r\n")
    for line in (
        "VERSION:2.0",
        "PRODID:-//BrightPath//Homeschool week//EN",
        "NAME:The Kim family",
        "X-WR-CALNAME:The Kim family",
        "X-WR-TIMEZONE:America/New_York",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        "COLOR:steelblue",
        "X-APPLE-CALENDAR-COLOR:#4682B4",
        "CATEGORIES:Homeschool",
    ):
        assert line in lines
    assert not any(line.startswith("METHOD") for line in lines)
    head = text[: text.index("BEGIN:VTIMEZONE")]
    assert "UID:" not in head


def test_a_lesson() -> None:
    (event,) = read(feed(lesson(sequence=3)))
    assert str(event["SUMMARY"]) == "Noah: Mathematics"
    assert event["DTSTART"].params["TZID"] == "America/New_York"
    assert event.start.replace(tzinfo=None) == wall(MONDAY, 9 * 60)
    assert event.end - event.start == timedelta(minutes=30)
    assert event["SEQUENCE"] == 3
    assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == CHANGED
    assert (event["STATUS"], event["TRANSP"]) == ("CONFIRMED", "OPAQUE")
    assert str(event["DESCRIPTION"]) == (
        "30 minutes, with Sarah\nAnswer “done Mathematics” in the chat."
    )
    assert event["CATEGORIES"].to_ical() == b"Mathematics"


def test_a_lesson_that_is_done_asks_for_nothing() -> None:
    (event,) = read(feed(lesson(completed=True, adult=None)))
    assert str(event["SUMMARY"]) == "✓ Noah: Mathematics"
    assert str(event["DESCRIPTION"]) == "30 minutes, working alone"


def test_a_lesson_names_what_it_needs_until_it_is_done() -> None:
    sheet, book = "Addition: https://example.com/a,b;c", "the green\x07 book"
    noah = replace(lesson("Noah", "Science"), materials=(sheet, book))
    emma = replace(lesson("Emma", "Science"), materials=(book,))
    (event,) = read(feed(noah, emma))
    assert str(event["DESCRIPTION"]).splitlines() == [
        "30 minutes, with Sarah",
        sheet,
        "the green book",
        "Answer “done Science” in the chat.",
    ]
    (done,) = read(feed(replace(noah, completed=True)))
    assert str(done["DESCRIPTION"]) == "30 minutes, with Sarah"


def test_what_is_to_come_rings_before_it_begins() -> None:
    tuesday = MONDAY + timedelta(days=1)
    content = feed(
        lesson(name="Past", day=MONDAY),
        lesson(name="Done", day=tuesday, completed=True),
        lesson(name="Art", day=tuesday, start=600),
        commitments=(told(commitment()),),
    )
    assert [event for event in read(content) if event.walk("VALARM")] == []
    (event,) = [
        each for each in read(replace(content, alarm=Alarm(10, tuesday))) if each.walk("VALARM")
    ]
    (alarm,) = event.walk("VALARM")
    assert str(event["SUMMARY"]) == "Noah: Art"
    assert (str(alarm["ACTION"]), str(alarm["DESCRIPTION"])) == ("DISPLAY", "Noah: Art")
    assert alarm["TRIGGER"].dt == timedelta(minutes=-10)


def test_a_calendar_has_a_color_of_its_own() -> None:
    assert len(set(COLORS)) == len({color.code for color in COLORS}) == len(COLORS)
    parsed = Calendar.from_ical(calendar(replace(feed(), color=COLORS[2]), ENGLISH))
    assert (parsed["COLOR"], parsed["X-APPLE-CALENDAR-COLOR"]) == ("seagreen", "#2E8B57")


def test_spanish() -> None:
    content = feed(lesson(), lesson("Emma"))
    (event,) = Calendar.from_ical(calendar(content, translator("es"))).walk("VEVENT")
    assert str(event["SUMMARY"]) == "Noah y Emma: Mathematics"
    assert "hecho Mathematics" in str(event["DESCRIPTION"])


def test_a_shared_lesson_stands_once_in_the_family_and_adult_feeds() -> None:
    shared = (lesson("Noah", "Science", sequence=1), lesson("Emma", "science", sequence=2))
    (event,) = read(feed(*shared))
    assert str(event["SUMMARY"]) == "Noah and Emma: Science"
    assert event["SEQUENCE"] == 3
    assert event["UID"] not in {part.uid for part in shared}
    assert titles(feed(*shared, audience=Audience.ADULT, person="Sarah")) == [
        "Noah and Emma: Science"
    ]
    (own,) = read(feed(*shared, audience=Audience.CHILD, person="Emma"))
    assert own["UID"] == shared[1].uid


def test_lessons_that_differ_in_anything_stay_apart() -> None:
    first = lesson("Noah", "Science")
    for other in (
        lesson("Emma", "Science", minutes=45),
        lesson("Emma", "Science", start=10 * 60),
        lesson("Emma", "Science", adult="Ben"),
        lesson("Emma", "Art"),
        lesson("Emma", "Science", day=MONDAY + timedelta(days=1)),
    ):
        assert len(read(feed(first, other))) == 2


def test_each_reader_sees_what_concerns_them() -> None:
    content = feed(
        lesson("Noah", "Mathematics"),
        lesson("Emma", "Reading", adult=None),
        lesson("Emma", "Chess", adult="Ben", start=600),
        commitments=(
            told(commitment()),
            told(replace(commitment(name="Meeting", scope=Scope.PARENT), id=2), adults=("Sarah",)),
            told(replace(commitment(name="Soccer", scope=Scope.CHILD), id=3), children=("Noah",)),
        ),
    )
    assert titles(content) == [
        "Co-op",
        "Emma: Chess",
        "Emma: Reading",
        "Noah: Mathematics",
        "Noah: Soccer",
        "Sarah: Meeting",
    ]
    noah = replace(content, audience=Audience.CHILD, person="Noah")
    assert titles(noah) == ["Co-op", "Mathematics", "Soccer"]
    sarah = replace(content, audience=Audience.ADULT, person="Sarah")
    assert titles(sarah) == ["Co-op", "Meeting", "Noah: Mathematics"]
    ben = replace(content, audience=Audience.ADULT, person="Ben")
    assert titles(ben) == ["Co-op", "Emma: Chess"]


def test_a_child_and_an_adult_of_one_name_are_two_people() -> None:
    content = feed(lesson("Noah", "Art", adult="Emma"), lesson("Emma", "Reading", adult=None))
    assert titles(replace(content, audience=Audience.CHILD, person="Emma")) == ["Reading"]
    assert titles(replace(content, audience=Audience.ADULT, person="Emma")) == ["Noah: Art"]


def test_equal_input_gives_equal_bytes_in_any_order() -> None:
    events = tuple(lesson(day=MONDAY + timedelta(days=offset)) for offset in range(5))
    content = feed(*events, commitments=(told(commitment()),))
    shuffled = replace(content, events=events[::-1])
    assert calendar(content, ENGLISH) == calendar(content, ENGLISH) == calendar(shuffled, ENGLISH)


def test_an_empty_calendar_is_a_calendar() -> None:
    assert read(feed()) == []


@given(name=st.text(max_size=300))
def test_a_long_line_is_folded_between_characters(name: str) -> None:
    lines = calendar(
        FeedContent("T", "Europe/Berlin", "en", CHANGED, events=(lesson(name=name),)), ENGLISH
    ).split(b"\r\n")
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    content = replace(feed(lesson("Noah", name), lesson(name, "Art", start=600)), title=name)
    raw = calendar(content, ENGLISH)
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    events = Calendar.from_ical(raw).walk("VEVENT")
    assert len(events) == 2
    plain = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    assert {str(event["SUMMARY"]) for event in events} == {f"Noah: {plain}", f"{plain}: Art"}


def true_instants(event: FeedEvent, zone: ZoneInfo) -> tuple[datetime, datetime]:
    start, end = instant(event.day, event.start, zone), instant(event.day, event.end, zone)
    # A lesson wholly inside the hour that the clock skips still has its length.
    return start, end if start < end else start + timedelta(minutes=event.end - event.start)


@pytest.mark.parametrize(
    "zone",
    [
        "America/New_York",
        "Europe/London",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Asia/Kolkata",
        "Pacific/Chatham",
        "UTC",
    ],
)
def test_every_lesson_of_a_year_is_at_its_instant(zone: str) -> None:
    zoneinfo = ZoneInfo(zone)
    days = [date(2026, 1, 1) + timedelta(days=offset) for offset in range(365)]
    events = tuple(lesson(day=day, start=start) for day in days for start in (125, 555))
    raw = calendar(feed(*events, timezone=zone), ENGLISH)
    parsed = Calendar.from_ical(raw)
    found = {
        (event.start.astimezone(UTC), event.end.astimezone(UTC)) for event in parsed.walk("VEVENT")
    }
    assert found == {true_instants(event, zoneinfo) for event in events}
    if zone == "UTC":
        return
    # A reader that believes the VTIMEZONE alone.
    (component,) = parsed.walk("VTIMEZONE")
    alone = tzical(StringIO(component.to_ical().decode())).get()
    for event in parsed.walk("VEVENT"):
        if "TZID" in event["DTSTART"].params:
            wall = event.start.replace(tzinfo=None)
            assert wall.replace(tzinfo=alone).astimezone(UTC) == event.start.astimezone(UTC)


def occurrences(content: FeedContent, first: date, last: date) -> set[tuple[datetime, datetime]]:
    parsed = Calendar.from_ical(calendar(content, ENGLISH))
    zone = ZoneInfo(content.timezone)
    found = recurring_ical_events.of(parsed).between(first, last + timedelta(days=1))
    return {
        (
            event.start.astimezone(zone).replace(tzinfo=None),
            event.end.astimezone(zone).replace(tzinfo=None),
        )
        for event in found
    }


def wall(day: date, minute: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minute)


def commitments() -> st.SearchStrategy[Commitment]:
    times = st.tuples(st.integers(6, 11), st.integers(12, 22))
    kinds = st.one_of(
        st.just((CommitmentFrequency.DAILY, (), None)),
        st.lists(st.sampled_from(list(Weekday)), min_size=1, unique=True).map(
            lambda days: (CommitmentFrequency.WEEKLY, tuple(days), None)
        ),
        st.dates(date(2026, 1, 1), date(2026, 12, 31)).map(
            lambda on: (CommitmentFrequency.MONTHLY, (), on)
        ),
        st.dates(date(2026, 12, 1), date(2027, 12, 31)).map(
            lambda on: (CommitmentFrequency.ONE_TIME, (), on)
        ),
    )
    return st.builds(
        lambda kind, hours: commitment(
            kind[0], days=kind[1], on=kind[2], start=hours[0] * 60, end=hours[1] * 60
        ),
        kinds,
        times,
    )


def overrides() -> st.SearchStrategy[tuple[Override, ...]]:
    """Occurrences that are otherwise; some of dates on which there is none."""
    one = st.builds(
        lambda offset, times: Override(date(2026, 12, 1) + timedelta(days=offset), *times),
        st.integers(0, 420),
        st.sampled_from([(), (480, 495), (1200, 1380)]),
    )
    return st.lists(one, max_size=6, unique_by=lambda each: each.on).map(tuple)


@settings(max_examples=60, deadline=None)
@given(what=commitments(), otherwise=overrides(), cancel=st.sets(st.integers(0, 420), max_size=6))
def test_a_commitment_recurs_as_the_planner_reads_it(
    what: Commitment, otherwise: tuple[Override, ...], cancel: set[int]
) -> None:
    what = replace(what, overrides=otherwise)
    days = [date(2026, 12, 1) + timedelta(days=offset) for offset in range(420)]
    cancelled = tuple(date(2026, 12, 1) + timedelta(days=offset) for offset in cancel)
    content = feed(commitments=(told(what, since=days[0], cancelled=cancelled),))
    expected = {
        (wall(day, start), wall(day, end))
        for day in days
        if day not in cancelled
        for start, end in busy(what, day)
    }
    assert occurrences(content, days[0], days[-1]) == expected


@pytest.mark.parametrize("since", [date(2027, 1, 1), date(2027, 2, 20)])
@pytest.mark.parametrize("day_of_month", [1, 28, 29, 30, 31])
def test_monthly_on_a_day_that_some_months_lack(day_of_month: int, since: date) -> None:
    what = commitment(
        CommitmentFrequency.MONTHLY, days=(), on=date(2026, 1, day_of_month), start=600, end=660
    )
    days = [since + timedelta(days=offset) for offset in range(731)]
    content = feed(commitments=(told(what, since=since),))
    found = sorted(start.date() for start, _ in occurrences(content, days[0], days[-1]))
    assert found == [day for day in days if falls_on(what, day)]
    assert len(found) == 24
    (series,) = read(content)
    # Thunderbird does not know BYSETPOS with BYMONTHDAY: it shows the 28th, 29th and 30th.
    assert b"BYSETPOS" not in series["RRULE"].to_ical()
    if day_of_month < 31:
        assert series.start.day == day_of_month


def test_a_monthly_series_knows_the_februaries_of_a_childhood() -> None:
    what = commitment(CommitmentFrequency.MONTHLY, days=(), on=date(2026, 1, 30))
    (series,) = read(feed(commitments=(told(what, since=MONDAY),)))
    told_by_date = [line.dts[0].dt.date() for line in series["RDATE"]]
    assert told_by_date[:2] == [date(2027, 2, 28), date(2028, 2, 29)]
    assert len(told_by_date) == 16


NIGHT = commitment(CommitmentFrequency.DAILY, name="Night", days=(), start=22 * 60, end=6 * 60)


def test_a_night_in_which_the_clock_changes_is_told_by_itself() -> None:
    content = feed(commitments=(told(NIGHT, since=date(2026, 10, 1)),))
    series, autumn, spring, *later = read(content)
    assert series.end.astimezone(UTC) - series.start.astimezone(UTC) == timedelta(hours=8)
    for alone, day, hours in ((autumn, date(2026, 10, 31), 9), (spring, date(2027, 3, 13), 7)):
        assert alone["UID"] == series["UID"]
        assert alone["RECURRENCE-ID"].dt.replace(tzinfo=None) == wall(day, 22 * 60)
        # In UTC, so that no reader has to know the clock, and with the length of that night.
        assert alone["DTSTART"].to_ical().endswith(b"Z")
        assert alone.end - alone.start == timedelta(hours=hours)
        assert alone.start == instant(day, 22 * 60, ZoneInfo("America/New_York"))
    assert all("RECURRENCE-ID" in alone for alone in later)


def test_a_series_does_not_take_its_length_from_such_a_night() -> None:
    saturday = date(2026, 10, 31)
    series, *_ = read(feed(commitments=(told(NIGHT, since=saturday),)))
    assert series.end.astimezone(UTC) - series.start.astimezone(UTC) == timedelta(hours=8)
    friday = saturday - timedelta(days=1)
    assert series.start.date() == friday
    assert [day.dt.date() for day in series["EXDATE"].dts] == [friday]
    found = occurrences(feed(commitments=(told(NIGHT, since=saturday),)), friday, saturday)
    assert found == {(wall(saturday, 22 * 60), wall(saturday, DAY + 6 * 60))}


def test_a_lesson_at_a_time_that_the_clock_shows_twice_is_told_in_utc() -> None:
    (event,) = read(feed(lesson(day=date(2026, 11, 1), start=90)))
    assert event["DTSTART"].to_ical() == b"20261101T053000Z"
    assert event["DTEND"].to_ical() == b"20261101T070000Z"


def test_an_overnight_commitment_ends_the_next_day() -> None:
    what = commitment(start=22 * 60, end=6 * 60)
    content = feed(commitments=(told(what),))
    friday = date(2026, 12, 4)
    assert (wall(friday, 22 * 60), wall(friday, DAY + 6 * 60)) in occurrences(
        content, friday, friday
    )


def test_a_series_is_one_event_for_life() -> None:
    what = commitment()
    (event,) = read(feed(commitments=(told(what, since=MONDAY),)))
    assert event["UID"] == commitment_uid("family-7", what)
    assert event["UID"] != commitment_uid("family-8", what)
    assert event["UID"] != commitment_uid("family-7", replace(what, scope=Scope.CHILD))
    assert event["RRULE"].to_ical() == b"FREQ=WEEKLY;BYDAY=FR;WKST=MO"
    assert event.start.date() == date(2026, 12, 4)


def test_an_occurrence_that_is_otherwise_stays_in_its_series() -> None:
    friday, next_friday = date(2026, 12, 4), date(2026, 12, 11)
    what = replace(commitment(), overrides=(Override(friday), Override(next_friday, 600, 630)))
    series, moved = read(feed(commitments=(told(what, since=MONDAY),)))
    assert [day.dt.date() for day in series["EXDATE"].dts] == [friday]
    assert (moved["UID"], moved["RECURRENCE-ID"].dt.date()) == (series["UID"], next_friday)
    assert moved.start.replace(tzinfo=None) == wall(next_friday, 600)
    assert "RRULE" not in moved


def test_what_never_happens_is_left_out() -> None:
    one_time = CommitmentFrequency.ONE_TIME
    party = commitment(one_time, days=(), on=MONDAY)
    assert len(read(feed(commitments=(told(party),)))) == 1
    for none in (
        told(party, cancelled=(MONDAY,)),
        told(replace(party, overrides=(Override(MONDAY),))),
        told(commitment(one_time, days=())),
        told(commitment(days=())),
        told(commitment(CommitmentFrequency.MONTHLY, days=())),
    ):
        assert read(feed(commitments=(none,))) == []


def test_a_series_keeps_its_wall_time_over_both_clock_changes() -> None:
    what = commitment(CommitmentFrequency.DAILY, days=(), start=600, end=660)
    content = feed(commitments=(told(what, since=date(2026, 10, 1)),))
    found = occurrences(content, date(2026, 10, 25), date(2027, 4, 1))
    assert {start.time().hour for start, _ in found} == {10}
    assert len(found) == 159


def pieces(content: FeedContent, today: date = MONDAY) -> dict[str, Calendar]:
    found = calendar_objects(content, ENGLISH, today=today)
    assert len({piece.uid for piece in found}) == len(found)
    return {piece.uid: Calendar.from_ical(piece.body) for piece in found}


def test_each_uid_is_a_calendar_of_its_own() -> None:
    friday = date(2026, 12, 4)
    club = replace(commitment(), overrides=(Override(friday, 600, 630),))
    content = feed(
        lesson(),
        lesson(name="Science", start=600),
        lesson("Emma", "Science", start=600),
        commitments=(told(club),),
    )
    found = pieces(content)
    events = {
        uid: sorted(event.to_ical() for event in piece.walk("VEVENT"))
        for uid, piece in found.items()
    }
    whole = {uid: sorted(e.to_ical() for e in read(content) if e["UID"] == uid) for uid in found}
    assert events == whole
    assert sorted(len(own) for own in events.values()) == [1, 1, 2]
    for piece in found.values():
        assert "METHOD" not in piece
        assert (piece["VERSION"], piece["CALSCALE"]) == ("2.0", "GREGORIAN")
        (clock,) = piece.walk("VTIMEZONE")
        assert clock["TZID"] == "America/New_York"


def test_a_piece_says_when_it_is_over() -> None:
    once = CommitmentFrequency.ONE_TIME
    yesterday, night = MONDAY - timedelta(days=1), replace(commitment(start=1320, end=360), id=9)
    content = feed(
        lesson(day=yesterday),
        commitments=(
            told(commitment(), since=date(2025, 1, 1)),
            told(replace(commitment(once, on=yesterday), id=2)),
            told(replace(night, frequency=once, on=yesterday)),
        ),
    )
    last_days = {
        piece.uid.partition("@")[0]: piece.last_day
        for piece in calendar_objects(content, ENGLISH, today=MONDAY)
    }
    assert last_days == {
        f"Noah-Mathematics-{yesterday}": yesterday,
        "commitment-family-1-family-7": None,
        "commitment-family-2-family-7": yesterday,
        "commitment-family-9-family-7": MONDAY,
    }


def test_a_piece_changes_only_with_what_it_tells() -> None:
    content = feed(lesson(), commitments=(told(commitment()),))
    before = {piece.uid: piece.body for piece in calendar_objects(content, ENGLISH, today=MONDAY)}
    later = replace(
        content,
        updated_at=CHANGED + timedelta(days=1),
        title="Another name",
        events=(*content.events, lesson(day=date(2029, 3, 1)), lesson("Emma", "Art", start=800)),
    )
    after = {piece.uid: piece.body for piece in calendar_objects(later, ENGLISH, today=MONDAY)}
    assert before.items() < after.items()


@settings(max_examples=60, deadline=None)
@given(what=commitments(), otherwise=overrides(), ahead=st.integers(0, 900))
def test_a_piece_brings_the_clock_for_three_years(
    what: Commitment, otherwise: tuple[Override, ...], ahead: int
) -> None:
    today = date(2026, 12, 1) + timedelta(days=ahead)
    content = feed(commitments=(told(replace(what, overrides=otherwise)),))
    for piece in pieces(content, today).values():
        (clock,) = piece.walk("VTIMEZONE")
        onsets = [observance["DTSTART"].dt for observance in clock.subcomponents]
        dates = {event.start.replace(tzinfo=None) for event in piece.walk("VEVENT")}
        assert min(onsets) <= min(dates)
        if piece.walk("VEVENT")[0].get("RRULE"):
            assert max(onsets).year == max(today.year, min(dates).year) + 3
