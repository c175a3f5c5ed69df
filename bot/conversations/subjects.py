"""Section 4: what each child learns, and what siblings learn together."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.conversations.answers import (
    DAILY,
    Misread,
    check_name,
    closest,
    fold,
    short,
    take,
    take_days,
    take_fixed_time,
    take_minutes,
    tidy_name,
)
from bot.conversations.cards import Card, Option
from bot.conversations.flow import (
    Answer,
    Asking,
    ChildAnswer,
    Choice,
    Half,
    Outcome,
    Question,
    Words,
)
from core.defaults import (
    SubjectDefaults,
    SubjectKind,
    subject_defaults,
    subject_kind,
    suggested_subjects,
)
from core.family import Frequency, Involvement
from core.phrase import Phrase, say
from core.text import name_key
from core.week import GRID, Weekday, clock, parse_clock, time_of

MOST_SUBJECTS = 30
SHORTEST, LONGEST = 5, 240
"""Minutes of one lesson; what is typed is rounded to the grid, and shown so."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What a line says of a subject: `changes` in the document's keys; `removed` takes it out."""

    name: str
    changes: Mapping[str, Any]
    removed: bool = False


_REMOVED = r"^\s*(?:no more|no|without|remove|drop|delete|quitar?|sin|borrar?|eliminar?)\s+(?=\S)"
_WEEK = r"(?:\s*(?:a|per|each|every|/|por|a la|cada|al?)\s*(?:week|semana|wk))?"
_OFTEN: tuple[tuple[str, Frequency], ...] = (
    (
        rf"\b(?:2|two|dos)\s?(?:-|to|or|a|o)\s?(?:3|three|tres)\b\s*(?:x\b|times|days|veces|dias)?{_WEEK}",
        Frequency.TWO_OR_THREE,
    ),
    (
        r"\b(?:once a week|weekly|every week|una vez (?:por|a la) semana|semanal)\b",
        Frequency.WEEKLY,
    ),
    (
        r"\b(?:occasional(?:ly)?|sometimes|now and then|a veces|de vez en cuando|ocasional\w*)\b",
        Frequency.OCCASIONALLY,
    ),
    (DAILY, Frequency.DAILY),
)
_TIMES = (
    r"(?:\b(?P<n>\d{1,2})\s?(?:x|×|times|veces|days|dias)|x\s?(?P<x>\d{1,2})\b|"
    rf"\b(?P<w>once|twice|three times|four times|five times|una vez|dos veces|tres veces)\b){_WEEK}"
)
_TIMES_WORDS = {
    "once": 1,
    "una vez": 1,
    "twice": 2,
    "dos veces": 2,
    "three times": 3,
    "tres veces": 3,
    "four times": 4,
    "five times": 5,
}
_INVOLVEMENT: tuple[tuple[str, Involvement], ...] = (
    (
        r"\b(?:minimal(?: supervision)?|nearby|i check|(?:con )?supervision minima|minima)\b",
        Involvement.MINIMAL,
    ),
    (
        r"\b(?:some (?:help|assistance)|(?:with )?(?:a )?(?:little|bit of) help|with help|"
        r"(?:con )?(?:algo de|un poco de|alguna) ayuda|con ayuda)\b",
        Involvement.SOME,
    ),
    (
        r"\b(?:full(?: involvement| attention)?|with me|with us|one.on.one|conmigo|"
        r"participacion completa|completa)\b",
        Involvement.FULL,
    ),
    (
        r"\b(?:independent(?:ly)?|alone|on (?:her|his|their) own|by (?:her|him)self|sol[oa]|"
        r"independiente|por su cuenta)\b",
        Involvement.INDEPENDENT,
    ),
)
_INTEREST = r"\b(?:interest|interes)(?:ed|ado|ada)?(?: level)?\s*:?\s*(?P<n>\d{1,2})(?:\s?/\s?5)?\b"
_NOT_CORE = r"\b(?:not|no|non)[ -](?:a )?(?:core|basic[oa]|principal|troncal)(?: subject)?\b"
_CORE = r"\b(?:core|basic[oa]|principal|troncal)(?: subject)?\b"


