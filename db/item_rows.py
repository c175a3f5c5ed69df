"""How an item becomes a row of a new version of its week: what it keeps of the row that it was, and
what rises because it has changed."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from core.addresses import UID_DOMAIN
from core.family import Subject
from core.plan import Item
from core.week import time_of
from db import models
from db.items import iso_utc, stored_item
from db.types import Adjustment, ItemData, OriginalSubject, read, write


def matched(
    items: Iterable[Item], former: Sequence[models.ScheduleItem]
) -> list[tuple[Item, models.ScheduleItem | None]]:
    """Each item with the row that it was before: by uid, else by being the same thing at the same
    time. No row is given twice."""
    # A later row of the same uid replaces an earlier one.
    by_uid = {row.uid: row for row in former}
    pairs = [(item, by_uid.pop(item.uid, None) if item.uid else None) for item in items]
    same = {_identity(stored_item(row, 0).item): row for row in by_uid.values()}
    return [
        (item, row if row is not None or item.uid else same.pop(_identity(item), None))
        for item, row in pairs
    ]


def stands_as(item: Item, row: models.ScheduleItem) -> bool:
    """Whether the row says of the item all that there is to say."""
    return replace(stored_item(row, item.child_id).item, uid=item.uid) == item


def _identity(item: Item) -> tuple[object, ...]:
    of = (item.subject_id, item.commitment_id, item.family_commitment_id)
    return item.type, item.date, item.start, of


def item_row(
    schedule_id: int,
    item: Item,
    before: models.ScheduleItem | None,
    subjects: Mapping[int, Subject],
    now: datetime,
    reason: str | None,
    *,
    active: int | None,
) -> models.ScheduleItem:
    """A row of the version `schedule_id`, `before` being the last that the item was. One that was
    not in the version `active` until now comes back, which is a change too."""
    subject = subjects.get(item.subject_id) if item.subject_id is not None else None
    row = models.ScheduleItem(
        schedule_id=schedule_id,
        day_date=item.date,
        item_type=item.type,
        name=item.name,
        start_time=time_of(item.start),
        end_time=time_of(item.end),
        is_external=item.external,
        completed=item.completed,
        subject_id=item.subject_id,
        commitment_id=item.commitment_id,
        family_commitment_id=item.family_commitment_id,
        adult_id=item.adult_id,
        item_data=_item_data(item, subject),
        uid=item.uid or (before.uid if before else None) or _new_uid(),
        sequence=0,
        created_at=now,
        updated_at=now,
    )
    if before is not None:
        row.completed = item.completed or before.completed
        row.completed_at = before.completed_at
        row.created_at = before.created_at
        row.sequence = before.sequence
        row.item_data = _carried_data(before, row, now, reason)
        if before.schedule_id == active and _shown(before) == _shown(row):
            row.updated_at = before.updated_at
        else:
            row.sequence += 1
    return row


def _new_uid() -> str:
    return f"{uuid.uuid4().hex}@{UID_DOMAIN}"


def _times(row: models.ScheduleItem) -> tuple[date, time, time]:
    return row.day_date, row.start_time, row.end_time


def _shown(row: models.ScheduleItem) -> tuple[object, ...]:
    """What a calendar shows of an item: a change of it is a new sequence."""
    return *_times(row), row.item_type, row.name, row.adult_id, row.is_external


def _item_data(item: Item, subject: Subject | None) -> ItemData:
    data: dict[str, Any] = {"notes": "", "resources": [], "adjustmentHistory": []}
    if subject is not None:
        original = OriginalSubject(
            name=subject.name,
            is_core_subject=subject.core,
            session_duration=subject.minutes,
            parent_involvement=subject.involvement,
        )
        data["originalSubject"] = write(original)
    if item.suggestion is not None:
        data["activity"] = item.suggestion
    return read(ItemData, data)


def _carried_data(
    before: models.ScheduleItem, row: models.ScheduleItem, now: datetime, reason: str | None
) -> ItemData:
    """What was noted at an item goes along; a move is added to its history."""
    data = {**write(before.item_data), **_renewed(row.item_data)}
    if _times(before) != _times(row):
        change: dict[str, Any] = {
            "date": iso_utc(now),
            "previousStartTime": f"{before.start_time:%H:%M}",
            "previousEndTime": f"{before.end_time:%H:%M}",
        }
        if before.day_date != row.day_date:
            change["previousDate"] = before.day_date.isoformat()
        if reason is not None:
            change["reason"] = reason
        history = [*data.get("adjustmentHistory", ()), write(read(Adjustment, change))]
        data["adjustmentHistory"] = history
    return read(ItemData, data)


def _renewed(data: ItemData) -> dict[str, Any]:
    fresh = write(data)
    return {key: fresh[key] for key in ("originalSubject", "activity") if key in fresh}
