"""Waits for a server that does not do what we ask."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from sync.backoff import LONGEST, SHORTEST, SPREAD, pause

LENGTHS = st.timedeltas(timedelta(0), timedelta(days=3))


@given(LENGTHS, st.none() | st.floats(0, 10_000), st.floats(0, 1))
def test_it_is_bounded_and_never_shorter_than_asked(
    failing: timedelta, asked: float | None, chance: float
) -> None:
    wait = pause(failing, asked, chance)
    assert wait >= SHORTEST
    assert wait >= timedelta(seconds=asked or 0)
    assert wait <= max(LONGEST * (1 + SPREAD), timedelta(seconds=asked or 0))


@given(st.floats(0, 1))
def test_waits_double(chance: float) -> None:
    failing, waits = timedelta(0), []
    for _ in range(12):
        waits.append(pause(failing, None, chance))
        failing += waits[-1]
    assert waits[0] == SHORTEST * (1 + SPREAD * chance)
    assert waits == sorted(waits)
    # A day of trouble is asked about some thirty times, not some thousand.
    assert sum(waits, timedelta()) > timedelta(hours=4)
