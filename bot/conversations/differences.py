"""What has become of a family's lessons, and why something cannot be: in the family's words."""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import date, timedelta
from typing import TypeVar

from bot.conversations.cards import Card, Option
from core.changes import Impossible
from core.decisions import Broken
from core.diff import Changed, Difference
from core.family import Family
from core.phrase import Phrase, say
from core.plan import Item
from core.week import Weekday, time_of
from core.wording import children_named, listed, reason_named

MOST_LINES = 8
"""Lines that tell a difference; where there is more, the last of them counts it."""

_Thing = TypeVar("_Thing")
_UNDO = re.compile(r"undo([0-9a-f]{20})")


def difference_lines(found: Difference, family: Family, *, today: date) -> tuple[Phrase, ...]:
    """A line for all that differs in the same way: siblings who share a lesson are named together,
    and so are the lessons of a day that is off. At most `MOST_LINES`; one that says so where
    nothing differs. Lessons of children who have left the family are not told."""
    found = _of_present(found, family)
    lines = [
        *_moved(found.moved, family, today),
        *_handed_over(found.handed_over, family, today),
        *_left_out(found, family),
        *_by_day("change.gone", found.gone, family, today),
        *_added(found.added, family, today),
        *_by_day("change.done", found.done, family, today),
        *_by_day("change.not_done", found.not_done, family, today),
    ]
    if len(lines) > MOST_LINES:
        more = len(lines) - MOST_LINES + 1
        lines[MOST_LINES - 1 :] = [say("change.more", count=more)]
    return tuple(lines) or (say("change.nothing"),)


def changed_card(
    found: Difference,
    family: Family,
    *,
    today: date,
    undo: str | None = None,
    title: Phrase | None = None,
) -> Card:
    """What has changed, with a button that takes it back where a token to `undo` it is given."""
    return Card(
        title or say("change.title"),
        lines=difference_lines(found, family, today=today),
        rows=((undo_option(undo),),) if undo else (),
    )


def undo_option(token: str) -> Option:
    """The button that takes the change of this token back."""
    return Option(f"undo{token}", say("day.undo"))


def token_to_undo(option: str) -> str | None:
    """The token in the option of an `undo_option`; None for any other option."""
    found = _UNDO.fullmatch(option)
    return found[1] if found else None


def refusal(
    outcome: Impossible | Broken, family: Family, lesson: Item | None = None
) -> tuple[Phrase, ...]:
    """Why a change, or its undo, cannot be: a sentence each. `lesson` is the one that an
    `Impossible` names, where it is known."""
    match outcome:
        case Impossible(why=why):
            name = say("change.lesson")
            if lesson is not None and children_named(family, (lesson.child_id,)):
                name = _lesson(family, (lesson.child_id,), (lesson.name,))
            return (say(f"change.why.{why}", lesson=name),)
        case Broken(rules=rules):
            return tuple(say(f"change.rule.{rule}") for rule in rules)


def undoing_card() -> Card:
    """Shown until it is known whether the change could be taken back."""
    return Card(say("change.undoing"), thinking=True)


def undone_card(found: Difference, family: Family, *, today: date) -> Card:
    """The change was taken back; `found` is what that did."""
    return Card(say("change.undone"), lines=difference_lines(found, family, today=today))


def not_undone_card(
    outcome: Impossible | Broken, family: Family, lesson: Item | None = None
) -> Card:
    """The change stays, and why."""
    return Card(say("change.stays"), lines=refusal(outcome, family, lesson))


def _of_present(found: Difference, family: Family) -> Difference:
    there = {child.id for child in family.children}

    def pairs(changed: Iterable[Changed]) -> tuple[Changed, ...]:
        return tuple(pair for pair in changed if pair.new.child_id in there)

    def items(some: Iterable[Item]) -> tuple[Item, ...]:
        return tuple(item for item in some if item.child_id in there)

    return Difference(
        moved=pairs(found.moved),
        handed_over=pairs(found.handed_over),
        added=items(found.added),
        gone=items(found.gone),
        done=items(found.done),
        not_done=items(found.not_done),
        left_out=tuple(left for left in found.left_out if left.child_id in there),
    )


