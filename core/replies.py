"""What a child or a parent means when they answer the day's list, in English and Spanish."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from core.defaults import SubjectKind, plain, subject_kind

ALIKE = 0.78
"""How much a misspelt word must resemble a lesson's name (0 to 1)."""

MARGIN = 0.08
"""How much better than the next name the best one must be; below it we ask back."""


LONGEST = 300
"""Characters of an answer; a longer text is a story, and asked back."""


class ReplyKind(StrEnum):
    """DONE: the lessons named were done. DONE_ONE: something was done, not said what. ALL: all
    was done. NOT_YET: the lessons named (none: whichever) were not done yet. UNCLEAR: ask back,
    about the lessons named if any."""

    DONE = "done"
    DONE_ONE = "done_one"
    ALL = "all"
    NOT_YET = "not_yet"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Reading:
    """`lessons` are positions in the list that was read against, ascending; of "all but art" they
    are all others, with kind DONE. `at` is the minute of the day that was named ("at 10:05")."""

    kind: ReplyKind
    lessons: tuple[int, ...] = ()
    at: int | None = None


_EMOJI_DONE = re.compile(r"^[✅👍✔☑💪🎉👌🙌\ufe0f\U0001f3fb-\U0001f3ff\s!.]+$")
_EMOJI_NOT = re.compile(r"^[👎❌🚫\ufe0f\U0001f3fb-\U0001f3ff\s!.]+$")
_ALL = (
    r"(?:all|everything|every ?thing|the lot|all of (?:it|them)|todo|todos|todas|"
    r"all (?:my )?(?:lessons|work)|todas las clases)"
)
_DONE = (
    r"(?:i(?:'ve|'m| have| am)? |we(?:'ve| have)? |ya |he |hemos |acabo de )?"
    r"(?:just |already )?"
    r"(?:did|done|finished|complete[d]?|ready|hecho|hecha|hechos|hechas|listo|lista|termine|"
    r"terminado|terminada|acabe|acabado|hice|hicimos|terminamos|acabamos|terminar)"
)
_BUT = r"\b(?:but|except(?: for)?|apart from|besides|without|menos|excepto|salvo|sin)\b"
_NOT = (
    r"\b(?:not(?: yet| done| finished)?|didn'?t(?: do| finish)?|did not(?: do| finish)?|"
    r"haven'?t(?: done| finished)?|no yet|later|todavia no|aun no|no he (?:hecho|terminado)|"
    r"no hice|no termine|mas tarde|despues|luego)\b"
)
_AT = r"\b(?:at|a las?|by|around)\s+(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm)?\b"
_PARTS = r"\s*(?:[,;&+\n]|\b(?:and|y|e|also|tambien)\b)\s*"
_FILLERS = frozenset(
    {
        *("my", "the", "with", "i", "is", "are", "all", "his", "her", "our", "it", "today", "a"),
        *("mi", "mis", "la", "el", "las", "los", "con", "de", "es", "esta", "hoy", "yo", "lesson"),
        *("clase", "for", "para", "now", "ya", "just", "so", "ok", "okay", "yes", "si"),
    }
)


def read_reply(text: str, lessons: Sequence[str]) -> Reading:
    """What `text` says of `lessons` (names; one that stands twice is ambiguous, so asked back).

    Understands "done", "done math", "finished reading at 10:05", "all done", "did everything but
    art", "not yet", a bare lesson's name, ✅ and 👍, and the same in Spanish; forgives slips of
    spelling. Never guesses between two lessons that fit about equally.
    """
    stripped = text.strip()
    if not stripped or len(stripped) > LONGEST:
        return Reading(ReplyKind.UNCLEAR)
    if _EMOJI_DONE.match(stripped):
        return Reading(ReplyKind.DONE_ONE)
    if _EMOJI_NOT.match(stripped):
        return Reading(ReplyKind.NOT_YET)
    said = _words(stripped)
    at, said = _take_time(said)
    before, *after = re.split(_BUT, said, maxsplit=1)
    if after and re.search(rf"\b{_ALL}\b", before):
        left_out = _named(after[0], lessons)
        if left_out.kind is not ReplyKind.DONE:
            return Reading(ReplyKind.UNCLEAR, left_out.lessons)
        done = tuple(n for n in range(len(lessons)) if n not in left_out.lessons)
        return Reading(ReplyKind.DONE if done else ReplyKind.NOT_YET, done or left_out.lessons, at)
    if re.fullmatch(r"no|nope|nah", said) or re.search(_NOT, said):
        about = re.sub(_NOT, " ", re.sub(rf"{_NOT}\s+{_DONE}\b", " ", said))
        if re.search(rf"\b{_DONE}\b", about):
            # "math done, art not done" says both; taking it for one of them loses the other.
            return Reading(ReplyKind.UNCLEAR, _named(about, lessons).lessons)
        return _not_yet(about, lessons)
    without_done, found_done = re.subn(rf"\b{_DONE}\b", " ", said)
    rest = _core_words(re.sub(rf"\b{_ALL}\b", " ", without_done))
    if not rest:
        if re.search(rf"\b{_ALL}\b", without_done):
            return Reading(ReplyKind.ALL, tuple(range(len(lessons))), at)
        meant = found_done or re.fullmatch(r"(?:yes|si|ok|okay|yep|ya)", said)
        return Reading(ReplyKind.DONE_ONE if meant else ReplyKind.UNCLEAR, (), at)
    named = _named(without_done, lessons)
    return Reading(named.kind, named.lessons, at)


