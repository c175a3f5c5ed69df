"""What makes one good week better than another: each wish one function, in points.

Points are thousandths, so that the four weights (per mille) and whole minutes make whole numbers;
`Plan.objective` is their sum divided by 1000. The search reads the same functions and prices as
tables (`core.board`), so that a wish is said once.

Wishes under one of the four weights, per lesson unless said otherwise:

- child_interest: minutes in the child's best times × claim. A core subject, or one of interest 1
  or 2, claims 1; a liked one (interest 4 or 5) claims 0.2 for each point above 3 and each point
  of an interest-led style.
- learning_times: minutes in the child's best times.
- parent_involvement: minutes × attention × earliness (1 at the day's first possible start, 0 at
  the last), because adults are freest early.
- subject_coherence: −1 for each minute between the earliest and the latest start that an activity
  has in the week; −40 for two sessions on adjacent days of a subject that is not daily; −3 × block
  rating for each subject on a child's fullest day; 4 × rating of grouped activities × earliness for
  a lesson of 20 minutes or less.

Wishes of the family's answers, unweighted: 20 + 4 × interest for the third session of "2–3 a
week", 4 × interest for an occasional one; −0.2 for each minute between a child's first and last
lesson of a day that is no lesson; 10 for each lunch at the day's most frequent hour; −0.5 for
each lesson minute that eats into the slack; 5 for a loop's next subject for each day that it
stands before Sunday.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.family import Child, Frequency, PlanningApproach, Subject
from core.hard import required
from core.plan import Item, ItemType, Scores
from core.problem import Activity, ChildDay, Member, Problem

Minutes = NDArray[np.int64]
"""Starts, or minutes, or points: one whole number for each start in question."""

SAME_TIME = 1
SAME_TIME_RANGE = 240
"""Minutes between an activity's earliest and latest start at which nothing is left of "the same
time every day"."""
ADJACENT = 40
BLOCK = 3
GROUPED = 4
SHORT = 20
LUNCH_TOGETHER = 10_000
IDLE = 200
CROWDED = 500
LOOP = 5_000


class Wish(Enum):
    """The wishes above, each by what fulfils it."""

    CLAIM = auto()
    BEST_TIME = auto()
    EARLY = auto()
    SAME_TIME = auto()
    APART = auto()
    FEW_A_DAY = auto()
    OPENING = auto()
    EXTRA = auto()
    CLOSE = auto()
    LUNCH = auto()
    SLACK = auto()
    LOOP = auto()


def per_mille(weight: float) -> int:
    return round(1000 * weight)


def best_minutes(child: Child, starts: Minutes, minutes: int) -> Minutes:
    """Minutes of a lesson in the child's best times; all of them if the child has named none."""
    if not child.best_times:
        return np.full_like(starts, minutes)
    windows = (best.window for best in child.best_times)
    inside = (
        np.maximum(0, np.minimum(starts + minutes, end) - np.maximum(starts, begin))
        for begin, end in windows
    )
    return sum(inside, np.zeros_like(starts))


def claim(problem: Problem, subject: Subject) -> int:
    """A subject's claim on best hours, in tenths (see child_interest above)."""
    preferences = problem.request.family.preferences
    led = preferences.style.get("interest_led", 3)
    if preferences.approach is PlanningApproach.INTEREST_LED:
        led = 5
    hard_going = 10 if subject.core or subject.interest <= 2 else 0
    return hard_going + 2 * led * max(0, subject.interest - 3)


