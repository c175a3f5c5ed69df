"""Section 4: how a typed line about a subject is read, in English and Spanish alike."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.conversations.answers import (
    DAILY,
    Misread,
    fold,
    take,
    take_days,
    take_fixed_time,
    tidy_name,
)
from bot.conversations.subject_entries import INTERESTS, LONGEST, SHORTEST, exactly
from core.family import Frequency, Involvement
from core.phrase import say
from core.week import GRID, Weekday, clock


@dataclass(frozen=True, slots=True)
class Edit:
    """What a line says of a subject: its `name` as typed ("" where the line has none), `changes`
    in an entry's keys; `removed` takes it out, `renamed` is its new name."""

    name: str
    changes: Mapping[str, Any]
    removed: bool = False
    renamed: str | None = None


_OUT = (
    r"(?:no more|no|not|without|remove|drop|delete|skip|leave out|take out|quitar?|sin|borrar?|"
    r"eliminar?|sacar?)"
)
_REMOVED = rf"^\s*{_OUT}\s+(?=\S)"
_REMOVED_IT = (
    r"^\s*(?:(?:remove|drop|delete)(?: it)?|(?:leave|take) it out|quit[ae]l[oa]|"
    r"(?:quit|borr|elimin|sac)ar?(?:l[oa])?)\s*$"
)
_RENAMED = (
    r"^\s*(?P<verb>rename|renombrar?|change|cambiar?(?: el nombre de)?)\s+"
    r"(?!(?:it |its |the )?(?:name )?to\s)(?!(?:el |su )?nombre\s)"
    r"(?P<old>\S.*?)\s+(?:to|into|as|por|a|como|->|=>)\s+(?!las?\s+\d)(?P<new>\S.*)$"
)
_RENAMED_IT = (
    r"^\s*(?:rename(?: it)?(?: to| as)?|call it|change (?:its |the )?name to|"
    r"renombrar?(?:l[oa])?(?: a| como)?|llamal[oa]|cambiar? (?:el |su )?nombre (?:a|por))\s+"
    r"(?P<new>\S.*)$"
)
_VERB = (
    r"^\s*(?:add|change|edit|(?:make|set) it|anad[ei]r?|agregar?|cambiar?|pon(?:er)?|hazl[oa])"
    r"\s+(?=\S)"
)
_NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            "one una",
            "two dos",
            "three tres",
            "four cuatro",
            "five cinco",
            "six seis",
            "seven siete",
        ),
        start=1,
    )
    for word in words.split()
}
_WEEK = (
    r"(?:\s*(?:a|per|each|every|/|por|a la|cada|al?)\s*(?:week|semana|wk)|"
    r"\s*(?:weekly|semanal(?:es)?))?"
)
_SELDOM = (
    r"\b(?:occasional(?:ly)?|sometimes|now and then|once in a while|(?:once a month|monthly)|"
    r"(?:every (?:other|second|two) weeks?|bi-?weekly|fortnightly)|a veces|de vez en cuando|"
    r"ocasional\w*|una vez al mes|mensual\w*|cada (?:dos|2) semanas|quincenal\w*)\b"
)
_SOME_TIMES = (
    rf"\b(?:(?:2|two|dos)\s?(?:-|to|or|a|o)\s?(?:3|three|tres)\b\s*(?:x\b|times|days|veces|dias)?"
    rf"{_WEEK}|(?:a few|a couple of|several|algunas|unas|varias)\s(?:times|days|veces|dias){_WEEK}|"
    r"every (?:other|second) day|(?:cada (?:dos|2) dias|dia por medio))"
)
_TIMES = (
    r"(?:\b(?P<n>\d{1,2})(?:\s?(?:-|to|or|a|o)\s?\d)?\s?(?:x|×|times|veces|days|dias)|x\s?(?P<x>\d{1,2})\b|"
    rf"\b(?P<w>{'|'.join(_NUMBERS)})\s(?:x|times|veces|vez|days|dias)\b|"
    rf"\b(?P<once>once)\b|\b(?P<twice>twice)\b){_WEEK}"
)
_EACH_DAY = (
    rf"(?:{DAILY}|(?:\b(?:once|twice|una vez|dos veces)\s)?"
    r"(?:(?:\b(?:per|a|por|al)\s|/\s?)(?:day|dia)\b))"
)
_WEEKLY = r"\b(?:weekly|every week|semanal(?:mente)?|cada semana|todas las semanas)\b"
# "SAT prep" is a subject, not a Saturday.
_EXAM = r"\bsat(?=\s(?:prep\w*|practice|tests?|math|reading|writing|vocab\w*|review|exam\w*)\b)"
_HOURS = (
    r"\b(?:(?P<h>\d)(?:[.,](?P<f>5))?\s?(?:h|hrs?|hours?|horas?)\b(?:\s?(?:and|y)?\s?(?P<m>\d{2})"
    r"\s?(?:min\w*|m)?\b)?|(?P<half>half an hour|media hora)|(?P<one>an hour|una hora))"
)
_MINUTES = r"\b(?P<n>\d{1,4})\s?(?:minutes?|minutos?|mins?|m\b|')(?:\s?(?:each|cada una))?"
_INVOLVEMENT: tuple[tuple[str, Involvement], ...] = (
    (
        r"\b(?:minimal(?: supervision)?|(?:with )?(?:(?:me|you|mom|mum|dad) )?nearby|i check|"
        r"(?:con )?supervision minima|(?:con(?:migo|tigo) )?cerca|minima)\b",
        Involvement.MINIMAL,
    ),
    (
        r"\b(?:(?:without|no) help|sin (?:mi )?ayuda|independent(?:ly)?|alone|"
        r"(?:on|by) (?:her|his|their|its) own|by (?:her|him|them)sel(?:f|ves)|sol[oa]|"
        r"independiente|por su cuenta)\b",
        Involvement.INDEPENDENT,
    ),
    (
        r"\b(?:some (?:help|assistance)|(?:with |needs )?(?:a )?(?:little|bit of) help|"
        r"(?:with|needs) (?:some )?help|(?:con |necesita )?(?:algo de|un poco de|alguna) ayuda|"
        r"(?:con|necesita) ayuda)\b",
        Involvement.SOME,
    ),
    (
        r"\b(?:full(?: involvement| attention)?|with (?:me|us|you|mom|mum|dad)|one.on.one|"
        r"con(?:migo|tigo)|con (?:nosotr[oa]s|mama|papa)|participacion completa|completa)\b",
        Involvement.FULL,
    ),
)
_INTEREST = (
    r"\b(?:interest(?:ed)?|interes(?:ado|ada)?|likes?(?: it)?|(?:no )?le gusta)(?: level)?\s*:?\s*"
    r"(?P<n>\d{1,2})(?:\s?(?:/|of|out of|de)\s?5)?\b"
)
_LIKING: tuple[tuple[str, int], ...] = (
    (r"\b(?:hates? it|no le gusta nada|l[oa] (?:odia|detesta))\b", 1),
    (r"\b(?:does(?:n't| not) like it|dislikes? it|no le gusta(?: mucho)?)\b", 2),
    (r"\b(?:loves? it|(?:her|his|a) favou?rite|le encanta|su favorit[oa])\b", 5),
    (r"\b(?:likes? it|le gusta(?: mucho)?)\b", 4),
)
_NOT_CORE = (
    r"\b(?:(?:not|no|non)[ -](?:an? |es )?(?:core|basic[oa]|principal|troncal)(?: subject)?|"
    r"(?:core|basica)(?: subject)?:? no|elective|optional|optativ[oa]|opcional)\b"
)
_CORE = r"\b(?:core|basic[oa]|principal|troncal)(?: subject)?(?::? (?:yes|si))?\b"
_NO_TIME = (
    r"\b(?:(?:no|without an?|not at an?|any) (?:fixed|set|certain|particular) (?:time|hour)|"
    r"(?:at )?any ?time|sin hora(?: fija)?|a cualquier hora)\b"
)
_FIXED = r"\b(?:(?:fixed|set) time|hora fija)\b\s*:?\s*(?P<at>(?:at|a las?)\b)?"
# A number behind such a word, or one too small for minutes, is part of a name: "Algebra 2".
_LONE = (
    r"(?<![\w:.,/-])(?<!grade )(?<!year )(?<!level )(?<!book )(?<!grado )(?<!nivel )(?<!libro )"
    r"(?P<n>\d{1,4})(?![\w:/-]|[.,]\d)"
)
_SMALLEST_LONE = 10


