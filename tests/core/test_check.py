from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from core.check import CLAIMS, check_week
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
from core.phrase import say
from core.plan import (
    Item,
    ItemType,
    Lesson,
    Move,
    Plan,
    Scores,
    Status,
    Unscheduled,
    WeekRequest,
)
from core.week import Weekday, parse_clock

MONDAY = date(2026, 11, 30)
MON, TUE, WED, THU, FRI, SAT = (MONDAY + timedelta(days=number) for number in range(6))
SCHOOL = (MON, TUE, WED, THU, FRI)
SARAH, DANIEL = 1, 2
NOAH, EMMA = 1, 2
N_MATH, N_SCIENCE, N_PIANO, E_MATH, E_SCIENCE, E_READING = range(1, 7)
HOURS = Hours(9 * 60, 14 * 60)

Edit = Callable[[Plan], Plan]


def weekly(
    number: int, name: str, day: Weekday, span: str, scope: Scope, **more: object
) -> Commitment:
    start, end = map(parse_clock, span.split("-"))
    return Commitment(number, name, CommitmentFrequency.WEEKLY, start, end, scope, (day,), **more)


def subject(
    number: int, name: str, minutes: int, frequency: Frequency, involvement: Involvement
) -> Subject:
    return Subject(
        id=number,
        name=name,
        core=True,
        minutes=minutes,
        frequency=frequency,
        involvement=involvement,
        interest=3,
        fixed_time=name == "Piano",
        preferred_time=parse_clock("11:00") if name == "Piano" else None,
        teach_together=name.casefold() == "science",
    )


NOAH_CHILD = Child(
    id=NOAH,
    name="Noah",
    age=6,
    hours=HOURS,
    span=45,
    subjects=(
        subject(N_MATH, "Mathematics", 30, Frequency.DAILY, Involvement.SOME),
        subject(N_SCIENCE, "Science", 30, Frequency.TWO_OR_THREE, Involvement.FULL),
        subject(N_PIANO, "Piano", 30, Frequency.WEEKLY, Involvement.MINIMAL),
    ),
    commitments=(weekly(1, "Soccer", Weekday.MONDAY, "16:00-17:00", Scope.CHILD),),
)
EMMA_CHILD = Child(
    id=EMMA,
    name="Emma",
    age=9,
    hours=HOURS,
    span=60,
    subjects=(
        subject(E_MATH, "Mathematics", 45, Frequency.DAILY, Involvement.INDEPENDENT),
        subject(E_SCIENCE, "science", 30, Frequency.TWO_OR_THREE, Involvement.SOME),
        subject(E_READING, "Reading", 30, Frequency.TWO_OR_THREE, Involvement.SOME),
    ),
    commitments=(
        weekly(2, "Dentist", Weekday.WEDNESDAY, "10:00-11:00", Scope.CHILD, needs_adult=True),
    ),
)
FAMILY = Family(
    timezone="America/New_York",
    adults=(Adult(SARAH, "Sarah"), Adult(DANIEL, "Daniel")),
    children=(NOAH_CHILD, EMMA_CHILD),
    commitments=(
        weekly(1, "Work", Weekday.TUESDAY, "10:00-11:30", Scope.PARENT),
        weekly(2, "Co-op", Weekday.FRIDAY, "13:00-15:00", Scope.FAMILY),
    ),
)
NAMES = {found.id: found.name for child in FAMILY.children for found in child.subjects}


def lesson(subject_id: int, day: date, at: str, minutes: int, adult: int | None = None) -> Item:
    child = NOAH if subject_id <= N_PIANO else EMMA
    start = parse_clock(at)
    return Item(
        child,
        day,
        ItemType.SUBJECT,
        NAMES[subject_id],
        start,
        start + minutes,
        subject_id=subject_id,
        adult_id=adult,
    )


def rest(child: int, day: date, at: str, minutes: int = 10) -> Item:
    start = parse_clock(at)
    return Item(child, day, ItemType.BREAK, "Break", start, start + minutes, suggestion="snack")


def lunch(child: int, day: date, at: str = "12:00", minutes: int = 30) -> Item:
    start = parse_clock(at)
    return Item(child, day, ItemType.LUNCH, "Lunch", start, start + minutes)


def promised(child: int, day: date, name: str, span: str, **ids: int) -> Item:
    start, end = map(parse_clock, span.split("-"))
    return Item(child, day, ItemType.COMMITMENT, name, start, end, external=True, **ids)


