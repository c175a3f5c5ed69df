"""Weekdays and dates, in English and Spanish."""

import re
from calendar import monthrange
from datetime import date, timedelta

from core.grammar.words import Misread, fold, take
from core.phrase import say
from core.week import Weekday

DAYS = {
    name: index
    for index, names in enumerate(
        ("mon lun", "tue mar", "wed mie", "thu jue", "fri vie", "sat sab", "sun dom")
    )
    for name in names.split()
}
DAY = (
    r"(?:mon(?:days?)?|lun(?:es)?|tue(?:s|sdays?)?|mar(?:tes)?|wed(?:s|nesdays?)?|"
    r"mie(?:r|rc|rcoles)?|thu(?:rs?|rsdays?)?|jue(?:v|ves)?|fri(?:days?)?|vie(?:r|rnes)?|"
    r"sat(?:urdays?)?|sab(?:ados?)?|sun(?:days?)?|dom(?:ingos?)?)\b\.?"
)
_BETWEEN_DAYS = rf"\b({DAY})\s*(?:-|to|through|thru|a|al)\s*({DAY})"
_GROUPS = (
    (r"\b(?:(?:every |on )?(?:weekdays?|school ?days)|entre semana|dias de semana)\b", range(5)),
    (r"\b(?:m-f|l-v|l a v)\b", range(5)),
    (
        r"\b(?:(?:on |every )?(?:the )?weekends?|(?:los )?fin(?:es)? de semana)\b",
        range(5, 7),
    ),
    (r"\bm[/ ]?w[/ ]?f\b", (0, 2, 4)),
    (r"\btu?[/ ]?th\b", (1, 3)),
)
DAILY = r"\b(?:daily|every ?day|each day|diari[oa](?:mente)?|a diario|todos los dias|cada dia)\b"
_BUT = (
    r"\b(?:except(?: for)?|but(?: not)?|menos|salvo|excepto)(?=\s+(?:on\s+|the\s+|el\s+|los\s+)?"
    rf"{DAY})"
)


def take_days(text: str) -> tuple[tuple[Weekday, ...], str]:
    """The weekdays that a text names ("Mon Wed", "lunes a viernes", "MWF", "every day but
    Sunday"), and the rest of it."""
    days: set[int] = set()
    for pattern, meant in _GROUPS:
        found, text = take(pattern, text)
        if found:
            days.update(meant)
    but, rest = take(_BUT, text)
    daily, rest = take(DAILY, rest)
    text = rest if but and daily else text
    found, text = take(_BETWEEN_DAYS, text)
    while found:
        first, last = DAYS[found[1][:3]], DAYS[found[2][:3]]
        days.update((first + offset) % 7 for offset in range((last - first) % 7 + 1))
        found, text = take(_BETWEEN_DAYS, text)
    found, text = take(rf"\b{DAY}", text)
    while found:
        days.add(DAYS[found[0][:3]])
        found, text = take(rf"\b{DAY}", text)
    if but and daily:
        days = set(range(7)) - days
    return tuple(Weekday(day) for day in sorted(days)), text


MONTHS = {
    name: index
    for index, names in enumerate(
        (
            "jan ene",
            "feb",
            "mar",
            "apr abr",
            "may",
            "jun",
            "jul",
            "aug ago",
            "sep",
            "oct",
            "nov",
            "dec dic",
        ),
        start=1,
    )
    for name in names.split()
}
MONTH = (
    r"(?:jan|january|ene|enero|feb|february|febrero|mar|march|marzo|apr|april|abr|abril|may|mayo|"
    r"jun|june|junio|jul|july|julio|aug|august|ago|agosto|sep|sept|september|septiembre|oct|"
    r"october|octubre|nov|november|noviembre|dec|december|dic|diciembre)\b\.?"
)
# A number after a month is a day only if it does not begin a time: "mar 4-5pm" is a Tuesday.
NOT_A_TIME = r"(?!\d|\s*(?:[-:]\s*\d|h\b|[ap]\.?m\b|(?:to|a|hasta)\s+\d))"
DATES = (
    (
        r"(?<![\d/])(?P<m>0?[1-9]|1[0-2])/(?P<d>1[3-9]|2\d|3[01])(?:/(?P<y>20\d{2}))?(?![\d/])",
        False,
    ),
    (
        r"(?<![\d/])(?P<d>1[3-9]|2\d|3[01])/(?P<m>0?[1-9]|1[0-2])(?:/(?P<y>20\d{2}))?(?![\d/])",
        False,
    ),
    (r"\b(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})\b", False),
    (
        rf"\b(?P<m>{MONTH})\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?{NOT_A_TIME}"
        r"(?:,?\s+(?P<y>20\d{2})\b)?",
        True,
    ),
    (
        rf"(?<![\d:.-])(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+|de\s+)?(?P<m>{MONTH})"
        r"(?:(?:,|\s+de|\s+del)?\s+(?P<y>20\d{2})\b)?",
        True,
    ),
)
_NEAR = (
    (r"\b(?:today|hoy)\b", 0),
    (r"\b(?:tomorrow|(?<!la )(?<!de )manana)\b", 1),
)
_COMING = (
    rf"\b(?:(?:next|this(?: coming)?|coming|el proximo|proximo|este)\s+(?P<a>{DAY})|"
    rf"(?:el\s+)?(?P<b>{DAY})\s+que viene\b)"
)


def date_places(text: str) -> list[tuple[int, int]]:
    """From where to where a text names dates; there are commas in some."""
    folded = fold(text)
    return [found.span() for pattern, _ in DATES for found in re.finditer(pattern, folded)]


def take_date(text: str, today: date) -> tuple[date | Misread | None, str]:
    """The date that a text names, and the rest of it. Without a year the next such date counts;
    a day that its month never has is a `Misread`, and so is a date that is over."""
    for pattern, named in DATES:
        found, rest = take(pattern, text)
        if found is None:
            continue
        month = MONTHS[found["m"][:3]] if named else int(found["m"])
        years = (int(found["y"]),) if found["y"] else range(today.year, today.year + 9)
        for year in years:
            if 1 <= month <= 12 and 1 <= int(found["d"]) <= monthrange(year, month)[1]:
                day = date(year, month, int(found["d"]))
                if day >= today:
                    return day, rest
                if found["y"]:
                    return Misread(say("date.over")), rest
        return Misread(say("date.impossible")), rest
    for pattern, offset in _NEAR:
        found, rest = take(pattern, text)
        if found:
            return today + timedelta(days=offset), rest
    found, rest = take(_COMING, text)
    if found:
        wanted = DAYS[(found["a"] or found["b"])[:3]]
        return today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1), rest
    return None, text


def take_dates(text: str, today: date) -> tuple[tuple[date, ...] | Misread, str]:
    """All dates that a text names, in order, and the rest of it."""
    days: set[date] = set()
    day, rest = take_date(text, today)
    while day is not None:
        if isinstance(day, Misread):
            return day, rest
        days.add(day)
        day, rest = take_date(rest, today)
    return tuple(sorted(days)), rest


def next_with(number: int, today: date) -> date:
    """The first date from `today` on that is its month's `number`-th (1 to 31)."""
    day = today
    while day.day != number:
        day += timedelta(days=1)
    return day
