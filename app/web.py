"""The web server: every route, put together from bot and sync."""

from ipaddress import ip_address

from fastapi import FastAPI, HTTPException, Request, Response, status
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse
from sqlalchemy.exc import SQLAlchemyError

from app.chat import WebConversations
from app.google_access import GoogleAccess, google_client
from app.metrics import exposition
from app.pages import FamilyPages
from app.services import Services
from app.updates import receive_update, webhook_secret
from bot.incoming import Json
from bot.texts import language_of, translator
from bot.webchat import chat_router
from bot.webhook import webhook_router
from core.phrase import Translate, say
from db.migrate import head
from db.session import Busy, schema_revision
from sync.feed import feed_router, preferred_language
from sync.google_routes import google_router
from sync.week_page import week_router

RETRY_SECONDS = 2


def _texts(language: str | None) -> Translate:
    return translator(language_of(language))


def create_app(services: Services) -> FastAPI:
    """The application over `services`; whoever made those closes them."""
    app = FastAPI(
        title="BrightPath",
        summary="Calendar feeds, the week page and the chat of homeschooling families.",
        docs_url=None,
        redoc_url=None,
    )

    @app.exception_handler(Busy)
    async def busy(request: Request, _error: Exception) -> Response:
        words = _texts(preferred_language(request))
        return JSONResponse(
            {"error": words(say("webchat.error.busy"))},
            status_code=status.HTTP_503_SERVICE_UNAVAILABLE,
            headers={"Retry-After": str(RETRY_SECONDS)},
        )

    @app.get("/", include_in_schema=False)
    async def home() -> RedirectResponse:
        return RedirectResponse("/chat")

    @app.get("/healthz", response_class=PlainTextResponse, summary="Whether the process lives")
    async def healthz() -> str:
        return "ok\n"

    @app.get(
        "/readyz",
        response_class=PlainTextResponse,
        summary="Whether the database answers with the schema that this version knows",
        responses={503: {"description": "Not ready"}},
    )
    async def readyz() -> PlainTextResponse:
        try:
            async with services.database.transaction() as session:
                ready = await schema_revision(session) == head()
        except (SQLAlchemyError, Busy, OSError):
            ready = False
        return PlainTextResponse("ready\n" if ready else "unready\n", 200 if ready else 503)

    @app.get("/metrics", response_class=PlainTextResponse, summary="Figures for Prometheus")
    async def metrics(request: Request) -> Response:
        # A proxy in front would make everybody look local, so one that says so is refused too.
        client = request.client
        if (
            client is None
            or not ip_address(client.host).is_loopback
            or "x-forwarded-for" in request.headers
        ):
            raise HTTPException(status.HTTP_403_FORBIDDEN)
        body, content_type = await exposition(services.database)
        return Response(body, headers={"Content-Type": content_type})

    pages = FamilyPages(services)
    app.include_router(feed_router(pages, _texts))
    app.include_router(week_router(pages, _texts))
    app.include_router(
        chat_router(
            WebConversations(services),
            secure=services.settings.base_url.startswith("https://"),
        )
    )

    client = google_client(services)
    app.include_router(google_router(GoogleAccess(services, client) if client else None, _texts))

    if services.telegram is not None:

        async def receive(update: dict[str, Json]) -> None:
            await receive_update(services, update)

        app.include_router(webhook_router(webhook_secret(services.settings.key), receive))
    return app
