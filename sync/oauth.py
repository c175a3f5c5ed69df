"""OAuth 2.0 with Google, for a server: the way to its consent page, the code that comes back, and
the tokens (RFC 6749, PKCE by RFC 7636). Every function that calls out blocks its thread."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx

from sync.errors import (
    AccessRevoked,
    ClientRefused,
    RateLimited,
    Refused,
    RemoteError,
    ScopeMissing,
    Unavailable,
)

OAUTH_BASE = "https://oauth2.googleapis.com"
AUTHORIZATION_PAGE = "https://accounts.google.com/o/oauth2/v2/auth"
SCOPE = "https://www.googleapis.com/auth/calendar.app.created"
"""Lets us make calendars, and see and change these; nothing else of the account."""

TIMEOUT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """How Google knows this server; `redirect_uri` is where people come back to. `base` is another
    server than Google's, for tests."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    base: str = OAUTH_BASE


@dataclass(frozen=True, slots=True)
class Tokens:
    """`access_token` opens the API for `expires_in`; `refresh_token` fetches the next one, and is
    given only with a consent."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: timedelta


def authorization_url(client: OAuthClient, state: str, secret: bytes) -> str:
    """Where the person agrees. `state` comes back with them; `secret` is the server's own."""
    page = AUTHORIZATION_PAGE if client.base == OAUTH_BASE else f"{client.base}/o/oauth2/v2/auth"
    challenge = hashlib.sha256(code_verifier(state, secret).encode()).digest()
    query = {
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "response_type": "code",
        "scope": SCOPE,
        "state": state,
        "code_challenge": _base64url(challenge),
        "code_challenge_method": "S256",
        # Without a new consent there is no refresh token for somebody who agreed once before.
        "access_type": "offline",
        "prompt": "consent",
    }
    return f"{page}?{urlencode(query)}"


def code_verifier(state: str, secret: bytes) -> str:
    """The PKCE verifier that belongs to `state`: whoever holds the secret can make it again, so
    it is kept nowhere."""
    return _base64url(hmac.digest(secret, b"google code verifier:" + state.encode(), "sha256"))


def exchange(client: OAuthClient, code: str, state: str, secret: bytes) -> Tokens:
    """The tokens for the code that came back with `state`.

    Raises `AccessRevoked` if the code is not (any longer) good, `ScopeMissing`, `ClientRefused`,
    `Unavailable`, `RateLimited`, `Refused`.
    """
    answer = _post(
        client,
        "token",
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect_uri,
            "code_verifier": code_verifier(state, secret),
            **_credentials(client),
        },
    )
    tokens = _tokens(answer)
    if SCOPE not in str(answer.get("scope", "")).split():
        raise ScopeMissing("scopeMissing")
    if tokens.refresh_token is None:
        raise Refused("noRefreshToken")
    return tokens


def refresh(client: OAuthClient, refresh_token: str) -> Tokens:
    """A new access token. Raises `AccessRevoked` if the person took the access back or it lapsed;
    `ClientRefused`, `Unavailable`, `RateLimited`, `Refused`."""
    return _tokens(
        _post(
            client,
            "token",
            {
                "grant_type": "refresh_token",
                "refresh_token": refresh_token,
                **_credentials(client),
            },
        )
    )


def revoke(client: OAuthClient, refresh_token: str) -> None:
    """Give the access back; one that is gone already is fine. Raises `Unavailable`, `RateLimited`,
    `Refused`."""
    try:
        _post(client, "revoke", {"token": refresh_token})
    except AccessRevoked:
        return


def _credentials(client: OAuthClient) -> dict[str, str]:
    return {"client_id": client.client_id, "client_secret": client.client_secret}


def _post(client: OAuthClient, path: str, form: Mapping[str, str]) -> dict[str, Any]:
    problem: RemoteError | None
    body: dict[str, Any] | None = None
    try:
        answer = httpx.post(f"{client.base}/{path}", data=dict(form), timeout=TIMEOUT_SECONDS)
    except (httpx.ConnectError, httpx.ConnectTimeout):
        problem = Unavailable("noConnection", ambiguous=False)
    except httpx.RequestError:
        problem = Unavailable("connectionLost")
    else:
        body = _json(answer.content)
        problem = problem_of(answer.status_code, body)
    # Raised out here, so that it does not carry httpx's exception along: the request that hangs on
    # it holds the secrets.
    if problem is not None:
        raise problem
    if body is None:
        raise Unavailable("malformedAnswer")
    return body


def problem_of(status: int, body: Mapping[str, Any] | None) -> RemoteError | None:
    """What an answer of the token or revocation endpoint means; None: it was done."""
    if status < 300:
        return None
    code = str((body or {}).get("error", f"http{status}"))
    if status >= 500:
        return Unavailable(code)
    if status == 429:
        return RateLimited(code)
    if code in ("invalid_grant", "invalid_token"):
        return AccessRevoked(code)
    if code in ("invalid_client", "unauthorized_client", "redirect_uri_mismatch"):
        return ClientRefused(code)
    return Refused(code)


def _tokens(answer: Mapping[str, Any]) -> Tokens:
    access_token = answer.get("access_token")
    seconds = answer.get("expires_in")
    if not isinstance(access_token, str) or not isinstance(seconds, int):
        raise Unavailable("malformedAnswer")
    return Tokens(access_token, answer.get("refresh_token"), timedelta(seconds=seconds))


def _json(body: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(body)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
