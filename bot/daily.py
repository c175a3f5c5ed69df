"""The day in the chat: its list, what is reported done, and the week to look at."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.cards import Card, Opened, Option, Tapped, Typed
from bot.conversations.day import (
    Addresses,
    ChildDay,
    DayLesson,
    DaySpan,
    LeftOut,
    all_done_notice,
    already_done_notice,
    done_notice,
    not_yet_notice,
    thinking_card,
    today_card,
    unclear_notice,
    undone_notice,
    week_card,
)
from bot.incoming import Incoming
from bot.outbox import post, replace_card
from bot.texts import language_of
from core.addresses import feed_url, webcal_url, week_url
from core.family import Family
from core.hard import required
from core.phrase import Phrase, say
from core.plan import ItemType, WeekRequest
from core.problem import problem_of
from core.said import DayFacts, Reading, Unclear, read
from core.said.readings import AllDone, Done, NotYet, Topic
from core.week import coming_week, minute_of, time_of, wall, week_start
from core.wording import reason_named
from db.calendars import feed_tokens
from db.completion import AlreadyDone, CompletedItem, complete_item, undo_completion
from db.conversations import Account
from db.families import is_guardian, load_family
from db.items import StoredItem, load_items
from db.messages import find_said, load_message
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
    today = _today(family, now)
    items = await _lessons(session, account, family_id, today)
    look = await _helps(session, account)
    card = today_card(today, _lists(family, account, items), notice=notice, only_look=look)
    await post(session, account, card, now=now, step=today.toordinal())


async def remind_of_today(
    session: AsyncSession, account: Account, family_id: int, *, now: datetime
) -> int | None:
    """Posts today's list of our own accord, once a day for a chat; returns the message's id. None
    if it was said already, or if the day is free: then nobody is disturbed."""
    family = await load_family(session, family_id)
    today = _today(family, now)
    items = await _lessons(session, account, family_id, today)
    if not items:
        return None
    look = await _helps(session, account)
    card = today_card(today, _lists(family, account, items), only_look=look)
    key = day_key(today)
    return await post(session, account, card, now=now, step=today.toordinal(), dedupe_key=key)


async def answer_day(
    session: AsyncSession,
    account: Account,
    family_id: int,
    event: Opened | Typed | Tapped,
    incoming: Incoming,
    *,
    now: datetime,
) -> None:
    """What a planned family says during the day: lessons reported by words or by taps."""
    if not isinstance(event, Opened) and await _helps(session, account):
        notice = say("chat.helper")
        await show_today(session, account, family_id, now=now, notice=notice)
        return
    match event:
        case Tapped(option=option):
            await _tapped(session, account, family_id, option, incoming.message_id, now)
        case Typed(text=text):
            await _typed(session, account, family_id, text, now)
        case Opened():
            await show_today(session, account, family_id, now=now)


async def show_thinking(
    session: AsyncSession, account: Account, family_id: int, message_id: int, *, now: datetime
) -> None:
    """Says in place of the message `message_id` what is being planned: a whole week's lessons."""
    family = await load_family(session, family_id)
    week = problem_of(WeekRequest(family, week_start(_today(family, now)) + timedelta(days=7)))
    lessons = sum(
        required(week, member) for activity in week.activities for member in activity.members
    )
    owned = (*family.commitments, *(own for child in family.children for own in child.commitments))
    card = thinking_card(lessons, [commitment.name for commitment in owned])
    await replace_card(session, account, message_id, card, now=now)


