"""How often somebody may come: token buckets, in the memory of one process."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, and `per_second` in the long run."""

    burst: int
    per_second: float


@dataclass(slots=True)
class Buckets:
    """A bucket for each key. Of at most `most` the one that was made first is forgotten first, and
    whoever it was for has a full one again: memory is bounded, and nobody is shut out by others.
    """

    rate: Rate
    most: int = 10_000
    _full_at: dict[Hashable, float] = field(default_factory=dict)

    def take(self, key: Hashable, now: float) -> float:
        """Takes a token and gives 0, or leaves the bucket and gives the seconds until there is one.
        `now` in seconds of a clock that never goes back."""
        interval = 1 / self.rate.per_second
        full_at = max(self._full_at.get(key, now), now) + interval
        wait = full_at - now - self.rate.burst * interval
        # A float's last digit must not cost anybody a token.
        if wait > 1e-6:
            return wait
        self._full_at[key] = full_at
        if len(self._full_at) > self.most:
            self._tidy(now)
        return 0.0

    def _tidy(self, now: float) -> None:
        for key in [key for key, full_at in self._full_at.items() if full_at <= now]:
            del self._full_at[key]
        while len(self._full_at) > self.most:
            del self._full_at[next(iter(self._full_at))]


def neighbourhood(host: str) -> str:
    """What a client's address is limited by: an IPv6 household may use any of its /64."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64))
