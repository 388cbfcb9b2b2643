"""Times as counts in buckets that grow by a quarter each: sums of hours stay small and still give quantiles. Pure.

A quantile read from them is off by at most one bucket, a quarter of its value.
"""

from collections.abc import Sequence
from typing import Final

FIRST_S: Final = 0.05
GROWTH: Final = 1.25
#: Upper bounds in seconds, 0.05 to about 235; one more bucket takes what is longer.
BOUNDS_S: Final = tuple(FIRST_S * GROWTH**n for n in range(39))
SIZE: Final = len(BOUNDS_S) + 1


def empty() -> list[int]:
    """No time at all."""
    return [0] * SIZE


def of(seconds: float | None) -> list[int]:
    """One time; None is none."""
    counts = empty()
    if seconds is not None:
        counts[sum(bound < seconds for bound in BOUNDS_S)] = 1
    return counts


def add(first: Sequence[int], second: Sequence[int]) -> list[int]:
    """Both together."""
    return [one + other for one, other in zip(first, second, strict=True)]


def quantile_s(counts: Sequence[int], q: float) -> float | None:
    """The q-quantile (0 < q ≤ 1) in seconds, interpolated inside its bucket; None where nothing was counted.

    What is longer than the last bound is told as that bound.
    """
    wanted = q * sum(counts)
    before = 0
    for number, count in enumerate(counts[: len(BOUNDS_S)]):
        if count and before + count >= wanted:
            lower_s = BOUNDS_S[number - 1] if number else 0.0
            return lower_s + (BOUNDS_S[number] - lower_s) * (wanted - before) / count
        before += count
    return BOUNDS_S[-1] if sum(counts) else None
