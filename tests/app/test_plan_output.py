import json
from datetime import date
from itertools import count
from typing import Any

import pytest

from app.plan_output import plan_document
from core.patterns import patterns, schedule_data
from core.phrase import Phrase, say
from core.plan import (
    Item,
    ItemType,
    Move,
    Plan,
    Repair,
    Scores,
    Status,
    Unscheduled,
)
from core.remedies import Independent
from core.week import parse_clock
from db.document import parse_document, to_request
from db.types import ScheduleData, read, write

MONDAY, TUESDAY, FRIDAY = date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 4)
DOCUMENT: dict[str, Any] = {
    "weekStartDate": "2026-11-30",
    "timezone": "America/New_York",
    "adults": [{"name": "Sarah"}],
    "commitments": [
        {
            "name": "Co-op",
            "frequency": "weekly",
            "daysOfWeek": ["Friday"],
            "startTime": "13:00",
            "endTime": "15:00",
            "scope": "family",
        }
    ],
    "children": [
        {
            "name": "Noah",
            "age": 6,
            "commitments": [
                {
                    "name": "Soccer",
                    "frequency": "weekly",
                    "daysOfWeek": ["Monday"],
                    "startTime": "16:00",
                    "endTime": "17:00",
                }
            ],
            "subjects": [
                {
                    "name": "Mathematics",
                    "isCoreSubject": True,
                    "sessionDuration": 30,
                    "frequency": "daily",
                    "parentInvolvement": "some_assistance",
                },
                {
                    "name": "Art",
                    "sessionDuration": 30,
                    "frequency": "once_a_week",
                    "parentInvolvement": "independent",
                },
            ],
        },
        {
            "name": "Emma",
            "age": 9,
            "subjects": [
                {
                    "name": "Latin",
                    "sessionDuration": 45,
                    "frequency": "once_a_week",
                    "parentInvolvement": "independent",
                }
            ],
        },
    ],
}


def item(child: int, day: date, kind: ItemType, name: str, span: str, **more: Any) -> Item:
    start, end = map(parse_clock, span.split("-"))
    return Item(child, day, kind, name, start, end, **more)


LATER = item(1, MONDAY, ItemType.SUBJECT, "Art", "13:00-13:30", subject_id=2, completed=True)
ITEMS = (
    LATER,
    item(1, MONDAY, ItemType.SUBJECT, "Mathematics", "09:00-09:30", subject_id=1, adult_id=1),
    item(1, MONDAY, ItemType.BREAK, "Break", "09:30-09:40", suggestion="physical_movement"),
    item(1, MONDAY, ItemType.LUNCH, "Lunch", "12:00-12:30"),
    item(1, MONDAY, ItemType.COMMITMENT, "Soccer", "16:00-17:00", commitment_id=1, external=True),
    item(1, TUESDAY, ItemType.SUBJECT, "Mathematics", "10:00-10:30", subject_id=1, adult_id=1),
    item(
        1,
        FRIDAY,
        ItemType.COMMITMENT,
        "Co-op",
        "13:00-15:00",
        family_commitment_id=1,
        external=True,
    ),
    item(2, TUESDAY, ItemType.SUBJECT, "Latin", "09:00-09:45", subject_id=3),
)
PLAN = Plan(
    request=to_request(parse_document(DOCUMENT)),
    status=Status.PARTIAL,
    items=ITEMS,
    omission_weight=30,
    omission_bound=20,
    objective=812.5,
    bound=840.0,
    solve_seconds=0.123456,
    scores=Scores(0.25, 0.5, 0.75, 1.0),
    unscheduled=(Unscheduled(1, 1, 3, say("plan.reason.no_time")),),
    conflicts=(say("plan.conflict.no_lunch", child="Noah", date=FRIDAY),),
    repairs=(
        Repair(say("plan.repair.independent", subject="Mathematics"), 30, Independent(((1, 1),))),
    ),
    moved=(Move(1, 2, (MONDAY, 600), (MONDAY, 780)),),
)


def in_words(phrase: Phrase) -> str:
    return f"<{phrase.key}>"


def printed() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(plan_document(PLAN, in_words)))
    return document


def test_the_document_has_the_promised_keys() -> None:
    document = printed()
    children = document.pop("children")
    assert [sorted(child) for child in children] == [["name", "scheduleData"]] * 2
    assert [child["name"] for child in children] == ["Noah", "Emma"]
    assert document == {
        "status": "partial",
        "omissions": {"weight": 30, "bound": 20},
        "objective": 812.5,
        "bound": 840.0,
        "solveSeconds": 0.123,
        "scores": {
            "childInterest": 0.25,
            "learningTimes": 0.5,
            "parentInvolvement": 0.75,
            "subjectCoherence": 1.0,
        },
        "unscheduled": [
            {
                "child": "Noah",
                "subject": "Mathematics",
                "missing": 3,
                "reason": "<plan.reason.no_time>",
            }
        ],
        "conflicts": ["<plan.conflict.no_lunch>"],
        "repairs": [{"text": "<plan.repair.independent>", "gain": 30}],
        "moved": [
            {
                "child": "Noah",
                "subject": "Art",
                "from": "2026-11-30T10:00",
                "to": "2026-11-30T13:00",
            }
        ],
    }


