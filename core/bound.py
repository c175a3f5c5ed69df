"""What no week can exceed: an upper bound on the soft score by Lagrangian relaxation.

What ties one child's day to the rest of the week is taken out of the rules and given a price: how
often a subject is held, what may be left out, siblings' shared lessons, the same time every day,
neighbours, the fullest day, and the adults' attention at every slot. Under any prices the best
days, each found exactly by the day program, together with the value of the priced rows are worth
at least as much as the best week. Subgradient steps look for prices under which they are worth
little more; the search for them may stop at any time.

Ties that are left out here (which adult teaches, lunches at different hours) only make the bound
wider, never wrong.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from core.attention import attention_left
from core.kernel.arrays import ABSENT, DAYS, NEVER, SLOT, SLOTS, Board, Floats, Memory
from core.kernel.prices import price_days
from core.problem import Problem
from core.search import CREW, room_for, side_by_side

MOST_PRICED = 10
"""Lessons that the pricing of one day decides exactly."""

LINK_SLOTS = 4
"""Slots within which siblings' starts of a shared lesson are not told apart."""

REMEMBERED = 40
"""Days of each child-day that are tried first under new prices."""

FIRST_STEP, LAST_STEP = 6_000.0, 100.0
"""Points by which a price changes in a step, at first and at last."""

PATIENCE = 10
"""Steps without a better bound after which the search goes back to the best prices."""

MOMENTUM, STEADINESS = 0.9, 0.97
"""How much of the mean slope, and of its mean square, each step keeps."""

Numbers = NDArray[np.int64]


@dataclass(slots=True)
class _Rows:
    """What the relaxation prices: `low` ≤ row ≤ `high`.

    `lessons` holds the coefficients of single lessons (number of the lesson: pair, day and slot),
    `others` those of the variables beside them, each with `gain`, `least` and `most`.
    """

    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    lessons: list[tuple[Numbers, Numbers, Floats]] = field(default_factory=list)
    others: list[tuple[int, int, float]] = field(default_factory=list)
    gain: list[float] = field(default_factory=list)
    least: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)

    def row(self, low: float, high: float) -> int:
        self.low.append(low)
        self.high.append(high)
        return len(self.low) - 1

    def variable(
        self, gain: float, least: float, most: float, in_rows: Iterable[tuple[int, float]]
    ) -> None:
        self.gain.append(gain)
        self.least.append(least)
        self.most.append(most)
        self.others += [(row, len(self.gain) - 1, value) for row, value in in_rows]

    def add(self, row: int, lessons: Numbers, coefficients: Floats | float) -> None:
        values = np.broadcast_to(np.asarray(coefficients, np.float64), lessons.shape)
        self.lessons.append((np.full(lessons.shape, row, np.int64), lessons, values))


@dataclass(frozen=True, slots=True)
class Stays:
    """Previous lessons, (child number, activity id, day, slot), of which at least `least` stay."""

    lessons: tuple[tuple[int, int, int, int], ...] = ()
    least: int = 0


def bound(
    problem: Problem,
    board: Board,
    *,
    reached: float,
    omissions: int,
    stays: Stays,
    steps: int,
    enough: float,
    seconds_left: Callable[[], float],
    watched: Callable[[float], None] = lambda share: None,
) -> float:
    """Points that no week exceeds which leaves out at most `omissions` (weight) and lets `stays`
    stay, up to the constant that `anneal.value` leaves out as well.

    `reached` is what such a week earns. Stops after `steps` sets of prices, or when the bound comes
    within the share `enough` of it; where `seconds_left` are too few for that, with fewer.
    `watched` is told the share of them that is done.
    """
    crude = _crude(board)
    if seconds_left() <= 0 or not (board.worth > NEVER / 2).any():
        return crude
    return _Relaxation(problem, board, omissions, stays).descend(
        crude, reached, steps, enough, seconds_left, watched
    )


def _crude(board: Board) -> float:
    """What no week exceeds whatever ties there are: every lesson where it is worth most, every
    session and every lunch that is welcome."""
    lessons = np.maximum(board.worth.max(axis=2), 0.0) * np.where(
        board.parted, np.diff(board.members), 1
    ).reshape(-1, 1)
    extra = (board.extra * np.maximum(0, board.most - board.due)).sum()
    lunches = board.together * (board.low.shape[0] * DAYS if board.low.shape[0] > 1 else 0)
    return float(lessons.sum() + extra + lunches)


