"""The program's parts over a migrated database, moved on by hand, and small planned families."""

import json
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from botapi.server import BotApiServer
from botapi.world import Person
from psycopg.rows import dict_row
from sqlalchemy import text
from whole_program import Clock

from app.chat import WebConversations
from app.program import open_services
from app.services import Services
from app.settings import Settings
from app.tasks import register
from app.updates import receive_update
from bot.telegram import TelegramChannel
from bot.webchat import ChatEvent, Session
from bot.welcome import welcome_family
from core.family import Family
from core.plan import Item, ItemType, Plan, Scores, Status, WeekRequest
from db.calendars import FeedTokens, feed_tokens
from db.conversations import (
    TELEGRAM,
    Account,
    create_web_account,
    find_or_create_account,
    link_account,
    load_account,
)
from db.document import parse_document
from db.families import load_family
from db.queue import make_app
from db.schedules import store_plan

SUNDAY_EVENING = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
MONDAY = date(2026, 11, 23)
FIRST_LESSON = 9 * 60

DUE = """
    SELECT count(*) FROM procrastinate_jobs job
    WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now()) AND NOT EXISTS (
        SELECT FROM procrastinate_jobs former
        WHERE former.lock = job.lock AND former.id < job.id AND former.status IN ('todo', 'doing')
    )
"""

OF_THE_CHAT = ("messages", "inbox", "chat_accounts", "questionnaire_sessions", "channel_pauses")
OF_THE_QUEUE = ("procrastinate_jobs", "procrastinate_events", "procrastinate_workers")


@asynccontextmanager
async def opened(
    url: str,
    home: Path,
    clock: Clock,
    bot_api: BotApiServer | None = None,
    *,
    answer_seconds: float = 5.0,
) -> AsyncIterator[Services]:
    """The parts with an open queue, and Telegram where `bot_api` stands in for it. Nothing runs
    by itself: see `work`."""
    settings = Settings(_env_file=None, brightpath_home=home)
    async with open_services(settings, url, now=clock) as services:
        if bot_api is None:
            async with services.queue.open_async():
                yield services
            return
        async with TelegramChannel(
            bot_api.token, bot_api.base, answer_seconds=answer_seconds
        ) as telegram:
            services = with_telegram(services, telegram, url)
            async with services.queue.open_async():
                yield services


def with_telegram(services: Services, telegram: TelegramChannel, url: str) -> Services:
    """The same parts with another channel to Telegram, and a queue of their own."""
    queue = make_app(url.replace("postgresql+psycopg", "postgresql"))
    services = replace(services, telegram=telegram, queue=queue)
    register(services)
    return services


async def work(services: Services) -> None:
    """What workers do until no job is left whose time has come."""
    while True:
        await services.queue.run_worker_async(
            wait=False,
            concurrency=4,
            listen_notify=False,
            install_signal_handlers=False,
            delete_jobs="successful",
        )
        async with services.database.transaction() as session:
            if not await session.scalar(text(DUE)):
                return


async def fetch(services: Services, bot_api: BotApiServer) -> None:
    """Keeps what people have sent, as polling does."""
    with bot_api.world.lock:
        updates = json.loads(json.dumps(list(bot_api.world.updates.values())))
        bot_api.world.confirm(bot_api.world.last_update_id + 1)
    for update in updates:
        await receive_update(services, update)


async def answer(services: Services, bot_api: BotApiServer) -> None:
    """Answers everything that people have sent."""
    await fetch(services, bot_api)
    await work(services)


def skip_waits(conninfo: str) -> None:
    """As if the time had passed until which jobs were put off."""
    with psycopg.connect(conninfo) as connection:
        connection.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL")


def rows(conninfo: str, query: str, *given: object) -> list[dict[str, Any]]:
    """What the database holds, seen by the superuser."""
    with psycopg.connect(conninfo, row_factory=dict_row) as connection:
        return connection.execute(query.encode(), given).fetchall()


def everything(conninfo: str, *but: str) -> dict[str, list[str]]:
    """Each row of each table as text, by table."""
    with psycopg.connect(conninfo) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        ).fetchall()
        return {
            table: [
                row
                for (row,) in connection.execute(
                    f"SELECT t::text FROM {table} t ORDER BY 1".encode()  # noqa: S608
                ).fetchall()
            ]
            for (table,) in tables
            if table not in but
        }


