"""The independent checker: does a plan keep every hard rule?

Written from the rules alone and knowing nothing of the solver, so that an error there cannot
hide here. `RULES` holds one function per rule, numbered as the rules are; each yields what is
wrong in words for a developer.

What has started or is done ("settled") stands whatever the settings now say, so a rule blames only
lessons that were placed anew; settled ones still count for their neighbours.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from types import MappingProxyType

from core.check_attention import adults_time, attention
from core.check_facts import (
    Week,
    arrange,
    has_started,
    is_about,
    is_lesson,
    is_off,
    key_of,
    overlap,
    title,
    was_missed,
)
from core.check_rests import runs_and_rests
from core.commitments import busy
from core.family import Child, Frequency, Scope, Subject
from core.plan import Item, ItemType, Plan, Status
from core.week import GRID, Weekday, clock

CLAIMS = 0
"""The number under which false claims of a plan about itself are reported."""

EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule: its number (or `CLAIMS`), and what breaks it."""

    rule: int
    message: str


def check_week(plan: Plan) -> tuple[Violation, ...]:
    """Every hard rule that `plan` breaks and every claim that cannot be true; empty for a sound
    plan. `ValueError` if the requested week does not begin on a Monday."""
    week = arrange(plan)
    return tuple(
        Violation(number, message) for number, rule in RULES.items() for message in rule(week)
    )


def check_places(plan: Plan) -> tuple[Violation, ...]:
    """The rules that the lessons of an unfinished week break by standing where they do. What only
    a finished week owes (how often, breaks and lunch, its claims) is not asked."""
    week = arrange(plan)
    return tuple(
        Violation(number, message) for number, rule in PLACE_RULES.items() for message in rule(week)
    )


def hours_and_lengths(week: Week) -> Iterator[str]:
    """Rule 1: within the hours of a school day, on the grid, as long as the subject says."""
    for item in week.plan.items:
        if item.child_id not in week.children:
            yield f"{title(item)} belongs to no child of the family"
        elif item.date not in week.dates:
            yield f"{title(item)} lies outside the week"
        elif not is_lesson(item) or week.is_settled(item):
            continue
        elif (item.child_id, item.subject_id) not in week.subjects:
            yield f"{title(item)} is no subject of its child"
        else:
            child = week.children[item.child_id]
            hours = child.hours_on(item.date)
            if not hours.start <= item.start or not item.end <= hours.end:
                yield f"{title(item)} is outside the homeschooling hours"
            if Weekday.of(item.date) not in child.school_days:
                yield f"{title(item)} is not on a school day"
            if item.start % GRID:
                yield f"{title(item)} does not start on the grid"
            minutes = week.subjects[item.child_id, item.subject_id].minutes
            if item.end - item.start != minutes:
                yield f"{title(item)} does not last {minutes} minutes"


def no_overlaps(week: Week) -> Iterator[str]:
    """Rule 2: nothing that we place overlaps anything else of the same child."""
    for items in week.days.values():
        for number, first in enumerate(items):
            for second in items[number + 1 :]:
                given = [
                    item.type is ItemType.COMMITMENT or week.is_settled(item)
                    for item in (first, second)
                ]
                if not all(given) and overlap(first, (second.start, second.end)):
                    yield f"{title(first)} overlaps {title(second)}"


def once_a_day(week: Week) -> Iterator[str]:
    """Rule 3: one subject at most once a day for a child."""
    found: defaultdict[tuple[int, int | None, date], list[Item]] = defaultdict(list)
    for item in week.plan.items:
        if is_lesson(item):
            found[item.child_id, item.subject_id, item.date].append(item)
    for lessons in found.values():
        if len(lessons) > 1 and not all(map(week.is_settled, lessons)):
            yield f"{title(lessons[0])} is there {len(lessons)} times that day"


