"""Times counted in buckets give back their quantiles, wherever the sums were made."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.systems import buckets

TIMES = st.lists(st.floats(0.0, 200.0), min_size=1, max_size=200)


def counted(times: list[float]) -> list[int]:
    total = buckets.empty()
    for time in times:
        total = buckets.add(total, buckets.of(time))
    return total


@given(TIMES, st.sampled_from([0.5, 0.95]))
def test_a_quantile_is_off_by_at_most_its_bucket(times: list[float], q: float) -> None:
    exact = float(np.quantile(times, q, method="inverted_cdf"))
    told = buckets.quantile_s(counted(times), q)
    assert told is not None
    assert abs(told - exact) <= max(exact * (buckets.GROWTH - 1), buckets.FIRST_S) + 1e-9


@given(TIMES, TIMES)
def test_sums_of_hours_are_the_counts_of_the_day(first: list[float], second: list[float]) -> None:
    assert buckets.add(counted(first), counted(second)) == counted(first + second)


def test_nothing_counted_has_no_quantile() -> None:
    assert buckets.quantile_s(buckets.empty(), 0.5) is None
    assert buckets.of(None) == buckets.empty()


def test_what_is_longer_than_all_bounds_is_told_as_the_last() -> None:
    assert buckets.quantile_s(counted([10_000.0]), 0.5) == pytest.approx(buckets.BOUNDS_S[-1])
    assert buckets.BOUNDS_S[-1] > 180
