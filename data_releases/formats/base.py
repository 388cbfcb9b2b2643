"""What all formats start from: counted votes joined with their battles and texts, in a fixed order. Pure.

Exception
└── NothingToExport     no vote of the release has what the format needs
"""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from arena.policies.embedding import Vectors
from data_releases.split import PARTS
from data_releases.vectors import prompt_id

#: A side's name in most other data sets.
LETTER: Final = {"left": "a", "right": "b"}
SIDES: Final = ("left", "right")


class NothingToExport(Exception):
    """No vote of the release has what the format needs."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One prompt and the two answers; an answer is None where its provider's terms forbid it."""

    prompt: str
    left: str | None
    right: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One counted vote. left, right: model names. turns: empty where the texts are withheld; up to the voted turn."""

    vote_id: str
    battle_id: str
    week: str
    left: str
    right: str
    outcome: str
    language: str
    categories: tuple[str, ...]
    cluster: str
    split: str
    pair_propensity: float
    turns: tuple[Turn, ...]
    output_tokens: Mapping[str, int | None]

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
class Data:
    """A release for formats: its tables and manifest."""

    tables: Mapping[str, pa.Table]
    manifest: Mapping[str, Any]

    @cached_property
    def models(self) -> dict[str, str]:
        """`system_id` → the name that formats use: the system's, or its contender where a name has several."""
        rows = self.tables["systems"].to_pylist()
        contenders: defaultdict[str, set[str]] = defaultdict(set)
        for row in rows:
            contenders[row["name"]].add(row["contender"])
        return {
            row["system_id"]: row["name"] if len(contenders[row["name"]]) == 1 else row["contender"] for row in rows
        }

    @cached_property
    def cells(self) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
        """(part, cluster) → model name → its row of `cells`; every model in every cluster of the part."""
        named = {row["contender"]: self.models[row["system_id"]] for row in self.tables["systems"].to_pylist()}
        grid: defaultdict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
        for row in self.tables["cells"].to_pylist():
            grid[row["part"], row["cluster"]][named[row["contender"]]] = row
        return dict(grid)

    def vectors(self, prompts: Sequence[str]) -> Vectors:
        """(n, dimensions) float32: the release's vectors of published prompts."""
        column = self.tables["embeddings"]["vector"].combine_chunks()
        known = column.values.to_numpy().reshape(len(column), -1)
        number = {one: n for n, one in enumerate(self.tables["embeddings"]["prompt_id"].to_pylist())}
        return np.asarray(known[[number[prompt_id(prompt)] for prompt in prompts]])

    @cached_property
    def comparisons(self) -> list[Comparison]:
        """Every counted vote, in the order of weeks and then of ids."""
        battles = {row["battle_id"]: row for row in self.tables["battles"].to_pylist()}
        texts: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self.tables["conversations"].to_pylist():
            texts[row["battle_id"]].append(row)
        tokens = self._tokens()
        votes = [row for row in self.tables["votes"].to_pylist() if row["counted"]]
        made = (self._comparison(vote, battles[vote["battle_id"]], texts, tokens) for vote in votes)
        return sorted(made, key=lambda one: (one.week, one.vote_id))

    def _comparison(
        self,
        vote: Mapping[str, Any],
        battle: Mapping[str, Any],
        texts: Mapping[str, list[dict[str, Any]]],
        tokens: Mapping[tuple[str, str], int | None],
    ) -> Comparison:
        own = [row for row in texts.get(vote["battle_id"], ()) if row["turn"] <= vote["turn"]]
        return Comparison(
            vote_id=vote["vote_id"],
            battle_id=vote["battle_id"],
            week=vote["week"],
            left=self.models[vote["left"]],
            right=self.models[vote["right"]],
            outcome=vote["outcome"],
            language=battle["language"],
            categories=tuple(battle["categories"]),
            cluster=battle["cluster"],
            split=battle["split"],
            pair_propensity=battle["pair_propensity"],
            turns=tuple(Turn(row["prompt"], row["left"], row["right"]) for row in own),
            output_tokens={side: tokens.get((vote["battle_id"], side)) for side in SIDES},
        )

    def _tokens(self) -> dict[tuple[str, str], int | None]:
        """(battle, side) → tokens of all its complete answers; None where one is not known."""
        sums: dict[tuple[str, str], int | None] = {}
        rows = self.tables["responses"].select(["battle_id", "side", "status", "output_tokens"]).to_pylist()
        for row in rows:
            if row["status"] == "complete":
                place = (row["battle_id"], row["side"])
                before, more = sums.get(place, 0), row["output_tokens"]
                sums[place] = None if before is None or more is None else before + more
        return sums


@dataclass(frozen=True, slots=True)
class Export:
    """The files of an export by path. notes: what whoever uses it must know; left_out: reason → votes."""

    files: dict[str, bytes]
    notes: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Format:
    """One shape. `make` raises NothingToExport."""

    name: str
    reader: str
    meaning: str
    make: Callable[[Data], Export]


def usable(data: Data, needs: Callable[[Comparison], bool], what: str) -> tuple[list[Comparison], dict[str, int]]:
    """The comparisons that a format can use, and how many it cannot.

    Raises:
        NothingToExport: none.
    """
    kept = [one for one in data.comparisons if needs(one)]
    if not kept:
        raise NothingToExport(f"no counted vote has {what}")
    return kept, {f"without {what}": len(data.comparisons) - len(kept)}


def in_parts(comparisons: list[Comparison], left_out: dict[str, int]) -> list[Comparison]:
    """Those in one of the three parts; notes in `left_out` how many are not, as their voter and prompt disagree.

    Raises:
        NothingToExport: none.
    """
    kept = [one for one in comparisons if one.split in PARTS]
    if not kept:
        raise NothingToExport("the voter and the prompt of every vote are in different parts")
    left_out["whose voter and prompt are in different parts"] = len(comparisons) - len(kept)
    return kept


def npy_file(vectors: Vectors) -> bytes:
    """A file of numpy."""
    sink = io.BytesIO()
    np.save(sink, vectors, allow_pickle=False)
    return sink.getvalue()


def json_lines(rows: Iterable[Any]) -> bytes:
    """One JSON value a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def json_file(value: Any) -> bytes:
    """A JSON file."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def csv_file(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """A CSV file with a header."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue().encode()


def parquet_file(rows: list[Any], kind: pa.Schema) -> bytes:
    """A Parquet file of rows."""
    return parquet_table(pa.Table.from_pylist(rows, schema=kind))


def parquet_table(table: pa.Table) -> bytes:
    """A Parquet file."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()
