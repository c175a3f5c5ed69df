"""What a family is told of our own accord, and when: once on each local date, whatever the clocks
do."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from core.family import Family
from core.week import Weekday, instant, minute_of, wall

ONE_DAY = timedelta(days=1)


class Kind(StrEnum):
    """What a family is told of our own accord."""

    MORNING = "morning"
    EVENING = "evening"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class DaySettings:
    """When a family hears from us, in minutes of its own day; None: never.

    In the quiet hours, `quiet_from` up to `quiet_until`, nothing is caught up. Nothing is said
    before the date `paused_until`. `automatic`: weeks are published without asking.
    """

    morning: int | None = 7 * 60 + 30
    evening: int | None = 18 * 60 + 30
    review: int | None = 17 * 60
    quiet_from: int = 21 * 60
    quiet_until: int = 7 * 60
    paused_until: date | None = None
    automatic: bool = False

    def minute(self, kind: Kind) -> int | None:
        """When it is said on its days."""
        return {
            Kind.MORNING: self.morning,
            Kind.EVENING: self.evening,
            Kind.REVIEW: self.review,
        }[kind]

    def is_quiet(self, minute: int) -> bool:
        """Whether this minute lies in the quiet hours, which may last past midnight."""
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= minute < self.quiet_until
        return minute >= self.quiet_from or minute < self.quiet_until

    def is_paused(self, day: date) -> bool:
        return self.paused_until is not None and day < self.paused_until


LATE = timedelta(minutes=20)
"""From how long after its time on something is said to be late."""


class Said(StrEnum):
    """What becomes of something that was due: said as usual, said to be late, or no more."""

    NOW = "now"
    LATE = "late"
    NEVER = "never"


def how_said(
    settings: DaySettings, kind: Kind, due_on: date, now: datetime, zone: ZoneInfo
) -> Said:
    """What becomes at `now` (aware) of what was due on a date: it is caught up on its own day,
    outside the quiet hours, and a morning not beside the evening. What is in time is said even in
    the quiet hours: somebody has set that time."""
    local, minute = wall(now, zone), settings.minute(kind)
    if minute is None or settings.is_paused(due_on):
        return Said.NEVER
    late = now - instant(due_on, minute, zone)
    if late < timedelta(0):
        return Said.NEVER
    if late <= LATE:
        return Said.NOW
    if local.date() != due_on:
        return Said.NEVER
    told = minute_of(local.time())
    evening = settings.evening if kind is Kind.MORNING else None
    over = evening is not None and minute < evening <= told
    return Said.NEVER if over or settings.is_quiet(told) else Said.LATE


def next_of(kind: Kind, family: Family, settings: DaySettings, after: datetime) -> datetime | None:
    """When a family is next told of this kind, on a school day of any child or (the review) on a
    Sunday: a UTC instant later than `after` (aware); None: never."""
    weekdays, minute = _days(kind, family), settings.minute(kind)
    if not weekdays or minute is None:
        return None
    return next_due(after, ZoneInfo(family.timezone), minute, weekdays)


def due_on(
    kind: Kind, family: Family, settings: DaySettings, due: datetime, now: datetime
) -> date | None:
    """The local date of what was `due` and is looked at `now` (both aware): its own, or today's
    where its time has come on a later day too, as after a downtime. None: it is wanted no more."""
    zone, minute = ZoneInfo(family.timezone), settings.minute(kind)
    if minute is None:
        return None
    today = wall(now, zone).date()
    if Weekday.of(today) in _days(kind, family) and instant(today, minute, zone) <= now:
        return today
    return due_date(due, zone, minute)


def _days(kind: Kind, family: Family) -> frozenset[Weekday]:
    school = frozenset(day for child in family.children for day in child.school_days)
    return frozenset({Weekday.SUNDAY}) if school and kind is Kind.REVIEW else school


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
