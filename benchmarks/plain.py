"""The reference: one CP-SAT model with everything in one objective, and nothing else."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from ortools.sat.python import cp_model

from core.family import Child
from core.greedy import greedy
from core.hard import Variables, candidates, limit, required, variables
from core.problem import Activity, Problem
from core.promises import hint, timetable_in, values_of
from core.soft import (
    CROWDED,
    IDLE,
    LUNCH_TOGETHER,
    adjacent_price,
    block_price,
    extra_points,
    is_spread,
    lesson_points,
    room,
    same_time_price,
)
from core.timetable import Timetable
from core.week import GRID

HUGE = 10**9
OMISSION = 100_000
"""Points for a unit of omission weight: more than a lesson can earn."""


def plain(problem: Problem, seconds: float) -> Timetable:
    """The best week that CP-SAT finds in this time on all cores, hinted with first fit."""
    places = candidates(problem)
    week = variables(problem, places)
    terms = [
        term
        for activity in problem.activities
        for term in (*_lessons(problem, week, activity), *_counts(problem, week, activity))
    ]
    for activity in problem.activities:
        terms.append(-same_time_price(problem) * _range(week, activity))
        if is_spread(activity):
            terms.append(-adjacent_price(problem) * _neighbours(week, activity))
    for child in problem.request.family.children:
        terms.extend(_days(problem, week, child))
    terms.extend(LUNCH_TOGETHER * _lunches(problem, week, day) for day in range(7))
    week.model.maximize(sum(terms))
    first = greedy(problem, places)
    hint(week, values_of(week, first))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    if solver.solve(week.model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return first
    return timetable_in(problem, week, list(solver.response_proto.solution))


def _lessons(
    problem: Problem, week: Variables, activity: Activity
) -> Iterator[cp_model.LinearExprT]:
    for day in range(7):
        place = week.places.get((activity.id, day))
        if place is None:
            continue
        starts = np.array(place.starts, np.int64)
        table = sum(
            lesson_points(problem, activity, activity.members[index], day, starts)
            for index in place.members
        )
        value = week.model.new_int_var(0, int(table.max()), "")
        row = np.zeros(288, np.int64)
        row[starts // GRID] = table
        present = week.present[activity.id, day]
        worth = week.model.new_int_var(0, int(table.max()), "")
        week.model.add_element(week.slot[activity.id, day], row.tolist(), worth)
        week.model.add(value <= worth)
        week.model.add(value == 0).only_enforce_if(~present)
        yield value


def _range(week: Variables, activity: Activity) -> cp_model.LinearExprT:
    model = week.model
    days = [day for day in range(7) if (activity.id, day) in week.present]
    if len(days) < 2:
        return 0
    first, last = (model.new_int_var(0, 24 * 60, "") for _ in range(2))
    model.add(last >= first)
    for day in days:
        start = GRID * week.slot[activity.id, day]
        present = week.present[activity.id, day]
        model.add(first <= start).only_enforce_if(present)
        model.add(last >= start).only_enforce_if(present)
    return last - first


def _neighbours(week: Variables, activity: Activity) -> cp_model.LinearExprT:
    pairs: list[cp_model.LinearExprT] = []
    for first, second in pairwise(range(7)):
        both_days = [week.present.get((activity.id, day)) for day in (first, second)]
        open_days = [day for day in both_days if day is not None]
        if len(open_days) == 2:
            both = week.model.new_bool_var("")
            week.model.add_bool_or(both, *(~day for day in open_days))
            pairs.append(both)
    return sum(pairs)


def _counts(
    problem: Problem, week: Variables, activity: Activity
) -> Iterator[cp_model.LinearExprT]:
    for index, member in enumerate(activity.members):
        due, most = required(problem, member), limit(problem, member)
        attends = [
            week.attends[activity.id, index, day]
            for day in range(7)
            if (activity.id, index, day) in week.attends
        ]
        missing, weight = week.missing.get(member.key, (0, 0))
        if most > due and attends:
            extra = week.model.new_int_var(0, most - due, "")
            week.model.add(sum(attends) + missing == due + extra)
            yield extra_points(member.subject) * extra
        yield -OMISSION * weight * missing


def _days(problem: Problem, week: Variables, child: Child) -> Iterator[cp_model.LinearExprT]:
    model = week.model
    fullest = model.new_int_var(0, 40, "")
    yield -block_price(problem) * fullest
    for day in range(7):
        own = [
            (activity, week.attends[activity.id, index, day])
            for activity in problem.activities
            for index, member in enumerate(activity.members)
            if member.child.id == child.id and (activity.id, index, day) in week.attends
        ]
        if not own:
            continue
        model.add(fullest >= sum(attends for _, attends in own))
        taught = sum(activity.minutes * attends for activity, attends in own)
        crowding = model.new_int_var(0, 24 * 60, "")
        model.add(crowding >= taught - room(problem, problem.child_days[child.id, day]))
        yield -CROWDED * crowding
        first, last = (model.new_int_var(0, 24 * 60, "") for _ in range(2))
        model.add(last >= first)
        for activity, attends in own:
            start = GRID * week.slot[activity.id, day]
            model.add(first <= start).only_enforce_if(attends)
            model.add(last >= start + activity.minutes).only_enforce_if(attends)
        yield -IDLE * (last - first - taught)


def _lunches(problem: Problem, week: Variables, day: int) -> cp_model.LinearExprT:
    model = week.model
    lunches = [(child, at) for (child, on), at in week.lunch.items() if on == day]
    if len(lunches) < 2:
        return 0
    usual = model.new_int_var(0, 24 * 60, "")
    several = model.new_bool_var("")
    hits: list[cp_model.LinearExprT] = []
    eaters: list[cp_model.LinearExprT] = []
    for child, at in lunches:
        eats, hit = model.new_bool_var(""), model.new_bool_var("")
        lessons = [
            week.attends[activity.id, index, day]
            for activity in problem.activities
            for index, member in enumerate(activity.members)
            if member.child.id == child and (activity.id, index, day) in week.attends
        ]
        model.add_bool_or(lessons).only_enforce_if(eats)
        model.add(usual == at).only_enforce_if(hit)
        model.add_implication(hit, eats)
        model.add_implication(hit, several)
        hits.append(hit)
        eaters.append(eats)
    model.add(sum(eaters) >= 2).only_enforce_if(several)
    return sum(hits)
