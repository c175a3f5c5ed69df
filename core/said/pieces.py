"""A text as pieces that are understood one by one: people, lessons, dates, times, words.

Nothing is dropped: what no reader knows is a piece too (`Unknown`), so that whoever reads the whole
can tell whether it is accounted for. Each piece says from where to where it stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias, TypeVar

from core.grammar.periods import Period
from core.grammar.times import Hours, Moment
from core.said.lexicon import Sense
from core.said.names import Known
from core.said.readings import Topic, Unclear, Why, ask_back

__all__ = [
    "IDLE",
    "Heard",
    "Hours",
    "Length",
    "Mention",
    "Moment",
    "Number",
    "People",
    "Period",
    "Piece",
    "Rating",
    "Unknown",
    "Word",
]

IDLE = (Sense.FILL, Sense.ARTICLE)
"""Senses of words that do nothing."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word or phrase of the vocabulary."""

    begin: int
    end: int
    sense: Sense


@dataclass(frozen=True, slots=True)
class Unknown:
    """A word that says nothing to us."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number that is no time, length or date."""

    begin: int
    end: int
    value: int


@dataclass(frozen=True, slots=True)
class People:
    """Children and adults, by id; `owner` if they have what follows ("Emma's")."""

    begin: int
    end: int
    children: tuple[int, ...] = ()
    adults: tuple[int, ...] = ()
    owner: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """What may be lessons, by the keys of their names, or commitments, by their place among those
    known."""

    begin: int
    end: int
    subjects: tuple[str, ...]
    commitments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Length:
    """A number of minutes."""

    begin: int
    end: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Rating:
    """How much it was liked, from 1 to 5; by a `face` where no figure says so."""

    begin: int
    end: int
    value: int
    face: bool = False


Piece: TypeAlias = (
    Word | Unknown | Number | People | Mention | Period | Hours | Moment | Length | Rating
)
P = TypeVar("P", bound=Piece)


@dataclass(frozen=True, slots=True)
class Heard:
    """A cleaned text and its pieces, in order and without overlap."""

    text: str
    pieces: tuple[Piece, ...]
    known: Known
    today: date
    minute: int

    def all(self, kind: type[P]) -> tuple[P, ...]:
        return tuple(piece for piece in self.pieces if isinstance(piece, kind))

    def holds(self, *kinds: type[Piece]) -> bool:
        return any(isinstance(piece, kinds) for piece in self.pieces)

    def words(self, *senses: Sense) -> tuple[Word, ...]:
        return tuple(word for word in self.all(Word) if word.sense in senses)

    def has(self, *senses: Sense) -> bool:
        return bool(self.words(*senses))

    def only(self, kinds: Iterable[type[Piece]], senses: Iterable[Sense]) -> bool:
        """Whether every piece is one of these, or a word that does nothing."""
        allowed, heard = tuple(kinds), {*senses, *IDLE}
        return all(
            piece.sense in heard if isinstance(piece, Word) else isinstance(piece, allowed)
            for piece in self.pieces
        )

    def before(self, piece: Piece) -> Piece | None:
        at = self.pieces.index(piece)
        return self.pieces[at - 1] if at else None

    def after(self, piece: Piece) -> Piece | None:
        at = self.pieces.index(piece)
        return self.pieces[at + 1] if at + 1 < len(self.pieces) else None

    def between(self, one: Piece, other: Piece) -> str:
        """What stands between two pieces, the first first."""
        return self.text[one.end : other.begin]


def unaccounted(
    heard: Heard, topic: Topic, kinds: Iterable[type[Piece]], senses: Iterable[Sense]
) -> Unclear | None:
    """Why a text cannot be read as its `topic`: something is there besides these pieces and words.
    None if all is accounted for."""
    if heard.only(kinds, senses):
        return None
    words = heard.holds(Unknown) or (heard.holds(Number) and Number not in kinds)
    return ask_back(Why.WORDS if words else Why.TWO_THINGS, topic)
