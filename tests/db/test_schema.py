"""The migrated database against the data model's own DDL, against the models, and its walls."""

from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from catalogue import Catalogue, read_catalogue
from sqlalchemy import create_engine

from app.embedded import EmbeddedServer
from db import migrate
from db.models import Base
from db.privacy import PRIVACY
from db.roles import APP_ROLE, RoleMissing

SEED = Path(__file__).parents[1] / "data" / "seed.sql"

EXTRA_COLUMNS = {
    ("families", "timezone"),
    ("families", "revision"),
    ("family_commitments", "date"),
    ("family_commitments", "scope"),
    ("family_commitments", "adult_id"),
    ("child_commitments", "date"),
    ("child_commitments", "needs_adult"),
    ("child_commitments", "adult_id"),
    ("child_commitments", "family_id"),
    ("child_commitments", "connection_id"),
    ("family_commitments", "connection_id"),
    ("subjects", "family_id"),
    ("families", "day_settings"),
    ("schedules", "state"),
    ("schedules", "quality"),
    ("schedules", "decisions"),
    ("schedule_items", "family_id"),
    ("schedule_items", "uid"),
    ("schedule_items", "sequence"),
    ("schedule_items", "adult_id"),
    ("schedule_items", "family_commitment_id"),
    ("activity_logs", "item_uid"),
    ("questionnaire_sessions", "chat_account_id"),
}

EXTRA_TABLES = {
    "adults",
    "calendar_connections",
    "channel_pauses",
    "chat_accounts",
    "chat_requests",
    "commitment_exceptions",
    "connection_times",
    "consents",
    "day_hours",
    "days_off",
    "declined_times",
    "family_models",
    "feed_bodies",
    "feed_tokens",
    "feeds",
    "inbox",
    "link_codes",
    "loop_state",
    "messages",
    "published_calendars",
    "published_events",
    "reminder_times",
    "reminders",
    "watch_channels",
    "week_changes",
}

EXTRA_CONSTRAINTS = {
    "child_commitments_adult_id_fkey",
    "child_commitments_connection_id_fkey",
    "child_commitments_family_id_fkey",
    "family_commitments_adult_id_fkey",
    "family_commitments_connection_id_fkey",
    "family_commitments_scope_check",
    "questionnaire_sessions_chat_account_id_fkey",
    "schedule_items_adult_id_fkey",
    "schedule_items_family_commitment_id_fkey",
    "schedule_items_family_id_fkey",
    "schedules_state_check",
    "subjects_family_id_fkey",
}

EXTRA_INDEXES = {
    "idx_activity_logs_one_effect",
    "idx_child_commitments_family_id",
    "idx_ml_models_one_active",
    "idx_questionnaire_sessions_chat_account_id",
    "idx_schedule_items_family_id_day_date",
    "idx_schedule_items_uid",
    "idx_schedules_one_active",
    "idx_subjects_family_id",
}

DIRECTORY_COLUMNS = {
    "chat_accounts": {
        *("id", "channel", "external_id", "secret_hash", "family_id", "adult_id", "child_id"),
        *("language", "blocked_at", "created_at", "draft_account_id"),
    },
    "feed_tokens": {
        *("token_hash", "feed_id", "family_id", "kind", "revoked_at", "etag", "fresh_until"),
    },
    "connection_times": {"connection_id", "family_id", "next_due_at"},
    "watch_channels": {
        *("channel_id", "family_id", "published_calendar_id", "token_hash", "resource_id"),
        "expires_at",
    },
    "reminder_times": {"family_id", "kind", "next_due_at"},
    "channel_pauses": {"channel", "paused_until"},
    "link_codes": {
        *("code_hash", "purpose", "family_id", "adult_id", "chat_account_id"),
        *("expires_at", "used_at", "redeemed_by"),
    },
}


@pytest.fixture(scope="module")
def migrated(postgres: EmbeddedServer, migrated_database: str) -> Catalogue:
    return read_catalogue(_conninfo(postgres, migrated_database))


@pytest.fixture
def seed(postgres: EmbeddedServer, empty_database: str) -> Catalogue:
    conninfo = _conninfo(postgres, empty_database)
    with psycopg.connect(conninfo) as connection:
        connection.execute(SEED.read_bytes())
    return read_catalogue(conninfo)


def _conninfo(server: EmbeddedServer, database: str) -> str:
    return psycopg.conninfo.make_conninfo(server.conninfo, dbname=database)


def test_every_object_of_the_data_model_exists_identically(
    seed: Catalogue, migrated: Catalogue
) -> None:
    assert len(seed.tables) == 12
    assert {key: migrated.columns.get(key) for key in seed.columns} == seed.columns
    assert seed.constraints - migrated.constraints == set()
    assert seed.indexes - migrated.indexes == set()


def test_every_extra_is_listed_and_harmless_to_the_data_model(
    seed: Catalogue, migrated: Catalogue
) -> None:
    assert migrated.tables - seed.tables == EXTRA_TABLES
    extra = {key for key in migrated.columns.keys() - seed.columns.keys() if key[0] in seed.tables}
    assert extra == EXTRA_COLUMNS
    for key in extra:
        _, required, default = migrated.columns[key]
        assert default or not required, f"{key} is neither nullable nor defaulted"
    of_seed_tables = {name for table, name, _ in migrated.constraints if table in seed.tables}
    assert of_seed_tables - {name for _, name, _ in seed.constraints} == EXTRA_CONSTRAINTS
    of_seed_tables = {name for table, name, _ in migrated.indexes if table in seed.tables}
    assert of_seed_tables - {name for _, name, _ in seed.indexes} == EXTRA_INDEXES


