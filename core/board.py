"""A problem as the arrays that the compiled search reads, and its weeks as timetables."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from core.commitments import clear_of
from core.hard import (
    Candidates,
    goes_along,
    limit,
    omission_weight,
    required,
    with_adult,
)
from core.kernel.arrays import ABSENT, DAYS, NEVER, NOBODY, SLOTS, Board, State
from core.problem import ChildDay, Interval, Problem
from core.rest import LUNCH, lunch_starts
from core.soft import (
    CROWDED,
    IDLE,
    LUNCH_TOGETHER,
    adjacent_price,
    block_price,
    extra_points,
    is_spread,
    lesson_points,
    room,
    same_time_price,
)
from core.timetable import Placement, Timetable
from core.week import GRID


def board_of(
    problem: Problem,
    places: Candidates,
    escorts: Mapping[int, int],
    standing: Iterable[tuple[int, int]] = (),
) -> Board:
    """The arrays of `problem`, over `places`, with `escorts` (adult id by index) settled.

    `standing` names lessons, (activity id, day), that stay exactly as they are. So does every
    lesson of a day of which something is kept, and of an activity whose members may part.
    """
    activities, children = problem.activities, problem.request.family.children
    numbers = {child.id: number for number, child in enumerate(children)}
    members = [
        (activity, index, member)
        for activity in activities
        for index, member in enumerate(activity.members)
    ]
    first_member = np.cumsum([0, *(len(activity.members) for activity in activities)])
    frozen = np.zeros((len(activities), DAYS), np.bool_)
    for number, day in standing:
        frozen[number, day] = True
    left_alone = {key for key, day in problem.child_days.items() if _is_left_alone(day)}
    parted = np.zeros(len(activities), np.bool_)
    for activity in activities:
        parted[activity.id] = not goes_along(problem, activity, places)
        for day in range(DAYS):
            frozen[activity.id, day] |= parted[activity.id] or any(
                (member.child.id, day) in left_alone for member in activity.members
            )
    worth = np.full((len(activities), DAYS, SLOTS), NEVER)
    away: dict[tuple[int, int], list[Interval]] = defaultdict(list)
    for index, adult in escorts.items():
        away[adult, problem.escorts[index].day].append(problem.escorts[index].interval)
    able = np.zeros((len(problem.adults), len(activities), DAYS, SLOTS), np.bool_)
    joins = np.zeros((len(members), DAYS), np.bool_)
    low = np.full((len(children), DAYS), SLOTS, np.int64)
    high = np.zeros((len(children), DAYS), np.int64)
    for (number, day), place in places.items():
        activity = activities[number]
        starts = np.array(place.starts, np.int64)
        worth[number, day, starts // GRID] = sum(
            lesson_points(problem, activity, activity.members[index], day, starts)
            for index in place.members
        )
        for index in place.members:
            joins[first_member[number] + index, day] = True
            child = numbers[activity.members[index].child.id]
            low[child, day] = min(low[child, day], starts[0] // GRID)
            end = -(-(starts[-1] + activity.minutes) // GRID)
            high[child, day] = max(high[child, day], end)
        if activity.attention:
            for row, adult in enumerate(problem.adults):
                taught = with_adult(problem, activity, day, adult, place.starts)
                free = clear_of(taught, activity.minutes, away[adult, day])
                able[row, number, day, np.array(free, np.int64) // GRID] = True
    lunch = np.zeros((len(children), DAYS, SLOTS), np.bool_)
    kept_from = np.full((len(children), DAYS), SLOTS * GRID, np.int64)
    kept_until = np.full((len(children), DAYS), -1, np.int64)
    kept_taught = np.zeros((len(children), DAYS), np.int64)
    kept_lunches = np.zeros(DAYS, np.int64)
    for (child_id, day), child_day in problem.child_days.items():
        child = numbers[child_id]
        if low[child, day] < high[child, day]:
            for item in child_day.kept_lessons:
                kept_from[child, day] = min(kept_from[child, day], item.start)
                kept_until[child, day] = max(kept_until[child, day], item.end)
                kept_taught[child, day] += item.end - item.start
        if (child_id, day) in left_alone or low[child, day] >= high[child, day]:
            if child_day.kept_lunch or lunch_starts(problem, child_day):
                kept_lunches[day] += 1
            low[child, day], high[child, day] = SLOTS, 0
            continue
        starts = np.array(lunch_starts(problem, child_day), np.int64) // GRID
        if len(starts):
            lunch[child, day, starts] = True
            low[child, day] = min(low[child, day], starts[0])
            high[child, day] = max(high[child, day], starts[-1] + LUNCH // GRID)
        high[child, day] = min(SLOTS, high[child, day] + 1)
    owned = [
        [
            (number, activity.id)
            for number, (activity, _, member) in enumerate(members)
            if member.child.id == child.id
        ]
        for child in children
    ]
    kept_first = np.full(len(activities), SLOTS, np.int64)
    kept_last = np.full(len(activities), -1, np.int64)
    kept_on = np.zeros((len(activities), DAYS), np.bool_)
    for activity, _, member in members:
        for day in range(DAYS):
            for item in problem.child_days[member.child.id, day].kept_lessons:
                if item.subject_id == member.subject.id:
                    slot = item.start // GRID
                    kept_first[activity.id] = min(kept_first[activity.id], slot)
                    kept_last[activity.id] = max(kept_last[activity.id], slot)
                    kept_on[activity.id, day] = True
    minutes = np.array([activity.minutes for activity in activities], np.int64)
    held = [len(problem.kept_days(member)) for _, _, member in members]
    return Board(
        worth=worth,
        able=able,
        frozen=frozen,
        parted=parted,
        minutes=minutes,
        slots=-(-minutes // GRID),
        attention=_ints(activity.attention for activity in activities),
        spread=np.array([is_spread(activity) for activity in activities], np.bool_),
        members=first_member.astype(np.int64),
        member_child=_ints(numbers[member.child.id] for _, _, member in members),
        joins=joins,
        due=_ints(
            max(0, required(problem, member) - kept)
            for (_, _, member), kept in zip(members, held, strict=True)
        ),
        most=_ints(
            max(0, limit(problem, member) - kept)
            for (_, _, member), kept in zip(members, held, strict=True)
        ),
        weight=_ints(omission_weight(member.subject) for _, _, member in members),
        extra=_ints(extra_points(member.subject) for _, _, member in members),
        owned=np.cumsum([0, *map(len, owned)]).astype(np.int64),
        own=_ints(activity for own in owned for _, activity in own),
        own_member=_ints(number for own in owned for number, _ in own),
        # A span longer than all lessons of a day together tells no runs apart.
        span=_ints(
            min(child.span, sum(activities[number].minutes for _, number in own))
            for child, own in zip(children, owned, strict=True)
        ),
        far=np.array(
            [-(-(minutes + child.break_minutes) // GRID) for child in children], np.int64
        ).reshape(len(children), len(activities)),
        lunch=lunch,
        low=low,
        high=high,
        room=np.array(
            [
                [room(problem, problem.child_days[child.id, day]) for day in range(DAYS)]
                for child in children
            ],
            np.int64,
        ).reshape(len(children), DAYS),
        kept_first=kept_first,
        kept_last=kept_last,
        kept_on=kept_on,
        kept_from=kept_from,
        kept_until=kept_until,
        kept_taught=kept_taught,
        kept_lunches=kept_lunches,
        kept_lessons=np.array(
            [
                [len(problem.child_days[child.id, day].kept_lessons) for day in range(DAYS)]
                for child in children
            ],
            np.int64,
        ).reshape(len(children), DAYS),
        same_time=float(same_time_price(problem)),
        adjacent=float(adjacent_price(problem)),
        block=float(block_price(problem)),
        idle=float(IDLE),
        crowded=float(CROWDED),
        together=float(LUNCH_TOGETHER),
    )


def _ints(numbers: Iterable[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.fromiter(numbers, np.int64)


def _is_left_alone(child_day: ChildDay) -> bool:
    """Days that hold something kept, whose runs the day program does not know; and those of a
    child who rests longer than lunch lasts, so that lunch would not end a run."""
    return bool(child_day.kept) or child_day.child.break_minutes > LUNCH


def state_of(problem: Problem, board: Board, timetable: Timetable) -> State:
    """A timetable as the search knows it."""
    adults = {adult: row for row, adult in enumerate(problem.adults)}
    state = blank(board)
    for (adult, day), loads in problem.loads.items():
        for start, end, share in loads:
            state.load[adults[adult], day, start // GRID : -(-end // GRID)] += share
    taught = set()
    for (number, day), placement in timetable.lessons.items():
        activity = problem.activities[number]
        slot = placement.start // GRID
        state.start[number, day] = slot
        if placement.adult_id is not None:
            row = state.adult[number, day] = adults[placement.adult_id]
            state.load[row, day, slot : slot + board.slots[number]] += activity.attention
        for index in placement.members:
            state.held[board.members[number] + index] += 1
            taught.add((activity.members[index].child.id, day))
    for row, child in enumerate(problem.request.family.children):
        for day in range(DAYS):
            kept = problem.child_days[child.id, day].kept_lunch
            lunch = kept.start if kept else timetable.lunches.get((child.id, day))
            if lunch is not None and (kept or (child.id, day) in taught):
                state.lunch[row, day] = lunch // GRID
    return state


def blank(board: Board) -> State:
    """A week without lessons."""
    children, activities = board.low.shape[0], board.minutes.shape[0]
    return State(
        start=np.full((activities, DAYS), ABSENT, np.int64),
        adult=np.full((activities, DAYS), NOBODY, np.int64),
        lunch=np.full((children, DAYS), ABSENT, np.int64),
        load=np.zeros((board.able.shape[0], DAYS, SLOTS), np.int64),
        held=np.zeros(board.due.shape[0], np.int64),
    )


def timetable_of(
    problem: Problem, places: Candidates, board: Board, state: State, before: Timetable
) -> Timetable:
    """The week of a search that began with `before`."""
    lessons = {}
    for number, day in zip(*np.nonzero(state.start >= 0), strict=True):
        key = int(number), int(day)
        if board.frozen[key]:
            lessons[key] = before.lessons[key]
            continue
        adult = int(state.adult[key])
        lessons[key] = Placement(
            start=GRID * int(state.start[key]),
            adult_id=problem.adults[adult] if adult >= 0 else None,
            members=places[key].members,
        )
    lunches = dict(before.lunches)
    for row, child in enumerate(problem.request.family.children):
        for day in range(DAYS):
            if board.low[row, day] < board.high[row, day] and state.lunch[row, day] >= 0:
                lunches[child.id, day] = GRID * int(state.lunch[row, day])
    return Timetable(lessons, lunches, before.escorts)
