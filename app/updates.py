"""Telegram's updates: kept first, answered afterwards, one at a time for each chat."""

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from telegram import Update

from app.delivery import courtesy
from app.services import Services
from bot.dialogue import apologise, converse
from bot.incoming import Json
from bot.polling import poll
from bot.send import DeliveryError
from bot.telegram import TelegramChannel
from bot.texts import LANGUAGES, translator
from bot.translate import translate, without_exact_place
from bot.webhook import WEBHOOK_PATH
from core.phrase import say
from db.conversations import TELEGRAM, find_or_create_account, unpark_account
from db.inbox import chat_key, mark_failed, mark_processed, receive, take
from db.queue import TELEGRAM_QUEUE, enqueue

HEAR = "hear"
"""The task that answers one update."""

MENU = (
    *("today", "week", "change", "review", "year", "reminders", "pause", "calendars"),
    *("settings", "invite", "link", "language", "help", "forget"),
)
"""The commands that the bot's menu shows."""

POLL_LOCK = 4_001
"""Key of the advisory lock that the one polling process holds."""

WEBHOOK_RETRY = 1.0

POLL_LOCK_LOOK = 15.0
"""Seconds between two looks whether we still hold it."""

POLL_LOCK_RETRY = 30.0
"""Seconds after which another process looks whether the polling one is gone."""

log = structlog.get_logger()


async def receive_update(services: Services, update: Mapping[str, Json]) -> None:
    """Keeps an update and queues its answer; returns once that is committed. One that was seen
    before, or that is of no chat, is let go."""
    chat_id = _chat_of(update)
    update_id = update.get("update_id")
    if chat_id is None or not isinstance(update_id, int):
        return
    key = chat_key(TELEGRAM, str(chat_id))
    async with services.database.transaction(chat_key=key) as session:
        kept = without_exact_place(update)
        inbox_id = await receive(session, TELEGRAM, key, str(update_id), kept)
        if inbox_id is not None:
            await enqueue(
                session,
                HEAR,
                lock=f"hear:{key}",
                queue=TELEGRAM_QUEUE,
                inbox_id=inbox_id,
                chat_key=key,
            )


async def hear(services: Services, inbox_id: int, key: str) -> None:
    """Answers one update: its effect, what is said and its end are committed together."""
    telegram = services.bot
    username = await bot_name(telegram)
    now = services.now()
    async with services.database.transaction(chat_key=key) as session:
        waiting = await take(session, inbox_id)
        if waiting is None:
            return
        update = Update.de_json(dict(waiting.payload), None)
        incoming = translate(update, username) if update else None
        if incoming is not None:
            incoming = replace(incoming, bot_name=username)
            account = await find_or_create_account(
                session, TELEGRAM, incoming.external_id, language=incoming.language
            )
            await unpark_account(session, account.id)
            await converse(session, services.dialogue, account, incoming, now=now)
        await mark_processed(session, inbox_id, now=now)
    callback_id = incoming.callback_id if incoming is not None else None
    if callback_id is not None:
        # Only the waiting sign on the button: what was tapped is already done.
        await courtesy(services, lambda: telegram.answer(callback_id))


async def give_up(services: Services, inbox_id: int, key: str, error: str) -> None:
    """Marks an update that failed for good, and tells its chat; the payload stays for a few
    days."""
    now = services.now()
    async with services.database.transaction(chat_key=key) as session:
        waiting = await take(session, inbox_id)
        if waiting is None:
            return
        await mark_failed(session, inbox_id, error, now=now)
        account = await find_or_create_account(session, TELEGRAM, str(_chat_of(waiting.payload)))
        await apologise(session, account, now=now)


async def bot_name(telegram: TelegramChannel) -> str | None:
    """The bot's own name; None while Telegram cannot say. It only matters for commands that name
    whom they are for, so that nobody's words wait for it."""
    try:
        return await telegram.username()
    except DeliveryError:
        return None


async def poll_telegram(services: Services, stop: asyncio.Event) -> None:
    """Fetches updates until `stop`, in whichever process holds the lock."""
    engine = create_async_engine(services.database_url, pool_size=1)
    try:
        while not stop.is_set():
            try:
                # The lock lives as long as this connection: a process that dies lets it go.
                async with engine.connect() as connection:
                    if await _holds_poll_lock(connection):
                        await _poll_while_locked(services, connection, stop)
            except (SQLAlchemyError, OSError) as error:
                log.warning("poll lock lost", error=type(error).__name__, pause=POLL_LOCK_RETRY)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), POLL_LOCK_RETRY)
    finally:
        await engine.dispose()


async def _holds_poll_lock(connection: AsyncConnection) -> bool:
    held = await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": POLL_LOCK})
    await connection.commit()
    return bool(held)


async def _poll_while_locked(
    services: Services, connection: AsyncConnection, stop: asyncio.Event
) -> None:
    """Polls until `stop`, or until the connection that holds the lock is gone: then another
    process may poll already, and Telegram refuses two."""
    ended = asyncio.Event()

    async def keep(update: dict[str, Json]) -> None:
        await receive_update(services, update)

    async def watch() -> None:
        try:
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), POLL_LOCK_LOOK)
                await connection.execute(text("SELECT 1"))
                await connection.commit()
        finally:
            ended.set()

    watching = asyncio.create_task(watch())
    try:
        await poll(services.bot, keep, stop=ended)
    finally:
        await watching


async def announce_webhook(services: Services, stop: asyncio.Event) -> None:
    """Tells Telegram where to bring updates, again and again until it has understood, then rests
    until `stop`."""
    address = f"{services.settings.base_url}{WEBHOOK_PATH}"
    pause = WEBHOOK_RETRY
    while not stop.is_set():
        try:
            await services.bot.set_webhook(address, webhook_secret(services.settings.key))
            log.info("webhook announced")
            await stop.wait()
        except DeliveryError as error:
            log.warning("webhook not announced", error=type(error).__name__, pause=pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            pause = min(pause * 2, POLL_LOCK_RETRY)


async def offer_commands(services: Services) -> None:
    """Fills the bot's menu of commands, in every language."""
    for language in LANGUAGES:
        translate_to = translator(language)
        menu = [(name, translate_to(say(f"command.{name}"))) for name in MENU]
        await courtesy(services, partial(services.bot.offer_commands, menu, language))


def webhook_secret(key: bytes) -> str:
    """What Telegram must say with each update; derived, so that it outlives a restart."""
    return hmac.new(key, b"telegram-webhook", hashlib.sha256).hexdigest()


def _chat_of(update: Mapping[str, Json]) -> int | None:
    for kind in ("message", "edited_message", "callback_query", "my_chat_member"):
        found = update.get(kind)
        if not isinstance(found, dict):
            continue
        message = found.get("message") if kind == "callback_query" else found
        chat = message.get("chat") if isinstance(message, dict) else None
        chat_id = chat.get("id") if isinstance(chat, dict) else None
        if isinstance(chat_id, int):
            return chat_id
    return None
