"""A family written out: a document that can be imported again, with what happened beside it."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import models
from db.families import load_document
from db.types import write


async def export_document(
    session: AsyncSession, family_id: int, *, exported_at: datetime
) -> dict[str, Any] | None:
    """The transaction's family as JSON: its document, every version of its weeks, its logs and
    its feedback; None if there is no such family."""
    if await session.scalar(select(models.Family.id).where(models.Family.id == family_id)) is None:
        return None
    document = await load_document(session, family_id)
    schedules = await _schedules(session, family_id)
    # The last planned week, so that the document can be planned as it stands.
    weeks = [schedule["scheduleData"]["weekStartDate"] for schedule in schedules]
    return {
        **({"weekStartDate": max(weeks)} if weeks else {}),
        **document.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "schedules": schedules,
        "activityLogs": await _logs(session, family_id),
        "userFeedback": await _feedback(session, family_id),
        "exportedAt": _iso(exported_at),
    }


async def _schedules(session: AsyncSession, family_id: int) -> list[dict[str, Any]]:
    rows = await session.execute(
        select(models.Schedule, models.Child.name)
        .join(models.Child, models.Child.id == models.Schedule.child_id)
        .where(models.Schedule.family_id == family_id)
        .order_by(models.Schedule.week_start_date, models.Schedule.id)
    )
    return [
        {
            "child": child,
            "state": row.state,
            "isActive": row.is_active,
            "quality": write(row.quality) if row.quality else None,
            "scheduleData": write(row.schedule_data),
        }
        for row, child in rows
    ]


async def _logs(session: AsyncSession, family_id: int) -> list[dict[str, Any]]:
    rows = await session.execute(
        select(models.ActivityLog, models.Child.name)
        .join(models.Child, models.Child.id == models.ActivityLog.child_id)
        .where(models.ActivityLog.family_id == family_id)
        .order_by(models.ActivityLog.date, models.ActivityLog.id)
    )
    return [
        {
            "child": child,
            "date": row.date.isoformat(),
            "activityName": row.activity_name,
            "activityType": row.activity_type,
            "scheduled": write(row.scheduled),
            "actual": write(row.actual) if row.actual else None,
            "notes": row.notes,
        }
        for row, child in rows
    ]


async def _feedback(session: AsyncSession, family_id: int) -> list[dict[str, Any]]:
    rows = await session.execute(
        select(models.UserFeedback, models.Child.name)
        .join(models.Child, models.Child.id == models.UserFeedback.child_id, isouter=True)
        .where(models.UserFeedback.family_id == family_id)
        .order_by(models.UserFeedback.id)
    )
    return [
        {
            "child": child,
            "type": row.feedback_type,
            "rating": row.rating,
            "comments": row.comments,
            "data": write(row.feedback_data) if row.feedback_data else None,
        }
        for row, child in rows
    ]


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
