"""Rule 8 of the checker: runs of lessons, breaks and lunch."""

from collections.abc import Iterator, Sequence
from datetime import date

from core.check_facts import Span, Week, commitment_spans, has_started, is_off, title
from core.family import Child
from core.plan import Item, ItemType, Plan
from core.week import GRID, clock

LUNCH = 30
LUNCH_FIRST = 11 * 60 + 30
LUNCH_LAST = 13 * 60
LUNCH_NEEDS_HOURS_UNTIL = 13 * 60 + 30


def runs_and_rests(week: Week) -> Iterator[str]:
    """Rule 8: runs within the span, breaks where a run ends, lunch."""
    for child in week.family.children:
        for day in week.dates:
            lessons = week.day(child.id, day, ItemType.SUBJECT)
            yield from _runs(week, child, day, lessons)
            yield from _breaks(week, child, day, lessons)
            yield from _lunch(week, child, day, lessons)


def _runs(week: Week, child: Child, day: date, lessons: Sequence[Item]) -> Iterator[str]:
    run: list[Item] = []
    for item in lessons:
        gap_start = max((earlier.end for earlier in run), default=item.start)
        if run and item.start - gap_start >= child.break_minutes:
            yield from _run(week, child, run)
            if not _begins_with_break(week, child, day, (gap_start, item.start)):
                yield f"{child.name} has no break on {day} at {clock(gap_start)}"
            run = []
        run.append(item)
    yield from _run(week, child, run)


def _run(week: Week, child: Child, run: Sequence[Item]) -> Iterator[str]:
    minutes = sum(item.end - item.start for item in run)
    if len(run) > 1 and minutes > child.span and not all(map(week.is_settled, run)):
        yield f"{title(run[0])} begins a run of {minutes} minutes, the span is {child.span}"


def _begins_with_break(week: Week, child: Child, day: date, gap: Span) -> bool:
    """Whether a gap begins with the break that it must, or needs none; the past is not mended."""
    if has_started(week.request, day, gap[0]):
        return True
    start, end = gap
    for item in week.day(child.id, day, ItemType.LUNCH, ItemType.COMMITMENT, ItemType.BREAK):
        inside = min(item.end, end) - max(item.start, start)
        if item.type is ItemType.BREAK:
            if (item.start, item.end) == (start, start + child.break_minutes):
                return True
        elif item.type is ItemType.LUNCH:
            if inside > 0:
                return True
        elif inside >= child.break_minutes:
            return True
    return False


def _breaks(week: Week, child: Child, day: date, lessons: Sequence[Item]) -> Iterator[str]:
    for item in week.day(child.id, day, ItemType.BREAK):
        if week.is_settled(item):
            continue
        if item.end - item.start != child.break_minutes:
            yield f"{title(item)} does not last {child.break_minutes} minutes"
        if not item.suggestion:
            yield f"{title(item)} suggests no activity"
        if not any(lesson.end == item.start for lesson in lessons) or not any(
            lesson.start >= item.end for lesson in lessons
        ):
            yield f"{title(item)} does not begin a gap between two lessons"


def _lunch(week: Week, child: Child, day: date, lessons: Sequence[Item]) -> Iterator[str]:
    lunches = week.day(child.id, day, ItemType.LUNCH)
    if any(map(week.is_settled, lunches)) and len(lunches) == 1:
        return
    for item in lunches:
        if (
            item.end - item.start != LUNCH
            or not LUNCH_FIRST <= item.start <= LUNCH_LAST
            or item.start % GRID
        ):
            yield f"{title(item)} is not {LUNCH} minutes on the grid from 11:30 to 13:00"
    hours = child.hours_on(day)
    due = bool(lessons) and hours.start < LUNCH_FIRST and hours.end > LUNCH_NEEDS_HOURS_UNTIL
    if len(lunches) > 1 or (lunches and not due):
        yield f"{child.name} has {len(lunches)} lunches on {day}, {int(due)} due"
    # On a day off only the past holds lessons, and the past is not mended.
    excused = is_off(week.request, child.id, day) or has_started(week.request, day, LUNCH_LAST)
    if due and not lunches and not excused:
        if _lunch_has_room(week, child, day):
            yield f"{child.name} has no lunch on {day}"
        elif not _conflict_names_lunch(week.plan, child, day):
            yield f"no conflict says that {child.name} has no lunch on {day}"


def _lunch_has_room(week: Week, child: Child, day: date) -> bool:
    taken = commitment_spans(week.family, child, day)
    return any(
        all(start + LUNCH <= begin or end <= start for begin, end in taken)
        for start in range(LUNCH_FIRST, LUNCH_LAST + 1, GRID)
    )


def _conflict_names_lunch(plan: Plan, child: Child, day: date) -> bool:
    said = [list(found.args.values()) for found in plan.conflicts if "lunch" in found.key]
    return any(child.name in words and day in words for words in said)
