"""Rule 7 of the checker: adults' attention, and lessons that siblings share."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from core.check_facts import Span, Week, commitment_spans, overlap, title
from core.commitments import busy
from core.family import Child, Commitment, Family, Scope, Subject
from core.plan import Item
from core.text import name_key


def attention(week: Week) -> Iterator[str]:
    """Rule 7: one adult from start to end for a lesson that takes attention, at most 100 for an
    adult at any minute and 0 while away; siblings who are taught together start together."""
    for group in _groups(week).values():
        yield from _together(week, group)
    yield from adults_time(week)


def adults_time(week: Week) -> Iterator[str]:
    """The part of rule 7 that concerns adults: whom a lesson takes, and whether they have the
    time."""
    activities = _activities(week, _groups(week))
    adults = {adult.id for adult in week.family.adults}
    for lesson in activities:
        if lesson.settled:
            continue
        if lesson.attention and lesson.adult_id not in adults:
            yield f"{title(lesson.item)} needs an adult of the family"
        if not lesson.attention and not lesson.shared and lesson.adult_id is not None:
            yield f"{title(lesson.item)} is independent, yet takes an adult"
    demanding = [lesson for lesson in activities if lesson.attention and lesson.adult_id in adults]
    for lesson in demanding:
        at_once = [
            other
            for other in demanding
            if (other.adult_id, other.item.date) == (lesson.adult_id, lesson.item.date)
            and other.item.start <= lesson.item.start < other.item.end
        ]
        total = sum(other.attention for other in at_once)
        if total > 100 and not all(other.settled for other in at_once):
            yield f"{title(lesson.item)}: adult {lesson.adult_id} is asked for {total} per cent"
        away = _away(week.family, lesson.item.date)[lesson.adult_id or 0]
        if not lesson.settled and any(overlap(lesson.item, span) for span in away):
            yield f"{title(lesson.item)}: adult {lesson.adult_id} is away"
    for day in week.dates:
        if not _somebody_goes_along(week.family, day, demanding):
            yield f"nobody can go along with the children on {day}"


Group = tuple[tuple[Child, Subject], ...]


@dataclass(frozen=True, slots=True)
class _Activity:
    """A lesson, or one lesson that siblings share; `item` stands for all of them."""

    item: Item
    attention: int
    adult_id: int | None
    settled: bool
    shared: bool


def _groups(week: Week) -> dict[str, Group]:
    """Siblings who are taught together, by the subject's name ignoring case."""
    members: defaultdict[str, list[tuple[Child, Subject]]] = defaultdict(list)
    for child in week.family.children:
        for subject in child.subjects:
            if subject.teach_together:
                members[name_key(subject.name)].append((child, subject))
    return {name: tuple(group) for name, group in members.items() if len(group) > 1}


def _activities(week: Week, groups: Mapping[str, Group]) -> list[_Activity]:
    shared_by: dict[tuple[int, int | None], str] = {
        (child.id, subject.id): name for name, group in groups.items() for child, subject in group
    }
    alone: list[list[Item]] = []
    together: defaultdict[tuple[str, date, int], list[Item]] = defaultdict(list)
    for owner, lessons in week.lessons.items():
        if owner in shared_by:
            for item in lessons:
                together[shared_by[owner], item.date, item.start].append(item)
        elif owner in week.subjects:
            alone.extend([item] for item in lessons)
    return [
        _Activity(
            item=items[0],
            attention=max(
                week.subjects[item.child_id, item.subject_id].involvement.attention
                for item in items
            ),
            adult_id=items[0].adult_id,
            settled=all(map(week.is_settled, items)),
            shared=(items[0].child_id, items[0].subject_id) in shared_by,
        )
        for items in (*alone, *together.values())
    ]


