"""The grammar of typed texts, in both languages: words, days, dates, times and lengths."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.grammar.dates import take_date, take_days
from core.grammar.durations import take_minutes
from core.grammar.names import tidy_name
from core.grammar.numbers import VALUES
from core.grammar.periods import misspelt_day, periods
from core.grammar.times import (
    Span,
    apart,
    clock_figures,
    hours_told,
    moments_told,
    take_fixed_time,
    take_span,
)
from core.grammar.words import Misread, clean, fold
from core.phrase import say
from core.week import clock

TODAY = date(2026, 11, 25)
"""A Wednesday."""

TABLE: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[1] / "data" / "typed_answers.json").read_text()
)


def lines(section: str) -> pytest.MarkDecorator:
    rows = TABLE[section]
    return pytest.mark.parametrize(
        ("typed", "read"), [(r["typed"], r["read"]) for r in rows], ids=[r["typed"] for r in rows]
    )


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("4-5pm", "16:00", "17:00"),
        ("4–5 pm", "16:00", "17:00"),
        ("4-5", "16:00", "17:00"),
        ("10-11:30", "10:00", "11:30"),
        ("10-1pm", "10:00", "13:00"),
        ("9-2", "09:00", "14:00"),
        ("9 to 14", "09:00", "14:00"),
        ("9 a 14", "09:00", "14:00"),
        ("de 16 a 17", "16:00", "17:00"),
        ("de las 4 a las 5 de la tarde", "16:00", "17:00"),
        ("from 8:30 to 1", "08:30", "13:00"),
        ("16h30-17h", "16:30", "17:00"),
        ("9am-2pm", "09:00", "14:00"),
        ("11-12pm", "11:00", "12:00"),
        ("12-1", "12:00", "13:00"),
        ("noon-3", "12:00", "15:00"),
        ("7-8am", "07:00", "08:00"),
        ("22:00-06:00", "22:00", "06:00"),
        ("15-9", "15:00", "09:00"),
        ("09:00-02:00", "09:00", "02:00"),
        ("4pm for 45 min", "16:00", "16:45"),
        ("a las 16 durante 1 hora", "16:00", "17:00"),
    ],
)
def test_spans(text: str, start: str, end: str) -> None:
    def minute(clock: str) -> int:
        return int(clock[:2]) * 60 + int(clock[3:])

    assert take_span(text)[0] == Span(minute(start), minute(end))


@pytest.mark.parametrize("text", ["25:00-26:00", "10:75-11", "13pm-14pm", "24:30-25"])
def test_times_that_no_clock_shows(text: str) -> None:
    assert isinstance(take_span(text)[0], Misread)


@pytest.mark.parametrize("text", ["5-4pm", "10-6am", "de 5 a 4 de la tarde"])
def test_a_guess_of_many_hours_is_asked_back(text: str) -> None:
    assert take_span(text)[0] == Misread(say("times.which_half"))


@pytest.mark.parametrize("text", ["9-5pm", "8-5pm", "5am-4pm", "5-16", "10pm-6am"])
def test_long_spans_that_are_clear(text: str) -> None:
    assert isinstance(take_span(text)[0], Span)


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


@pytest.mark.parametrize("text", ["", "Soccer", "Mon Wed", "at 4pm"])
def test_no_span_at_all(text: str) -> None:
    assert take_span(text) == (None, text)


@lines("durations")
def test_durations(typed: str, read: int | None) -> None:
    for before, after in (("", ""), ("Latin ", ""), ("Latin ", " alone")):
        if typed.startswith("4") and before and read is None:
            continue
        minutes, rest = take_minutes(f"{before}{typed}{after}")
        assert minutes == read
        assert read is None or rest.split() == f"{before}{after}".split()


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon Wed", (0, 2)),
        ("mondays and wednesdays", (0, 2)),
        ("lun mié", (0, 2)),
        ("lunes y miércoles", (0, 2)),
        ("Mon-Fri", (0, 1, 2, 3, 4)),
        ("lunes a viernes", (0, 1, 2, 3, 4)),
        ("Sat to Mon", (0, 5, 6)),
        ("weekdays", (0, 1, 2, 3, 4)),
        ("entre semana", (0, 1, 2, 3, 4)),
        ("weekends", (5, 6)),
        ("MWF", (0, 2, 4)),
        ("TTh", (1, 3)),
        ("Monarch", ()),
        ("sábado", (5,)),
    ],
)
def test_weekdays(text: str, days: tuple[int, ...]) -> None:
    assert take_days(text)[0] == days


@lines("days")
def test_days(typed: str, read: str) -> None:
    days, _ = take_days(typed)
    assert " ".join(day.label[:3] for day in days) == read


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Nov 30", date(2026, 11, 30)),
        ("30 Nov", date(2026, 11, 30)),
        ("November 30th", date(2026, 11, 30)),
        ("30 de noviembre", date(2026, 11, 30)),
        ("Mar 3", date(2027, 3, 3)),
        ("Feb 29", date(2028, 2, 29)),
        ("2026-12-24", date(2026, 12, 24)),
        ("11/30", date(2026, 11, 30)),
        ("30/11", date(2026, 11, 30)),
        ("tomorrow", date(2026, 11, 26)),
        ("mañana", date(2026, 11, 26)),
    ],
)
def test_dates(text: str, day: date) -> None:
    assert take_date(text, TODAY)[0] == day


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *(("Friday", "2"), ("Wednesday", "0"), ("this friday", "2"), ("el viernes", "2")),
        *(("next friday", "2 or 9"), ("next tuesday", "6"), ("el viernes que viene", "2")),
        *(("friday next week", "9"), ("yesterday", "-1"), ("last friday", "-5")),
        *(("viernes pasado", "-5"), ("pasado mañana", "2"), ("mañana", "1"), ("2morrow", "1")),
        *(("esta mañana", "0"), ("mañana por la mañana", "1"), ("por la mañana", "")),
        *(("thurs-sat", "1..3"), ("fri to mon", "2..5"), ("viernes y sábado", "2..3")),
        *(("friday and sunday", "2, 4"), ("until friday", "0..2"), ("hasta el viernes", "0..2")),
        *(("this week", "0..4"), ("rest of the week", "0..4"), ("next week", "5..11")),
        *(("la semana que viene", "5..11"), ("this weekend", "3..4"), ("finde", "3..4")),
        *(("next weekend", "3..4 or 10..11"), ("for 3 days", "0..2"), ("una semana", "")),
        *(
            ("durante una semana", "0..6"),
            ("the 27th", "2"),
            ("el 27", "2"),
            ("del 27 al 29", "2..4"),
        ),
        *(("nov 27", "2"), ("Nov 27-29", "2..4"), ("27 al 29 de noviembre", "2..4")),
        *(("Dec 21 - Jan 3", "26..39"), ("del 21 de diciembre al 3 de enero", "26..39")),
        *(
            ("31 February", ""),
            ("in may", ""),
            ("32nd", ""),
            ("sat 1-4pm", "3"),
            ("mar 4-5pm", "6"),
        ),
    ],
)
def test_periods(text: str, told: str) -> None:
    def days(first: date, last: date) -> str:
        one, other = (str((day - TODAY).days) for day in (first, last))
        return one if one == other else f"{one}..{other}"

    found = periods(text, TODAY, day_first=False)
    assert told == ", ".join(
        days(p.first, p.last) + (f" or {days(*p.other)}" if p.other else "") for p in found
    )


@pytest.mark.parametrize(
    ("text", "day_first", "day"),
    [
        ("4/5", False, date(2027, 4, 5)),
        ("4/5", True, date(2027, 5, 4)),
        ("13/5", False, date(2027, 5, 13)),
        ("5/13", True, date(2027, 5, 13)),
    ],
)
def test_the_language_says_which_number_is_the_day(text: str, day_first: bool, day: date) -> None:
    (period,) = periods(text, TODAY, day_first=day_first)
    assert (period.first, period.last) == (day, day)


@given(st.text(max_size=60), st.booleans())
def test_periods_lie_in_the_text_and_in_order(text: str, day_first: bool) -> None:
    end = 0
    for period in periods(text, TODAY, day_first=day_first):
        assert end <= period.begin < period.end <= len(text)
        assert period.first <= period.last
        end = period.end


@pytest.mark.parametrize(
    ("word", "ahead"),
    [
        ("wendesday", 0),
        ("thrusday", 1),
        ("miercoels", 0),
        ("tommorow", 1),
        ("museum", None),
        ("", None),
    ],
)
def test_misspelt_days(word: str, ahead: int | None) -> None:
    day = None if ahead is None else TODAY + timedelta(days=ahead)
    assert misspelt_day(word, TODAY) == day


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *(("at 9.20", "09:20 or 21:20"), ("2 pm", "14:00"), ("half past ten", "10:30 or 22:30")),
        *(("move it to two", "14:00 or 02:00"), ("by noon", "12:00")),
        *(("a las 9 45", "09:45 or 21:45"), ("at nine forty", "09:40 or 21:40"), ("9", "")),
        *(("a la una", "13:00 or 01:00"), ("until 10:45", "10:45 or 22:45"), ("at 25", "")),
        *(("a las 4 de la tarde", "16:00"), ("4/5", ""), ("at 50%", "")),
    ],
)
def test_moments(text: str, told: str) -> None:
    found = moments_told(apart(fold(text)))
    assert told == ", ".join(
        clock(m.minute) + (f" or {clock(m.other)}" if m.other is not None else "") for m in found
    )


def test_what_stands_before_a_moment() -> None:
    leads = [moment.lead for moment in moments_told("from 9 until 2:30, a las 3, @ 4")]
    assert leads == ["from", "until", "a las", "@"]


def test_hours_stand_where_they_are_told() -> None:
    text = "art from 9 to 9 40, latin 2-2:30"
    assert [
        (text[h.begin : h.end], clock(h.start), clock(h.stop)) for h in hours_told(apart(text))
    ] == [("from 9 to 9 40", "09:00", "09:40"), ("2-2:30", "14:00", "14:30")]


@given(st.text(max_size=60))
def test_a_blank_between_hour_and_minutes_keeps_positions(text: str) -> None:
    assert len(apart(text)) == len(text)


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


@given(st.text())
def test_clean_text_can_be_stored_and_is_stable(text: str) -> None:
    cleaned = clean(text)
    assert "\x00" not in cleaned
    cleaned.encode()
    assert clean(cleaned) == cleaned


@given(st.text())
def test_folding_keeps_positions(text: str) -> None:
    assert len(fold(text)) == len(text)


def test_marks_that_nobody_sees_make_no_other_name() -> None:
    assert clean("\u200fليلى\u200e") == "ليلى"
    assert clean("Em\u00adma\u200b \ufeff") == "Emma"
    joined = "\u0646\u06cc\u200c\u0645\u0627"
    assert clean(joined) == joined


@pytest.mark.parametrize(
    ("one", "other"), [("José", "jose"), ("Ёлка", "елка"), ("O’Brien", "o'brien")]
)
def test_accents_make_no_other_word(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("김", "강"), ("かな", "がな"), ("क", "ख")])
def test_other_letters_make_another_word(one: str, other: str) -> None:
    assert fold(clean(one)) != fold(clean(other))
