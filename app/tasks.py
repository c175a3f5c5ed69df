"""The tasks that workers run. Arguments are ids; every task may run twice."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import TypeAlias

import structlog
from procrastinate import JobContext, RetryStrategy

from app.caldav import connect_caldav, disconnect_caldav, publish_caldav
from app.delivery import deliver
from app.google import answer_calendar, disconnect_google, publish_google
from app.google_changes import move_by_tap
from app.outside import answer_times, follow_calendar, give_up_answer
from app.planning import plan_weeks
from app.reminders import say_reminder
from app.requests import carry_out, preview
from app.review import publish_and_show
from app.services import Services
from app.undo import undo
from app.updates import HEAR, give_up, hear
from app.waiting import Waiting, waiting_chats
from bot.changes import UNDO_CHANGE
from bot.conversations.cards import Card
from bot.conversations.google import Answer
from bot.google import ANSWER_CALENDAR, MOVE_LESSON
from bot.interview import PLAN_WEEKS
from bot.outbox import DELIVER
from bot.outside import ANSWER_TIMES
from bot.requests import CARRY_OUT, PREVIEW
from bot.review import PUBLISH_WEEK
from core.phrase import say
from db.connections import CONNECT_CALDAV, DISCONNECT, FOLLOW, Connection, Provider, load_connection
from db.family_rows import NoSuchFamily
from db.queue import MAX_ATTEMPTS
from db.revision import PUBLISH

REMIND = "remind"
"""The task that says one reminder."""


RETRY = RetryStrategy(max_attempts=MAX_ATTEMPTS - 1, exponential_wait=3)
"""Procrastinate counts the attempts before the present one: three, nine … seconds between them."""

RETRY_SOON = RetryStrategy(max_attempts=MAX_ATTEMPTS - 1, exponential_wait=2)
"""For updates: the rest of the chat waits behind the one that fails, half a minute in all."""

RETRY_FOR_HOURS = RetryStrategy(max_attempts=MAX_ATTEMPTS - 1, exponential_wait=8)
"""For servers elsewhere: eight seconds, a minute, nine minutes, more than an hour."""

RequestWork: TypeAlias = Callable[[Services, int, int, int, int], Awaitable[None]]

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
        chats = waiting_chats(services, family_id, waiting)
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
        chat = Waiting(services, family_id, account_id, message_id)
        try:
            await chat.show_undone(await undo(services, family_id, token))
        except NoSuchFamily:
            log.info("erased before it was undone", family_id=family_id)
        except Exception:
            if context.job.attempts + 1 >= MAX_ATTEMPTS:
                await chat.show(Card(say("chat.our_fault")))
            raise

    for name, work in ((PREVIEW, preview), (CARRY_OUT, carry_out)):

        @app.task(name=name, retry=RETRY_SOON, pass_context=True)
        async def of_request(
            context: JobContext,
            family_id: int,
            account_id: int,
            message_id: int,
            request_id: int,
            work: RequestWork = work,
        ) -> None:
            try:
                await work(services, family_id, account_id, message_id, request_id)
            except NoSuchFamily:
                log.info("erased before it was answered", family_id=family_id)
            except Exception:
                if context.job.attempts + 1 >= MAX_ATTEMPTS:
                    chat = Waiting(services, family_id, account_id, message_id)
                    await chat.show(Card(say("chat.our_fault")))
                raise

    @app.task(name=PUBLISH_WEEK, retry=RETRY, pass_context=True)
    async def publish_proposed(
        context: JobContext,
        family_id: int,
        account_id: int,
        message_id: int,
        monday: int,
        always: int,
    ) -> None:
        try:
            await publish_and_show(services, family_id, account_id, message_id, monday, always)
        except NoSuchFamily:
            log.info("erased before its week was published", family_id=family_id)
        except Exception:
            if context.job.attempts + 1 >= MAX_ATTEMPTS:
                chat = Waiting(services, family_id, account_id, message_id)
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
                chat = Waiting(services, family_id, account_id, message_id)
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
