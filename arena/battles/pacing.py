"""How much of each answer the visitor may see in the next frame. Pure.

Inter-token rhythm identifies language models, so the visitor must see one rhythm, not two: both columns start in the
same frame, advance by the same number of characters (as fast as the slower system allows, smoothed over about a
second), and end in the same frame: a shorter answer keeps a short tail back, which it shows ever more slowly until
the other one is as far. Nothing but the length of the texts tells the sides apart.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from arena.battles.states import Side

#: A backlog is spread over this many frames, which hides the rhythm in which it arrived.
SMOOTHING_FRAMES: Final = 8
#: The last characters of an answer wait for the other side's last characters ...
TAIL_CHARS: Final = 120
#: ... and until then a frame shows this part of them.
TAIL_FRAMES: Final = 10


@dataclass(frozen=True, slots=True)
class Progress:
    """One side, in characters. `finished`: the backend is done, `available` will not grow."""

    available: int
    released: int
    finished: bool

    @property
    def rest(self) -> int:
        """Characters that are there and not shown yet."""
        return self.available - self.released


def release(sides: Mapping[Side, Progress], quota: int) -> dict[Side, int]:
    """Characters to show of each side in this frame.

    Args:
        sides: where each side stands.
        quota: the most characters that one side may advance in one frame, at least 1.

    Returns:
        A number for each side, 0 ≤ number ≤ min(rest, quota).
    """
    if any(side.available == 0 and not side.finished for side in sides.values()):
        return dict.fromkeys(sides, 0)
    if all(side.finished and side.rest <= TAIL_CHARS for side in sides.values()):
        frames_left = max(1, *(-(-side.rest // quota) for side in sides.values()))
        return {name: side.rest // frames_left for name, side in sides.items()}
    return _one_pace(sides, quota)


def _one_pace(sides: Mapping[Side, Progress], quota: int) -> dict[Side, int]:
    writing = [side for side in sides.values() if not side.finished]
    step = min([quota, *(-(-side.rest // SMOOTHING_FRAMES) for side in writing)])
    # A side that began again (a retry) catches up while the other one waits for it.
    target = min((side.released for side in writing), default=0) + step
    numbers = {}
    for name, side in sides.items():
        if side.finished:
            first = int(side.released == 0 and side.rest > 1)
            numbers[name] = min(step, max(side.rest - TAIL_CHARS, side.rest // TAIL_FRAMES, first))
        else:
            numbers[name] = max(0, min(target - side.released, side.rest, quota))
    return numbers


def next_frame_at(last: float, now: float, frame_s: float) -> float:
    """The first moment after `now` on a battle's own beat, whose last frame was due at `last`.

    What was missed is left out, and the beat stays: battles that a pause of the process held up would otherwise all go
    on at one moment, in step for ever.
    """
    return last + frame_s * max(1, math.floor((now - last) / frame_s) + 1)
