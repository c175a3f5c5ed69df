"""Searches for the best week by moves around exact days, with simulated annealing."""

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
from core.kernel.exact import best_day, forget, free_adult, other_starts, put, session_points


@compiled
def value(board: Board, state: State) -> float:
    """The points of a week, with `MISSING` for each unit of weight that is left out; up to a
    constant for what is kept."""
    total = 0.0
    starts, lunches, counts = state.start, state.lunch, state.held
    worth, kept_on, joins, minutes = board.worth, board.kept_on, board.joins, board.minutes
    owned, own, own_member = board.owned, board.own, board.own_member
    for activity in range(starts.shape[0]):
        first, last = board.kept_first[activity], board.kept_last[activity]
        for day in range(DAYS):
            start = starts[activity, day]
            if start < 0:
                continue
            total += worth[activity, day, start]
            first, last = min(first, start), max(last, start)
        if first < last:
            total -= board.same_time * SLOT * (last - first)
        if board.spread[activity]:
            for day in range(1, DAYS):
                if (starts[activity, day] >= 0 or kept_on[activity, day]) and (
                    starts[activity, day - 1] >= 0 or kept_on[activity, day - 1]
                ):
                    total -= board.adjacent
    for member in range(counts.shape[0]):
        lack = board.due[member] - counts[member]
        if lack > 0:
            total -= MISSING * board.weight[member] * lack
        else:
            total -= board.extra[member] * lack
    for child in range(lunches.shape[0]):
        fullest = 0
        for day in range(DAYS):
            held = board.kept_lessons[child, day]
            first, last = board.kept_from[child, day], board.kept_until[child, day]
            taught = board.kept_taught[child, day]
            for place in range(owned[child], owned[child + 1]):
                activity = own[place]
                start = starts[activity, day]
                if start >= 0 and joins[own_member[place], day]:
                    held += 1
                    taught += minutes[activity]
                    first = min(first, SLOT * start)
                    last = max(last, SLOT * start + minutes[activity])
            fullest = max(fullest, held)
            if last >= 0:
                total -= board.idle * (last - first - taught)
                total -= board.crowded * max(0, taught - board.room[child, day])
        total -= board.block * fullest
    for day in range(DAYS):
        eaters = most = 0
        for child in range(lunches.shape[0]):
            if lunches[child, day] >= 0:
                eaters += 1
                same = 0
                for other in range(lunches.shape[0]):
                    same += lunches[other, day] == lunches[child, day]
                most = max(most, same)
        if eaters > 1:
            total += board.together * most
    return float(total)


@compiled
def copy(source: State, target: State) -> None:
    """Makes `target` the same week as `source`."""
    target.start[:] = source.start
    target.adult[:] = source.adult
    target.lunch[:] = source.lunch
    target.load[:] = source.load
    target.held[:] = source.held


@compiled
def _sweep(
    board: Board,
    state: State,
    room: Scratch,
    cells: Ints,
    count: int,
    anchors: Ints,
    banned: Bools,
    noise: float,
) -> None:
    """Makes the best of the first `count` of `cells` (child × 7 + day), one after the other in an
    order of chance."""
    for left in range(count, 1, -1):
        other = below(room.rng, left)
        cells[left - 1], cells[other] = cells[other], cells[left - 1]
    for place in range(count):
        best_day(
            board, state, room, cells[place] // DAYS, cells[place] % DAYS, anchors, banned, noise
        )


@compiled
def _cells(board: Board, child: int, day: int, cells: Ints) -> int:
    """Lists the child-days that can be decided, of one child or day (-1: all); how many."""
    count = 0
    for one in range(board.low.shape[0]):
        for other in range(DAYS):
            if (
                (child < 0 or one == child)
                and (day < 0 or other == day)
                and board.low[one, other] < board.high[one, other]
            ):
                cells[count] = one * DAYS + other
                count += 1
    return count


@compiled
def _start_on(board: Board, room: Scratch, activity: int, day: int) -> int:
    """A start at which the activity may stand on this day; `ABSENT` if there is none."""
    chosen, found = ABSENT, 0
    for start in range(SLOTS):
        if board.worth[activity, day, start] > NEVER / 2:
            found += 1
            if below(room.rng, found) == 0:
                chosen = start
    return chosen


