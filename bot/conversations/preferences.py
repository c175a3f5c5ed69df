"""Sections 5 and 6: how firm the days are, and when each child learns."""

from typing import Any

from bot.conversations.answers import Misread, Span, fold, take_days, take_span, tell_days
from bot.conversations.cards import Card, Option, Sketch
from bot.conversations.example_days import FLEXIBLE_DAYS
from bot.conversations.flow import Answer, Asking, Choice, Half, Outcome, Question, Words
from core.defaults import best_times, school_hours
from core.family import SCHOOL_DAYS, Flexibility, LearningTime
from core.phrase import Phrase, say
from core.week import GRID, Weekday, clock, parse_clock, time_of

SHORTEST_DAY = 30
"""Minutes that homeschooling hours last at least."""

HOURS_OFFERED = ((9, 12), (9, 13), (9, 14), (9, 15), (10, 15), (8, 13))


def flexibility_question() -> Question:
    """ "flexibility": one of `Flexibility`."""
    levels = tuple(Flexibility)

    def ask(asking: Asking, _: Any) -> Card:
        options = tuple(
            (
                Option(
                    f"flex-{n}",
                    say(f"flexibility.{level}"),
                    chosen=asking.given == level.value,
                ),
            )
            for n, level in enumerate(levels, start=1)
        )
        sketches = tuple(
            Sketch(
                say(f"flexibility.{level}"),
                FLEXIBLE_DAYS[level],
                say(f"flexibility.{level}.day"),
            )
            for level in levels
        )
        return Card(
            say("flexibility.ask"),
            rows=options,
            hint=say("flexibility.hint"),
            sketches=sketches,
        )

    def hear(_: Asking, __: Any, heard: Choice | Words) -> Outcome:
        if isinstance(heard, Words):
            return Misread(say("flexibility.misread"))
        return Answer(levels[int(heard.option.split("-")[1]) - 1].value)

    return Question(
        "flexibility",
        5,
        ask,
        hear,
        sound=lambda _, value: Flexibility(value) in Flexibility,
        tell=lambda _, value: say("flexibility.kept", name=say(f"flexibility.{value}")),
        numbered=True,
    )


def times_question() -> Question:
    """ "times": {"bestLearningTimes", "startTime", "endTime", "schoolDays"}. A draft is the same
    with "view": "times" or "days"."""

    def ask(asking: Asking, draft: Any) -> Card:
        chosen = _times(asking, draft)
        name = asking.child.name if asking.child else ""
        lines = (
            say("times.best_line", times=_best(chosen)),
            say(
                "times.hours_line",
                start=time_of(parse_clock(chosen["startTime"])),
                end=time_of(parse_clock(chosen["endTime"])),
            ),
            say("times.days_line", days=_days(chosen)),
        )
        accept = (Option("accept", say("times.accept")),)
        if chosen["view"] == "days":
            days = [
                Option(
                    f"d-{day.value}", say(f"weekday.{day.value}"), day.label in chosen["schoolDays"]
                )
                for day in Weekday
            ]
            rows = (tuple(days[:3]), tuple(days[3:5]), tuple(days[5:]))
            shown = (Option("hours", say("times.show_hours")),)
            return Card(
                say("times.ask_days", name=name),
                lines,
                (accept, *rows, shown),
                hint=say("times.hint"),
            )
        best = [
            Option(f"b-{n}", say(f"time.{time}.short"), time.value in chosen["bestLearningTimes"])
            for n, time in enumerate(LearningTime, start=1)
        ]
        current = (chosen["startTime"], chosen["endTime"])
        hours = [
            Option(
                f"h-{start}-{end}",
                say("times.hours_option", start=time_of(start * 60), end=time_of(end * 60)),
                current == (clock(start * 60), clock(end * 60)),
            )
            for start, end in HOURS_OFFERED
        ]
        return Card(
            say("times.ask", name=name),
            lines,
            (
                accept,
                tuple(best[:3]),
                tuple(best[3:]),
                *(tuple(hours[n : n + 2]) for n in range(0, len(hours), 2)),
                (Option("days", say("times.show_days")),),
            ),
            hint=say("times.hint"),
        )

    def hear(asking: Asking, draft: Any, heard: Choice | Words) -> Outcome:
        chosen = _times(asking, draft)
        if isinstance(heard, Words):
            return _typed_times(chosen, heard.text)
        verb, *rest = heard.option.split("-")
        match verb:
            case "accept":
                return Answer({key: value for key, value in chosen.items() if key != "view"})
            case "days" | "hours":
                return Half({**chosen, "view": verb})
            case "h":
                start, end = (clock(int(hour) * 60) for hour in rest)
                return Half({**chosen, "startTime": start, "endTime": end})
            case "b":
                time = tuple(LearningTime)[int(rest[0]) - 1].value
                return Half({**chosen, "bestLearningTimes": _toggled_times(chosen, {time})})
            case _:
                days = {Weekday(int(rest[0])).label} ^ set(chosen["schoolDays"])
                if not days:
                    return Misread(say("times.no_days"))
                return Half({**chosen, "schoolDays": _in_order(days)})

    return Question(
        "times", 6, ask, hear, _times_sound, _tell_times, each_child=True, numbered=True
    )


