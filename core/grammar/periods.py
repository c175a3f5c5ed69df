"""From which date to which: "Friday", "Dec 21 - Jan 3", "next week", "until Thursday", "el 14".

The rules, where words leave a choice:

- A weekday is the next one, today included. "Next Friday", said while this week's is still to
  come, may be either; the period then has an `other`.
- Without a year the next such date counts. In "4/5" the first number is the day where the language
  puts it first, unless only one way makes a date.
- The end of a range is looked for from its beginning on. Two dates that are only listed ("Thursday
  and Friday") are one period if they follow each other, else two.
- A week and its rest begin today at the earliest; both end on Sunday.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeAlias

from rapidfuzz.distance import OSA

from core.grammar.dates import DATES, DAY, DAYS, MONTH, MONTHS, next_with
from core.grammar.numbers import NUMBER, value
from core.grammar.words import fold
from core.week import week_start

LONGEST = 366
"""Days that a period lasts at most; a longer one is rather a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `first` to `last`, both included, as a text says it from `begin` to `end` (positions).
    `other` are the first and last date that the words may mean as well; `until`: only the end was
    told."""

    begin: int
    end: int
    first: date
    last: date
    other: tuple[date, date] | None = None
    until: bool = False


_Dates: TypeAlias = tuple[date, date]
_Told: TypeAlias = "tuple[_Dates, _Dates | None] | None"
_Reader: TypeAlias = Callable[[re.Match[str], date, bool], _Told]


def periods(text: str, today: date, *, day_first: bool) -> tuple[Period, ...]:
    """All periods that a text names, in its order. `day_first` is the language's way with "4/5".
    What is no date ("31 February") is none."""
    folded = fold(text)
    places = _places(folded, today, day_first=day_first)
    joined: list[Period] = []
    for found, reader in places:
        period = _read(found, reader, today, day_first)
        if period is None:
            continue
        before = joined[-1] if joined else None
        between = folded[before.end : period.begin] if before else ""
        if before and (_RANGE.fullmatch(between) or _LISTED.fullmatch(between)):
            onwards = _read(found, reader, before.last, day_first)
            listed = _RANGE.fullmatch(between) is None
            if onwards and _follows(before, onwards, listed=listed):
                joined[-1] = replace(before, end=period.end, last=onwards.last, other=None)
                continue
        joined.append(period)
    return tuple(_until(folded, period, today) for period in joined)


_RANGE = re.compile(
    r"\s*(?:-|\b(?:to|until|till?|thru|through|al?|hasta)\b)\s*(?:(?:the|el|los|on|dia)\s+)*"
)
_LISTED = re.compile(r"\s*(?:,|&|\+|\b(?:and|n|y|e)\b)?\s*(?:(?:the|el|los|on|dia)\s+)*")
_UP_TO = re.compile(r"(?:\b(?:until|till?|thru|through|hasta)\s+)(?:(?:the|el|on|dia)\s+)*$")


def _follows(before: Period, after: Period, *, listed: bool) -> bool:
    if listed:
        return after.first == before.last + timedelta(days=1)
    return before.first < after.first <= before.first + timedelta(days=LONGEST)


def _until(folded: str, period: Period, today: date) -> Period:
    """ "Until Friday" begins today."""
    found = _UP_TO.search(folded, 0, period.begin)
    if found is None or period.first <= today or period.first != period.last:
        return period
    return replace(period, begin=found.start(), first=today, until=True)


def _places(
    folded: str, today: date, *, day_first: bool
) -> Iterator[tuple[re.Match[str], _Reader]]:
    """Where a text names dates: of those that overlap the one that begins first, and of these the
    longest."""
    found = [
        (match, reader)
        for pattern, reader in _READERS
        for match in pattern.finditer(folded)
        if reader(match, today, day_first) is not None
    ]
    end = 0
    for match, reader in sorted(found, key=lambda pair: (pair[0].start(), -pair[0].end())):
        if match.start() >= end:
            end = match.end()
            yield match, reader


def _read(found: re.Match[str], reader: _Reader, today: date, day_first: bool) -> Period | None:
    told = reader(found, today, day_first)
    if told is None:
        return None
    (first, last), other = told
    return Period(found.start(), found.end(), first, last, other)


def _on(day: date, other: date | None = None) -> _Told:
    return (day, day), ((other, other) if other else None)


def _dated(year: int | None, month: int, day: int, today: date) -> date | None:
    """The date; without a year the next such one. None if no calendar has it."""
    for candidate in (year,) if year else range(today.year, today.year + 9):
        if 1 <= month <= 12 and 1 <= day <= monthrange(candidate, month)[1]:
            found = date(candidate, month, day)
            if year or found >= today:
                return found
    return None


def _calendar_date(found: re.Match[str], today: date, _: bool) -> _Told:
    month = found["m"]
    number = int(month) if month.isdecimal() else MONTHS[month[:3]]
    day = _dated(int(found["y"]) if found["y"] else None, number, int(found["d"]), today)
    return _on(day) if day else None


def _figures(found: re.Match[str], today: date, day_first: bool) -> _Told:
    first, second = int(found["a"]), int(found["b"])
    for day, month in (
        ((first, second), (second, first))
        if day_first
        else (
            (second, first),
            (first, second),
        )
    ):
        told = _dated(None, month, day, today)
        if told:
            return _on(told)
    return None


def _in_a_month(found: re.Match[str], today: date, _: bool) -> _Told:
    month = MONTHS[found["m"][:3]]
    first = _dated(None, month, int(found["a"]), today)
    last = _dated(None, month, int(found["b"]), first) if first else None
    if first is None or last is None or last.year != first.year:
        return None
    return (first, last), None


def _of_this_month(found: re.Match[str], today: date, _: bool) -> _Told:
    number = int(found["d"])
    return _on(next_with(number, today)) if 1 <= number <= 31 else None


def _weekday(found: re.Match[str], today: date, _: bool) -> _Told:
    wanted = DAYS[found["day"][:3]]
    coming = today + timedelta(days=(wanted - today.weekday()) % 7)
    sunday = week_start(today) + timedelta(days=6)
    if found["last"] or found["gone"]:
        return _on(today - timedelta(days=(today.weekday() - wanted - 1) % 7 + 1))
    if found["following"]:
        return _on(week_start(today) + timedelta(days=7 + wanted))
    if found["coming"] or found["which"]:
        later = coming if coming > today else coming + timedelta(days=7)
        if (found["which"] or "").startswith("next") and later <= sunday:
            return _on(later, later + timedelta(days=7))
        return _on(later)
    return _on(coming)


def _offset(days: int) -> _Reader:
    return lambda _found, today, _first: _on(today + timedelta(days=days))


def _this_week(_found: re.Match[str], today: date, _: bool) -> _Told:
    return (today, week_start(today) + timedelta(days=6)), None


def _next_week(_found: re.Match[str], today: date, _: bool) -> _Told:
    monday = week_start(today) + timedelta(days=7)
    return (monday, monday + timedelta(days=6)), None


def _weekend(found: re.Match[str], today: date, _: bool) -> _Told:
    sunday = week_start(today) + timedelta(days=6)
    here = max(today, sunday - timedelta(days=1)), sunday
    after = sunday + timedelta(days=6), sunday + timedelta(days=7)
    if found["next"]:
        return (here, after) if here[0] > today else (after, None)
    return here, None


def _lasting(found: re.Match[str], today: date, _: bool) -> _Told:
    days = 7 if found["week"] else value(found["n"])
    return ((today, today + timedelta(days=days - 1)), None) if 1 <= days <= LONGEST else None


_NEXT_WEEK = (
    r"(?:next week|(?:la )?(?:semana que viene|proxima semana|semana proxima|siguiente semana))"
)
_NTH = r"(?:st|nd|rd|th)?"
_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        (
            rf"\b(?P<m>{MONTH})\s*(?P<a>\d{{1,2}}){_NTH}\s*(?:-|to|thru|through|al?)\s*"
            rf"(?P<b>\d{{1,2}}){_NTH}(?![\d:]|\s?[ap]\.?m\b|\s?h\b)",
            _in_a_month,
        ),
        (
            rf"(?<![\d:.-])(?:(?:del?|from|el)\s+)?(?P<a>\d{{1,2}}){_NTH}\s*"
            rf"(?:-|to|thru|through|al?|y|and)\s*(?P<b>\d{{1,2}}){_NTH}\s+(?:of\s+|de\s+)?"
            rf"(?P<m>{MONTH})",
            _in_a_month,
        ),
        *((pattern, _calendar_date) for pattern, _ in DATES),
        (r"(?<![\d/])(?P<a>\d{1,2})/(?P<b>\d{1,2})(?![\d/])", _figures),
        (r"\b(?P<d>\d{1,2})(?:st|nd|rd|th)\b", _of_this_month),
        (
            r"(?:(?<=\bel )|(?<=\bdel )|(?<=\bal )|(?<=\bdia ))(?P<d>\d{1,2})\b"
            rf"(?!\s*(?:[:./]|h\b)|\s+de\s+{MONTH})",
            _of_this_month,
        ),
        (
            r"\b(?:today|tonight|this (?:morning|afternoon|evening)|hoy|"
            r"esta (?:manana|tarde|noche))(?:'?s)?\b",
            _offset(0),
        ),
        (r"\b(?:day after tomorrow|pasado manana)\b", _offset(2)),
        (
            r"\b(?:tomorrow|tmrw|tmr|tmrow|tmorrow|2morrow|2moro|(?<!la )(?<!de )(?<!media )manana)"
            r"(?:'?s)?\b",
            _offset(1),
        ),
        (r"\b(?:yesterday|last night|ayer|anoche)(?:'?s)?\b", _offset(-1)),
        (
            r"\b(?:(?P<last>last\s+)|"
            r"(?P<which>next|this(?: coming)?|coming|(?:el )?proximo|este)\s+|"
            rf"el\s+)?(?P<day>{DAY})(?:'s?\b)?(?P<following>\s+(?:(?:of |de )?{_NEXT_WEEK}))?"
            r"(?P<coming>\s+(?:que viene|proximo)\b)?(?P<gone>\s+pasado\b)?",
            _weekday,
        ),
        (rf"\b{_NEXT_WEEK}\b", _next_week),
        (r"\b(?:this week|all week|the whole week|esta semana|toda la semana)\b", _this_week),
        (
            r"\b(?:(?:the\s+)?rest of (?:the|this) week|(?:el\s+)?resto de (?:la|esta) semana|"
            r"lo que queda de (?:la )?semana)\b",
            _this_week,
        ),
        (
            r"\b(?:(?P<next>next|(?:el )?proximo)\s+|(?:this|over the|the|el|este)\s+)?"
            r"(?:weekend|finde|fin de semana)\b",
            _weekend,
        ),
        (
            rf"\b(?:for|por|durante)\s+(?:the\s+next\s+)?(?:(?P<n>\d{{1,2}}|{NUMBER})\s+(?:days|dias)"
            r"|(?P<week>a week|1 week|one week|una semana))\b",
            _lasting,
        ),
    )
)

_SPELT = {
    name: index
    for index, names in enumerate(
        (
            "monday",
            "tuesday martes",
            "wednesday miercoles",
            "thursday jueves",
            "friday viernes",
            "saturday sabado",
            "sunday domingo",
        )
    )
    for name in names.split()
}


def misspelt_day(word: str, today: date) -> date | None:
    """The date of a weekday or of "tomorrow" with a slip of the pen ("wendesday"), by a folded
    word; None for any other."""
    for name in (*_SPELT, "tomorrow"):
        slips = 2 if len(name) >= 8 else 1
        if word[:1] == name[0] and OSA.distance(word, name, score_cutoff=slips) <= slips:
            ahead = (_SPELT[name] - today.weekday()) % 7 if name in _SPELT else 1
            return today + timedelta(days=ahead)
    return None
