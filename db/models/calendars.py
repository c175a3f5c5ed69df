"""The ways to and from calendars outside."""

from datetime import date as Date  # noqa: N812
from datetime import datetime, time

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, family_column, now_column, reference
from db.types import BusyProposal, CleanString, CleanText, Json, UtcTimestamp


class Feed(Base):
    """A published address: of a child, of an adult, or (neither) of the family. Its events ring
    `alarm_minutes` before they begin; None: not at all."""

    __tablename__ = "feeds"
    __table_args__ = (
        Index("idx_feeds_family_id", "family_id"),
        CheckConstraint("kind IN ('feed', 'week')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    kind: Mapped[str] = mapped_column(CleanString(50))
    child_id: Mapped[int | None] = reference("children.id", "CASCADE")
    adult_id: Mapped[int | None] = reference("adults.id", "CASCADE")
    token_ciphertext: Mapped[bytes]
    created_at: Mapped[datetime] = now_column()
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTimestamp)
    alarm_minutes: Mapped[int | None]


class FeedToken(Base):
    """A directory: which feed a token's hash opens, the hash of what it shows, and until when that
    is right (None: it is to be made anew)."""

    __tablename__ = "feed_tokens"
    __table_args__ = (
        Index("idx_feed_tokens_feed_id", "feed_id"),
        Index("idx_feed_tokens_family_id", "family_id"),
        CheckConstraint("kind IN ('feed', 'week')", name="kind"),
    )

    token_hash: Mapped[str] = mapped_column(CleanString(64), primary_key=True)
    feed_id: Mapped[int] = reference("feeds.id", "CASCADE")
    family_id: Mapped[int] = reference("families.id", "CASCADE")
    kind: Mapped[str] = mapped_column(CleanString(50))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTimestamp)
    etag: Mapped[str | None] = mapped_column(CleanString(64))
    fresh_until: Mapped[datetime | None] = mapped_column(UtcTimestamp)


