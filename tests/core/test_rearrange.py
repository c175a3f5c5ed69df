"""What changes mean for the next request, and what can stand; nothing is solved here."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from core.changes import (
    NEW,
    AddCommitment,
    CancelOccurrence,
    Change,
    DropLesson,
    FactChange,
    FollowCalendar,
    Impossible,
    MarkDone,
    MissLessons,
    MoveLesson,
    MoveOccurrence,
    OutsideTime,
    SwapLessons,
    TakeDaysOff,
    Why,
    weeks_touched,
)
from core.check import check_places
from core.decisions import broken_by, decided, tenable, unmet, with_decisions
from core.diff import LeftOut, difference, stands_alike, touched
from core.facts import objection, with_fact
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
    Override,
    Scope,
    Subject,
)
from core.plan import Decisions, Item, ItemType, Lesson, Plan, Scores, Status, WeekRequest
from core.rearrange import asked_for, changed, nothing_more
from core.week import Weekday

MON = date(2026, 11, 30)
TUE, WED, THU, FRI = (MON + timedelta(days=number) for number in range(1, 5))
MATHS = Subject(1, "Maths", True, 30, Frequency.DAILY, Involvement.INDEPENDENT, 4)
ART = Subject(2, "Art", False, 60, Frequency.TWO_OR_THREE, Involvement.INDEPENDENT, 4)
SCIENCE = Subject(
    3, "Science", True, 30, Frequency.TWO_OR_THREE, Involvement.FULL, 5, teach_together=True
)
SOCCER = Commitment(
    1, "Soccer", CommitmentFrequency.WEEKLY, 720, 780, Scope.CHILD, (Weekday.TUESDAY,)
)
NIGHT = Commitment(
    2, "Camp", CommitmentFrequency.WEEKLY, 1320, 600, Scope.FAMILY, (Weekday.SUNDAY,)
)
EMMA = Child(1, "Emma", 9, Hours(540, 840), 60, (MATHS, ART, SCIENCE), (SOCCER,))
NOAH = Child(2, "Noah", 9, Hours(540, 840), 60, (replace(SCIENCE, id=4),))
FAMILY = Family(
    "America/New_York", (Adult(1, "Sarah"), Adult(2, "Ben")), (EMMA, NOAH), commitments=(NIGHT,)
)


def lesson(subject: Subject, day: date, start: int, child: Child = EMMA) -> Item:
    return Item(
        child.id,
        day,
        ItemType.SUBJECT,
        subject.name,
        start,
        start + subject.minutes,
        subject_id=subject.id,
        uid=f"{subject.name}-{child.id}-{day:%a}".lower(),
    )


MATHS_MON, MATHS_TUE = lesson(MATHS, MON, 540), lesson(MATHS, TUE, 540)
ART_MON, ART_WED = lesson(ART, MON, 580), lesson(ART, WED, 600)
SCIENCE_WED, NOAHS_WED = (
    replace(lesson(SCIENCE, WED, 540), adult_id=1),
    replace(lesson(replace(SCIENCE, id=4), WED, 540, NOAH), adult_id=1),
)
WEEK = (MATHS_MON, MATHS_TUE, ART_MON, ART_WED, SCIENCE_WED, NOAHS_WED)
REQUEST = WeekRequest(
    FAMILY, MON, now=datetime.combine(MON - timedelta(days=1), time(18)), previous=WEEK
)


def after(change: Change, request: WeekRequest = REQUEST) -> WeekRequest:
    found = changed(request, change)
    assert isinstance(found, WeekRequest), found
    return found


def stands(request: WeekRequest) -> dict[str | None, tuple[date, int]]:
    return {item.uid: (item.date, item.start) for item in request.previous}


def test_a_moved_lesson_is_pinned_where_it_now_stands() -> None:
    request = after(MoveLesson(MATHS_MON.uid or "", MON, 700))
    assert stands(request)[MATHS_MON.uid] == (MON, 700)
    assert request.pins == (Lesson(1, 1, MON, 700),)
    again = after(MoveLesson(MATHS_MON.uid or "", MON, 800), request)
    assert again.pins == (Lesson(1, 1, MON, 800),), "the former pin is gone"


def test_siblings_move_together() -> None:
    request = after(MoveLesson(NOAHS_WED.uid or "", THU, 600))
    assert set(request.pins) == {Lesson(1, 3, THU, 600), Lesson(2, 4, THU, 600)}


def test_lessons_of_different_lengths_change_their_order_in_the_same_time() -> None:
    request = after(SwapLessons(ART_MON.uid or "", MATHS_MON.uid or ""))
    assert stands(request)[ART_MON.uid] == (MON, 540)
    assert stands(request)[MATHS_MON.uid] == (MON, 610), "where art has ended"


def test_lessons_of_different_days_change_their_starts() -> None:
    request = after(SwapLessons(ART_WED.uid or "", MATHS_TUE.uid or ""))
    assert stands(request)[ART_WED.uid] == (TUE, 540)
    assert stands(request)[MATHS_TUE.uid] == (WED, 600)


def test_siblings_at_one_table_cannot_change_places() -> None:
    swap = SwapLessons(SCIENCE_WED.uid or "", NOAHS_WED.uid or "")
    assert changed(REQUEST, swap) == Impossible(Why.SAME_LESSON, NOAHS_WED.uid)


def test_a_lesson_cannot_stand_where_the_same_subject_stands() -> None:
    move = MoveLesson(MATHS_TUE.uid or "", MON, 540)
    assert changed(REQUEST, move) == Impossible(Why.ALREADY_SO, MATHS_MON.uid)
    done = replace(MATHS_MON, completed=True)
    request = replace(REQUEST, previous=(done, *WEEK[1:]))
    assert changed(request, move) == Impossible(Why.DONE, MATHS_MON.uid)
    assert after(SwapLessons(MATHS_MON.uid or "", MATHS_TUE.uid or "")).previous[0].date == TUE


def test_what_a_change_asks_for_may_have_been_another_lessons_pin() -> None:
    pinned = replace(REQUEST, pins=(Lesson(1, 1, MON, 540), Lesson(1, 1, TUE, 540)))
    swapped = after(SwapLessons(MATHS_MON.uid or "", MATHS_TUE.uid or ""), pinned)
    assert asked_for(pinned, swapped) == set(pinned.pins)
    assert asked_for(pinned, after(DropLesson(ART_MON.uid or ""), pinned)) == set()


def test_what_was_given_up_on_the_new_day_is_given_up_on_the_old_one() -> None:
    request = after(DropLesson(ART_MON.uid or ""))
    assert request.dropped == (Lesson(1, 2, MON, 580),)
    left = replace(request, previous=tuple(each for each in WEEK if each != ART_MON))
    moved = after(MoveLesson(ART_WED.uid or "", MON, 700), left)
    assert moved.dropped == (Lesson(1, 2, WED, 600),)


def test_what_is_missed_or_let_go_is_pinned_no_more() -> None:
    pinned = replace(REQUEST, pins=(Lesson(1, 1, MON, 540), Lesson(1, 1, TUE)))
    assert after(DropLesson(MATHS_MON.uid or ""), pinned).pins == (Lesson(1, 1, TUE),)
    missed = after(MissLessons((MATHS_TUE.uid or "",), let_go=True), pinned)
    assert missed.pins == (Lesson(1, 1, MON, 540),)
    assert missed.missed == missed.dropped == (Lesson(1, 1, TUE, 540),)


def test_a_lesson_put_back_where_it_was_missed_is_wanted_there() -> None:
    moved = replace(MATHS_MON, start=700, end=730)
    week = tuple(moved if each == MATHS_MON else each for each in WEEK)
    request = replace(REQUEST, previous=week, missed=(Lesson(1, 1, MON, 540),))
    assert after(MoveLesson(MATHS_MON.uid or "", MON, 540), request).missed == ()
    there = with_decisions(REQUEST, Decisions(missed=(Lesson(1, 1, MON, 540),)))
    assert there.missed == ()


def test_done_is_done() -> None:
    request = after(MarkDone(ART_MON.uid or "", "child"))
    assert replace(ART_MON, completed=True) in request.previous
    assert changed(request, MoveLesson(ART_MON.uid or "", TUE, 600)) == Impossible(
        Why.DONE, ART_MON.uid
    )


def test_a_break_is_no_lesson() -> None:
    rest = Item(1, MON, ItemType.BREAK, "Break", 570, 580, uid="rest")
    request = replace(REQUEST, previous=(*WEEK, rest))
    assert changed(request, DropLesson("rest")) == Impossible(Why.NO_SUCH_LESSON, "rest")


@pytest.mark.parametrize(
    ("count", "cap"), [(1, 2), (2, 2), (3, None)], ids=["too few", "enough", "one more"]
)
def test_nothing_is_added_that_is_not_due(count: int, cap: int | None) -> None:
    week = tuple(lesson(ART, MON + timedelta(days=day), 600) for day in range(count))
    request = nothing_more(replace(REQUEST, previous=week))
    assert request.family.children[0].subjects[1].sessions_per_week == cap
    assert request.family.children[0].subjects[0] == MATHS


def test_who_was_absent_may_join_a_lesson_of_three() -> None:
    week = tuple(lesson(SCIENCE, MON + timedelta(days=day), 600) for day in range(3))
    noah = replace(lesson(SCIENCE, MON, 600, NOAH), subject_id=4)
    request = nothing_more(replace(REQUEST, previous=(*week, noah)))
    assert {child.subjects[-1].sessions_per_week for child in request.family.children} == {None}


def test_what_is_let_go_is_counted_once() -> None:
    week = tuple(lesson(ART, MON + timedelta(days=day), 600) for day in range(2))
    request = after(DropLesson(week[0].uid or ""), replace(REQUEST, previous=week))
    assert nothing_more(request).family.children[0].subjects[1].sessions_per_week == 2


def test_who_lets_a_shared_lesson_go_gets_no_other() -> None:
    shared = tuple(lesson(SCIENCE, day, 600) for day in (MON, WED))
    noahs = tuple(replace(lesson(SCIENCE, day, 600, NOAH), subject_id=4) for day in (MON, WED, FRI))
    request = replace(REQUEST, previous=(*shared, *noahs))
    request = nothing_more(after(DropLesson(shared[0].uid or ""), request))
    emma, noah = (child.subjects[-1].sessions_per_week for child in request.family.children)
    assert (emma, noah) == (2, None)


def test_facts_change_the_family() -> None:
    sick = after(TakeDaysOff(MON, TUE, 1)).family
    assert sick.days_off == (DayOff(MON, 1), DayOff(TUE, 1))
    vet = after(AddCommitment("Vet", WED, 600, 660, Scope.CHILD, child_id=2)).family
    assert [own.id for own in vet.children[1].commitments] == [NEW]
    assert vet.children[0].commitments == (SOCCER,)
    off = after(CancelOccurrence(1, True, TUE)).family
    assert off.children[0].commitments[0].overrides == (Override(TUE),)
    assert off.commitments == (NIGHT,)
    away = after(MoveOccurrence(1, True, TUE, WED, 600, 660)).family.children[0].commitments
    assert (away[0].overrides, away[1].on, away[1].id) == ((Override(TUE),), WED, NEW)


@pytest.mark.parametrize(
    ("change", "mondays"),
    [
        (TakeDaysOff(FRI, FRI + timedelta(days=3)), {MON, MON + timedelta(days=7)}),
        (AddCommitment("Vet", FRI, 600, 660, Scope.FAMILY), {MON}),
        (
            FollowCalendar(1, "Work", added=(OutsideTime(FRI + timedelta(days=2), 1200, 0),)),
            {MON, MON + timedelta(days=7)},
        ),
        (CancelOccurrence(2, False, MON - timedelta(days=1)), {MON - timedelta(days=7), MON}),
    ],
)
def test_the_weeks_in_which_a_fact_changes(change: FactChange, mondays: set[date]) -> None:
    assert set(weeks_touched(change)) == mondays


def test_a_night_is_over_in_the_morning() -> None:
    sunday = MON - timedelta(days=1)
    cancel = CancelOccurrence(2, False, sunday)
    morning = datetime.combine(MON, time(9, 59))
    assert objection(FAMILY, morning, cancel) is None
    assert objection(FAMILY, morning + timedelta(minutes=1), cancel) == Impossible(Why.PAST)
    assert objection(with_fact(FAMILY, cancel), morning, cancel) == Impossible(
        Why.NO_SUCH_OCCURRENCE
    )


def test_a_pin_goes_where_a_rule_lets_it() -> None:
    def broken(day: date, start: int, request: WeekRequest = REQUEST) -> set[int]:
        asked = [Lesson(1, 1, day, start)]
        found = broken_by(replace(request, pins=(*request.pins, *asked)), asked)
        return {violation.rule for violation in found}

    assert broken(TUE, 600) == set()
    assert broken(TUE, 725) == {2}
    assert broken(TUE, 820) == {1}
    assert broken(MON, 575) == {2}, "the family is still at the camp"
    assert broken(TUE, 600, replace(REQUEST, pins=(Lesson(1, 2, TUE, 620),))) == {2}
    assert broken(TUE, 600, replace(REQUEST, pins=(Lesson(1, 1, TUE, 680),))) == {3}


def test_a_pin_may_take_whichever_adult_is_there() -> None:
    work = replace(NIGHT, id=3, start=540, end=840, scope=Scope.PARENT, adult_id=1)
    busy = replace(work, days_of_week=(Weekday.THURSDAY,))
    pins = (Lesson(1, 3, THU, 600), Lesson(2, 4, THU, 600))
    one = replace(REQUEST, family=replace(FAMILY, commitments=(busy,)), pins=pins)
    assert broken_by(one, pins) == ()
    both = replace(FAMILY, commitments=(busy, replace(busy, id=4, adult_id=2)))
    assert {each.rule for each in broken_by(replace(one, family=both), pins)} == {7}


def test_pins_that_cannot_stand_any_more_are_released() -> None:
    pins = (Lesson(1, 1, TUE, 730), Lesson(1, 1, WED, 700), Lesson(1, 99, WED, 600))
    assert tenable(replace(REQUEST, pins=pins)).pins == (Lesson(1, 1, WED, 700),)


def test_a_pin_whose_lesson_has_begun_is_kept() -> None:
    pins = (Lesson(1, 1, MON, 540),)
    begun = replace(REQUEST, pins=pins, now=datetime.combine(MON, time(9, 30)))
    assert tenable(begun).pins == pins


def plan(request: WeekRequest, items: tuple[Item, ...]) -> Plan:
    scores = Scores(0.0, 0.0, 0.0, 0.0)
    return Plan(request, Status.FEASIBLE, items, 0, 0, 0.0, 0.0, 0.0, scores)


def test_what_is_left_of_decisions() -> None:
    request = after(MissLessons((MATHS_MON.uid or "", ART_MON.uid or "")))
    items = tuple(each for each in WEEK if each not in (MATHS_MON, ART_MON))
    left = decided(plan(request, items), 1)
    assert left.dropped == (Lesson(1, 1, MON, 540),), "only the daily lesson is let go"
    assert decided(plan(request, items), 2) == Decisions()
    pinned = after(MoveLesson(MATHS_TUE.uid or "", TUE, 600))
    assert unmet(plan(pinned, WEEK)) == (Lesson(1, 1, TUE, 600),)
    assert unmet(plan(pinned, pinned.previous)) == ()


def test_the_difference_between_two_weeks() -> None:
    moved = replace(MATHS_MON, start=700, end=730)
    handed = replace(SCIENCE_WED, adult_id=2)
    new = lesson(ART, FRI, 600)
    rest = Item(1, MON, ItemType.BREAK, "Break", 570, 580, uid="rest")
    left = [LeftOut(1, 2, 1, "plan.reason.no_time"), LeftOut(1, 1, 1, "plan.reason.no_time")]
    found = difference(
        WEEK, (moved, MATHS_TUE, new, rest, ART_WED, handed, NOAHS_WED), left[:1], left
    )
    assert [(pair.old, pair.new) for pair in found.moved] == [(MATHS_MON, moved)]
    assert [(pair.old, pair.new) for pair in found.handed_over] == [(SCIENCE_WED, handed)]
    assert (found.added, found.gone, found.done) == ((new,), (ART_MON,), ())
    assert found.left_out == (left[1],)
    done = replace(ART_MON, completed=True)
    assert difference([ART_MON], [done]).done == (done,)
    assert difference([done], [ART_MON]).not_done == (ART_MON,)


def test_a_week_stands_alike_whatever_was_done() -> None:
    done = replace(ART_MON, completed=True)
    assert stands_alike([ART_MON], [done])
    assert touched([ART_MON], [done]) == ()
    later = replace(ART_MON, start=700, end=760)
    assert not stands_alike([ART_MON], [later])
    assert touched([ART_MON, MATHS_TUE], [later, MATHS_TUE]) == (ART_MON, later)


def test_an_unfinished_week_is_asked_about_its_places_only() -> None:
    assert check_places(plan(REQUEST, ())) == ()
    on_saturday = lesson(MATHS, FRI + timedelta(days=1), 540)
    assert {each.rule for each in check_places(plan(REQUEST, (on_saturday,)))} == {1}
    given_up = replace(REQUEST, dropped=(Lesson(1, 1, FRI),))
    assert {each.rule for each in check_places(plan(given_up, (lesson(MATHS, FRI, 540),)))} == {4}
