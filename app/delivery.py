"""Carrying what was said to Telegram: each message once, and at most twice if we die meanwhile."""

import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.services import Services
from bot.outbox import hand_over, shown, spoken
from bot.send import (
    Ambiguous,
    ChatBlocked,
    ChatMoved,
    DeliveryError,
    MessageGone,
    Refused,
    RetryLater,
)
from bot.telegram import TelegramChannel
from bot.views import View
from db.conversations import (
    TELEGRAM,
    WEB,
    Account,
    load_account,
    move_account,
    park_account,
    parked_since,
)
from db.messages import (
    StoredMessage,
    mark_parked,
    mark_sending,
    mark_sent,
    mark_unsent,
    pause_channel,
    pause_left,
    pending_messages,
    recover_interrupted,
)

BLOCKED_PAUSE = timedelta(days=1)
"""How long a chat that has blocked us is left alone, unless it speaks to us again."""

UNREACHABLE_PAUSE = 10.0
"""Seconds until a chat's messages are tried again while Telegram cannot be reached."""

log = structlog.get_logger()


async def deliver(services: Services, account_id: int) -> None:
    """Delivers the chat's pending messages in their order. One runs at a time for a chat (the
    job's lock).

    Where Telegram cannot be reached or asks for a pause, the rest is left to a later job.
    """
    async with services.database.transaction(chat_account_id=account_id) as session:
        account = await load_account(session, account_id)
        await recover_interrupted(session, account_id)
        blocked_at = await parked_since(session, account_id)
        if blocked_at is not None and services.now() - blocked_at < BLOCKED_PAUSE:
            for waiting in await pending_messages(session, account_id):
                await mark_parked(session, waiting.id)
            return
    if account is None or account.channel == WEB:
        return
    while (message := await _next(services, account)) is not None:
        if not await _deliver(services, services.bot, account, message):
            return


async def courtesy(services: Services, call: Callable[[], Awaitable[None]]) -> None:
    """Makes a call that only looks nice, such as the typing sign: left out while Telegram wants a
    pause, and not repeated if it fails."""
    async with services.database.transaction() as session:
        paused = await pause_left(session, TELEGRAM) > 0
    if paused:
        return
    try:
        await call()
    except RetryLater as error:
        async with services.database.transaction() as session:
            await pause_channel(session, TELEGRAM, error.seconds)
    except DeliveryError as error:
        log.info("courtesy left out", error=type(error).__name__)


async def _next(services: Services, account: Account) -> StoredMessage | None:
    """The next message, marked as being sent in a transaction of its own; None if there is none
    or none may be sent yet."""
    async with _scope(services, account) as session:
        for message in await pending_messages(session, account.id, limit=1):
            pause = await pause_left(session, account.channel)
            if pause > 0:
                await _go_on_in(session, account, pause)
                return None
            return await mark_sending(session, message.id)
    return None


async def _deliver(
    services: Services, telegram: TelegramChannel, account: Account, message: StoredMessage
) -> bool:
    """Whether the next message may follow at once."""
    view = shown(message, services.box)
    try:
        external_id = await _carry(telegram, account, message, view)
    except RetryLater as error:
        async with _scope(services, account) as session:
            await mark_unsent(session, message.id)
            # It counts all calls of the bot, so everybody has to pause.
            await pause_channel(session, account.channel, error.seconds)
            await _go_on_in(session, account, error.seconds)
        return False
    except ChatBlocked:
        log.info("blocked", account_id=account.id)
        async with _scope(services, account) as session:
            await mark_parked(session, message.id)
            await park_account(session, account.id, now=services.now())
        return False
    except Refused as error:
        log.warning("undeliverable", account_id=account.id, error=type(error).__name__)
        async with _scope(services, account) as session:
            await mark_parked(session, message.id)
        return True
    except ChatMoved as error:
        async with _scope(services, account) as session:
            await mark_unsent(session, message.id)
            await move_account(session, account.id, error.external_id)
            await hand_over(session, account)
        return False
    except Ambiguous:
        # Telegram may have it. Left as being sent: the next delivery tries it once more.
        async with _scope(services, account) as session:
            await hand_over(session, account)
        return False
    except DeliveryError as error:
        # Telegram does not have it. However long this lasts, the message is not given up.
        log.warning("not delivered", account_id=account.id, error=type(error).__name__)
        async with _scope(services, account) as session:
            await mark_unsent(session, message.id)
            await _go_on_in(session, account, UNREACHABLE_PAUSE)
        return False
    async with _scope(services, account) as session:
        await mark_sent(session, message.id, message.revision, external_id=external_id)
    if view.thinking:
        await courtesy(services, lambda: telegram.typing(account.external_id))
    return True


async def _carry(
    telegram: TelegramChannel, account: Account, message: StoredMessage, view: View
) -> str:
    """Telegram's id of the message that now shows it."""
    language, step = spoken(account), message.step or 0
    if message.external_id is not None:
        with contextlib.suppress(MessageGone):
            await telegram.edit(
                account.external_id, message.external_id, message.id, step, view, language=language
            )
            return message.external_id
    return await telegram.send(account.external_id, message.id, step, view, language=language)


async def _go_on_in(session: AsyncSession, account: Account, seconds: float) -> None:
    await hand_over(session, account, wait=timedelta(seconds=seconds))


def _scope(
    services: Services, account: Account
) -> contextlib.AbstractAsyncContextManager[AsyncSession]:
    return services.database.transaction(chat_account_id=account.id)
