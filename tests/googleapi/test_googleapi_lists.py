"""Lists of Google Calendar, their pages and sync tokens, as its own client library sees them."""

from datetime import timedelta
from typing import Any

import pytest

from googleapi.library import HALF_HOUR, START, lesson, refusal
from googleapi.server import GoogleServer
from googleapi.world import Person


def sync(api: Any, calendar: str, **more: Any) -> tuple[list[dict[str, Any]], str]:
    """All pages of a list, and the token for the next."""
    events: list[dict[str, Any]] = []
    request = api.events().list(calendarId=calendar, showDeleted=True, **more)
    while request is not None:
        page = request.execute()
        events += page["items"]
        request = api.events().list_next(request, page)
    return events, page["nextSyncToken"]


def test_a_list_holds_deleted_events_only_if_asked(api: Any, sarah: Person, calendar: str) -> None:
    for event_id in ("lesson01", "lesson02"):
        api.events().insert(calendarId=calendar, body=lesson(event_id)).execute()
    sarah.delete(calendar, "lesson01")

    def listed(**more: Any) -> dict[str, str]:
        items = api.events().list(calendarId=calendar, **more).execute()["items"]
        return {event["id"]: event["status"] for event in items}

    assert listed() == {"lesson02": "confirmed"}
    assert listed(showDeleted=True) == {"lesson01": "cancelled", "lesson02": "confirmed"}


def test_pages_hold_what_was_there_at_the_first_and_only_the_last_has_a_sync_token(
    api: Any, sarah: Person, calendar: str
) -> None:
    for number in range(5):
        api.events().insert(calendarId=calendar, body=lesson(f"lesson0{number}")).execute()
    request = api.events().list(calendarId=calendar, maxResults=2, showDeleted=True)
    pages = [request.execute()]
    sarah.delete(calendar, "lesson04")
    while "nextPageToken" in pages[-1]:
        assert "nextSyncToken" not in pages[-1]
        request = api.events().list_next(request, pages[-1])
        pages.append(request.execute())
    assert [len(page["items"]) for page in pages] == [2, 2, 1]
    assert all(event["status"] == "confirmed" for page in pages for event in page["items"])
    changed, _ = sync(api, calendar, syncToken=pages[-1]["nextSyncToken"])
    assert [(event["id"], event["status"]) for event in changed] == [("lesson04", "cancelled")]


def test_a_page_token_is_good_for_its_own_list_only(api: Any, calendar: str) -> None:
    for number in range(3):
        api.events().insert(calendarId=calendar, body=lesson(f"lesson0{number}")).execute()
    events = api.events()
    token = events.list(calendarId=calendar, maxResults=2).execute()["nextPageToken"]
    other = events.list(calendarId=calendar, maxResults=2, showDeleted=True, pageToken=token)
    assert refusal(other) == (400, "invalid")
    made_up = events.list(calendarId=calendar, pageToken="nonsense")
    assert refusal(made_up) == (400, "invalid")


def test_a_sync_token_brings_each_changed_event_once_as_it_is_now(
    api: Any, sarah: Person, calendar: str
) -> None:
    for event_id in ("kept1", "moved", "gone1"):
        api.events().insert(calendarId=calendar, body=lesson(event_id)).execute()
    everything, token = sync(api, calendar)
    assert len(everything) == 3
    sarah.move(calendar, "moved", START + HALF_HOUR)
    sarah.move(calendar, "moved", START + 2 * HALF_HOUR)
    sarah.delete(calendar, "gone1")
    added = sarah.add(calendar, "Lunch", START, START + HALF_HOUR)
    changed, later = sync(api, calendar, syncToken=token)
    assert {event["id"]: event["status"] for event in changed} == {
        "moved": "confirmed",
        "gone1": "cancelled",
        added["id"]: "confirmed",
    }
    assert sync(api, calendar, syncToken=later)[0] == []
    assert sync(api, calendar, syncToken=token)[0] == changed


