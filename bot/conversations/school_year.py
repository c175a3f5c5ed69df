"""Cards of /year: the days off that are to come, and the public holidays that may be."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

from bot.conversations.cards import Card, Option
from bot.conversations.differences import day_named
from core.family import Child, DayOff, Family
from core.phrase import Phrase, say
from core.said.readings import Topic
from core.week import Weekday

OPEN, HOLIDAYS, TAKE = "year-open", "year-holidays", "year-take"

MOST = 9
"""Days off that can be given back by a tap, and holidays on a card."""

_DAY = re.compile(r"year-day-(\d+)")
_BACK = re.compile(r"year-back-(\d+)-(\d+)")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days off in a row, of everybody or of one child."""

    first: date
    last: date
    child_id: int | None = None


@dataclass(frozen=True, slots=True)
class Ticked:
    """A holiday of the card was ticked, or unticked."""

    day: date


@dataclass(frozen=True, slots=True)
class GivenBack:
    """The days off that begin so are to be school days again."""

    first: date
    child_id: int | None


Tap: TypeAlias = Ticked | GivenBack | str


def year_tapped(option: str) -> Tap | None:
    """What a button of these cards says; None for any other option."""
    if option in (OPEN, HOLIDAYS, TAKE):
        return option
    if found := _DAY.fullmatch(option):
        return Ticked(date.fromordinal(int(found[1])))
    if found := _BACK.fullmatch(option):
        return GivenBack(date.fromordinal(int(found[1])), int(found[2]) or None)
    return None


def stretches(days_off: Iterable[DayOff], today: date) -> tuple[Stretch, ...]:
    """The days off from today on, those in a row together (a weekend does not part them)."""
    found: list[Stretch] = []
    owned = {(off.child_id, off.date) for off in days_off if off.date >= today}
    for child_id, day in sorted(owned, key=lambda each: (each[0] or 0, each[1])):
        last = found[-1] if found and found[-1].child_id == child_id else None
        if last is not None and all(
            Weekday.of(between) >= Weekday.SATURDAY for between in _between(last.last, day)
        ):
            found[-1] = Stretch(last.first, day, child_id)
        else:
            found.append(Stretch(day, day, child_id))
    return tuple(sorted(found, key=lambda each: (each.first, each.child_id or 0)))


def year_card(family: Family, today: date, *, country: str | None) -> Card:
    """The days off to come; `country` is the name of the one whose holidays can be looked at."""
    coming = stretches(family.days_off, today)
    lines = tuple(_line(each, family, today) for each in coming) or (say("year.none"),)
    rows = [
        (
            Option(
                f"year-back-{each.first.toordinal()}-{each.child_id or 0}",
                say("year.back", day=_short(each.first)),
            ),
        )
        for each in coming[:MOST]
    ]
    if country is not None:
        rows.append((Option(HOLIDAYS, say("year.holidays")),))
    hint = say("request.example", example=say(f"said.example.{Topic.DAY_OFF}"))
    return Card(say("year.title"), lines, tuple(rows), hint=hint)


def holidays_card(
    country: str, holidays: Sequence[tuple[date, str]], chosen: Collection[date]
) -> Card:
    """Public holidays on school days; nothing is off before it is taken."""
    shown = holidays[:MOST]
    options = [
        Option(f"year-day-{day.toordinal()}", _short(day), chosen=day in chosen) for day, _ in shown
    ]
    rows = [tuple(options[n : n + 3]) for n in range(0, len(options), 3)]
    last = [Option(OPEN, say("reminders.back"))]
    if shown and chosen:
        last.insert(0, Option(TAKE, say("year.take", count=len(chosen))))
    return Card(
        say("year.which", country=country) if shown else say("year.no_more", country=country),
        tuple(say("year.holiday", day=_short(day), name=name) for day, name in shown),
        (*rows, tuple(last)),
        hint=say("year.hint"),
    )


def taught_on(children: Iterable[Child], day: date) -> bool:
    """Whether anybody has school on this weekday."""
    return any(Weekday.of(day) in child.school_days for child in children)


def _between(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range(1, (last - first).days))


def _line(each: Stretch, family: Family, today: date) -> Phrase:
    names = [child.name for child in family.children if child.id == each.child_id]
    whose = say("verbatim", text=names[0]) if names else say("year.everybody")
    near = each.first < today + timedelta(days=7)
    first = day_named(each.first, today) if near else say("day.title", date=each.first)
    if each.first == each.last:
        return say("year.day", whose=whose, day=first)
    return say("year.days", whose=whose, first=first, last=say("day.title", date=each.last))


def _short(day: date) -> Phrase:
    return say("year.short", month=day.month, day=day.day)
