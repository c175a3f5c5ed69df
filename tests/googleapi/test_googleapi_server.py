"""What the server does beside the API's semantics: it notices wrong requests, makes trouble on
order, notifies, and grants access."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from googleapi import faults
from googleapi.faults import Fault
from googleapi.library import START
from googleapi.refusals import TOO_MANY_REQUESTS
from googleapi.server import GoogleServer
from googleapi.world import Person

CALENDARS = "/calendar/v3/calendars"


@pytest.fixture
def http(google: GoogleServer, sarah: Person) -> Iterator[httpx.Client]:
    """A client that holds a token and can be as wrong as it likes."""
    headers = {"authorization": f"Bearer {google.access_token(sarah)}"}
    with httpx.Client(base_url=google.base, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def calendar(http: httpx.Client) -> str:
    return str(http.post(CALENDARS, json={"summary": "Emma"}).json()["id"])


def lesson(event_id: str = "lesson01", **more: Any) -> dict[str, Any]:
    return {
        "id": event_id,
        "start": {"dateTime": "2026-03-02T14:00:00Z"},
        "end": {"dateTime": "2026-03-02T14:30:00Z"},
        **more,
    }


# Wrong requests


@pytest.mark.parametrize(
    ("verb", "path", "body", "complaint"),
    [
        ("GET", "events?colour=red", None, "unknown parameter 'colour'"),
        ("GET", "events?maxResults=many", None, "maxResults"),
        ("GET", "events?maxResults=0", None, "maxResults"),
        ("GET", "events?showDeleted=yes", None, "showDeleted"),
        ("GET", "events?orderBy=colour", None, "orderBy"),
        ("GET", "events?timeMin=tomorrow", None, "timeMin"),
        ("GET", "events?showDeleted=true&showDeleted=true", None, "given twice"),
        ("GET", "events", {"summary": "x"}, "takes no body"),
        ("POST", "events", lesson(colour="red"), "colour"),
        ("POST", "events", lesson(summary=7), "summary"),
        ("POST", "events", lesson(start={"dateTime": "nine"}), "dateTime"),
        ("POST", "events", lesson(extendedProperties={"private": {"n": 1}}), "private"),
        ("POST", "events", {"id": "lesson01"}, "'start' is a required property"),
        ("POST", "events", None, "None is not of type"),
        ("POST", "occasions", lesson(), "no such method"),
        ("POST", "clear", None, "KeyError"),
    ],
)
def test_what_the_description_does_not_know_is_refused_and_remembered(
    google: GoogleServer,
    http: httpx.Client,
    calendar: str,
    sarah: Person,
    verb: str,
    path: str,
    body: Any,
    complaint: str,
) -> None:
    wide = google.access_token(sarah, frozenset({"https://www.googleapis.com/auth/calendar"}))
    content = None if body is None else json.dumps(body).encode()
    answer = http.request(
        verb,
        f"{CALENDARS}/{calendar}/{path}",
        content=content,
        headers={"authorization": f"Bearer {wide}"},
    )
    assert answer.status_code == 400
    with pytest.raises(AssertionError, match=complaint):
        google.check()
    google.violations.clear()


# Trouble


def test_faults_come_as_planned_for_the_nth_call(
    google: GoogleServer, http: httpx.Client, calendar: str
) -> None:
    planned = {2: faults.USER_RATE_LIMITED, 3: faults.BROKEN, 5: faults.NOT_THERE}
    google.faults.plan = lambda number, method: planned.get(number)
    events = f"{CALENDARS}/{calendar}/events"
    statuses = [http.get(events).status_code for _ in range(5)]
    assert statuses == [403, 500, 200, 404, 200]
    assert [call.status for call in google.called("events.list")] == statuses


def test_a_fault_before_the_effect_leaves_nothing_one_afterwards_does(
    google: GoogleServer, http: httpx.Client, calendar: str, sarah: Person
) -> None:
    events = f"{CALENDARS}/{calendar}/events"
    google.faults.next(faults.BROKEN, "events.insert")
    google.faults.next(faults.BROKEN_AFTERWARDS, "events.insert")
    assert http.post(events, json=lesson("before")).status_code == 500
    assert http.post(events, json=lesson("after")).status_code == 500
    assert [event["id"] for event in sarah.events(calendar)] == ["after"]


@pytest.mark.parametrize("applied", [False, True])
def test_a_connection_can_be_dropped_before_the_effect_and_after_it(
    google: GoogleServer, http: httpx.Client, calendar: str, sarah: Person, applied: bool
) -> None:
    fault = faults.DROPPED_AFTERWARDS if applied else faults.DROPPED
    google.faults.next(fault, "events.insert")
    with pytest.raises(httpx.RemoteProtocolError):
        http.post(f"{CALENDARS}/{calendar}/events", json=lesson())
    assert bool(sarah.events(calendar)) is applied


@pytest.mark.parametrize("applied", [False, True])
def test_an_answer_can_stay_away(
    google: GoogleServer, http: httpx.Client, calendar: str, sarah: Person, applied: bool
) -> None:
    google.faults.next(faults.HUNG_AFTERWARDS if applied else faults.HUNG, "events.insert")
    with pytest.raises(httpx.ReadTimeout):
        http.post(f"{CALENDARS}/{calendar}/events", json=lesson(), timeout=0.2)
    assert bool(sarah.events(calendar)) is applied


def test_an_answer_can_be_garbled_and_a_refusal_can_say_when_to_come_back(
    google: GoogleServer, http: httpx.Client, calendar: str
) -> None:
    google.faults.next(faults.GARBLED)
    google.faults.next(Fault(TOO_MANY_REQUESTS.waiting(7)))
    garbled = http.get(f"{CALENDARS}/{calendar}/events")
    assert garbled.status_code == 200
    with pytest.raises(ValueError, match="Expecting value"):
        garbled.json()
    refused = http.get(f"{CALENDARS}/{calendar}/events")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    assert refused.json()["error"]["errors"][0]["reason"] == "rateLimitExceeded"


def test_nothing_listens_any_more_once_it_is_closed() -> None:
    with GoogleServer() as server:
        address = urlsplit(server.base)
    with closing(socket.socket()) as client, pytest.raises(ConnectionRefusedError):
        client.connect((address.hostname, address.port))


# Notifications


class Receiver(ThreadingHTTPServer):
    """Where notifications go: answers `statuses` in turn, then 200."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receiving)
        self.received: list[dict[str, str]] = []
        self.statuses: list[int] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/google/notifications"


