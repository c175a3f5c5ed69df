"""Weeks and a Google calendar that people change at once, calls that fail in every way and deaths
at any moment: once it is quiet, both say the same."""

import asyncio
import os
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
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
from sync.google_events import LessonEvent, Place, event_id, wanted_events
from sync.plan import Known
from sync.pull import Deleted, Expected, Moved, unsure
from sync.two_way import Ending, keep_equal

MONDAY = date(2026, 11, 30)
NOW = datetime(2026, 11, 29, 23, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
FAMILY, CALENDAR = 7, "emma@group.calendar.google.com"
LESSONS = [f"lesson-{number}@test" for number in range(8)]
FORBIDDEN = range(12 * 60, 13 * 60)
"""Minutes at which the weeks hold no lesson: what is put there is refused."""

OUTCOMES = {
    "list": (RateLimited, Unavailable),
    "list changes": (RateLimited, Unavailable, SyncTokenExpired, NotFound),
    "get": (RateLimited, Unavailable, NotFound),
    "insert": (RateLimited, Unavailable, Conflict, NotFound),
    "update": (RateLimited, Unavailable, PreconditionFailed, NotFound, Gone),
    "delete": (RateLimited, Unavailable, PreconditionFailed, NotFound, Gone),
}


class Killed(BaseException):
    """The process ends here."""


@dataclass
class MemoryWeeks:
    """`Weeks` in memory. `step` is called before anything is remembered, and may kill."""

    step: Any
    lessons: dict[str, LessonEvent] = field(default_factory=dict)
    dropped: dict[str, LessonEvent] = field(default_factory=dict)
    rows: dict[str, Known] = field(default_factory=dict)
    token: str | None = None
    keys: set[object] = field(default_factory=set)

    async def expected(self) -> Expected:
        events = wanted_events(self.lessons.values(), FAMILY, CALENDAR, ZONE, translator("en"))
        return Expected(ZONE, events)

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
        key = (change.event.event_id, change.event.etag)
        if key in self.keys:
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
        self.keys.add(key)
        return True


def at(lesson: LessonEvent, place: Place) -> LessonEvent:
    return replace(lesson, place=place, end=place.start + lesson.end - lesson.place.start)


def own_id(uid: str) -> str:
    return event_id(FAMILY, CALENDAR, uid)


PLACES = st.builds(
    Place,
    st.integers(0, 4).map(lambda day: MONDAY + timedelta(days=day)),
    st.sampled_from(range(9 * 60, 15 * 60, 5)),
)
MACHINES = int(os.environ.get("CALENDARS", "60"))
"""`CALENDARS=3000` plays that many, for an evening."""

FIGURES: Counter[str] = Counter()


class TwoWay(RuleBasedStateMachine):
    """Steps are edits on either side, or a run in which anything may go wrong."""

    @initialize()
    def begin(self) -> None:
        self.faults: list[type[Exception] | None] = []
        self.kill_in: int | None = None
        self.weeks = MemoryWeeks(self.maybe_die)
        self.google = LightGoogle(before=self.maybe_refuse, after=self.maybe_lose)
        self.changes = self.mishaps = self.revivals = 0
        self.restored: set[str] = set()
        for number, uid in enumerate(LESSONS):
            place = Place(MONDAY + timedelta(days=number % 5), 9 * 60 + 35 * number)
            self.weeks.lessons[uid] = LessonEvent(uid, place, place.start + 30, "Science")
            self.changes += 1

    # --- what can go wrong

    def maybe_die(self) -> None:
        if self.kill_in is not None:
            self.kill_in -= 1
            if self.kill_in < 0:
                self.kill_in = None
                self.mishaps += 1
                raise Killed

    def maybe_refuse(self, name: str) -> None:
        fault = self.faults.pop(0) if self.faults else None
        if fault in OUTCOMES[name] and fault is not Lost:
            self.mishaps += 1
            raise fault("injected")

    def maybe_lose(self, name: str) -> None:
        if self.faults and self.faults[0] is Lost:
            self.faults.pop(0)
            self.mishaps += 1
            raise Unavailable("injected after the effect")

    def run(self) -> Ending | None:
        try:
            kept = asyncio.run(
                keep_equal(self.google, CALENDAR, self.weeks, now=NOW)  # type: ignore[arg-type]
            )
            return kept.ending
        except (RateLimited, Unavailable, Killed):
            return None

    # --- our side

    @rule(uid=st.sampled_from(LESSONS), place=PLACES)
    def we_move(self, uid: str, place: Place) -> None:
        if uid in self.weeks.lessons:
            self.weeks.lessons[uid] = at(self.weeks.lessons[uid], place)
            self.changes += 1

    @rule(uid=st.sampled_from(LESSONS))
    def we_tick_off(self, uid: str) -> None:
        if uid in self.weeks.lessons:
            lesson = self.weeks.lessons[uid]
            self.weeks.lessons[uid] = replace(lesson, completed=not lesson.completed)
            self.changes += 1

    @rule(uid=st.sampled_from(LESSONS))
    def we_drop(self, uid: str) -> None:
        if uid in self.weeks.lessons:
            self.weeks.dropped[uid] = self.weeks.lessons.pop(uid)
            self.changes += 1

    @rule(uid=st.sampled_from(LESSONS))
    def we_take_back(self, uid: str) -> None:
        if uid in self.weeks.dropped:
            self.weeks.lessons[uid] = self.weeks.dropped.pop(uid)
            self.changes += 1
            self.revivals += 1

    # --- theirs

    @rule(
        uid=st.sampled_from(LESSONS),
        by=st.integers(-90, 90),
        longer=st.sampled_from([0, 0, 15]),
    )
    def they_move(self, uid: str, by: int, longer: int) -> None:
        event = self.google.events.get(own_id(uid))
        if event is not None and not event.cancelled and (by or longer):
            self.google.move(own_id(uid), timedelta(minutes=by), timedelta(minutes=longer))
            self.changes += 1

    @rule(uid=st.sampled_from(LESSONS))
    def they_delete(self, uid: str) -> None:
        event = self.google.events.get(own_id(uid))
        if event is not None and not event.cancelled:
            self.google.change(own_id(uid), status="cancelled")
            self.restored.discard(own_id(uid))
            self.changes += 1
            self.revivals += 1

    @rule(uid=st.sampled_from(LESSONS))
    def they_restore(self, uid: str) -> None:
        event = self.google.events.get(own_id(uid))
        if event is not None and event.cancelled:
            self.google.change(own_id(uid), status="confirmed")
            self.restored.add(own_id(uid))
            self.changes += 1

    @rule(uid=st.sampled_from(LESSONS))
    def they_rename(self, uid: str) -> None:
        event = self.google.events.get(own_id(uid))
        if event is not None and not event.cancelled:
            self.google.change(own_id(uid), summary="Volcanoes")
            self.changes += 1

    @rule(number=st.integers(0, 3))
    def they_add(self, number: int) -> None:
        copied = next(self.google.live(), None)
        if copied is not None:
            # A copy keeps the private properties of what it was copied from.
            self.google.add(replace(copied, event_id=f"theirs{number}"))

    @rule()
    def google_forgets(self) -> None:
        self.google.forget_tokens()

    # --- runs

    @rule(
        faults=st.lists(
            st.sampled_from([None, *{f for fs in OUTCOMES.values() for f in fs}]), max_size=6
        )
    )
    def run_badly(self, faults: list[Any]) -> None:
        self.faults = faults
        self.run()
        self.faults = []

    @rule(step=st.integers(0, 25))
    def run_and_die(self, step: int) -> None:
        self.kill_in = step
        self.run()
        self.kill_in = None

    @rule(calls=st.integers(0, 6))
    def run_and_lose_an_answer(self, calls: int) -> None:
        self.faults = [*[None] * calls, Lost]
        self.run()
        self.faults = []

    def teardown(self) -> None:
        if not hasattr(self, "weeks"):
            return
        for _ in range(4):
            ending = self.run()
            if ending is Ending.DOUBTFUL:
                # Whoever is asked wants the lessons back.
                for event_id, known in self.weeks.rows.items():
                    self.weeks.rows[event_id] = unsure(known)
                self.weeks.token = None
                self.mishaps += len(LESSONS)
            if ending is Ending.EQUAL:
                break
        assert ending is Ending.EQUAL
        expected = asyncio.run(self.weeks.expected()).events
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
        extra = shown.keys() - wanted.keys()
        assert extra <= self.restored
        assert {key: value for key, value in shown.items() if key in wanted} == wanted
        assert {key: known.etag for key, known in self.weeks.rows.items()} == {
            key: self.google.events[key].etag for key in wanted
        }
        before = len(self.google.calls)
        assert self.run() is Ending.EQUAL
        assert len(self.google.calls) == before + 1
        pages = sum(name.startswith("list") for name in self.google.calls)
        calls = len(self.google.calls) - pages
        FIGURES.update(runs=1, changes=self.changes, mishaps=self.mishaps, calls=calls, pages=pages)
        assert calls <= self.changes + 2 * self.revivals + 4 * self.mishaps


class Lost(Exception):
    """The answer is lost after the effect."""


TestTwoWay = TwoWay.TestCase
TestTwoWay.settings = settings(max_examples=MACHINES, stateful_step_count=40, deadline=None)


def test_print_figures() -> None:
    print(f"\ntwo-way machine: {dict(FIGURES)}")
