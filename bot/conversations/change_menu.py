"""/change by taps: what, who, when. Every way ends in what words would have said."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

from bot.conversations.answers import short
from bot.conversations.cards import Card, Option
from bot.conversations.differences import day_named
from core.commitments import occurrence
from core.family import Commitment, Family
from core.phrase import Phrase, say
from core.plan import Item
from core.said.readings import (
    CancelOccurrence,
    DayOff,
    HalfDay,
    Late,
    MoveLesson,
    Request,
    Sick,
    Topic,
    Undo,
)
from core.week import Weekday, week_start

OPEN = "chg-open"
"""The option that opens the menu."""

LATE_BY = (15, 30, 45, 60)
MOST = 12
"""Buttons of a card at most, beside the way back."""

WEEK = 7

_OPTION = re.compile(r"chg-([a-z]+)((?:-[a-z]?\d+)*)")


@dataclass(frozen=True, slots=True)
class Stored:
    """A lesson that can be moved, and the number of its row."""

    number: int
    item: Item


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from."""

    family: Family
    lessons: Sequence[Stored]
    today: date

    @property
    def everybody(self) -> tuple[int, ...]:
        return tuple(child.id for child in self.family.children)

    @property
    def school_days(self) -> list[date]:
        """The next dates with school for anybody, today's first; a week of them."""
        taught = {day for child in self.family.children for day in child.school_days}
        days = (self.today + timedelta(days=n) for n in range(14))
        return [day for day in days if Weekday.of(day) in taught][:5]


Step: TypeAlias = Card | Request


def is_change_option(option: str) -> bool:
    """Whether it is a button of these cards."""
    return _OPTION.fullmatch(option) is not None


def menu_card() -> Card:
    """What can be changed; anything of it can be typed too."""
    return Card(
        say("menu.title"),
        rows=(
            (Option("chg-sick", say("menu.sick")), Option("chg-late", say("menu.late"))),
            (Option("chg-half", say("menu.half")), Option("chg-off", say("menu.off"))),
            (Option("chg-move", say("menu.move")), Option("chg-cancel", say("menu.cancel"))),
            (Option("chg-new", say("menu.new")), Option("chg-undo", say("menu.undo"))),
        ),
        hint=say("request.example", example=say(f"said.example.{Topic.MOVE}")),
    )


def change_tapped(option: str, choices: Choices) -> Step:
    """What follows from a tap: the next question, or what is asked for. What is no longer there
    leads back to the menu."""
    found = _OPTION.fullmatch(option)
    if found is None:
        return menu_card()
    what, numbers = found[1], found[2].split("-")[1:]
    match what:
        case "sick":
            return _sick(numbers, choices)
        case "late" if numbers:
            return Late(choices.everybody, int(numbers[0]))
        case "late":
            minutes = [(f"chg-late-{n}", say("request.minutes", count=n)) for n in LATE_BY]
            return _asked(say("menu.late_ask"), minutes, Topic.LATE)
        case "half" if numbers:
            return HalfDay(choices.everybody, date.fromordinal(int(numbers[0])))
        case "half":
            return _asked(say("menu.when"), _days("half", choices), Topic.HALF_DAY)
        case "off" if numbers:
            day = date.fromordinal(int(numbers[0]))
            return DayOff(choices.everybody, day, day)
        case "off":
            return _asked(say("menu.when"), _days("off", choices), Topic.DAY_OFF)
        case "move":
            return _move(numbers, choices)
        case "cancel":
            return _cancel(numbers, choices)
        case "new":
            return _asked(say("menu.new_ask"), [], Topic.NEW)
        case "undo":
            return Undo()
        case _:
            return menu_card()


def _sick(numbers: Sequence[str], choices: Choices) -> Step:
    if not numbers:
        whose = [
            (f"chg-sick-{child.id}", say("verbatim", text=short(child.name)))
            for child in choices.family.children
        ]
        if len(whose) > 1:
            whose.append(("chg-sick-0", say("menu.everybody")))
        return _asked(say("menu.sick_ask"), whose, Topic.SICK)
    child_id = int(numbers[0])
    if len(numbers) == 1:
        return _asked(say("menu.when"), _days(f"sick-{child_id}", choices), Topic.SICK)
    day = date.fromordinal(int(numbers[1]))
    children = (child_id,) if child_id in choices.everybody else choices.everybody
    return Sick(children, day, day)


def _move(numbers: Sequence[str], choices: Choices) -> Step:
    lesson = next((s for s in choices.lessons if numbers and s.number == int(numbers[0])), None)
    if lesson is None:
        named = [(f"chg-move-{s.number}", _lesson(s.item, choices)) for s in choices.lessons]
        ask = say("menu.move_ask") if named else say("menu.move_none")
        return _asked(ask, named, Topic.MOVE)
    if len(numbers) == 1:
        sunday = week_start(lesson.item.date) + timedelta(days=WEEK - 1)
        days = [day for day in choices.school_days if lesson.item.date != day <= sunday]
        labels = [
            (f"chg-move-{lesson.number}-{day.toordinal()}", day_named(day, choices.today))
            for day in days
        ]
        ask = say("menu.where", lesson=lesson.item.name)
        return _asked(ask if labels else say("menu.move_none"), labels, Topic.MOVE)
    return MoveLesson(lesson.item.uid or "", date.fromordinal(int(numbers[1])))


def _cancel(numbers: Sequence[str], choices: Choices) -> Step:
    if len(numbers) == 2:
        own, number = numbers[0].startswith("c"), int(numbers[0][1:])
        return CancelOccurrence(number, own, (date.fromordinal(int(numbers[1])),))
    named = [
        (
            f"chg-cancel-{'c' if own else 'f'}{commitment.id}-{day.toordinal()}",
            say(
                "menu.occurrence",
                name=short(commitment.name)[:14],
                day=day_named(day, choices.today),
            ),
        )
        for day, own, commitment in _occurrences(choices)
    ]
    ask = say("menu.cancel_ask") if named else say("menu.cancel_none")
    return _asked(ask, named, Topic.CANCEL)


def _occurrences(choices: Choices) -> Iterable[tuple[date, bool, Commitment]]:
    family = choices.family
    owned = [(False, each) for each in family.commitments]
    owned += [(True, each) for child in family.children for each in child.commitments]
    for offset in range(WEEK):
        day = choices.today + timedelta(days=offset)
        for own, commitment in owned:
            if commitment.connection_id is None and occurrence(commitment, day) is not None:
                yield day, own, commitment


def _days(what: str, choices: Choices) -> list[tuple[str, Phrase]]:
    return [
        (f"chg-{what}-{day.toordinal()}", day_named(day, choices.today))
        for day in choices.school_days
    ]


def _lesson(item: Item, choices: Choices) -> Phrase:
    name = f"{choices.family.child(item.child_id).name[:6]}: {item.name}"
    return say("menu.occurrence", name=name[:14], day=day_named(item.date, choices.today))


def _asked(ask: Phrase, labels: Sequence[tuple[str, Phrase]], topic: Topic) -> Card:
    options = [Option(option, label) for option, label in labels[:MOST]]
    rows = [tuple(options[n : n + 2]) for n in range(0, len(options), 2)]
    return Card(
        ask,
        rows=(*rows, (Option(OPEN, say("reminders.back")),)),
        hint=say("request.example", example=say(f"said.example.{topic}")),
    )
