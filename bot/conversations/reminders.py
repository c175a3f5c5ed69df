"""Cards of /reminders and /pause: when a family hears from us, and when not."""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeAlias

from bot.conversations.cards import Card, Option
from core.grammar.periods import periods
from core.grammar.times import hours_told, moments_told
from core.grammar.words import fold
from core.phrase import Phrase, say
from core.reminders import DaySettings
from core.week import time_of

OPEN = "rem-open"
"""The option that opens the card."""

MORNINGS = (6 * 60 + 30, 7 * 60, 7 * 60 + 30, 8 * 60, 8 * 60 + 30)
EVENINGS = (17 * 60, 17 * 60 + 30, 18 * 60, 18 * 60 + 30, 19 * 60)
SUNDAYS = (15 * 60, 16 * 60, 17 * 60, 18 * 60, 19 * 60)
QUIET = ((20 * 60, 7 * 60), (21 * 60, 7 * 60), (22 * 60, 8 * 60))
DAYS_OFF = (1, 3, 7, 14)
"""Times and days that a tap sets; words can say any other."""

FOREVER = date(9999, 12, 31)
"""The date of a pause that lasts until somebody ends it."""

_OPTION = re.compile(
    r"rem-(open|morning|evening|review|quiet|pause|go|ask)(?:-(\d{1,4}|never)(?:-(\d{1,4}))?)?"
)
_NEVER = re.compile(r"\b(off|never|no|none|nunca|nada|apagar|apagado)\b")
_EVENING = re.compile(r"\b(evening|wrap.?up|tarde|noche)\b")
_WHICH = re.compile(rf"{_EVENING.pattern}|\b(morning|list|manana|lista)\b")
_QUIET = re.compile(r"\b(quiet|silence|silent|silencio)\b")


@dataclass(frozen=True, slots=True)
class Shown:
    """A part of the settings is to be shown: all of it, or one with its choices."""

    part: str


Step: TypeAlias = Shown | DaySettings | None
"""What a tap or words ask for: to look, these settings, or (None) nothing that we understand."""


def is_reminder_option(option: str) -> bool:
    """Whether it is a button of these cards."""
    return _OPTION.fullmatch(option) is not None


def tapped(option: str, settings: DaySettings, today: date) -> Step:
    """What a button of these cards asks for."""
    found = _OPTION.fullmatch(option)
    if found is None:
        return None
    part, value, other = found.groups()
    if part == "go":
        return replace(settings, paused_until=None)
    if part == "ask":
        return replace(settings, automatic=False)
    if value is None:
        return Shown(part)
    minute = None if value == "never" else int(value)
    match part:
        case "morning":
            return replace(settings, morning=minute)
        case "evening":
            return replace(settings, evening=minute)
        case "review":
            return replace(settings, review=minute)
        case "quiet":
            return replace(settings, quiet_from=int(value), quiet_until=int(other or 0))
        case _:
            until = FOREVER if minute is None else today + timedelta(days=minute)
            return replace(settings, paused_until=until)


def told(text: str, settings: DaySettings) -> Step:
    """What the words behind /reminders ask for: "7:15", "evening 6pm", "evening off",
    "quiet 22-6"."""
    if not text.strip():
        return Shown("open")
    folded = fold(text)
    if _QUIET.search(folded):
        spans = hours_told(text)
        if len(spans) != 1:
            return None
        return replace(settings, quiet_from=spans[0].start, quiet_until=spans[0].stop)
    evening = _EVENING.search(folded) is not None
    if _NEVER.search(folded):
        return replace(settings, evening=None) if evening else replace(settings, morning=None)
    rest = _WHICH.sub(" ", folded).strip()
    moments = moments_told(rest) or moments_told(f"at {rest}")
    if len(moments) != 1:
        return None
    minute = moments[0].minute
    if evening and minute < 12 * 60 and moments[0].other is not None:
        minute = moments[0].other
    if not evening and minute >= 12 * 60 and moments[0].other is not None:
        minute = moments[0].other
    return replace(settings, evening=minute) if evening else replace(settings, morning=minute)