ITEMS = (
    *(lesson(N_MATH, day, "09:00", 30, SARAH) for day in SCHOOL),
    *(lesson(E_MATH, day, "09:00", 45) for day in SCHOOL),
    *(lunch(child, day) for day in SCHOOL for child in (NOAH, EMMA)),
    rest(NOAH, MON, "09:30"),
    rest(EMMA, MON, "09:45"),
    lesson(N_SCIENCE, MON, "10:00", 30, SARAH),
    lesson(E_SCIENCE, MON, "10:00", 30, SARAH),
    promised(NOAH, MON, "Soccer", "16:00-17:00", commitment_id=1),
    rest(EMMA, TUE, "09:45"),
    lesson(E_READING, TUE, "10:00", 30, DANIEL),
    rest(NOAH, WED, "09:30"),
    promised(EMMA, WED, "Dentist", "10:00-11:00", commitment_id=2),
    lesson(N_SCIENCE, WED, "11:00", 30, SARAH),
    lesson(E_SCIENCE, WED, "11:00", 30, SARAH),
    rest(EMMA, THU, "09:45"),
    lesson(E_READING, THU, "10:00", 30, SARAH),
    rest(NOAH, THU, "09:30"),
    lesson(N_PIANO, THU, "11:00", 30, DANIEL),
    promised(NOAH, FRI, "Co-op", "13:00-15:00", family_commitment_id=2),
    promised(EMMA, FRI, "Co-op", "13:00-15:00", family_commitment_id=2),
)
GOOD = Plan(
    request=WeekRequest(FAMILY, MONDAY),
    status=Status.FEASIBLE,
    items=ITEMS,
    omission_weight=0,
    omission_bound=0,
    objective=90.0,
    bound=100.0,
    solve_seconds=0.1,
    scores=Scores(0.5, 1.0, 0.0, 0.75),
)


def rules_of(plan: Plan) -> set[int]:
    return {violation.rule for violation in check_week(plan)}


def find(plan: Plan, what: int | ItemType, day: date, child: int | None = None) -> Item:
    return next(
        item
        for item in plan.items
        if item.date == day
        and child in (None, item.child_id)
        and what in (item.subject_id, item.type)
    )


def swap(plan: Plan, gone: Iterable[Item] = (), new: Iterable[Item] = ()) -> Plan:
    gone = list(gone)
    assert all(item in plan.items for item in gone)
    return replace(plan, items=(*(item for item in plan.items if item not in gone), *new))


def alter(what: int | ItemType, day: date, child: int | None = None, **changes: object) -> Edit:
    def edit(plan: Plan) -> Plan:
        item = find(plan, what, day, child)
        return swap(plan, [item], [replace(item, **changes)])

    return edit


def shift(what: int | ItemType, day: date, at: str, child: int | None = None) -> Edit:
    def edit(plan: Plan) -> Plan:
        item = find(plan, what, day, child)
        start = parse_clock(at)
        moved = replace(item, start=start, end=start + item.end - item.start)
        return swap(plan, [item], [moved])

    return edit


def add(*items: Item) -> Edit:
    return lambda plan: swap(plan, new=items)


def remove(*wanted: tuple[int | ItemType, date, int | None]) -> Edit:
    return lambda plan: swap(plan, [find(plan, *which) for which in wanted])


def ask(**changes: object) -> Edit:
    return lambda plan: replace(plan, request=replace(plan.request, **changes))


def live(**changes: object) -> Edit:
    """Changes the family."""
    return lambda plan: ask(family=replace(plan.request.family, **changes))(plan)


def child_with(child_id: int, **changes: object) -> Edit:
    def edit(plan: Plan) -> Plan:
        children = tuple(
            replace(child, **changes) if child.id == child_id else child
            for child in plan.request.family.children
        )
        return live(children=children)(plan)

    return edit


def subject_with(subject_id: int, **changes: object) -> Edit:
    def edit(plan: Plan) -> Plan:
        child = next(
            child
            for child in plan.request.family.children
            if subject_id in {found.id for found in child.subjects}
        )
        subjects = tuple(
            replace(found, **changes) if found.id == subject_id else found
            for found in child.subjects
        )
        return child_with(child.id, subjects=subjects)(plan)

    return edit


def claim(missing: int, subject_id: int, child: int = EMMA, weight: int = 5) -> Edit:
    left = Unscheduled(child, subject_id, missing, say("plan.reason.no_time"))
    return lambda plan: replace(
        plan,
        status=Status.PARTIAL,
        unscheduled=(*plan.unscheduled, left),
        omission_weight=weight,
    )


def both(*edits: Edit) -> Edit:
    def edit(plan: Plan) -> Plan:
        for one in edits:
            plan = one(plan)
        return plan

    return edit


def no_edit(plan: Plan) -> Plan:
    return plan


EMMA_FREE_FRIDAY = remove((E_MATH, FRI, EMMA), (ItemType.LUNCH, FRI, EMMA))
DANIEL_OUT = live(
    commitments=(
        *FAMILY.commitments,
        weekly(3, "Night shift", Weekday.WEDNESDAY, "10:00-10:30", Scope.PARENT, adult_id=DANIEL),
    )
)
NOAH_AT_TEN_WEDNESDAY = both(shift(N_MATH, WED, "10:00"), shift(ItemType.BREAK, WED, "10:30", NOAH))
NOAH_ERRAND = both(
    child_with(
        NOAH,
        commitments=(
            *NOAH_CHILD.commitments,
            weekly(3, "Doctor", Weekday.WEDNESDAY, "10:00-10:30", Scope.CHILD, needs_adult=True),
        ),
    ),
    add(promised(NOAH, WED, "Doctor", "10:00-10:30", commitment_id=3)),
    remove((ItemType.BREAK, WED, NOAH)),
)


