"""How a text becomes pieces: what is long and certain is taken out first, words come last."""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from rapidfuzz.distance import OSA

from core.family import Family
from core.grammar.durations import DURATION, minutes_in
from core.grammar.numbers import VALUES
from core.grammar.periods import Period, misspelt_day, periods
from core.grammar.times import apart, hours_told, moments_told
from core.grammar.words import fold
from core.plan import Item
from core.said.joining import PAUSE, joined
from core.said.lexicon import LONGEST_PHRASE, SENSES, Sense
from core.said.names import EXACT, MARGIN, Known, fit, known_of, people_named, slips_allowed
from core.said.pieces import (
    Heard,
    Length,
    Mention,
    Number,
    People,
    Piece,
    Rating,
    Unknown,
    Word,
)

DAY_FIRST = frozenset({"es"})
"""Languages that write the day of "4/5" first."""


def hear(
    text: str,
    language: str,
    lessons: tuple[Item, ...],
    family: Family,
    today: date,
    minute: int,
    *,
    rated: bool,
) -> Heard:
    """The pieces of a cleaned text. `rated` takes "4/5" at the end for a rating, not a date."""
    known = known_of(family, lessons)
    folded = apart(fold(text))
    found: list[Piece] = []

    def take(pieces: Iterable[Piece]) -> None:
        """Keeps what does not touch what is known already, and blanks it out."""
        nonlocal folded
        for piece in pieces:
            if _GONE not in folded[piece.begin : piece.end]:
                found.append(piece)
                room = _GONE * (piece.end - piece.begin)
                folded = folded[: piece.begin] + room + folded[piece.end :]

    take(_emoji(text))
    take(_dated_names(folded, known))
    take(_long_names(folded, known))
    if rated:
        take(_ratings(folded))
    take(periods(folded, today, day_first=language in DAY_FIRST))
    take(hours_told(folded))
    take(_lengths(folded))
    take(moments_told(folded))
    take(_words(folded, known, today))
    pieces = tuple(sorted(found, key=lambda piece: piece.begin))
    return Heard(text, joined(pieces, text, family), known, today, minute)


_OK = "✅☑✔👍👌🙌💪🎉👏🥳💯🏁"
_BAD = "👎❌🚫"
_FACES = {
    face: value
    for value, faces in enumerate(
        ("😭😢😡😠😩😫", "🙁☹😕😟😒", "😐😑😶", "🙂😊", "😍🤩😀😃😄😁🥰❤"), 1
    )
    for face in faces
}
_EMOJI = re.compile("[\u2190-\u2bff\u3030\u303d\u3297\u3299\ufe0f\u200d\U0001f000-\U0001faff]+")


def _emoji(text: str) -> Iterator[Piece]:
    for found in _EMOJI.finditer(text):
        marks, span = found[0], found.span()
        stars = marks.count("⭐") + marks.count("🌟")
        faces = {_FACES[mark] for mark in marks if mark in _FACES}
        if any(mark in _BAD for mark in marks):
            yield Word(*span, Sense.NOT_YET)
        elif any(mark in _OK for mark in marks):
            yield Word(*span, Sense.OK)
        elif 1 <= stars <= 5:
            yield Rating(*span, stars, face=True)
        elif len(faces) == 1:
            yield Rating(*span, faces.pop(), face=True)
        else:
            yield Word(*span, Sense.ARTICLE)


def _dated_names(folded: str, known: Known) -> Iterator[Piece]:
    """People whose names are days or months ("Mar", "April"), unless a number follows."""
    for found in re.finditer(r"[^\W\d_]{3,}", folded):
        if re.match(r"\.?\s*\d", folded[found.end() :]):
            continue
        if found[0] in _CALENDAR and (
            person := people_named([found[0]], known.family, slips=False)
        ):
            yield People(*found.span(), person.children, person.adults)


_CALENDAR = frozenset(
    [
        "mar",
        "sol",
        "april",
        "abril",
        "june",
        "junio",
        "julio",
        "july",
        "august",
        "agosto",
        "may",
        "mayo",
        "sunday",
        "domingo",
        "sabado",
        "jan",
        "ene",
        "lun",
        "sun",
        "sat",
        "wed",
    ]
)


def _long_names(folded: str, known: Known) -> Iterator[Piece]:
    """Names of several words in full, which may hold times and numbers ("Five in a Row")."""
    spoken = [*re.finditer(r"[^\W_]+", folded)]
    for size in (6, 5, 4, 3, 2):
        for at in range(len(spoken) - size + 1):
            run = spoken[at : at + size]
            mention = _mention(run, known, slips=False)
            if mention is not None and mention[1] == EXACT:
                yield mention[0]


def _ratings(folded: str) -> Iterator[Piece]:
    found = re.search(r"(?<![\d/])([1-5])\s?(?:/|of|out of|de)\s?5\b(?=[\s\W]*$)", folded)
    if found:
        yield Rating(*found.span(), int(found[1]))
    for pattern, value in _LIKED:
        liked = re.search(pattern, folded)
        if liked:
            yield Rating(*liked.span(), value)
            return


_LIKED = (
    (
        r"\b(?:hated (?:it|them|every minute)|disliked it|no (?:le|les|me) gusto)\b",
        1,
    ),
    (
        r"\b(?:(?:absolutely )?loved (?:it|them)|(?:le|les|me) encanto|(?:le|les|me) encantaron)\b",
        5,
    ),
    (r"\b(?:liked (?:it|them)|enjoyed it|(?:le|les|me) gusto|(?:le|les|me) gustaron)\b", 4),
    (r"\b(?:it was ok(?:ay)?|was so so|mas o menos|regular)\b", 3),
)


