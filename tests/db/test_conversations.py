"""Chat accounts, drafts and consent."""

import asyncio

from households import NOW, move_in

from db.conversations import (
    Draft,
    accounts_of,
    create_web_account,
    find_or_create_account,
    link_account,
    load_account,
    load_draft,
    save_draft,
    set_language,
    web_account,
)
from db.families import load_family
from db.session import Database, chat_scope
from db.types import QuestionnaireSession, read, write

DRAFT = {
    "currentSection": 2,
    "progress": {"section1": "complete", "section2": "in_progress"},
    "draftResponses": {"section1": {"name": "Sarah"}},
    "ofTheFlow": {"version": 1},
}


async def test_an_account_is_found_again_by_the_channels_id(database: Database) -> None:
    async def find() -> int:
        async with database.transaction() as session:
            return (await find_or_create_account(session, "telegram", "42", language="es")).id

    assert len(set(await asyncio.gather(*(find() for _ in range(8))))) == 1
    async with database.transaction() as session:
        account = await find_or_create_account(session, "telegram", "42", language="en")
        assert account.language == "es"
        await set_language(session, account.id, "en")
    async with database.transaction() as session:
        again = await load_account(session, account.id)
        other = await find_or_create_account(session, "web", "42")
    assert again is not None
    assert again.language == "en"
    assert other.id != account.id


async def test_a_web_account_opens_to_its_cookie_alone(database: Database) -> None:
    async with database.transaction() as session:
        account = await create_web_account(session, "a-secret-cookie", language="en")
        assert await web_account(session, "a-secret-cookie") == account
        assert await web_account(session, "a-secret-cookiE") is None
        assert await web_account(session, account.external_id) is None
        assert await web_account(session, "") is None


async def test_an_account_joins_a_person_of_a_family(database: Database) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)
        family = await load_family(session, family_id)
        account = await find_or_create_account(session, "telegram", "42")
        assert await accounts_of(session, family_id) == []
        await link_account(session, account.id, family_id=family_id, child_id=family.children[0].id)
    async with database.transaction() as session:
        (linked,) = await accounts_of(session, family_id)
    assert (linked.id, linked.child_id, linked.adult_id) == (
        account.id,
        family.children[0].id,
        None,
    )


async def test_a_draft_is_kept_in_the_data_models_shape(database: Database) -> None:
    async with database.transaction() as session:
        account = await find_or_create_account(session, "telegram", "42")
        await chat_scope(session, account.id)
        assert await load_draft(session, account.id) == Draft(QuestionnaireSession())
        await save_draft(session, account.id, QuestionnaireSession(), now=NOW)
        await save_draft(session, account.id, read(QuestionnaireSession, DRAFT), now=NOW)
    async with database.transaction(chat_account_id=account.id) as session:
        draft = await load_draft(session, account.id)
    assert write(draft.data) == DRAFT


async def test_steps_of_one_chat_take_turns(database: Database) -> None:
    async with database.transaction() as session:
        account = await find_or_create_account(session, "telegram", "42")

    async def step() -> None:
        async with database.transaction(chat_account_id=account.id) as session:
            draft = await load_draft(session, account.id)
            await asyncio.sleep(0.01)
            counted = (draft.data.current_section or 0) + 1
            data = QuestionnaireSession(current_section=counted)
            await save_draft(session, account.id, data, now=NOW)

    await asyncio.gather(*(step() for _ in range(8)))
    async with database.transaction(chat_account_id=account.id) as session:
        assert (await load_draft(session, account.id)).data.current_section == 8
