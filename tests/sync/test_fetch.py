"""Getting a calendar from somewhere else, and from nowhere near."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from web_outside import PUBLIC_STAND_IN, Answer, Reply, Request, Server, calendar_server, guard

from core.outside import Problem
from sync.fetch import Fetched, Guard, NotModified, fetch

CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"


async def test_a_calendar_is_fetched_once_and_then_only_if_it_changed(tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        if request.headers.get("if-none-match") == '"1"':
            assert request.headers["if-modified-since"] == "Mon, 30 Nov 2026 08:00:00 GMT"
            return Reply(304)
        return Reply(
            body=CALENDAR,
            headers={"ETag": '"1"', "Last-Modified": "Mon, 30 Nov 2026 08:00:00 GMT"},
        )

    async with calendar_server(tmp_path, answer) as server:
        found = await fetch(server.url("/private-key/basic.ics"), guard=guard())
        assert found == Fetched(CALENDAR, '"1"', "Mon, 30 Nov 2026 08:00:00 GMT")
        again = await fetch(
            server.url().replace("https", "webcal"),
            etag=found.etag,
            modified=found.modified,
            guard=guard(),
        )
        assert again == NotModified()
        first = server.requests[0]
        assert first.headers["host"] == f"calendar.example:{server.port}"
        assert first.headers.keys().isdisjoint({"cookie", "referer", "authorization"})


async def test_spaces_are_not_pasted_into_a_request(tmp_path: Path) -> None:
    async with calendar_server(tmp_path, lambda _: Reply(body=CALENDAR)) as server:
        assert await fetch(server.url("/a b.ics"), guard=guard()) is Problem.ADDRESS
        assert await fetch(server.url("/ü.ics?key=é"), guard=guard()) == Fetched(CALENDAR)
        assert server.requests[0].target == "/%C3%BC.ics?key=%C3%A9"


async def test_a_packed_calendar_is_unpacked(tmp_path: Path) -> None:
    body = gzip.compress(CALENDAR)
    reply = Reply(body=body, headers={"Content-Encoding": "gzip"})
    async with calendar_server(tmp_path, lambda _: reply) as server:
        assert await fetch(server.url(), guard=guard()) == Fetched(CALENDAR)


async def test_credentials_go_to_their_own_host_and_port_alone(tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        match request.target:
            case "/same":
                return Reply(302, headers={"Location": "/away"})
            case "/away":
                host = request.headers["host"].replace("calendar.", "other.")
                return Reply(302, headers={"Location": f"https://eve:hers@{host}/last"})
            case _:
                return Reply(body=CALENDAR)

    async with calendar_server(tmp_path, answer) as server:
        address = server.url("/same").replace("https://", "https://sarah:s%C3%A9cret@")
        assert await fetch(address, guard=guard()) == Fetched(CALENDAR)
        sent = [request.headers.get("authorization") for request in server.requests]
        assert sent == ["Basic c2FyYWg6c8OpY3JldA=="] * 2 + [None]
        assert all("sarah" not in request.target for request in server.requests)


@pytest.mark.parametrize(("hops", "reaches"), [(3, True), (4, False)])
async def test_three_redirects_are_followed(tmp_path: Path, hops: int, reaches: bool) -> None:
    def answer(request: Request) -> Reply:
        number = int(request.target.removeprefix("/"))
        if number == hops:
            return Reply(body=CALENDAR)
        return Reply(307, headers={"Location": f"/{number + 1}"})

    async with calendar_server(tmp_path, answer) as server:
        found = await fetch(server.url("/0"), guard=guard())
        assert found == (Fetched(CALENDAR) if reaches else Problem.REDIRECT)
        assert len(server.requests) == 4


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 ok\r\n\r\nBEGIN:VCALENDAR\r\n")
    # Of a TLS connection that has ended, drain gives nobody else a turn, nor does it always say so.
    while not writer.is_closing():
        writer.write(b"X-A:" + b"a" * 60_000 + b"\r\n")
        await writer.drain()
        await asyncio.sleep(0)


async def trickling(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 ok\r\n")
    while True:
        writer.write(b"X: y\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def broken(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\x01 not http\r\n\r\n")
    await writer.drain()


BOMB = gzip.compress(b"BEGIN:VCALENDAR\r\n" + b"\0" * 200_000_000)


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (Reply(401), Problem.DENIED),
        (Reply(403), Problem.DENIED),
        (Reply(404), Problem.GONE),
        (Reply(410), Problem.GONE),
        (Reply(304), Problem.SERVER),
        (Reply(204), Problem.SERVER),
        (Reply(429), Problem.SERVER),
        (Reply(503), Problem.SERVER),
        (Reply(302), Problem.SERVER),
        (Reply(301, headers={"Location": "http://calendar.example/"}), Problem.REDIRECT),
        (Reply(301, headers={"Location": "file:///etc/passwd"}), Problem.REDIRECT),
        (Reply(301, headers={"Location": "https://[::1"}), Problem.REDIRECT),
        (Reply(body=b"<!doctype html><title>Sign in</title>"), Problem.NO_CALENDAR),
        (Reply(body=b""), Problem.NO_CALENDAR),
        (Reply(body=CALENDAR, headers={"Content-Encoding": "gzip"}), Problem.NO_CALENDAR),
        (Reply(body=CALENDAR + b" " * 5_000_000), Problem.TOO_LARGE),
        (Reply(body=BOMB, headers={"Content-Encoding": "gzip"}), Problem.TOO_LARGE),
        (endless, Problem.TOO_LARGE),
        (trickling, Problem.SLOW),
        (broken, Problem.UNREACHABLE),
    ],
)
async def test_what_is_no_calendar_has_a_name(
    tmp_path: Path, reply: object, problem: Problem
) -> None:
    answer: Answer = lambda _: reply  # type: ignore[assignment,return-value]  # noqa: E731
    async with calendar_server(tmp_path, answer) as server:
        seconds = 1.0 if problem is Problem.SLOW else 10.0
        assert await fetch(server.url(), guard=guard(seconds=seconds)) is problem


async def test_a_certificate_must_be_the_host_s(tmp_path: Path) -> None:
    async with calendar_server(tmp_path, lambda _: Reply(body=CALENDAR)) as server:
        elsewhere = guard(names={"stranger.example": [PUBLIC_STAND_IN]})
        found = await fetch(server.url(host="stranger.example"), guard=elsewhere)
        assert found is Problem.UNREACHABLE
        assert server.requests == []


async def test_nobody_there_is_no_accident() -> None:
    assert await fetch("https://nobody.invalid/a.ics") is Problem.UNREACHABLE
    nowhere = guard(names={"empty.example": []})
    assert await fetch("https://empty.example/a.ics", guard=nowhere) is Problem.UNREACHABLE
    closed = guard(names={"closed.example": [PUBLIC_STAND_IN]})
    assert await fetch("https://closed.example:1/a.ics", guard=closed) is Problem.ADDRESS
    assert await fetch("https://closed.example:1024/a.ics", guard=closed) is Problem.UNREACHABLE


async def test_a_proxy_of_the_environment_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with calendar_server(tmp_path, lambda _: Reply(body=CALENDAR)) as server:
        assert await fetch(server.url(), guard=guard()) == Fetched(CALENDAR)


# Where nobody may get. `{port}` is that of a server on this machine which counts who comes.
NAMES = {
    "localhost-by-name": ["127.0.0.1"],
    "six-by-name": ["::1"],
    "mixed": [PUBLIC_STAND_IN, "127.0.0.1"],
    "mixed-the-other-way": ["127.0.0.1", PUBLIC_STAND_IN],
    "six-among-four": [PUBLIC_STAND_IN, "::1"],
    "mapped": ["::ffff:127.0.0.1"],
    "home": ["192.168.1.1"],
    "office": ["10.0.0.1"],
    "office-two": ["172.16.0.1"],
    "cloud": ["169.254.169.254"],
    "cloud-six": ["fd00:ec2::254"],
    "cloud-mapped": ["::ffff:169.254.169.254"],
    "carrier": ["100.64.0.1"],
    "carrier-cloud": ["100.100.100.200"],
    "any": ["0.0.0.0"],  # noqa: S104 - an address to be refused
    "any-six": ["::"],
    "broadcast": ["255.255.255.255"],
    "reserved": ["240.0.0.1"],
    "multicast": ["224.0.0.251"],
    "multicast-six": ["ff02::1"],
    "multicast-wide": ["ff0e::1"],
    "link": ["fe80::1"],
    "link-scoped": ["fe80::1%1"],
    "site": ["fec0::1"],
    "unique": ["fc00::1"],
    "nat64": ["64:ff9b::7f00:1"],
    "nat64-home": ["64:ff9b::c0a8:101"],
    "nat64-local": ["64:ff9b:1::7f00:1"],
    "six-to-four": ["2002:7f00:1::1"],
    "six-to-four-relay": ["192.88.99.1"],
    "teredo": ["2001:0:7f00:1::1"],
    "isatap": ["2607:f8b0::5efe:7f00:1"],
    "compatible": ["::127.0.0.1"],
    "documents": ["192.0.2.1"],
    "documents-six": ["2001:db8::1"],
    "documents-new": ["3fff::1"],
    "benchmarks": ["198.18.0.1"],
    "protocols": ["192.0.0.170"],
    "discard": ["100::1"],
    "segments": ["5f00::1"],
}

VECTORS = [
    *(f"https://{name}.test:{{port}}/a.ics" for name in NAMES),
    "https://127.0.0.1:{port}/",
    "https://127.1:{port}/",
    "https://2130706433:{port}/",
    "https://0x7f000001:{port}/",
    "https://0x7f.0.0.1:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://127.0.0.1.:{port}/",
    "https://localhost:{port}/",
    "https://LOCALHOST:{port}/",
    "https://localhost.:{port}/",
    "https://ⓛocalhost:{port}/",
    "https://127。0。0。1:{port}/",
    "https://[::1]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://[0:0:0:0:0:0:0:1]:{port}/",
    "https://[::1%25lo]:{port}/",
    "https://0:{port}/",
    "https://0.0.0.0:{port}/",
    "https://[::]:{port}/",
    "https://calendar.example@127.0.0.1:{port}/",
    "https://calendar.example:443@127.0.0.1:{port}/",
    "https://calendar.example\\@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}#@calendar.example/",
    "https://127.0.0.1:{port}?@calendar.example/",
    "https://127.0.0.1:{port}/\r\nHost: calendar.example",
    "https:127.0.0.1:{port}/",
    "https:///127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/",
    "http://calendar.example:{port}/",
    "webcal://127.0.0.1:{port}/",
    "webcals://localhost:{port}/",
    "gopher://127.0.0.1:{port}/_GET",
    "ftp://127.0.0.1:{port}/a.ics",
    "file:///etc/passwd",
    "dict://127.0.0.1:{port}/d",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}/a.ics",
    "https://127.0.0.1:22/",
    "https://127.0.0.1:{port}{port}/",
    "https://:{port}/",
    "https://[127.0.0.1]:{port}/",
    "https://%31%32%37.0.0.1:{port}/",
]


@asynccontextmanager
async def counting() -> AsyncIterator[tuple[int, list[str]]]:
    """A port of this machine on which each caller is written down."""
    callers: list[str] = []

    def called(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append(str(writer.get_extra_info("sockname")))
        writer.close()

    first = await asyncio.start_server(called, "127.0.0.1", 0)
    port = first.sockets[0].getsockname()[1]
    second = await asyncio.start_server(called, "::1", port)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        writer.close()
        assert len(callers) == 1, "the one who counts must notice a caller"
        callers.clear()
        yield port, callers
    finally:
        for server in (first, second):
            server.close()
            await server.wait_closed()


def of_tests() -> Guard:
    return guard(names={f"{name}.test": found for name, found in NAMES.items()})


@pytest.mark.parametrize("vector", VECTORS)
async def test_no_address_leads_into_a_private_network(vector: str) -> None:
    async with counting() as (port, callers):
        found = await fetch(vector.replace("{port}", str(port)), guard=of_tests())
        assert found in (Problem.ADDRESS, Problem.PRIVATE, Problem.UNREACHABLE)
        assert callers == []
        if ".test:" in vector:
            assert found is Problem.PRIVATE


@pytest.mark.parametrize("vector", VECTORS)
async def test_no_redirect_leads_into_a_private_network(tmp_path: Path, vector: str) -> None:
    async with counting() as (port, callers):
        location = vector.replace("{port}", str(port)).encode("ascii", "replace").decode()
        location = location.replace("\r\n", "")
        reply = Reply(302, headers={"Location": location})
        async with calendar_server(tmp_path, lambda _: reply) as server:
            found = await fetch(server.url(), guard=of_tests())
        assert isinstance(found, Problem)
        assert callers == []


async def test_a_name_is_resolved_once_for_a_connection(tmp_path: Path) -> None:
    async with counting() as (port, callers):
        asked: list[str] = []
        base = guard()

        async def rebinding(host: str, _: int) -> Sequence[str]:
            asked.append(host)
            return [PUBLIC_STAND_IN] if len(asked) == 1 else ["127.0.0.1"]

        turning = Guard(resolve=rebinding, allows=base.allows, tls=base.tls)
        reply = Reply(302, headers={"Location": f"https://calendar.example:{port}/"})
        server: Server
        async with calendar_server(tmp_path, lambda _: reply) as server:
            # The first connection stays where it was checked; the second is checked anew.
            assert await fetch(server.url(), guard=turning) is Problem.PRIVATE
        assert (len(server.requests), asked, callers) == (1, ["calendar.example"] * 2, [])
