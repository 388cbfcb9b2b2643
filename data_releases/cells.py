"""How well each contender does on each kind of prompt, also where nobody compared it there. Pure.

A vote says which of two was better; a router wants a number per prompt and system. For every cluster of prompts
(language and first category) strengths are fitted by Bradley-Terry with a normal prior around the strengths of all
votes together, so that few votes move a cluster little (`arena.policies.strengths`).

A cell's performance is the probability of being preferred to another contender of the release drawn at random, which
does not depend on whom it happened to meet. A cell without a vote of its own is imputed, and says so. Numbers are
rounded after the fit has converged, so that the table is the same on every machine.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from arena.policies.strengths import PRIOR_ALL, PRIOR_CLUSTER, Array, against_all, fitted
from data_releases.certified import contenders_of
from data_releases.columns import each_distinct, grouped
from data_releases.schema import CELLS

#: Where a prompt has no category.
GENERAL: Final = "general"
DIGITS: Final = 4
#: Of `cells`: from which battles the votes are. None: all.
PARTS: Final[dict[str, str | None]] = {"all": None, "train": "train"}
#: What an outcome is for the left side and for the right one.
_ENDS: Final = {
    "left": ("wins", "losses"),
    "right": ("losses", "wins"),
    "tie": ("ties",) * 2,
    "both_bad": ("both_bad",) * 2,
}
_COUNTS: Final = ("wins", "losses", "ties", "both_bad")


def cell_table(systems: pa.Table, battles: pa.Table, votes: pa.Table) -> pa.Table:
    """The table `cells`: every contender in every cluster with a counted vote.

    Raises:
        KeyError: a vote names a system or a battle that is not there.
    """
    contender_of = contenders_of(systems)
    names = sorted(set(contender_of.values()))
    counted = votes.select(["battle_id", "left", "right", "outcome"]).filter(votes["counted"])
    at = pc.index_in(counted["battle_id"].combine_chunks(), battles["battle_id"].combine_chunks())
    if at.null_count:
        raise KeyError("a battle of a vote")
    sides = {
        side: each_distinct(counted[side], lambda pk: contender_of[pk], pa.string()) for side in ("left", "right")
    }
    met = pa.table({**sides, "outcome": counted["outcome"], **{n: battles[n].take(at) for n in ("cluster", "split")}})
    rows = [
        {"part": part, **row}
        for part, split in PARTS.items()
        for row in _cells(met if split is None else met.filter(pc.equal(met["split"], split)), names)
    ]
    return pa.Table.from_pylist(rows, CELLS.schema)


def _cells(met: pa.Table, names: list[str]) -> Iterator[dict[str, Any]]:
    """The rows of one part."""
    number = {name: n for n, name in enumerate(names)}
    counts: dict[str, dict[str, Array]] = {}
    for row in grouped(met, ["cluster", "left", "right", "outcome"]).aggregate([([], "count_all")]).to_pylist():
        if (own := counts.get(row["cluster"])) is None:
            own = counts[row["cluster"]] = {end: np.zeros((len(names),) * 2) for end in _COUNTS}
        left, right = number[row["left"]], number[row["right"]]
        for (i, j), end in zip(((left, right), (right, left)), _ENDS[row["outcome"]], strict=True):
            own[end][i, j] += row["count_all"]
    scores = {cluster: own["wins"] + (own["ties"] + own["both_bad"]) / 2 for cluster, own in counts.items()}
    overall = fitted(sum(scores.values(), start=np.zeros((len(names),) * 2)), np.zeros(len(names)), PRIOR_ALL)
    for cluster in sorted(counts):
        chances = against_all(fitted(scores[cluster], overall, PRIOR_CLUSTER))
        yield from _rows(cluster, names, counts[cluster], chances)


def _rows(cluster: str, names: list[str], counts: Mapping[str, Array], chances: Array) -> Iterator[dict[str, Any]]:
    adjusted = [round(float(chance), DIGITS) for chance in chances]
    best = max(adjusted)
    for n, name in enumerate(names):
        own = {end: int(counts[end][n].sum()) for end in _COUNTS}
        votes = sum(own.values())
        yield {
            "cluster": cluster,
            "contender": name,
            "votes": votes,
            **own,
            "raw": round((own["wins"] + own["ties"]) / votes, DIGITS) if votes else None,
            "relative": round((own["wins"] + (own["ties"] + own["both_bad"]) / 2) / votes, DIGITS) if votes else None,
            "adjusted": adjusted[n],
            "imputed": not votes,
            "unique_best": bool(votes) and adjusted[n] == best and adjusted.count(best) == 1,
        }
