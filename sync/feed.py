"""`GET /feeds/{token}.ics`: a family's secret calendar address."""

import gzip
import re
from collections.abc import Callable
from datetime import UTC
from email.utils import format_datetime
from typing import Protocol, TypeAlias

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from core.phrase import Translate, say
from db.calendars import FoundFeed, KeptFeed

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

    async def find_feed(self, token: str) -> FoundFeed | None:
        """What the token opens, with its tag if that is right at this moment; None for a token
        that is unknown or revoked."""
        ...

    async def read_feed(self, found: FoundFeed) -> KeptFeed | None:
        """What the feed shows now; None if it was revoked meanwhile."""
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
    Last-Modified tells people. A reader who has what was made last costs one look-up.
    """
    router = APIRouter()

    @router.get("/feeds/{token}.ics", response_class=Response, summary="A calendar feed")
    async def feed(token: str, request: Request) -> Response:
        found = await port.find_feed(token) if is_token(token) else None
        if found is not None and found.etag is not None and _has(request, found.etag):
            return _unchanged(request, found.etag)
        kept = await port.read_feed(found) if found is not None else None
        if kept is None:
            words = texts(preferred_language(request))
            return PlainTextResponse(
                words(say("calendar.unknown")) + "\n",
                status_code=404,
                headers={**SECRET_HEADERS, "Cache-Control": "no-store"},
            )
        return _unchanged(request, kept.etag) if _has(request, kept.etag) else _whole(request, kept)

    router.head("/feeds/{token}.ics", include_in_schema=False)(feed)
    return router


def _unchanged(request: Request, etag: str) -> Response:
    return Response(status_code=304, headers=_headers(request, etag))


def _whole(request: Request, kept: KeptFeed) -> Response:
    body = kept.body
    headers = _headers(request, kept.etag)
    headers["Last-Modified"] = format_datetime(kept.changed_at.astimezone(UTC), usegmt=True)
    headers["Content-Disposition"] = 'inline; filename="brightpath.ics"'
    if _accepts_gzip(request):
        headers["Content-Encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    headers["Content-Length"] = str(len(body))
    return Response(
        b"" if request.method == "HEAD" else body,
        media_type="text/calendar; charset=utf-8",
        headers=headers,
    )


def _headers(request: Request, etag: str) -> dict[str, str]:
    """What a 304 says as well."""
    return {
        **SECRET_HEADERS,
        # A calendar app may keep its copy (it has the events anyway) but must ask before it shows
        # it again: `no-store` would forbid the 304 by which thousands of polls stay cheap.
        "Cache-Control": "private, no-cache",
        "ETag": f'"{etag}-gzip"' if _accepts_gzip(request) else f'"{etag}"',
        "Vary": "Accept-Encoding",
    }


def _has(request: Request, etag: str) -> bool:
    """Whether the reader's copy is ours, in either coding, by its tag alone: within one second two
    changes have the same date, and a new wording of ours has none."""
    named = request.headers.get("if-none-match")
    if named is None:
        return False
    wanted = {tag.strip().removeprefix("W/") for tag in named.split(",")}
    return not wanted.isdisjoint({"*", f'"{etag}"', f'"{etag}-gzip"'})


def _accepts_gzip(request: Request) -> bool:
    weights: dict[str, float] = {}
    for part in request.headers.get("accept-encoding", "").lower().split(","):
        coding, _, parameter = part.partition(";")
        weight = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", parameter)
        weights[coding.strip()] = float(weight[1]) if weight else 1.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0