def told_pause(text: str, settings: DaySettings, today: date, *, day_first: bool) -> Step:
    """What the words behind /pause ask for: "3 days", "until Monday", "next week"; none: until it
    is ended."""
    if not text.strip():
        return Shown("pause")
    days = re.search(r"(\d{1,3})\s*(d|day|days|dia|dias|week|weeks|semana|semanas)\b", fold(text))
    if days is not None:
        weeks = days[2].startswith(("w", "s"))
        return replace(settings, paused_until=today + timedelta(int(days[1]) * (7 if weeks else 1)))
    found = periods(text, today, day_first=day_first)
    if len(found) != 1:
        return None
    # "Until Monday" means that it goes on then.
    ends = found[0].last if found[0].until else found[0].last + timedelta(days=1)
    return replace(settings, paused_until=ends) if ends > today else None


def reminders_card(
    settings: DaySettings, today: date, *, notice: Phrase | None = None, misread: bool = False
) -> Card:
    """When the family hears from us."""
    lines = [
        _line("reminders.morning", settings.morning),
        _line("reminders.evening", settings.evening),
        _line("reminders.review", settings.review),
        say(
            "reminders.quiet",
            start=time_of(settings.quiet_from),
            end=time_of(settings.quiet_until),
        ),
    ]
    if settings.automatic:
        lines.append(say("reminders.automatic"))
    paused = settings.is_paused(today)
    if paused:
        lines.insert(0, _paused(settings.paused_until))
    pause = (
        Option("rem-go", say("reminders.go_on"))
        if paused
        else Option("rem-pause", say("reminders.pause"))
    )
    ask_first = Option("rem-ask", say("reminders.ask_button"))
    return Card(
        say("reminders.title"),
        tuple(lines),
        (
            (
                Option("rem-morning", say("reminders.morning_button")),
                Option("rem-evening", say("reminders.evening_button")),
            ),
            (
                Option("rem-review", say("reminders.review_button")),
                Option("rem-quiet", say("reminders.quiet_button")),
            ),
            (pause, *((ask_first,) if settings.automatic else ())),
        ),
        notice=notice,
        hint=say("reminders.hint"),
        misread=misread,
    )


def part_card(part: str, settings: DaySettings) -> Card:
    """The choices of one part."""
    back = (Option(OPEN, say("reminders.back")),)
    if part == "quiet":
        rows = [
            (
                Option(
                    f"rem-quiet-{start}-{end}",
                    say("request.span", start=time_of(start), end=time_of(end)),
                    chosen=(start, end) == (settings.quiet_from, settings.quiet_until),
                ),
            )
            for start, end in QUIET
        ]
        return Card(say("reminders.quiet_ask"), rows=(*rows, back))
    if part == "pause":
        options = [
            Option(f"rem-pause-{days}", say("reminders.days", count=days)) for days in DAYS_OFF
        ]
        options.append(Option("rem-pause-never", say("reminders.until_said")))
        return Card(say("reminders.pause_ask"), rows=(*_rows(options), back))
    ask, minutes, now = {
        "morning": (say("reminders.morning_ask"), MORNINGS, settings.morning),
        "evening": (say("reminders.evening_ask"), EVENINGS, settings.evening),
        "review": (say("reminders.review_ask"), SUNDAYS, settings.review),
    }[part]
    options = [
        Option(
            f"rem-{part}-{minute}",
            say("request.time", time=time_of(minute)),
            chosen=minute == now,
        )
        for minute in minutes
    ]
    options.append(Option(f"rem-{part}-never", say("reminders.never"), chosen=now is None))
    return Card(ask, rows=(*_rows(options), back))


def _rows(options: list[Option]) -> list[tuple[Option, ...]]:
    return [tuple(options[n : n + 3]) for n in range(0, len(options), 3)]


def _line(key: str, minute: int | None) -> Phrase:
    if minute is None:
        return say(f"{key}_never")
    return say(key, time=time_of(minute))


def _paused(until: date | None) -> Phrase:
    if until is None or until == FOREVER:
        return say("reminders.paused")
    return say("reminders.paused_until", date=until)
