"""The best days under prices instead of under what the rest of the week does."""

from core.kernel.arrays import (
    ABSENT,
    DAYS,
    NEVER,
    SLOT,
    SLOTS,
    Board,
    Floats,
    Ints,
    Memory,
    Scratch,
    compiled,
)
from core.kernel.day import day_program

TOLD_APART = 7
"""Lessons of a day that pricing tells apart from the beginning."""


@compiled
def _priced_day(
    room: Scratch, rows: int, window: int, span: int, lunch_due: bool, idle: float, floor: float
) -> tuple[float, int, int]:
    """The best day of rows that are all open, its lunch and its minutes of lessons.

    Many lessons are told apart only where the best day would hold one of them twice: most are
    never worth it, and the states stay few (decremental state-space relaxation).
    """
    few = rows <= TOLD_APART
    bits = rows if few else 0
    for row in range(rows):
        room.bit[row] = row if few else -1
    while True:
        room.terminal[: 1 << bits] = 0.0
        points, lunch = day_program(room, rows, rows, bits, window, span, lunch_due, idle, floor)
        taught, again = 0, False
        if points >= floor:
            for row in range(rows):
                taught += room.times[row] * room.minutes[row]
                if room.times[row] > 1:
                    room.bit[row] = bits
                    bits += 1
                    again = True
        if not again:
            return points, lunch, taught


@compiled
def _remembered(memory: Memory, worth: Floats, child: int, day: int, begin: int, end: int) -> float:
    """A little less than the best of the days in memory under these prices; 0 for an empty one."""
    best = 0.0
    for page in range(min(memory.seen[child, day], memory.cost.shape[2])):
        total = memory.cost[child, day, page]
        for place in range(begin, end):
            start = memory.start[child, day, page, place - begin]
            if start >= 0:
                total += worth[place, day, start]
        best = max(best, total)
    return best - 1.0


@compiled
def price_days(
    board: Board,
    room: Scratch,
    worth: Floats,
    lunch_bonus: Floats,
    memory: Memory,
    values: Floats,
    starts: Ints,
    part: int,
    parts: int,
) -> None:
    """The best day of every child-day by prices instead of by what the rest of the week does.

    `worth` (P, 7, 288) prices a lesson for each of the P pairs of `board.own`; `lunch_bonus` (7)
    what lunch earns; days of `memory` tell what is worth looking for, and what is found goes
    there. Writes to `values` (K, 7) what no day exceeds, and the day found to `starts` (P, 7).
    Only every `parts`-th child-day is looked at, from number `part` on, so that threads share them.
    More lessons than the scratch has room for are bounded, not placed. What a day's lessons eat
    into its slack is charged as far as a straight line can.
    """
    for child in range(board.low.shape[0]):
        begin, end = board.owned[child], board.owned[child + 1]
        for day in range(DAYS):
            if (child * DAYS + day) % parts != part:
                continue
            low, high = board.low[child, day], board.high[child, day]
            values[child, day] = 0.0
            for place in range(begin, end):
                starts[place, day] = ABSENT
            if low >= high:
                continue
            window = high - low
            lunch_due = False
            for at in range(window):
                room.fixed_at[at] = -1
                room.lunch[at] = NEVER
                if board.lunch[child, day, low + at]:
                    lunch_due = True
                    room.lunch[at] = lunch_bonus[day]
            bonus = lunch_bonus[day] if lunch_due else 0.0
            rows = 0
            beyond = 0.0
            for place in range(begin, end):
                activity = board.own[place]
                # A lesson that costs more than the idle time that it fills, and the lunch that it
                # brings as a day's only one, is never worth it.
                least = -board.idle * board.minutes[activity] - bonus
                best = NEVER
                for start in range(low, high):
                    best = max(best, worth[place, day, start])
                if best <= least:
                    continue
                if rows == room.open[0]:
                    beyond += max(0.0, best - least)
                    continue
                room.rows[rows] = place
                room.minutes[rows] = board.minutes[activity]
                room.slots[rows] = board.slots[activity]
                room.far[rows] = board.far[child, activity]
                for at in range(window):
                    price = worth[place, day, low + at]
                    room.worth[rows, at] = price if price > least else NEVER
                rows += 1
            if rows == 0:
                continue
            floor = _remembered(memory, worth, child, day, begin, end)
            points, _, taught = _priced_day(
                room, rows, window, board.span[child], lunch_due, board.idle, floor
            )
            if points >= floor and taught > board.room[child, day]:
                # Too full: the same with every minute charged, which is no less true.
                for row in range(rows):
                    for at in range(window):
                        if room.worth[row, at] > NEVER / 2:
                            room.worth[row, at] -= board.crowded * room.minutes[row]
                spared = board.crowded * board.room[child, day]
                charged, _, taught = _priced_day(
                    room, rows, window, board.span[child], lunch_due, board.idle, floor - spared
                )
                points = min(points, charged + spared)
            values[child, day] = max(points, floor) + beyond
            first, last = SLOTS * SLOT, -1
            page = memory.seen[child, day] % memory.cost.shape[2]
            memory.start[child, day, page] = ABSENT
            for row in range(rows):
                start = room.starts[row]
                if start >= 0:
                    starts[room.rows[row], day] = low + start
                    memory.start[child, day, page, room.rows[row] - begin] = low + start
                    first = min(first, SLOT * start)
                    last = max(last, SLOT * start + room.minutes[row])
            if last >= 0:
                memory.cost[child, day, page] = (
                    bonus
                    - board.idle * (last - first - taught)
                    - board.crowded * max(0, taught - board.room[child, day])
                )
                memory.seen[child, day] += 1
