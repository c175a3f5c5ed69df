"""Secret addresses: found by hash, shown from ciphertext, revocable."""

import psycopg
import pytest
from households import NOW, move_in

from db.calendars import FeedTarget, create_feeds, feed_tokens, resolve_token, revoke_feed
from db.families import load_family
from db.learning import active_weights
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
