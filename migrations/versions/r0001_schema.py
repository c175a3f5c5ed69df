"""The tables of the data model, what the product adds to them, and row-level security.

Revision ID: 0001
Revises:
"""

from alembic import op

from db.roles import APP_ROLE

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FAMILY = "(NULLIF(current_setting('app.family_id', true), ''))::integer"
CHAT_ACCOUNT = "(NULLIF(current_setting('app.chat_account_id', true), ''))::integer"
USER = "(NULLIF(current_setting('app.user_id', true), ''))::integer"
CHAT_KEY = "current_setting('app.chat_key', true)"

PEOPLE = f"""
CREATE TABLE users (
    id SERIAL PRIMARY KEY,
    google_id VARCHAR(255) UNIQUE,
    email VARCHAR(255) UNIQUE NOT NULL,
    name VARCHAR(255) NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    last_login TIMESTAMP,
    questionnaire_completed BOOLEAN DEFAULT FALSE,
    questionnaire_completed_at TIMESTAMP
);
CREATE INDEX idx_users_google_id ON users(google_id);
CREATE INDEX idx_users_email ON users(email);

CREATE TABLE families (
    id SERIAL PRIMARY KEY,
    user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    scheduling_flexibility VARCHAR(50),
    planning_approach VARCHAR(50),
    preferences JSONB,
    questionnaire_responses JSONB,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW(),
    timezone VARCHAR(255) NOT NULL DEFAULT 'UTC',
    revision INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX idx_families_user_id ON families(user_id);
CREATE INDEX idx_families_scheduling_flexibility ON families(scheduling_flexibility);
CREATE INDEX idx_families_preferences_gin ON families USING GIN (preferences);

CREATE TABLE adults (
    id SERIAL PRIMARY KEY,
    family_id INTEGER NOT NULL DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    user_id INTEGER REFERENCES users(id) ON DELETE SET NULL,
    name VARCHAR(255) NOT NULL,
    role VARCHAR(50) NOT NULL DEFAULT 'guardian'
        CONSTRAINT adults_role_check CHECK (role IN ('guardian', 'helper')),
    created_at TIMESTAMP NOT NULL DEFAULT NOW()
);
CREATE INDEX idx_adults_family_id ON adults(family_id);

CREATE TABLE family_commitments (
    id SERIAL PRIMARY KEY,
    family_id INTEGER REFERENCES families(id) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    frequency VARCHAR(50) NOT NULL,
    days_of_week VARCHAR(255),
    start_time TIME NOT NULL,
    end_time TIME NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW(),
    date DATE,
    scope VARCHAR(50) NOT NULL DEFAULT 'family'
        CONSTRAINT family_commitments_scope_check CHECK (scope IN ('family', 'parent')),
    adult_id INTEGER REFERENCES adults(id) ON DELETE SET NULL
);
CREATE INDEX idx_family_commitments_family_id ON family_commitments(family_id);

CREATE TABLE children (
    id SERIAL PRIMARY KEY,
    family_id INTEGER REFERENCES families(id) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    age INTEGER NOT NULL CHECK (age >= 2 AND age <= 18),
    learning_preferences JSONB,
    questionnaire_responses JSONB,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);
CREATE INDEX idx_children_family_id ON children(family_id);
CREATE INDEX idx_children_age ON children(age);
CREATE INDEX idx_children_learning_preferences_gin ON children USING GIN (learning_preferences);

CREATE TABLE child_commitments (
    id SERIAL PRIMARY KEY,
    child_id INTEGER REFERENCES children(id) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    frequency VARCHAR(50) NOT NULL,
    days_of_week VARCHAR(255),
    start_time TIME NOT NULL,
    end_time TIME NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW(),
    date DATE,
    needs_adult BOOLEAN NOT NULL DEFAULT FALSE,
    adult_id INTEGER REFERENCES adults(id) ON DELETE SET NULL,
    family_id INTEGER DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE
);
CREATE INDEX idx_child_commitments_child_id ON child_commitments(child_id);
CREATE INDEX idx_child_commitments_family_id ON child_commitments(family_id);

CREATE TABLE subjects (
    id SERIAL PRIMARY KEY,
    child_id INTEGER REFERENCES children(id) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    is_core_subject BOOLEAN NOT NULL DEFAULT FALSE,
    session_duration INTEGER NOT NULL,
    frequency VARCHAR(50) NOT NULL,
    parent_involvement VARCHAR(50) NOT NULL,
    fixed_time_required BOOLEAN NOT NULL DEFAULT FALSE,
    preferred_time TIME,
    interest_level INTEGER NOT NULL CHECK (interest_level >= 1 AND interest_level <= 5),
    metadata JSONB,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW(),
    family_id INTEGER DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE
);
CREATE INDEX idx_subjects_child_id ON subjects(child_id);
CREATE INDEX idx_subjects_is_core ON subjects(is_core_subject);
CREATE INDEX idx_subjects_name ON subjects(name);
CREATE INDEX idx_subjects_family_id ON subjects(family_id);

CREATE TABLE commitment_exceptions (
    id SERIAL PRIMARY KEY,
    family_id INTEGER NOT NULL DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    family_commitment_id INTEGER REFERENCES family_commitments(id) ON DELETE CASCADE,
    child_commitment_id INTEGER REFERENCES child_commitments(id) ON DELETE CASCADE,
    date DATE NOT NULL,
    start_time TIME,
    end_time TIME,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    CONSTRAINT commitment_exceptions_one_commitment_check
        CHECK (num_nonnulls(family_commitment_id, child_commitment_id) = 1)
);
CREATE INDEX idx_commitment_exceptions_family_id_date ON commitment_exceptions(family_id, date);

CREATE TABLE days_off (
    id SERIAL PRIMARY KEY,
    family_id INTEGER NOT NULL DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    child_id INTEGER REFERENCES children(id) ON DELETE CASCADE,
    date DATE NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    CONSTRAINT days_off_family_id_date_child_id_key
        UNIQUE NULLS NOT DISTINCT (family_id, date, child_id)
);
"""

