"""`GET /feeds/{token}.ics`: a family's secret calendar address."""

import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from typing import Protocol, TypeAlias

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse

from core.phrase import Translate, say
from sync.ical import FeedContent, calendar

Texts: TypeAlias = Callable[[str | None], Translate]
"""The words of a language; a code that is unknown or absent gets words all the same."""

SECRET_HEADERS = {
    # The address is the key: no other site may learn it, and no search engine may list it.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
}

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")


class FeedPort(Protocol):
    """Where feeds come from."""

    async def load_feed(self, token: str) -> FeedContent | None:
        """What the token opens; None for a token that is unknown or revoked."""
        ...


def is_token(text: str) -> bool:
    """Whether a text has the form of our tokens (base64url)."""
    return _TOKEN.fullmatch(text) is not None


def preferred_language(request: Request) -> str | None:
    """The first language that the browser names, for readers of whom we know nothing."""
    first = request.headers.get("accept-language", "").split(",")[0].split(";")[0].strip()
    return first or None


def feed_router(port: FeedPort, texts: Texts) -> APIRouter:
    """The route of the feeds: 200 or 304, and 404 in plain words for a token that opens nothing.

    The ETag is strong (one for each coding of the same bytes) and alone decides about 304;
    Last-Modified tells people.
    """
    router = APIRouter()

    @router.get("/feeds/{token}.ics", response_class=Response, summary="A calendar feed")
    async def feed(token: str, request: Request) -> Response:
        content = await port.load_feed(token) if is_token(token) else None
        if content is None:
            words = texts(preferred_language(request))
            return PlainTextResponse(
                words(say("calendar.unknown")) + "\n",
                status_code=404,
                headers={**SECRET_HEADERS, "Cache-Control": "no-store"},
            )
        # Some ten milliseconds of writing, which other requests need not wait for.
        body = await run_in_threadpool(calendar, content, texts(content.language))
        return _answer(request, content, body)

    router.head("/feeds/{token}.ics", include_in_schema=False)(feed)
    return router


def _answer(request: Request, content: FeedContent, body: bytes) -> Response:
    digest = sha256(body).hexdigest()[:32]
    plain_tag, gzip_tag = f'"{digest}"', f'"{digest}-gzip"'
    zipped = _accepts_gzip(request.headers.get("accept-encoding", ""))
    headers = {
        **SECRET_HEADERS,
        # A calendar app may keep its copy (it has the events anyway) but must ask before it shows
        # it again: `no-store` would forbid the 304 by which thousands of polls stay cheap.
        "Cache-Control": "private, no-cache",
        "ETag": gzip_tag if zipped else plain_tag,
        "Last-Modified": format_datetime(_whole_second(content.updated_at), usegmt=True),
        "Vary": "Accept-Encoding",
    }
    if _is_fresh(request, {plain_tag, gzip_tag}):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = 'inline; filename="brightpath.ics"'
    if zipped:
        headers["Content-Encoding"] = "gzip"
        # Without a time of its own: equal bytes for an equal tag.
        body = gzip.compress(body, compresslevel=6, mtime=0)
    headers["Content-Length"] = str(len(body))
    return Response(
        b"" if request.method == "HEAD" else body,
        media_type="text/calendar; charset=utf-8",
        headers=headers,
    )


def _is_fresh(request: Request, tags: set[str]) -> bool:
    """Whether the reader's copy is ours, by its tag alone: within one second two changes have the
    same date, and a new wording of ours has none."""
    named = request.headers.get("if-none-match")
    if named is None:
        return False
    wanted = {tag.strip().removeprefix("W/") for tag in named.split(",")}
    return "*" in wanted or not wanted.isdisjoint(tags)


def _whole_second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _accepts_gzip(header: str) -> bool:
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        coding, _, parameter = part.partition(";")
        weight = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", parameter)
        weights[coding.strip()] = float(weight[1]) if weight else 1.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0
