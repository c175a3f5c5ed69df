"""Cards of what a family asks during the day: what was understood, what would become of the week,
and what is asked back."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeAlias

from bot.conversations.answers import short
from bot.conversations.cards import Card, Option
from bot.conversations.differences import at, day_named, difference_lines
from core.diff import Difference
from core.facts import find_commitment
from core.family import Family, Scope
from core.phrase import Phrase, PhraseArg, say
from core.plan import Item
from core.said.readings import (
    AllDone,
    CancelOccurrence,
    DayOff,
    Done,
    DropLesson,
    HalfDay,
    Late,
    MoveLesson,
    MoveOccurrence,
    NewCommitment,
    NotYet,
    Outing,
    Sick,
    Skip,
    StartAt,
    SwapLessons,
    Unclear,
    Understood,
    Undo,
    Why,
    example,
)
from core.week import time_of
from core.wishes import DaysBack, DaysOff
from core.wording import children_named, listed

_OPTION = re.compile(r"w(\d+)-(go|no|as|un|e[1-5])")


_MEANT = say("request.meant")


Told: TypeAlias = Understood | DaysOff | DaysBack


class Answer(StrEnum):
    """What a button answers to a request: carry it out, leave it, this one was meant, take back
    what was logged, and how much it was liked."""

    GO = "go"
    LEAVE = "no"
    MEANT = "as"
    UNLOG = "un"
    LIKED_1, LIKED_2, LIKED_3, LIKED_4, LIKED_5 = "e1", "e2", "e3", "e4", "e5"

    @property
    def liking(self) -> int | None:
        """How much a lesson was liked, from 1 (not at all) to 5."""
        return int(self[1]) if self.startswith("e") else None


@dataclass(frozen=True, slots=True)
class Ground:
    """What a request is told on: the family, the lessons that it may name, the reader's date."""

    family: Family
    lessons: Sequence[Item]
    today: date


def option_of(request_id: int, answer: Answer, label: Phrase) -> Option:
    """The button with this answer to a request."""
    return Option(f"w{request_id}-{answer}", label)


def request_answered(option: str) -> tuple[int, Answer] | None:
    """The request and the answer of an `option_of`; None for any other option."""
    found = _OPTION.fullmatch(option)
    return (int(found[1]), Answer(found[2])) if found else None


def looking_card(asked: Told, ground: Ground) -> Card:
    """Shown until it is known what would become of the week."""
    return Card(told(asked, ground), lines=(say("request.looking"),), thinking=True)


def working_card(asked: Told, ground: Ground) -> Card:
    """Shown while it is carried out."""
    return Card(told(asked, ground), lines=(say("request.working"),), thinking=True)


def proposal_card(request_id: int, asked: Told, ground: Ground, found: Difference) -> Card:
    """What would become of the week; nothing has changed yet."""
    return Card(
        told(asked, ground),
        lines=difference_lines(found, ground.family, today=ground.today),
        rows=(_answers(request_id, say("request.go")),),
    )


def outing_card(request_id: int, asked: Outing, ground: Ground) -> Card:
    """Asks whether something that was learned outside of the plan is noted so."""
    return Card(
        told(asked, ground),
        lines=(say("request.outing_asked"),),
        rows=(_answers(request_id, say("request.note")),),
    )


def noted_card(request_id: int, asked: Outing, ground: Ground) -> Card:
    """It is noted, and can be taken back."""
    return Card(
        told(asked, ground),
        lines=(say("request.noted"),),
        rows=((option_of(request_id, Answer.UNLOG, say("day.undo")),),),
    )


def _answers(request_id: int, go: Phrase) -> tuple[Option, ...]:
    leave = option_of(request_id, Answer.LEAVE, say("request.leave"))
    return option_of(request_id, Answer.GO, go), leave


def left_card(asked: Told, ground: Ground) -> Card:
    """It was left; nothing has changed."""
    return Card(told(asked, ground), lines=(say("request.left"),))