WEEKS = f"""
CREATE TABLE schedules (
    id SERIAL PRIMARY KEY,
    family_id INTEGER REFERENCES families(id) ON DELETE CASCADE,
    child_id INTEGER REFERENCES children(id) ON DELETE CASCADE,
    week_start_date DATE NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    version INTEGER NOT NULL DEFAULT 1,
    generation_method VARCHAR(50) NOT NULL,
    schedule_data JSONB NOT NULL,
    patterns JSONB,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW(),
    state VARCHAR(50) NOT NULL DEFAULT 'published'
        CONSTRAINT schedules_state_check CHECK (state IN ('proposed', 'published', 'superseded')),
    quality JSONB
);
CREATE INDEX idx_schedules_child_id_week ON schedules(child_id, week_start_date);
CREATE INDEX idx_schedules_family_id ON schedules(family_id);
CREATE INDEX idx_schedules_is_active ON schedules(is_active);
CREATE INDEX idx_schedules_data_gin ON schedules USING GIN (schedule_data);
CREATE UNIQUE INDEX idx_schedules_one_active ON schedules(child_id, week_start_date)
    WHERE is_active;

CREATE TABLE schedule_items (
    id SERIAL PRIMARY KEY,
    schedule_id INTEGER REFERENCES schedules(id) ON DELETE CASCADE,
    day_date DATE NOT NULL,
    item_type VARCHAR(50) NOT NULL,
    name VARCHAR(255) NOT NULL,
    start_time TIME NOT NULL,
    end_time TIME NOT NULL,
    is_external BOOLEAN NOT NULL DEFAULT FALSE,
    completed BOOLEAN DEFAULT FALSE,
    completed_at TIMESTAMP,
    subject_id INTEGER REFERENCES subjects(id) ON DELETE SET NULL,
    commitment_id INTEGER REFERENCES child_commitments(id) ON DELETE SET NULL,
    item_data JSONB NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW(),
    family_id INTEGER DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    uid VARCHAR(255),
    sequence INTEGER NOT NULL DEFAULT 0,
    adult_id INTEGER REFERENCES adults(id) ON DELETE SET NULL,
    family_commitment_id INTEGER REFERENCES family_commitments(id) ON DELETE SET NULL
);
CREATE INDEX idx_schedule_items_schedule_id ON schedule_items(schedule_id);
CREATE INDEX idx_schedule_items_day_date ON schedule_items(day_date);
CREATE INDEX idx_schedule_items_completion ON schedule_items(completed, completed_at);
CREATE INDEX idx_schedule_items_subject_id ON schedule_items(subject_id);
CREATE INDEX idx_schedule_items_item_data_gin ON schedule_items USING GIN (item_data);
CREATE INDEX idx_schedule_items_family_id_day_date ON schedule_items(family_id, day_date);
CREATE UNIQUE INDEX idx_schedule_items_uid ON schedule_items(uid, schedule_id);

CREATE TABLE activity_logs (
    id SERIAL PRIMARY KEY,
    schedule_id INTEGER REFERENCES schedules(id) ON DELETE CASCADE,
    schedule_item_id INTEGER REFERENCES schedule_items(id) ON DELETE CASCADE,
    family_id INTEGER REFERENCES families(id) ON DELETE CASCADE,
    child_id INTEGER REFERENCES children(id) ON DELETE CASCADE,
    date DATE NOT NULL,
    activity_name VARCHAR(255) NOT NULL,
    activity_type VARCHAR(50) NOT NULL,
    scheduled JSONB NOT NULL,
    actual JSONB,
    notes TEXT,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    item_uid VARCHAR(255)
);
CREATE INDEX idx_activity_logs_child_id_date ON activity_logs(child_id, date);
CREATE INDEX idx_activity_logs_schedule_item_id ON activity_logs(schedule_item_id);
CREATE INDEX idx_activity_logs_family_id ON activity_logs(family_id);
CREATE INDEX idx_activity_logs_actual_gin ON activity_logs USING GIN (actual);
CREATE UNIQUE INDEX idx_activity_logs_one_effect ON activity_logs(child_id, item_uid, date);

CREATE TABLE user_feedback (
    id SERIAL PRIMARY KEY,
    family_id INTEGER REFERENCES families(id) ON DELETE CASCADE,
    child_id INTEGER REFERENCES children(id) ON DELETE SET NULL,
    schedule_id INTEGER REFERENCES schedules(id) ON DELETE SET NULL,
    feedback_type VARCHAR(50) NOT NULL,
    rating INTEGER CHECK (rating >= 1 AND rating <= 5),
    comments TEXT,
    feedback_data JSONB,
    created_at TIMESTAMP NOT NULL DEFAULT NOW()
);
CREATE INDEX idx_user_feedback_family_id ON user_feedback(family_id);
CREATE INDEX idx_user_feedback_schedule_id ON user_feedback(schedule_id);
CREATE INDEX idx_user_feedback_feedback_data_gin ON user_feedback USING GIN (feedback_data);

CREATE TABLE loop_state (
    child_id INTEGER PRIMARY KEY REFERENCES children(id) ON DELETE CASCADE,
    family_id INTEGER NOT NULL DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    subject_id INTEGER REFERENCES subjects(id) ON DELETE SET NULL,
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);

CREATE TABLE ml_models (
    id SERIAL PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    version VARCHAR(50) NOT NULL,
    description TEXT,
    parameters JSONB NOT NULL,
    feature_importance JSONB,
    performance_metrics JSONB,
    is_active BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMP NOT NULL DEFAULT NOW()
);
CREATE UNIQUE INDEX idx_ml_models_name_version ON ml_models(name, version);
CREATE INDEX idx_ml_models_is_active ON ml_models(is_active);
CREATE INDEX idx_ml_models_parameters_gin ON ml_models USING GIN (parameters);
CREATE UNIQUE INDEX idx_ml_models_one_active ON ml_models(is_active) WHERE is_active;

CREATE TABLE family_models (
    id SERIAL PRIMARY KEY,
    family_id INTEGER NOT NULL DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    version VARCHAR(50) NOT NULL,
    parameters JSONB NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMP NOT NULL DEFAULT NOW()
);
CREATE UNIQUE INDEX idx_family_models_one_active ON family_models(family_id) WHERE is_active;
"""

