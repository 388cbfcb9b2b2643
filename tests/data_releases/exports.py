"""Exports of the sample release as bytes, for the tests of formats."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data_releases.formats import FORMATS
from data_releases.formats.base import Data, Export
from data_releases.formats.files import File
from data_releases.formats.grid import grid_of
from data_releases.source import Folder
from data_releases.verify import verify
from tests.data_releases.tampering import SAMPLE

RELEASE = verify(Folder(SAMPLE))
DATA = Data(RELEASE.tables, RELEASE.manifest)
GRID = grid_of(DATA)
MODELS = list(GRID.models)


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
    return rendered(FORMATS[name].make(DATA))


def vectors(prompts: Iterable[str]) -> np.ndarray:
    return np.concatenate(list(DATA.vectors(prompts)))


def lines(content: bytes) -> list:
    return [json.loads(line) for line in content.decode().splitlines()]


def table(content: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(content))


def rows_of(content: bytes) -> list[dict[str, str]]:
    csv.field_size_limit(10**7)
    return list(csv.DictReader(io.StringIO(content.decode())))