@compiled
def _some_start(board: Board, room: Scratch, activity: int) -> int:
    """A start at which the activity may stand on some day; `ABSENT` if there is none."""
    for _ in range(12):
        start = _start_on(board, room, activity, below(room.rng, DAYS))
        if start != ABSENT:
            return start
    return ABSENT


@compiled
def _clear(board: Board, state: State, child: int, day: int) -> None:
    """Takes a child's own movable lessons of a day out of the week."""
    for place in range(board.owned[child], board.owned[child + 1]):
        activity = board.own[place]
        alone = board.members[activity + 1] - board.members[activity] == 1
        if alone and not board.frozen[activity, day] and state.start[activity, day] >= 0:
            forget(board, state, activity, day)


@compiled
def _place_shared(
    board: Board,
    state: State,
    room: Scratch,
    activity: int,
    day: int,
    start: int,
    quiet: Ints,
    banned: Bools,
) -> bool:
    """Puts a shared lesson at a start and makes the best of its children's day around it; whether
    that is possible."""
    if board.worth[activity, day, start] <= NEVER / 2:
        return False
    if session_points(board, state, activity, day) <= NEVER / 2:
        return False
    for member in range(board.members[activity], board.members[activity + 1]):
        if board.joins[member, day]:
            _clear(board, state, board.member_child[member], day)
    adult, slots = NOBODY, board.slots[activity]
    if board.attention[activity]:
        adult = free_adult(
            board.able, state.load, 100 - board.attention[activity], activity, day, start, slots
        )
        if adult < 0:
            return False
    for member in range(board.members[activity], board.members[activity + 1]):
        child = board.member_child[member]
        if not board.joins[member, day]:
            continue
        for place in range(board.owned[child], board.owned[child + 1]):
            other = board.own[place]
            begins = state.start[other, day]
            if (
                begins >= 0
                and board.joins[board.own_member[place], day]
                and begins < start + slots
                and start < begins + board.slots[other]
            ):
                return False
    put(board, state, activity, day, start, adult)
    for member in range(board.members[activity], board.members[activity + 1]):
        if board.joins[member, day] and not best_day(
            board, state, room, board.member_child[member], day, quiet, banned, 0.0
        ):
            return False
    return True


@compiled
def _move_shared(
    board: Board,
    state: State,
    trial: State,
    choice: State,
    room: Scratch,
    activity: int,
    quiet: Ints,
    banned: Bools,
) -> bool:
    """Tries a shared lesson at several other starts, on one day or on all its days at once, and
    keeps the best of them (it may be worse than before); whether any was possible."""
    whole = below(room.rng, 2) == 0
    held = 0
    for day in range(DAYS):
        held += state.start[activity, day] >= 0 and not board.frozen[activity, day]
    if not held:
        whole = False
    leaving = ABSENT
    if not whole and held:
        pick = below(room.rng, held)
        for day in range(DAYS):
            if state.start[activity, day] >= 0 and not board.frozen[activity, day]:
                if pick == 0:
                    leaving = day
                pick -= 1
    coming = leaving
    if not whole and (leaving == ABSENT or below(room.rng, 10) < 4):
        coming = below(room.rng, DAYS)
        if board.frozen[activity, coming] or (
            state.start[activity, coming] >= 0 and coming != leaving
        ):
            return False
        if coming != leaving and below(room.rng, 2):
            leaving = ABSENT  # one more session instead of another
    found = False
    best = 0.0
    for attempt in range(6):
        copy(state, trial)
        start = _some_start(board, room, activity)
        if start == ABSENT:
            return False
        if attempt == 5:
            # The usual time of its other days.
            first, last = other_starts(board, state, activity, coming if not whole else DAYS)
            if first > last:
                continue
            start = first
        possible = True
        for day in range(DAYS):
            gone = trial.start[activity, day] >= 0 and not board.frozen[activity, day]
            if gone and (whole or day == leaving):
                forget(board, trial, activity, day)
        for day in range(DAYS):
            back = state.start[activity, day] >= 0 and not board.frozen[activity, day]
            if possible and (day == coming if not whole else back):
                possible = _place_shared(board, trial, room, activity, day, start, quiet, banned)
        if possible:
            if leaving >= 0 and leaving != coming:
                for member in range(board.members[activity], board.members[activity + 1]):
                    best_day(
                        board, trial, room, board.member_child[member], leaving, quiet, banned, 0.0
                    )
            points = value(board, trial)
            if not found or points > best:
                found, best = True, points
                copy(trial, choice)
    if found:
        copy(choice, state)
    return found


