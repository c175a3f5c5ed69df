"""What a family has decided about the lessons of a week: whether a decision can stand, and what is
left of them once the week is planned.

The latest fact wins: a pin that a new commitment or a day off takes the place of is released, and
its lesson is free to move again. A pin that is asked for now is answered by the rules that it
would break instead.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product

from core.check import Violation, check_places, check_week
from core.commitments import busy
from core.family import Frequency, Scope, Subject
from core.plan import (
    Decisions,
    Item,
    ItemType,
    Lesson,
    Plan,
    Scores,
    Status,
    WeekRequest,
)
from core.rearrange import has_begun, place_of
from core.text import name_key
from core.week import week_dates

BETWEEN_LESSONS = frozenset({2, 3})
"""The rules that one pin can break by another one alone: no overlap, once a day."""

OF_COUNTS = frozenset({0, 4})
"""What a week that is put back need not prove again: its claims, and how often."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The change would break these rules where it was asked."""

    violations: tuple[Violation, ...]

    @property
    def rules(self) -> tuple[int, ...]:
        """Their numbers, in order."""
        return tuple(sorted({violation.rule for violation in self.violations}))


def broken_by(request: WeekRequest, asked: Collection[Lesson]) -> tuple[Violation, ...]:
    """The rules that lessons pinned to `asked` break, whatever else the week holds: with what is
    given, what has begun, and the other pins. Empty if they can stand."""
    found = _violations(request, asked)
    if found:
        return found
    others = [pin for pin in _open_pins(request) if pin not in asked]
    with_others = _trial(request, [*_items(request, others), *_items(request, asked)])
    return tuple(each for each in check_places(with_others) if each.rule in BETWEEN_LESSONS)


def tenable(request: WeekRequest) -> WeekRequest:
    """The request without the pins that cannot stand any more, each taken by itself."""
    lost: set[Lesson] = set()
    groups: defaultdict[object, list[Lesson]] = defaultdict(list)
    for pin in request.pins:
        if _subject(request, pin) is None:
            lost.add(pin)
    for pin in _open_pins(request):
        groups[_sharing(request, pin)].append(pin)
    for group in groups.values():
        if _violations(request, group):
            lost.update(group)
    return replace(request, pins=tuple(pin for pin in request.pins if pin not in lost))


def unmet(plan: Plan) -> tuple[Lesson, ...]:
    """The pins at which no lesson stands."""
    there = {place_of(item) for item in plan.items if item.type is ItemType.SUBJECT}
    return tuple(pin for pin in plan.request.pins if pin.start is not None and pin not in there)


def why_unmet(plan: Plan, asked: Collection[Lesson]) -> tuple[Violation, ...]:
    """The rules that the planned week would break if the lessons that are pinned to `asked` were
    put there all the same, whoever of the adults helps: the least of it."""
    found = []
    for forced in _ways(plan.request, asked):
        uids = {item.uid for item in forced if item.uid}
        owners = {(item.child_id, item.subject_id, item.date) for item in forced}
        rest = [
            item
            for item in plan.items
            if item.uid not in uids and (item.child_id, item.subject_id, item.date) not in owners
        ]
        violations = check_week(replace(plan, items=(*rest, *forced)))
        found.append(tuple(each for each in violations if each.rule not in OF_COUNTS))
    nowhere = Violation(9, "nothing forbids the place, but no week was found that leaves it free")
    return min(found, key=len) or (nowhere,)


def decided(plan: Plan, child_id: int) -> Decisions:
    """What a child's later plans of this week must honour. A missed daily lesson that found no
    place in its day has been let go."""
    request = plan.request
    there = {item.uid for item in plan.items}
    held = {
        (item.child_id, item.subject_id, item.date)
        for item in plan.items
        if item.type is ItemType.SUBJECT
    }
    let_go = [
        place
        for item in request.previous
        if item.type is ItemType.SUBJECT
        if (place := place_of(item)) in request.missed and item.uid not in there
        if (place.child_id, place.subject_id, place.date) not in held
        if (subject := _subject(request, place)) and subject.frequency is Frequency.DAILY
    ]

    def own(lessons: Iterable[Lesson]) -> tuple[Lesson, ...]:
        return tuple(dict.fromkeys(each for each in lessons if each.child_id == child_id))

    return Decisions(
        pins=own(request.pins),
        dropped=own((*request.dropped, *let_go)),
        missed=own(request.missed),
        carried=own(request.carried),
    )


def with_decisions(request: WeekRequest, decisions: Decisions) -> WeekRequest:
    """The request that honours them. Where a lesson stands again that was once missed there, it is
    another one, and wanted."""
    there = {place_of(item) for item in request.previous if item.type is ItemType.SUBJECT}
    return replace(
        request,
        pins=decisions.pins,
        dropped=decisions.dropped,
        missed=tuple(lesson for lesson in decisions.missed if lesson not in there),
        carried=decisions.carried,
    )


