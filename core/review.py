"""What a week has been: by child and subject, what was held of what was planned."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.family import Family
from core.plan import Item, ItemType


@dataclass(frozen=True, slots=True)
class SubjectWeek:
    """One subject of a child: `held` of `planned` lessons."""

    name: str
    held: int
    planned: int


@dataclass(frozen=True, slots=True)
class ChildWeek:
    """A child's subjects, those with most held first."""

    child_id: int
    subjects: tuple[SubjectWeek, ...]

    @property
    def held(self) -> int:
        return sum(subject.held for subject in self.subjects)

    @property
    def planned(self) -> int:
        return sum(subject.planned for subject in self.subjects)


def review(family: Family, items: Iterable[Item]) -> tuple[ChildWeek, ...]:
    """The week of each child who had lessons in it, in the family's order."""
    lessons = [item for item in items if item.type is ItemType.SUBJECT]
    weeks = []
    for child in family.children:
        named: dict[str, list[bool]] = {}
        for item in lessons:
            if item.child_id == child.id:
                named.setdefault(item.name, []).append(item.completed)
        subjects = [SubjectWeek(name, sum(held), len(held)) for name, held in named.items()]
        if subjects:
            subjects.sort(key=lambda subject: (-subject.held / subject.planned, subject.name))
            weeks.append(ChildWeek(child.id, tuple(subjects)))
    return tuple(weeks)
