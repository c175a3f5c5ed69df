"""Asking a WebDAV server (RFC 4918) that a family has named.

The `caldav` library words requests, signs in and reads answers. The line beneath it is ours: the
library's own resolves names without asking anybody, follows redirects and the proxies of the
environment, and reads whatever comes. Ours goes where the guard of all outside addresses lets it
(`sync.fetch`), to the very address that was checked, and stops reading in time.

Everything here blocks, so it runs in a thread; one server object serves one caller at a time.
"""

import asyncio
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType
from typing import Any
from urllib.parse import urljoin

import httpcore
import httpx
from caldav.davclient import DAVClient
from caldav.lib.auth import select_auth_type
from caldav.lib.error import AuthorizationError, DAVError, RateLimitError, parse_preconditions

from core.outside import parse_address
from sync.errors import (
    AccessRevoked,
    Forbidden,
    QuotaExceeded,
    RateLimited,
    Refused,
    RemoteError,
    Unavailable,
)
from sync.fetch import CONNECT_SECONDS, MOST_BYTES, MOST_REDIRECTS, Guard, NotPublic, reachable

SECONDS = 20.0
"""How long a server may be silent."""

BODY_SECONDS = 60.0
"""How long an answer's body may take."""

CERTIFICATE = "certificate"
"""Reason of `Unavailable` where nobody vouches that the server is who it says."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_NEED_PRIVILEGES = "{DAV:}need-privileges"


class NotAllowed(RemoteError):
    """An address to which we do not go: not https, or not a public one."""


class NotCalDav(RemoteError):
    """Whatever answers there, it is no calendar server that we can use."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who asks. Servers want a password made for apps where the account has a second factor."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer below 500. `url` is where it came from in the end, `conditions` are the reasons
    that it gives (DAV:error), `resources` what a multistatus says: path and properties of each."""

    url: str
    status: int
    etag: str | None = None
    text: str = ""
    conditions: frozenset[str] = frozenset()
    resources: tuple[tuple[str, Mapping[str, Any]], ...] = ()


class Server:
    """A server, signed in to with the first request that asks for it; closed with its context."""

    def __init__(self, address: str, login: Login, guard: Guard) -> None:
        self._line = _Line(guard)
        self._client = _Client(address, login, self._line)

    def __enter__(self) -> "Server":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._line.close()

    def ask(
        self,
        method: str,
        url: str,
        body: str = "",
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Answer:
        """One request, and those to which it is redirected, with the same method and body.

        The password goes wherever the server sends us, over TLS: a calendar's home is often on
        another host than the address that people know, and whoever sends us there has it already.

        Raises `NotAllowed`, `AccessRevoked` (401), `Forbidden` (403), `RateLimited` (429),
        `QuotaExceeded` (507), `Unavailable` (other 5xx, or no answer), `Refused`.
        """
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._ask_once(method, url, body, headers)
            if isinstance(answer, Answer):
                return answer
            url = urljoin(url, answer)
        raise Refused("redirects")

    def _ask_once(
        self, method: str, url: str, body: str, headers: Mapping[str, str]
    ) -> Answer | str:
        """The answer, or where it redirects to. What is raised here quotes neither address nor
        body, and has no cause: the library's exceptions do."""
        try:
            response = self._client.request(url, method, body, headers)
            status: int = response.status
            resources = response.parse_propfind() if status == 207 else ()
        except RateLimitError as error:
            raise RateLimited("rate limit", error.retry_after_seconds) from None
        except AuthorizationError as error:
            if error.status != 403:
                raise AccessRevoked("password") from None
            conditions = frozenset(error.preconditions)
            if not conditions or _NEED_PRIVILEGES in conditions:
                raise Forbidden("not allowed") from None
            return Answer(url, 403, conditions=conditions)
        except NotImplementedError:
            raise AccessRevoked("no way to sign in") from None
        except NotPublic:
            raise NotAllowed("not public") from None
        except (
            httpcore.NetworkError,
            httpcore.TimeoutException,
            httpcore.ProtocolError,
            OSError,
        ) as error:
            raise Unavailable(_trouble(error)) from None
        except (DAVError, SyntaxError, UnicodeError):
            # lxml's complaints about XML are SyntaxErrors.
            raise Refused("unreadable") from None
        if status in _REDIRECTS and (location := response.headers.get("Location")):
            return str(location)
        if status == 507:
            raise QuotaExceeded("quota")
        if status >= 500 and status != 501:
            raise Unavailable(f"status {status}")
        return Answer(
            url=url,
            status=status,
            etag=response.headers.get("ETag"),
            text=response.raw,
            conditions=frozenset(parse_preconditions(response.raw) if status >= 400 else ()),
            # Some servers say of what is not there only there that it is not.
            resources=tuple(
                (found.href, found.properties) for found in resources if found.status != 404
            ),
        )


