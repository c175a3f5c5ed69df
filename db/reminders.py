"""What is due, and what was reminded of: the clock claims, and a reminder exists once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.family import Family as CoreFamily
from core.reminders import DaySettings, Kind, next_of
from core.week import clock, parse_clock
from db.models import Family, Reminder, ReminderTime
from db.types import DaySettings as StoredSettings
from db.types import read, write


@dataclass(frozen=True, slots=True)
class Due:
    """A family's reminder whose time has come at `due_at` (UTC)."""

    family_id: int
    kind: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class DueReminder:
    """A reminder to one chat for one local date; `message_id` once it was said."""

    id: int
    kind: str
    chat_account_id: int
    local_date: date
    message_id: int | None


async def load_day_settings(session: AsyncSession, family_id: int) -> DaySettings:
    """When the family wants to hear from us."""
    stored = await session.scalar(select(Family.day_settings).where(Family.id == family_id))
    usual, told = DaySettings(), {} if stored is None else write(stored)

    def minute(key: str, otherwise: int | None) -> int | None:
        value = told.get(key, ...)
        if value is ...:
            return otherwise
        return None if value is None else parse_clock(value)

    paused = told.get("pausedUntil")
    return DaySettings(
        morning=minute("morning", usual.morning),
        evening=minute("evening", usual.evening),
        review=minute("review", usual.review),
        quiet_from=parse_clock(told.get("quietFrom") or clock(usual.quiet_from)),
        quiet_until=parse_clock(told.get("quietUntil") or clock(usual.quiet_until)),
        paused_until=None if paused is None else date.fromisoformat(paused),
        automatic=bool(told.get("automatic")),
    )


async def save_day_settings(session: AsyncSession, family_id: int, settings: DaySettings) -> None:
    """Keep when the family wants to hear from us; its next times follow by `plan_reminders`."""
    told: dict[str, str | bool | None] = {
        "automatic": settings.automatic,
        "review": None if settings.review is None else clock(settings.review),
        "morning": None if settings.morning is None else clock(settings.morning),
        "evening": None if settings.evening is None else clock(settings.evening),
        "quietFrom": clock(settings.quiet_from),
        "quietUntil": clock(settings.quiet_until),
    }
    if settings.paused_until is not None:
        told["pausedUntil"] = settings.paused_until.isoformat()
    await session.execute(
        update(Family).where(Family.id == family_id).values(day_settings=read(StoredSettings, told))
    )


async def plan_reminders(
    session: AsyncSession, family: CoreFamily, family_id: int, *, now: datetime
) -> None:
    """Set when the family is told next, of every kind."""
    settings = await load_day_settings(session, family_id)
    for kind in Kind:
        await set_next_due(session, family_id, kind, next_of(kind, family, settings, now))


async def claim_due(session: AsyncSession, now: datetime, limit: int) -> Sequence[Due]:
    """What is due at `now`, longest overdue first, locked so that no other clock claims it.

    The claimer moves each on with `set_next_due` before the transaction ends, else it stays due.
    """
    rows = await session.scalars(
        select(ReminderTime)
        .where(ReminderTime.next_due_at <= now)
        .order_by(ReminderTime.next_due_at, ReminderTime.family_id, ReminderTime.kind)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Due(row.family_id, row.kind, row.next_due_at) for row in rows]


async def set_next_due(
    session: AsyncSession, family_id: int, kind: str, at: datetime | None
) -> None:
    """When a family's reminder of a kind is due next; None: never."""
    if at is None:
        await session.execute(
            delete(ReminderTime).where(
                ReminderTime.family_id == family_id, ReminderTime.kind == kind
            )
        )
        return
    row = insert(ReminderTime).values(family_id=family_id, kind=kind, next_due_at=at)
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["family_id", "kind"], set_={"next_due_at": row.excluded.next_due_at}
        ),
        execution_options={"populate_existing": True},
    )


async def create_reminder(
    session: AsyncSession,
    kind: str,
    chat_account_id: int,
    local_date: date,
    *,
    item_uid: str = "",
    message_id: int | None = None,
) -> int | None:
    """A reminder of the transaction's family to one chat; returns its id, or None if this chat
    was already reminded of this on this date."""
    made = await session.execute(
        insert(Reminder)
        .values(
            kind=kind,
            chat_account_id=chat_account_id,
            local_date=local_date,
            item_uid=item_uid,
            message_id=message_id,
        )
        .on_conflict_do_nothing(
            index_elements=["kind", "chat_account_id", "local_date", "item_uid"]
        )
        .returning(Reminder.id)
    )
    return made.scalar_one_or_none()


async def load_reminder(session: AsyncSession, reminder_id: int) -> DueReminder | None:
    """The reminder with this id, locked until the transaction ends, so that it is said once."""
    row = await session.scalar(
        select(Reminder)
        .where(Reminder.id == reminder_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        return None
    return DueReminder(row.id, row.kind, row.chat_account_id, row.local_date, row.message_id)


async def attach_message(session: AsyncSession, reminder_id: int, message_id: int) -> None:
    """Name the message that carries a reminder."""
    await session.execute(
        update(Reminder).where(Reminder.id == reminder_id).values(message_id=message_id)
    )
