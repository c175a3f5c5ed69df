"""What to do so that a calendar elsewhere holds what we want it to: actions first, and only then
does anybody run them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

Body = TypeVar("Body")


@dataclass(frozen=True, slots=True)
class Wanted(Generic[Body]):
    """An event as it is to stand there. `event_id` is the calendar's name for it, chosen by us;
    `uid` the item's; `fingerprint` a hash of all that `body` says."""

    event_id: str
    uid: str
    fingerprint: str
    body: Body


@dataclass(frozen=True, slots=True)
class Known:
    """An event as we last wrote it there, under the server's `etag`."""

    event_id: str
    uid: str
    fingerprint: str
    etag: str | None


@dataclass(frozen=True, slots=True)
class Create(Generic[Body]):
    wanted: Wanted[Body]


@dataclass(frozen=True, slots=True)
class Replace(Generic[Body]):
    """Overwrite it, if it still is what `known` says."""

    wanted: Wanted[Body]
    known: Known


@dataclass(frozen=True, slots=True)
class Remove:
    known: Known


Action: TypeAlias = Create[Body] | Replace[Body] | Remove


def actions(wanted: Iterable[Wanted[Body]], known: Iterable[Known]) -> tuple[Action[Body], ...]:
    """The fewest actions after which the calendar holds exactly what is `wanted` of ours; what we
    did not write is never touched. What goes is removed first, so that no moment shows a lesson
    twice."""
    there = {event.event_id: event for event in known}
    here = {event.event_id: event for event in wanted}
    removed = [Remove(event) for event_id, event in there.items() if event_id not in here]
    replaced = [
        Replace(event, there[event_id])
        for event_id, event in here.items()
        if event_id in there and there[event_id].fingerprint != event.fingerprint
    ]
    created = [Create(event) for event_id, event in here.items() if event_id not in there]
    return *removed, *replaced, *created
