"""Google's OAuth 2.0 server: consent, codes that work once, tokens that end, grants that a person
takes back."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from googleapi.discovery import DOCUMENT, ContractError
from googleapi.world import Person, World

CODE_LIFETIME = timedelta(minutes=10)
ACCESS_TOKEN_LIFETIME = timedelta(seconds=3599)
SCOPES: frozenset[str] = frozenset(DOCUMENT["auth"]["oauth2"]["scopes"])
_AUTHORIZATION = {
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "access_type",
    "prompt",
    "include_granted_scopes",
    "login_hint",
    "hl",
}


@dataclass(frozen=True)
class Client:
    """A program that is registered at Google."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True)
class Access:
    """On whose behalf, by which program and how far a call may go."""

    person: Person
    client_id: str
    scopes: frozenset[str]


@dataclass(frozen=True)
class Code:
    access: Access
    redirect_uri: str
    challenge: str | None
    offline: bool
    expires: datetime


class TokenRefusal(Exception):
    """An answer of the token endpoint that is no success."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.description = description

    @property
    def body(self) -> dict[str, str]:
        return {"error": self.error, "error_description": self.description}


class AtThePage(Exception):
    """Google shows an error of its own instead of sending the person back."""


@dataclass
class OAuth:
    """`at_the_browser` agrees to what a browser is sent here for, or (with `agrees` False) not;
    None: nobody is signed in."""

    world: World
    clients: dict[str, Client] = field(default_factory=dict)
    at_the_browser: Person | None = None
    agrees: bool = True
    _codes: dict[str, Code] = field(default_factory=dict)
    _refresh_tokens: dict[str, Access] = field(default_factory=dict)
    _access_tokens: dict[str, tuple[Access, datetime]] = field(default_factory=dict)
    _consented: set[tuple[str, str]] = field(default_factory=set)

    def register(self, client_id: str, client_secret: str, *redirect_uris: str) -> Client:
        client = Client(client_id, client_secret, redirect_uris)
        self.clients[client_id] = client
        return client

    def consent(self, url: str, person: Person, *, scopes: frozenset[str] | None = None) -> str:
        """What the person's browser is sent back to after they agreed at `url`, to all or only to
        some `scopes`. Raises AtThePage, ContractError."""
        asked = self._asked(url)
        with self.world.lock:
            wanted = frozenset(asked["scope"].split())
            granted = wanted if scopes is None else wanted & scopes
            access = Access(person, asked["client_id"], granted)
            again = (person.email, asked["client_id"]) in self._consented
            self._consented.add((person.email, asked["client_id"]))
            code = f"4/0{self.world.token()}"
            self._codes[code] = Code(
                access,
                asked["redirect_uri"],
                asked.get("code_challenge"),
                asked.get("access_type") == "offline"
                and (not again or asked.get("prompt") == "consent"),
                self.world.now() + CODE_LIFETIME,
            )
        back = {"code": code, "scope": " ".join(sorted(granted))}
        if "state" in asked:
            back = {"state": asked["state"], **back}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def refuse(self, url: str) -> str:
        """What the browser is sent back to after the person chose not to agree."""
        asked = self._asked(url)
        back = {"error": "access_denied"} | {n: asked[n] for n in ("state",) if n in asked}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def token(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The token endpoint. Raises TokenRefusal."""
        with self.world.lock:
            client = self.clients.get(form.get("client_id", ""))
            if client is None:
                raise TokenRefusal(401, "invalid_client", "The OAuth client was not found.")
            if form.get("client_secret") != client.client_secret:
                raise TokenRefusal(401, "invalid_client", "Unauthorized")
            if form.get("grant_type") == "authorization_code":
                return self._from_code(client, form)
            if form.get("grant_type") == "refresh_token":
                return self._from_refresh_token(client, form)
        raise TokenRefusal(400, "unsupported_grant_type", f"{form.get('grant_type')}")

    def revoke(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The revocation endpoint: the whole grant ends with any of its tokens."""
        with self.world.lock:
            token = form.get("token", "")
            access = self._refresh_tokens.get(token) or self.access(token)
            if access is None:
                raise TokenRefusal(400, "invalid_token", "Token expired or revoked")
            self._end(access)
        return {}

    def access(self, access_token: str) -> Access | None:
        """What a token opens now."""
        with self.world.lock:
            access, expires = self._access_tokens.get(access_token, (None, None))
            return access if expires is not None and expires > self.world.now() else None

    def grant(self, person: Person, client_id: str, scopes: frozenset[str]) -> tuple[str, str]:
        """An access token and a refresh token without the way through a browser."""
        with self.world.lock:
            access = Access(person, client_id, scopes)
            return self._access_token(access), self._refresh_token(access)

    def take_back(self, person: Person) -> None:
        """The person removes every program's access in their account's settings."""
        with self.world.lock:
            held = [access for access, _ in self._access_tokens.values()]
            for access in [*self._refresh_tokens.values(), *held]:
                if access.person is person:
                    self._end(access)

    def expire_access_tokens(self) -> None:
        """Ends every access token at once; refresh tokens stay good."""
        with self.world.lock:
            self._access_tokens.clear()

    def _asked(self, url: str) -> dict[str, str]:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        unknown = set(asked) - _AUTHORIZATION
        if unknown:
            raise ContractError(f"authorization: unknown parameters {sorted(unknown)}")
        client = self.clients.get(asked.get("client_id", ""))
        if client is None:
            raise AtThePage("invalid_client")
        if asked.get("redirect_uri") not in client.redirect_uris:
            raise AtThePage("redirect_uri_mismatch")
        scopes = set(asked.get("scope", "").split())
        if not scopes or not scopes <= SCOPES:
            raise AtThePage("invalid_scope")
        if asked.get("response_type") != "code":
            raise AtThePage("unsupported_response_type")
        if "code_challenge" in asked and asked.get("code_challenge_method") != "S256":
            raise ContractError("authorization: the challenge is not S256")
        return asked

    def _from_code(self, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
        # Taken out whatever comes of it: a code works once.
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.access.client_id != client.client_id:
            raise TokenRefusal(400, "invalid_grant", "Malformed auth code.")
        if code.expires <= self.world.now():
            raise TokenRefusal(400, "invalid_grant", "Bad Request")
        if form.get("redirect_uri") != code.redirect_uri:
            raise TokenRefusal(400, "redirect_uri_mismatch", "Bad Request")
        if code.challenge is not None and _challenge(form) != code.challenge:
            raise TokenRefusal(400, "invalid_grant", "Invalid code verifier.")
        answer = self._answer(code.access)
        if code.offline:
            answer["refresh_token"] = self._refresh_token(code.access)
        return answer

    def _from_refresh_token(self, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
        access = self._refresh_tokens.get(form.get("refresh_token", ""))
        if access is None or access.client_id != client.client_id:
            raise TokenRefusal(400, "invalid_grant", "Token has been expired or revoked.")
        return self._answer(access)

    def _answer(self, access: Access) -> dict[str, Any]:
        return {
            "access_token": self._access_token(access),
            "expires_in": int(ACCESS_TOKEN_LIFETIME.total_seconds()),
            "scope": " ".join(sorted(access.scopes)),
            "token_type": "Bearer",
        }

    def _access_token(self, access: Access) -> str:
        token = f"ya29.{self.world.token(48)}"
        self._access_tokens[token] = (access, self.world.now() + ACCESS_TOKEN_LIFETIME)
        return token

    def _refresh_token(self, access: Access) -> str:
        token = f"1//0{self.world.token(48)}"
        self._refresh_tokens[token] = access
        return token

    def _end(self, ended: Access) -> None:
        same = (ended.person.email, ended.client_id)
        self._consented.discard(same)
        self._refresh_tokens = {
            token: access
            for token, access in self._refresh_tokens.items()
            if (access.person.email, access.client_id) != same
        }
        self._access_tokens = {
            token: (access, expires)
            for token, (access, expires) in self._access_tokens.items()
            if (access.person.email, access.client_id) != same
        }


def _challenge(form: Mapping[str, str]) -> str:
    hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
