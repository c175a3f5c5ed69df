"""The running program's parts, opened together."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from app.services import Services, libpq_url, sqlalchemy_url, utc_now
from app.settings import Settings
from app.tasks import register
from bot.questionnaire import family_settings, questionnaire
from bot.talk import Dialogue
from bot.telegram import TelegramChannel
from db.queue import make_app
from db.secrets import SecretBox
from db.session import Database


@asynccontextmanager
async def open_services(
    settings: Settings, url: str, *, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[Services]:
    """The parts over the migrated database at `url` (any PostgreSQL address), closed at the end."""
    async with AsyncExitStack() as stack:
        database = Database(sqlalchemy_url(url))
        stack.push_async_callback(database.close)
        telegram = None
        if settings.telegram_bot_token is not None:
            token = settings.telegram_bot_token.get_secret_value()
            telegram = await stack.enter_async_context(
                TelegramChannel(token, settings.telegram_api_base)
            )
        box = SecretBox([settings.key])
        services = Services(
            settings=settings,
            database=database,
            database_url=sqlalchemy_url(url),
            queue=make_app(libpq_url(url)),
            box=box,
            dialogue=Dialogue(
                questionnaire=questionnaire(),
                settings=family_settings(),
                box=box,
                base_url=settings.base_url,
                google=None not in (settings.google_client_id, settings.google_client_secret),
            ),
            telegram=telegram,
            now=now,
        )
        register(services)
        yield services
