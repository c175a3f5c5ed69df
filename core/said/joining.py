"""Pieces that are one thing together: "have … finished", "not … done", "all 4 kids"."""

import re
from dataclasses import replace

from core.family import Family
from core.said.lexicon import Sense
from core.said.pieces import IDLE, Number, People, Piece, Unknown, Word

PAUSE = r"[,;:.!?()\n]"
"""What parts two phrases."""

_REPORTS = (Sense.DONE, Sense.DID, Sense.STARTED)
_CHILDREN = (Sense.EVERYONE, Sense.BOTH, Sense.ONE_CHILD)


def joined(pieces: tuple[Piece, ...], text: str, family: Family) -> tuple[Piece, ...]:
    """The pieces of a text, those that belong together as one."""
    held: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Word) and piece.sense in _CHILDREN:
            held.append(_children(piece, held, family))
        elif isinstance(piece, Word):
            held.append(_denied(piece, held, text))
        else:
            held.append(piece)
    return tuple(held)


def _denied(word: Word, held: list[Piece], text: str) -> Word:
    """A report with what stands before it: "not … done" and "nearly done" are no report yet (taken
    out of `held`), "have … done" is one (the "have" does nothing)."""
    at = len(held) - 1
    while at >= 0 and _idle(held[at]):
        at -= 1
    before = held[at] if at >= 0 else None
    if not isinstance(before, Word) or re.search(PAUSE, text[before.end : word.begin]):
        return word
    denies = {
        Sense.NOT: (*_REPORTS, Sense.DO),
        Sense.NOT_YET: _REPORTS,
    }
    if word.sense in denies.get(before.sense, ()):
        del held[at:]
        return Word(before.begin, word.end, Sense.NOT_YET)
    has = before.sense in (Sense.HAVE, Sense.I_HAVE)
    if has and word.sense in (*_REPORTS, Sense.NOT, Sense.NOT_YET):
        held[at] = replace(before, sense=Sense.FILL)
    return word


def _idle(piece: Piece) -> bool:
    return isinstance(piece, Word) and piece.sense in IDLE


def _children(word: Word, held: list[Piece], family: Family) -> Piece:
    """All children, if they are as many as is said ("both", "the 4 kids": the number, and an "all"
    before it, are taken out of `held`)."""
    begin = word.begin
    count = {Sense.BOTH: 2, Sense.ONE_CHILD: 1}.get(word.sense)
    if held and isinstance(number := held[-1], Number):
        count, begin = number.value, number.begin
        held.pop()
        if held and isinstance(held[-1], Word) and held[-1].sense is Sense.ALL:
            begin = held.pop().begin
    elif word.sense is Sense.BOTH and _two_named(held):
        return replace(word, sense=Sense.FILL)
    children = tuple(child.id for child in family.children)
    if not children or count not in (None, len(children)):
        return Unknown(begin, word.end)
    return People(begin, word.end, children)


def _two_named(held: list[Piece]) -> bool:
    """Whether "both" sums up two who were just named."""
    named = [piece for piece in held if isinstance(piece, People)]
    return len({child for people in named for child in people.children}) == 2
