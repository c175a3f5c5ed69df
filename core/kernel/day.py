"""One child's day, solved exactly by dynamic programming."""

import numpy as np

from core.kernel.arrays import ABSENT, LUNCH_SLOTS, NEVER, SLOT, Floats, Ints, Scratch, compiled

# How a state of the day program was reached.
_START, _WAIT, _LUNCH, _LESSON, _LESSON_LUNCH = 0, 1, 2, 3, 4


@compiled
def run_lengths(count: int, minutes: Ints, span: int, lengths: Ints, index: Ints) -> int:
    """Every length that a run of some of the lessons may have when another can still follow;
    writes them to `lengths` and their numbers to `index` (-1 for others), returns how many."""
    shortest = span + 1
    for row in range(count):
        shortest = min(shortest, minutes[row])
    for length in range(span + 1):
        index[length] = -1
    index[0] = 0
    for row in range(count):
        for length in range(span, minutes[row] - 1, -1):
            if index[length - minutes[row]] == 0:
                index[length] = 0
    found = 0
    for length in range(span + 1):
        if index[length] == 0 and length > 0 and length + shortest <= span:
            lengths[found] = length
            index[length] = found
            found += 1
        else:
            index[length] = -1
    return found


@compiled
def _touch(
    fresh: Floats,
    run: Floats,
    stamp: Ints,
    listed: Ints,
    listing: Ints,
    now: int,
    masks: int,
    runs: int,
    at: int,
    mask: int,
) -> int:
    """The index of a state, made anew if this call (`now`) has not seen it yet."""
    where = at * masks + mask
    if stamp[where] != now:
        stamp[where] = now
        fresh[where] = NEVER
        for length in range(runs):
            run[where * runs + length] = NEVER
        listing[at * masks + listed[at]] = mask
        listed[at] += 1
    return where