def trip(span: str) -> Edit:
    """Emma's Thursday with a trip and without lunch."""
    away = weekly(9, "Trip", Weekday.THURSDAY, span, Scope.CHILD)
    return both(
        child_with(EMMA, commitments=(*EMMA_CHILD.commitments, away)),
        add(promised(EMMA, THU, "Trip", span, commitment_id=9)),
        remove((ItemType.LUNCH, THU, EMMA)),
    )


def tell(child: str, day: date) -> Edit:
    said = say("plan.conflict.no_lunch", child=child, date=day)
    return lambda plan: replace(plan, conflicts=(said,))


def call_instead_of_break(span: str) -> Edit:
    call = weekly(9, "Call", Weekday.TUESDAY, span, Scope.CHILD)
    return both(
        child_with(EMMA, commitments=(*EMMA_CHILD.commitments, call)),
        add(promised(EMMA, TUE, "Call", span, commitment_id=9)),
        remove((ItemType.BREAK, TUE, EMMA)),
    )


def also_family(*commitments: Commitment) -> Edit:
    return live(commitments=(*FAMILY.commitments, *commitments))


def emma_wednesday(hours: Hours, math: str) -> Edit:
    """Emma's hours of Wednesday, on which Noah has Science without her."""
    lunch_due = hours.start < 690 and hours.end > 810
    return both(
        child_with(EMMA, hours_by_day={Weekday.WEDNESDAY: hours}),
        shift(E_MATH, WED, math, EMMA),
        remove((E_SCIENCE, WED, EMMA)),
        no_edit if lunch_due else remove((ItemType.LUNCH, WED, EMMA)),
        add(rest(EMMA, FRI, "09:45"), lesson(E_SCIENCE, FRI, "10:00", 30, SARAH)),
        add(rest(NOAH, FRI, "09:30"), lesson(N_SCIENCE, FRI, "10:00", 30, SARAH)),
    )


def dentist_alone(adult_id: int | None) -> Edit:
    dentist = replace(EMMA_CHILD.commitments[0], needs_adult=False, adult_id=adult_id)
    return child_with(EMMA, commitments=(dentist,))


EMMA_SCIENCE_FRIDAY = add(rest(EMMA, FRI, "09:45"), lesson(E_SCIENCE, FRI, "10:00", 30, SARAH))
NO_READING = remove(
    *((what, day, EMMA) for day in (TUE, THU) for what in (E_READING, ItemType.BREAK))
)
TWO_AT_HALF = both(shift(N_MATH, THU, "10:00"), shift(ItemType.BREAK, THU, "10:30", NOAH))
NO_LUNCH_TUESDAY = remove((ItemType.LUNCH, TUE, NOAH))


