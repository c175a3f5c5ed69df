"""Section 4: a subject as it is kept, changed, counted and told.

An *entry* is a subject in the document's keys, without "teachTogether"; its "preferredTime" is
there only where "fixedTimeRequired" is true.
"""

from collections.abc import Mapping
from datetime import time
from typing import Any

from bot.conversations.answers import check_name, tell_days
from core.defaults import SubjectDefaults
from core.family import Frequency, Involvement
from core.phrase import Phrase, say
from core.week import GRID, Weekday, parse_clock, time_of

SHORTEST, LONGEST = 5, 240
"""Minutes of one lesson; what is typed is rounded to the grid, and shown so."""

INTERESTS = range(1, 6)

_OFTEN_KEYS = ("days", "sessionsPerWeek")

_SESSIONS: Mapping[Frequency, int] = {
    Frequency.DAILY: 5,
    Frequency.TWO_OR_THREE: 2,
    Frequency.WEEKLY: 1,
    Frequency.OCCASIONALLY: 0,
}


def new_entry(name: str, usual: SubjectDefaults) -> dict[str, Any]:
    """A subject as it usually goes."""
    return {
        "name": name,
        "isCoreSubject": usual.core,
        "sessionDuration": usual.minutes,
        "frequency": usual.frequency.value,
        "parentInvolvement": usual.involvement.value,
        "fixedTimeRequired": False,
        "interestLevel": usual.interest,
        "metadata": {},
    }


def changed(entry: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with these changes; a time that is no longer fixed is forgotten, and what else
    "metadata" holds stays."""
    after = {**entry, **changes}
    if "metadata" in changes:
        others = {key: value for key, value in entry["metadata"].items() if key not in _OFTEN_KEYS}
        after["metadata"] = {**others, **changes["metadata"]}
    if not after["fixedTimeRequired"]:
        after.pop("preferredTime", None)
    return after


def exactly(count: int, days: list[str]) -> dict[str, Any]:
    """ "frequency" and "metadata" for `count` times a week, on certain days (labels) if any."""
    if count == 1:
        frequency = Frequency.WEEKLY
    else:
        frequency = Frequency.TWO_OR_THREE if count <= 3 else Frequency.DAILY
    if days:
        metadata: dict[str, Any] = {"days": days, "sessionsPerWeek": count}
    else:
        # Once a week is just that.
        metadata = {} if count == 1 else {"sessionsPerWeek": count}
    return {"frequency": frequency.value, "metadata": metadata}


def sessions(entry: Mapping[str, Any]) -> int:
    """How many lessons a week of five school days owes the subject."""
    metadata = entry["metadata"]
    exact: int | None = metadata.get("sessionsPerWeek")
    wanted = _SESSIONS[Frequency(entry["frequency"])] if exact is None else exact
    return min(wanted, len(metadata.get("days") or Weekday))


def wanted_often(entry: Mapping[str, Any]) -> dict[str, Any]:
    """How often a subject comes, as changes of an entry."""
    metadata = {key: entry["metadata"][key] for key in _OFTEN_KEYS if key in entry["metadata"]}
    return {"frequency": entry["frequency"], "metadata": metadata}


def is_exact(entry: Mapping[str, Any]) -> bool:
    """Whether the subject comes an exact number of times or on certain days."""
    return bool(wanted_often(entry)["metadata"])


def how_often(entry: Mapping[str, Any]) -> Phrase:
    """How often a subject comes: its exact number and certain days, if any, else its
    frequency."""
    metadata = entry["metadata"]
    days = tell_days(metadata["days"]) if metadata.get("days") else None
    count = metadata.get("sessionsPerWeek")
    if days and count == len(metadata["days"]):
        return say("subjects.on_days", days=days)
    often = (
        say(f"frequency.{entry['frequency']}")
        if count is None
        else say("subjects.exactly", count=count)
    )
    return say("subjects.of_days", often=often, days=days) if days else often


def fixed_time(entry: Mapping[str, Any]) -> time | None:
    """The time at which the subject always starts; None if any time will do."""
    return time_of(parse_clock(entry["preferredTime"])) if entry["fixedTimeRequired"] else None


def describe_subject(entry: Mapping[str, Any]) -> Phrase:
    """A subject in one line: name, minutes, how often, how much help, what is special. Typed, the
    line gives the entry back."""
    line = say(
        "subjects.line",
        name=entry["name"],
        minutes=entry["sessionDuration"],
        often=how_often(entry),
        help=say(f"involvement.{entry['parentInvolvement']}"),
    )
    if entry["isCoreSubject"]:
        line = say("subjects.line_core", line=line)
    fixed = fixed_time(entry)
    if fixed is not None:
        line = say("subjects.line_at", line=line, time=fixed)
    if entry["interestLevel"] != 3:
        line = say("subjects.line_interest", line=line, interest=entry["interestLevel"])
    return line


def is_entry(value: Any) -> bool:
    """Whether a stored value is an entry; raises what `Question.sound` may raise."""
    metadata = value["metadata"]
    return (
        check_name(value["name"]) is None
        and isinstance(value["isCoreSubject"], bool)
        and _is_whole(value["sessionDuration"], SHORTEST, LONGEST)
        and value["sessionDuration"] % GRID == 0
        and Frequency(value["frequency"]) in Frequency
        and Involvement(value["parentInvolvement"]) in Involvement
        and isinstance(value["fixedTimeRequired"], bool)
        and (not value["fixedTimeRequired"] or parse_clock(value["preferredTime"]) % GRID == 0)
        and _is_whole(value["interestLevel"], INTERESTS[0], INTERESTS[-1])
        and _is_whole(metadata.get("sessionsPerWeek", 0), 0, len(Weekday))
        and all(Weekday.parse(label) in Weekday for label in metadata.get("days", ()))
    )


def _is_whole(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most