def _lengths(folded: str) -> Iterator[Piece]:
    for found in re.finditer(DURATION, folded):
        if found[0]:
            yield Length(*found.span(), minutes_in(found))


def _mention(run: list[re.Match[str]], known: Known, *, slips: bool) -> tuple[Mention, int] | None:
    said = _said(run)
    named = {str(n): owned[0].name for n, owned in enumerate(known.commitments)}
    subjects = fit(said, known.subjects, kinds=True, slips=slips)
    commitments = fit(said, named, kinds=False, slips=slips)
    best = max([*subjects.values(), *commitments.values()], default=0)
    if not best:
        return None
    least = EXACT if best == EXACT else best - MARGIN
    mention = Mention(
        run[0].start(),
        run[-1].end(),
        tuple(key for key, score in subjects.items() if score >= least),
        tuple(int(key) for key, score in commitments.items() if score >= least),
    )
    return mention, best


def _words(folded: str, known: Known, today: date) -> Iterator[Piece]:
    """People, lessons, commitments and words: at each word the longest that begins there."""
    spoken = [*re.finditer(r"[^\W_]+(?:'[^\W_]+)*", folded)]
    at = 0
    last: Piece | None = None
    while at < len(spoken):
        for size in range(min(LONGEST_PHRASE, len(spoken) - at), 0, -1):
            run = spoken[at : at + size]
            if size > 1 and _PAUSE.search(folded, run[0].start(), run[-1].end()):
                continue
            beside = last is not None and not folded[last.end : run[0].start()].strip()
            piece = _piece(run, known, last if beside else None)
            if piece is not None:
                break
        else:
            piece, size = _misspelt(spoken[at : at + 2], known, today)
        if isinstance(piece, Mention) and size == 1 and len(piece.subjects) > 1:
            piece, size = _closer(piece, spoken[at : at + 2], known)
        yield piece
        last = piece
        at += size


_GONE = "\x00"
"""Stands where something was taken out; no cleaned text holds it."""

_PAUSE = re.compile(rf"{PAUSE}|{_GONE}")
"""No phrase goes on behind these, nor behind what was taken out."""


def _said(run: list[re.Match[str]]) -> tuple[str, ...]:
    return tuple(word[0].replace("'", "") for word in run)


def _piece(run: list[re.Match[str]], known: Known, beside: Piece | None) -> Piece | None:
    """What these words are without any slip; None for nothing. `beside` is the piece before."""
    span = run[0].start(), run[-1].end()
    sense = SENSES.get(_said(run))
    if re.fullmatch(r"(?:i|we|you|they|she|he|it)'ll", run[0][0]) and len(run) == 1:
        sense = Sense.FUTURE
    person = people_named(_said(run), known.family, slips=False) if len(run) <= 3 else None
    if person and sense is not None and (person.owner or isinstance(beside, People)):
        # In "Eva will be sick" nobody is called Will.
        person = None
    found = _mention(run, known, slips=False) if len(run) <= 4 else None
    if person and found and found[1] == EXACT:
        return Unknown(*span)
    if person:
        return People(*span, person.children, person.adults, owner=person.owner)
    if found and (sense is None or found[1] == EXACT):
        return found[0]
    return Word(*span, sense) if sense is not None else None


def _closer(mention: Mention, run: list[re.Match[str]], known: Known) -> tuple[Piece, int]:
    """A mention that may be several, or with the next, misspelt word one: "piano theroy"."""
    second = _said(run[1:])
    if second and second not in SENSES:
        both = _mention(run, known, slips=True)
        if both and len(both[0].subjects) == 1:
            return both[0], 2
    return mention, 1


def _misspelt(run: list[re.Match[str]], known: Known, today: date) -> tuple[Piece, int]:
    """What one or two words are with slips of the pen, and how many of them; `Unknown` where
    nothing or more than one thing may be meant."""
    word = run[0][0].replace("'", "")
    span = run[0].span()
    if word.isdecimal() and len(word) <= 4:
        return Number(*span, int(word)), 1
    if word in VALUES and word not in _NO_COUNT:
        return Number(*span, VALUES[word]), 1
    second = _said(run[1:])
    if second and second not in SENSES and not people_named(second, known.family, slips=False):
        found = _mention(run, known, slips=True)
        if found:
            return found[0], 2
    meant: list[Piece] = []
    person = people_named([word], known.family, slips=True)
    if person:
        meant.append(People(*span, person.children, person.adults))
    mention = _mention(run[:1], known, slips=True)
    if mention:
        meant.append(mention[0])
    sense = _sense_of_slip(word)
    if sense:
        meant.append(Word(*span, sense))
    day = misspelt_day(word, today)
    if day:
        meant.append(Period(*span, day, day))
    return (meant[0] if len(meant) == 1 else Unknown(*span)), 1


_NO_COUNT = frozenset({"once", "one", "un", "una", "uno"})


def _sense_of_slip(word: str) -> Sense | None:
    """The sense of the words of which this one is a slip, if they have the same. Words that do
    nothing are long ones only: much looks like a short one."""
    near: dict[int, set[Sense]] = {}
    for phrase, sense in SENSES.items():
        (known, *more) = phrase
        least = 6 if sense in (Sense.FILL, Sense.ARTICLE) else 5
        if more or known[0] != word[0]:
            continue
        if len(known) == len(word) == 4 and sense is not Sense.FILL:
            if sorted(known) == sorted(word):
                near.setdefault(1, set()).add(sense)
        elif min(len(known), len(word)) >= least:
            allowed = min(slips_allowed(len(known)), slips_allowed(len(word)))
            distance = OSA.distance(word, known, score_cutoff=allowed)
            if distance <= allowed:
                near.setdefault(distance, set()).add(sense)
    best = near[min(near)] if near else set()
    return next(iter(best)) if len(best) == 1 else None
