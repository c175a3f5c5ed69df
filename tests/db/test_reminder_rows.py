"""The clock's claims, and reminders that exist once."""

import asyncio
from datetime import timedelta

from households import MONDAY, NOW, TUESDAY, move_in

from db.conversations import find_or_create_account
from db.messages import post_message
from db.reminders import Due, attach_message, claim_due, create_reminder, set_next_due
from db.session import Database

MINUTE = timedelta(minutes=1)


async def test_what_is_due_is_claimed_longest_overdue_first(database: Database) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)
        await set_next_due(session, family_id, "morning", NOW)
        await set_next_due(session, family_id, "evening", NOW - MINUTE)
        await set_next_due(session, family_id, "review", NOW + MINUTE)
    async with database.transaction() as session:
        assert await claim_due(session, NOW, 10) == [
            Due(family_id, "evening", NOW - MINUTE),
            Due(family_id, "morning", NOW),
        ]
        assert len(await claim_due(session, NOW, 1)) == 1
        await set_next_due(session, family_id, "evening", NOW + timedelta(days=1))
        await set_next_due(session, family_id, "morning", None)
        assert await claim_due(session, NOW, 10) == []
    async with database.transaction() as session:
        due = await claim_due(session, NOW + timedelta(days=2), 10)
    assert [each.kind for each in due] == ["review", "evening"]


async def test_clocks_at_once_claim_each_reminder_once(database: Database) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)
        for number in range(40):
            await set_next_due(session, family_id, f"kind {number}", NOW)
    claimed: list[str] = []

    async def tick() -> None:
        while True:
            async with database.transaction() as session:
                due = await claim_due(session, NOW, 5)
                for each in due:
                    await set_next_due(session, each.family_id, each.kind, NOW + MINUTE)
                await asyncio.sleep(0.005)
            claimed.extend(each.kind for each in due)
            if not due:
                return

    await asyncio.gather(*(tick() for _ in range(4)))
    assert sorted(claimed) == sorted(f"kind {number}" for number in range(40))


async def test_a_reminder_exists_once(database: Database) -> None:
    async with database.transaction() as session:
        await move_in(session)
        account = await find_or_create_account(session, "telegram", "42")
        first = await create_reminder(session, "morning", account.id, MONDAY)
        assert first is not None
        assert await create_reminder(session, "morning", account.id, MONDAY) is None
        assert await create_reminder(session, "evening", account.id, MONDAY)
        assert await create_reminder(session, "morning", account.id, TUESDAY)
        assert await create_reminder(session, "nudge", account.id, MONDAY, item_uid="a")
        assert await create_reminder(session, "nudge", account.id, MONDAY, item_uid="b")
        assert await create_reminder(session, "nudge", account.id, MONDAY, item_uid="a") is None
        message = await post_message(session, account.id, {"key": "morning"}, now=NOW)
        assert message is not None
        await attach_message(session, first, message)
