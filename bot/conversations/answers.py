"""The grammar of typed answers, in English and Spanish alike: words, names, days, dates, times."""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches

from core.phrase import Phrase, say
from core.text import clean_text
from core.week import DAY, Weekday

LONGEST_NAME = 80
LABEL = 19
"""Characters that a button's label may have."""


@dataclass(frozen=True, slots=True)
class Misread:
    """An answer that was not understood: what was wrong, and an example."""

    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end`, minutes of a day; `end <= start` lasts past midnight."""

    start: int
    end: int


def clean(text: str) -> str:
    """The text in NFC without control characters and lone surrogates, trimmed, at most one blank
    in a row; line ends are kept."""
    kept = "".join(
        char for char in clean_text(text) if char in "\n\t" or unicodedata.category(char) != "Cc"
    )
    lines = (" ".join(line.split()) for line in kept.split("\n"))
    return "\n".join(line for line in lines if line)


def fold(text: str) -> str:
    """The text in lower case without accents and with plain dashes and quotes; character by
    character, so that positions stay those of `text`."""
    return "".join(_fold_char(char) for char in text)


def _fold_char(char: str) -> str:
    if char in "–—−‐":
        return "-"
    if char in "’‘´`":
        return "'"
    return unicodedata.normalize("NFD", char)[0].lower()[0]


def take(pattern: str, text: str) -> tuple[re.Match[str] | None, str]:
    """The first place where `pattern` (written in folded letters) stands in `text`, and the text
    without it."""
    found = re.search(pattern, fold(text))
    if found is None:
        return None, text
    return found, f"{text[: found.start()]} {text[found.end() :]}"


def short(text: str) -> str:
    """A name as it fits on a button."""
    return text if len(text) <= LABEL else f"{text[: LABEL - 1].rstrip()}…"


def closest(text: str, known: Iterable[str]) -> str | None:
    """The known text of which this one is most likely a misspelling."""
    found = get_close_matches(text, list(known), n=1, cutoff=0.75)
    return found[0] if found else None


def _vocabulary(words: str) -> frozenset[str]:
    return frozenset(words.split("|"))


_YES = _vocabulary(
    "y|yes|yep|yeah|yup|sure|ok|okay|fine|good|great|perfect|correct|right|looks right|looks good|"
    "i agree|agree|accept|continue|next|done|that's all|thats all|that is all|ready|go|si|claro|"
    "vale|bien|perfecto|correcto|esta bien|de acuerdo|acepto|estoy de acuerdo|continuar|siguiente|"
    "listo|lista|eso es todo|ya|✅|👍|👌|✔️|✔|🆗"
)
_NO = _vocabulary(
    "n|no|nope|none|nothing|never|no thanks|no thank you|skip|not now|no more|nada|ninguno|"
    "ninguna|nunca|no gracias|no, gracias|saltar|omitir|nada mas|no hay|👎|❌"
)
_BACK = _vocabulary("back|go back|previous|<|atras|volver|anterior|regresar|⬅️|◀️|🔙")


def _word(text: str) -> str:
    return fold(text).strip(" .!¡,")


def means_yes(text: str) -> bool:
    return _word(text) in _YES


def means_no(text: str) -> bool:
    return _word(text) in _NO


def means_back(text: str) -> bool:
    return _word(text) in _BACK


def check_name(name: str) -> Misread | None:
    """Why this cannot be the name of a person or of anything in the week; None if it can."""
    if not any(char.isalpha() for char in name):
        return Misread(say("name.letters"))
    if len(name) > LONGEST_NAME:
        return Misread(say("name.too_long", count=LONGEST_NAME))
    return None


_EDGES = _vocabulary(
    "on|at|from|to|until|every|each|and|y|e|el|los|las|de|del|desde|hasta|a|en|cada|is|es|por|in|"
    "of|for|para|the"
)


def tidy_person(text: str) -> str:
    """A person's name without brackets, and without words that hold neither letter nor digit."""
    words = re.sub(r"[()\[\]\"“”]", " ", text).split()
    return " ".join(w for w in words if any(char.isalnum() for char in w)).strip(" ,;:-–—·.!?")


