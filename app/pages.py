"""What a family's secret addresses show: the feeds and the page of the week."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.services import Services
from bot.texts import language_of, translator
from core.addresses import feed_url
from core.commitments import adult_of, busy
from core.family import Commitment, Family, Scope
from core.phrase import say
from core.plan import ItemType
from core.week import coming_week, wall, week_dates, week_start
from db.calendars import FEED, WEEK, FeedTarget, feed_tokens, resolve_token
from db.conversations import accounts_of
from db.families import Told, commitment_dates, family_name, last_change, load_family
from db.items import load_items
from db.secrets import SecretUnreadable
from sync.ical import Audience, FeedCommitment, FeedContent, FeedEvent, commitment_uid
from sync.week_page import Away, WeekEntry, WeekPage

log = structlog.get_logger()

FEED_PAST = timedelta(days=90)
"""How far back a feed reaches: calendars keep what they have seen."""

FEED_AHEAD = timedelta(days=400)


@dataclass(frozen=True)
class FamilyPages:
    """The pages of every family, each opened by its token alone."""

    services: Services

    async def load_feed(self, token: str) -> FeedContent | None:
        """What a feed's token opens; None for a token that is unknown or revoked."""
        now = self.services.now()
        async with self.services.database.transaction() as session:
            target = await resolve_token(session, token)
            if target is None or target.kind != FEED:
                return None
            family = await load_family(session, target.family_id)
            today = wall(now, ZoneInfo(family.timezone)).date()
            items = await load_items(
                session, target.family_id, today - FEED_PAST, today + FEED_AHEAD
            )
            dates = await commitment_dates(session, target.family_id)
            order = {child.id: place for place, child in enumerate(family.children)}
            events = tuple(
                FeedEvent(
                    uid=stored.item.uid or "",
                    sequence=stored.sequence,
                    updated_at=stored.updated_at,
                    day=stored.item.date,
                    start=stored.item.start,
                    end=stored.item.end,
                    name=stored.item.name,
                    child=family.child(stored.item.child_id).name,
                    adult=_adult_name(family, stored.item.adult_id),
                    completed=stored.item.completed,
                )
                for stored in sorted(
                    items, key=lambda s: (s.item.date, s.item.start, order[s.item.child_id])
                )
                if stored.item.type is ItemType.SUBJECT
            )
            audience, person = _reader(family, target)
            return FeedContent(
                title=person or await _family_title(session, target.family_id),
                timezone=family.timezone,
                language=await _language(session, target.family_id),
                updated_at=await last_change(session, target.family_id),
                audience=audience,
                person=person,
                events=events,
                commitments=tuple(_told(family, target.family_id, dates)),
            )

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