@pytest.mark.parametrize(
    ("rule", "edit"),
    [
        (CLAIMS, lambda plan: replace(plan, status=Status.PARTIAL)),
        (CLAIMS, lambda plan: replace(plan, status=Status.OPTIMAL)),
        (CLAIMS, lambda plan: replace(plan, objective=101.0)),
        (CLAIMS, lambda plan: replace(plan, objective=float("nan"))),
        (CLAIMS, lambda plan: replace(plan, scores=Scores(1.1, 0, 0, 0))),
        (CLAIMS, lambda plan: replace(plan, moved=(Move(1, N_MATH, (MON, 0), (MON, 540)),))),
        (1, shift(E_MATH, FRI, "08:55")),
        (1, shift(N_MATH, TUE, "13:45")),
        (1, shift(E_MATH, FRI, "09:02")),
        (1, alter(E_MATH, FRI, end=parse_clock("09:40"))),
        (1, child_with(NOAH, hours_by_day={Weekday.FRIDAY: Hours(545, 840)})),
        (1, lambda plan: swap(plan, new=[replace(lunch(NOAH, SAT), child_id=7)])),
        (1, add(lunch(NOAH, MONDAY + timedelta(days=7)))),
        (
            1,
            add(
                rest(NOAH, FRI, "09:30"),
                replace(lesson(E_MATH, FRI, "11:00", 45), child_id=NOAH),
            ),
        ),
        (2, shift(ItemType.LUNCH, FRI, "12:45", NOAH)),
        (2, shift(E_READING, TUE, "11:45")),
        (
            3,
            both(
                remove((E_READING, THU, EMMA), (ItemType.BREAK, THU, EMMA)),
                add(rest(EMMA, TUE, "10:30"), lesson(E_READING, TUE, "11:00", 30, DANIEL)),
            ),
        ),
        (4, EMMA_FREE_FRIDAY),
        (4, both(EMMA_FREE_FRIDAY, claim(2, E_MATH))),
        (4, both(EMMA_FREE_FRIDAY, claim(1, E_MATH), claim(1, E_MATH))),
        (4, both(EMMA_FREE_FRIDAY, claim(1, E_MATH, weight=0))),
        (4, claim(1, 99)),
        (4, claim(0, E_MATH)),
        (4, both(NO_READING, claim(1, E_READING), claim(1, E_READING))),
        (4, both(EMMA_FREE_FRIDAY, ask(dropped=(Lesson(NOAH, N_PIANO, MON),)))),
        (
            4,
            both(
                EMMA_FREE_FRIDAY,
                ask(dropped=(Lesson(EMMA, E_MATH, MONDAY - timedelta(days=3)),)),
            ),
        ),
        (4, claim(1, E_READING, NOAH)),
        (4, add(rest(NOAH, FRI, "09:30"), lesson(N_PIANO, FRI, "11:00", 30, SARAH))),
        (4, lambda plan: replace(plan, omission_bound=1)),
        (4, lambda plan: replace(plan, omission_weight=1)),
        (4, subject_with(E_READING, sessions_per_week=1)),
        (4, subject_with(E_READING, sessions_per_week=3)),
        (4, subject_with(E_READING, days=(Weekday.TUESDAY, Weekday.FRIDAY))),
        (4, ask(carried=(Lesson(EMMA, E_READING, MONDAY - timedelta(days=3)),))),
        (4, ask(dropped=(Lesson(EMMA, E_READING, THU),))),
        (
            4,
            subject_with(
                E_READING,
                frequency=Frequency.DAILY,
                days=(Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY),
            ),
        ),
        (5, shift(N_PIANO, THU, "11:05")),
        (5, subject_with(N_MATH, fixed_time=True, preferred_time=545)),
        (6, lambda plan: swap(plan, [plan.items[-1]])),
        (6, shift(ItemType.COMMITMENT, MON, "16:05")),
        (6, alter(ItemType.COMMITMENT, MON, name="Tennis")),
        (6, alter(ItemType.COMMITMENT, MON, external=False)),
        (6, alter(ItemType.LUNCH, MON, external=True)),
        (6, add(promised(EMMA, TUE, "Soccer", "16:00-17:00", commitment_id=1))),
        (6, add(promised(EMMA, TUE, "Work", "16:00-17:00", family_commitment_id=1))),
        (7, alter(E_READING, TUE, adult_id=SARAH)),
        (7, alter(E_READING, TUE, adult_id=None)),
        (7, alter(E_READING, TUE, adult_id=3)),
        (7, alter(E_MATH, TUE, adult_id=DANIEL)),
        (7, shift(E_SCIENCE, MON, "10:05")),
        (7, alter(E_SCIENCE, MON, adult_id=DANIEL)),
        (
            7,
            both(
                subject_with(E_READING, involvement=Involvement.FULL),
                shift(N_MATH, THU, "10:00"),
                shift(ItemType.BREAK, THU, "10:30", NOAH),
            ),
        ),
        (
            7,
            both(
                remove((E_SCIENCE, WED, EMMA)),
                add(rest(EMMA, FRI, "09:45"), lesson(E_SCIENCE, FRI, "10:00", 30, SARAH)),
            ),
        ),
        (7, emma_wednesday(Hours(540, 690), "09:00")),
        (7, emma_wednesday(Hours(660, 840), "12:30")),
        (7, both(DANIEL_OUT, NOAH_AT_TEN_WEDNESDAY)),
        (
            7,
            both(
                child_with(EMMA, commitments=(replace(EMMA_CHILD.commitments[0], adult_id=SARAH),)),
                NOAH_AT_TEN_WEDNESDAY,
            ),
        ),
        (8, remove((ItemType.BREAK, MON, EMMA))),
        (8, shift(ItemType.BREAK, MON, "09:50", EMMA)),
        (8, alter(ItemType.BREAK, MON, EMMA, end=parse_clock("09:50"))),
        (8, alter(ItemType.BREAK, MON, EMMA, suggestion=None)),
        (8, add(rest(EMMA, FRI, "09:45"))),
        (8, child_with(NOAH, break_minutes=35)),
        (8, both(shift(E_READING, TUE, "09:50"), remove((ItemType.BREAK, TUE, EMMA)))),
        (8, remove((ItemType.LUNCH, FRI, EMMA))),
        (8, shift(ItemType.LUNCH, MON, "13:05", NOAH)),
        (8, shift(ItemType.LUNCH, MON, "12:02", NOAH)),
        (8, alter(ItemType.LUNCH, MON, NOAH, end=parse_clock("12:45"))),
        (8, add(lunch(NOAH, MON, "12:30"))),
        (8, add(lunch(NOAH, SAT))),
        (8, trip("11:20-13:20")),
        (8, both(trip("11:20-13:20"), tell("Noah", THU))),
        (8, both(trip("11:20-13:20"), tell("Emma", FRI))),
        (8, both(trip("12:00-13:20"), tell("Emma", THU))),
        (8, both(trip("11:20-13:00"), tell("Emma", THU))),
        (
            8,
            both(
                also_family(weekly(9, "Call", Weekday.THURSDAY, "11:20-13:20", Scope.PARENT)),
                remove((ItemType.LUNCH, THU, EMMA)),
            ),
        ),
        (8, call_instead_of_break("09:55-10:00")),
        (8, both(shift(E_READING, TUE, "10:30"), add(rest(EMMA, TUE, "10:00")))),
        (
            8,
            both(
                child_with(NOAH, hours_by_day={Weekday.TUESDAY: Hours(540, 815)}),
                NO_LUNCH_TUESDAY,
            ),
        ),
        (9, ask(pins=(Lesson(EMMA, E_READING, FRI),))),
        (9, live(days_off=(DayOff(FRI, NOAH),))),
    ],
)
def test_each_mistake_breaks_exactly_its_rule(rule: int, edit: Edit) -> None:
    assert rules_of(edit(GOOD)) == {rule}


