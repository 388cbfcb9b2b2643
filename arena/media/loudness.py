"""Integrated, gated loudness of ITU-R BS.1770-4, some seconds at a time. Pure.

The filters are pyloudnorm's. Its own measure holds the clip five times over, which for the longest clips is more than
all the rest of their preparation.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: Blocks of 0.4 s begin 0.1 s apart.
_HOPS_PER_S: Final = 10
_HOPS_OF_A_BLOCK: Final = 4
_HOPS_AT_ONCE: Final = 50
_OFFSET_LU: Final = -0.691
_ABSOLUTE_GATE_LUFS: Final = -70.0
#: Ten units below the loudness of what passes the absolute gate.
_RELATIVE_GATE: Final = 0.1


def integrated_lufs(samples: NDArray[np.float32], rate_hz: int) -> float:
    """Loudness of two channels, shape (frames, 2); minus infinity where nothing passes the gate. At least 0.4 s."""
    frames = rate_hz // _HOPS_PER_S
    blocks = np.convolve(_hop_energies(samples, frames, rate_hz), np.ones(_HOPS_OF_A_BLOCK), "valid")
    energies = blocks / (_HOPS_OF_A_BLOCK * frames)
    loud = energies[energies > 10 ** ((_ABSOLUTE_GATE_LUFS - _OFFSET_LU) / 10)]
    if not len(loud):
        return -math.inf
    return _OFFSET_LU + 10 * math.log10(loud[loud > _RELATIVE_GATE * loud.mean()].mean())


def _hop_energies(samples: NDArray[np.float32], frames: int, rate_hz: int) -> NDArray[np.float64]:
    """Of every whole hop of so many frames, the sum of squares of both weighted channels."""
    # It imports all of scipy.signal, a second that every worker's start would take and few of them ever need.
    from scipy.signal import sosfilt  # noqa: PLC0415

    sections = _weighting(rate_hz)
    state = np.zeros((len(sections), 2, 2))
    whole = samples[: len(samples) // frames * frames]
    energies = []
    for start in range(0, len(whole), _HOPS_AT_ONCE * frames):
        weighted, state = sosfilt(sections, whole[start : start + _HOPS_AT_ONCE * frames], axis=0, zi=state)
        energies.append(np.square(weighted).reshape(-1, 2 * frames).sum(axis=1))
    return np.concatenate(energies)


def _weighting(rate_hz: int) -> NDArray[Any]:
    """The two filters of K-weighting as second-order sections, shape (2, 6)."""
    from pyloudnorm.iirfilter import IIRfilter  # noqa: PLC0415 - as above

    shelf = IIRfilter(4.0, 1 / math.sqrt(2), 1500.0, rate_hz, "high_shelf")
    high_pass = IIRfilter(0.0, 0.5, 38.0, rate_hz, "high_pass")
    return np.array([[*one.b, *one.a] for one in (shelf, high_pass)])
