"""When a commitment takes its people: recurrence on the wall clock."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from core.family import Adult, Commitment, CommitmentFrequency
from core.week import DAY, Weekday


def falls_on(commitment: Commitment, day: date) -> bool:
    """Whether its recurrence names `day`, whatever has become of that occurrence.

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


def occurrence(commitment: Commitment, day: date) -> tuple[int, int] | None:
    """When the occurrence of `day` starts and ends (`end <= start`: past midnight); None where
    there is none, or it is cancelled."""
    if not falls_on(commitment, day):
        return None
    for override in commitment.overrides:
        if override.on == day:
            if override.start is None or override.end is None:
                return None
            return override.start, override.end
    return commitment.start, commitment.end


def busy(commitment: Commitment, day: date) -> tuple[tuple[int, int], ...]:
    """The minutes that it takes on a date, as sorted (start, end) with start < end.

    An overnight occurrence (`end <= start`) takes (start, 1440) of the date on which it falls and
    (0, end) of the next.
    """
    taken = []
    before = occurrence(commitment, day - timedelta(days=1)) if day > date.min else None
    if before is not None and 0 < before[1] <= before[0]:
        taken.append((0, before[1]))
    now = occurrence(commitment, day)
    if now is not None:
        taken.append((now[0], now[1] if now[1] > now[0] else DAY))
    return tuple(taken)


def merged(intervals: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The union of intervals, sorted, disjoint and not touching."""
    union: list[tuple[int, int]] = []
    for start, end in sorted(intervals):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        else:
            union.append((start, end))
    return tuple(union)


def clear_of(
    starts: Iterable[int], minutes: int, taken: Sequence[tuple[int, int]]
) -> tuple[int, ...]:
    """Those of `starts` from which `minutes` pass without touching what is `taken`."""
    return tuple(
        start
        for start in starts
        if all(start + minutes <= busy_from or start >= until for busy_from, until in taken)
    )


def adult_of(commitment: Commitment, adults: tuple[Adult, ...]) -> int | None:
    """The adult whom a parent's commitment takes: the one named, else the first."""
    if commitment.adult_id is not None:
        return commitment.adult_id
    return adults[0].id if adults else None