def read_subject(text: str) -> Edit | Misread:
    """ "Latin 2x 20 min independent", "Math at 9:30", "Art not core", "remove Music"."""
    removed, rest = take(_REMOVED, text)
    if removed:
        return Edit(tidy_name(rest), {}, removed=True)
    changes: dict[str, Any] = {}
    flag, rest = take(_NOT_CORE, rest)
    if flag:
        changes["isCoreSubject"] = False
    flag, rest = take(_CORE, rest)
    if flag:
        changes["isCoreSubject"] = True
    found, rest = take(_INTEREST, rest)
    if found:
        if not 1 <= int(found["n"]) <= 5:
            return Misread(say("subjects.interest_range"))
        changes["interestLevel"] = int(found["n"])
    for pattern, involvement in _INVOLVEMENT:
        found, rest = take(pattern, rest)
        if found:
            changes["parentInvolvement"] = involvement.value
            break
    fixed, rest = take_fixed_time(rest)
    if isinstance(fixed, Misread):
        return fixed
    if fixed is not None:
        on_grid = min(round(fixed / GRID) * GRID, 24 * 60 - GRID)
        changes |= {"fixedTimeRequired": True, "preferredTime": clock(on_grid)}
    minutes, rest = take_minutes(rest)
    often, rest = _take_often(rest)
    if isinstance(often, Misread):
        return often
    changes |= often
    if minutes is None:
        found, rest = take(r"(?<!\S)(?P<n>\d{1,4})(?!\S)", rest)
        minutes = int(found["n"]) if found else None
    if minutes is not None:
        if not SHORTEST <= minutes <= LONGEST:
            return Misread(say("subjects.minutes_range"))
        changes["sessionDuration"] = round(minutes / GRID) * GRID
    return Edit(tidy_name(rest), changes)


def _take_often(text: str) -> tuple[dict[str, Any] | Misread, str]:
    for pattern, frequency in _OFTEN:
        found, rest = take(pattern, text)
        if found:
            return {"frequency": frequency.value, "metadata": {}}, rest
    found, rest = take(_TIMES, text)
    if found:
        count = _TIMES_WORDS.get(found["w"] or "") or int(found["n"] or found["x"] or 0)
        if not 1 <= count <= 7:
            return Misread(say("subjects.times_range")), rest
        return _exactly(count, {"sessionsPerWeek": count}), rest
    days, rest = take_days(text)
    if days:
        labels = [day.label for day in days]
        return _exactly(len(days), {"days": labels, "sessionsPerWeek": len(days)}), rest
    return {}, text


def _exactly(count: int, metadata: dict[str, Any]) -> dict[str, Any]:
    if count == 1:
        frequency = Frequency.WEEKLY
    else:
        frequency = Frequency.TWO_OR_THREE if count <= 3 else Frequency.DAILY
    return {"frequency": frequency.value, "metadata": metadata}


def _entry(name: str, usual: SubjectDefaults) -> dict[str, Any]:
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


def describe_subject(entry: Mapping[str, Any]) -> Phrase:
    """A subject in one line: name, minutes, how often, how much help, what is special."""
    metadata = entry["metadata"]
    often: Phrase
    if metadata.get("days"):
        days = tuple(say(f"weekday.{Weekday.parse(day).value}") for day in metadata["days"])
        often = say("subjects.on_days", days=days)
    elif metadata.get("sessionsPerWeek"):
        often = say("subjects.exactly", count=metadata["sessionsPerWeek"])
    else:
        often = say(f"frequency.{entry['frequency']}")
    line = say(
        "subjects.line",
        name=entry["name"],
        minutes=entry["sessionDuration"],
        often=often,
        help=say(f"involvement.{entry['parentInvolvement']}"),
    )
    if entry["isCoreSubject"]:
        line = say("subjects.line_core", line=line)
    if entry["fixedTimeRequired"]:
        line = say("subjects.line_at", line=line, time=time_of(parse_clock(entry["preferredTime"])))
    if entry["interestLevel"] != 3:
        line = say("subjects.line_interest", line=line, interest=entry["interestLevel"])
    return line


def subjects_question() -> Question:
    """ "subjects": what a child learns, in the document's keys. A draft is {"items": entries with
    "ticked"}; entries are only ever added to it, so that buttons keep their meaning."""

    def ask(asking: Asking, draft: Any) -> Card:
        items = _items(asking, draft)
        toggles = [
            Option(f"s-{n}", subject_label(asking, item["name"]), chosen=item["ticked"])
            for n, item in enumerate(items)
        ]
        return Card(
            say("subjects.ask", name=_child(asking).name),
            lines=tuple(describe_subject(item) for item in items if item["ticked"]),
            rows=(
                (Option("accept", say("subjects.accept")),),
                *(tuple(toggles[n : n + 2]) for n in range(0, len(toggles), 2)),
            ),
            hint=say("subjects.hint"),
        )

    def hear(asking: Asking, draft: Any, heard: Choice | Words) -> Outcome:
        items = _items(asking, draft)
        if isinstance(heard, Words):
            return _edit(_child(asking), items, heard.text)
        if heard.option == "accept":
            chosen = [_untick(item) for item in items if item["ticked"]]
            return Answer(chosen) if chosen else Misread(say("subjects.none"))
        number = int(heard.option.split("-")[1])
        items[number] = {**items[number], "ticked": not items[number]["ticked"]}
        return Half({"items": items})

    return Question("subjects", 4, ask, hear, _sound, _tell, each_child=True, numbered=True)


def _child(asking: Asking) -> ChildAnswer:
    if asking.child is None:
        raise LookupError("this question is asked for each child")
    return asking.child


