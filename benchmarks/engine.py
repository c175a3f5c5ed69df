"""`make bench-engine`: the engine beside first fit, plain CP-SAT, FET and its bounds, in one run.

Seconds tell of the machine as much as of the engine; the ratios do not. `FAMILIES` and `SIZES` in
the environment make it shorter.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time
from math import inf
from pathlib import Path
from random import Random
from statistics import mean, median, quantiles
from time import perf_counter

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.families import family
from benchmarks.fet import available, fet
from benchmarks.plain import plain
from core.check import check_week
from core.fit import omitted
from core.greedy import greedy
from core.hard import candidates
from core.plan import Item, ItemType, Lesson, Plan, WeekRequest
from core.problem import Problem, problem_of
from core.promises import keep_promises
from core.soft import points
from core.solve import plan_week
from core.timetable import items_of, moves
from db.document import parse_document, to_request

SIZES = tuple(int(size) for size in os.environ.get("SIZES", "1,2,4,6,8").split(","))
FAMILIES = int(os.environ.get("FAMILIES", "10"))
GAPS = {1: (0.02, 0.1), 2: (0.05, 1.0), 4: (0.05, 3.0), 6: (0.05, 10.0), 8: (0.05, 10.0)}
"""Children: the gap that is aimed at, and the seconds that are given for it."""

OVERFULL_SECONDS = 5.0
TRIES = 24
CONSOLE = Console(width=110)
PROGRESS = Console(stderr=True)


def request_of(children: int, seed: int, *, full: bool = False) -> WeekRequest:
    return to_request(parse_document(family(children, seed, full=full)))


def stopwatch(seconds: float) -> Callable[[], float]:
    """Seconds left of `seconds`, from now on."""
    began = perf_counter()
    return lambda: began + seconds - perf_counter()


def sound(plan: Plan) -> Plan:
    """The plan; stops the benchmark if a hard rule is broken."""
    if broken := check_week(plan):
        raise SystemExit(f"a week breaks a rule: {broken[0]}")
    return plan


def p90(values: list[float]) -> float:
    return quantiles(values, n=10)[-1] if len(values) > 1 else values[0]


def beside(pairs: list[tuple[float, float]]) -> str:
    """Scores beside a reference's: the ratio of their sums (one family whose reference scores near
    nothing would rule a mean of ratios), the least and the greatest ratio where the reference is
    above nothing, and how many pairs there are."""
    ratios = [ours / theirs for ours, theirs in pairs if theirs > 0]
    if not ratios:
        return "–"
    total = sum(ours for ours, _ in pairs) / sum(theirs for _, theirs in pairs)
    return f"{total:.2f} ({min(ratios):.2f} to {max(ratios):.2f}, {len(pairs)})"


@dataclass(frozen=True, slots=True)
class Kept:
    """One family's first phase: seconds, what first fit and the engine leave out, the bound."""

    seconds: float
    first: int
    weight: int
    bound: int


def kept(request: WeekRequest, seconds: float) -> Kept:
    left = stopwatch(seconds)
    began = perf_counter()
    problem = problem_of(request)
    places = candidates(problem)
    promise = keep_promises(problem, places, work=1.0, seed=0, seconds_left=left)
    took = perf_counter() - began
    first = omitted(problem, items_of(problem, greedy(problem, places)))
    weight = omitted(problem, items_of(problem, promise.timetable))
    return Kept(took, first, weight, min(weight, promise.bound))


def omissions(*, full: bool) -> Table:
    """Omissions: how fast they are proven minimal, and how often."""
    title = "Over-full weeks" if full else "Normal weeks"
    table = Table(
        "children",
        "median s",
        "p90 s",
        "proven",
        "all placed: engine",
        "first fit",
        "FET",
        "bound ÷ weight, unproven",
        title=f"{title}: omissions ({FAMILIES} families a size)",
    )
    for size in SIZES:
        found = [
            kept(request_of(size, seed, full=full), OVERFULL_SECONDS)
            for seed in each(f"omissions, {size} children", range(FAMILIES))
        ]
        open_weeks = [each.bound / each.weight for each in found if each.bound < each.weight]
        table.add_row(
            str(size),
            f"{median(each.seconds for each in found):.3f}",
            f"{p90([each.seconds for each in found]):.3f}",
            f"{sum(each.bound == each.weight for each in found)} of {FAMILIES}",
            str(sum(each.weight == 0 for each in found)),
            str(sum(each.first == 0 for each in found)),
            placed_by_fet(size, full=full),
            f"{mean(open_weeks):.2f}" if open_weeks else "–",
        )
    return table


def placed_by_fet(size: int, *, full: bool) -> str:
    """In how many weeks FET places everything (it knows no omissions)."""
    if not available():
        return "not installed"
    placed = 0
    for seed in range(FAMILIES):
        problem = problem_of(request_of(size, seed, full=full))
        placed += fet(problem, OVERFULL_SECONDS) is not None
    return str(placed)


def each(description: str, values: Iterable[int]) -> Iterator[int]:
    return iter(track(tuple(values), description=description, console=PROGRESS))