CHAT = f"""
CREATE TABLE chat_accounts (
    id SERIAL PRIMARY KEY,
    channel VARCHAR(50) NOT NULL
        CONSTRAINT chat_accounts_channel_check CHECK (channel IN ('telegram', 'web')),
    external_id VARCHAR(255) NOT NULL,
    secret_hash VARCHAR(64),
    family_id INTEGER REFERENCES families(id) ON DELETE CASCADE,
    adult_id INTEGER REFERENCES adults(id) ON DELETE CASCADE,
    child_id INTEGER REFERENCES children(id) ON DELETE CASCADE,
    language VARCHAR(35),
    blocked_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    CONSTRAINT chat_accounts_channel_external_id_key UNIQUE (channel, external_id),
    CONSTRAINT chat_accounts_secret_hash_key UNIQUE (secret_hash)
);
CREATE INDEX idx_chat_accounts_family_id ON chat_accounts(family_id);

CREATE TABLE questionnaire_sessions (
    id SERIAL PRIMARY KEY,
    user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    family_id INTEGER REFERENCES families(id) ON DELETE CASCADE NULL,
    session_data JSONB NOT NULL,
    last_updated TIMESTAMP NOT NULL DEFAULT NOW(),
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    chat_account_id INTEGER REFERENCES chat_accounts(id) ON DELETE CASCADE
);
CREATE INDEX idx_questionnaire_sessions_user_id ON questionnaire_sessions(user_id);
CREATE INDEX idx_questionnaire_sessions_last_updated ON questionnaire_sessions(last_updated);
CREATE UNIQUE INDEX idx_questionnaire_sessions_chat_account_id
    ON questionnaire_sessions(chat_account_id);

CREATE TABLE messages (
    id SERIAL PRIMARY KEY,
    chat_account_id INTEGER NOT NULL REFERENCES chat_accounts(id) ON DELETE CASCADE,
    family_id INTEGER DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    author VARCHAR(50) NOT NULL
        CONSTRAINT messages_author_check CHECK (author IN ('us', 'them')),
    view JSONB NOT NULL,
    step INTEGER,
    state VARCHAR(50) NOT NULL DEFAULT 'pending'
        CONSTRAINT messages_state_check
        CHECK (state IN ('pending', 'sending', 'sent', 'parked')),
    external_id VARCHAR(255),
    attempts INTEGER NOT NULL DEFAULT 0,
    dedupe_key VARCHAR(255),
    revision INTEGER NOT NULL,
    delivered_revision INTEGER NOT NULL DEFAULT 0,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW(),
    CONSTRAINT messages_chat_account_id_dedupe_key_key UNIQUE (chat_account_id, dedupe_key),
    CONSTRAINT messages_chat_account_id_revision_key UNIQUE (chat_account_id, revision)
);
CREATE INDEX idx_messages_family_id ON messages(family_id);

CREATE TABLE channel_pauses (
    channel VARCHAR(50) PRIMARY KEY,
    paused_until TIMESTAMP NOT NULL
);

CREATE TABLE inbox (
    id SERIAL PRIMARY KEY,
    channel VARCHAR(50) NOT NULL,
    chat_key VARCHAR(255) NOT NULL
        CONSTRAINT inbox_chat_key_check CHECK (chat_key <> ''),
    update_id VARCHAR(255) NOT NULL,
    payload JSONB,
    received_at TIMESTAMP NOT NULL DEFAULT NOW(),
    processed_at TIMESTAMP,
    failed_at TIMESTAMP,
    error VARCHAR(50),
    CONSTRAINT inbox_channel_update_id_key UNIQUE (channel, update_id)
);

CREATE TABLE reminder_times (
    family_id INTEGER NOT NULL REFERENCES families(id) ON DELETE CASCADE,
    kind VARCHAR(50) NOT NULL,
    next_due_at TIMESTAMP NOT NULL,
    CONSTRAINT reminder_times_pkey PRIMARY KEY (family_id, kind)
);
CREATE INDEX idx_reminder_times_next_due_at ON reminder_times(next_due_at);

CREATE TABLE reminders (
    id SERIAL PRIMARY KEY,
    family_id INTEGER NOT NULL DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    kind VARCHAR(50) NOT NULL,
    chat_account_id INTEGER NOT NULL REFERENCES chat_accounts(id) ON DELETE CASCADE,
    local_date DATE NOT NULL,
    item_uid VARCHAR(255) NOT NULL DEFAULT '',
    message_id INTEGER REFERENCES messages(id) ON DELETE SET NULL,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    CONSTRAINT reminders_kind_chat_account_id_local_date_item_uid_key
        UNIQUE (kind, chat_account_id, local_date, item_uid)
);
CREATE INDEX idx_reminders_family_id ON reminders(family_id);

CREATE TABLE link_codes (
    code_hash VARCHAR(64) PRIMARY KEY,
    purpose VARCHAR(50) NOT NULL
        CONSTRAINT link_codes_purpose_check CHECK (purpose IN ('device', 'claim', 'recovery')),
    family_id INTEGER REFERENCES families(id) ON DELETE CASCADE,
    adult_id INTEGER REFERENCES adults(id) ON DELETE CASCADE,
    chat_account_id INTEGER REFERENCES chat_accounts(id) ON DELETE CASCADE,
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP
);
CREATE INDEX idx_link_codes_family_id ON link_codes(family_id);

CREATE TABLE consents (
    id SERIAL PRIMARY KEY,
    family_id INTEGER DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    chat_account_id INTEGER REFERENCES chat_accounts(id) ON DELETE SET NULL,
    kind VARCHAR(50) NOT NULL,
    version VARCHAR(50) NOT NULL,
    source VARCHAR(50) NOT NULL,
    given_at TIMESTAMP NOT NULL DEFAULT NOW(),
    withdrawn_at TIMESTAMP
);
CREATE INDEX idx_consents_family_id ON consents(family_id);
CREATE INDEX idx_consents_chat_account_id ON consents(chat_account_id);
"""

