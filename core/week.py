"""Weeks, wall time and the grid.

A moment of a family's day is a *minute*: an int from 0 (midnight) to 1440 (the next midnight) of
the family's own wall clock. Only the edges (calendars, reminders) turn wall time into instants.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

GRID = 5
"""Minutes between two possible starts."""

DAY = 24 * 60


class Weekday(IntEnum):
    """Day of the week, numbered as `date.weekday()` does."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6

    @property
    def label(self) -> str:
        """The name that documents and JSONB use: "Monday"."""
        return self.name.capitalize()

    @classmethod
    def of(cls, day: date) -> "Weekday":
        return cls(day.weekday())

    @classmethod
    def parse(cls, label: str) -> "Weekday":
        """ "Monday" (any case) as a weekday; `ValueError` for anything else."""
        try:
            return cls[label.strip().upper()]
        except KeyError:
            raise ValueError(f"{label!r} is not a day of the week") from None


def week_start(day: date) -> date:
    """The Monday of the week that holds `day`."""
    return day - timedelta(days=day.weekday())


def coming_week(today: date, lessons: Iterable[date]) -> date:
    """The Monday of the week to show first: today's if one of its lessons (their dates) is not
    over, else the next."""
    monday = week_start(today)
    ahead = any(today <= day < monday + timedelta(days=7) for day in lessons)
    return monday if ahead else monday + timedelta(days=7)


def week_dates(monday: date) -> tuple[date, ...]:
    """The seven dates of the week that begins on `monday`; `ValueError` if it is no Monday."""
    if monday.weekday() != Weekday.MONDAY:
        raise ValueError(f"{monday.isoformat()} is not a Monday")
    return tuple(monday + timedelta(days=offset) for offset in range(7))


def minute_of(moment: time) -> int:
    """Minutes since midnight; seconds are dropped."""
    return moment.hour * 60 + moment.minute


def time_of(minute: int) -> time:
    """The wall time of a minute. Midnight at the day's end is written 23:59, which a clock and
    PostgreSQL's readers can both show."""
    if not 0 <= minute <= DAY:
        raise ValueError(f"{minute} is not a minute of a day")
    return time(23, 59) if minute == DAY else time(minute // 60, minute % 60)


def clock(minute: int) -> str:
    """ "HH:MM" of a minute; the day's end reads "23:59" (see `time_of`)."""
    return time_of(minute).strftime("%H:%M")


def parse_clock(text: str) -> int:
    """The minute that "HH:MM" names; `ValueError` for anything else."""
    if len(text) != 5:
        raise ValueError(f"{text!r} is not a time such as 09:30")
    try:
        return minute_of(time.fromisoformat(text))
    except ValueError:
        raise ValueError(f"{text!r} is not a time such as 09:30") from None


def instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The UTC instant at which a family's clock shows `minute` on `day`.

    Where the clock shows it twice (autumn) the first time counts; where it never does (spring)
    the first instant after the gap.
    """
    wall = datetime.combine(day, time(), tzinfo=zone) + timedelta(minutes=minute)
    first = wall.replace(fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return first
    # In a gap fold=0 reads the wall time with the old offset and fold=1 with the new one, so the
    # transition lies between the two instants.
    low, high = sorted((first, wall.replace(fold=1).astimezone(UTC)))
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """The family's wall time (naive) at an aware instant."""
    return moment.astimezone(zone).replace(tzinfo=None)


def grid(start: int, end: int) -> Iterator[int]:
    """The starts on the grid from `start` to `end`, both included."""
    return iter(range(-(-start // GRID) * GRID, end + 1, GRID))
