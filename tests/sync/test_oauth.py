"""The way to Google's consent and back, against the server."""

import base64
import hashlib
import socket
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from googleapi import faults
from googleapi.faults import Fault
from googleapi.refusals import TOO_MANY_REQUESTS
from googleapi.server import GoogleServer
from googleapi.world import Person
from hypothesis import given
from hypothesis import strategies as st

from sync import oauth
from sync.errors import (
    AccessRevoked,
    ClientRefused,
    RateLimited,
    Refused,
    RemoteError,
    ScopeMissing,
    Unavailable,
)
from sync.google import GoogleCalendars
from sync.oauth import OAuthClient

SECRET = b"the secret of the server in this test"
STATE = "st4te"


@pytest.fixture
def sarah(google: GoogleServer) -> Person:
    return google.world.person("Sarah")


@pytest.fixture
def client(google: GoogleServer) -> OAuthClient:
    registered = google.client
    (redirect_uri,) = registered.redirect_uris
    return OAuthClient(
        registered.client_id, registered.client_secret, redirect_uri, base=google.base
    )


def query_of(url: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}


def agreed(google: GoogleServer, client: OAuthClient, person: Person) -> str:
    """The code that comes back after the person agreed."""
    url = oauth.authorization_url(client, STATE, SECRET)
    back = query_of(google.oauth.consent(url, person))
    assert back["state"] == STATE
    return back["code"]


def test_the_way_to_the_page_asks_for_no_more_than_we_need() -> None:
    client = OAuthClient("id", "secret", "https://brightpath.example/google/callback")
    url = oauth.authorization_url(client, STATE, SECRET)
    assert url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    assert query_of(url) == {
        "client_id": "id",
        "redirect_uri": "https://brightpath.example/google/callback",
        "response_type": "code",
        "scope": "https://www.googleapis.com/auth/calendar.app.created",
        "state": STATE,
        "access_type": "offline",
        "prompt": "consent",
        "code_challenge": query_of(url)["code_challenge"],
        "code_challenge_method": "S256",
    }


@given(st.text("abcXYZ019-_", min_size=1), st.binary(min_size=16))
def test_the_verifier_is_of_the_standards_form_and_behind_the_challenge(
    state: str, secret: bytes
) -> None:
    verifier = oauth.code_verifier(state, secret)
    assert 43 <= len(verifier) <= 128
    assert verifier.replace("-", "").replace("_", "").isalnum()
    assert verifier == oauth.code_verifier(state, secret)
    assert verifier != oauth.code_verifier(state + "x", secret)
    assert verifier != oauth.code_verifier(state, secret + b"x")
    client = OAuthClient("id", "secret", "https://brightpath.example/google/callback")
    challenge = query_of(oauth.authorization_url(client, state, secret))["code_challenge"]
    padded = base64.urlsafe_b64decode(challenge + "=")
    assert padded == hashlib.sha256(verifier.encode()).digest()


def test_from_consent_to_a_calendar(
    google: GoogleServer, client: OAuthClient, sarah: Person
) -> None:
    tokens = oauth.exchange(client, agreed(google, client, sarah), STATE, SECRET)
    assert tokens.refresh_token is not None
    assert timedelta(minutes=59) < tokens.expires_in <= timedelta(hours=1)
    fresh = oauth.refresh(client, tokens.refresh_token)
    assert fresh.refresh_token is None
    for token in (tokens.access_token, fresh.access_token):
        GoogleCalendars(token, base=google.base).create_calendar("Emma", "UTC")
    assert len(sarah.calendars()) == 3


def test_a_second_consent_brings_a_refresh_token_again(
    google: GoogleServer, client: OAuthClient, sarah: Person
) -> None:
    for _ in range(2):
        tokens = oauth.exchange(client, agreed(google, client, sarah), STATE, SECRET)
        assert tokens.refresh_token is not None


def test_a_code_is_good_once_and_with_its_own_state_and_secret(
    google: GoogleServer, client: OAuthClient, sarah: Person
) -> None:
    code = agreed(google, client, sarah)
    oauth.exchange(client, code, STATE, SECRET)
    with pytest.raises(AccessRevoked):
        oauth.exchange(client, code, STATE, SECRET)
    with pytest.raises(AccessRevoked):
        oauth.exchange(client, agreed(google, client, sarah), "another", SECRET)
    with pytest.raises(AccessRevoked):
        oauth.exchange(client, agreed(google, client, sarah), STATE, SECRET + b"x")


