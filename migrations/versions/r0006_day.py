"""The day: hours of single dates, requests to confirm, when a family is reminded, evenings.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

from db.roles import APP_ROLE

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FAMILY = "(NULLIF(current_setting('app.family_id', true), ''))::integer"


def _guarded(table: str) -> str:
    return f"""
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON {table}
    USING (family_id = {FAMILY}) WITH CHECK (family_id = {FAMILY});
GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP_ROLE};
GRANT USAGE ON SEQUENCE {table}_id_seq TO {APP_ROLE};
"""


UP = f"""
CREATE TABLE day_hours (
    id SERIAL PRIMARY KEY,
    family_id INTEGER NOT NULL DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    child_id INTEGER NOT NULL REFERENCES children(id) ON DELETE CASCADE,
    date DATE NOT NULL,
    start_time TIME NOT NULL,
    end_time TIME NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    CONSTRAINT day_hours_times_check CHECK (start_time < end_time),
    UNIQUE (child_id, date)
);
CREATE INDEX idx_day_hours_family_id ON day_hours(family_id);

CREATE TABLE chat_requests (
    id SERIAL PRIMARY KEY,
    family_id INTEGER NOT NULL DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    chat_account_id INTEGER NOT NULL REFERENCES chat_accounts(id) ON DELETE CASCADE,
    asked JSONB NOT NULL,
    change JSONB,
    created_at TIMESTAMP NOT NULL DEFAULT NOW()
);
CREATE INDEX idx_chat_requests_family_id ON chat_requests(family_id);
CREATE INDEX idx_chat_requests_chat_account_id ON chat_requests(chat_account_id);
{_guarded("day_hours")}{_guarded("chat_requests")}
ALTER TABLE families ADD COLUMN day_settings JSONB;
ALTER TABLE week_changes
    DROP CONSTRAINT week_changes_origin_check,
    ADD CONSTRAINT week_changes_origin_check
        CHECK (origin IN ('chat', 'page', 'google', 'calendar', 'clock'));
"""

TIMES = """
INSERT INTO reminder_times (family_id, kind, next_due_at)
    SELECT family_id, 'evening', next_due_at + INTERVAL '11 hours' FROM reminder_times
    WHERE kind = 'morning'
    ON CONFLICT DO NOTHING;
INSERT INTO reminder_times (family_id, kind, next_due_at)
    SELECT family_id, 'review', date_trunc('week', next_due_at) + INTERVAL '6 days 17 hours'
    FROM reminder_times WHERE kind = 'morning'
    ON CONFLICT DO NOTHING;
"""

DOWN = """
DELETE FROM reminder_times WHERE kind IN ('evening', 'review');
UPDATE week_changes SET origin = 'chat' WHERE origin = 'clock';
ALTER TABLE week_changes
    DROP CONSTRAINT week_changes_origin_check,
    ADD CONSTRAINT week_changes_origin_check
        CHECK (origin IN ('chat', 'page', 'google', 'calendar'));
ALTER TABLE families DROP COLUMN day_settings;
DROP TABLE chat_requests;
DROP TABLE day_hours;
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(UP + TIMES)


def downgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(DOWN)
