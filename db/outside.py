"""Times of calendars that are read: those that the family has declined, and those that are over."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.changes import OutsideTime
from core.week import clock, minute_of, parse_clock, time_of
from db.models import ChildCommitment, DeclinedTime, FamilyCommitment
from db.types import BusyProposal, BusyTime


def proposal_of(times: Iterable[OutsideTime]) -> BusyProposal | None:
    """New times as they wait for an answer; None for no times."""
    added = tuple(
        BusyTime(date=each.on, start_time=clock(each.start), end_time=clock(each.end))
        for each in sorted(times)
    )
    return BusyProposal(added=added) if added else None


def proposed_times(proposal: BusyProposal) -> tuple[OutsideTime, ...]:
    """The new times that a proposal asks for."""
    return tuple(
        OutsideTime(each.date, parse_clock(each.start_time), parse_clock(each.end_time))
        for each in proposal.added
    )


def proposal_name(proposal: BusyProposal) -> str:
    """Eight characters of [0-9a-f], the same for the same times: what is asked once is not asked
    again."""
    return hashlib.sha256(proposal.model_dump_json().encode()).hexdigest()[:8]


async def declined_times(session: AsyncSession, connection_id: int) -> Sequence[OutsideTime]:
    """The times of a calendar which the family has chosen not to plan around."""
    rows = await session.scalars(
        select(DeclinedTime).where(DeclinedTime.connection_id == connection_id)
    )
    return [
        OutsideTime(row.date, minute_of(row.start_time), minute_of(row.end_time)) for row in rows
    ]


async def decline_times(
    session: AsyncSession, connection_id: int, times: Iterable[OutsideTime], *, now: datetime
) -> None:
    """The transaction's family will not plan around these times of a calendar."""
    session.add_all(
        DeclinedTime(
            connection_id=connection_id,
            date=each.on,
            start_time=time_of(each.start),
            end_time=time_of(each.end),
            created_at=now,
        )
        for each in times
    )
    await session.flush()


async def forget_past_times(session: AsyncSession, connection_id: int, before: date) -> None:
    """Delete a calendar's times of dates before `before`. What weeks hold of them stays."""
    for model in (FamilyCommitment, ChildCommitment, DeclinedTime):
        await session.execute(
            delete(model).where(model.connection_id == connection_id, model.date < before)
        )
