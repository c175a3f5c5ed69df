"""Codes that work once: to join another device, to claim an imported family, to recover."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import LinkCode
from db.secrets import digest

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without letters that people read as digits."""

LENGTH = 16
MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


RECOVERY_LIFE = timedelta(days=3650)
INVITATION_LIFE = timedelta(days=7)
DEVICE_LIFE = timedelta(minutes=15)


class Purpose(StrEnum):
    """What a code is for."""

    DEVICE = "device"
    CLAIM = "claim"
    RECOVERY = "recovery"
    INVITATION = "invitation"
    GOOGLE = "google"


JOINING = frozenset(Purpose) - {Purpose.GOOGLE}
"""What a code is for that somebody gives to a chat."""


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Whom a code stood for."""

    purpose: Purpose
    family_id: int | None
    adult_id: int | None
    chat_account_id: int | None


async def create_code(
    session: AsyncSession,
    purpose: Purpose,
    ttl: timedelta,
    *,
    now: datetime,
    family_id: int | None = None,
    adult_id: int | None = None,
    chat_account_id: int | None = None,
) -> str:
    """A new code (80 random bits, "7K2M-…"), valid for `ttl`. Only its hash is kept: it can be
    shown this once."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    session.add(
        LinkCode(
            code_hash=digest(code),
            purpose=purpose,
            family_id=family_id,
            adult_id=adult_id,
            chat_account_id=chat_account_id,
            expires_at=now + ttl,
        )
    )
    await session.flush()
    return "-".join(code[start : start + 4] for start in range(0, LENGTH, 4))


async def code_works(
    session: AsyncSession, code: str, *, now: datetime, purposes: Collection[Purpose] = JOINING
) -> bool:
    """Whether the code could be redeemed now for one of the purposes; leaves it as it is."""
    found = await session.scalar(select(LinkCode.code_hash).where(*_works(code, now, purposes)))
    return found is not None


async def redeem_code(
    session: AsyncSession,
    code: str,
    *,
    now: datetime,
    by: int | None = None,
    purposes: Collection[Purpose] = JOINING,
) -> Redeemed | None:
    """Whom the code stands for, once; None if it is unknown, used, expired, or for another
    purpose. `by` is the chat account that gave it.

    Of any number of attempts at once exactly one succeeds, if its transaction commits. Case,
    spaces and dashes do not matter.
    """
    found = await session.execute(
        update(LinkCode)
        .where(*_works(code, now, purposes))
        .values(used_at=now, redeemed_by=by)
        .returning(
            LinkCode.purpose, LinkCode.family_id, LinkCode.adult_id, LinkCode.chat_account_id
        )
    )
    row = found.one_or_none()
    if row is None:
        return None
    return Redeemed(Purpose(row.purpose), row.family_id, row.adult_id, row.chat_account_id)


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody at the door: who asks to be let in as which adult, and the chat that invited."""

    family_id: int
    adult_id: int
    invited_by: int


async def invited(session: AsyncSession, redeemed_by: int, *, now: datetime) -> Invited | None:
    """As whom the chat `redeemed_by` waits to be let in; None if it does not, or no longer."""
    row = await session.scalar(
        select(LinkCode).where(_waiting(redeemed_by), LinkCode.expires_at > now).limit(1)
    )
    if row is None or row.family_id is None or row.adult_id is None or row.chat_account_id is None:
        return None
    return Invited(row.family_id, row.adult_id, row.chat_account_id)


async def end_invitation(session: AsyncSession, redeemed_by: int) -> None:
    """The chat no longer waits to be let in."""
    await session.execute(delete(LinkCode).where(_waiting(redeemed_by)))


async def end_codes(session: AsyncSession, chat_account_id: int) -> None:
    """Codes that this chat has made or given open nothing any more, and it waits nowhere."""
    await session.execute(
        delete(LinkCode).where(
            or_(
                LinkCode.chat_account_id == chat_account_id,
                LinkCode.redeemed_by == chat_account_id,
            )
        )
    )


async def open_invitations(session: AsyncSession, family_id: int, *, now: datetime) -> set[int]:
    """The adults of the family who are invited, or wait to be let in."""
    found = await session.scalars(
        select(LinkCode.adult_id).where(
            LinkCode.purpose == Purpose.INVITATION,
            LinkCode.family_id == family_id,
            LinkCode.adult_id.is_not(None),
            LinkCode.expires_at > now,
        )
    )
    return {adult_id for adult_id in found if adult_id is not None}


async def withdraw_invitations(session: AsyncSession, adult_id: int) -> None:
    """Codes that invite this adult open nothing any more."""
    await session.execute(
        delete(LinkCode).where(
            LinkCode.purpose == Purpose.INVITATION, LinkCode.adult_id == adult_id
        )
    )


def _waiting(redeemed_by: int) -> ColumnElement[bool]:
    return and_(LinkCode.purpose == Purpose.INVITATION, LinkCode.redeemed_by == redeemed_by)


def _works(
    code: str, now: datetime, purposes: Collection[Purpose]
) -> tuple[ColumnElement[bool], ...]:
    return (
        LinkCode.purpose.in_(purposes),
        LinkCode.code_hash == digest(code.upper().translate(MISREAD)),
        LinkCode.used_at.is_(None),
        LinkCode.expires_at > now,
    )