def help_card(*, notice: Phrase | None = None) -> Card:
    """What a planned family can say."""
    topics = (
        *("today", "week", "done", "calendars", "settings", "invite", "link", "newlinks"),
        *("language", "forget"),
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
    today = _today(family, now)
    week = await load_week(session, family_id, week_start(today))
    lessons = (item.date for item in week.items if item.type is ItemType.SUBJECT)
    monday = coming_week(today, lessons)
    if monday != week_start(today):
        week = await load_week(session, family_id, monday)
    if not week.schedules:
        card = Card(say("chat.no_week"))
    else:
        tokens = await feed_tokens(session, family_id, box)
        helper = account.adult_id if await _helps(session, account) else None
        feed = feed_url(base_url, tokens.adults[helper] if helper else tokens.family)
        card = week_card(
            monday,
            [child.name for child in family.children],
            _spans(family, week, since=today, adult_id=helper),
            [] if helper else _left_out(family, week),
            Addresses(feed, webcal_url(feed), week_url(base_url, tokens.week)),
        )
        if helper:
            # The page shows everybody's week; a helper has a calendar of their own.
            _, *own = card.links
            card = replace(card, links=tuple(own))
    card = replace(card, notice=notice)
    if message_id is None:
        await post(session, account, card, now=now, box=box)
    else:
        await replace_card(session, account, message_id, card, now=now, box=box)


async def _tapped(
    session: AsyncSession,
    account: Account,
    family_id: int,
    option: str,
    message_id: int | None,
    now: datetime,
) -> None:
    message = await load_message(session, message_id) if message_id is not None else None
    tapped = re.fullmatch(r"(d|all|u)(\d+)", option)
    if message is None or tapped is None or now - message.created_at > CARD_LIFE:
        await show_today(session, account, family_id, now=now, notice=say("chat.stale_day"))
        return
    family = await load_family(session, family_id)
    day = date.fromordinal(message.step) if message.step else _today(family, now)
    items = await _lessons(session, account, family_id, day)
    number = int(tapped[2])
    undo: int | None = None
    match tapped[1]:
        case "d":
            chosen = [stored for stored in items if stored.id == number]
            undo = number
        case "all":
            chosen = [s for s in items if s.item.child_id == number and not s.item.completed]
        case _:
            chosen = []
    if tapped[1] == "u":
        notice = await _undo(session, account, family_id, family, items, number, now)
    else:
        notice = await _complete(session, account, family_id, family, chosen, now)
    if message.step:
        items = await _lessons(session, account, family_id, day)
        card = today_card(day, _lists(family, account, items), notice=notice, undo=undo)
        await replace_card(session, account, message.id, card, now=now, step=message.step)
    else:
        await replace_card(session, account, message.id, Card(notice), now=now)
        await _refresh_list(session, account, family_id, family, day, now)


async def _typed(
    session: AsyncSession, account: Account, family_id: int, text: str, now: datetime
) -> None:
    family = await load_family(session, family_id)
    local = wall(now, ZoneInfo(family.timezone))
    items = await _lessons(session, account, family_id, local.date())
    facts = DayFacts(tuple(s.item for s in items), account.child_id, account.adult_id)
    language = language_of(account.language)
    reading = read(
        text, language, facts, family, today=local.date(), minute=minute_of(local.time())
    )
    chosen = _chosen(reading, items)
    if isinstance(reading, NotYet):
        await post(session, account, Card(not_yet_notice()), now=now)
    elif not chosen and (items or _is_reply(reading)):
        notice = unclear_notice() if items else say("chat.nothing_today")
        await show_today(session, account, family_id, now=now, notice=notice)
    elif not chosen:
        await post(session, account, help_card(notice=say("chat.not_understood")), now=now)
    else:
        ended = reading.ended if isinstance(reading, Done) else None
        notice = await _complete(session, account, family_id, family, chosen, now, ended)
        rows = ((Option(f"u{chosen[0].id}", say("day.undo")),),) if len(chosen) == 1 else ()
        await _refresh_list(session, account, family_id, family, local.date(), now)
        await post(session, account, Card(notice, rows=rows), now=now)


def _is_reply(reading: Reading) -> bool:
    """Whether somebody tells of lessons, understood or not."""
    if isinstance(reading, Unclear):
        return reading.topic in (Topic.DONE, Topic.ALL_DONE)
    return isinstance(reading, Done | AllDone)


def _chosen(reading: Reading, items: Sequence[StoredItem]) -> Sequence[StoredItem]:
    """The lessons that a reading reports done; none where it must be asked back."""
    match reading:
        case Done(lessons=lessons):
            return [stored for stored in items if stored.item.uid in lessons]
        case AllDone(children=children, but=but):
            return [s for s in items if s.item.child_id in children and s.item.uid not in but]
        case _:
            return []


async def _complete(
    session: AsyncSession,
    account: Account,
    family_id: int,
    family: Family,
    chosen: Sequence[StoredItem],
    now: datetime,
    ended: int | None = None,
) -> Phrase:
    done: list[StoredItem] = []
    before: list[StoredItem] = []
    at = time_of(0)
    for stored in chosen:
        # A time before the lesson began is a slip: it is logged as planned, and said so.
        told = ended if ended is not None and ended > stored.item.start else None
        outcome = await complete_item(
            session,
            family_id,
            stored.item.uid or "",
            now,
            by="parent" if account.child_id is None else "child",
            ended=told,
        )
        match outcome:
            case CompletedItem():
                done.append(stored)
                at = time_of(stored.item.end if told is None else told)
            case AlreadyDone():
                before.append(stored)
    if len(done) == 1:
        item = done[0].item
        return done_notice(family.child(item.child_id).name, item.name, at)
    if done:
        names = dict.fromkeys(family.child(stored.item.child_id).name for stored in done)
        lessons = [stored.item.name for stored in done]
        if len(names) == 1:
            return all_done_notice(next(iter(names)), lessons)
        return say("chat.logged_several", count=len(done))
    if before:
        item = before[0].item
        return already_done_notice(family.child(item.child_id).name, item.name)
    return say("chat.stale_day")


async def _undo(
    session: AsyncSession,
    account: Account,
    family_id: int,
    family: Family,
    items: Sequence[StoredItem],
    number: int,
    now: datetime,
) -> Phrase:
    for stored in items:
        if stored.id == number and stored.item.uid:
            await undo_completion(session, family_id, stored.item.uid, now=now)
            return undone_notice(family.child(stored.item.child_id).name, stored.item.name)
    return say("chat.stale_day")


async def _refresh_list(
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
        items = await _lessons(session, account, family_id, day)
        card = today_card(day, _lists(family, account, items))
        await replace_card(session, account, listed.id, card, now=now, step=day.toordinal())


async def _lessons(
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
        adult_id=account.adult_id if await _helps(session, account) else None,
    )
    return [stored for stored in items if stored.item.type is ItemType.SUBJECT]


async def _helps(session: AsyncSession, account: Account) -> bool:
    """Whether the chat is a helper's: they see what needs them, and decide nothing."""
    return account.adult_id is not None and not await is_guardian(session, account.adult_id)


def _lists(family: Family, account: Account, items: Iterable[StoredItem]) -> tuple[ChildDay, ...]:
    by_child: dict[int, list[DayLesson]] = {}
    for stored in items:
        item = stored.item
        by_child.setdefault(item.child_id, []).append(
            DayLesson(stored.id, item.name, item.start, item.end - item.start, item.completed)
        )
    return tuple(
        ChildDay(child.id, child.name, tuple(by_child.get(child.id, ())))
        for child in family.children
        if account.child_id in (None, child.id)
    )


def _spans(family: Family, week: StoredWeek, *, since: date, adult_id: int | None) -> list[DaySpan]:
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


def _left_out(family: Family, week: StoredWeek) -> list[LeftOut]:
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


def _today(family: Family, now: datetime) -> date:
    return wall(now, ZoneInfo(family.timezone)).date()
