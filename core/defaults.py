"""What a family is offered before it has said anything: subjects, lengths, hours, ratings.

The numbers are starting points that a parent accepts or changes; none of them is a rule.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from core.family import (
    ACTIVITIES,
    PHILOSOPHIES,
    SCHEDULING_STYLES,
    Frequency,
    Hours,
    Involvement,
    LearningTime,
    PlanningApproach,
)


class SubjectKind(StrEnum):
    """The subjects that most families teach, in the order in which they are offered."""

    READING = "reading"
    MATHEMATICS = "mathematics"
    SCIENCE = "science"
    SOCIAL_STUDIES = "social_studies"
    ART = "art"
    MUSIC = "music"
    PHYSICAL_EDUCATION = "physical_education"
    FOREIGN_LANGUAGE = "foreign_language"
    OTHER = "other"


OFFERED = tuple(kind for kind in SubjectKind if kind is not SubjectKind.OTHER)

SHARED_WELL = frozenset(
    {
        SubjectKind.SCIENCE,
        SubjectKind.SOCIAL_STUDIES,
        SubjectKind.ART,
        SubjectKind.MUSIC,
        SubjectKind.PHYSICAL_EDUCATION,
    }
)
"""Subjects that siblings of different levels learn well side by side."""

SHARED_AGE_GAP = 4
"""Most years between siblings for whom a shared lesson is suggested."""

KIND_NAMES: Mapping[SubjectKind, frozenset[str]] = MappingProxyType(
    {
        kind: frozenset(names.split("|"))
        for kind, names in (
            (
                SubjectKind.READING,
                "reading|language arts|phonics|lectura|lectura y lengua|leer|lengua|lenguaje",
            ),
            (
                SubjectKind.MATHEMATICS,
                "math|maths|mathematics|arithmetic|matematica|matematicas|mate|mates",
            ),
            (
                SubjectKind.SCIENCE,
                "science|sciences|ciencia|ciencias|ciencias naturales|naturaleza",
            ),
            (
                SubjectKind.SOCIAL_STUDIES,
                "social studies|history|geography|historia|geografia|ciencias sociales|"
                "estudios sociales|sociales|sociales e historia",
            ),
            (
                SubjectKind.ART,
                "art|arts|art and craft|art and crafts|arts and craft|arts and crafts|art & craft|"
                "art & crafts|arts & craft|arts & crafts|craft|crafts|"
                "drawing|arte|artes|plastica|dibujo",
            ),
            (SubjectKind.MUSIC, "music|musica"),
            (
                SubjectKind.PHYSICAL_EDUCATION,
                "pe|p.e|p.e.|physical education|phys ed|gym|sport|sports|educacion fisica|"
                "ed fisica|ed. fisica|deporte|deportes|gimnasia",
            ),
            (
                SubjectKind.FOREIGN_LANGUAGE,
                "foreign language|foreign languages|language|languages|idioma|idiomas|"
                "idioma extranjero|idiomas extranjeros|lengua extranjera|segundo idioma",
            ),
        )
    }
)
"""What families call the offered subjects, as `plain` writes it."""


@dataclass(frozen=True, slots=True)
class SubjectDefaults:
    """How a subject usually goes at an age; `ticked` says whether it is suggested at all."""

    kind: SubjectKind
    ticked: bool
    core: bool
    minutes: int
    frequency: Frequency
    involvement: Involvement
    interest: int = 3


@dataclass(frozen=True, slots=True)
class Preset:
    """A way of teaching in one word: seventeen ratings from 1 to 5 and a planning approach."""

    key: str
    philosophy: Mapping[str, int]
    style: Mapping[str, int]
    activities: Mapping[str, int]
    approach: PlanningApproach


def plain(text: str) -> str:
    """The text without accents, in lower case and single-spaced, for comparing what was typed."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(bare.casefold().split())


def subject_kind(name: str) -> SubjectKind:
    """The subject that a name means in English or Spanish ("math", "Lectura"); OTHER if none.

    A name of two parts ("Reading/Language Arts") counts as what its first known part means.
    """
    whole = plain(name)
    for text in (whole, *re.split(r"\s*(?:/|\(|\)|,)\s*", whole)):
        for kind, names in KIND_NAMES.items():
            if text in names:
                return kind
    return SubjectKind.OTHER


_PARTS = (
    r"phonics|geography|geografia|(arts? (and|&) )?crafts?|drawing|dibujo|plastica|sports?|"
    r"deportes?"
)


def is_part(name: str) -> bool:
    """Whether a name means only a part of its kind ("geography", "drawing"), which a family may
    teach beside the whole."""
    return re.fullmatch(_PARTS, plain(name)) is not None