def no_longer_fits(request: WeekRequest) -> tuple[Violation, ...]:
    """The rules that `request.previous` breaks as the week that stands."""
    found = check_week(_unjudged(request, request.previous))
    return tuple(each for each in found if each.rule not in OF_COUNTS)


def _subject(request: WeekRequest, lesson: Lesson) -> Subject | None:
    for child in request.family.children:
        for subject in child.subjects:
            if (child.id, subject.id) == (lesson.child_id, lesson.subject_id):
                return subject
    return None


def _sharing(request: WeekRequest, pin: Lesson) -> object:
    """Equal for the pins of siblings who share a lesson."""
    subject = _subject(request, pin)
    together = subject is not None and subject.teach_together
    who = name_key(subject.name) if subject is not None and together else pin.child_id
    return who, pin.date, pin.start


def _open_pins(request: WeekRequest) -> list[Lesson]:
    """The pins whose lessons are still to be placed: not those that have begun or are done."""
    kept = {place_of(item) for item in _kept(request) if item.type is ItemType.SUBJECT}
    return [
        pin
        for pin in request.pins
        if pin.start is not None and pin not in kept and _subject(request, pin) is not None
    ]


def _violations(request: WeekRequest, pins: Collection[Lesson]) -> tuple[Violation, ...]:
    """What these pins break beside what is given, whoever of the adults helps: the least of it."""
    ways = (check_places(_trial(request, lessons)) for lessons in _ways(request, pins))
    return min(ways, key=len)


def _ways(request: WeekRequest, pins: Collection[Lesson]) -> Iterator[list[Item]]:
    """The pinned lessons with each choice of adults for those that take attention."""
    groups: defaultdict[object, list[Item]] = defaultdict(list)
    for item in _items(request, pins):
        groups[_sharing(request, place_of(item))].append(item)
    adults = [adult.id for adult in request.family.adults]
    choices = [
        adults if adults and _takes_attention(request, items) else [None]
        for items in groups.values()
    ]
    for helpers in product(*choices):
        yield [
            replace(item, adult_id=helper)
            for items, helper in zip(groups.values(), helpers, strict=True)
            for item in items
        ]


def _takes_attention(request: WeekRequest, items: Iterable[Item]) -> bool:
    subjects = (_subject(request, place_of(item)) for item in items)
    return any(subject is not None and subject.involvement.attention for subject in subjects)


def _items(request: WeekRequest, pins: Iterable[Lesson]) -> list[Item]:
    """The lessons that are pinned, as the previous week has them or as they would be new."""
    previous = {place_of(item): item for item in request.previous if item.type is ItemType.SUBJECT}
    found = []
    for pin in pins:
        subject = _subject(request, pin)
        if subject is None or pin.start is None:
            continue
        found.append(
            previous.get(pin)
            or Item(
                pin.child_id,
                pin.date,
                ItemType.SUBJECT,
                subject.name,
                pin.start,
                pin.start + subject.minutes,
                subject_id=subject.id,
            )
        )
    return found


def _kept(request: WeekRequest) -> Iterator[Item]:
    """What the plan may not touch: all that has begun or is done, but for missed lessons."""
    for item in request.previous:
        ours = item.type is not ItemType.COMMITMENT
        begun = has_begun(request.now, item.date, item.start)
        if ours and (item.completed or (begun and not _was_missed(request, item))):
            yield item


def _was_missed(request: WeekRequest, item: Item) -> bool:
    return item.type is ItemType.SUBJECT and place_of(item) in request.missed


def _given(request: WeekRequest) -> Iterator[Item]:
    """The children's commitments of the week."""
    family = request.family
    shared = [each for each in family.commitments if each.scope is Scope.FAMILY]
    for child in family.children:
        for commitment in (*shared, *child.commitments):
            own = commitment.scope is Scope.CHILD
            for day in week_dates(request.week_start):
                for start, end in busy(commitment, day):
                    yield Item(
                        child.id,
                        day,
                        ItemType.COMMITMENT,
                        commitment.name,
                        start,
                        end,
                        commitment_id=commitment.id if own else None,
                        family_commitment_id=None if own else commitment.id,
                        external=True,
                    )


def _trial(request: WeekRequest, lessons: Iterable[Item]) -> Plan:
    """A week that holds only what is given, what may not be touched, and these lessons."""
    kept = tuple(_kept(request))
    items = (*_given(request), *kept, *lessons)
    return _unjudged(replace(request, previous=kept, pins=(), missed=()), items)


def _unjudged(request: WeekRequest, items: tuple[Item, ...]) -> Plan:
    """A plan of which only the places of its items are to be looked at."""
    return Plan(
        request=request,
        status=Status.PARTIAL,
        items=items,
        omission_weight=0,
        omission_bound=0,
        objective=0.0,
        bound=0.0,
        solve_seconds=0.0,
        scores=Scores(0.0, 0.0, 0.0, 0.0),
    )