@compiled
def day_program(
    room: Scratch,
    open_rows: int,
    rows: int,
    bits: int,
    window: int,
    span: int,
    lunch_due: bool,
    idle: float,
    floor: float,
) -> tuple[float, int]:
    """The most points of one child's day, exactly, under rules 2 and 8.

    The first `open_rows` rows of `room` may stand at any start whose `worth` is not `NEVER`, or
    not at all; the others are fixed (`room.fixed_at`). An open row with a `room.bit` (0 to `bits`
    - 1) stands at most once, one without (-1) as often as it likes.

    Lessons and lunch do not overlap; lessons that are not `far` apart form a run of at most `span`
    minutes unless it is a single one; lunch is had (anywhere that `room.lunch` allows) if
    `lunch_due` and there is a lesson. A minute between the first and the last lesson without one
    costs `idle`; a set of open lessons earns `room.terminal`.

    Writes each row's start to `room.starts` (`ABSENT` if not held), how often it stands to
    `room.times`, and returns the points and the start of lunch; points are `NEVER` if no day of at
    least `floor` points exists, 0 for an empty day. `room.terminal` must not be positive.

    States are (time, lessons held, lunch had, a lesson held at all, and either a finished break or
    the length of the run so far).
    """
    worth, minutes, slots, far = room.worth, room.minutes, room.slots, room.far
    fresh, run, fixed_at = room.fresh, room.run, room.fixed_at
    fresh_from, run_from, bit_of, lunch_at = room.fresh_from, room.run_from, room.bit, room.lunch
    stamp, listed, listing, terminal = room.stamp, room.listed, room.listing, room.terminal
    had = 1 << bits
    begun = had * 2 if lunch_due else had
    masks = begun * 2
    lengths = np.zeros(span + 1, np.int64)
    number = np.zeros(span + 1, np.int64)
    runs = run_lengths(rows, minutes, span, lengths, number)
    room.generation[0] += 1
    now = room.generation[0]
    next_fixed = np.full(window + 1, window, np.int64)
    first_fixed, last_fixed = window, -1
    for at in range(window - 1, -1, -1):
        next_fixed[at] = at if fixed_at[at] >= 0 else next_fixed[at + 1]
        if fixed_at[at] >= 0:
            first_fixed = at
            last_fixed = max(last_fixed, at)
    lunch_before = np.full(window + 1, -1, np.int64)
    lunch_after = np.full(window + 1, -1, np.int64)
    if lunch_due:
        for at in range(LUNCH_SLOTS, window + 1):
            found = lunch_before[at - 1]
            start = at - LUNCH_SLOTS
            if lunch_at[start] > NEVER and (found < 0 or lunch_at[start] > lunch_at[found]):
                found = start
            lunch_before[at] = found
        for at in range(window - 1, -1, -1):
            found = lunch_after[at + 1]
            if lunch_at[at] > NEVER and (found < 0 or lunch_at[at] >= lunch_at[found]):
                found = at
            lunch_after[at] = found
    # What the rest of a day can still earn is at most each lesson at its worst start plus what the
    # time that is left could add to it if lessons could be held again and again; and at most each
    # at its best start from then on, where none may be held again.
    ahead = np.zeros((rows + 1, window + 1))
    least = np.zeros(rows)
    added = np.zeros(window + 1)
    for row in range(rows):
        lowest = -NEVER
        for at in range(window - 1, -1, -1):
            here = worth[row, at] if row < open_rows or fixed_at[at] == row else NEVER
            ahead[row, at] = max(ahead[row, at + 1], here)
            if here > NEVER / 2:
                lowest = min(lowest, here)
        if row >= open_rows or bit_of[row] >= 0:
            least[row] = max(0.0, min(lowest, ahead[row, 0]))
    once = True
    for row in range(open_rows):
        once = once and bit_of[row] >= 0
    for at in range(window - 1, -1, -1):
        added[at] = added[at + 1]
        for row in range(rows):
            here = worth[row, at] if row < open_rows or fixed_at[at] == row else NEVER
            if here > NEVER / 2:
                added[at] = max(added[at], here - least[row] + added[min(window, at + slots[row])])
    if lunch_due:
        for at in range(window - 1, -1, -1):
            ahead[rows, at] = max(ahead[rows, at + 1], lunch_at[at])
    for at in range(window + 1):
        listed[at] = 0
    best = 0.0 if last_fixed < 0 and floor <= 0 else NEVER
    end_at, end_mask, end_state, end_row = -1, 0, -1, -1
    work = 0
    for at in range(window):
        if at <= first_fixed:
            where = _touch(fresh, run, stamp, listed, listing, now, masks, runs, at, 0)
            if fresh[where] < 0.0:
                fresh[where] = 0.0
                fresh_from[where] = _START << 30
            if lunch_before[at] >= 0:
                where = _touch(fresh, run, stamp, listed, listing, now, masks, runs, at, had)
                if lunch_at[lunch_before[at]] > fresh[where]:
                    fresh[where] = lunch_at[lunch_before[at]]
                    fresh_from[where] = _START << 30
        position = 0
        while position < listed[at]:
            mask = listing[at * masks + position]
            position += 1
            where = at * masks + mask
            hungry = lunch_due and (mask & had) == 0
            rested = fresh[where]
            most = 0.0
            base = added[at]
            for row in range(rows):
                if row >= open_rows or bit_of[row] < 0 or mask >> bit_of[row] & 1 == 0:
                    most += ahead[row, at]
                    if ahead[row, at] > 0:
                        base += least[row]
            most = min(most, base) if once else base
            if hungry:
                most += ahead[rows, at]
            enough = max(floor, best) - most
            for state in range(-1, runs):
                value = rested if state < 0 else run[where * runs + state]
                if value < enough or (state >= 0 and rested >= value):
                    continue
                work += 1
                length = 0 if state < 0 else lengths[state]
                must = fixed_at[at]
                if must < 0 and state < 0 and mask & begun:
                    if at + 1 < window:
                        to = _touch(
                            fresh, run, stamp, listed, listing, now, masks, runs, at + 1, mask
                        )
                        if value - SLOT * idle > fresh[to]:
                            fresh[to] = value - SLOT * idle
                            fresh_from[to] = at | _WAIT << 30
                    if (
                        hungry
                        and lunch_at[at] > NEVER
                        and at + LUNCH_SLOTS <= next_fixed[at]
                        and at + LUNCH_SLOTS < window
                    ):
                        to = _touch(
                            fresh,
                            run,
                            stamp,
                            listed,
                            listing,
                            now,
                            masks,
                            runs,
                            at + LUNCH_SLOTS,
                            mask | had,
                        )
                        then = value + lunch_at[at] - SLOT * LUNCH_SLOTS * idle
                        if then > fresh[to]:
                            fresh[to] = then
                            fresh_from[to] = at | _LUNCH << 30
                # A fixed lesson is all that can happen at its time.
                first, last = (0, open_rows) if must < 0 else (must, must + 1)
                for row in range(first, last):
                    if length and length + minutes[row] > span:
                        continue
                    bit = bit_of[row]
                    if must < 0 and (
                        (bit >= 0 and mask >> bit & 1)
                        or worth[row, at] <= NEVER / 2
                        or at + slots[row] > next_fixed[at]
                    ):
                        continue
                    work += 1
                    taught = length + minutes[row]
                    held = mask | begun | (1 << bit if must < 0 and bit >= 0 else 0)
                    then = value + worth[row, at]
                    end = at + slots[row]
                    if at >= last_fixed:
                        total = then + terminal[held & (had - 1)]
                        if hungry:
                            total = (
                                total + lunch_at[lunch_after[end]]
                                if lunch_after[end] >= 0
                                else NEVER
                            )
                        if total > best:
                            best = total
                            end_at, end_mask, end_state, end_row = at, mask, state, row
                    came = at | row << 10 | (state + 1) << 18
                    came |= (mask & begun == 0) << 29
                    until = min(next_fixed[end], window - 1)
                    if at + far[row] <= until:
                        to = _touch(
                            fresh,
                            run,
                            stamp,
                            listed,
                            listing,
                            now,
                            masks,
                            runs,
                            at + far[row],
                            held,
                        )
                        rest = then - idle * (SLOT * far[row] - minutes[row])
                        if rest > fresh[to]:
                            fresh[to] = rest
                            fresh_from[to] = came | _LESSON << 30
                    for after in range(end, min(at + far[row] - 1, until) + 1):
                        waited = then - idle * (SLOT * (after - at) - minutes[row])
                        if taught <= span and number[taught] >= 0:
                            to = (
                                _touch(
                                    fresh,
                                    run,
                                    stamp,
                                    listed,
                                    listing,
                                    now,
                                    masks,
                                    runs,
                                    after,
                                    held,
                                )
                                * runs
                                + number[taught]
                            )
                            if waited > run[to]:
                                run[to] = waited
                                run_from[to] = came | _LESSON << 30
                        if hungry and lunch_at[after] > NEVER and after + LUNCH_SLOTS <= until:
                            to = _touch(
                                fresh,
                                run,
                                stamp,
                                listed,
                                listing,
                                now,
                                masks,
                                runs,
                                after + LUNCH_SLOTS,
                                held | had,
                            )
                            eaten = waited + lunch_at[after] - idle * SLOT * LUNCH_SLOTS
                            if eaten > fresh[to]:
                                fresh[to] = eaten
                                fresh_from[to] = came | _LESSON_LUNCH << 30
    room.work[0] += work
    for row in range(rows):
        room.starts[row] = ABSENT
        room.times[row] = 0
    if end_row < 0:
        return best, ABSENT
    # Back along the way that led to the best end.
    lunch = ABSENT
    if lunch_due and end_mask & had == 0:
        lunch = lunch_after[end_at + slots[end_row]]
    at, mask, state = end_at, end_mask, end_state
    room.starts[end_row] = at
    room.times[end_row] = 1
    while True:
        where = at * masks + mask
        came = fresh_from[where] if state < 0 else run_from[where * runs + state]
        kind, before = came >> 30, came & 1023
        if kind == _START:
            if mask & had and lunch_due:
                lunch = lunch_before[at]
            return best, lunch
        state = -1
        if kind == _LUNCH:
            lunch = before
            mask &= ~had
        elif kind != _WAIT:
            row = came >> 10 & 255
            state = (came >> 18 & 2047) - 1
            room.starts[row] = before
            room.times[row] += 1
            if came >> 29 & 1:
                mask &= ~begun
            if row < open_rows and bit_of[row] >= 0:
                mask &= ~(1 << bit_of[row])
            if kind == _LESSON_LUNCH:
                lunch = at - LUNCH_SLOTS
                mask &= ~had
        at = before
