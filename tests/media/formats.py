"""One piece of music as six systems would send it: rate, channels, depth, loudness, delay, tags, codec."""

from typing import Any, Final

import numpy as np
import soxr
from numpy.typing import NDArray

from tests.media.sounds import RATE_HZ, as_file

CANARY: Final = b"zqxcanary"
NAMES: Final = ("wav", "flac", "mp3", "vorbis", "float", "pcm24")


def _tagged(data: bytes) -> bytes:
    """An ID3v2 tag with a name before an MP3."""
    text = b"\x00" + CANARY
    frame = b"TPE1" + len(text).to_bytes(4, "big") + b"\0\0" + text
    return b"ID3\x03\0\0" + bytes([0, 0, len(frame) >> 7, len(frame) & 127]) + frame + data


def _at(music: NDArray[Any], rate_hz: int) -> NDArray[np.float32]:
    return np.asarray(soxr.resample(music, RATE_HZ, rate_hz), dtype=np.float32)


def sent(name: str, music: NDArray[np.float32]) -> bytes:
    """The file that this system makes of 48 kHz stereo music with peaks at 1."""
    mono = music.mean(axis=1, keepdims=True)
    delay = np.zeros((12_000, 2), dtype=np.float32)
    match name:
        case "wav":
            return as_file(0.9 * music)
        case "flac":
            return as_file(0.1 * _at(music, 44_100), 44_100, kind="FLAC")
        case "mp3":
            return _tagged(as_file(0.6 * _at(music, 44_100), 44_100, kind="MP3"))
        case "vorbis":
            return as_file(0.4 * _at(mono, 32_000), 32_000, kind="OGG", subtype="VORBIS")
        case "float":
            return as_file(np.concatenate([delay, 0.5 * music]), subtype="FLOAT")
        case "pcm24":
            return as_file(0.02 * _at(music, 24_000), 24_000, subtype="PCM_24")
    raise ValueError(name)
