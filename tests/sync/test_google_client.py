"""The adapter against the server: each of Google's outcomes comes out as what it means."""

import json
import logging
import socket
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import stamina
from googleapi import faults
from googleapi.faults import Fault
from googleapi.refusals import (
    BACKEND_UNAVAILABLE,
    FORBIDDEN,
    QUOTA,
    RATE_LIMIT,
    TOO_MANY_REQUESTS,
    USER_RATE_LIMIT,
    Refusal,
)
from googleapi.server import GoogleServer
from googleapi.world import Person
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import (
    AccessRevoked,
    ClientRefused,
    Conflict,
    Deleted,
    Forbidden,
    NotFound,
    PreconditionFailed,
    QuotaExceeded,
    RateLimited,
    Refused,
    RemoteError,
    SyncTokenExpired,
    Unavailable,
)
from sync.google import UID_PROPERTY, GoogleCalendars, problem_of

START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def sarah(google: GoogleServer) -> Person:
    return google.world.person("Sarah")


@pytest.fixture
def calendars(google: GoogleServer, sarah: Person) -> GoogleCalendars:
    return GoogleCalendars(google.access_token(sarah), base=google.base)


@pytest.fixture
def calendar(calendars: GoogleCalendars) -> str:
    return calendars.create_calendar("Emma · BrightPath", "America/New_York")


def lesson(event_id: str = "lesson01", start: datetime = START) -> dict[str, Any]:
    return {
        "id": event_id,
        "summary": "Mathematics",
        "start": {"dateTime": start.isoformat(), "timeZone": "America/New_York"},
        "end": {"dateTime": (start + HALF_HOUR).isoformat(), "timeZone": "America/New_York"},
        "extendedProperties": {"private": {UID_PROPERTY: f"uid-of-{event_id}"}},
    }


def test_a_calendar_is_made_and_deleted(calendars: GoogleCalendars, sarah: Person) -> None:
    made = calendars.create_calendar("Emma · BrightPath", "America/New_York")
    assert sarah.calendar(made).summary == "Emma · BrightPath"
    assert sarah.calendar(made).timezone == "America/New_York"
    calendars.delete_calendar(made)
    with pytest.raises(NotFound):
        calendars.delete_calendar(made)


def test_an_event_is_read_as_it_was_written(calendars: GoogleCalendars, calendar: str) -> None:
    made = calendars.insert_event(calendar, lesson())
    assert (made.event_id, made.uid, made.summary) == ("lesson01", "uid-of-lesson01", "Mathematics")
    assert (made.start, made.end) == (START, START + HALF_HOUR)
    assert made.status == "confirmed"
    assert not made.cancelled
    assert made.updated is not None
    assert made.updated.tzinfo is not None
    assert calendars.get_event(calendar, "lesson01") == made


def test_an_event_of_a_person_has_no_uid_and_may_last_all_day(
    calendars: GoogleCalendars, calendar: str, sarah: Person
) -> None:
    sarah.add(calendar, "Zoo", date(2026, 3, 3), date(2026, 3, 4))
    ((zoo,), _) = calendars.list_events(calendar, None)
    assert (zoo.uid, zoo.start, zoo.end) == (None, date(2026, 3, 3), date(2026, 3, 4))


def test_an_id_that_was_used_is_a_conflict(
    calendars: GoogleCalendars, calendar: str, sarah: Person
) -> None:
    calendars.insert_event(calendar, lesson())
    with pytest.raises(Conflict):
        calendars.insert_event(calendar, lesson())
    sarah.delete(calendar, "lesson01")
    with pytest.raises(Conflict):
        calendars.insert_event(calendar, lesson())
    assert calendars.get_event(calendar, "lesson01").cancelled


def test_an_event_changed_by_somebody_else_is_not_overwritten(
    calendars: GoogleCalendars, calendar: str, sarah: Person
) -> None:
    ours = calendars.insert_event(calendar, lesson())
    sarah.move(calendar, "lesson01", START + HALF_HOUR)
    with pytest.raises(PreconditionFailed):
        calendars.update_event(calendar, "lesson01", lesson(), ours.etag)
    with pytest.raises(PreconditionFailed):
        calendars.delete_event(calendar, "lesson01", ours.etag)
    theirs = calendars.get_event(calendar, "lesson01")
    assert theirs.start == START + HALF_HOUR
    assert calendars.update_event(calendar, "lesson01", lesson(), theirs.etag).start == START
    calendars.delete_event(calendar, "lesson01", None)
    assert sarah.events(calendar) == []