def counts(week: Week) -> Iterator[str]:
    """Rule 4: as often as required or claimed missing, never more often than allowed, only on
    the weekdays named, not where the family dropped it; what is left out is weighed."""
    claims = Counter[tuple[int, int | None]]()
    for left in week.plan.unscheduled:
        owner = (left.child_id, left.subject_id)
        if owner not in week.subjects or left.missing < 1 or owner in claims:
            yield f"unscheduled names {owner} with {left.missing} missing, or twice"
        claims[owner] += left.missing
    for child in week.family.children:
        for subject in child.subjects:
            lessons = week.lessons_of(child, subject)
            anew = [item for item in lessons if not week.is_settled(item)]
            missing = claims[child.id, subject.id]
            least, most = _required(week, child, subject, lessons)
            who = f"{child.name}'s {subject.name}"
            if len(lessons) + missing < least:
                yield f"{who}: {len(lessons)} placed and {missing} missing of {least}"
            if len(lessons) > most and anew:
                yield f"{who}: {len(lessons)} placed, at most {most} allowed"
            if missing > max(0, most - len(lessons)):
                yield f"{who}: {missing} claimed missing with {len(lessons)} placed of {most}"
    yield from days_of_subjects(week)
    if week.plan.omission_bound > week.plan.omission_weight:
        yield "the bound of the omissions exceeds their weight"
    if (week.plan.omission_weight > 0) != bool(week.plan.unscheduled):
        yield f"omissions weigh {week.plan.omission_weight}, but unscheduled tells otherwise"


def days_of_subjects(week: Week) -> Iterator[str]:
    """The part of rule 4 that concerns single lessons: which days are a subject's."""
    for item in week.plan.items:
        subject = week.subjects.get((item.child_id, item.subject_id))
        if subject is None or not is_lesson(item) or week.is_settled(item):
            continue
        if subject.days is not None and Weekday.of(item.date) not in subject.days:
            yield f"{title(item)} is not on one of the subject's weekdays"
        if any(is_about(dropped, item) for dropped in week.request.dropped):
            yield f"{title(item)} was dropped by the family"


def fixed_times(week: Week) -> Iterator[str]:
    """Rule 5: a subject of fixed time starts exactly then."""
    for item in week.plan.items:
        subject = week.subjects.get((item.child_id, item.subject_id))
        if subject is None or not subject.fixed_time or week.is_settled(item):
            continue
        if is_lesson(item) and item.start != subject.preferred_time:
            yield f"{title(item)} does not start at its fixed time"


def commitments_as_given(week: Week) -> Iterator[str]:
    """Rule 6: a family's commitment is in every child's week, a child's own in that child's, a
    parent's own in none; exactly as given, and none invented."""
    expected = Counter(
        (child.id, day, commitment.name, span, own, shared)
        for child in week.family.children
        for commitment, own, shared in (
            *((found, found.id, None) for found in child.commitments),
            *(
                (found, None, found.id)
                for found in week.family.commitments
                if found.scope is Scope.FAMILY
            ),
        )
        for day in week.dates
        for span in busy(commitment, day)
    )
    present = Counter(
        (
            item.child_id,
            item.date,
            item.name,
            (item.start, item.end),
            item.commitment_id,
            item.family_commitment_id,
        )
        for item in week.plan.items
        if item.type is ItemType.COMMITMENT
    )
    for child_id, day, name, span, *_ in expected - present:
        yield f"{name} on {day} at {clock(span[0])} is missing for child {child_id}"
    for child_id, day, name, span, *_ in present - expected:
        yield f"{name} on {day} at {clock(span[0])} was never promised by child {child_id}"
    for item in week.plan.items:
        if item.external != (item.type is ItemType.COMMITMENT):
            yield f"{title(item)} says wrongly whether it is ours to move"


def now_and_past(week: Week) -> Iterator[str]:
    """Rule 9: what has started or is done stays, a day off stays free, the missed has moved."""
    request = week.request
    present = {key_of(item): item for item in week.plan.items}
    missed = {key_of(item) for item in request.previous if was_missed(request, item)}
    for item in request.previous:
        if key_of(item) not in week.settled:
            continue
        kept = present.get(key_of(item))
        if kept is None:
            yield f"{title(item)} had started or was done, and is gone"
        elif (kept.adult_id, kept.completed) != (item.adult_id, item.completed):
            yield f"{title(item)} had started or was done, and was changed"
    for item in week.plan.items:
        if not is_lesson(item) or week.is_settled(item):
            continue
        if has_started(request, item.date, item.start):
            yield f"{title(item)} is new, but starts in the past"
        if is_off(request, item.child_id, item.date):
            yield f"{title(item)} is on a day off"
        if key_of(item) in missed:
            yield f"{title(item)} was missed, and has not moved"
    yield from _pins(week)
    yield from _identities(week)


