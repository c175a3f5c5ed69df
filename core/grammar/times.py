"""Times of the day and spans of them, in figures and in words, in English and Spanish.

A text is first read as `clock_figures`: number words that tell a time stand as digits in their own
place ("half past eight" becomes "8:30" there). What is found is then taken out of the text itself,
so that every other number word, in a name say, stays as it was typed.
"""

import re
from dataclasses import dataclass

from core.grammar.durations import DURATION, minutes_in
from core.grammar.numbers import FILL, NUMBER, rewrite, value
from core.grammar.words import Misread, fold, take
from core.phrase import say
from core.week import DAY


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end`, minutes of a day; `end <= start` lasts past midnight."""

    start: int
    end: int


_HOUR = rf"(?P<hour>\d{{1,2}}|{NUMBER})"
_O_CLOCK = r"(?:\s+o'?\s?clock\b|\s+en punto\b)"
_PAST = (
    rf"\b(?:a\s+)?(?P<minutes>half|quarter|\d{{1,2}}|{NUMBER})(?P<unit>\s+minutes?)?[\s-]+"
    rf"(?P<way>past|after|to|till?|before|of)\s+{_HOUR}{_O_CLOCK}?"
)
_Y_MENOS = (
    r"(?P<between>\bentre\s+(?:las?\s+)?)?"
    rf"\b{_HOUR}\s+(?P<way>y|menos)\s+(?P<minutes>media|cuarto|\d{{1,2}}\b|{NUMBER})"
)
_BESIDE = rf"\b(?P<hour>{NUMBER})[\s-]+(?:oh[\s-]+|o[\s-]+)?(?P<minutes>{NUMBER})"
_NAMED = r"(?:noon|midday|midnight|mediodia|medianoche)"
_FIGURES = r"\d{1,2}(?:[:.h]\d{2})?(?:\s?[ap]\.?\s?m\b\.?|\s?h\b)?"
_LEADING = (
    r"(?P<lead>\b(?:at|from|until|till?|between|desde|hasta|entre|sobre|"
    rf"(?:a|de|desde|hasta|entre|sobre|y)\s+las?)\s+)(?P<word>{NUMBER})"
)
_OF_THE_DAY = r"(?:(?:de|por) la (?:manana|tarde|noche)|in the (?:morning|afternoon|evening))"
_FOLLOWED = rf"\b(?P<lead>)(?P<word>{NUMBER})(?=\s*(?:[ap]\.?\s?m\b|{_OF_THE_DAY}))"
# What is counted or aged is no time: "two to three times", "3 to 5 year olds".
_COUNTED = (
    r"(?!\s*-?\s*(?:years?|yrs?|y/?o|anos|months?|meses|times|veces|x|days|dias|grades?|grados?)\b)"
)
# An age or a grade may be a span, but of years.
_BEFORE = r"(?<![\d:.])(?<!\bage )(?<!\bages )(?<!\bgrade )(?<!\bgrades )(?<!\bedades )"
_FROM_TO = (
    rf"{_BEFORE}\b(?P<first>{_FIGURES}|{_NAMED}|{NUMBER})(?P<link>\s*(?:\b(?:to|until|till?|a|hasta)\b|\s-\s)"
    rf"\s*(?:las?\s+)?)(?P<last>{_FIGURES}|{_NAMED}|{NUMBER}){_COUNTED}"
)
_BETWEEN = (
    r"(?P<lead>\b(?:between|entre)\s+(?:las?\s+)?)"
    rf"(?P<first>{_FIGURES}|{_NAMED}|{NUMBER})(?P<link>\s+(?:and|y)\s+(?:las?\s+)?)"
    rf"(?P<last>{_FIGURES}|{_NAMED}|{NUMBER})"
)


def clock_figures(text: str) -> str:
    """The text folded, with digits where words tell a time; positions stay."""
    read = rewrite(_PAST, fold(text), _past)
    read = rewrite(_Y_MENOS, read, _y_menos)
    read = rewrite(_BESIDE, read, _beside)
    read = rewrite(rf"{_HOUR}{_O_CLOCK}", read, lambda found: _o_clock(value(found["hour"]), 0))
    for pattern in (_LEADING, _FOLLOWED):
        read = rewrite(pattern, read, lambda found: found["lead"] + _digits(found["word"]))
    read = rewrite(_FROM_TO, read, _from_to)
    return rewrite(_BETWEEN, read, _from_to)


def _o_clock(hour: int, minutes: int) -> str | None:
    """ "H:MM" of minutes after an hour, or (below 0) before it; None if no clock shows it."""
    if not 1 <= hour <= 24 or not -60 < minutes < 60:
        return None
    if minutes < 0:
        hour, minutes = 12 if hour in (1, 13) else hour - 1, minutes + 60
    return f"{hour}:{minutes:02}"


def _past(found: re.Match[str]) -> str | None:
    minutes, way, hour = found["minutes"], found["way"], value(found["hour"])
    if hour > 12:
        return None
    if minutes == "half":
        return _o_clock(hour, 30) if way == "past" else None
    if minutes == "quarter":
        return _o_clock(hour, 15 if way in ("past", "after") else -15)
    number = value(minutes)
    if way in ("past", "after"):
        # "Art 5 after 3" is anything; in words it is a time.
        clear = way == "past" or found["unit"] or not minutes.isdecimal()
        return _o_clock(hour, number) if clear else None
    # "Ten to two" lasts four hours, "twenty to two" cannot.
    clear = found["unit"] or (number in (20, 25) and not minutes.isdecimal())
    return _o_clock(hour, -number) if clear and way != "of" else None


def _y_menos(found: re.Match[str]) -> str | None:
    minutes, hour = found["minutes"], value(found["hour"])
    named = {"media": 30, "cuarto": 15}.get(minutes)
    lead = found["between"] or ""
    if named is None:
        # "Entre nueve y diez" are two times, and "9 y 10" may be.
        if lead or (found["way"] == "y" and found["hour"].isdecimal()):
            return None
        named = value(minutes)
    written = _o_clock(hour, named if found["way"] == "y" else -named)
    return f"{lead}{written}" if written else None


def _beside(found: re.Match[str]) -> str | None:
    hour, minutes = value(found["hour"]), value(found["minutes"])
    oh = re.search(r"[\s-]oh?[\s-]", found[0]) is not None
    if hour > 12 or (minutes < 10) is not oh or minutes % 5:
        return None
    return _o_clock(hour, minutes)


def _digits(written: str) -> str:
    """A time's end as digits, in the room that its word took."""
    is_word = not written[0].isdigit() and not re.fullmatch(_NAMED, written)
    return str(value(written)).rjust(len(written), FILL) if is_word else written


def _from_to(found: re.Match[str]) -> str | None:
    first, last = found["first"], found["last"]
    if first == last:
        # "One to one" is a way of teaching.
        return None
    lead = found.groupdict().get("lead") or ""
    return f"{lead}{_digits(first)}{found['link']}{_digits(last)}"


def _time(name: str, *, compact: bool = False) -> str:
    """One time; `compact` allows "0930" and "430" too."""
    digits = rf"(?P<{name}c>\d{{1,2}}[0-5][05])(?!\d)(?:\s?h(?:rs?)?\b)?|" if compact else ""
    return (
        rf"(?:(?P<{name}n>noon|midday|mediodia)|(?P<{name}z>midnight|medianoche)|"
        rf"(?:{digits}(?P<{name}h>\d{{1,2}})(?:\s?[:.h]\s?(?P<{name}m>\d{{2}})|\s?h(?:rs?)?\b)?)"
        rf"(?:\s?(?P<{name}p>[ap])\.?\s?m\b\.?|\s(?P<{name}e>{_OF_THE_DAY}))?)"
    )


_SPAN = (
    _BEFORE
    + r"(?:(?P<both>\b(?:between|entre)\s+)|\b(?:(?:from|de|desde|at)\s+|a\s+(?=las?\b)))?"
    + r"(?:las?\s+)?"
    + _time("s", compact=True)
    + r"(?(both)\s*(?:-|\b(?:to|and|a|y)\b)|\s*(?:-|\b(?:to|till?|until|thru|through|a|hasta)\b))"
    + r"\s*(?:las?\s+)?"
    + _time("e", compact=True)
    + r"(?![\d:])"
    + _COUNTED
)
_LENGTH = rf"(?:\b(?:for|durante|por)\s+)?(?:{DURATION})"
_MARKED = r"(?:\d{1,2}(?:[:.h]\d{2})?\s?[ap]\.?\s?m\b|\d{1,2}:\d{2}(?!\d)|noon\b|mediodia\b)"
_AT = (
    r"(?<![\d:.])(?:(?:\b(?:at|from|desde)\s+(?:las?\s+)?|\b(?:a|de|sobre)\s+las?\s+)"
    + rf"(?=\d|noon|midday|mediodia)|(?={_MARKED}))"
    + _time("s", compact=True)
    + r"(?![\d:])"
    + _COUNTED
)
_HOUR_ONLY = r"(?<![\d:.])(?<!\bgrade )(?<!\broom )" + _time("s") + r"(?![\d:])"
_UNTIL = (
    r"\b(?:until|till?|hasta|to|a)\s+(?:las?\s+)?(?=\d|noon|midday|mediodia|midnight|medianoche)"
    + _time("s", compact=True)
    + r"(?![\d:])"
)
LONGEST_GUESS = 10 * 60
"""Minutes that a span may last whose beginning lacks its "am" or "pm"."""


def _take(pattern: str, text: str) -> tuple[re.Match[str] | None, str]:
    """As `take`, of the text's `clock_figures`."""
    figures = clock_figures(text)
    found = re.search(pattern, figures)
    if found is None:
        return None, text
    begin = len(figures[: found.start()].rstrip(FILL))
    return found, f"{text[:begin]} {text[found.end() :]}"


@dataclass(frozen=True, slots=True)
class _Clock:
    """A time as it was written: `minute` as read, `open` if noon could lie on either side."""

    minute: int
    open: bool


def _clock(found: re.Match[str], name: str, half: str | None = None) -> _Clock | None:
    """The time of a match's group; None if no clock shows it. `half` is the "am" or "pm" of the
    other end of the span."""
    parts = found.groupdict()
    if parts[f"{name}n"]:
        return _Clock(12 * 60, False)
    if parts[f"{name}z"]:
        return _Clock(DAY, False)
    compact: str | None = parts.get(f"{name}c")
    written = compact[:-2] if compact else parts[f"{name}h"]
    hour, minutes = int(written), int((compact[-2:] if compact else parts[f"{name}m"]) or 0)
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
        return "a" if phrase.endswith(("manana", "morning")) else "p"
    half: str | None = found[f"{name}p"]
    return half


def take_span(text: str) -> tuple[Span | Misread | None, str]:
    """From when to when ("4-5pm", "half past eight to ten", "0900-1400", "de 16 a 17", "4pm for
    45 min"), and the rest of the text. None: no times at all; `Misread`: times that no clock shows.

    Where "am" and "pm" are missing the likelier half of the day counts: "9-2" ends at 14:00 and
    "4-5" is in the afternoon.
    """
    found, rest = _take(_SPAN, text)
    if found:
        end_half, start_half = _half(found, "e"), _half(found, "s")
        start, end = _clock(found, "s"), _clock(found, "e")
        if start is None or end is None:
            return Misread(say("times.impossible")), rest
        return _resolve(found, start, end, start_half, end_half), rest
    begin, rest = take_start(text)
    if isinstance(begin, Misread):
        return begin, rest
    lasting, rest = take(_LENGTH, rest)
    if lasting is None:
        return None, text
    if begin is None:
        begin, rest = _only_hour(rest)
    if begin is None:
        return None, text
    return Span(begin, min(begin + minutes_in(lasting), DAY)), rest


def _only_hour(text: str) -> tuple[int | None, str]:
    """The first number of a text as an hour: "Piano Tue 4 for 45 min"."""
    found, rest = _take(_HOUR_ONLY, text)
    moment = _clock(found, "s") if found else None
    return (None, text) if moment is None else (_likely(moment), rest)


def take_start(text: str) -> tuple[int | Misread | None, str]:
    """The minute of the first time that is marked as one ("at 4", "7pm", "9:30", "a las tres y
    cuarto", "at noon"), and the rest of the text."""
    return _moment(_AT, text)


def take_end(text: str) -> tuple[int | Misread | None, str]:
    """The minute in "until 5" or "hasta las 12", and the rest of the text."""
    return _moment(_UNTIL, text)


def take_hour(text: str) -> tuple[int | Misread | None, str]:
    """The minute that a text is, without any mark: "4", "nine", "9:30"."""
    figures = rewrite(rf"\b{NUMBER}", clock_figures(text), lambda found: str(value(found[0])))
    if re.fullmatch(r"\s*" + _time("s", compact=True) + r"\W*", figures) is None:
        return None, text
    moment, _ = _moment(_time("s", compact=True), figures)
    return moment, ""


def take_fixed_time(text: str) -> tuple[int | Misread | None, str]:
    """The minute in "at 11:00", "a las 11", "half past nine" or a bare "11:00", and the rest of
    the text."""
    return _moment(_AT, text)


def _moment(pattern: str, text: str) -> tuple[int | Misread | None, str]:
    found, rest = _take(pattern, text)
    if found is None:
        return None, text
    moment = _clock(found, "s")
    if moment is None:
        return Misread(say("times.impossible")), rest
    return _likely(moment), rest


@dataclass(frozen=True, slots=True)
class Hours:
    """A span that a text tells from `begin` to `end` (positions): from minute `start` to `stop`."""

    begin: int
    end: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A time that a text tells from `begin` to `end` (positions). `other` is the minute in the
    other half of the day, where the text leaves it open. `lead` is the word before it ("at",
    "until", "a las"), in folded letters."""

    begin: int
    end: int
    minute: int
    other: int | None
    lead: str


_HOUR_AND_MINUTES = (
    r"\b((?:at|to|from|las?|a|by) \d{1,2}) ([0-5]\d)(?=$|\s+[^\W\dhm]|\s*[^\w\s:/-])"
)
_LEADS = (
    r"(?P<lead>\b(?:at|to|until|till?|by|from|since|around|desde|hasta|sobre|para|@)\s+(?:las?\s+)?"
    r"|\b(?:a|de|como a)\s+las?\s+|\blas?\s+|@\s*)"
)
_TOLD = (
    rf"(?<![\d:./-])(?:{_LEADS}(?=\d|noon|midday|mediodia\b)|(?={_MARKED}))"
    + _time("s", compact=True)
    + r"(?![\d:/])(?!\s?%)"
    + _COUNTED
)


def hours_told(text: str) -> tuple[Hours, ...]:
    """All spans that a text tells with a beginning and an end; what no clock shows is none."""
    told = []
    for begin, end in span_places(text):
        span, _ = take_span(text[begin:end])
        if isinstance(span, Span):
            told.append(Hours(begin, end, span.start, span.end))
    return tuple(told)


def moments_told(text: str) -> tuple[Moment, ...]:
    """All times that a text marks as such: by figures ("9:30", "2 pm", "noon") or by the word
    before them ("at 9", "to two", "a las 3", "until 10 30"); what no clock shows is none."""
    figures = clock_figures(text)
    figures = rewrite(rf"(?P<lead>\bto\s+)(?P<word>{NUMBER})", figures, _after_to)
    told = []
    for found in re.finditer(_TOLD, figures):
        moment = _clock(found, "s")
        if moment is None or moment.minute >= DAY:
            continue
        likely = _likely(moment)
        other = (likely + 12 * 60) % DAY if moment.open else None
        begin = len(figures[: found.start()].rstrip(FILL))
        lead = " ".join((found["lead"] or "").split())
        told.append(Moment(begin, found.end(), likely, other, lead))
    return tuple(told)


def _after_to(found: re.Match[str]) -> str:
    return found["lead"] + _digits(found["word"])


def apart(text: str) -> str:
    """The text with a colon where a blank parts hour and minutes ("at 9 45"); positions stay."""
    return re.sub(_HOUR_AND_MINUTES, r"\1:\2", text)


def span_places(text: str) -> list[tuple[int, int]]:
    """From where to where a text names spans."""
    figures = clock_figures(text)
    return [
        (len(figures[: found.start()].rstrip(FILL)), found.end())
        for found in re.finditer(_SPAN, figures)
    ]


def holds_time(text: str) -> bool:
    """Whether a text names a span, or a time that is marked as one."""
    figures = clock_figures(text)
    return bool(re.search(_SPAN, figures) or re.search(_AT, figures))


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


def _likely(moment: _Clock) -> int:
    """The minute; one that could be before noon or after it is not in the night."""
    return moment.minute + 12 * 60 if moment.open and moment.minute < 7 * 60 else moment.minute
