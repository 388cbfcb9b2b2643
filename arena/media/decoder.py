"""The program of the child process that decodes one file: `python -m arena.media.decoder SOURCE TARGET`.

It limits itself before it reads a byte, knows no network protocol (libsndfile has none), and writes the first seconds
of the music to TARGET as 48 kHz stereo float32. On standard output: one JSON object, facts about the file or the name
of an error of `arena.media.errors`. Django, the settings and the environment stay with the parent.
"""

import json
import math
import os
import resource
import sys
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import soundfile
import soxr

from arena.media.containers import is_cut_short
from arena.media.errors import ClipError, ClipTruncated, NotAudio, NotFinite, Silent, TooLong, TooShort

CPU_S: Final = 30
MEMORY_BYTES: Final = 1_000_000_000
MAX_CLIP_S: Final = 180
MAX_MUSIC_S: Final = 600
#: Who was asked for five seconds may be a little short of them.
MIN_MUSIC_S: Final = 4.0
RATE_HZ: Final = 48_000
MIN_RATE_HZ: Final = 8_000
MAX_RATE_HZ: Final = 192_000
MAX_CHANNELS: Final = 8
#: A clip with no sample above this is an empty room.
QUIET: Final = 0.001
#: What lies below this part of the clip's own peak before the music begins is the delay of an encoder, or the patience
#: of a system. A part, because what is quiet depends on how loud a system makes its music.
LEAD_BELOW: Final = 0.01
MAX_LEAD_S: Final = 5.0

_FRAME_BYTES: Final = 8
_MAX_CLIP_FRAMES: Final = MAX_CLIP_S * RATE_HZ
_BLOCK_FRAMES: Final = 65_536
_EDGE_BYTES: Final = 70_000
#: A decibel apart: where each was passed first is remembered until the peak is known.
_STEPS: Final = np.geomspace(QUIET * LEAD_BELOW, 1.0, 101)


def limit_this_process() -> None:
    """Less time, memory, files and output than could hurt anybody."""
    for kind, most in (
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, _MAX_CLIP_FRAMES * _FRAME_BYTES),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    os.nice(5)


def decode(source: Path, target: BinaryIO) -> dict[str, Any]:
    """Decode a file into `target`; returns facts about it.

    Raises:
        ClipError: see `arena.media.errors`.
    """
    _require_whole(source)
    try:
        with _Forward(source) as file:
            return _Decoding(file, target).run()
    except ClipError:
        raise
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError) as error:
        raise NotAudio(type(error).__name__) from error


def _require_whole(source: Path) -> None:
    size = source.stat().st_size
    with source.open("rb") as file:
        head = file.read(_EDGE_BYTES)
        file.seek(max(0, size - _EDGE_BYTES))
        tail = file.read()
    if is_cut_short(head, tail, size):
        raise ClipTruncated("the file is shorter than it says")


class _Forward(soundfile.SoundFile):  # type: ignore[misc] # comes without types
    """A file that is read from its start to its end.

    In a seekable file soundfile seeks, after every block, to where it is already; an MP3 decoder begins anew there and
    gives a frame of silence.
    """

    def seekable(self) -> bool:
        """See `soundfile.SoundFile`."""
        return False


class _Decoding:
    """One file on its way to samples of the profile."""

    def __init__(self, file: Any, target: BinaryIO) -> None:
        if not (MIN_RATE_HZ <= file.samplerate <= MAX_RATE_HZ and 1 <= file.channels <= MAX_CHANNELS):
            raise NotAudio("rate or channels out of range")
        self._file, self._target = file, target
        self._resampler = soxr.ResampleStream(file.samplerate, RATE_HZ, 2, dtype="float32", quality="HQ")
        self._frames = self._written = 0
        self._peak = 0.0
        self._passed: list[int] = []

    def run(self) -> dict[str, Any]:
        """Read to the end, write the beginning."""
        declared = self._file.frames
        for block in self._music():
            if self._written < _MAX_CLIP_FRAMES:
                self._write(self._resampler.resample_chunk(block))
        if self._peak > 0 and self._written < _MAX_CLIP_FRAMES:
            self._write(self._flushed())
        if self._frames < 0.98 * declared and declared < MAX_MUSIC_S * self._file.samplerate:
            raise ClipTruncated("fewer frames than declared")
        if self._peak <= QUIET:
            raise Silent("no sample above the noise of an empty room")
        lead_s = self._lead_s()
        music_s = self._frames / self._file.samplerate - lead_s
        if music_s < MIN_MUSIC_S:
            raise TooShort(f"{music_s:.1f} s")
        return {
            "format": self._file.format,
            "subtype": self._file.subtype,
            "sample_rate_hz": self._file.samplerate,
            "channels": self._file.channels,
            "peak": round(self._peak, 4),
            "lead_s": round(lead_s, 6),
            "music_s": round(music_s, 3),
            "clip_s": self._written / RATE_HZ - lead_s,
        }

    def _music(self) -> Iterator[Any]:
        """Blocks of two channels."""
        while len(block := self._file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
            # Of few channels, by channels: of so short rows numpy takes the maxima one by one.
            heights = reduce(np.maximum, np.abs(block).T)
            highest = float(heights.max())
            if not math.isfinite(highest):
                raise NotFinite("samples that are no numbers")
            self._note_steps(heights)
            self._frames += len(block)
            if self._frames > MAX_MUSIC_S * self._file.samplerate:
                raise TooLong(f"over {MAX_MUSIC_S} s")
            self._peak = max(self._peak, highest)
            yield _stereo(block)

    def _note_steps(self, heights: Any) -> None:
        """Remember the frames in which this block passes steps that no earlier frame has passed."""
        ahead = _STEPS[len(self._passed) :]
        so_far = np.maximum.accumulate(heights)
        passed = np.searchsorted(so_far, ahead[ahead < so_far[-1]], side="right")
        self._passed += (self._frames + passed).tolist()

    def _lead_s(self) -> float:
        """Seconds before the music begins."""
        step = int(np.searchsorted(_STEPS, self._peak * LEAD_BELOW, side="right")) - 1
        return min(self._passed[step] / float(self._file.samplerate), MAX_LEAD_S)

    def _flushed(self) -> Any:
        return self._resampler.resample_chunk(np.zeros((0, 2), dtype=np.float32), last=True)

    def _write(self, samples: Any) -> None:
        kept = samples[: _MAX_CLIP_FRAMES - self._written]
        self._target.write(kept.tobytes())
        self._written += len(kept)


def _stereo(block: Any) -> Any:
    """Two channels: one twice, or the even and the odd ones of many mixed."""
    if block.shape[1] <= 2:
        return np.ascontiguousarray(np.broadcast_to(block, (len(block), 2)), dtype=np.float32)
    return np.ascontiguousarray(np.stack([block[:, side::2].mean(axis=1) for side in (0, 1)], axis=1))


def main(source: str, target: str) -> int:
    """Decode, and say what came of it."""
    limit_this_process()
    try:
        with Path(target).open("wb") as file:
            said = decode(Path(source), file)
    except ClipError as error:
        said = {"error": type(error).__name__}
    except MemoryError:
        said = {"error": "TooExpensive"}
    sys.stdout.write(json.dumps(said))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
