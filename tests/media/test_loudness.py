"""The loudness of a clip is that of the reference implementation, which holds all of it at once."""

import math

import numpy as np
import pytest

from arena.media.loudness import integrated_lufs
from tests.media.sounds import RATE_HZ, melody


def _with_a_pause():
    music = melody(14, seed=5, level=0.8)
    music[4 * RATE_HZ : 9 * RATE_HZ] *= 0.001
    return music


#: Longer than what is looked at at once; not a whole number of blocks; with parts that each gate leaves out.
CLIPS = {
    "music": lambda: melody(11.34, seed=1),
    "quiet": lambda: melody(6, seed=2, level=0.002),
    "one channel": lambda: melody(6, seed=3) * np.array([0, 1], dtype=np.float32),
    "pause": _with_a_pause,
    "one block": lambda: melody(1, seed=4)[: RATE_HZ * 4 // 10],
}


@pytest.mark.parametrize("name", CLIPS)
def test_it_agrees_with_the_reference(name):
    # It imports much of scipy: only where it is asked, not in every process that collects.
    import pyloudnorm

    samples = CLIPS[name]()
    expected = pyloudnorm.Meter(RATE_HZ).integrated_loudness(samples)
    assert integrated_lufs(samples, RATE_HZ) == pytest.approx(expected, abs=0.005)


def test_what_passes_no_gate_has_none():
    assert integrated_lufs(np.zeros((RATE_HZ, 2), dtype=np.float32), RATE_HZ) == -math.inf
    assert integrated_lufs(melody(2, level=0.000_01), RATE_HZ) == -math.inf