def test_a_week_has_seven_days_of_items_in_order() -> None:
    noah, emma = (child["scheduleData"] for child in printed()["children"])
    assert (noah["weekStartDate"], noah["version"]) == ("2026-11-30", 1)
    assert noah["generationMethod"] == "cp_sat_v1"
    assert [day["dayOfWeek"] for day in noah["days"]] == [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ]
    assert noah["days"][6]["date"] == "2026-12-06"
    assert noah["days"][2]["items"] == []
    ids = [entry["id"] for week in (noah, emma) for day in week["days"] for entry in day["items"]]
    assert ids == list(range(1, len(ITEMS) + 1))
    assert noah["days"][0]["items"] == [
        {
            "id": 1,
            "type": "subject",
            "name": "Mathematics",
            "startTime": "09:00",
            "endTime": "09:30",
            "subjectId": 1,
            "adult": "Sarah",
            "completed": False,
        },
        {
            "id": 2,
            "type": "break",
            "name": "Break",
            "startTime": "09:30",
            "endTime": "09:40",
            "activity": "physical_movement",
        },
        {"id": 3, "type": "lunch", "name": "Lunch", "startTime": "12:00", "endTime": "12:30"},
        {
            "id": 4,
            "type": "subject",
            "name": "Art",
            "startTime": "13:00",
            "endTime": "13:30",
            "subjectId": 2,
            "completed": True,
        },
        {
            "id": 5,
            "type": "commitment",
            "name": "Soccer",
            "startTime": "16:00",
            "endTime": "17:00",
            "commitmentId": 1,
            "isExternal": True,
        },
    ]
    (co_op,) = noah["days"][4]["items"]
    assert (co_op["familyCommitmentId"], co_op["isExternal"]) == (1, True)
    assert "commitmentId" not in co_op
    (latin,) = emma["days"][1]["items"]
    assert "adult" not in latin


def test_a_week_is_the_stored_shape_and_knows_no_other_keys() -> None:
    data = printed()["children"][0]["scheduleData"]
    shape = read(ScheduleData, data)
    assert write(shape) == data
    assert not shape.model_extra
    assert not any(entry.model_extra for day in shape.days for entry in day.items)
    assert shape.patterns is not None
    assert not shape.patterns.model_extra


def test_an_earlier_output_is_read_back_as_the_same_items() -> None:
    request = to_request(parse_document(DOCUMENT | {"previous": printed()}))
    assert set(request.previous) == set(ITEMS)


def test_rows_keep_their_ids_in_whatever_order_they_come() -> None:
    noah = [found for found in ITEMS if found.child_id == 1]
    rows = dict(zip(noah, count(501), strict=False))
    backwards = list(reversed(noah))
    data = schedule_data(
        backwards,
        [rows[found] for found in backwards],
        week_start=MONDAY,
        version=4,
        method="ml_model_v3",
        core_subjects={1},
        adults={1: "Sarah"},
    )
    assert (data["version"], data["generationMethod"]) == (4, "ml_model_v3")
    assert {entry["id"]: entry["name"] for day in data["days"] for entry in day["items"]} == {
        number: found.name for found, number in rows.items()
    }
    with pytest.raises(ValueError, match="argument 2"):
        schedule_data(
            noah,
            [1],
            week_start=MONDAY,
            version=1,
            method="cp_sat_v1",
            core_subjects=(),
            adults={1: "Sarah"},
        )


def test_patterns_tell_blocks_and_breaks() -> None:
    found = patterns([found for found in ITEMS if found.child_id == 1], {1})
    assert found == {
        "learningBlocks": [
            {
                "type": "core_academic",
                "preferredTime": "morning",
                "subjects": ["Mathematics"],
                "averageDuration": 30,
            },
            {
                "type": "enrichment",
                "preferredTime": "afternoon",
                "subjects": ["Art"],
                "averageDuration": 30,
            },
        ],
        "breakPatterns": {
            "frequency": "every_30_minutes",
            "duration": 10,
            "activitySuggestions": ["Physical Movement"],
        },
    }
    assert patterns([], set()) == {"learningBlocks": []}


def test_patterns_average_over_days_and_count_from_the_last_rest() -> None:
    day = [
        item(1, MONDAY, ItemType.SUBJECT, "Mathematics", "09:00-09:30", subject_id=1),
        item(1, MONDAY, ItemType.SUBJECT, "Reading", "09:30-10:00", subject_id=2),
        item(1, MONDAY, ItemType.BREAK, "Break", "10:00-10:10", suggestion="snack"),
        item(1, MONDAY, ItemType.SUBJECT, "Latin", "11:00-11:30", subject_id=3),
        item(1, MONDAY, ItemType.LUNCH, "Lunch", "12:00-12:30"),
        item(1, MONDAY, ItemType.SUBJECT, "Art", "18:00-19:00", subject_id=4),
        item(1, MONDAY, ItemType.BREAK, "Break", "19:00-19:10", suggestion="snack"),
        item(1, TUESDAY, ItemType.SUBJECT, "Mathematics", "09:00-09:30", subject_id=1),
    ]
    found = patterns(day, {1, 2, 3})
    assert [
        (block["type"], block["preferredTime"], block["subjects"], block["averageDuration"])
        for block in found["learningBlocks"]
    ] == [
        ("core_academic", "morning", ["Mathematics", "Reading", "Latin"], 60),
        ("enrichment", "evening", ["Art"], 60),
    ]
    assert found["breakPatterns"]["frequency"] == "hourly"
    assert found["breakPatterns"]["activitySuggestions"] == ["Snack"]
