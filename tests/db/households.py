"""Sarah's family, and weeks for it, for the tests of the database."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.family import Family
from core.phrase import say
from core.plan import Item, ItemType, Plan, Scores, Status, Unscheduled, WeekRequest
from db.document import parse_document
from db.document_models import FamilyDocument
from db.families import create_family

NOW = datetime(2026, 11, 28, 17, 0, tzinfo=UTC)
MONDAY = date(2026, 11, 30)
TUESDAY = date(2026, 12, 1)


def subject(name: str, **keys: Any) -> dict[str, Any]:
    return {
        "name": name,
        "isCoreSubject": True,
        "sessionDuration": 30,
        "frequency": "daily",
        "parentInvolvement": "some_assistance",
        "interestLevel": 4,
        **keys,
    }


def sarahs_document(**keys: Any) -> FamilyDocument:
    """A family that uses every key that a row must keep."""
    science = subject("Science", frequency="2-3_times_per_week", teachTogether=True)
    return parse_document(
        {
            "timezone": "America/New_York",
            "adults": [{"name": "Sarah"}, {"name": "Grandma"}],
            "parent": {"name": "Sarah", "email": "Sarah@Example.com"},
            "preferences": {
                "schedulingFlexibility": "moderate_structure",
                "planningApproach": "interest_led",
                "schedulingStyle": {"loop": 3},
                "ofTheirOwn": {"kept": True},
            },
            "commitments": [
                {
                    "name": "Work Meeting",
                    "frequency": "weekly",
                    "daysOfWeek": ["Tuesday", "Thursday"],
                    "startTime": "10:00",
                    "endTime": "11:30",
                    "scope": "parent",
                    "adult": "Sarah",
                },
                {
                    "name": "Game night",
                    "frequency": "monthly",
                    "date": "2026-01-31",
                    "startTime": "19:00",
                    "endTime": "00:30",
                    "scope": "family",
                },
            ],
            "daysOff": [{"date": "2026-12-24"}, {"date": "2026-12-03", "child": "Noah"}],
            "children": [
                {
                    "name": "Noah",
                    "age": 6,
                    "schoolDays": ["Monday", "Tuesday", "Thursday"],
                    "learningPreferences": {
                        "bestLearningTimes": ["mid-morning"],
                        "homeschoolingHours": {"startTime": "09:00", "endTime": "14:00"},
                    },
                    "commitments": [
                        {
                            "name": "Soccer Practice",
                            "frequency": "weekly",
                            "daysOfWeek": ["Monday"],
                            "startTime": "16:00",
                            "endTime": "17:00",
                            "needsAdult": True,
                            "adult": "Grandma",
                        }
                    ],
                    "subjects": [
                        subject("Mathematics", metadata={"sessionsPerWeek": 3, "book": "green"}),
                        science,
                    ],
                },
                {
                    "name": "Emma",
                    "age": 9,
                    "subjects": [
                        subject("Music", fixedTimeRequired=True, preferredTime="11:00"),
                        science,
                    ],
                },
            ],
            **keys,
        }
    )


async def move_in(session: AsyncSession, email: str = "sarah@example.com") -> int:
    """Import Sarah's family; the transaction is in its scope afterwards."""
    return await create_family(
        session,
        sarahs_document(),
        parent_name="Sarah",
        email=email,
        source="import",
        consent_version="1",
        now=NOW,
    )


def first_items(family: Family) -> tuple[Item, ...]:
    """A small week: two lessons and a break for Noah, one lesson and game night for Emma."""
    noah, emma = family.children
    sarah = family.adults[0]
    maths, science = noah.subjects
    return (
        lesson(noah.id, maths.id, "Mathematics", MONDAY, 570, adult_id=sarah.id),
        Item(noah.id, MONDAY, ItemType.BREAK, "Break", 600, 610, suggestion="stretch"),
        lesson(noah.id, science.id, "Science", TUESDAY, 600, adult_id=sarah.id),
        lesson(emma.id, emma.subjects[1].id, "Science", TUESDAY, 600, adult_id=sarah.id),
        Item(
            emma.id,
            MONDAY,
            ItemType.COMMITMENT,
            "Game night",
            1140,
            1440,
            family_commitment_id=family.commitments[1].id,
            external=True,
        ),
    )


def lesson(
    child_id: int, subject_id: int, name: str, day: date, start: int, *, adult_id: int | None
) -> Item:
    return Item(
        child_id,
        day,
        ItemType.SUBJECT,
        name,
        start,
        start + 30,
        subject_id=subject_id,
        adult_id=adult_id,
    )


def planned(family: Family, items: Sequence[Item], week_start: date = MONDAY) -> Plan:
    """These items as the engine would hand them over."""
    music = family.children[1].subjects[0]
    left_out = Unscheduled(family.children[1].id, music.id, 1, say("plan.reason.no_time"))
    return Plan(
        request=WeekRequest(family, week_start),
        status=Status.PARTIAL,
        items=tuple(items),
        omission_weight=7,
        omission_bound=7,
        objective=0.5,
        bound=0.75,
        solve_seconds=0.1,
        scores=Scores(0.1, 0.2, 0.3, 0.4),
        unscheduled=(left_out,),
    )
