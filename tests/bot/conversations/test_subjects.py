"""How a typed line about a subject is read, and that what is told of one can be typed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversations.answers import Misread, clean
from bot.conversations.subject_entries import (
    changed,
    describe_subject,
    exactly,
    is_entry,
    new_entry,
)
from bot.conversations.subjects import Edit, read_subject, subject_lines
from bot.texts import LANGUAGES, translator
from core.defaults import subject_defaults, subject_kind
from core.family import Frequency, Involvement
from core.phrase import say
from core.week import Weekday, clock

DAYS = [day.label for day in Weekday]
NAMES = ["Latin", "Math", "Arts and crafts", "Algebra 2", "Lectura y lengua", "Música", "PE"]
BLANK = new_entry("", subject_defaults(subject_kind("Latin"), 9))


def changes_of(text: str) -> dict[str, Any]:
    edit = read_subject(text)
    assert isinstance(edit, Edit), (text, edit)
    return dict(edit.changes)


@st.composite
def frequencies(draw: st.DrawFn) -> dict[str, Any]:
    """How often, in every way that can be tapped or typed."""
    days = [DAYS[n] for n in sorted(draw(st.sets(st.integers(0, 6))))]
    kind = draw(st.sampled_from(["usual", "exact", "certain days", "some of the days"]))
    if kind == "usual" or not days:
        return {"frequency": draw(st.sampled_from(Frequency)).value, "metadata": {}}
    if kind == "exact":
        return exactly(len(days), [])
    if kind == "certain days":
        return exactly(draw(st.integers(1, len(days))), days)
    frequency = Frequency.TWO_OR_THREE if len(days) > 2 else Frequency.OCCASIONALLY
    return {"frequency": frequency.value, "metadata": {"days": days}}


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    entry = {
        "name": draw(st.sampled_from(NAMES)),
        "isCoreSubject": draw(st.booleans()),
        "sessionDuration": draw(st.integers(1, 48)) * 5,
        **draw(frequencies()),
        "parentInvolvement": draw(st.sampled_from(Involvement)).value,
        "fixedTimeRequired": draw(st.booleans()),
        "interestLevel": draw(st.integers(1, 5)),
    }
    if entry["fixedTimeRequired"]:
        # Without "am" a Spanish "5:30" is in the afternoon: hours before seven are left out.
        entry["preferredTime"] = clock(draw(st.integers(7 * 12, 24 * 12 - 1)) * 5)
    return entry


@given(entries(), st.sampled_from(LANGUAGES))
def test_what_is_told_of_a_subject_can_be_typed(entry: dict[str, Any], language: str) -> None:
    assert is_entry(entry)
    edit = read_subject(clean(translator(language)(describe_subject(entry))))
    assert isinstance(edit, Edit)
    assert changed({**BLANK, "name": edit.name}, edit.changes) == entry


@given(st.lists(entries(), min_size=1, max_size=4), st.sampled_from(LANGUAGES))
def test_several_subjects_in_a_message_stay_apart(
    listed: list[dict[str, Any]], language: str
) -> None:
    told = [clean(translator(language)(describe_subject(entry))) for entry in listed]
    for mark in ("\n", "; ", ", "):
        edits = [read_subject(line) for line in subject_lines(mark.join(told))]
        assert [edit.name for edit in edits if isinstance(edit, Edit)] == [
            entry["name"] for entry in listed
        ]


ALL_SIX = [
    (
        "Math core 45 min daily with me at 9:30 interest 5",
        "Mate básica 45 min a diario conmigo a las 9:30 interés 5",
        {
            "isCoreSubject": True,
            "sessionDuration": 45,
            "frequency": "daily",
            "metadata": {},
            "parentInvolvement": "full_involvement",
            "fixedTimeRequired": True,
            "preferredTime": "09:30",
            "interestLevel": 5,
        },
    ),
    (
        "Math not core 20 min twice weekly alone no set time interest 2",
        "Mate no es básica 20 min dos veces por semana sola sin hora fija interés 2",
        {
            "isCoreSubject": False,
            "sessionDuration": 20,
            "frequency": "2-3_times_per_week",
            "metadata": {"sessionsPerWeek": 2},
            "parentInvolvement": "independent",
            "fixedTimeRequired": False,
            "interestLevel": 2,
        },
    ),
]


@pytest.mark.parametrize(("english", "spanish", "changes"), ALL_SIX)
def test_a_line_sets_and_unsets_all_six_details(
    english: str, spanish: str, changes: dict[str, Any]
) -> None:
    assert read_subject(english) == Edit("Math", changes)
    assert read_subject(spanish) == Edit("Mate", changes)
    # Any order will do, and so will a line without a name.
    name, *details = english.split(" ", 1)
    assert read_subject(f"{details[0]} {name}") == Edit("Math", changes)
    assert read_subject(details[0]) == Edit("", changes)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("45", {"sessionDuration": 45}),
        ("5", {"sessionDuration": 5}),
        ("make it 45", {"sessionDuration": 45}),
        ("cambiar a 30 min", {"sessionDuration": 30}),
        ("2x", {"frequency": "2-3_times_per_week", "metadata": {"sessionsPerWeek": 2}}),
        ("once a day", {"frequency": "daily", "metadata": {}}),
        ("30 mins per day", {"sessionDuration": 30, "frequency": "daily", "metadata": {}}),
        ("20 minutes each day", {"sessionDuration": 20, "frequency": "daily", "metadata": {}}),
        ("twice weekly", {"frequency": "2-3_times_per_week", "metadata": {"sessionsPerWeek": 2}}),
        ("1x", {"frequency": "once_a_week", "metadata": {}}),
        ("once in a while", {"frequency": "occasionally", "metadata": {}}),
        ("once a month", {"frequency": "occasionally", "metadata": {}}),
        ("every other day", {"frequency": "2-3_times_per_week", "metadata": {}}),
        ("a few times a week", {"frequency": "2-3_times_per_week", "metadata": {}}),
        ("weekly on Friday", exactly(1, ["Friday"])),
        ("now and then, Fri", {"frequency": "occasionally", "metadata": {"days": ["Friday"]}}),
        ("Mon Wed", exactly(2, ["Monday", "Wednesday"])),
        ("lun y mié", exactly(2, ["Monday", "Wednesday"])),
        ("2x on Mon, Wed or Fri", exactly(2, ["Monday", "Wednesday", "Friday"])),
        ("at 9:30", {"fixedTimeRequired": True, "preferredTime": "09:30"}),
        ("hora fija 9:30", {"fixedTimeRequired": True, "preferredTime": "09:30"}),
        ("no fixed time", {"fixedTimeRequired": False}),
        ("any time", {"fixedTimeRequired": False}),
        ("sin hora fija", {"fixedTimeRequired": False}),
        ("alone", {"parentInvolvement": "independent"}),
        ("sin ayuda", {"parentInvolvement": "independent"}),
        ("no help", {"parentInvolvement": "independent"}),
        ("with help", {"parentInvolvement": "some_assistance"}),
        ("con algo de ayuda", {"parentInvolvement": "some_assistance"}),
        ("contigo cerca", {"parentInvolvement": "minimal_supervision"}),
        ("contigo", {"parentInvolvement": "full_involvement"}),
        ("likes it 5", {"interestLevel": 5}),
        ("loves it", {"interestLevel": 5}),
        ("no le gusta", {"interestLevel": 2}),
        ("le encanta", {"interestLevel": 5}),
        ("not core", {"isCoreSubject": False}),
        ("core: no", {"isCoreSubject": False}),
        ("opcional", {"isCoreSubject": False}),
    ],
)
def test_details_without_a_name(text: str, changes: dict[str, Any]) -> None:
    assert read_subject(text) == Edit("", changes)


@pytest.mark.parametrize(
    ("text", "name", "minutes"),
    [
        ("Algebra 2", "Algebra 2", None),
        ("Algebra 2 45 daily", "Algebra 2", 45),
        ("Spanish 1 3x", "Spanish 1", None),
        ("Grade 12 English 40", "Grade 12 English", 40),
        ("SAT prep 45 min", "SAT prep", 45),
        ("Arts and crafts 30", "Arts and crafts", 30),
        ("add Latin 20", "Latin", 20),
        ("cambiar Arte a 30 min", "Arte", 30),
        ("Latin on Mon, Wed or Fri", "Latin", None),
    ],
)
def test_numbers_and_days_that_belong_to_a_name_stay_there(
    text: str, name: str, minutes: int | None
) -> None:
    edit = read_subject(text)
    assert isinstance(edit, Edit)
    assert (edit.name, edit.changes.get("sessionDuration")) == (name, minutes)


def test_an_exam_may_still_have_its_saturday() -> None:
    assert changes_of("SAT prep Sat") == exactly(1, ["Saturday"])


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("rename Art to Drawing", Edit("Art", {}, renamed="Drawing")),
        ("cambiar Arte por Dibujo", Edit("Arte", {}, renamed="Dibujo")),
        ("cambia el nombre de Arte a Dibujo", Edit("Arte", {}, renamed="Dibujo")),
        ("rename to Drawing", Edit("", {}, renamed="Drawing")),
        ("call it Drawing", Edit("", {}, renamed="Drawing")),
        ("cambiar el nombre a Dibujo", Edit("", {}, renamed="Dibujo")),
        (
            "rename Reading to Independent reading, 45 min",
            Edit("Reading", {"sessionDuration": 45}, renamed="Independent reading"),
        ),
        ("change Math to 45 min", Edit("Math", {"sessionDuration": 45})),
        (
            "cambiar Arte a las 9",
            Edit("Arte", {"fixedTimeRequired": True, "preferredTime": "09:00"}),
        ),
    ],
)
def test_another_name_is_taken_as_it_stands(text: str, edit: Edit) -> None:
    assert read_subject(text) == edit


@pytest.mark.parametrize("text", ["remove", "leave it out", "quitar", "quítala"])
def test_the_open_subject_is_left_out_without_its_name(text: str) -> None:
    assert read_subject(text) == Edit("", {}, removed=True)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Latin 3x Mon Wed", "subjects.more_than_days"),
        ("Latin fixed time", "subjects.which_time"),
        ("0x", "subjects.times_range"),
        ("likes it 7", "subjects.interest_range"),
        ("Latin 500", "subjects.minutes_range"),
    ],
)
def test_a_detail_that_cannot_be_is_said(text: str, problem: str) -> None:
    assert read_subject(text) == Misread(say(problem))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Math daily 30, Latin 2x 20 alone", ["Math daily 30", "Latin 2x 20 alone"]),
        ("Math daily 30 and Latin 2x 20", ["Math daily 30", "Latin 2x 20"]),
        ("Mate diario 30 y Latín 2x 20", ["Mate diario 30", "Latín 2x 20"]),
        ("Arts and crafts 30 min", ["Arts and crafts 30 min"]),
        ("PE Mon and Wed 30", ["PE Mon and Wed 30"]),
        ("Latin, 2x, 20 min", ["Latin, 2x, 20 min"]),
        ("Latin 2x, Math 500 min", ["Latin 2x", "Math 500 min"]),
        ("remove Music, Art", ["remove Music", "remove Art"]),
        ("remove Music, Latin 2x", ["remove Music", "Latin 2x"]),
        ("Mon, Wed", ["Mon, Wed"]),
        (" ;, ", []),
    ],
)
def test_the_subjects_of_a_message(text: str, lines: list[str]) -> None:
    assert subject_lines(text) == lines


@given(st.text(max_size=80))
def test_any_message_is_taken_apart_without_an_error(text: str) -> None:
    for line in subject_lines(clean(text)):
        assert isinstance(read_subject(line), Edit | Misread)