def _times(asking: Asking, draft: Any) -> dict[str, Any]:
    if draft:
        return dict(draft)
    if asking.given is not None:
        return {**asking.given, "view": "hours"}
    age = asking.child.age if asking.child else 0
    hours = school_hours(age)
    return {
        "bestLearningTimes": [time.value for time in best_times(age)],
        "startTime": clock(hours.start),
        "endTime": clock(hours.end),
        "schoolDays": [day.label for day in SCHOOL_DAYS],
        "view": "hours",
    }


def _in_order(labels: set[str]) -> list[str]:
    return [day.label for day in Weekday if day.label in labels]


def _toggled_times(chosen: dict[str, Any], named: set[str]) -> list[str]:
    changed = set(chosen["bestLearningTimes"]) ^ named
    return [time.value for time in LearningTime if time.value in changed]


def _best(chosen: dict[str, Any]) -> Phrase:
    times = tuple(say(f"time.{time}") for time in chosen["bestLearningTimes"])
    return say("times.listed", names=times) if times else say("times.any")


def _days(chosen: dict[str, Any]) -> Phrase:
    return tell_days(chosen["schoolDays"])


_TIME_WORDS = (
    (LearningTime.EARLY_MORNING, ("early morning", "temprano", "primera hora")),
    (LearningTime.MID_MORNING, ("mid-morning", "mid morning", "late morning", "media manana")),
    (LearningTime.EARLY_AFTERNOON, ("early afternoon", "after lunch", "primera hora de la tarde")),
    (LearningTime.LATE_AFTERNOON, ("late afternoon", "ultima hora de la tarde", "tarde")),
    (LearningTime.EVENING, ("evening", "noche")),
)


def _typed_times(chosen: dict[str, Any], text: str) -> Outcome:
    span, rest = take_span(text)
    if isinstance(span, Misread):
        return span
    days, rest = take_days(rest)
    folded = fold(rest)
    named: list[str] = []
    for time, words in _TIME_WORDS:
        if any(word in folded for word in words):
            named.append(time.value)
            for word in words:
                folded = folded.replace(word, " ")
    if span is None and not days and not named:
        return Misread(say("times.misread"))
    changed = dict(chosen)
    if span is not None:
        problem = _hours_problem(span)
        if problem is not None:
            return Misread(problem)
        changed |= {"startTime": clock(_on_grid(span.start)), "endTime": clock(_on_grid(span.end))}
    if days:
        changed["schoolDays"] = [day.label for day in days]
    if named:
        changed["bestLearningTimes"] = named
    return Half(changed, say("times.updated"))


def _on_grid(minute: int) -> int:
    return round(minute / GRID) * GRID


def _hours_problem(span: Span) -> Phrase | None:
    if span.end <= span.start:
        return say("times.backwards", start=time_of(span.start), end=time_of(span.end))
    if span.end - span.start < SHORTEST_DAY:
        return say("times.too_short")
    return None


def _times_sound(_: Asking, value: Any) -> bool:
    return (
        parse_clock(value["endTime"]) - parse_clock(value["startTime"]) >= SHORTEST_DAY
        and all(LearningTime(time) in LearningTime for time in value["bestLearningTimes"])
        and bool(value["schoolDays"])
        and all(Weekday.parse(day) in Weekday for day in value["schoolDays"])
    )


def _tell_times(asking: Asking, value: Any) -> Phrase:
    return say(
        "times.kept",
        name=asking.child.name if asking.child else "",
        start=time_of(parse_clock(value["startTime"])),
        end=time_of(parse_clock(value["endTime"])),
        days=_days(value),
    )
