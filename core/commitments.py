"""When a commitment takes its people: recurrence on the wall clock."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date

from core.family import Adult, Commitment, CommitmentFrequency, Family, Scope
from core.week import DAY, Weekday


def falls_on(commitment: Commitment, day: date) -> bool:
    """Whether its recurrence names `day`.

    Monthly on a day which the month lacks falls on the month's last day; a monthly or one-time
    commitment without a date never falls.
    """
    match commitment.frequency:
        case CommitmentFrequency.DAILY:
            return True
        case CommitmentFrequency.WEEKLY:
            return Weekday.of(day) in commitment.days_of_week
        case CommitmentFrequency.MONTHLY:
            if commitment.on is None:
                return False
            return day.day == min(commitment.on.day, monthrange(day.year, day.month)[1])
        case CommitmentFrequency.ONE_TIME:
            return commitment.on == day


def busy(commitment: Commitment, day: date) -> tuple[tuple[int, int], ...]:
    """The minutes that it takes on a date, as (start, end) with start < end.

    An overnight commitment (`end <= start`) falls on one date and counts on both days of its
    night: on every date on which it falls it takes (start, 1440) and (0, end), so that no
    reading of the night is planned over.
    """
    if not falls_on(commitment, day):
        return ()
    if commitment.end > commitment.start:
        return ((commitment.start, commitment.end),)
    night = ((0, commitment.end), (commitment.start, DAY))
    return tuple((start, end) for start, end in night if start < end)


def merged(intervals: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The union of intervals, sorted, disjoint and not touching."""
    union: list[tuple[int, int]] = []
    for start, end in sorted(intervals):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        else:
            union.append((start, end))
    return tuple(union)


def adult_of(commitment: Commitment, adults: tuple[Adult, ...]) -> int | None:
    """The adult whom a parent's commitment takes: the one named, else the first."""
    if commitment.adult_id is not None:
        return commitment.adult_id
    return adults[0].id if adults else None


def family_busy(family: Family, day: date) -> tuple[tuple[Commitment, tuple[int, int]], ...]:
    """The family's commitments of a date, each with the minutes it takes of everybody."""
    return tuple(
        (commitment, interval)
        for commitment in family.commitments
        if commitment.scope is Scope.FAMILY
        for interval in busy(commitment, day)
    )
