"""Secret addresses of feeds and of the week page: found by the token's hash, shown again from its
ciphertext. And what a feed shows, kept as it was made last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Adult, Child, Family, Feed, FeedBody, FeedToken
from db.revision import bump_revision
from db.secrets import SecretBox, digest, new_token
from db.session import Database, family_scope, lock_family

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


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """Whose feed a token opens, the tag of what was made for it last, and until when that is right
    (None: it is to be made anew)."""

    feed_id: int
    family_id: int
    etag: str | None
    fresh_until: datetime | None


@dataclass(frozen=True, slots=True)
class KeptFeed:
    """What a feed shows: its tag, its bytes gzipped, and when it became so."""

    etag: str
    body: bytes
    changed_at: datetime


_BY_TOKEN = select(
    FeedToken.feed_id, FeedToken.family_id, FeedToken.etag, FeedToken.fresh_until
).where(
    FeedToken.token_hash == bindparam("token_hash"),
    FeedToken.kind == FEED,
    FeedToken.revoked_at.is_(None),
)

_KEPT = select(FeedBody.etag, FeedBody.body, FeedBody.changed_at).where(
    FeedBody.feed_id == bindparam("feed_id")
)


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
    alarm = await alarm_minutes(session, family_id)
    for kind, child_id, adult_id in wanted:
        if (kind, child_id, adult_id) not in living:
            await _create(session, family_id, box, kind, child_id, adult_id, alarm)
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


async def find_feed(database: Database, token: str) -> FoundFeed | None:
    """The feed that a token opens, None if it opens none (any more). Raises `Busy`."""
    row = await database.look_up(_BY_TOKEN, token_hash=digest(token))
    return None if row is None else FoundFeed(*row)


async def load_feed(session: AsyncSession, feed_id: int) -> tuple[FeedTarget, int | None] | None:
    """A feed of the transaction's family, and how many minutes before its lessons it rings; None
    if it is revoked."""
    feed = await session.scalar(
        select(Feed)
        .where(Feed.id == feed_id, Feed.revoked_at.is_(None))
        .execution_options(populate_existing=True)
    )
    if feed is None:
        return None
    target = FeedTarget(feed.id, feed.family_id, feed.kind, feed.child_id, feed.adult_id)
    return target, feed.alarm_minutes


async def load_kept(session: AsyncSession, feed_id: int) -> KeptFeed | None:
    """What was made last for a feed of the transaction's family."""
    row = (await session.execute(_KEPT, {"feed_id": feed_id})).one_or_none()
    return None if row is None else KeptFeed(*row)


async def keep_feed(
    session: AsyncSession,
    target: FeedTarget,
    made: KeptFeed,
    *,
    revision: int,
    fresh_until: datetime,
) -> bool:
    """Keep what was made from the family at `revision`, to be shown until `fresh_until`. False if
    the family has changed since: then nothing is kept."""
    # Whoever raises the revision writes this row first, so either they wait for us and then find
    # something to mark as stale, or we wait for them and see it.
    now = await session.scalar(
        select(Family.revision).where(Family.id == target.family_id).with_for_update(read=True)
    )
    if now != revision:
        return False
    row = insert(FeedBody).values(
        feed_id=target.feed_id,
        family_id=target.family_id,
        etag=made.etag,
        body=made.body,
        changed_at=made.changed_at,
    )
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["feed_id"],
            set_={key: row.excluded[key] for key in ("etag", "body", "changed_at")},
            where=FeedBody.etag != row.excluded.etag,
        )
    )
    await session.execute(
        update(FeedToken)
        .where(FeedToken.feed_id == target.feed_id)
        .values(etag=made.etag, fresh_until=fresh_until)
    )
    return True


async def alarm_minutes(session: AsyncSession, family_id: int) -> int | None:
    """How many minutes before its lessons the family's calendars ring; None: not at all."""
    found: int | None = await session.scalar(
        select(Feed.alarm_minutes)
        .where(Feed.family_id == family_id)
        .order_by(Feed.id.desc())
        .limit(1)
    )
    return found


async def set_alarm(session: AsyncSession, family_id: int, minutes: int | None) -> None:
    """The lessons in the family's calendars ring so many minutes before they begin, in those that
    are made later too; None: not at all. `ValueError` for a negative number."""
    if minutes is not None and minutes < 0:
        raise ValueError(f"{minutes} minutes before")
    await lock_family(session, family_id)
    # Those that are revoked too: the newest address tells the next one.
    await session.execute(
        update(Feed).where(Feed.family_id == family_id).values(alarm_minutes=minutes)
    )
    await bump_revision(session, family_id)


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
    alarm: int | None,
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
            alarm_minutes=alarm,
        )
    )
    await session.flush()
    session.add(
        FeedToken(token_hash=digest(token), feed_id=feed_id, family_id=family_id, kind=kind)
    )
    await session.flush()
