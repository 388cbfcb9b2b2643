"""Whether anything but the music tells six systems apart, over 300 battles of a whole stack.

Six systems make music of one kind and send it in six formats: rate, channels, depth, codec, loudness, delay and tags
of their own. They answer at about one pace: how long a pair takes is not hidden, and says that a slow system takes
part, not on which side. A classifier then guesses the system of each side from everything that its visitor's browser
received but the sound (`tests/bench/received.py`):

- every message of the socket and when it came; of the battle's JSON each field of the side, and every height of the
  waveform; the address of the clip, sign by sign;
- of each answer with the clip (loaded beside the other one at once, later alone, and in two parts) its status, size,
  headers, how soon it began and ended, and which side was there first;
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
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import GroupKFold, cross_val_predict

from ops.parts import Part
from tests.bench.native_musicians import musicians, systems_file
from tests.bench.received import SIDES, Received, Row, listen_again, receive
from tests.environment import prepare
from tests.media.formats import CANARY, NAMES
from tests.stack import Stack

BATTLES: Final = int(os.environ.get("BATTLES", "300"))
VISITORS: Final = 4
DEALS: Final = 10
WISH: Final = {"duration_s": 5}
MOST_OVER_CHANCE: Final = 0.05
_SYSTEMS: Final = (
    "SELECT t.battle_id::text, r.side, s.name FROM battles_response r JOIN battles_turn t ON t.id = r.turn_id"
    " JOIN systems_systemversion v ON v.id = r.version_id JOIN systems_system s ON s.id = v.system_id"
    " WHERE r.status = 'complete'"
)


class _TwoAtOnce(Stack):
    """A stack that prepares two battles at once: the bench is about what comes out of it."""

    def all_parts(self) -> list[Part]:
        """What the stack is made of."""
        parts = super().all_parts()
        return [replace(part, argv=(*part.argv, "-c", "2")) if part.log == "worker-cpu" else part for part in parts]


def _fought(stack: Stack) -> tuple[list[Received], list[dict[str, Row]]]:
    """All battles, and what is received of each of them later, when it is quiet."""
    prompts = [f"A calm piece number {number}, 5 seconds" for number in range(BATTLES)]
    with ThreadPoolExecutor(VISITORS) as visitors:
        battles = list(visitors.map(lambda prompt: receive(stack, prompt, WISH), prompts))
    return battles, [listen_again(stack, one) for one in battles]


def _accuracy(rows: NDArray[np.float64], systems: NDArray[np.int64]) -> float:
    """Share of sides whose system is guessed; `systems`: shape (battles, 2), `rows`: (2 * battles, features)."""
    # A forest is blind to scale and finds any single byte that gives a system away.
    model = ExtraTreesClassifier(n_estimators=200, min_samples_leaf=2, random_state=0, n_jobs=2)
    groups = np.repeat(np.arange(len(systems)), 2)
    guessed = cross_val_predict(model, rows, systems.ravel(), groups=groups, cv=GroupKFold(5))
    return float((guessed == systems.ravel()).mean())


def _table(rows: Sequence[Row]) -> NDArray[np.float64]:
    """One line for each side, without the columns that are the same in all of them; -1: not in this one."""
    names = sorted(set().union(*rows))
    table = np.array([[row.get(name, -1.0) for name in names] for row in rows], dtype=np.float64)
    return table[:, np.ptp(table, axis=0) > 0]


def _sent(host_port: str, battles: Sequence[Received], names: NDArray[Any]) -> list[Row]:
    """What each side's system sent, which no browser sees."""
    clips = {(clip["name"], clip["prompt"]): clip for clip in httpx.get(f"http://{host_port}/sent").json()}
    told = [clips[name, one.prompt] for one, pair in zip(battles, names, strict=True) for name in pair]
    return [{"bytes": clip["bytes"]} | {f"head.{n}": byte for n, byte in enumerate(clip["head"])} for clip in told]


def _figures(stack: Stack, host_port: str) -> dict[str, Any]:
    battles, again = _fought(stack)
    by_side = {(battle, side): name for battle, side, name in stack.query(_SYSTEMS)}
    names = np.array([[by_side[one.battle_id, side] for side in SIDES] for one in battles])
    systems = np.vectorize(NAMES.index)(names)
    rows = [one.rows[side] | later[side] for one, later in zip(battles, again, strict=True) for side in SIDES]
    received = _table(rows)
    dealt = [_accuracy(received, np.random.default_rng(deal).permutation(systems)) for deal in range(DEALS)]
    guessed, chance = _accuracy(received, systems), float(np.mean(dealt))
    # Two sides of a battle are two guesses, and hardly depend on each other.
    margin = 1.96 * math.sqrt(guessed * (1 - guessed) / len(rows))
    return {
        "bench": "blindness",
        "battles": len(battles),
        "columns": len(set().union(*rows)),
        "columns_that_differ": received.shape[1],
        "chance": round(chance, 3),
        "chance_from_to": [round(min(dealt), 3), round(max(dealt), 3)],
        "guessed": round(guessed, 3),
        "guessed_95": [round(guessed - margin, 3), round(guessed + margin, 3)],
        "guessed_from_what_was_sent": round(_accuracy(_table(_sent(host_port, battles, names)), systems), 3),
        "sizes_that_differ": sum(len({row["clip.bytes"] for row in one.rows.values()}) > 1 for one in battles),
        "canaries": sum(CANARY in clip.response.content for one in battles for clip in one.clips.values()),
    }


def main() -> None:
    """Fight the battles, then let the classifier guess."""
    prepare()
    with tempfile.TemporaryDirectory() as folder, musicians() as host_port:
        stack = _TwoAtOnce(Path(folder), {"ARENA_PRIVATE_BACKENDS": host_port})
        try:
            stack.boot(systems_file(host_port))
            figures = _figures(stack, host_port)
        finally:
            stack.stop()
    print(json.dumps(figures))  # noqa: T201
    assert figures["sizes_that_differ"] == figures["canaries"] == 0, figures
    assert figures["guessed"] <= figures["chance"] + MOST_OVER_CHANCE, figures
    assert figures["guessed_from_what_was_sent"] > 2 * figures["chance"], figures


if __name__ == "__main__":
    main()
