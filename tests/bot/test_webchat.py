"""The web chat's protocol: what it answers, and whom it refuses."""

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest
from chat_memory import FEED, Conversation, MemoryChat
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from bot.conversations.cards import Located, Opened, Tapped, Typed
from bot.incoming import Command
from bot.webchat import (
    ARRIVING,
    COOKIE,
    LARGEST_BODY,
    LISTENING,
    TALKING,
    chat_router,
    new_cookie,
    qr_svg,
)

HOME = "http://chat.example"
OURS = {"Origin": HOME, "X-BrightPath": "chat"}


@pytest.fixture
async def chat() -> MemoryChat:
    return MemoryChat()


class Stopwatch:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def stopwatch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
async def client(chat: MemoryChat, stopwatch: Stopwatch) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(chat_router(chat, clock=stopwatch))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url=HOME, headers=OURS
    ) as browser:
        yield browser


def key() -> str:
    return str(uuid.uuid4())


def only(chat: MemoryChat) -> Conversation:
    (conversation,) = chat.conversations.values()
    return conversation


async def start(client: httpx.AsyncClient, language: str = "en-US") -> dict[str, Any]:
    body = {"key": key(), "language": language}
    answer = await client.post("/chat/open", json=body)
    assert answer.status_code == 200
    return answer.json()


async def write(client: httpx.AsyncClient, text: str, **more: Any) -> httpx.Response:
    body = {"kind": "text", "key": key(), "since": 0, "text": text, **more}
    return await client.post("/chat/events", json=body)


async def tap(client: httpx.AsyncClient, option: str, /, **more: Any) -> httpx.Response:
    body = {"kind": "tap", "key": key(), "since": 0, "message": 3, "step": 2, "option": option}
    return await client.post("/chat/events", json=body | more)


async def test_looking_at_the_page_stores_nothing(
    client: httpx.AsyncClient, chat: MemoryChat
) -> None:
    page = await client.get("/chat", headers={"Accept-Language": "es-MX,es;q=0.9"})
    assert page.status_code == 200
    assert '<html lang="es">' in page.text
    assert "Enviar" in page.text
    assert "set-cookie" not in page.headers
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "geolocation=(self)" in page.headers["permissions-policy"]
    assert chat.conversations == {}


async def test_the_script_opens_a_conversation_with_a_secret_cookie(
    client: httpx.AsyncClient, chat: MemoryChat
) -> None:
    answer = await client.post("/chat/open", json={"key": key(), "language": "es-MX"})
    body = answer.json()
    assert body["new"] is True
    assert body["language"] == "es"
    assert [message["view"]["title"] for message in body["messages"]] == ["¿Cómo te llamas?"]
    assert only(chat).events == [Opened()]
    cookie = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "strict"
    assert cookie["path"] == "/chat"
    assert cookie["secure"] == ""


async def test_over_https_the_cookie_is_secure(chat: MemoryChat) -> None:
    app = FastAPI()
    app.include_router(chat_router(chat))
    secure = "https://chat.example"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url=secure, headers=OURS | {"Origin": secure}
    ) as client:
        answer = await client.post("/chat/open", json={"key": key()})
    assert SimpleCookie(answer.headers["set-cookie"])[COOKIE]["secure"] is True


def test_a_cookie_is_long_and_never_the_same() -> None:
    cookies = {new_cookie() for _ in range(100)}
    assert len(cookies) == 100
    assert min(map(len, cookies)) >= 128 / 6


async def test_opening_again_continues_the_same_conversation(
    client: httpx.AsyncClient, chat: MemoryChat
) -> None:
    first = await start(client)
    await write(client, "Sarah")
    again = await start(client)
    assert first["new"] is True
    assert again["new"] is False
    assert [message["id"] for message in again["messages"]] == [1, 2, 3]
    assert only(chat).events == [Opened(), Typed("Sarah")]


