"""The tables of the job queue, as the pinned Procrastinate ships them.

Revision ID: 0002
Revises: 0001
"""

from alembic import op
from procrastinate.schema import SchemaManager

from db.roles import APP_ROLE

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GRANTS = f"""
GRANT SELECT, INSERT, UPDATE, DELETE ON
    procrastinate_jobs, procrastinate_workers, procrastinate_events, procrastinate_periodic_defers
    TO {APP_ROLE};
GRANT USAGE ON SEQUENCE
    procrastinate_jobs_id_seq, procrastinate_workers_id_seq, procrastinate_events_id_seq,
    procrastinate_periodic_defers_id_seq
    TO {APP_ROLE};
"""

# Functions and types bear the same prefix; their list changes with Procrastinate's version.
DROP = """
DROP TABLE procrastinate_periodic_defers, procrastinate_events, procrastinate_jobs,
    procrastinate_workers CASCADE;
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT oid::regprocedure AS signature FROM pg_proc
        WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace
    LOOP
        EXECUTE format('DROP FUNCTION %s', found.signature);
    END LOOP;
END
$$;
DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status;
"""


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)
    connection.exec_driver_sql(SchemaManager.get_schema())
    connection.exec_driver_sql(GRANTS)


def downgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(DROP)
