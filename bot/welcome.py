"""A family comes to us: everything that has to exist from its first minute."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from core.reminders import MORNING, next_morning
from db.calendars import create_feeds
from db.document import FamilyDocument
from db.families import create_family, load_family
from db.reminders import set_next_due
from db.secrets import SecretBox

CONSENT_VERSION = "2026-11"
"""The wording of the notice that families agree to; raised with every change of it."""


async def welcome_family(
    session: AsyncSession,
    box: SecretBox,
    document: FamilyDocument,
    *,
    source: Literal["chat", "import"],
    now: datetime,
    chat_account_id: int | None = None,
    responses: Mapping[str, Any] | None = None,
) -> int:
    """Writes the family with its feeds and its first morning, leaves the transaction in its scope
    and returns its id. Raises `EmailTaken` for an import with a known address."""
    parent = document.parent
    family_id = await create_family(
        session,
        document,
        parent_name=parent.name if parent else document.adults[0].name,
        email=parent.email if parent else None,
        source=source,
        consent_version=CONSENT_VERSION,
        now=now,
        chat_account_id=chat_account_id,
        questionnaire_responses=responses,
    )
    await create_feeds(session, family_id, box)
    family = await load_family(session, family_id)
    await set_next_due(session, family_id, MORNING, next_morning(family, now))
    return family_id
