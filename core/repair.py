"""What would make room: single changes, each tried on the whole week before it is offered."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.asks import FixedTime, HoursOf, Lessons, Promise, asked, promise, subject_of
from core.check import check_week
from core.clash import Clash
from core.explain import lunches
from core.family import Family, Scope, Subject
from core.fit import Judge, lacking, omitted
from core.greedy import greedy
from core.hard import candidates, omission_weight, required
from core.phrase import say
from core.plan import (
    Item,
    Plan,
    Repair,
    Scores,
    Status,
    Unscheduled,
    WeekRequest,
)
from core.problem import Activity, Problem, problem_of, shared_name
from core.remedies import (
    GENTLENESS,
    Fewer,
    FreeDays,
    FreeTime,
    GoInstead,
    Helper,
    Independent,
    Key,
    Later,
    LongerDay,
    Remedy,
    Shorter,
    TeachTogether,
    remedied,
)
from core.timetable import items_of
from core.week import DAY, GRID, Weekday
from core.wording import remedy_named

Least = Callable[[WeekRequest], tuple[int, tuple[Item, ...]] | None]
"""Plans a changed week anew, for its omissions alone: their weight, and the week's items. None if
there is no time left to try."""

MOST_REPAIRS = 3
MOST_SEARCHES = 3
JUDGING = 0.4
SHORTEST = 15
LONGER = 30
LATER = 60
LEARNS_ALONE = 6
"""How many repairs are shown and how many weeks are searched for them; the budget for looking which
clashes a change resolves (as in `core.fit`); minutes of the shortest session and by how much a day
or a commitment moves; the age from which we offer that a child works without a grown-up."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """A remedy and its `promise`: what the sessions weigh whose clashes it resolves."""

    remedy: Remedy
    promise: int

    @property
    def order(self) -> tuple[int, int]:
        return -self.promise, GENTLENESS.index(type(self.remedy))


def repairs(
    problem: Problem,
    items: tuple[Item, ...],
    clashes: tuple[Clash, ...],
    weight: int,
    least: Least,
) -> tuple[Repair, ...]:
    """At most three single changes of different kinds that save omissions, best first and of
    equal ones the gentlest; to ask for less is offered only where three others are not found.
    `weight` is that of what `items` leave out.

    Each was tried: a week with the change was found, the checker has passed it, and the gain is
    what it leaves out less. A change that resolves no clash is not tried.
    """
    missing = {member.key: count for _, member, count in lacking(problem, items)}
    week = _Clashes(problem, missing, clashes, Judge(problem, day_work=JUDGING))
    found: list[tuple[int, _Trial]] = []
    searches = MOST_SEARCHES
    trials = (trial for trial in _trials(week) if trial.promise)
    for trial in sorted(trials, key=lambda each: each.order):
        if any(type(each.remedy) is type(trial.remedy) for _, each in found):
            continue
        # What was left out stays out of a week that no longer asks for it: the last resort.
        gentler = sorted((g for g, each in found if not isinstance(each.remedy, Fewer)))
        if len(gentler) >= MOST_REPAIRS and (
            isinstance(trial.remedy, Fewer) or gentler[-MOST_REPAIRS] >= trial.promise
        ):
            continue
        remedy = _mildest(week, trial.remedy)
        changed = _changed(problem.request, remedy)
        tried = _first_fit(problem, changed, items)
        if tried[0] > weight - trial.promise and searches:
            better = least(changed)
            searches = 0 if better is None else searches - 1
            tried = min(tried, better or tried, key=lambda each: each[0])
        if tried[0] < weight and _is_sound(changed, *tried):
            found.append((weight - tried[0], replace(trial, remedy=remedy)))
    found.sort(key=lambda each: (isinstance(each[1].remedy, Fewer), -each[0], each[1].order[1]))
    shown = sorted(found[:MOST_REPAIRS], key=lambda each: (-each[0], each[1].order[1]))
    return tuple(
        Repair(remedy_named(problem, trial.remedy), gain, trial.remedy) for gain, trial in shown
    )


def _changed(request: WeekRequest, remedy: Remedy) -> WeekRequest:
    dates = problem_of(request).dates
    return replace(request, family=remedied(request.family, remedy, dates))


def _first_fit(
    problem: Problem, changed: WeekRequest, items: tuple[Item, ...]
) -> tuple[int, tuple[Item, ...]]:
    """The changed week with everything where it stood as far as possible, by first fit."""
    kept = (*items, *(item for item in problem.missed if item not in items))
    now = problem_of(replace(changed, previous=kept))
    fitted = items_of(now, greedy(now, candidates(now)))
    return omitted(problem_of(changed), fitted), fitted


def _is_sound(request: WeekRequest, weight: int, items: tuple[Item, ...]) -> bool:
    """Whether the independent checker passes a week that was found for a changed request."""
    problem = problem_of(request)
    left = tuple(
        Unscheduled(member.child.id, member.subject.id, missing, say("plan.reason.no_time"))
        for _, member, missing in lacking(problem, items)
    )
    plan = Plan(
        request=request,
        status=Status.PARTIAL if left else Status.FEASIBLE,
        items=items,
        omission_weight=weight,
        omission_bound=0,
        objective=0.0,
        bound=0.0,
        solve_seconds=0.0,
        scores=Scores(0.0, 0.0, 0.0, 0.0),
        unscheduled=left,
        conflicts=tuple(lunches(problem, items)),
    )
    return check_week(plan) == ()


# --- what to try


@dataclass(frozen=True, slots=True)
class _Clashes:
    """A week's clashes, and which of them a remedy resolves, as far as that was asked."""

    problem: Problem
    missing: Mapping[Key, int]
    clashes: tuple[Clash, ...]
    judge: Judge
    known: dict[tuple[Remedy, Clash], bool] = field(default_factory=dict)

    def resolved(self, remedy: Remedy) -> tuple[Clash, ...]:
        """The clashes whose asks can all stand once the remedy is applied."""
        return tuple(clash for clash in self.clashes if self._resolves(remedy, clash))

    def _resolves(self, remedy: Remedy, clash: Clash) -> bool:
        if not _touches(self.problem, remedy, clash):
            return False
        if (remedy, clash) not in self.known:
            request = self.problem.request
            changed = _changed(request, remedy)
            before = {commitment.id for commitment in request.family.commitments}
            absences = [
                Promise(None, each.id)
                for each in changed.family.commitments
                if each.id not in before
            ]
            week = asked(problem_of(changed), clash.days, (*clash.asks, *absences))
            self.known[remedy, clash] = self.judge.holds(week) is True
        return self.known[remedy, clash]

    def saved(self, remedy: Remedy) -> int:
        """What the left-out sessions weigh whose clashes a remedy resolves."""
        return sum(
            self.weight(clash.lacking, 1 if len(clash.days) == 1 else None)
            for clash in self.resolved(remedy)
        )

    def weight(self, keys: Iterable[Key], sessions: int | None = None) -> int:
        """What so many sessions (None: all that are missing) of subjects weigh."""
        family = self.problem.request.family
        return sum(
            (self.missing.get(key, 0) if sessions is None else sessions)
            * omission_weight(subject_of(family, key))
            for key in keys
        )


