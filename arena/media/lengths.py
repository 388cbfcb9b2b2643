"""How long both clips of a battle are. Pure.

Both are cut to the shorter one, and that to a step: the length of a battle must not say which system gave the shorter
clip, and files of one length have one size.
"""

from collections.abc import Sequence

from arena.router.lengths import DEFAULT_S, stepped_s


def common_length_s(lengths_s: Sequence[float], wished_s: float | None = None) -> float:
    """Seconds that both clips get: the wish, or the shortest clip, rounded down to the step of its range."""
    return stepped_s(min(*lengths_s, wished_s or DEFAULT_S))
