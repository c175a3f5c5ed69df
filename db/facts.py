"""Rows of facts that a change writes, kept so that they can be taken back and put in again exactly
as they were, ids included."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.changes import (
    NEW,
    AddCommitment,
    CancelOccurrence,
    FactChange,
    FollowCalendar,
    GiveDaysBack,
    MoveOccurrence,
    SetHours,
    TakeDaysOff,
    Together,
    days_from,
)
from core.facts import (
    find_commitment,
    from_outside,
    moved_away,
    one_off,
    outside_times,
    override_of,
    parts,
)
from core.family import Commitment, Family, Scope
from core.week import DAY, time_of
from db import models
from db.family_rows import changed_at
from db.types import FactRow

TABLES: Mapping[str, Any] = {
    model.__tablename__: model
    for model in (
        models.DayOff,
        models.DayHours,
        models.FamilyCommitment,
        models.ChildCommitment,
        models.CommitmentException,
        models.ActivityLog,
    )
}
"""The tables whose rows a change may write."""

_LINKS: Mapping[str, Any] = {
    "family_commitments": models.ScheduleItem.family_commitment_id,
    "child_commitments": models.ScheduleItem.commitment_id,
}


class FactsDiffer(Exception):
    """The rows are no longer as the change left them."""


async def write_fact(
    session: AsyncSession, family_id: int, family: Family, change: FactChange, *, now: datetime
) -> tuple[list[FactRow], list[FactRow], Mapping[int, int]]:
    """Write a fact of the family. Returns the rows that are new, those that are no more, and the
    ids of commitments that are new, by their ids in the request."""
    match change:
        case Together():
            return await _write_together(session, family_id, family, change, now)
        case TakeDaysOff():
            return await _take_days_off(session, change, now), [], {}
        case GiveDaysBack():
            return [], await _give_days_back(session, family_id, change, now), {}
        case SetHours():
            return await _set_hours(session, change, now)
        case AddCommitment():
            row = await _add_commitment(session, family_id, one_off(change), change.child_id, now)
            return [row], [], {NEW: _id(row)}
        case CancelOccurrence() | MoveOccurrence():
            return await _override(session, family_id, family, change, now)
        case FollowCalendar():
            return await _follow(session, family_id, family, change, now)


async def _write_together(
    session: AsyncSession, family_id: int, family: Family, change: Together, now: datetime
) -> tuple[list[FactRow], list[FactRow], Mapping[int, int]]:
    added: list[FactRow] = []
    removed: list[FactRow] = []
    new_ids: dict[int, int] = {}
    for each, new in parts(change):
        more, fewer, ids = await write_fact(session, family_id, family, each, now=now)
        added += more
        removed += fewer
        if NEW in ids:
            new_ids[new] = ids[NEW]
    return added, removed, new_ids


async def _set_hours(
    session: AsyncSession, change: SetHours, now: datetime
) -> tuple[list[FactRow], list[FactRow], Mapping[int, int]]:
    model = models.DayHours
    former = await session.scalars(
        select(model.id).where(model.child_id == change.child_id, model.date == change.on)
    )
    there = [await fact_row(session, model.__tablename__, row_id) for row_id in former]
    removed = await remove_rows(session, there, now)
    row = model(
        child_id=change.child_id,
        date=change.on,
        start_time=time_of(change.start),
        # The midnight that ends a day has no time of its own.
        end_time=time_of(min(change.end, DAY - 1)),
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return [await fact_row(session, model.__tablename__, row.id)], removed, {}


async def fact_row(session: AsyncSession, table: str, row_id: int) -> FactRow:
    """A row as it is now."""
    found = await _as_json(session, table, row_id)
    if found is None:
        raise FactsDiffer
    return FactRow(table=table, row=found)


async def remove_rows(
    session: AsyncSession, rows: Iterable[FactRow], now: datetime
) -> list[FactRow]:
    """Delete rows that are still as they were written, and return them as `insert_rows` takes
    them. Raises `FactsDiffer`."""
    removed = []
    for fact in rows:
        there = await _as_json(session, fact.table, _id(fact))
        if there is None or _content(there) != _content(fact.row):
            raise FactsDiffer
        items: list[str] = []
        if fact.table in _LINKS:
            link = _LINKS[fact.table]
            pointing = select(models.ScheduleItem.uid).where(link == _id(fact)).distinct()
            items = sorted(uid for uid in await session.scalars(pointing) if uid)
        model = TABLES[fact.table]
        await session.execute(delete(model).where(model.id == _id(fact)))
        await _touch_commitment(session, there, now)
        removed.append(FactRow(table=fact.table, row=there, items=tuple(items)))
    return removed


async def insert_rows(
    session: AsyncSession, rows: Iterable[FactRow], now: datetime
) -> list[FactRow]:
    """Insert rows as they were, and point to them again what pointed to them. Raises
    `FactsDiffer` where something that they need is gone, or something else is in their place."""
    inserted = []
    for fact in rows:
        table = TABLES[fact.table].__tablename__
        again = text(
            f"INSERT INTO {table} SELECT *"  # noqa: S608 - one of our own tables
            f" FROM jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb))"
        )
        try:
            async with session.begin_nested():
                await session.execute(again, {"row": json.dumps(fact.row)})
        except IntegrityError as error:
            raise FactsDiffer from error
        if fact.items:
            await session.execute(
                update(models.ScheduleItem)
                .where(models.ScheduleItem.uid.in_(fact.items))
                .values({_LINKS[fact.table]: _id(fact)})
            )
        await _touch_commitment(session, fact.row, now)
        if fact.table in _LINKS:
            # Readers have seen it go, so it comes back as something newer.
            await _touch(session, TABLES[fact.table], _id(fact), now)
        inserted.append(FactRow(table=fact.table, row=fact.row))
    return inserted


def _id(fact: FactRow) -> int:
    return int(str(fact.row["id"]))


def _content(row: Mapping[str, Any]) -> dict[str, Any]:
    return {column: value for column, value in row.items() if column != "updated_at"}


async def _as_json(session: AsyncSession, table: str, row_id: int) -> dict[str, Any] | None:
    model = TABLES[table]
    found: dict[str, Any] | None = await session.scalar(
        select(func.to_jsonb(literal_column(model.__tablename__), type_=JSONB))
        .select_from(model)
        .where(model.id == row_id)
    )
    return found


async def _touch_commitment(session: AsyncSession, row: Mapping[str, Any], now: datetime) -> None:
    """A commitment whose occurrence is another has changed, and its readers must see that."""
    for column, model in (
        ("family_commitment_id", models.FamilyCommitment),
        ("child_commitment_id", models.ChildCommitment),
    ):
        if row.get(column) is not None:
            await _touch(session, model, row[column], now)


async def _touch(session: AsyncSession, model: Any, row_id: int, now: datetime) -> None:
    former = await session.scalar(select(model.updated_at).where(model.id == row_id))
    if former is not None:
        await session.execute(
            update(model).where(model.id == row_id).values(updated_at=changed_at(former, now))
        )


async def _take_days_off(
    session: AsyncSession, change: TakeDaysOff, now: datetime
) -> list[FactRow]:
    added = await session.scalars(
        insert(models.DayOff)
        .values(
            [
                {"date": day, "child_id": change.child_id, "created_at": now}
                for day in days_from(change.first, change.last)
            ]
        )
        .on_conflict_do_nothing()
        .returning(models.DayOff.id)
    )
    return [await fact_row(session, "days_off", row_id) for row_id in sorted(added)]


async def _give_days_back(
    session: AsyncSession, family_id: int, change: GiveDaysBack, now: datetime
) -> list[FactRow]:
    found = await session.scalars(
        select(models.DayOff.id).where(
            models.DayOff.family_id == family_id,
            models.DayOff.child_id == change.child_id
            if change.child_id is not None
            else models.DayOff.child_id.is_(None),
            models.DayOff.date.between(change.first, change.last),
        )
    )
    rows = [await fact_row(session, "days_off", row_id) for row_id in sorted(found)]
    return await remove_rows(session, rows, now)


async def _add_commitment(
    session: AsyncSession,
    family_id: int,
    commitment: Commitment,
    child_id: int | None,
    now: datetime,
) -> FactRow:
    common: dict[str, Any] = {
        "name": commitment.name,
        "frequency": commitment.frequency,
        "date": commitment.on,
        "start_time": time_of(commitment.start),
        "end_time": time_of(commitment.end),
        "adult_id": commitment.adult_id,
        "connection_id": commitment.connection_id,
        "created_at": now,
        "updated_at": now,
    }
    row: models.ChildCommitment | models.FamilyCommitment
    if commitment.scope is Scope.CHILD:
        row = models.ChildCommitment(
            child_id=child_id, needs_adult=commitment.needs_adult, **common
        )
    else:
        row = models.FamilyCommitment(family_id=family_id, scope=commitment.scope, **common)
    session.add(row)
    await session.flush()
    return await fact_row(session, row.__tablename__, row.id)


async def _override(
    session: AsyncSession,
    family_id: int,
    family: Family,
    change: CancelOccurrence | MoveOccurrence,
    now: datetime,
) -> tuple[list[FactRow], list[FactRow], Mapping[int, int]]:
    model = models.CommitmentException
    column = model.child_commitment_id if change.own else model.family_commitment_id
    former = await session.scalars(
        select(model.id).where(column == change.commitment_id, model.date == change.on)
    )
    there = [await fact_row(session, model.__tablename__, row_id) for row_id in former]
    removed = await remove_rows(session, there, now)
    override = override_of(change)
    row = model(
        **{column.key: change.commitment_id},
        date=override.on,
        start_time=None if override.start is None else time_of(override.start),
        end_time=None if override.end is None else time_of(override.end),
        created_at=now,
    )
    session.add(row)
    await session.flush()
    added = [await fact_row(session, model.__tablename__, row.id)]
    await _touch_commitment(session, added[0].row, now)
    commitment = find_commitment(family, change.commitment_id, own=change.own)
    if commitment is None or not isinstance(change, MoveOccurrence):
        return added, removed, {}
    away = moved_away(commitment, change)
    if away is None:
        return added, removed, {}
    owner = next((c.id for c in family.children if commitment in c.commitments), None)
    added.append(await _add_commitment(session, family_id, away, owner, now))
    return added, removed, {NEW: _id(added[-1])}


async def _follow(
    session: AsyncSession, family_id: int, family: Family, change: FollowCalendar, now: datetime
) -> tuple[list[FactRow], list[FactRow], Mapping[int, int]]:
    known = outside_times(family, change.connection_id)
    table = "child_commitments" if change.child_id else "family_commitments"
    gone = [await fact_row(session, table, known[each].id) for each in change.removed]
    removed = await remove_rows(session, gone, now)
    new = from_outside(change)
    added = [await _add_commitment(session, family_id, each, change.child_id, now) for each in new]
    return added, removed, {each.id: _id(row) for each, row in zip(new, added, strict=True)}
