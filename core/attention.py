"""How much attention the adults of a family have left, minute by minute."""

import numpy as np
from numpy.typing import NDArray

from core.hard import companions
from core.problem import Problem
from core.week import DAY


def attention_left(problem: Problem, day: int) -> NDArray[np.int64]:
    """Per cent of attention, (1440), that all adults together can still give in each minute of a
    day; who goes along with a child is gone, and may be those who had least to give."""
    left = np.full((len(problem.adults), DAY), 100, np.int64)
    for row, adult in enumerate(problem.adults):
        for start, end, load in problem.loads.get((adult, day), ()):
            left[row, start:end] -= load
        for start, end in problem.away[adult, day]:
            left[row, start:end] = 0
    left = np.sort(np.maximum(0, left), axis=0)
    gone = np.zeros(DAY, np.int64)
    if companions(problem, day) is not None:
        for escort in problem.escorts:
            if escort.day == day:
                gone[slice(*escort.interval)] += 1
    stays = np.arange(len(problem.adults)).reshape(-1, 1) >= gone
    total: NDArray[np.int64] = (left * stays).sum(axis=0)
    return total