@pytest.mark.parametrize(
    "edit",
    [
        no_edit,
        lambda plan: replace(plan, status=Status.OPTIMAL, objective=100.0),
        both(EMMA_FREE_FRIDAY, claim(1, E_MATH)),
        both(EMMA_FREE_FRIDAY, live(days_off=(DayOff(FRI, EMMA),))),
        both(EMMA_FREE_FRIDAY, ask(dropped=(Lesson(EMMA, E_MATH, FRI),))),
        both(EMMA_FREE_FRIDAY, subject_with(E_MATH, sessions_per_week=4)),
        both(EMMA_FREE_FRIDAY, child_with(EMMA, school_days=tuple(Weekday)[:4])),
        subject_with(E_READING, days=(Weekday.TUESDAY, Weekday.THURSDAY)),
        subject_with(E_READING, frequency=Frequency.OCCASIONALLY, sessions_per_week=2),
        add(rest(EMMA, FRI, "09:45"), lesson(E_READING, FRI, "10:00", 30, SARAH)),
        both(
            ask(carried=(Lesson(NOAH, N_PIANO, MONDAY - timedelta(days=4)),)),
            add(rest(NOAH, FRI, "09:30"), lesson(N_PIANO, FRI, "11:00", 30, SARAH)),
        ),
        NOAH_AT_TEN_WEDNESDAY,
        DANIEL_OUT,
        both(DANIEL_OUT, live(adults=(*FAMILY.adults, Adult(3, "Nana"))), NOAH_AT_TEN_WEDNESDAY),
        both(
            also_family(
                weekly(3, "Run", Weekday.WEDNESDAY, "09:00-10:00", Scope.PARENT, adult_id=DANIEL)
            ),
            NOAH_AT_TEN_WEDNESDAY,
        ),
        both(trip("11:20-13:20"), tell("Emma", THU)),
        both(trip("11:35-13:05"), tell("Emma", THU)),
        both(
            also_family(weekly(9, "Fair", Weekday.TUESDAY, "11:20-13:20", Scope.FAMILY)),
            add(promised(NOAH, TUE, "Fair", "11:20-13:20", family_commitment_id=9)),
            add(promised(EMMA, TUE, "Fair", "11:20-13:20", family_commitment_id=9)),
            remove((ItemType.LUNCH, TUE, NOAH), (ItemType.LUNCH, TUE, EMMA)),
            lambda plan: replace(plan, conflicts=tell("Noah", TUE)(plan).conflicts),
            lambda plan: replace(
                plan, conflicts=(*plan.conflicts, *tell("Emma", TUE)(plan).conflicts)
            ),
        ),
        both(dentist_alone(adult_id=None), DANIEL_OUT, NOAH_AT_TEN_WEDNESDAY),
        both(dentist_alone(adult_id=SARAH), NOAH_AT_TEN_WEDNESDAY),
        both(
            ask(carried=(Lesson(EMMA, E_SCIENCE, MONDAY - timedelta(days=3)),)), EMMA_SCIENCE_FRIDAY
        ),
        shift(N_MATH, TUE, "13:30"),
        child_with(NOAH, span=20),
        shift(E_READING, TUE, "09:55"),
        both(shift(E_READING, TUE, "13:00"), remove((ItemType.BREAK, TUE, EMMA))),
        both(shift(E_READING, TUE, "11:30"), alter(E_READING, TUE, adult_id=SARAH)),
        call_instead_of_break("09:50-10:00"),
        shift(ItemType.LUNCH, TUE, "11:30", NOAH),
        shift(ItemType.LUNCH, TUE, "13:00", NOAH),
        both(child_with(NOAH, hours_by_day={Weekday.TUESDAY: Hours(540, 810)}), NO_LUNCH_TUESDAY),
        both(
            child_with(NOAH, hours_by_day={Weekday.TUESDAY: Hours(690, 840)}),
            NO_LUNCH_TUESDAY,
            shift(N_MATH, TUE, "11:30"),
        ),
        TWO_AT_HALF,
        add(lesson(E_READING, MON, "10:30", 30, SARAH)),
        emma_wednesday(Hours(540, 685), "09:00"),
        emma_wednesday(Hours(665, 840), "12:30"),
        both(EMMA_FREE_FRIDAY, subject_with(E_MATH, days=tuple(Weekday)[:4])),
        both(EMMA_FREE_FRIDAY, claim(1, E_MATH), ask(pins=(Lesson(EMMA, E_MATH, FRI),))),
        both(
            EMMA_FREE_FRIDAY,
            live(days_off=(DayOff(FRI, EMMA),)),
            ask(pins=(Lesson(EMMA, E_MATH, FRI),)),
        ),
        ask(pins=(Lesson(EMMA, E_READING, THU),)),
        both(
            remove((ItemType.BREAK, MON, EMMA)),
            alter(E_SCIENCE, MON, start=585, end=615),
            alter(N_SCIENCE, MON, start=585, end=615),
            child_with(EMMA, span=75),
        ),
        both(
            live(days_off=(DayOff(WED, EMMA),)),
            remove((E_MATH, WED, EMMA), (E_SCIENCE, WED, EMMA), (ItemType.LUNCH, WED, EMMA)),
            add(rest(EMMA, FRI, "09:45"), lesson(E_SCIENCE, FRI, "10:00", 30, SARAH)),
            add(rest(NOAH, FRI, "09:30"), lesson(N_SCIENCE, FRI, "10:00", 30, SARAH)),
        ),
    ],
)
def test_sound_weeks_pass(edit: Edit) -> None:
    assert check_week(edit(GOOD)) == ()


