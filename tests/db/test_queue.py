"""Jobs live and die with the transaction that queues them."""

import asyncio
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select

from db.models import ChatAccount
from db.queue import MAX_ATTEMPTS, enqueue, make_app, sweep_stalled
from db.session import Database


def fetch(conninfo: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(conninfo) as connection:
        return connection.execute(query.encode()).fetchall()


def jobs(conninfo: str) -> list[tuple[object, ...]]:
    return fetch(conninfo, "SELECT task_name, args, lock FROM procrastinate_jobs ORDER BY id")


def accounts(conninfo: str) -> list[str]:
    found = fetch(conninfo, "SELECT external_id FROM chat_accounts ORDER BY external_id")
    return [str(external_id) for (external_id,) in found]


async def test_a_job_is_queued_with_the_rows_that_need_it(
    database: Database, conninfo: str
) -> None:
    async with database.transaction() as session:
        session.add(ChatAccount(channel="web", external_id="a"))
        assert await enqueue(session, "plan", lock="family:7", family_id=7, week="2026-11-30")
        assert jobs(conninfo) == []
    assert jobs(conninfo) == [("plan", {"family_id": 7, "week": "2026-11-30"}, "family:7")]
    assert accounts(conninfo) == ["a"]


async def test_a_rollback_takes_the_job_along(database: Database, conninfo: str) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            session.add(ChatAccount(channel="web", external_id="a"))
            await enqueue(session, "plan", family_id=7)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert jobs(conninfo) == []
    assert accounts(conninfo) == []


@pytest.mark.parametrize("connection_first", [True, False])
async def test_a_duplicate_neither_loses_rows_nor_poisons_the_transaction(
    database: Database, conninfo: str, connection_first: bool
) -> None:
    async with database.transaction() as session:
        assert await enqueue(session, "plan", queueing_lock="plan:7", family_id=7)
    async with database.transaction() as session:
        if connection_first:
            await session.connection()
        session.add(ChatAccount(channel="web", external_id="before, unflushed"))
        assert await enqueue(session, "plan", queueing_lock="plan:7", family_id=7) is None
        session.add(ChatAccount(channel="web", external_id="after"))
        assert await enqueue(session, "plan", queueing_lock="plan:7", family_id=7) is None
        assert await enqueue(session, "plan", queueing_lock="plan:8", family_id=8)
        assert len((await session.scalars(select(ChatAccount))).all()) == 2
    assert accounts(conninfo) == ["after", "before, unflushed"]
    assert [args for _, args, _ in jobs(conninfo)] == [{"family_id": 7}, {"family_id": 8}]


async def test_two_at_once_queue_one(database: Database, conninfo: str) -> None:
    async def once(number: int) -> int | None:
        async with database.transaction() as session:
            session.add(ChatAccount(channel="web", external_id=str(number)))
            return await enqueue(session, "plan", queueing_lock="plan:7", family_id=7)

    results = await asyncio.gather(*(once(number) for number in range(8)))
    assert sum(result is not None for result in results) == 1
    assert len(jobs(conninfo)) == 1
    assert len(accounts(conninfo)) == 8


async def test_a_later_job_waits(database: Database, conninfo: str) -> None:
    async with database.transaction() as session:
        await enqueue(session, "remind", schedule_in=timedelta(hours=1), family_id=7)
    assert fetch(
        conninfo,
        "SELECT scheduled_at BETWEEN now() + interval '59 min' AND now() + interval '61 min'"
        " FROM procrastinate_jobs",
    ) == [(True,)]


async def test_a_worker_runs_what_was_queued(database: Database, conninfo: str) -> None:
    ran: list[int] = []
    app = make_app(conninfo)

    @app.task(name="plan")
    async def plan(family_id: int) -> None:
        ran.append(family_id)

    async with database.transaction() as session:
        await enqueue(session, "plan", family_id=7)
    async with app.open_async():
        await app.run_worker_async(wait=False, install_signal_handlers=False)
    assert ran == [7]


async def test_jobs_of_a_dead_worker_are_taken_back_but_not_for_ever(
    database: Database, conninfo: str
) -> None:
    async with database.transaction() as session:
        await enqueue(session, "plan", family_id=7)
        await enqueue(session, "plan", queueing_lock="plan:8", family_id=8)
    app = make_app(conninfo)

    async def die_with_every_job() -> None:
        worker = await app.job_manager.register_worker()
        while await app.job_manager.fetch_job(None, worker):
            pass

    async with app.open_async():
        await die_with_every_job()
        assert await sweep_stalled(app) == 0, "a worker that was heard just now lives"
        await asyncio.sleep(0.01)
        async with database.transaction() as session:
            await enqueue(session, "plan", queueing_lock="plan:8", family_id=8)
        assert await sweep_stalled(app, heartbeat_seconds=0) == 1
        for _ in range(MAX_ATTEMPTS):
            await die_with_every_job()
            await asyncio.sleep(0.01)
            await sweep_stalled(app, heartbeat_seconds=0)
    query = "SELECT args, status::text, attempts FROM procrastinate_jobs ORDER BY id"
    assert fetch(conninfo, query) == [
        ({"family_id": 7}, "failed", MAX_ATTEMPTS),
        ({"family_id": 8}, "failed", MAX_ATTEMPTS),
    ]
