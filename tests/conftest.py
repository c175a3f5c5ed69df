"""One real PostgreSQL for the whole run, and in it one migrated database, which each test that
asks finds as if it were new."""

import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from psycopg.conninfo import make_conninfo

from app.embedded import EmbeddedServer, start
from db import migrate
from db.session import Database

MIGRATED = "migrated"

REMEMBER = "CREATE SCHEMA remembered; CREATE TABLE remembered.ml_models AS TABLE public.ml_models"

EVICT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

# A copy of the database for each test would take ten times as long.
WIPE = """
SET LOCAL lock_timeout = '10s';
SET LOCAL session_replication_role = replica;
DO $$
DECLARE
    found text;
BEGIN
    FOR found IN
        SELECT quote_ident(tablename) FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP
        EXECUTE format('DELETE FROM %s', found);
    END LOOP;
    FOR found IN SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public' LOOP
        EXECUTE format('ALTER SEQUENCE %s RESTART', found);
    END LOOP;
END
$$;
INSERT INTO ml_models SELECT * FROM remembered.ml_models;
SELECT setval('ml_models_id_seq', max(id)) FROM ml_models;
"""


def conninfo_of(server: EmbeddedServer, database: str) -> str:
    """The address of one of the server's databases for libpq."""
    return make_conninfo(server.conninfo, dbname=database)


def administer(server: EmbeddedServer, statement: str) -> None:
    """Run a statement outside any transaction, as the superuser."""
    with psycopg.connect(conninfo_of(server, "postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedServer]:
    """The server. It may lose its data in a crash, which makes it quick."""
    with tempfile.TemporaryDirectory(prefix="bp-") as home:
        server = start(Path(home))
        try:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                administer(server, f"ALTER SYSTEM SET {setting} = off")
            administer(server, "SELECT pg_reload_conf()")
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def migrated_database(postgres: EmbeddedServer) -> str:
    """The name of the migrated database. It may hold what an earlier test has left."""
    administer(postgres, f"CREATE DATABASE {MIGRATED}")
    migrate.upgrade(postgres.url_of(MIGRATED))
    with psycopg.connect(conninfo_of(postgres, MIGRATED)) as connection:
        connection.execute(REMEMBER)
    return MIGRATED


@pytest.fixture
def empty_database(postgres: EmbeddedServer) -> Iterator[str]:
    """The name of a database without any table."""
    name = f"test_{uuid.uuid4().hex}"
    administer(postgres, f"CREATE DATABASE {name}")
    yield name
    administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def wipe(postgres: EmbeddedServer, migrated_database: str) -> Callable[[], None]:
    """Makes the migrated database hold what it held when it was new, and ends what still uses it:
    for a test that plays many examples, before each of them."""

    def wiped() -> None:
        with psycopg.connect(conninfo_of(postgres, migrated_database)) as connection:
            connection.execute(EVICT)
            connection.execute(WIPE)

    return wiped


@pytest.fixture
def database_name(wipe: Callable[[], None], migrated_database: str) -> str:
    """The name of the migrated database, holding what it held when it was new."""
    wipe()
    return migrated_database


@pytest.fixture
def database_url(postgres: EmbeddedServer, database_name: str) -> str:
    """The test's migrated database for SQLAlchemy."""
    return postgres.url_of(database_name)


@pytest.fixture
def conninfo(postgres: EmbeddedServer, database_name: str) -> str:
    """The test's migrated database for libpq, as the superuser whom row-level security spares."""
    return conninfo_of(postgres, database_name)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The test's migrated database, as the program uses it."""
    opened = Database(database_url)
    yield opened
    await opened.close()
