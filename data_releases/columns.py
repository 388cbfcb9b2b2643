"""Columns of Arrow: what is done to each distinct value once. Pure."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def one_array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """The column in one piece."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def each_distinct(column: pa.ChunkedArray | pa.Array, change: Callable[[Any], Any], kind: pa.DataType) -> pa.Array:
    """`change` applied once to every distinct value of a column, in its order; gives values of `kind`."""
    encoded = pc.dictionary_encode(one_array(column))
    return pa.array([change(value) for value in encoded.dictionary.to_pylist()], kind).take(encoded.indices)


def looked_up(keys: pa.ChunkedArray | pa.Array, known: pa.ChunkedArray | pa.Array, values: pa.Array) -> pa.Array:
    """For each key the value that stands where `known` has the key; null where it has not."""
    return values.take(pc.index_in(one_array(keys), one_array(known)))


def each_distinct_packed(column: pa.ChunkedArray | pa.Array, change: Callable[[Any], str]) -> pa.Array:
    """The same with texts, as a dictionary: for long ones that are few."""
    encoded = pc.dictionary_encode(one_array(column))
    values = pa.array([change(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return pa.DictionaryArray.from_arrays(encoded.indices, values)
