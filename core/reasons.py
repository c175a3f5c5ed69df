"""Why an item of a week stands where it stands: in a family's words.

A reason is read off the rules of `core.hard` and the points of `core.soft`: what leaves no choice,
the wishes for which this place earns more than the others that the rules leave, and what it gives
up. A phrase is said only where its words are true as well: a lesson of which five minutes lie in
the best time earns points for them, and is not "in the best time".
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np

from core.family import Subject
from core.hard import after, candidate, not_again, required, within_hours
from core.obstacles import Held, Hindrance, Obstacle, held, obstacle
from core.phrase import Phrase, PhraseArg, say
from core.plan import Item, ItemType
from core.problem import Member, Problem
from core.rest import lunch_starts
from core.soft import (
    SHORT,
    Minutes,
    Wish,
    best_minutes,
    earliness,
    lesson_wishes,
    tie_wishes,
)
from core.week import time_of
from core.wording import Name, children_named, listed

MOST = 3
"""Phrases for one item."""

EARLY = 50
"""Earliness (see `core.soft`) from which a lesson counts as early in its day."""

OF_THE_HOUR = (Wish.BEST_TIME, Wish.EARLY, Wish.OPENING, Wish.SAME_TIME, Wish.CLOSE)
OF_THE_DAY = (Wish.LOOP, Wish.APART, Wish.FEW_A_DAY, Wish.SLACK)
"""Wishes for which a place is compared with the other starts of its day, and those for which it is
compared with the other days."""


def reasons(problem: Problem, items: Collection[Item], item: Item) -> tuple[Phrase, ...]:
    """Why `item`, a lesson or a lunch of the week `items` that was planned for `problem`, stands
    where it stands: one to three phrases, the strongest first. Nothing of other items.
    """
    if item.type is ItemType.LUNCH:
        return _of_lunch(problem, items, item)
    lesson = held(problem, items, item) if item.type is ItemType.SUBJECT else None
    if lesson is None:
        return ()
    place = _Place(problem, items, item, lesson)
    if item in problem.child_days[item.child_id, lesson.day].kept:
        return (say("plan.why.done" if item.completed else "plan.why.begun"),)
    forced = _given(place)
    found = [forced] if forced is not None else []
    if forced is None and len(place.starts) == 1:
        key = "plan.why.only_with_adult" if lesson.activity.attention else "plan.why.only"
        found.append(say(key))
    if len(lesson.members) > 1:
        children = children_named(problem.request.family, lesson.children)
        found.append(say("plan.why.together", children=children))
    found += _earned(place)
    given_up = _given_up(place) if forced is None else None
    if given_up is not None:
        found = [*found[: MOST - 1], given_up]
    return tuple(found[:MOST]) or (_free(problem, item),)


@dataclass(frozen=True)
class _Place:
    """A lesson at its place in a week, beside the places that it could have."""

    problem: Problem
    items: Collection[Item]
    item: Item
    lesson: Held

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The starts of its day that the rules leave to this lesson alone."""
        place = candidate(self.problem, self.lesson.activity, self.lesson.day)
        return place.starts if place is not None else (self.lesson.start,)

    @cached_property
    def near(self) -> tuple[Item, ...]:
        """The items whose ties with this lesson are worth anything."""
        children = {member.child.id for member in self.lesson.activity.members}
        return tuple(item for item in self.items if item.child_id in children)

    @cached_property
    def here(self) -> Mapping[Wish, Minutes]:
        return self.worth(self.lesson.day, (self.lesson.start,))

    def worth(self, day: int, starts: tuple[int, ...]) -> Mapping[Wish, Minutes]:
        """The points of each wish, were the lesson at each of `starts` and all else as it is.
        Best times are one wish here, whichever weight they come under."""
        total = {wish: np.zeros(len(starts), np.int64) for wish in Wish}
        at = np.array(starts, np.int64)
        for member in self.lesson.members:
            wishes = lesson_wishes(self.problem, self.lesson.activity, member, day, at)
            for wish, points in wishes.items():
                total[wish] += points
        for index, start in enumerate(starts):
            for wish, tied in tie_wishes(self.problem, self.moved(day, start)).items():
                total[wish][index] += tied
        total[Wish.BEST_TIME] += total.pop(Wish.CLAIM)
        return total

    def total(self, starts: tuple[int, ...]) -> list[int]:
        """The points of all wishes together, for each of `starts` on its day."""
        wishes = self.worth(self.lesson.day, starts).values()
        return [int(points) for points in np.sum(list(wishes), axis=0)]

    def moved(self, day: int, start: int) -> tuple[Item, ...]:
        on, end = self.problem.dates[day], start + self.lesson.activity.minutes
        return tuple(
            replace(item, date=on, start=start, end=end)
            if self.lesson.is_part(self.problem, item)
            else item
            for item in self.near
        )

    @cached_property
    def sessions(self) -> tuple[Item, ...]:
        """All the sessions of this child and subject, in order."""
        own = (
            item
            for item in self.near
            if (item.child_id, item.subject_id) == (self.item.child_id, self.item.subject_id)
        )
        return tuple(sorted(own, key=lambda item: (item.date, item.start)))

    @property
    def others(self) -> tuple[Item, ...]:
        return tuple(item for item in self.sessions if item != self.item)