class _Receiving(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.server.received.append(dict(self.headers.items()))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        thread = Thread(target=receiver.serve_forever, args=(0.02,))
        thread.start()
        yield receiver
        receiver.shutdown()
        thread.join()


def watch(http: httpx.Client, calendar: str, address: str, **more: Any) -> httpx.Response:
    body = {"id": "channel-1", "type": "web_hook", "address": address, "token": "t0ken", **more}
    return http.post(f"{CALENDARS}/{calendar}/events/watch", json=body)


def test_a_channel_begins_with_sync_and_tells_of_every_change(
    google: GoogleServer, http: httpx.Client, calendar: str, sarah: Person, receiver: Receiver
) -> None:
    channel = watch(http, calendar, receiver.address).json()
    sarah.add(calendar, "Lunch", START, START + timedelta(minutes=30))
    http.post(f"{CALENDARS}/{calendar}/events", json=lesson())
    sarah.delete_calendar(calendar)
    google.channels.settle()
    states = [each["X-Goog-Resource-State"] for each in receiver.received]
    assert states == ["sync", "exists", "exists", "not_exists"]
    numbers = [int(each["X-Goog-Message-Number"]) for each in receiver.received]
    assert numbers[0] == 1
    assert numbers == sorted(set(numbers))
    for each in receiver.received:
        assert each["X-Goog-Channel-ID"] == channel["id"] == "channel-1"
        assert each["X-Goog-Channel-Token"] == "t0ken"
        assert each["X-Goog-Resource-ID"] == channel["resourceId"]
        assert each["X-Goog-Channel-Expiration"].endswith("GMT")
        assert each.get("Content-Length", "0") == "0"


def test_a_channel_is_silent_once_stopped_or_expired(
    google: GoogleServer, http: httpx.Client, calendar: str, sarah: Person, receiver: Receiver
) -> None:
    channel = watch(http, calendar, receiver.address).json()
    watch(http, calendar, receiver.address, id="channel-2", params={"ttl": "60"})
    google.world.advance(timedelta(seconds=61))
    stop = {"id": channel["id"], "resourceId": channel["resourceId"]}
    wrong = {**stop, "resourceId": "another"}
    assert http.post("/calendar/v3/channels/stop", json=wrong).status_code == 404
    assert http.post("/calendar/v3/channels/stop", json=stop).status_code == 204
    assert http.post("/calendar/v3/channels/stop", json=stop).status_code == 404
    sarah.add(calendar, "Lunch", START, START + timedelta(minutes=30))
    google.channels.settle()
    assert {each["X-Goog-Resource-State"] for each in receiver.received} == {"sync"}


def test_a_notification_that_failed_comes_again(
    google: GoogleServer, http: httpx.Client, calendar: str, receiver: Receiver
) -> None:
    receiver.statuses = [503]
    watch(http, calendar, receiver.address)
    google.channels.settle()
    assert [each["X-Goog-Message-Number"] for each in receiver.received] == ["1", "1"]
    assert [each.status for each in google.channels.delivered] == [200]


def test_a_public_address_is_reached_through_its_proxy(
    google: GoogleServer, http: httpx.Client, calendar: str, receiver: Receiver
) -> None:
    google.channels.proxied["https://brightpath.example/"] = receiver.address.removesuffix(
        "google/notifications"
    )
    watch(http, calendar, "https://brightpath.example/google/notifications")
    google.channels.settle()
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"address": "http://brightpath.example/"}, "push.webhookUrlNotHttps"),
        ({"type": "e-mail"}, "channelTypeUnknown"),
        ({"id": "x" * 65}, "channelIdInvalid"),
        ({"id": ""}, "channelIdInvalid"),
    ],
)
def test_a_channel_needs_an_id_and_a_secure_address(
    http: httpx.Client, calendar: str, wrong: dict[str, str], reason: str
) -> None:
    answer = watch(http, calendar, **({"address": "https://brightpath.example/"} | wrong))
    assert answer.json()["error"]["errors"][0]["reason"] == reason