def soft_scores() -> Table:
    """The soft score beside the references, in the same time."""
    table = Table(
        "children",
        "÷ first fit",
        "÷ plain CP-SAT",
        "below it",
        "CP-SAT leaves out more",
        "stated gap",
        "seconds",
        title="Soft score at equal omissions; plain CP-SAT has the engine's time and both cores",
    )
    for size in SIZES:
        over_first, over_plain, gaps, seconds, worse = [], [], [], [], 0
        for seed in each(f"soft score, {size} children", range(FAMILIES)):
            request = request_of(size, seed)
            began = perf_counter()
            plan = sound(plan_week(request, seconds_left=stopwatch(10.0)))
            seconds.append(perf_counter() - began)
            gaps.append((plan.bound - plan.objective) / abs(plan.objective))
            problem = problem_of(request)
            first = items_of(problem, greedy(problem, candidates(problem)))
            if omitted(problem, first) == plan.omission_weight:
                over_first.append((plan.objective * 1000, points(problem, first)))
            reference = items_of(problem, plain(problem, seconds[-1]))
            if omitted(problem, reference) == plan.omission_weight:
                over_plain.append((plan.objective * 1000, points(problem, reference)))
            else:
                worse += 1
        table.add_row(
            str(size),
            beside(over_first),
            beside(over_plain),
            str(sum(ours < theirs for ours, theirs in over_plain)),
            f"{worse} of {FAMILIES}",
            f"{median(gaps):.1%} (to {max(gaps):.1%})",
            f"{median(seconds):.1f}",
        )
    return table


def stated_gaps() -> Table:
    """How small the gap is that a week states after a given time."""
    table = Table(
        "children", "seconds", "median gap", "largest", "within the aim", title="Stated gap in time"
    )
    for size in SIZES:
        aim, seconds = GAPS[size]
        gaps = []
        for seed in each(f"gap, {size} children", range(FAMILIES)):
            plan = sound(plan_week(request_of(size, seed), seconds_left=stopwatch(seconds)))
            gaps.append((plan.bound - plan.objective) / abs(plan.objective))
        table.add_row(
            str(size),
            f"{seconds}",
            f"{median(gaps):.1%}",
            f"{max(gaps):.1%}",
            f"{sum(gap <= aim for gap in gaps)} of {FAMILIES} (≤ {aim:.0%})",
        )
    return table


def replanning() -> Table:
    """Fewest moves after one change: a lesson put elsewhere by hand, or two lessons missed."""
    table = Table(
        "children",
        "median s",
        "max s",
        "moves, mean",
        "proven",
        title=f"Re-planning with the fewest moves ({TRIES} tries a size)",
    )
    for size in SIZES:
        seconds, moved, proven = [], [], 0
        for number in each(f"re-planning, {size} children", range(TRIES)):
            request = request_of(size, number % 6)
            problem = problem_of(request)
            promise = keep_promises(
                problem, candidates(problem), work=1.0, seed=0, seconds_left=lambda: inf
            )
            changed = disturbed(request, problem, items_of(problem, promise.timetable), number)
            began = perf_counter()
            again = problem_of(changed)
            found = keep_promises(
                again, candidates(again), work=1.0, seed=0, seconds_left=lambda: inf
            )
            seconds.append(perf_counter() - began)
            moved.append(len(moves(again, found.timetable)))
            proven += found.proven
        table.add_row(
            str(size),
            f"{median(seconds):.3f}",
            f"{max(seconds):.3f}",
            f"{mean(moved):.1f}",
            f"{proven} of {TRIES}",
        )
    return table


def disturbed(
    request: WeekRequest, problem: Problem, items: tuple[Item, ...], number: int
) -> WeekRequest:
    """The week with one change: by turns a lesson pinned to another start, and two missed."""
    pick = Random(number)  # noqa: S311 - a benchmark, no secrets
    lessons = [item for item in items if item.type is ItemType.SUBJECT]
    if number % 2:
        wednesday = problem.dates[2]
        today = [item for item in lessons if item.date == wednesday]
        missed = pick.sample(today, min(2, len(today)))
        return replace(
            request,
            previous=items,
            now=datetime.combine(wednesday, time(20)),
            missed=tuple(
                Lesson(item.child_id, item.subject_id or 0, item.date, item.start)
                for item in missed
            ),
        )
    chosen = pick.choice(lessons)
    places = candidates(problem)
    starts = next(
        places[activity.id, day].starts
        for activity in problem.activities
        for day, on in enumerate(problem.dates)
        if on == chosen.date
        and any(member.key == (chosen.child_id, chosen.subject_id) for member in activity.members)
    )
    pin = Lesson(chosen.child_id, chosen.subject_id or 0, chosen.date, pick.choice(starts))
    return replace(request, previous=items, pins=(pin,))


def most_memory() -> int:
    """The most memory that this process has had, in MB. (`getrusage` of a process that a larger one
    has started counts that one's too.)"""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) // 1024


def memory() -> Table:
    """The most memory that a process needs that plans one week, start and libraries included."""
    table = Table("children", "MB", title="Memory of a process that plans one week")
    for size in SIZES:
        found = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "benchmarks.engine", "memory", str(size)],
            capture_output=True,
            text=True,
            check=True,
        )
        table.add_row(str(size), found.stdout.strip())
    return table


def main() -> None:
    """Runs the benchmark and prints its tables; with `memory N` only one week and its memory."""
    if sys.argv[1:2] == ["memory"]:
        plan_week(request_of(int(sys.argv[2]), 0), seconds_left=stopwatch(10.0))
        print(most_memory())
        return
    plan_week(request_of(1, 0))
    CONSOLE.print(omissions(full=False))
    CONSOLE.print(omissions(full=True))
    CONSOLE.print(soft_scores())
    CONSOLE.print(stated_gaps())
    CONSOLE.print(replanning())
    CONSOLE.print(memory())


if __name__ == "__main__":
    main()