def _trouble(error: BaseException) -> str:
    """Why there is no answer, in a word of ours."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return CERTIFICATE
        cause = cause.__cause__ or cause.__context__
    return "unanswered"


class _Line:
    """What the library takes for its HTTP session."""

    def __init__(self, guard: Guard) -> None:
        self._client = httpx.Client(
            transport=_Transport(guard),
            trust_env=False,
            timeout=httpx.Timeout(SECONDS, connect=CONNECT_SECONDS),
            # Compressing proxies weaken ETags, and a weak one matches nothing (RFC 9110).
            headers={"Accept-Encoding": "identity"},
        )

    def request(
        self,
        method: str,
        url: str,
        *,
        data: bytes | None,
        headers: Mapping[str, str],
        auth: httpx.Auth | None,
        **_options: object,
    ) -> httpx.Response:
        parsed = parse_address(url)
        if parsed is None:
            raise NotAllowed("address")
        return self._client.request(method, parsed.url, content=data, headers=headers, auth=auth)

    def close(self) -> None:
        self._client.close()


class _Transport(httpx.BaseTransport):
    """Connections to checked addresses, and answers read as far as we can take them in."""

    def __init__(self, guard: Guard) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=guard.tls or httpcore.default_ssl_context(),
            network_backend=_Pinned(guard),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        until = time.monotonic() + BODY_SECONDS
        asked = httpcore.Request(
            request.method,
            httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.read(),
            extensions=request.extensions,
        )
        content = bytearray()
        answer = self._pool.handle_request(asked)
        try:
            headers = httpx.Headers(answer.headers)
            if headers.get("Content-Encoding", "identity") != "identity":
                raise httpcore.RemoteProtocolError("compressed")
            for piece in answer.iter_stream():
                content += piece
                if len(content) > MOST_BYTES or time.monotonic() > until:
                    raise httpcore.ReadTimeout("endless")
        finally:
            answer.close()
        return httpx.Response(answer.status, headers=headers, content=bytes(content))

    def close(self) -> None:
        self._pool.close()


class _Pinned(httpcore.NetworkBackend):
    """Connects to an address that was checked, never to a name."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._dial = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        # The guard is asked in a loop of its own: this is a thread that has none.
        found = asyncio.run(reachable(self._guard, host, port))
        error: Exception = httpcore.ConnectError("unresolved")
        for each in found:
            try:
                return self._dial.connect_tcp(each, port, timeout=timeout)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error


class _Client(DAVClient):
    """The library's client on our line."""

    session: Any
    auth: Any

    def __init__(self, address: str, login: Login, line: _Line) -> None:
        super().__init__(
            url=address,
            username=login.user,
            password=login.password,
            headers={"User-Agent": "BrightPath"},
            # Looking the service up in the DNS would go past the guard.
            enable_rfc6764=False,
        )
        self.session.close()
        self.session = line

    def build_auth_object(self, auth_types: list[str] | None = None) -> None:
        """The way to sign in that the server prefers, as our line wants it."""
        user, password = self.username or "", self.password or ""
        match select_auth_type(auth_types or ["basic"], bool(user), bool(password)):
            case "digest":
                self.auth = httpx.DigestAuth(user, password)
            case "basic":
                self.auth = httpx.BasicAuth(user, password)
