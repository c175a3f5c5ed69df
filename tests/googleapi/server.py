"""Google Calendar and Google's OAuth server over HTTP on loopback: a `World` behind the real
protocol, with faults on order.

    with GoogleServer() as google:
        sarah = google.world.person("Sarah")
        ...  # a client with GOOGLE_API_BASE and GOOGLE_OAUTH_BASE set to google.base
        sarah.move(calendar_id, event_id, start)
    google.check()

Every request and every answer is held against Google's own description of the API; what breaks it
is kept in `violations` and raised by `check()`. `calls` are all that came in, whatever became of
them.
"""

import json
import sys
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from googleapi.channels import Channels
from googleapi.discovery import (
    BASE_PATH,
    ContractError,
    Matched,
    check_answer,
    check_query,
    check_request,
    match,
)
from googleapi.faults import Ending, Fault, Faults
from googleapi.listing import Lists, NotModelled
from googleapi.methods import APP_CREATED, METHODS, Asked, Google
from googleapi.oauth import Access, AtThePage, Client, OAuth, TokenRefusal
from googleapi.refusals import (
    LACKING_SCOPE,
    UNAUTHORIZED,
    USER_RATE_LIMIT,
    Refusal,
    Refused,
    invalid,
)
from googleapi.world import Calendar, Person, World

CLIENT_ID = "brightpath-test.apps.googleusercontent.com"
CLIENT_SECRET = "GOCSPX-a-secret-of-tests"
REDIRECT_URI = "http://127.0.0.1:8000/google/callback"
IDLE_SECONDS = 10


@dataclass(frozen=True)
class Call:
    """A request as it came in. `status` is what it was answered; 0: nothing that can be read."""

    method: str
    path: Mapping[str, str]
    body: Any
    status: int


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