class FeedBody(Base):
    """What a feed shows, as it was made last, gzipped."""

    __tablename__ = "feed_bodies"
    __table_args__ = (Index("idx_feed_bodies_family_id", "family_id"),)

    feed_id: Mapped[int] = reference("feeds.id", "CASCADE", primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    etag: Mapped[str] = mapped_column(CleanString(64))
    body: Mapped[bytes]
    changed_at: Mapped[datetime] = mapped_column(UtcTimestamp)


class CalendarConnection(Base):
    """A calendar account or address outside; secrets only as ciphertext (see `db.secrets`).

    `ical` is read: its times take the child, the adult, or (neither) the whole family. `google`
    and `caldav` are written: `adult_id` says whose account it is. `proposal` waits for a
    guardian's answer.
    """

    __tablename__ = "calendar_connections"
    __table_args__ = (
        Index("idx_calendar_connections_family_id", "family_id"),
        CheckConstraint("provider IN ('google', 'ical', 'caldav')", name="provider"),
        CheckConstraint("state IN ('pending', 'active', 'broken', 'ended')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    adult_id: Mapped[int | None] = reference("adults.id", "CASCADE")
    child_id: Mapped[int | None] = reference("children.id", "CASCADE")
    provider: Mapped[str] = mapped_column(CleanString(50))
    address_ciphertext: Mapped[bytes | None]
    token_ciphertext: Mapped[bytes | None]
    state: Mapped[str] = mapped_column(CleanString(50), server_default="active")
    created_at: Mapped[datetime] = now_column()
    updated_at: Mapped[datetime] = now_column()
    name: Mapped[str | None] = mapped_column(CleanString(255))
    http_etag: Mapped[str | None] = mapped_column(CleanText)
    http_modified: Mapped[str | None] = mapped_column(CleanText)
    problem: Mapped[str | None] = mapped_column(CleanString(50))
    problem_since: Mapped[datetime | None] = mapped_column(UtcTimestamp)
    checked_at: Mapped[datetime | None] = mapped_column(UtcTimestamp)
    proposal: Mapped[BusyProposal | None] = mapped_column(Json(BusyProposal))


class ConnectionTime(Base):
    """A directory: when a connection is to be looked at next."""

    __tablename__ = "connection_times"
    __table_args__ = (
        Index("idx_connection_times_next_due_at", "next_due_at"),
        Index("idx_connection_times_family_id", "family_id"),
    )

    connection_id: Mapped[int] = reference("calendar_connections.id", "CASCADE", primary_key=True)
    family_id: Mapped[int] = reference("families.id", "CASCADE")
    next_due_at: Mapped[datetime] = mapped_column(UtcTimestamp)


class DeclinedTime(Base):
    """A time of a calendar that is read, which the family has chosen not to plan around."""

    __tablename__ = "declined_times"
    __table_args__ = (
        Index("idx_declined_times_connection_id", "connection_id"),
        Index("idx_declined_times_family_id", "family_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    connection_id: Mapped[int] = reference("calendar_connections.id", "CASCADE")
    date: Mapped[Date]
    start_time: Mapped[time]
    end_time: Mapped[time]
    created_at: Mapped[datetime] = now_column()


class PublishedCalendar(Base):
    """A calendar elsewhere that we keep equal to a child's week, or (no child) to the family's.

    `child_id` may be that of a child who has left the family: the calendar is there all the same.
    `doubtful`: a guardian was asked what is to become of it. `gone`: it is not written (any more).
    """

    __tablename__ = "published_calendars"
    __table_args__ = (
        Index(
            "idx_published_calendars_one",
            "connection_id",
            "child_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("idx_published_calendars_family_id", "family_id"),
        CheckConstraint("state IN ('active', 'doubtful', 'gone')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    connection_id: Mapped[int] = reference("calendar_connections.id", "CASCADE")
    child_id: Mapped[int | None]
    calendar_id: Mapped[str | None] = mapped_column(CleanText)
    sync_token: Mapped[str | None] = mapped_column(CleanText)
    state: Mapped[str] = mapped_column(CleanString(50), server_default="active")
    synced_at: Mapped[datetime | None] = mapped_column(UtcTimestamp)
    created_at: Mapped[datetime] = now_column()
    updated_at: Mapped[datetime] = now_column()


class PublishedEvent(Base):
    """An event of a published calendar as we last wrote or saw it: `etag` is the server's,
    `fingerprint` the hash of what we want it to say."""

    __tablename__ = "published_events"
    __table_args__ = (
        Index("idx_published_events_event_id", "published_calendar_id", "event_id", unique=True),
        Index("idx_published_events_family_id", "family_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    published_calendar_id: Mapped[int] = reference("published_calendars.id", "CASCADE")
    event_id: Mapped[str] = mapped_column(CleanString(255))
    item_uid: Mapped[str] = mapped_column(CleanString(255))
    etag: Mapped[str | None] = mapped_column(CleanString(255))
    fingerprint: Mapped[str] = mapped_column(CleanString(64))
    created_at: Mapped[datetime] = now_column()
    updated_at: Mapped[datetime] = now_column()


class WatchChannel(Base):
    """A directory: which published calendar a channel of Google's notifications is about."""

    __tablename__ = "watch_channels"
    __table_args__ = (
        Index("idx_watch_channels_published_calendar_id", "published_calendar_id"),
        Index("idx_watch_channels_family_id", "family_id"),
    )

    channel_id: Mapped[str] = mapped_column(CleanString(64), primary_key=True)
    family_id: Mapped[int] = reference("families.id", "CASCADE")
    published_calendar_id: Mapped[int] = reference("published_calendars.id", "CASCADE")
    token_hash: Mapped[str] = mapped_column(CleanString(64))
    resource_id: Mapped[str | None] = mapped_column(CleanString(255))
    expires_at: Mapped[datetime] = mapped_column(UtcTimestamp)