CALENDARS = f"""
CREATE TABLE feeds (
    id SERIAL PRIMARY KEY,
    family_id INTEGER NOT NULL DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    kind VARCHAR(50) NOT NULL
        CONSTRAINT feeds_kind_check CHECK (kind IN ('feed', 'week')),
    child_id INTEGER REFERENCES children(id) ON DELETE CASCADE,
    adult_id INTEGER REFERENCES adults(id) ON DELETE CASCADE,
    token_ciphertext BYTEA NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    revoked_at TIMESTAMP
);
CREATE INDEX idx_feeds_family_id ON feeds(family_id);

CREATE TABLE feed_tokens (
    token_hash VARCHAR(64) PRIMARY KEY,
    feed_id INTEGER NOT NULL REFERENCES feeds(id) ON DELETE CASCADE,
    family_id INTEGER NOT NULL REFERENCES families(id) ON DELETE CASCADE,
    kind VARCHAR(50) NOT NULL
        CONSTRAINT feed_tokens_kind_check CHECK (kind IN ('feed', 'week')),
    revoked_at TIMESTAMP
);
CREATE INDEX idx_feed_tokens_feed_id ON feed_tokens(feed_id);
CREATE INDEX idx_feed_tokens_family_id ON feed_tokens(family_id);

CREATE TABLE calendar_connections (
    id SERIAL PRIMARY KEY,
    family_id INTEGER NOT NULL DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    adult_id INTEGER REFERENCES adults(id) ON DELETE CASCADE,
    child_id INTEGER REFERENCES children(id) ON DELETE CASCADE,
    provider VARCHAR(50) NOT NULL
        CONSTRAINT calendar_connections_provider_check CHECK (provider IN ('google', 'ical')),
    address_ciphertext BYTEA,
    token_ciphertext BYTEA,
    calendar_id VARCHAR(255),
    sync_token TEXT,
    state VARCHAR(50) NOT NULL DEFAULT 'active',
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);
CREATE INDEX idx_calendar_connections_family_id ON calendar_connections(family_id);
"""