def earliness(child_day: ChildDay, starts: Minutes, minutes: int) -> Minutes:
    """100 for the first start that the day's hours allow, 0 for the last."""
    hours = child_day.child.hours_on(child_day.date)
    room = hours.end - minutes - hours.start
    if room <= 0:
        return np.full_like(starts, 100)
    return np.clip(100 * (hours.end - minutes - starts) // room, 0, 100)


def lesson_wishes(
    problem: Problem, activity: Activity, member: Member, day: int, starts: Minutes
) -> Mapping[Wish, Minutes]:
    """The points of each wish that concerns one lesson of one child alone, for each of its
    possible starts."""
    weights, child_day = problem.request.weights, problem.child_days[member.child.id, day]
    minutes, attention = activity.minutes, activity.attention
    best = best_minutes(member.child, starts, minutes)
    early = earliness(child_day, starts, minutes)
    involved = per_mille(weights.parent_involvement)
    found = {
        Wish.CLAIM: per_mille(weights.child_interest) * best * claim(problem, member.subject) // 10,
        Wish.BEST_TIME: per_mille(weights.learning_times) * best,
        Wish.EARLY: involved * minutes * attention * early // 10_000,
    }
    if minutes <= SHORT:
        grouped = problem.request.family.preferences.style.get("grouped_activities", 0)
        coherent = per_mille(weights.subject_coherence)
        found[Wish.OPENING] = coherent * GROUPED * grouped * early // 100
    if problem.request.loop.get(member.child.id) == member.subject.id:
        found[Wish.LOOP] = np.full_like(starts, LOOP * (6 - day))
    return found


def lesson_points(
    problem: Problem, activity: Activity, member: Member, day: int, starts: Minutes
) -> Minutes:
    """All wishes that concern one lesson of one child alone, for each of its possible starts."""
    wishes = lesson_wishes(problem, activity, member, day, starts)
    return sum(wishes.values(), np.zeros_like(starts))


@dataclass(frozen=True, slots=True)
class _Week:
    """A finished week as the wishes see it. `lessons` by (activity id, day), one start for each
    member who attends; `days` the (start, end) of all lessons by (child id, day), in order."""

    lessons: Mapping[tuple[int, int], tuple[tuple[Member, Item], ...]]
    days: Mapping[tuple[int, int], tuple[tuple[int, int], ...]]
    lunches: Mapping[int, tuple[int, ...]]


def _read(problem: Problem, items: Iterable[Item]) -> _Week:
    owner = {
        member.key: (activity, member)
        for activity in problem.activities
        for member in activity.members
    }
    lessons: dict[tuple[int, int], list[tuple[Member, Item]]] = defaultdict(list)
    days: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    lunches: dict[int, list[int]] = defaultdict(list)
    for item in items:
        day = problem.dates.index(item.date)
        if item.type is ItemType.LUNCH:
            lunches[day].append(item.start)
        if item.type is ItemType.SUBJECT:
            days[item.child_id, day].append((item.start, item.end))
            if (item.child_id, item.subject_id or 0) in owner:
                activity, member = owner[item.child_id, item.subject_id or 0]
                lessons[activity.id, day].append((member, item))
    return _Week(
        {key: tuple(value) for key, value in lessons.items()},
        {key: tuple(sorted(value)) for key, value in days.items()},
        {key: tuple(value) for key, value in lunches.items()},
    )


def points(problem: Problem, items: Iterable[Item]) -> int:
    """The soft score of a week, in thousandths."""
    week = _read(problem, items)
    alone = sum(
        int(lesson_points(problem, problem.activities[number], member, day, _at(item))[0])
        for (number, day), lesson in week.lessons.items()
        for member, item in lesson
    )
    return alone + sum(_ties(problem, week).values())


def tie_wishes(problem: Problem, items: Iterable[Item]) -> Mapping[Wish, int]:
    """The points of each wish that ties the items of a week to each other."""
    return _ties(problem, _read(problem, items))


def _ties(problem: Problem, week: _Week) -> Mapping[Wish, int]:
    crowding = sum(_crowding(problem, *key, day) for key, day in week.days.items())
    return {
        Wish.SAME_TIME: -same_time_price(problem) * sum(_ranges(problem, week).values()),
        Wish.APART: -adjacent_price(problem) * _adjacent(problem, week),
        Wish.FEW_A_DAY: -block_price(problem) * _fullest(week),
        Wish.EXTRA: _wanted(problem, week),
        Wish.CLOSE: -IDLE * sum(_idle(day) for day in week.days.values()),
        Wish.SLACK: -CROWDED * crowding,
        Wish.LUNCH: LUNCH_TOGETHER * _lunches_together(week),
    }


def _at(item: Item) -> Minutes:
    return np.array([item.start], dtype=np.int64)


def same_time_price(problem: Problem) -> int:
    """Points for a minute between an activity's earliest and latest start of the week."""
    return per_mille(problem.request.weights.subject_coherence) * SAME_TIME


def adjacent_price(problem: Problem) -> int:
    """Points for two sessions on adjacent days of an activity that `is_spread`."""
    return per_mille(problem.request.weights.subject_coherence) * ADJACENT


def block_price(problem: Problem) -> int:
    """Points for each subject on a child's fullest day."""
    block = problem.request.family.preferences.style.get("block", 0)
    return per_mille(problem.request.weights.subject_coherence) * BLOCK * block


def _ranges(problem: Problem, week: _Week) -> Mapping[int, int]:
    """By id of each activity that has several lessons, the minutes between its earliest and its
    latest start."""
    starts: dict[int, list[int]] = defaultdict(list)
    for (number, _), lesson in week.lessons.items():
        starts[number].extend({item.start for _, item in lesson})
    return {number: max(own) - min(own) for number, own in starts.items() if len(own) > 1}


def is_spread(activity: Activity) -> bool:
    """Whether its sessions are better not on adjacent days."""
    return all(member.subject.frequency is not Frequency.DAILY for member in activity.members)


def _adjacent(problem: Problem, week: _Week) -> int:
    return sum(
        (activity.id, first) in week.lessons and (activity.id, second) in week.lessons
        for activity in problem.activities
        if is_spread(activity)
        for first, second in pairwise(range(7))
    )


def _fullest(week: _Week) -> int:
    """The number of lessons on each child's fullest day, added up."""
    peaks: Counter[int] = Counter()
    for (child, _), day in week.days.items():
        peaks[child] = max(peaks[child], len(day))
    return peaks.total()


def extra_points(subject: Subject) -> int:
    """What a session beyond the required ones is worth."""
    third = 20 if subject.frequency is Frequency.TWO_OR_THREE else 0
    return 1000 * (third + 4 * subject.interest)


def _wanted(problem: Problem, week: _Week) -> int:
    held = Counter(member.key for lesson in week.lessons.values() for member, _ in lesson)
    return sum(
        extra_points(member.subject) * max(0, held[member.key] - required(problem, member))
        for activity in problem.activities
        for member in activity.members
    )


def _idle(day: tuple[tuple[int, int], ...]) -> int:
    return max(end for _, end in day) - day[0][0] - sum(end - start for start, end in day)


def room(problem: Problem, child_day: ChildDay) -> int:
    """Minutes of lessons that leave a day's slack untouched."""
    hours = child_day.child.hours_on(child_day.date)
    taken = sum(
        max(0, min(end, hours.end) - max(start, hours.start)) for start, end in child_day.committed
    )
    slack = problem.request.family.preferences.flexibility.slack
    return max(0, int((1 - slack) * (hours.end - hours.start - taken)))


def _crowding(
    problem: Problem, child_id: int, day: int, lessons: tuple[tuple[int, int], ...]
) -> int:
    taught = sum(end - start for start, end in lessons)
    return max(0, taught - room(problem, problem.child_days[child_id, day]))


def _lunches_together(week: _Week) -> int:
    return sum(max(Counter(starts).values()) for starts in week.lunches.values() if len(starts) > 1)


def scores(problem: Problem, items: Iterable[Item]) -> Scores:
    """The four aims from 0 to 1 (1 where a week has nothing to measure).

    child_interest: share of the claims on best hours that is met; learning_times: share of lesson
    minutes in best times; parent_involvement: mean earliness of the attention given;
    subject_coherence: mean over the activities with several lessons of 1 − range ÷
    `SAME_TIME_RANGE`.
    """
    week = _read(problem, items)
    met = claimed = best = taught = early = given = 0
    for (number, day), lesson in week.lessons.items():
        activity = problem.activities[number]
        for member, item in lesson:
            good = int(best_minutes(member.child, _at(item), activity.minutes)[0])
            wish = claim(problem, member.subject)
            met, claimed = met + wish * good, claimed + wish * activity.minutes
            best, taught = best + good, taught + activity.minutes
            effort = activity.minutes * activity.attention
            child_day = problem.child_days[member.child.id, day]
            early += effort * int(earliness(child_day, _at(item), activity.minutes)[0]) // 100
            given += effort
    ranges = _ranges(problem, week).values()
    steady = sum(SAME_TIME_RANGE - min(SAME_TIME_RANGE, minutes) for minutes in ranges)
    return Scores(
        child_interest=_share(met, claimed),
        learning_times=_share(best, taught),
        parent_involvement=_share(early, given),
        subject_coherence=_share(steady, SAME_TIME_RANGE * len(ranges)),
    )


def _share(part: int, whole: int) -> float:
    return round(min(1.0, part / whole), 4) if whole else 1.0
