"""The plain role as which the program acts, so that row-level security binds it.

Roles belong to the whole server: the role is made if it is absent and never dropped.
"""

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

APP_ROLE = "brightpath_app"

CREATE = f"""
DO $$
BEGIN
    CREATE ROLE {APP_ROLE} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$
"""


class RoleMissing(Exception):
    """The connecting role may not make or take on `APP_ROLE`. `sql` is what an administrator of
    the server has to run, once."""

    def __init__(self, sql: str) -> None:
        super().__init__(
            f"The database lacks the role {APP_ROLE!r}. An administrator has to run: {sql}"
        )
        self.sql = sql


def ensure_app_role(connection: Connection) -> None:
    """Make the role if it is absent, and let the connecting role act as it.

    Runs within the connection's transaction; raises `RoleMissing` where the rights do not suffice.
    """
    user, schema = connection.execute(
        text("SELECT quote_ident(current_user), quote_ident(current_schema())")
    ).one()
    grant = f"GRANT {APP_ROLE} TO {user};"
    if not connection.scalar(text(f"SELECT to_regrole('{APP_ROLE}') IS NOT NULL")):
        _attempt(connection, CREATE, f"CREATE ROLE {APP_ROLE} NOLOGIN; {grant}")
    if not connection.scalar(text(f"SELECT pg_has_role(current_user, '{APP_ROLE}', 'SET')")):
        _attempt(connection, grant, grant)
    if not connection.scalar(
        text(f"SELECT has_schema_privilege('{APP_ROLE}', current_schema(), 'USAGE')")
    ):
        usage = f"GRANT USAGE ON SCHEMA {schema} TO {APP_ROLE};"
        _attempt(connection, usage, usage)


def _attempt(connection: Connection, statement: str, advice: str) -> None:
    try:
        with connection.begin_nested():
            connection.execute(text(statement))
    except ProgrammingError as error:
        raise RoleMissing(advice) from error
