"""The way to Google's consent page and back, and Google's notifications."""

from enum import StrEnum
from typing import Protocol

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse

from core.phrase import say
from sync.feed import SECRET_HEADERS, Texts, preferred_language
from sync.week_page import message_page

LONGEST = 2048
"""Characters of a parameter that may come from Google; what is longer does not."""


class Consent(StrEnum):
    """How the way through Google's page ended."""

    CONNECTED = "connected"
    DENIED = "denied"
    """The person said no, or left out what we need."""
    EXPIRED = "expired"
    """The link was used before, is too old, or is not one of ours."""
    LATER = "later"
    """Google could not be asked."""


class GooglePort(Protocol):
    """What the routes need of the program."""

    async def consent_address(self, state: str) -> str | None:
        """Google's page for the link that a chat has shown; None if it opens nothing (any
        more)."""
        ...

    async def connect(self, state: str, code: str) -> Consent:
        """Take what Google gave for the code, for the family whose chat has shown the link."""
        ...

    async def notified(self, channel_id: str, token: str, resource_id: str) -> bool:
        """Look at the calendar of which the channel tells; False for a channel that is not open,
        or not with this token."""
        ...


def google_router(port: GooglePort | None, texts: Texts) -> APIRouter:
    """The routes; without a `port` (this server has no Google client) they answer 404 in plain
    words.

    No address here is ever kept: they hold a state or a code.
    """
    router = APIRouter()

    @router.get("/google/connect", response_class=Response, summary="On to Google's consent page")
    async def connect(request: Request, state: str = "") -> Response:
        if port is None:
            return _unset(request, texts)
        address = await port.consent_address(state) if _plausible(state) else None
        if address is None:
            return _page(request, texts, Consent.EXPIRED)
        headers = {**SECRET_HEADERS, "Cache-Control": "no-store"}
        return RedirectResponse(address, status_code=302, headers=headers)

    @router.get(
        "/google/callback", response_class=HTMLResponse, summary="Back from Google's consent page"
    )
    async def callback(
        request: Request, state: str = "", code: str = "", error: str = ""
    ) -> Response:
        if port is None:
            return _unset(request, texts)
        if error:
            # The code stays good: whoever said no by mistake can follow the same link again.
            return _page(request, texts, Consent.DENIED)
        if not (_plausible(state) and _plausible(code)):
            return _page(request, texts, Consent.EXPIRED)
        return _page(request, texts, await port.connect(state, code))

    @router.post(
        "/google/notifications",
        response_class=PlainTextResponse,
        summary="Google says that a calendar has changed",
        responses={404: {"description": "No such channel"}},
    )
    async def notifications(request: Request) -> Response:
        if port is None:
            return _unset(request, texts)
        told = [
            request.headers.get(name, "")
            for name in ("x-goog-channel-id", "x-goog-channel-token", "x-goog-resource-id")
        ]
        known = all(map(_plausible, told)) and await port.notified(*told)
        return PlainTextResponse("ok\n" if known else "unknown\n", 200 if known else 404)

    return router


def _plausible(text: str) -> bool:
    return 0 < len(text) <= LONGEST and text.isprintable()


def _page(request: Request, texts: Texts, consent: Consent) -> HTMLResponse:
    status = {Consent.EXPIRED: 410, Consent.LATER: 503}.get(consent, 200)
    return message_page(
        status,
        texts(preferred_language(request)),
        title=say(f"google.page.{consent}_title"),
        body=say(f"google.page.{consent}"),
    )


def _unset(request: Request, texts: Texts) -> PlainTextResponse:
    words = texts(preferred_language(request))
    return PlainTextResponse(words(say("google.page.unset")) + "\n", status_code=404)
