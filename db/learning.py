"""The weights in force."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.plan import Weights
from db.models import FamilyModel, MlModel
from db.types import ModelParameters


async def active_weights(session: AsyncSession) -> Weights:
    """The weights of the soft rules for the transaction's family: its own where it has some,
    else the active model's, else the engine's first ones."""
    own = await session.scalar(select(FamilyModel.parameters).where(FamilyModel.is_active))
    common = await session.scalar(select(MlModel.parameters).where(MlModel.is_active))
    parameters: ModelParameters | None = own or common
    found = parameters.weights if parameters else None
    first = Weights()
    if found is None:
        return first

    def chosen(learned: float | None, otherwise: float) -> float:
        return otherwise if learned is None else learned

    return Weights(
        child_interest=chosen(found.child_interest, first.child_interest),
        learning_times=chosen(found.learning_times, first.learning_times),
        parent_involvement=chosen(found.parent_involvement, first.parent_involvement),
        subject_coherence=chosen(found.subject_coherence, first.subject_coherence),
    )
