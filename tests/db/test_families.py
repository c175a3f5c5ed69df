"""A family document becomes rows, and rows become the same family again."""

from datetime import date

import psycopg
import pytest
from households import NOW, move_in, sarahs_document

from core.family import Override, Scope
from core.week import Weekday
from db.conversations import (
    accounts_of,
    find_or_create_account,
    load_draft,
    record_consent,
    save_draft,
)
from db.document import dump_document, parse_document, to_family
from db.families import (
    EmailTaken,
    Told,
    commitment_dates,
    create_family,
    family_name,
    load_document,
    load_family,
)
from db.family_rows import NoSuchFamily
from db.session import Database, chat_scope
from db.types import QuestionnaireSession


async def test_the_engine_gets_the_family_that_was_written(database: Database) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)
        loaded = await load_family(session, family_id)
    # In a fresh database rows are numbered as a document's people are.
    assert loaded == to_family(sarahs_document())


async def test_the_document_comes_back_and_can_be_imported_again(database: Database) -> None:
    async with database.transaction() as session:
        document = await load_document(session, await move_in(session))
    again = parse_document(dump_document(document))
    assert to_family(again) == to_family(sarahs_document())
    assert again.parent is not None
    assert again.parent.email == "sarah@example.com"
    exported = dump_document(again)
    assert exported["preferences"]["ofTheirOwn"] == {"kept": True}
    maths = exported["children"][0]["subjects"][0]
    assert maths["metadata"] == {"sessionsPerWeek": 3, "book": "green"}


async def test_rows_are_in_the_data_models_own_terms(database: Database, conninfo: str) -> None:
    async with database.transaction() as session:
        await move_in(session)
    with psycopg.connect(conninfo) as connection:

        def one(query: str) -> tuple[object, ...] | None:
            return connection.execute(query.encode()).fetchone()

        assert one(
            "SELECT days_of_week, scope, frequency FROM family_commitments"
            " WHERE name = 'Work Meeting'"
        ) == ('["Tuesday", "Thursday"]', "parent", "weekly")
        assert one(
            "SELECT email, questionnaire_completed, questionnaire_completed_at FROM users"
        ) == ("sarah@example.com", True, NOW.replace(tzinfo=None))
        assert one("SELECT scheduling_flexibility, planning_approach, timezone FROM families") == (
            "moderate_structure",
            "interest_led",
            "America/New_York",
        )
        assert one("SELECT kind, source FROM consents") == ("storage", "import")


async def test_a_known_address_is_refused_to_an_import(database: Database) -> None:
    async with database.transaction() as session:
        await move_in(session)

    async def import_again() -> None:
        async with database.transaction() as session:
            await move_in(session, " SARAH@example.com ")

    with pytest.raises(EmailTaken, match=r"parent\.email"):
        await import_again()


@pytest.mark.parametrize("email", [None, "sarah@example.com"])
async def test_from_a_chat_an_address_that_is_missing_or_taken_does_not_matter(
    database: Database, conninfo: str, email: str | None
) -> None:
    async with database.transaction() as session:
        await move_in(session)
    async with database.transaction() as session:
        account = await find_or_create_account(session, "telegram", "42")
        await chat_scope(session, account.id)
        await record_consent(
            session,
            kind="storage",
            version="1",
            source="chat",
            now=NOW,
            chat_account_id=account.id,
        )
        await save_draft(session, account.id, QuestionnaireSession(), now=NOW)
        family_id = await create_family(
            session,
            sarahs_document().model_copy(
                update={"questionnaire_responses": {"section1": {"name": "Sarah"}}}
            ),
            parent_name="Sarah",
            email=email,
            source="chat",
            consent_version="1",
            now=NOW,
            chat_account_id=account.id,
        )
        draft = await load_draft(session, account.id)
        family = await load_family(session, family_id)
        (owner,) = await accounts_of(session, family_id)
        exported = await load_document(session, family_id)
    assert (draft.family_id, draft.user_id) == (family_id, family_id)
    assert owner.adult_id == family.adults[0].id
    assert exported.parent is not None
    assert exported.parent.email is None
    assert exported.questionnaire_responses == {"section1": {"name": "Sarah"}}
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute("SELECT email FROM users ORDER BY id").fetchall()
        consents = connection.execute(
            "SELECT source FROM consents WHERE family_id = %s", (family_id,)
        ).fetchall()
    assert rows[1][0].endswith("@no-mail.invalid")
    assert consents == [("chat",)]


async def test_commitments_come_with_the_dates_that_a_calendar_needs(database: Database) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)
        family = await load_family(session, family_id)
        dates = await commitment_dates(session, family_id)
    soccer = family.children[0].commitments[0]
    assert soccer.days_of_week == (Weekday.MONDAY,)
    told = Told(NOW.date(), 0, NOW)
    meeting, night = family.commitments
    assert (meeting.scope, night.end < night.start) == (Scope.PARENT, True)
    assert dates == {
        (False, meeting.id): told,
        (False, night.id): told,
        (True, soccer.id): told,
    }


async def test_a_family_that_is_not_there_or_not_ours(database: Database) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)
        assert await family_name(session, family_id) == "Sarah"
    async with database.transaction() as session:
        for load in (load_family, load_document):
            with pytest.raises(NoSuchFamily):
                await load(session, family_id)


async def test_names_that_postgresql_would_refuse_are_cleaned(database: Database) -> None:
    document = sarahs_document(adults=[{"name": "Sarah"}, {"name": "Grandma"}])
    async with database.transaction() as session:
        family_id = await create_family(
            session,
            document,
            parent_name="Sa\x00rah \ud800",
            source="import",
            consent_version="1",
            now=NOW,
        )
        exported = await load_document(session, family_id)
    assert exported.parent is not None
    assert exported.parent.name == "Sarah"


async def test_a_single_occurrence_that_differs_is_known_to_the_engine(
    database: Database, conninfo: str
) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "INSERT INTO commitment_exceptions (family_id, family_commitment_id, date)"
            " SELECT %s, id, '2026-12-01' FROM family_commitments WHERE name = 'Work Meeting'",
            (family_id,),
        )
        connection.execute(
            "INSERT INTO commitment_exceptions"
            " (family_id, child_commitment_id, date, start_time, end_time)"
            " SELECT %s, id, '2026-11-30', '15:00', '16:30' FROM child_commitments",
            (family_id,),
        )
    async with database.transaction(family_id=family_id) as session:
        family = await load_family(session, family_id)
    work, game_night = family.commitments
    assert work.overrides == (Override(date(2026, 12, 1)),)
    assert game_night.overrides == ()
    soccer = family.children[0].commitments[0]
    assert soccer.overrides == (Override(date(2026, 11, 30), 900, 990),)
