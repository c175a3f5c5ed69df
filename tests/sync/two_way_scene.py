"""A child's weeks in memory and a Google calendar, with edits on both sides and all that can go
wrong between them."""

import asyncio
import atexit
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from light_google import LightGoogle

from bot.texts import translator
from sync.errors import (
    Conflict,
    NotFound,
    PreconditionFailed,
    RateLimited,
    SyncTokenExpired,
    Unavailable,
)
from sync.errors import Deleted as Gone
from sync.google_events import GoogleEvent, LessonEvent, Place, event_id, wanted_event
from sync.plan import Known, Wanted
from sync.pull import Deleted, Expected, Moved, unsure
from sync.two_way import Ending, keep_equal

MONDAY = date(2026, 11, 30)
NOW = datetime(2026, 11, 29, 23, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
FAMILY, CALENDAR = 7, "emma@group.calendar.google.com"
LESSONS = [f"lesson-{number}@test" for number in range(5)]
FORBIDDEN = range(12 * 60, 13 * 60)
"""Minutes at which the weeks hold no lesson: what is put there is refused."""

ENGLISH = translator("en")

RUNNER = asyncio.Runner()
"""One loop for all scenes: a loop of its own for each run would take most of the time."""

atexit.register(RUNNER.close)


class Killed(BaseException):
    """The process ends here."""


class Lost(Exception):
    """The answer is lost after the effect."""


REFUSALS: dict[str, tuple[type[Exception], ...]] = {
    "list": (RateLimited, Unavailable),
    "list changes": (RateLimited, Unavailable, SyncTokenExpired, NotFound),
    "get": (RateLimited, Unavailable, NotFound),
    "insert": (RateLimited, Unavailable, Conflict, NotFound),
    "update": (RateLimited, Unavailable, PreconditionFailed, NotFound, Gone),
    "delete": (RateLimited, Unavailable, PreconditionFailed, NotFound, Gone),
}
"""What each call can be answered though nothing is wrong."""


@cache
def as_event(lesson: LessonEvent) -> Wanted[GoogleEvent]:
    return wanted_event(lesson, FAMILY, CALENDAR, ZONE, ENGLISH)


@dataclass
class MemoryWeeks:
    """`sync.two_way.Weeks` in memory. `step` is called before anything is remembered, and may
    kill."""

    step: Callable[[], None]
    lessons: dict[str, LessonEvent] = field(default_factory=dict)
    dropped: dict[str, LessonEvent] = field(default_factory=dict)
    rows: dict[str, Known] = field(default_factory=dict)
    token: str | None = None
    followed: Counter[type] = field(default_factory=Counter)
    done: set[object] = field(default_factory=set)

    async def expected(self) -> Expected:
        return Expected(ZONE, tuple(map(as_event, self.lessons.values())))

    async def known(self) -> Sequence[Known]:
        return list(self.rows.values())

    async def note(self, events: Collection[Known]) -> None:
        self.step()
        self.rows.update({event.event_id: event for event in events})

    async def forget(self, event_id: str) -> None:
        self.step()
        self.rows.pop(event_id, None)

    async def sync_token(self) -> str | None:
        return self.token

    async def keep_sync_token(self, token: str | None) -> None:
        self.step()
        self.token = token

    async def adjust(self, change: Moved | Deleted) -> bool:
        self.step()
        key = (change.event.event_id, change.name)
        if key in self.done:
            return True
        lesson = self.lessons.get(change.event.uid)
        if lesson is None:
            return False
        if isinstance(change, Deleted):
            self.dropped[lesson.uid] = self.lessons.pop(lesson.uid)
        elif change.to.start in FORBIDDEN:
            return False
        else:
            self.lessons[lesson.uid] = at(lesson, change.to)
        self.done.add(key)
        self.followed[type(change)] += 1
        return True


def at(lesson: LessonEvent, place: Place) -> LessonEvent:
    return replace(lesson, place=place, end=place.start + lesson.end - lesson.place.start)


def own_id(uid: str) -> str:
    return event_id(FAMILY, CALENDAR, uid)


class Scene:
    """Both sides, nothing synchronised yet. What is to go wrong in the next runs stands in
    `faults` (the n-th call's), `dies_at` (how many notes are still made) and `last_call` (how many
    writing calls come back); `mishaps` counts what did."""

    def __init__(self) -> None:
        self.faults: list[type[Exception] | None] = []
        self.dies_at: int | None = None
        self.last_call: int | None = None
        self.weeks = MemoryWeeks(self._note)
        self.google = LightGoogle(before=self._call, after=self._answer)
        self.changes = self.mishaps = self.revivals = 0
        self.restored: set[str] = set()
        self.theirs: Counter[type] = Counter()
        for number, uid in enumerate(LESSONS):
            place = Place(MONDAY + timedelta(days=number % 5), 9 * 60 + 35 * number)
            self.weeks.lessons[uid] = LessonEvent(uid, place, place.start + 30, "Science")
            self.changes += 1

    # What can go wrong

    def _note(self) -> None:
        if self.dies_at is not None:
            self.dies_at -= 1
            if self.dies_at < 0:
                self._die()

    def _call(self, name: str) -> None:
        fault = self.faults.pop(0) if self.faults and self.faults[0] is not Lost else None
        if fault in REFUSALS[name]:
            self.mishaps += 1
            raise fault("injected")

    def _answer(self, name: str) -> None:
        if self.faults and self.faults[0] is Lost:
            self.faults.pop(0)
            self.mishaps += 1
            raise Unavailable("injected")
        if self.last_call is not None and not name.startswith("list"):
            self.last_call -= 1
            if self.last_call < 0:
                self._die()

    def _die(self) -> None:
        self.dies_at = self.last_call = None
        self.mishaps += 1
        raise Killed

    def run(self) -> Ending | None:
        """One run; None if it came to no end. Whatever did not go wrong in it never will."""
        google: Any = self.google
        try:
            ending = RUNNER.run(keep_equal(google, CALENDAR, self.weeks, now=NOW)).ending
        except (RateLimited, Unavailable, Killed):
            ending = None
        self.faults, self.dies_at, self.last_call = [], None, None
        assert ending is not Ending.LOST, "it was there all the time"
        return ending

    # Our side

    def we_move(self, uid: str, place: Place) -> None:
        if uid in self.weeks.lessons:
            self.weeks.lessons[uid] = at(self.weeks.lessons[uid], place)
            self.changes += 1

    def we_tick_off(self, uid: str) -> None:
        if uid in self.weeks.lessons:
            lesson = self.weeks.lessons[uid]
            self.weeks.lessons[uid] = replace(lesson, completed=not lesson.completed)
            self.changes += 1

    def we_drop(self, uid: str) -> None:
        if uid in self.weeks.lessons:
            self.weeks.dropped[uid] = self.weeks.lessons.pop(uid)
            self.changes += 1

    def we_take_back(self, uid: str) -> None:
        if uid in self.weeks.dropped:
            self.weeks.lessons[uid] = self.weeks.dropped.pop(uid)
            self.changes += 1
            self.revivals += 1

    # Theirs

    def they_move(self, uid: str, minutes: int, longer: int = 0) -> None:
        if self.shows(uid) and (minutes or longer):
            by = timedelta(minutes=minutes), timedelta(minutes=longer)
            self.google.move(own_id(uid), *by)
            self.changes += 1
            self.theirs[Moved] += 1

    def they_delete(self, uid: str) -> None:
        if self.shows(uid):
            self.google.change(own_id(uid), status="cancelled")
            self.restored.discard(own_id(uid))
            self.changes += 1
            self.revivals += 1
            self.theirs[Deleted] += 1

    def they_restore(self, uid: str) -> None:
        event = self.google.events.get(own_id(uid))
        if event is not None and event.cancelled:
            self.google.change(own_id(uid), status="confirmed")
            self.restored.add(own_id(uid))
            self.changes += 1

    def they_rename(self, uid: str) -> None:
        if self.shows(uid):
            self.google.change(own_id(uid), summary="Volcanoes")
            self.changes += 1

    def they_copy(self, number: int) -> None:
        """A copy keeps the private properties of what it was copied from."""
        copied = next(self.google.live(), None)
        if copied is not None:
            self.google.add(replace(copied, event_id=f"theirs{number}"))

    def shows(self, uid: str) -> bool:
        event = self.google.events.get(own_id(uid))
        return event is not None and not event.cancelled

    # The end

    def settle(self) -> None:
        """Runs until it is quiet; whoever is asked wants the lessons back."""
        for _ in range(4):
            ending = self.run()
            if ending is Ending.EQUAL:
                return
            if ending is Ending.DOUBTFUL:
                self.weeks.rows = {key: unsure(row) for key, row in self.weeks.rows.items()}
                self.weeks.token = None
                self.mishaps += len(LESSONS)
        raise AssertionError(f"still {ending}")

    def check(self) -> Counter[str]:
        """Asserts that both sides say the same, by no more calls than that takes; the figures."""
        expected = RUNNER.run(self.weeks.expected()).events
        ours = {own_id(uid) for uid in LESSONS}
        shown = {
            event.event_id: (event.start, event.end, event.summary)
            for event in self.google.live()
            if event.event_id in ours
        }
        wanted = {
            event.event_id: (event.body.starts, event.body.ends, event.body.summary)
            for event in expected
        }
        # What somebody took out of the bin, though no week holds it any more, is theirs.
        assert shown.keys() - wanted.keys() <= self.restored
        assert {key: value for key, value in shown.items() if key in wanted} == wanted
        assert {key: row.etag for key, row in self.weeks.rows.items()} == {
            key: self.google.events[key].etag for key in wanted
        }
        # What we did ourselves was never taken for somebody else's doing.
        assert self.weeks.followed <= self.theirs
        before = len(self.google.calls)
        assert self.run() is Ending.EQUAL
        assert len(self.google.calls) == before + 1
        pages = sum(name.startswith("list") for name in self.google.calls)
        calls = len(self.google.calls) - pages
        assert calls <= self.changes + 2 * self.revivals + 4 * self.mishaps
        return Counter(
            weeks=1, changes=self.changes, mishaps=self.mishaps, calls=calls, pages=pages
        )
