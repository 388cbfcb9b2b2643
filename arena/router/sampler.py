"""Drawing two systems from a pool, with the exact probability of what was drawn. Pure.

With weights w over the pool, the unordered pair {i, j} has the probability

    P{i, j} = w_i · w_j / Σ_{a<b} w_a · w_b

and each side order of a pair has the probability 1/2. Both are computed in exact rational arithmetic and rounded once,
when they become floats. The draw itself uses integers only: one uniform integer below 2 · Σ_{a<b} w_a · w_b (weights
scaled to integers) names an ordered pair (i, j), which stands for {i, j}; a second one below 2 decides the sides.

A new system is drawn more often, so that its rating settles sooner: its weight is multiplied by

    boost(d) = 1 + (b - 1) · max(0, 1 - d / n)

with d the number of draws it has had, b ≥ 1 the policy's `new_system_boost` and n its `new_system_battles`: the full
boost at first, falling in a straight line to none after n draws.

SamplerError
├── PoolTooSmall        fewer than two systems
└── WeightInvalid       a weight is missing, not finite, or outside of [1e-6, 1e6]
"""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import Final, Protocol

MIN_WEIGHT: Final = 1e-6
MAX_WEIGHT: Final = 1e6
SIDE_PROPENSITY: Final = Fraction(1, 2)


class SamplerError(Exception):
    """Base of the sampler's errors."""


class PoolTooSmall(SamplerError):
    """Two systems are needed for a pair."""


class WeightInvalid(SamplerError):
    """A weight is missing, not finite, or so small or large that a propensity could round to 0."""


class Rng(Protocol):
    """A source of uniform integers."""

    def below(self, n: int) -> int:
        """A uniform integer of 0 … n - 1."""
        ...


class SeededRng:
    """SHA-256 in counter mode over a 63-bit seed.

    Not `random.Random`: its `randrange` may change with Python, and a stored draw must be repeatable for ever, in any
    language. Block k is SHA-256(seed as 8 bytes big-endian ‖ k as 8 bytes big-endian). `below(n)` reads as many
    blocks as n - 1 needs bits, keeps that number of leading bits, and takes new blocks until the value is below n.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed.to_bytes(8, "big")
        self._blocks = count()

    def _bits(self, n_bits: int) -> int:
        n_blocks = -(-n_bits // 256)
        data = b"".join(
            hashlib.sha256(self._seed + next(self._blocks).to_bytes(8, "big")).digest() for _ in range(n_blocks)
        )
        return int.from_bytes(data, "big") >> (256 * n_blocks - n_bits)

    def below(self, n: int) -> int:
        """A uniform integer of 0 … n - 1; without bias, by rejection."""
        n_bits = max(1, (n - 1).bit_length())
        while True:
            value = self._bits(n_bits)
            if value < n:
                return value


@dataclass(frozen=True, slots=True)
class Draw:
    """Two systems and the probability with which they were drawn.

    `pair_propensity`: of the unordered pair; `side_propensity`: of this side order given the pair. Both in (0, 1].
    """

    left: int
    right: int
    pair_propensity: float
    side_propensity: float


def boost(draws: int, factor: float, until_draws: int) -> float:
    """What a system's weight is multiplied by after `draws` draws; 1 ≤ result ≤ `factor`."""
    if until_draws <= 0 or draws >= until_draws:
        return 1.0
    return 1.0 + (factor - 1.0) * (1.0 - draws / until_draws)


def _integer_weights(pool: Iterable[int], weights: Mapping[int, float]) -> dict[int, int]:
    """The pool in ascending order, its weights scaled to integers of the same ratios."""
    exact: dict[int, tuple[int, int]] = {}
    for system in sorted(set(pool)):
        weight = weights.get(system, math.nan)
        if not (math.isfinite(weight) and MIN_WEIGHT <= weight <= MAX_WEIGHT):
            raise WeightInvalid(f"system {system} has the weight {weight}")
        exact[system] = weight.as_integer_ratio()
    if len(exact) < 2:
        raise PoolTooSmall(f"{len(exact)} in the pool")
    scale = math.lcm(*(denominator for _numerator, denominator in exact.values()))
    return {system: numerator * (scale // denominator) for system, (numerator, denominator) in exact.items()}


def _twice_pairs_total(scaled: Mapping[int, int]) -> int:
    """Σ over ordered pairs of w_i · w_j, in O(systems)."""
    total = sum(scaled.values())
    return sum(weight * (total - weight) for weight in scaled.values())


def pair_probability(pool: Iterable[int], weights: Mapping[int, float], one: int, other: int) -> Fraction:
    """The exact probability of the unordered pair {one, other}.

    Raises:
        SamplerError: see the module.
    """
    scaled = _integer_weights(pool, weights)
    return Fraction(2 * scaled[one] * scaled[other], _twice_pairs_total(scaled))


def _ordered_pair(scaled: Mapping[int, int], ticket: int) -> tuple[int, int]:
    """The ordered pair that owns a ticket: i owns w_i · (total - w_i) of them, each j of it w_i · w_j."""
    total = sum(scaled.values())
    for first, weight in scaled.items():
        if ticket < weight * (total - weight):
            rest = ticket // weight
            for second, other in scaled.items():
                if second == first:
                    continue
                if rest < other:
                    return first, second
                rest -= other
        ticket -= weight * (total - weight)
    raise AssertionError("a ticket beyond the last pair")


def draw(pool: Iterable[int], weights: Mapping[int, float], rng: Rng) -> Draw:
    """Draw a pair and its side order.

    Args:
        pool: ids of the eligible systems, at least two; their order does not matter.
        weights: positive weight of each of them, in [1e-6, 1e6].
        rng: source of uniform integers. Same pool, weights and seed: same draw.

    Raises:
        SamplerError: see the module.
    """
    scaled = _integer_weights(pool, weights)
    pairs_twice = _twice_pairs_total(scaled)
    pair = sorted(_ordered_pair(scaled, rng.below(pairs_twice)))
    swapped = rng.below(2)
    left, right = pair[swapped], pair[1 - swapped]
    return Draw(
        left=left,
        right=right,
        pair_propensity=float(Fraction(2 * scaled[left] * scaled[right], pairs_twice)),
        side_propensity=float(SIDE_PROPENSITY),
    )
