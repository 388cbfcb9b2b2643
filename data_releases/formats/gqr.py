"""Guarded query routing (GQR-Bench): prompts with the number of their domain, and one for "none of these". Pure.

The benchmark has three domains, 0 to 2, and 3 for whatever is outside. A release has kinds of prompts: the three
largest are the domains here. Prompts of no kind, or of another one, are outside. What the arena's guard refused is in
no release.

Source: the package `gqr`, 0.0.5: columns text, label, domain, dataset.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from data_releases.cells import GENERAL
from data_releases.formats.base import Data, Export, Format, NothingToExport
from data_releases.formats.files import csv_file
from data_releases.formats.grid import Grid, Query, grid_of
from data_releases.split import PARTS

COLUMNS: Final = ("text", "label", "domain", "dataset")
DOMAINS: Final = 3
OUTSIDE: Final = "ood"


def _make(data: Data) -> Export:
    grid = grid_of(data)
    sizes = Counter(map(_kind, grid.outline.tasks))
    for no_domain in (GENERAL, "other"):
        sizes.pop(no_domain, None)
    domains = sorted(sizes, key=lambda kind: (-sizes[kind], kind))[:DOMAINS]
    if not domains:
        raise NothingToExport("no prompt is of a kind that could be a domain")
    files = {f"{part}.csv": csv_file(COLUMNS, _rows(grid, part, domains)) for part in PARTS}
    return Export(files, (_told(domains), *_NOTES), grid.left_out)


def _kind(task: str) -> str:
    return task.partition("/")[2]


def _rows(grid: Grid, part: str, domains: list[str]) -> Iterator[dict[str, Any]]:
    own = np.flatnonzero([one == part for one in grid.outline.parts])
    return (_row(query, domains) for query in grid.queries(own))


def _row(query: Query, domains: list[str]) -> dict[str, Any]:
    kind = _kind(query.task)
    inside = kind in domains
    return {
        "text": query.text,
        "label": domains.index(kind) if inside else DOMAINS,
        "domain": kind if inside else OUTSIDE,
        "dataset": query.task,
    }


def _told(domains: list[str]) -> str:
    listed = ", ".join(f"{number} is {name}" for number, name in enumerate(domains))
    return (
        f"Labels: {listed}, {DOMAINS} is none of these (`{OUTSIDE}`). The benchmark's own are law, finance and health."
    )


_NOTES: Final = (
    (
        "Labels are the arena's kinds of prompts, found by its rules on the text, not by people: a router trained on "
        "them learns the rules. `dataset` is the cluster, language and kind."
    ),
    "Prompts that the guard of the arena refused are in no release: unsafe ones are not among those outside.",
)

FORMATS: Final = (Format("gqr", "GQR-Bench", "prompts with a domain, or out of distribution", _make),)
