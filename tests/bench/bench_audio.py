"""What bringing a clip to the profile costs, beside ffmpeg's two-pass loudnorm conversion of the same files.

Each clip takes the way of a real one: decoded in a process of its own, cut, levelled, encoded, measured, its waveform
drawn. ffmpeg measures (pass one), then levels and encodes to the same codec at the same rate (pass two); it draws no
waveform and does not measure what it wrote. Compared is time of the processor, children included, so that other load
on the machine matters little. Clips of one minute in six formats, and one that is as loud as can be. The memory of a
job is that of the longest clip that anybody gets.

    make bench-audio [SECONDS=60] [ROUNDS=2]
"""

import json
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from arena.media import audio
from arena.media.decode import decoded
from arena.router.lengths import MOST_S
from tests.media.sounds import as_file, melody

SECONDS: Final = float(os.environ.get("SECONDS", "60"))
ROUNDS: Final = int(os.environ.get("ROUNDS", "2"))
MOST_RATIO: Final = 1.5
MOST_MEMORY_MB: Final = 300
BLOCK_BYTES: Final = 256 * 1024


Maker: TypeAlias = Callable[[float], bytes]
CLIPS: Final[dict[str, Maker]] = {
    "wav": lambda length_s: as_file(melody(length_s, seed=1, level=0.95)),
    "float": lambda length_s: as_file(melody(length_s, level=0.05), subtype="FLOAT"),
    "flac": lambda length_s: as_file(melody(length_s, seed=2, rate_hz=44_100), 44_100, kind="FLAC"),
    "mp3": lambda length_s: as_file(melody(length_s, seed=3, rate_hz=44_100), 44_100, kind="MP3"),
    "vorbis": lambda length_s: as_file(
        melody(length_s, seed=4, rate_hz=32_000)[:, :1], 32_000, kind="OGG", subtype="VORBIS"
    ),
    "opus": lambda length_s: as_file(melody(length_s, seed=5), kind="OGG", subtype="OPUS"),
    # Its limiter works hard and often.
    "loud": lambda length_s: as_file(0.6 * np.clip(melody(length_s, seed=6, level=0.9) * 20, -1, 1)),
}


def _cpu_s() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def _spent_s(work: Callable[[], object]) -> float:
    before = _cpu_s()
    work()
    return _cpu_s() - before


def _profile(path: Path) -> audio.Profiled:
    with path.open("rb") as file, decoded(iter(lambda: file.read(BLOCK_BYTES), b"")) as found:
        length_s = float(int(found.clip_s))
        return audio.profiled(found.samples(length_s), length_s)


def _resident_mb(field: str) -> float:
    """`VmRSS` (now) or `VmHWM` (the most so far) of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) * 1024 / 1e6


def _job_mb(path: Path) -> float:
    """The most that one clip's job holds: its process with the decoder's beside it, or later alone."""
    before_mb = _resident_mb("VmRSS")
    _profile(path)
    decoder_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
    return max(before_mb + decoder_mb, _resident_mb("VmHWM"))


def _memory_mb(path: Path) -> float:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
        return fresh.submit(_job_mb, path).result()


def _ffmpeg(source: Path) -> None:
    target = source.with_suffix(".out.mp3")
    wanted = f"loudnorm=I={audio.LOUDNESS_LUFS}:TP={audio.TRUE_PEAK_DBTP}:LRA=11"
    command = ["ffmpeg", "-hide_banner", "-nostdin", "-y", "-threads", "1", "-i", str(source)]
    first = [*command, "-af", f"{wanted}:print_format=json", "-f", "null", "-"]
    said = subprocess.run(first, capture_output=True, text=True, check=True).stderr
    found = json.loads(said[said.rindex("{") : said.rindex("}") + 1])
    measured = ":".join(
        f"measured_{name}={found[key]}"
        for name, key in (("I", "input_i"), ("TP", "input_tp"), ("LRA", "input_lra"), ("thresh", "input_thresh"))
    )
    second = [*command, "-af", f"{wanted}:{measured}:offset={found['target_offset']}:linear=true"]
    encode = ["-ar", "48000", "-ac", "2", "-c:a", "libmp3lame", "-b:a", f"{audio.BITRATE_KBPS}k", str(target)]
    subprocess.run([*second, *encode], capture_output=True, check=True)


def _costs_s(work: Callable[[Path], object], paths: Iterable[Path]) -> dict[str, float]:
    """Least time of the processor of some rounds, by clip."""
    return {path.name: min(_spent_s(partial(work, path)) for _round in range(ROUNDS)) for path in paths}


def _rounded(costs_s: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in costs_s.items()}


def _files(folder: Path, length_s: float) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name, made in CLIPS.items():
        (folder / name).write_bytes(made(length_s))
    return [folder / name for name in CLIPS]


def main() -> None:
    """Measure ours, then the peer where it is installed, clip by clip."""
    with tempfile.TemporaryDirectory() as folder:
        paths = _files(Path(folder), SECONDS)
        ours = _costs_s(_profile, paths)
        memory_mb = {path.name: _memory_mb(path) for path in _files(Path(folder) / "longest", MOST_S)}
        peer = _costs_s(_ffmpeg, paths) if shutil.which("ffmpeg") else {}
    figures: dict[str, Any] = {
        "bench": "audio",
        "clip_s": SECONDS,
        "clips_per_s_per_core": round(1 / statistics.mean(ours.values()), 3),
        "cpu_s_per_clip": _rounded(ours),
        "memory_clip_s": MOST_S,
        "memory_mb": round(max(memory_mb.values())),
        "memory_mb_per_clip": _rounded(memory_mb),
    }
    if peer:
        figures["ffmpeg_cpu_s_per_clip"] = _rounded(peer)
        figures["ratio"] = round(sum(ours.values()) / sum(peer.values()), 2)
    else:
        print("ffmpeg is not installed: no comparison ('apt-get install ffmpeg' and run again).")  # noqa: T201
    print(json.dumps(figures))  # noqa: T201
    assert figures["memory_mb"] <= MOST_MEMORY_MB, figures
    assert figures.get("ratio", 0) <= MOST_RATIO, figures


if __name__ == "__main__":
    main()
