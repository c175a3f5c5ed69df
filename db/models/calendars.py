"""The ways to and from calendars outside."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, family_column, now_column, reference
from db.types import CleanString, CleanText, UtcTimestamp


class Feed(Base):
    """A published address: of a child, of an adult, or (neither) of the family."""

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


class FeedToken(Base):
    """A directory: which feed a token's hash opens."""

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


class CalendarConnection(Base):
    """A calendar account or address outside; secrets only as ciphertext (see `db.secrets`)."""

    __tablename__ = "calendar_connections"
    __table_args__ = (
        Index("idx_calendar_connections_family_id", "family_id"),
        CheckConstraint("provider IN ('google', 'ical')", name="provider"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    adult_id: Mapped[int | None] = reference("adults.id", "CASCADE")
    child_id: Mapped[int | None] = reference("children.id", "CASCADE")
    provider: Mapped[str] = mapped_column(CleanString(50))
    address_ciphertext: Mapped[bytes | None]
    token_ciphertext: Mapped[bytes | None]
    calendar_id: Mapped[str | None] = mapped_column(CleanString(255))
    sync_token: Mapped[str | None] = mapped_column(CleanText)
    state: Mapped[str] = mapped_column(CleanString(50), server_default="active")
    created_at: Mapped[datetime] = now_column()
    updated_at: Mapped[datetime] = now_column()