def _touches(problem: Problem, remedy: Remedy, clash: Clash) -> bool:
    """Whether a remedy changes anything that takes part in a clash."""
    keys = {m.key for ask in clash.asks if isinstance(ask, Lessons) for m in ask.members}
    match remedy:
        case TeachTogether(subjects):
            return len(keys.intersection(subjects)) > 1
        case FreeTime(subjects) | Independent(subjects) | Shorter(subjects):
            return not keys.isdisjoint(subjects)
        case GoInstead(child_id, commitment_id):
            return Promise(child_id, commitment_id) in clash.asks
        case Later(commitment_id):
            return Promise(None, commitment_id) in clash.asks
        case LongerDay(child_id, weekdays):
            return HoursOf(child_id) in clash.asks and not {*weekdays}.isdisjoint(clash.days)
        case Helper(dates):
            days = {problem.dates.index(each) for each in dates}
            return clash.adults and not days.isdisjoint(clash.days)
        case FreeDays() | Fewer():
            return False


def _trials(week: _Clashes) -> Iterator[_Trial]:
    """Every change that resolves a clash, and for sessions without one those that touch them."""
    problem, family = week.problem, week.problem.request.family
    explained = {key for clash in week.clashes for key in clash.lacking}
    remedies = [remedy for clash in week.clashes for remedy in _around(problem, clash)]
    for child in family.children:
        days = {clash.days[0] for clash in week.clashes if HoursOf(child.id) in clash.asks}
        if len(days) > 1:
            remedies += _longer(problem, child.id, sorted(days))
    for remedy in dict.fromkeys(remedies):
        yield _Trial(remedy, week.saved(remedy))
    for activity in problem.activities:
        keys = [member.key for member in activity.members if member.key in week.missing]
        if not keys:
            continue
        for remedy in (*_any_day(problem, activity), *_fewer(problem, activity, week.missing)):
            yield _Trial(remedy, week.weight(keys))
        if not explained.intersection(keys):
            for remedy in (*_together(family, activity), *_alone(activity), *_shortened(activity)):
                yield _Trial(remedy, week.weight(keys))


