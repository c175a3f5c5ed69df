"""Secret addresses: found by hash, shown from ciphertext, revocable; and what they show, kept."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from households import NOW, move_in
from sqlalchemy import func, select

from db.calendars import (
    FeedTarget,
    FoundFeed,
    KeptFeed,
    alarm_minutes,
    create_feeds,
    feed_tokens,
    find_feed,
    keep_feed,
    load_feed,
    load_kept,
    renew_feeds,
    resolve_token,
    revoke_feed,
    set_alarm,
)
from db.families import load_family
from db.learning import active_weights
from db.models import Feed
from db.revision import bump_revision
from db.secrets import SecretBox, SecretUnreadable
from db.session import Database

BOX = SecretBox([b"k" * 32])


async def test_everybody_has_an_address_of_their_own(database: Database, conninfo: str) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)
        family = await load_family(session, family_id)
        tokens = await create_feeds(session, family_id, BOX)
    assert list(tokens.children) == [child.id for child in family.children]
    assert list(tokens.adults) == [adult.id for adult in family.adults]
    every = [tokens.family, tokens.week, *tokens.children.values(), *tokens.adults.values()]
    assert len(set(every)) == 6
    assert min(map(len, every)) >= 22, "128 bits in base64"
    noah = family.children[0].id
    opened = {}
    for name, token in {"noah": tokens.children[noah], "week": tokens.week}.items():
        async with database.transaction() as session:
            opened[name] = await resolve_token(session, token)
            assert len((await load_family(session, family_id)).children) == 2
    assert opened["noah"] == FeedTarget(opened["noah"].feed_id, family_id, "feed", noah, None)
    assert opened["week"] == FeedTarget(opened["week"].feed_id, family_id, "week", None, None)
    with psycopg.connect(conninfo) as connection:
        kept = str(
            connection.execute("SELECT feeds, feed_tokens FROM feeds, feed_tokens").fetchall()
        )
    assert not [token for token in every if token in kept]


async def test_they_are_made_once_and_shown_again(database: Database) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)
        first = await create_feeds(session, family_id, BOX)
    async with database.transaction(family_id=family_id) as session:
        assert await create_feeds(session, family_id, BOX) == first
        assert await feed_tokens(session, family_id, SecretBox([b"new" * 8, b"k" * 32])) == first
        with pytest.raises(SecretUnreadable):
            await feed_tokens(session, family_id, SecretBox([b"another key, or so"]))


async def test_a_revoked_address_opens_nothing_and_is_replaced(database: Database) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)
        first = await create_feeds(session, family_id, BOX)
        target = await resolve_token(session, first.family)
        assert target is not None
        await revoke_feed(session, target.feed_id, now=NOW)
        assert await resolve_token(session, first.family) is None
        second = await create_feeds(session, family_id, BOX)
        assert second.family != first.family
        assert second.children == first.children
        assert await resolve_token(session, second.family)


async def test_an_unknown_token_opens_nothing(database: Database) -> None:
    async with database.transaction() as session:
        await create_feeds(session, await move_in(session), BOX)
        for token in ("", "x" * 32, "\x00", "\ud800"):
            assert await resolve_token(session, token) is None


async def test_the_first_model_has_the_weights_of_the_data_model(database: Database) -> None:
    async with database.transaction() as session:
        weights = await active_weights(session)
    assert (weights.child_interest, weights.learning_times) == (0.4, 0.3)
    assert (weights.parent_involvement, weights.subject_coherence) == (0.2, 0.1)


async def test_a_familys_own_weights_go_before_the_common_ones(
    database: Database, conninfo: str
) -> None:
    async with database.transaction() as session:
        family_id = await move_in(session)
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "INSERT INTO family_models (family_id, version, parameters, is_active)"
            """ VALUES (%s, 'v1', '{"weights": {"childInterest": 0.7}}', TRUE)""",
            (family_id,),
        )
    async with database.transaction(family_id=family_id) as session:
        assert (await active_weights(session)).child_interest == 0.7
    async with database.transaction() as session:
        assert (await active_weights(session)).child_interest == 0.4


MADE = KeptFeed("0123", b"zipped", NOW)
TOMORROW = NOW + timedelta(days=1)


async def a_feed(database: Database) -> tuple[FeedTarget, str]:
    """A family's own feed and its token."""
    async with database.transaction() as session:
        tokens = await create_feeds(session, await move_in(session), BOX)
        target = await resolve_token(session, tokens.family)
        assert target is not None
    return target, tokens.family


