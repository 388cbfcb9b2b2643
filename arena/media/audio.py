"""One profile for every clip: 48 kHz stereo, one loudness, one codec at one rate. Pure: arrays in, bytes out.

Loudness and gating are those of ITU-R BS.1770-4 (see `loudness`); the true peak is read at four times the rate, as its
annex 2 asks. Arrays are float32 of shape (frames, 2), full scale at 1. Whatever needs more room than a clip itself
works on some seconds of it at a time: the longest clips are two minutes.
"""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from arena.media import lame
from arena.media.errors import Silent, Unlevelled
from arena.media.loudness import integrated_lufs

Samples: TypeAlias = NDArray[np.float32]

RATE_HZ: Final = 48_000
LOUDNESS_LUFS: Final = -16.0
TOLERANCE_LU: Final = 0.5
TRUE_PEAK_DBTP: Final = -1.0
MEDIA_TYPE: Final = "audio/mpeg"
BITRATE_KBPS: Final = 192
PEAKS: Final = 400
FADE_IN_S: Final = 0.005
FADE_OUT_S: Final = 1.5

_OVERSAMPLING: Final = 4
_BLOCK: Final = 5 * RATE_HZ
_MARGIN: Final = RATE_HZ // 50
_LOOK_AHEAD: Final = RATE_HZ // 200
_LIMITER_REACH: Final = 4 * _LOOK_AHEAD
_NEAR_LU: Final = 0.1
_MOST_STEP_DB: Final = 12.0
_ROUNDS: Final = 8
#: What the codec takes away from most music, and how far it lifts peaks; measured and corrected where it is more.
_CODEC_LOSS_DB: Final = 0.3
_CODEC_LIFT_DB: Final = 0.4
_CODINGS: Final = 4


@dataclass(frozen=True, slots=True)
class Profiled:
    """A clip as it is heard. native_lufs: how loud the same music was as it came."""

    data: bytes
    duration_s: float
    peaks: tuple[int, ...]
    loudness_lufs: float
    true_peak_dbtp: float
    native_lufs: float


def loudness_lufs(samples: Samples) -> float:
    """Integrated, gated loudness; minus infinity where nothing passes the gate. At least 0.4 s."""
    return integrated_lufs(samples, RATE_HZ)


def true_peak_dbtp(samples: Samples) -> float:
    """The highest peak between the samples, too."""
    highest = max((float(one.max(initial=0.0)) for one in _peak_blocks(samples)), default=0.0)
    return 20 * math.log10(highest) if highest > 0 else -math.inf


def _windows(frames: int, margin: int) -> Iterator[tuple[slice, slice, slice]]:
    """Block by block: its frames, the same with up to `margin` more on either side, and its place among these."""
    for start in range(0, frames, _BLOCK):
        stop, before = min(start + _BLOCK, frames), min(start, margin)
        yield slice(start, stop), slice(start - before, stop + margin), slice(before, before + stop - start)


def _peak_blocks(samples: Samples) -> Iterator[NDArray[np.float32]]:
    """Per frame, the highest magnitude of both channels from this frame to the next, block by block."""
    for here, around, inside in _windows(len(samples), _MARGIN):
        dense = np.abs(soxr.resample(samples[around], RATE_HZ, RATE_HZ * _OVERSAMPLING, "HQ"))
        highest = dense[inside.start * _OVERSAMPLING : inside.stop * _OVERSAMPLING].reshape(-1)
        # By neighbours, as two channels times the oversampling are a power of two: numpy needs eight times as long for
        # the maxima of so many short rows.
        while len(highest) > here.stop - here.start:
            highest = np.maximum(highest[::2], highest[1::2])
        yield highest


