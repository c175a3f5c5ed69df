"""`python -m core.warm`: compiles the kernel ahead of its first use, and says if it cannot be."""

from datetime import date

from core.family import Adult, Child, Family, Frequency, Hours, Involvement, Subject
from core.kernel.arrays import COMPILED
from core.plan import WeekRequest
from core.solve import plan_week

SUBJECT = Subject(1, "Mathematics", True, 30, Frequency.DAILY, Involvement.FULL, 3)
CHILD = Child(1, "Emma", 9, Hours(540, 840), 60, (SUBJECT,))


def main() -> None:
    """Plans the smallest week that goes through all of the kernel."""
    if not COMPILED:
        print("numba is not to be had here: planning works, and takes longer.")
        return
    plan_week(WeekRequest(Family("UTC", (Adult(1, "Sarah"),), (CHILD,)), date(2026, 1, 5)))


if __name__ == "__main__":
    main()