def test_a_channel_id_is_used_once_and_google_decides_how_long_it_lasts(
    google: GoogleServer, http: httpx.Client, calendar: str, receiver: Receiver
) -> None:
    def lasts(**more: Any) -> timedelta:
        channel = watch(http, calendar, receiver.address, **more).json()
        ends = datetime.fromtimestamp(int(channel["expiration"]) / 1000, UTC)
        return ends - google.world.now()

    assert timedelta(days=6, hours=23) < lasts() <= timedelta(days=7)
    assert lasts(id="longer", params={"ttl": "86400000"}) <= timedelta(days=30)
    again = watch(http, calendar, receiver.address)
    assert again.json()["error"]["errors"][0]["reason"] == "channelIdNotUnique"


# Access


def authorization(google: GoogleServer, **changed: str) -> str:
    query = {
        "client_id": google.client.client_id,
        "redirect_uri": google.client.redirect_uris[0],
        "response_type": "code",
        "scope": "https://www.googleapis.com/auth/calendar.app.created",
        "state": "st4te",
        "access_type": "offline",
        **changed,
    }
    return f"{google.base}/o/oauth2/v2/auth?{urlencode(query)}"


def code_of(back: str) -> str:
    return parse_qs(urlsplit(back).query)["code"][0]


def token(google: GoogleServer, **form: str) -> httpx.Response:
    client = {
        "client_id": google.client.client_id,
        "client_secret": google.client.client_secret,
        "redirect_uri": google.client.redirect_uris[0],
        "grant_type": "authorization_code",
    }
    return httpx.post(f"{google.base}/token", data=client | form, trust_env=False)


