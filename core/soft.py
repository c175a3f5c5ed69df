"""What makes one good week better than another, each wish once, in points.

Every wish is a pair of functions: one reads the points off a finished week, one says the same to
the solver. Points are thousandths, so that the four weights (per mille) and whole minutes make
whole numbers; `Plan.objective` is their sum divided by 1000.

Wishes under one of the four weights, per lesson unless said otherwise:

- child_interest: minutes in the child's best times × claim. A core subject, or one of interest 1
  or 2, claims 1; a liked one (interest 4 or 5) claims 0.2 for each point above 3 and each point
  of an interest-led style.
- learning_times: minutes in the child's best times.
- parent_involvement: minutes × attention × earliness (1 at the day's first possible start, 0 at
  the last), because adults are freest early; less a fifth of the attention-minutes of the adult
  who has most, where there are several.
- subject_coherence: 30 for each lesson at its activity's most frequent start; −40 for two
  sessions on adjacent days of a subject that is not daily; −3 × block rating for each subject on
  a child's fullest day; 4 × rating of grouped activities × earliness for a lesson of 20 minutes
  or less.

Wishes of the family's answers, unweighted: 20 + 4 × interest for the third session of "2–3 a
week", 4 × interest for an occasional one; −0.2 for each minute between a child's first and last
lesson of a day that is no lesson; 10 for each lunch at the day's most frequent hour; −0.5 for
each lesson minute that eats into the slack; 5 for a loop's next subject for each day that it
stands before Sunday.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from core.family import Child, Frequency, PlanningApproach, Subject
from core.hard import Candidates, Variables, limit, required
from core.plan import Item, ItemType, Scores
from core.problem import Activity, ChildDay, Member, Problem
from core.week import GRID

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

SAME_TIME = 30
ADJACENT = 40
BLOCK = 3
GROUPED = 4
SHORT = 20
LUNCH_TOGETHER = 10_000
IDLE = 200
CROWDED = 500
LOOP = 5_000


def per_mille(weight: float) -> int:
    return round(1000 * weight)


def best_minutes(child: Child, start: int, minutes: int) -> int:
    """Minutes of a lesson in the child's best times; all of them if the child has named none."""
    if not child.best_times:
        return minutes
    windows = (best.window for best in child.best_times)
    return sum(max(0, min(start + minutes, end) - max(start, begin)) for begin, end in windows)


def claim(problem: Problem, subject: Subject) -> int:
    """A subject's claim on best hours, in tenths (see child_interest above)."""
    preferences = problem.request.family.preferences
    led = preferences.style.get("interest_led", 3)
    if preferences.approach is PlanningApproach.INTEREST_LED:
        led = 5
    hard_going = 10 if subject.core or subject.interest <= 2 else 0
    return hard_going + 2 * led * max(0, subject.interest - 3)