def refused_card(asked: Told, ground: Ground, reasons: Sequence[Phrase]) -> Card:
    """It cannot be, and why."""
    return Card(told(asked, ground), lines=(say("request.cannot"), *reasons))


def which_card(unclear: Unclear, candidates: Sequence[tuple[int, Told]], ground: Ground) -> Card:
    """Asks back: the readings that it may have, each with the id of its request, or an example."""
    why = say(f"request.why.{unclear.why}")
    hint = say("request.example", example=example(unclear))
    if not candidates:
        lines = (why,) if unclear.topic is not None else ()
        return Card(say("chat.not_understood"), lines=lines, hint=hint, misread=True)
    labels = [(number, asked, _label(asked, ground)) for number, asked in candidates]
    asks = unclear.why in (Why.WHO, Why.WHEN, Why.HOW_LONG, Why.ENDS)
    return Card(
        why if asks else say("request.which"),
        # What no short label tells apart is told whole.
        lines=tuple(
            say("request.candidate", asked=told(asked, ground))
            for _, asked, label in labels
            if label == _MEANT
        ),
        rows=tuple((option_of(number, Answer.MEANT, label),) for number, _, label in labels),
        hint=hint,
    )


def told(asked: Told, ground: Ground) -> Phrase:
    """What was understood, as a sentence."""
    match asked:
        case DaysOff(dates=dates):
            days = listed([day_named(on, ground.today) for on in dates])
            return say("request.days_off", days=days)
        case DaysBack(first=first, last=last, child_id=child_id):
            when = _when(first, last, ground)
            if child_id is None:
                return say("request.days_back", when=when)
            return _of_children("request.days_back_for", (child_id,), ground, when=when)
        case Undo():
            return say("request.undo")
        case NotYet():
            return say("day.not_yet")
        case Sick(children=children, first=first, last=last):
            return _of_children("request.sick", children, ground, when=_when(first, last, ground))
        case DayOff(children=children, first=first, last=last):
            return _of_children("request.off", children, ground, when=_when(first, last, ground))
        case Late(children=children, minutes=minutes):
            return _of_children("request.late", children, ground, minutes=minutes)
        case StartAt(children=children, on=on, start=start):
            when = at(on, start, ground.today)
            return _of_children("request.start", children, ground, at=when)
        case HalfDay(children=children, on=on):
            when = day_named(on, ground.today)
            return _of_children("request.half", children, ground, when=when)
        case MoveLesson(lesson=uid, to=to, start=start):
            if start is None:
                day = day_named(to, ground.today)
                return say("request.move_day", lesson=_lesson(uid, ground), day=day)
            when = at(to, start, ground.today)
            return say("request.move", lesson=_lesson(uid, ground), at=when)
        case SwapLessons(first=one, second=other):
            return say("request.swap", first=_lesson(one, ground), second=_lesson(other, ground))
        case DropLesson(lesson=uid):
            return say("request.drop", lesson=_lesson(uid, ground))
        case Skip(lessons=uids):
            return say("request.skip", lessons=_lessons(uids, ground))
        case CancelOccurrence(commitment_id=number, own=own, dates=dates):
            days = listed([day_named(on, ground.today) for on in dates])
            return say("request.cancel", name=_commitment(number, own, ground), days=days)
        case MoveOccurrence(commitment_id=number, own=own, to=to, start=start, end=end):
            when = at(to, start, ground.today)
            name = _commitment(number, own, ground)
            return say("request.shift", name=name, at=when, until=time_of(end))
        case NewCommitment():
            return _new(asked, ground)
        case Outing(name=name, on=on, minutes=minutes, children=children, subject=subject):
            day = day_named(on, ground.today)
            args: dict[str, PhraseArg] = {"name": name, "day": day, "minutes": minutes}
            if subject is None:
                return _of_children("request.outing", children, ground, **args)
            return _of_children("request.outing_for", children, ground, subject=subject, **args)
        case Done(lessons=uids):
            return say("request.done", lessons=_lessons(uids, ground))
        case AllDone(children=children, but=()):
            return _of_children("request.all_done", children, ground)
        case AllDone(children=children, but=but):
            return _of_children("request.all_but", children, ground, but=_lessons(but, ground))


