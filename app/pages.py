"""What a family's secret addresses show: the feeds and the page of the week."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.ext.asyncio import AsyncSession

from app.services import Services
from bot.texts import language_of, translator
from core.addresses import feed_url
from core.commitments import adult_of, busy
from core.family import Commitment, Family, Scope
from core.materials import materials
from core.phrase import say
from core.plan import ItemType
from core.week import coming_week, instant, wall, week_dates, week_start
from db.calendars import (
    WEEK,
    FeedTarget,
    FoundFeed,
    KeptFeed,
    feed_tokens,
    find_feed,
    keep_feed,
    load_feed,
    load_kept,
    resolve_token,
)
from db.conversations import accounts_of
from db.families import Told, commitment_dates, family_name, last_change, load_family
from db.items import StoredLesson, load_items, load_lessons
from db.revision import family_revision
from db.secrets import SecretUnreadable
from sync.ical import (
    COLORS,
    Alarm,
    Audience,
    Color,
    FeedCommitment,
    FeedContent,
    FeedEvent,
    calendar,
    commitment_uid,
    concerning,
)
from sync.week_page import Away, WeekEntry, WeekPage

log = structlog.get_logger()

MONTHS_BACK = 12
"""Whole months before the current one that a feed holds: readers show what a feed holds and forget
the rest, and a school year is looked back on."""

MONTHS_AHEAD = 13


@dataclass(frozen=True)
class FamilyPages:
    """The pages of every family, each opened by its token alone."""

    services: Services

    async def find_feed(self, token: str) -> FoundFeed | None:
        """The feed that a token opens, with its tag while that is known to be right; None for a
        token that is unknown or revoked."""
        found = await find_feed(self.services.database, token)
        if found is None:
            return None
        fresh = (
            found.fresh_until is not None
            and self.services.now() < found.fresh_until
            and (found.etag or "").startswith(form())
        )
        return found if fresh else replace(found, etag=None)

    async def read_feed(self, found: FoundFeed) -> KeptFeed | None:
        """What the feed shows: as it was made last if that is right, else made now; None if it
        was revoked meanwhile."""
        now, database = self.services.now(), self.services.database
        async with database.transaction(family_id=found.family_id) as session:
            kept = await load_kept(session, found.feed_id)
            if kept is not None and found.etag is not None:
                return kept
            loaded = await load_feed(session, found.feed_id)
            if loaded is None:
                return None
            target, alarm = loaded
            revision = await family_revision(session, target.family_id)
            content = await feed_content(session, target, alarm, now=now)
        made = await run_in_threadpool(_made, content, kept)
        async with database.transaction(family_id=found.family_id) as session:
            await keep_feed(
                session, target, made, revision=revision, fresh_until=_right_until(content, now)
            )
        return made

    async def load_week_page(self, token: str, week: date | None) -> WeekPage | None:
        """The week that begins on the Monday `week` (None: the current one, or the next once this
        one holds no more lessons)."""
        now = self.services.now()
        async with self.services.database.transaction() as session:
            target = await resolve_token(session, token)
            if target is None or target.kind != WEEK:
                return None
            family = await load_family(session, target.family_id)
            monday = week or await _coming_week(session, family, target.family_id, now)
            items = await load_items(session, target.family_id, monday, monday + timedelta(days=7))
            try:
                tokens = await feed_tokens(session, target.family_id, self.services.box)
                feed = feed_url(self.services.settings.base_url, tokens.family)
            except SecretUnreadable:
                # The week can be looked at all the same; only the link to subscribe is missing.
                log.exception("feed address unreadable", family_id=target.family_id)
                feed = None
            return WeekPage(
                title=await _family_title(session, target.family_id),
                language=await _language(session, target.family_id),
                timezone=family.timezone,
                monday=monday,
                now=now,
                children=tuple(child.name for child in family.children),
                entries=tuple(
                    WeekEntry(
                        type=stored.item.type,
                        child=family.child(stored.item.child_id).name,
                        day=stored.item.date,
                        start=stored.item.start,
                        end=stored.item.end,
                        name=stored.item.name,
                        adult=_adult_name(family, stored.item.adult_id),
                        completed=stored.item.completed,
                    )
                    for stored in items
                ),
                away=tuple(_away(family, monday)),
                subjects=tuple(
                    dict.fromkeys(s.name for child in family.children for s in child.subjects)
                ),
                feed_url=feed,
            )


async def feed_content(
    session: AsyncSession, target: FeedTarget, alarm: int | None, *, now: datetime
) -> FeedContent:
    """What a feed tells at this moment; its lessons ring `alarm` minutes before they begin."""
    family = await load_family(session, target.family_id)
    today = wall(now, ZoneInfo(family.timezone)).date()
    lessons = await load_lessons(
        session, target.family_id, _month(today, -MONTHS_BACK), _month(today, MONTHS_AHEAD + 1)
    )
    dates = await commitment_dates(session, target.family_id)
    order = {child.id: place for place, child in enumerate(family.children)}
    audience, person = _reader(family, target)
    content = FeedContent(
        title=person or await _family_title(session, target.family_id),
        timezone=family.timezone,
        language=await _language(session, target.family_id),
        updated_at=await last_change(session, target.family_id),
        audience=audience,
        person=person,
        events=tuple(
            _told_lesson(family, stored)
            for stored in sorted(lessons, key=lambda s: (s.date, s.start, order[s.child_id]))
        ),
        commitments=tuple(_told(family, target.family_id, dates)),
        color=_color(family, target),
        alarm=None if alarm is None else Alarm(alarm, today),
    )
    return concerning(content)


def _made(content: FeedContent, kept: KeptFeed | None) -> KeptFeed:
    """What shows the content: what was kept, if the family's change is told elsewhere; else some
    hundredths of a second of writing, tenths for many children and a whole year."""
    if kept is not None and kept.etag == _tag(replace(content, updated_at=kept.changed_at)):
        return kept
    body = calendar(content, translator(content.language))
    # Without a time of its own: equal bytes for an equal tag.
    return KeptFeed(_tag(content), gzip.compress(body, mtime=0), content.updated_at)


def _tag(content: FeedContent) -> str:
    """What is shown follows from the content and from the program, so a tag of both is known
    before anything is written."""
    return form() + sha256(repr(content).encode()).hexdigest()[:32]


@cache
def form() -> str:
    """Eight digits that stand for the program and its texts: another version may write the same
    content otherwise, and does not take what this one has kept."""
    found = sha256("".join(map(version, ("icalendar", "tzdata"))).encode())
    root = Path(__file__).parents[1]
    for part in ("app", "bot", "core", "db", "sync"):
        for source in sorted([*(root / part).rglob("*.py"), *(root / part).rglob("*.po")]):
            found.update(source.read_bytes())
    return found.hexdigest()[:8]


def _right_until(content: FeedContent, now: datetime) -> datetime:
    """When what is shown changes by itself, at the family's midnight: a month leaves it and, where
    lessons ring, a day's no longer do."""
    zone = ZoneInfo(content.timezone)
    today = wall(now, zone).date()
    month = _month(today, 1)
    return instant(month if content.alarm is None else today + timedelta(days=1), 0, zone)


