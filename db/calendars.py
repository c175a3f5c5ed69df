"""Secret addresses of feeds and of the week page: found by the token's hash, shown again from its
ciphertext."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Adult, Child, Feed, FeedToken
from db.secrets import SecretBox, digest, new_token
from db.session import family_scope

Kind = Literal["feed", "week"]

FEED: Kind = "feed"
WEEK: Kind = "week"


@dataclass(frozen=True, slots=True)
class FeedTokens:
    """A family's tokens: of its feed and its week page, of each child's and each adult's feed by
    their ids."""

    family: str
    week: str
    children: Mapping[int, str]
    adults: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class FeedTarget:
    """What a token opens: of one child, of one adult, or (neither) of the family."""

    feed_id: int
    family_id: int
    kind: str
    child_id: int | None
    adult_id: int | None


async def create_feeds(session: AsyncSession, family_id: int, box: SecretBox) -> FeedTokens:
    """The family's addresses; those that are missing (new, or revoked before) are made."""
    living = {
        (feed.kind, feed.child_id, feed.adult_id) for feed in await _feeds(session, family_id)
    }
    children = await session.scalars(select(Child.id).where(Child.family_id == family_id))
    adults = await session.scalars(select(Adult.id).where(Adult.family_id == family_id))
    wanted: list[tuple[Kind, int | None, int | None]] = [
        (FEED, None, None),
        (WEEK, None, None),
        *((FEED, child_id, None) for child_id in sorted(children)),
        *((FEED, None, adult_id) for adult_id in sorted(adults)),
    ]
    for kind, child_id, adult_id in wanted:
        if (kind, child_id, adult_id) not in living:
            await _create(session, family_id, box, kind, child_id, adult_id)
    return await feed_tokens(session, family_id, box)


async def feed_tokens(session: AsyncSession, family_id: int, box: SecretBox) -> FeedTokens:
    """The family's tokens, as `create_feeds` made them; call that first."""
    tokens = {
        (feed.kind, feed.child_id, feed.adult_id): box.open(
            feed.token_ciphertext, table="feeds", column="token_ciphertext", row_id=feed.id
        )
        for feed in await _feeds(session, family_id)
    }
    return FeedTokens(
        family=tokens[FEED, None, None],
        week=tokens[WEEK, None, None],
        children={
            child_id: token
            for (kind, child_id, _), token in tokens.items()
            if kind == FEED and child_id is not None
        },
        adults={
            adult_id: token
            for (kind, _, adult_id), token in tokens.items()
            if kind == FEED and adult_id is not None
        },
    )


async def resolve_token(session: AsyncSession, token: str) -> FeedTarget | None:
    """What the token opens, None if nothing (any more). The transaction enters the scope of the
    token's family."""
    found = await session.scalar(
        select(FeedToken).where(
            FeedToken.token_hash == digest(token), FeedToken.revoked_at.is_(None)
        )
    )
    if found is None:
        return None
    await family_scope(session, found.family_id)
    feed = await session.get(Feed, found.feed_id)
    if feed is None or feed.revoked_at is not None:
        return None
    return FeedTarget(feed.id, feed.family_id, feed.kind, feed.child_id, feed.adult_id)


async def revoke_feed(session: AsyncSession, feed_id: int, *, now: datetime) -> None:
    """The feed's address opens nothing from now on; `create_feeds` makes another."""
    await session.execute(update(Feed).where(Feed.id == feed_id).values(revoked_at=now))
    await session.execute(
        update(FeedToken).where(FeedToken.feed_id == feed_id).values(revoked_at=now)
    )


async def renew_feeds(
    session: AsyncSession, family_id: int, box: SecretBox, *, now: datetime
) -> FeedTokens:
    """New addresses for all that the family has published; the old ones open nothing any more."""
    for feed in await _feeds(session, family_id):
        await revoke_feed(session, feed.id, now=now)
    return await create_feeds(session, family_id, box)


async def _feeds(session: AsyncSession, family_id: int) -> Sequence[Feed]:
    rows = await session.scalars(
        select(Feed).where(Feed.family_id == family_id, Feed.revoked_at.is_(None)).order_by(Feed.id)
    )
    return rows.all()


async def _create(
    session: AsyncSession,
    family_id: int,
    box: SecretBox,
    kind: Kind,
    child_id: int | None,
    adult_id: int | None,
) -> None:
    token = new_token()
    # The ciphertext is bound to the row's id, so the id comes first.
    feed_id = (await session.execute(select(func.nextval("feeds_id_seq")))).scalar_one()
    sealed = box.seal(token, table="feeds", column="token_ciphertext", row_id=feed_id)
    session.add(
        Feed(
            id=feed_id,
            family_id=family_id,
            kind=kind,
            child_id=child_id,
            adult_id=adult_id,
            token_ciphertext=sealed,
        )
    )
    await session.flush()
    session.add(
        FeedToken(token_hash=digest(token), feed_id=feed_id, family_id=family_id, kind=kind)
    )
    await session.flush()
