"""How long both clips of a battle are. Pure.

Both are cut to the shorter one, and that to a step: the length of a battle must not say which system gave the shorter
clip, and files of one length have one size.
"""

from collections.abc import Sequence
from typing import Final

#: Up to the limit, lengths are whole multiples of the step: (limit, step), in seconds.
STEPS_S: Final = ((10.0, 1.0), (60.0, 5.0), (float("inf"), 15.0))
#: What a vote needs to have heard of each side; a clip that is a little shorter ends in silence.
LEAST_S: Final = 5.0
#: Where nobody wished for a length: systems that choose their own would be known by it.
DEFAULT_S: Final = 30.0
#: Nobody listens longer, twice; and it bounds what a battle costs in storage.
MOST_S: Final = 120.0
_ROUNDING_S: Final = 0.05


def common_length_s(lengths_s: Sequence[float], wished_s: float | None = None) -> float:
    """Seconds that both clips get: the wish, or the shortest clip, rounded down to the step of its range."""
    shortest = min(*lengths_s, MOST_S, wished_s or DEFAULT_S) + _ROUNDING_S
    step = next(step for limit, step in STEPS_S if shortest <= limit + _ROUNDING_S)
    return max(LEAST_S, shortest // step * step)
