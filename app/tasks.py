"""The tasks that workers run. Arguments are ids; every task may run twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import structlog
from procrastinate import JobContext, RetryStrategy
from sqlalchemy.ext.asyncio import AsyncSession

from app.caldav import connect_caldav, disconnect_caldav, publish_caldav
from app.changes import Applied, Outcome
from app.delivery import deliver
from app.google import answer_calendar, disconnect_google, publish_google
from app.google_changes import move_by_tap
from app.outside import answer_times, follow_calendar, give_up_answer
from app.planning import plan_weeks
from app.services import Services
from app.undo import undo
from app.updates import HEAR, give_up, hear
from bot.changes import UNDO_CHANGE, card_of_undo
from bot.conversations.cards import Card
from bot.conversations.google import Answer
from bot.daily import remind_of_today, show_week
from bot.google import ANSWER_CALENDAR, MOVE_LESSON
from bot.interview import PLAN_WEEKS
from bot.outbox import DELIVER, replace_card
from bot.outside import ANSWER_TIMES
from core.phrase import say
from core.reminders import MORNING
from core.week import wall
from db.connections import CONNECT_CALDAV, DISCONNECT, FOLLOW, Connection, Provider, load_connection
from db.conversations import Account, load_account
from db.families import load_family
from db.family_rows import NoSuchFamily
from db.queue import MAX_ATTEMPTS
from db.reminders import attach_message, load_reminder
from db.revision import PUBLISH
from db.session import chat_scope

REMIND = "remind"
"""The task that says one reminder."""


RETRY = RetryStrategy(max_attempts=MAX_ATTEMPTS - 1, exponential_wait=3)
"""Procrastinate counts the attempts before the present one: three, nine … seconds between them."""

RETRY_SOON = RetryStrategy(max_attempts=MAX_ATTEMPTS - 1, exponential_wait=2)
"""For updates: the rest of the chat waits behind the one that fails, half a minute in all."""

RETRY_FOR_HOURS = RetryStrategy(max_attempts=MAX_ATTEMPTS - 1, exponential_wait=8)
"""For servers elsewhere: eight seconds, a minute, nine minutes, more than an hour."""

log = structlog.get_logger()


def register(services: Services) -> None:
    """Teaches the queue its tasks."""
    app = services.queue

    @app.task(name=HEAR, retry=RETRY_SOON, pass_context=True)
    async def hear_update(context: JobContext, inbox_id: int, chat_key: str) -> None:
        try:
            await hear(services, inbox_id, chat_key)
        except Exception as error:
            # A bug of ours must not lose a family's words without a trace, nor block its chat.
            log.exception("update failed", inbox_id=inbox_id)
            if context.job.attempts + 1 >= MAX_ATTEMPTS:
                await give_up(services, inbox_id, chat_key, type(error).__name__)
            raise

    @app.task(name=DELIVER, retry=RETRY)
    async def deliver_messages(account_id: int) -> None:
        await deliver(services, account_id)

    @app.task(name=PLAN_WEEKS, retry=RETRY, pass_context=True)
    async def plan_and_show(
        context: JobContext, family_id: int, mondays: str, since: int, waiting: str
    ) -> None:
        chats = _waiting(services, family_id, waiting)
        weeks = [date.fromisoformat(monday) for monday in mondays.split()]
        try:
            planned = await plan_weeks(services, family_id, weeks, since=since)
        except NoSuchFamily:
            log.info("erased before it was planned", family_id=family_id)
            return
        except Exception:
            if context.job.attempts + 1 >= MAX_ATTEMPTS:
                for chat in chats:
                    await chat.show(Card(say("chat.plan_failed")))
            raise
        for chat in chats:
            await chat.show_week(planned.moved if since else None)

    @app.task(name=UNDO_CHANGE, retry=RETRY, pass_context=True)
    async def undo_and_say(
        context: JobContext, family_id: int, account_id: int, message_id: int, token: str
    ) -> None:
        chat = _Waiting(services, family_id, account_id, message_id)
        try:
            await chat.show_undone(await undo(services, family_id, token))
        except NoSuchFamily:
            log.info("erased before it was undone", family_id=family_id)
        except Exception:
            if context.job.attempts + 1 >= MAX_ATTEMPTS:
                await chat.show(Card(say("chat.our_fault")))
            raise

    @app.task(name=PUBLISH, retry=RETRY)
    async def publish(family_id: int, connection_id: int) -> None:
        connection = await _connection(services, family_id, connection_id)
        match connection:
            case Connection(provider=Provider.GOOGLE):
                await publish_google(services, connection)
            case Connection(provider=Provider.CALDAV):
                await publish_caldav(services, connection)

    @app.task(name=DISCONNECT, retry=RETRY_FOR_HOURS, pass_context=True)
    async def disconnect(
        context: JobContext, family_id: int, connection_id: int, keep: int
    ) -> None:
        connection = await _connection(services, family_id, connection_id)
        last = context.job.attempts + 1 >= MAX_ATTEMPTS
        match connection:
            case Connection(provider=Provider.GOOGLE):
                await disconnect_google(services, connection, keep=bool(keep), last=last)
            case Connection(provider=Provider.CALDAV):
                await disconnect_caldav(services, connection, keep=bool(keep), last=last)

    @app.task(name=CONNECT_CALDAV, retry=RETRY)
    async def begin_caldav(family_id: int, connection_id: int) -> None:
        await connect_caldav(services, family_id, connection_id)

    @app.task(name=ANSWER_CALENDAR, retry=RETRY_FOR_HOURS)
    async def answer(family_id: int, published_id: int, answer: str) -> None:
        await answer_calendar(services, family_id, published_id, Answer(answer))

    @app.task(name=MOVE_LESSON, retry=RETRY, pass_context=True)
    async def move_lesson(
        context: JobContext,
        family_id: int,
        account_id: int,
        message_id: int,
        item_id: int,
        day: int,
        start: int,
    ) -> None:
        to = date.fromordinal(day)
        try:
            await move_by_tap(services, family_id, account_id, message_id, item_id, to, start)
        except Exception:
            if context.job.attempts + 1 >= MAX_ATTEMPTS:
                chat = _Waiting(services, family_id, account_id, message_id)
                await chat.show(Card(say("chat.our_fault")))
            raise

    @app.task(name=FOLLOW, retry=RETRY)
    async def follow(family_id: int, connection_id: int) -> None:
        try:
            await follow_calendar(services, family_id, connection_id)
        except NoSuchFamily:
            log.info("erased before its calendar was followed", family_id=family_id)

    @app.task(name=ANSWER_TIMES, retry=RETRY, pass_context=True)
    async def answer_proposal(
        context: JobContext, family_id: int, connection_id: int, proposal: str, move: int
    ) -> None:
        try:
            await answer_times(services, family_id, connection_id, proposal, move=bool(move))
        except NoSuchFamily:
            log.info("erased before its calendar was followed", family_id=family_id)
        except Exception:
            if context.job.attempts + 1 >= MAX_ATTEMPTS:
                await give_up_answer(services, family_id, connection_id, proposal)
            raise

    @app.task(name=REMIND, retry=RETRY)
    async def remind(family_id: int, reminder_id: int) -> None:
        await say_reminder(services, family_id, reminder_id)


async def _connection(services: Services, family_id: int, connection_id: int) -> Connection | None:
    async with services.database.transaction(family_id=family_id) as session:
        return await load_connection(session, connection_id, services.box)


def _waiting(services: Services, family_id: int, waiting: str) -> list["_Waiting"]:
    """`waiting` as the job has it: "account:message" for each chat, by blanks."""
    pairs = [entry.split(":") for entry in waiting.split()]
    return [_Waiting(services, family_id, int(chat), int(said)) for chat, said in pairs]


@dataclass(frozen=True)
class _Waiting:
    """A chat that waits for its week, and the message that tells how it goes. One that has been
    erased meanwhile is told nothing."""

    services: Services
    family_id: int
    account_id: int
    message_id: int

    async def show(self, card: Card) -> None:
        async with self._chat() as (session, account):
            if account is not None:
                now = self.services.now()
                await replace_card(session, account, self.message_id, card, now=now)

    async def show_undone(self, outcome: Outcome) -> None:
        """Says in the message that offered it what came of an undo."""
        now = self.services.now()
        async with self._chat() as (session, account):
            if account is not None:
                told = outcome.difference if isinstance(outcome, Applied) else outcome
                card = await card_of_undo(session, self.family_id, told, now=now)
                await replace_card(session, account, self.message_id, card, now=now)

    async def show_week(self, moved: int | None) -> None:
        """Shows the week in place of the message, and how many lessons have moved (None: there
        was no week before)."""
        notice = None
        if moved is not None:
            notice = say("settings.planned", count=moved) if moved else say("settings.fits")
        async with self._chat() as (session, account):
            if account is not None:
                await show_week(
                    session,
                    account,
                    self.family_id,
                    box=self.services.box,
                    base_url=self.services.settings.base_url,
                    now=self.services.now(),
                    message_id=self.message_id,
                    notice=notice,
                )

    @asynccontextmanager
    async def _chat(self) -> AsyncIterator[tuple[AsyncSession, Account | None]]:
        transaction = self.services.database.transaction(
            family_id=self.family_id, chat_account_id=self.account_id
        )
        async with transaction as session:
            account = await load_account(session, self.account_id)
            ours = account is not None and account.family_id == self.family_id
            yield session, account if ours else None


async def say_reminder(services: Services, family_id: int, reminder_id: int) -> None:
    """Says a reminder once: its message and the note that it was said are committed together. One
    of a day that is over is not said any more."""
    async with services.database.transaction(family_id=family_id) as session:
        reminder = await load_reminder(session, reminder_id)
        if reminder is None or reminder.message_id is not None or reminder.kind != MORNING:
            return
        account = await load_account(session, reminder.chat_account_id)
        if account is None:
            return
        await chat_scope(session, account.id)
        now = services.now()
        family = await load_family(session, family_id)
        if wall(now, ZoneInfo(family.timezone)).date() != reminder.local_date:
            return
        message_id = await remind_of_today(session, account, family_id, now=now)
        if message_id is not None:
            await attach_message(session, reminder_id, message_id)
