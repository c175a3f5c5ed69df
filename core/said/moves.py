"""What is said of single lessons to come: move, swap, let go.

A date right before or after a lesson ("Thursday's science", "historia del jueves") says which
lesson; any other where it goes. Without it the lesson is today's, else the next of that name.
"""

from dataclasses import replace
from datetime import date

from core.plan import Item
from core.said.days import ASIDE
from core.said.lessons import has_begun, lessons_of, likeliest, named, whom
from core.said.lexicon import Sense
from core.said.pieces import (
    Heard,
    Hours,
    Length,
    Mention,
    Moment,
    People,
    Period,
    Word,
    unaccounted,
)
from core.said.readings import (
    DayFacts,
    DropLesson,
    MoveLesson,
    Reading,
    SwapLessons,
    Topic,
    Unclear,
    Understood,
    Why,
    ask_back,
)

_MOVES = (Sense.MOVE, Sense.DELAY, Sense.CHANGE, Sense.INSTEAD, Sense.SOONER)
_MOVING = (
    *(*ASIDE, *_MOVES, Sense.DO, Sense.START, Sense.LATER, Sense.BACK, Sense.INSTEAD_OF),
    Sense.ME,
)
_CANCELS = (Sense.CANCEL, Sense.NO, Sense.OFF)


def read_move(heard: Heard, day: DayFacts) -> Reading | None:
    """What a text says of moving lessons; None if it is about something else."""
    mentions = heard.all(Mention)
    if any(not mention.subjects for mention in mentions):
        return None
    if heard.has(Sense.SWAP) or (
        heard.has(Sense.CHANGE) and len(mentions) == 2 and not heard.all(Moment)
    ):
        return _swap(heard, day)
    if not mentions:
        return ask_back(Why.WHICH, Topic.MOVE) if heard.has(Sense.MOVE) else None
    if heard.has(*_CANCELS) or (heard.has(Sense.LET) and heard.has(Sense.GO)):
        return _drop(heard, day)
    timed = heard.holds(Moment, Period, Hours)
    later = heard.has(Sense.LATER) and heard.holds(Length)
    if heard.has(*_MOVES) or later or (heard.has(Sense.DO, Sense.START) and timed):
        return _move(heard, day)
    return None


def is_source(heard: Heard, period: Period, mention: Mention) -> bool:
    """Whether a date says which lesson or occurrence is meant, not where it goes."""
    if period.end <= mention.begin:
        told = heard.text[period.begin : period.end].lower()
        return not heard.between(period, mention).strip() and told.endswith("s") and len(told) > 5
    before = heard.before(period)
    instead = isinstance(before, Word) and before.sense is Sense.INSTEAD_OF
    of = isinstance(before, Word) and before.sense is Sense.OF and heard.before(before) == mention
    return instead or of or _glued(heard, period, mention)


def _glued(heard: Heard, period: Period, mention: Mention) -> bool:
    between = heard.between(mention, period).lower().split()
    return between in (["del"], ["de"])


def towards(period: Period) -> Period:
    """The period as where something goes: "till tomorrow" is tomorrow."""
    return replace(period, first=period.last) if period.until else period


def _targets(heard: Heard, mention: Mention) -> tuple[list[Period], list[Period]]:
    """The periods that say which, and those that say where to."""
    periods = heard.all(Period)
    source = [period for period in periods if is_source(heard, period, mention)]
    return source, [towards(period) for period in periods if period not in source]


def _fitting(
    heard: Heard, day: DayFacts, mention: Mention, on: date | None
) -> tuple[tuple[Item, ...], ...]:
    """The lessons that may be meant; on a date, or today's, else those of the next date."""
    view = [
        lesson
        for lesson in named(mention, lessons_of(heard, day, whom(heard, day), on))
        if not lesson.completed and lesson.date >= heard.today
    ]
    if not view:
        return ()
    first = min(lesson.date for lesson in view)
    return likeliest([lesson for lesson in view if lesson.date == first], heard)


def _uid(group: tuple[Item, ...]) -> str:
    return group[0].uid or ""


def _move(heard: Heard, day: DayFacts) -> Reading:
    topic = Topic.MOVE
    kinds = (Mention, People, Period, Moment, Hours, Length)
    if left := unaccounted(heard, topic, kinds, _MOVING):
        return left
    mentions = heard.all(Mention)
    if len(mentions) != 1 or any(people.adults for people in heard.all(People)):
        return ask_back(Why.TWO_THINGS, topic)
    source, target = _targets(heard, mentions[0])
    if len(source) > 1 or len(target) > 1 or any(p.first != p.last for p in (*source, *target)):
        return ask_back(Why.WHEN, topic)
    groups = _fitting(heard, day, mentions[0], source[0].first if source else None)
    if not groups:
        return ask_back(Why.NO_SUCH, topic)
    readings = tuple(
        _moved(heard, day, group, target[0] if target else None, bool(source)) for group in groups
    )
    if len(readings) == 1:
        return readings[0]
    understood = tuple(found for found in readings if not isinstance(found, Unclear))
    return ask_back(Why.WHICH, topic, understood)


