"""How many sockets a voter may have at a time, and how much a socket may say. Both per process, both without a wait.

A socket lives in one process, and a voter's sockets nearly always in the same one: counting them across processes
would cost a write per connection to stop what the proxy sees anyway.
"""

from collections import Counter
from typing import Final

FRAMES_PER_S: Final = 5.0
#: What a client may say at once after it was silent.
BURST_FRAMES: Final = 10.0


class Seats:
    """The sockets of each voter."""

    def __init__(self) -> None:
        self._taken: Counter[int] = Counter()

    def take(self, voter_id: int, most: int) -> bool:
        """Take one, if fewer than `most` are taken; 0: as many as one likes. Every seat taken must be left."""
        if most and self._taken[voter_id] >= most:
            return False
        self._taken[voter_id] += 1
        return True

    def leave(self, voter_id: int) -> None:
        """Give one back."""
        self._taken[voter_id] -= 1
        if self._taken[voter_id] <= 0:
            del self._taken[voter_id]


class FrameBudget:
    """A bucket that fills at `FRAMES_PER_S`; times in seconds of a monotonic clock."""

    def __init__(self, now_s: float) -> None:
        self._left, self._at_s = BURST_FRAMES, now_s

    def spend(self, now_s: float) -> bool:
        """Whether one more frame is within the budget."""
        self._left = min(BURST_FRAMES, self._left + (now_s - self._at_s) * FRAMES_PER_S)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
