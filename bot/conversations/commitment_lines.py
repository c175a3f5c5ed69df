"""Commitments as they are typed: what one line says, and where one ends and the next begins."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from bot.conversations.answers import (
    DAILY,
    Misread,
    check_name,
    date_places,
    fold,
    holds_time,
    next_with,
    span_places,
    take,
    take_dates,
    take_days,
    take_span,
    take_start,
    tidy_name,
)
from core.family import CommitmentFrequency
from core.phrase import say
from core.week import DAY, Weekday


class Whose(StrEnum):
    """Which list a commitment stands in; also the key of its question."""

    AWAY = "away"
    FAMILY = "familyCommitments"
    CHILD = "commitments"


@dataclass(frozen=True, slots=True)
class Reader:
    """What must be known to read a line: whose list it is for, and who can be named in it."""

    whose: Whose
    today: date
    adults: tuple[str, ...]
    child: str = ""
    siblings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parts:
    """What a line says of a commitment; "", (), False and None where it says nothing.

    Several `dates` are as many one-time commitments, several `adults` (indices) one for each.
    `start` may stand without `end`. `problem`: why it cannot be kept as it is.
    """

    name: str = ""
    frequency: CommitmentFrequency | None = None
    days: tuple[Weekday, ...] = ()
    dates: tuple[date, ...] = ()
    start: int | None = None
    end: int | None = None
    along: bool | None = None
    everybody: bool = False
    adults: tuple[int, ...] = ()
    problem: Misread | None = None


_MONTHLY = (
    r"\b(?:monthly|(?:of )?(?:every|each|the) month|(?:once a|per) month|mensual(?:mente)?|"
    r"(?:de )?cada mes|todos los meses|(?:una vez )?al mes)\b"
)
_DAY_OF_MONTH = (
    r"\b(?:(?:on )?the|day|el dia|dia|el)\s+(?P<a>\d{1,2})(?:st|nd|rd|th)?\b(?!\s*[:-]\s*\d)|"
    r"\b(?P<b>\d{1,2})(?:st|nd|rd|th)\b"
)
_WEEKLY = r"\b(?:weekly|(?:every|each|once a) week|semanal(?:mente)?|(?:cada|una vez por) semana)\b"
# "Once" is eleven in Spanish, and then something leads to it.
_ONCE = (
    r"\b(?:(?:just|only) once|one[- ]?(?:time|off)|una sola vez|solo una vez)\b|"
    r"(?<!\blas )(?<!\ba )(?<!\by )(?<!\bde )(?<!-)\bonce\s*$"
)
_SKIPPING = (
    r"\b(?:every (?:other|second|two)|bi-?weekly|fortnight(?:ly)?|cada (?:dos|2)|quincenal\w*)\b"
)
_ALONE = (
    r"\b(?:drop-? ?offs?|(?:on (?:her|his|their) own)|by (?:him|her)self|alone|without me|"
    r"(?:no|without an?) (?:grown-?up|adult)|(?<!una )sol[oa](?! una vez)|"
    r"sin (?:un )?adulto|sin mi)\b"
)
_ALONG = (
    r"\b(?:with (?:me|us|mom|mum|mama|dad|papa|an? (?:grown-?up|adult|parent))|"
    r"(?:and )?needs (?:me|an? (?:grown-?up|adult|parent))|i drive|conmigo|con nosotros|"
    r"con (?:un )?adulto|con mama|con papa)\b"
)
_EVERYBODY = (
    r"\b(?:(?:the )?whole family|all of us|everyone|everybody|toda la familia|todos juntos)\b"
)
_WORK = r"\b(?:at work|working|works?|job|trabaja|trabajando|trabajo|en el trabajo)\b"
_ME = r"\b(?:(?:just|only|solo)\s+(?:me|yo)\b|i(?:'m)?\b(?=\s+(?:am|work))|me\b|yo\b)"
# "Mercado sábado 9": an hour without a mark, where nothing else can follow the day.
_LONE_HOUR = r"(?P<day>\b[a-z]{3,9}\.?)[\s,]+(?P<hour>1?\d|2[0-4])\s*$"


def read_parts(text: str, reader: Reader) -> Parts:
    """What a text says of one commitment: "Soccer Mon Wed 4-5pm", "Dentist Nov 30 and Dec 7 10-11",
    "Nap daily 13-14", "Club monthly on the 15th 5-6pm", also but a part of one."""
    problem = Misread(say("commitment.skipping")) if take(_SKIPPING, text)[0] else None
    along, rest = _along(text, reader) if reader.whose is Whose.CHILD else (None, text)
    everybody, rest = take(_EVERYBODY, rest)
    adults, rest = ((), rest) if reader.whose is Whose.CHILD else _adults(rest, reader.adults)
    dates, rest = take_dates(rest, reader.today)
    if isinstance(dates, Misread):
        problem, dates = problem or dates, ()
    start, end, unclear, rest = _times(rest)
    monthly, rest = take(_MONTHLY, rest)
    in_month, rest = (None, rest) if dates else take(_DAY_OF_MONTH, rest)
    days, rest = take_days(rest)
    daily, rest = take(DAILY, rest)
    weekly, rest = take(_WEEKLY, rest)
    once, rest = take(_ONCE, rest)
    if monthly and in_month is None and not dates:
        in_month, rest = take(r"\b(?P<a>\d{1,2})(?P<b>)\b", rest)
    if in_month is not None:
        number = int(in_month["a"] or in_month["b"])
        if 1 <= number <= 31:
            dates = (next_with(number, reader.today),)
        else:
            problem = problem or Misread(say("date.impossible"))
    if reader.whose is Whose.AWAY:
        rest = take(_WORK, rest)[1]
    name = tidy_name(rest)
    frequency = None
    if monthly or in_month:
        frequency = CommitmentFrequency.MONTHLY
    elif dates or once:
        frequency = CommitmentFrequency.ONE_TIME
    elif daily:
        frequency = CommitmentFrequency.DAILY
    elif days or weekly:
        frequency = CommitmentFrequency.WEEKLY
    return Parts(
        name=name,
        frequency=frequency,
        days=days if frequency is CommitmentFrequency.WEEKLY else (),
        dates=dates[:1] if frequency is CommitmentFrequency.MONTHLY else dates,
        start=start,
        end=end,
        along=along,
        everybody=everybody is not None,
        adults=adults,
        problem=problem or unclear or (check_name(name) if name else None),
    )


def _times(text: str) -> tuple[int | None, int | None, Misread | None, str]:
    """Start, end, what is wrong with them, and the rest of the text."""
    span, rest = take_span(text)
    if isinstance(span, Misread):
        return None, None, span, rest
    if span is not None:
        if span.start == span.end or span.start == DAY:
            return None, None, Misread(say("times.same")), rest
        # Two commitments would become one that is wrong.
        further = Misread(say("commitment.one_at_a_time")) if holds_time(rest) else None
        return span.start, span.end, further, rest
    start, rest = take_start(text)
    if start is None:
        lone = re.search(_LONE_HOUR, fold(text))
        if lone is None or not take_days(lone["day"])[0]:
            return None, None, None, text
        start, rest = take_start(f"at {lone['hour']}")[0], text[: lone.start("hour")]
    if isinstance(start, Misread):
        return None, None, start, rest
    return start, None, None, rest


def _along(text: str, reader: Reader) -> tuple[bool | None, str]:
    """Whether a grown-up goes along, and the line without that and without the child's name."""
    along: bool | None = None
    for pattern, meant in ((_ALONG, True), (_ALONE, False)):
        found, text = take(pattern, text)
        if found:
            along = meant
            break
    for name in reader.adults:
        found = re.search(rf"\b(?:with|con)\s+{_named(name)}", text, re.IGNORECASE)
        if found:
            along, text = True, _without(found, text)
    if reader.child:
        found = re.search(_named(reader.child), text, re.IGNORECASE)
        text = _without(found, text) if found else text
    return along, text


