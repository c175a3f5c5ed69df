"""The grammar of typed ratings: "2 5 3 1 4" rates everything in order, "classical 4" one thing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.conversations.answers import Misread, closest, fold, short, tidy_name
from core.phrase import Phrase, say

RATINGS = range(1, 6)

_OF_FIVE = r"\s*/\s*5\b"
_APART = r"[\s,;]+|\b(?:and|y|e)\b"
_BROKEN = r"\d\s*[.,]\s*\d"
_WORD = 4
"""Letters from which on one word of a name, or its beginning, stands for the whole."""


@dataclass(frozen=True, slots=True)
class Rated:
    """What a text rates, at least one thing; `slip` says what else in it was not understood."""

    values: Mapping[str, int]
    slip: Phrase | None = None


def read_ratings(
    text: str, things: Sequence[str], names: Mapping[str, str], example: Phrase
) -> Rated | Misread | None:
    """The ratings in a text; None if it holds no number.

    `things` are to be rated, in order; `names` leads from every folded name to its thing;
    `example` is an answer that works. A number alone rates nothing: it does not say what.
    """
    plain = re.sub(_OF_FIVE, "", fold(text)).strip(" .!")
    if not any(char.isdecimal() for char in plain):
        return None
    parts = [part for part in re.split(_APART, plain) if part]
    if all(part.isdecimal() for part in parts):
        return _rate_all(parts, things, example)
    return _rate_named(plain, names, example)


def read_rating(text: str) -> int | Misread | None:
    """One rating ("4", "4/5"); None if the text is anything but a number."""
    plain = re.sub(_OF_FIVE, "", text).strip(" .!")
    if not plain.isdecimal():
        return None
    return int(plain) if int(plain) in RATINGS else Misread(say("rating.range", example=4))


def meant(text: str, names: Mapping[str, str]) -> str | None:
    """The thing that a text names: wholly, by one word or its beginning, or nearly."""
    wanted = fold(text)
    known = dict(names)
    for name, thing in names.items():
        for word in name.split():
            if len(word) >= _WORD:
                known.setdefault(word, thing)
    if wanted in known:
        return known[wanted]
    begun = {thing for name, thing in known.items() if name.startswith(wanted)}
    if len(wanted) >= _WORD and len(begun) == 1:
        return begun.pop()
    return known.get(closest(wanted, known) or "")


def _rate_all(numbers: list[str], things: Sequence[str], example: Phrase) -> Rated | Misread:
    if len(numbers) == 1 and len(numbers[0]) == len(things):
        numbers = list(numbers[0])
    values = [int(number) for number in numbers]
    if not all(value in RATINGS for value in values):
        return Misread(say("rating.range", example=example))
    if len(values) == 1:
        return Misread(say("rating.which", rating=values[0], example=example))
    if len(values) != len(things):
        return Misread(say("rating.amount", found=len(values), wanted=len(things), example=example))
    return Rated(dict(zip(things, values, strict=True)))


def _rate_named(plain: str, names: Mapping[str, str], example: Phrase) -> Rated | Misread:
    if re.search(_BROKEN, plain):
        return Misread(say("rating.range", example=example))
    pair = r"(?P<n>\d+)(?P<name>\D+)" if plain[0].isdecimal() else r"(?P<name>\D+)(?P<n>\d+)"
    values: dict[str, int] = {}
    slips: list[Phrase] = []
    for found in re.finditer(pair, plain):
        name = tidy_name(found["name"])
        thing = meant(name, names) if name else None
        if not name:
            slips.append(say("rating.which", rating=int(found["n"]), example=example))
        elif thing is None:
            slips.append(say("rating.unknown", name=short(name), example=example))
        elif int(found["n"]) not in RATINGS:
            slips.append(say("rating.range", example=example))
        else:
            values[thing] = int(found["n"])
    unrated = tidy_name(re.sub(pair, "", plain))
    if unrated:
        slips.append(say("rating.unrated", name=short(unrated), example=example))
    slip = slips[0] if slips else None
    if not values:
        return Misread(slip or say("rating.range", example=example))
    return Rated(values, slip)