def test_models_and_migrations_make_the_same_database(
    postgres: EmbeddedServer, empty_database: str, migrated: Catalogue
) -> None:
    engine = create_engine(postgres.url_of(empty_database))
    Base.metadata.create_all(engine)
    engine.dispose()
    assert read_catalogue(_conninfo(postgres, empty_database)) == migrated


def test_alembic_sees_no_difference(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": migrate.is_ours})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_up_down_and_up_again(
    postgres: EmbeddedServer, empty_database: str, migrated: Catalogue
) -> None:
    url = postgres.url_of(empty_database)
    assert migrate.current(url) is None
    migrate.upgrade(url)
    assert migrate.current(url) == migrate.head()
    migrate.downgrade(url)
    assert migrate.current(url) is None
    with psycopg.connect(_conninfo(postgres, empty_database)) as connection:
        left = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " UNION ALL SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace"
        ).fetchall()
    assert {name for (name,) in left} <= {
        "alembic_version",
        "_alembic_version",
        "alembic_version_pkc",
    }
    migrate.upgrade(url)
    assert read_catalogue(_conninfo(postgres, empty_database)) == migrated


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    postgres: EmbeddedServer, empty_database: str
) -> None:
    with psycopg.connect(_conninfo(postgres, empty_database)) as connection:
        connection.execute("CREATE TABLE procrastinate_jobs (id integer)")
    with pytest.raises(Exception, match="procrastinate_jobs"):
        migrate.upgrade(postgres.url_of(empty_database))
    assert read_catalogue(_conninfo(postgres, empty_database)).tables == set()


def test_a_schema_of_a_later_version_is_refused(
    postgres: EmbeddedServer, empty_database: str
) -> None:
    url = postgres.url_of(empty_database)
    migrate.upgrade(url)
    assert migrate.current(url) == migrate.head()
    with psycopg.connect(_conninfo(postgres, empty_database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for refused in (migrate.upgrade, migrate.downgrade):
        with pytest.raises(migrate.UnknownRevision, match="9999"):
            refused(url)


def test_family_data_stands_behind_forced_row_level_security(conninfo: str) -> None:
    with psycopg.connect(conninfo) as connection:
        walls = dict(
            connection.execute(
                "SELECT relname, relrowsecurity AND relforcerowsecurity AND EXISTS"
                " (SELECT FROM pg_policy WHERE polrelid = pg_class.oid) FROM pg_class"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
                " AND relname <> 'alembic_version' AND relname NOT LIKE 'procrastinate%'"
            ).fetchall()
        )
    open_tables = {table for table, walled in walls.items() if not walled}
    assert open_tables == {*DIRECTORY_COLUMNS, "ml_models"}


def test_directories_hold_only_ids_hashes_due_times_and_languages(migrated: Catalogue) -> None:
    for table, columns in DIRECTORY_COLUMNS.items():
        assert {name for owner, name in migrated.columns if owner == table} == columns


def test_the_plain_role_is_plain(conninfo: str) -> None:
    with psycopg.connect(conninfo) as connection:
        rights = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb"
            " FROM pg_roles WHERE rolname = %s",
            (APP_ROLE,),
        ).fetchone()
        may_write_models = connection.execute(
            "SELECT has_table_privilege(%s, 'ml_models', 'INSERT, UPDATE, DELETE')", (APP_ROLE,)
        ).fetchone()
    assert rights == (False, False, False, False, False)
    assert may_write_models == (False,)


def test_every_column_has_a_privacy_class(migrated: Catalogue) -> None:
    classified = {(table, column) for table, columns in PRIVACY.items() for column in columns}
    assert classified == set(migrated.columns)


@pytest.fixture
def modest_url(postgres: EmbeddedServer, migrated_database: str, empty_database: str) -> str:
    """An empty database as seen by an owner of it without any right over roles. (The migrated one
    is asked for so that the role exists, as on a server that serves others too.)"""
    with psycopg.connect(_conninfo(postgres, "postgres"), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS modest")
        connection.execute("CREATE ROLE modest LOGIN")
        connection.execute(f"ALTER DATABASE {empty_database} OWNER TO modest".encode())
    return postgres.url_of(empty_database).replace("//postgres@", "//modest@")


def test_without_rights_over_roles_the_error_tells_what_to_run(
    postgres: EmbeddedServer, modest_url: str
) -> None:
    with pytest.raises(RoleMissing) as refused:
        migrate.upgrade(modest_url)
    assert f"GRANT {APP_ROLE} TO modest" in refused.value.sql
    assert migrate.current(modest_url) is None
    with psycopg.connect(_conninfo(postgres, "postgres"), autocommit=True) as connection:
        for statement in refused.value.sql.rstrip(";").split(";"):
            connection.execute(statement.encode())
    migrate.upgrade(modest_url)
    assert migrate.current(modest_url) == migrate.head()
