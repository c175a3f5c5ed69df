"""Section 4: the six details of a subject, and what can be tapped for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.conversations.subject_entries import (
    INTERESTS,
    changed,
    fixed_time,
    how_often,
    is_exact,
    wanted_often,
)
from core.defaults import school_hours
from core.family import Frequency, Involvement
from core.phrase import Phrase, say
from core.week import Weekday, clock, parse_clock, time_of

LENGTHS = (15, 30, 45, 60, 90)
"""Minutes of a lesson that are offered; any other can be typed."""

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pick:
    """One choice: `id` is unique within its detail and keeps its meaning, `changes` are in an
    entry's keys."""

    id: str
    label: Phrase
    changes: Mapping[str, Any]

    def fits(self, entry: Entry) -> bool:
        """Whether this choice would change nothing."""
        return changed(entry, self.changes) == changed(entry, {})


@dataclass(frozen=True, slots=True)
class Detail:
    """One of the six. `key` names it in options, texts and drafts; `value` tells it of an entry;
    `picks` are the choices for an entry of a child of this age, what the entry has among them.

    `lone` makes a line of a number that is typed while the choices are shown. `columns` is how
    many choices stand in a row.
    """

    key: str
    value: Callable[[Entry], Phrase]
    picks: Callable[[Entry, int], tuple[Pick, ...]]
    lone: str
    columns: int = 2


def _minutes(entry: Entry, _: int) -> tuple[Pick, ...]:
    return tuple(
        Pick(str(n), say("subjects.minutes", minutes=n), {"sessionDuration": n})
        for n in sorted({*LENGTHS, entry["sessionDuration"]})
    )


def _often(entry: Entry, _: int) -> tuple[Pick, ...]:
    usual = tuple(
        Pick(
            str(number),
            say(f"frequency.{frequency}.short"),
            {"frequency": frequency.value, "metadata": {}},
        )
        for number, frequency in enumerate(Frequency, start=1)
    )
    if not is_exact(entry):
        return usual
    return (*usual, Pick("now", _how_often_briefly(entry), wanted_often(entry)))


def _how_often_briefly(entry: Entry) -> Phrase:
    """An exact number or certain days as they fit on a button."""
    metadata = entry["metadata"]
    days = metadata.get("days", ())
    count = metadata.get("sessionsPerWeek")
    if not days or count not in (None, len(days)) or len(days) > 5:
        return say("subjects.exactly", count=count or len(days))
    first, *others = (say(f"weekday.{Weekday.parse(day).value}") for day in days)
    for day in others:
        first = say("subjects.and_day", days=first, day=day)
    return first


def _help(_: Entry, __: int) -> tuple[Pick, ...]:
    return tuple(
        Pick(
            str(number),
            say(f"involvement.{involvement}.short"),
            {"parentInvolvement": involvement.value},
        )
        for number, involvement in enumerate(Involvement, start=1)
    )


def _core(_: Entry, __: int) -> tuple[Pick, ...]:
    return (
        Pick("yes", say("subjects.core.yes"), {"isCoreSubject": True}),
        Pick("no", say("subjects.core.no"), {"isCoreSubject": False}),
    )


def _time(entry: Entry, age: int) -> tuple[Pick, ...]:
    """No fixed time, or one of the full hours at which a child of this age usually learns."""
    hours = school_hours(age)
    starts = set(range(hours.start, hours.end - entry["sessionDuration"] + 1, 60))
    if entry["fixedTimeRequired"]:
        starts.add(parse_clock(entry["preferredTime"]))
    return (
        Pick("none", say("subjects.time.none"), {"fixedTimeRequired": False}),
        *(
            Pick(
                str(start),
                say("verbatim", text=time_of(start)),
                {"fixedTimeRequired": True, "preferredTime": clock(start)},
            )
            for start in sorted(starts)
        ),
    )


def _interest(_: Entry, __: int) -> tuple[Pick, ...]:
    return tuple(
        Pick(str(level), say("verbatim", text=level), {"interestLevel": level})
        for level in INTERESTS
    )


def _fixed(entry: Entry) -> Phrase:
    fixed = fixed_time(entry)
    return say("subjects.time.free") if fixed is None else say("verbatim", text=fixed)


DETAILS: Mapping[str, Detail] = {
    detail.key: detail
    for detail in (
        Detail(
            "minutes",
            lambda entry: say("subjects.minutes", minutes=entry["sessionDuration"]),
            _minutes,
            lone="{} min",
            columns=3,
        ),
        Detail("often", how_often, _often, lone="{}x"),
        Detail(
            "help",
            lambda entry: say(f"involvement.{entry['parentInvolvement']}"),
            _help,
            lone="{}",
        ),
        Detail(
            "core",
            lambda entry: say(f"subjects.core.value.{'yes' if entry['isCoreSubject'] else 'no'}"),
            _core,
            lone="{}",
        ),
        Detail("time", _fixed, _time, lone="at {}", columns=3),
        Detail(
            "interest",
            lambda entry: say("subjects.interest.value", interest=entry["interestLevel"]),
            _interest,
            lone="interest {}",
            columns=3,
        ),
    )
}
"""By their keys, in the order in which they are shown."""