def _items(asking: Asking, draft: Any) -> list[dict[str, Any]]:
    if draft:
        return [dict(item) for item in draft["items"]]
    given: list[dict[str, Any]] = [{**entry, "ticked": True} for entry in asking.given or ()]
    known = {name_key(entry["name"]) for entry in given}
    kinds = {subject_kind(entry["name"]) for entry in given}
    for usual in suggested_subjects(_child(asking).age):
        name = asking.word(say(f"subject.{usual.kind}"))
        if name_key(name) not in known and usual.kind not in kinds:
            ticked = usual.ticked and asking.given is None
            given.append({**_entry(name, usual), "ticked": ticked})
    return given


def _untick(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "ticked"}


def subject_label(asking: Asking, name: str) -> Phrase:
    """A subject's name as it fits on a button."""
    kind = subject_kind(name)
    offered = kind is not SubjectKind.OTHER and any(
        name_key(translate(say(f"subject.{kind}"))) == name_key(name)
        for translate in asking.translators.values()
    )
    return say(f"subject.{kind}.short") if offered else say("verbatim", text=short(name))


def _lines(text: str) -> list[str]:
    """The subjects of a message; a part without a name belongs to the one before it ("Latin,
    2x, 20 min")."""
    lines: list[str] = []
    for part in re.split(r"\s*[;\n,]\s*", text):
        read = read_subject(part)
        nameless = isinstance(read, Misread) or not any(char.isalpha() for char in read.name)
        if lines and nameless and part:
            lines[-1] = f"{lines[-1]} {part}"
        elif part:
            lines.append(part)
    return lines


def _edit(child: ChildAnswer, items: list[dict[str, Any]], text: str) -> Half | Misread:
    notices: list[Phrase] = []
    changed = False
    for line in _lines(text):
        edit = read_subject(line)
        if isinstance(edit, Misread):
            notices.append(edit.phrase)
            continue
        problem = check_name(edit.name)
        if problem is not None:
            notices.append(problem.phrase)
            continue
        at = _position(items, edit.name)
        if edit.removed:
            if at is None:
                notices.append(say("subjects.unknown", name=short(edit.name)))
                continue
            items[at] = {**items[at], "ticked": False}
            notices.append(say("subjects.removed", name=items[at]["name"]))
        elif at is not None:
            items[at] = {**items[at], **edit.changes, "ticked": True}
            notices.append(say("subjects.updated", line=describe_subject(items[at])))
        elif len(items) >= MOST_SUBJECTS:
            notices.append(say("subjects.too_many", count=MOST_SUBJECTS))
            continue
        else:
            usual = subject_defaults(subject_kind(edit.name), child.age)
            items.append({**_entry(edit.name, usual), **edit.changes, "ticked": True})
            notices.append(say("subjects.added", line=describe_subject(items[-1])))
        changed = True
    if not changed:
        return Misread(notices[0] if notices else say("name.letters"))
    return Half({"items": items}, notices[-1])


def _position(items: list[dict[str, Any]], name: str) -> int | None:
    """Which subject a typed name means: the same name, the same usual subject, or a slip of the
    pen."""
    wanted, kind = name_key(name), subject_kind(name)
    names = [name_key(item["name"]) for item in items]
    if wanted in names:
        return names.index(wanted)
    if kind is not SubjectKind.OTHER:
        kinds = [subject_kind(item["name"]) for item in items]
        return kinds.index(kind) if kinds.count(kind) == 1 else None
    # Only long names are matched loosely: "Latin" must not become "Art".
    folded = [fold(known) for known in names]
    nearly = closest(fold(wanted), folded) if len(wanted) >= 6 else None
    return folded.index(nearly) if nearly else None


def _sound(_: Asking, value: Any) -> bool:
    names = [name_key(entry["name"]) for entry in value]
    return (
        0 < len(value) <= MOST_SUBJECTS
        and len(set(names)) == len(names)
        and all(_is_subject(entry) for entry in value)
    )


def _is_subject(entry: Any) -> bool:
    metadata = entry["metadata"]
    times = metadata.get("sessionsPerWeek")
    return (
        check_name(entry["name"]) is None
        and isinstance(entry["isCoreSubject"], bool)
        and isinstance(entry["sessionDuration"], int)
        and SHORTEST <= entry["sessionDuration"] <= LONGEST
        and entry["sessionDuration"] % GRID == 0
        and Frequency(entry["frequency"]) in Frequency
        and Involvement(entry["parentInvolvement"]) in Involvement
        and isinstance(entry["fixedTimeRequired"], bool)
        and (not entry["fixedTimeRequired"] or parse_clock(entry["preferredTime"]) % GRID == 0)
        and entry["interestLevel"] in range(1, 6)
        and (times is None or times in range(1, 8))
        and all(Weekday.parse(day) in Weekday for day in metadata.get("days", ()))
    )


def _tell(asking: Asking, value: Any) -> Phrase:
    return say(
        "subjects.kept", name=_child(asking).name, names=tuple(entry["name"] for entry in value)
    )