async def keep(database: Database, target: FeedTarget, revision: int, made: KeptFeed) -> bool:
    async with database.transaction(family_id=target.family_id) as session:
        return await keep_feed(session, target, made, revision=revision, fresh_until=TOMORROW)


async def test_what_was_made_is_found_until_the_family_changes(database: Database) -> None:
    target, token = await a_feed(database)
    unmade = FoundFeed(target.feed_id, target.family_id, None, None)
    assert await find_feed(database, token) == unmade
    assert await keep(database, target, 0, MADE)
    assert await find_feed(database, token) == replace(unmade, etag="0123", fresh_until=TOMORROW)
    async with database.transaction(family_id=target.family_id) as session:
        assert await load_feed(session, target.feed_id) == (target, None)
        assert await load_kept(session, target.feed_id) == MADE
        await bump_revision(session, target.family_id)
    assert await find_feed(database, token) == replace(unmade, etag="0123")
    newer = replace(MADE, etag="4567", body=b"newer")
    assert not await keep(database, target, 0, newer), "made from an older revision"
    assert await find_feed(database, token) == replace(unmade, etag="0123")
    assert await keep(database, target, 1, newer)
    async with database.transaction(family_id=target.family_id) as session:
        assert await load_kept(session, target.feed_id) == newer
        await revoke_feed(session, target.feed_id, now=NOW)
        assert await load_feed(session, target.feed_id) is None
    assert await find_feed(database, token) is None


async def test_a_change_that_is_not_committed_yet_is_waited_for(
    database: Database, conninfo: str
) -> None:
    target, token = await a_feed(database)
    async with database.transaction(family_id=target.family_id) as session:
        await bump_revision(session, target.family_id)
        keeping = asyncio.create_task(keep(database, target, 0, MADE))
        with psycopg.connect(conninfo, autocommit=True) as other:
            while not other.execute("SELECT FROM pg_locks WHERE NOT granted").fetchall():
                assert not keeping.done()
                await asyncio.sleep(0)
    assert not await keeping
    found = await find_feed(database, token)
    assert found is not None
    assert found.fresh_until is None


async def test_a_change_that_comes_while_a_feed_is_kept_outlasts_it(
    database: Database, conninfo: str
) -> None:
    target, token = await a_feed(database)

    async def change() -> None:
        async with database.transaction(family_id=target.family_id) as session:
            await bump_revision(session, target.family_id)

    async with database.transaction(family_id=target.family_id) as session:
        assert await keep_feed(session, target, MADE, revision=0, fresh_until=TOMORROW)
        changing = asyncio.create_task(change())
        with psycopg.connect(conninfo, autocommit=True) as other:
            while not other.execute("SELECT FROM pg_locks WHERE NOT granted").fetchall():
                assert not changing.done()
                await asyncio.sleep(0)
    await changing
    found = await find_feed(database, token)
    assert found is not None
    assert found.fresh_until is None


async def test_connections_that_were_closed_are_replaced(database: Database, conninfo: str) -> None:
    target, token = await a_feed(database)
    assert await keep(database, target, 0, MADE)

    async def read() -> bool:
        found = await find_feed(database, token)
        async with database.transaction(family_id=target.family_id) as session:
            return found is not None and await load_kept(session, target.feed_id) == MADE

    assert all(await asyncio.gather(*(read() for _ in range(8))))
    with psycopg.connect(conninfo) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert all(await asyncio.gather(*(read() for _ in range(8))))


async def test_a_look_up_sees_nothing_of_any_family(database: Database) -> None:
    await a_feed(database)
    assert await database.look_up(select(Feed.id)) is None
    row = await database.look_up(select(func.current_user(), func.current_setting("TimeZone")))
    assert row == ("brightpath_app", "UTC")


@pytest.mark.parametrize("minutes", [0, 15, None])
async def test_a_family_chooses_once_when_its_calendars_ring(
    database: Database, minutes: int | None
) -> None:
    target, _ = await a_feed(database)
    async with database.transaction(family_id=target.family_id) as session:
        assert await alarm_minutes(session, target.family_id) is None
        await set_alarm(session, target.family_id, minutes)
        assert await alarm_minutes(session, target.family_id) == minutes
        tokens = await renew_feeds(session, target.family_id, BOX, now=NOW)
        again = await resolve_token(session, tokens.family)
        assert again is not None
        assert await load_feed(session, again.feed_id) == (again, minutes)
        with pytest.raises(ValueError, match="-1"):
            await set_alarm(session, target.family_id, -1)
