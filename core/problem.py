"""The facts of a week that is to be planned: who is where, what stands already, what may be shared.

Days are numbered 0 (Monday) to 6, minutes as in `core.week`. Nothing here decides: the rules are
in `core.hard`, the wishes in `core.soft`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from core.commitments import adult_of, busy, merged
from core.family import Child, Commitment, Family, Scope, Subject
from core.plan import Item, ItemType, Lesson, WeekRequest
from core.text import name_key
from core.week import DAY, Weekday, minute_of, week_dates

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Member:
    """One child's part in an activity."""

    child: Child
    subject: Subject

    @property
    def key(self) -> tuple[int, int]:
        return self.child.id, self.subject.id


@dataclass(frozen=True, slots=True)
class Activity:
    """What is taught at one time: a subject of one child, or one that siblings share.

    `attention` is the highest of its members', in per cent of one adult.
    """

    id: int
    members: tuple[Member, ...]
    minutes: int
    attention: int


@dataclass(frozen=True, slots=True)
class ChildDay:
    """One child's date. `open`: a school day that is no day off. `kept`: lessons, breaks and
    lunch of the previous plan that nothing may touch, in order."""

    child: Child
    day: int
    date: date
    open: bool
    commitments: tuple[tuple[Commitment, Interval], ...]
    kept: tuple[Item, ...]

    @property
    def committed(self) -> tuple[Interval, ...]:
        return merged(interval for _, interval in self.commitments)

    @property
    def taken(self) -> tuple[Interval, ...]:
        """The minutes that are not free for anything new."""
        kept = ((item.start, item.end) for item in self.kept)
        return merged([*kept, *(interval for _, interval in self.commitments)])

    @property
    def kept_lessons(self) -> tuple[Item, ...]:
        return tuple(item for item in self.kept if item.type is ItemType.SUBJECT)

    @property
    def kept_lunch(self) -> Item | None:
        return next((item for item in self.kept if item.type is ItemType.LUNCH), None)


@dataclass(frozen=True, slots=True)
class Escort:
    """What somebody goes along to on one day. Siblings who are at the same thing at the same time
    go with one adult: `name` is without case, `adult_id` the adult who was named for it."""

    name: str
    day: int
    interval: Interval
    adult_id: int | None


@dataclass(frozen=True, slots=True)
class Problem:
    """A week's facts.

    `away` holds, for (adult id, day), the minutes for which it is settled that this adult cannot
    teach; `loads`, for the same, (start, end, attention) of the lessons that are kept; `movable`
    are the previous lessons that may be moved; `missed` those that were not held.
    """

    request: WeekRequest
    dates: tuple[date, ...]
    adults: tuple[int, ...]
    child_days: Mapping[tuple[int, int], ChildDay]
    activities: tuple[Activity, ...]
    away: Mapping[tuple[int, int], tuple[Interval, ...]]
    loads: Mapping[tuple[int, int], tuple[tuple[int, int, int], ...]]
    escorts: tuple[Escort, ...]
    movable: tuple[Item, ...]
    missed: tuple[Item, ...]

    def earliest(self, day: int) -> int:
        """The first minute of a day at which something new may start; `DAY` if none."""
        now = self.request.now
        if now is None or self.dates[day] > now.date():
            return 0
        return DAY if self.dates[day] < now.date() else minute_of(now.time()) + 1

    def named(self, lessons: Iterable[Lesson], member: Member, day: int) -> Iterator[Lesson]:
        """Those of `lessons` that mean this member's session of this day."""
        for lesson in lessons:
            if (lesson.child_id, lesson.subject_id, lesson.date) == (*member.key, self.dates[day]):
                yield lesson

    def kept_days(self, member: Member) -> tuple[int, ...]:
        """The day of each session that this week holds already."""
        return tuple(
            day
            for day in range(7)
            for item in self.child_days[member.child.id, day].kept_lessons
            if item.subject_id == member.subject.id
        )

    def pinned(self, activity: Activity, day: int) -> tuple[Lesson, ...]:
        return tuple(
            pin
            for member in activity.members
            for pin in self.named(self.request.pins, member, day)
            if day not in self.kept_days(member)
        )


def shared_name(subject: Subject) -> str:
    """What siblings' subjects have in common when they are the same."""
    return name_key(subject.name)


def is_lesson_of(lesson: Lesson, item: Item) -> bool:
    """Whether `lesson` names this item; without a start, any hour of its date."""
    return (
        item.type is ItemType.SUBJECT
        and (lesson.child_id, lesson.subject_id, lesson.date)
        == (item.child_id, item.subject_id, item.date)
        and lesson.start in (None, item.start)
    )


def activities_of(family: Family) -> tuple[Activity, ...]:
    """Every subject of every child, those taught together as one, in the family's order."""
    groups: dict[object, list[Member]] = {}
    for child in family.children:
        for subject in child.subjects:
            together = shared_name(subject) if subject.teach_together else (child.id, subject.id)
            # Lengths and fixed times that differ cannot be one lesson; documents refuse them, and
            # a family built otherwise still gets a plan.
            key = (together, subject.minutes, subject.fixed_time and subject.preferred_time)
            groups.setdefault(key, []).append(Member(child, subject))
    return tuple(
        Activity(
            number,
            tuple(members),
            members[0].subject.minutes,
            max(member.subject.involvement.attention for member in members),
        )
        for number, members in enumerate(groups.values())
    )