def _moved(moved: Iterable[Changed], family: Family, today: date) -> Iterator[Phrase]:
    for pairs in _alike(moved, lambda pair: (_alone(pair.old), _alone(pair.new))):
        old, new = pairs[0].old, pairs[0].new
        lesson = _shared(family, [pair.new for pair in pairs])
        when = at(new.date, new.start, today)
        if (old.date, old.start) == (new.date, new.start):
            line = say("change.longer", lesson=lesson, at=when, minutes=new.end - new.start)
        elif old.date == new.date:
            line = say("change.moved", lesson=lesson, at=when)
        else:
            line = say("change.moved_day", lesson=lesson, day=day_named(old.date, today), at=when)
        adult = _adult(family, new.adult_id)
        if adult is not None and new.adult_id != old.adult_id:
            line = say("change.with", line=line, adult=adult)
        yield line


def _handed_over(pairs: Iterable[Changed], family: Family, today: date) -> Iterator[Phrase]:
    for items in _alike((pair.new for pair in pairs), _alone):
        new = items[0]
        lesson, when = _shared(family, items), at(new.date, new.start, today)
        adult = _adult(family, new.adult_id)
        if adult is None:
            yield say("change.alone", lesson=lesson, at=when)
        else:
            yield say("change.handed_over", adult=adult, lesson=lesson, at=when)


def _left_out(found: Difference, family: Family) -> Iterator[Phrase]:
    for left in found.left_out:
        child = family.child(left.child_id)
        for subject in child.subjects:
            if subject.id == left.subject_id:
                lesson = _lesson(family, (child.id,), (subject.name,))
                reason = reason_named(left.reason, child, subject)
                yield say("change.left_out", lesson=lesson, reason=reason)


def _added(added: Iterable[Item], family: Family, today: date) -> Iterator[Phrase]:
    for items in _alike(added, _alone):
        when = at(items[0].date, items[0].start, today)
        yield say("change.added", lesson=_shared(family, items), at=when)


def _by_day(key: str, some: Iterable[Item], family: Family, today: date) -> Iterator[Phrase]:
    """A line for each day, in which each lesson is named once and those of the same children
    together."""
    days: defaultdict[date, dict[tuple[int, ...], list[str]]] = defaultdict(dict)
    for items in _alike(some, _alone):
        children = tuple(sorted({item.child_id for item in items}))
        days[items[0].date].setdefault(children, []).append(items[0].name)
    for day, lessons in sorted(days.items()):
        named = [_lesson(family, children, names) for children, names in lessons.items()]
        yield say(key, day=day_named(day, today), lessons=listed(named))


def _alike(some: Iterable[_Thing], key: Callable[[_Thing], Hashable]) -> list[list[_Thing]]:
    """What has the same key, together; in the order in which the keys come first."""
    groups: dict[Hashable, list[_Thing]] = {}
    for thing in some:
        groups.setdefault(key(thing), []).append(thing)
    return list(groups.values())


def _alone(item: Item) -> Hashable:
    """Equal for the lessons of siblings who share one."""
    return item.name, item.date, item.start, item.end, item.adult_id


def _shared(family: Family, items: Iterable[Item]) -> Phrase:
    items = list(items)
    return _lesson(family, (item.child_id for item in items), (items[0].name,))


def _lesson(family: Family, children: Iterable[int], names: Iterable[str]) -> Phrase:
    whose = children_named(family, children)
    return say("plan.ask.lessons", children=whose, subject=tuple(dict.fromkeys(names)))


def _adult(family: Family, adult_id: int | None) -> str | None:
    adults = (*family.adults, *family.others)
    return next((adult.name for adult in adults if adult.id == adult_id), None)


def at(day: date, minute: int, today: date) -> Phrase:
    """A time of a day as it is told on `today`: "10 AM today", "Wed 10 AM"."""
    if day == today:
        return say("change.at_today", time=time_of(minute))
    return say("change.at", day=day_named(day, today), time=time_of(minute))


def day_named(day: date, today: date) -> Phrase:
    """ "today", "Wed" for one of the six days that follow, else the whole date."""
    if day == today:
        return say("change.today")
    if today < day < today + timedelta(days=7):
        return say(f"weekday.{Weekday.of(day).value}")
    return say("day.title", date=day)