def _words(text: str) -> str:
    marks = re.sub(r"[✅👍✔☑\ufe0f]", " done ", text)
    return " ".join(re.sub(r"[!¡?¿.…\"“”]+(?=\s|$)", " ", plain(marks)).replace("’", "'").split())


def _take_time(said: str) -> tuple[int | None, str]:
    found = re.search(_AT, said)
    if found is None:
        return None, said
    hour, minutes = int(found[1]), int(found[2] or 0)
    if found[3] and 1 <= hour <= 12:
        hour = hour % 12 + (12 if found[3] == "pm" else 0)
    elif hour < 7:
        # Nobody reports a lesson held before seven in the morning: "at 2" is the afternoon.
        hour += 12
    if hour > 23 or minutes > 59:
        return None, said
    return hour * 60 + minutes, f"{said[: found.start()]} {said[found.end() :]}"


def _not_yet(about: str, lessons: Sequence[str]) -> Reading:
    if not _core_words(re.sub(r"^\s*no\b", " ", about)):
        return Reading(ReplyKind.NOT_YET)
    named = _named(about, lessons)
    if named.kind is ReplyKind.DONE:
        return Reading(ReplyKind.NOT_YET, named.lessons)
    return Reading(ReplyKind.UNCLEAR, named.lessons)


def _core_words(text: str) -> str:
    return " ".join(w for w in re.findall(r"[^\s,;&+]+", text) if w not in _FILLERS)


def _named(text: str, lessons: Sequence[str]) -> Reading:
    """DONE with the lessons that a text names, or UNCLEAR with those that it may name."""
    whole = _core_words(text)
    found = _matches(whole, lessons)
    if len(found) == 1:
        return Reading(ReplyKind.DONE, found)
    sure: set[int] = set()
    unsure: set[int] = set()
    for part in re.split(_PARTS, text):
        words = _core_words(part)
        if not words:
            continue
        matched = _matches(words, lessons)
        if len(matched) == 1:
            sure.update(matched)
        else:
            unsure.update(matched)
            unsure.add(-1)
    if unsure or not sure:
        return Reading(ReplyKind.UNCLEAR, tuple(sorted((sure | unsure | set(found)) - {-1})))
    return Reading(ReplyKind.DONE, tuple(sorted(sure)))


def _matches(words: str, lessons: Sequence[str]) -> tuple[int, ...]:
    """The lesson that the words name; several where they fit about equally, none where none."""
    scored = sorted(((_score(words, name), n) for n, name in enumerate(lessons)), reverse=True)
    if not scored or scored[0][0] < ALIKE:
        return ()
    best = scored[0][0]
    return tuple(sorted(n for score, n in scored if score >= max(ALIKE, best - MARGIN)))


def _score(words: str, lesson: str) -> float:
    name = plain(lesson)
    if words == name:
        return 1.0
    kind = subject_kind(words)
    if kind is not SubjectKind.OTHER and kind is subject_kind(lesson):
        return 0.99
    candidates = {name, *re.split(r"\s*[/()&,:]\s*|\s+", name)} - {""}
    ratios = [
        SequenceMatcher(None, words, candidate).ratio() * (1.0 if candidate == name else 0.97)
        for candidate in candidates
    ]
    return max(ratios, default=0.0)
