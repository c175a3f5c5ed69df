"""`make bench`: the planned week beside a first-fit plan of the same families, in one run.

Prints, for each size of family, how much better the week scores than the first fit does, how wide
the stated gap is, and how many times as long as the first fit it takes. Absolute times are not
printed: they tell of the machine.
"""

from statistics import mean
from time import perf_counter

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.families import family
from core.check import check_week
from core.fit import omitted
from core.greedy import greedy
from core.hard import candidates
from core.problem import problem_of
from core.soft import points
from core.solve import plan_week
from core.timetable import items_of
from db.document import parse_document, to_request

SIZES = (1, 2, 4)
FAMILIES = 3


def main() -> None:
    """Runs the benchmark and prints its table."""
    table = Table("children", "score ÷ first fit", "gap", "left out", "time ÷ first fit")
    console = Console()
    for size in track(SIZES, description="planning", console=Console(stderr=True)):
        ratios, gaps, costs, left = [], [], [], 0
        for seed in range(FAMILIES):
            request = to_request(parse_document(family(size, seed)))
            began = perf_counter()
            problem = problem_of(request)
            first = items_of(problem, greedy(problem, candidates(problem)))
            middle = perf_counter()
            plan = plan_week(request)
            end = perf_counter()
            if check_week(plan):
                raise SystemExit(f"the week of family {size}:{seed} breaks a rule")
            reference = points(problem, first) / 1000
            if omitted(problem, first) == plan.omission_weight:
                ratios.append(plan.objective / reference)
            gaps.append((plan.bound - plan.objective) / abs(plan.bound))
            costs.append((end - middle) / (middle - began))
            left += plan.omission_weight > 0
        table.add_row(
            str(size),
            f"{mean(ratios):.2f}" if ratios else "first fit leaves more out",
            f"{mean(gaps):.0%}",
            f"{left} of {FAMILIES}",
            f"{mean(costs):.0f}",
        )
    console.print(table)


if __name__ == "__main__":
    main()
