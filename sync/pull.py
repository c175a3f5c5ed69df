"""What people have done in a calendar of ours, read off its events: decided here, run elsewhere.

Our own writing is told from theirs by the etag that we remember, or, where we died before we
could remember it, by the moment at which the event itself says that we let it begin.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from sync.google import Remote
from sync.google_events import (
    FINGERPRINT,
    GoogleEvent,
    Place,
    place_of,
    written_start,
)
from sync.plan import Known, Wanted

OTHERWISE = ""
"""`Known.fingerprint` of an event that does not say what we want, or that may not be there yet: it
is written at the next opportunity."""

REMOVING = "removing"
"""`Known.fingerprint` of an event that we are about to delete: once it is gone, it was us."""

FEW = 3
"""Fewer deletions than this are never too many at once: a family may well let go of its last
lessons of a week."""


def taken_over(to: Place) -> str:
    """`Known.fingerprint` of an event that somebody has put `to`, once that was answered: until we
    write it again it stands there, and another edit of it is not the same move once more."""
    return f"at:{to.on.isoformat()}:{to.start}"


@dataclass(frozen=True, slots=True)
class Noted:
    """Nobody wants anything of us: the event is remembered as it stands there."""

    event: Known


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The event is gone, as it should be."""

    event_id: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody has put the event at another place; `since` is an etag that it had before they did,
    or, where we knew none, the present one."""

    event: Known
    to: Place
    since: str | None

    @property
    def name(self) -> str:
        """The same for as long as it is the same move, whatever else becomes of the event."""
        return f"{self.since}:{self.to.on.isoformat()}:{self.to.start}"


@dataclass(frozen=True, slots=True)
class Deleted:
    """Somebody has deleted the event; `etag` of it is that of its last sign of life."""

    event: Known

    @property
    def name(self) -> str:
        """The same for as long as it is the same deletion."""
        return f"{self.event.etag}"


Adjustment: TypeAlias = Noted | Forgotten | Moved | Deleted


def unsure(event: Known) -> Known:
    """An event of which we no longer know whether it is there: it will be looked for, and its
    absence is nobody's deletion."""
    return replace(event, fingerprint=OTHERWISE, etag=None)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a calendar is to show, on the clock of `zone`."""

    zone: ZoneInfo
    events: tuple[Wanted[GoogleEvent], ...]


def adjustments(
    seen: Iterable[Remote], known: Iterable[Known], expected: Expected, *, whole: bool
) -> tuple[Adjustment, ...]:
    """What follows from events that were seen in the calendar: all that there are (`whole`), or
    those that have changed. Events of others are left alone."""
    ours = {event.event_id: event for event in known}
    wanted = {event.event_id: event for event in expected.events}
    there = {remote.event_id: remote for remote in seen}
    found = [
        each
        for event_id, remote in there.items()
        if (each := _seen(remote, ours.get(event_id), wanted.get(event_id), expected.zone))
    ]
    if whole:
        found += _missing(ours, there, wanted)
    return tuple(found)


def too_many(
    found: Iterable[Adjustment], known: Iterable[Known], expected: Expected, *, now: datetime
) -> bool:
    """Whether more than half of the lessons still to come were deleted at once: so much that it
    may be a slip, and is asked about before anything follows."""
    coming = {event.event_id for event in expected.events if event.body.starts > now}
    ours = {event.event_id for event in known if event.etag is not None} & coming
    deleted = {each.event.event_id for each in found if isinstance(each, Deleted)} & ours
    return len(deleted) >= FEW and 2 * len(deleted) > len(ours)


def _seen(
    remote: Remote, known: Known | None, wanted: Wanted[GoogleEvent] | None, zone: ZoneInfo
) -> Adjustment | None:
    if known is None:
        if wanted is None or remote.cancelled:
            return None
        # Ours by its id, though we have forgotten it.
        known = Known(wanted.event_id, wanted.uid, OTHERWISE, None)
    if known.etag == remote.etag:
        return None
    here = replace(known, etag=remote.etag)
    if remote.cancelled:
        return _cancelled(known, here, wanted)
    if wanted is None:
        return Noted(here)
    return _live(remote, here, wanted, zone, since=known.etag or remote.etag)


def _cancelled(known: Known, here: Known, wanted: Wanted[GoogleEvent] | None) -> Adjustment | None:
    if wanted is None or known.fingerprint == REMOVING:
        return Forgotten(known.event_id)
    # Without an etag of ours it is what is left of an earlier life of this event.
    return None if known.etag is None else Deleted(here)


def _live(
    remote: Remote, here: Known, wanted: Wanted[GoogleEvent], zone: ZoneInfo, *, since: str | None
) -> Adjustment:
    body = wanted.body
    written = written_start(remote.private)
    otherwise = OTHERWISE
    if remote.start is not None and written is not None:
        to = place_of(remote.start, zone, body.place.start)
        if here.fingerprint == taken_over(to):
            otherwise = here.fingerprint
        elif to not in (body.place, place_of(written, zone, body.place.start)):
            return Moved(replace(here, fingerprint=taken_over(to)), to, since)
    says_it = (remote.start, remote.end, remote.summary, remote.private.get(FINGERPRINT)) == (
        body.starts,
        body.ends,
        body.summary,
        wanted.fingerprint,
    )
    return Noted(replace(here, fingerprint=wanted.fingerprint if says_it else otherwise))


def _missing(
    ours: Mapping[str, Known], there: Mapping[str, Remote], wanted: Mapping[str, object]
) -> Iterator[Adjustment]:
    for event_id, event in ours.items():
        if event_id in there:
            continue
        if event_id not in wanted or event.fingerprint == REMOVING:
            yield Forgotten(event_id)
        elif event.etag is not None:
            # Without an etag it may never have been there.
            yield Deleted(event)
