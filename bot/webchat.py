"""The web chat: the page, its files, and the protocol between its script and a conversation.

The script opens a conversation (`POST /chat/open`), sends what the reader types or taps (`POST
/chat/events`) and asks for what is new (`GET /chat/messages`, a long poll). Each answer with
messages is `{"language", "new", "chat", "questionnaire", "revision", "messages": [...]}`: `chat`
tells one conversation from another, `questionnaire` says whether it still asks, and by both the
browser knows what it may keep. An error is `{"error": text}` in the reader's language. A request
that does not provably come from our own page changes nothing, and one that comes too often is
answered 429 with Retry-After.
"""

import asyncio
import json
import math
import re
import secrets
import time
from collections.abc import Callable, Coroutine, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol, TypeAlias, TypeVar

import segno
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect

from bot import shell
from bot.conversations.cards import Event, Located, Opened, Tapped, Typed
from bot.incoming import LONGEST_TEXT, Command, command_of, typed
from bot.limits import Buckets, Rate, neighbourhood
from bot.markup import reach
from bot.texts import language_of, translator
from bot.views import View
from core.phrase import say
from core.text import clean_json

LONGEST_WAIT = 25.0
LARGEST_BODY = 16 * 1024
COOKIE = "brightpath_chat"

TALKING = Rate(burst=40, per_second=2)
"""Events of one conversation: a row of quick taps, and what waited while there was no network."""

LISTENING = Rate(burst=80, per_second=4)
"""Looks for news of one conversation; each event begins a new one, in every open tab."""

ARRIVING = Rate(burst=30, per_second=1 / 10)
"""New conversations from one address: the families of a co-op behind one router."""

# A browser adds a header of our own to another site's request only after asking us, and we never
# allow it.
SCRIPT_HEADER = "x-brightpath"

ChatEvent: TypeAlias = Event | Command


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation that the browser's cookie names. `cookie` is set only when it is new.
    `questionnaire`: it still asks, so that a browser may keep its messages."""

    account_id: int
    language: str
    cookie: str | None = None
    questionnaire: bool = False


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message as it now stands.

    `author` is "them" for what the reader said (its words are `view.title`), else "us".
    `revision` rises over the whole chat with each new or edited message.
    """

    id: int
    author: Literal["us", "them"]
    step: int
    revision: int
    view: View


class ChatPort(Protocol):
    """The conversations behind the page. Raises nothing for what a browser may send."""

    async def begin(self, language: str | None, code: str | None) -> Session | None:
        """A new conversation with a new cookie (`new_cookie`). None where only those who bring a
        code that works may begin one, and `code` is none; it is not used up. `language` and `code`
        are the browser's word, unchecked."""

    async def resume(self, cookie: str) -> Session | None:
        """The conversation of `cookie`, if there is one. Stores nothing."""

    async def receive(
        self,
        session: Session,
        event: ChatEvent,
        *,
        key: str,
        message_id: int | None = None,
        timezone: str | None = None,
    ) -> None:
        """Applies the event once, however often the same `key` (a UUID) comes for this session.
        `message_id` is the message that was tapped, perhaps of another chat: to be checked, as is
        `timezone`, the browser's word."""

    async def messages(self, session: Session, since: int, wait: float) -> Sequence[ChatMessage]:
        """Messages with a revision above `since`, by id. Waits up to `wait` seconds for the first
        one; may be cancelled meanwhile."""


class ChatRefused(Exception):
    """A request that the chat does not take: answered with `status` and the text `key`, and with
    the seconds after which it may come again."""

    def __init__(self, status: int, key: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"{status} {key}")
        self.status = status
        self.key = key
        self.retry_after = retry_after


def new_cookie() -> str:
    """A fresh secret of 256 bits, as a cookie value of 43 characters."""
    return secrets.token_urlsafe(32)


def qr_svg(text: str) -> str:
    """A QR code of `text` as an SVG element without a fixed size."""
    # Never a Micro QR code: phones' cameras do not read them.
    return segno.make_qr(text).svg_inline(scale=4, border=2, omitsize=True)