async def test_three_cards_are_played(client: httpx.AsyncClient, chat: MemoryChat) -> None:
    opened = await start(client)
    answer = (await write(client, "Sarah", since=opened["revision"])).json()
    shrunk, said, asked = answer["messages"]
    assert (shrunk["id"], shrunk["view"]["shrunk"]) == (1, True)
    assert (said["author"], said["view"]["title"]) == ("them", "Sarah")
    assert asked["step"] == 2
    assert answer["revision"] == max(m["revision"] for m in answer["messages"])

    answer = (await tap(client, "math", since=answer["revision"])).json()
    (edited,) = answer["messages"]
    assert edited["id"] == asked["id"]
    chosen = [button["id"] for row in edited["view"]["rows"] for button in row if button["chosen"]]
    assert chosen == ["reading", "math"]

    answer = (await tap(client, "done", since=answer["revision"])).json()
    assert answer["messages"][-1]["view"]["thinking"] is True
    only(chat).finish()
    news = await client.get("/chat/messages", params={"since": answer["revision"], "wait": 0})
    (week,) = news.json()["messages"]
    assert week["view"]["links"][1]["url"] == FEED
    assert week["qr_svg"] == qr_svg(FEED)


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("  Emma 9,\nNoah 6 ", Typed("Emma 9,\nNoah 6")),
        ("Sa\x00rah", Typed("Sarah")),
        ("\x00", Typed("")),
        ("x" * 4096, Typed("x" * 4096)),
        ("/start", Opened()),
        ("/Link ABC", Command("link", "ABC")),
        ("/start abc", Command("start", "abc")),
    ],
)
async def test_what_is_written_becomes_an_event(
    client: httpx.AsyncClient, chat: MemoryChat, text: str, event: object
) -> None:
    await start(client)
    assert (await write(client, text)).status_code == 200
    assert only(chat).events[-1] == event


async def place(client: httpx.AsyncClient, **more: Any) -> httpx.Response:
    body = {"kind": "place", "key": key(), "since": 0, "latitude": 40.71, "longitude": -74.01}
    return await client.post("/chat/events", json=body | more)


async def test_a_shared_place_becomes_an_event(client: httpx.AsyncClient, chat: MemoryChat) -> None:
    await start(client)
    assert (await place(client, timezone="America/New_York")).status_code == 200
    assert only(chat).events[-1] == Located(40.71, -74.01)
    assert chat.timezones[-1] == "America/New_York"


@pytest.mark.parametrize(
    "wrong",
    [
        {"latitude": 90.01},
        {"latitude": -91},
        {"longitude": 180.5},
        {"longitude": -181},
        {"latitude": None},
        {"latitude": "north"},
        {"text": "here"},
    ],
)
async def test_a_place_outside_the_world_is_refused(
    client: httpx.AsyncClient, chat: MemoryChat, wrong: dict[str, Any]
) -> None:
    await start(client)
    assert (await place(client, **wrong)).status_code == 422
    assert only(chat).events == [Opened()]


