"""Runs the revisions on the connection that `db.migrate` hands over, in one transaction."""

from alembic import context

from db import models
from db.migrate import is_ours
from db.roles import ensure_app_role

# Two processes that start together must not both migrate; any constant of our own will do.
MIGRATION_LOCK = 0x6272_6967_6874

connection = context.config.attributes["connection"]
connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
ensure_app_role(connection)
context.configure(
    connection=connection,
    target_metadata=models.Base.metadata,
    include_name=is_ours,
)
context.run_migrations()
