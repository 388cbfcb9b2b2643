"""Exports of the sample release as bytes, for the tests of formats."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data_releases.formats import FORMATS
from data_releases.formats.base import Data, Export
from data_releases.formats.files import File
from data_releases.formats.grid import Grid, grid_of
from data_releases.found import Verified
from data_releases.source import Folder
from data_releases.verify import verify
from tests.data_releases.sample import SYSTEMS
from tests.data_releases.tampering import SAMPLE

if TYPE_CHECKING:
    import pandas as pd

#: Of the sample, as the grid has them.
MODELS = list(SYSTEMS)


@cache
def release() -> Verified:
    """The sample; every process imports this module to collect tests, and few run them."""
    return verify(Folder(SAMPLE))


@cache
def data() -> Data:
    return Data(release().tables, release().manifest)


@cache
def grid() -> Grid:
    return grid_of(data())


@dataclass(frozen=True)
class Made:
    """An export whose files are there as bytes."""

    files: dict[str, bytes]
    notes: tuple[str, ...]
    left_out: Mapping[str, int]


def rendered(export: Export) -> Made:
    return Made({path: bytes_of(file) for path, file in export.files.items()}, export.notes, export.left_out)


def bytes_of(file: File) -> bytes:
    sink = io.BytesIO()
    file(sink)
    return sink.getvalue()


@cache
def made(name: str) -> Made:
    return rendered(FORMATS[name].make(data()))


def vectors(prompts: Iterable[str]) -> np.ndarray:
    return np.concatenate(list(data().vectors(prompts)))


def lines(content: bytes) -> list:
    return [json.loads(line) for line in content.decode().splitlines()]


def table(content: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(content))


def frame(content: bytes) -> "pd.DataFrame":
    """A CSV as most readers take it."""
    import pandas as pd  # a quarter of a second that every process would take to collect the tests

    return pd.read_csv(io.BytesIO(content))


def rows_of(content: bytes) -> list[dict[str, str]]:
    csv.field_size_limit(10**7)
    return list(csv.DictReader(io.StringIO(content.decode())))
