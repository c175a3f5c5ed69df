"""Carrying what was said to Telegram: each message once, and at most twice if we die meanwhile."""

import contextlib
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.services import Services
from bot.outbox import hand_over, spoken
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
from db.conversations import WEB, Account, load_account, move_account
from db.messages import (
    StoredMessage,
    mark_parked,
    mark_sending,
    mark_sent,
    mark_unsent,
    pending_messages,
    recover_interrupted,
)
from db.queue import enqueue

log = structlog.get_logger()


async def deliver(services: Services, account_id: int) -> None:
    """Delivers the chat's pending messages in their order. One runs at a time for a chat (the
    job's lock).

    Raises `DeliveryError` where Telegram cannot be reached: the job is tried again later.
    """
    async with services.database.transaction(chat_account_id=account_id) as session:
        account = await load_account(session, account_id)
        await recover_interrupted(session, account_id)
    if account is None or account.channel == WEB or services.telegram is None:
        return
    while (message := await _next(services, account)) is not None:
        if not await _deliver(services, services.telegram, account, message):
            return


async def _next(services: Services, account: Account) -> StoredMessage | None:
    """The next message, marked as being sent in a transaction of its own."""
    async with services.database.transaction(chat_account_id=account.id) as session:
        for message in await pending_messages(session, account.id, limit=1):
            return await mark_sending(session, message.id)
    return None


async def _deliver(
    services: Services, telegram: TelegramChannel, account: Account, message: StoredMessage
) -> bool:
    """Whether the next message may follow at once."""
    try:
        external_id = await _carry(telegram, account, message)
    except RetryLater as error:
        async with _scope(services, account) as session:
            await mark_unsent(session, message.id)
            await enqueue(
                session,
                "deliver",
                lock=f"deliver:{account.id}",
                queueing_lock=f"deliver:{account.id}",
                schedule_in=timedelta(seconds=error.seconds),
                account_id=account.id,
            )
        return False
    except (ChatBlocked, Refused) as error:
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
    except DeliveryError:
        async with _scope(services, account) as session:
            await mark_unsent(session, message.id)
        raise
    async with _scope(services, account) as session:
        await mark_sent(session, message.id, message.revision, external_id=external_id)
    if View.model_validate(message.view).thinking:
        with contextlib.suppress(DeliveryError):
            await telegram.typing(account.external_id)
    return True


async def _carry(telegram: TelegramChannel, account: Account, message: StoredMessage) -> str:
    """Telegram's id of the message that now shows it."""
    view = View.model_validate(message.view)
    language, step = spoken(account), message.step or 0
    if message.external_id is not None:
        with contextlib.suppress(MessageGone):
            await telegram.edit(
                account.external_id, message.external_id, message.id, step, view, language=language
            )
            return message.external_id
    return await telegram.send(account.external_id, message.id, step, view, language=language)


def _scope(
    services: Services, account: Account
) -> contextlib.AbstractAsyncContextManager[AsyncSession]:
    return services.database.transaction(chat_account_id=account.id)