def cut(samples: Samples, duration_s: float) -> Samples:
    """Exactly `duration_s` seconds from the start, with a short fade in and a longer one out. A copy."""
    frames = round(duration_s * RATE_HZ)
    whole = np.zeros((frames, 2), dtype=np.float32)
    # A resampler may be a frame short.
    whole[: len(samples)] = samples[:frames]
    fade_in, fade_out = round(FADE_IN_S * RATE_HZ), min(round(FADE_OUT_S * RATE_HZ), len(whole) // 4)
    whole[:fade_in] *= np.linspace(0, 1, fade_in, dtype=np.float32)[:, None]
    whole[len(whole) - fade_out :] *= np.cos(np.linspace(0, np.pi / 2, fade_out, dtype=np.float32))[:, None]
    return whole


def levelled(samples: Samples, measured_lufs: float, target_lufs: float, ceiling_dbtp: float) -> Samples:
    """The same music, of a loudness that was measured, at another with no peak over the ceiling.

    Raises:
        Silent: nothing to level.
        Unlevelled: the limiter would have to take away more than it leaves.
    """
    if not math.isfinite(measured_lufs):
        raise Silent("nothing passes the gate")
    gain_db = target_lufs - measured_lufs
    if true_peak_dbtp(samples) + gain_db <= ceiling_dbtp:
        return samples * np.float32(_linear(gain_db))
    return _limited(samples, target_lufs, ceiling_dbtp, gain_db)


def _limited(samples: Samples, target_lufs: float, ceiling_dbtp: float, gain_db: float) -> Samples:
    """Search, by secants, the gain with which the limited music has the common loudness."""
    peaks = np.concatenate(list(_peak_blocks(samples)))
    limited = np.empty_like(samples)
    tried: list[tuple[float, float]] = []
    for _round in range(_ROUNDS):
        gain = np.float32(_linear(gain_db))
        for here, around, inside in _windows(len(samples), _LIMITER_REACH):
            allowed = _limiter(peaks[around] * gain, ceiling_dbtp)[inside]
            np.multiply(samples[here], (gain * allowed)[:, None], out=limited[here])
        missing = target_lufs - loudness_lufs(limited)
        if abs(missing) < _NEAR_LU:
            return limited
        tried.append((gain_db, missing))
        gain_db += min(missing * _slope(tried), _MOST_STEP_DB)
    raise Unlevelled(f"{missing:.1f} LU are missing")


def _slope(tried: list[tuple[float, float]]) -> float:
    """Decibels of gain for one unit of loudness: one at first; more, the more the limiter takes away."""
    if len(tried) == 1:
        return 1.0
    (gain, missing), (later_gain, later_missing) = tried[-2:]
    won = missing - later_missing
    return min(max((later_gain - gain) / won, 1.0), 10.0) if abs(won) > 1e-6 else 10.0


def _limiter(peaks: NDArray[np.float32], ceiling_dbtp: float) -> NDArray[np.float32]:
    """The gain of every frame: never above what its peak allows, and never changing faster than the look-ahead.

    It depends on the peaks of `_LIMITER_REACH` frames before and behind.
    """
    from scipy.ndimage import minimum_filter1d, uniform_filter1d  # noqa: PLC0415 - see `loudness`

    ceiling = _linear(ceiling_dbtp)
    allowed = np.minimum(1.0, ceiling / np.maximum(peaks, ceiling)).astype(np.float32)
    width = 2 * _LOOK_AHEAD + 1
    smooth: NDArray[np.float32] = uniform_filter1d(minimum_filter1d(allowed, 2 * width + 1), width)
    return smooth


def _linear(decibels: float) -> float:
    return float(10 ** (decibels / 20))


def waveform(samples: Samples, number: int = PEAKS) -> tuple[int, ...]:
    """At most `number` heights from 0 to 100, the highest being 100: the shape of the music, not its level.

    The energy of both channels together: one channel twice looks like two that differ.
    """
    edges = np.linspace(0, len(samples), min(number, len(samples)) + 1).astype(int)
    parts = np.split(samples, edges[1:-1])
    heights = np.sqrt([np.square(part).sum(dtype=np.float64) / len(part) for part in parts])
    highest = float(heights.max()) or 1.0
    return tuple(int(height) for height in np.round(100 * heights / highest))


def encoded(samples: Samples) -> bytes:
    """MP3 at a constant rate: clips of one length have one number of bytes, in frames that look alike."""
    return lame.encoded(samples, RATE_HZ, BITRATE_KBPS)


def decoded(data: bytes) -> Samples:
    """An encoded clip of ours, as a player hears it."""
    samples, _rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    return np.asarray(samples, dtype=np.float32)


def profiled(samples: Samples, duration_s: float) -> Profiled:
    """Bring decoded audio to the profile. What is promised of level and peak is measured on the encoded clip.

    It takes some three times the memory of the clip, and lets go of `samples` at once.

    Raises:
        Silent, Unlevelled: see `levelled`.
    """
    music = cut(samples, duration_s)
    del samples
    native_lufs = loudness_lufs(music)
    target_lufs, ceiling_dbtp = LOUDNESS_LUFS + _CODEC_LOSS_DB, TRUE_PEAK_DBTP - _CODEC_LIFT_DB
    for _coding in range(_CODINGS):
        level = levelled(music, native_lufs, target_lufs, ceiling_dbtp)
        data, heights = encoded(level), waveform(level)
        del level
        heard = decoded(data)
        loudness, peak = loudness_lufs(heard), true_peak_dbtp(heard)
        del heard
        missing = LOUDNESS_LUFS - loudness
        if peak <= TRUE_PEAK_DBTP and abs(missing) <= TOLERANCE_LU - _NEAR_LU:
            return Profiled(data, len(music) / RATE_HZ, heights, loudness, peak, native_lufs)
        target_lufs += missing
        ceiling_dbtp -= max(0.0, peak - TRUE_PEAK_DBTP + _NEAR_LU)
    raise Unlevelled("the codec undoes it again and again")