def test_an_update_brings_a_deleted_event_back(
    calendars: GoogleCalendars, calendar: str, sarah: Person
) -> None:
    calendars.insert_event(calendar, lesson())
    sarah.delete(calendar, "lesson01")
    back = calendars.update_event(calendar, "lesson01", lesson(), None)
    assert back.status == "confirmed"
    assert [event["id"] for event in sarah.events(calendar)] == ["lesson01"]


def test_what_is_gone_is_told_from_what_never_was(
    calendars: GoogleCalendars, calendar: str
) -> None:
    calendars.insert_event(calendar, lesson())
    calendars.delete_event(calendar, "lesson01", None)
    with pytest.raises(Deleted):
        calendars.delete_event(calendar, "lesson01", None)
    for missing in (
        lambda: calendars.delete_event(calendar, "unknown", None),
        lambda: calendars.get_event(calendar, "unknown"),
        lambda: calendars.update_event(calendar, "unknown", lesson("unknown"), None),
        lambda: calendars.insert_event("nowhere@group.calendar.google.com", lesson()),
        lambda: calendars.list_events("nowhere@group.calendar.google.com", None),
    ):
        with pytest.raises(NotFound):
            missing()


def test_a_list_brings_all_pages_and_then_what_has_changed(
    calendars: GoogleCalendars, calendar: str, sarah: Person
) -> None:
    for number in range(5):
        calendars.insert_event(calendar, lesson(f"lesson0{number}"))
    sarah.delete(calendar, "lesson00")
    calendars.calls.clear()
    events, token = calendars.list_events(calendar, None, page_size=2)
    assert calendars.calls == ["events.list"] * 3
    assert {event.event_id: event.cancelled for event in events} == {
        "lesson00": True,
        "lesson01": False,
        "lesson02": False,
        "lesson03": False,
        "lesson04": False,
    }
    assert calendars.list_events(calendar, token)[0] == ()
    for number in range(1, 5):
        sarah.move(calendar, f"lesson0{number}", START + HALF_HOUR)
    changed, _ = calendars.list_events(calendar, token, page_size=3)
    assert [event.start for event in changed] == [START + HALF_HOUR] * 4


def test_of_a_deleted_event_the_id_is_enough(
    google: GoogleServer, calendars: GoogleCalendars, calendar: str, sarah: Person
) -> None:
    google.lists.bare_tombstones = True
    calendars.insert_event(calendar, lesson())
    sarah.delete(calendar, "lesson01")
    ((gone,), _) = calendars.list_events(calendar, None)
    assert (gone.event_id, gone.cancelled, gone.etag) == ("lesson01", True, "")
    assert (gone.start, gone.end, gone.updated, gone.uid) == (None, None, None, None)


def test_a_forgotten_sync_token_is_an_outcome_of_its_own(
    google: GoogleServer, calendars: GoogleCalendars, calendar: str
) -> None:
    _, token = calendars.list_events(calendar, None)
    google.lists.expire_sync_tokens()
    with pytest.raises(SyncTokenExpired):
        calendars.list_events(calendar, token)


def test_a_channel_is_opened_and_stopped(
    google: GoogleServer, calendars: GoogleCalendars, calendar: str
) -> None:
    address = "http://127.0.0.1:9/google/notifications"
    resource_id, expires = calendars.watch(calendar, "c1", "t0ken", address, timedelta(days=3))
    ahead = expires - google.world.now()
    assert timedelta(days=2, hours=23) < ahead <= timedelta(days=3)
    assert google.channels.open["c1"].token == "t0ken"
    with pytest.raises(Refused, match="channelIdNotUnique"):
        calendars.watch(calendar, "c1", "t0ken", address, timedelta(days=3))
    calendars.stop("c1", resource_id)
    assert not google.channels.open
    with pytest.raises(NotFound):
        calendars.stop("c1", resource_id)


# When it does not go well


@pytest.mark.parametrize("limit", [RATE_LIMIT, USER_RATE_LIMIT, TOO_MANY_REQUESTS])
def test_a_rate_limit_is_waited_for(
    google: GoogleServer, calendars: GoogleCalendars, sarah: Person, limit: Refusal
) -> None:
    google.faults.next(Fault(limit), "calendars.insert", calls=2)
    calendars.create_calendar("Emma", "UTC")
    assert calendars.calls == ["calendars.insert"] * 3
    assert [made.summary for made in sarah.calendars()] == [sarah.email, "Emma"]


