"""What the questionnaire needs of a typed answer: the grammar of `core.grammar`, and what only
questions have: yes, no, back, and buttons."""

from bot.conversations.answers.dates import tell_days
from bot.conversations.answers.words import LABEL, means_back, means_no, means_yes, short
from core.grammar.dates import (
    DAILY,
    date_places,
    next_with,
    take_date,
    take_dates,
    take_days,
)
from core.grammar.durations import take_minutes
from core.grammar.names import AND, check_name, read_names, tidy_name, tidy_person
from core.grammar.numbers import FILL, NUMBER, rewrite, value
from core.grammar.times import (
    Span,
    holds_time,
    span_places,
    take_end,
    take_fixed_time,
    take_hour,
    take_span,
    take_start,
)
from core.grammar.words import Misread, clean, closest, fold, take

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
