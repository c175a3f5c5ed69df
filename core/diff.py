"""What differs between two plans of a week, in lessons."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from core.plan import Item, ItemType


@dataclass(frozen=True, slots=True)
class LeftOut:
    """`missing` sessions of a subject that a week does not hold; `reason` is the key of a text."""

    child_id: int
    subject_id: int
    missing: int
    reason: str


@dataclass(frozen=True, slots=True)
class Changed:
    """One lesson as it was and as it is."""

    old: Item
    new: Item


@dataclass(frozen=True, slots=True)
class Difference:
    """What has become of a week's lessons, each part by date, time and child.

    `moved` stand at another place, `handed_over` at the same one with another adult; `added` are
    new, `gone` no longer there, `done` and `not_done` differ in nothing but that. `left_out` is
    what the week holds less of than before.
    """

    moved: tuple[Changed, ...] = ()
    handed_over: tuple[Changed, ...] = ()
    added: tuple[Item, ...] = ()
    gone: tuple[Item, ...] = ()
    done: tuple[Item, ...] = ()
    not_done: tuple[Item, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def difference(
    before: Iterable[Item],
    after: Iterable[Item],
    left_out_before: Iterable[LeftOut] = (),
    left_out_after: Iterable[LeftOut] = (),
) -> Difference:
    """The difference between two weeks; lessons are the same by `uid`, one without is new."""
    old, new = _lessons(before), _lessons(after)
    both = [Changed(old[uid], new[uid]) for uid in old.keys() & new.keys()]
    moved = [pair for pair in both if _place(pair.old) != _place(pair.new)]
    stayed = [pair for pair in both if _place(pair.old) == _place(pair.new)]
    return Difference(
        moved=tuple(sorted(moved, key=lambda pair: (_place(pair.old), pair.old.child_id))),
        handed_over=tuple(
            sorted(
                (pair for pair in stayed if pair.old.adult_id != pair.new.adult_id),
                key=lambda pair: (_place(pair.new), pair.new.child_id),
            )
        ),
        added=_sorted(new[uid] for uid in new.keys() - old.keys()),
        gone=_sorted(old[uid] for uid in old.keys() - new.keys()),
        done=_sorted(p.new for p in both if p.new.completed and not p.old.completed),
        not_done=_sorted(p.new for p in both if p.old.completed and not p.new.completed),
        left_out=_more_left_out(left_out_before, left_out_after),
    )


def _lessons(week: Iterable[Item]) -> dict[str | int, Item]:
    return {
        item.uid or number: item
        for number, item in enumerate(week)
        if item.type is ItemType.SUBJECT
    }


def touched(before: Iterable[Item], after: Iterable[Item]) -> tuple[Item, ...]:
    """What of ours, breaks and lunch included, stands otherwise in two stored weeks: as it was
    where it was there before, and as it is where it is there now."""
    old = {item.uid: item for item in before if item.type is not ItemType.COMMITMENT}
    new = {item.uid: item for item in after if item.type is not ItemType.COMMITMENT}
    return tuple(
        item
        for uid in dict.fromkeys((*old, *new))
        if _stands(old.get(uid)) != _stands(new.get(uid))
        for item in (old.get(uid), new.get(uid))
        if item is not None
    )


def stands_alike(one: Iterable[Item], other: Iterable[Item]) -> bool:
    """Whether two stored weeks hold the same items at the same places, whatever was done."""
    first, second = (
        {(item.uid, item.child_id, _stands(item)) for item in week} for week in (one, other)
    )
    return first == second


def _stands(item: Item | None) -> tuple[object, ...] | None:
    return None if item is None else (*_place(item), item.name, item.adult_id)


def _more_left_out(before: Iterable[LeftOut], after: Iterable[LeftOut]) -> tuple[LeftOut, ...]:
    known = Counter[tuple[int, int]]()
    for left in before:
        known[left.child_id, left.subject_id] += left.missing
    return tuple(left for left in after if left.missing > known[left.child_id, left.subject_id])


def _place(item: Item) -> tuple[object, int, int]:
    return item.date, item.start, item.end


def _sorted(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: (item.date, item.start, item.child_id)))
