"""A family written out, with its weeks, logs and feedback beside it."""

import json

import psycopg
from households import NOW, first_items, move_in, planned

from db.completion import complete_item
from db.document import parse_document, to_family
from db.exports import export_document
from db.families import load_family
from db.schedules import load_week, store_plan
from db.session import Database


async def test_an_export_can_be_imported_and_tells_what_happened(
    database: Database, conninfo: str
) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)
        family = await load_family(session, family_id)
        plan = planned(family, first_items(family))
        for _ in range(2):
            await store_plan(session, family_id, plan, now=NOW)
        week = await load_week(session, family_id, plan.request.week_start)
        await complete_item(session, family_id, week.items[0].uid or "", NOW, by="parent")
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "INSERT INTO user_feedback (family_id, feedback_type, rating, comments)"
            " VALUES (%s, 'schedule_satisfaction', 4, 'Calm week')",
            (family_id,),
        )
    async with database.transaction(family_id=family_id) as session:
        exported = await export_document(session, family_id, exported_at=NOW)
    assert exported is not None
    assert to_family(parse_document(json.loads(json.dumps(exported)))) == family
    assert [(each["child"], each["isActive"]) for each in exported["schedules"]] == [
        ("Noah", False),
        ("Emma", False),
        ("Noah", True),
        ("Emma", True),
    ]
    (log,) = exported["activityLogs"]
    assert (log["child"], log["activityName"], log["date"]) == ("Noah", "Mathematics", "2026-11-30")
    assert log["actual"]["completedAt"] == "2026-11-28T17:00:00Z"
    (feedback,) = exported["userFeedback"]
    assert (feedback["rating"], feedback["comments"]) == (4, "Calm week")
    assert exported["exportedAt"] == "2026-11-28T17:00:00Z"


async def test_another_family_is_not_written_out(database: Database) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)
    async with database.transaction() as session:
        assert await export_document(session, family_id, exported_at=NOW) is None