def _named(name: str) -> str:
    return rf"(?<!\w){re.escape(name)}(?:['’]s?(?!\w)|(?!\w))"


def _without(found: re.Match[str], text: str) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _adults(text: str, adults: tuple[str, ...]) -> tuple[tuple[int, ...], str]:
    """The adults whom a line names, also "me" and "I"."""
    named: list[int] = []
    for index, name in enumerate(adults):
        pattern = rf"(?:\b(?:just|only|solo|solamente)\s+)?{_named(name)}"
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            named.append(index)
            text = _without(found, text)
    found, rest = take(_ME, text)
    if found and 0 not in named:
        named, text = [0, *named], rest
    return tuple(named), text


def is_about_sibling(text: str, reader: Reader) -> str | None:
    """The sibling with whose name a line begins, unless it names the child itself."""
    if reader.child and re.search(_named(reader.child), text, re.IGNORECASE):
        return None
    return next((n for n in reader.siblings if re.match(_named(n), text, re.IGNORECASE)), None)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What stands between two separators: from where to where, and what kind of thing it tells.

    `listed`: a comma stands before it. `open`: days come after its times, or it has none, so that
    further days belong to it. `aside`: it only adds to what stands before ("Room 12", "with me").
    """

    begin: int
    end: int
    listed: bool
    named: bool
    dated: bool
    timed: bool
    open: bool
    aside: bool
    number: bool


_SEPARATOR = r"\s*(?:[,;\n、،]\s*(?:and|y)?(?!\w)|(?<!\w)(?:and|y|e|plus|&|\+)(?!\w))\s*"
_ASIDE = (
    r"^(?:(?:in |at |en |con |with )|(?:room|grade|class|field|level|group|gym|studio|troop|year|"
    r"court|aula|sala|salon|grado|nivel|grupo|cancha|clase|pista)\b|(?:online|outdoors?|en linea)$)"
)


def split_lines(text: str, reader: Reader) -> list[str]:
    """The lines of a text that holds several commitments in a row; each is a piece of the text,
    and only separators stand between them."""
    return [text[group[0].begin : group[-1].end] for group in _groups(text, reader)]


def read_lines(text: str, reader: Reader) -> list[Parts]:
    """What each commitment of a text says. One that lacks its name or days because they stand but
    once ("Soccer Mon 4-5, Tue 5-6") has them from its neighbour."""
    found: list[Parts] = []
    for written in re.split(r"\s*[;\n]\s*", text):
        line: list[Parts] = []
        for group in _groups(written, reader):
            told = written[group[0].begin : group[-1].end]
            parts = read_parts(told, reader)
            sibling = is_about_sibling(told, reader)
            if sibling is not None:
                problem = Misread(say("commitments.sibling", name=sibling, child=reader.child))
                parts = replace(parts, problem=problem)
            elif any(piece.number for piece in group) and len(group) > 1:
                parts = replace(parts, problem=Misread(say("commitment.one_at_a_time")))
            line.append(_completed(parts, line[-1]) if line else parts)
        found += _named_backwards(line)
    return found


def _completed(parts: Parts, before: Parts) -> Parts:
    if parts.frequency is None and parts.start is not None and not parts.name:
        parts = replace(parts, frequency=before.frequency, days=before.days, dates=before.dates)
    if parts.name or parts.adults or parts.start is None:
        return parts
    return replace(
        parts,
        name=before.name,
        adults=before.adults,
        along=before.along if parts.along is None else parts.along,
        everybody=parts.everybody or before.everybody,
    )


def _named_backwards(line: list[Parts]) -> Iterator[Parts]:
    """ "Mon 4-5 and Wed 3-4 Soccer": the name stands last."""
    name = next((parts.name for parts in line if parts.name), "")
    leading = True
    for parts in line:
        leading = leading and not parts.name and not parts.adults and parts.start is not None
        yield replace(parts, name=name) if leading else parts


def _groups(text: str, reader: Reader) -> list[list[_Piece]]:
    pieces = list(_pieces(text, reader))
    bare = not any(piece.dated or piece.timed for piece in pieces)
    list_of_names = bare and any(piece.listed for piece in pieces)
    groups: list[list[_Piece]] = []
    for piece in pieces:
        anew = not groups or _begins_anew(groups[-1], piece, first=len(groups) == 1)
        if anew or (list_of_names and piece.named and not piece.aside):
            groups.append([piece])
        else:
            groups[-1].append(piece)
    whole: list[list[_Piece]] = []
    for group in groups:
        days_only = not any(piece.named or piece.timed for piece in group)
        if whole and days_only:
            # "Soccer Mon 4-5pm and Wed"
            whole[-1] += group
        else:
            whole.append(group)
    return whole


def _begins_anew(group: Sequence[_Piece], piece: _Piece, *, first: bool) -> bool:
    """Whether a piece begins another commitment than the one that stands before it."""
    named, dated, timed = (
        any(getattr(other, kind) for other in group) for kind in ("named", "dated", "timed")
    )
    if piece.aside or piece.number:
        return False
    if piece.named and not (dated or timed):
        # "Art and Craft club Tue 3-4"
        return piece.listed and not first
    if piece.timed:
        return timed or (named and dated and piece.named)
    if piece.named:
        return named
    return timed and dated and not group[-1].open


def _pieces(text: str, reader: Reader) -> Iterator[_Piece]:
    hidden = list(fold(text))
    for begin, end in (*span_places(text), *date_places(text)):
        # Separators within a span or a date separate nothing.
        hidden[begin:end] = "0" * (end - begin)
    begin, listed = 0, False
    cuts = [*re.finditer(_SEPARATOR, "".join(hidden)), None]
    for cut in cuts:
        end = cut.start() if cut else len(text)
        if text[begin:end].strip():
            yield from _cut_by_spans(text, begin, end, listed, reader)
        if cut:
            begin, listed = cut.end(), bool(re.search(r"[,;\n、،]", cut[0]))


def _cut_by_spans(
    text: str, begin: int, end: int, listed: bool, reader: Reader
) -> Iterator[_Piece]:
    """A piece; where whole commitments follow each other in it without a separator, each."""
    spans = span_places(text[begin:end])
    ends = [begin + stop for _, stop in spans[:-1]]
    parts = [
        _piece(text, start, stop, listed or start > begin, reader)
        for start, stop in zip((begin, *ends), (*ends, end), strict=True)
    ]
    whole = len(parts) > 1 and parts[0].named and all(p.dated and p.timed for p in parts)
    if whole and not any(piece.open for piece in parts):
        yield from parts
    else:
        yield _piece(text, begin, end, listed, reader)


def _piece(text: str, begin: int, end: int, listed: bool, reader: Reader) -> _Piece:
    while end > begin and text[begin].isspace():
        begin += 1
    told = text[begin:end]
    parts = read_parts(told, reader)
    spans = span_places(told)
    dated = parts.frequency is not None or bool(date_places(told))
    timed = parts.start is not None or bool(spans)
    letters = any(char.isalpha() for char in parts.name)
    behind = read_parts(told[spans[-1][1] :], reader) if spans else None
    adds = (letters or not parts.name) and not dated and not timed
    who = parts.adults if reader.whose is Whose.AWAY else ()
    aside = adds and (
        bool(re.search(_ASIDE, fold(told))) if letters else not who and not parts.name
    )
    return _Piece(
        begin,
        end,
        listed,
        named=(letters or bool(who)) and not aside,
        dated=dated,
        timed=timed,
        open=dated and (behind is None or behind.frequency is not None),
        aside=aside,
        number=bool(parts.name) and not letters,
    )
