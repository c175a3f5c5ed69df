"""Rule 8: rest. Runs of lessons, the breaks that end them, and lunch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from core.commitments import clear_of, merged
from core.plan import Item
from core.problem import ChildDay, Interval, Problem
from core.week import grid

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

LUNCH = 30
LUNCH_WINDOW = (11 * 60 + 30, 13 * 60)
"""First and last minute at which lunch may begin; it is due where the hours begin before the
first and end more than `LUNCH` after the last."""


def with_rest(child_day: ChildDay, starts: Iterable[int], minutes: int) -> tuple[int, ...]:
    """Rule 8: the starts after whose end a break can begin at once.

    A commitment shorter than the break (and not joined to a longer one) neither counts as rest
    nor leaves room for it, so lessons keep a break's distance before it. Wary: the last lesson
    of a day would need none (see `is_wary`).
    """
    rest = child_day.child.break_minutes
    short = _without_rest(child_day)
    return tuple(
        start for start in starts if not any(s - rest < start + minutes <= s for s, _ in short)
    )


def is_wary(child_day: ChildDay) -> bool:
    """Whether `with_rest` may ask for more than rule 8 does on this day, so that nothing that is
    left out there is proven to have no place."""
    return child_day.open and bool(_without_rest(child_day))


def _without_rest(child_day: ChildDay) -> list[Interval]:
    """Commitments that are shorter than a break."""
    rest = child_day.child.break_minutes
    long = [(s, e) for _, (s, e) in child_day.commitments if e - s >= rest]
    return [(s, e) for s, e in child_day.committed if not any(s <= other < e for other, _ in long)]


def lunch_due(child_day: ChildDay) -> bool:
    """Whether this day's hours call for lunch (if it holds a lesson)."""
    hours = child_day.child.hours_on(child_day.date)
    return hours.start < LUNCH_WINDOW[0] and hours.end > LUNCH_WINDOW[1] + LUNCH


def lunch_starts(problem: Problem, child_day: ChildDay) -> tuple[int, ...]:
    """Rule 8: where lunch may begin, on the grid; empty if none is due, if it is kept, or if there
    is no room."""
    if not lunch_due(child_day) or child_day.kept_lunch:
        return ()
    first, last = LUNCH_WINDOW
    starts = (start for start in grid(first, last) if start >= problem.earliest(child_day.day))
    return clear_of(starts, LUNCH, child_day.taken)


def run_lengths(lessons: Sequence[tuple[int, int]], rest: int) -> list[int]:
    """For (start, minutes) of a day's lessons in order, the minutes of its run up to each."""
    lengths: list[int] = []
    end = 0
    for start, minutes in lessons:
        lengths.append(lengths[-1] + minutes if lengths and start < end + rest else minutes)
        end = start + minutes
    return lengths


