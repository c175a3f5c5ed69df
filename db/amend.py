"""An edited family, written over the one that is there: what stays keeps its id, and what did not
change keeps its time of change."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.family import DEFAULT_HOURS, Hours, Identities
from core.text import name_key
from db import models
from db.document import to_hours
from db.document_models import ChildDocument, FamilyDocument
from db.family_rows import (
    NO_MAIL,
    TEACH_TOGETHER,
    FamilyRows,
    add_child,
    changed_at,
    child_commitment_values,
    child_values,
    family_commitment_values,
    free_object,
    load_rows,
    subject_values,
)
from db.links import open_invitations
from db.revision import bump_revision
from db.session import lock_family
from db.types import FamilyPreferences, LearningPreferences, Shape, SubjectMetadata, read, write

R = TypeVar("R", models.FamilyCommitment, models.ChildCommitment, models.Subject)
S = TypeVar("S", bound=Shape)


async def amend_family(
    session: AsyncSession,
    family_id: int,
    document: FamilyDocument,
    identities: Identities,
    *,
    now: datetime,
) -> int:
    """Write `document` over the transaction's family and return its new revision.

    `identities` tells which row each entry was; rows that no entry was are deleted, a child with
    everything that is kept of it. Keys inside preferences and metadata that the document does not
    name stay. An adult who no longer teaches stays where chats or a user depend on it. A new
    e-mail address that is taken is left as it was. Raises `NoSuchFamily`.
    """
    await lock_family(session, family_id)
    rows = await load_rows(session, family_id)
    adults = await _amend_adults(session, rows, document, now)
    await _amend_user(session, rows, document)
    _amend_own_columns(rows.family, document, now)
    await _amend_list(
        session,
        rows.commitments,
        identities.commitments,
        [family_commitment_values(entry, adults) for entry in document.commitments],
        models.FamilyCommitment,
        {"family_id": family_id},
        now,
    )
    await _amend_children(session, rows, document, identities, adults, now)
    await session.flush()
    return await bump_revision(session, family_id)


async def _amend_user(session: AsyncSession, rows: FamilyRows, document: FamilyDocument) -> None:
    user, parent = rows.user, document.parent
    if user is None or parent is None:
        return
    if rows.family.name == user.name:
        rows.family.name = parent.name
    user.name = parent.name
    placeholder = user.email.endswith(f"@{NO_MAIL}")
    if parent.email is None:
        if not placeholder:
            user.email = f"u{uuid.uuid4()}@{NO_MAIL}"
        await session.flush()
        return
    await session.flush()
    if parent.email.strip().lower() != user.email:
        try:
            async with session.begin_nested():
                await session.execute(
                    update(models.User)
                    .where(models.User.id == user.id)
                    .values(email=parent.email.strip().lower())
                )
        except IntegrityError:
            # Somebody else's: answered as if it had been skipped, so that nobody learns whose.
            await session.refresh(user)


async def _amend_adults(
    session: AsyncSession, rows: FamilyRows, document: FamilyDocument, now: datetime
) -> dict[str, int]:
    """The ids of all adults by folded name. An adult is known by name; the parent who answers by
    being the user's, whatever the name is now."""
    by_name = {name_key(row.name): row for row in rows.adults}
    own = next((row for row in rows.adults if row.user_id is not None), None)
    parent = document.parent
    named = rows.user.name if rows.user is not None else None
    # The adult of an imported family's user may bear a name of its own ("Adult 1").
    if own is not None and parent is not None and name_key(own.name) == name_key(named or ""):
        by_name.pop(name_key(own.name))
        own.name = parent.name
        by_name[name_key(own.name)] = own
    wanted = {name_key(adult.name): adult.name for adult in document.adults}
    chatting = set(
        await session.scalars(
            select(models.ChatAccount.adult_id).where(
                models.ChatAccount.family_id == rows.family.id,
                models.ChatAccount.adult_id.is_not(None),
            )
        )
    )
    needed = chatting | await open_invitations(session, rows.family.id, now=now)
    for key, row in list(by_name.items()):
        taught, row.teaches = row.teaches, key in wanted
        if taught and not row.teaches and row.user_id is None and row.id not in needed:
            await session.delete(by_name.pop(key))
    for key, name in wanted.items():
        if key in by_name:
            by_name[key].name = name
        else:
            by_name[key] = models.Adult(family_id=rows.family.id, name=name, created_at=now)
            session.add(by_name[key])
            # One after the other, so that their ids keep the document's order.
            await session.flush()
    await session.flush()
    return {key: row.id for key, row in by_name.items()}