def _moved(
    heard: Heard, day: DayFacts, group: tuple[Item, ...], target: Period | None, sourced: bool
) -> Reading:
    topic = Topic.MOVE
    lesson = group[0]
    start = _start(heard, lesson)
    if isinstance(start, Unclear):
        return start
    if start is None and target is None:
        return ask_back(Why.WHEN, topic)
    if target is None:
        to = lesson.date
    elif target.other:
        options: tuple[Understood, ...] = tuple(
            MoveLesson(_uid(group), day_, start) for day_ in (target.first, target.other[0])
        )
        return ask_back(Why.WHICH, topic, options)
    else:
        to = target.first
    if to < heard.today or (start is not None and (to, start) <= (heard.today, heard.minute)):
        return ask_back(Why.PAST, topic)
    if start is None and to == lesson.date:
        return ask_back(Why.WHEN, topic)
    if target and not sourced and to != lesson.date and _either(heard, day, group, target):
        # "Move math tomorrow to 11": today's lesson to tomorrow, or tomorrow's to another hour?
        there = _of_the_day(heard, day, group, to)
        options = tuple(MoveLesson(uid, to, start) for uid in (_uid(group), *there))
        return ask_back(Why.WHICH, topic, options)
    return MoveLesson(_uid(group), to, start)


def _of_the_day(heard: Heard, day: DayFacts, group: tuple[Item, ...], on: date) -> tuple[str, ...]:
    return tuple(
        lesson.uid
        for lesson in lessons_of(heard, day, (group[0].child_id,), on)
        if lesson.uid and lesson.name == group[0].name
    )


def _either(heard: Heard, day: DayFacts, group: tuple[Item, ...], target: Period) -> bool:
    """Whether a date without a "to" goes with an hour that has one, and the lesson is there too."""
    moments = heard.all(Moment)
    before = heard.text[: target.begin].lower().split()
    linked = before[-1:] in (["to"], ["para"], ["al"], ["for"], ["on"], ["el"], ["a"], ["hasta"])
    towards = bool(moments) and moments[0].lead.startswith(("to", "a la", "para"))
    behind = bool(moments) and moments[0].begin > target.begin
    return towards and behind and not linked and bool(_of_the_day(heard, day, group, target.first))


def _start(heard: Heard, lesson: Item) -> int | Unclear | None:
    """The minute at which the lesson shall begin; None if none is told."""
    moments, hours, lengths = heard.all(Moment), heard.all(Hours), heard.all(Length)
    if len(moments) + len(hours) + len(lengths) > 1:
        return ask_back(Why.WHEN, Topic.MOVE)
    if moments:
        return moments[0].minute
    if hours:
        # "From 10 to 2" leaves one place for another; "2-2:30" is a place.
        return hours[0].stop if hours[0].start == lesson.start else hours[0].start
    if lengths:
        by = shift_by(heard, lengths[0])
        if by is None:
            return ask_back(Why.WHEN, Topic.MOVE)
        return min(max(lesson.start + by, 0), 24 * 60 - 5)
    if heard.has(Sense.SOONER, Sense.LATER, Sense.BACK, Sense.DELAY) and not heard.all(Period):
        return ask_back(Why.WHEN, Topic.MOVE)
    return None


def shift_by(heard: Heard, length: Length) -> int | None:
    """By how many minutes something moves, earlier if negative; None if no way is told."""
    if heard.has(Sense.SOONER):
        return -length.minutes
    if heard.has(Sense.LATER, Sense.BACK, Sense.DELAY, Sense.LATE):
        return length.minutes
    return None


def _swap(heard: Heard, day: DayFacts) -> Reading:
    topic = Topic.SWAP
    senses = (*ASIDE, Sense.SWAP, Sense.CHANGE, Sense.ME)
    if left := unaccounted(heard, topic, (Mention, People, Period), senses):
        return left
    mentions, periods = heard.all(Mention), heard.all(Period)
    if len(mentions) != 2 or len(periods) > 1 or any(p.first != p.last for p in periods):
        return ask_back(Why.WHICH, topic)
    on = periods[0].first if periods else heard.today
    pairs: list[SwapLessons] = []
    for child in whom(heard, day):
        own = [
            [i for i in named(m, lessons_of(heard, day, (child,), on)) if not i.completed]
            for m in mentions
        ]
        pairs += [
            SwapLessons(one.uid or "", other.uid or "")
            for one in own[0]
            for other in own[1]
            if one.uid != other.uid
        ]
    if on < heard.today:
        return ask_back(Why.PAST, topic)
    if len(pairs) != 1:
        return ask_back(Why.WHICH if pairs else Why.NO_SUCH, topic, tuple(pairs))
    return pairs[0]


def _drop(heard: Heard, day: DayFacts) -> Reading:
    topic = Topic.DROP
    senses = (*ASIDE, *_CANCELS, Sense.LET, Sense.GO, Sense.HAVE)
    if left := unaccounted(heard, topic, (Mention, People, Period), senses):
        return left
    mentions, periods = heard.all(Mention), heard.all(Period)
    if len(mentions) != 1 or any(people.adults for people in heard.all(People)):
        return ask_back(Why.TWO_THINGS, topic)
    if not denies(heard, mentions[0]):
        return ask_back(Why.UNSURE, topic)
    if len(periods) > 1 or any(p.first != p.last or p.other for p in periods):
        return ask_back(Why.WHEN, topic)
    if periods and periods[0].first < heard.today:
        return ask_back(Why.PAST, topic)
    groups = _fitting(heard, day, mentions[0], periods[0].first if periods else None)
    groups = tuple(g for g in groups if periods or not has_begun(g[0], heard) or len(groups) == 1)
    readings = tuple(DropLesson(_uid(group)) for group in groups)
    if len(readings) != 1:
        return ask_back(Why.WHICH if readings else Why.NO_SUCH, topic, readings)
    return readings[0]


def denies(heard: Heard, mention: Mention) -> bool:
    """Whether a "no" stands before what it denies; behind it, it may answer something else."""
    noes = heard.words(Sense.NO)
    if heard.has(Sense.CANCEL, Sense.OFF, Sense.LET):
        return not noes
    return all(word.begin < mention.begin for word in noes)
