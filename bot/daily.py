"""The day in the chat: its list, what is reported done, and the week to look at."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.cards import Card
from bot.conversations.day import (
    Addresses,
    ChildDay,
    DayLesson,
    DaySpan,
    LeftOut,
    thinking_card,
    today_card,
    week_card,
)
from bot.outbox import post, replace_card
from core.addresses import feed_url, webcal_url, week_url
from core.family import Family
from core.hard import required
from core.phrase import Phrase, say
from core.plan import ItemType, WeekRequest
from core.problem import problem_of
from core.week import coming_week, wall, week_start
from core.wording import reason_named
from db.calendars import feed_tokens
from db.conversations import Account
from db.families import is_guardian, load_family
from db.items import StoredItem, load_items
from db.messages import find_said
from db.schedules import StoredWeek, load_week
from db.secrets import SecretBox

CARD_LIFE = timedelta(days=2)
"""How long the buttons of a day's list work: yesterday can still be ticked off."""


def day_key(day: date) -> str:
    """The key under which a chat is shown a day's list of its own accord: once."""
    return f"day:{day.isoformat()}"


async def show_today(
    session: AsyncSession,
    account: Account,
    family_id: int,
    *,
    now: datetime,
    notice: Phrase | None = None,
) -> None:
    """Posts today's list."""
    family = await load_family(session, family_id)
    today = today_of(family, now)
    items = await day_lessons(session, account, family_id, today)
    look = await helps(session, account)
    card = list_card(family, account, today, items, notice=notice, only_look=look)
    await post(session, account, card, now=now, step=today.toordinal())


async def remind_of_today(
    session: AsyncSession,
    account: Account,
    family_id: int,
    *,
    now: datetime,
    notice: Phrase | None = None,
) -> int | None:
    """Posts today's list of our own accord, once a day for a chat; returns the message's id. None
    if it was said already, or if the day is free: then nobody is disturbed."""
    family = await load_family(session, family_id)
    today = today_of(family, now)
    items = await day_lessons(session, account, family_id, today)
    if not items:
        return None
    look = await helps(session, account)
    card = list_card(family, account, today, items, notice=notice, only_look=look)
    key = day_key(today)
    return await post(session, account, card, now=now, step=today.toordinal(), dedupe_key=key)


async def show_thinking(
    session: AsyncSession, account: Account, family_id: int, message_id: int, *, now: datetime
) -> None:
    """Says in place of the message `message_id` what is being planned: a whole week's lessons."""
    family = await load_family(session, family_id)
    week = problem_of(WeekRequest(family, week_start(today_of(family, now)) + timedelta(days=7)))
    lessons = sum(
        required(week, member) for activity in week.activities for member in activity.members
    )
    owned = (*family.commitments, *(own for child in family.children for own in child.commitments))
    card = thinking_card(lessons, [commitment.name for commitment in owned])
    await replace_card(session, account, message_id, card, now=now)


def help_card(*, notice: Phrase | None = None) -> Card:
    """What a planned family can say."""
    topics = (
        *("today", "week", "done", "change", "review", "year", "reminders", "pause"),
        *("calendars", "settings", "invite", "link", "newlinks", "language", "forget"),
    )
    return Card(
        say("help.title"), lines=tuple(say(f"help.{topic}") for topic in topics), notice=notice
    )


async def show_week(
    session: AsyncSession,
    account: Account,
    family_id: int,
    *,
    box: SecretBox,
    base_url: str,
    now: datetime,
    message_id: int | None = None,
    notice: Phrase | None = None,
) -> None:
    """Shows the coming days, today's week if something of it lies ahead, else the next one; in
    place of the message `message_id` where one is given, and with a `notice` above it."""
    family = await load_family(session, family_id)
    today = today_of(family, now)
    week = await load_week(session, family_id, week_start(today))
    lessons = (item.date for item in week.items if item.type is ItemType.SUBJECT)
    monday = coming_week(today, lessons)
    if monday != week_start(today):
        week = await load_week(session, family_id, monday)
    if not week.schedules:
        card = Card(say("chat.no_week"))
    else:
        tokens = await feed_tokens(session, family_id, box)
        helper = account.adult_id if await helps(session, account) else None
        feed = feed_url(base_url, tokens.adults[helper] if helper else tokens.family)
        card = week_card(
            monday,
            [child.name for child in family.children],
            spans_of(family, week, since=today, adult_id=helper),
            [] if helper else left_out_of(family, week),
            Addresses(feed, webcal_url(feed), week_url(base_url, tokens.week)),
        )
        if helper:
            # The page shows everybody's week; a helper has a calendar of their own.
            _, *own = card.links
            card = replace(card, links=tuple(own), rows=((card.rows[0][0],),))
    card = replace(card, notice=notice)
    if message_id is None:
        await post(session, account, card, now=now, box=box)
    else:
        await replace_card(session, account, message_id, card, now=now, box=box)


