"""Makes one child's day the best that it can be while the rest of the week stands."""

import numpy as np

from core.kernel.arrays import (
    ABSENT,
    DAYS,
    MISSING,
    NEVER,
    NOBODY,
    SLOT,
    SLOTS,
    Board,
    Bools,
    Ints,
    Scratch,
    State,
    below,
    compiled,
)
from core.kernel.day import day_program


@compiled
def forget(board: Board, state: State, activity: int, day: int) -> None:
    """Takes a lesson out of the week."""
    start, adult = state.start[activity, day], state.adult[activity, day]
    if adult >= 0:
        state.load[adult, day, start : start + board.slots[activity]] -= board.attention[activity]
    state.start[activity, day], state.adult[activity, day] = ABSENT, NOBODY
    for member in range(board.members[activity], board.members[activity + 1]):
        state.held[member] -= board.joins[member, day]


@compiled
def put(board: Board, state: State, activity: int, day: int, start: int, adult: int) -> None:
    """Puts a lesson into the week."""
    if adult >= 0:
        state.load[adult, day, start : start + board.slots[activity]] += board.attention[activity]
    state.start[activity, day], state.adult[activity, day] = start, adult
    for member in range(board.members[activity], board.members[activity + 1]):
        state.held[member] += board.joins[member, day]


@compiled
def free_adult(
    able: Bools, load: Ints, most: int, activity: int, day: int, start: int, slots: int
) -> int:
    """The first adult who gives at most `most` per cent of attention from start to end and may
    teach this; `NOBODY` if there is none."""
    for adult in range(able.shape[0]):
        if not able[adult, activity, day, start]:
            continue
        fits = True
        for slot in range(start, start + slots):
            if load[adult, day, slot] > most:
                fits = False
                break
        if fits:
            return adult
    return NOBODY


@compiled
def session_points(board: Board, state: State, activity: int, day: int) -> float:
    """What one more session on this day earns by its count and its neighbours; `NEVER` if none
    is allowed."""
    points = 0.0
    for member in range(board.members[activity], board.members[activity + 1]):
        if not board.joins[member, day]:
            continue
        if state.held[member] >= board.most[member]:
            return NEVER
        if state.held[member] < board.due[member]:
            points += MISSING * board.weight[member]
        else:
            points += board.extra[member]
    if board.spread[activity]:
        for other in (day - 1, day + 1):
            if 0 <= other < DAYS and (
                state.start[activity, other] >= 0 or board.kept_on[activity, other]
            ):
                points -= board.adjacent
    return points


@compiled
def other_starts(board: Board, state: State, activity: int, day: int) -> tuple[int, int]:
    """The earliest and latest start on other days (first > last if there is none)."""
    first, last = board.kept_first[activity], board.kept_last[activity]
    for other in range(DAYS):
        if other != day and state.start[activity, other] >= 0:
            first = min(first, state.start[activity, other])
            last = max(last, state.start[activity, other])
    return first, last


@compiled
def _weigh_row(
    board: Board,
    state: State,
    room: Scratch,
    row: int,
    activity: int,
    day: int,
    low: int,
    high: int,
    anchors: Ints,
    noise: float,
) -> None:
    """Writes what an open lesson is worth at each start of the window, and with which adult."""
    points = session_points(board, state, activity, day)
    first, last = other_starts(board, state, activity, day)
    if anchors[activity] >= 0:
        first = last = anchors[activity]
    # Named once: every look into a tuple of arrays costs as much as the work itself.
    worths, who, given, rng = room.worth, room.who, board.worth, room.rng
    able, load, slots = board.able, state.load, board.slots[activity]
    attention, same_time = board.attention[activity], board.same_time * SLOT
    for start in range(low, high):
        at = start - low
        worth = given[activity, day, start]
        who[row, at] = NOBODY
        if worth <= NEVER / 2 or points <= NEVER / 2:
            worths[row, at] = NEVER
            continue
        if attention:
            adult = free_adult(able, load, 100 - attention, activity, day, start, slots)
            if adult < 0:
                worths[row, at] = NEVER
                continue
            who[row, at] = adult
        worth += points
        if first <= last:
            worth -= same_time * (max(0, start - last) + max(0, first - start))
        if noise > 0:
            worth += noise * (below(rng, 2048) - 1024)
        worths[row, at] = worth


@compiled
def _lunch_worth(board: Board, state: State, child: int, day: int, start: int) -> float:
    """What lunch at this hour adds to the lunches that siblings have together; without an hour
    (`ABSENT`) what they have already."""
    most = others = alike = 0
    for one in range(state.lunch.shape[0]):
        if one == child or state.lunch[one, day] < 0:
            continue
        others += 1
        same = 0
        for other in range(state.lunch.shape[0]):
            if other != child and state.lunch[other, day] == state.lunch[one, day]:
                same += 1
        most = max(most, same)
        if state.lunch[one, day] == start:
            alike = same
    if start == ABSENT:
        return board.together * most if others > 1 else 0.0
    return board.together * max(most, alike + 1) if others > 0 else 0.0


@compiled
def _as_it_was(
    board: Board,
    state: State,
    room: Scratch,
    opened: int,
    rows: int,
    old_start: Ints,
    low: int,
    day: int,
    child: int,
) -> float:
    """What the day of before earns, a little less so that it is found again; `NEVER` if it may not
    stand any more, or if something was taken out of it."""
    total, mask = 0.0, 0
    first, last, taught = SLOTS * SLOT, -1, 0
    for row in range(rows):
        start = old_start[row] if row < opened else state.start[room.rows[row], day]
        if start < 0:
            continue
        worth = room.worth[row, start - low]
        if worth <= NEVER / 2:
            return NEVER
        total += worth
        if row < opened:
            mask |= 1 << row
        taught += room.minutes[row]
        first = min(first, SLOT * start)
        last = max(last, SLOT * start + room.minutes[row])
    lunch = state.lunch[child, day]
    if last < 0:
        return NEVER
    if lunch >= 0 and room.lunch[lunch - low] > NEVER:
        total += room.lunch[lunch - low]
    return float(total + room.terminal[mask] - board.idle * (last - first - taught) - 1.0)