def test_a_rate_limit_is_not_waited_for_without_end(
    google: GoogleServer, calendars: GoogleCalendars, calendar: str
) -> None:
    google.faults.plan = lambda number, method: faults.USER_RATE_LIMITED
    with pytest.raises(RateLimited, match="userRateLimitExceeded"):
        calendars.list_events(calendar, None)
    assert calendars.calls.count("events.list") == 5


def test_we_come_back_when_google_says_and_leave_long_waits_to_the_caller(
    google: GoogleServer, calendars: GoogleCalendars, calendar: str
) -> None:
    waits: list[float] = []
    google.faults.next(Fault(TOO_MANY_REQUESTS.waiting(0)), "events.list")
    google.faults.next(Fault(TOO_MANY_REQUESTS.waiting(90)), "events.list")
    stamina.instrumentation.set_on_retry_hooks([lambda details: waits.append(details.wait_for)])
    try:
        with stamina.set_testing(False), pytest.raises(RateLimited) as caught:
            calendars.list_events(calendar, None)
    finally:
        stamina.instrumentation.set_on_retry_hooks(None)
    assert waits == [0]
    assert caught.value.retry_after == 90


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault(QUOTA), QuotaExceeded),
        (Fault(FORBIDDEN), Forbidden),
        (faults.NOT_THERE, NotFound),
        (faults.EXISTS, Conflict),
        (faults.CHANGED, PreconditionFailed),
        (faults.TOKEN_FORGOTTEN, SyncTokenExpired),
    ],
)
def test_a_refusal_is_told_by_its_reason_and_not_repeated(
    google: GoogleServer,
    calendars: GoogleCalendars,
    calendar: str,
    fault: Fault,
    outcome: type[RemoteError],
) -> None:
    google.faults.next(fault, "events.list")
    with pytest.raises(outcome):
        calendars.list_events(calendar, None)
    assert calendars.calls.count("events.list") == 1


@pytest.mark.parametrize(
    "fault",
    [
        faults.BROKEN,
        faults.BROKEN_AFTERWARDS,
        Fault(BACKEND_UNAVAILABLE),
        faults.DROPPED,
        faults.DROPPED_AFTERWARDS,
        faults.GARBLED,
    ],
)
def test_an_answer_lost_is_ambiguous_and_never_asked_for_again(
    google: GoogleServer, calendars: GoogleCalendars, sarah: Person, fault: Fault
) -> None:
    google.faults.next(fault, "calendars.insert")
    with pytest.raises(Unavailable) as caught:
        calendars.create_calendar("Emma", "UTC")
    assert caught.value.ambiguous
    assert len(google.called("calendars.insert")) == 1
    assert len(sarah.calendars()) == 1 + fault.applied


def test_nobody_sends_us_elsewhere_with_what_we_say(
    google: GoogleServer, calendars: GoogleCalendars
) -> None:
    elsewhere = (("Location", f"{google.base}/calendar/v3/calendars"),)
    google.faults.next(Fault(Refusal(308, "moved", "Moved", headers=elsewhere)))
    with pytest.raises(Refused):
        calendars.create_calendar("Emma", "UTC")
    assert len(google.called("calendars.insert")) == 1


@pytest.mark.parametrize("fault", [faults.HUNG, faults.HUNG_AFTERWARDS])
def test_an_answer_that_stays_away_is_given_up(
    google: GoogleServer,
    calendars: GoogleCalendars,
    calendar: str,
    fault: Fault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sync.google.TIMEOUT_SECONDS", 0.2)
    google.faults.next(fault, "events.insert")
    with pytest.raises(Unavailable) as caught:
        calendars.insert_event(calendar, lesson())
    assert caught.value.ambiguous


def test_without_a_connection_nothing_was_done() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Unavailable) as caught:
            GoogleCalendars("t0ken", base=base).create_calendar("Emma", "UTC")
    assert not caught.value.ambiguous


@pytest.mark.parametrize("bodiless", [True, False])
def test_a_garbled_answer_matters_only_where_something_is_read(
    google: GoogleServer, calendars: GoogleCalendars, calendar: str, bodiless: bool
) -> None:
    calendars.insert_event(calendar, lesson())
    google.faults.next(faults.GARBLED)
    if bodiless:
        calendars.delete_event(calendar, "lesson01", None)
    else:
        with pytest.raises(Unavailable, match="malformedAnswer"):
            calendars.get_event(calendar, "lesson01")


