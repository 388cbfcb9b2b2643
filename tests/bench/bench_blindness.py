"""Whether anything but the music tells six systems apart, over 300 battles.

Six systems make music of one kind and send it in six formats: rate, channels, depth, loudness, length, delay, tags and
names of their own. Every clip takes the real way to the profile. A classifier (random forest, cross-validated by
battle) then guesses the system of each side from everything that a browser receives but the samples: number of bytes,
length, heights of the waveform, the first frame with the encoder's header, the heads of all frames. It must stay
within five points of chance. That the same classifier can do better is shown on what the systems sent.

    make bench-blindness [BATTLES=300]
"""

import json
import multiprocessing
import os
import random
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GroupKFold, cross_val_predict

from arena.media import audio, decoder
from arena.media.lengths import common_length_s
from tests.media.sounds import as_file, melody

BATTLES: Final = int(os.environ.get("BATTLES", "300"))
WISH_S: Final = 5.0
MOST_OVER_CHANCE: Final = 0.05
CANARY: Final = b"zqxcanary"
#: As the browser gets it; the name of the object in the store does not leave the server.
FRAME_BYTES: Final = 576


def _tagged(data: bytes, name: str) -> bytes:
    """An ID3v2 tag with the system's name before an MP3."""
    text = b"\x00" + CANARY + name.encode()
    frame = b"TPE1" + len(text).to_bytes(4, "big") + b"\0\0" + text
    return b"ID3\x03\0\0" + bytes([0, 0, len(frame) >> 7, len(frame) & 127]) + frame + data


def _late(seconds: float, seed: int, delay: int) -> NDArray[np.float32]:
    return np.concatenate([np.zeros((delay, 2), dtype=np.float32), melody(seconds, seed=seed, level=0.5)])


SYSTEMS: Final[tuple[Callable[[int, float], bytes], ...]] = (
    lambda seed, s: as_file(melody(s, seed=seed, level=0.9)),
    lambda seed, s: as_file(melody(s + 1, seed=seed, level=0.1, rate_hz=44_100), 44_100, kind="FLAC"),
    lambda seed, s: _tagged(as_file(melody(s + 2, seed=seed, level=0.6, rate_hz=44_100), 44_100, kind="MP3"), "c"),
    lambda seed, s: as_file(
        melody(s, seed=seed, level=0.4, rate_hz=32_000)[:, :1], 32_000, kind="OGG", subtype="VORBIS"
    ),
    lambda seed, s: as_file(_late(s + 3, seed, 12_000), subtype="FLOAT"),
    lambda seed, s: as_file(melody(s, seed=seed, level=0.02, rate_hz=24_000), 24_000, subtype="PCM_24"),
)


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a battle: which system, what it sent, and what the browser gets."""

    system: int
    raw: tuple[float, ...]
    heard: tuple[float, ...]
    clean: bool


def _features(data: bytes, duration_s: float, peaks: tuple[int, ...]) -> tuple[float, ...]:
    heads = [data[at : at + 4] for at in range(0, len(data) - 4, FRAME_BYTES)]
    return (len(data), duration_s, len(peaks), len(set(heads)), *peaks, *data[: FRAME_BYTES // 4], *data[-64:-32])


def _decoded(raw: bytes) -> NDArray[np.float32]:
    """As the decoder's process does it, in this one: six hundred processes would only cost time."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "source", Path(folder) / "target"
        source.write_bytes(raw)
        with target.open("wb") as file:
            decoder.decode(source, file)
        return np.fromfile(target, dtype=np.float32).reshape(-1, 2)


def battle(number: int) -> tuple[Side, Side]:
    """Two systems drawn at random, through the pipeline."""
    rng = random.Random(number)
    systems = rng.sample(range(len(SYSTEMS)), 2)
    raws = [SYSTEMS[system](rng.randrange(2**31), rng.uniform(5.5, 8)) for system in systems]
    clips = [_decoded(raw) for raw in raws]
    length_s = common_length_s([len(clip) / audio.RATE_HZ for clip in clips], WISH_S)
    sides = []
    for system, raw, clip in zip(systems, raws, clips, strict=True):
        given = audio.profiled(clip, length_s)
        heard = _features(given.data, given.duration_s, given.peaks)
        told = _features(raw, len(clip) / audio.RATE_HZ, audio.waveform(clip))
        sides.append(Side(system, told, heard, CANARY not in given.data))
    return sides[0], sides[1]


def _accuracy(rows: list[tuple[float, ...]], systems: list[int], groups: list[int]) -> float:
    # A forest is blind to scale and finds any single byte that gives a system away.
    model = RandomForestClassifier(n_estimators=300, min_samples_leaf=2, random_state=0, n_jobs=1)
    guessed = cross_val_predict(model, np.array(rows), np.array(systems), groups=groups, cv=GroupKFold(5))
    return float((guessed == np.array(systems)).mean())


def main() -> None:
    """Make the battles, then let the classifier guess."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        battles = list(pool.map(battle, range(BATTLES), chunksize=5))
    sides = [side for pair in battles for side in pair]
    systems, groups = [side.system for side in sides], [number for number in range(BATTLES) for _side in range(2)]
    chance = 1 / len(SYSTEMS)
    figures = {
        "bench": "blindness",
        "battles": BATTLES,
        "chance": round(chance, 3),
        "guessed": round(_accuracy([side.heard for side in sides], systems, groups), 3),
        "guessed_from_what_was_sent": round(_accuracy([side.raw for side in sides], systems, groups), 3),
        "bytes_differ": sum(left.heard[:2] != right.heard[:2] for left, right in battles),
        "canaries": sum(not side.clean for side in sides),
    }
    assert figures["bytes_differ"] == figures["canaries"] == 0, figures
    assert figures["guessed"] <= chance + MOST_OVER_CHANCE, figures
    assert figures["guessed_from_what_was_sent"] > 2 * chance, figures
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main()
