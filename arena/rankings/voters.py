"""Voters of known strengths, for simulations. Pure.

Between strengths r in rating points, the left system is expected with p = 1 / (1 + 10^((r_right - r_left) / 400)). A
voter calls the battle even with probability e = 2 τ p (1 - p), with τ in [0, 1]; otherwise left wins with p - e/2 and
right with 1 - p - e/2. As with Davidson's ties (1970, doi:10.1080/01621459.1970.10481082), evenness fades as the
difference grows. Unlike with his, a win plus half an even is p exactly, so the board, which counts half wins,
estimates the very strengths that went in. A share of the even votes says that both are bad.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from arena.votes.outcome import Outcome

#: Standard deviation of strengths that nobody gave, in points.
SPREAD: Final = 120.0
MEAN: Final = 1000.0


class UnknownSystem(Exception):
    """A strength is given for a system that is not there."""


@dataclass(frozen=True, slots=True)
class Judge:
    """How one voter decides. evenness: τ above. both_bad: share of the even votes."""

    evenness: float = 0.6
    both_bad: float = 0.35

    def chances(self, left: float, right: float) -> dict[Outcome, float]:
        """The probability of each outcome between strengths in points."""
        p = 1.0 / (1.0 + 10.0 ** ((right - left) / 400.0))
        even = 2.0 * self.evenness * p * (1.0 - p)
        return {
            Outcome.LEFT: p - even / 2,
            Outcome.RIGHT: 1.0 - p - even / 2,
            Outcome.TIE: even * (1.0 - self.both_bad),
            Outcome.BOTH_BAD: even * self.both_bad,
        }

    def decide(self, left: float, right: float, rng: random.Random) -> Outcome:
        """One vote."""
        chances = self.chances(left, right)
        return rng.choices(list(chances), weights=list(chances.values()))[0]


def judges(number: int, seed: int) -> list[Judge]:
    """Voters who agree on the strengths and differ in how readily they call a battle even, or both bad."""
    rng = random.Random(f"judges {seed}")
    return [Judge(rng.uniform(0.3, 0.9), rng.uniform(0.1, 0.6)) for _judge in range(number)]


def strengths_of(names: Iterable[str], seed: int, given: Mapping[str, float]) -> dict[str, float]:
    """The strength of every name in points, mean 1000: as given, else drawn from the seed and the name.

    Raises:
        UnknownSystem: a strength is given for a name that is not there.
    """
    drawn = {name: MEAN + random.Random(f"{seed} {name}").gauss(0.0, SPREAD) for name in sorted(names)}
    if unknown := sorted(set(given) - set(drawn)):
        raise UnknownSystem(f"no such system: {', '.join(unknown)}")
    wished = drawn | dict(given)
    shift = MEAN - sum(wished.values()) / len(wished) if wished else 0.0
    return {name: strength + shift for name, strength in wished.items()}