# Access


def test_an_expired_token_is_renewed_once_a_call(google: GoogleServer, sarah: Person) -> None:
    renewed: list[str] = []

    def renew() -> str:
        renewed.append(google.access_token(sarah))
        return renewed[-1]

    calendars = GoogleCalendars("expired", base=google.base, renew=renew)
    calendar = calendars.create_calendar("Emma", "UTC")
    calendars.list_events(calendar, None)
    assert len(renewed) == 1
    google.world.advance(timedelta(hours=2))
    calendars.list_events(calendar, None)
    assert len(renewed) == 2


def test_a_token_that_is_refused_though_new_means_that_access_is_gone(
    google: GoogleServer,
) -> None:
    with pytest.raises(AccessRevoked):
        GoogleCalendars("expired", base=google.base).create_calendar("Emma", "UTC")
    renewing = GoogleCalendars("expired", base=google.base, renew=lambda: "no better")
    with pytest.raises(AccessRevoked):
        renewing.create_calendar("Emma", "UTC")
    assert len(renewing.calls) == 2


def test_what_the_scope_does_not_cover_is_not_found_and_what_it_forbids_is_forbidden(
    google: GoogleServer, sarah: Person, calendars: GoogleCalendars
) -> None:
    with pytest.raises(NotFound):
        calendars.insert_event(sarah.email, lesson())
    token, _ = google.oauth.grant(sarah, google.client.client_id, frozenset({"openid"}))
    with pytest.raises(Forbidden, match="insufficientPermissions"):
        GoogleCalendars(token, base=google.base).create_calendar("Emma", "UTC")


@pytest.mark.parametrize("fault", [faults.NOT_THERE, faults.DROPPED, faults.GARBLED])
def test_nothing_that_was_sent_is_in_an_error_or_a_log(
    google: GoogleServer,
    sarah: Person,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
) -> None:
    caplog.set_level(logging.INFO)
    token = google.access_token(sarah)
    calendars = GoogleCalendars(token, base=google.base)
    name, calendar, sync_token = "Persephone", "c_secret@group.calendar.google.com", "sync-t0ken"
    told = repr(calendars)
    for call in (
        lambda: calendars.create_calendar(name, "UTC"),
        lambda: calendars.list_events(calendar, sync_token),
    ):
        google.faults.next(fault)
        with pytest.raises(RemoteError) as caught:
            call()
        assert caught.value.__context__ is None
        told += "".join(traceback.format_exception(caught.value))
    for secret in (token, name, calendar, sync_token):
        assert secret not in told + caplog.text


def test_one_object_serves_several_threads(
    google: GoogleServer, calendars: GoogleCalendars, calendar: str, sarah: Person
) -> None:
    def fill(first: int) -> None:
        for number in range(first, first + 5):
            calendars.insert_event(calendar, lesson(f"lesson{number:02}"))

    threads = [threading.Thread(target=fill, args=(5 * each,)) for each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sarah.events(calendar)) == 20
    assert calendars.calls.count("events.insert") == 20


# Pure


@given(st.integers(300, 599), st.binary() | st.just(b'{"error": {"errors": []}}'))
def test_any_answer_that_is_no_success_means_something(status: int, body: bytes) -> None:
    problem = problem_of(status, body, {})
    assert isinstance(problem, Unavailable) == (status >= 500)
    assert problem.reason == f"http{status}"


@pytest.mark.parametrize(
    ("status", "reason", "outcome"),
    [
        (403, "rateLimitExceeded", RateLimited),
        (403, "dailyLimitExceeded", QuotaExceeded),
        (403, "calendarLimitExceeded", QuotaExceeded),
        (403, "insufficientPermissions", Forbidden),
        (403, "accessNotConfigured", ClientRefused),
        (429, "somethingNew", RateLimited),
        (410, "updatedMinTooLongAgo", SyncTokenExpired),
        (410, "somethingNew", Deleted),
        (401, "authError", AccessRevoked),
        (400, "timeRangeEmpty", Refused),
        (418, "somethingNew", Refused),
    ],
)
def test_reasons(status: int, reason: str, outcome: Callable[..., RemoteError]) -> None:
    body = json.dumps({"error": {"errors": [{"reason": reason}]}}).encode()
    problem = problem_of(status, body, {"retry-after": "3"})
    assert type(problem) is outcome
    assert problem.reason == reason
    assert getattr(problem, "retry_after", 3) == 3