# The weights that the data model shows; learning replaces them by a row that does better.
FIRST_MODEL = """
INSERT INTO ml_models (name, version, description, parameters, is_active)
VALUES (
    'soft_weights', 'v1', 'Starting weights',
    '{"weights": {"childInterest": 0.4, "learningTimes": 0.3,
                  "parentInvolvement": 0.2, "subjectCoherence": 0.1}}',
    TRUE
);
"""

BY_FAMILY = (
    "adults",
    "family_commitments",
    "children",
    "child_commitments",
    "subjects",
    "commitment_exceptions",
    "days_off",
    "schedules",
    "schedule_items",
    "activity_logs",
    "user_feedback",
    "loop_state",
    "family_models",
    "reminders",
    "feeds",
    "calendar_connections",
)

POLICIES = {
    **dict.fromkeys(BY_FAMILY, f"family_id = {FAMILY}"),
    **dict.fromkeys(
        ("questionnaire_sessions", "messages", "consents"),
        f"family_id = {FAMILY} OR chat_account_id = {CHAT_ACCOUNT}",
    ),
    "families": f"id = {FAMILY}",
    "users": (
        f"id = {USER} OR id = (SELECT f.user_id FROM families f WHERE f.id = {FAMILY})"  # noqa: S608
    ),
    "inbox": f"chat_key = {CHAT_KEY}",
}

