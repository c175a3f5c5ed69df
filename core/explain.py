"""Why a week leaves something out: in a family's words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.asks import FixedTime, HoursOf, Lessons, children_of, subject_of
from core.clash import Clash, possible_days
from core.commitments import clear_of
from core.fit import lacking
from core.hard import member_starts
from core.phrase import Phrase, PhraseArg, say
from core.plan import Item, ItemType, Unscheduled
from core.problem import Activity, ChildDay, Member, Problem
from core.rest import LUNCH, lunch_due, lunch_starts, runs_fit
from core.wording import (
    children_named,
    hours_named,
    is_every_day,
    listed,
    names_of,
    on_days,
    reason_named,
)


def unscheduled(
    problem: Problem, items: tuple[Item, ...], clashes: tuple[Clash, ...]
) -> tuple[Unscheduled, ...]:
    """What the week lacks by rule 4, in the family's order, each with the simplest true reason.

    A stored week says a reason again from its key alone: see `reason_named`.
    """
    return tuple(
        Unscheduled(
            member.child.id,
            member.subject.id,
            missing,
            reason_named(
                _reason(problem, items, clashes, activity, member), member.child, member.subject
            ),
        )
        for activity, member, missing in lacking(problem, items)
    )


def _reason(
    problem: Problem,
    items: tuple[Item, ...],
    clashes: tuple[Clash, ...],
    activity: Activity,
    member: Member,
) -> str:
    clash = next((each for each in clashes if member.key in each.lacking), None)
    if clash is not None:
        fixed = any(isinstance(a, FixedTime) and member.key in a.members for a in clash.asks)
        if _only_hours(clash):
            return "plan.reason.outside_hours" if fixed else "plan.reason.too_long"
        if fixed:
            return "plan.reason.fixed_no_adult" if clash.adults else "plan.reason.fixed_time"
        return "plan.reason.no_adult" if clash.adults else "plan.reason.no_time"
    if activity.attention and not problem.adults:
        return "plan.reason.no_adult"
    days = [
        day for day in possible_days(problem, member) if not _held_on(items, problem, member, day)
    ]
    if any(each.subject_id == member.subject.id for each in problem.missed) and not any(
        member_starts(problem, activity, member, day) for day in days
    ):
        return "plan.reason.let_go"
    if not days:
        return "plan.reason.no_day"
    if activity.attention and any(
        _child_has_room(problem, items, activity, member, day) for day in days
    ):
        return "plan.reason.no_adult"
    return "plan.reason.no_time"


def _only_hours(clash: Clash) -> bool:
    """Whether a lesson clashes with nothing but its children's hours."""
    others = [ask for ask in clash.asks if not isinstance(ask, FixedTime | HoursOf)]
    return len(others) == 1 and isinstance(others[0], Lessons)


def _held_on(items: tuple[Item, ...], problem: Problem, member: Member, day: int) -> bool:
    return any(
        (item.child_id, item.subject_id, item.date) == (*member.key, problem.dates[day])
        for item in items
    )


def _child_has_room(
    problem: Problem, items: tuple[Item, ...], activity: Activity, member: Member, day: int
) -> bool:
    """Whether the child could have the lesson on this day as the week stands, adults aside."""
    child_day = problem.child_days[member.child.id, day]
    taught = _taught(items, child_day)
    starts = member_starts(problem, activity, member, day)
    lunches = lunch_starts(problem, child_day)
    for start in clear_of(starts, activity.minutes, taught):
        with_it = sorted([*taught, (start, start + activity.minutes)])
        rests = runs_fit(
            [(begin, end - begin) for begin, end in with_it],
            member.child.span,
            member.child.break_minutes,
        )
        if rests and (not lunches or clear_of(lunches, LUNCH, with_it)):
            return True
    return False


def _taught(items: tuple[Item, ...], child_day: ChildDay) -> list[tuple[int, int]]:
    return sorted(
        (item.start, item.end)
        for item in items
        if item.type is ItemType.SUBJECT
        and (item.child_id, item.date) == (child_day.child.id, child_day.date)
    )


def conflicts(
    problem: Problem, items: tuple[Item, ...], clashes: tuple[Clash, ...]
) -> tuple[Phrase, ...]:
    """Days without room for lunch, and what clashes.

    Of several clashes of one day and one kind the smallest is told; days of which the same is to
    be said share a sentence.
    """
    return (*lunches(problem, items), *_clashing(problem, clashes))