@compiled
def _lacking(board: Board, state: State, room: Scratch) -> int:
    """An activity of one child that is held less often than is due, by chance; `ABSENT` if there
    is none."""
    chosen, found = ABSENT, 0
    for activity in range(board.minutes.shape[0]):
        member = board.members[activity]
        alone = board.members[activity + 1] - member == 1
        if alone and state.held[member] < board.due[member]:
            found += 1
            if below(room.rng, found) == 0:
                chosen = activity
    return chosen


@compiled
def _make_way(
    board: Board, state: State, activity: int, day: int, start: int, adult: int, cells: Ints
) -> int:
    """Takes out what an adult teaches while a lesson is to be, until there is attention enough;
    lists the child-days that lost something and returns how many, -1 if it cannot be."""
    count, end = 0, start + board.slots[activity]
    for other in range(board.minutes.shape[0]):
        begins = state.start[other, day]
        if (
            state.adult[other, day] != adult
            or begins >= end
            or begins + board.slots[other] <= start
            or board.frozen[other, day]
            or board.members[other + 1] - board.members[other] > 1
        ):
            continue
        if state.load[adult, day, start:end].max() <= 100 - board.attention[activity]:
            break
        forget(board, state, other, day)
        cell = board.member_child[board.members[other]] * DAYS + day
        listed = False
        for place in range(count):
            listed = listed or cells[place] == cell
        if not listed:
            cells[count] = cell
            count += 1
    fits = state.load[adult, day, start:end].max() <= 100 - board.attention[activity]
    return count if fits else -1