def subject_defaults(kind: SubjectKind, age: int) -> SubjectDefaults:
    """How a subject usually goes for a child of this age (2 to 18)."""
    band = _band(age)
    daily = (Frequency.DAILY,) * 5
    some_days = (Frequency.TWO_OR_THREE,) * 5
    once = (Frequency.WEEKLY,) * 5
    growing = (
        Involvement.FULL,
        Involvement.FULL,
        Involvement.SOME,
        Involvement.MINIMAL,
        Involvement.INDEPENDENT,
    )
    guided = (
        Involvement.FULL,
        Involvement.FULL,
        Involvement.SOME,
        Involvement.SOME,
        Involvement.MINIMAL,
    )
    free = (
        Involvement.FULL,
        Involvement.SOME,
        Involvement.MINIMAL,
        Involvement.INDEPENDENT,
        Involvement.INDEPENDENT,
    )
    # Each row: suggested at which of the five age bands, core, minutes by band, frequency, help.
    rows: dict[
        SubjectKind,
        tuple[str, bool, tuple[int, ...], tuple[Frequency, ...], tuple[Involvement, ...]],
    ] = {
        SubjectKind.READING: ("12345", True, (15, 20, 30, 45, 45), daily, growing),
        SubjectKind.MATHEMATICS: ("2345", True, (15, 20, 30, 45, 60), daily, guided),
        SubjectKind.SCIENCE: ("2345", True, (15, 30, 30, 45, 60), some_days, guided),
        SubjectKind.SOCIAL_STUDIES: ("345", True, (15, 20, 30, 45, 45), some_days, growing),
        SubjectKind.ART: ("1234", False, (15, 30, 30, 45, 45), once, free),
        SubjectKind.MUSIC: ("12", False, (15, 15, 30, 30, 30), once, guided),
        SubjectKind.PHYSICAL_EDUCATION: ("12345", False, (15, 30, 30, 30, 45), some_days, free),
        SubjectKind.FOREIGN_LANGUAGE: ("345", False, (15, 15, 20, 30, 45), some_days, growing),
        SubjectKind.OTHER: ("", False, (15, 20, 30, 30, 45), some_days, guided),
    }
    bands, core, minutes, frequencies, help_needed = rows[kind]
    return SubjectDefaults(
        kind=kind,
        ticked=str(band + 1) in bands,
        core=core,
        minutes=minutes[band],
        frequency=frequencies[band],
        involvement=help_needed[band],
    )


def suggested_subjects(age: int) -> tuple[SubjectDefaults, ...]:
    """All offered subjects with their defaults for this age, in the order of offering."""
    return tuple(subject_defaults(kind, age) for kind in OFFERED)


def best_times(age: int) -> tuple[LearningTime, ...]:
    """The parts of the day in which children of this age usually learn best."""
    if age >= 14:
        return (LearningTime.MID_MORNING, LearningTime.EARLY_AFTERNOON)
    return (LearningTime.MID_MORNING,)


def school_hours(age: int) -> Hours:
    """Homeschooling hours that hold the suggested subjects of this age with room to breathe."""
    ends = (11 * 60 + 30, 13 * 60, 14 * 60, 15 * 60, 16 * 60)
    return Hours(9 * 60, ends[_band(age)])


def _band(age: int) -> int:
    """0 to 4: toddlers, 5-7, 8-10, 11-13, teenagers."""
    return sum(age >= first for first in (5, 8, 11, 14))


def _preset(key: str, ratings: str, approach: PlanningApproach) -> Preset:
    """`ratings` are seventeen digits in the order of the data model, grouped by blanks."""
    philosophy, style, activities = ratings.split()
    return Preset(
        key=key,
        philosophy=MappingProxyType(dict(zip(PHILOSOPHIES, map(int, philosophy), strict=True))),
        style=MappingProxyType(dict(zip(SCHEDULING_STYLES, map(int, style), strict=True))),
        activities=MappingProxyType(dict(zip(ACTIVITIES, map(int, activities), strict=True))),
        approach=approach,
    )


PRESETS = (
    _preset("balanced", "33323 33333 3343334", PlanningApproach.MIX),
    _preset("relaxed", "23415 24142 2451244", PlanningApproach.MIX),
    _preset("traditional", "52141 42512 5225323", PlanningApproach.SET_CURRICULUM),
    _preset("classical", "43151 32422 4335325", PlanningApproach.CURRICULUM_AS_GUIDE),
    _preset("charlotte_mason", "25322 24335 2543334", PlanningApproach.CURRICULUM_AS_GUIDE),
    _preset("interest_led", "13415 33252 1441554", PlanningApproach.INTEREST_LED),
)
"""Offered in this order; the first suits a family that has no opinion yet."""
