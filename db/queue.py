"""Work that leaves the transaction: jobs, queued in the transaction that makes them necessary.

A job's arguments are ids, never what a family wrote.
"""

from datetime import timedelta
from typing import Any

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation
from procrastinate.jobs import Status
from psycopg.pq import TransactionStatus
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from db.roles import APP_ROLE

MAX_ATTEMPTS = 5
"""How often a job is begun before it counts as failed for good."""

HEARTBEAT_SECONDS = 45
"""A worker that has been silent for so long is dead; with a sweep each quarter of a minute its
jobs are taken back within a minute."""

DEFAULT_QUEUE = "default"
TELEGRAM_QUEUE = "telegram"
"""Jobs that need the bot's token: a worker without one leaves them to another."""

_deferrer = procrastinate.App(connector=procrastinate.PsycopgConnector())
"""Never opened: it only words jobs, which go through the session's own connection."""


def make_app(conninfo: str, *, pool_size: int = 4) -> procrastinate.App:
    """The queue as workers use it: open it, add tasks to it, run it. `conninfo` as libpq reads
    it."""
    return procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=conninfo,
            min_size=1,
            max_size=pool_size,
            kwargs={"options": f"-c timezone=UTC -c role={APP_ROLE}"},
        )
    )


async def enqueue(
    session: AsyncSession,
    task_name: str,
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    schedule_in: timedelta | None = None,
    queue: str = DEFAULT_QUEUE,
    **ids: int | str,
) -> int | None:
    """Queue a job within the session's transaction; it exists if and when that commits.

    Jobs with the same `lock` run one after the other. Of jobs with the same `queueing_lock` only
    one waits: the result is the job's id, or None if such a job waits already.
    """
    options: dict[str, Any] = {"lock": lock, "queueing_lock": queueing_lock, "queue": queue}
    if schedule_in is not None:
        options["schedule_in"] = {"seconds": schedule_in.total_seconds()}
    await session.flush()
    connection = await session.connection()
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if driver.info.transaction_status is not TransactionStatus.INTRANS:
        # Otherwise the savepoint below would be a transaction of its own, and commit by itself.
        await session.execute(text("SELECT 1"))
    deferrer = _deferrer.configure_task(task_name, connection=driver, **options)
    try:
        # The driver's own savepoint. Through SQLAlchemy's, a refusal that SQLAlchemy has not
        # seen itself leaves the two with different ideas of the transaction, and rows are lost.
        async with driver.transaction():
            return await deferrer.defer_async(**ids)
    except AlreadyEnqueued:
        return None


async def sweep_stalled(
    app: procrastinate.App, *, heartbeat_seconds: float = HEARTBEAT_SECONDS
) -> int:
    """Take back the jobs of workers that have died; returns how many will run again.

    A job that was begun `MAX_ATTEMPTS` times is marked as failed instead.
    """
    manager = app.job_manager
    revived = 0
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=heartbeat_seconds):
        if job.attempts + 1 >= MAX_ATTEMPTS:
            await manager.finish_job(job, Status.FAILED, delete_job=False)
            continue
        try:
            await manager.retry_job(job)
        except UniqueViolation:
            # Its twin waits already and will do the same work.
            await manager.finish_job(job, Status.ABORTED, delete_job=True)
        else:
            revived += 1
    return revived
