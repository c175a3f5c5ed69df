"""What is concluded about a child: each rule of the table, and what never changes a conclusion."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.defaults import PRESETS, SubjectKind
from core.family import ACTIVITIES, BREAK, attention_span, minutes_in
from core.insights import (
    CLUSTERS,
    INVITED,
    MODALITIES,
    LearnedSubject,
    break_activities,
    derived_insights,
)
from core.text import clean_json
from db.document import parse_document, to_family
from db.types import DerivedInsights, read, write

ages = st.integers(2, 18)
ratings = st.integers(1, 5)
names = st.one_of(
    st.sampled_from(
        ["Math", "Lectura", "Science", "Art", "Music", "PE", "Latin", "Historia", "Idiomas"]
    ),
    st.text(min_size=1, max_size=20),
)
subject_lists = st.lists(
    st.builds(LearnedSubject, names, st.booleans(), ratings),
    max_size=12,
    unique_by=lambda subject: subject.name,
)
activity_ratings = st.dictionaries(st.sampled_from(ACTIVITIES), ratings)


def rated(digits: str) -> dict[str, int]:
    return dict(zip(ACTIVITIES, map(int, digits), strict=True))


def clusters(*subjects: tuple[str, bool, int]) -> list[tuple[str, list[str], float]]:
    found = derived_insights(9, [LearnedSubject(*subject) for subject in subjects], {})
    return [
        (each["name"], each["subjects"], each["averageInterest"])
        for each in found["interestClusters"]
    ]


@given(ages, subject_lists, activity_ratings)
def test_the_data_model_reads_every_conclusion_and_writes_it_back(
    age: int, subjects: list[LearnedSubject], activities: dict[str, int]
) -> None:
    found = derived_insights(age, subjects, activities)
    assert write(read(DerivedInsights, found)) == clean_json(found)
    ideas = found["recommendedBreaks"]["activities"]
    assert len(ideas) == len(set(ideas))


@given(ages, subject_lists, activity_ratings)
def test_a_conclusion_never_changes_how_long_a_child_learns_and_rests(
    age: int, subjects: list[LearnedSubject], activities: dict[str, int]
) -> None:
    found = derived_insights(age, subjects, activities)

    def planned(learning: dict[str, Any]) -> tuple[int, int]:
        child = {"name": "Emma", "age": age, "learningPreferences": learning}
        document = {"timezone": "UTC", "adults": 1, "children": [child]}
        (emma,) = to_family(parse_document(document)).children
        return emma.span, emma.break_minutes

    assert planned({"derivedInsights": found}) == planned({}) == (attention_span(age), BREAK)


@given(ages, subject_lists, activity_ratings, st.randoms(use_true_random=False))
def test_the_order_of_naming_changes_nothing(
    age: int, subjects: list[LearnedSubject], activities: dict[str, int], random: Any
) -> None:
    shuffled = random.sample(subjects, len(subjects))
    turned = dict(reversed(activities.items()))
    assert derived_insights(age, shuffled, turned) == derived_insights(age, subjects, activities)


@given(subject_lists)
def test_what_a_child_likes_stands_in_exactly_one_cluster(subjects: list[LearnedSubject]) -> None:
    found = derived_insights(9, subjects, {})["interestClusters"]
    named = [name for cluster in found for name in cluster["subjects"]]
    assert sorted(named) == sorted(each.name for each in subjects if each.interest > 3)
    means = [cluster["averageInterest"] for cluster in found]
    assert means == sorted(means, reverse=True)
    assert all(3 < mean <= 5 for mean in means)


@given(ages)
def test_the_span_is_told_as_a_range_that_ends_where_the_rule_does(age: int) -> None:
    low, high = derived_insights(age, [], {})["attentionSpan"].removesuffix("_minutes").split("-")
    assert int(high) == attention_span(age)
    assert 0 < int(low) < int(high)
    assert int(low) % 5 == 0


@pytest.mark.parametrize(
    ("age", "span"),
    [(2, "10-20"), (4, "10-20"), (5, "30-45"), (9, "40-60"), (13, "60-90"), (18, "60-90")],
)
def test_the_span_by_age(age: int, span: str) -> None:
    found = derived_insights(age, [], {})
    assert found["attentionSpan"] == f"{span}_minutes"
    assert minutes_in(found["recommendedBreaks"]["frequency"]) == attention_span(age)


@pytest.mark.parametrize(
    ("activities", "modality"),
    [
        ({}, "balanced"),
        (rated("1111111"), "balanced"),
        (rated("5555555"), "balanced"),
        (rated("1151151"), "hands_on"),
        (rated("5111511"), "reading_writing"),
        (rated("1115115"), "auditory"),
        ({"experiments": 5}, "balanced"),
        ({"experiments": 5, "arts_crafts": 5}, "hands_on"),
        # Two that are equal: the highest single rating decides, then the table's order.
        (rated("4114514"), "reading_writing"),
        (rated("4115413"), "auditory"),
        (rated("4114414"), "reading_writing"),
    ],
)
def test_the_modality_is_what_stands_out_of_the_familys_own_ratings(
    activities: dict[str, int], modality: str
) -> None:
    assert derived_insights(9, [], activities)["preferredLearningModality"] == modality


def test_the_ways_of_teaching_that_are_offered_say_what_one_would_expect() -> None:
    found = {
        preset.key: derived_insights(9, [], preset.activities)["preferredLearningModality"]
        for preset in PRESETS
    }
    assert found == {
        "balanced": "balanced",
        "relaxed": "hands_on",
        "traditional": "reading_writing",
        "classical": "auditory",
        "charlotte_mason": "hands_on",
        "interest_led": "hands_on",
    }


def test_clusters_hold_what_is_liked_the_dearest_first() -> None:
    assert clusters(
        ("Mathematics", True, 4),
        ("Science", True, 5),
        ("Art", False, 5),
        ("Music", False, 3),
        ("Reading", True, 2),
    ) == [("arts", ["Art"], 5.0), ("STEM", ["Science", "Mathematics"], 4.5)]


def test_equal_clusters_come_by_size_and_equal_subjects_core_first() -> None:
    assert clusters(
        ("Gym", False, 4), ("Ábaco", False, 4), ("Latin", True, 4), ("Ciencias", False, 4)
    ) == [
        ("other", ["Latin", "Ábaco"], 4.0),
        ("STEM", ["Ciencias"], 4.0),
        ("movement", ["Gym"], 4.0),
    ]


def test_means_are_rounded_halves_up() -> None:
    others = [(f"Craft {n}", False, 4) for n in range(3)]
    assert clusters(*others, ("Latin", False, 5))[0][2] == 4.3


def test_nothing_liked_is_no_cluster() -> None:
    assert clusters(("Mathematics", True, 3), ("Art", False, 1)) == []


@pytest.mark.parametrize(
    ("age", "activities", "ideas"),
    [
        (8, {}, ("physical_movement", "snack", "free_play")),
        (9, {}, ("physical_movement", "snack", "fresh_air")),
        (13, {"nature_exploration": 3}, ("fresh_air", "snack", "stretching")),
        (13, {"nature_exploration": 5}, ("fresh_air", "snack", "stretching")),
        (
            6,
            {"discussions": 4, "nature_exploration": 4, "arts_crafts": 4},
            ("physical_movement", "snack", "free_play", "fresh_air", "drawing", "conversation"),
        ),
    ],
)
def test_breaks_follow_age_and_what_the_family_likes(
    age: int, activities: dict[str, int], ideas: tuple[str, ...]
) -> None:
    assert break_activities(age, activities) == ideas


def test_every_activity_and_every_kind_of_subject_has_its_place() -> None:
    assert sorted(name for group in MODALITIES.values() for name in group) == sorted(ACTIVITIES)
    assert sorted(kind for group in CLUSTERS.values() for kind in group) == sorted(SubjectKind)
    assert set(INVITED) <= set(ACTIVITIES)