DIRECTORIES = ("chat_accounts", "feed_tokens", "reminder_times", "link_codes", "channel_pauses")
WITHOUT_SEQUENCE = (
    "loop_state",
    "feed_tokens",
    "reminder_times",
    "link_codes",
    "channel_pauses",
)

# An index aid for JSONB together with plain columns. Nothing needs it, and many servers lack it.
BTREE_GIN = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'btree_gin') THEN
        CREATE EXTENSION IF NOT EXISTS btree_gin;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END
$$;
"""


def _run(*statements: str) -> None:
    # Whole scripts, percent signs included: no parameters, so that the driver sends them as is.
    connection = op.get_bind().execution_options(no_parameters=True)
    for statement in statements:
        connection.exec_driver_sql(statement)


def upgrade() -> None:
    _run(BTREE_GIN, PEOPLE, WEEKS, CHAT, CALENDARS, FIRST_MODEL)
    for table, rows in POLICIES.items():
        _run(
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY own_rows ON {table} USING ({rows}) WITH CHECK ({rows});"
        )
    written = (*POLICIES, *DIRECTORIES)
    _run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(written)} TO {APP_ROLE}")
    _run(f"GRANT SELECT ON ml_models, alembic_version TO {APP_ROLE}")
    sequences = [f"{table}_id_seq" for table in written if table not in WITHOUT_SEQUENCE]
    _run(f"GRANT USAGE ON SEQUENCE {', '.join(sequences)} TO {APP_ROLE}")


def downgrade() -> None:
    _run(f"DROP TABLE {', '.join((*POLICIES, *DIRECTORIES, 'ml_models'))}")
