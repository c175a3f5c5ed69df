"""Lessons of which nobody has said how they went."""

from collections.abc import Collection, Iterable
from datetime import date

from core.plan import Item, ItemType
from core.week import week_start


def unanswered(
    items: Iterable[Item], told_missed: Collection[tuple[str, date]], day: date
) -> tuple[Item, ...]:
    """The lessons of a date that are neither done nor told to be missed (by uid and date)."""
    return tuple(
        item
        for item in items
        if item.type is ItemType.SUBJECT
        and item.date == day
        and not item.completed
        and (item.uid, item.date) not in told_missed
    )


def presumed_missed(
    items: Collection[Item], told_missed: Collection[tuple[str, date]], today: date
) -> tuple[Item, ...]:
    """The lessons of this week's days before `today` that are taken for missed without a word.

    Only of days of which the child has reported something: a family that never reports does its
    lessons all the same, and would find them heaped upon the rest of its week.
    """
    reported = {(item.child_id, item.date) for item in items if item.completed}
    days = {item.date for item in items if week_start(today) <= item.date < today}
    return tuple(
        item
        for day in sorted(days)
        for item in unanswered(items, told_missed, day)
        if (item.child_id, day) in reported
    )