def test_our_own_changes_come_back_too(api: Any, calendar: str) -> None:
    _, token = sync(api, calendar)
    made = api.events().insert(calendarId=calendar, body=lesson()).execute()
    changed, _ = sync(api, calendar, syncToken=token)
    assert [event["etag"] for event in changed] == [made["etag"]]


def test_a_deleted_event_keeps_its_details_only_where_deleted_ones_are_asked_for(
    api: Any, sarah: Person, calendar: str
) -> None:
    events = api.events()
    bare = events.list(calendarId=calendar).execute()["nextSyncToken"]
    _, full = sync(api, calendar)
    events.insert(calendarId=calendar, body=lesson()).execute()
    sarah.delete(calendar, "lesson01")
    (tombstone,) = events.list(calendarId=calendar, syncToken=bare).execute()["items"]
    assert set(tombstone) == {"kind", "etag", "id", "status"}
    assert sync(api, calendar, syncToken=full)[0][0]["summary"] == "Mathematics"


def test_a_forgotten_sync_token_asks_for_a_full_sync(
    google: GoogleServer, api: Any, calendar: str
) -> None:
    _, token = sync(api, calendar)
    google.lists.expire_sync_tokens(calendar)
    request = api.events().list(calendarId=calendar, showDeleted=True, syncToken=token)
    assert refusal(request) == (410, "fullSyncRequired")


def test_a_sync_token_of_another_calendar_is_not_taken(api: Any, calendar: str) -> None:
    other = api.calendars().insert(body={"summary": "Noah"}).execute()["id"]
    _, token = sync(api, calendar)
    request = api.events().list(calendarId=other, showDeleted=True, syncToken=token)
    assert refusal(request) == (410, "fullSyncRequired")


@pytest.mark.parametrize(
    "restriction",
    [
        {"timeMin": "2026-03-01T00:00:00Z"},
        {"timeMax": "2026-03-01T00:00:00Z"},
        {"updatedMin": "2026-03-01T00:00:00Z"},
        {"orderBy": "updated"},
        {"privateExtendedProperty": "uid=u1"},
        {"showDeleted": False},
    ],
)
def test_a_sync_token_goes_with_no_restriction(
    api: Any, calendar: str, restriction: dict[str, Any]
) -> None:
    token = api.events().list(calendarId=calendar).execute()["nextSyncToken"]
    request = api.events().list(calendarId=calendar, syncToken=token, **restriction)
    assert refusal(request) == (400, "syncTokenWithRequestRestrictions")


def test_a_sync_token_is_good_for_its_parameters_only(api: Any, calendar: str) -> None:
    token = api.events().list(calendarId=calendar, singleEvents=True).execute()["nextSyncToken"]
    request = api.events().list(calendarId=calendar, syncToken=token)
    assert refusal(request) == (400, "invalid")


def test_only_single_events_have_an_order_by_start(api: Any, calendar: str) -> None:
    for event_id, start in (("later", START + HALF_HOUR), ("first", START)):
        api.events().insert(calendarId=calendar, body=lesson(event_id, start)).execute()
    ordered = api.events().list(calendarId=calendar, orderBy="startTime", singleEvents=True)
    assert [event["id"] for event in ordered.execute()["items"]] == ["first", "later"]
    without = api.events().list(calendarId=calendar, orderBy="startTime")
    assert refusal(without)[0] == 400


def test_a_list_can_be_narrowed(api: Any, calendar: str) -> None:
    ours = {"private": {"uid": "u1"}}
    api.events().insert(calendarId=calendar, body=lesson(extendedProperties=ours)).execute()
    later = lesson("lesson02", START + timedelta(days=1))
    api.events().insert(calendarId=calendar, body=later).execute()

    def listed(**more: Any) -> list[str]:
        items = api.events().list(calendarId=calendar, **more).execute()["items"]
        return [event["id"] for event in items]

    assert listed(privateExtendedProperty="uid=u1") == ["lesson01"]
    assert listed(timeMin=(START + HALF_HOUR).isoformat()) == ["lesson02"]
    assert listed(timeMax=(START + HALF_HOUR).isoformat()) == ["lesson01"]
