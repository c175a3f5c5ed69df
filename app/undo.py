"""A change of the family's weeks, taken back."""

from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes import Outcome, answer, complete
from app.planning import week_request
from app.services import Services
from core.changes import Impossible, Why
from core.decisions import Broken, no_longer_fits
from core.diff import stands_alike, touched
from core.family import Family
from core.rearrange import has_begun
from core.week import wall
from db.changes import UNDO, ChangeRecord, change_of_token, record_change
from db.completion import undo_completion
from db.facts import FactsDiffer, insert_rows, remove_rows
from db.families import load_family
from db.revision import bump_revision
from db.schedules import load_versions, load_week, restore_versions
from db.session import lock_family
from db.types import ChangedWeek, ChangeEffect

log = structlog.get_logger()


class _Refused(Exception):
    """Rolls back what an undo has begun."""

    def __init__(self, outcome: Impossible | Broken) -> None:
        super().__init__(str(outcome))
        self.outcome = outcome


async def undo(services: Services, family_id: int, token: str) -> Outcome:
    """Take back the change that gave this token, as a new version of its weeks: everything stands
    where it did, but for what was done meanwhile. It is a change with a token of its own.

    Refused, with nothing changed, once it was taken back, the weeks or facts have changed
    otherwise, or a lesson concerned has begun since or is done.
    """
    now = services.now()
    try:
        async with services.database.transaction(family_id=family_id) as session:
            await lock_family(session, family_id)
            found = await change_of_token(session, family_id, token)
            if found is None:
                return Impossible(Why.NO_SUCH_CHANGE)
            if found.undone:
                return Impossible(Why.UNDONE)
            effect = await _take_back(session, family_id, found, now)
            record = await record_change(
                session, effect, origin=found.origin, kind=UNDO, now=now, undoes=found.id
            )
            log.info("week changed", family_id=family_id, kind=record.kind)
            return await answer(session, family_id, record)
    except _Refused as refused:
        return refused.outcome


async def _take_back(
    session: AsyncSession, family_id: int, record: ChangeRecord, now: datetime
) -> ChangeEffect:
    effect = record.effect
    if effect.done is not None:
        if not await undo_completion(session, family_id, effect.done.uid, now=now):
            raise _Refused(Impossible(Why.CHANGED_SINCE, effect.done.uid))
        await insert_rows(session, effect.removed, now)
        return ChangeEffect(not_done=effect.done)
    if effect.not_done is not None:
        done = await complete(session, family_id, effect.not_done)
        if done is None:
            raise _Refused(Impossible(Why.CHANGED_SINCE, effect.not_done.uid))
        return done
    for week in effect.weeks:
        await _require_restorable(session, family_id, week, record.created_at, now)
    try:
        removed = await remove_rows(session, reversed(effect.added), now)
        added = await insert_rows(session, reversed(effect.removed), now)
    except FactsDiffer as differ:
        raise _Refused(Impossible(Why.CHANGED_SINCE)) from differ
    family = await load_family(session, family_id)
    restored = [await _restore(session, family, family_id, week, now=now) for week in effect.weeks]
    await bump_revision(session, family_id)
    return ChangeEffect(weeks=tuple(restored), added=tuple(added), removed=tuple(removed))


async def _restore(
    session: AsyncSession, family: Family, family_id: int, week: ChangedWeek, *, now: datetime
) -> ChangedWeek:
    """Put the versions back that the change replaced. Raises `_Refused` if they do not fit the
    family any more."""
    monday = week.week_start_date
    current = await load_week(session, family_id, monday)
    former = (await load_versions(session, monday, week.before)).without(week.after)
    ids = await restore_versions(session, family, family_id, current, former, now=now)
    if former.schedules:
        there = await load_week(session, family_id, monday)
        request = week_request(family, monday, there.items, now, there.decisions)
        if request is None:
            raise _Refused(Impossible(Why.WEEK_OVER))
        violations = no_longer_fits(request)
        if violations:
            raise _Refused(Broken(violations))
    return ChangedWeek(week_start_date=monday, before=current.ids, after=tuple(ids))


async def _require_restorable(
    session: AsyncSession, family_id: int, week: ChangedWeek, since: datetime, now: datetime
) -> None:
    """Raises `_Refused` if the week is not as the change left it, or a lesson concerned has begun
    since then or is done."""
    monday = week.week_start_date
    current = await load_week(session, family_id, monday)
    left = await load_versions(session, monday, week.after)
    former = await load_versions(session, monday, week.before)
    same = stands_alike(current.items, left.items) and current.decisions == left.decisions
    if not same or len(left.ids) < len(week.after) or len(former.ids) < len(week.before):
        raise _Refused(Impossible(Why.CHANGED_SINCE))
    family = await load_family(session, family_id)
    zone = ZoneInfo(family.timezone)
    done = {item.uid for item in current.items if item.completed}
    was_done = {item.uid for item in former.items if item.completed}
    for item in touched(former.items, left.items):
        if item.uid in done - was_done:
            raise _Refused(Impossible(Why.DONE, item.uid))
        begun = has_begun(wall(now, zone), item.date, item.start)
        if begun and not has_begun(wall(since, zone), item.date, item.start):
            raise _Refused(Impossible(Why.BEGUN, item.uid))
