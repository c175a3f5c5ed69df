"""Lines as parents type them, with what is read: tests/data/typed_answers.json."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversations.answers import (
    Span,
    fold,
    take_fixed_time,
    take_minutes,
    take_span,
    tidy_name,
)
from bot.conversations.answers.numbers import VALUES
from bot.conversations.answers.times import clock_figures
from core.week import clock

TABLE: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "data" / "typed_answers.json").read_text()
)


def lines(section: str) -> pytest.MarkDecorator:
    rows = TABLE[section]
    return pytest.mark.parametrize(
        ("typed", "read"), [(r["typed"], r["read"]) for r in rows], ids=[r["typed"] for r in rows]
    )


@lines("times")
def test_times(typed: str, read: str | None) -> None:
    span, _ = take_span(typed)
    assert not isinstance(span, Span) or read == f"{clock(span.start)}-{clock(span.end)}"
    assert isinstance(span, Span) or span is read


@lines("times")
def test_what_is_no_time_stays_as_it_was_typed(typed: str, read: str | None) -> None:
    span, rest = take_span(f"Five in a Row {typed}, One Direction")
    assert (span is None) is (read is None)
    left = " ".join(rest.replace(",", " ").split())
    assert left == f"Five in a Row {'' if read else typed + ' '}One Direction"


@lines("fixed_times")
def test_fixed_times(typed: str, read: list[str | None]) -> None:
    minute, rest = take_fixed_time(typed)
    found = clock(minute) if isinstance(minute, int) else minute
    assert [tidy_name(rest), found] == read


@lines("durations")
def test_durations(typed: str, read: int | None) -> None:
    for before, after in (("", ""), ("Latin ", ""), ("Latin ", " alone")):
        if typed.startswith("4") and before and read is None:
            continue
        minutes, rest = take_minutes(f"{before}{typed}{after}")
        assert minutes == read
        assert read is None or rest.split() == f"{before}{after}".split()


NUMBERS = (
    ("one", "una"),
    ("two", "dos"),
    ("three", "tres"),
    ("four", "cuatro"),
    ("five", "cinco"),
    ("six", "seis"),
    ("seven", "siete"),
    ("eight", "ocho"),
    ("nine", "nueve"),
    ("ten", "diez"),
    ("eleven", "once"),
    ("twelve", "doce"),
)
HOURS_EN = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
HOURS_ES = [
    "una",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
]


@given(
    st.sampled_from(["{h} {m}", "half past {h}", "quarter past {h}", "quarter to {h}"]),
    st.integers(1, 12),
    st.sampled_from([10, 15, 20, 30, 45, 55]),
)
def test_a_time_in_english_words_is_the_time_in_figures(form: str, hour: int, minute: int) -> None:
    words = {10: "ten", 15: "fifteen", 20: "twenty", 30: "thirty", 45: "forty-five"}
    spoken = form.format(h=HOURS_EN[hour - 1], m=words.get(minute, "fifty-five"))
    earlier = hour - 1 or 12
    figures = {
        "{h} {m}": f"{hour}:{minute}",
        "half past {h}": f"{hour}:30",
        "quarter past {h}": f"{hour}:15",
        "quarter to {h}": f"{earlier}:45",
    }[form]
    assert take_span(f"Latin {spoken} to noon") == take_span(f"Latin {figures} to noon")


@given(
    st.sampled_from(["{h}", "{h} y media", "{h} y cuarto", "{h} menos cuarto"]), st.integers(1, 12)
)
def test_a_time_in_spanish_words_is_the_time_in_figures(form: str, hour: int) -> None:
    spoken = form.format(h=HOURS_ES[hour - 1])
    figures = {
        "{h}": f"{hour}",
        "{h} y media": f"{hour}:30",
        "{h} y cuarto": f"{hour}:15",
        "{h} menos cuarto": f"{hour - 1 or 12}:45",
    }[form]
    article = "la" if hour == 1 else "las"
    said = f"Latín a {article} {spoken} hasta medianoche"
    assert take_span(said) == take_span(f"Latín a {article} {figures} hasta medianoche")


WORDS = st.lists(
    st.sampled_from(
        [
            *VALUES,
            *[
                "half",
                "quarter",
                "past",
                "to",
                "a",
                "y",
                "menos",
                "media",
                "cuarto",
                "o'clock",
                "oh",
                "at",
                "las",
                "noon",
            ],
        ]
    ),
    max_size=8,
).map(" ".join)


@given(st.one_of(st.text(max_size=60), WORDS))
def test_positions_stay(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert len(clock_figures(text)) == len(text)


@given(WORDS)
def test_taking_a_time_out_leaves_only_words_that_were_typed(text: str) -> None:
    _, rest = take_span(text)
    left = iter(text.split())
    assert all(word in left for word in rest.split())
