"""Each hard rule, once where it can be kept and once where it cannot."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.family import (
    Adult,
    Child,
    Commitment,
    CommitmentFrequency,
    DayOff,
    Family,
    Frequency,
    Hours,
    Involvement,
    Scope,
    Subject,
)
from core.hard import (
    at_fixed_time,
    candidates,
    limit,
    omission_weight,
    required,
    variables,
    within_hours,
)
from core.plan import Item, ItemType, Lesson, WeekRequest
from core.problem import Problem, problem_of
from core.rest import breaks, lunch_starts, run_lengths, runs_fit, with_rest
from core.week import Weekday

MONDAY = date(2026, 11, 30)
AT_TEN = datetime.combine(MONDAY, time(10))
MATHS = Subject(1, "Maths", True, 30, Frequency.DAILY, Involvement.INDEPENDENT, 3)
NOAH = Child(1, "Noah", 6, Hours(540, 840), 45, (MATHS,), school_days=(Weekday.MONDAY,))
SARAH = Adult(1, "Sarah")
BEN = Adult(2, "Ben")
CO_OP = Commitment(1, "Co-op", CommitmentFrequency.DAILY, 540, 700, Scope.FAMILY)


def family(*children: Child, adults: tuple[Adult, ...] = (SARAH,), **more: object) -> Family:
    return replace(Family("UTC", adults, children), **more)


def problem(*children: Child, **more: object) -> Problem:
    return problem_of(WeekRequest(family(*children, **more), MONDAY))


def subjects(
    *minutes: int, involvement: Involvement = Involvement.INDEPENDENT
) -> tuple[Subject, ...]:
    return tuple(
        replace(MATHS, id=number, name=f"Subject {number}", minutes=length, involvement=involvement)
        for number, length in enumerate(minutes, 1)
    )


def left_out(week: Problem) -> int:
    """The least number of sessions that the model has to leave out, proven."""
    from ortools.sat.python import cp_model

    model = variables(week, candidates(week))
    model.model.minimize(sum(missing for missing, _ in model.missing.values()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model.model) == cp_model.OPTIMAL
    return round(solver.objective_value)


def lesson(child: Child, start: int, **more: object) -> Item:
    item = Item(child.id, MONDAY, ItemType.SUBJECT, "Maths", start, start + 30, subject_id=MATHS.id)
    return replace(item, **more)


@given(st.integers(0, 1440), st.integers(0, 1440), st.integers(5, 240))
def test_rule_1_starts_are_all_those_on_the_grid_within_the_hours(
    opening: int, closing: int, minutes: int
) -> None:
    starts = within_hours(Hours(opening, closing), minutes)
    wanted = [t for t in range(0, 1440, 5) if opening <= t and t + minutes <= closing]
    assert list(starts) == wanted


def test_rule_1_nothing_on_other_days_than_school_days() -> None:
    assert {day for _, day in candidates(problem(NOAH))} == {0}
    assert candidates(problem(replace(NOAH, school_days=()))) == {}


def test_rule_2_a_commitment_leaves_the_rest_of_the_day() -> None:
    place = candidates(problem(NOAH, commitments=(CO_OP,)))[0, 0]
    assert place.starts[0] == 700
    whole = replace(CO_OP, end=830)
    assert candidates(problem(NOAH, commitments=(whole,))) == {}


def test_rule_2_lessons_that_need_the_same_minutes_exclude_each_other() -> None:
    narrow = replace(NOAH, hours=Hours(540, 605), span=90)
    assert left_out(problem(replace(narrow, subjects=subjects(30, 30)))) == 0
    assert left_out(problem(replace(narrow, subjects=subjects(35, 35)))) == 1


def test_rule_3_at_most_one_session_a_day() -> None:
    twice = replace(MATHS, sessions_per_week=1)
    request = WeekRequest(
        family(replace(NOAH, subjects=(twice,))),
        MONDAY,
        carried=(Lesson(1, 1, MONDAY - timedelta(days=7)),),
    )
    assert left_out(problem_of(request)) == 1
    request = replace(
        request,
        family=family(
            replace(NOAH, subjects=(twice,), school_days=(Weekday.MONDAY, Weekday.TUESDAY))
        ),
    )
    assert left_out(problem_of(request)) == 0


@pytest.mark.parametrize(
    ("changes", "due", "most"),
    [
        ({"frequency": Frequency.DAILY}, 5, 5),
        ({"frequency": Frequency.TWO_OR_THREE}, 2, 3),
        ({"frequency": Frequency.WEEKLY}, 1, 1),
        ({"frequency": Frequency.OCCASIONALLY}, 0, 1),
        ({"sessions_per_week": 4}, 4, 4),
        ({"sessions_per_week": 9}, 5, 5),
        ({"days": (Weekday.MONDAY, Weekday.SUNDAY)}, 1, 1),
        ({"days": (Weekday.FRIDAY,), "frequency": Frequency.TWO_OR_THREE}, 1, 1),
    ],
)
def test_rule_4_counts(changes: dict[str, object], due: int, most: int) -> None:
    child = replace(NOAH, subjects=(replace(MATHS, **changes),), school_days=tuple(Weekday)[:5])
    week = problem(child)
    member = week.activities[0].members[0]
    assert (required(week, member), limit(week, member)) == (due, most)


def test_rule_4_days_off_dropped_and_carried_sessions() -> None:
    child = replace(NOAH, school_days=tuple(Weekday)[:5])
    request = WeekRequest(
        family(child, days_off=(DayOff(MONDAY), DayOff(MONDAY + timedelta(days=1), 2))), MONDAY
    )
    week = problem_of(request)
    assert required(week, week.activities[0].members[0]) == 4
    week = problem_of(replace(request, dropped=(Lesson(1, 1, MONDAY + timedelta(days=2)),)))
    assert required(week, week.activities[0].members[0]) == 3
    assert (0, 2) not in candidates(week)


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(1, 5), st.sampled_from(Frequency)),
        min_size=3,
        max_size=3,
    )
)
def test_one_core_session_outweighs_any_two_others(
    drawn: list[tuple[bool, int, Frequency]],
) -> None:
    made = [
        replace(MATHS, core=core, interest=interest, frequency=frequency)
        for core, interest, frequency in drawn
    ]
    core, *others = made
    weights = [omission_weight(replace(other, core=False)) for other in others]
    assert omission_weight(replace(core, core=True)) > sum(weights)


def test_rule_5_fixed_time_leaves_one_start_or_none() -> None:
    fixed = replace(MATHS, fixed_time=True, preferred_time=600)
    assert at_fixed_time(fixed, range(540, 700, 5)) == (600,)
    assert at_fixed_time(fixed, range(605, 700, 5)) == ()
    assert at_fixed_time(MATHS, (600, 605)) == (600, 605)


def test_rule_6_a_parents_commitment_leaves_children_free_to_work_alone() -> None:
    work = replace(CO_OP, scope=Scope.PARENT, end=840)
    assert (0, 0) in candidates(problem(NOAH, commitments=(work,)))
    guided = replace(NOAH, subjects=(replace(MATHS, involvement=Involvement.MINIMAL),))
    assert candidates(problem(guided, commitments=(work,))) == {}
    two = problem(guided, commitments=(work,), adults=(SARAH, BEN))
    assert (0, 0) in candidates(two)


def test_rule_6_who_goes_along_with_a_child_cannot_teach() -> None:
    dance = replace(CO_OP, scope=Scope.CHILD, end=840, needs_adult=True)
    emma = replace(NOAH, id=2, name="Emma", subjects=(), commitments=(dance,))
    guided = replace(NOAH, subjects=subjects(60, involvement=Involvement.FULL))
    assert left_out(problem(guided, emma)) == 1
    assert left_out(problem(guided, emma, adults=(SARAH, BEN))) == 0
    away = replace(CO_OP, id=2, scope=Scope.PARENT, end=840, adult_id=2)
    both = problem(guided, emma, adults=(SARAH, BEN), commitments=(away,))
    assert left_out(both) == 1
    emma = replace(emma, commitments=(replace(dance, adult_id=2),))
    assert left_out(problem(guided, emma, adults=(SARAH, BEN))) == 0
    assert left_out(problem(guided, emma, adults=(SARAH, BEN), commitments=(away,))) == 0


def test_rule_6_one_adult_goes_to_one_place_at_a_time() -> None:
    dance = replace(CO_OP, scope=Scope.CHILD, end=840, needs_adult=True)
    guided = replace(NOAH, subjects=subjects(60, involvement=Involvement.FULL))
    emma = replace(NOAH, id=2, name="Emma", subjects=(), commitments=(dance,))
    lily = replace(emma, id=3, name="Lily")
    assert left_out(problem(guided, emma, lily, adults=(SARAH, BEN))) == 0
    chess = replace(dance, id=2, name="Chess", start=600)
    lily = replace(lily, commitments=(chess,))
    assert left_out(problem(guided, emma, lily, adults=(SARAH, BEN))) == 0
    chess = replace(chess, start=545)
    lily = replace(lily, commitments=(chess,))
    assert left_out(problem(guided, emma, lily, adults=(SARAH, BEN))) == 1


def _pair(involvement: Involvement, together: bool = False) -> tuple[Child, Child]:
    taught = replace(MATHS, involvement=involvement, teach_together=together)
    noah = replace(NOAH, hours=Hours(540, 570), subjects=(taught,))
    return noah, replace(noah, id=2, name="Emma", subjects=(replace(taught, id=2, name="MATHS"),))


def test_rule_7_attention_adds_up_to_one_adult_at_most() -> None:
    assert left_out(problem(*_pair(Involvement.SOME))) == 0
    assert left_out(problem(*_pair(Involvement.FULL))) == 1
    assert left_out(problem(*_pair(Involvement.FULL), adults=(SARAH, BEN))) == 0
    assert left_out(problem(*_pair(Involvement.FULL), adults=())) == 2


def test_rule_7_a_shared_lesson_counts_once() -> None:
    assert left_out(problem(*_pair(Involvement.FULL, together=True))) == 0


def test_rule_7_a_shared_lesson_goes_on_without_who_is_absent() -> None:
    noah, emma = _pair(Involvement.FULL, together=True)
    place = candidates(problem(noah, emma, days_off=(DayOff(MONDAY, emma.id),)))[0, 0]
    assert place.members == (0,)
    assert left_out(problem(noah, emma, days_off=(DayOff(MONDAY, emma.id),))) == 0


def test_rule_8_runs_fit_the_span_or_a_break_is_needed() -> None:
    tight = replace(NOAH, hours=Hours(540, 630))
    assert left_out(problem(replace(tight, subjects=subjects(20, 25, 35)))) == 0
    assert left_out(problem(replace(tight, subjects=subjects(20, 30, 40)))) == 1
    assert left_out(problem(replace(tight, subjects=subjects(90)))) == 0


@given(
    st.lists(st.tuples(st.sampled_from((0, 5, 10, 15)), st.integers(1, 8)), max_size=5),
    st.sampled_from((20, 45, 60)),
)
def test_rule_8_runs_by_their_definition(drawn: list[tuple[int, int]], span: int) -> None:
    lessons, at = [], 540
    for gap, slots in drawn:
        lessons.append((at + gap, 5 * slots))
        at += gap + 5 * slots
    runs: list[list[int]] = []
    for number, (start, minutes) in enumerate(lessons):
        if not number or start - sum(lessons[number - 1]) >= 10:
            runs.append([])
        runs[-1].append(minutes)
    assert runs_fit(lessons, span, 10) == all(len(r) == 1 or sum(r) <= span for r in runs)
    assert sum(run_lengths(lessons, 10)) == sum(
        sum(r[: n + 1]) for r in runs for n in range(len(r))
    )


def test_rule_8_lunch_takes_its_time_from_lessons() -> None:
    day = replace(NOAH, hours=Hours(685, 815), span=90)
    assert left_out(problem(replace(day, subjects=subjects(105)))) == 1
    assert left_out(problem(replace(day, hours=Hours(690, 815), subjects=subjects(105)))) == 0


def test_rule_8_lunch_is_possible_wherever_commitments_leave_room() -> None:
    noah = replace(NOAH, hours=Hours(600, 900))
    held = replace(CO_OP, start=610, end=787)
    week = problem(noah, commitments=(held,))
    assert lunch_starts(week, week.child_days[1, 0]) == ()
    odd = [replace(CO_OP, start=610, end=733), replace(CO_OP, id=2, start=763, end=820)]
    week = problem(noah, commitments=tuple(odd))
    # 12:13 is free for half an hour, but not on the grid.
    assert lunch_starts(week, week.child_days[1, 0]) == ()


def _breaks(
    lessons: Iterable[tuple[int, int]], *commitments: Commitment, lunch: int | None = None
) -> tuple[tuple[int, int], ...]:
    week = problem(replace(NOAH, commitments=tuple(commitments)))
    return breaks(week.child_days[1, 0], list(lessons), lunch)


def test_rule_8_a_gap_that_ends_a_run_begins_with_a_break() -> None:
    assert _breaks([(540, 570), (580, 610), (640, 670)]) == ((570, 580), (610, 620))
    assert _breaks([(540, 570), (575, 605)]) == ()
    assert _breaks([(540, 570), (650, 680)], lunch=590) == ()
    assert _breaks([(540, 570), (650, 680)], replace(CO_OP, start=600, end=610)) == ()
    assert _breaks([(540, 570), (650, 680)], replace(CO_OP, start=600, end=605)) == ((570, 580),)


def test_rule_8_room_for_a_break_before_a_short_commitment() -> None:
    chores = replace(CO_OP, start=600, end=605)
    week = problem(replace(NOAH, commitments=(chores,)))
    starts = with_rest(week.child_days[1, 0], range(540, 700, 5), 30)
    assert {start + 30 for start in range(540, 700, 5)} - {start + 30 for start in starts} == {
        595,
        600,
    }
    long = replace(chores, end=610)
    week = problem(replace(NOAH, commitments=(long,)))
    assert len(with_rest(week.child_days[1, 0], range(540, 700, 5), 30)) == 32


def test_rule_9_nothing_new_starts_before_now() -> None:
    week = problem_of(WeekRequest(family(NOAH), MONDAY, now=AT_TEN))
    assert candidates(week)[0, 0].starts[0] == 605
    week = problem_of(WeekRequest(family(NOAH), MONDAY, now=AT_TEN + timedelta(hours=4)))
    assert candidates(week) == {}


def test_rule_9_what_has_started_or_is_done_stays() -> None:
    for held in (lesson(NOAH, 600), lesson(NOAH, 700, completed=True)):
        week = problem_of(WeekRequest(family(NOAH), MONDAY, now=AT_TEN, previous=(held,)))
        assert week.child_days[1, 0].kept == (held,)
        assert candidates(week) == {}


def test_rule_9_a_missed_daily_lesson_comes_later_that_day_or_not_at_all() -> None:
    noah = replace(NOAH, school_days=(Weekday.MONDAY, Weekday.TUESDAY))
    held = lesson(noah, 570)
    request = WeekRequest(
        family(noah), MONDAY, AT_TEN, previous=(held,), missed=(Lesson(1, 1, MONDAY),)
    )
    assert candidates(problem_of(request))[0, 0].starts[0] == 605
    late = replace(request, now=AT_TEN + timedelta(hours=4))
    assert {day for _, day in candidates(problem_of(late))} == {1}
    weekly = replace(noah, subjects=(replace(MATHS, frequency=Frequency.WEEKLY),))
    other = replace(request, family=family(weekly))
    assert {day for _, day in candidates(problem_of(other))} == {1}


def test_rule_9_pins_stand_where_they_are() -> None:
    pin = Lesson(1, 1, MONDAY, 660)
    assert candidates(problem_of(WeekRequest(family(NOAH), MONDAY, pins=(pin,))))[0, 0].starts == (
        660,
    )
    bare = replace(pin, start=None)
    week = WeekRequest(family(NOAH), MONDAY, previous=(lesson(NOAH, 620),), pins=(bare,))
    assert candidates(problem_of(week))[0, 0].starts == (620,)
    outside = replace(pin, start=840)
    assert candidates(problem_of(WeekRequest(family(NOAH), MONDAY, pins=(outside,)))) == {}


def test_siblings_without_a_common_hour_have_lessons_with_those_who_can() -> None:
    noah, emma = _pair(Involvement.INDEPENDENT, together=True)
    lily = replace(emma, id=3, name="Lily", subjects=(replace(emma.subjects[0], id=3),))
    afternoon = replace(noah, hours=Hours(780, 810))
    place = candidates(problem(afternoon, emma, lily))[0, 0]
    assert place.members == (1, 2)
    assert place.starts == (540,)