def of_families(conninfo: str) -> dict[str, list[str]]:
    """Everything that a tap could change in a family: its people, weeks, logs, addresses."""
    return everything(conninfo, *OF_THE_CHAT, *OF_THE_QUEUE)


def found(conninfo: str, words: Iterable[str]) -> list[tuple[str, str]]:
    """Where any of the words stands in the whole database: (table, word)."""
    wanted = [word.casefold() for word in words]
    return [
        (table, word)
        for table, lines in everything(conninfo).items()
        for line in lines
        for word in wanted
        if word in line.casefold()
    ]


@dataclass(frozen=True)
class Household:
    """A family with a planned week from `MONDAY` on: two lessons a day for each of two children."""

    id: int
    family: Family
    tokens: FeedTokens


async def household(
    services: Services,
    children: Sequence[str] = ("Emma", "Noah"),
    *,
    parent: str = "Sarah",
    email: str | None = None,
    timezone: str = "America/New_York",
    subjects: Sequence[str] = ("Mathematics", "Reading"),
) -> Household:
    """A new family, planned by hand: solving takes seconds, and is not what is tested here."""
    document = parse_document(
        {
            "timezone": timezone,
            "adults": [{"name": parent}],
            "parent": {"name": parent, **({"email": email} if email else {})},
            "children": [
                {
                    "name": name,
                    "age": 9,
                    "subjects": [
                        {
                            "name": subject,
                            "isCoreSubject": True,
                            "sessionDuration": 30,
                            "frequency": "daily",
                            "parentInvolvement": "independent",
                            "interestLevel": 3,
                        }
                        for subject in subjects
                    ],
                }
                for name in children
            ],
        }
    )
    now = services.now()
    async with services.database.transaction() as session:
        family_id = await welcome_family(session, services.box, document, source="import", now=now)
        family = await load_family(session, family_id)
        await store_plan(session, family_id, by_hand(family, MONDAY), now=now)
        tokens = await feed_tokens(session, family_id, services.box)
    return Household(family_id, family, tokens)


def by_hand(family: Family, monday: date) -> Plan:
    """A week of two lessons a day, one after the other, not solved."""
    items = tuple(
        Item(
            child.id,
            monday + timedelta(days=day),
            ItemType.SUBJECT,
            subject.name,
            FIRST_LESSON + 40 * place,
            FIRST_LESSON + 40 * place + 30,
            subject_id=subject.id,
        )
        for child in family.children
        for day in range(5)
        for place, subject in enumerate(child.subjects)
    )
    return Plan(
        WeekRequest(family, monday),
        Status.OPTIMAL,
        items,
        omission_weight=0,
        omission_bound=0,
        objective=1.0,
        bound=1.0,
        solve_seconds=0.0,
        scores=Scores(0.5, 0.5, 0.5, 0.5),
    )


async def in_telegram(services: Services, person: Person, home: Household) -> Account:
    """The person's private chat, as that of the household's parent."""
    async with services.database.transaction() as session:
        account = await find_or_create_account(session, TELEGRAM, str(person.id), language="en")
        await link_account(
            session, account.id, family_id=home.id, adult_id=home.family.adults[0].id
        )
        return await _now(session, account)


async def in_browser(
    services: Services,
    cookie: str,
    home: Household | None = None,
    *,
    adult_id: int | None = None,
    child_id: int | None = None,
) -> Account:
    """A web chat under this cookie: nobody's, or an adult's of the household (its parent's) or a
    child's."""
    async with services.database.transaction() as session:
        account = await create_web_account(session, cookie, language="en")
        if home is not None:
            await link_account(
                session,
                account.id,
                family_id=home.id,
                adult_id=None if child_id else adult_id or home.family.adults[0].id,
                child_id=child_id,
            )
        return await _now(session, account)


async def _now(session: Any, account: Account) -> Account:
    found = await load_account(session, account.id)
    assert found is not None
    return found


async def say_to_us(
    services: Services, account: Account, event: ChatEvent, *, message_id: int | None = None
) -> None:
    """One event of a web chat, as its page sends it."""
    session = Session(account.id, account.language or "en")
    port = WebConversations(services)
    await port.receive(session, event, key=str(uuid.uuid4()), message_id=message_id)


def last_said(conninfo: str, account: Account) -> dict[str, Any]:
    """What was last said or edited in a chat."""
    return rows(
        conninfo,
        "SELECT * FROM messages WHERE chat_account_id = %s ORDER BY revision DESC LIMIT 1",
        account.id,
    )[0]