def _around(problem: Problem, clash: Clash) -> Iterator[Remedy]:
    """The changes that concern what takes part in a clash."""
    family = problem.request.family
    activities = {member.key: each for each in problem.activities for member in each.members}
    for ask in clash.asks:
        match ask:
            case Lessons(members):
                activity = activities[members[0].key]
                yield from _together(family, activity)
                if clash.adults:
                    yield from _alone(activity)
                yield from _shortened(activity)
            case FixedTime(members):
                yield FreeTime(members)
            case Promise():
                yield from _elsewhere(family, ask)
            case HoursOf(child_id):
                for day in clash.days:
                    yield from _longer(problem, child_id, (day,))
    if clash.adults:
        others: list[int | None] = [adult.id for adult in family.others]
        for day in clash.days:
            yield from (Helper((problem.dates[day],), adult) for adult in others or [None])


def _together(family: Family, activity: Activity) -> Iterator[Remedy]:
    """The subject and those of the same name, where they can be one lesson and are not."""
    subject = activity.members[0].subject
    twins = tuple(
        (child.id, twin.id)
        for child in family.children
        for twin in child.subjects
        if shared_name(twin) == shared_name(subject) and _alike(twin, subject)
    )
    if len(twins) > len(activity.members):
        yield TeachTogether(twins)


def _alike(one: Subject, other: Subject) -> bool:
    return (
        one.minutes,
        one.frequency,
        one.sessions_per_week,
        one.fixed_time,
        one.preferred_time,
    ) == (
        other.minutes,
        other.frequency,
        other.sessions_per_week,
        other.fixed_time,
        other.preferred_time,
    )


def _alone(activity: Activity) -> Iterator[Remedy]:
    old_enough = all(member.child.age >= LEARNS_ALONE for member in activity.members)
    if activity.attention and old_enough:
        yield Independent(tuple(member.key for member in activity.members))


def _shortened(activity: Activity) -> Iterator[Remedy]:
    """Half the session, as far as that is worth sitting down for; `_mildest` finds less."""
    half = max(SHORTEST, activity.minutes // 2 // GRID * GRID)
    if half < activity.minutes:
        yield Shorter(tuple(member.key for member in activity.members), half)


def _mildest(week: _Clashes, remedy: Remedy) -> Remedy:
    """The remedy with the smallest change that resolves as much."""
    wanted = week.resolved(remedy)
    if not isinstance(remedy, Shorter) or not wanted:
        return remedy
    now = subject_of(week.problem.request.family, remedy.subjects[0]).minutes
    low, high = remedy.minutes, (now - 1) // GRID * GRID
    while low < high:
        middle = (low + high + GRID) // 2 // GRID * GRID
        if week.resolved(replace(remedy, minutes=middle)) == wanted:
            low = middle
        else:
            high = middle - GRID
    return replace(remedy, minutes=low)


def _any_day(problem: Problem, activity: Activity) -> Iterator[Remedy]:
    member = activity.members[0]
    if member.subject.days is not None:
        free = replace(problem.request, carried=(), dropped=())
        sessions = required(problem_of(free), member)
        yield FreeDays(tuple(each.key for each in activity.members), sessions)


def _fewer(problem: Problem, activity: Activity, missing: Mapping[Key, int]) -> Iterator[Remedy]:
    plain = problem_of(replace(problem.request, carried=(), dropped=()))
    regular = max(required(plain, member) for member in activity.members)
    least = regular - max(missing.get(member.key, 0) for member in activity.members)
    if least >= 0:
        yield Fewer(tuple(member.key for member in activity.members), least)


def _longer(problem: Problem, child_id: int, days: Sequence[int]) -> Iterator[Remedy]:
    """Half an hour more on each of `days`, if they end at one time and the clock allows it."""
    child = problem.request.family.child(child_id)
    ends = {child.hours_on(problem.dates[day]).end for day in days}
    if len(ends) == 1 and max(ends) + LONGER < DAY:
        yield LongerDay(child_id, tuple(Weekday(day) for day in days), LONGER)


def _elsewhere(family: Family, ask: Promise) -> Iterator[Remedy]:
    """A parent's own commitment later; somebody else along to a child's."""
    commitment = promise(family, ask)
    if ask.child_id is not None:
        if commitment.needs_adult and commitment.adult_id is not None:
            for adult in family.adults:
                if adult.id != commitment.adult_id:
                    yield GoInstead(ask.child_id, commitment.id, adult.id)
    elif (
        commitment.scope is Scope.PARENT
        and commitment.connection_id is None
        and commitment.start < commitment.end
        and commitment.end + LATER < DAY
    ):
        yield Later(commitment.id, LATER)
