"""Feeds are kept ready, calendars outside are followed, and weeks are published to others.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

from db.roles import APP_ROLE

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FAMILY = "(NULLIF(current_setting('app.family_id', true), ''))::integer"

FEEDS = f"""
ALTER TABLE feeds ADD COLUMN alarm_minutes INTEGER;
ALTER TABLE feed_tokens ADD COLUMN etag VARCHAR(64);
ALTER TABLE feed_tokens ADD COLUMN fresh_until TIMESTAMP;
CREATE TABLE feed_bodies (
    feed_id INTEGER PRIMARY KEY REFERENCES feeds(id) ON DELETE CASCADE,
    family_id INTEGER NOT NULL DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    etag VARCHAR(64) NOT NULL,
    body BYTEA NOT NULL,
    changed_at TIMESTAMP NOT NULL
);
CREATE INDEX idx_feed_bodies_family_id ON feed_bodies(family_id);
"""

CONNECTIONS = f"""
ALTER TABLE calendar_connections DROP COLUMN calendar_id, DROP COLUMN sync_token;
ALTER TABLE calendar_connections
    DROP CONSTRAINT calendar_connections_provider_check,
    ADD CONSTRAINT calendar_connections_provider_check
        CHECK (provider IN ('google', 'ical', 'caldav')),
    ADD CONSTRAINT calendar_connections_state_check
        CHECK (state IN ('pending', 'active', 'broken', 'ended')),
    ADD COLUMN name VARCHAR(255),
    ADD COLUMN http_etag TEXT,
    ADD COLUMN http_modified TEXT,
    ADD COLUMN problem VARCHAR(50),
    ADD COLUMN problem_since TIMESTAMP,
    ADD COLUMN checked_at TIMESTAMP,
    ADD COLUMN proposal JSONB;

CREATE TABLE connection_times (
    connection_id INTEGER PRIMARY KEY REFERENCES calendar_connections(id) ON DELETE CASCADE,
    family_id INTEGER NOT NULL REFERENCES families(id) ON DELETE CASCADE,
    next_due_at TIMESTAMP NOT NULL
);
CREATE INDEX idx_connection_times_next_due_at ON connection_times(next_due_at);
CREATE INDEX idx_connection_times_family_id ON connection_times(family_id);

ALTER TABLE family_commitments ADD COLUMN connection_id INTEGER
    REFERENCES calendar_connections(id) ON DELETE CASCADE;
ALTER TABLE child_commitments ADD COLUMN connection_id INTEGER
    REFERENCES calendar_connections(id) ON DELETE CASCADE;
CREATE TABLE declined_times (
    id SERIAL PRIMARY KEY,
    family_id INTEGER NOT NULL DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    connection_id INTEGER NOT NULL REFERENCES calendar_connections(id) ON DELETE CASCADE,
    date DATE NOT NULL,
    start_time TIME NOT NULL,
    end_time TIME NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT NOW()
);
CREATE INDEX idx_declined_times_connection_id ON declined_times(connection_id);
CREATE INDEX idx_declined_times_family_id ON declined_times(family_id);
"""

PUBLISHED = f"""
CREATE TABLE published_calendars (
    id SERIAL PRIMARY KEY,
    family_id INTEGER NOT NULL DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    connection_id INTEGER NOT NULL REFERENCES calendar_connections(id) ON DELETE CASCADE,
    child_id INTEGER,
    calendar_id TEXT,
    sync_token TEXT,
    state VARCHAR(50) NOT NULL DEFAULT 'active'
        CONSTRAINT published_calendars_state_check CHECK (state IN ('active', 'doubtful', 'gone')),
    synced_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);
CREATE UNIQUE INDEX idx_published_calendars_one
    ON published_calendars(connection_id, child_id) NULLS NOT DISTINCT;
CREATE INDEX idx_published_calendars_family_id ON published_calendars(family_id);

CREATE TABLE published_events (
    id SERIAL PRIMARY KEY,
    family_id INTEGER NOT NULL DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    published_calendar_id INTEGER NOT NULL REFERENCES published_calendars(id) ON DELETE CASCADE,
    event_id VARCHAR(255) NOT NULL,
    item_uid VARCHAR(255) NOT NULL,
    etag VARCHAR(255),
    fingerprint VARCHAR(64) NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);
