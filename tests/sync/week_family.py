"""Sarah's week: Noah 6, Emma 9, a school week of some thirty lessons, half of it done."""

from datetime import UTC, date, datetime, timedelta

from core.plan import ItemType
from core.week import parse_clock
from sync.week_page import Away, WeekEntry, WeekPage

MONDAY = date(2026, 11, 30)
NOW = datetime(2026, 12, 2, 15, 20, tzinfo=UTC)
"""Wednesday 10:20 in New York."""


def entry(
    child: str,
    day: int,
    start: str,
    minutes: int,
    name: str,
    *,
    adult: str | None = None,
    kind: ItemType = ItemType.SUBJECT,
) -> WeekEntry:
    """`day` counts from Monday; lessons before Wednesday at ten are done."""
    begin = parse_clock(start)
    done = kind is ItemType.SUBJECT and (day, begin) < (2, 600)
    end = begin + minutes
    return WeekEntry(kind, child, MONDAY + timedelta(days=day), begin, end, name, adult, done)


def school_week() -> tuple[WeekEntry, ...]:
    entries = []
    for day in range(5):
        meeting = day in (1, 3)
        entries += [
            entry("Noah", day, "09:00", 30, "Reading/Language Arts", adult="Sarah"),
            entry("Emma", day, "09:00", 45, "Reading/Language Arts"),
            entry("Noah", day, "09:30" if meeting else "09:40", 30, "Mathematics", adult="Sarah"),
            entry("Emma", day, "13:00" if meeting else "10:10", 45, "Mathematics", adult="Sarah"),
            entry("Noah", day, "10:10", 10, "Snack", kind=ItemType.BREAK),
        ]
        for child in ("Noah", "Emma"):
            entries.append(entry(child, day, "12:00", 30, "Lunch", kind=ItemType.LUNCH))
            if not meeting:
                entries.append(entry(child, day, "11:00", 30, "Science", adult="Sarah"))
        if meeting:
            entries.append(entry("Emma", day, "10:00", 30, "Foreign Language"))
    entries += [
        entry("Noah", 0, "12:40", 30, "Art", adult="Sarah"),
        entry("Noah", 2, "12:40", 45, "Physical Education", adult="Ben"),
        entry("Noah", 3, "13:00", 45, "Physical Education", adult="Ben"),
        entry("Emma", 0, "13:00", 15, "Typing"),
        entry("Emma", 1, "11:00", 30, "Music"),
        entry("Emma", 2, "13:00", 30, "Foreign Language"),
        entry("Noah", 0, "16:00", 60, "Soccer Practice", kind=ItemType.COMMITMENT),
        entry("Noah", 2, "16:00", 60, "Soccer Practice", kind=ItemType.COMMITMENT),
        entry("Noah", 4, "13:00", 120, "Co-op", kind=ItemType.COMMITMENT),
        entry("Emma", 4, "13:00", 120, "Co-op", kind=ItemType.COMMITMENT),
    ]
    return tuple(entries)


def week_page(language: str = "en") -> WeekPage:
    return WeekPage(
        title="The Kim family",
        language=language,
        timezone="America/New_York",
        monday=MONDAY,
        now=NOW,
        children=("Noah", "Emma"),
        entries=school_week(),
        away=tuple(
            Away("Sarah", MONDAY + timedelta(days=day), 600, 690, "Work Meeting") for day in (1, 3)
        ),
        subjects=("Mathematics", "Reading/Language Arts", "Science", "Art", "Physical Education"),
        feed_url="https://plan.example/feeds/abc.ics",
    )
