"""One child's week in the shape of the data model's Schedule Data, ready for JSON.

Keys are camelCase, dates ISO 8601, times "HH:MM".
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NotRequired, TypedDict

from core.plan import Item, ItemType
from core.week import GRID, Weekday, clock, week_dates

NOON = 12 * 60
EVENING = 18 * 60


class ScheduleEntry(TypedDict):
    """One item of a day; ids are those of subject, commitment and family commitment."""

    id: int
    type: str
    name: str
    startTime: str
    endTime: str
    subjectId: NotRequired[int]
    commitmentId: NotRequired[int]
    familyCommitmentId: NotRequired[int]
    isExternal: NotRequired[bool]
    completed: NotRequired[bool]
    adult: NotRequired[str]
    activity: NotRequired[str]


class ScheduleDay(TypedDict):
    """One date and its items, by start."""

    date: str
    dayOfWeek: str
    items: list[ScheduleEntry]


class LearningBlock(TypedDict):
    """Lessons of one kind ("core_academic" or "enrichment") in one part of the day ("morning",
    "afternoon" or "evening"); `averageDuration` is minutes on a day that has any."""

    type: str
    preferredTime: str
    subjects: list[str]
    averageDuration: int


class BreakPatterns(TypedDict):
    """`frequency` is "hourly" or "every_45_minutes" (of lessons); `duration` in minutes."""

    frequency: str
    duration: int
    activitySuggestions: list[str]


class Patterns(TypedDict):
    """What a week's items have in common; `breakPatterns` only where there are breaks."""

    learningBlocks: list[LearningBlock]
    breakPatterns: NotRequired[BreakPatterns]


class ScheduleData(TypedDict):
    """One child's week, all seven days."""

    weekStartDate: str
    version: int
    generationMethod: str
    days: list[ScheduleDay]
    patterns: Patterns


def in_order(items: Sequence[Item]) -> tuple[Item, ...]:
    """One child's items by date and time."""
    return tuple(sorted(items, key=_by_time))


def schedule_data(
    items: Sequence[Item],
    ids: Sequence[int],
    *,
    week_start: date,
    version: int,
    method: str,
    core_subjects: Collection[int],
    adults: Mapping[int, str],
) -> ScheduleData:
    """The Schedule Data of one child's `items`, whose ids (rows, or 1..n) are `ids` in the same
    order.

    `core_subjects` holds the ids of the child's core subjects, `adults` names by id.
    `ValueError` if the lengths of `items` and `ids` differ, or `week_start` is no Monday.
    """
    numbered = sorted(zip(items, ids, strict=True), key=lambda pair: _by_time(pair[0]))
    return {
        "weekStartDate": week_start.isoformat(),
        "version": version,
        "generationMethod": method,
        "days": [
            {
                "date": day.isoformat(),
                "dayOfWeek": Weekday.of(day).label,
                "items": [
                    _entry(item, number, adults) for item, number in numbered if item.date == day
                ],
            }
            for day in week_dates(week_start)
        ],
        "patterns": patterns(items, core_subjects),
    }


def patterns(items: Sequence[Item], core_subjects: Collection[int]) -> Patterns:
    """The patterns of one child's items; see `schedule_data` for `core_subjects`."""
    ordered = in_order(items)
    found: Patterns = {"learningBlocks": _learning_blocks(ordered, core_subjects)}
    breaks = _break_patterns(ordered)
    if breaks is not None:
        found["breakPatterns"] = breaks
    return found


def _by_time(item: Item) -> tuple[date, int, int, str]:
    return item.date, item.start, item.end, item.name


def _entry(item: Item, number: int, adults: Mapping[int, str]) -> ScheduleEntry:
    entry: ScheduleEntry = {
        "id": number,
        "type": item.type.value,
        "name": item.name,
        "startTime": clock(item.start),
        "endTime": clock(item.end),
    }
    if item.type is ItemType.SUBJECT:
        if item.subject_id is not None:
            entry["subjectId"] = item.subject_id
        if item.adult_id is not None:
            entry["adult"] = adults[item.adult_id]
    if item.commitment_id is not None:
        entry["commitmentId"] = item.commitment_id
    if item.family_commitment_id is not None:
        entry["familyCommitmentId"] = item.family_commitment_id
    if item.type is ItemType.SUBJECT or item.completed:
        entry["completed"] = item.completed
    if item.external:
        entry["isExternal"] = True
    if item.suggestion is not None:
        entry["activity"] = item.suggestion
    return entry


def _learning_blocks(items: Sequence[Item], core_subjects: Collection[int]) -> list[LearningBlock]:
    minutes: defaultdict[tuple[str, str], Counter[date]] = defaultdict(Counter)
    subjects: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for item in items:
        if item.type is ItemType.SUBJECT:
            kind = "core_academic" if item.subject_id in core_subjects else "enrichment"
            minutes[kind, _part_of_day(item)][item.date] += item.end - item.start
            subjects[kind, _part_of_day(item)][item.name] = None
    return [
        {
            "type": kind,
            "preferredTime": part,
            "subjects": list(subjects[kind, part]),
            "averageDuration": round(days.total() / len(days)),
        }
        for (kind, part), days in minutes.items()
    ]


def _part_of_day(item: Item) -> str:
    if item.start < NOON:
        return "morning"
    return "afternoon" if item.start < EVENING else "evening"


def _break_patterns(items: Sequence[Item]) -> BreakPatterns | None:
    lengths: Counter[int] = Counter()
    suggestions: dict[str, None] = {}
    taught: Counter[date] = Counter()
    runs = []
    for item in items:
        if item.type is ItemType.SUBJECT:
            taught[item.date] += item.end - item.start
        elif item.type is ItemType.LUNCH:
            taught[item.date] = 0
        elif item.type is ItemType.BREAK:
            lengths[item.end - item.start] += 1
            runs.append(taught[item.date])
            taught[item.date] = 0
            if item.suggestion:
                suggestions[item.suggestion.replace("_", " ").title()] = None
    if not runs:
        return None
    between = max(GRID, round(sum(runs) / len(runs) / GRID) * GRID)
    return {
        "frequency": "hourly" if between == 60 else f"every_{between}_minutes",
        "duration": lengths.most_common(1)[0][0],
        "activitySuggestions": list(suggestions),
    }
