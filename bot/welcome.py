"""A family comes to us: everything that has to exist from its first minute."""

from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from core.family import Family
from db.calendars import create_feeds
from db.document import FamilyDocument
from db.families import create_family, load_family
from db.reminders import plan_reminders
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
    )
    await settle(session, box, family_id, now=now)
    return family_id


async def settle(
    session: AsyncSession,
    box: SecretBox,
    family_id: int,
    *,
    now: datetime,
    before: Family | None = None,
) -> Family:
    """What follows from who a family is: an address for everybody, and when it hears from us,
    unless that is as it was for the family `before`. Returns the family."""
    await create_feeds(session, family_id, box)
    family = await load_family(session, family_id)
    # What is due at this very moment is claimed already, unless the days or the clock are others.
    if before is None or _school(before) != _school(family):
        await plan_reminders(session, family, family_id, now=now)
    return family


def _school(family: Family) -> tuple[object, ...]:
    """What a family's reminders depend on."""
    return family.timezone, {day for child in family.children for day in child.school_days}
