"""How a family liked a week: one row for each, whoever of them says it."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import models
from db.types import FreeObject, read

SATISFACTION = "schedule_satisfaction"
"""`feedback_type` of a rated week."""

WEEK = "weekStartDate"


async def rating_of(session: AsyncSession, family_id: int, monday: date) -> int | None:
    """How the week was rated, from 1 to 5."""
    row = await _row(session, family_id, monday)
    return None if row is None else row.rating


async def rate_week(
    session: AsyncSession,
    family_id: int,
    monday: date,
    *,
    now: datetime,
    rating: int | None = None,
    comment: str | None = None,
) -> None:
    """Keep how the week was liked, or what is said of it; the later word counts."""
    row = await _row(session, family_id, monday)
    if row is None:
        row = models.UserFeedback(
            family_id=family_id,
            feedback_type=SATISFACTION,
            feedback_data=read(FreeObject, {WEEK: monday.isoformat()}),
            created_at=now,
        )
        session.add(row)
    if rating is not None:
        row.rating = rating
    if comment is not None:
        row.comments = comment
    await session.flush()


async def _row(session: AsyncSession, family_id: int, monday: date) -> models.UserFeedback | None:
    found: models.UserFeedback | None = await session.scalar(
        select(models.UserFeedback)
        .where(
            models.UserFeedback.family_id == family_id,
            models.UserFeedback.feedback_type == SATISFACTION,
            models.UserFeedback.feedback_data[WEEK].as_string() == monday.isoformat(),
        )
        .execution_options(populate_existing=True)
    )
    return found
