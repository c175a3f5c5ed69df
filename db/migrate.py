"""The schema's revisions: which one a database has, and the way to another.

Alembic is configured here, so there is no `alembic.ini`. Everything runs in one transaction: a
migration that fails leaves the database as it was.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

OLDEST_POSTGRESQL = 16
"""The oldest major version that knows everything the schema uses."""


class DatabaseUnusable(Exception):
    """The database does not let us in, or is too old; the text says what to mend, in one line."""


class UnknownRevision(Exception):
    """The database is at a revision that this version of the program does not know."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database has the schema revision {revision!r}, which this version does not "
            f"know (it knows up to {head()!r}). Install the newer version."
        )
        self.revision = revision


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database to a revision, by default the newest.

    Raises `UnknownRevision`, or `db.roles.RoleMissing` where the server's rights do not suffice.
    """
    with _connected(url) as connection:
        _require_known(connection)
        command.upgrade(_config(connection), revision)


def downgrade(url: str, revision: str = "base") -> None:
    """Take the database back to an earlier revision; tables that go lose their rows.

    Raises `UnknownRevision`.
    """
    with _connected(url) as connection:
        _require_known(connection)
        command.downgrade(_config(connection), revision)


def current(url: str) -> str | None:
    """The revision that the database has; None before the first one."""
    with _connected(url) as connection:
        return _revision(connection)


def head() -> str:
    """The newest revision that this version of the program knows."""
    return _scripts().get_revisions("head")[0].revision


def is_ours(name: str | None, type_: str, parents: Mapping[Any, str | None]) -> bool:
    """Alembic's filter when it compares: the job queue's tables are Procrastinate's own."""
    table = name if type_ == "table" else parents.get("table_name")
    return not (table or "").startswith("procrastinate_")


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool, connect_args={"options": "-c timezone=UTC"})
    # Before SQLAlchemy's own first questions, which an old server might not understand.
    event.listen(engine, "connect", _require_new_enough, insert=True)
    try:
        opened = engine.connect()
    except DBAPIError as error:
        raise DatabaseUnusable(unreachable(error.orig)) from error
    with opened as connection, connection.begin():
        yield connection


def unreachable(error: BaseException | None) -> str:
    """What to say, in one line, of a connection that failed so."""
    reason = str(error).strip().partition("\n")[0]
    return f"The database cannot be reached: {reason}. Does it run, and is DATABASE_URL right?"


def too_old(version: int) -> str | None:
    """What to say of a server with this libpq version number (160004); None if it will do."""
    major = version // 10000
    if major >= OLDEST_POSTGRESQL:
        return None
    return f"PostgreSQL {major} is too old; BrightPath needs {OLDEST_POSTGRESQL} or newer."


def _require_new_enough(connection: DBAPIConnection, _record: object) -> None:
    if complaint := too_old(connection.info.server_version):
        connection.close()
        raise DatabaseUnusable(complaint)


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(files("migrations")))
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _require_known(connection: Connection) -> None:
    found = _revision(connection)
    known = {script.revision for script in _scripts().walk_revisions()}
    if found is not None and found not in known:
        raise UnknownRevision(found)
