"""Codes of strings: each distinct value is judged once, wherever it turns up first."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from arena.rankings.vocabulary import FIRST_ROWS, Vocabulary, many_coded


class Judge:
    """Numbers values as they come, and knows how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def __call__(self, value: Any) -> int:
        self.asked.append(value)
        return -1 if value is None else len(set(self.asked) - {None}) - 1


def test_a_value_that_comes_late_is_found_and_judged_once() -> None:
    judge = Judge()
    vocabulary = Vocabulary(judge, np.int16)
    column = ["a", "b"] * FIRST_ROWS + ["c", None, "a", "c"]
    codes = vocabulary.codes(pa.array(column))
    assert codes.tolist() == [0, 1] * FIRST_ROWS + [2, -1, 0, 2]
    assert codes.dtype == np.int16
    assert vocabulary.codes(pa.array(["c", "a", None])).tolist() == [2, 0, -1]
    assert judge.asked == ["a", "b", "c", None]


@pytest.mark.parametrize(
    "column",
    [
        ["b", "a", None, "b"],
        pa.array(["b", "a", None, "b"], pa.large_string()),
        pa.array(["b", "a", None, "b"]).dictionary_encode(),
        pa.chunked_array([["b"], ["a", None, "b"]]),
        np.array(["b", "a", None, "b"], dtype=object),
    ],
    ids=["list", "large", "dictionary", "chunks", "numpy"],
)
def test_every_form_of_a_column_has_the_same_codes(column: Any) -> None:
    def code(value: Any) -> int:
        return {"a": 5, "b": 7, None: 9}[value]

    assert Vocabulary(code, np.uint8).codes(column).tolist() == [7, 5, 9, 7]
    assert many_coded(column, code, 9).tolist() == [7, 5, 9, 7]


@pytest.mark.parametrize("empty", [pa.array([], pa.string()), pa.chunked_array([], pa.string()), []])
def test_nothing_has_no_codes(empty: Any) -> None:
    assert Vocabulary(Judge(), np.uint8).codes(empty).tolist() == []


def test_spellings_without_end_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.rankings.vocabulary.MOST_KNOWN", 3)
    vocabulary = Vocabulary(lambda value: len(value.strip()), np.uint8)
    for spaces in range(20):
        assert vocabulary.codes(["a" + " " * spaces, "bb"]).tolist() == [1, 2]
        assert sum(len(values) for values, _codes in vocabulary._known.values()) <= 5


def test_a_column_of_nothing_but_nothing_is_judged_too() -> None:
    assert Vocabulary(Judge(), np.int16).codes([None, None]).tolist() == [-1, -1]
