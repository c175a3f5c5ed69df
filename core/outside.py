"""Calendars outside that are read: their addresses, what differs in the times that they take, and
when they are looked at again."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from urllib.parse import quote, unquote, urljoin, urlsplit

from core.changes import FollowCalendar, OutsideTime
from core.commitments import merged
from core.diff import Difference
from core.plan import Item, ItemType
from core.rearrange import has_begun
from core.week import DAY, GRID, week_start

AHEAD = timedelta(weeks=8)
"""How far ahead a calendar is read, today included."""

HOURLY = timedelta(hours=1)
AT_LEAST = timedelta(days=1)
"""How often a calendar is looked at: when all is well, and at the least when it is not."""

PATIENCE = timedelta(days=3)
"""For how long a calendar may be out of reach before anybody is told."""


class Problem(StrEnum):
    """Why a calendar could not be read."""

    ADDRESS = "address"
    """Not an address that we read: https or webcal, with a host and a usual port."""
    PRIVATE = "private"
    """It leads into a private network."""
    UNREACHABLE = "unreachable"
    """Nobody answers under that name, or not safely."""
    SLOW = "slow"
    DENIED = "denied"
    """401 or 403."""
    GONE = "gone"
    """404 or 410."""
    SERVER = "server"
    """Any other answer that is no calendar file."""
    REDIRECT = "redirect"
    """It leads on too often, or to what is no address."""
    TOO_LARGE = "too_large"
    NO_CALENDAR = "no_calendar"
    """A page or a file, but no calendar."""
    DAMAGED = "damaged"
    """A calendar that breaks its own rules."""
    TOO_MUCH = "too_much"
    """More events than a family can have, or such as take too long to work out."""


LASTING = frozenset({Problem.ADDRESS, Problem.PRIVATE, Problem.DENIED, Problem.GONE})
"""What does not pass by waiting."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a calendar lies: always https. `target` is path and query, in ASCII; `credentials` are
    a user's name and password."""

    host: str
    port: int
    target: str
    credentials: tuple[str, str] | None = None

    @property
    def url(self) -> str:
        """As text, without the credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}{self.target}"


SCHEMES = ("https", "webcal", "webcals")
HTTPS_PORT = 443
FREE_PORTS = 1024
"""Below this, only `HTTPS_PORT`: behind the others are mail and the like, which answer no calendar.
"""

LONGEST_ADDRESS = 2000

_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")


def parse_address(text: str) -> Address | None:
    """What a family pastes as an address; None where it is none that we read."""
    text = text.strip()
    if len(text) > LONGEST_ADDRESS or any(ord(char) <= 0x20 or char in "\\\x7f" for char in text):
        return None
    try:
        parts = urlsplit(text)
        port = HTTPS_PORT if parts.port is None else parts.port
        host = parts.hostname or ""
        if ":" not in host:
            host = host.encode("idna").decode("ascii").lower()
    except (UnicodeError, ValueError):
        return None
    if parts.scheme not in SCHEMES or not _HOST.fullmatch(host):
        return None
    if port != HTTPS_PORT and port < FREE_PORTS:
        return None
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~?")
    named = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return Address(host, port, target, named)


def redirected(address: Address, location: str) -> Address | None:
    """Where an answer from `address` leads on to. The credentials stay with host and port; what an
    answer itself names as such is nobody's."""
    try:
        new = parse_address(urljoin(address.url, location))
    except ValueError:
        return None
    if new is None:
        return None
    same = (new.host, new.port) == (address.host, address.port)
    return Address(new.host, new.port, new.target, address.credentials if same else None)


def next_look(connection_id: int, now: datetime, failing_since: datetime | None) -> datetime:
    """When a calendar is looked at after a look at `now`: every hour, and after as long again as
    it has been out of reach, a day at most. Each at a pace of its own, so that they spread out."""
    wait = HOURLY
    if failing_since is not None:
        wait = max(HOURLY, min(AT_LEAST, now - failing_since))
    # The golden ratio spreads consecutive numbers evenly.
    return now + wait * (0.9 + 0.2 * (connection_id * 0.618034 % 1))


def worth_telling(problem: Problem, since: datetime, now: datetime, *, ever_read: bool) -> bool:
    """Whether a guardian is told: of what lasts, or has lasted, and of an address that was just
    given."""
    return problem in LASTING or not ever_read or now - since >= PATIENCE


def differing(
    change: FollowCalendar, known: Collection[OutsideTime], wanted: Collection[OutsideTime]
) -> FollowCalendar:
    """The change that makes of the times that are known those that are wanted."""
    return replace(
        change,
        added=tuple(sorted(set(wanted) - set(known))),
        removed=tuple(sorted(set(known) - set(wanted))),
    )


def clashing(
    change: FollowCalendar, items: Iterable[Item], now: datetime
) -> tuple[OutsideTime, ...]:
    """Those of the new times at which somebody whom they take has a lesson that is still to come
    at `now` (wall time)."""
    lessons = [
        item
        for item in items
        if item.type is ItemType.SUBJECT and not item.completed
        if not has_begun(now, item.date, item.start)
        if change.child_id in (None, item.child_id)
        if change.adult_id in (None, item.adult_id)
    ]
    return tuple(
        each
        for each in change.added
        if any(
            item.date == each.on and item.start < (each.end or DAY) and each.start < item.end
            for item in lessons
        )
    )


def asks_something(found: Difference) -> bool:
    """Whether a change asks anything of a family: that a lesson stands elsewhere, with somebody
    else, or not at all."""
    return bool(found.moved or found.handed_over or found.gone or found.left_out)


def stirred(change: FollowCalendar, found: Difference) -> tuple[OutsideTime, ...]:
    """Those of the new times that lie in a week of which `found` asks something."""
    old = [pair.old for pair in (*found.moved, *found.handed_over)]
    weeks = {week_start(item.date) for item in (*old, *found.gone)}
    # What is left out does not say from which week.
    return tuple(each for each in change.added if found.left_out or week_start(each.on) in weeks)


def left_over(
    times: Iterable[OutsideTime], declined: Collection[OutsideTime]
) -> tuple[OutsideTime, ...]:
    """The times without those minutes which the family has chosen not to plan around."""
    return tuple(
        OutsideTime(each.on, start, end % DAY)
        for each in sorted(times)
        for start, end in _without(each, [other for other in declined if other.on == each.on])
    )


def _without(time: OutsideTime, gone: Iterable[OutsideTime]) -> Iterator[tuple[int, int]]:
    start, last = time.start, time.end or DAY
    for begin, end in merged((other.start, other.end or DAY) for other in gone):
        if end <= start or begin >= last:
            continue
        if start < begin:
            yield start, begin
        start = end
    if start < last:
        yield start, last


def on_dates(
    intervals: Iterable[tuple[date, int, int]],
) -> tuple[OutsideTime, ...]:
    """Intervals of single dates (minutes from 0 to 1440) as times, widened to the grid, those that
    touch made one."""
    by_date: dict[date, list[tuple[int, int]]] = {}
    for on, start, end in intervals:
        by_date.setdefault(on, []).append((start - start % GRID, end + -end % GRID))
    return tuple(
        OutsideTime(on, start, end % DAY)
        for on in sorted(by_date)
        for start, end in merged(by_date[on])
    )
