"""Texts as they are typed: cleaned, and folded for comparing."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from core.phrase import Phrase
from core.text import clean_text

_AFTER_CYRILLIC = "\u0530"
"""The first letter whose marks are more than accents: they make another letter."""

_UNSEEN = frozenset("\u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff")
_UNSEEN |= frozenset("\u2066\u2067\u2068\u2069")
"""Marks without a shape that keyboards put in. The joiners U+200C and U+200D are not among them:
they belong to how some names are spelt."""


@dataclass(frozen=True, slots=True)
class Misread:
    """An answer that was not understood: what was wrong, and an example."""

    phrase: Phrase


def clean(text: str) -> str:
    """The text in NFC without control characters, lone surrogates and invisible marks, trimmed, at
    most one blank in a row; line ends are kept."""
    kept = "".join(
        char
        for char in clean_text(text)
        if char in "\n\t" or (unicodedata.category(char) != "Cc" and char not in _UNSEEN)
    )
    lines = (" ".join(line.split()) for line in kept.split("\n"))
    # Without what stood between them, two characters may have become one.
    return "\n".join(unicodedata.normalize("NFC", line) for line in lines if line)


def fold(text: str) -> str:
    """The text in lower case without accents and with plain dashes and quotes; character by
    character, so that positions stay those of `text`."""
    return "".join(_fold_char(char) for char in text)


def _fold_char(char: str) -> str:
    if char in "–—−‐‑":
        return "-"
    if char in "’‘´`":
        return "'"
    apart = unicodedata.normalize("NFD", char)
    base = apart[0]
    accented = base < _AFTER_CYRILLIC and all(map(unicodedata.combining, apart[1:]))
    return base.lower()[0] if len(apart) == 1 or accented else char


def take(pattern: str, text: str) -> tuple[re.Match[str] | None, str]:
    """The first place where `pattern` (written in folded letters) stands in `text`, and the text
    without it."""
    found = re.search(pattern, fold(text))
    if found is None:
        return None, text
    return found, f"{text[: found.start()]} {text[found.end() :]}"


def closest(text: str, known: Iterable[str]) -> str | None:
    """The known text of which this one is most likely a misspelling."""
    found = get_close_matches(text, list(known), n=1, cutoff=0.75)
    return found[0] if found else None


def vocabulary(words: str) -> frozenset[str]:
    """The folded words of "a|b|c"."""
    return frozenset(words.split("|"))
