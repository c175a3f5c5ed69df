"""What a database holds, read from PostgreSQL's own catalogue."""

from dataclasses import dataclass

import psycopg

COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
    AND c.relnamespace = 'public'::regnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped
"""

CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND contype <> 'n'
"""

INDEXES = """
SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
"""


@dataclass(frozen=True)
class Catalogue:
    """`columns` by table and name: type, not null, default. `constraints` and `indexes`: table,
    name, definition."""

    columns: dict[tuple[str, str], tuple[str, bool, str]]
    constraints: set[tuple[str, str, str]]
    indexes: set[tuple[str, str, str]]

    @property
    def tables(self) -> set[str]:
        return {table for table, _ in self.columns}


def read_catalogue(conninfo: str) -> Catalogue:
    """The tables of a database, without the job queue's and Alembic's own."""
    with psycopg.connect(conninfo) as connection:

        def rows(query: str) -> list[tuple[str, ...]]:
            found = connection.execute(query.encode()).fetchall()
            return [
                row
                for row in found
                if row[0] != "alembic_version" and not row[0].startswith("procrastinate_")
            ]

        return Catalogue(
            columns={(table, name): tuple(rest) for table, name, *rest in rows(COLUMNS)},
            constraints=set(rows(CONSTRAINTS)),
            indexes=set(rows(INDEXES)),
        )
