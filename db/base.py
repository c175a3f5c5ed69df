"""What all tables share: naming, common columns, and the family that a row belongs to."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, MetaData, func, text
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column

from db.types import UtcTimestamp

CURRENT_FAMILY = text("(NULLIF(current_setting('app.family_id', true), ''))::integer")
"""The family of the transaction (see `db.session`): the default of every added `family_id`."""

NAMING = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}
"""PostgreSQL's own names, which the data model's unnamed constraints have."""


class Base(DeclarativeBase):
    """Rows. They never leave `db`."""

    metadata = MetaData(naming_convention=NAMING)


def now_column() -> MappedColumn[datetime]:
    """When the row was made, by the database's clock."""
    return mapped_column(UtcTimestamp, server_default=func.now())


def reference(target: str, ondelete: str, **column: Any) -> MappedColumn[Any]:
    """A foreign key to `table.column`."""
    return mapped_column(ForeignKey(target, ondelete=ondelete), **column)


def family_column(*, nullable: bool = True) -> MappedColumn[Any]:
    """The family of a row, filled with the current one: what row-level security compares."""
    return reference("families.id", "CASCADE", server_default=CURRENT_FAMILY, nullable=nullable)
