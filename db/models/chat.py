"""The chats: who talks to us, what was said, what is due to be said."""

from datetime import date as Date  # noqa: N812
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, family_column, now_column, reference
from db.types import CleanString, FreeObject, Json, QuestionnaireSession, UtcTimestamp


class ChatAccount(Base):
    """A directory, readable without a family: ids, hashes and a language only."""

    __tablename__ = "chat_accounts"
    __table_args__ = (
        UniqueConstraint("channel", "external_id"),
        UniqueConstraint("secret_hash"),
        Index("idx_chat_accounts_family_id", "family_id"),
        Index("idx_chat_accounts_draft_account_id", "draft_account_id"),
        CheckConstraint("channel IN ('telegram', 'web')", name="channel"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(CleanString(50))
    external_id: Mapped[str] = mapped_column(CleanString(255))
    secret_hash: Mapped[str | None] = mapped_column(CleanString(64))
    family_id: Mapped[int | None] = reference("families.id", "CASCADE")
    adult_id: Mapped[int | None] = reference("adults.id", "CASCADE")
    child_id: Mapped[int | None] = reference("children.id", "CASCADE")
    language: Mapped[str | None] = mapped_column(CleanString(35))
    blocked_at: Mapped[datetime | None] = mapped_column(UtcTimestamp)
    created_at: Mapped[datetime] = now_column()
    draft_account_id: Mapped[int | None] = reference("chat_accounts.id", "SET NULL")


class QuestionnaireDraft(Base):
    """One draft for each chat account; user and family stay empty until it is confirmed."""

    __tablename__ = "questionnaire_sessions"
    __table_args__ = (
        Index("idx_questionnaire_sessions_user_id", "user_id"),
        Index("idx_questionnaire_sessions_last_updated", "last_updated"),
        Index("idx_questionnaire_sessions_chat_account_id", "chat_account_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = reference("users.id", "CASCADE")
    family_id: Mapped[int | None] = reference("families.id", "CASCADE")
    session_data: Mapped[QuestionnaireSession] = mapped_column(Json(QuestionnaireSession))
    last_updated: Mapped[datetime] = now_column()
    created_at: Mapped[datetime] = now_column()
    chat_account_id: Mapped[int | None] = reference("chat_accounts.id", "CASCADE")


class Message(Base):
    """What was said in one chat; what we said is also the outbox."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("chat_account_id", "dedupe_key"),
        UniqueConstraint("chat_account_id", "revision"),
        Index("idx_messages_family_id", "family_id"),
        CheckConstraint("author IN ('us', 'them')", name="author"),
        CheckConstraint("state IN ('pending', 'sending', 'sent', 'parked')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chat_account_id: Mapped[int] = reference("chat_accounts.id", "CASCADE")
    family_id: Mapped[int | None] = family_column()
    author: Mapped[str] = mapped_column(CleanString(50))
    view: Mapped[FreeObject] = mapped_column(Json(FreeObject))
    step: Mapped[int | None]
    state: Mapped[str] = mapped_column(CleanString(50), server_default="pending")
    external_id: Mapped[str | None] = mapped_column(CleanString(255))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    dedupe_key: Mapped[str | None] = mapped_column(CleanString(255))
    revision: Mapped[int]
    delivered_revision: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime] = now_column()
    updated_at: Mapped[datetime] = now_column()


class ChatRequest(Base):
    """What a chat was understood to say and has still to confirm, or may still take back: `asked`
    is a reading, `change` what the weeks would make of it."""

    __tablename__ = "chat_requests"
    __table_args__ = (
        Index("idx_chat_requests_family_id", "family_id"),
        Index("idx_chat_requests_chat_account_id", "chat_account_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    chat_account_id: Mapped[int] = reference("chat_accounts.id", "CASCADE")
    asked: Mapped[FreeObject] = mapped_column(Json(FreeObject))
    change: Mapped[FreeObject | None] = mapped_column(Json(FreeObject))
    created_at: Mapped[datetime] = now_column()


class ChannelPause(Base):
    """Until when a channel has asked all of us, in every process, to make no calls."""

    __tablename__ = "channel_pauses"

    channel: Mapped[str] = mapped_column(CleanString(50), primary_key=True)
    paused_until: Mapped[datetime] = mapped_column(UtcTimestamp)


class InboxUpdate(Base):
    """An update that a channel has handed us. Its id stays, its payload goes once processed."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("channel", "update_id"),
        CheckConstraint("chat_key <> ''", name="chat_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(CleanString(50))
    chat_key: Mapped[str] = mapped_column(CleanString(255))
    update_id: Mapped[str] = mapped_column(CleanString(255))
    payload: Mapped[FreeObject | None] = mapped_column(Json(FreeObject))
    received_at: Mapped[datetime] = now_column()
    processed_at: Mapped[datetime | None] = mapped_column(UtcTimestamp)
    failed_at: Mapped[datetime | None] = mapped_column(UtcTimestamp)
    error: Mapped[str | None] = mapped_column(CleanString(50))


class ReminderTime(Base):
    """A directory for the clock: when each family's next reminder of a kind is due."""

    __tablename__ = "reminder_times"
    __table_args__ = (Index("idx_reminder_times_next_due_at", "next_due_at"),)

    family_id: Mapped[int] = reference("families.id", "CASCADE", primary_key=True)
    kind: Mapped[str] = mapped_column(CleanString(50), primary_key=True)
    next_due_at: Mapped[datetime] = mapped_column(UtcTimestamp)


class Reminder(Base):
    """One reminder to one chat: the unique key is the promise that it is said once."""

    __tablename__ = "reminders"
    __table_args__ = (
        UniqueConstraint("kind", "chat_account_id", "local_date", "item_uid"),
        Index("idx_reminders_family_id", "family_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    kind: Mapped[str] = mapped_column(CleanString(50))
    chat_account_id: Mapped[int] = reference("chat_accounts.id", "CASCADE")
    local_date: Mapped[Date]
    item_uid: Mapped[str] = mapped_column(CleanString(255), server_default="")
    message_id: Mapped[int | None] = reference("messages.id", "SET NULL")
    created_at: Mapped[datetime] = now_column()


class LinkCode(Base):
    """A directory of one-use codes, by their hash."""

    __tablename__ = "link_codes"
    __table_args__ = (
        CheckConstraint(
            "purpose IN ('device', 'claim', 'recovery', 'invitation', 'google')", name="purpose"
        ),
        Index("idx_link_codes_family_id", "family_id"),
    )

    code_hash: Mapped[str] = mapped_column(CleanString(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(CleanString(50))
    family_id: Mapped[int | None] = reference("families.id", "CASCADE")
    adult_id: Mapped[int | None] = reference("adults.id", "CASCADE")
    chat_account_id: Mapped[int | None] = reference("chat_accounts.id", "CASCADE")
    expires_at: Mapped[datetime] = mapped_column(UtcTimestamp)
    used_at: Mapped[datetime | None] = mapped_column(UtcTimestamp)
    redeemed_by: Mapped[int | None] = reference("chat_accounts.id", "CASCADE")


class Consent(Base):
    __tablename__ = "consents"
    __table_args__ = (
        Index("idx_consents_family_id", "family_id"),
        Index("idx_consents_chat_account_id", "chat_account_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int | None] = family_column()
    chat_account_id: Mapped[int | None] = reference("chat_accounts.id", "SET NULL")
    kind: Mapped[str] = mapped_column(CleanString(50))
    version: Mapped[str] = mapped_column(CleanString(50))
    source: Mapped[str] = mapped_column(CleanString(50))
    given_at: Mapped[datetime] = now_column()
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcTimestamp)
