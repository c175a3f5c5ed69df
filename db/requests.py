"""What a chat was understood to ask and has still to confirm, and what it may take back at once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from pydantic import TypeAdapter
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import changes
from core.changes import Change
from core.said import readings
from core.said.readings import Understood
from core.wishes import DaysBack, DaysOff
from db import models
from db.types import FreeObject, read, write


@dataclass(frozen=True, slots=True)
class Logged:
    """Lessons (by `uid`) that one answer has reported, and logs of what was learned beside them."""

    uids: tuple[str, ...] = ()
    logs: tuple[int, ...] = ()


Asked: TypeAlias = Understood | DaysOff | DaysBack | Logged

_ASKED: dict[str, type[Any]] = {
    **{kind.__name__: kind for kind in (*readings.TOPICS, DaysOff, DaysBack)},
    Logged.__name__: Logged,
}
_CHANGES: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        changes.MoveLesson,
        changes.SwapLessons,
        changes.DropLesson,
        changes.MissLessons,
        changes.TakeDaysOff,
        changes.GiveDaysBack,
        changes.SetHours,
        changes.AddCommitment,
        changes.CancelOccurrence,
        changes.MoveOccurrence,
        changes.Together,
    )
}


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request of one chat; `change` once it is known what the weeks make of it."""

    id: int
    chat_account_id: int
    asked: Asked
    change: Change | None
    created_at: datetime


async def keep_request(
    session: AsyncSession, account_id: int, asked: Asked, *, now: datetime
) -> int:
    """Keep what a chat of the transaction's family has asked; returns the id."""
    row = models.ChatRequest(chat_account_id=account_id, asked=_written(asked), created_at=now)
    session.add(row)
    await session.flush()
    return row.id


async def load_request(
    session: AsyncSession, request_id: int, account_id: int, *, lock: bool = False
) -> ChatRequest | None:
    """The request, if it is this chat's. With `lock` nobody else answers it until the transaction
    ends."""
    query = select(models.ChatRequest).where(
        models.ChatRequest.id == request_id, models.ChatRequest.chat_account_id == account_id
    )
    if lock:
        query = query.with_for_update()
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        return None
    return ChatRequest(
        row.id,
        row.chat_account_id,
        _read(_ASKED, row.asked),
        None if row.change is None else _read(_CHANGES, row.change),
        row.created_at,
    )


async def keep_change(session: AsyncSession, request_id: int, change: Change) -> None:
    """Keep what the weeks make of a request."""
    await session.execute(
        update(models.ChatRequest)
        .where(models.ChatRequest.id == request_id)
        .values(change=_written(change))
    )


async def forget_request(session: AsyncSession, request_id: int) -> None:
    """Forget a request that was answered."""
    await session.execute(delete(models.ChatRequest).where(models.ChatRequest.id == request_id))


async def forget_old_requests(session: AsyncSession, account_id: int, before: datetime) -> None:
    """Forget what a chat has asked `before` and never answered."""
    await session.execute(
        delete(models.ChatRequest).where(
            models.ChatRequest.chat_account_id == account_id,
            models.ChatRequest.created_at < before,
        )
    )


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {
    kind: TypeAdapter(kind) for kind in (*_ASKED.values(), *_CHANGES.values())
}


def _written(value: object) -> FreeObject:
    kind = type(value)
    content = _ADAPTERS[kind].dump_python(value, mode="json")
    return read(FreeObject, {"kind": kind.__name__, "content": content})


def _read(kinds: dict[str, type[Any]], stored: FreeObject) -> Any:
    row = write(stored)
    return _ADAPTERS[kinds[row["kind"]]].validate_python(row["content"])
