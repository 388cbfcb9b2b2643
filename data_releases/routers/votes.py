"""Counted votes of a release as arrays: who met, how it ended, the prompt's vector, and how the pair was drawn. Pure.

A battle is its first prompt: that is what a router sees when it picks who answers the battle. Ties and both-bads are
half a win for either side, as on the leaderboard.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from arena.policies.embedding import Vectors
from arena.policies.routers import Numbers
from arena.policies.strengths import Array
from data_releases.certified import contenders_of
from data_releases.routers import NoPrompts, NoPropensities, NoSplit, TooFewVotes
from data_releases.split import PARTS

#: Fewer teach nothing; fewer say nothing.
MIN_TRAIN: Final = 100
MIN_TEST: Final = 20
#: The place of a system that no training vote is about.
UNKNOWN: Final = -1
SCORES: Final = {"left": 1.0, "right": 0.0, "tie": 0.5, "both_bad": 0.5}

Flags: TypeAlias = NDArray[np.bool_]
Tables: TypeAlias = Mapping[str, pa.Table]


@dataclass(frozen=True, slots=True)
class Votes:
    """One part's votes, n of them.

    vectors: (n, dimensions); left, right: (n,) members or `UNKNOWN`; score: (n,) of the left side; voter: (n,)
    numbers; propensity: (n,) probability of the unordered pair; pool: (n, members) who could be drawn; pool_size: (n,)
    of all systems, members or not.
    """

    vectors: Vectors
    left: Numbers
    right: Numbers
    score: Array
    voter: Numbers
    propensity: Array
    pool: Flags
    pool_size: Numbers

    def __len__(self) -> int:
        return len(self.score)

    def where(self, kept: Flags) -> "Votes":
        """Those that are kept."""
        return Votes(*(getattr(self, name)[kept] for name in self.__slots__))

    @property
    def between_members(self) -> Flags:
        """(n,) whether both sides are members."""
        return np.asarray((self.left != UNKNOWN) & (self.right != UNKNOWN))


@dataclass(frozen=True, slots=True)
class RoutingData:
    """A release for routers. members: contenders with a training vote, by name; left_out: reason → counted votes.

    costs_usd: (members,) mean cost of a complete answer in the training part; NaN where it is not known.
    """

    members: tuple[str, ...]
    parts: Mapping[str, Votes]
    costs_usd: Array
    left_out: Mapping[str, int]


def routing_data(tables: Tables) -> RoutingData:
    """What routers need of a verified release.

    Raises:
        NoPrompts, NoSplit, NoPropensities, TooFewVotes: see the package.
    """
    votes = tables["votes"].filter(tables["votes"]["counted"])
    rows = _joined(votes, tables["battles"])
    told = rows.filter(pc.is_valid(_first_prompts(rows, tables["conversations"])))
    if not len(told):
        why = ", ".join(f"{one['values']} {one['counts']}" for one in rows["text_status"].value_counts().to_pylist())
        raise NoPrompts(
            f"none of the {len(votes)} counted votes has a published prompt ({why or 'no vote'}), so that the release "
            "holds no vector to route by; it needs voters who agree to publication and systems whose terms allow it"
        )
    kept = told.filter(pc.is_in(told["split"], pa.array(PARTS)))
    contender_of = contenders_of(tables["systems"])
    train = kept.filter(pc.equal(kept["split"], "train"))
    met = {contender_of[one] for side in ("left", "right") for one in train[side].unique().to_pylist()}
    members = tuple(sorted(met))
    parts = {part: _votes(kept.filter(pc.equal(kept["split"], part)), tables, members, contender_of) for part in PARTS}
    _require(parts)
    left_out = {
        "without a published prompt": len(rows) - len(told),
        "whose voter and prompt are in different parts": len(told) - len(kept),
    }
    return RoutingData(members, parts, _costs(tables, members, contender_of), left_out)


def _require(parts: Mapping[str, Votes]) -> None:
    counts = {part: len(votes) for part, votes in parts.items()}
    told = ", ".join(f"{part} {n}" for part, n in counts.items())
    if not counts["train"] or not counts["test"]:
        raise NoSplit(f"votes with a published prompt by part: {told}; both train and test need some")
    if counts["train"] < MIN_TRAIN or counts["test"] < MIN_TEST:
        raise TooFewVotes(
            f"votes with a published prompt by part: {told}; at least {MIN_TRAIN} to train and {MIN_TEST} to test"
        )


def _joined(votes: pa.Table, battles: pa.Table) -> pa.Table:
    """Votes with what their battles say of the draw."""
    at = pc.index_in(votes["battle_id"].combine_chunks(), battles["battle_id"].combine_chunks())
    drawn = {name: battles[name].take(at) for name in ("split", "text_status", "pair_propensity", "pool")}
    kept = {name: votes[name] for name in ("battle_id", "voter_pid", "left", "right", "outcome")}
    return pa.table(kept | drawn)


def _first_prompts(rows: pa.Table, conversations: pa.Table) -> pa.Array:
    """(rows,) the `prompt_id` of each battle's first prompt; null where it is withheld."""
    firsts = conversations.filter(pc.equal(conversations["turn"], 1))
    at = pc.index_in(rows["battle_id"].combine_chunks(), firsts["battle_id"].combine_chunks())
    return firsts["prompt_id"].combine_chunks().take(at)