def test_an_empty_family_passes() -> None:
    family = Family(timezone="UTC", adults=(), children=())
    plan = replace(GOOD, request=WeekRequest(family, MONDAY), items=())
    assert check_week(plan) == ()


@pytest.mark.parametrize("number", range(len(ITEMS)))
def test_every_item_is_needed_and_none_may_be_doubled(number: int) -> None:
    item = ITEMS[number]
    assert rules_of(swap(GOOD, [item]))
    assert rules_of(swap(GOOD, new=[item]))


def test_two_errands_at_once_take_two_adults() -> None:
    assert check_week(NOAH_ERRAND(GOOD)) == ()
    teaching = both(NOAH_ERRAND, child_with(EMMA, commitments=()))(GOOD)
    free = swap(teaching, [find(teaching, ItemType.COMMITMENT, WED, EMMA)])
    at_ten = swap(
        free,
        [find(free, E_READING, THU), find(free, ItemType.BREAK, THU, EMMA)],
        [
            lesson(E_READING, WED, "10:00", 30, DANIEL),
            rest(EMMA, WED, "09:45"),
            rest(EMMA, WED, "10:30"),
        ],
    )
    assert check_week(at_ten) == ()
    # With Sarah at work, Daniel alone is left to go along, and he is teaching.
    busy = live(
        commitments=(
            *FAMILY.commitments,
            weekly(3, "Call", Weekday.WEDNESDAY, "10:00-10:30", Scope.PARENT),
        )
    )
    assert rules_of(busy(at_ten)) == {7}


@pytest.mark.parametrize(("name", "broken"), [("Dentist", set()), ("Doctor", {7})])
def test_siblings_on_one_errand_need_one_adult(name: str, broken: set[int]) -> None:
    errand = weekly(3, name, Weekday.WEDNESDAY, "10:00-11:00", Scope.CHILD, needs_adult=True)
    latin = subject(7, "Latin", 30, Frequency.WEEKLY, Involvement.SOME)
    ben = Child(id=3, name="Ben", age=13, hours=HOURS, span=90, subjects=(latin,))
    plan = both(
        child_with(NOAH, commitments=(*NOAH_CHILD.commitments, errand)),
        add(promised(NOAH, WED, name, "10:00-11:00", commitment_id=3)),
        remove((ItemType.BREAK, WED, NOAH)),
        lambda plan: live(children=(*plan.request.family.children, ben))(plan),
        add(
            replace(lesson(E_READING, WED, "10:00", 30, SARAH), child_id=3, subject_id=7),
            lunch(3, WED),
            promised(3, FRI, "Co-op", "13:00-15:00", family_commitment_id=2),
        ),
    )(GOOD)
    assert rules_of(plan) == broken


