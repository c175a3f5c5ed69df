"""Where else in its week a lesson may stand, when it may not stand where it was put."""

from collections.abc import Iterator

from core.changes import Impossible, MoveLesson
from core.decisions import broken_by
from core.plan import WeekRequest
from core.rearrange import asked_for, changed
from core.week import DAY, grid, week_dates

APART = 30
"""Minutes between two places of a day that count as different ones."""


def places_near(request: WeekRequest, asked: MoveLesson) -> Iterator[MoveLesson]:
    """Moves of the same lesson that no rule forbids by itself, nearest to the one that was asked
    first and each `APART` from those before it; `request.previous` is the week as it stands.
    Whether the rest of the week finds room around one is known only once it is planned."""
    lesson = next((item for item in request.previous if item.uid == asked.uid), None)
    if lesson is None:
        return
    hours = request.family.child(lesson.child_id).hours_on
    places = [
        (day, start)
        for day in week_dates(request.week_start)
        for start in grid(hours(day).start, hours(day).end - (lesson.end - lesson.start))
    ]
    found: list[MoveLesson] = []
    for day, start in sorted(
        places,
        key=lambda place: (
            abs((place[0] - asked.to).days * DAY + place[1] - asked.start),
            place,
        ),
    ):
        if any(day == each.to and abs(start - each.start) < APART for each in found):
            continue
        move = MoveLesson(asked.uid, day, start)
        after = changed(request, move)
        if isinstance(after, Impossible):
            continue
        if not broken_by(after, asked_for(request, after)):
            found.append(move)
            yield move
