"""A child's weeks as one Google calendar is to show them, over the database."""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.google_changes import follow
from app.services import Services
from core.phrase import Translate
from core.plan import ItemType
from core.week import wall
from db.families import load_family
from db.items import days_of_items, load_items
from db.published import (
    WrittenEvent,
    amend_published,
    forget_written,
    note_removed,
    note_written,
    published_calendar,
    written_events,
)
from sync.google_events import LessonEvent, Place, wanted_events
from sync.plan import Known
from sync.pull import OTHERWISE, Deleted, Expected, Moved

PAST = timedelta(days=30)
"""How far back events are kept as the weeks have them; what is older stays as it is there."""

AHEAD = timedelta(days=400)
"""Weeks are planned a few ahead at most; this is beyond all of them."""


@dataclass(frozen=True)
class ChildWeeks:
    """Implements `sync.two_way.Weeks` for the published calendar `published_id`."""

    services: Services
    family_id: int
    child_id: int
    published_id: int
    calendar_id: str
    translate: Translate

    async def expected(self) -> Expected:
        async with self._transaction() as session:
            family = await load_family(session, self.family_id)
            zone = ZoneInfo(family.timezone)
            today = wall(self.services.now(), zone).date()
            items = await load_items(
                session, self.family_id, today - PAST, today + AHEAD, child_id=self.child_id
            )
        adults = {adult.id: adult.name for adult in (*family.adults, *family.others)}
        lessons = [
            LessonEvent(
                uid=stored.item.uid or "",
                place=Place(stored.item.date, stored.item.start),
                end=stored.item.end,
                name=stored.item.name,
                adult=adults.get(stored.item.adult_id or 0),
                completed=stored.item.completed,
            )
            for stored in items
            if stored.item.type is ItemType.SUBJECT
        ]
        events = wanted_events(lessons, self.family_id, self.calendar_id, zone, self.translate)
        return Expected(zone, events)

    async def known(self) -> Sequence[Known]:
        async with self._transaction() as session:
            written = await written_events(session, self.published_id)
        return [Known(each.event_id, each.uid, each.fingerprint, each.etag) for each in written]

    async def note(self, events: Collection[Known]) -> None:
        if not events:
            return
        now = self.services.now()
        async with self._transaction() as session:
            for event in events:
                written = WrittenEvent(event.event_id, event.uid, event.fingerprint, event.etag)
                await note_written(session, self.published_id, written, now=now)

    async def forget(self, event_id: str) -> None:
        async with self._transaction() as session:
            await note_removed(session, self.published_id, event_id)

    async def sync_token(self) -> str | None:
        async with self._transaction() as session:
            calendar = await published_calendar(session, self.published_id)
        return None if calendar is None else calendar.sync_token

    async def keep_sync_token(self, token: str | None) -> None:
        async with self._transaction() as session:
            await amend_published(
                session, self.published_id, now=self.services.now(), sync_token=token
            )

    async def adjust(self, change: Moved | Deleted) -> bool:
        return await follow(self.services, self.family_id, self.published_id, change)

    async def leave_the_past(self) -> None:
        """Forget events of lessons that are older than what we keep up to date: in the calendar
        they stay as they are."""
        async with self._transaction() as session:
            family = await load_family(session, self.family_id)
            since = wall(self.services.now(), ZoneInfo(family.timezone)).date() - PAST
            written = await written_events(session, self.published_id)
            days = await days_of_items(session, self.family_id, [each.uid for each in written])
            old = [each.event_id for each in written if days.get(each.uid, since) < since]
            await forget_written(session, self.published_id, old)

    def _transaction(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self.services.database.transaction(family_id=self.family_id)


async def doubt_all(session: AsyncSession, published_id: int, *, now: datetime) -> None:
    """Everything that we wrote into the calendar may be gone: the next run looks for it, and makes
    again what is not there."""
    for event in await written_events(session, published_id):
        doubted = replace(event, fingerprint=OTHERWISE, etag=None)
        await note_written(session, published_id, doubted, now=now)
    await amend_published(session, published_id, now=now, sync_token=None)