def _votes(rows: pa.Table, tables: Tables, members: tuple[str, ...], contender_of: Mapping[str, str]) -> Votes:
    number = {name: n for n, name in enumerate(members)}
    of_system = {one: number.get(contender, UNKNOWN) for one, contender in contender_of.items()}
    propensity = rows["pair_propensity"].to_numpy().astype(np.float64)
    if len(rows) and not ((propensity > 0) & (propensity <= 1)).all():
        raise NoPropensities("a battle has no probability of its pair: no unbiased estimate can be made of its vote")
    pools = rows["pool"].to_pylist()
    sides = {
        side: np.array([of_system[one] for one in rows[side].to_pylist()], np.int64) for side in ("left", "right")
    }
    return Votes(
        vectors=_vectors(_first_prompts(rows, tables["conversations"]), tables["embeddings"]),
        score=np.array([SCORES[one] for one in rows["outcome"].to_pylist()], np.float64),
        voter=np.unique(rows["voter_pid"].to_numpy(), return_inverse=True)[1].astype(np.int64),
        propensity=propensity,
        pool=_pools(pools, of_system, len(members)),
        pool_size=np.array([len(pool) for pool in pools], np.int64),
        **sides,
    )


def _pools(pools: list[list[dict[str, Any]]], of_system: Mapping[str, int], members: int) -> Flags:
    flags = np.zeros((len(pools), members), np.bool_)
    for row, pool in enumerate(pools):
        flags[row, [n for one in pool if (n := of_system.get(one["system_id"], UNKNOWN)) != UNKNOWN]] = True
    return flags


def _vectors(prompt_ids: pa.Array, embeddings: pa.Table) -> Vectors:
    column = embeddings["vector"].combine_chunks()
    known = column.values.to_numpy().reshape(len(column), -1)
    return np.asarray(known[pc.index_in(prompt_ids, embeddings["prompt_id"].combine_chunks()).to_numpy()])


def _costs(tables: Tables, members: tuple[str, ...], contender_of: Mapping[str, str]) -> Array:
    """(members,) mean dollars of a complete answer in the training part."""
    battles = tables["battles"].filter(pc.equal(tables["battles"]["split"], "train"))
    responses = tables["responses"].filter(pc.equal(tables["responses"]["status"], "complete"))
    own = responses.filter(pc.is_in(responses["battle_id"], battles["battle_id"].combine_chunks()))
    contender = pa.array([contender_of[one] for one in own["system_id"].to_pylist()], pa.string())
    means = pa.table({"contender": contender, "cost": own["cost_usd"]}).group_by("contender")
    known = {row["contender"]: row["cost_mean"] for row in means.aggregate([("cost", "mean")]).to_pylist()}
    found = [known.get(name) for name in members]
    return np.array([np.nan if cost is None else cost for cost in found], np.float64)