class _Relaxation:
    """A week without its ties, and the prices of these."""

    def __init__(self, problem: Problem, board: Board, omissions: int, stays: Stays) -> None:
        self.board = board
        self.child = np.repeat(np.arange(len(board.span)), np.diff(board.owned))
        self.base = np.full((len(board.own), DAYS, SLOTS), NEVER)
        self.rooms = [room_for(board, MOST_PRICED, seed=0) for _ in range(CREW)]
        pages = len(board.span), DAYS, REMEMBERED
        longest = int(np.diff(board.owned).max(initial=1))
        self.memory = Memory(
            np.full((*pages, longest), ABSENT, np.int64),
            np.zeros(pages),
            np.zeros(pages[:2], np.int64),
        )
        rows = _Rows()
        _Ties(problem, board, rows, self.base).write(omissions, stays)
        self.bonus = _lunch_bonus(board)
        at, of, values = (np.concatenate(parts) for parts in zip(*rows.lessons, strict=True))
        other_at, other_of, other_values = (
            np.array(part) for part in zip(*rows.others, strict=True)
        )
        # A price is points for one unit of the row; rows are scaled so that a lesson counts one
        # at most, or a step would be too long for some rows and too short for others.
        size = np.ones(len(rows.low))
        np.maximum.at(size, at, np.abs(values))
        self.low, self.high = np.array(rows.low) / size, np.array(rows.high) / size
        self.at, self.of, self.values = at, of, values / size[at]
        self.other_at, self.other_of = other_at, other_of
        self.other_values = other_values / size[other_at]
        self.gain = np.array(rows.gain)
        self.least, self.most = np.array(rows.least), np.array(rows.most)
        order = np.argsort(of, kind="stable")
        self.by_lesson = order
        self.first = np.searchsorted(of[order], np.arange(self.base.size + 1))

    def answer(self, prices: Floats) -> tuple[float, Floats]:
        """The bound that these prices prove, and the direction in which it falls least: for each
        row its limit minus what the best days make of it."""
        board = self.board
        charged = np.bincount(self.of, self.values * prices[self.at], self.base.size)
        worth: Floats = self.base - charged.reshape(self.base.shape).astype(np.float64)
        children = len(board.span)
        values = np.zeros((children, DAYS))
        starts = np.full((len(self.child), DAYS), ABSENT, np.int64)
        side_by_side(
            lambda part: price_days(
                board,
                self.rooms[part],
                worth,
                self.bonus,
                self.memory,
                values,
                starts,
                part,
                CREW,
            )
        )
        # A day that the program does not know: whatever is worth it, wherever it is worth most.
        best = worth.max(axis=2)
        unknown = (board.low >= board.high)[self.child] & (best > 0)
        starts = np.where(unknown, worth.argmax(axis=2), starts)
        np.add.at(values, self.child, np.where(unknown, best, 0.0))
        gains = self.gain - np.bincount(
            self.other_of, self.other_values * prices[self.other_at], len(self.gain)
        )
        others = np.where(gains > 0, self.most, self.least)
        limit = np.where(
            np.isfinite(self.high) & ((prices > 0) | ~np.isfinite(self.low)), self.high, self.low
        )
        company = self.bonus @ board.kept_lunches
        total = values.sum() + company + float(prices @ limit) + float(gains @ others)
        used = np.bincount(self.other_at, self.other_values * others[self.other_of], len(self.low))
        pairs, days = np.nonzero(starts >= 0)
        for lesson in (pairs * DAYS + days) * SLOTS + starts[pairs, days]:
            own = self.by_lesson[self.first[lesson] : self.first[lesson + 1]]
            np.add.at(used, self.at[own], self.values[own])
        return total, limit - used

    def descend(
        self,
        least: float,
        reached: float,
        steps: int,
        enough: float,
        seconds_left: Callable[[], float],
        watched: Callable[[float], None],
    ) -> float:
        """The least bound found on the way to good prices, or `least` if none was less.

        Rows differ much in how they answer to a price, so each has its own step length: the mean
        slope over the root of its mean square (as Adam does for noisy slopes).
        """
        prices = center = np.zeros(len(self.low))
        mean, square = np.zeros(len(self.low)), np.zeros(len(self.low))
        idle, step, asked, loaded = 0, 0, steps, seconds_left()
        while step < steps:
            step += 1
            if seconds_left() <= 0 or least - reached <= enough * abs(reached):
                break
            if step == 2:
                # The first step loads the kernel: it tells nothing of the pace.
                loaded = seconds_left()
            if step in (4, 12) and isfinite(loaded):
                # Where the time does not suffice, fewer steps, each a larger part of the way.
                each = max((loaded - seconds_left()) / (step - 2), 1e-6)
                steps = min(asked, step + int(seconds_left() / each))
            total, slope = self.answer(prices)
            watched(step / steps)
            idle += 1
            if total < least:
                least, center, idle = total, prices, 0
            # Rows that hold already and cost nothing do not pull.
            slack = np.isinf(self.low) & (prices <= 0) & (slope > 0)
            slack |= np.isinf(self.high) & (prices >= 0) & (slope < 0)
            slope[slack] = 0.0
            mean = MOMENTUM * mean + (1 - MOMENTUM) * slope
            square = STEADINESS * square + (1 - STEADINESS) * slope**2
            away = mean / (1 - MOMENTUM**step)
            away /= np.sqrt(square / (1 - STEADINESS**step)) + 1e-3
            prices = prices - FIRST_STEP * (LAST_STEP / FIRST_STEP) ** (step / steps) * away
            if idle == PATIENCE:
                prices, idle = center, 0
                mean[:] = 0.0
            prices = np.where(np.isinf(self.low), np.maximum(prices, 0.0), prices)
            prices = np.where(np.isinf(self.high), np.minimum(prices, 0.0), prices)
        return least