async def refresh_list(
    session: AsyncSession,
    account: Account,
    family_id: int,
    family: Family,
    day: date,
    now: datetime,
) -> None:
    """The morning's list, where there is one, shows the new ticks too."""
    listed = await find_said(session, account.id, day_key(day))
    if listed is not None:
        items = await day_lessons(session, account, family_id, day)
        card = list_card(family, account, day, items)
        await replace_card(session, account, listed.id, card, now=now, step=day.toordinal())


async def day_lessons(
    session: AsyncSession, account: Account, family_id: int, day: date
) -> Sequence[StoredItem]:
    """The day's lessons that this chat may see: a child's own, those that need a helper, or the
    whole family's."""
    items = await load_items(
        session,
        family_id,
        day,
        day + timedelta(days=1),
        child_id=account.child_id,
        adult_id=account.adult_id if await helps(session, account) else None,
    )
    return [stored for stored in items if stored.item.type is ItemType.SUBJECT]


async def helps(session: AsyncSession, account: Account) -> bool:
    """Whether the chat is a helper's: they see what needs them, and decide nothing."""
    return account.adult_id is not None and not await is_guardian(session, account.adult_id)


def list_card(
    family: Family,
    account: Account,
    day: date,
    items: Sequence[StoredItem],
    *,
    notice: Phrase | None = None,
    undo: int | None = None,
    only_look: bool = False,
) -> Card:
    """The day's list as this chat sees it: of every child, or its own, and when it is needed."""
    by_child: dict[int, list[DayLesson]] = {}
    needed: list[tuple[int, int]] = []
    for stored in items:
        item = stored.item
        by_child.setdefault(item.child_id, []).append(
            DayLesson(stored.id, item.name, item.start, item.end - item.start, item.completed)
        )
        if account.adult_id is not None and item.adult_id == account.adult_id:
            needed.append((item.start, item.end))
    return today_card(
        day,
        [
            ChildDay(child.id, child.name, tuple(by_child.get(child.id, ())))
            for child in family.children
            if account.child_id in (None, child.id)
        ],
        # A helper's list holds nothing else.
        needed=() if only_look else needed,
        notice=notice,
        undo=undo,
        only_look=only_look,
    )


def spans_of(
    family: Family, week: StoredWeek, *, since: date, adult_id: int | None
) -> list[DaySpan]:
    """The lessons of each child's days, or only those that need one adult."""
    lessons = [
        i
        for i in week.items
        if i.type is ItemType.SUBJECT and i.date >= since and adult_id in (None, i.adult_id)
    ]
    spans = []
    for day in sorted({item.date for item in lessons}):
        for child in family.children:
            own = [item for item in lessons if item.date == day and item.child_id == child.id]
            if own:
                first, last = min(item.start for item in own), max(item.end for item in own)
                spans.append(DaySpan(day, child.name, len(own), first, last))
    return spans


def left_out_of(family: Family, week: StoredWeek) -> list[LeftOut]:
    """What the week has no room for, and why."""
    found = []
    for schedule in week.schedules:
        child = family.child(schedule.child_id)
        subjects = {subject.id: subject for subject in child.subjects}
        for left in (schedule.quality or {}).get("unscheduled", ()):
            subject = subjects.get(left["subjectId"])
            if subject is None:
                continue
            reason = reason_named(left["reason"], child, subject)
            found.append(LeftOut(child.name, subject.name, left["missing"], reason))
    return found


def today_of(family: Family, now: datetime) -> date:
    """The date on the family's own clock."""
    return wall(now, ZoneInfo(family.timezone)).date()