def lunches(problem: Problem, items: tuple[Item, ...]) -> Iterator[Phrase]:
    """The days on which a child has lessons and no room for lunch."""
    for (child_id, _), child_day in problem.child_days.items():
        today = {
            item.type for item in items if (item.child_id, item.date) == (child_id, child_day.date)
        }
        if lunch_due(child_day) and ItemType.SUBJECT in today and ItemType.LUNCH not in today:
            yield say("plan.conflict.no_lunch", child=child_day.child.name, date=child_day.date)


# --- clashes in words


@dataclass(frozen=True, slots=True)
class _Line:
    """A sentence without its days. `names` are the requests that it names."""

    key: str
    whose: tuple[str, ...]
    minutes: int
    names: tuple[Phrase | str, ...]


def _clashing(problem: Problem, clashes: tuple[Clash, ...]) -> Iterator[Phrase]:
    groups: dict[tuple[object, ...], list[Clash]] = {}
    for clash in clashes:
        own = clash.lacking if _only_hours(clash) or len(clash.days) > 1 else ()
        key = clash.days, clash.adults, clash.child_id, own
        groups.setdefault(key, []).append(clash)
    # A phrase has no hash, so that equal lines are found by looking.
    lines: list[tuple[_Line, list[int]]] = []
    for group in groups.values():
        smallest = min(group, key=lambda clash: len(clash.asks))
        line = _line(problem, smallest)
        known = next((days for each, days in lines if each == line), None)
        if known is None:
            lines.append((line, list(smallest.days)))
        else:
            known.extend(smallest.days)
    for line, days in sorted(lines, key=lambda each: min(each[1])):
        yield _sentence(problem, line, sorted(set(days)))


def _line(problem: Problem, clash: Clash) -> _Line:
    family = problem.request.family
    names = names_of(problem, clash.asks)
    fixed = any(isinstance(ask, FixedTime) for ask in clash.asks)
    if len(names) == 1 and not fixed and (lesson := _lesson(clash)) is not None:
        minutes = subject_of(family, lesson.members[0].key).minutes
        whose = children_named(family, children_of(lesson))
        return _Line("plan.conflict.too_long", whose, minutes, names)
    if len(clash.days) == 1 and clash.adults:
        key = "plan.conflict.adult_short" if clash.short else "plan.conflict.adult_busy"
        return _Line(key, _adults(problem, clash.days[0]), clash.short, names)
    if len(clash.days) == 1 and clash.child_id is not None:
        whose = children_named(family, (clash.child_id,))
        return _Line("plan.conflict.child_short", whose, clash.short, names)
    if len(names) == 1:
        names = (*names, *hours_named(problem, clash.asks, clash.days[0]))
    key = "plan.conflict.meet" if len(clash.days) == 1 else "plan.conflict.no_room"
    return _Line(key, (), 0, names)


def _sentence(problem: Problem, line: _Line, days: Sequence[int]) -> Phrase:
    always = is_every_day(problem, days)
    dates = [problem.dates[day] for day in days]
    match line.key:
        case "plan.conflict.no_room":
            first, *rest = line.names
            return say(line.key, lesson=first, others=listed(rest))
        case "plan.conflict.adult_short" | "plan.conflict.child_short":
            when: PhraseArg = tuple(say("plan.days.date", date=each) for each in dates)
            return say(
                line.key,
                count=1 if always else len(days),
                when=say("plan.days.each") if always else when,
                minutes=line.minutes,
                whose=line.whose,
                requests=listed(line.names),
            )
        case "plan.conflict.too_long":
            when = on_days(problem, days)
            lesson, minutes = line.names[0], line.minutes
            return say(line.key, when=when, minutes=minutes, whose=line.whose, lesson=lesson)
        case "plan.conflict.adult_busy":
            when = on_days(problem, days)
            names = listed(line.names)
            return say(line.key, count=len(line.whose), when=when, whose=line.whose, requests=names)
        case _:
            return say(line.key, when=on_days(problem, days), requests=listed(line.names))


def _lesson(clash: Clash) -> Lessons | None:
    """The request of the session that was left out."""
    lessons = (ask for ask in clash.asks if isinstance(ask, Lessons))
    return next((ask for ask in lessons if any(m.key in clash.lacking for m in ask.members)), None)


def _adults(problem: Problem, day: int) -> tuple[str, ...]:
    """Who could teach on a day at all; everybody, if nobody could."""
    hours = [child_day for child_day in problem.child_days.values() if child_day.day == day]
    opening = min(each.child.hours_on(each.date).start for each in hours)
    closing = max(each.child.hours_on(each.date).end for each in hours)
    adults = problem.request.family.adults
    present = tuple(
        adult.name
        for adult in adults
        if not any(s <= opening and closing <= e for s, e in problem.away[adult.id, day])
    )
    return present or tuple(adult.name for adult in adults)
