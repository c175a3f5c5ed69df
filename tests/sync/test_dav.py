"""Servers that are hostile, broken or peculiar, and what asking them comes to."""

import asyncio
import hashlib
import re
import traceback
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from web_outside import Answer as Serve
from web_outside import Reply, Request, calendar_server, guard

from sync.caldav import Home, carry_out, discover
from sync.dav import CERTIFICATE, Answer, Login, NotAllowed, Server
from sync.errors import (
    AccessRevoked,
    Forbidden,
    QuotaExceeded,
    RateLimited,
    Refused,
    RemoteError,
    Unavailable,
)
from sync.fetch import MOST_BYTES, PUBLIC, Guard
from sync.ical import CalendarObject
from sync.plan import Create, Known, Remove, Replace, Wanted

LOGIN = Login("sarah", "correct horse")
XML = {"Content-Type": "text/xml; charset=utf-8"}
CHALLENGE = {"WWW-Authenticate": 'Basic realm="calendars"'}


def asked(
    method: str, url: str, *, through: Guard | None = None, body: str = "<propfind/>"
) -> Answer:
    with Server(url, LOGIN, through or guard()) as server:
        return server.ask(method, url, body, {"Depth": "0"})


async def trouble(folder: Path, answer: Serve, target: str = "/") -> RemoteError:
    """What asking a server that answers so raises."""
    async with calendar_server(folder, answer) as server:
        with pytest.raises(RemoteError) as raised:
            await asyncio.to_thread(asked, "PROPFIND", server.url(target))
    return raised.value


def error(*conditions: str) -> bytes:
    return f'<error xmlns="DAV:">{"".join(f"<{each}/>" for each in conditions)}</error>'.encode()


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(401, headers=CHALLENGE), AccessRevoked),
        (Reply(401), AccessRevoked),
        (Reply(401, headers={"WWW-Authenticate": "Negotiate"}), AccessRevoked),
        (Reply(403), Forbidden),
        (Reply(403, error("need-privileges"), XML), Forbidden),
        (Reply(429), RateLimited),
        (Reply(500), Unavailable),
        (Reply(503), Unavailable),
        (Reply(507), QuotaExceeded),
        (Reply(207, b"<multistatus", XML), Refused),
        (Reply(207, b"\xff\xfe\x00", XML), Refused),
    ],
)
async def test_each_no_is_told_apart(
    tmp_path: Path, reply: Reply, expected: type[RemoteError]
) -> None:
    raised = await trouble(tmp_path, lambda _: reply)
    assert type(raised) is expected
    told = "".join(traceback.format_exception(raised))
    assert "correct horse" not in told
    assert "calendar.example" not in told


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_may_ask_for_a_pause(tmp_path: Path, status: int) -> None:
    raised = await trouble(tmp_path, lambda _: Reply(status, headers={"Retry-After": "7"}))
    assert isinstance(raised, RateLimited)
    assert raised.retry_after == 7


async def test_a_reason_makes_another_answer_of_a_403(tmp_path: Path) -> None:
    reply = Reply(403, error("resource-must-be-null"), XML)
    async with calendar_server(tmp_path, lambda _: reply) as server:
        answer = await asyncio.to_thread(asked, "MKCALENDAR", server.url())
    assert (answer.status, answer.conditions) == (403, {"{DAV:}resource-must-be-null"})


async def test_a_bomb_in_xml_goes_off_nowhere(tmp_path: Path) -> None:
    layers = "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' if n else '<!ENTITY a0 "lol">' for n in range(10)
    )
    bomb = f"<!DOCTYPE d [{layers}]><multistatus>&a9;</multistatus>".encode()
    async with calendar_server(tmp_path, lambda _: Reply(207, bomb, XML)) as server:
        try:
            answer = await asyncio.to_thread(asked, "PROPFIND", server.url())
        except Refused:
            return
    assert answer.resources == ()


async def test_an_answer_without_end_is_left(tmp_path: Path) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 ok\r\nContent-Length: 100000000000\r\n\r\n")
        # Of a TLS connection that has ended, drain gives nobody else a turn, nor does it always
        # say so.
        while not writer.is_closing():
            writer.write(bytes(100_000))
            await writer.drain()
            await asyncio.sleep(0)
            sent += 100_000

    raised = await trouble(tmp_path, lambda _: endless)
    assert isinstance(raised, Unavailable)
    # What the machine's own buffers take on the way comes on top.
    assert sent < 20 * MOST_BYTES


