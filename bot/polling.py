"""Updates fetched from Telegram, where it cannot reach us."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

import structlog
from telegram import Update

from bot.incoming import Json
from bot.send import RetryLater
from bot.telegram import POLL_SECONDS, TelegramChannel
from core.text import clean_json

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
MOST_DOUBLINGS = 10

T = TypeVar("T")

logger = structlog.get_logger(__name__)


async def poll(
    channel: TelegramChannel,
    receive: Callable[[dict[str, Json]], Awaitable[None]],
    *,
    stop: asyncio.Event,
    wait: int = POLL_SECONDS,
    first_pause: float = FIRST_PAUSE_SECONDS,
) -> None:
    """Hands every update to `receive`, in order, until `stop` is set.

    An update is confirmed to Telegram only after `receive` returned for it, so `receive` commits
    before it returns, and may see one update again. When Telegram cannot be asked, or `receive`
    raises, the same updates are asked for again after a pause that doubles from `first_pause` up to
    30 s. `wait` is how long one question stays open, in seconds; `stop` ends it at once.
    """
    offset: int | None = None
    doublings = 0
    while not stop.is_set():
        try:
            if offset is None or doublings:
                await channel.delete_webhook()
            updates = await _unless_stopped(channel.updates(offset, wait=wait), stop)
            for update in updates or ():
                await receive(_document(update))
                offset = update.update_id + 1
            doublings = 0
        except RetryLater as error:
            await _unless_stopped(asyncio.sleep(error.seconds), stop)
        except Exception as error:
            # Whatever failed, Telegram keeps the updates; giving up would lose the family's words.
            pause = min(first_pause * 2**doublings, LONGEST_PAUSE_SECONDS)
            doublings = min(doublings + 1, MOST_DOUBLINGS)
            logger.warning("telegram.poll_failed", error=type(error).__name__, pause=pause)
            await _unless_stopped(asyncio.sleep(pause), stop)


def _document(update: Update) -> dict[str, Json]:
    return {key: clean_json(value) for key, value in update.to_dict().items()}


async def _unless_stopped(work: Coroutine[object, object, T], stop: asyncio.Event) -> T | None:
    """The result of `work`, or None when `stop` was set first and `work` was given up."""
    running = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return await running if running.done() else None
    finally:
        for task in (running, stopping):
            task.cancel()
        await asyncio.gather(running, stopping, return_exceptions=True)