def _number(pairs: Numbers, day: int, slots: Numbers) -> Numbers:
    """The number of a lesson among all pairs, days and slots."""
    return (pairs * DAYS + day) * SLOTS + slots


def _lunch_bonus(board: Board) -> Floats:
    """What a lunch earns at most by day: siblings' lunches all at once, if there are several."""
    eaters = board.lunch.any(axis=2).sum(axis=0) + board.kept_lunches
    return np.where(eaters > 1, board.together, 0.0)


@dataclass(frozen=True, slots=True)
class _Ties:
    """Writes what ties days to each other; `base` (P, 7, 288) takes what each lesson earns."""

    problem: Problem
    board: Board
    rows: _Rows
    base: Floats

    def write(self, omissions: int, stays: Stays) -> None:
        board = self.board
        cap = self.rows.row(-np.inf, omissions)
        for activity in range(len(board.minutes)):
            pairs = self._pairs(activity)
            leads = self._lead(activity, pairs)
            for pair in pairs:
                self._count(pair, cap)
            self._same_time(activity, leads)
            if board.spread[activity]:
                self._neighbours(activity, leads)
            self._link(pairs, leads)
        self._fullest()
        self._attention()
        self._stay(stays)

    def _slots(self, pair: int, day: int) -> Numbers:
        if not self.board.joins[self.board.own_member[pair], day]:
            return np.zeros(0, np.int64)
        return np.flatnonzero(self.board.worth[self.board.own[pair], day] > NEVER / 2)

    def _pairs(self, activity: int) -> Numbers:
        return np.flatnonzero(self.board.own == activity)

    def _lead(self, activity: int, pairs: Numbers) -> list[int | None]:
        """By day, the pair that stands for the activity, whose lessons earn its points. Members
        who may part earn them each."""
        board = self.board
        leads: list[int | None] = []
        for day in range(DAYS):
            joining = [int(p) for p in pairs if board.joins[board.own_member[p], day]]
            leads.append(joining[0] if joining else None)
            for pair in joining:
                slots = self._slots(pair, day)
                earns = pair == joining[0] or self._parted(activity)
                self.base[pair, day, slots] = board.worth[activity, day, slots] if earns else 0.0
        return leads

    def _parted(self, activity: int) -> bool:
        return bool(self.board.parted[activity])

    def _count(self, pair: int, cap: int) -> None:
        """Sessions + missing − extra = due; what is missing counts against the cap."""
        board, member = self.board, self.board.own_member[pair]
        due, most = float(board.due[member]), float(max(board.due[member], board.most[member]))
        row = self.rows.row(due, due)
        for day in range(DAYS):
            self.rows.add(row, _number(np.array(pair), day, self._slots(pair, day)), 1.0)
        self.rows.variable(0.0, 0.0, due, [(row, 1.0), (cap, float(board.weight[member]))])
        self.rows.variable(float(board.extra[member]), 0.0, most - due, [(row, -1.0)])

    def _same_time(self, activity: int, leads: list[int | None]) -> None:
        """The latest start is no earlier, the earliest no later, than that of any session."""
        board = self.board
        days = [day for day in range(DAYS) if leads[day] is not None]
        days = [day for day in days if len(self._slots(leads[day] or 0, day))]
        several = len(days) + int(board.kept_on[activity].sum()) > 1
        if not board.same_time or not several or not days:
            return
        slots = np.concatenate([self._slots(leads[day] or 0, day) for day in days])
        first, last = float(slots.min()), float(slots.max())
        price = board.same_time * SLOT
        latest, earliest = [], []
        for day in days:
            lead = leads[day] or 0
            own = self._slots(lead, day)
            above, below = (
                self.rows.row(first, np.inf),
                self.rows.row(-np.inf, last),
            )
            self.rows.add(
                above, _number(np.array(lead), day, own), (first - own).astype(np.float64)
            )
            self.rows.add(below, _number(np.array(lead), day, own), (last - own).astype(np.float64))
            latest.append((above, 1.0))
            earliest.append((below, 1.0))
        order = self.rows.row(0.0, np.inf)
        kept_first = min(float(board.kept_first[activity]), last)
        kept_last = max(float(board.kept_last[activity]), first)
        last, first = max(last, kept_last), min(first, kept_first)
        self.rows.variable(-price, kept_last, last, [*latest, (order, 1.0)])
        self.rows.variable(price, first, kept_first, [*earliest, (order, -1.0)])

    def _neighbours(self, activity: int, leads: list[int | None]) -> None:
        board = self.board
        if not board.adjacent:
            return
        for day, following in pairwise(range(DAYS)):
            kept = int(board.kept_on[activity, day]) + int(board.kept_on[activity, following])
            row = self.rows.row(-np.inf, 1.0 - kept)
            for each in (day, following):
                lead = leads[each]
                # A day that holds one already holds it, whoever else joins.
                if lead is not None and not board.kept_on[activity, each]:
                    self.rows.add(row, _number(np.array(lead), each, self._slots(lead, each)), 1.0)
            self.rows.variable(-board.adjacent, 0.0, 1.0, [(row, -1.0)])

    def _link(self, pairs: Numbers, leads: list[int | None]) -> None:
        """Siblings' starts of a shared lesson agree: on the day, in the part of it, and in the
        mean."""
        if len(pairs) < 2 or self._parted(int(self.board.own[pairs[0]])):
            return
        for day in range(DAYS):
            lead = leads[day]
            for pair in pairs:
                if lead is None or pair == lead:
                    continue
                slots = self._slots(int(pair), day)
                if not len(slots):
                    continue
                for sign, of in ((1.0, lead), (-1.0, int(pair))):
                    if sign > 0:
                        mean = self.rows.row(0.0, 0.0)
                        parts = {
                            int(part): self.rows.row(0.0, 0.0)
                            for part in np.unique(slots // LINK_SLOTS)
                        }
                    numbers = _number(np.array(of), day, slots)
                    self.rows.add(mean, numbers, sign * (slots - slots[0]) / 12.0)
                    for part, row in parts.items():
                        chosen = slots // LINK_SLOTS == part
                        self.rows.add(row, numbers[chosen], sign)

    def _fullest(self) -> None:
        board = self.board
        if not board.block:
            return
        for child in range(board.low.shape[0]):
            pairs = range(board.owned[child], board.owned[child + 1])
            rows = []
            for day in range(DAYS):
                row = self.rows.row(float(board.kept_lessons[child, day]), np.inf)
                for pair in pairs:
                    self.rows.add(row, _number(np.array(pair), day, self._slots(pair, day)), -1.0)
                rows.append((row, 1.0))
            self.rows.variable(-board.block, 0.0, float(len(pairs) + DAYS), rows)

    def _attention(self) -> None:
        """At every slot the adults who are there give at most all of their attention."""
        board = self.board
        free = np.array([attention_left(self.problem, day)[::SLOT] for day in range(DAYS)])
        asked = np.zeros((board.low.shape[0], DAYS, SLOTS + 64), np.int64)
        demands: list[tuple[int, int, Numbers]] = []
        for activity in np.flatnonzero(board.attention):
            if self._parted(int(activity)):
                continue
            leads = self._lead(int(activity), self._pairs(int(activity)))
            for day in range(DAYS):
                lead = leads[day]
                if lead is None:
                    continue
                slots = self._slots(lead, day)
                child = int(np.searchsorted(board.owned, lead, side="right")) - 1
                for offset in range(board.slots[activity]):
                    asked[child, day, slots + offset] = np.maximum(
                        asked[child, day, slots + offset], board.attention[activity]
                    )
                demands.append((lead, day, slots))
        binding = asked.sum(axis=0)[:, :SLOTS] > free
        rows = np.full((DAYS, SLOTS + 64), ABSENT, np.int64)
        for day, slot in zip(*np.nonzero(binding), strict=True):
            rows[day, slot] = self.rows.row(-np.inf, float(free[day, slot]))
        for lead, day, slots in demands:
            activity = board.own[lead]
            numbers = _number(np.array(lead), day, slots)
            for offset in range(board.slots[activity]):
                at = rows[day, slots + offset]
                there = at >= 0
                share = np.full(int(there.sum()), float(board.attention[activity]))
                self.rows.lessons.append((at[there], numbers[there], share))

    def _stay(self, stays: Stays) -> None:
        if not stays.lessons:
            return
        row = self.rows.row(float(stays.least), np.inf)
        for child, activity, day, slot in stays.lessons:
            pair = next(
                pair
                for pair in range(self.board.owned[child], self.board.owned[child + 1])
                if self.board.own[pair] == activity
            )
            self.rows.add(row, _number(np.array([pair]), day, np.array([slot])), 1.0)