def tidy_name(text: str) -> str:
    """What remains of a thing's name once days and times were taken out of its line."""
    words = re.sub(r"[()\[\]\"“”]", " ", text).split()
    words = [word for word in words if any(char.isalnum() for char in word) or word in "&+"]
    while words and fold(words[-1]).strip(",;:-.&+") in _EDGES | {""}:
        words.pop()
    while len(words) > 1 and fold(words[0]).strip(",;:-.") in _EDGES - {"la", "el", "the", "los"}:
        words.pop(0)
    return " ".join(words).strip(" ,;:-–—·.")


def read_names(text: str) -> list[str]:
    """The names in "Sarah and Tom", "Sarah, Tom y Ana"."""
    parts = re.split(r"\s*(?:[,;&+/\n]|\b(?:and|y|e)\b)\s*", text)
    return [name for part in parts if (name := part.strip(" .!")) != ""]


_DAYS = {
    name: index
    for index, names in enumerate(
        ("mon lun", "tue mar", "wed mie", "thu jue", "fri vie", "sat sab", "sun dom")
    )
    for name in names.split()
}
_DAY = (
    r"(?:mon(?:days?)?|lun(?:es)?|tue(?:s|sdays?)?|mar(?:tes)?|wed(?:s|nesdays?)?|"
    r"mie(?:rcoles)?|thu(?:rs?|rsdays?)?|jue(?:ves)?|fri(?:days?)?|vie(?:rnes)?|"
    r"sat(?:urdays?)?|sab(?:ados?)?|sun(?:days?)?|dom(?:ingos?)?)\b\.?"
)
_DAY_RANGE = rf"\b({_DAY})\s*(?:-|to|through|thru|a|al)\s*({_DAY})"
_WORKDAYS = r"\b(?:(?:every |on )?(?:weekdays?|school ?days)|entre semana|dias de semana)\b"
_WEEKEND = r"\b(?:(?:on |every )?(?:the )?weekends?|(?:los )?fin(?:es)? de semana)\b"
DAILY = r"\b(?:daily|every ?day|each day|diari[oa](?:mente)?|a diario|todos los dias|cada dia)\b"


def take_days(text: str) -> tuple[tuple[Weekday, ...], str]:
    """The weekdays that a text names ("Mon Wed", "lunes a viernes", "MWF"), and the rest of it."""
    days: set[int] = set()
    for pattern, meant in (
        (_WORKDAYS, range(5)),
        (_WEEKEND, range(5, 7)),
        (r"\bm/?w/?f\b", (0, 2, 4)),
        (r"\btu?/?th\b", (1, 3)),
    ):
        found, text = take(pattern, text)
        if found:
            days.update(meant)
    found, text = take(_DAY_RANGE, text)
    while found:
        first, last = _DAYS[found[1][:3]], _DAYS[found[2][:3]]
        days.update((first + offset) % 7 for offset in range((last - first) % 7 + 1))
        found, text = take(_DAY_RANGE, text)
    found, text = take(rf"\b{_DAY}", text)
    while found:
        days.add(_DAYS[found[0][:3]])
        found, text = take(rf"\b{_DAY}", text)
    return tuple(Weekday(day) for day in sorted(days)), text


_MONTHS = {
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
_MONTH = (
    r"(jan|january|ene|enero|feb|february|febrero|mar|march|marzo|apr|april|abr|abril|may|mayo|"
    r"jun|june|junio|jul|july|julio|aug|august|ago|agosto|sep|sept|september|septiembre|oct|"
    r"october|octubre|nov|november|noviembre|dec|december|dic|diciembre)\b\.?"
)
# A number after a month is a day only if it does not begin a time: "mar 4-5pm" is a Tuesday.
_NOT_A_TIME = r"(?!\d|\s*(?:[-:]\s*\d|h\b|[ap]\.?m\b|(?:to|a|hasta)\s+\d))"
_DATES = (
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
        rf"\b(?P<m>{_MONTH})\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?{_NOT_A_TIME}"
        r"(?:,?\s+(?P<y>20\d{2})\b)?",
        True,
    ),
    (
        rf"(?<![\d:.-])(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+|de\s+)?(?P<m>{_MONTH})"
        r"(?:(?:,|\s+de|\s+del)?\s+(?P<y>20\d{2})\b)?",
        True,
    ),
)


