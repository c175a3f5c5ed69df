"""Words for families, as a key of the text catalogue and its arguments.

Nothing below a channel writes prose: it says *what* is to be said, and the catalogue of the
reader's language says it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from types import MappingProxyType
from typing import TypeAlias

PhraseArg: TypeAlias = "str | int | float | date | time | Phrase | tuple[PhraseArg, ...]"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text of the catalogue.

    `key` names it ("children.ask"), `args` fill its fields. An argument called `count` (an int)
    chooses the plural form. Dates and times are written as the reader's language writes them, a
    tuple is written as a list ("Emma, Noah and Ben"), a nested phrase is translated first.
    """

    key: str
    args: Mapping[str, PhraseArg] = field(default_factory=lambda: MappingProxyType({}))


def say(key: str, **args: PhraseArg) -> Phrase:
    """Shorthand for `Phrase(key, {...})`."""
    return Phrase(key, MappingProxyType(dict(args)))


Translate: TypeAlias = Callable[[Phrase], str]
