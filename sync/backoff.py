"""How long to wait for a server elsewhere that does not do what we ask."""

from datetime import timedelta

SHORTEST = timedelta(seconds=30)
LONGEST = timedelta(hours=1)
SPREAD = 0.5
"""By how much of itself a wait is made longer at most, so that not everybody comes back at once."""


def pause(failing: timedelta, asked: float | None, chance: float) -> timedelta:
    """The wait after `failing` so long: as long again, within bounds, so that waits double; and at
    least the seconds that the server `asked` for. `chance` is from 0 to 1."""
    wait = min(max(failing, SHORTEST), LONGEST) * (1 + SPREAD * chance)
    return max(wait, timedelta(seconds=asked or 0))
