"""Several chats of one person share a draft; adults are invited, and need not teach.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE adults ADD COLUMN teaches BOOLEAN NOT NULL DEFAULT TRUE;

ALTER TABLE chat_accounts ADD COLUMN draft_account_id INTEGER
    REFERENCES chat_accounts(id) ON DELETE SET NULL;
CREATE INDEX idx_chat_accounts_draft_account_id ON chat_accounts(draft_account_id);

ALTER TABLE link_codes ADD COLUMN redeemed_by INTEGER
    REFERENCES chat_accounts(id) ON DELETE CASCADE;
ALTER TABLE link_codes DROP CONSTRAINT link_codes_purpose_check;
ALTER TABLE link_codes ADD CONSTRAINT link_codes_purpose_check
    CHECK (purpose IN ('device', 'claim', 'recovery', 'invitation'));
"""

DOWN = """
DELETE FROM link_codes WHERE purpose = 'invitation';
ALTER TABLE link_codes DROP CONSTRAINT link_codes_purpose_check;
ALTER TABLE link_codes ADD CONSTRAINT link_codes_purpose_check
    CHECK (purpose IN ('device', 'claim', 'recovery'));
ALTER TABLE link_codes DROP COLUMN redeemed_by;

ALTER TABLE chat_accounts DROP COLUMN draft_account_id;
ALTER TABLE adults DROP COLUMN teaches;
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(UP)


def downgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(DOWN)