def test_a_box_left_unticked_is_noticed(
    google: GoogleServer, client: OAuthClient, sarah: Person
) -> None:
    url = oauth.authorization_url(client, STATE, SECRET)
    code = query_of(google.oauth.consent(url, sarah, scopes=frozenset()))["code"]
    with pytest.raises(ScopeMissing):
        oauth.exchange(client, code, STATE, SECRET)


def test_access_ends_when_it_is_taken_back_on_either_side(
    google: GoogleServer, client: OAuthClient, sarah: Person
) -> None:
    tokens = oauth.exchange(client, agreed(google, client, sarah), STATE, SECRET)
    assert tokens.refresh_token is not None
    google.oauth.take_back(sarah)
    with pytest.raises(AccessRevoked):
        oauth.refresh(client, tokens.refresh_token)
    oauth.revoke(client, tokens.refresh_token)
    tokens = oauth.exchange(client, agreed(google, client, sarah), STATE, SECRET)
    assert tokens.refresh_token is not None
    oauth.revoke(client, tokens.refresh_token)
    with pytest.raises(AccessRevoked):
        oauth.refresh(client, tokens.refresh_token)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda client: replace(client, client_id="nobody"),
        lambda client: replace(client, client_secret="wr0ng"),
        lambda client: replace(client, redirect_uri="https://brightpath.example/elsewhere"),
    ],
)
def test_a_wrong_registration_is_the_operators_to_mend(
    google: GoogleServer,
    client: OAuthClient,
    sarah: Person,
    wrong: Callable[[OAuthClient], OAuthClient],
) -> None:
    code = agreed(google, client, sarah)
    with pytest.raises(ClientRefused):
        oauth.exchange(wrong(client), code, STATE, SECRET)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (faults.BROKEN, Unavailable),
        (faults.DROPPED, Unavailable),
        (faults.DROPPED_AFTERWARDS, Unavailable),
        (faults.GARBLED, Unavailable),
        (Fault(TOO_MANY_REQUESTS), RateLimited),
    ],
)
def test_a_server_in_trouble_is_not_a_person_who_took_access_back(
    google: GoogleServer, client: OAuthClient, sarah: Person, fault: Fault, outcome: type[Exception]
) -> None:
    _, refresh_token = google.oauth.grant(sarah, client.client_id, frozenset({oauth.SCOPE}))
    google.faults.next(fault)
    with pytest.raises(outcome):
        oauth.refresh(client, refresh_token)


def test_no_connection_and_no_answer(
    google: GoogleServer, client: OAuthClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.oauth.TIMEOUT_SECONDS", 0.2)
    google.faults.next(faults.HUNG)
    with pytest.raises(Unavailable) as caught:
        oauth.refresh(client, "1//0")
    assert caught.value.ambiguous
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = replace(client, base=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(Unavailable) as caught:
            oauth.refresh(nobody, "1//0")
    assert not caught.value.ambiguous


def test_answers_that_nobody_expects() -> None:
    assert isinstance(oauth.problem_of(400, {"error": "admin_policy_enforced"}), Refused)
    assert isinstance(oauth.problem_of(404, None), Refused)
    assert oauth.problem_of(200, {}) is None


@pytest.mark.parametrize("fault", [None, faults.BROKEN, faults.DROPPED, faults.GARBLED])
def test_nothing_secret_is_in_an_error_or_a_representation(
    google: GoogleServer, client: OAuthClient, sarah: Person, fault: Fault | None
) -> None:
    tokens = oauth.exchange(client, agreed(google, client, sarah), STATE, SECRET)
    code = agreed(google, client, sarah)
    google.oauth.take_back(sarah)
    google.world.advance(timedelta(minutes=11))
    told = repr(client) + repr(tokens)
    for call in (
        lambda: oauth.exchange(client, code, STATE, SECRET),
        lambda: oauth.refresh(client, tokens.refresh_token or ""),
    ):
        if fault is not None:
            google.faults.next(fault)
        with pytest.raises(RemoteError) as caught:
            call()
        assert caught.value.__context__ is None
        told += "".join(traceback.format_exception(caught.value))
    verifier = oauth.code_verifier(STATE, SECRET)
    for secret in (
        client.client_secret,
        tokens.access_token,
        tokens.refresh_token,
        code,
        verifier,
    ):
        assert str(secret) not in told