def read_subject(text: str) -> Edit | Misread:
    """ "Latin 2x 20 min independent", "Math at 9:30", "Art not core", "remove Music", "rename Art
    to Drawing"; without a name "45 min", "Mon Wed", "no fixed time"."""
    renaming = _renaming(text)
    if renaming is not None:
        return renaming
    if _removes(text):
        return Edit(tidy_name(take(_REMOVED, text)[1]), {}, removed=True)
    if take(_REMOVED_IT, text)[0]:
        return Edit("", {}, removed=True)
    changes, rest, problem = _take_details(take(_VERB, text)[1])
    return problem or Edit(_name(rest), changes)


def subject_lines(text: str) -> list[str]:
    """A message as one line for each subject. A part without a name belongs to the one before it
    ("Latin, 2x, 20 min"), "and" parts what has details on both sides, and a bare name after a
    removal is removed too."""
    lines: list[str] = []
    for part in re.split(r"\s*[;\n,]\s*", text):
        for piece in _both_sides(part):
            if not _name_in(piece) and lines and piece:
                lines[-1] = f"{lines[-1]}, {piece}"
            elif lines and _removes(lines[-1]) and _is_bare(piece):
                lines.append(f"remove {piece}")
            elif piece:
                lines.append(piece)
    return lines


def _both_sides(part: str) -> list[str]:
    for found in re.finditer(r"(?<!\bnow)\s+(?:and|y)\s+", part, re.IGNORECASE):
        sides = part[: found.start()], part[found.end() :]
        if all(_name_in(side) and not _is_bare(side) for side in sides):
            return [sides[0], *_both_sides(sides[1])]
    return [part]


