"""Places near the one that a lesson cannot have."""

from datetime import date, datetime, timedelta
from itertools import islice

from core.changes import MoveLesson
from core.family import (
    Child,
    Commitment,
    CommitmentFrequency,
    Family,
    Frequency,
    Hours,
    Involvement,
    Scope,
    Subject,
    Weekday,
)
from core.nearby import APART, places_near
from core.plan import Item, ItemType, WeekRequest

MONDAY = date(2026, 11, 30)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
MATH = Subject(1, "Math", True, 30, Frequency.WEEKLY, Involvement.INDEPENDENT, 3)
PIANO = Commitment(
    7,
    "Piano",
    CommitmentFrequency.WEEKLY,
    600,
    660,
    Scope.CHILD,
    days_of_week=(Weekday.WEDNESDAY,),
)
EMMA = Child(1, "Emma", 9, Hours(540, 780), 60, subjects=(MATH,), commitments=(PIANO,))
LESSON = Item(1, MONDAY, ItemType.SUBJECT, "Math", 540, 570, subject_id=1, uid="math")


def near(day: date, start: int, *, now: datetime | None = None) -> list[tuple[date, int]]:
    request = WeekRequest(
        Family("America/New_York", (), (EMMA,)), MONDAY, previous=(LESSON,), now=now
    )
    return [
        (m.to, m.start) for m in islice(places_near(request, MoveLesson("math", day, start)), 6)
    ]


def test_the_nearest_come_first_and_lie_apart() -> None:
    found = near(WEDNESDAY, 615)
    assert found[:2] == [(WEDNESDAY, 570), (WEDNESDAY, 660)]
    for number, (day, start) in enumerate(found):
        for other, at in found[:number]:
            assert day != other or abs(start - at) >= APART


def test_all_of_them_lie_in_the_hours_of_school_days_to_come() -> None:
    sunday = MONDAY + timedelta(days=6)
    for day, start in near(sunday, 1200):
        assert day.weekday() < 5
        assert 540 <= start <= 750
    wednesday_noon = datetime(2026, 12, 2, 12, 0)  # noqa: DTZ001 - wall time
    moved = WeekRequest(Family("America/New_York", (), (EMMA,)), MONDAY, now=wednesday_noon)
    later = Item(1, MONDAY + timedelta(days=4), ItemType.SUBJECT, "Math", 540, 570, 1, uid="math")
    request = WeekRequest(moved.family, MONDAY, now=wednesday_noon, previous=(later,))
    places = [(m.to, m.start) for m in places_near(request, MoveLesson("math", TUESDAY, 600))]
    assert places
    assert min(places) > (WEDNESDAY, 720)


def test_a_lesson_that_is_not_there_has_no_place() -> None:
    request = WeekRequest(Family("America/New_York", (), (EMMA,)), MONDAY)
    assert list(places_near(request, MoveLesson("math", MONDAY, 600))) == []
