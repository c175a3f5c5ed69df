"""Google Calendar as its own client library sees it. What stands here is documented, or reported
by those who met it; given an account, the same tests hold for Google's server."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from googleapi.library import HALF_HOUR, START, lesson, matching, refusal
from googleapi.server import GoogleServer
from googleapi.world import Person

# Calendars


def test_a_calendar_is_made_and_deleted(api: Any, sarah: Person) -> None:
    made = api.calendars().insert(body={"summary": "Emma", "timeZone": "Europe/Madrid"}).execute()
    assert made["id"].endswith("@group.calendar.google.com")
    assert api.calendars().get(calendarId=made["id"]).execute() == made
    assert sarah.calendar("Emma").id == made["id"]
    assert api.calendars().delete(calendarId=made["id"]).execute() == ""
    assert refusal(api.calendars().get(calendarId=made["id"])) == (404, "notFound")
    assert refusal(api.events().list(calendarId=made["id"])) == (404, "notFound")
    assert refusal(api.calendars().delete(calendarId=made["id"])) == (404, "notFound")


def test_the_scope_shows_only_calendars_that_the_program_made(
    google: GoogleServer, api: Any, sarah: Person, connect: Callable[[str], Any]
) -> None:
    by_hand = sarah.create_calendar("Choir").id
    for hidden in ("primary", sarah.email, by_hand):
        assert refusal(api.calendars().get(calendarId=hidden)) == (404, "notFound")
        assert refusal(api.events().insert(calendarId=hidden, body=lesson())) == (404, "notFound")
    google.oauth.register("another", "secret", "https://another.example/back")
    token, _ = google.oauth.grant(
        sarah, "another", frozenset({"https://www.googleapis.com/auth/calendar.app.created"})
    )
    theirs = connect(token).calendars().insert(body={"summary": "Theirs"}).execute()["id"]
    assert refusal(api.events().list(calendarId=theirs)) == (404, "notFound")


def test_the_scope_does_not_list_calendars_and_a_wider_one_does(
    google: GoogleServer, api: Any, sarah: Person, calendar: str, connect: Callable[[str], Any]
) -> None:
    assert refusal(api.calendarList().list()) == (403, "insufficientPermissions")
    entry = api.calendarList().get(calendarId=calendar).execute()
    assert entry["kind"] == "calendar#calendarListEntry"
    body = {"colorId": "7"}
    coloured = api.calendarList().patch(calendarId=calendar, body=body).execute()
    assert coloured["colorId"] == "7"
    wide = google.access_token(sarah, frozenset({"https://www.googleapis.com/auth/calendar"}))
    listed = connect(wide).calendarList().list().execute()
    assert [entry["id"] for entry in listed["items"]] == [sarah.email, calendar]


def test_nobody_sees_the_calendars_of_somebody_else(
    google: GoogleServer, calendar: str, connect: Callable[[str], Any]
) -> None:
    stranger = connect(google.access_token(google.world.person("Ben")))
    assert refusal(stranger.events().list(calendarId=calendar)) == (404, "notFound")


# Events


def test_an_event_comes_back_as_it_was_written(api: Any, calendar: str) -> None:
    body = lesson(extendedProperties={"private": {"uid": "u1"}}, description="pages 4-5")
    made = api.events().insert(calendarId=calendar, body=body).execute()
    assert made["id"] == "lesson01"
    assert made["status"] == "confirmed"
    assert made["start"]["dateTime"] == "2026-03-02T09:00:00-05:00"
    assert made["extendedProperties"] == {"private": {"uid": "u1"}}
    assert made["sequence"] == 0
    assert api.events().get(calendarId=calendar, eventId="lesson01").execute() == made


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        (
            {"dateTime": "2026-03-08T03:00:00", "timeZone": "America/New_York"},
            "2026-03-08T03:00:00-04:00",
        ),
        (
            {"dateTime": "2026-03-02T15:00:00", "timeZone": "Europe/Madrid"},
            "2026-03-02T09:00:00-05:00",
        ),
        ({"dateTime": "2026-03-02T14:00:00Z"}, "2026-03-02T09:00:00-05:00"),
    ],
)
def test_times_are_given_back_in_the_calendars_zone(
    api: Any, calendar: str, start: dict[str, str], shown: str
) -> None:
    body = lesson(start=START) | {"start": start, "end": start}
    made = api.events().insert(calendarId=calendar, body=body).execute()
    assert made["start"]["dateTime"] == made["end"]["dateTime"] == shown
    assert made["start"]["timeZone"] == start.get("timeZone", "America/New_York")


def test_an_event_may_last_all_day(api: Any, calendar: str) -> None:
    day = {"start": {"date": "2026-03-02"}, "end": {"date": "2026-03-03"}}
    made = api.events().insert(calendarId=calendar, body=lesson() | day).execute()
    assert (made["start"], made["end"]) == (day["start"], day["end"])


@pytest.mark.parametrize("event_id", ["abcd", "UPPER", "lesson-1", "wxyz1", "a" * 1025])
def test_an_id_is_base32hex_of_5_to_1024(api: Any, calendar: str, event_id: str) -> None:
    insert = api.events().insert(calendarId=calendar, body=lesson(event_id))
    assert refusal(insert) == (400, "invalid")


@pytest.mark.parametrize("event_id", ["abcde", "0123456789abcdefghijklmnopqrstuv", "v" * 1024])
def test_any_id_of_that_form_is_taken(api: Any, calendar: str, event_id: str) -> None:
    made = api.events().insert(calendarId=calendar, body=lesson(event_id)).execute()
    assert made["id"] == event_id


def test_without_an_id_google_chooses_one(api: Any, calendar: str) -> None:
    body = lesson()
    del body["id"]
    made = [api.events().insert(calendarId=calendar, body=body).execute() for _ in range(2)]
    assert made[0]["id"] != made[1]["id"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"end": {"dateTime": (START - HALF_HOUR).isoformat()}}, "timeRangeEmpty"),
        ({"start": {"dateTime": "2026-03-02T09:00:00"}}, "required"),
        ({"start": {"date": "2026-03-02"}}, "invalid"),
        ({"start": {}}, "invalid"),
        ({"start": {"dateTime": "2026-03-02T09:00:00", "timeZone": "Mars/Base"}}, "invalid"),
        ({"status": "perhaps"}, "invalid"),
    ],
)
def test_an_event_that_makes_no_sense_is_refused(
    api: Any, calendar: str, wrong: dict[str, Any], reason: str
) -> None:
    assert refusal(api.events().insert(calendarId=calendar, body=lesson() | wrong)) == (400, reason)


def test_an_id_is_used_once_even_if_its_event_is_deleted_or_gone(
    google: GoogleServer, api: Any, sarah: Person, calendar: str
) -> None:
    insert = api.events().insert(calendarId=calendar, body=lesson())
    insert.execute()
    assert refusal(insert) == (409, "duplicate")
    sarah.delete(calendar, "lesson01")
    assert refusal(insert) == (409, "duplicate")
    google.world.purge(sarah.calendar(calendar), "lesson01")
    assert refusal(insert) == (409, "duplicate")
    assert refusal(api.events().get(calendarId=calendar, eventId="lesson01")) == (404, "notFound")


def test_the_same_id_is_another_event_in_another_calendar(api: Any, calendar: str) -> None:
    other = api.calendars().insert(body={"summary": "Noah"}).execute()["id"]
    for where in (calendar, other):
        api.events().insert(calendarId=where, body=lesson()).execute()


def test_update_replaces_and_patch_adds(api: Any, calendar: str) -> None:
    events = api.events()
    events.insert(calendarId=calendar, body=lesson(description="pages 4-5")).execute()
    patched = events.patch(
        calendarId=calendar, eventId="lesson01", body={"summary": "Geometry"}
    ).execute()
    assert (patched["summary"], patched["description"]) == ("Geometry", "pages 4-5")
    body = lesson(start=START + HALF_HOUR)
    updated = events.update(calendarId=calendar, eventId="lesson01", body=body).execute()
    assert (updated["summary"], updated.get("description")) == ("Mathematics", None)
    assert updated["start"]["dateTime"] == "2026-03-02T09:30:00-05:00"
    unknown = events.update(calendarId=calendar, eventId="unknown", body=body)
    assert refusal(unknown) == (404, "notFound")


def test_etag_and_updated_change_with_every_change_and_only_then(
    api: Any, sarah: Person, calendar: str
) -> None:
    get = api.events().get(calendarId=calendar, eventId="lesson01")
    api.events().insert(calendarId=calendar, body=lesson()).execute()
    seen = [get.execute()]
    assert get.execute() == seen[0]
    sarah.change(calendar, "lesson01", summary="Geometry")
    seen.append(get.execute())
    sarah.move(calendar, "lesson01", START + HALF_HOUR)
    seen.append(get.execute())
    sarah.delete(calendar, "lesson01")
    seen.append(get.execute())
    assert len({event["etag"] for event in seen}) == len(seen)
    assert [event["updated"] for event in seen] == sorted({event["updated"] for event in seen})


def test_sequence_rises_when_the_time_changes_and_may_not_fall(
    api: Any, sarah: Person, calendar: str
) -> None:
    api.events().insert(calendarId=calendar, body=lesson()).execute()
    assert sarah.change(calendar, "lesson01", summary="Geometry")["sequence"] == 0
    assert sarah.move(calendar, "lesson01", START + HALF_HOUR)["sequence"] == 1
    stale = api.events().update(
        calendarId=calendar, eventId="lesson01", body=lesson(sequence=0, start=START)
    )
    assert refusal(stale) == (400, "invalid")


def test_if_match_guards_changes(api: Any, sarah: Person, calendar: str) -> None:
    events = api.events()
    first = events.insert(calendarId=calendar, body=lesson()).execute()
    sarah.change(calendar, "lesson01", summary="Geometry")
    update = events.update(calendarId=calendar, eventId="lesson01", body=lesson())
    delete = events.delete(calendarId=calendar, eventId="lesson01")
    assert refusal(matching(update, first["etag"])) == (412, "conditionNotMet")
    assert refusal(matching(delete, first["etag"])) == (412, "conditionNotMet")
    assert sarah.event(calendar, "lesson01")["summary"] == "Geometry"
    second = matching(update, sarah.event(calendar, "lesson01")["etag"]).execute()
    assert second["summary"] == "Mathematics"
    third = matching(update, "*").execute()
    matching(delete, third["etag"]).execute()
    assert sarah.events(calendar) == []


def test_a_deleted_event_is_still_there_and_cannot_be_deleted_again(
    api: Any, calendar: str
) -> None:
    events = api.events()
    events.insert(calendarId=calendar, body=lesson()).execute()
    delete = events.delete(calendarId=calendar, eventId="lesson01")
    assert delete.execute() == ""
    assert refusal(delete) == (410, "deleted")
    assert refusal(matching(delete, "*")) == (410, "deleted")
    gone = events.get(calendarId=calendar, eventId="lesson01").execute()
    assert (gone["status"], gone["summary"]) == ("cancelled", "Mathematics")
    unknown = events.delete(calendarId=calendar, eventId="unknown")
    assert refusal(unknown) == (404, "notFound")


def test_a_deleted_event_comes_back_only_by_being_confirmed(
    api: Any, sarah: Person, calendar: str
) -> None:
    events = api.events()
    events.insert(calendarId=calendar, body=lesson()).execute()
    sarah.delete(calendar, "lesson01")
    update = events.update(calendarId=calendar, eventId="lesson01", body=lesson())
    assert refusal(update) == (403, "forbidden")
    body = lesson(status="confirmed")
    back = events.update(calendarId=calendar, eventId="lesson01", body=body).execute()
    assert back["status"] == "confirmed"
    assert [event["id"] for event in sarah.events(calendar)] == ["lesson01"]


# Access and limits


def test_an_access_token_ends(google: GoogleServer, api: Any, calendar: str, sarah: Person) -> None:
    google.world.advance(timedelta(hours=1))
    assert refusal(api.events().list(calendarId=calendar)) == (401, "authError")


def test_no_access_after_the_person_took_it_back(
    google: GoogleServer, api: Any, calendar: str, sarah: Person
) -> None:
    google.oauth.take_back(sarah)
    assert refusal(api.events().list(calendarId=calendar)) == (401, "authError")


def test_too_many_calls_of_one_person_in_a_minute_are_refused(
    google: GoogleServer, api: Any, calendar: str, connect: Callable[[str], Any]
) -> None:
    ben = connect(google.access_token(google.world.person("Ben")))
    google.calls_a_minute = 2
    request = api.events().list(calendarId=calendar)
    request.execute()
    request.execute()
    assert refusal(request) == (403, "userRateLimitExceeded")
    ben.calendars().insert(body={"summary": "Noah"}).execute()
    google.world.advance(timedelta(minutes=1))
    request.execute()


# People


def test_a_person_moves_resizes_deletes_and_restores(
    api: Any, sarah: Person, calendar: str
) -> None:
    api.events().insert(calendarId=calendar, body=lesson()).execute()
    moved = sarah.move(calendar, "lesson01", START + timedelta(days=1))
    assert moved["start"]["dateTime"] == "2026-03-03T09:00:00-05:00"
    assert moved["end"]["dateTime"] == "2026-03-03T09:30:00-05:00"
    longer = sarah.resize(calendar, "lesson01", START + timedelta(days=1, hours=1))
    assert longer["end"]["dateTime"] == "2026-03-03T10:00:00-05:00"
    sarah.delete(calendar, "lesson01")
    assert sarah.events(calendar) == []
    assert sarah.restore(calendar, "lesson01")["start"] == moved["start"]
    whole_day = sarah.move(calendar, "lesson01", date(2026, 3, 4))
    assert whole_day["start"] == {"date": "2026-03-04"}


def test_a_person_deletes_a_whole_calendar(api: Any, sarah: Person, calendar: str) -> None:
    sarah.delete_calendar(calendar)
    insert = api.events().insert(calendarId=calendar, body=lesson())
    assert refusal(insert) == (404, "notFound")