def _new(asked: NewCommitment, ground: Ground) -> Phrase:
    when = at(asked.on, asked.start, ground.today)
    args: dict[str, PhraseArg] = {"name": asked.name, "at": when, "until": time_of(asked.end)}
    adults = (*ground.family.adults, *ground.family.others)
    adult = next((each.name for each in adults if each.id == asked.adult_id), None)
    if asked.scope is Scope.FAMILY:
        return say("request.new_family", **args)
    if asked.scope is Scope.PARENT:
        first = ground.family.adults[0].name if ground.family.adults else ""
        return say("request.new_adult", adult=adult or first, **args)
    line = _of_children("request.new", asked.children, ground, **args)
    return line if adult is None else say("change.with", line=line, adult=adult)


def _of_children(key: str, children: Iterable[int], ground: Ground, **args: PhraseArg) -> Phrase:
    names = children_named(ground.family, children)
    return say(key, names=names, count=len(names), **args)


def _when(first: date, last: date, ground: Ground) -> Phrase:
    if first == last:
        return day_named(first, ground.today)
    begins, ends = day_named(first, ground.today), day_named(last, ground.today)
    if last - first >= timedelta(days=7):
        begins, ends = say("day.title", date=first), say("day.title", date=last)
    return say("request.from_to", first=begins, last=ends)


def _lesson(uid: str, ground: Ground) -> Phrase:
    return _lessons((uid,), ground)


def _lessons(uids: Iterable[str], ground: Ground) -> Phrase:
    """The lessons, those of the same name together, and their day where it is not today's."""
    named: dict[tuple[str, date], list[int]] = {}
    for uid in uids:
        for item in ground.lessons:
            if item.uid == uid:
                named.setdefault((item.name, item.date), []).append(item.child_id)
    phrases = []
    for (name, on), children in named.items():
        whose = children_named(ground.family, children)
        lesson = say("plan.ask.lessons", children=whose, subject=(name,))
        if on != ground.today:
            lesson = say("request.of_day", lesson=lesson, day=day_named(on, ground.today))
        phrases.append(lesson)
    return say("request.lessons", lessons=listed(phrases)) if phrases else say("change.lesson")


def _commitment(number: int, own: bool, ground: Ground) -> Phrase:
    found = find_commitment(ground.family, number, own=own)
    return say("verbatim", text=found.name) if found else say("request.that")


def _label(asked: Told, ground: Ground) -> Phrase:
    """What tells a candidate from the others, as it fits on a button."""
    match asked:
        case Done(lessons=uids) | Skip(lessons=uids) if len(uids) == 1:
            return _short_lesson(uids[0], ground)
        case MoveLesson(lesson=uid, to=to, start=start):
            if start is None:
                return _short_lesson(uid, ground)
            return say("request.at", day=day_named(to, ground.today), time=time_of(start))
        case DropLesson(lesson=uid):
            return _short_lesson(uid, ground)
        case Late(minutes=minutes):
            return say("request.minutes", count=minutes)
        case StartAt(start=start):
            return say("request.time", time=time_of(start))
        case NewCommitment(start=start, end=end) | MoveOccurrence(start=start, end=end):
            return say("request.span", start=time_of(start), end=time_of(end))
        case Sick(children=(child,)) | DayOff(children=(child,)) | HalfDay(children=(child,)):
            return say("verbatim", text=short(ground.family.child(child).name))
        case _:
            return _MEANT


def _short_lesson(uid: str, ground: Ground) -> Phrase:
    for item in ground.lessons:
        if item.uid == uid:
            name = short(f"{ground.family.child(item.child_id).name[:8]}: {item.name}")
            return say("verbatim", text=name)
    return _MEANT