def earliness(child_day: ChildDay, start: int, minutes: int) -> int:
    """100 for the first start that the day's hours allow, 0 for the last."""
    hours = child_day.child.hours_on(child_day.date)
    room = hours.end - minutes - hours.start
    return max(0, min(100, 100 * (hours.end - minutes - start) // room)) if room > 0 else 100


def lesson_points(
    problem: Problem, activity: Activity, member: Member, day: int, start: int
) -> int:
    """All wishes that concern one lesson of one child alone."""
    weights, child_day = problem.request.weights, problem.child_days[member.child.id, day]
    minutes = activity.minutes
    best = best_minutes(member.child, start, minutes)
    early = earliness(child_day, start, minutes)
    points = per_mille(weights.child_interest) * best * claim(problem, member.subject) // 10
    points += per_mille(weights.learning_times) * best
    points += per_mille(weights.parent_involvement) * minutes * activity.attention * early // 10_000
    if minutes <= SHORT:
        grouped = problem.request.family.preferences.style.get("grouped_activities", 0)
        points += per_mille(weights.subject_coherence) * GROUPED * grouped * early // 100
    if problem.request.loop.get(member.child.id) == member.subject.id:
        points += LOOP * (6 - day)
    return points


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
    coherence = per_mille(problem.request.weights.subject_coherence)
    return (
        sum(
            lesson_points(problem, problem.activities[activity], member, day, item.start)
            for (activity, day), lesson in week.lessons.items()
            for member, item in lesson
        )
        + coherence * SAME_TIME * sum(usual for _, usual in _usual(problem, week))
        - coherence * ADJACENT * _adjacent(problem, week)
        - coherence * BLOCK * _block(problem) * _fullest(week)
        - _balance_price(problem) * _heaviest(problem, week)
        + _wanted(problem, week)
        - IDLE * sum(_idle(day) for day in week.days.values())
        - CROWDED * sum(_crowding(problem, *key, day) for key, day in week.days.items())
        + LUNCH_TOGETHER * _lunches_together(week)
    )


def _usual(problem: Problem, week: _Week) -> Iterator[tuple[int, int]]:
    """For each activity, its lessons and how many of them are at its most frequent start."""
    for activity in problem.activities:
        starts = Counter(
            start
            for day in range(7)
            for start in {item.start for _, item in week.lessons.get((activity.id, day), ())}
        )
        if starts:
            yield starts.total(), max(starts.values())


def _spread(activity: Activity) -> bool:
    return all(member.subject.frequency is not Frequency.DAILY for member in activity.members)


def _adjacent(problem: Problem, week: _Week) -> int:
    return sum(
        (activity.id, first) in week.lessons and (activity.id, second) in week.lessons
        for activity in problem.activities
        if _spread(activity)
        for first, second in pairwise(range(7))
    )


def _block(problem: Problem) -> int:
    return problem.request.family.preferences.style.get("block", 0)


def _fullest(week: _Week) -> int:
    """The number of lessons on each child's fullest day, added up."""
    peaks: Counter[int] = Counter()
    for (child, _), day in week.days.items():
        peaks[child] = max(peaks[child], len(day))
    return peaks.total()


def _balance_price(problem: Problem) -> int:
    """Points for ten attention-minutes of the adult who has most of them."""
    several = len(problem.adults) > 1
    return per_mille(problem.request.weights.parent_involvement) // 50 if several else 0


def _heaviest(problem: Problem, week: _Week) -> int:
    """The most attention that one adult gives, in minutes × per cent / 10."""
    loads: Counter[int] = Counter()
    for (number, _), lesson in week.lessons.items():
        activity = problem.activities[number]
        for adult in {item.adult_id for _, item in lesson if item.adult_id is not None}:
            loads[adult] += activity.minutes * activity.attention // 10
    return max(loads.values(), default=0)


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
    minutes in best times; parent_involvement: mean earliness of the attention given, times how
    evenly several adults share it (mean over most); subject_coherence: share of the lessons of
    repeated activities that stand at their usual start.
    """
    week = _read(problem, items)
    met = claimed = best = taught = early = given = 0
    for (number, day), lesson in week.lessons.items():
        activity = problem.activities[number]
        for member, item in lesson:
            good = best_minutes(member.child, item.start, activity.minutes)
            wish = claim(problem, member.subject)
            met, claimed = met + wish * good, claimed + wish * activity.minutes
            best, taught = best + good, taught + activity.minutes
            effort = activity.minutes * activity.attention
            child_day = problem.child_days[member.child.id, day]
            early += effort * earliness(child_day, item.start, activity.minutes) // 100
            given += effort
    repeated = [(lessons, usual) for lessons, usual in _usual(problem, week) if lessons > 1]
    return Scores(
        child_interest=_share(met, claimed),
        learning_times=_share(best, taught),
        parent_involvement=_share(early, given),
        subject_coherence=_share(
            sum(usual for _, usual in repeated), sum(lessons for lessons, _ in repeated)
        ),
    )


def _share(part: int, whole: int) -> float:
    return round(min(1.0, part / whole), 4) if whole else 1.0


def add_points(problem: Problem, week: Variables) -> "cp_model.LinearExprT":
    """The same score as an expression over a model's variables, to be maximised.

    Auxiliary variables may understate a week's points, never overstate them (but for lunches on
    days that turn out to hold no lesson), so the solver's bound holds for `points`. Whatever the
    plan leaves out is charged at its weight, which only pins down the extra sessions.
    """
    coherence = per_mille(problem.request.weights.subject_coherence)
    terms: list[cp_model.LinearExprT] = []
    for activity in problem.activities:
        terms.extend(_add_lessons(problem, week, activity))
        terms.append(coherence * SAME_TIME * _add_usual(problem, week, activity))
        if coherence and _spread(activity):
            terms.append(-coherence * ADJACENT * _add_adjacent(problem, week, activity))
        terms.extend(_add_wanted(problem, week, activity))
    for child in problem.request.family.children:
        terms.extend(_add_days(problem, week, child, coherence * BLOCK * _block(problem)))
    terms.extend(LUNCH_TOGETHER * _add_lunches(problem, week, day) for day in range(7))
    price = _balance_price(problem)
    if price:
        terms.append(-price * _add_heaviest(problem, week))
    return sum(terms) + _kept_points(problem)


def most_points(problem: Problem, places: Candidates) -> int:
    """What the points of weeks over `places` stay below without any search: every lesson that may
    stand at its best start, and every other wish granted in full."""
    coherence = per_mille(problem.request.weights.subject_coherence)
    most = _kept_points(problem)
    for activity in problem.activities:
        most += 7 * coherence * SAME_TIME
        most += sum(
            extra_points(member.subject) * max(7, limit(problem, member))
            for member in activity.members
        )
        for day in range(7):
            place = places.get((activity.id, day))
            if place is None:
                continue
            for index in place.members:
                most += max(
                    lesson_points(problem, activity, activity.members[index], day, start)
                    for start in place.starts
                )
    return most + LUNCH_TOGETHER * len(problem.child_days)


def _kept_points(problem: Problem) -> int:
    return sum(
        lesson_points(problem, activity, member, day, item.start)
        for activity in problem.activities
        for member in activity.members
        for day in range(7)
        for item in problem.child_days[member.child.id, day].kept_lessons
        if item.subject_id == member.subject.id
    )


def _kept_starts(problem: Problem, activity: Activity, day: int) -> set[int]:
    return {
        item.start
        for member in activity.members
        for item in problem.child_days[member.child.id, day].kept_lessons
        if item.subject_id == member.subject.id
    }


def _add_lessons(
    problem: Problem, week: Variables, activity: Activity
) -> Iterator["cp_model.LinearExprT"]:
    """The points of single lessons: a table over their starts for each literal of attendance."""
    model = week.model
    for day in range(7):
        place = week.places.get((activity.id, day))
        if place is None:
            continue
        by_literal: dict[int, list[int]] = defaultdict(list)
        for index in place.members:
            by_literal[week.attends[activity.id, index, day].index].append(index)
        for indexes in by_literal.values():
            attends = week.attends[activity.id, indexes[0], day]
            table = {
                start: sum(
                    lesson_points(problem, activity, activity.members[index], day, start)
                    for index in indexes
                )
                for start in place.starts
            }
            low, high = min(table.values()), max(table.values())
            yield low * attends
            if low == high:
                continue
            gain = model.new_int_var(0, high - low, "")
            value = model.new_int_var(0, high - low, "")
            first, last = place.starts[0], place.starts[-1]
            row = [table.get(start, low) - low for start in range(first, last + 1, GRID)]
            model.add_element(week.slot[activity.id, day] - first // GRID, row, value)
            model.add(gain <= value)
            model.add(gain == 0).only_enforce_if(~attends)
            yield gain


def _add_usual(problem: Problem, week: Variables, activity: Activity) -> "cp_model.LinearExprT":
    from ortools.sat.python import cp_model

    model = week.model
    days = [day for day in range(7) if (activity.id, day) in week.present]
    kept = [start for day in range(7) for start in _kept_starts(problem, activity, day)]
    if not days:
        return max(Counter(kept).values(), default=0)
    if len(days) == 1 and not kept:
        return week.present[activity.id, days[0]]
    starts = {start for day in days for start in week.places[activity.id, day].starts} | set(kept)
    usual = model.new_int_var_from_domain(
        cp_model.Domain.from_values(sorted(start // GRID for start in starts)), ""
    )
    hits: list[cp_model.IntVar] = []
    for day in days:
        hit = model.new_bool_var("")
        model.add_implication(hit, week.present[activity.id, day])
        model.add(week.slot[activity.id, day] == usual).only_enforce_if(hit)
        hits.append(hit)
    for start in kept:
        hit = model.new_bool_var("")
        model.add(usual == start // GRID).only_enforce_if(hit)
        hits.append(hit)
    return sum(hits)


def _add_adjacent(problem: Problem, week: Variables, activity: Activity) -> "cp_model.LinearExprT":
    model = week.model
    pairs: list[cp_model.LinearExprT] = []
    for first, second in pairwise(range(7)):
        kept = [bool(_kept_starts(problem, activity, day)) for day in (first, second)]
        new = [week.present.get((activity.id, day)) for day in (first, second)]
        if all(kept):
            pairs.append(1)
        elif all(k or p is not None for k, p in zip(kept, new, strict=True)):
            both = model.new_bool_var("")
            open_ones = [p for k, p in zip(kept, new, strict=True) if not k and p is not None]
            model.add_bool_or(both, *(~present for present in open_ones))
            pairs.append(both)
    return sum(pairs)


def _add_wanted(
    problem: Problem, week: Variables, activity: Activity
) -> Iterator["cp_model.LinearExprT"]:
    """`sessions + missing = due + extra`; missing costs more than extra earns, so that neither
    is blown up."""
    model = week.model
    for index, member in enumerate(activity.members):
        held = len(problem.kept_days(member))
        due = required(problem, member)
        most = limit(problem, member)
        attends = [
            week.attends[activity.id, index, day]
            for day in range(7)
            if (activity.id, index, day) in week.attends
        ]
        more = max(0, held - due)
        if most > due and attends:
            extra = model.new_int_var(0, max(0, most - due), "")
            missing = week.missing[member.key][0] if member.key in week.missing else 0
            model.add(sum(attends) + held + missing == due + extra + max(0, held - most))
            yield extra_points(member.subject) * extra
            yield extra_points(member.subject) * max(0, held - most)
        else:
            yield extra_points(member.subject) * more
        if member.key in week.missing:
            yield -1000 * week.missing[member.key][1] * week.missing[member.key][0]


def _add_days(
    problem: Problem, week: Variables, child: Child, block: int
) -> Iterator["cp_model.LinearExprT"]:
    """Idle time, slack and the fullest day of one child."""
    model = week.model
    mine = [
        (activity, index)
        for activity in problem.activities
        for index, member in enumerate(activity.members)
        if member.child.id == child.id
    ]
    fullest = model.new_int_var(0, len(mine) + 7, "")
    yield -block * fullest
    for day in range(7):
        child_day = problem.child_days[child.id, day]
        kept = [(item.start, item.end) for item in child_day.kept_lessons]
        held = sum(end - start for start, end in kept)
        new = [
            (activity, week.attends[activity.id, index, day])
            for activity, index in mine
            if (activity.id, index, day) in week.attends
        ]
        model.add(fullest >= len(kept) + sum(attends for _, attends in new))
        taught = held + sum(activity.minutes * attends for activity, attends in new)
        excess = held + sum(activity.minutes for activity, _ in new) - room(problem, child_day)
        if excess > 0:
            crowding = model.new_int_var(0, excess, "")
            model.add(crowding >= taught - room(problem, child_day))
            yield -CROWDED * crowding
        if len(new) + len(kept) < 2:
            continue
        lows = [week.places[activity.id, day].starts[0] for activity, _ in new]
        highs = [week.places[activity.id, day].starts[-1] + activity.minutes for activity, _ in new]
        low = min([*lows, *(start for start, _ in kept)])
        high = max([*highs, *(end for _, end in kept)])
        first, last = model.new_int_var(low, high, ""), model.new_int_var(low, high, "")
        model.add(last >= first)
        for start, end in kept:
            model.add(first <= start)
            model.add(last >= end)
        for activity, attends in new:
            start_at = GRID * week.slot[activity.id, day]
            model.add(first <= start_at).only_enforce_if(attends)
            model.add(last >= start_at + activity.minutes).only_enforce_if(attends)
        yield -IDLE * (last - first - taught)


def _add_lunches(problem: Problem, week: Variables, day: int) -> "cp_model.LinearExprT":
    model = week.model
    new = [at for (_, on), at in week.lunch.items() if on == day]
    kept = [
        child_day.kept_lunch.start
        for child_day in problem.child_days.values()
        if child_day.day == day and child_day.kept_lunch
    ]
    if len(new) + len(kept) < 2:
        return 0
    usual = model.new_int_var(0, 24 * 60, "")
    hits: list[cp_model.IntVar] = []
    for at in (*new, *kept):
        hit = model.new_bool_var("")
        model.add(usual == at).only_enforce_if(hit)
        hits.append(hit)
    return sum(hits)


def _add_heaviest(problem: Problem, week: Variables) -> "cp_model.IntVar":
    model = week.model
    kept: Counter[int] = Counter()
    for (adult, _), loads in problem.loads.items():
        kept[adult] += sum((end - start) * share // 10 for start, end, share in loads)
    most = sum(7 * activity.minutes * activity.attention // 10 for activity in problem.activities)
    heaviest = model.new_int_var(0, most + kept.total(), "")
    for adult in problem.adults:
        own = sum(
            problem.activities[number].minutes * problem.activities[number].attention // 10 * taught
            for (number, _, teacher), taught in week.teaches.items()
            if teacher == adult
        )
        model.add(heaviest >= kept[adult] + own)
    return heaviest