CREATE UNIQUE INDEX idx_published_events_event_id
    ON published_events(published_calendar_id, event_id);
CREATE INDEX idx_published_events_family_id ON published_events(family_id);

CREATE TABLE watch_channels (
    channel_id VARCHAR(64) PRIMARY KEY,
    family_id INTEGER NOT NULL REFERENCES families(id) ON DELETE CASCADE,
    published_calendar_id INTEGER NOT NULL REFERENCES published_calendars(id) ON DELETE CASCADE,
    token_hash VARCHAR(64) NOT NULL,
    resource_id VARCHAR(255),
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX idx_watch_channels_published_calendar_id ON watch_channels(published_calendar_id);
CREATE INDEX idx_watch_channels_family_id ON watch_channels(family_id);
"""

WORDS = """
ALTER TABLE link_codes DROP CONSTRAINT link_codes_purpose_check;
ALTER TABLE link_codes ADD CONSTRAINT link_codes_purpose_check
    CHECK (purpose IN ('device', 'claim', 'recovery', 'invitation', 'google'));
ALTER TABLE week_changes DROP CONSTRAINT week_changes_origin_check;
ALTER TABLE week_changes ADD CONSTRAINT week_changes_origin_check
    CHECK (origin IN ('chat', 'page', 'google', 'calendar'));
"""

WALLED = ("feed_bodies", "declined_times", "published_calendars", "published_events")
DIRECTORIES = ("connection_times", "watch_channels")
SEQUENCES = ("declined_times", "published_calendars", "published_events")

DOWN = """
DROP TABLE watch_channels, published_events, published_calendars, declined_times,
    connection_times, feed_bodies;
DELETE FROM family_commitments WHERE connection_id IS NOT NULL;
DELETE FROM child_commitments WHERE connection_id IS NOT NULL;
ALTER TABLE family_commitments DROP COLUMN connection_id;
ALTER TABLE child_commitments DROP COLUMN connection_id;
DELETE FROM calendar_connections WHERE provider = 'caldav';
ALTER TABLE calendar_connections
    DROP CONSTRAINT calendar_connections_provider_check,
    ADD CONSTRAINT calendar_connections_provider_check CHECK (provider IN ('google', 'ical')),
    DROP CONSTRAINT calendar_connections_state_check,
    DROP COLUMN name, DROP COLUMN http_etag, DROP COLUMN http_modified, DROP COLUMN problem,
    DROP COLUMN problem_since, DROP COLUMN checked_at, DROP COLUMN proposal,
    ADD COLUMN calendar_id VARCHAR(255), ADD COLUMN sync_token TEXT;
ALTER TABLE feed_tokens DROP COLUMN etag, DROP COLUMN fresh_until;
ALTER TABLE feeds DROP COLUMN alarm_minutes;
DELETE FROM link_codes WHERE purpose = 'google';
ALTER TABLE link_codes DROP CONSTRAINT link_codes_purpose_check;
ALTER TABLE link_codes ADD CONSTRAINT link_codes_purpose_check
    CHECK (purpose IN ('device', 'claim', 'recovery', 'invitation'));
UPDATE week_changes SET origin = 'chat' WHERE origin = 'calendar';
ALTER TABLE week_changes DROP CONSTRAINT week_changes_origin_check;
ALTER TABLE week_changes ADD CONSTRAINT week_changes_origin_check
    CHECK (origin IN ('chat', 'page', 'google'));
"""


def upgrade() -> None:
    run = op.get_bind().execution_options(no_parameters=True).exec_driver_sql
    for statement in (FEEDS, CONNECTIONS, PUBLISHED, WORDS):
        run(statement)
    for table in WALLED:
        run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        run(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        run(
            f"CREATE POLICY own_rows ON {table}"
            f" USING (family_id = {FAMILY}) WITH CHECK (family_id = {FAMILY})"
        )
    for table in (*WALLED, *DIRECTORIES):
        run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP_ROLE}")
    for table in SEQUENCES:
        run(f"GRANT USAGE ON SEQUENCE {table}_id_seq TO {APP_ROLE}")


def downgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(DOWN)
