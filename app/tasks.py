"""The tasks that workers run. Arguments are ids; every task may run twice."""

from datetime import date

import structlog
from procrastinate import JobContext, RetryStrategy

from app.delivery import deliver
from app.planning import plan_first_weeks
from app.services import Services
from app.updates import HEAR, give_up, hear
from bot.daily import day_key, show_today, show_week
from bot.dialogue import PLAN_FIRST_WEEKS
from bot.outbox import DELIVER
from core.reminders import MORNING
from db.conversations import load_account
from db.queue import MAX_ATTEMPTS
from db.reminders import attach_message, load_reminder
from db.session import chat_scope

REMIND = "remind"
"""The task that says one reminder."""

RETRY = RetryStrategy(max_attempts=MAX_ATTEMPTS, exponential_wait=3)

log = structlog.get_logger()


def register(services: Services) -> None:
    """Teaches the queue its tasks."""
    app = services.queue

    @app.task(name=HEAR, retry=RETRY, pass_context=True)
    async def hear_update(context: JobContext, inbox_id: int, chat_key: str) -> None:
        try:
            await hear(services, inbox_id, chat_key)
        except Exception as error:
            # A bug of ours must not lose a family's words without a trace, nor block its chat.
            log.error("update failed", inbox_id=inbox_id, error=type(error).__name__)
            if context.job.attempts + 1 >= MAX_ATTEMPTS:
                await give_up(services, inbox_id, chat_key, type(error).__name__)
            raise

    @app.task(name=DELIVER, retry=RETRY)
    async def deliver_messages(account_id: int) -> None:
        await deliver(services, account_id)

    @app.task(name=PLAN_FIRST_WEEKS, retry=RETRY)
    async def plan_and_show(family_id: int, account_id: int, message_id: int) -> None:
        await plan_first_weeks(services, family_id)
        async with services.database.transaction(family_id=family_id) as session:
            await chat_scope(session, account_id)
            account = await load_account(session, account_id)
            if account is not None:
                await show_week(
                    session,
                    account,
                    family_id,
                    box=services.box,
                    base_url=services.settings.base_url,
                    now=services.now(),
                    message_id=message_id,
                )

    @app.task(name=REMIND, retry=RETRY)
    async def remind(family_id: int, reminder_id: int) -> None:
        await say_reminder(services, family_id, reminder_id)


async def say_reminder(services: Services, family_id: int, reminder_id: int) -> None:
    """Says a reminder once: its message and the note that it was said are committed together."""
    async with services.database.transaction(family_id=family_id) as session:
        reminder = await load_reminder(session, reminder_id)
        if reminder is None or reminder.message_id is not None or reminder.kind != MORNING:
            return
        account = await load_account(session, reminder.chat_account_id)
        if account is None:
            return
        await chat_scope(session, account.id)
        day: date = reminder.local_date
        message_id = await show_today(
            session, account, family_id, now=services.now(), dedupe_key=day_key(day)
        )
        if message_id is not None:
            await attach_message(session, reminder_id, message_id)
