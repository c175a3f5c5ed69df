"""When a daily reminder is due: once on each local date, whatever the clocks do."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from core.family import Family
from core.week import Weekday, instant, wall

ONE_DAY = timedelta(days=1)

MORNING = "morning"
MORNING_MINUTE = 7 * 60 + 30
"""When the day's list is sent: half past seven of the family's own time."""


def next_morning(family: Family, after: datetime) -> datetime | None:
    """The next morning of a school day of any child, as a UTC instant later than `after` (aware);
    None for a family without one."""
    weekdays = {day for child in family.children for day in child.school_days}
    if not weekdays:
        return None
    return next_due(after, ZoneInfo(family.timezone), MORNING_MINUTE, weekdays)


def next_due(
    after: datetime, zone: ZoneInfo, minute: int, weekdays: Collection[Weekday]
) -> datetime:
    """The first UTC instant later than `after` (aware) at which it is `minute` on one of the
    `weekdays` in `zone`.

    Where the clock skips the minute, the first instant after the gap is meant; where it shows it
    twice, the first time. A date that a zone has skipped has no reminder. `ValueError` if
    `weekdays` is empty.
    """
    if not weekdays:
        raise ValueError("a reminder needs at least one weekday")
    # Yesterday's minute can still lie ahead, if a gap has pushed it past midnight.
    day = wall(after, zone).date() - ONE_DAY
    while True:
        if Weekday.of(day) in weekdays and _exists(day, zone):
            due = instant(day, minute, zone)
            if due > after:
                return due
        day += ONE_DAY


def due_date(due: datetime, zone: ZoneInfo, minute: int) -> date:
    """The local date for which a reminder of `next_due` is due: its own, or the day before it
    where a gap has pushed the minute past midnight."""
    day = wall(due, zone).date()
    before = day - ONE_DAY
    pushed = _exists(before, zone) and instant(before, minute, zone) == due
    return before if pushed else day


def _exists(day: date, zone: ZoneInfo) -> bool:
    """Whether the zone's clocks ever showed this date; islands have jumped the date line."""
    return instant(day, 0, zone) < instant(day + ONE_DAY, 0, zone)
