"""Which week to show first."""

from datetime import date

import pytest

from core.week import coming_week

MONDAY = date(2026, 11, 23)
NEXT = date(2026, 11, 30)
FRIDAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("today", "lessons", "shown"),
    [
        (MONDAY, (MONDAY, FRIDAY), MONDAY),
        (FRIDAY, (MONDAY, FRIDAY), MONDAY),
        (date(2026, 11, 28), (MONDAY, FRIDAY), NEXT),
        (date(2026, 11, 29), (FRIDAY, NEXT), NEXT),
        (date(2026, 11, 29), (date(2026, 11, 29),), MONDAY),
        (MONDAY, (NEXT,), NEXT),
        (MONDAY, (), NEXT),
    ],
)
def test_the_week_to_show_first_still_has_lessons(
    today: date, lessons: tuple[date, ...], shown: date
) -> None:
    assert coming_week(today, lessons) == shown
