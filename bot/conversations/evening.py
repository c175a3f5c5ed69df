"""The card of the evening: no counting, no blame; what is open, and four ways to go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.conversations.cards import Card, Option
from core.phrase import Phrase, say
from core.week import time_of

CHOOSE = "choose"
"""The option that opens the day's list in place of the card."""


@dataclass(frozen=True, slots=True)
class Open:
    """A lesson of which nobody has said how it went; `start` in minutes of the day."""

    name: str
    start: int


def evening_card(
    day: date,
    lessons: Sequence[tuple[str, Open]],
    options: Sequence[Option],
    *,
    notice: Phrase | None = None,
) -> Card:
    """Asks about `lessons`, each with the child's name, in the order of the family; `options` are
    those for all of them, the first of which says that all were held."""
    lines = []
    for name in dict.fromkeys(name for name, _ in lessons):
        lines.append(say("day.child", name=name))
        lines += [
            say("evening.lesson", start=time_of(lesson.start), name=lesson.name)
            for child, lesson in lessons
            if child == name
        ]
    first, *others = options
    rows: list[tuple[Option, ...]] = [(first, Option(CHOOSE, say("evening.choose")))]
    if others:
        rows.append(tuple(others))
    return Card(say("evening.title"), tuple(lines), tuple(rows), notice=notice)
