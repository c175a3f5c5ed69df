"""Which requests cannot all stand: for each session that a week leaves out, a smallest such set.

A set is found by deletion: beginning with the session and everything that stands beside it, ask
after ask is taken away as long as the rest still cannot be. What remains is irreducible: without
any one of its asks there is room for the others.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from core.asks import (
    Ask,
    FixedTime,
    HoursOf,
    Lessons,
    Pinned,
    Wanted,
    asked,
    children_of,
    circumstances,
)
from core.fit import Judge, lacking, shortage
from core.hard import after, omission_weight, required, school_days, within_hours
from core.plan import Item, WeekRequest
from core.problem import Activity, Member, Problem
from core.remedies import Helper, remedied
from core.timetable import sessions
from core.week import DAY


@dataclass(frozen=True, slots=True)
class Clash:
    """Asks that cannot all stand on `days` (0 is Monday), among them a session that was left out.

    `lacking` are the (child id, subject id) whose session it is. `minimal`: proven that without
    any one of the asks the others can stand; else the budget ended and a smaller set may do.
    `adults`: it is grown-ups who are missing. `short`: minutes by which, by plain addition, their
    time or that of the child `child_id` falls short of all that is asked of a single day, not of
    these asks alone; 0 where the trouble is not how much time there is.
    """

    lacking: tuple[tuple[int, int], ...]
    days: tuple[int, ...]
    asks: tuple[Ask, ...]
    minimal: bool
    adults: bool
    child_id: int | None
    short: int


def possible_days(problem: Problem, member: Member) -> tuple[int, ...]:
    """The days on which a subject may get a new lesson, whatever else is asked of them: school
    days whose time for it is not over, without a session that was held or given up."""
    kept = problem.kept_days(member)
    found = []
    for day in school_days(problem, member):
        child_day = problem.child_days[member.child.id, day]
        starts = within_hours(child_day.child.hours_on(child_day.date), member.subject.minutes)
        over = problem.earliest(day) >= DAY or (starts and not after(problem, day, starts))
        given_up = next(problem.named(problem.request.dropped, member, day), None) is not None
        if day not in kept and not over and not given_up:
            found.append(day)
    return tuple(found)


def clashes(problem: Problem, items: tuple[Item, ...]) -> tuple[Clash, ...]:
    """For each session that `items` leave out, a set of asks that keeps it out, if one was found.

    None is found for a session that has no day left, or which a longer search might have placed.
    """
    left = [
        (activity, tuple(member for _, member, _ in group))
        for activity, group in groupby(lacking(problem, items), key=lambda each: each[0])
    ]
    # The heaviest first: the budget may not last for all.
    left.sort(key=lambda each: -sum(omission_weight(member.subject) for member in each[1]))
    week = _Week(Judge(problem), items, tuple(left))
    found = [clash for activity, members in left for clash in _of_activity(week, activity, members)]
    return tuple(dict.fromkeys(found))


# --- what stands beside a left-out session


@dataclass(frozen=True, slots=True)
class _Week:
    """A week and what it leaves out: activities, each with the members who lack sessions."""

    judge: Judge
    items: tuple[Item, ...]
    left: tuple[tuple[Activity, tuple[Member, ...]], ...]

    @property
    def problem(self) -> Problem:
        return self.judge.problem

    def held(self, member: Member, day: int) -> bool:
        on = self.problem.dates[day]
        return any(
            (item.child_id, item.subject_id, item.date) == (*member.key, on) for item in self.items
        )

    def tight(self, member: Member, day: int) -> bool:
        """Whether the subject needs this very day, because it needs all that it can have."""
        others = [each for each in possible_days(self.problem, member) if each != day]
        owed = required(self.problem, member) - len(self.problem.kept_days(member))
        return owed > len(others)

    def lessons(self, activity: Activity, day: int, *, tight: bool) -> Lessons | None:
        """The plan's new lesson of an activity on one day, as an ask for this day; with `tight`,
        of those only who need it on this day."""
        return _lessons(
            Wanted(*member.key, (day,), 1)
            for member in activity.members
            if self.held(member, day)
            and day in possible_days(self.problem, member)
            and (not tight or self.tight(member, day))
        )


def _lessons(members: Iterable[Wanted]) -> Lessons | None:
    found = tuple(members)
    return Lessons(found) if found else None


def _of_activity(week: _Week, activity: Activity, members: tuple[Member, ...]) -> Iterator[Clash]:
    """The clashes of what one activity lacks: one for each day that it needs, or one for all the
    days of which it needs some."""
    days = [
        day
        for day in range(7)
        if (alone := _left_out(week, activity, members, (day,)))
        and week.judge.fits((day,), (alone,))
    ]
    needed = [day for day in days if any(week.tight(member, day) for member in members)]
    for day in needed:
        found = _on_day(week, activity, members, day)
        if found is not None:
            yield found
    if not needed and days:
        found = _on_all(week, activity, members, tuple(days))
        if found is not None:
            yield found


def _left_out(
    week: _Week, activity: Activity, members: Sequence[Member], days: tuple[int, ...]
) -> Lessons | None:
    """A further session on one of `days` for those who lack it there, together with siblings who
    have theirs on that day."""
    lacks = [
        member
        for member in members
        if any(
            day in possible_days(week.problem, member) and not week.held(member, day)
            for day in days
        )
    ]
    if not lacks:
        return None
    with_them = [
        member
        for member in activity.members
        if member not in lacks
        and len(days) == 1
        and week.held(member, days[0])
        and days[0] in possible_days(week.problem, member)
    ]
    return _lessons(
        Wanted(*member.key, tuple(sorted({*days} & {*possible_days(week.problem, member)})), 1)
        for member in activity.members
        if member in lacks or member in with_them
    )


def _on_day(week: _Week, activity: Activity, members: Sequence[Member], day: int) -> Clash | None:
    """The clash that keeps an activity from a day that it needs."""
    alone = _left_out(week, activity, members, (day,))
    if alone is None:
        return None
    needed = _beside(week, activity, day, tight=True)
    found = _smallest(week, (day,), alone, needed)
    if found is None and not week.judge.is_tired:
        # Beside what stands there may be room, or nobody knows; beside all that is asked of the
        # day mere addition often tells.
        found = _smallest(week, (day,), alone, [*needed, *_left_out_too(week, activity, day)])
    if found is not None:
        return _clash(week, (day,), alone, *found, exact=True)
    if week.judge.is_tired:
        return None
    room, wide = _in_week(week, activity, members)
    if room or wide is not None:
        return wide
    found = _smallest(week, (day,), alone, _beside(week, activity, day, tight=False))
    return found and _clash(week, (day,), alone, *found, exact=False)


def _of_day(week: _Week, day: int) -> list[Ask]:
    """All that is asked of just this day."""
    lessons = [*_beside(week, None, day, tight=True), *_left_out_too(week, None, day)]
    return [*lessons, *circumstances(week.problem, (day,), lessons)]


def _left_out_too(week: _Week, activity: Activity | None, day: int) -> Iterator[Lessons]:
    """What other activities lack on a day that they need."""
    for other, members in week.left:
        if other is not activity and any(week.tight(member, day) for member in members):
            lessons = _left_out(week, other, members, (day,))
            if lessons is not None:
                yield lessons


def _on_all(
    week: _Week, activity: Activity, members: Sequence[Member], days: tuple[int, ...]
) -> Clash | None:
    """The clash that keeps an activity from every day that it could have."""
    alone = _left_out(week, activity, members, days)
    if alone is None:
        return None
    for tight in (True, False):
        asks = _day_by_day(week, activity, members, days, tight=tight)
        if asks is not None:
            together = _joined([alone, *asks])
            if week.judge.fits(days, together) is False:
                reduced, minimal = _verified(week.judge, days, together, minimal=True)
                return _clash(week, days, alone, reduced, minimal, exact=tight)
        if tight:
            room, wide = _in_week(week, activity, members)
            if room or wide is not None:
                return wide
    return None


def _day_by_day(
    week: _Week,
    activity: Activity,
    members: Sequence[Member],
    days: tuple[int, ...],
    *,
    tight: bool,
) -> list[Ask] | None:
    """What keeps an activity from each of `days` in turn; None if one of them has room."""
    asks: list[Ask] = []
    sets = [
        (day, here, _beside(week, activity, day, tight=tight))
        for day in days
        if (here := _left_out(week, activity, members, (day,))) is not None
    ]
    # All days are looked at before any is reduced: mostly one of them has room.
    if any(
        week.judge.fits((day,), _everything(week, (day,), here, beside)) is not False
        for day, here, beside in sets
    ):
        return None
    for day, here, beside in sets:
        found = _smallest(week, (day,), here, beside)
        asks += [ask for ask in (found[0] if found else ()) if ask != here]
    return asks


def _beside(week: _Week, activity: Activity | None, day: int, *, tight: bool) -> list[Lessons]:
    """What other activities hold on a day; with `tight`, only where they need that very day."""
    return [
        lessons
        for other in week.problem.activities
        if other is not activity and (lessons := week.lessons(other, day, tight=tight)) is not None
    ]


def _in_week(
    week: _Week, activity: Activity, members: Sequence[Member]
) -> tuple[bool | None, Clash | None]:
    """One more session with all that the week holds, wherever that may stand: whether it fits,
    and if not, the clash."""
    problem = week.problem
    held = sessions(week.items)
    asks: list[Lessons] = []
    alone: Lessons | None = None
    for each in problem.activities:
        found = _lessons(
            Wanted(*member.key, possible_days(week.problem, member), wanted)
            for member in each.members
            if (
                wanted := held[member.key]
                - len(problem.kept_days(member))
                + (each is activity and member in members)
            )
            > 0
        )
        if found is None:
            continue
        if each is activity:
            alone = found
        else:
            asks.append(found)
    if alone is None:
        return None, None
    days = tuple(sorted({day for each in (alone, *asks) for m in each.members for day in m.days}))
    fits = week.judge.fits(days, _everything(week, days, alone, asks))
    found_set = None if fits is not False else _smallest(week, days, alone, asks)
    return fits, found_set and _clash(week, days, alone, *found_set, exact=True)


# --- the smallest set


def _smallest(
    week: _Week, days: tuple[int, ...], alone: Lessons, beside: Sequence[Lessons]
) -> tuple[list[Ask], bool] | None:
    """An irreducible set of asks with `alone` that cannot stand on `days`, and whether that is
    proven; None if everything fits, if it is not known, or if `alone` has no part in it."""
    judge = week.judge
    asks = _everything(week, days, alone, beside)
    if judge.fits(days, asks) is not False:
        return None
    asks, minimal = _reduced(judge, days, asks, _groups(week.problem, alone, asks))
    asks, minimal = _verified(judge, days, asks, minimal=minimal)
    return (asks, minimal) if alone in asks else None


def _everything(
    week: _Week, days: tuple[int, ...], alone: Lessons, beside: Sequence[Lessons]
) -> list[Ask]:
    """A left-out session with the lessons beside it and all else that is asked on `days`."""
    lessons = (alone, *beside)
    return [*lessons, *circumstances(week.problem, days, lessons), *_pins(week, days, alone)]


def _pins(week: _Week, days: tuple[int, ...], alone: Lessons) -> Iterator[Pinned]:
    """The pins of `days` that the plan keeps, and those of the left-out lesson itself."""
    problem = week.problem
    own = {member.key for member in alone.members}
    for activity in problem.activities:
        for day in days:
            for pin in problem.pinned(activity, day):
                start = pin.start
                for item in problem.movable:
                    same = (item.child_id, item.subject_id, item.date) == (
                        pin.child_id,
                        pin.subject_id,
                        pin.date,
                    )
                    if start is None and same:
                        start = item.start
                stands = any(
                    (item.child_id, item.subject_id, item.date, item.start)
                    == (pin.child_id, pin.subject_id, pin.date, start)
                    for item in week.items
                )
                if stands or (pin.child_id, pin.subject_id) in own:
                    yield Pinned(replace(pin, start=start))


def _groups(problem: Problem, alone: Lessons, asks: Sequence[Ask]) -> list[list[Ask]]:
    """The asks in the order in which to try without them: what is of other children, child by
    child; then lessons, the lightest first, so that core subjects stay longest; then the rest."""
    own = children_of(alone)
    weight = {
        member.key: omission_weight(member.subject)
        for activity in problem.activities
        for member in activity.members
    }

    def order(ask: Ask) -> tuple[int, int]:
        match ask:
            case Lessons(members):
                return 0, sum(weight[member.key] for member in members)
            case FixedTime():
                return 2, 0
            case HoursOf():
                return 3, 0
            case _:
                return 1, 0

    asks = sorted((ask for ask in asks if ask is not alone), key=order)
    others = [
        [ask for ask in asks if children_of(ask) == {child.id}]
        for child in reversed(problem.request.family.children)
        if child.id not in own
    ]
    apart = {ask for group in others for ask in group}
    rest = [ask for ask in asks if ask not in apart]
    return [*others, *(list(each) for _, each in groupby(rest, key=lambda ask: order(ask)[0]))]


def _reduced(
    judge: Judge, days: tuple[int, ...], asks: list[Ask], groups: Iterable[list[Ask]]
) -> tuple[list[Ask], bool]:
    """`asks` without what is not needed for the clash; whole groups are tried before halves and
    single asks. The flag is False if for some ask it is not known."""
    minimal = True

    def without(group: list[Ask]) -> None:
        nonlocal asks, minimal
        group = [ask for ask in group if ask in asks]
        if not group:
            return
        rest = _attached([ask for ask in asks if ask not in group])
        verdict = judge.fits(days, rest)
        if verdict is False:
            asks = rest
        elif len(group) == 1:
            minimal = minimal and verdict is True
        else:
            without(group[: len(group) // 2])
            without(group[len(group) // 2 :])

    for group in groups:
        without(group)
    return asks, minimal


def _verified(
    judge: Judge, days: tuple[int, ...], asks: list[Ask], *, minimal: bool
) -> tuple[list[Ask], bool]:
    """Once more, ask by ask: a commitment may do good too (it may excuse lunch), so what was
    needed in a larger set need not be in the smaller."""
    for ask in asks:
        rest = [each for each in asks if each is not ask]
        verdict = judge.fits(days, rest)
        if verdict is False:
            return _verified(judge, days, _attached(rest), minimal=minimal)
        minimal = minimal and verdict is True
    return asks, minimal


def _attached(asks: list[Ask]) -> list[Ask]:
    """`asks` without hours and fixed times of lessons that are not among them."""
    lessons = {m.key for ask in asks if isinstance(ask, Lessons) for m in ask.members}
    lessons |= {(ask.pin.child_id, ask.pin.subject_id) for ask in asks if isinstance(ask, Pinned)}
    children = {child_id for child_id, _ in lessons}
    return [
        ask
        for ask in asks
        if not (isinstance(ask, HoursOf) and ask.child_id not in children)
        and not (isinstance(ask, FixedTime) and not lessons.intersection(ask.members))
    ]


def _joined(asks: Iterable[Ask]) -> list[Ask]:
    """Asks of several days as one list: what a subject asks of each day becomes one ask."""
    found: list[Ask] = []
    lessons: dict[tuple[tuple[int, int], ...], dict[tuple[int, int], Wanted]] = {}
    for ask in asks:
        if not isinstance(ask, Lessons):
            found.append(ask)
            continue
        wants = lessons.setdefault(tuple(m.key for m in ask.members), {})
        for member in ask.members:
            former = wants.get(member.key)
            wants[member.key] = (
                member
                if former is None
                else replace(
                    former,
                    days=(*former.days, *member.days),
                    sessions=former.sessions + member.sessions,
                )
            )
    joined = [Lessons(tuple(wants.values())) for wants in lessons.values()]
    return [*joined, *dict.fromkeys(found)]


def _would_help(week: _Week, request: WeekRequest) -> bool:
    """Whether one more grown-up would make a week fit."""
    helper = Helper(week.problem.dates, None)
    helped = remedied(request.family, helper, week.problem.dates)
    return week.judge.holds(replace(request, family=helped)) is True


def _clash(
    week: _Week,
    days: tuple[int, ...],
    alone: Lessons,
    asks: Sequence[Ask],
    minimal: bool,
    *,
    exact: bool,
) -> Clash:
    request = asked(week.problem, days, asks)
    owners = [child.id for child in request.family.children]
    child_id = next((each for each in owners if shortage(week.problem, days, asks, each) > 0), None)
    short = shortage(week.problem, days, asks, child_id)
    adults = child_id is None and (short > 0 or _would_help(week, request))
    if len(days) == 1 and (adults or child_id is not None):
        short = max(short, shortage(week.problem, days, _of_day(week, days[0]), child_id))
    lacks = tuple(
        member.key
        for activity in week.problem.activities
        for member in activity.members
        if any(member.key == each.key for each in alone.members)
        and not all(week.held(member, day) for day in days)
    )
    order = {type_: n for n, type_ in enumerate((Lessons, Pinned, FixedTime))}
    ordered = sorted(asks, key=lambda ask: (order.get(type(ask), len(order)), ask is not alone))
    return Clash(lacks, days, tuple(ordered), minimal and exact, adults, child_id, max(0, short))
