"""Who and what a word names: children, adults, lessons and commitments, forgiving slips.

A name in full counts alone. Below it stand, as equals, another word for the same subject ("mates"
for Mathematics), a word of the name ("practice" for Piano Practice), its beginning ("bio") and its
consonants ("mth"); below these a slip of the pen. What fits about equally is kept, all of it:
choosing is for those who know more.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

from rapidfuzz.distance import OSA

from core.defaults import KIND_NAMES, SubjectKind, subject_kind
from core.family import Adult, Commitment, Family
from core.grammar.words import fold, vocabulary
from core.plan import Item
from core.text import name_key

EXACT, ALIKE, SLIP = 100, 93, 80
"""How well words fit a name: in full; by one of its other forms; misspelt, less with each slip."""

NAMES_KEPT = 4096
"""Names of which the forms are kept at hand."""

MARGIN = 5
"""Names that fit less well than the best by no more than this may be meant as well."""

_DULL = vocabulary(
    "time|work|class|lesson|lessons|study|studies|practice|the|of|and|for|a|in|day|club|y|e|de|del|"
    "la|el|los|las|en|clase|hora|dia"
)
"""Words of names that alone name nothing."""

Fits: TypeAlias = dict[str, int]
"""The key of each name that may be meant, and how well it fits."""


@dataclass(frozen=True, slots=True)
class Known:
    """What can be named. `subjects` by the `name_key` of each; a commitment with its owner, a
    child's id or None."""

    family: Family
    subjects: Mapping[str, str]
    commitments: tuple[tuple[Commitment, int | None], ...]


def known_of(family: Family, lessons: Iterable[Item]) -> Known:
    """All names of a family and of its lessons, of which each key has one spelling."""
    names = [lesson.name for lesson in lessons]
    names += [subject.name for child in family.children for subject in child.subjects]
    subjects: dict[str, str] = {}
    for name in names:
        subjects.setdefault(name_key(name), name)
    owned = [(commitment, None) for commitment in family.commitments]
    own = [(commitment, child.id) for child in family.children for commitment in child.commitments]
    return Known(family, MappingProxyType(subjects), (*owned, *own))


def words_of(text: str) -> tuple[str, ...]:
    """The words of a name or of a text as they are compared: folded, without marks."""
    return tuple(re.findall(r"[^\W_]+", fold(text).replace("'", "")))


def without_s(word: str) -> str | None:
    """The word without a genitive's or plural's end; None if it has none."""
    return word[:-1] if len(word) > 2 and word.endswith("s") else None


@dataclass(frozen=True, slots=True)
class Named:
    """People by id; `owner` if the words were in the genitive ("Emma's", "emmas")."""

    children: tuple[int, ...]
    adults: tuple[int, ...]
    owner: bool = False


def people_named(words: Sequence[str], family: Family, *, slips: bool) -> Named | None:
    """Those whose name, or first name, the words are. With `slips` one letter may be wrong or
    missing in a single word, if that leaves one person."""
    said = tuple(words)
    bare = without_s(said[-1])
    genitive = (*said[:-1], bare) if bare else None
    if not slips:
        for form in filter(None, (said, genitive)):
            children = tuple(c.id for c in family.children if form in _own_names(c.name))
            adults = tuple(a.id for a in _adults(family) if form in _own_names(a.name))
            if children or adults:
                return Named(children, adults, owner=form is genitive)
        return None
    near = [
        Named((child.id,), ()) for child in family.children if _one_slip(said, genitive, child.name)
    ]
    near += [
        Named((), (adult.id,)) for adult in _adults(family) if _one_slip(said, genitive, adult.name)
    ]
    return near[0] if len(near) == 1 else None


def _adults(family: Family) -> tuple[Adult, ...]:
    return (*family.adults, *family.others)


@lru_cache(NAMES_KEPT)
def _own_names(name: str) -> frozenset[tuple[str, ...]]:
    words = words_of(name)
    return frozenset({words, words[:1]}) if words else frozenset()


def _one_slip(said: tuple[str, ...], genitive: tuple[str, ...] | None, name: str) -> bool:
    return any(
        len(own) == len(form) == 1
        and len(own[0]) >= 4
        and len(form[0]) >= 3
        and form[0][0] == own[0][0]
        and OSA.distance(form[0], own[0], score_cutoff=1) == 1
        for own in _own_names(name)
        for form in (said, genitive)
        if form
    )


def fit(words: Sequence[str], names: Mapping[str, str], *, kinds: bool, slips: bool) -> Fits:
    """How well the words fit each of `names` (by key), of those that may be meant alone. `kinds`
    lets another word for the same subject count, `slips` what is misspelt."""
    said = tuple(words)
    forms = [said]
    if bare := without_s(said[-1]):
        forms.append((*said[:-1], bare))
    for form in forms:
        scored = {key: _score(form, name, kinds=kinds, slips=slips) for key, name in names.items()}
        best = max(scored.values(), default=0)
        if best:
            least = EXACT if best == EXACT else best - MARGIN
            return {key: score for key, score in scored.items() if score >= least}
    return {}


def _score(said: tuple[str, ...], name: str, *, kinds: bool, slips: bool) -> int:
    """How well words fit a name, 0 for not at all."""
    joined = "".join(said)
    whole, own, parts, kin = _forms(name, kinds)
    if joined in (whole, *parts):
        return EXACT
    if joined in kin:
        return ALIKE
    if len(said) > 1 and all(word in own for word in said):
        return ALIKE
    if len(said) == 1 and joined not in _DULL:
        if joined in own or (len(joined) >= 3 and any(w.startswith(joined) for w in own)):
            return ALIKE
        bare = len(joined) >= 3 and not _VOWELS & {*joined}
        if bare and any(joined == _consonants(form) for form in (*own, *kin)):
            return ALIKE
    if not slips:
        return 0
    forms = {whole, *parts, *kin, *(own if len(said) == 1 else ())} - _DULL
    return max((_slip(joined, form) for form in forms), default=0)


@lru_cache(NAMES_KEPT)
def _forms(name: str, kinds: bool) -> tuple[str, frozenset[str], frozenset[str], frozenset[str]]:
    """A name in one word; its words; its parts ("Reading/Language Arts" has two), each in one word;
    other words for its subject."""
    own = words_of(name)
    parts = ["".join(words_of(part)) for part in re.split(r"[/&,()]", name)]
    kind = subject_kind(name) if kinds else SubjectKind.OTHER
    kin = {"".join(words_of(other)) for other in KIND_NAMES.get(kind, ())}
    return "".join(own), frozenset(own), frozenset(filter(None, parts)), frozenset(kin)


_VOWELS = frozenset("aeiou")


def _consonants(word: str) -> str:
    return "".join(letter for letter in word if letter not in _VOWELS)


def slips_allowed(letters: int) -> int:
    """Slips of the pen that a word of so many letters may hold."""
    return 0 if letters < 4 else 1 if letters < 8 else 2


def _slip(said: str, form: str) -> int:
    allowed = min(slips_allowed(len(form)), slips_allowed(len(said)))
    if not allowed or said[0] != form[0]:
        return 0
    if len(form) == 4 and {*said} != {*form}:
        # Too many words look like a short one: "mateo" is no "mate", "mathh" is "math".
        return 0
    distance = OSA.distance(said, form, score_cutoff=allowed)
    return SLIP - distance + 1 if distance <= allowed else 0
