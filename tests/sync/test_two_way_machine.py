"""Weeks and a Google calendar that people change at once, calls that fail in every way and deaths
at any moment: once it is quiet, both say the same."""

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from two_way_scene import FORBIDDEN, LESSONS, MONDAY, REFUSALS, Lost, Scene

from sync.google_events import Place

MACHINES = int(os.environ.get("CALENDARS", "60"))
"""`CALENDARS=3000` plays that many, for an evening."""

FIGURES: Counter[str] = Counter()
FIRST, SECOND = LESSONS[:2]
FAULTS = sorted({fault for faults in REFUSALS.values() for fault in faults}, key=str)
UIDS = st.sampled_from(LESSONS)
PLACES = st.builds(
    Place,
    st.integers(0, 4).map(lambda day: MONDAY + timedelta(days=day)),
    st.sampled_from(range(9 * 60, 15 * 60, 5)),
)


class TwoWay(RuleBasedStateMachine):
    """Steps are edits on either side, or a run in which anything may go wrong."""

    @initialize()
    def begin(self) -> None:
        self.scene = Scene()

    @rule(uid=UIDS, place=PLACES)
    def we_move(self, uid: str, place: Place) -> None:
        self.scene.we_move(uid, place)

    @rule(uid=UIDS)
    def we_tick_off(self, uid: str) -> None:
        self.scene.we_tick_off(uid)

    @rule(uid=UIDS)
    def we_drop(self, uid: str) -> None:
        self.scene.we_drop(uid)

    @rule(uid=UIDS)
    def we_take_back(self, uid: str) -> None:
        self.scene.we_take_back(uid)

    @rule(uid=UIDS, minutes=st.integers(-90, 90), longer=st.sampled_from([0, 0, 15]))
    def they_move(self, uid: str, minutes: int, longer: int) -> None:
        self.scene.they_move(uid, minutes, longer)

    @rule(uid=UIDS)
    def they_delete(self, uid: str) -> None:
        self.scene.they_delete(uid)

    @rule(uid=UIDS)
    def they_restore(self, uid: str) -> None:
        self.scene.they_restore(uid)

    @rule(uid=UIDS)
    def they_rename(self, uid: str) -> None:
        self.scene.they_rename(uid)

    @rule(number=st.integers(0, 3))
    def they_copy(self, number: int) -> None:
        self.scene.they_copy(number)

    @rule()
    def google_forgets(self) -> None:
        self.scene.google.forget_tokens()

    @rule()
    def run_well(self) -> None:
        self.scene.run()

    @rule(faults=st.lists(st.sampled_from([None, Lost, *FAULTS]), max_size=6))
    def run_badly(self, faults: list[Any]) -> None:
        self.scene.faults = faults
        self.scene.run()

    @rule(notes=st.integers(0, 9))
    def run_and_die(self, notes: int) -> None:
        self.scene.dies_at = notes
        self.scene.run()

    @rule(calls=st.integers(0, 2))
    def run_and_die_after_a_call(self, calls: int) -> None:
        self.scene.last_call = calls
        self.scene.run()

    def teardown(self) -> None:
        if hasattr(self, "scene"):
            self.scene.settle()
            FIGURES.update(self.scene.check())


TestTwoWay = TwoWay.TestCase
TestTwoWay.settings = settings(max_examples=MACHINES, stateful_step_count=40, deadline=None)

LATER = Place(MONDAY, 14 * 60)
EDITS: dict[str, Callable[[Scene], None]] = {
    "nothing": lambda scene: None,
    "we move": lambda scene: scene.we_move(FIRST, LATER),
    "we move again": lambda scene: scene.we_move(FIRST, Place(MONDAY, 14 * 60 + 30)),
    "we tick off": lambda scene: scene.we_tick_off(FIRST),
    "we drop": lambda scene: scene.we_drop(FIRST),
    "we take back": lambda scene: scene.we_take_back(FIRST),
    "they move": lambda scene: scene.they_move(FIRST, 60),
    "they move where it cannot be": lambda scene: scene.they_move(FIRST, FORBIDDEN.start - 9 * 60),
    "they make it longer": lambda scene: scene.they_move(FIRST, 0, 15),
    "they delete": lambda scene: scene.they_delete(FIRST),
    "they restore": lambda scene: scene.they_restore(FIRST),
    "they rename": lambda scene: scene.they_rename(FIRST),
    "tokens end": lambda scene: scene.google.forget_tokens(),
}


def equal() -> Scene:
    """Both sides say the same."""
    scene = Scene()
    scene.settle()
    return scene


def taken_back(drop: Callable[[Scene], None]) -> Scene:
    """A lesson was let go and is taken back, while its event is still in the bin."""
    scene = equal()
    drop(scene)
    scene.settle()
    scene.we_take_back(FIRST)
    return scene


STARTS: tuple[Callable[[], Scene], ...] = (
    Scene,
    equal,
    lambda: taken_back(lambda scene: scene.we_drop(FIRST)),
    lambda: taken_back(lambda scene: scene.they_delete(FIRST)),
)


@pytest.mark.parametrize("second", EDITS)
@pytest.mark.parametrize("first", EDITS)
def test_dead_at_any_note_or_answer(first: str, second: str) -> None:
    """An edit, a run that dies at its n-th note or after its n-th call, another edit: for all n."""
    for start in STARTS:
        for before_note in (False, True):
            for n in range(12):
                scene = start()
                EDITS[first](scene)
                if before_note:
                    scene.dies_at = n
                else:
                    scene.last_call = n
                ended = scene.run()
                EDITS[second](scene)
                scene.settle()
                FIGURES.update(scene.check())
                if ended is not None:
                    break


@pytest.mark.parametrize("edit", EDITS)
def test_any_call_refused_or_its_answer_lost(edit: str) -> None:
    """An edit, and a run whose n-th call meets one of all that it can: for all n and all of it."""
    for start in STARTS:
        for fault in (*FAULTS, Lost):
            for n in range(6):
                scene = start()
                EDITS[edit](scene)
                scene.faults = [*[None] * n, fault]
                scene.run()
                scene.settle()
                FIGURES.update(scene.check())


def test_the_persons_move_wins_over_ours_and_ours_over_what_cannot_be() -> None:
    scene = Scene()
    scene.settle()
    scene.we_move(FIRST, LATER)
    scene.they_move(FIRST, 60)
    scene.we_move(SECOND, LATER)
    scene.they_move(SECOND, FORBIDDEN.start - (9 * 60 + 35))
    scene.settle()
    scene.check()
    assert scene.weeks.lessons[FIRST].place == Place(MONDAY, 10 * 60)
    assert scene.weeks.lessons[SECOND].place == LATER


@pytest.mark.parametrize("n", range(6))
def test_a_move_is_followed_once_though_we_die_and_the_event_is_edited_again(n: int) -> None:
    scene = equal()
    scene.they_move(FIRST, 60)
    scene.dies_at = n
    scene.run()
    scene.they_rename(FIRST)
    scene.we_move(FIRST, Place(MONDAY, 9 * 60))
    scene.settle()
    FIGURES.update(scene.check())


def test_print_figures() -> None:
    print(f"\ntwo-way weeks: {dict(FIGURES)}, 0 duplicates")
