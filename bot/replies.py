"""What a family answers during the day: lessons reported and asked for, by words and taps."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bot.conversations.cards import Card, Opened, Tapped, Typed
from bot.conversations.day import (
    all_done_notice,
    already_done_notice,
    done_notice,
    logged_card,
    not_yet_notice,
    unclear_notice,
    undone_notice,
)
from bot.conversations.evening import CHOOSE
from bot.conversations.requests import Answer, Ground, request_answered
from bot.daily import (
    CARD_LIFE,
    day_lessons,
    help_card,
    helps,
    list_card,
    refresh_list,
    show_today,
    today_of,
)
from bot.outbox import replace_card
from bot.requests import answer_proposal, ask_for, ask_which, ground_of, keep
from bot.talk import Talk
from bot.texts import language_of
from core.family import Family
from core.phrase import Phrase, say
from core.said import DayFacts, Unclear, read
from core.said.readings import AllDone, Done, NotYet, Reading, Reply, Skip, Topic, Why
from core.week import minute_of, time_of, wall
from db.completion import (
    AlreadyDone,
    CompletedItem,
    complete_item,
    forget_logs,
    set_engagement,
    undo_completion,
)
from db.families import load_family
from db.items import StoredItem, find_item, load_items
from db.messages import load_message
from db.requests import Logged, forget_request, load_request

MORE_DAYS = timedelta(days=62)
"""How far ahead a lesson can be named."""


@dataclass(frozen=True, slots=True)
class _Told:
    """How it was with lessons, as far as it was told; minutes of the day, or a length."""

    started: int | None = None
    ended: int | None = None
    minutes: int | None = None
    engagement: int | None = None


async def answer_day(
    talk: Talk, family_id: int, event: Opened | Typed | Tapped, message_id: int | None
) -> None:
    """What a planned family says during the day: lessons reported, or the week asked about."""
    session, account, now = talk.session, talk.account, talk.now
    if not isinstance(event, Opened) and await helps(session, account):
        await show_today(session, account, family_id, now=now, notice=say("chat.helper"))
        return
    match event:
        case Tapped(option=option) if message_id is not None and request_answered(option):
            await _answer_request(talk, family_id, option, message_id)
        case Tapped(option=option):
            await _tapped(talk, family_id, option, message_id)
        case Typed(text=text):
            await _typed(talk, family_id, text)
        case Opened():
            await show_today(session, account, family_id, now=now)


async def _tapped(talk: Talk, family_id: int, option: str, message_id: int | None) -> None:
    """A button of a day's list."""
    session, account, now = talk.session, talk.account, talk.now
    message = await load_message(session, message_id) if message_id is not None else None
    tapped = re.fullmatch(r"(d|all|u)(\d+)|" + CHOOSE, option)
    if (
        message is None
        or not message.step
        or tapped is None
        or now - message.created_at > CARD_LIFE
    ):
        await show_today(session, account, family_id, now=now, notice=say("chat.stale_day"))
        return
    family = await load_family(session, family_id)
    day = date.fromordinal(message.step)
    items = await day_lessons(session, account, family_id, day)
    undo: int | None = None
    notice: Phrase | None = None
    number = int(tapped[2] or 0)
    if tapped[1] == "u":
        notice = await _undo(talk, family_id, family, items, number)
    elif option != CHOOSE:
        if tapped[1] == "d":
            chosen = [stored for stored in items if stored.id == number]
            undo = number
        else:
            chosen = [s for s in items if s.item.child_id == number and not s.item.completed]
        notice, _ = await _complete(talk, family_id, family, chosen, _Told())
    items = await day_lessons(session, account, family_id, day)
    card = list_card(family, account, day, items, notice=notice, undo=undo)
    await replace_card(session, account, message.id, card, now=now, step=message.step)


