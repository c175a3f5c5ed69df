"""What the chat says about calendars that we plan around."""

import re
from dataclasses import dataclass
from datetime import date

from bot.conversations.cards import Card, Option
from bot.conversations.differences import changed_card, difference_lines, refusal
from core.changes import Impossible
from core.decisions import Broken
from core.diff import Difference
from core.family import Family
from core.outside import Problem
from core.phrase import say

_ANSWER = re.compile(r"out-([yn])-(\d{1,10})-([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class TimesAnswer:
    """A tap on a question's button: whether lessons move, and for which times (`proposal`) of
    which calendar."""

    move: bool
    connection_id: int
    proposal: str


def times_answered(option: str) -> TimesAnswer | None:
    """What a button of `clash_card` says; None for any other."""
    found = _ANSWER.fullmatch(option)
    return TimesAnswer(found[1] == "y", int(found[2]), found[3]) if found else None


def clash_card(
    name: str, found: Difference, family: Family, *, today: date, connection_id: int, proposal: str
) -> Card:
    """Asks whether lessons move for a calendar's new times, and shows which and where to."""
    about = f"{connection_id}-{proposal}"
    return Card(
        say("outside.clash", name=name),
        lines=difference_lines(found, family, today=today),
        rows=(
            (
                Option(f"out-y-{about}", say("outside.move")),
                Option(f"out-n-{about}", say("outside.leave")),
            ),
        ),
    )


def moving_card(name: str) -> Card:
    """Shown until the lessons have moved."""
    return Card(say("outside.moving", name=name), thinking=True)


def moved_card(name: str, found: Difference, family: Family, *, today: date, undo: str) -> Card:
    """The lessons have moved."""
    return changed_card(
        found, family, today=today, undo=undo, title=say("outside.moved", name=name)
    )


def left_card(name: str) -> Card:
    """The lessons stay, and these times are not asked about again."""
    return Card(say("outside.left", name=name))


def stays_card(name: str, outcome: Impossible | Broken, family: Family) -> Card:
    """The lessons cannot move, and why."""
    return Card(say("outside.stays", name=name), lines=refusal(outcome, family))


def settled_card() -> Card:
    """What was asked is not the question any more."""
    return Card(say("outside.settled"))


def trouble_card(name: str, problem: Problem, *, ever_read: bool) -> Card:
    """A calendar cannot be read: why, what that means, and what helps."""
    known = say("outside.known_stays") if ever_read else say("outside.nothing_known")
    return Card(
        say("outside.trouble", name=name),
        lines=(say(f"outside.problem.{problem}"), known, say("outside.try_again")),
    )
