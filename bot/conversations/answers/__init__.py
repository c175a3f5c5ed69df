"""The grammar of typed answers, in English and Spanish alike: what a text says of words, names,
numbers, days, dates, times and lengths.

A `take_…` function gives what it found first and the rest of the text, so that what remains in the
end is a name.
"""

from bot.conversations.answers.dates import (
    DAILY,
    date_places,
    next_with,
    take_date,
    take_dates,
    take_days,
    tell_days,
)
from bot.conversations.answers.durations import take_minutes
from bot.conversations.answers.names import AND, check_name, read_names, tidy_name, tidy_person
from bot.conversations.answers.numbers import FILL, NUMBER, rewrite, value
from bot.conversations.answers.times import (
    Span,
    holds_time,
    span_places,
    take_end,
    take_fixed_time,
    take_hour,
    take_span,
    take_start,
)
from bot.conversations.answers.words import (
    LABEL,
    Misread,
    clean,
    closest,
    fold,
    means_back,
    means_no,
    means_yes,
    short,
    take,
)

__all__ = [
    "AND",
    "DAILY",
    "FILL",
    "LABEL",
    "NUMBER",
    "Misread",
    "Span",
    "check_name",
    "clean",
    "closest",
    "date_places",
    "fold",
    "holds_time",
    "means_back",
    "means_no",
    "means_yes",
    "next_with",
    "read_names",
    "rewrite",
    "short",
    "span_places",
    "take",
    "take_date",
    "take_dates",
    "take_days",
    "take_end",
    "take_fixed_time",
    "take_hour",
    "take_minutes",
    "take_span",
    "take_start",
    "tell_days",
    "tidy_name",
    "tidy_person",
    "value",
]
