"""Figures for Prometheus: what waits, what gave up, what was said."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from sqlalchemy import text

from db.session import Database

_JOBS = "SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY status"
_DUE = "SELECT count(*) FROM reminder_times WHERE next_due_at <= now() AT TIME ZONE 'utc'"


async def exposition(database: Database) -> tuple[bytes, str]:
    """The figures in Prometheus' text format, and its content type."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    jobs = Gauge("brightpath_jobs", "Jobs by state", ["status"], registry=registry)
    due = Gauge("brightpath_reminders_due", "Reminders due and not claimed", registry=registry)
    async with database.transaction() as session:
        for status in ("todo", "doing", "failed"):
            jobs.labels(status).set(0)
        for status, count in await session.execute(text(_JOBS)):
            jobs.labels(status).set(count)
        due.set(await session.scalar(text(_DUE)) or 0)
    return generate_latest(registry), CONTENT_TYPE_LATEST
