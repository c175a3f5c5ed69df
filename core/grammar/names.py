"""Names of people and of things, in any script, out of what surrounds them."""

import re

from core.grammar.words import Misread, fold, vocabulary
from core.phrase import say

LONGEST_NAME = 80

AND = r"(?:[,;&+、，،؛]|\b(?:and|y|e|و)\b)"
"""What stands between the parts of a list, in folded letters."""

_STOPS = " ,;:-–—·.!?、，،؛。"


def check_name(name: str) -> Misread | None:
    """Why this cannot be the name of a person or of anything in the week; None if it can."""
    if not any(char.isalpha() for char in name):
        return Misread(say("name.letters"))
    if len(name) > LONGEST_NAME:
        return Misread(say("name.too_long", count=LONGEST_NAME))
    return None


_EDGES = vocabulary(
    "on|at|from|to|until|every|each|and|y|e|el|los|las|de|del|desde|hasta|a|en|cada|is|es|por|in|"
    "of|for|para|the"
)


def tidy_person(text: str) -> str:
    """A person's name without brackets, and without words that hold neither letter nor digit."""
    words = re.sub(r"[()\[\]\"“”«»]", " ", text).split()
    return " ".join(w for w in words if any(char.isalnum() for char in w)).strip(_STOPS)


def tidy_name(text: str) -> str:
    """What remains of a thing's name once days and times were taken out of its line."""
    words = re.sub(r"[()\[\]\"“”«»]", " ", text).split()
    words = [word for word in words if any(char.isalnum() for char in word) or word in "&+"]
    while words and fold(words[-1]).strip(",;:-.&+") in _EDGES | {""}:
        words.pop()
    while len(words) > 1 and fold(words[0]).strip(",;:-.&+") in _EDGES - {"la", "el", "the", "los"}:
        words.pop(0)
    return " ".join(words).strip(_STOPS)


def read_names(text: str) -> list[str]:
    """The names in "Sarah and Tom", "Sarah, Tom y Ana", "美咲、太郎"."""
    parts = re.split(rf"\s*(?:{AND}|[/\n])\s*", text)
    return [name for part in parts if (name := part.strip(_STOPS)) != ""]