async def test_a_compressed_answer_is_not_unpacked(tmp_path: Path) -> None:
    reply = Reply(200, bytes(100), {"Content-Encoding": "gzip"})
    assert isinstance(await trouble(tmp_path, lambda _: reply), Unavailable)


async def test_redirects_end(tmp_path: Path) -> None:
    seen: list[Request] = []

    def onward(request: Request) -> Reply:
        seen.append(request)
        return Reply(302, headers={"Location": f"{request.target}x"})

    assert isinstance(await trouble(tmp_path, onward), Refused)
    assert [(each.method, each.body) for each in seen] == [("PROPFIND", b"<propfind/>")] * 4


@pytest.mark.parametrize(
    "location",
    [
        "http://calendar.example/",
        "https://127.0.0.1/",
        "https://[::1]:8443/",
        "https://169.254.169.254/latest/",
        "https://inner.example/",
        "https://calendar.example:25/",
        "file:///etc/passwd",
    ],
)
async def test_no_redirect_leads_inside(tmp_path: Path, location: str) -> None:
    callers = 0

    async def called(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal callers
        callers += 1
        writer.close()

    inside = await asyncio.start_server(called, "127.0.0.1", 0)
    port = inside.sockets[0].getsockname()[1]
    through = guard(names={"inner.example": ["127.0.0.1"]})
    target = re.sub(r"(127\.0\.0\.1|inner\.example)/", rf"\1:{port}/", location)
    reply = Reply(301, headers={"Location": target})
    async with inside, calendar_server(tmp_path, lambda _: reply) as server:
        with pytest.raises(NotAllowed):
            await asyncio.to_thread(asked, "PROPFIND", server.url(), through=through)
    assert callers == 0


async def test_a_name_is_asked_for_once_and_kept_to(tmp_path: Path) -> None:
    real, times = guard(), 0

    async def once(host: str, port: int) -> Any:
        nonlocal times
        times += 1
        return await real.resolve(host, port) if times == 1 else ["127.0.0.1"]

    async with calendar_server(tmp_path, lambda _: Reply(204)) as server:
        answer = await asyncio.to_thread(
            asked, "PROPFIND", server.url(), through=replace(real, resolve=once)
        )
    assert (answer.status, times) == (204, 1)


async def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    stranger = replace(guard(), tls=PUBLIC.tls)
    async with calendar_server(tmp_path, lambda _: Reply()) as server:
        with pytest.raises(Unavailable) as raised:
            await asyncio.to_thread(asked, "PROPFIND", server.url(), through=stranger)
        assert server.requests == []
    assert raised.value.reason == CERTIFICATE


async def test_a_password_is_said_only_where_it_is_asked_for(tmp_path: Path) -> None:
    def basic(request: Request) -> Reply:
        if request.target == "/open":
            return Reply(204)
        return Reply(204) if "authorization" in request.headers else Reply(401, headers=CHALLENGE)

    async with calendar_server(tmp_path, basic) as server:
        assert (await asyncio.to_thread(asked, "GET", server.url("/open"))).status == 204
        assert (await asyncio.to_thread(asked, "GET", server.url("/own"))).status == 204
        signed = ["authorization" in request.headers for request in server.requests]
    assert signed == [False, False, True]


async def test_a_server_may_want_a_digest(tmp_path: Path) -> None:
    def hashed(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - the protocol's

    def digest(request: Request) -> Reply:
        said = dict(re.findall(r'(\w+)="?([^",]+)', request.headers.get("authorization", "")))
        if not said:
            wanted = 'Digest realm="dav", nonce="abc", qop="auth", algorithm=MD5'
            return Reply(401, headers={"WWW-Authenticate": wanted})
        who = hashed(f"{LOGIN.user}:dav:{LOGIN.password}")
        what = hashed(f"{request.method}:{request.target}")
        proof = hashed(f"{who}:abc:{said['nc']}:{said['cnonce']}:auth:{what}")
        return Reply(204 if said["response"] == proof else 403)

    async with calendar_server(tmp_path, digest) as server:
        assert (await asyncio.to_thread(asked, "PROPFIND", server.url("/dav"))).status == 204


def multistatus(path: str, properties: str) -> Reply:
    body = (
        '<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><response>'
        f"<href>{path}</href><propstat><prop>{properties}</prop>"
        "<status>HTTP/1.1 200 OK</status></propstat></response></multistatus>"
    )
    return Reply(207, body.encode(), XML)


async def test_a_home_may_be_on_a_host_of_its_own(tmp_path: Path) -> None:
    """In Apple's manner: one address for everybody, and each person's home on another host."""

    def apple(request: Request) -> Reply:
        if "authorization" not in request.headers:
            return Reply(401, headers=CHALLENGE)
        host, _, port = request.headers["host"].partition(":")
        if host == "calendar.example":
            principal = f"https://moved.example:{port}/7/principal/"
            if request.target == "/.well-known/caldav":
                return Reply(301, headers={"Location": "/"})
            return multistatus(
                "/", f"<current-user-principal><href>{principal}</href></current-user-principal>"
            )
        if host == "moved.example":
            home = f"https://other.example:{port}/7/calendars/"
            return multistatus(
                "/principal/", f"<C:calendar-home-set><href>{home}</href></C:calendar-home-set>"
            )
        return multistatus(
            f"https://other.example:{port}/7/calendars/brightpath%20x/",
            "<resourcetype><collection/><C:calendar/></resourcetype>"
            "<displayname>BrightPath</displayname>",
        )

    def found(address: str) -> Any:
        with Server(address, LOGIN, guard()) as opened:
            return discover(opened, address)

    async with calendar_server(tmp_path, apple) as server:
        home = await asyncio.to_thread(found, server.url(""))
        at = f"https://other.example:{server.port}/7/calendars/"
    assert isinstance(home, Home)
    assert home.url == at
    assert [each.url for each in home.calendars] == [f"{at}brightpath%20x/"]


@dataclass
class Peculiar:
    """A server that keeps objects in words of its own: no etag after PUT, and the one that it
    gives later weakened by a proxy, while If-Match wants it strong."""

    kept: dict[str, tuple[int, str]] = field(default_factory=dict)
    puts: int = 0

    def answer(self, request: Request) -> Reply:
        name = request.target
        version, body = self.kept.get(name, (0, ""))
        tag = f'"{version}"'
        if request.method in ("PUT", "DELETE"):
            wanted = request.headers.get("if-match")
            if (wanted is not None and (not version or wanted != tag)) or (
                request.headers.get("if-none-match") == "*" and version
            ):
                return Reply(412)
            if request.method == "DELETE":
                return Reply(204 if self.kept.pop(name, None) else 404)
            self.puts += 1
            reworded = request.body.decode().replace("SUMMARY", "X-SEEN:yes\r\nSUMMARY")
            self.kept[name] = version + self.puts + 1, reworded
            return Reply(201)
        if not version:
            return Reply(404)
        if request.method == "GET":
            return Reply(200, body.encode(), {"ETag": f"W/{tag}", "Content-Type": "text/calendar"})
        return multistatus(name, f"<getetag>W/{tag}</getetag>")


def wanted(summary: str, uid: str = "a@brightpath") -> Wanted[CalendarObject]:
    body = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261201T160000Z\r\n"
        f"SUMMARY:{summary}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    return Wanted("a.ics", uid, summary, CalendarObject(uid, None, body.encode()))


async def test_a_server_that_rewords_and_weakens_is_written_once_a_change(tmp_path: Path) -> None:
    peculiar = Peculiar()

    def played(collection: str) -> list[int]:
        puts = []
        with Server(collection, LOGIN, guard()) as server:

            def done(action: Any) -> Known | None:
                known = carry_out(server, collection, action).known
                puts.append(peculiar.puts)
                return known

            known = done(Create(wanted("one")))
            for summary in ("two", "three"):
                assert known is not None
                assert known.etag is not None
                known = done(Replace(wanted(summary), known))
            assert known is not None
            done(Create(wanted("three")))  # as after a kill before the note
            done(Replace(wanted("four"), replace(known, etag=None)))
            done(Remove(replace(known, etag='"long ago"')))
        return puts

    async with calendar_server(tmp_path, peculiar.answer) as server:
        puts = await asyncio.to_thread(played, server.url("/sarah/"))
    assert puts == [1, 2, 3, 4, 5, 5]
    assert peculiar.kept == {}
