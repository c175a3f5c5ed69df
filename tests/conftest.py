"""One real PostgreSQL for the whole run; each test that asks gets a fresh copy of a migrated
database."""

import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from psycopg.conninfo import make_conninfo

from app.embedded import EmbeddedServer, start
from db import migrate
from db.session import Database

TEMPLATE = "template_migrated"


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
def migrated_template(postgres: EmbeddedServer) -> str:
    """The name of a migrated, empty database that nobody is connected to."""
    administer(postgres, f"CREATE DATABASE {TEMPLATE}")
    migrate.upgrade(postgres.url_of(TEMPLATE))
    return TEMPLATE


@pytest.fixture
def empty_database(postgres: EmbeddedServer) -> Iterator[str]:
    """The name of a database without any table."""
    name = f"test_{uuid.uuid4().hex}"
    administer(postgres, f"CREATE DATABASE {name}")
    yield name
    administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_name(postgres: EmbeddedServer, migrated_template: str) -> Iterator[str]:
    """The name of a migrated database of the test's own."""
    name = f"test_{uuid.uuid4().hex}"
    administer(postgres, f"CREATE DATABASE {name} TEMPLATE {migrated_template} STRATEGY file_copy")
    yield name
    administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


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
