"""Whose each column is, and how long it is kept. Every column of every table has its place here.

Consent notices, export and erasure are written from this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Owner(StrEnum):
    """Whom a value tells something about. SYSTEM values tell nothing about anybody by
    themselves: keys, states and times of our own doing."""

    FAMILY = "family"
    CHILD = "child"
    ADULT = "adult"
    SYSTEM = "system"


class Retention(StrEnum):
    """How long a value is kept. A family's rows all go when it is forgotten, or has been silent
    for 24 months."""

    FAMILY = "as long as the family is active"
    DRAFT = "until confirmed, or 12 months unfinished"
    ACCOUNT = "as long as the chat is used"
    INBOX = "until processed, 7 days if that failed"
    EXPIRY = "until used or expired"
    FOREVER = "always"


@dataclass(frozen=True, slots=True)
class PrivacyClass:
    """Whose, and for how long."""

    owner: Owner
    retention: Retention


def _table(
    retention: Retention, *, family: str = "", child: str = "", adult: str = "", system: str = ""
) -> Mapping[str, PrivacyClass]:
    owned = {Owner.FAMILY: family, Owner.CHILD: child, Owner.ADULT: adult, Owner.SYSTEM: system}
    return {
        column: PrivacyClass(owner, retention)
        for owner, columns in owned.items()
        for column in columns.split()
    }


_COMMITMENT = "name frequency days_of_week start_time end_time date"

PRIVACY: Mapping[str, Mapping[str, PrivacyClass]] = {
    "users": _table(
        Retention.FAMILY,
        adult="google_id email name last_login questionnaire_completed questionnaire_completed_at",
        system="id created_at",
    ),
    "families": _table(
        Retention.FAMILY,
        family="name scheduling_flexibility planning_approach preferences"
        " questionnaire_responses timezone day_settings",
        system="id user_id created_at updated_at revision",
    ),
    "adults": _table(
        Retention.FAMILY, adult="name role teaches", system="id family_id user_id created_at"
    ),
    "family_commitments": _table(
        Retention.FAMILY,
        family=f"{_COMMITMENT} scope adult_id",
        system="id family_id created_at updated_at connection_id",
    ),
    "children": _table(
        Retention.FAMILY,
        child="name age learning_preferences questionnaire_responses",
        system="id family_id created_at updated_at",
    ),
    "child_commitments": _table(
        Retention.FAMILY,
        child=f"{_COMMITMENT} needs_adult adult_id",
        system="id child_id family_id created_at updated_at connection_id",
    ),
    "subjects": _table(
        Retention.FAMILY,
        child="name is_core_subject session_duration frequency parent_involvement"
        " fixed_time_required preferred_time interest_level metadata",
        system="id child_id family_id created_at updated_at",
    ),
    "commitment_exceptions": _table(
        Retention.FAMILY,
        family="date start_time end_time",
        system="id family_id family_commitment_id child_commitment_id created_at",
    ),
    "day_hours": _table(
        Retention.FAMILY,
        child="date start_time end_time",
        system="id family_id child_id created_at",
    ),
    "days_off": _table(Retention.FAMILY, family="date child_id", system="id family_id created_at"),
    "schedules": _table(
        Retention.FAMILY,
        child="week_start_date schedule_data patterns quality decisions",
        system="id family_id child_id is_active version generation_method state"
        " created_at updated_at",
    ),
    "schedule_items": _table(
        Retention.FAMILY,
        child="day_date item_type name start_time end_time is_external completed completed_at"
        " adult_id item_data",
        system="id schedule_id subject_id commitment_id family_commitment_id family_id uid"
        " sequence created_at updated_at",
    ),
    "activity_logs": _table(
        Retention.FAMILY,
        child="date activity_name activity_type scheduled actual notes",
        system="id schedule_id schedule_item_id family_id child_id created_at item_uid",
    ),
    "user_feedback": _table(
        Retention.FAMILY,
        family="feedback_type rating comments feedback_data",
        system="id family_id child_id schedule_id created_at",
    ),
    "week_changes": _table(
        Retention.FAMILY,
        family="origin kind effect",
        system="id family_id token idempotency_key undoes_id created_at",
    ),
    "loop_state": _table(
        Retention.FAMILY, child="subject_id", system="child_id family_id updated_at"
    ),
    "ml_models": _table(
        Retention.FOREVER,
        system="id name version description parameters feature_importance performance_metrics"
        " is_active created_at",
    ),
    "family_models": _table(
        Retention.FAMILY, family="parameters", system="id family_id version is_active created_at"
    ),
    "chat_accounts": _table(
        Retention.ACCOUNT,
        adult="external_id language",
        system="id channel secret_hash family_id adult_id child_id draft_account_id blocked_at"
        " created_at",
    ),
    "questionnaire_sessions": _table(
        Retention.DRAFT,
        family="session_data",
        system="id user_id family_id chat_account_id last_updated created_at",
    ),
    "messages": _table(
        Retention.FAMILY,
        family="view",
        system="id chat_account_id family_id author step state external_id attempts dedupe_key"
        " revision delivered_revision created_at updated_at",
    ),
    "chat_requests": _table(
        Retention.EXPIRY, family="asked change", system="id family_id chat_account_id created_at"
    ),
    "inbox": _table(
        Retention.INBOX,
        family="payload",
        adult="chat_key",
        system="id channel update_id received_at processed_at failed_at error",
    ),
    "channel_pauses": _table(Retention.EXPIRY, system="channel paused_until"),
    "reminder_times": _table(Retention.FAMILY, family="next_due_at", system="family_id kind"),
    "reminders": _table(
        Retention.FAMILY,
        family="local_date",
        system="id family_id kind chat_account_id item_uid message_id created_at",
    ),
    "link_codes": _table(
        Retention.EXPIRY,
        system="code_hash purpose family_id adult_id chat_account_id redeemed_by expires_at"
        " used_at",
    ),
    "consents": _table(
        Retention.FAMILY,
        adult="kind version source given_at withdrawn_at",
        system="id family_id chat_account_id",
    ),
    "feeds": _table(
        Retention.FAMILY,
        family="token_ciphertext alarm_minutes",
        system="id family_id kind child_id adult_id created_at revoked_at",
    ),
    "feed_tokens": _table(
        Retention.FAMILY,
        system="token_hash feed_id family_id kind revoked_at etag fresh_until",
    ),
    "feed_bodies": _table(
        Retention.FAMILY, family="body", system="feed_id family_id etag changed_at"
    ),
    "calendar_connections": _table(
        Retention.FAMILY,
        family="proposal",
        adult="address_ciphertext token_ciphertext name",
        system="id family_id adult_id child_id provider state created_at updated_at http_etag"
        " http_modified problem problem_since checked_at",
    ),
    "connection_times": _table(Retention.FAMILY, system="connection_id family_id next_due_at"),
    "declined_times": _table(
        Retention.FAMILY,
        family="date start_time end_time",
        system="id family_id connection_id created_at",
    ),
    "published_calendars": _table(
        Retention.FAMILY,
        adult="calendar_id",
        system="id family_id connection_id child_id sync_token state synced_at created_at"
        " updated_at",
    ),
    "published_events": _table(
        Retention.FAMILY,
        system="id family_id published_calendar_id event_id item_uid etag fingerprint created_at"
        " updated_at",
    ),
    "watch_channels": _table(
        Retention.EXPIRY,
        system="channel_id family_id published_calendar_id token_hash resource_id expires_at",
    ),
}
