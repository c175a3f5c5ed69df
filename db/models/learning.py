"""What was learned about weeks: for everybody, and for one family."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, family_column, now_column
from db.types import CleanString, CleanText, FreeObject, Json, ModelParameters


class MlModel(Base):
    """The same for all families; at most one row is active."""

    __tablename__ = "ml_models"
    __table_args__ = (
        Index("idx_ml_models_name_version", "name", "version", unique=True),
        Index("idx_ml_models_is_active", "is_active"),
        Index("idx_ml_models_parameters_gin", "parameters", postgresql_using="gin"),
        Index(
            "idx_ml_models_one_active",
            "is_active",
            unique=True,
            postgresql_where=text("is_active"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(CleanString(255))
    version: Mapped[str] = mapped_column(CleanString(50))
    description: Mapped[str | None] = mapped_column(CleanText)
    parameters: Mapped[ModelParameters] = mapped_column(Json(ModelParameters))
    feature_importance: Mapped[FreeObject | None] = mapped_column(Json(FreeObject))
    performance_metrics: Mapped[FreeObject | None] = mapped_column(Json(FreeObject))
    is_active: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = now_column()


class FamilyModel(Base):
    """One family's own weights; at most one row of a family is active."""

    __tablename__ = "family_models"
    __table_args__ = (
        Index(
            "idx_family_models_one_active",
            "family_id",
            unique=True,
            postgresql_where=text("is_active"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int] = family_column(nullable=False)
    version: Mapped[str] = mapped_column(CleanString(50))
    parameters: Mapped[ModelParameters] = mapped_column(Json(ModelParameters))
    is_active: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = now_column()
