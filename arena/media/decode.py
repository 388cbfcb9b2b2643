"""Decodes foreign bytes in a child process that can hurt nobody. Framework-free; the errors are in `errors`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from arena.media import errors
from arena.media.audio import RATE_HZ, Samples
from arena.media.errors import NotAudio, TooExpensive

#: The child's own limit is on time of the processor; this one ends a child that waits.
WALL_S: Final = 90.0
_CHANNELS: Final = 2
_FRAME_BYTES: Final = _CHANNELS * np.dtype(np.float32).itemsize
ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAM: Final = ("-m", "arena.media.decoder")
#: Of the parent's environment the child gets its PATH alone.
ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Decoded:
    """Music as 48 kHz stereo float32 in a file. `facts`: about the original.

    `lead_s` comes before the music, `clip_s` of music is in the file, `music_s` is what the system gave.
    """

    path: Path
    lead_s: float
    clip_s: float
    music_s: float
    facts: dict[str, Any]

    def samples(self, duration_s: float) -> Samples:
        """The first seconds of the music; shape (frames, 2)."""
        lead, frames = round(self.lead_s * RATE_HZ), round(duration_s * RATE_HZ)
        samples = np.fromfile(self.path, dtype=np.float32, count=_CHANNELS * frames, offset=lead * _FRAME_BYTES)
        return samples.reshape(-1, _CHANNELS)


@contextmanager
def decoded(blocks: Iterable[bytes]) -> Iterator[Decoded]:
    """Decode a file that comes in blocks. What was decoded goes when the context ends.

    Raises:
        ClipError: see `errors`.
    """
    with TemporaryDirectory(prefix="arena-clip-") as folder:
        source, target = Path(folder) / "source", Path(folder) / "target"
        with source.open("wb") as file:
            file.writelines(blocks)
        facts = _run_child(source, target)
        source.unlink()
        yield Decoded(target, facts["lead_s"], facts.pop("clip_s"), facts.pop("music_s"), facts)


def _run_child(source: Path, target: Path) -> dict[str, Any]:
    # No shell, no secrets in its environment, and nothing of the parent open in it.
    command = [sys.executable, *PROGRAM, str(source), str(target)]
    environment = ENVIRONMENT | {"PATH": os.environ.get("PATH", "")}
    try:
        done = subprocess.run(  # noqa: S603 - the program is our own
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=WALL_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TooExpensive("the decoder did not end") from error
    if done.returncode < 0:
        raise TooExpensive(f"the decoder was ended by signal {-done.returncode}")
    try:
        said: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        # A library that prints and ends, or one that ran out of memory in the middle.
        raise (TooExpensive if b"MemoryError" in done.stderr else NotAudio)("the decoder gave up") from error
    if "error" in said:
        raise errors.BY_NAME[said["error"]](said["error"])
    return said
