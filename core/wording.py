"""How requests and remedies are called: by the names that the family gave."""

from collections.abc import Iterable, Iterator, Sequence

from core.asks import Ask, FixedTime, HoursOf, Lessons, Pinned, Promise, promise, subject_of
from core.commitments import adult_of
from core.family import Child, Family, Scope, Subject
from core.phrase import Phrase, PhraseArg, say
from core.problem import Problem
from core.remedies import (
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
)
from core.week import time_of

MOST_NAMES = 6
"""Requests that one sentence names; of more, the last are counted."""

Name = Phrase | str


def names_of(problem: Problem, asks: Sequence[Ask]) -> tuple[Name, ...]:
    """The requests by name, hours not among them; a subject and its fixed time or pin are one."""
    family = problem.request.family
    fixed = {key for ask in asks if isinstance(ask, FixedTime) for key in ask.members}
    pinned = {(a.pin.child_id, a.pin.subject_id) for a in asks if isinstance(a, Pinned)}
    names: list[Name] = []
    for ask in asks:
        match ask:
            case Lessons(members):
                keys = [member.key for member in members]
                if not pinned.intersection(keys):
                    names.append(_lessons(family, keys, at_fixed_time=bool(fixed & {*keys})))
            case Pinned(pin):
                names.append(
                    say(
                        "plan.ask.pinned",
                        children=children_named(family, (pin.child_id,)),
                        subject=subject_of(family, (pin.child_id, pin.subject_id)).name,
                        time=time_of(pin.start or 0),
                    )
                )
            case Promise():
                names.append(_commitment(family, ask))
            case _:
                continue
    return tuple(names)


def _lessons(family: Family, keys: Sequence[Key], *, at_fixed_time: bool) -> Phrase:
    subject = subject_of(family, keys[0])
    children = children_named(family, (child_id for child_id, _ in keys))
    if not at_fixed_time:
        return say("plan.ask.lessons", children=children, subject=subject.name)
    at = time_of(subject.preferred_time or 0)
    return say("plan.ask.fixed", children=children, subject=subject.name, time=at)


def _commitment(family: Family, ask: Promise) -> Name:
    commitment = promise(family, ask)
    adult_id = adult_of(commitment, family.adults) if commitment.scope is Scope.PARENT else None
    if ask.child_id is not None:
        owner = family.child(ask.child_id).name
    elif adult_id is not None:
        owner = family.adult(adult_id).name
    else:
        return commitment.name
    return say("plan.ask.commitment", whose=owner, name=commitment.name)


def hours_named(problem: Problem, asks: Sequence[Ask], day: int) -> Iterator[Phrase]:
    """The hours that are among `asks`, as they are on a day."""
    for ask in asks:
        if isinstance(ask, HoursOf):
            child = problem.request.family.child(ask.child_id)
            hours = child.hours_on(problem.dates[day])
            yield say(
                "plan.ask.hours",
                child=child.name,
                start=time_of(hours.start),
                end=time_of(hours.end),
            )


def reason_named(reason: str, child: Child, subject: Subject) -> Phrase:
    """Why sessions of a subject are left out; `reason` is the key, as a stored week has it."""
    return say(
        reason,
        child=child.name,
        subject=subject.name,
        minutes=subject.minutes,
        time=time_of(subject.preferred_time or 0),
    )


def children_named(family: Family, ids: Iterable[int]) -> tuple[str, ...]:
    """The names of children, in the family's order."""
    wanted = set(ids)
    return tuple(child.name for child in family.children if child.id in wanted)


def listed(names: Sequence[Name]) -> PhraseArg:
    """Names as a list that stays short."""
    if len(names) <= MOST_NAMES:
        return tuple(names)
    more = len(names) - MOST_NAMES + 1
    return (*names[: MOST_NAMES - 1], say("plan.ask.more", count=more))


def is_every_day(problem: Problem, days: Sequence[int]) -> bool:
    """Whether `days` are all of the week's school days, and more than two."""
    school = {each.day for each in problem.child_days.values() if each.open}
    return len(days) > 2 and school <= set(days)


def on_days(problem: Problem, days: Sequence[int]) -> PhraseArg:
    """ "on Tuesday, December 1", several days as a list, or "every day"."""
    if is_every_day(problem, days):
        return say("plan.on.each")
    return tuple(say("plan.on.date", date=problem.dates[day]) for day in days)


def remedy_named(problem: Problem, remedy: Remedy) -> Phrase:
    """A remedy as what the family may choose to do."""
    family = problem.request.family
    match remedy:
        case Later(commitment_id, minutes):
            ask = Promise(None, commitment_id)
            start = time_of(promise(family, ask).start + minutes)
            return say("plan.repair.later", commitment=_commitment(family, ask), time=start)
        case GoInstead(child_id, commitment_id, adult_id):
            return say(
                "plan.repair.go_instead",
                adult=family.adult(adult_id).name,
                commitment=_commitment(family, Promise(child_id, commitment_id)),
            )
        case LongerDay(child_id, weekdays, minutes):
            child = family.child(child_id)
            end = child.hours_on(problem.dates[weekdays[0]]).end + minutes
            when = on_days(problem, weekdays)
            return say("plan.repair.longer_day", child=child.name, time=time_of(end), when=when)
        case Helper(dates, adult_id):
            when = on_days(problem, [problem.dates.index(each) for each in dates])
            if adult_id is None:
                return say("plan.repair.helper", when=when)
            return say("plan.repair.known_helper", adult=family.adult(adult_id).name, when=when)
        case _:
            return _subject_remedy(family, remedy)


def _subject_remedy(
    family: Family,
    remedy: TeachTogether | FreeTime | FreeDays | Independent | Shorter | Fewer,
) -> Phrase:
    subject = subject_of(family, remedy.subjects[0])
    children = children_named(family, (child_id for child_id, _ in remedy.subjects))
    names: dict[str, PhraseArg] = {"children": children, "subject": subject.name}
    match remedy:
        case TeachTogether():
            return say("plan.repair.together", **names)
        case FreeTime():
            at = time_of(subject.preferred_time or 0)
            return say("plan.repair.free_time", time=at, **names)
        case FreeDays():
            return say("plan.repair.free_days", **names)
        case Independent():
            return say("plan.repair.independent", **names)
        case Shorter(_, minutes):
            return say("plan.repair.shorten", minutes=minutes, **names)
        case Fewer(_, 0):
            return say("plan.repair.drop", **names)
        case Fewer(_, sessions):
            return say("plan.repair.fewer", count=sessions, **names)