def _together(week: Week, group: Group) -> Iterator[str]:
    by_child = {child.id: week.lessons_of(child, subject) for child, subject in group}
    members = {(child.id, subject.id) for child, subject in group}
    request = week.request
    # Where one sibling's count differs by what was missed, dropped, carried or held apart, each
    # may have to catch up alone.
    held = {
        frozenset(item.date for item in lessons if week.is_settled(item))
        for lessons in by_child.values()
    }
    uneven = len(held) > 1 or any(
        (named.child_id, named.subject_id) in members
        for named in (*request.missed, *request.dropped, *request.carried)
    )
    for day in week.dates:
        anew = [
            item
            for lessons in by_child.values()
            for item in lessons
            if item.date == day and not week.is_settled(item)
        ]
        if len({(item.start, item.adult_id) for item in anew}) > 1:
            yield f"{title(anew[0])} is not shared: siblings differ in start or adult"
        if not anew or uneven:
            continue
        present = {
            item.child_id for lessons in by_child.values() for item in lessons if item.date == day
        }
        for child, subject in group:
            if child.id not in present and not _is_absent(week, child, subject, anew[0]):
                yield f"{title(anew[0])} goes on without {child.name}, who is there"


def _is_absent(week: Week, child: Child, subject: Subject, lesson: Item) -> bool:
    hours = child.hours_on(lesson.date)
    elsewhere = commitment_spans(week.family, child, lesson.date)
    return (
        lesson.date not in week.available(child, subject)
        or lesson.start < hours.start
        or lesson.end > hours.end
        or any(overlap(lesson, span) for span in elsewhere)
    )


def _away(family: Family, day: date) -> dict[int, list[Span]]:
    """When each adult is known to be away: all but who goes along where nobody was named."""
    away: dict[int, list[Span]] = {adult.id: [] for adult in family.adults}

    def takes(adult_id: int | None, commitment: Commitment) -> None:
        if adult_id in away:
            away[adult_id].extend(busy(commitment, day))

    first = family.adults[0].id if family.adults else None
    for commitment in family.commitments:
        if commitment.scope is Scope.FAMILY:
            for adult_id in away:
                takes(adult_id, commitment)
        elif commitment.scope is Scope.PARENT:
            takes(first if commitment.adult_id is None else commitment.adult_id, commitment)
    for child in family.children:
        for commitment in child.commitments:
            if commitment.needs_adult and commitment.adult_id is not None:
                takes(commitment.adult_id, commitment)
    return away


def _somebody_goes_along(family: Family, day: date, lessons: Sequence[_Activity]) -> bool:
    """Whether adults can be chosen for the children's commitments that need any one adult.

    Siblings at the same thing at the same time go with one adult. Where commitments alone leave
    nobody, which no plan can mend, it is enough that each has an adult without a lesson.
    """
    errands = sorted(
        {
            (*span, name_key(commitment.name))
            for child in family.children
            for commitment in child.commitments
            if commitment.needs_adult and commitment.adult_id is None
            for span in busy(commitment, day)
        }
    )
    away = _away(family, day)
    if not errands or not away:
        return True
    teaching: dict[int, list[Span]] = {
        adult_id: [
            (lesson.item.start, lesson.item.end)
            for lesson in lessons
            if lesson.adult_id == adult_id and lesson.item.date == day and not lesson.settled
        ]
        for adult_id in away
    }
    spans = [(start, end) for start, end, _ in errands]
    taken = {adult_id: [*away[adult_id], *teaching[adult_id]] for adult_id in away}
    if _assignable(spans, taken):
        return True
    if _assignable(spans, away):
        return False
    return all(_assignable([span], teaching) for span in spans)


def _assignable(spans: Sequence[Span], taken: Mapping[int, Sequence[Span]]) -> bool:
    """Whether every span can be given to one adult, none of them in two places at once.

    Exact: the states are all that differs for the spans to come, how long each adult is out.
    Adults with equal days are interchangeable, so states are kept sorted.
    """
    states = {tuple(sorted((tuple(sorted(set(days))), 0) for days in taken.values()))}
    for start, end in sorted(spans):
        states = {
            tuple(
                sorted(
                    (days, end if other == number else until if until > start else 0)
                    for other, (days, until) in enumerate(state)
                )
            )
            for state in states
            for number, (days, until) in enumerate(state)
            if until <= start and all(last <= start or end <= first for first, last in days)
        }
    return bool(states)
