"""Token buckets: what they let through, and how much they remember."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.limits import Buckets, Rate, neighbourhood

rates = st.builds(Rate, st.integers(1, 20), st.sampled_from([0.1, 0.5, 1.0, 4.0]))
pauses = st.lists(st.floats(0, 30, allow_subnormal=False), max_size=60)


@given(rates, pauses)
def test_no_stretch_of_time_lets_more_through_than_burst_and_rate(
    rate: Rate, pauses: list[float]
) -> None:
    buckets = Buckets(rate)
    now, let_through = 0.0, []
    for pause in pauses:
        now += pause
        if buckets.take("one", now) == 0:
            let_through.append(now)
    for first, since in enumerate(let_through):
        for last, until in enumerate(let_through[first:], first):
            assert last - first + 1 <= rate.burst + (until - since) * rate.per_second + 1e-3


@given(rates, pauses)
def test_whoever_waits_as_long_as_told_is_let_through(rate: Rate, pauses: list[float]) -> None:
    buckets = Buckets(rate)
    now = 0.0
    for pause in pauses:
        now += pause
        wait = buckets.take("one", now)
        assert 0 <= wait <= 1 / rate.per_second + 1e-3
        if wait:
            now += wait
            assert buckets.take("one", now) == 0


@given(rates)
def test_a_burst_is_let_through_and_nobody_pays_for_another(rate: Rate) -> None:
    buckets = Buckets(rate)
    assert [buckets.take("one", 5.0) for _ in range(rate.burst)] == [0.0] * rate.burst
    assert buckets.take("one", 5.0) > 0
    assert buckets.take("other", 5.0) == 0


def test_memory_is_bounded_and_those_who_wait_are_forgotten_last() -> None:
    buckets = Buckets(Rate(burst=1, per_second=1), most=10)
    for number in range(10):
        buckets.take(number, 0.0)
    buckets.take("busy", 5.0)
    assert buckets.take("busy", 5.0) > 0
    for number in range(1000):
        assert buckets.take(("many", number), 5.0) == 0
        assert len(buckets._full_at) <= 10
    # Pushed out by others: the bucket is full again, nobody is shut out.
    assert buckets.take("busy", 5.0) == 0


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::99", "2001:db8:1:2::"),
        ("2001:db8:1:3::99", "2001:db8:1:3::"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_household_is_one_address(host: str, key: str) -> None:
    assert neighbourhood(host) == key
