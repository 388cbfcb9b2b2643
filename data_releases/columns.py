"""Columns of Arrow: what is done to each distinct value once. Pure."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: Rows that are not worth several threads.
_FEW: Final = 65_536


def one_array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """The column in one piece."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def each_distinct(column: pa.ChunkedArray | pa.Array, change: Callable[[Any], Any], kind: pa.DataType) -> pa.Array:
    """`change` applied once to every distinct value of a column, in its order; gives values of `kind`."""
    encoded = pc.dictionary_encode(one_array(column))
    return pa.array([change(value) for value in encoded.dictionary.to_pylist()], kind).take(encoded.indices)


def grouped(table: pa.Table, names: Sequence[str]) -> pa.TableGroupBy:
    """Its rows by some columns. Of few rows without threads, which take longer to begin than what they share."""
    return table.group_by(list(names), use_threads=len(table) > _FEW)


def looked_up(keys: pa.ChunkedArray | pa.Array, known: pa.ChunkedArray | pa.Array, values: pa.Array) -> pa.Array:
    """For each key the value that stands where `known` has the key; null where it has not."""
    return values.take(pc.index_in(one_array(keys), one_array(known)))


def each_distinct_packed(column: pa.ChunkedArray | pa.Array, change: Callable[[Any], str]) -> pa.Array:
    """The same with texts, as a dictionary: for long ones that are few."""
    packed = one_array(column)
    encoded = packed if pa.types.is_dictionary(packed.type) else pc.dictionary_encode(packed)
    values = pa.array([change(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return pa.DictionaryArray.from_arrays(encoded.indices, values)


def read_hex(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Bytes from texts in hexadecimal; there is no null among them."""
    offsets = np.zeros(len(column) + 1, np.int32)
    np.cumsum(pc.binary_length(column).to_numpy() // 2, out=offsets[1:])
    content = bytes.fromhex("".join(column.to_pylist()))
    return pa.Array.from_buffers(pa.binary(), len(column), [None, pa.py_buffer(offsets), pa.py_buffer(content)])


def unpacked(table: pa.Table, column: str, names: tuple[str, str]) -> pa.Table:
    """The table with two columns instead of one whose texts have a `/` between them; null gives two nulls."""
    both = pc.split_pattern(one_array(table[column]), "/", max_splits=1)
    for position, name in enumerate(names):
        table = table.append_column(name, pc.list_element(both, position))
    return table.drop_columns([column])