def take_date(text: str, today: date) -> tuple[date | Misread | None, str]:
    """The date that a text names, and the rest of it. Without a year the next such date counts;
    a day that its month never has is a `Misread`, and so is a date that is over."""
    for pattern, named in _DATES:
        found, rest = take(pattern, text)
        if found is None:
            continue
        month = _MONTHS[found["m"][:3]] if named else int(found["m"])
        years = (int(found["y"]),) if found["y"] else range(today.year, today.year + 9)
        for year in years:
            if 1 <= month <= 12 and 1 <= int(found["d"]) <= monthrange(year, month)[1]:
                day = date(year, month, int(found["d"]))
                if day >= today:
                    return day, rest
                if found["y"]:
                    return Misread(say("date.over")), rest
        return Misread(say("date.impossible")), rest
    for pattern, offset in ((r"\b(?:today|hoy)\b", 0), (r"\b(?:tomorrow|(?<!la )manana)\b", 1)):
        found, rest = take(pattern, text)
        if found:
            return today + timedelta(days=offset), rest
    return None, text


def _time(name: str) -> str:
    return (
        rf"(?:(?P<{name}n>noon|midday|mediodia)|(?P<{name}z>midnight|medianoche)|"
        rf"(?P<{name}h>\d{{1,2}})(?:\s?[:.h]\s?(?P<{name}m>\d{{2}})|\s?h(?:rs?)?\b)?"
        rf"(?:\s?(?P<{name}p>[ap])\.?m\b\.?|\s(?P<{name}e>de la (?:manana|tarde|noche)))?)"
    )


_SPAN = (
    r"(?<![\d:.])(?:\b(?:from|between|de|desde|entre|at)\s+)?(?:las?\s+)?"
    + _time("s")
    + r"\s*(?:-|\b(?:to|till?|until|and|a|hasta|y)\b)\s*(?:las?\s+)?"
    + _time("e")
    + r"(?![\d:])"
)
_LENGTH = (
    r"\b(?:for|durante|por)\s+(?:(?P<n>\d{1,3})\s?(?P<u>min\w*|m|h\w*)|(?P<one>an hour|una hora))\b"
)
_AT = r"(?<![\d:.])(?:\b(?:at|from|a|de|desde|sobre)\s+)?(?:las?\s+)?" + _time("s") + r"(?![\d:])"
_BARE = r"(?<![\d:.])(?=\d{1,2}:\d{2})" + _time("s") + r"(?![\d:])"
_MARKED = (
    r"(?<![\d:.])(?:\d{1,2}(?:[:.]\d{2})?\s?[ap]\.?m\b|\d{1,2}:\d{2}(?!\d)|a\s+las?\s+\d{1,2}\b)"
)
# "Room 12" and "Grade 3" are names; a number behind a comma or "and" is otherwise an hour.
_HOUR_NEXT = (
    r"(?:[,;&+]|\b(?:and|y)\b).*?(?<!\w)(?<!room )(?<!grade )(?<!class )(?<!field )(?<!level )"
    r"(?<!group )(?<!gym )(?<!studio )(?<!troop )(?<!year )(?<!court )(?<!aula )(?<!sala )"
    r"(?<!salon )(?<!grado )(?<!nivel )(?<!grupo )(?<!cancha )(?<!clase )(?<!pista )"
    r"(?:(?:1?\d|2[0-4])(?:\s?h)?\b|noon\b|midnight\b|mediodia\b|medianoche\b)"
)
LONGEST_GUESS = 10 * 60
"""Minutes that a span may last whose beginning lacks its "am" or "pm"."""
_FIXED = r"(?<![\d:.])\b(?:at\s+|a\s+las?\s+)" + _time("s") + r"(?![\d:])"


@dataclass(frozen=True, slots=True)
class _Clock:
    """A time as it was written: `minute` as read, `open` if noon could lie on either side."""

    minute: int
    open: bool


def _clock(found: re.Match[str], name: str, half: str | None = None) -> _Clock | None:
    """The time of a match's group; None if no clock shows it. `half` is the "am" or "pm" of the
    other end of the span."""
    if found[f"{name}n"]:
        return _Clock(12 * 60, False)
    if found[f"{name}z"]:
        return _Clock(DAY, False)
    written = found[f"{name}h"]
    hour, minutes = int(written), int(found[f"{name}m"] or 0)
    half = _half(found, name) or half
    if minutes > 59 or hour > 24 or (hour == 24 and minutes):
        return None
    if half and 1 <= hour <= 12:
        return _Clock((hour % 12 + (12 if half == "p" else 0)) * 60 + minutes, False)
    if half and _half(found, name):
        return None
    twelve = 1 <= hour <= 12 and not written.startswith("0")
    return _Clock(hour * 60 + minutes, twelve)


