"""Codes that work once."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import psycopg
from households import NOW, move_in

from db.links import Purpose, Redeemed, create_code, redeem_code
from db.session import Busy, Database

QUARTER = timedelta(minutes=15)


async def test_a_code_stands_for_its_maker_once(database: Database, conninfo: str) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)
        code = await create_code(session, Purpose.CLAIM, QUARTER, now=NOW, family_id=family_id)
    with psycopg.connect(conninfo) as connection:
        kept = str(connection.execute("SELECT link_codes FROM link_codes").fetchall())
    assert code.replace("-", "") not in kept
    async with database.transaction() as session:
        assert await redeem_code(session, code, now=NOW) == Redeemed(
            Purpose.CLAIM, family_id, None, None
        )
        assert await redeem_code(session, code, now=NOW) is None


async def test_it_may_be_typed_as_people_type(database: Database) -> None:
    async with database.transaction() as session:
        code = await create_code(session, Purpose.DEVICE, QUARTER, now=NOW)
        typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
        assert await redeem_code(session, f" {typed} ", now=NOW)


async def test_it_expires(database: Database) -> None:
    async with database.transaction() as session:
        code = await create_code(session, Purpose.DEVICE, QUARTER, now=NOW)
        assert await redeem_code(session, code, now=NOW + QUARTER) is None
        just_in_time = NOW + QUARTER - timedelta(seconds=1)
        assert await redeem_code(session, code, now=just_in_time)


async def test_a_wrong_code_stands_for_nobody(database: Database) -> None:
    async with database.transaction() as session:
        await create_code(session, Purpose.DEVICE, QUARTER, now=NOW)
        for wrong in ("", "-", "AAAA-AAAA-AAAA-AAAA", "😀\x00\ud800"):
            assert await redeem_code(session, wrong, now=NOW) is None


async def test_of_many_attempts_at_once_one_succeeds(database: Database) -> None:
    async with database.transaction() as session:
        code = await create_code(session, Purpose.DEVICE, QUARTER, now=NOW)

    async def attempt() -> bool:
        while True:
            # Whom a busy machine turns away comes again, as a browser does.
            with suppress(Busy):
                async with database.transaction() as session:
                    return await redeem_code(session, code, now=NOW) is not None

    assert sum(await asyncio.gather(*(attempt() for _ in range(100)))) == 1


async def test_a_redemption_that_is_rolled_back_can_be_repeated(database: Database) -> None:
    async with database.transaction() as session:
        code = await create_code(session, Purpose.DEVICE, QUARTER, now=NOW)
    async with database.transaction() as session:
        assert await redeem_code(session, code, now=NOW)
        await session.rollback()
    async with database.transaction() as session:
        assert await redeem_code(session, code, now=NOW)