def problem_of(request: WeekRequest) -> Problem:
    """The facts of `request`. Total: a family without children or adults has a problem too."""
    family = request.family
    dates = week_dates(request.week_start)
    adults = tuple(adult.id for adult in family.adults)
    activities = activities_of(family)
    missed, kept, movable = _sorted_previous(request, dates)
    child_days = {
        (child.id, day): _child_day(family, child, day, dates[day], kept)
        for child in family.children
        for day in range(7)
    }
    escorts = tuple(dict.fromkeys(_escorts(family, dates)))
    settled = adults[0] if len(adults) == 1 else None
    away = {
        (adult, day): merged(
            interval
            for commitment in family.commitments
            if commitment.scope is Scope.FAMILY or adult_of(commitment, family.adults) == adult
            for interval in busy(commitment, dates[day])
        )
        for adult in adults
        for day in range(7)
    }
    for escort in escorts:
        goes = escort.adult_id if escort.adult_id in adults else settled
        if goes is not None:
            away[goes, escort.day] = merged([*away[goes, escort.day], escort.interval])
    return Problem(
        request=request,
        dates=dates,
        adults=adults,
        child_days=child_days,
        activities=activities,
        away=away,
        loads=_kept_loads(activities, child_days, adults),
        escorts=tuple(
            escort
            for escort in escorts
            if settled is None and adults and escort.adult_id not in adults
        ),
        movable=movable,
        missed=missed,
    )


def asks_the_same(before: Family, after: Family, monday: date) -> bool:
    """Whether both ask the same of the week that begins on `monday`: then a plan that was made
    for one serves the other. Names count, because the plan shows them."""
    return _asked(before, monday) == _asked(after, monday)


def _asked(family: Family, monday: date) -> tuple[object, ...]:
    problem = problem_of(WeekRequest(family, monday))
    return (
        family.preferences,
        family.adults,
        # Commitments and hours count on the days on which they fall.
        tuple(
            replace(child, commitments=(), hours_by_date=MappingProxyType({}))
            for child in family.children
        ),
        {
            key: (
                day.open,
                day.child.hours_on(day.date),
                [(own.id, own.name, when) for own, when in day.commitments],
            )
            for key, day in problem.child_days.items()
        },
        problem.away,
        problem.escorts,
    )


def _sorted_previous(
    request: WeekRequest, dates: tuple[date, ...]
) -> tuple[tuple[Item, ...], tuple[Item, ...], tuple[Item, ...]]:
    """The previous plan's own items as missed lessons, items that stay, lessons that may move."""
    missed: list[Item] = []
    kept: list[Item] = []
    movable: list[Item] = []
    known = {
        (child.id, subject.id) for child in request.family.children for subject in child.subjects
    }
    children = {child.id for child in request.family.children}
    for item in request.previous:
        ours = item.type is not ItemType.COMMITMENT and not item.external
        if not ours or item.child_id not in children or item.date not in dates:
            continue
        started = request.now is not None and (item.date, item.start) <= (
            request.now.date(),
            minute_of(request.now.time()),
        )
        if item.completed:
            kept.append(item)
        elif any(is_lesson_of(lesson, item) for lesson in request.missed):
            missed.append(item)
        elif started:
            kept.append(item)
        elif any(is_lesson_of(lesson, item) for lesson in request.dropped):
            continue
        elif item.type is ItemType.SUBJECT and (item.child_id, item.subject_id) in known:
            movable.append(item)
    return tuple(missed), tuple(kept), tuple(movable)


def _child_day(
    family: Family, child: Child, day: int, on: date, kept: tuple[Item, ...]
) -> ChildDay:
    commitments = [
        (commitment, interval)
        for commitment in (
            *(each for each in family.commitments if each.scope is Scope.FAMILY),
            *child.commitments,
        )
        for interval in busy(commitment, on)
    ]
    off = any(each.date == on and each.child_id in (None, child.id) for each in family.days_off)
    return ChildDay(
        child=child,
        day=day,
        date=on,
        open=Weekday.of(on) in child.school_days and not off,
        commitments=tuple(sorted(commitments, key=lambda pair: pair[1])),
        kept=tuple(
            sorted(
                (item for item in kept if (item.child_id, item.date) == (child.id, on)),
                key=lambda item: (item.start, item.end),
            )
        ),
    )


def _escorts(family: Family, dates: tuple[date, ...]) -> Iterator[Escort]:
    for child in family.children:
        for commitment in child.commitments:
            if commitment.needs_adult:
                for day, on in enumerate(dates):
                    for interval in busy(commitment, on):
                        name = name_key(commitment.name)
                        yield Escort(name, day, interval, commitment.adult_id)


def _kept_loads(
    activities: tuple[Activity, ...],
    child_days: Mapping[tuple[int, int], ChildDay],
    adults: tuple[int, ...],
) -> Mapping[tuple[int, int], tuple[tuple[int, int, int], ...]]:
    """Attention that kept lessons take; one that siblings share counts once."""
    owner = {member.key: activity for activity in activities for member in activity.members}
    loads: dict[tuple[int, int], dict[tuple[int, int, int], int]] = {}
    for child_day in child_days.values():
        for item in child_day.kept_lessons:
            activity = owner.get((item.child_id, item.subject_id or 0))
            if activity is None or not activity.attention or not adults:
                continue
            adult = item.adult_id if item.adult_id in adults else adults[0]
            once = loads.setdefault((adult, child_day.day), {})
            once[activity.id, item.start, item.end] = activity.attention
    return {
        key: tuple((start, end, load) for (_, start, end), load in sorted(once.items()))
        for key, once in loads.items()
    }
