"""What all formats start from: counted votes joined with their battles and texts, in a fixed order. Pure.

Exception
└── NothingToExport     no vote of the release has what the format needs
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa

from arena.policies.embedding import Vectors
from data_releases.formats.comparisons import Comparisons, compared
from data_releases.formats.files import File, in_batches
from data_releases.split import PARTS
from data_releases.vectors import prompt_id

#: A side's name in most other data sets.
LETTER: Final = {"left": "a", "right": "b"}


class NothingToExport(Exception):
    """No vote of the release has what the format needs."""


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

    def vectors(self, prompts: Iterable[str]) -> Iterator[Vectors]:
        """The release's vectors of published prompts, in batches of (n, dimensions) float32."""
        for batch in in_batches(prompts):
            yield self._known[[self._row_of[prompt_id(prompt)] for prompt in batch]]

    @cached_property
    def _known(self) -> Vectors:
        column = self.tables["embeddings"]["vector"].combine_chunks()
        return np.asarray(column.values.to_numpy().reshape(len(column), -1))

    @cached_property
    def _row_of(self) -> dict[str, int]:
        """`prompt_id` → row of `embeddings`."""
        return {one: n for n, one in enumerate(self.tables["embeddings"]["prompt_id"].to_pylist())}

    @cached_property
    def comparisons(self) -> Comparisons:
        """Every counted vote, in the order of weeks and then of ids."""
        return compared(self.tables, self.models)


@dataclass(frozen=True, slots=True)
class Export:
    """The files of an export by path, to be written once.

    notes: what whoever uses it must know; left_out: reason → votes.
    """

    files: dict[str, File]
    notes: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Format:
    """One shape. `make` raises NothingToExport."""

    name: str
    reader: str
    meaning: str
    make: Callable[[Data], Export]


def usable(data: Data, kept: Comparisons, what: str) -> tuple[Comparisons, dict[str, int]]:
    """The comparisons that a format can use, which have `what`, and how many it cannot.

    Raises:
        NothingToExport: none.
    """
    if not kept:
        raise NothingToExport(f"no counted vote has {what}")
    return kept, {f"without {what}": len(data.comparisons) - len(kept)}


def in_parts(comparisons: Comparisons, left_out: dict[str, int]) -> Comparisons:
    """Those in one of the three parts; notes in `left_out` how many are not, as their voter and prompt disagree.

    Raises:
        NothingToExport: none.
    """
    kept = comparisons.of_parts(*PARTS)
    if not kept:
        raise NothingToExport("the voter and the prompt of every vote are in different parts")
    left_out["whose voter and prompt are in different parts"] = len(comparisons) - len(kept)
    return kept
