"""A family's calendar on a real server through whatever comes: our changes, those of people and
their apps, and runs that are lost or killed anywhere. Once it is quiet, it is what we want."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

import pytest
from davservers import Running
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from bot.texts import translator
from core.family import Commitment, CommitmentFrequency, Override, Scope
from core.week import Weekday
from sync.caldav import carry_out, new_name, wanted_objects
from sync.dav import Server
from sync.ical import (
    CalendarObject,
    FeedCommitment,
    FeedContent,
    FeedEvent,
    calendar_objects,
    commitment_uid,
)
from sync.plan import Known, Wanted, actions

MONDAY = date(2026, 11, 30)
CHANGED = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
ENGLISH = translator("en")
EXAMPLES = int(os.environ.get("HISTORIES", "25"))

FOREIGN = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Somebody//Else//EN\r\nBEGIN:VEVENT\r\n"
    "UID:theirs-{0}\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261201T160000Z\r\n"
    "SUMMARY:Theirs {0}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)

LESSONS = 6
UIDS = [f"{number:032x}@brightpath" for number in range(LESSONS)]

Says = frozenset[tuple[str, str, str]]
"""What an object says: start, RECURRENCE-ID and summary of each of its events."""


@dataclass
class World:
    """What is wanted, what we remember, and what is not ours."""

    running: Running
    server: Server
    collection: str
    lessons: dict[str, FeedEvent] = field(default_factory=dict)
    series: Commitment | None = None
    revision: int = 0
    store: dict[str, Known] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)

    def wanted(self) -> list[Wanted[CalendarObject]]:
        told = ()
        if self.series is not None:
            uid = commitment_uid("7", self.series)
            told = (FeedCommitment(uid, self.revision, CHANGED, self.series, MONDAY),)
        feed = FeedContent(
            "Kim",
            "America/New_York",
            "en",
            CHANGED,
            events=tuple(self.lessons.values()),
            commitments=told,
        )
        objects = calendar_objects(feed, ENGLISH, today=MONDAY)
        return wanted_objects(objects, self.store.keys(), MONDAY)

    def run(self, lost: int | None = None, killed: int | None = None) -> int:
        """One run; how many actions it had to do. It may end before its call `lost`, or after its
        call `killed` and before that is remembered."""
        todo = actions(self.wanted(), self.store.values())
        for place, action in enumerate(todo):
            if place == lost:
                break
            done = carry_out(self.server, self.collection, action)
            if place == killed:
                break
            if done.known is None:
                self.store.pop(done.event_id)
            else:
                self.store[done.event_id] = done.known
        return len(todo)

    def ours(self) -> list[str]:
        return sorted(self.running.names(self.collection) - self.foreign.keys())


def event_named(uid: str, day: int, start: int, sequence: int) -> FeedEvent:
    on = MONDAY + timedelta(days=day)
    return FeedEvent(uid, sequence, CHANGED, on, start, start + 30, "Art", "Noah", "Sarah")


@dataclass(frozen=True)
class Plan:
    """A lesson is planned, moved or done over."""

    lesson: int
    day: int
    start: int

    def play(self, world: World) -> None:
        world.revision += 1
        uid = UIDS[self.lesson]
        world.lessons[uid] = event_named(uid, self.day, self.start, world.revision)


@dataclass(frozen=True)
class Drop:
    lesson: int

    def play(self, world: World) -> None:
        world.lessons.pop(UIDS[self.lesson], None)


@dataclass(frozen=True)
class Recur:
    """A weekly commitment with occurrences that are cancelled or otherwise; or none any more."""

    otherwise: tuple[Override, ...] | None

    def play(self, world: World) -> None:
        world.revision += 1
        weekly = CommitmentFrequency.WEEKLY
        world.series = (
            None
            if self.otherwise is None
            else Commitment(1, "Piano", weekly, 900, 960, Scope.CHILD, (Weekday.WEDNESDAY,), None)
        )
        if world.series is not None and self.otherwise:
            world.series = replace(world.series, overrides=self.otherwise)


@dataclass(frozen=True)
class Run:
    lost: int | None
    killed: int | None

    def play(self, world: World) -> None:
        world.run(self.lost, self.killed)


@dataclass(frozen=True)
class Meddle:
    """A person, or an app, changes one of ours, takes it away, or gives it another name."""

    how: str
    which: int

    def play(self, world: World) -> None:
        names = world.ours()
        if not names:
            return
        url = world.collection + names[self.which % len(names)]
        body = world.running.bodies(world.collection)[names[self.which % len(names)]]
        if self.how == "edit":
            world.running.put(url, body.replace("SUMMARY:", "SUMMARY:Not "))
        else:
            world.running.delete(url)
        if self.how == "rename":
            world.running.put(f"{world.collection}app-{self.which}-{names[0]}", body)


@dataclass(frozen=True)
class Own:
    """A person adds an event of their own."""

    number: int

    def play(self, world: World) -> None:
        name = f"own-{self.number}.ics"
        world.foreign[name] = FOREIGN.format(self.number)
        world.running.put(world.collection + name, world.foreign[name])


Step: TypeAlias = Plan | Drop | Recur | Run | Meddle | Own


def steps() -> st.SearchStrategy[list[Step]]:
    few = st.integers(0, LESSONS - 1)
    maybe = st.none() | st.integers(0, 4)
    override = st.builds(
        lambda week, times: Override(MONDAY + timedelta(days=2 + 7 * week), *times),
        st.integers(0, 3),
        st.sampled_from([(), (600, 660)]),
    )
    overrides = st.lists(override, max_size=3, unique_by=lambda each: each.on).map(tuple)
    one = st.one_of(
        st.builds(Plan, few, st.integers(0, 4), st.sampled_from([540, 600, 660])),
        st.builds(Drop, few),
        st.builds(Recur, st.none() | overrides),
        st.builds(Run, maybe, maybe),
        st.builds(Run, st.none(), st.none()),
        st.builds(Meddle, st.sampled_from(["edit", "delete", "rename"]), few),
        st.builds(Own, st.integers(0, 2)),
    )
    return st.lists(one, min_size=8, max_size=30)


def says(body: str) -> dict[str, Says]:
    """What a body says, by UID."""
    found: dict[str, set[tuple[str, str, str]]] = {}
    for event in Calendar.from_ical(body).walk("VEVENT"):
        again = event.get("RECURRENCE-ID")
        line = (
            event.start.astimezone(UTC).isoformat(),
            again.dt.astimezone(UTC).isoformat() if again else "",
            str(event["SUMMARY"]),
        )
        found.setdefault(str(event["UID"]), set()).add(line)
    return {uid: frozenset(lines) for uid, lines in found.items()}


@pytest.fixture(scope="module")
def figures(running: Running) -> Iterator[dict[str, int]]:
    counted = {"examples": 0, "steps": 0, "objects": 0, "requests": 0}
    ask = Server.ask

    def counting(self: Server, *arguments: object, **named: object) -> object:
        counted["requests"] += 1
        return ask(self, *arguments, **named)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Server, "ask", counting)
        yield counted
    print(f"\n{running.name}: {counted}, 0 doubled, 0 missing, 0 of others' touched")


def test_whatever_comes_it_ends_equal(running: Running, figures: dict[str, int]) -> None:
    @settings(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(history=steps())
    def played(history: list[Step]) -> None:
        with running.open() as server:
            world = World(running, server, running.make(new_name()))
            for step in history:
                step.play(world)
            # What people have done to ours holds until we change it: so we change everything.
            world.revision += 1
            for uid, event in world.lessons.items():
                world.lessons[uid] = replace(event, sequence=world.revision)
            world.run()
            assert world.run() == 0
            bodies = running.bodies(world.collection)
            assert {
                name: says(body) for name, body in bodies.items() if name not in world.foreign
            } == {each.event_id: says(each.body.body.decode()) for each in world.wanted()}
            for name, body in world.foreign.items():
                assert says(bodies[name]) == says(body)
            running.delete(world.collection)
        figures["examples"] += 1
        figures["steps"] += len(history)
        figures["objects"] += len(bodies)

    played()
