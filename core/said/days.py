"""What is said of whole days: sick, late, a later start, a day off, half a day."""

from collections.abc import Callable
from datetime import date
from typing import TypeAlias

from core.said.lessons import in_order, whom
from core.said.lexicon import Sense
from core.said.pieces import (
    Heard,
    Length,
    Mention,
    Moment,
    Number,
    People,
    Period,
    unaccounted,
)
from core.said.readings import (
    DayFacts,
    DayOff,
    HalfDay,
    Late,
    Reading,
    Sick,
    StartAt,
    Topic,
    Understood,
    Why,
    ask_back,
)

ASIDE = (
    *(Sense.AND, Sense.WITH, Sense.OF, Sense.OK, Sense.WE, Sense.THEY, Sense.POLITE, Sense.FUTURE),
    *(Sense.BE, Sense.YES, Sense.SCHOOL, Sense.ITSELF),
)
"""Senses that may stand beside any request."""

_ILLNESS = (*ASIDE, Sense.SICK, Sense.HAVE, Sense.ME, Sense.ALL, Sense.BACK)
_HALVES = (*ASIDE, Sense.HALF_DAY, Sense.TAKE, Sense.DO, Sense.HAVE)
_ABSENCE = (
    *(*ASIDE, Sense.DAY_OFF, Sense.OFF, Sense.AWAY, Sense.TAKE, Sense.HAVE, Sense.GO, Sense.ALL),
    Sense.WAIT,
)
_DELAYS = (
    *(*ASIDE, Sense.LATE, Sense.DELAY, Sense.MOVE, Sense.BACK, Sense.ALL, Sense.LATER),
    *(Sense.START, Sense.ME),
)
_STARTS = (*ASIDE, Sense.START, Sense.LATE, Sense.NOT, Sense.NO, Sense.DO)

LATE_BY = (15, 30, 60)
"""Minutes offered where it was not said how late it is."""

Dates: TypeAlias = tuple[date, date]


def on_dates(
    heard: Heard, topic: Topic, build: Callable[[Dates], Understood], default: Dates | None
) -> Reading:
    """What is built for the one period that a text names, or for the `default`; asked back where
    there is none, more than one, one with two meanings, or one that is over."""
    periods = heard.all(Period)
    if len(periods) > 1 or not (periods or default):
        return ask_back(Why.WHEN, topic)
    if not periods:
        return build(default) if default else ask_back(Why.WHEN, topic)
    period = periods[0]
    dates = (period.first, period.last)
    if period.first < heard.today:
        return ask_back(Why.PAST, topic)
    if period.other:
        return ask_back(Why.WHICH, topic, (build(dates), build(period.other)))
    return build(dates)


def read_day(heard: Heard, day: DayFacts) -> Reading | None:
    """What a text says of whole days; None if it is about something else."""
    if heard.has(Sense.SICK):
        return _sick(heard, day)
    if heard.has(Sense.HALF_DAY):
        return _half_day(heard, day)
    if heard.has(Sense.DAY_OFF, Sense.AWAY):
        return _day_off(heard, day)
    if heard.holds(Mention):
        return None
    if heard.has(Sense.OFF) and (heard.holds(Period) or heard.has(Sense.TAKE)):
        return _day_off(heard, day)
    if heard.has(Sense.START):
        return _start(heard, day)
    if heard.has(Sense.LATE) or (heard.has(Sense.DELAY, Sense.MOVE) and heard.has(Sense.ALL)):
        return _late(heard, day)
    return None


def _adults(heard: Heard) -> bool:
    return heard.has(Sense.KIN) or any(people.adults for people in heard.all(People))


def _today(heard: Heard) -> Dates:
    return heard.today, heard.today


def _sick(heard: Heard, day: DayFacts) -> Reading:
    if left := unaccounted(heard, Topic.SICK, (People, Period), _ILLNESS):
        return left
    children = whom(heard, day)
    named = heard.has(Sense.ALL) or any(people.children for people in heard.all(People))
    known = named or day.child_id is not None or len(children) == 1
    if _adults(heard) or not known or (heard.has(Sense.ME) and day.child_id is None):
        each = tuple(Sick((child,), *_today(heard)) for child in children)
        return ask_back(Why.WHO, Topic.SICK, () if _adults(heard) else each)
    return on_dates(heard, Topic.SICK, lambda dates: Sick(children, *dates), _today(heard))


def _half_day(heard: Heard, day: DayFacts) -> Reading:
    if left := unaccounted(heard, Topic.HALF_DAY, (People, Period), _HALVES):
        return left
    if _adults(heard):
        return ask_back(Why.WHO, Topic.HALF_DAY)
    if any(period.first != period.last for period in heard.all(Period)):
        return ask_back(Why.WHEN, Topic.HALF_DAY)
    children = whom(heard, day)
    return on_dates(heard, Topic.HALF_DAY, lambda dates: HalfDay(children, dates[0]), _today(heard))


def _day_off(heard: Heard, day: DayFacts) -> Reading:
    if left := unaccounted(heard, Topic.DAY_OFF, (People, Period), _ABSENCE):
        return left
    if _adults(heard):
        return ask_back(Why.WHO, Topic.DAY_OFF)
    children = whom(heard, day)
    default = None if heard.has(Sense.AWAY) else _today(heard)
    return on_dates(heard, Topic.DAY_OFF, lambda dates: DayOff(children, *dates), default)


def _late(heard: Heard, day: DayFacts) -> Reading:
    children = whom(heard, day)
    lengths = heard.all(Length)
    if left := unaccounted(heard, Topic.LATE, (People, Period, Length), _DELAYS):
        return left
    if _adults(heard):
        return ask_back(Why.WHO, Topic.LATE)
    if any((p.first, p.last) != _today(heard) for p in heard.all(Period)):
        return ask_back(Why.WHEN, Topic.LATE)
    if len(lengths) != 1:
        options = tuple(Late(children, minutes) for minutes in LATE_BY)
        return ask_back(Why.HOW_LONG, Topic.LATE, options)
    return Late(children, lengths[0].minutes)


def _start(heard: Heard, day: DayFacts) -> Reading:
    if heard.all(Length) and heard.has(Sense.LATE, Sense.LATER):
        return _late(heard, day)
    if left := unaccounted(heard, Topic.START, (People, Period, Moment, Number), _STARTS):
        return left
    if _adults(heard):
        return ask_back(Why.WHO, Topic.START)
    starts = [moment.minute for moment in heard.all(Moment)]
    starts += [number.value * 60 for number in heard.all(Number) if 7 <= number.value <= 12]
    if len(starts) != 1 or len(heard.all(Moment)) + len(heard.all(Number)) != 1:
        return ask_back(Why.WHEN, Topic.START)
    children = in_order(heard, whom(heard, day))
    if any(period.first != period.last for period in heard.all(Period)):
        return ask_back(Why.WHEN, Topic.START)
    read = on_dates(
        heard, Topic.START, lambda dates: StartAt(children, dates[0], starts[0]), _today(heard)
    )
    if isinstance(read, StartAt) and (read.on, read.start) <= (heard.today, heard.minute):
        return ask_back(Why.PAST, Topic.START)
    return read