@compiled
def best_day(
    board: Board,
    state: State,
    room: Scratch,
    child: int,
    day: int,
    anchors: Ints,
    banned: Bools,
    noise: float,
) -> bool:
    """Makes one child's day the best that it can be while all else stands: its own lessons move,
    come and go; those shared with siblings and the frozen ones stay. False (and nothing changed)
    where the day cannot be decided.

    `anchors` (A) names starts that count as an activity's usual one (`ABSENT`: the week's own
    range does), `banned` (A, 7) lessons that may not come back. More lessons than `MOST_OPEN` are
    not opened at once: some of those that stand stay where they are, and of those that are out
    some are left out of the question.
    """
    low, high = board.low[child, day], board.high[child, day]
    if low >= high:
        return False
    window = high - low
    begin, end = board.owned[child], board.owned[child + 1]
    # Which lessons are open: first those that stand, then those that could come, each lot in an
    # order of chance where not all of them fit.
    opened = 0
    standing = 0
    for place in range(begin, end):
        activity = board.own[place]
        alone = board.members[activity + 1] - board.members[activity] == 1
        if alone and not board.frozen[activity, day] and state.start[activity, day] >= 0:
            standing += 1
    skip = standing - room.open[0]
    for place in range(begin, end):
        activity = board.own[place]
        alone = board.members[activity + 1] - board.members[activity] == 1
        if not alone or board.frozen[activity, day] or state.start[activity, day] < 0:
            continue
        if skip > 0 and below(room.rng, standing) < skip:
            skip -= 1
        elif opened < room.open[0]:
            room.rows[opened] = activity
            opened += 1
        standing -= 1
    size = end - begin
    offset = below(room.rng, size)
    for step in range(size):
        if opened == room.open[0]:
            break
        activity = board.own[begin + (step + offset) % size]
        alone = board.members[activity + 1] - board.members[activity] == 1
        if (
            alone
            and not board.frozen[activity, day]
            and state.start[activity, day] < 0
            and not banned[activity, day]
            and session_points(board, state, activity, day) > NEVER / 2
        ):
            room.rows[opened] = activity
            opened += 1
    rows = opened
    for at in range(window):
        room.fixed_at[at] = -1
    lessons = taught = 0
    for place in range(begin, end):
        activity = board.own[place]
        start = state.start[activity, day]
        if start < 0 or not board.joins[board.own_member[place], day]:
            continue
        is_open = False
        for row in range(opened):
            is_open = is_open or room.rows[row] == activity
        if is_open:
            continue
        if not low <= start < high:
            return False
        room.rows[rows] = activity
        room.fixed_at[start - low] = rows
        room.worth[rows, start - low] = 0.0
        lessons += 1
        taught += board.minutes[activity]
        rows += 1
    if rows == 0:
        state.lunch[child, day] = ABSENT
        return True
    old_start = np.full(opened, ABSENT, np.int64)
    old_adult = np.full(opened, NOBODY, np.int64)
    for row in range(opened):
        activity = room.rows[row]
        old_start[row], old_adult[row] = state.start[activity, day], state.adult[activity, day]
        if old_start[row] >= 0:
            forget(board, state, activity, day)
    for row in range(rows):
        activity = room.rows[row]
        room.minutes[row] = board.minutes[activity]
        room.slots[row] = board.slots[activity]
        room.far[row] = board.far[child, activity]
        if row < opened:
            _weigh_row(board, state, room, row, activity, day, low, high, anchors, noise)
    fullest, block, crowded = 0, board.block, board.crowded
    for other in range(DAYS):
        if other == day:
            continue
        held = board.kept_lessons[child, other]
        for place in range(begin, end):
            if state.start[board.own[place], other] >= 0:
                held += board.joins[board.own_member[place], other]
        fullest = max(fullest, held)
    terminal, lasts, space = room.terminal, room.minutes, board.room[child, day]
    for mask in range(1 << opened):
        held, minutes = lessons, taught
        for row in range(opened):
            if mask >> row & 1:
                held += 1
                minutes += lasts[row]
        terminal[mask] = -block * max(0, held - fullest) - crowded * max(0, minutes - space)
    lunch_due = False
    already = _lunch_worth(board, state, child, day, ABSENT)
    for at in range(window):
        room.lunch[at] = NEVER
        if board.lunch[child, day, low + at]:
            lunch_due = True
            room.lunch[at] = _lunch_worth(board, state, child, day, low + at) - already
    for row in range(opened):
        room.bit[row] = row
    floor = _as_it_was(board, state, room, opened, rows, old_start, low, day, child)
    points, lunch = day_program(
        room, opened, rows, opened, window, board.span[child], lunch_due, board.idle, floor
    )
    if points <= NEVER / 2:
        for row in range(opened):
            if old_start[row] >= 0:
                put(board, state, room.rows[row], day, old_start[row], old_adult[row])
        return False
    held = lessons
    for row in range(opened):
        start = room.starts[row]
        if start >= 0:
            held += 1
            put(board, state, room.rows[row], day, low + start, room.who[row, start])
    state.lunch[child, day] = low + lunch if lunch >= 0 and held else ABSENT
    return True