# --- what leaves no choice


def _given(place: _Place) -> Phrase | None:
    """What the family decided, or what stood here before."""
    problem, item, lesson = place.problem, place.item, place.lesson
    subject = _subject(place)
    if subject.fixed_time and subject.preferred_time == item.start:
        return say("plan.why.fixed", subject=subject.name, time=time_of(item.start))
    if problem.pinned(lesson.activity, lesson.day):
        return say("plan.why.pinned")
    was = ((old.child_id, old.subject_id, old.date, old.start) for old in problem.movable)
    if (item.child_id, item.subject_id, item.date, item.start) in was:
        return say("plan.why.stays")
    return None


def _subject(place: _Place) -> Subject:
    return _member(place).subject


def _member(place: _Place) -> Member:
    return next(each for each in place.lesson.members if each.child.id == place.item.child_id)


# --- what the place earns


def _earned(place: _Place) -> list[Phrase]:
    """The wishes for which this place earns more than the others do on average, most first."""
    gains = _gains(place)
    best = sorted((wish for wish in gains if gains[wish] > 0), key=lambda wish: -gains[wish])
    return [phrase for wish in best if (phrase := _fulfilled(place, wish)) is not None]


def _gains(place: _Place) -> dict[Wish, float]:
    lesson = place.lesson
    elsewhen = tuple(start for start in place.starts if start != lesson.start)
    hours = [place.worth(lesson.day, elsewhen)] if elsewhen else []
    days = [place.worth(day, (start,)) for day, start in _other_days(place)]
    gains = {}
    for wishes, compared in ((OF_THE_HOUR, hours), (OF_THE_DAY, days)):
        for wish in wishes if compared else ():
            there = np.concatenate([worth[wish] for worth in compared]).mean()
            gains[wish] = float(place.here[wish][0] - there)
    if place.sessions.index(place.item) >= required(place.problem, _member(place)):
        without = tuple(each for each in place.near if not lesson.is_part(place.problem, each))
        gains[Wish.EXTRA] = float(
            place.here[Wish.EXTRA][0] - tie_wishes(place.problem, without)[Wish.EXTRA]
        )
    return gains


def _other_days(place: _Place) -> Iterator[tuple[int, int]]:
    """The other days that are open to the lesson, each with its start nearest to this one."""
    problem, activity = place.problem, place.lesson.activity
    keys = {member.key for member in activity.members}
    taught = {each.date for each in place.near if (each.child_id, each.subject_id or 0) in keys}
    for day in range(7):
        other = None if problem.dates[day] in taught else candidate(problem, activity, day)
        if other is not None:
            yield day, min(other.starts, key=lambda start: abs(start - place.lesson.start))