def runs_fit(lessons: Sequence[tuple[int, int]], span: int, rest: int) -> bool:
    """Rule 8: whether every run of a day's lessons, (start, minutes) in order, is within the span
    or a single lesson."""
    lengths = run_lengths(lessons, rest)
    return all(
        length <= max(span, minutes) for length, (_, minutes) in zip(lengths, lessons, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Session:
    """A lesson of one child's day in the model; a kept one has `present` None."""

    low: int
    high: int
    minutes: int
    start: "cp_model.LinearExprT"
    present: "cp_model.IntVar | None"


def end_runs(model: "cp_model.CpModel", child_day: ChildDay, sessions: list[Session]) -> None:
    """Rule 8: any two lessons of the day are apart by a break, or the run that reaches the later
    one is still within the span.

    `run` is at least the minutes of a lesson's run up to its own end. Two neighbours without a
    break between them pass it on; for others the longer bound follows from those in between.
    """
    span, rest = child_day.child.span, child_day.child.break_minutes
    kept = [
        Session(item.start, item.start, item.end - item.start, item.start, None)
        for item in child_day.kept_lessons
    ]
    if sum(session.minutes for session in (*sessions, *kept)) <= span:
        return
    held = run_lengths([(each.low, each.minutes) for each in kept], rest)
    runs: dict[int, cp_model.IntVar] = {}
    everything = [*kept, *sessions]
    for index, session in enumerate(everything):
        least = held[index] if index < len(kept) else session.minutes
        runs[index] = model.new_int_var(least, max(span, least), "")
    for index, (one, other) in enumerate(pairwise(kept)):
        if other.low < one.low + one.minutes + rest and held[index + 1] <= span:
            model.add(runs[index + 1] >= runs[index] + other.minutes)
    for first, second in combinations(range(len(everything)), 2):
        if second < len(kept):
            continue
        both = [everything[index].present for index in (first, second)]
        ways = [~present for present in both if present is not None]
        for a, b in ((first, second), (second, first)):
            one, other = everything[a], everything[b]
            if one.low + one.minutes + rest <= other.high:
                far = model.new_bool_var("")
                model.add(other.start >= one.start + one.minutes + rest).only_enforce_if(far)
                ways.append(far)
            close = one.low + one.minutes <= other.high
            meet = one.high + one.minutes + rest > other.low
            if close and meet and one.minutes + other.minutes <= span:
                near = model.new_bool_var("")
                model.add(other.start >= one.start + one.minutes).only_enforce_if(near)
                model.add(runs[b] >= runs[a] + other.minutes).only_enforce_if(near)
                ways.append(near)
        model.add_bool_or(ways)


def spare_time(
    model: "cp_model.CpModel", child_day: ChildDay, sessions: list[Session], lunch: tuple[int, ...]
) -> None:
    """What rule 8 implies for every window of the day, said aloud so that the solver sees it.

    The lessons that must lie in a window and the breaks between their runs fit its free minutes;
    only lunch or what stands already may part runs at no cost.
    """
    span, rest = child_day.child.span, child_day.child.break_minutes
    for opening in sorted({session.low for session in sessions}):
        for closing in sorted({session.high + session.minutes for session in sessions}):
            inside = [
                session
                for session in sessions
                if opening <= session.low and session.high + session.minutes <= closing
            ]
            if len(inside) < 2:
                continue
            blocks = merged(
                (max(start, opening), min(end, closing))
                for start, end in child_day.taken
                if start < closing and end > opening
            )
            room = closing - opening - sum(end - start for start, end in blocks)
            parts = len(blocks)
            if lunch and lunch[0] < closing and lunch[-1] + LUNCH > opening:
                parts += 1
                if opening <= lunch[0] and lunch[-1] + LUNCH <= closing:
                    room -= LUNCH
            load = sum(min(session.minutes, span) for session in inside)
            most = max(0, -(-load // span) - 1 - parts)
            minutes = sum(session.minutes for session in inside)
            if minutes + rest * most <= room:
                continue
            breaks = model.new_int_var(0, most, "")
            used = [(each.minutes, each.present) for each in inside if each.present is not None]
            model.add(
                span * (breaks + 1 + parts)
                >= sum(min(length, span) * present for length, present in used)
            )
            model.add(sum(length * present for length, present in used) + rest * breaks <= room)


def breaks(
    child_day: ChildDay, lessons: Sequence[Interval], lunch: int | None
) -> tuple[Interval, ...]:
    """Rule 8: the breaks of a day whose lessons, (start, end) in order, have gaps that end a run
    and hold neither lunch nor a commitment as long as a break; kept breaks not among them."""
    rest = child_day.child.break_minutes
    kept: list[Item] = [item for item in child_day.kept if item not in child_day.kept_lessons]
    found: list[Interval] = []
    for (_, end), (start, _) in pairwise(lessons):
        fills = [s for _, (s, e) in child_day.commitments if e - s >= rest]
        if lunch is not None:
            fills.append(lunch)
        blocked = [
            *((item.start, item.end) for item in kept),
            *(interval for _, interval in child_day.commitments),
        ]
        if start - end >= rest and not any(end <= fill < start for fill in fills):
            found.extend((at, at + rest) for at in clear_of((end,), rest, blocked))
    return tuple(found)
