"""The grammar of typed answers, in both languages."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transcript import TODAY

from bot.conversations.answers import (
    Misread,
    check_name,
    clean,
    read_names,
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