def _half(found: re.Match[str], name: str) -> str | None:
    phrase: str | None = found[f"{name}e"]
    if phrase:
        return "a" if phrase.endswith("manana") else "p"
    half: str | None = found[f"{name}p"]
    return half


def take_span(text: str) -> tuple[Span | Misread | None, str]:
    """From when to when ("4-5pm", "10-11:30", "9 to 14", "de 16 a 17", "4pm for 45 min"), and
    the rest of the text. None: no times at all; `Misread`: times that no clock shows.

    Where "am" and "pm" are missing the likelier half of the day counts: "9-2" ends at 14:00 and
    "4-5" is in the afternoon.
    """
    found, rest = take(_SPAN, text)
    if found:
        end_half, start_half = _half(found, "e"), _half(found, "s")
        start, end = _clock(found, "s"), _clock(found, "e")
        if start is None or end is None:
            return Misread(say("times.impossible")), rest
        return _resolve(found, start, end, start_half, end_half), rest
    lasting, without = take(_LENGTH, text)
    at, rest = take(_AT, without)
    if at and lasting:
        begin = _clock(at, "s")
        if begin is None:
            return Misread(say("times.impossible")), rest
        amount = 60 if lasting["one"] else int(lasting["n"])
        if lasting["u"] and lasting["u"].startswith("h"):
            amount *= 60
        first = _afternoon(begin) if begin.open else begin.minute
        return Span(first, min(first + amount, DAY)), rest
    if at and (begin := _clock(at, "s")) is None:
        return Misread(say("times.impossible")), rest
    return None, text


def holds_time(text: str) -> bool:
    """Whether a text still names a time once a span was taken out of it."""
    folded = fold(text)
    return bool(re.search(_SPAN, folded) or re.search(_MARKED, folded))


def goes_on_with_hour(text: str) -> bool:
    """Whether what follows a span goes on with an hour: ", market Sat 9", "and 6"."""
    return bool(re.search(_HOUR_NEXT, fold(text)))


def _resolve(
    found: re.Match[str], start: _Clock, end: _Clock, start_half: str | None, end_half: str | None
) -> Span | Misread:
    if end_half and not start_half and start.open:
        # "4-5pm" begins at 16:00, but "10-1pm" at 10:00.
        same = _clock(found, "s", end_half) or start
        start = same if same.minute < end.minute else start
        if (end.minute - start.minute) % DAY > LONGEST_GUESS:
            # "5-4pm" is rather a slip than eleven hours.
            return Misread(say("times.which_half"))
        return Span(start.minute, end.minute)
    if start_half and not end_half and end.open and end.minute < 12 * 60:
        late = end.minute + 12 * 60
        return Span(start.minute, late if end.minute <= start.minute < late else end.minute)
    first, last = start.minute, end.minute
    if found["sn"] and end.open and last <= first:
        return Span(first, last + 12 * 60)
    if start.open and end.open and first != last:
        if last <= first < 12 * 60:
            return Span(first, last + 12 * 60)
        if first >= 12 * 60 and last < 12 * 60:
            return Span(first, last + 12 * 60)
        if 60 <= first < 7 * 60 and last < 12 * 60:
            return Span(first + 12 * 60, last + 12 * 60)
    return Span(first, last)


def _afternoon(moment: _Clock) -> int:
    return moment.minute + 12 * 60 if moment.minute < 7 * 60 else moment.minute


def take_fixed_time(text: str) -> tuple[int | Misread | None, str]:
    """The minute in "at 11:00", "a las 11" or a bare "11:00", and the rest of the text."""
    found, rest = take(_FIXED, text)
    if found is None:
        found, rest = take(_BARE, text)
    if found is None:
        return None, text
    moment = _clock(found, "s")
    if moment is None:
        return Misread(say("times.impossible")), rest
    return (_afternoon(moment) if moment.open else moment.minute), rest