def test_a_browser_is_sent_back_with_a_code_or_with_a_no(
    google: GoogleServer, sarah: Person
) -> None:
    url = authorization(google)
    google.oauth.at_the_browser = sarah
    back = httpx.get(url, trust_env=False).headers["location"]
    assert back.startswith(f"{google.client.redirect_uris[0]}?")
    assert parse_qs(urlsplit(back).query)["state"] == ["st4te"]
    assert token(google, code=code_of(back)).status_code == 200
    google.oauth.agrees = False
    back = httpx.get(url, trust_env=False).headers["location"]
    assert parse_qs(urlsplit(back).query) == {"error": ["access_denied"], "state": ["st4te"]}


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "redirect_uri_mismatch"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_google_shows_its_own_page_for_a_wrong_way_to_it(
    google: GoogleServer, sarah: Person, wrong: dict[str, str], error: str
) -> None:
    google.oauth.at_the_browser = sarah
    answer = httpx.get(authorization(google, **wrong), trust_env=False)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_code_works_once_within_ten_minutes_for_its_client_and_address(
    google: GoogleServer, sarah: Person
) -> None:
    def fresh() -> str:
        return code_of(google.oauth.consent(authorization(google), sarah))

    code = fresh()
    assert token(google, code=code).json()["token_type"] == "Bearer"
    assert token(google, code=code).json()["error"] == "invalid_grant"
    assert token(google, code=fresh(), client_secret="no").status_code == 401
    elsewhere = token(google, code=fresh(), redirect_uri="https://evil.example/")
    assert elsewhere.json()["error"] == "redirect_uri_mismatch"
    code = fresh()
    google.world.advance(timedelta(minutes=11))
    assert token(google, code=code).json()["error"] == "invalid_grant"


def test_a_code_with_a_challenge_needs_its_verifier(google: GoogleServer, sarah: Person) -> None:
    # The example of RFC 7636, appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    url = authorization(
        google,
        code_challenge="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        code_challenge_method="S256",
    )
    answers = [
        token(google, code=code_of(google.oauth.consent(url, sarah)), **form)
        for form in ({}, {"code_verifier": verifier[::-1]}, {"code_verifier": verifier})
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 200]


def test_only_a_new_consent_brings_a_refresh_token(google: GoogleServer, sarah: Person) -> None:
    def granted(**changed: str) -> dict[str, Any]:
        back = google.oauth.consent(authorization(google, **changed), sarah)
        answer: dict[str, Any] = token(google, code=code_of(back)).json()
        return answer

    assert "refresh_token" not in granted(access_type="online")
    assert "refresh_token" not in granted()
    assert "refresh_token" in granted(prompt="consent")


def test_revoking_any_token_ends_the_whole_grant(google: GoogleServer, sarah: Person) -> None:
    access, refresh = google.oauth.grant(sarah, google.client.client_id, frozenset())
    form = {"grant_type": "refresh_token", "refresh_token": refresh}
    assert token(google, **form).status_code == 200
    revoke = f"{google.base}/revoke"
    assert httpx.post(revoke, data={"token": access}, trust_env=False).status_code == 200
    assert token(google, **form).json()["error"] == "invalid_grant"
    assert google.oauth.access(access) is None
    again = httpx.post(revoke, data={"token": access}, trust_env=False)
    assert again.json()["error"] == "invalid_token"


def test_requests_may_come_in_parallel(
    google: GoogleServer, http: httpx.Client, calendar: str, sarah: Person
) -> None:
    def insert(number: int) -> None:
        http.post(f"{CALENDARS}/{calendar}/events", json=lesson(f"lesson{number % 10:02}"))

    threads = [Thread(target=insert, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sarah.events(calendar)) == 10
    statuses = sorted(call.status for call in google.called("events.insert"))
    assert statuses == [200] * 10 + [409] * 20
