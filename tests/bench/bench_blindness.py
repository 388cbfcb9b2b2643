"""Whether anything but the music tells six systems apart, over 300 battles.

Six systems make music of one kind and send it in six formats: rate, channels, depth, codec, loudness, delay and tags
of their own. Every clip takes the real way to the profile. A classifier then guesses the system of each side from
everything that a browser receives but the sound:

- number of bytes, length, number of heights and every height of the waveform;
- of the file, whatever no decoder needs for the sound, and how it is framed: the head of every frame, what lies before
  the first. The rest is the sound, in the words of the codec. It is computed from the samples alone, and says what
  they say: a system whose music ends at 12 kHz, or comes from the middle, can be heard to do so.

Chance is what the same classifier reaches when the pairs of systems are dealt out anew among the battles, the mean of
`DEALS` deals. Guessing is tested on battles that the classifier never saw, five times over. That it can guess is shown
on what the systems sent.

    make bench-blindness [BATTLES=300]
"""

import json
import math
import multiprocessing
import os
import random
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import GroupKFold, cross_val_predict

from arena.media import audio, decoder
from arena.media.lengths import common_length_s
from tests.media.formats import CANARY, NAMES, sent
from tests.media.frames import headers_of
from tests.media.sounds import melody

BATTLES: Final = int(os.environ.get("BATTLES", "300"))
DEALS: Final = 10
WISH_S: Final = 5.0
MOST_OVER_CHANCE: Final = 0.05
Row = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a battle: which system, what can be told from what it sent, and from what the browser gets."""

    system: int
    sent: Row
    received: Row
    has_canary: bool


def _received(clip: audio.Profiled) -> Row:
    heads = b"".join(headers_of(clip.data))
    return (len(clip.data), clip.duration_s, len(clip.peaks), *clip.peaks, *heads)


def _decoded(raw: bytes) -> NDArray[np.float32]:
    """As the decoder's process does it, in this one: six hundred processes would only cost time."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "source", Path(folder) / "target"
        source.write_bytes(raw)
        with target.open("wb") as file:
            facts = decoder.decode(source, file)
        return np.fromfile(target, dtype=np.float32).reshape(-1, 2)[round(facts["lead_s"] * audio.RATE_HZ) :]


def battle(number: int) -> tuple[Side, Side]:
    """Two systems drawn at random, each with a piece of its own, through the pipeline."""
    rng = random.Random(number)
    systems = rng.sample(range(len(NAMES)), 2)
    pieces = [melody(rng.uniform(5.5, 8), seed=rng.randrange(2**31), level=1.0) for _system in systems]
    raws = [sent(NAMES[system], piece) for system, piece in zip(systems, pieces, strict=True)]
    clips = [_decoded(raw) for raw in raws]
    length_s = common_length_s([len(clip) / audio.RATE_HZ for clip in clips], WISH_S)
    left, right = (
        _side(system, raw, clip, audio.profiled(clip[: round(length_s * audio.RATE_HZ)], length_s))
        for system, raw, clip in zip(systems, raws, clips, strict=True)
    )
    return left, right


def _side(system: int, raw: bytes, clip: NDArray[np.float32], given: audio.Profiled) -> Side:
    told = (len(raw), len(clip), *raw[:48], float(np.abs(clip).max()))
    return Side(system, told, _received(given), CANARY in given.data)


def _accuracy(rows: NDArray[np.float64], systems: NDArray[np.int64]) -> float:
    """Share of sides whose system is guessed; `systems`: shape (battles, 2), `rows`: (2 * battles, features)."""
    # A forest is blind to scale and finds any single byte that gives a system away.
    model = ExtraTreesClassifier(n_estimators=200, min_samples_leaf=2, random_state=0, n_jobs=2)
    groups = np.repeat(np.arange(len(systems)), 2)
    guessed = cross_val_predict(model, rows, systems.ravel(), groups=groups, cv=GroupKFold(5))
    return float((guessed == systems.ravel()).mean())


def _table(rows: list[Row]) -> NDArray[np.float64]:
    """The rows without the columns that are the same in all of them."""
    table = np.array(rows, dtype=np.float64)
    return table[:, np.ptp(table, axis=0) > 0]


def main() -> None:
    """Make the battles, then let the classifier guess."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        battles = list(pool.map(battle, range(BATTLES), chunksize=5))
    sides = [side for pair in battles for side in pair]
    systems = np.array([[side.system for side in pair] for pair in battles])
    received = _table([side.received for side in sides])
    dealt = [_accuracy(received, np.random.default_rng(deal).permutation(systems)) for deal in range(DEALS)]
    guessed, chance = _accuracy(received, systems), float(np.mean(dealt))
    # Two sides of a battle are two guesses, and hardly depend on each other.
    margin = 1.96 * math.sqrt(guessed * (1 - guessed) / len(sides))
    figures = {
        "bench": "blindness",
        "battles": BATTLES,
        "columns_that_differ": received.shape[1],
        "chance": round(chance, 3),
        "chance_from_to": [round(min(dealt), 3), round(max(dealt), 3)],
        "guessed": round(guessed, 3),
        "guessed_95": [round(guessed - margin, 3), round(guessed + margin, 3)],
        "guessed_from_what_was_sent": round(_accuracy(_table([side.sent for side in sides]), systems), 3),
        "sizes_that_differ": sum(left.received[:3] != right.received[:3] for left, right in battles),
        "canaries": sum(side.has_canary for side in sides),
    }
    print(json.dumps(figures))  # noqa: T201
    assert figures["sizes_that_differ"] == figures["canaries"] == 0, figures
    assert guessed <= chance + MOST_OVER_CHANCE, figures
    assert figures["guessed_from_what_was_sent"] > 2 * chance, figures


if __name__ == "__main__":
    main()