def _amend_own_columns(row: models.Family, document: FamilyDocument, now: datetime) -> None:
    preferences = _merged(FamilyPreferences, row.preferences, document.preferences)
    _write(
        row,
        {
            "timezone": document.timezone,
            "scheduling_flexibility": preferences.scheduling_flexibility,
            "planning_approach": preferences.planning_approach,
            "preferences": preferences,
            "questionnaire_responses": free_object(document.questionnaire_responses)
            or row.questionnaire_responses,
        },
        now,
    )


async def _amend_children(
    session: AsyncSession,
    rows: FamilyRows,
    document: FamilyDocument,
    identities: Identities,
    adults: Mapping[str, int],
    now: datetime,
) -> None:
    there = {row.id: row for row in rows.children}
    kept = set(identities.children) & set(there)
    # Those who leave go first, so that their names are free.
    await session.execute(delete(models.Child).where(models.Child.id.in_(set(there) - kept)))
    for number, (child_id, child) in enumerate(
        zip(identities.children, document.children, strict=True)
    ):
        if child_id not in there:
            await add_child(session, rows.family.id, child, adults, now)
            continue
        row = there[child_id]
        _write(row, _child_values(row, child), now)
        await _amend_list(
            session,
            rows.subjects.get(row.id, ()),
            identities.subjects[number],
            [subject_values(entry) for entry in child.subjects],
            models.Subject,
            {"child_id": row.id},
            now,
        )
        await _amend_list(
            session,
            rows.child_commitments.get(row.id, ()),
            identities.child_commitments[number],
            [child_commitment_values(entry, adults) for entry in child.commitments],
            models.ChildCommitment,
            {"child_id": row.id},
            now,
        )


def _child_values(row: models.Child, child: ChildDocument) -> dict[str, Any]:
    values = child_values(child)
    former = row.learning_preferences
    if former is not None and _hours(former) != _hours(values["learning_preferences"]):
        # Hours of single weekdays were exceptions to hours that are gone.
        former = former.model_copy(update={"hours_by_day": {}})
    values["learning_preferences"] = _merged(
        LearningPreferences, former, values["learning_preferences"]
    )
    if values["questionnaire_responses"] is None:
        del values["questionnaire_responses"]
    return values


def _hours(preferences: LearningPreferences) -> Hours:
    given = preferences.homeschooling_hours
    return to_hours(given) if given else DEFAULT_HOURS


async def _amend_list(
    session: AsyncSession,
    there: Sequence[R],
    ids: Sequence[int | None],
    wanted: Sequence[dict[str, Any]],
    model: type[R],
    owner: Mapping[str, int],
    now: datetime,
) -> None:
    """The rows become what is wanted; `ids` tells which row each wanted one was. New ones get the
    columns of `owner`."""
    left = {row.id: row for row in there}
    for row_id, values in zip(ids, wanted, strict=True):
        row = left.pop(row_id, None) if row_id is not None else None
        if row is None:
            session.add(model(**owner, **values, created_at=now, updated_at=now))
            # One after the other, so that their ids keep the document's order.
            await session.flush()
        else:
            if isinstance(row, models.Subject):
                values = {**values, "details": _merged_details(row, values["details"])}
            _write(row, values, now)
    for row in left.values():
        await session.delete(row)


_NAMED_DETAILS = ("days", "sessionsPerWeek", TEACH_TOGETHER)
"""What the questionnaire says of a subject's metadata: absent means that it is no longer so."""


def _merged_details(row: models.Subject, new: SubjectMetadata | None) -> SubjectMetadata | None:
    former = write(row.details) if row.details else {}
    kept = {key: value for key, value in former.items() if key not in _NAMED_DETAILS}
    merged = {**kept, **(write(new) if new else {})}
    return read(SubjectMetadata, merged) if merged else None


def _merged(model: type[S], former: S | None, new: S) -> S:
    """The new shape with what only the former one knew."""
    before, after = write(former) if former else {}, write(new)
    return read(model, {**before, **after})


def _write(row: Any, values: Mapping[str, Any], now: datetime) -> None:
    """Set what differs, and the time of change if anything did."""
    changed = {key: value for key, value in values.items() if getattr(row, key) != value}
    for key, value in changed.items():
        setattr(row, key, value)
    if changed:
        row.updated_at = changed_at(row.updated_at, now)
