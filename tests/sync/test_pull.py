"""What people have done in a calendar of ours, as its events tell it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.texts import translator
from sync.google import Remote
from sync.google_events import LessonEvent, Place, wanted_events
from sync.plan import Known
from sync.pull import (
    OTHERWISE,
    REMOVING,
    Adjustment,
    Deleted,
    Expected,
    Forgotten,
    Moved,
    Noted,
    adjustments,
    taken_over,
    too_many,
)

ZONE = ZoneInfo("America/New_York")
TUESDAY = date(2026, 12, 1)
BEFORE = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
LESSONS = tuple(
    LessonEvent(f"lesson-{n}", Place(TUESDAY, 540 + 40 * n), 570 + 40 * n, "Math") for n in range(5)
)
EXPECTED = Expected(ZONE, wanted_events(LESSONS, 7, "emma", ZONE, translator("en")))
FIRST = EXPECTED.events[0]
KNOWN = tuple(Known(e.event_id, e.uid, e.fingerprint, '"old"') for e in EXPECTED.events)


def there(number: int = 0, etag: str = '"new"', **values: Any) -> Remote:
    """An event as we wrote it, but for `values`."""
    wanted = EXPECTED.events[number]
    private = wanted.body.resource["extendedProperties"]["private"]
    as_written = Remote(
        event_id=wanted.event_id,
        etag=etag,
        status="confirmed",
        start=wanted.body.starts,
        end=wanted.body.ends,
        summary=wanted.body.summary,
        updated=None,
        uid=wanted.uid,
        private=private,
    )
    return replace(as_written, **values)


def seen(*events: Remote, known: tuple[Known, ...] = KNOWN) -> tuple[Adjustment, ...]:
    return adjustments(events, known, EXPECTED, whole=False)


def later(minutes: int, number: int = 0) -> dict[str, Any]:
    body = EXPECTED.events[number].body
    by = timedelta(minutes=minutes)
    return {"start": body.starts + by, "end": body.ends + by}


def test_our_own_writing_is_known_by_its_etag() -> None:
    assert seen(there(etag='"old"', summary="whatever")) == ()


def test_what_we_wrote_and_could_not_remember_is_remembered() -> None:
    (found,) = seen(there(), known=(replace(KNOWN[0], fingerprint=OTHERWISE, etag=None),))
    assert found == Noted(replace(KNOWN[0], etag='"new"'))


def test_a_lesson_that_somebody_moved() -> None:
    (found,) = seen(there(**later(65)))
    to = Place(TUESDAY, 605)
    assert found == Moved(replace(KNOWN[0], fingerprint=taken_over(to), etag='"new"'), to, '"old"')


def test_a_move_that_was_answered_is_not_made_again_by_another_edit() -> None:
    answered = replace(KNOWN[0], fingerprint=taken_over(Place(TUESDAY, 605)), etag='"moved"')
    (found,) = seen(there(summary="Volcanoes", **later(65)), known=(answered,))
    assert found == Noted(replace(answered, etag='"new"'))
    (found,) = seen(there(**later(70)), known=(answered,))
    assert isinstance(found, Moved)
    assert found.to == Place(TUESDAY, 610)


def test_a_lesson_that_was_made_an_all_day_event() -> None:
    wednesday = TUESDAY + timedelta(days=1)
    (found,) = seen(there(start=wednesday, end=wednesday + timedelta(days=1)))
    assert isinstance(found, Moved)
    assert found.to == Place(wednesday, 540)


@pytest.mark.parametrize(
    "values",
    [
        {"end": FIRST.body.ends + timedelta(minutes=15)},
        {"summary": "Volcanoes"},
        later(2),
        {"start": TUESDAY, "end": TUESDAY + timedelta(days=1)},
    ],
    ids=["longer", "renamed", "off the grid", "all day"],
)
def test_what_is_no_move_is_written_again(values: dict[str, Any]) -> None:
    (found,) = seen(there(**values))
    assert found == Noted(replace(KNOWN[0], fingerprint=OTHERWISE, etag='"new"'))


def test_an_older_writing_of_ours_is_no_move() -> None:
    older = later(-120)
    private = {"brightpathBegins": older["start"].isoformat()}
    (found,) = seen(there(private=private, **older))
    assert found == Noted(replace(KNOWN[0], fingerprint=OTHERWISE, etag='"new"'))


def test_a_lesson_that_somebody_deleted() -> None:
    (found,) = seen(there(status="cancelled"))
    assert found == Deleted(replace(KNOWN[0], etag='"new"'))


def test_what_we_were_deleting_was_deleted_by_us() -> None:
    (found,) = seen(there(status="cancelled"), known=(replace(KNOWN[0], fingerprint=REMOVING),))
    assert found == Forgotten(FIRST.event_id)


def test_a_deleted_event_of_an_earlier_life_says_nothing() -> None:
    fresh = (replace(KNOWN[0], fingerprint=OTHERWISE, etag=None),)
    assert seen(there(status="cancelled"), known=fresh) == ()
    assert seen(there(status="cancelled"), known=()) == ()


def test_events_of_others_are_left_alone() -> None:
    assert seen(there(event_id="theirs"), there(1, event_id="copied", **later(10))) == ()


def test_a_lesson_that_the_week_no_longer_holds_is_only_remembered() -> None:
    gone = Known("gone", "lesson-9", "f", '"old"')
    (found,) = seen(there(event_id="gone", **later(30)), known=(gone,))
    assert found == Noted(replace(gone, etag='"new"'))
    (found,) = seen(there(event_id="gone", status="cancelled"), known=(gone,))
    assert found == Forgotten("gone")


def test_the_whole_list_tells_what_is_missing() -> None:
    known = (*KNOWN[:3], replace(KNOWN[3], etag=None), replace(KNOWN[4], fingerprint=REMOVING))
    found = adjustments([there(0, '"old"'), there(1, '"old"')], known, EXPECTED, whole=True)
    assert found == (Deleted(KNOWN[2]), Forgotten(KNOWN[4].event_id))
    assert adjustments([there(0, '"old"')], known, EXPECTED, whole=False) == ()


@pytest.mark.parametrize(("deleted", "asked"), [(2, False), (3, True), (5, True)])
def test_more_than_half_at_once_is_asked_about(deleted: int, asked: bool) -> None:
    found = [Deleted(event) for event in KNOWN[:deleted]]
    assert too_many(found, KNOWN, EXPECTED, now=BEFORE) is asked


def test_a_few_are_not_many_and_the_past_does_not_count() -> None:
    two = replace(EXPECTED, events=EXPECTED.events[:2])
    assert not too_many([Deleted(e) for e in KNOWN[:2]], KNOWN[:2], two, now=BEFORE)
    afterwards = datetime(2026, 12, 2, tzinfo=UTC)
    assert not too_many([Deleted(e) for e in KNOWN], KNOWN, EXPECTED, now=afterwards)