def chat_router(
    port: ChatPort, *, secure: bool = False, clock: Callable[[], float] = time.monotonic
) -> APIRouter:
    """The routes of the chat page at /chat. `secure`: families reach it over https, so its cookie
    never travels without. `clock` gives seconds that never go back."""
    router = APIRouter(prefix="/chat", route_class=_ChatRoute)
    talking, listening, arriving = Buckets(TALKING), Buckets(LISTENING), Buckets(ARRIVING)

    def limit(buckets: Buckets, key: Hashable) -> None:
        wait = buckets.take(key, clock())
        if wait:
            raise ChatRefused(429, "webchat.error.often", retry_after=wait)

    @router.get("", response_class=HTMLResponse)
    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse(shell.page(_browser_language(request)), headers=shell.PAGE_HEADERS)

    @router.get("/static/{name}", include_in_schema=False)
    async def static(request: Request, name: str) -> Response:
        file = shell.static_files().get(name)
        if file is None:
            raise ChatRefused(404, "webchat.error.unknown")
        return _file(request, file)

    @router.get("/worker.js", include_in_schema=False)
    async def worker(request: Request) -> Response:
        return _file(request, shell.worker(), shell.WORKER_HEADERS)

    @router.post("/open")
    async def open_chat(request: Request) -> Response:
        _require_own_page(request)
        body = await _body(request, _OPEN)
        session = await _resumed(request, port)
        if session is not None:
            limit(listening, session.account_id)
        else:
            limit(arriving, neighbourhood(request.client.host if request.client else ""))
            session = await port.begin(body.language, body.code)
        if session is None:
            raise ChatRefused(401, "webchat.error.signup")
        request.state.language = session.language
        messages = await port.messages(session, 0, 0)
        if not messages:
            await port.receive(session, Opened(), key=body.key)
            messages = await port.messages(session, 0, 0)
        cookie = session.cookie or _cookie(request)
        current = await port.resume(cookie) if cookie else None
        answer = _answer(current or session, messages, since=0, new=session.cookie is not None)
        if cookie is not None:
            answer.set_cookie(
                COOKIE,
                cookie,
                max_age=_COOKIE_SECONDS,
                path="/chat",
                secure=secure or request.url.scheme == "https",
                httponly=True,
                samesite="strict",
            )
        return answer

    @router.post("/events")
    async def receive_event(request: Request) -> Response:
        _require_own_page(request)
        session = await _session(request, port)
        limit(talking, session.account_id)
        body = await _body(request, _SENT)
        match body:
            case _SentText():
                if len(body.text) > LONGEST_TEXT:
                    raise ChatRefused(413, "webchat.error.long")
                said = _said(body.text)
                await port.receive(session, said, key=body.key, timezone=body.timezone)
            case _SentTap():
                tap = Tapped(step=body.step, option=body.option)
                await port.receive(
                    session, tap, key=body.key, message_id=body.message, timezone=body.timezone
                )
            case _SentPlace():
                place = Located(body.latitude, body.longitude)
                await port.receive(session, place, key=body.key, timezone=body.timezone)
        messages = await port.messages(session, body.since, 0)
        return _answer(await _resumed(request, port) or session, messages, since=body.since)

    @router.get("/messages")
    async def messages_since(request: Request) -> Response:
        session = await _session(request, port)
        limit(listening, session.account_id)
        try:
            asked = _Asked.model_validate(dict(request.query_params))
        except ValidationError as error:
            raise ChatRefused(422, "webchat.error.unreadable") from error
        messages = await _while_connected(
            request, port.messages(session, asked.since, min(asked.wait, LONGEST_WAIT))
        )
        if messages:
            session = await _resumed(request, port) or session
        return _answer(session, messages, since=asked.since)

    return router