def test_commitments_that_clash_among_themselves_are_not_the_plans_fault() -> None:
    away = live(
        commitments=(
            *FAMILY.commitments,
            weekly(3, "Call", Weekday.WEDNESDAY, "10:00-10:30", Scope.PARENT),
            weekly(4, "Shift", Weekday.WEDNESDAY, "10:30-11:00", Scope.PARENT, adult_id=DANIEL),
        )
    )
    assert check_week(away(GOOD)) == ()


NOW = datetime.combine(WED, time(10, 30))


def replanned(*edits: Edit, now: datetime | None = NOW, done: bool = True) -> Plan:
    """The good week, planned again on Wednesday morning; what was held is done."""
    previous = tuple(
        replace(
            item,
            uid=f"uid-{number}" if item.type is ItemType.SUBJECT else None,
            completed=done and item.type is ItemType.SUBJECT and item.date < WED,
        )
        for number, item in enumerate(ITEMS)
    )
    plan = replace(GOOD, items=previous, request=replace(GOOD.request, previous=previous, now=now))
    return both(*edits)(plan)


@pytest.mark.parametrize(
    "edit",
    [
        alter(E_MATH, MON, completed=False),
        alter(N_MATH, MON, adult_id=DANIEL),
        shift(E_READING, TUE, "10:05"),
        add(rest(EMMA, TUE, "10:30"), lesson(E_READING, TUE, "13:00", 30, DANIEL)),
        both(ask(pins=(Lesson(EMMA, E_READING, THU),)), shift(E_READING, THU, "10:05")),
        ask(pins=(Lesson(EMMA, E_READING, THU, 605),)),
        both(ask(pins=(Lesson(EMMA, E_READING, THU),)), shift(E_READING, THU, "11:00")),
        alter(E_READING, THU, uid="uid-0"),
        ask(missed=(Lesson(NOAH, N_PIANO, THU),)),
    ],
)
def test_now_and_past_are_kept(edit: Edit) -> None:
    assert 9 in rules_of(replanned(edit))


@pytest.mark.parametrize(
    "edit",
    [
        no_edit,
        ask(pins=(Lesson(EMMA, E_READING, THU),)),
        shift(E_READING, THU, "10:05"),
        # Settings that changed since do not undo what was held.
        child_with(EMMA, hours_by_day={Weekday.MONDAY: Hours(600, 840)}),
        live(days_off=(DayOff(TUE, EMMA),)),
        both(
            subject_with(E_MATH, fixed_time=True, preferred_time=545),
            shift(E_MATH, THU, "09:05"),
            shift(ItemType.BREAK, THU, "09:50", EMMA),
            shift(E_MATH, FRI, "09:05"),
        ),
        both(
            subject_with(E_MATH, involvement=Involvement.SOME),
            alter(E_MATH, THU, adult_id=DANIEL),
            alter(E_MATH, FRI, adult_id=DANIEL),
        ),
        both(
            subject_with(N_MATH, frequency=Frequency.TWO_OR_THREE, sessions_per_week=2),
            remove((N_MATH, THU, NOAH), (N_MATH, FRI, NOAH)),
            remove((ItemType.BREAK, THU, NOAH), (ItemType.LUNCH, FRI, NOAH)),
        ),
        both(
            also_family(weekly(9, "Visit", Weekday.MONDAY, "09:15-10:15", Scope.FAMILY)),
            add(promised(NOAH, MON, "Visit", "09:15-10:15", family_commitment_id=9)),
            add(promised(EMMA, MON, "Visit", "09:15-10:15", family_commitment_id=9)),
        ),
        both(child_with(EMMA, break_minutes=15), alter(ItemType.BREAK, THU, EMMA, end=600)),
        child_with(EMMA, hours_by_day={Weekday.MONDAY: Hours(540, 800)}),
        both(child_with(NOAH, commitments=()), remove((ItemType.COMMITMENT, MON, NOAH))),
        ask(missed=(Lesson(EMMA, E_READING, TUE, 555),)),
        # Two lessons of one subject may change places.
        both(alter(E_MATH, THU, uid="uid-9"), alter(E_MATH, FRI, uid="uid-8")),
        both(
            ask(missed=(Lesson(EMMA, E_SCIENCE, MON),)),
            remove((E_SCIENCE, MON, EMMA)),
            add(rest(EMMA, FRI, "09:45"), lesson(E_SCIENCE, FRI, "10:00", 30, SARAH)),
        ),
        # Emma is sick from Wednesday noon: what was held that morning stays.
        both(
            live(days_off=(DayOff(WED, EMMA),)),
            remove((E_SCIENCE, WED, EMMA), (ItemType.LUNCH, WED, EMMA)),
            add(rest(EMMA, FRI, "09:45"), lesson(E_SCIENCE, FRI, "10:00", 30, SARAH)),
            add(rest(NOAH, FRI, "09:30"), lesson(N_SCIENCE, FRI, "10:00", 30, SARAH)),
        ),
    ],
)
def test_sound_new_plans_of_a_begun_week_pass(edit: Edit) -> None:
    assert check_week(replanned(edit)) == ()


