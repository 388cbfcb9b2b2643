"""The tables of a large release, made in memory: what exports read of them, without a database. Seeded."""

import json
from typing import Any, Final

import numpy as np
import pyarrow as pa

from data_releases import schema
from data_releases.cells import cell_table
from data_releases.found import Verified
from data_releases.manifest import MANIFEST
from data_releases.vectors import embeddings_of, prompt_id
from tests.bench.large import ANSWER_WORDS, EVERY, SYSTEMS, VOTERS, texts
from tests.data_releases.tampering import SAMPLE

CLUSTERS: Final = ("en/coding", "en/maths", "en/general", "de/general", "fr/creative-writing")
SPLITS: Final = ("train",) * 8 + ("validation", "test")


def large_release(votes: int) -> Verified:
    """A release of so many counted votes, of which one in `EVERY` has texts."""
    rng = np.random.default_rng(1)
    left = rng.integers(SYSTEMS, size=votes)
    right = (left + rng.integers(1, SYSTEMS, size=votes)) % SYSTEMS
    sides = {"left": left, "right": right}
    tables = {"systems": _systems(), "battles": _battles(votes, sides), "votes": _votes(votes, sides, rng)}
    tables["responses"] = _responses(votes, sides, rng)
    tables["conversations"] = _conversations(votes)
    tables["embeddings"] = embeddings_of(tables["conversations"])
    tables["cells"] = cell_table(tables["systems"], tables["battles"], tables["votes"])
    return Verified(json.loads((SAMPLE / MANIFEST).read_text()), tables)


def _ids(kind: str, numbers: Any) -> pa.Array:
    return pa.array([f"{kind}{n:015x}" for n in numbers])


def _chosen(values: Any, numbers: Any) -> pa.Array:
    return pa.array(values).take(pa.array(numbers))


def _labels() -> list[str]:
    return [f"System {n:02} v1" for n in range(SYSTEMS)]


def _systems() -> pa.Table:
    values = {"price_in_usd_per_mtok": 1.0, "price_out_usd_per_mtok": 4.0, "access": "open", "organisation": "Us"}
    rows = [values | {"system_id": label, "contender": label, "name": label} for label in _labels()]
    return pa.Table.from_pylist(rows)


def _battles(votes: int, sides: dict[str, Any]) -> pa.Table:
    number = np.arange(votes)
    # Texts belong to every fifth battle: what goes by number must not follow them.
    block = number // EVERY
    return pa.table(
        {
            "battle_id": _ids("b", number),
            "language": _chosen([one.partition("/")[0] for one in CLUSTERS], block % len(CLUSTERS)),
            "categories": pa.array([[]] * votes, pa.list_(pa.string())),
            "cluster": _chosen(list(CLUSTERS), block % len(CLUSTERS)),
            "split": _chosen(list(SPLITS), block // len(CLUSTERS) % len(SPLITS)),
            "pair_propensity": pa.array(np.full(votes, 2 / (SYSTEMS * (SYSTEMS - 1)))),
            **{side: _chosen(_labels(), numbers) for side, numbers in sides.items()},
        }
    )


def _votes(votes: int, sides: dict[str, Any], rng: Any) -> pa.Table:
    number = np.arange(votes)
    return pa.table(
        {
            "vote_id": _ids("v", rng.permutation(votes)),
            "battle_id": _ids("b", number),
            "voter_pid": _ids("p", number % VOTERS),
            "week": _chosen([f"2026-W{week}" for week in range(40, 45)], number % 5),
            "turn": pa.array(np.ones(votes), pa.int16()),
            "outcome": _chosen(["left", "right", "tie", "both_bad"], rng.integers(4, size=votes)),
            "counted": pa.array(np.ones(votes, np.bool_)),
            **{side: _chosen(_labels(), numbers) for side, numbers in sides.items()},
        }
    )


def _responses(votes: int, sides: dict[str, Any], rng: Any) -> pa.Table:
    battles = _ids("b", np.arange(votes))
    return pa.concat_tables(
        pa.table(
            {
                "battle_id": battles,
                "turn": pa.array(np.ones(votes), pa.int16()),
                "side": pa.array([side] * votes),
                "system_id": _chosen(_labels(), numbers),
                "status": pa.array(["complete"] * votes),
                "input_tokens": pa.array(np.full(votes, 20), pa.int32()),
                "output_tokens": pa.array(rng.integers(50, 500, size=votes), pa.int32()),
                "cost_usd": pa.array(rng.random(votes) / 1000),
            }
        )
        for side, numbers in sides.items()
    )


def _conversations(votes: int) -> pa.Table:
    number = np.arange(0, votes, EVERY)
    prompts = list(texts(len(number), 10, seed=0))
    answers = {side: list(texts(len(number), ANSWER_WORDS, seed=seed)) for seed, side in ((1, "left"), (2, "right"))}
    columns = {
        "battle_id": _ids("b", number),
        "turn": pa.array(np.ones(len(number)), pa.int16()),
        "prompt_id": pa.array([prompt_id(prompt) for prompt in prompts]),
        "prompt": pa.array(prompts),
        **{side: pa.array(own) for side, own in answers.items()},
    }
    return pa.table(columns, schema=schema.CONVERSATIONS.schema)