async def _typed(talk: Talk, family_id: int, text: str) -> None:
    session, account = talk.session, talk.account
    family = await load_family(session, family_id)
    local = wall(talk.now, ZoneInfo(family.timezone))
    today = await day_lessons(session, account, family_id, local.date())
    ahead = await load_items(
        session,
        family_id,
        local.date() + timedelta(days=1),
        local.date() + MORE_DAYS,
        child_id=account.child_id,
    )
    lessons = [s.item for s in (*today, *ahead) if s.item.subject_id is not None]
    facts = DayFacts(tuple(lessons), account.child_id, account.adult_id)
    language = language_of(account.language)
    reading = read(
        text, language, facts, family, today=local.date(), minute=minute_of(local.time())
    )
    await _act(talk, family_id, reading, Ground(family, lessons, local.date()), today)


async def _act(
    talk: Talk, family_id: int, reading: Reading, ground: Ground, today: Sequence[StoredItem]
) -> None:
    session, account, now = talk.session, talk.account, talk.now
    match reading:
        case Unclear(why=Why.NOTHING):
            await talk.say(help_card(notice=say("chat.not_understood")))
        case Unclear(topic=Topic.DONE | Topic.ALL_DONE, candidates=()):
            notice = unclear_notice() if today else say("chat.nothing_today")
            await show_today(session, account, family_id, now=now, notice=notice)
        case Unclear():
            await ask_which(talk, reading, ground)
        case NotYet():
            await talk.say(Card(not_yet_notice()))
        case Done() | AllDone():
            await _report(talk, family_id, reading, ground.family, today)
        case _:
            await ask_for(talk, family_id, reading, ground)


async def _report(
    talk: Talk,
    family_id: int,
    reading: Done | AllDone,
    family: Family,
    today: Sequence[StoredItem],
    message_id: int | None = None,
) -> None:
    """Logs what was reported, and says so in a message of its own or (a tap) in place of the one
    that asked."""
    told = _Told()
    if isinstance(reading, Done):
        chosen = [stored for stored in today if stored.item.uid in reading.lessons]
        told = _Told(reading.started, reading.ended, reading.minutes, reading.engagement)
    else:
        chosen = [
            stored
            for stored in today
            if stored.item.child_id in reading.children and stored.item.uid not in reading.but
        ]
    notice, done = await _complete(talk, family_id, family, chosen, told)
    card = Card(notice)
    if done:
        request_id = await keep(talk, Logged(tuple(stored.item.uid or "" for stored in done)))
        card = logged_card(notice, request_id, faces=len(done) == 1 and told.engagement is None)
    day = today_of(family, talk.now)
    await refresh_list(talk.session, talk.account, family_id, family, day, talk.now)
    if message_id is None:
        await talk.say(card)
    else:
        await replace_card(talk.session, talk.account, message_id, card, now=talk.now)


async def _answer_request(talk: Talk, family_id: int, option: str, message_id: int) -> None:
    """A tap under what was understood, asked back or logged."""
    session, account, now = talk.session, talk.account, talk.now
    answered = request_answered(option)
    request = answered and await load_request(session, answered[0], account.id, lock=True)
    if answered is None or request is None:
        await replace_card(session, account, message_id, Card(say("request.stale")), now=now)
        return
    asked, answer = request.asked, answered[1]
    family = await load_family(session, family_id)
    if isinstance(asked, Logged):
        await _after_logging(talk, family_id, family, asked, request.id, answer, message_id)
    elif isinstance(asked, Reply) and not isinstance(asked, Skip):
        if isinstance(asked, NotYet):
            await replace_card(session, account, message_id, Card(not_yet_notice()), now=now)
        else:
            lessons = await _recent(talk, family_id, family)
            if isinstance(asked, AllDone):
                lessons = [s for s in lessons if s.item.date == today_of(family, now)]
            await _report(talk, family_id, asked, family, lessons, message_id)
    else:
        ground = await ground_of(session, family_id, family, now)
        await answer_proposal(talk, family_id, request.id, asked, answer, ground, message_id)


