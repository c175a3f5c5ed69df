"""What the chat says about the calendars that we keep in Google."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.conversations.cards import Card, Option
from core.phrase import Phrase, say
from core.week import Weekday, time_of


class Answer(StrEnum):
    """What becomes of a calendar that we have asked about: filled again, left as it is and not
    written any more, or deleted."""

    FILL = "fill"
    LEAVE = "leave"
    DELETE = "delete"


class Question(StrEnum):
    """Why we ask: much of it was deleted at once, all of it is gone, or its child has left the
    family."""

    EMPTIED = "emptied"
    LOST = "lost"
    CHILD_LEFT = "child_left"


ANSWERS = {
    Question.EMPTIED: (Answer.FILL, Answer.LEAVE),
    Question.LOST: (Answer.FILL, Answer.LEAVE),
    Question.CHILD_LEFT: (Answer.LEAVE, Answer.DELETE),
}

_ANSWER = re.compile(rf"g-({'|'.join(Answer)})-(\d{{1,10}})")
_PLACE = re.compile(r"g(\d{1,10})-(\d{6})-(\d{1,4})")


@dataclass(frozen=True, slots=True)
class Answered:
    """A tap on a question's button: `published_id` says of which calendar."""

    answer: Answer
    published_id: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """A tap on a place that was offered: the lesson that was once the item of this row stands on
    `to`, from minute `start`."""

    item_id: int
    to: date
    start: int


def tapped(option: str) -> Answered | Chosen | None:
    """What a button of the cards here says; None for any other."""
    if found := _ANSWER.fullmatch(option):
        return Answered(Answer(found[1]), int(found[2]))
    if found := _PLACE.fullmatch(option):
        return Chosen(int(found[1]), date.fromordinal(int(found[2])), int(found[3]))
    return None


def ready_card(children: Iterable[str]) -> Card:
    """The calendars are there and full."""
    return Card(say("google.ready", children=tuple(children)), lines=(say("google.ready_how"),))


def revoked_card() -> Card:
    """Google does not let us in any more."""
    return Card(say("google.revoked"), lines=(say("google.revoked_how"),))


def left_card() -> Card:
    """The connection has ended, but its calendars are still there."""
    return Card(say("google.left"), lines=(say("google.left_how"),))


def stays_card(
    lesson: Phrase,
    reasons: Iterable[Phrase],
    item_id: int,
    places: Sequence[tuple[date, int]],
) -> Card:
    """What was done to a lesson in Google cannot be, and why; `places` are others that it can
    have."""
    found = say("google.places") if places else say("google.no_place")
    options = [
        Option(f"g{item_id}-{day.toordinal()}-{start}", _place(day, start)) for day, start in places
    ]
    return Card(
        say("google.stays", lesson=lesson),
        lines=(*reasons, found),
        rows=tuple((option,) for option in options),
    )


def put_back_card(reasons: Iterable[Phrase]) -> Card:
    """What was changed there is over or done: one line says that it was put back."""
    return Card(say("google.put_back", reason=tuple(reasons)))


def question_card(question: Question, published_id: int, child: str | None) -> Card:
    """Asks what is to become of a calendar; `child` is whose it is, None if that is not known any
    more."""
    whose = say("verbatim", text=child) if child else say("google.somebody")
    return Card(
        say(f"google.{question}", child=whose),
        lines=(say(f"google.{question}_how"),),
        rows=tuple(
            (Option(f"g-{answer}-{published_id}", say(f"google.answer.{answer}")),)
            for answer in ANSWERS[question]
        ),
    )


def answered_card(answer: Answer) -> Card:
    """In place of the question."""
    return Card(say(f"google.answered.{answer}"))


def choosing_card() -> Card:
    """In place of the offered places, until the lesson stands there."""
    return Card(say("google.choosing"), thinking=True)


def _place(day: date, start: int) -> Phrase:
    weekday = say(f"weekday.{Weekday.of(day).value}")
    return say("google.place", weekday=weekday, time=time_of(start))
