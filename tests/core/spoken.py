"""The corpus of what families say (tests/data/said.json): its chats, and readings written down."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from core.family import (
    DEFAULT_HOURS,
    Adult,
    Child,
    Commitment,
    CommitmentFrequency,
    Family,
    Frequency,
    Involvement,
    Scope,
    Subject,
)
from core.plan import Item, ItemType
from core.said import DayFacts, Reading, Unclear, read
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
    Undo,
)
from core.week import Weekday, clock, parse_clock

CORPUS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "said.json").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class Chat:
    """One family, one day, one moment of it, and who speaks."""

    language: str
    today: date
    minute: int
    family: Family
    day: DayFacts

    def read(self, text: str) -> Reading:
        return read(
            text, self.language, self.day, self.family, today=self.today, minute=self.minute
        )

    def lesson(self, uid: str) -> Item:
        return next(lesson for lesson in self.day.lessons if lesson.uid == uid)

    def ahead(self, label: str) -> date:
        """The date that "Tue" names, from today on."""
        return next(
            day
            for day in (self.today + timedelta(days=n) for n in range(7))
            if f"{day:%a}" == label
        )


def held_out(said: str) -> bool:
    """A third of the corpus, by a fixed rule, which the grammar was written without."""
    return crc32(said.encode()) % 3 == 0


@cache
def chat(name: str) -> Chat:
    """A chat of the corpus. Ids count from 1 for children, 11 for adults, 21 for commitments."""
    told = CORPUS["chats"][name]
    today = date.fromisoformat(told["today"])
    adults = tuple(Adult(11 + n, adult) for n, adult in enumerate(told["adults"]))
    ids = {adult.name: adult.id for adult in adults}
    ids |= {child: 1 + n for n, (child, _) in enumerate(told["children"])}
    commitments = [
        (_commitment(21 + n, entry, ids), entry.get("whose"))
        for n, entry in enumerate(told["commitments"])
    ]
    children = tuple(
        Child(
            ids[child],
            child,
            age,
            DEFAULT_HOURS,
            45,
            subjects=_subjects(told["lessons"], child),
            commitments=tuple(own for own, whose in commitments if whose == child),
        )
        for child, age in told["children"]
    )
    shared = tuple(own for own, whose in commitments if whose is None)
    family = Family("UTC", adults, children, commitments=shared)
    bare = Chat(told["language"], today, parse_clock(told["now"]), family, DayFacts(()))
    lessons = tuple(
        Item(
            ids[entry["child"]],
            bare.ahead(entry["day"]),
            ItemType.SUBJECT,
            entry["name"],
            parse_clock(entry["from"]),
            parse_clock(entry["to"]),
            completed=entry.get("done", False),
            uid=f"{entry['child']}/{entry['name']}/{entry['day']}",
        )
        for entry in told["lessons"]
    )
    speaker = told["speaker"]
    day = DayFacts(lessons, ids.get(speaker.get("child")), ids.get(speaker.get("adult")))
    return Chat(bare.language, today, bare.minute, family, day)


def _commitment(number: int, entry: dict[str, Any], ids: dict[str, int]) -> Commitment:
    scope = Scope.CHILD if "whose" in entry else Scope.PARENT if "adult" in entry else Scope.FAMILY
    return Commitment(
        number,
        entry["name"],
        CommitmentFrequency.WEEKLY,
        parse_clock(entry["from"]),
        parse_clock(entry["to"]),
        scope,
        days_of_week=tuple(Weekday.parse(day) for day in entry["days"]),
        adult_id=ids.get(entry.get("adult", "")),
    )


def _subjects(lessons: list[dict[str, Any]], child: str) -> tuple[Subject, ...]:
    own = {entry["name"]: entry for entry in lessons if entry["child"] == child}
    return tuple(
        Subject(
            100 + n,
            name,
            True,
            30,
            Frequency.DAILY,
            Involvement.SOME,
            3,
            teach_together=entry.get("together", False),
        )
        for n, (name, entry) in enumerate(own.items())
    )


def written(reading: Reading, where: Chat) -> str:
    """A reading as the corpus writes it."""
    parts = ["unclear"] if isinstance(reading, Unclear) else [*_parts(reading, where)]
    return " | ".join(part for part in parts if part)


def kind(line: str) -> str:
    """The kind of a reading that is written down."""
    return line.split(" | ")[0]


def _parts(reading: Reading, where: Chat) -> list[str]:
    match reading:
        case Done():
            return ["done", _lessons(reading.lessons, where), *_told(reading)]
        case AllDone():
            but = _lessons(reading.but, where)
            return ["all", _people(reading.children, where), f"but {but}" if but else ""]
        case NotYet():
            return ["not yet", _lessons(reading.lessons, where)]
        case Skip():
            return ["skip", _lessons(reading.lessons, where)]
        case Sick():
            return ["sick", _people(reading.children, where), _dates(reading, where)]
        case Late():
            return ["late", _people(reading.children, where), str(reading.minutes)]
        case StartAt():
            day = _day(reading.on, where)
            return ["start", _people(reading.children, where), day, clock(reading.start)]
        case DayOff():
            return ["off", _people(reading.children, where), _dates(reading, where)]
        case HalfDay():
            return ["half", _people(reading.children, where), _day(reading.on, where)]
        case MoveLesson():
            start = "any" if reading.start is None else clock(reading.start)
            return ["move", _lessons((reading.lesson,), where), _day(reading.to, where), start]
        case SwapLessons():
            first, second = (_lessons((uid,), where) for uid in (reading.first, reading.second))
            return ["swap", first, second]
        case DropLesson():
            return ["drop", _lessons((reading.lesson,), where)]
        case CancelOccurrence():
            dates = ", ".join(_day(day, where) for day in reading.dates)
            return ["cancel", _name(reading.commitment_id, where), dates]
        case MoveOccurrence():
            days = f"{_day(reading.on, where)} > {_day(reading.to, where)}"
            times = f"{clock(reading.start)}-{clock(reading.end)}"
            return ["shift", _name(reading.commitment_id, where), days, times]
        case NewCommitment():
            times = f"{clock(reading.start)}-{clock(reading.end)}"
            return ["new", reading.name, _day(reading.on, where), times, _whose(reading, where)]
        case Outing():
            whose = _people(reading.children, where)
            subject = reading.subject or "-"
            day = _day(reading.on, where)
            return ["outing", reading.name, str(reading.minutes), subject, whose, day]
        case Undo():
            return ["undo"]
        case Unclear():
            return ["unclear"]


def _told(done: Done) -> list[str]:
    start = "" if done.started is None else clock(done.started)
    end = "" if done.ended is None else clock(done.ended)
    return [
        f"{start}-{end}" if start or end else "",
        "" if done.minutes is None else f"{done.minutes} min",
        "" if done.engagement is None else f"{done.engagement}/5",
    ]


def _lessons(uids: tuple[str, ...], where: Chat) -> str:
    return ", ".join(
        f"{where.family.child(lesson.child_id).name} {lesson.name}"
        + ("" if lesson.date == where.today else f" {lesson.date:%a}")
        for lesson in map(where.lesson, uids)
    )


def _people(ids: tuple[int, ...], where: Chat) -> str:
    if len(ids) == len(where.family.children) > 1:
        return "everybody"
    return ", ".join(where.family.child(child).name for child in ids)


def _whose(new: NewCommitment, where: Chat) -> str:
    adult = "" if new.adult_id is None else where.family.adult(new.adult_id).name
    if new.scope is Scope.PARENT:
        return f"adult {adult}"
    return _people(new.children, where) + (f" with {adult}" if adult else "")


def _name(commitment_id: int, where: Chat) -> str:
    family = where.family
    owned = (*family.commitments, *(own for child in family.children for own in child.commitments))
    return next(commitment.name for commitment in owned if commitment.id == commitment_id)


def _day(day: date, where: Chat) -> str:
    ahead = (day - where.today).days
    if ahead == 0:
        return "today"
    return f"{day:%a}" if 0 < ahead < 7 else day.isoformat()


def _dates(period: Sick | DayOff, where: Chat) -> str:
    first, last = (_day(day, where) for day in (period.first, period.last))
    return first if first == last else f"{first}..{last}"
