"""Codes of strings: every distinct value of a column is judged once, and reaches the rows as a lookup. Pure.

Looking values up among known ones takes Arrow half the time of finding out which there are, where they are few. So a
`Vocabulary` learns from the first rows of a column, and once more only where something new turns up.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from arena.rankings.tallies import Codes

#: Rows that are looked at first.
FIRST_ROWS: Final = 4096
#: More spellings than this are forgotten before the next column: memory must not grow with a file that varies spaces.
MOST_KNOWN: Final = 1 << 16


def arrow(column: Any) -> pa.Array | pa.ChunkedArray:
    """The column as Arrow has it; what Arrow can make one from is taken, too."""
    return column if isinstance(column, (pa.Array, pa.ChunkedArray)) else pa.array(column)


class Vocabulary:
    """The few distinct values of columns of one kind, with their codes; it grows as columns come."""

    def __init__(self, code: Callable[[Any], int], dtype: type[np.integer[Any]]) -> None:
        """`code` is called for each distinct value, None being one, and again for those that were forgotten."""
        self._code, self._dtype = code, dtype
        self._known: dict[pa.DataType, tuple[pa.Array, Codes]] = {}

    def codes(self, column: Any) -> Codes:
        """(N,): the code of each value."""
        array = arrow(column)
        if isinstance(array, pa.ChunkedArray):
            chunks = [self.codes(chunk) for chunk in array.chunks]
            return np.concatenate(chunks) if chunks else np.empty(0, dtype=self._dtype)
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        if array.type not in self._known or len(self._known[array.type][0]) > MOST_KNOWN:
            self._known.pop(array.type, None)
            self._learn(array.slice(0, FIRST_ROWS).unique())
        places = self._places(array)
        if places.null_count:
            self._learn(array.filter(pc.is_null(places)).unique())
            places = self._places(array)
        codes = self._known[array.type][1]
        # Not `to_numpy`, which imports pandas where there is one: a fifth of a second.
        found = np.asarray(np.from_dlpack(places), dtype=np.int32)
        if np.array_equal(codes, np.arange(len(codes))):
            return found.astype(self._dtype)  # as the first to speak finds it
        return codes.take(found)

    def _places(self, array: pa.Array) -> pa.Array:
        return pc.index_in(array, value_set=self._known[array.type][0])

    def _learn(self, values: pa.Array) -> None:
        known, codes = self._known.get(values.type, (values.slice(0, 0), np.empty(0, dtype=self._dtype)))
        more = np.array([self._code(value) for value in values.to_pylist()], dtype=self._dtype)
        self._known[values.type] = pa.concat_arrays([known, values]), np.concatenate([codes, more])


def many_coded(column: Any, code: Callable[[Any], int], missing: int) -> Codes:
    """(N,) int32: `code` of each of many distinct values, called once for each; `missing` where there is none."""
    array = arrow(column)
    if isinstance(array, pa.ChunkedArray):
        chunks = [many_coded(chunk, code, missing) for chunk in array.chunks]
        return np.concatenate(chunks) if chunks else np.empty(0, dtype=np.int32)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    codes = np.array([missing if value is None else code(value) for value in array.dictionary.to_pylist()] + [missing])
    places = array.indices
    if places.null_count:
        places = pc.fill_null(places, len(codes) - 1)
    found: Codes = codes.astype(np.int32)[places.to_numpy(zero_copy_only=False)]
    return found