def _name_in(text: str) -> bool:
    """Whether a line names a subject, also one whose details were not understood."""
    if _renaming(text) or _removes(text):
        return True
    _, rest, _ = _take_details(take(_VERB, text)[1])
    return any(char.isalpha() for char in _name(rest))


def _name(rest: str) -> str:
    """What is left of a line as a name: "Latin on Mon or Wed" must not be "Latin on or"."""
    return tidy_name(take(r"\s(?:or|o|u)\b(?=\W*$)", rest)[1])


def _is_bare(text: str) -> bool:
    """Whether a line is a name and nothing else."""
    if _renaming(text) or _removes(text):
        return False
    changes, _, problem = _take_details(text)
    return not changes and problem is None


def _removes(text: str) -> bool:
    """Whether a line takes a subject out. "No fixed time" and "sin ayuda" begin like it."""
    details = (_NOT_CORE, _NO_TIME, *(p for p, _ in _INVOLVEMENT), *(p for p, _ in _LIKING))
    folded = fold(text)
    return re.match(_REMOVED, folded) is not None and not any(
        re.match(rf"\s*(?:{pattern})", folded) for pattern in details
    )


def _renaming(text: str) -> Edit | Misread | None:
    """A line that gives a subject another name. The new name is taken as it stands, so that any
    name can be given, also one that sounds like a detail ("Independent reading")."""
    match = re.match(_RENAMED, fold(text), re.DOTALL)
    if match:
        old, new = text[slice(*match.span("old"))], text[slice(*match.span("new"))]
        if match["verb"] in ("change", "cambia", "cambiar") and not _name_in(new):
            # "Change Math to 45 min" is about its minutes.
            return None
    else:
        match = re.match(_RENAMED_IT, fold(text), re.DOTALL)
        if match is None:
            return None
        old, new = "", text[slice(*match.span("new"))]
    name, _, details = new.partition(",")
    changes, _, problem = _take_details(details)
    return problem or Edit(tidy_name(old), changes, renamed=name.strip(" \"“”'.:"))


def _take_details(text: str) -> tuple[dict[str, Any], str, Misread | None]:
    """The changes that a line asks for, what is left of it, and its first mistake."""
    changes: dict[str, Any] = {}
    problems: list[Misread] = []
    for pattern, core in ((_NOT_CORE, False), (_CORE, True)):
        found, text = take(pattern, text)
        if found:
            changes["isCoreSubject"] = core
            break
    interest, text = _take_interest(text)
    if isinstance(interest, Misread):
        problems.append(interest)
    elif interest is not None:
        changes["interestLevel"] = interest
    for pattern, involvement in _INVOLVEMENT:
        found, text = take(pattern, text)
        if found:
            changes["parentInvolvement"] = involvement.value
            break
    fixed, text = _take_time(text)
    if isinstance(fixed, Misread):
        problems.append(fixed)
    else:
        changes |= fixed
    often, text = _take_often(text)
    if isinstance(often, Misread):
        problems.append(often)
    else:
        changes |= often
    minutes, text = _take_minutes(text)
    if minutes is None:
        minutes, text = _take_lone_number(text)
    if minutes is not None and SHORTEST <= minutes <= LONGEST:
        changes["sessionDuration"] = round(minutes / GRID) * GRID
    elif minutes is not None:
        problems.append(Misread(say("subjects.minutes_range")))
    return changes, text, problems[0] if problems else None


