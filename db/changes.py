"""The record of each change of a family's weeks: what it did, so that it can be taken back once,
and is not applied twice.

An undo is a change like any other, and names the one that it undoes.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from core.changes import Origin
from core.diff import Difference, difference
from core.plan import Item
from db import models
from db.items import stored_item
from db.schedules import load_versions
from db.types import ChangeEffect, DoneLesson

UNDO = "undo"
"""`kind` of the change that takes another one back."""


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """A change as it was recorded; `undone` once another one has taken it back."""

    id: int
    token: str
    origin: Origin
    kind: str
    effect: ChangeEffect
    created_at: datetime
    undone: bool


async def record_change(
    session: AsyncSession,
    effect: ChangeEffect,
    *,
    origin: Origin,
    kind: str,
    now: datetime,
    key: str | None = None,
    undoes: int | None = None,
) -> ChangeRecord:
    """Record a change of the transaction's family; `key` is the sender's name for it, under which
    it is found again."""
    row = models.WeekChange(
        origin=origin,
        kind=kind,
        # Short enough for a button, and nothing that can be guessed.
        token=secrets.token_hex(10),
        idempotency_key=key,
        undoes_id=undoes,
        effect=effect,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return _record(row, undone=False)


async def change_of_key(session: AsyncSession, family_id: int, key: str) -> ChangeRecord | None:
    """The change that was recorded under this key."""
    return await _find(session, family_id, models.WeekChange.idempotency_key == key)


async def change_of_token(session: AsyncSession, family_id: int, token: str) -> ChangeRecord | None:
    """The change that this token undoes."""
    return await _find(session, family_id, models.WeekChange.token == token)


async def latest_change(session: AsyncSession, family_id: int, *, since: datetime) -> str | None:
    """The token of the latest change since then that can be taken back; an undo is none."""
    undo = aliased(models.WeekChange)
    token: str | None = await session.scalar(
        select(models.WeekChange.token)
        .where(
            models.WeekChange.family_id == family_id,
            models.WeekChange.created_at >= since,
            models.WeekChange.kind != UNDO,
            ~exists().where(undo.undoes_id == models.WeekChange.id),
        )
        .order_by(models.WeekChange.id.desc())
        .limit(1)
    )
    return token


async def what_changed(session: AsyncSession, family_id: int, effect: ChangeEffect) -> Difference:
    """The difference that a recorded change has made to the family's lessons."""
    if effect.done is not None:
        return Difference(done=await _lessons(session, family_id, effect.done))
    if effect.not_done is not None:
        return Difference(not_done=await _lessons(session, family_id, effect.not_done))
    before = [await load_versions(session, w.week_start_date, w.before) for w in effect.weeks]
    after = [await load_versions(session, w.week_start_date, w.after) for w in effect.weeks]
    return difference(
        [item for week in before for item in week.items],
        [item for week in after for item in week.items],
        [left for week in before for left in week.left_out],
        [left for week in after for left in week.left_out],
    )


async def _find(session: AsyncSession, family_id: int, condition: object) -> ChangeRecord | None:
    undo = aliased(models.WeekChange)
    found = await session.execute(
        select(models.WeekChange, exists().where(undo.undoes_id == models.WeekChange.id))
        .where(models.WeekChange.family_id == family_id, condition)  # type: ignore[arg-type]
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    return None if row is None else _record(row[0], undone=row[1])


def _record(row: models.WeekChange, *, undone: bool) -> ChangeRecord:
    return ChangeRecord(
        id=row.id,
        token=row.token,
        origin=Origin(row.origin),
        kind=row.kind,
        effect=row.effect,
        created_at=row.created_at,
        undone=undone,
    )


async def _lessons(session: AsyncSession, family_id: int, done: DoneLesson) -> tuple[Item, ...]:
    """The lesson as it stands last."""
    found = await session.execute(
        select(models.ScheduleItem, models.Schedule.child_id)
        .join(models.Schedule, models.Schedule.id == models.ScheduleItem.schedule_id)
        .where(models.ScheduleItem.family_id == family_id, models.ScheduleItem.uid == done.uid)
        .order_by(models.ScheduleItem.id.desc())
        .limit(1)
    )
    return tuple(stored_item(row, child_id).item for row, child_id in found)
