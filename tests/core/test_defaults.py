"""What a family is offered before it has said anything."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.defaults import (
    OFFERED,
    PRESETS,
    SubjectKind,
    best_times,
    is_part,
    school_hours,
    subject_kind,
    suggested_subjects,
)
from core.family import (
    ACTIVITIES,
    BREAK,
    PHILOSOPHIES,
    SCHEDULING_STYLES,
    Flexibility,
    Frequency,
    Involvement,
    attention_span,
)
from core.rest import LUNCH
from core.week import GRID

ages = st.integers(2, 18)
WEEKLY = {
    Frequency.DAILY: 5,
    Frequency.TWO_OR_THREE: 3,
    Frequency.WEEKLY: 1,
    Frequency.OCCASIONALLY: 1,
}
REQUIRED = {**WEEKLY, Frequency.TWO_OR_THREE: 2, Frequency.OCCASIONALLY: 0}


@given(ages)
def test_every_age_is_offered_every_subject_and_some_are_ticked(age: int) -> None:
    offered = suggested_subjects(age)
    assert tuple(subject.kind for subject in offered) == OFFERED
    assert any(subject.ticked and subject.core for subject in offered)


@given(ages)
def test_lessons_fit_the_data_model_and_the_attention_of_the_age(age: int) -> None:
    for subject in suggested_subjects(age):
        assert 5 <= subject.minutes <= 240
        assert subject.minutes % GRID == 0
        assert subject.minutes <= attention_span(age)
        assert 1 <= subject.interest <= 5


@given(ages)
def test_the_suggested_week_leaves_a_third_of_the_hours_free(age: int) -> None:
    """Breaks, lunch and slack must fit beside the lessons."""
    lessons = sum(
        subject.minutes * WEEKLY[subject.frequency]
        for subject in suggested_subjects(age)
        if subject.ticked
    )
    hours = school_hours(age)
    assert lessons <= (hours.end - hours.start) * 5 * 2 / 3


@given(ages)
def test_a_usual_day_fits_with_breaks_lunch_and_the_most_slack(age: int) -> None:
    """Even where each lesson is followed by a break."""
    suggested = [subject for subject in suggested_subjects(age) if subject.ticked]
    sessions = sum(REQUIRED[subject.frequency] for subject in suggested)
    minutes = sum(subject.minutes * REQUIRED[subject.frequency] for subject in suggested)
    lessons = ceil(sessions / 5)
    hours = school_hours(age)
    lunch = LUNCH if hours.end > 13 * 60 + 30 else 0
    room = (hours.end - hours.start) * (1 - max(level.slack for level in Flexibility))
    assert minutes / 5 + (lessons - 1) * BREAK + lunch <= room


@pytest.mark.parametrize("age", [2, 3, 4])
def test_the_smallest_play_and_listen(age: int) -> None:
    suggested = {s.kind: s for s in suggested_subjects(age) if s.ticked}
    assert set(suggested) == {
        SubjectKind.READING,
        SubjectKind.ART,
        SubjectKind.MUSIC,
        SubjectKind.PHYSICAL_EDUCATION,
    }
    assert all(subject.minutes == 15 for subject in suggested.values())
    assert all(subject.involvement is Involvement.FULL for subject in suggested.values())
    hours = school_hours(age)
    assert hours.end - hours.start <= 150


@given(ages)
def test_best_times_lie_within_the_hours(age: int) -> None:
    hours = school_hours(age)
    for time in best_times(age):
        start, end = time.window
        assert start < hours.end
        assert end > hours.start


def test_older_children_need_less_of_an_adult() -> None:
    for index in range(len(OFFERED)):
        needed = [suggested_subjects(age)[index].involvement.attention for age in range(2, 19)]
        assert needed == sorted(needed, reverse=True)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Math", SubjectKind.MATHEMATICS),
        ("matemáticas", SubjectKind.MATHEMATICS),
        ("MATES", SubjectKind.MATHEMATICS),
        ("Reading/Language Arts", SubjectKind.READING),
        ("Lectura y lengua", SubjectKind.READING),
        ("lectura", SubjectKind.READING),
        ("History", SubjectKind.SOCIAL_STUDIES),
        ("PE", SubjectKind.PHYSICAL_EDUCATION),
        ("Educación física", SubjectKind.PHYSICAL_EDUCATION),
        ("Arte", SubjectKind.ART),
        ("Latin", SubjectKind.OTHER),
        ("Artificial flowers", SubjectKind.OTHER),
        ("", SubjectKind.OTHER),
    ],
)
def test_names_of_subjects_in_both_languages(name: str, kind: SubjectKind) -> None:
    assert subject_kind(name) is kind


@pytest.mark.parametrize(
    ("name", "part"),
    [("Geography", True), ("Dibujo", True), ("Art", False), ("History", False), ("Latin", False)],
)
def test_names_that_are_but_a_part_of_a_usual_subject(name: str, part: bool) -> None:
    assert is_part(name) is part


def test_presets_fill_all_seventeen_ratings() -> None:
    for preset in PRESETS:
        assert tuple(preset.philosophy) == PHILOSOPHIES
        assert tuple(preset.style) == SCHEDULING_STYLES
        assert tuple(preset.activities) == ACTIVITIES
        ratings = (
            *preset.philosophy.values(),
            *preset.style.values(),
            *preset.activities.values(),
        )
        assert len(ratings) == 17
        assert set(ratings) <= {1, 2, 3, 4, 5}
    assert len({preset.key for preset in PRESETS}) == len(PRESETS)