class _ChatRoute(APIRoute):
    """Gives every answer the headers of a private page, and refusals their words."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                response = await handle(request)
            except ChatRefused as refusal:
                language = getattr(request.state, "language", None) or _browser_language(request)
                text = translator(language)(say(refusal.key))
                response = JSONResponse({"error": text}, status_code=refusal.status)
                if refusal.retry_after is not None:
                    response.headers["Retry-After"] = str(math.ceil(refusal.retry_after))
            response.headers["X-Content-Type-Options"] = "nosniff"
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return guarded


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_Shape = TypeVar("_Shape")
_Id = Annotated[int, Field(strict=True, ge=0, lt=2**31)]
_Key = Annotated[
    str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
]


_Timezone = Annotated[str | None, Field(max_length=64)]


class _Open(_Body):
    key: _Key
    language: str | None = Field(default=None, max_length=35)
    code: str | None = Field(default=None, max_length=64)


class _SentText(_Body):
    kind: Literal["text"]
    key: _Key
    since: _Id
    timezone: _Timezone = None
    text: str


class _SentTap(_Body):
    kind: Literal["tap"]
    key: _Key
    since: _Id
    timezone: _Timezone = None
    message: _Id
    step: Annotated[int, Field(strict=True, ge=0, lt=2**31)]
    option: str = Field(pattern=r"^[a-z0-9_-]{1,24}$")


class _SentPlace(_Body):
    kind: Literal["place"]
    key: _Key
    since: _Id
    timezone: _Timezone = None
    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class _Asked(_Body):
    since: Annotated[int, Field(ge=0, lt=2**31)]
    wait: Annotated[float, Field(ge=0, allow_inf_nan=False)] = LONGEST_WAIT


_OPEN = TypeAdapter(_Open)
_SENT: TypeAdapter[_SentText | _SentTap | _SentPlace] = TypeAdapter(
    Annotated[_SentText | _SentTap | _SentPlace, Field(discriminator="kind")]
)


_COOKIE_SHAPE = re.compile(r"[A-Za-z0-9_-]{22,128}")
# The longest that browsers keep a cookie; renewed with every visit.
_COOKIE_SECONDS = 400 * 24 * 3600


def _file(request: Request, file: shell.File, more: Mapping[str, str] | None = None) -> Response:
    headers = {"ETag": f'"{file.version}"', "Cache-Control": "no-cache", **(more or {})}
    if request.query_params.get("v") == file.version:
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


def _browser_language(request: Request) -> str:
    preferred = request.headers.get("accept-language", "").split(",")[0]
    return language_of(preferred.split(";")[0].strip())


def _require_own_page(request: Request) -> None:
    host = request.headers.get("host", "")
    # Behind a proxy that ends TLS we see http where the browser's Origin says https.
    own = (f"http://{host}", f"https://{host}")
    if SCRIPT_HEADER not in request.headers or request.headers.get("origin") not in own:
        raise ChatRefused(403, "webchat.error.elsewhere")


def _cookie(request: Request) -> str | None:
    value = request.cookies.get(COOKIE, "")
    return value if _COOKIE_SHAPE.fullmatch(value) else None


async def _resumed(request: Request, port: ChatPort) -> Session | None:
    cookie = _cookie(request)
    return None if cookie is None else await port.resume(cookie)


async def _session(request: Request, port: ChatPort) -> Session:
    session = await _resumed(request, port)
    if session is None:
        raise ChatRefused(401, "webchat.error.session")
    request.state.language = session.language
    return session


async def _body(request: Request, shape: TypeAdapter[_Shape]) -> _Shape:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise ChatRefused(415, "webchat.error.unreadable")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise ChatRefused(413, "webchat.error.long")
        return shape.validate_python(clean_json(json.loads(body)))
    except (ClientDisconnect, ValueError, RecursionError) as error:
        raise ChatRefused(422, "webchat.error.unreadable") from error


def _said(text: str) -> Typed | Opened | Command:
    said = typed(text)
    parts = command_of(said)
    if parts is None:
        return Typed(said)
    name, _, argument = parts
    return Opened() if name == "start" and not argument else Command(name, argument)


async def _while_connected(
    request: Request, work: Coroutine[Any, Any, Sequence[ChatMessage]]
) -> Sequence[ChatMessage]:
    """What `work` gives; nothing, and `work` cancelled, once the browser has hung up."""

    async def hang_up() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    # A page polls all day: without this each reload would leave a waiter behind.
    answer, gone = asyncio.ensure_future(work), asyncio.ensure_future(hang_up())
    try:
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
        return answer.result() if answer.done() else ()
    finally:
        answer.cancel()
        gone.cancel()
        await asyncio.gather(answer, gone, return_exceptions=True)


def _reach_note(view: View, language: str) -> str | None:
    """What must be said of a code that a phone would scan in vain."""
    if view.qr is None or reach(view.qr) != "loopback":
        return None
    return translator(language)(say("chat.loopback_link"))


def _answer(
    session: Session, messages: Sequence[ChatMessage], *, since: int, new: bool = False
) -> JSONResponse:
    """`session` as it is *after* the messages were read: an event may change the language, and a
    browser must not keep what was said after the questionnaire as if it were still going on."""
    return JSONResponse(
        {
            "language": session.language,
            "new": new,
            "chat": session.account_id,
            "questionnaire": session.questionnaire,
            "revision": max([since, *(message.revision for message in messages)]),
            "messages": [
                {
                    "id": message.id,
                    "author": message.author,
                    "step": message.step,
                    "revision": message.revision,
                    "view": message.view.model_dump(mode="json"),
                    "qr_svg": qr_svg(message.view.qr) if message.view.qr else None,
                    "reach": _reach_note(message.view, session.language),
                }
                for message in messages
            ],
        }
    )
