"""What a family asks of a week, request by request, and the week that asks only some of it.

An *ask* is one thing that somebody said and could take back: a subject's sessions, its fixed time,
a pin, a commitment, a child's hours. Everything else (attention, breaks, lunch, what has already
been) is not for asking, and holds whatever is left out.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias

from core.commitments import busy
from core.family import Child, Commitment, DayOff, Family, Hours, Subject
from core.plan import Item, Lesson, WeekRequest
from core.problem import Problem
from core.week import DAY, Weekday

ALL_DAY = Hours(0, DAY)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One child's part: `sessions` new lessons of a subject on some of `days` (0 is Monday)."""

    child_id: int
    subject_id: int
    days: tuple[int, ...]
    sessions: int

    @property
    def key(self) -> tuple[int, int]:
        return self.child_id, self.subject_id


@dataclass(frozen=True, slots=True)
class Lessons:
    """ "Emma's Mathematics daily": sessions of an activity; siblings who share it ask as one."""

    members: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class FixedTime:
    """ "Piano at 11": the fixed time of an activity, by (child id, subject id) of its members."""

    members: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Pinned:
    """A lesson that the family put where it stands, and wants there."""

    pin: Lesson


@dataclass(frozen=True, slots=True)
class Promise:
    """A commitment: a child's own, or (`child_id` None) one of the family's or a parent's."""

    child_id: int | None
    commitment_id: int


@dataclass(frozen=True, slots=True)
class HoursOf:
    """A child's homeschooling hours."""

    child_id: int


Ask: TypeAlias = Lessons | FixedTime | Pinned | Promise | HoursOf


def children_of(ask: Ask) -> frozenset[int]:
    """The children whom an ask is about; none for a commitment of the family or a parent."""
    match ask:
        case Lessons(members):
            return frozenset(member.child_id for member in members)
        case FixedTime(members):
            return frozenset(child_id for child_id, _ in members)
        case Pinned(pin):
            return frozenset((pin.child_id,))
        case Promise(child_id) | HoursOf(child_id):
            return frozenset(() if child_id is None else (child_id,))


def promise(family: Family, ask: Promise) -> Commitment:
    """The commitment that an ask names."""
    child_id = ask.child_id
    own = family.commitments if child_id is None else family.child(child_id).commitments
    return next(each for each in own if each.id == ask.commitment_id)


def subject_of(family: Family, key: tuple[int, int]) -> Subject:
    """The subject of a (child id, subject id)."""
    child_id, subject_id = key
    return next(each for each in family.child(child_id).subjects if each.id == subject_id)


def circumstances(problem: Problem, days: Collection[int], lessons: Iterable[Lessons]) -> list[Ask]:
    """What else a family asks on `days` beside `lessons`: commitments, fixed times, hours."""
    family = problem.request.family
    dates = [problem.dates[day] for day in sorted(days)]
    lessons = tuple(lessons)
    taught = {member.child_id for each in lessons for member in each.members}
    found: list[Ask] = [
        Promise(owner, commitment.id)
        for owner, commitments in (
            *((child.id, child.commitments) for child in family.children),
            (None, family.commitments),
        )
        for commitment in commitments
        if any(busy(commitment, on) for on in dates)
    ]
    for each in lessons:
        subject = subject_of(family, each.members[0].key)
        if subject.fixed_time and subject.preferred_time is not None:
            found.append(FixedTime(tuple(member.key for member in each.members)))
    found.extend(HoursOf(child.id) for child in family.children if child.id in taught)
    return found


def asked(problem: Problem, days: Collection[int], asks: Iterable[Ask]) -> WeekRequest:
    """The week in which the family asks nothing but `asks`, all of it on `days`.

    Other days are off. What has happened (lessons held or missed) stays so. Who has said no hours
    has the whole day. An ask about what the family does not have asks nothing.
    """
    asks = tuple(asks)
    pins = tuple(ask.pin for ask in asks if isinstance(ask, Pinned))
    wanted = {
        member.key: member for ask in asks if isinstance(ask, Lessons) for member in ask.members
    }
    for pin in pins:
        key, day = (pin.child_id, pin.subject_id), problem.dates.index(pin.date)
        former = wanted.get(key, Wanted(*key, (), 0))
        if day not in former.days:
            wanted[key] = replace(former, days=(*former.days, day), sessions=former.sessions + 1)
    fixed = {key for ask in asks if isinstance(ask, FixedTime) for key in ask.members}
    hours = {ask.child_id for ask in asks if isinstance(ask, HoursOf)}
    promised = {(ask.child_id, ask.commitment_id) for ask in asks if isinstance(ask, Promise)}
    past = [
        *(item for day in days for item in _kept(problem, day)),
        *(item for item in problem.missed if problem.dates.index(item.date) in days),
    ]
    held = Counter((item.child_id, item.subject_id) for item in past if item not in problem.missed)
    children: list[Child] = []
    owed: list[Lesson] = []
    for child in problem.request.family.children:
        subjects = []
        for subject in child.subjects:
            key = child.id, subject.id
            if key not in wanted and key not in held:
                continue
            want = wanted.get(key, Wanted(*key, (), 0))
            # Sessions are asked for as carried ones: that count is cut by nothing.
            owed += [Lesson(*key, problem.dates[0])] * (want.sessions + held[key])
            subjects.append(
                replace(
                    subject,
                    days=tuple(Weekday(day) for day in want.days),
                    sessions_per_week=0,
                    fixed_time=subject.fixed_time and key in fixed,
                )
            )
        commitments = tuple(each for each in child.commitments if (child.id, each.id) in promised)
        if not subjects and not commitments:
            continue
        reduced = replace(child, subjects=tuple(subjects), commitments=commitments)
        if child.id not in hours:
            reduced = replace(
                reduced,
                hours=ALL_DAY,
                hours_by_day=MappingProxyType({}),
                hours_by_date=MappingProxyType({}),
            )
        children.append(reduced)
    request = problem.request
    off = tuple(DayOff(on) for day, on in enumerate(problem.dates) if day not in days)
    family = replace(
        request.family,
        children=tuple(children),
        commitments=tuple(
            each for each in request.family.commitments if (None, each.id) in promised
        ),
        days_off=(*request.family.days_off, *off),
    )
    return replace(
        request,
        family=family,
        previous=tuple(past),
        pins=pins,
        dropped=(),
        carried=tuple(owed),
    )


def _kept(problem: Problem, day: int) -> Iterator[Item]:
    for child in problem.request.family.children:
        yield from problem.child_days[child.id, day].kept