@compiled
def _push_in(
    board: Board, state: State, room: Scratch, activity: int, cells: Ints, quiet: Ints, none: Bools
) -> bool:
    """Gives a lesson that is left out a place by taking it from others, who then look for another;
    whether that was possible (if not, the week may be in disorder)."""
    day = below(room.rng, DAYS)
    child = board.member_child[board.members[activity]]
    start = _start_on(board, room, activity, day)
    if (
        start == ABSENT
        or state.start[activity, day] >= 0
        or board.frozen[activity, day]
        or board.low[child, day] >= board.high[child, day]
        or session_points(board, state, activity, day) <= NEVER / 2
    ):
        return False
    _clear(board, state, child, day)
    count, adult = 0, NOBODY
    if board.attention[activity]:
        adults = board.able.shape[0]
        first = below(room.rng, adults)
        for step in range(adults):
            one = (first + step) % adults
            if board.able[one, activity, day, start]:
                adult = one
                break
        if adult == NOBODY:
            return False
        count = _make_way(board, state, activity, day, start, adult, cells)
        if count < 0:
            return False
    end = start + board.slots[activity]
    for place in range(board.owned[child], board.owned[child + 1]):
        other = board.own[place]
        begins = state.start[other, day]
        joins = board.joins[board.own_member[place], day]
        if begins >= 0 and joins and begins < end and start < begins + board.slots[other]:
            return False
    put(board, state, activity, day, start, adult)
    board.frozen[activity, day] = True
    stands = best_day(board, state, room, child, day, quiet, none, 0.0)
    if stands:
        _sweep(board, state, room, cells, count, quiet, none, 0.0)
        others = np.zeros(DAYS, np.int64)
        for place in range(count):
            size = _cells(board, cells[place] // DAYS, -1, others)
            _sweep(board, state, room, others, size, quiet, none, 0.0)
        size = _cells(board, child, -1, others)
        _sweep(board, state, room, others, size, quiet, none, 0.0)
    board.frozen[activity, day] = False
    return stands


@compiled
def search(
    board: Board,
    state: State,
    best: State,
    trial: State,
    choice: State,
    before: State,
    room: Scratch,
    until: int,
    budget: int,
    warmth: float,
) -> None:
    """Improves `state` by moves around exact days, with simulated annealing, and keeps the best
    week seen in `best`; returns once `room.work` reaches `until` (of `budget` in all, by which
    the temperature falls from `warmth`).

    Moves: another usual time for one or two lessons of a child; a lesson kept off a day; another
    start for a shared lesson; a place for a lesson that is left out, taken from others; a day or a
    child put out of order.
    """
    activities = board.minutes.shape[0]
    children = board.low.shape[0]
    quiet = np.full(activities, ABSENT, np.int64)
    anchors = np.full(activities, ABSENT, np.int64)
    nothing = np.zeros((activities, DAYS), np.bool_)
    banned = np.zeros((activities, DAYS), np.bool_)
    cells = np.zeros(children * DAYS, np.int64)
    if _cells(board, -1, -1, cells) == 0:
        room.work[0] = until
        return
    shared = 0
    for activity in range(activities):
        shared += board.members[activity + 1] - board.members[activity] > 1
    now, top = value(board, state), value(board, best)
    while room.work[0] < until:
        room.work[0] += 50
        copy(state, before)
        room.open[0] = min(room.open[1], 4 + below(room.rng, 4))
        move = below(room.rng, 10)
        child = below(room.rng, children)
        if board.owned[child] == board.owned[child + 1]:
            continue
        activity = board.own[
            board.owned[child] + below(room.rng, board.owned[child + 1] - board.owned[child])
        ]
        missing = _lacking(board, state, room) if below(room.rng, 3) == 0 else ABSENT
        if missing != ABSENT:
            if not _push_in(board, state, room, missing, cells, quiet, nothing):
                copy(before, state)
                continue
        elif move < 4:
            anchors[:] = ABSENT
            anchors[activity] = _some_start(board, room, activity)
            if below(room.rng, 10) < 4:
                size = board.owned[child + 1] - board.owned[child]
                other = board.own[board.owned[child] + below(room.rng, size)]
                anchors[other] = _some_start(board, room, other)
            count = _cells(board, child, -1, cells)
            _sweep(board, state, room, cells, count, anchors, nothing, 0.0)
            _sweep(board, state, room, cells, count, quiet, nothing, 0.0)
        elif move < 6:
            banned[:] = False
            day = below(room.rng, DAYS)
            gone = 0
            for place in range(board.owned[child], board.owned[child + 1]):
                one = board.own[place]
                alone = board.members[one + 1] - board.members[one] == 1
                if (
                    alone
                    and not board.frozen[one, day]
                    and state.start[one, day] >= 0
                    and (one == activity or below(room.rng, 4) == 0)
                ):
                    forget(board, state, one, day)
                    banned[one, day] = True
                    gone += 1
            if not gone:
                continue
            count = _cells(board, child, -1, cells)
            _sweep(board, state, room, cells, count, quiet, banned, 0.0)
            _sweep(board, state, room, cells, count, quiet, nothing, 0.0)
        elif move < 8 and shared:
            pick = below(room.rng, shared)
            for one in range(activities):
                if board.members[one + 1] - board.members[one] > 1:
                    if pick == 0:
                        activity = one
                    pick -= 1
            if not _move_shared(board, state, trial, choice, room, activity, quiet, nothing):
                copy(before, state)
                continue
            for member in range(board.members[activity], board.members[activity + 1]):
                count = _cells(board, board.member_child[member], -1, cells)
                _sweep(board, state, room, cells, count, quiet, nothing, 0.0)
        else:
            if below(room.rng, 2):
                count = _cells(board, -1, below(room.rng, DAYS), cells)
            else:
                count = _cells(board, child, -1, cells)
            if below(room.rng, 2):
                for place in range(count):
                    _clear(board, state, cells[place] // DAYS, cells[place] % DAYS)
            _sweep(board, state, room, cells, count, quiet, nothing, 6.0)
            _sweep(board, state, room, cells, count, quiet, nothing, 0.0)
        points = value(board, state)
        if points > top + 0.5:
            top = points
            copy(state, best)
        heat = warmth * max(0.02, 1.0 - room.work[0] / budget)
        chance = below(room.rng, 1_000_000) / 1_000_000
        if points >= now or chance < np.exp((points - now) / heat):
            now = points
        else:
            copy(before, state)
        if now < top - 10 * warmth:
            copy(best, state)
            now = top