def test_what_is_done_stays_even_before_its_hour() -> None:
    moved = alter(E_MATH, MON, start=545, end=590)
    rested = alter(ItemType.BREAK, MON, EMMA, start=590, end=600)
    assert check_week(replanned(moved, rested, now=None, done=False)) == ()
    assert rules_of(replanned(moved, rested, now=None)) == {9}


def test_settled_lessons_count_for_their_neighbours() -> None:
    more = add(lesson(E_READING, WED, "12:30", 30, DANIEL))
    assert check_week(replanned(more)) == ()
    twice = add(lesson(E_MATH, WED, "12:30", 45))
    assert rules_of(replanned(twice)) == {3, 4}
    seldom = subject_with(E_READING, frequency=Frequency.WEEKLY)
    assert rules_of(replanned(seldom)) == {4}
    visit = both(
        also_family(weekly(9, "Visit", Weekday.FRIDAY, "09:15-10:15", Scope.FAMILY)),
        add(promised(NOAH, FRI, "Visit", "09:15-10:15", family_commitment_id=9)),
        add(promised(EMMA, FRI, "Visit", "09:15-10:15", family_commitment_id=9)),
    )
    assert rules_of(replanned(visit)) == {2, 7}


def test_a_sibling_who_has_had_fewer_lessons_may_catch_up_alone() -> None:
    apart = remove((E_SCIENCE, MON, EMMA), (ItemType.BREAK, MON, EMMA))
    plan = replanned(apart, EMMA_SCIENCE_FRIDAY)
    previous = tuple(item for item in plan.request.previous if item in plan.items)
    assert check_week(ask(previous=previous)(plan)) == ()
    assert rules_of(ask(previous=(), now=None)(plan)) == {7}


def test_no_lunch_is_asked_of_the_past() -> None:
    plan = replanned(remove((ItemType.LUNCH, TUE, EMMA)))
    previous = tuple(item for item in plan.request.previous if item in plan.items)
    assert check_week(ask(previous=previous)(plan)) == ()
    assert rules_of(ask(previous=previous, now=datetime.combine(TUE, time(12, 59)))(plan)) == {8}


@pytest.mark.parametrize(
    ("move", "broken"),
    [
        (Move(EMMA, E_READING, (THU, 600), (THU, 605)), set()),
        (Move(EMMA, E_READING, (THU, 605), (THU, 605)), {CLAIMS}),
        (Move(EMMA, E_READING, (THU, 600), (THU, 600)), {CLAIMS}),
        (Move(EMMA, E_MATH, (THU, 600), (THU, 605)), {CLAIMS}),
    ],
)
def test_moves_are_true(move: Move, broken: set[int]) -> None:
    plan = replanned(shift(E_READING, THU, "10:05"))
    assert rules_of(replace(plan, moved=(move,))) == broken


def test_a_daily_lesson_is_let_go_only_where_it_was_missed() -> None:
    other = ask(missed=(Lesson(EMMA, E_READING, FRI),))
    plan = both(EMMA_FREE_FRIDAY, other)(GOOD)
    assert rules_of(plan) == {4}


def test_a_missed_lesson_moves_with_its_uid() -> None:
    plan = replanned(ask(missed=(Lesson(EMMA, E_READING, TUE),)), done=False)
    missed = find(plan, E_READING, TUE)
    assert 9 in rules_of(plan)
    assert rules_of(swap(plan, [missed])) == {4}
    moved = replace(missed, date=FRI)
    assert check_week(swap(plan, [missed], [moved, rest(EMMA, FRI, "09:45")])) == ()


def test_a_missed_daily_lesson_stays_in_its_day_or_is_let_go() -> None:
    plan = replanned(ask(missed=(Lesson(EMMA, E_MATH, WED),)), done=False)
    missed = find(plan, E_MATH, WED)
    assert check_week(swap(plan, [missed])) == ()
    afternoon = replace(missed, start=parse_clock("12:45"), end=parse_clock("13:30"))
    assert check_week(swap(plan, [missed], [afternoon])) == ()
    friday = find(plan, E_MATH, FRI)
    taken = swap(plan, [missed, friday], [replace(friday, uid=missed.uid)])
    assert rules_of(taken) == {9}


def test_nothing_new_starts_in_the_past_of_a_first_week() -> None:
    late = replace(GOOD, request=replace(GOOD.request, now=datetime.combine(MON, time(9))))
    assert rules_of(late) == {9}
    early = replace(GOOD, request=replace(GOOD.request, now=datetime.combine(MON, time(8, 59))))
    assert check_week(early) == ()


def test_a_week_that_begins_on_no_monday_is_refused() -> None:
    with pytest.raises(ValueError, match="not a Monday"):
        check_week(replace(GOOD, request=replace(GOOD.request, week_start=TUE)))
