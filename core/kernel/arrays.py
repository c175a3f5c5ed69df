"""What the kernel works on: a week as arrays, room to work in, and the compiler."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

F = TypeVar("F", bound=Callable[..., Any])

COMPILED = find_spec("numba") is not None
"""Whether the kernel is machine code."""


def compiled(function: F) -> F:
    """Machine code for `function` where numba is to be had; kept on disk between processes, and
    free to run beside other threads."""
    if not COMPILED:
        return function
    from numba import njit

    return cast("F", njit(cache=True, nogil=True)(function))


NEVER = -1e15
NOBODY = -1
ABSENT = -1
SLOTS = 288
"""Slots of a day."""

LUNCH_SLOTS = 6
SLOT = 5
"""Minutes of a slot."""

DAYS = 7
MOST_OPEN = 8
"""Lessons that one call of the day program decides at most; the state space doubles with each."""

MISSING = 1e6
"""Points for one unit of omission weight: more than all wishes of a week for the lightest."""


class Board(NamedTuple):
    """What a search may not change. A activities, M members (children's parts in them), K
    children, H adults.

    `worth` (A, 7, 288): points of a lesson by start, `NEVER` where it may not stand; `able`
    (H, A, 7, 288): whether this adult could teach it then; `frozen` (A, 7): stays as it is (a
    search may freeze more for the time of a move);
    `parted` (A): its members may stay away from each other; `joins` (M, 7): whether the member
    attends on that day; members of activity i are `members[i]:members[i + 1]`, activities of child
    c are `own[owned[c]:owned[c + 1]]` with the member numbers `own_member` beside them. `due`,
    `most`, `weight`, `extra` (M): sessions required and allowed, omission weight of one and points
    of one beyond the required. `far` (K, A): slots from a lesson's start until a break after it is
    over. `lunch` (K, 7, 288): where lunch may begin. `low`, `high` (K, 7): the window of slots in
    which anything of ours lies; a child-day is left alone where `low` is not below `high`.
    `kept_*`: what stands already, for the ranges (`kept_first` > `kept_last` where there is none),
    the neighbours, the fullest day, and (in minutes, where anything new may stand beside it) the
    idle time and the slack of a day; `kept_lunches` (7): children whose lunch is not the search's
    to place. The last six are prices in points.
    """

    worth: Floats
    able: Bools
    frozen: Bools
    parted: Bools
    minutes: Ints
    slots: Ints
    attention: Ints
    spread: Bools
    members: Ints
    member_child: Ints
    joins: Bools
    due: Ints
    most: Ints
    weight: Ints
    extra: Ints
    owned: Ints
    own: Ints
    own_member: Ints
    span: Ints
    far: Ints
    lunch: Bools
    low: Ints
    high: Ints
    room: Ints
    kept_first: Ints
    kept_last: Ints
    kept_on: Bools
    kept_lessons: Ints
    kept_from: Ints
    kept_until: Ints
    kept_taught: Ints
    kept_lunches: Ints
    same_time: float
    adjacent: float
    block: float
    idle: float
    crowded: float
    together: float


class State(NamedTuple):
    """A week. `start` and `adult` (A, 7), `lunch` (K, 7): slots and adults, `ABSENT`/`NOBODY` if
    none; `load` (H, 7, 288): per cent of attention given; `held` (M): sessions."""

    start: Ints
    adult: Ints
    lunch: Ints
    load: Ints
    held: Ints


class Memory(NamedTuple):
    """Days that were the best under some prices, the latest P of each child-day: `start`
    (K, 7, P, L) by place among the child's own activities, `cost` (K, 7, P) what the day earns or
    costs as such, `seen` (K, 7) how many were ever put in."""

    start: Ints
    cost: Floats
    seen: Ints


class Scratch(NamedTuple):
    """Room for `day_program`, used again and again: see `scratch`. `open` (2): how many lessons to
    decide at once now, and at most."""

    fresh: Floats
    run: Floats
    fresh_from: Ints
    run_from: Ints
    stamp: Ints
    listed: Ints
    listing: Ints
    generation: Ints
    worth: Floats
    who: Ints
    lunch: Floats
    terminal: Floats
    minutes: Ints
    slots: Ints
    far: Ints
    fixed_at: Ints
    starts: Ints
    rows: Ints
    rng: Ints
    work: Ints
    open: Ints
    bit: Ints
    times: Ints


def scratch(window: int, open_lessons: int, runs: int, lessons: int, seed: int) -> Scratch:
    """Room for days of at most `window` slots, `open_lessons` lessons to decide, `runs` different
    lengths of a run and `lessons` lessons in all."""
    states = window * (4 << open_lessons)
    return Scratch(
        fresh=np.empty(states),
        run=np.empty(states * max(1, runs)),
        fresh_from=np.zeros(states, np.int64),
        run_from=np.zeros(states * max(1, runs), np.int64),
        stamp=np.zeros(states, np.int64),
        listed=np.zeros(window + 1, np.int64),
        listing=np.zeros(states, np.int64),
        generation=np.zeros(1, np.int64),
        worth=np.empty((lessons, window)),
        who=np.zeros((lessons, window), np.int64),
        lunch=np.empty(window),
        terminal=np.zeros(1 << open_lessons),
        minutes=np.zeros(lessons, np.int64),
        slots=np.zeros(lessons, np.int64),
        far=np.zeros(lessons, np.int64),
        fixed_at=np.zeros(window, np.int64),
        starts=np.zeros(lessons, np.int64),
        rows=np.zeros(lessons, np.int64),
        rng=np.array([2 * seed + 1], np.int64),
        work=np.zeros(1, np.int64),
        open=np.array([open_lessons, open_lessons], np.int64),
        bit=np.zeros(lessons, np.int64),
        times=np.zeros(lessons, np.int64),
    )


@compiled
def below(rng: Ints, limit: int) -> int:
    """A number from 0 to `limit` - 1, the same in every environment."""
    rng[0] = (rng[0] * 1103515245 + 12345) & 0x7FFFFFFF
    return int((rng[0] >> 8) % limit)
