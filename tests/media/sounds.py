"""Music for tests, and files of it in many formats."""

import io
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 48_000


def melody(seconds: float, *, seed: int = 0, level: float = 0.3, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    """A melody of decaying notes over a quiet chord; shape (frames, 2)."""
    rng = np.random.default_rng(seed)
    frames = round(seconds * rate_hz)
    at = np.arange(frames) / rate_hz
    music = 0.1 * sum(np.sin(2 * np.pi * f * at) for f in 110 * 2 ** (rng.choice(24, 3) / 12))[:, None].repeat(2, 1)
    length = rate_hz // 2
    shape = np.exp(-np.arange(length) / (0.15 * rate_hz))
    for start in range(0, frames - length, rate_hz // 4):
        note = np.sin(2 * np.pi * 220 * 2 ** (rng.integers(0, 24) / 12) * np.arange(length) / rate_hz) * shape
        music[start : start + length] += note[:, None] * rng.uniform(0.3, 1, 2)
    return (level * music / np.abs(music).max()).astype(np.float32)


def as_file(samples: NDArray[Any], rate_hz: int = RATE_HZ, kind: str = "WAV", **options: Any) -> bytes:
    """The samples as a file of this format of libsndfile."""
    target = io.BytesIO()
    with soundfile.SoundFile(target, "w", rate_hz, samples.shape[1], format=kind, **options) as file:
        for start in range(0, len(samples), 65_536):
            file.write(samples[start : start + 65_536])
    return target.getvalue()
