"""What every part of the running program needs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import procrastinate
from sqlalchemy.engine import make_url

from app.settings import Settings
from bot.talk import Dialogue
from bot.telegram import TelegramChannel
from db.secrets import SecretBox
from db.session import Database
from sync.fetch import PUBLIC, Guard


def utc_now() -> datetime:
    """The real clock; tests hand in their own."""
    return datetime.now(UTC)


class NoToken(Exception):
    """A job for Telegram has reached a process that has no TELEGRAM_BOT_TOKEN."""


@dataclass(frozen=True)
class Services:
    """The program's parts, made by `app.program.open_services`.

    `telegram` is None where no token is set: the web chat is all then. `queue` knows the tasks
    but is not open: whoever runs a worker opens it. `guard` says which outside addresses may be
    reached.
    """

    settings: Settings
    database: Database
    database_url: str
    queue: procrastinate.App
    box: SecretBox
    dialogue: Dialogue
    telegram: TelegramChannel | None
    guard: Guard = PUBLIC
    now: Callable[[], datetime] = utc_now

    @property
    def bot(self) -> TelegramChannel:
        """The bot, for jobs that only a worker with a token takes; `NoToken` without one."""
        if self.telegram is None:
            raise NoToken
        return self.telegram


def sqlalchemy_url(url: str) -> str:
    """Any PostgreSQL address as SQLAlchemy wants it, with psycopg as the driver."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def libpq_url(url: str) -> str:
    """Any PostgreSQL address as libpq wants it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
