"""Gets a calendar from an address that somebody has pasted, and reaches nothing else with it.

Names are resolved once for each connection, every address that a name has must be public, and the
connection goes to one of those that were checked. No proxy, no cookie, no Referer.
"""

import asyncio
import ipaddress
import socket
import ssl
import zlib
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import httpcore

from core.outside import Address, Problem, parse_address, redirected

MOST_BYTES = 5_000_000
"""Of a calendar, unpacked; and of an answer as it comes."""

MOST_REDIRECTS = 3
SECONDS = 10.0
CONNECT_SECONDS = 4.0

LONGEST_VALIDATOR = 500
"""Characters of an ETag that we keep."""

IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

_INTERNET = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_PUBLIC = (
    ipaddress.ip_network("192.88.99.0/24"),  # relays of 6to4
    ipaddress.ip_network("192.0.0.0/24"),  # protocols' own
    ipaddress.ip_network("2001::/23"),  # protocols' own, Teredo among them
    ipaddress.ip_network("2002::/16"),  # 6to4: an IPv4 address in disguise
    ipaddress.ip_network("3fff::/20"),  # for documentation
)


def is_public(address: IPAddress) -> bool:
    """Whether an address belongs to the internet at large."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.scope_id is not None or address not in _INTERNET:
            return False
        # ISATAP carries an IPv4 address in its last half.
        if int(address) >> 32 & 0xFEFFFFFF == 0x00005EFE:
            return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _NOT_PUBLIC)
    )


async def resolve(host: str, port: int) -> Sequence[str]:
    """The IP addresses of a name. Raises `OSError`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True, slots=True)
class Guard:
    """What may be reached, and how a name becomes an address."""

    resolve: Resolve = resolve
    allows: Callable[[IPAddress], bool] = is_public
    tls: ssl.SSLContext | None = None
    """None: the public certificate authorities."""
    seconds: float = SECONDS


PUBLIC = Guard()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A calendar's bytes, and what the server calls this state of it."""

    body: bytes
    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """The calendar is as it was."""


class NotPublic(Exception):
    """The name has an address that is not allowed."""


async def reachable(guard: Guard, host: str, port: int) -> list[str]:
    """The addresses to which a connection may go. Raises `NotPublic`, and `OSError` where the name
    has none."""
    found = [ipaddress.ip_address(each) for each in await guard.resolve(host, port)]
    # One private address among public ones is an attack or a mistake; neither is asked.
    if not all(guard.allows(each) for each in found):
        raise NotPublic
    return [str(each) for each in found]


async def fetch(
    address: str, *, etag: str | None = None, modified: str | None = None, guard: Guard = PUBLIC
) -> Fetched | NotModified | Problem:
    """The calendar at a pasted address; `etag` and `modified` are what its server said last."""
    parsed = parse_address(address)
    if parsed is None:
        return Problem.ADDRESS
    asked = {"If-None-Match": etag, "If-Modified-Since": modified}
    try:
        async with asyncio.timeout(guard.seconds):
            return await _get(parsed, {k: v for k, v in asked.items() if v}, guard)
    except (TimeoutError, httpcore.TimeoutException):
        return Problem.SLOW
    except NotPublic:
        return Problem.PRIVATE
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError, UnicodeError):
        return Problem.UNREACHABLE


async def _get(
    address: Address, asked: dict[str, str], guard: Guard
) -> Fetched | NotModified | Problem:
    tls = guard.tls or httpcore.default_ssl_context()
    async with httpcore.AsyncConnectionPool(
        ssl_context=tls, network_backend=_Pinned(guard), max_keepalive_connections=0
    ) as pool:
        for _ in range(MOST_REDIRECTS + 1):
            url = httpcore.URL(
                scheme="https", host=address.host, port=address.port, target=address.target
            )
            headers = list((_headers(address) | asked).items())
            async with pool.stream("GET", url, headers=headers) as response:
                location = _header(response, b"location")
                if response.status not in (301, 302, 303, 307, 308) or location is None:
                    return await _answered(response, conditional=bool(asked))
            onward = redirected(address, location)
            if onward is None:
                return Problem.REDIRECT
            address = onward
    return Problem.REDIRECT


def _headers(address: Address) -> dict[str, str]:
    host = f"[{address.host}]" if ":" in address.host else address.host
    headers = {
        "Host": host if address.port == 443 else f"{host}:{address.port}",
        "User-Agent": "BrightPath",
        "Accept": "text/calendar",
        "Accept-Encoding": "gzip",
    }
    if address.credentials is not None:
        basic = b64encode(":".join(address.credentials).encode()).decode()
        headers["Authorization"] = f"Basic {basic}"
    return headers


async def _answered(
    response: httpcore.Response, *, conditional: bool
) -> Fetched | NotModified | Problem:
    match response.status:
        case 200:
            pass
        case 304 if conditional:
            return NotModified()
        case 401 | 403:
            return Problem.DENIED
        case 404 | 410:
            return Problem.GONE
        case _:
            return Problem.SERVER
    body = await _body(response)
    if body is None:
        return Problem.TOO_LARGE
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].upper() != b"BEGIN:VCALENDAR":
        return Problem.NO_CALENDAR
    return Fetched(
        body, _validator(response, b"etag"), modified=_validator(response, b"last-modified")
    )


async def _body(response: httpcore.Response) -> bytes | None:
    """What was sent, unpacked; None if it is more than we take."""
    packed = (_header(response, b"content-encoding") or "identity").strip().lower()
    body = bytearray()
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if packed in ("gzip", "x-gzip") else None
    received = 0
    async for chunk in response.aiter_stream():
        received += len(chunk)
        if received > MOST_BYTES:
            return None
        try:
            body += chunk if unpack is None else unpack.decompress(chunk, _room(body))
        except zlib.error:
            # What is no gzip is no calendar either, which the caller finds out.
            return b""
        if len(body) > MOST_BYTES or (unpack is not None and unpack.unconsumed_tail):
            return None
    return bytes(body)


def _room(body: bytearray) -> int:
    return MOST_BYTES - len(body) + 1


def _header(response: httpcore.Response, name: bytes) -> str | None:
    found = (value for key, value in response.headers if key.lower() == name)
    value = next(found, None)
    return None if value is None else value.decode("latin-1")


def _validator(response: httpcore.Response, name: bytes) -> str | None:
    value = _header(response, name)
    plain = value is not None and value.isascii() and value.isprintable()
    return value if value and plain and len(value) <= LONGEST_VALIDATOR else None


class _Pinned(httpcore.AsyncNetworkBackend):
    """Connects to an address that was checked, never to a name."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._dial = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        error: Exception = httpcore.ConnectError()
        for each in await reachable(self._guard, host, port):
            try:
                return await self._dial.connect_tcp(each, port, timeout=CONNECT_SECONDS)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error