def claims(week: Week) -> Iterator[str]:
    """What a plan says of itself: status, scores, bound, moves."""
    plan = week.plan
    slack = EPSILON * max(1.0, abs(plan.bound))
    if (plan.status is Status.PARTIAL) != bool(plan.unscheduled):
        yield f"status {plan.status} does not fit what is left out"
    if not isfinite(plan.objective) or plan.objective > plan.bound + slack:
        yield f"objective {plan.objective} exceeds its bound {plan.bound}"
    if plan.status is Status.OPTIMAL and plan.bound - plan.objective > slack:
        yield f"status optimal, but objective {plan.objective} is below bound {plan.bound}"
    for name in ("child_interest", "learning_times", "parent_involvement", "subject_coherence"):
        score = getattr(plan.scores, name)
        if not 0 <= score <= 1:
            yield f"score {name} is {score}, not from 0 to 1"
    for move in plan.moved:
        places = [
            {
                (item.date, item.start)
                for item in items
                if is_lesson(item)
                and (item.child_id, item.subject_id) == (move.child_id, move.subject_id)
            }
            for items in (week.request.previous, plan.items)
        ]
        if move.old not in places[0] or move.new not in places[1]:
            yield f"no lesson moved from {move.old} to {move.new}"


RULES: Mapping[int, Callable[[Week], Iterator[str]]] = MappingProxyType(
    {
        CLAIMS: claims,
        1: hours_and_lengths,
        2: no_overlaps,
        3: once_a_day,
        4: counts,
        5: fixed_times,
        6: commitments_as_given,
        7: attention,
        8: runs_and_rests,
        9: now_and_past,
    }
)

PLACE_RULES: Mapping[int, Callable[[Week], Iterator[str]]] = MappingProxyType(
    {**{n: RULES[n] for n in (1, 2, 3, 5, 9)}, 4: days_of_subjects, 7: adults_time}
)


def _required(
    week: Week, child: Child, subject: Subject, lessons: Sequence[Item]
) -> tuple[int, int]:
    """The least and the most sessions that the week may hold."""
    request = week.request
    available = week.available(child, subject)
    if subject.sessions_per_week is not None:
        least, most = min(subject.sessions_per_week, len(available)), subject.sessions_per_week
    else:
        least, most = {
            Frequency.DAILY: (len(available), len({*available, *(item.date for item in lessons)})),
            Frequency.TWO_OR_THREE: (min(2, len(available)), 3),
            Frequency.WEEKLY: (min(1, len(available)), 1),
            Frequency.OCCASIONALLY: (0, 1),
        }[subject.frequency]
    mine = (child.id, subject.id)
    carried = sum((named.child_id, named.subject_id) == mine for named in request.carried)
    dropped = sum(
        (named.child_id, named.subject_id) == mine and named.date in week.dates
        for named in request.dropped
    )
    # A missed daily lesson that found no place in its own day is let go, and no longer owed.
    let_go = {
        named.date
        for named in request.missed
        if (named.child_id, named.subject_id) == mine and named.date in available
    } - {item.date for item in lessons}
    if subject.frequency is Frequency.DAILY:
        least -= len(let_go)
    return max(0, least + carried - dropped), most + carried


def _pins(week: Week) -> Iterator[str]:
    request = week.request
    left_out = {(left.child_id, left.subject_id) for left in week.plan.unscheduled}
    for pin in request.pins:
        owner = (pin.child_id, pin.subject_id)
        starts = {pin.start} - {None} or {
            item.start
            for item in request.previous
            if is_lesson(item) and (item.child_id, item.subject_id, item.date) == (*owner, pin.date)
        }
        placed = {item.start for item in week.lessons.get(owner, ()) if item.date == pin.date}
        if owner in left_out or is_off(request, pin.child_id, pin.date):
            continue
        if not placed or (starts and not placed & starts):
            yield f"the pinned lesson {owner} on {pin.date} does not stand where it was"


def _identities(week: Week) -> Iterator[str]:
    """A lesson's UID is its own for life."""
    before = {item.uid: item for item in week.request.previous if item.uid and is_lesson(item)}
    uids = Counter(item.uid for item in week.plan.items if item.uid and is_lesson(item))
    for item in week.plan.items:
        if not item.uid or not is_lesson(item):
            continue
        old = before.get(item.uid)
        if uids[item.uid] > 1:
            yield f"{title(item)} has the UID of another lesson"
        if old is None:
            continue
        if (old.child_id, old.subject_id) != (item.child_id, item.subject_id):
            yield f"{title(item)} has the UID of another subject's lesson"
        subject = week.subjects.get((item.child_id, item.subject_id))
        daily = subject is not None and subject.frequency is Frequency.DAILY
        if daily and was_missed(week.request, old) and item.date != old.date:
            yield f"{title(item)} was missed on {old.date}, and a daily lesson stays in its day"