class GoogleServer:
    """A server on a free port of 127.0.0.1, in threads of its own while the context is open.

    `calls_a_minute`: what one person's programs may make, by the server's clock; None: any number.
    """

    def __init__(self, seed: int = 1) -> None:
        self.world = World(seed, self._changed)
        self.lists = Lists(self.world)
        self.channels = Channels(self.world)
        self.oauth = OAuth(self.world)
        self.faults = Faults()
        self.client: Client = self.oauth.register(CLIENT_ID, CLIENT_SECRET, REDIRECT_URI)
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.calls_a_minute: int | None = None
        self.closing = threading.Event()
        self._recent: dict[str, deque[datetime]] = {}
        self._counted = 0
        self._http = _Server(self)
        self.base = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> "GoogleServer":
        self._thread.start()
        self.channels.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._thread.join(20)
        self._http.server_close()
        self.channels.close()

    def access_token(
        self, person: Person, scopes: frozenset[str] = frozenset({APP_CREATED})
    ) -> str:
        """A token for the registered client, without the way through a browser."""
        return self.oauth.grant(person, self.client.client_id, scopes)[0]

    def called(self, method: str) -> list[Call]:
        """The calls of `method` so far, oldest first."""
        return [call for call in self.calls if call.method == method]

    def check(self) -> None:
        """Raises AssertionError if anything broke the description of the API."""
        assert not self.violations, "\n".join(self.violations)

    def _changed(self, calendar: Calendar, state: str) -> None:
        self.channels.changed(calendar, state)

    def answer(self, request: "_Handler", raw: bytes) -> Reply | Ending:
        """What a request comes to."""
        parts = urlsplit(request.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        if parts.path.startswith(BASE_PATH):
            return self._api(request, parts.path, query, raw)
        form = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
        if (request.command, parts.path) == ("POST", "/token"):
            return self._form("oauth.token", form)
        if (request.command, parts.path) == ("POST", "/revoke"):
            return self._form("oauth.revoke", form)
        if (request.command, parts.path) == ("GET", "/o/oauth2/v2/auth"):
            return self._page(request.path)
        return self._violation(f"{request.command} {parts.path}: no such address")

    def _api(
        self, request: "_Handler", path: str, query: dict[str, list[str]], raw: bytes
    ) -> Reply | Ending:
        try:
            matched = match(request.command, path)
            check_query(matched.method, query)
            body = json.loads(raw) if raw else None
            check_request(matched.method, body)
        except (ContractError, ValueError) as error:
            return self._violation(str(error))
        name = matched.method.name
        fault = self._fault(name)
        if fault is not None and not fault.applied:
            return self._ended(fault, name, matched.path, body)
        try:
            access = self._access(request, matched)
            asked = Asked(access, matched.path, query, body, request.headers.get("If-Match"))
            with self.world.lock:
                answer = METHODS[name](Google(self.world, self.lists, self.channels), asked)
                answer = json.loads(json.dumps(answer))
            check_answer(matched.method, answer)
        except Refused as error:
            return self._record(name, matched.path, body, _refused(error.refusal))
        except (ContractError, NotModelled, KeyError) as error:
            return self._violation(f"{name}: {error!r}")
        if fault is not None:
            return self._ended(fault, name, matched.path, body)
        done = Reply(204) if answer is None else Reply(200, answer)
        return self._record(name, matched.path, body, done)

    def _access(self, request: "_Handler", matched: Matched) -> Access:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        access = self.oauth.access(token) if kind == "Bearer" else None
        if access is None:
            raise Refused(UNAUTHORIZED)
        if not matched.method.scopes & access.scopes:
            raise Refused(LACKING_SCOPE)
        self._count_against_limit(access.person)
        return access

    def _count_against_limit(self, person: Person) -> None:
        if self.calls_a_minute is None:
            return
        with self.world.lock:
            now = self.world.now()
            recent = self._recent.setdefault(person.email, deque())
            while recent and recent[0] <= now - timedelta(minutes=1):
                recent.popleft()
            if len(recent) >= self.calls_a_minute:
                raise Refused(USER_RATE_LIMIT)
            recent.append(now)

    def _form(self, name: str, form: dict[str, str]) -> Reply | Ending:
        fault = self._fault(name)
        if fault is not None and not fault.applied:
            return self._ended(fault, name, {}, None)
        try:
            answer = self.oauth.token(form) if name == "oauth.token" else self.oauth.revoke(form)
        except TokenRefusal as error:
            return self._record(name, {}, None, Reply(error.status, error.body))
        if fault is not None:
            return self._ended(fault, name, {}, None)
        return self._record(name, {}, None, Reply(200, answer))

    def _page(self, url: str) -> Reply:
        person = self.oauth.at_the_browser
        try:
            if person is None:
                raise AtThePage("nobody is signed in")
            agreed = self.oauth.agrees
            back = self.oauth.consent(url, person) if agreed else self.oauth.refuse(url)
        except AtThePage as error:
            return Reply(400, {"error": str(error)})
        except ContractError as error:
            return self._violation(str(error))
        return Reply(302, None, (("Location", back),))

    def _fault(self, name: str) -> Fault | None:
        with self.world.lock:
            self._counted += 1
            return self.faults.meet(self._counted, name)

    def _ended(self, fault: Fault, name: str, path: Mapping[str, str], body: Any) -> Reply | Ending:
        if isinstance(fault.ending, Refusal):
            return self._record(name, path, body, _refused(fault.ending))
        self.calls.append(Call(name, path, body, 0))
        return fault.ending

    def _record(self, name: str, path: Mapping[str, str], body: Any, reply: Reply) -> Reply:
        self.calls.append(Call(name, path, body, reply.status))
        return reply

    def _violation(self, text: str) -> Reply:
        self.violations.append(text)
        return _refused(invalid(text, "badRequest").refusal)


def _refused(refusal: Refusal) -> Reply:
    return Reply(refusal.status, refusal.body, refusal.headers)


class _Server(ThreadingHTTPServer):
    # Joined when the server closes, so that no socket outlives a test.
    daemon_threads = False
    request_queue_size = 100

    def __init__(self, google: GoogleServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.google = google

    def handle_error(self, request: object, client_address: object) -> None:
        error = sys.exc_info()[1]
        # A client that gave up waiting is no fault of anybody's.
        if not isinstance(error, ConnectionError):
            self.google.violations.append(f"the server itself broke: {error!r}")


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self.server.google.answer(self, raw)
        self.close_connection = True
        if reply is Ending.HUNG:
            self.server.google.closing.wait()
        if reply in (Ending.HUNG, Ending.DROPPED):
            return
        if isinstance(reply, Ending):
            reply = Reply(200, "<html>")
        self._send(reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - names of the base

    def _send(self, reply: Reply) -> None:
        body = b"" if reply.body is None else _encoded(reply.body)
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", "application/json; charset=UTF-8")
        if reply.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        pass


def _encoded(body: Any) -> bytes:
    return (body if isinstance(body, str) else json.dumps(body)).encode()
