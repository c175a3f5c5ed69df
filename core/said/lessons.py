"""Which children and which lessons are meant.

The rules, where words leave a choice:

- In a child's own chat nobody else is meant; elsewhere nobody named means everybody.
- Lessons that siblings share are one.
- Of lessons of one name, one that is still open goes before those that are done, and one that has
  begun before those that are to come. Whatever is left after that is asked back.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from core.grammar.words import fold
from core.plan import Item
from core.said.lexicon import Sense
from core.said.pieces import Heard, Mention, People, Word
from core.said.readings import DayFacts
from core.text import name_key


def in_order(heard: Heard, children: Iterable[int]) -> tuple[int, ...]:
    """Children in the family's order, each once."""
    wanted = {*children}
    return tuple(child.id for child in heard.known.family.children if child.id in wanted)


def whom(heard: Heard, day: DayFacts) -> tuple[int, ...]:
    """The children that a text names; where it names none the one who speaks, or all."""
    named = {child for people in heard.all(People) for child in people.children}
    if named:
        return in_order(heard, named)
    return in_order(heard, _all(heard) if day.child_id is None else (day.child_id,))


def _all(heard: Heard) -> tuple[int, ...]:
    return tuple(child.id for child in heard.known.family.children)


def lessons_of(
    heard: Heard, day: DayFacts, children: Iterable[int] | None = None, on: date | None = None
) -> tuple[Item, ...]:
    """Lessons that can be named: of these children (None: of all), on a date (None: on any)."""
    wanted = {*(_all(heard) if children is None else children)}
    return tuple(
        lesson
        for lesson in day.lessons
        if lesson.uid and lesson.child_id in wanted and on in (None, lesson.date)
    )


def named(mention: Mention, lessons: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(lesson for lesson in lessons if name_key(lesson.name) in mention.subjects)


def together(one: Item, other: Item, heard: Heard) -> bool:
    """Whether two lessons are one that siblings share."""
    same = (one.date, one.start, name_key(one.name)) == (
        other.date,
        other.start,
        name_key(other.name),
    )
    return same and _shares(one, heard) and _shares(other, heard)


def _shares(lesson: Item, heard: Heard) -> bool:
    return any(
        subject.teach_together and name_key(subject.name) == name_key(lesson.name)
        for child in heard.known.family.children
        if child.id == lesson.child_id
        for subject in child.subjects
    )


def shared_groups(lessons: Iterable[Item], heard: Heard) -> tuple[tuple[Item, ...], ...]:
    """Lessons, those that siblings share as one."""
    groups: list[list[Item]] = []
    for lesson in lessons:
        for group in groups:
            if together(group[0], lesson, heard):
                group.append(lesson)
                break
        else:
            groups.append([lesson])
    return tuple(map(tuple, groups))


def likeliest(lessons: Sequence[Item], heard: Heard) -> tuple[tuple[Item, ...], ...]:
    """Of lessons that one name fits those that may be meant, as `shared_groups`: a single one is
    meant."""
    groups = shared_groups(lessons, heard)
    still_open = tuple(g for g in groups if not all(lesson.completed for lesson in g))
    begun = tuple(g for g in still_open if has_begun(g[0], heard))
    for choice in (groups, still_open, begun):
        if len(choice) == 1:
            return choice
    return begun or still_open or groups


def has_begun(lesson: Item, heard: Heard) -> bool:
    return (lesson.date, lesson.start) <= (heard.today, heard.minute)


def current(heard: Heard, day: DayFacts, children: Iterable[int]) -> tuple[tuple[Item, ...], ...]:
    """The lessons of today that "done" may mean where nothing is named: open and begun, the last
    one first."""
    lessons = [
        lesson
        for lesson in lessons_of(heard, day, children, heard.today)
        if not lesson.completed and has_begun(lesson, heard)
    ]
    return tuple(sorted(shared_groups(lessons, heard), key=lambda group: -group[0].start))


def uids(lessons: Iterable[Item], day: DayFacts) -> tuple[str, ...]:
    """The uids of lessons, each once, in the order of the day's facts."""
    wanted = {lesson.uid for lesson in lessons}
    return tuple(
        dict.fromkeys(lesson.uid for lesson in day.lessons if lesson.uid and lesson.uid in wanted)
    )


def clauses(heard: Heard) -> tuple[tuple[People | None, tuple[Mention, ...]], ...] | None:
    """What is said of whom: "Emma: math, Noah: reading", "math for Emma". None where it is not
    clear who is meant with what."""
    people = [piece for piece in heard.all(People) if piece.children]
    mentions = heard.all(Mention)
    if not people:
        return ((None, mentions),)
    runs = list(_runs(heard))
    shape = "".join(kind for kind, _ in runs)
    if shape.count("P") == 1:
        index = shape.index("P")
        if shape == "MPM" and len(runs[index][1]) > 1:
            return None
        return ((_one(runs[index][1]), mentions),)
    first = 0 if shape[0] == "P" else 1
    pairs = list(zip(runs[0::2], runs[1::2], strict=False))
    if len(runs) % 2:
        return None
    return tuple(
        (
            _one(pair[first][1]),
            tuple(piece for piece in pair[1 - first][1] if isinstance(piece, Mention)),
        )
        for pair in pairs
    )


def _runs(heard: Heard) -> Iterator[tuple[str, list[People | Mention]]]:
    """Stretches of people ("P") and of mentions ("M"), alternating."""
    run: list[People | Mention] = []
    for piece in heard.pieces:
        if not isinstance(piece, People | Mention) or (
            isinstance(piece, People) and not piece.children
        ):
            continue
        if run and type(run[-1]) is not type(piece):
            yield _kind(run), run
            run = []
        run.append(piece)
    if run:
        yield _kind(run), run


def _kind(run: list[People | Mention]) -> str:
    return "P" if isinstance(run[0], People) else "M"


def _one(run: list[People | Mention]) -> People:
    children = tuple(child for p in run if isinstance(p, People) for child in p.children)
    return People(run[0].begin, run[-1].end, children)


def asks(heard: Heard) -> bool:
    """Whether the text is a question, and not a polite request."""
    if heard.has(Sense.ASK):
        return True
    if heard.has(Sense.POLITE):
        return False
    return "?" in heard.text or "¿" in heard.text or _inverted(heard)


_AUXILIARIES = ("is", "are", "did", "does", "do", "has", "have", "was", "were", "will")
_PRONOUNS = ("he", "she", "they", "we", "you", "i", "it")


def _inverted(heard: Heard) -> bool:
    """ "Did Emma finish", "is math done": a verb first, then who or what."""
    folded = fold(heard.text)
    first, *more = folded.split(maxsplit=2)[:2] or [""]
    if first not in _AUXILIARIES or not more:
        return False
    if more[0] in _PRONOUNS or first in ("is", "are", "does"):
        return True
    begin = folded.index(more[0], len(first))
    return any(
        piece.begin == begin
        and (
            (isinstance(piece, People) and not piece.owner)
            or (isinstance(piece, Mention) and first in ("is", "are", "was", "were", "has"))
        )
        for piece in heard.pieces
    )


def idle(heard: Heard) -> bool:
    """Whether nothing is said but words that do nothing."""
    return all(
        isinstance(piece, Word) and piece.sense in (Sense.FILL, Sense.ARTICLE, Sense.NOTHING)
        for piece in heard.pieces
    )