def _fulfilled(place: _Place, wish: Wish) -> Phrase | None:
    """How a wish is fulfilled, if it is to be called so."""
    item, child = place.item, _member(place).child
    match wish:
        case Wish.BEST_TIME:
            inside = _best_share(place)
            if inside > 0.5:
                key = "plan.why.best_time" if inside == 1 else "plan.why.mostly_best_time"
                return say(key, child=child.name)
        case Wish.EARLY:
            if _is_early(place):
                return say("plan.why.early")
        case Wish.OPENING:
            before = (each for each in _same_day(place) if each.start < item.start)
            if _is_early(place) and all(each.end - each.start <= SHORT for each in before):
                return say("plan.why.opening", child=child.name)
        case Wish.SAME_TIME:
            count = sum(other.start == item.start for other in place.others)
            if count == len(place.others):
                return say("plan.why.always")
            if count:
                return say("plan.why.same_time", count=count)
        case Wish.APART:
            gaps = (abs((other.date - item.date).days) for other in place.others)
            if min(gaps, default=1) > 1:
                return say("plan.why.apart", subject=item.name)
        case Wish.CLOSE:
            return say("plan.why.close", child=child.name)
        case Wish.LOOP:
            return say("plan.why.loop", subject=item.name)
        case Wish.EXTRA:
            return say("plan.why.extra")
        case Wish.FEW_A_DAY:
            return say("plan.why.few_a_day", child=child.name)
        case Wish.SLACK:
            return say("plan.why.slack", child=child.name)
    return None


def _best_share(place: _Place) -> float:
    """The share of the lesson that lies in the child's best times."""
    minutes = place.lesson.activity.minutes
    at = np.array([place.lesson.start], np.int64)
    return int(best_minutes(_member(place).child, at, minutes)[0]) / minutes


def _is_early(place: _Place) -> bool:
    child_day = place.problem.child_days[place.item.child_id, place.lesson.day]
    at = np.array([place.lesson.start], np.int64)
    return int(earliness(child_day, at, place.lesson.activity.minutes)[0]) >= EARLY


def _same_day(place: _Place) -> Iterator[Item]:
    for item in place.near:
        same = (item.child_id, item.date) == (place.item.child_id, place.item.date)
        if same and item.type is ItemType.SUBJECT:
            yield item


# --- what the place gives up


@dataclass(frozen=True, slots=True)
class _Regret:
    """A wish that the place costs `loss` points, and the starts that would fulfil it; `key` and
    `args` say so, but for what stands in the way."""

    loss: int
    starts: tuple[int, ...]
    key: str
    args: Mapping[str, PhraseArg]


def _given_up(place: _Place) -> Phrase | None:
    """The wish that this place costs most, with what stands in its way."""
    regrets = (*_best_time_lost(place), *_usual_time_lost(place))
    for regret in sorted(regrets, key=lambda each: -each.loss):
        because = _because(place, regret.starts)
        if because is not None:
            return say(regret.key, because=because, **regret.args)
    return None


def _best_time_lost(place: _Place) -> Iterator[_Regret]:
    starts = _starts_by_hours(place)
    if _best_share(place) >= 0.5 or not starts:
        return
    problem, lesson, member = place.problem, place.lesson, _member(place)
    at = np.array([lesson.start, *starts], np.int64)
    wishes = lesson_wishes(problem, lesson.activity, member, lesson.day, at)
    points = wishes[Wish.CLAIM] + wishes[Wish.BEST_TIME]
    loss = int(points.max() - points[0])
    if loss > 0:
        best = tuple(int(start) for start in at[points == points.max()])
        yield _Regret(loss, best, "plan.why.not_best_time", {"child": member.child.name})


