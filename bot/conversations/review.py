"""Cards of Sunday: the week that was, and the one that is proposed. What went well comes first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.conversations.cards import Card, Option
from bot.conversations.change_menu import OPEN as CHANGE
from bot.conversations.day import FACES, DaySpan, LeftOut, left_out_lines, span_lines
from core.family import Family
from core.phrase import Phrase, say
from core.review import ChildWeek

MOST_SUBJECTS = 4
"""Subjects of a child that are named; the rest is counted in its sum."""

_RATED = re.compile(r"rate(\d+)-([1-5])")
_PROPOSED = re.compile(r"week(\d+)-(ok|auto)")


@dataclass(frozen=True, slots=True)
class Rated:
    """A family likes the week of this Monday so much, from 1 to 5."""

    monday: date
    rating: int


@dataclass(frozen=True, slots=True)
class Approved:
    """The week of this Monday may be published; `always`: and so may all that follow."""

    monday: date
    always: bool


def review_tapped(option: str) -> Rated | Approved | None:
    """What a button of these cards says; None for any other option."""
    if found := _RATED.fullmatch(option):
        return Rated(date.fromordinal(int(found[1])), int(found[2]))
    if found := _PROPOSED.fullmatch(option):
        return Approved(date.fromordinal(int(found[1])), found[2] == "auto")
    return None


def review_card(
    monday: date,
    weeks: Sequence[ChildWeek],
    family: Family,
    *,
    rating: int | None = None,
    notice: Phrase | None = None,
) -> Card:
    """The week that was, and how it was liked."""
    lines = []
    for week in weeks:
        name = family.child(week.child_id).name
        lines.append(say("review.child", name=name, held=week.held, count=week.planned))
        named = [s for s in week.subjects if s.held][:MOST_SUBJECTS]
        lines += [say("review.subject", name=s.name, held=s.held, count=s.planned) for s in named]
    faces = [
        Option(
            f"rate{monday.toordinal()}-{number}",
            say("verbatim", text=face),
            chosen=number == rating,
        )
        for number, face in enumerate(FACES, start=1)
    ]
    lines.append(say("review.ask") if rating is None else say("review.thanks"))
    return Card(
        say("review.title"),
        tuple(lines),
        (tuple(faces[:3]), tuple(faces[3:])),
        notice=notice,
        hint=say("review.hint"),
    )


def proposed_card(monday: date, days: Sequence[DaySpan], left_out: Sequence[LeftOut]) -> Card:
    """The next week as we would have it."""
    number = monday.toordinal()
    return Card(
        say("review.next"),
        (say("week.of", date=monday), *span_lines(days), *left_out_lines(left_out)),
        (
            (Option(f"week{number}-ok", say("review.ok")), Option(CHANGE, say("week.change"))),
            (Option(f"week{number}-auto", say("review.auto")),),
        ),
        hint=None,
    )


def published_card(
    monday: date, days: Sequence[DaySpan], left_out: Sequence[LeftOut], *, always: bool = False
) -> Card:
    """The week is in the calendars."""
    return Card(
        say("review.published"),
        (say("week.of", date=monday), *span_lines(days), *left_out_lines(left_out)),
        ((Option(CHANGE, say("week.change")),),),
        notice=say("review.always") if always else None,
    )
