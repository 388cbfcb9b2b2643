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
from arena.media.audio import Samples
from arena.media.errors import NotAudio, TooExpensive

#: The child's own limit is on time of the processor; this one ends a child that waits.
WALL_S: Final = 90.0
ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAM: Final = ("-m", "arena.media.decoder")
#: Of the parent's environment the child gets its PATH alone.
ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Decoded:
    """Music as 48 kHz stereo float32 in a file. `facts`: about the original.

    `clip_s` is what the file holds, `music_s` what the system gave.
    """

    path: Path
    clip_s: float
    music_s: float
    facts: dict[str, Any]

    def samples(self, duration_s: float) -> Samples:
        """The first seconds; shape (frames, 2)."""
        flat = np.fromfile(self.path, dtype=np.float32, count=2 * round(duration_s * 48_000))
        return flat.reshape(-1, 2)


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
        yield Decoded(target, facts.pop("clip_s"), facts.pop("music_s"), facts)


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
