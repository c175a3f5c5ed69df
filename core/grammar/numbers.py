"""Numbers in words, in English and Spanish: "nine", "twenty-five", "treinta y cinco"."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

_SMALL = (
    "one un una uno|two dos|three tres|four cuatro|five cinco|six seis|seven siete|eight ocho|"
    "nine nueve|ten diez|eleven once|twelve doce|thirteen trece|fourteen catorce|fifteen quince|"
    "sixteen dieciseis|seventeen diecisiete|eighteen dieciocho|nineteen diecinueve|twenty veinte|"
    "veintiun veintiuna veintiuno|veintidos|veintitres|veinticuatro|veinticinco|veintiseis|"
    "veintisiete|veintiocho|veintinueve"
)
_TENS = ("twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety", " ", "-")
_DECENAS = ("|treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa", " y ")


def _values() -> Mapping[str, int]:
    values: dict[str, int] = {}
    for number, words in enumerate(_SMALL.split("|"), start=1):
        values |= dict.fromkeys(words.split(), number)
    units = {word: number for word, number in values.items() if number < 10}
    for tens, *links in (_TENS, _DECENAS):
        for ten, word in enumerate(tens.split("|"), start=2):
            if word:
                values[word] = ten * 10
                values |= {f"{word}{j}{u}": ten * 10 + n for j in links for u, n in units.items()}
    return MappingProxyType(values)


VALUES: Mapping[str, int] = _values()
"""1 to 99 by their words, in folded letters."""

NUMBER = rf"(?:{'|'.join(sorted(VALUES, key=len, reverse=True))})\b"
"""A number in words, in folded letters; the longest counts."""


FILL = "\u2007"
"""What fills the room of a word that is rewritten as digits; a blank to every pattern."""


def value(written: str) -> int:
    """The number of a text that is `NUMBER` or digits."""
    return int(written) if written.isdecimal() else VALUES[written]


def rewrite(pattern: str, text: str, figures: Callable[[re.Match[str]], str | None]) -> str:
    """The text with figures in place of what `pattern` finds (None: left as it is), after as much
    `FILL` as keeps all positions."""

    def put(found: re.Match[str]) -> str:
        written = figures(found)
        fits = written is not None and len(written) <= len(found[0])
        return written.rjust(len(found[0]), FILL) if written is not None and fits else found[0]

    return re.sub(pattern, put, text)
