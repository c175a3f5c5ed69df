"""The compiled part of the engine: one child's best day, and the search over days.

Everything here works on arrays, in slots of the grid (slot 0 is midnight), and is compiled by
numba. Where numba is missing the same code runs as plain Python: some hundred times slower, with
the same results (`arrays.COMPILED` tells which).

Points are floats that hold whole thousandths (see `core.soft`); `arrays.NEVER` marks what may not
be. `day` solves a day, `exact` makes one the best beside the rest of a week, `anneal` searches
weeks, `prices` answers the bound.
"""
