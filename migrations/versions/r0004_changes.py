"""What a family decides about a week goes with its version, and each change can be taken back.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

from db.roles import APP_ROLE

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FAMILY = "(NULLIF(current_setting('app.family_id', true), ''))::integer"

UP = f"""
ALTER TABLE schedules ADD COLUMN decisions JSONB;

CREATE TABLE week_changes (
    id SERIAL PRIMARY KEY,
    family_id INTEGER NOT NULL DEFAULT {FAMILY} REFERENCES families(id) ON DELETE CASCADE,
    origin VARCHAR(50) NOT NULL
        CONSTRAINT week_changes_origin_check CHECK (origin IN ('chat', 'page', 'google')),
    kind VARCHAR(50) NOT NULL,
    token VARCHAR(50) NOT NULL,
    idempotency_key VARCHAR(255),
    undoes_id INTEGER REFERENCES week_changes(id) ON DELETE CASCADE,
    effect JSONB NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT NOW()
);
CREATE UNIQUE INDEX idx_week_changes_token ON week_changes(family_id, token);
CREATE UNIQUE INDEX idx_week_changes_idempotency_key
    ON week_changes(family_id, idempotency_key);
CREATE UNIQUE INDEX idx_week_changes_undoes_id ON week_changes(undoes_id);

ALTER TABLE week_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE week_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON week_changes
    USING (family_id = {FAMILY}) WITH CHECK (family_id = {FAMILY});
GRANT SELECT, INSERT, UPDATE, DELETE ON week_changes TO {APP_ROLE};
GRANT USAGE ON SEQUENCE week_changes_id_seq TO {APP_ROLE};
"""

DOWN = """
DROP TABLE week_changes;
ALTER TABLE schedules DROP COLUMN decisions;
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(UP)


def downgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(DOWN)