def _month(day: date, ahead: int) -> date:
    """The first day of the month so many months later."""
    months = day.year * 12 + day.month - 1 + ahead
    return date(months // 12, months % 12 + 1, 1)


def _color(family: Family, target: FeedTarget) -> Color:
    """The family's own, or one for each of its people in their order."""
    adults = [adult.id for adult in (*family.adults, *family.others)]
    if target.child_id is not None:
        place = [child.id for child in family.children].index(target.child_id)
    elif target.adult_id is not None:
        place = len(family.children) + adults.index(target.adult_id)
    else:
        return COLORS[0]
    return COLORS[1 + place % (len(COLORS) - 1)]


def _told_lesson(family: Family, stored: StoredLesson) -> FeedEvent:
    changes = [stored.updated_at]
    if not stored.completed and stored.details_updated_at is not None:
        # One that is to come also tells what its subject needs.
        changes.append(stored.details_updated_at)
    return FeedEvent(
        uid=stored.uid,
        sequence=stored.sequence,
        updated_at=max(changes),
        day=stored.date,
        start=stored.start,
        end=stored.end,
        name=stored.name,
        child=family.child(stored.child_id).name,
        adult=_adult_name(family, stored.adult_id),
        completed=stored.completed,
        materials=() if stored.completed else materials(stored.data, stored.details),
    )


async def _coming_week(
    session: AsyncSession, family: Family, family_id: int, now: datetime
) -> date:
    today = wall(now, ZoneInfo(family.timezone)).date()
    monday = week_start(today)
    items = await load_items(session, family_id, monday, monday + timedelta(days=7))
    return coming_week(today, [s.item.date for s in items if s.item.type is ItemType.SUBJECT])


def _reader(family: Family, target: FeedTarget) -> tuple[Audience, str | None]:
    if target.child_id is not None:
        return Audience.CHILD, family.child(target.child_id).name
    if target.adult_id is not None:
        return Audience.ADULT, family.adult(target.adult_id).name
    return Audience.FAMILY, None


def _adult_name(family: Family, adult_id: int | None) -> str | None:
    return None if adult_id is None else family.adult(adult_id).name


def _told(
    family: Family, family_id: int, dates: Mapping[tuple[bool, int], Told]
) -> list[FeedCommitment]:
    """Every commitment once, with those whom it takes. Times of a calendar outside are left out:
    who follows that one would see them twice."""
    told = []
    owned: list[tuple[Commitment, tuple[str, ...]]] = [(own, ()) for own in family.commitments]
    owned += [(own, (child.name,)) for child in family.children for own in child.commitments]
    for commitment, children in owned:
        if commitment.connection_id is not None:
            continue
        told_at = dates[commitment.scope is Scope.CHILD, commitment.id]
        if commitment.scope is Scope.PARENT:
            taken = _adult_name(family, adult_of(commitment, family.adults))
        else:
            taken = _adult_name(family, commitment.adult_id)
        adults = (taken,) if taken else ()
        told.append(
            FeedCommitment(
                uid=commitment_uid(str(family_id), commitment),
                sequence=told_at.sequence,
                updated_at=told_at.updated_at,
                commitment=commitment,
                since=told_at.since,
                children=children,
                adults=adults,
            )
        )
    return told


def _away(family: Family, monday: date) -> list[Away]:
    return [
        Away(adult, day, start, end, own.name)
        for own in family.commitments
        if own.scope is Scope.PARENT
        if (adult := _adult_name(family, adult_of(own, family.adults))) is not None
        for day in week_dates(monday)
        for start, end in busy(own, day)
    ]


async def _language(session: AsyncSession, family_id: int) -> str:
    """The language in which the family's first chat is addressed."""
    accounts = await accounts_of(session, family_id)
    return language_of(accounts[0].language if accounts else None)


async def _family_title(session: AsyncSession, family_id: int) -> str:
    words = translator(await _language(session, family_id))
    return words(say("calendar.family", name=await family_name(session, family_id)))