async def test_a_place_that_is_no_number_is_refused(
    client: httpx.AsyncClient, chat: MemoryChat
) -> None:
    await start(client)
    raw = json.dumps({"kind": "place", "key": key(), "since": 0, "latitude": 1e999, "longitude": 0})
    answer = await client.post(
        "/chat/events", content=raw, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert only(chat).events == [Opened()]


async def test_half_a_character_is_left_out(client: httpx.AsyncClient, chat: MemoryChat) -> None:
    await start(client)
    raw = json.dumps({"kind": "text", "key": key(), "since": 0, "text": "Noah\ud83d"})
    answer = await client.post(
        "/chat/events", content=raw, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 200
    assert only(chat).events[-1] == Typed("Noah")


async def test_a_retry_with_the_same_key_counts_once(
    client: httpx.AsyncClient, chat: MemoryChat
) -> None:
    await start(client)
    await write(client, "Sarah")
    again = key()
    first = await tap(client, "math", key=again)
    second = await tap(client, "math", key=again)
    assert first.json() == second.json()
    assert only(chat).events[2:] == [Tapped(2, "math")]


async def test_a_waiting_page_hears_of_news_at_once(
    client: httpx.AsyncClient, chat: MemoryChat
) -> None:
    seen = (await start(client))["revision"]
    waiting = asyncio.create_task(client.get("/chat/messages", params={"since": seen}))
    await asyncio.wait_for(chat.asked_to_wait.wait(), 5)
    await write(client, "Sarah")
    news = await asyncio.wait_for(waiting, 5)
    assert [message["id"] for message in news.json()["messages"]] == [1, 2, 3]


async def test_no_news_is_an_empty_answer(client: httpx.AsyncClient) -> None:
    seen = (await start(client))["revision"]
    news = await client.get("/chat/messages", params={"since": seen, "wait": 0.01})
    assert news.json() == {
        "language": "en",
        "new": False,
        "chat": 0,
        "questionnaire": True,
        "revision": seen,
        "messages": [],
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://chat.example.elsewhere.example"},
        {"Origin": "http://chat.example:8080"},
    ],
)
async def test_another_site_changes_nothing(
    client: httpx.AsyncClient, chat: MemoryChat, headers: dict[str, str]
) -> None:
    await start(client)
    client.headers.update(headers)
    for path in ("/chat/open", "/chat/events"):
        body = {"kind": "text", "key": key(), "since": 0, "text": "Sarah"}
        answer = await client.post(path, json=body)
        assert answer.status_code == 403
        assert "reload" in answer.json()["error"]
    assert only(chat).events == [Opened()]


async def test_a_request_without_our_header_changes_nothing(
    client: httpx.AsyncClient, chat: MemoryChat
) -> None:
    await start(client)
    del client.headers["X-BrightPath"]
    assert (await write(client, "Sarah")).status_code == 403
    assert only(chat).events == [Opened()]


async def test_behind_a_tls_proxy_our_own_page_is_known(client: httpx.AsyncClient) -> None:
    client.headers["Origin"] = "https://chat.example"
    await start(client)


@pytest.mark.parametrize(
    "cookie", [None, "", "short", "a b" * 20, "x" * 43, "x" * 5000, "%C3%A9" * 9]
)
async def test_without_its_cookie_nobody_reads_or_writes(
    client: httpx.AsyncClient, chat: MemoryChat, cookie: str | None
) -> None:
    await start(client)
    client.cookies.clear()
    if cookie is not None:
        client.headers["Cookie"] = f"{COOKIE}={cookie}"
    heard = await client.get("/chat/messages", params={"since": 0, "wait": 0})
    said = await write(client, "Sarah")
    assert (heard.status_code, said.status_code) == (401, 401)
    assert heard.json().keys() == {"error"}
    assert only(chat).events == [Opened()]


async def test_a_changed_cookie_opens_a_conversation_of_its_own(
    client: httpx.AsyncClient, chat: MemoryChat
) -> None:
    await start(client)
    await write(client, "Sarah")
    client.cookies.clear()
    client.cookies.set(COOKIE, new_cookie(), domain="chat.example", path="/chat")
    other = await start(client)
    assert other["new"] is True
    assert [message["id"] for message in other["messages"]] == [1]
    assert len(chat.conversations) == 2


async def test_a_text_that_is_too_long_is_refused_in_the_readers_language(
    client: httpx.AsyncClient, chat: MemoryChat
) -> None:
    await start(client, "es")
    answer = await write(client, "x" * 4097)
    assert answer.status_code == 413
    assert "4096" in answer.json()["error"]
    assert only(chat).events == [Opened()]


async def test_a_body_that_is_too_large_is_refused_while_it_comes(
    client: httpx.AsyncClient, chat: MemoryChat
) -> None:
    await start(client)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * LARGEST_BODY:
            sent += 1024
            yield b" " * 1024

    answer = await client.post(
        "/chat/events", content=endless(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413
    assert sent <= LARGEST_BODY + 2048
    assert only(chat).events == [Opened()]


async def test_a_form_of_another_kind_is_refused(client: httpx.AsyncClient) -> None:
    await start(client)
    answer = await client.post("/chat/events", content="{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "change",
    [
        {"key": "not-a-uuid"},
        {"since": -1},
        {"since": 2**31},
        {"since": "0"},
        {"message": None},
        {"message": 1.5},
        {"step": 2**31},
        {"step": True},
        {"option": ""},
        {"option": "Math"},
        {"option": "x" * 25},
        {"option": "math\n"},
        {"kind": "shout"},
        {"more": 1},
    ],
)
async def test_an_unreadable_tap_is_refused_kindly(
    client: httpx.AsyncClient, chat: MemoryChat, change: dict[str, object]
) -> None:
    await start(client)
    answer = await tap(client, "math", **change)
    assert answer.status_code == 422
    assert "could not read" in answer.json()["error"]
    assert only(chat).events == [Opened()]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 9000, b"NaN"])
async def test_what_is_no_document_is_refused_kindly(client: httpx.AsyncClient, raw: bytes) -> None:
    await start(client)
    answer = await client.post(
        "/chat/events", content=raw, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json().keys() == {"error"}


@pytest.mark.parametrize(
    "query", ["", "since=-1", "since=x", "since=0&wait=-1", "since=0&wait=nan", f"since={2**31}"]
)
async def test_an_unreadable_question_is_refused_kindly(
    client: httpx.AsyncClient, query: str
) -> None:
    await start(client)
    answer = await client.get(f"/chat/messages?{query}")
    assert answer.status_code == 422
    assert answer.json().keys() == {"error"}


async def test_where_nobody_may_sign_up_only_a_code_begins(
    client: httpx.AsyncClient, chat: MemoryChat
) -> None:
    await start(client)
    known = client.cookies
    chat.signup = False
    chat.codes = {"7K2M"}
    assert (await start(client))["new"] is False
    client.cookies = httpx.Cookies()
    for code in (None, "", "7K2N"):
        answer = await client.post("/chat/open", json={"key": key(), "code": code})
        assert answer.status_code == 401
        assert "code" in answer.json()["error"]
        assert "set-cookie" not in answer.headers
    assert len(chat.conversations) == 1
    joined = await client.post("/chat/open", json={"key": key(), "code": "7K2M"})
    assert joined.json()["new"] is True
    client.cookies = known
    assert (await write(client, "Sarah")).status_code == 200


async def test_a_flood_of_events_waits_and_nobody_else_does(
    client: httpx.AsyncClient, chat: MemoryChat, stopwatch: Stopwatch
) -> None:
    await start(client, "es")
    ours = client.cookies
    for _ in range(TALKING.burst):
        assert (await write(client, "Sarah")).status_code == 200
    refused = await write(client, "Sarah")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    assert "Enseguida" in refused.json()["error"]
    assert len(only(chat).events) == 1 + TALKING.burst
    client.cookies = httpx.Cookies()
    await start(client)
    assert (await write(client, "Sarah")).status_code == 200
    client.cookies = ours
    stopwatch.seconds += 1 / TALKING.per_second
    assert (await write(client, "Sarah")).status_code == 200
    assert (await write(client, "Sarah")).status_code == 429


async def test_a_flood_of_looks_waits(client: httpx.AsyncClient) -> None:
    await start(client)
    params = {"since": 2**20, "wait": 0}
    codes = [
        (await client.get("/chat/messages", params=params)).status_code
        for _ in range(LISTENING.burst + 1)
    ]
    assert codes[-2:] == [200, 429]
    assert (await write(client, "Sarah")).status_code == 200


async def test_a_flood_of_new_conversations_waits_and_known_ones_go_on(
    client: httpx.AsyncClient, chat: MemoryChat, stopwatch: Stopwatch
) -> None:
    await start(client)
    known = client.cookies
    codes = []
    for _ in range(ARRIVING.burst):
        client.cookies = httpx.Cookies()
        codes.append((await client.post("/chat/open", json={"key": key()})).status_code)
    assert codes == [200] * (ARRIVING.burst - 1) + [429]
    assert len(chat.conversations) == ARRIVING.burst
    client.cookies = known
    assert (await start(client))["new"] is False
    client.cookies = httpx.Cookies()
    stopwatch.seconds += 1 / ARRIVING.per_second
    assert (await start(client))["new"] is True


async def test_files_are_kept_by_browsers_until_they_change(client: httpx.AsyncClient) -> None:
    page = (await client.get("/chat")).text
    (script,) = [part.split('"')[0] for part in page.split('src="') if "chat.js" in part[:40]]
    file = await client.get(script)
    assert file.headers["content-type"].startswith("text/javascript")
    assert "immutable" in file.headers["cache-control"]
    plain = await client.get("/chat/static/chat.js", headers={"If-None-Match": "other"})
    assert plain.headers["cache-control"] == "no-cache"
    assert plain.content == file.content
    known = await client.get(
        "/chat/static/chat.js", headers={"If-None-Match": plain.headers["etag"]}
    )
    assert known.status_code == 304
    assert known.content == b""


async def test_the_service_worker_is_the_pages_own_and_asked_for_anew(
    client: httpx.AsyncClient,
) -> None:
    page = await client.get("/chat")
    assert "worker-src 'self'" in page.headers["content-security-policy"]
    worker = await client.get("/chat/worker.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.headers["service-worker-allowed"] == "/chat"
    assert worker.headers["cache-control"] == "no-cache"
    assert "default-src 'none'" in worker.headers["content-security-policy"]
    kept = json.loads(worker.text.split("FILES = ")[1].split(";")[0])
    for address in kept:
        file = await client.get(address)
        assert file.status_code == 200
        assert "immutable" in file.headers["cache-control"]
    # Whatever the page and its scripts load is there without a connection.
    sources = [page.text, *[(await client.get(each)).text for each in kept if ".js" in each]]
    loaded = re.findall(r'"(?:/chat/static|\.)/([\w.]+\?v=\w+)"', "".join(sources))
    assert {f"/chat/static/{name}" for name in loaded} == set(kept)
    again = await client.get("/chat/worker.js", headers={"If-None-Match": worker.headers["etag"]})
    assert again.status_code == 304


async def test_an_answer_says_whether_the_questionnaire_lasts(client: httpx.AsyncClient) -> None:
    opened = await start(client)
    assert (opened["chat"], opened["questionnaire"]) == (0, True)
    assert (await write(client, "Sarah")).json()["questionnaire"] is True
    assert (await tap(client, "done")).json()["questionnaire"] is False
    assert (await start(client))["questionnaire"] is False


async def test_a_page_that_waits_hears_of_the_end_with_the_news(
    client: httpx.AsyncClient, chat: MemoryChat
) -> None:
    await start(client)
    seen = (await write(client, "Sarah")).json()["revision"]
    waiting = asyncio.create_task(client.get("/chat/messages", params={"since": seen}))
    await asyncio.wait_for(chat.asked_to_wait.wait(), 5)
    await tap(client, "done")
    news = (await asyncio.wait_for(waiting, 5)).json()
    assert (len(news["messages"]), news["questionnaire"]) == (2, False)


@pytest.mark.parametrize("name", ["chat.py", "..%2Fwebchat.py", "%2e%2e%2ftexts.py", "chat.html"])
async def test_only_the_pages_own_files_are_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/chat/static/{name}")).status_code == 404


@given(st.from_regex(r"https://[a-z]{1,20}\.example/[a-zA-Z0-9_/-]{0,200}", fullmatch=True))
def test_a_code_is_one_drawing_without_scripts_or_styles(address: str) -> None:
    drawn = qr_svg(address)
    assert drawn.startswith("<svg ")
    assert drawn.count("<") == drawn.count(">") == 3
    assert "style" not in drawn
    assert "script" not in drawn
