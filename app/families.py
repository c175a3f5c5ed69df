"""Families without a chat: created from a document, and written out as one."""

from datetime import timedelta
from typing import Any

import structlog

from app.planning import KeepsChanging, RulesBroken, plan_first_weeks
from app.services import Services
from bot.welcome import welcome_family
from core.addresses import feed_url, week_url
from db.calendars import feed_tokens
from db.document import FamilyDocument
from db.exports import export_document
from db.families import load_family
from db.links import Purpose, create_code

log = structlog.get_logger()

CLAIM_LIFE = timedelta(days=7)


async def import_family(services: Services, document: FamilyDocument) -> dict[str, Any]:
    """Creates the family, plans its first weeks and tells its ids and addresses; "schedules" is
    empty where the weeks could not be planned.

    Raises `EmailTaken`, or `DocumentError` where the document could not be stored.
    """
    now = services.now()
    base = services.settings.base_url
    async with services.database.transaction() as session:
        family_id = await welcome_family(session, services.box, document, source="import", now=now)
        family = await load_family(session, family_id)
        tokens = await feed_tokens(session, family_id, services.box)
        code = await create_code(
            session,
            Purpose.CLAIM,
            CLAIM_LIFE,
            now=now,
            family_id=family_id,
            adult_id=family.adults[0].id,
        )
    try:
        schedules = list((await plan_first_weeks(services, family_id)).schedules)
    except (RulesBroken, KeepsChanging):
        # The family is there: its ids and addresses must not be lost with its first week.
        log.exception("not planned", family_id=family_id)
        schedules = []
    return {
        "familyId": family_id,
        "children": [{"id": child.id, "name": child.name} for child in family.children],
        "feeds": {
            "family": feed_url(base, tokens.family),
            "children": {
                child.name: feed_url(base, tokens.children[child.id]) for child in family.children
            },
            "adults": {
                adult.name: feed_url(base, tokens.adults[adult.id]) for adult in family.adults
            },
        },
        "week": week_url(base, tokens.week),
        "link": code,
        "schedules": schedules,
    }


async def export_family(services: Services, family_id: int) -> dict[str, Any] | None:
    """The family as a document that `import` takes, with its weeks and logs beside it; None if
    there is none with this id."""
    async with services.database.transaction(family_id=family_id) as session:
        return await export_document(session, family_id, exported_at=services.now())