def _take_interest(text: str) -> tuple[int | Misread | None, str]:
    found, rest = take(_INTEREST, text)
    if found:
        level = int(found["n"])
        return (level if level in INTERESTS else Misread(say("subjects.interest_range"))), rest
    for pattern, level in _LIKING:
        found, rest = take(pattern, text)
        if found:
            return level, rest
    return None, text


def _take_time(text: str) -> tuple[dict[str, Any] | Misread, str]:
    free, text = take(_NO_TIME, text)
    label = re.search(_FIXED, fold(text))
    if label:
        text = f"{text[: label.start()]} at {text[label.end() :]}"
    fixed, rest = take_fixed_time(text)
    if isinstance(fixed, Misread):
        return fixed, rest
    if fixed is not None:
        on_grid = min(round(fixed / GRID) * GRID, 24 * 60 - GRID)
        return {"fixedTimeRequired": True, "preferredTime": clock(on_grid)}, rest
    if label:
        return Misread(say("subjects.which_time")), rest
    return ({"fixedTimeRequired": False} if free else {}), rest


def _take_lone_number(text: str) -> tuple[int | None, str]:
    """The minutes in "Math 45", or in a "5" that stands alone."""
    for found in re.finditer(_LONE, fold(text)):
        rest = f"{text[: found.start()]} {text[found.end() :]}"
        if int(found["n"]) >= _SMALLEST_LONE or not any(char.isalpha() for char in rest):
            return int(found["n"]), rest
    return None, text


def _take_minutes(text: str) -> tuple[int | None, str]:
    found, rest = take(_HOURS, text)
    if found:
        if found["half"]:
            return 30, rest
        if found["one"]:
            return 60, rest
        half = 30 if found["f"] else 0
        return int(found["h"]) * 60 + half + int(found["m"] or 0), rest
    found, rest = take(_MINUTES, text)
    return (int(found["n"]) if found else None), rest


def _take_often(text: str) -> tuple[dict[str, Any] | Misread, str]:
    frequency: Frequency | None = None
    count: int | None = None
    for pattern, meant in (
        (_EACH_DAY, Frequency.DAILY),
        (_SELDOM, Frequency.OCCASIONALLY),
        (_SOME_TIMES, Frequency.TWO_OR_THREE),
        (_TIMES, None),
        (_WEEKLY, Frequency.WEEKLY),
    ):
        found, text = take(pattern, text)
        if found:
            frequency = meant
            count = None if meant else _count(found)
            break
    days, text = _take_subject_days(text)
    if count is not None and not 1 <= count <= len(Weekday):
        return Misread(say("subjects.times_range")), text
    if days and (count or 1) > len(days):
        return Misread(say("subjects.more_than_days")), text
    roomy = frequency is Frequency.TWO_OR_THREE and len(days) > 2
    if frequency and (frequency is Frequency.OCCASIONALLY or roomy or not days):
        return {"frequency": frequency.value, "metadata": {"days": days} if days else {}}, text
    if frequency is Frequency.WEEKLY:
        count = 1
    return (exactly(count or len(days), days) if count or days else {}), text


def _count(found: re.Match[str]) -> int:
    if found["once"] or found["twice"]:
        return 1 if found["once"] else 2
    return _NUMBERS.get(found["w"] or "") or int(found["n"] or found["x"])


def _take_subject_days(text: str) -> tuple[list[str], str]:
    exam = re.search(_EXAM, fold(text))
    if exam is None:
        days, rest = take_days(text)
    else:
        before, head = take_days(text[: exam.start()])
        after, tail = take_days(text[exam.end() :])
        days, rest = tuple(sorted({*before, *after})), f"{head}{text[slice(*exam.span())]}{tail}"
    return [day.label for day in days], rest
