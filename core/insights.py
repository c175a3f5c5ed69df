"""What a child's answers say about how the child learns: the data model's `derivedInsights`.

Every rule stands here, and reads nothing but what is named beside it. Ratings and interest run from
1 to 5, lengths are in minutes. All values but names of subjects are identifiers for programs.

| key                           | follows from    | is                                             |
|-------------------------------|-----------------|------------------------------------------------|
| attentionSpan                 | age             | "30-45_minutes": two thirds of the span by age |
|                               |                 | (down to the grid) to the whole of it          |
| recommendedBreaks.frequency   | age             | "every_45_minutes": exactly the span by age    |
| recommendedBreaks.duration    | nothing         | "10_minutes": exactly `BREAK`                  |
| recommendedBreaks.activities  | age, activities | three by age (`BY_AGE`), then what activities  |
|                               |                 | rated 4 or 5 add (`INVITED`)                   |
| preferredLearningModality     | activities      | the strongest of `MODALITIES`, if its mean is  |
|                               |                 | half a point above the mean of all seven;      |
|                               |                 | else "balanced"                                |
| interestClusters              | subjects        | those of interest 4 or 5, by `CLUSTERS`, with  |
|                               |                 | their mean to one decimal, halves up           |

Why: the two lengths override the hard rule of rest wherever they stand, and a conclusion must not
change a hard rule. A family rates high or low as its nature is, so only what stands out of its own
ratings says anything. An interest of 3 is what nobody has touched.

What is not rated counts as 3. Of equal modalities the one with the highest single rating counts,
then the first in the table. Clusters come by falling mean, then by number of subjects, then in the
table's order; subjects within one by falling interest, core ones before others, then by name. So
it changes nothing in which order a family named its subjects.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple, TypedDict

from core.defaults import SubjectKind, subject_kind
from core.family import ACTIVITIES, BREAK, attention_span
from core.text import name_key
from core.week import GRID

MIDDLE = 3
"""The rating of somebody who has no opinion."""

STANDS_OUT = Fraction(1, 2)
"""Points above the family's own mean from which a modality is preferred."""

BALANCED = "balanced"

MODALITIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "hands_on": ("arts_crafts", "experiments", "nature_exploration"),
        "reading_writing": ("textbooks_worksheets", "research_projects"),
        "auditory": ("discussions", "memorization"),
    }
)
"""Which activities speak for a modality; each activity for exactly one."""

CLUSTERS: Mapping[str, tuple[SubjectKind, ...]] = MappingProxyType(
    {
        "STEM": (SubjectKind.MATHEMATICS, SubjectKind.SCIENCE),
        "language_and_humanities": (
            SubjectKind.READING,
            SubjectKind.SOCIAL_STUDIES,
            SubjectKind.FOREIGN_LANGUAGE,
        ),
        "arts": (SubjectKind.ART, SubjectKind.MUSIC),
        "movement": (SubjectKind.PHYSICAL_EDUCATION,),
        "other": (SubjectKind.OTHER,),
    }
)
"""The families of subjects; each kind is in exactly one."""

BY_AGE = (
    (13, ("fresh_air", "snack", "stretching")),
    (9, ("physical_movement", "snack", "fresh_air")),
    (0, ("physical_movement", "snack", "free_play")),
)
"""What children do in a break from an age on, in turn."""

INVITED: Mapping[str, str] = MappingProxyType(
    {"nature_exploration": "fresh_air", "arts_crafts": "drawing", "discussions": "conversation"}
)
"""What an activity that the family likes adds to its breaks."""


class LearnedSubject(NamedTuple):
    """A subject of the child, as far as it says what the child likes."""

    name: str
    core: bool
    interest: int


class InterestCluster(TypedDict):
    """Subjects of one family that the child likes, and their mean interest."""

    name: str
    subjects: list[str]
    averageInterest: float


class RecommendedBreaks(TypedDict):
    """Lengths as phrases that `core.family.minutes_in` reads."""

    frequency: str
    duration: str
    activities: list[str]


class DerivedInsights(TypedDict):
    """The JSON value of `learningPreferences.derivedInsights`."""

    attentionSpan: str
    preferredLearningModality: str
    interestClusters: list[InterestCluster]
    recommendedBreaks: RecommendedBreaks


def derived_insights(
    age: int, subjects: Iterable[LearnedSubject], activities: Mapping[str, int]
) -> DerivedInsights:
    """What follows for a child of this age from its subjects and the family's ratings of
    `ACTIVITIES` (some may be missing). To be derived anew whenever one of them changes."""
    span = attention_span(age)
    return {
        "attentionSpan": f"{_shortest(span)}-{span}_minutes",
        "preferredLearningModality": _modality(activities),
        "interestClusters": _clusters(subjects),
        "recommendedBreaks": {
            "frequency": f"every_{span}_minutes",
            "duration": f"{BREAK}_minutes",
            "activities": list(break_activities(age, activities)),
        },
    }


def break_activities(
    age: int, activities: Mapping[str, int] = MappingProxyType({})
) -> tuple[str, ...]:
    """What a child of this age may do in breaks, in turn; see `INVITED` for `activities`."""
    usual = next(ideas for youngest, ideas in BY_AGE if age >= youngest)
    liked = (INVITED[name] for name in INVITED if activities.get(name, MIDDLE) > MIDDLE)
    return tuple(dict.fromkeys((*usual, *liked)))


def _shortest(span: int) -> int:
    return span * 2 // 3 // GRID * GRID


def _modality(activities: Mapping[str, int]) -> str:
    ratings = {name: activities.get(name, MIDDLE) for name in ACTIVITIES}

    def strength(modality: str) -> tuple[Fraction, int]:
        rated = [ratings[name] for name in MODALITIES[modality]]
        return _mean(rated), max(rated)

    # The first of equals, as `max` has it.
    strongest = max(MODALITIES, key=strength)
    stands_out = strength(strongest)[0] - _mean(list(ratings.values())) >= STANDS_OUT
    return strongest if stands_out else BALANCED


def _clusters(subjects: Iterable[LearnedSubject]) -> list[InterestCluster]:
    liked = sorted(
        (subject for subject in subjects if subject.interest > MIDDLE),
        key=lambda each: (-each.interest, not each.core, name_key(each.name), each.name),
    )
    found: list[tuple[Fraction, str, list[str]]] = []
    for name, kinds in CLUSTERS.items():
        within = [subject for subject in liked if subject_kind(subject.name) in kinds]
        if within:
            mean = _mean([subject.interest for subject in within])
            found.append((mean, name, [subject.name for subject in within]))
    # Sorting is stable: what is equal stays in the table's order.
    found.sort(key=lambda each: (-each[0], -len(each[2])))
    return [
        {"name": name, "subjects": names, "averageInterest": _one_decimal(mean)}
        for mean, name, names in found
    ]


def _mean(ratings: list[int]) -> Fraction:
    return Fraction(sum(ratings), len(ratings))


def _one_decimal(mean: Fraction) -> float:
    return int(mean * 10 + Fraction(1, 2)) / 10