def _usual_time_lost(place: _Place) -> Iterator[_Regret]:
    counted = Counter(other.start for other in place.others).most_common(1)
    for usual, count in counted:
        if count > 1 and usual != place.item.start and usual in _starts_by_hours(place):
            there = place.worth(place.lesson.day, (usual,))[Wish.SAME_TIME]
            loss = int(there[0] - place.here[Wish.SAME_TIME][0])
            if loss > 0:
                yield _Regret(loss, (usual,), "plan.why.not_usual", {"time": time_of(usual)})


def _starts_by_hours(place: _Place) -> tuple[int, ...]:
    """The starts that the child's hours and the clock leave, whatever else the day holds."""
    problem, lesson, member = place.problem, place.lesson, _member(place)
    hours = member.child.hours_on(problem.dates[lesson.day])
    starts = after(problem, lesson.day, within_hours(hours, lesson.activity.minutes))
    return not_again(problem, member, lesson.day, starts)


def _because(place: _Place, starts: tuple[int, ...]) -> Phrase | None:
    """What mostly keeps the lesson from `starts`; None if it could as well have had one of them:
    no search is promised to find the best week."""
    found = [obstacle(place.problem, place.items, place.lesson, start) for start in starts]
    free = tuple(start for start, each in zip(starts, found, strict=True) if each is None)
    if free:
        total, *others = place.total((place.lesson.start, *free))
        return say("plan.why.because.week") if total >= max(others) else None
    obstacles = [each for each in found if each is not None]
    ((hindrance, _),) = Counter(each.hindrance for each in obstacles).most_common(1)
    return _hindered([each for each in obstacles if each.hindrance is hindrance])


def _hindered(obstacles: list[Obstacle]) -> Phrase:
    """Obstacles of one kind in words."""
    who = tuple(dict.fromkeys(name for each in obstacles for name in each.who))
    names: list[Name] = []
    for name in (name for each in obstacles for name in each.names):
        # A phrase has no hash, so that equal ones are found by looking.
        if name not in names:
            names.append(name)
    match obstacles[0].hindrance:
        case Hindrance.TAKEN:
            return say("plan.why.because.taken", names=listed(names))
        case Hindrance.LUNCH:
            return say("plan.why.because.lunch")
        case Hindrance.AWAY:
            return say("plan.why.because.away", count=len(who), who=who)
        case Hindrance.BUSY:
            return say("plan.why.because.busy", count=len(who), who=who, names=listed(names))
        case Hindrance.REST:
            return say("plan.why.because.rest", child=who)


# --- lunch, and what always holds


def _of_lunch(problem: Problem, items: Collection[Item], lunch: Item) -> tuple[Phrase, ...]:
    child_day = problem.child_days[lunch.child_id, problem.dates.index(lunch.date)]
    if lunch in child_day.kept:
        return (say("plan.why.begun"),)
    found = []
    starts = [start for start in lunch_starts(problem, child_day) if start != lunch.start]
    if not starts:
        found.append(say("plan.why.only"))
    lunches = [each for each in items if each.type is ItemType.LUNCH]
    here = tie_wishes(problem, lunches)[Wish.LUNCH]
    elsewhen = [
        tie_wishes(
            problem,
            [replace(each, start=start) if each == lunch else each for each in lunches],
        )[Wish.LUNCH]
        for start in starts
    ]
    eating = {each.child_id for each in lunches if _at(each) == _at(lunch)}
    if len(eating) > 1 and here * len(elsewhen) > sum(elsewhen):
        children = children_named(problem.request.family, eating)
        found.append(say("plan.why.lunch_together", children=children))
    return tuple(found) or (_free(problem, lunch),)


def _at(item: Item) -> tuple[date, int]:
    return item.date, item.start


def _free(problem: Problem, item: Item) -> Phrase:
    """What a week that obeys the rules can say of all its lessons."""
    family = problem.request.family
    who = [family.child(item.child_id).name]
    if item.adult_id is not None:
        who.append(family.adult(item.adult_id).name)
    return say("plan.why.free", count=len(who), who=tuple(who))
