"""Counted votes joined with their battles, texts and answers, in the order of weeks and then of ids. Pure.

A million votes as Python objects are gigabytes: kept are columns and the places of rows, and comparisons are made a
few thousand at a time, as often as somebody goes through them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data_releases.columns import each_distinct, grouped, looked_up, one_array
from data_releases.formats.files import ROWS
from data_releases.tables import chosen

SIDES: Final = ("left", "right")
_OF_VOTE: Final = ("vote_id", "battle_id", "week", "outcome")
_OF_BATTLE: Final = ("language", "categories", "cluster", "split", "pair_propensity")
#: What an answer used, in `responses`.
SPENT: Final = ("input_tokens", "output_tokens", "cost_usd")
_TEXTS: Final = ("prompt", "left", "right")

Places: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Turn:
    """One prompt and the two answers; an answer is None where its provider's terms forbid it."""

    prompt: str
    left: str | None
    right: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One counted vote.

    left, right: model names. turns: empty where the texts are withheld; up to the voted turn. prompt_id: of the first
    prompt, None where that is withheld. output_tokens: by side, of all complete answers. spent: by side, what the
    first answer used by the names of `SPENT`; None where some of it is not known.
    """

    vote_id: str
    battle_id: str
    week: str
    left: str
    right: str
    outcome: str
    language: str
    categories: Sequence[str]
    cluster: str
    split: str
    pair_propensity: float
    prompt_id: str | None
    turns: tuple[Turn, ...]
    output_tokens: Mapping[str, int | None]
    spent: Mapping[str, Mapping[str, float] | None]

    @property
    def prompts(self) -> list[str]:
        """What the voter wrote."""
        return [turn.prompt for turn in self.turns]

    @property
    def complete(self) -> bool:
        """Whether prompts and both answers are there."""
        return bool(self.turns) and all(turn.left is not None and turn.right is not None for turn in self.turns)

    def answers(self, side: str) -> list[str]:
        """The answers of a side; of a complete comparison."""
        return [getattr(turn, side) or "" for turn in self.turns]


@dataclass(frozen=True)
class Texts:
    """The table `conversations` by battle. order: its rows by battle and turn; starts: where battles begin in it."""

    table: pa.Table
    order: Places
    starts: Places

    @classmethod
    def of(cls, conversations: pa.Table) -> "Texts":
        """Its battles found."""
        keys = [("battle_id", "ascending"), ("turn", "ascending")]
        order = pc.sort_indices(conversations.select(["battle_id", "turn"]), sort_keys=keys).to_numpy()
        ids = one_array(conversations["battle_id"]).take(pa.array(order))
        begins = np.ones(len(ids), np.bool_)
        begins[1:] = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
        return cls(conversations.select(["turn", *_TEXTS]), order.astype(np.int64), np.flatnonzero(begins))

    def firsts(self, conversations: pa.Table, name: str) -> pa.Array:
        """A column of the first row of each battle."""
        return one_array(conversations[name]).take(pa.array(self.order[self.starts]))

    def of_battles(self, numbers: Sequence[int | None]) -> list[list[dict[str, Any]]]:
        """The rows of some battles, each in the order of turns; none for None."""
        ends = np.append(self.starts[1:], len(self.order))
        spans = [range(0) if n is None else range(self.starts[n], ends[n]) for n in numbers]
        wanted = self.order[np.fromiter(chain.from_iterable(spans), np.int64)]
        found = iter(self._rows(wanted))
        return [list(islice(found, len(span))) for span in spans]

    def _rows(self, wanted: Places) -> list[dict[str, Any]]:
        if not len(wanted):
            return []
        own, back = np.unique(wanted, return_inverse=True)
        rows: list[dict[str, Any]] = chosen(self._batches, self._edges, own).take(pa.array(back)).to_pylist()
        return rows

    @cached_property
    def _batches(self) -> Sequence[pa.RecordBatch]:
        return tuple(self.table.to_batches())

    @cached_property
    def _edges(self) -> Places:
        return np.cumsum([0, *map(len, self._batches)])


class Comparisons(Sized, Iterable[Comparison]):
    """Comparisons that can be gone through again and again, of which a few thousand are in memory at once."""

    def __init__(self, columns: pa.Table, texts: Texts, places: Places | None = None) -> None:
        self._columns, self._texts = columns, texts
        self._places = np.arange(len(columns)) if places is None else places

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Comparison]:
        for start in range(0, len(self), ROWS):
            rows = self._columns.take(pa.array(self._places[start : start + ROWS])).to_pylist()
            texts = self._texts.of_battles([row["text"] for row in rows])
            yield from map(_comparison, rows, texts)

    def where(self, wanted: Callable[[Comparison], bool]) -> "Comparisons":
        """Those that are wanted, in the same order."""
        return self.at(np.flatnonzero(np.fromiter(map(wanted, self), np.bool_, len(self))))

    def of_parts(self, *parts: str) -> "Comparisons":
        """Those whose battles are in these parts of the split."""
        return self.among("split", parts)

    def among(self, name: str, values: Iterable[str]) -> "Comparisons":
        """Those of which a column has one of these values; no comparison is made to find them."""
        column = self.column(name)
        return self.at(np.flatnonzero(pc.is_in(column, pa.array(list(values), column.type))))

    def prompted(self) -> "Comparisons":
        """Those with turns."""
        return self.at(np.flatnonzero(self.column("prompted")))

    def complete(self) -> "Comparisons":
        """Those that are `Comparison.complete`."""
        return self.at(np.flatnonzero(self.column("complete")))

    def at(self, numbers: Places) -> "Comparisons":
        """Those with these numbers among them, in the order of the numbers."""
        return Comparisons(self._columns, self._texts, self._places[numbers])

    def column(self, name: str) -> pa.Array:
        """One value of each, by the name that it has in `Comparison`."""
        return one_array(self._columns[name]).take(pa.array(self._places))


def _comparison(row: Mapping[str, Any], texts: list[dict[str, Any]]) -> Comparison:
    turns = (Turn(one["prompt"], one["left"], one["right"]) for one in texts if one["turn"] <= row["turn"])
    spent = {side: {name: row[f"{side}_{name}"] for name in SPENT} for side in SIDES}
    return Comparison(
        **{name: row[name] for name in ("left", "right", "prompt_id", *_OF_VOTE, *_OF_BATTLE)},
        turns=tuple(turns),
        output_tokens={side: row[f"{side}_all_tokens"] for side in SIDES},
        spent={side: None if None in one.values() else one for side, one in spent.items()},
    )


def compared(tables: Mapping[str, pa.Table], models: Mapping[str, str]) -> Comparisons:
    """The counted votes of a release.

    Args:
        tables: of the release.
        models: `system_id` → name.
    """
    votes = tables["votes"].filter(tables["votes"]["counted"])
    votes = votes.take(pc.sort_indices(votes, sort_keys=[("week", "ascending"), ("vote_id", "ascending")]))
    at = pc.index_in(one_array(votes["battle_id"]), one_array(tables["battles"]["battle_id"]))
    conversations = tables["conversations"]
    texts = Texts.of(conversations)
    place = pc.index_in(one_array(votes["battle_id"]), texts.firsts(conversations, "battle_id"))
    columns = {name: votes[name] for name in (*_OF_VOTE, "turn")}
    columns |= {side: each_distinct(votes[side], models.__getitem__, pa.string()) for side in SIDES}
    columns |= {name: one_array(tables["battles"][name]).take(at) for name in _OF_BATTLE}
    columns |= {"text": place, "prompt_id": texts.firsts(conversations, "prompt_id").take(place)}
    columns |= _told(votes, texts.firsts(conversations, "turn").take(place), conversations)
    for side in SIDES:
        columns |= _answers(one_array(votes["battle_id"]), tables["responses"], side)
    return Comparisons(pa.table(columns).combine_chunks(), texts)


def _told(votes: pa.Table, first: pa.Array, conversations: pa.Table) -> dict[str, pa.Array]:
    """Whether votes have turns, and whether these have both answers; `first`: the first turn of each that is told."""
    prompted = pc.fill_null(pc.less_equal(first, one_array(votes["turn"])), fill_value=False)
    without = conversations.filter(pc.or_(pc.is_null(conversations["left"]), pc.is_null(conversations["right"])))
    gaps = grouped(without.select(["battle_id", "turn"]), ["battle_id"]).aggregate([("turn", "min")])
    gap = looked_up(votes["battle_id"], gaps["battle_id"], one_array(gaps["turn_min"]))
    whole = pc.fill_null(pc.greater(gap, one_array(votes["turn"])), fill_value=True)
    return {"prompted": prompted, "complete": pc.and_(prompted, whole)}


def _answers(battles: pa.Array, responses: pa.Table, side: str) -> dict[str, pa.Array]:
    """What the complete answers of a side used: the first one, and all together; null where it is not known."""
    own = responses.filter(pc.and_(pc.equal(responses["status"], "complete"), pc.equal(responses["side"], side)))
    first = own.filter(pc.equal(own["turn"], 1))
    found = {f"{side}_{name}": looked_up(battles, first["battle_id"], one_array(first[name])) for name in SPENT}
    tokens = "output_tokens"
    unknown = (tokens, "count", pc.CountOptions(mode="only_null"))
    sums = own.group_by("battle_id").aggregate([(tokens, "sum"), unknown])
    known = pc.if_else(pc.equal(sums[f"{tokens}_count"], 0), sums[f"{tokens}_sum"], None)
    return found | {f"{side}_all_tokens": looked_up(battles, sums["battle_id"], one_array(known))}
