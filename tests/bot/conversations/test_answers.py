"""The grammar of typed answers, in both languages."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transcript import TODAY

from bot.conversations.answers import (
    Misread,
    Span,
    check_name,
    clean,
    fold,
    read_names,
    take_date,
    take_days,
    take_span,
    tidy_name,
    tidy_person,
)
from bot.conversations.children import read_children
from bot.conversations.commitment_lines import Parts, Reader, Whose, read_lines
from bot.conversations.subjects import Edit, read_subject
from core.phrase import say
from core.week import Weekday

ADULTS = ("Sarah", "Tom")


def read(text: str, whose: Whose) -> list[Parts]:
    return read_lines(text, Reader(whose, TODAY, ADULTS))


def only(text: str, whose: Whose) -> Parts:
    (parts,) = read(text, whose)
    assert parts.problem is None
    return parts


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


@pytest.mark.parametrize("text", ["Soccer Mon 4-5 and 6", "Soccer Mon 4-5 7pm"])
def test_what_cannot_be_split_safely_is_asked_back(text: str) -> None:
    (parts,) = read(text, Whose.FAMILY)
    assert parts.problem == Misread(say("commitment.one_at_a_time"))


@pytest.mark.parametrize(
    "text",
    [
        "Grade 3 choir Mon 4-5pm",
        "4H club Mon and Wed 4-5pm",
        "Choir Mon 4-5pm, Room 12",
        "Club 5-6pm, monthly on the 15",
        "Soccer 4-5pm Mon, Wed and Fri",
        "Tots, 2 year olds, Mon 9-10",
    ],
)
def test_numbers_that_are_no_second_time(text: str) -> None:
    assert only(text, Whose.FAMILY).end is not None


@pytest.mark.parametrize("text", ["", "Soccer", "Mon Wed", "at 4pm"])
def test_no_span_at_all(text: str) -> None:
    assert take_span(text) == (None, text)


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


def test_a_spanish_tuesday_is_no_march() -> None:
    assert only("Judo mar 4-5pm", Whose.CHILD).days == (Weekday.TUESDAY,)


@pytest.mark.parametrize(
    ("text", "along"),
    [
        ("Soccer with me Mon 4-5", True),
        ("Soccer with Tom Mon 4-5", True),
        ("Soccer Mon 4-5 needs a grown-up", True),
        ("Fútbol lun 16-17 conmigo", True),
        ("Soccer Mon 4-5 drop-off", False),
        ("Fútbol lun 16-17 solo", False),
    ],
)
def test_whether_a_grown_up_goes_along(text: str, along: bool) -> None:
    parts = only(text, Whose.CHILD)
    assert parts.along is along
    assert parts.name in ("Soccer", "Fútbol")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Emma 9, Noah 6", [("Emma", 9), ("Noah", 6)]),
        ("Emma (9) and Noah, 6", [("Emma", 9), ("Noah", 6)]),
        ("Noah is 6", [("Noah", 6)]),
        ("Emma 9 y Noah 6", [("Emma", 9), ("Noah", 6)]),
        ("Emma tiene 9 años y Noah tiene 6 años", [("Emma", 9), ("Noah", 6)]),
        ("Emma nine and Noah six", [("Emma", 9), ("Noah", 6)]),
        ("I have Emma, 9, and Noah, 6 years old", [("Emma", 9), ("Noah", 6)]),
        ("Emma: 9\nNoah: 6", [("Emma", 9), ("Noah", 6)]),
        ("Emma 9 Noah 6", [("Emma", 9), ("Noah", 6)]),
        ("9 year old Emma", [("Emma", 9)]),
        ("Mary Jane 7", [("Mary Jane", 7)]),
        ("my son Noah is 6", [("Noah", 6)]),
        ("Emma, Noah 6", [("Emma", None), ("Noah", 6)]),
        ("Emma and Noah", [("Emma", None), ("Noah", None)]),
        ("9", [("", 9)]),
        ("twins Ana and Leo 7", [("Ana", 7), ("Leo", 7)]),
        ("gemelas Lucía y Eva de 7 años", [("Lucía", 7), ("Eva", 7)]),
        ("Ana and Leo are 7", [("Ana", 7), ("Leo", 7)]),
        ("Ana y Leo tienen 7 años", [("Ana", 7), ("Leo", 7)]),
        ("Ana & Leo, both 7", [("Ana", 7), ("Leo", 7)]),
        ("Ana y Leo, los dos de 7", [("Ana", 7), ("Leo", 7)]),
        ("Ana and Leo 7, twins", [("Ana", 7), ("Leo", 7)]),
        ("triplets Ana, Leo and Eva 7", [("Ana", 7), ("Leo", 7), ("Eva", 7)]),
        ("Emma 9, twins Ana and Leo 7", [("Emma", 9), ("Ana", 7), ("Leo", 7)]),
        ("twins Ana and Leo 7, Emma 9", [("Ana", 7), ("Leo", 7), ("Emma", 9)]),
        ("Emma, Ana and Leo, both 7", [("Emma", None), ("Ana", 7), ("Leo", 7)]),
        ("twins Ana and Leo", [("Ana", None), ("Leo", None)]),
        ("Are 7", [("Are", 7)]),
        ("the twins, Ana and Leo, are 7", [("Ana", 7), ("Leo", 7)]),
        ("baby Sofi 18 months", [("Sofi", 1)]),
        ("Sofi 18 meses", [("Sofi", 1)]),
        ("Sofi 30 months, Emma 9", [("Sofi", 2), ("Emma", 9)]),
        ("Sofi 2 years and 3 months", [("Sofi", 2)]),
        ("Emma 9.5", [("Emma", 9)]),
        ("😀", []),
    ],
)
def test_children(text: str, found: list[tuple[str, int | None]]) -> None:
    assert list(read_children(text)) == found


@pytest.mark.parametrize(
    ("text", "name", "changes"),
    [
        (
            "Latin 2x 20 min independent",
            "Latin",
            {"sessionDuration": 20, "parentInvolvement": "independent"},
        ),
        ("Latin twice a week", "Latin", {"metadata": {"sessionsPerWeek": 2}}),
        ("Latin 2-3 times a week", "Latin", {"frequency": "2-3_times_per_week", "metadata": {}}),
        ("Latín una vez a la semana", "Latín", {"frequency": "once_a_week"}),
        ("Science Mon Wed 45", "Science", {"sessionDuration": 45}),
        ("Math daily 1 h", "Math", {"frequency": "daily", "sessionDuration": 60}),
        ("Math 32 min", "Math", {"sessionDuration": 30}),
        ("Math 1.5 hours", "Math", {"sessionDuration": 90}),
        ("Math half an hour with me", "Math", {"parentInvolvement": "full_involvement"}),
        ("Lectura media hora con ayuda", "Lectura", {"sessionDuration": 30}),
        ("Math at 9:30", "Math", {"fixedTimeRequired": True, "preferredTime": "09:30"}),
        ("Math at 1", "Math", {"preferredTime": "13:00"}),
        ("Música a las 11", "Música", {"preferredTime": "11:00"}),
        ("Math at 9:32", "Math", {"preferredTime": "09:30"}),
        ("Art not core", "Art", {"isCoreSubject": False}),
        ("Latin core", "Latin", {"isCoreSubject": True}),
        ("Reading interest 5", "Reading", {"interestLevel": 5}),
        ("Chess occasionally", "Chess", {"frequency": "occasionally"}),
    ],
)
def test_subjects(text: str, name: str, changes: dict[str, Any]) -> None:
    edit = read_subject(text)
    assert isinstance(edit, Edit)
    assert edit.name == name
    assert edit.changes.items() >= changes.items()


@pytest.mark.parametrize("text", ["remove Music", "no Music", "quitar Music", "without Music"])
def test_subjects_are_taken_out(text: str) -> None:
    assert read_subject(text) == Edit("Music", {}, removed=True)


@given(st.text())
def test_clean_text_can_be_stored_and_is_stable(text: str) -> None:
    cleaned = clean(text)
    assert "\x00" not in cleaned
    cleaned.encode()
    assert clean(cleaned) == cleaned


@given(st.text())
def test_folding_keeps_positions(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text(max_size=80))
def test_any_line_is_read_without_an_error(text: str) -> None:
    cleaned = clean(text)
    for whose in Whose:
        assert all(parts != Parts() or not parts.name for parts in read(cleaned, whose))
    assert isinstance(read_subject(cleaned), Edit | Misread)
    assert all(name or age is not None for name, age in read_children(cleaned))


NAMES_ANYWHERE = (
    "Чайка",
    "美咲",
    "ليلى",
    "O'Brien-Smith",
    "José Luis",
    "김민준",
    "क्षितिज",
    "Anne‑Sophie",
    "Siân",
    "\u0646\u06cc\u200c\u0645\u0627",
    "Ngọc Ánh",
    "Ж́анна",
    "İpek",
)


@pytest.mark.parametrize("name", NAMES_ANYWHERE)
def test_names_of_any_script_stay_as_they_are_written(name: str) -> None:
    name = clean(name)
    assert check_name(name) is None
    assert tidy_person(f" «{name}» ") == tidy_name(f"{name},") == name
    for link in (", ", "、", " and ", " y ", " و ", "،"):
        assert read_names(f"{name}{link}Tom") == [name, "Tom"]
    assert read_children(f"{name} 9, Tom 6") == ((name, 9), ("Tom", 6))
    assert only(f"{name} Mon 4-5", Whose.FAMILY).name == name


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