async def _recent(talk: Talk, family_id: int, family: Family) -> Sequence[StoredItem]:
    """The lessons that may still be reported by a button: today's, and those of the days for which
    it works."""
    today = today_of(family, talk.now)
    found: list[StoredItem] = []
    for back in range(CARD_LIFE.days + 1):
        day = today - timedelta(days=back)
        found += await day_lessons(talk.session, talk.account, family_id, day)
    return found


async def _after_logging(
    talk: Talk,
    family_id: int,
    family: Family,
    logged: Logged,
    request_id: int,
    answer: Answer,
    message_id: int,
) -> None:
    """What was logged is taken back at once, or how much a child liked it is added."""
    session, account, now = talk.session, talk.account, talk.now
    if answer.liking is not None:
        for uid in logged.uids:
            await set_engagement(session, family_id, uid, answer.liking)
        card = logged_card(say("day.thanks"), request_id, faces=False)
    else:
        for uid in logged.uids:
            await undo_completion(session, family_id, uid, now=now)
        await forget_logs(session, logged.logs)
        await forget_request(session, request_id)
        card = Card(await _taken_back(talk, family_id, family, logged))
        await refresh_list(session, account, family_id, family, today_of(family, now), now)
    await replace_card(session, account, message_id, card, now=now)


async def _taken_back(talk: Talk, family_id: int, family: Family, logged: Logged) -> Phrase:
    """What is said once an answer was taken back: which lesson, where it was one."""
    if len(logged.uids) == 1:
        item = await find_item(talk.session, family_id, logged.uids[0])
        if item is not None:
            return undone_notice(family.child(item.child_id).name, item.name)
    return say("change.undone")


async def _complete(
    talk: Talk, family_id: int, family: Family, chosen: Sequence[StoredItem], told: _Told
) -> tuple[Phrase, list[StoredItem]]:
    """Marks lessons as done; returns what is said of it, and those that were not before."""
    done: list[StoredItem] = []
    before: list[StoredItem] = []
    at = time_of(0)
    for stored in chosen:
        started, ended = _span(stored, told)
        outcome = await complete_item(
            talk.session,
            family_id,
            stored.item.uid or "",
            talk.now,
            by="parent" if talk.account.child_id is None else "child",
            started=started,
            ended=ended,
            engagement=told.engagement,
        )
        match outcome:
            case CompletedItem():
                done.append(stored)
                at = time_of(stored.item.end if ended is None else ended)
            case AlreadyDone():
                before.append(stored)
    if len(done) == 1:
        item = done[0].item
        return done_notice(family.child(item.child_id).name, item.name, at), done
    if done:
        names = dict.fromkeys(family.child(stored.item.child_id).name for stored in done)
        lessons = [stored.item.name for stored in done]
        if len(names) == 1:
            return all_done_notice(next(iter(names)), lessons), done
        return say("chat.logged_several", count=len(done)), done
    if before:
        item = before[0].item
        return already_done_notice(family.child(item.child_id).name, item.name), done
    return say("chat.stale_day"), done


def _span(stored: StoredItem, told: _Told) -> tuple[int | None, int | None]:
    """When a lesson began and ended, as far as it was told and can be: a time before it began is a
    slip, and it is logged as planned."""
    started, ended = told.started, told.ended
    begun = stored.item.start if started is None else started
    if ended is None and told.minutes is not None:
        ended = begun + told.minutes
    if ended is not None and ended <= begun:
        return None, None
    return started, ended


async def _undo(
    talk: Talk, family_id: int, family: Family, items: Sequence[StoredItem], number: int
) -> Phrase:
    for stored in items:
        if stored.id == number and stored.item.uid:
            await undo_completion(talk.session, family_id, stored.item.uid, now=talk.now)
            return undone_notice(family.child(stored.item.child_id).name, stored.item.name)
    return say("chat.stale_day")
