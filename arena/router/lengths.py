"""The lengths that clips of a battle have. Pure.

One limit and one ladder of steps for all: what a prompt is understood to need is what both clips are cut to.
"""

from typing import Final

#: Up to the limit, lengths are whole multiples of the step: (limit, step), in seconds.
STEPS_S: Final = ((10.0, 1.0), (60.0, 5.0), (float("inf"), 15.0))
#: What a vote needs to have heard of each side; a clip that is a little shorter ends in silence.
LEAST_S: Final = 5.0
#: Where nobody wished for a length: systems that choose their own would be known by it. Long enough for a verse and a
#: chorus, short enough to be heard twice.
DEFAULT_S: Final = 30.0
#: Nobody listens longer, twice; and it bounds what a battle costs in storage.
MOST_S: Final = 120.0
_ROUNDING_S: Final = 0.05


def stepped_s(seconds: float) -> float:
    """The longest length of a clip that is not above `seconds`, within the bounds."""
    seconds = min(seconds, MOST_S) + _ROUNDING_S
    step = next(step for limit, step in STEPS_S if seconds <= limit + _ROUNDING_S)
    return max(LEAST_S, seconds // step * step)
