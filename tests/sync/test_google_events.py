"""A lesson as Google is told of it, and read back."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.texts import translator
from core.week import GRID, instant
from sync.google_events import (
    LessonEvent,
    Place,
    event_id,
    place_of,
    wanted_event,
    written_start,
)

ENGLISH = translator("en")
NEW_YORK = ZoneInfo("America/New_York")
LESSON = LessonEvent("math-1@brightpath", Place(date(2026, 11, 30), 540), 570, "Math", "Sarah")
ZONES = st.sampled_from(["America/New_York", "Europe/London", "Asia/Kathmandu", "Africa/Cairo"])
LESSONS = st.builds(
    lambda day, start, minutes: replace(
        LESSON, place=Place(day, start), end=min(start + minutes, 24 * 60)
    ),
    st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    st.sampled_from(range(0, 24 * 60, GRID)),
    st.sampled_from(range(GRID, 245, GRID)),
)


def wanted(lesson: LessonEvent, zone: ZoneInfo = NEW_YORK) -> Any:
    return wanted_event(lesson, 7, "emma", zone, ENGLISH)


def test_it_says_what_the_lesson_is() -> None:
    said = wanted(LESSON).body.resource
    assert said["summary"] == "Math"
    assert said["description"] == "30 minutes, with Sarah"
    assert said["start"] == {
        "dateTime": "2026-11-30T09:00:00-05:00",
        "timeZone": "America/New_York",
    }
    assert said["end"]["dateTime"] == "2026-11-30T09:30:00-05:00"
    assert wanted(replace(LESSON, completed=True)).body.resource["summary"] == "✓ Math"


def test_google_knows_every_word_of_it() -> None:
    document = files("googleapiclient.discovery_cache") / "documents" / "calendar.v3.json"
    known = json.loads(document.read_text())["schemas"]
    said = wanted(LESSON).body.resource
    assert said.keys() <= known["Event"]["properties"].keys()
    assert said["start"].keys() <= known["EventDateTime"]["properties"].keys()
    jsonschema.validate(
        said["extendedProperties"]["private"], {"additionalProperties": {"type": "string"}}
    )


@given(st.integers(1, 2**31), st.text(max_size=40), st.text(max_size=40))
def test_an_id_is_of_googles_alphabet_and_always_the_same(
    family: int, calendar: str, uid: str
) -> None:
    named = event_id(family, calendar, uid)
    assert 5 <= len(named) <= 1024
    assert set(named) <= set("0123456789abcdefghijklmnopqrstuv")
    assert named == event_id(family, calendar, uid)
    others = {event_id(family + 1, calendar, uid), event_id(family, calendar, uid + "x")}
    assert named not in others


@given(LESSONS, ZONES)
def test_it_lasts_and_is_found_again_on_whichever_clock(lesson: LessonEvent, zone: str) -> None:
    event = wanted(lesson, ZoneInfo(zone))
    assert event.body.ends > event.body.starts
    resource = event.body.resource
    told = datetime.fromisoformat(resource["start"]["dateTime"])
    assert told == event.body.starts == instant(lesson.place.on, lesson.place.start, ZoneInfo(zone))
    assert written_start(resource["extendedProperties"]["private"]) == told
    found = place_of(told, ZoneInfo(zone), 0)
    # Only a time that the clock skips is another one on it.
    if instant(found.on, found.start, ZoneInfo(zone)) == told:
        assert wanted(replace(lesson, place=found, end=found.start + 30), ZoneInfo(zone))
        assert found == lesson.place or found.start > lesson.place.start


@given(LESSONS, st.sampled_from(["name", "adult", "completed", "end"]))
def test_the_fingerprint_tells_every_difference(lesson: LessonEvent, part: str) -> None:
    other = {
        "name": "Art",
        "adult": None,
        "completed": True,
        "end": lesson.end + GRID,
    }
    changed = replace(lesson, **{part: other[part]})
    assert wanted(lesson).fingerprint == wanted(replace(lesson)).fingerprint
    assert wanted(changed).fingerprint != wanted(lesson).fingerprint
    assert wanted(changed).event_id == wanted(lesson).event_id


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ("2026-11-30T14:02:29+00:00", (date(2026, 11, 30), 540)),
        ("2026-11-30T14:02:31+00:00", (date(2026, 11, 30), 545)),
        ("2026-12-01T04:58:00+00:00", (date(2026, 12, 1), 0)),
    ],
)
def test_a_start_is_taken_to_the_grid(told: str, place: tuple[date, int]) -> None:
    assert place_of(datetime.fromisoformat(told), NEW_YORK, 0) == Place(*place)


def test_an_all_day_event_keeps_the_hour() -> None:
    assert place_of(date(2026, 12, 2), NEW_YORK, 600) == Place(date(2026, 12, 2), 600)


@pytest.mark.parametrize("said", ["", "soon", "2026-11-30T09:00"])
def test_what_we_did_not_write_is_no_start(said: str) -> None:
    assert written_start({"brightpathBegins": said}) is None
    assert written_start({}) is None


def test_an_hour_that_the_clock_skips_is_no_empty_event() -> None:
    at_two = replace(LESSON, place=Place(date(2026, 3, 8), 120), end=150)
    event = wanted(at_two).body
    assert event.starts == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
    assert event.ends == event.starts + timedelta(minutes=GRID)
