"""Votes from a file of somebody's own: JSON, JSON Lines or CSV, each also gzipped. Pure but for reading the file.

A row names two systems and the winner. Accepted are our own words, those of LMArena (`model_a`, `model_b`, `winner`
with "model_a", "model_b", "tie", "tie (bothbad)") and those of evalica (`left`, `right`, `winner` with "X", "Y",
"Draw", "Ignore"; also "left", "right", "tie"), upper and lower case alike.
"""

import csv
import gzip
import io
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from arena.rankings.tallies import Ballots, Counts, dense, fold
from arena.votes.outcome import Outcome

_SIDES: Final = (("left", "right"), ("model_a", "model_b"), ("system_a", "system_b"))
_WINNER: Final = ("winner", "outcome")
#: Evalica's word for a row that says nothing; such rows are counted and left out.
IGNORED: Final = "ignore"
_WORDS: Final = {
    **dict.fromkeys(("left", "model_a", "system_a", "a", "x"), Outcome.LEFT),
    **dict.fromkeys(("right", "model_b", "system_b", "b", "y"), Outcome.RIGHT),
    **dict.fromkeys(("tie", "draw"), Outcome.TIE),
    **dict.fromkeys(("both_bad", "bothbad", "tie (bothbad)", "both bad"), Outcome.BOTH_BAD),
}


class BadVotes(Exception):
    """The file, or one row of it, cannot be read; the message names the row, counted from 1 without the header."""


@dataclass(frozen=True, slots=True)
class VoteFile:
    """The votes of a file: names in alphabetical order, counts in that order, and how many rows were ignored."""

    names: tuple[str, ...]
    counts: Counts
    ignored: int


def read_votes(path: Path) -> VoteFile:
    """Read and count.

    Raises:
        BadVotes: see there.
    """
    cells: Counter[tuple[str, str, Outcome]] = Counter()
    named: set[str] = set()
    ignored = 0
    for number, row in enumerate(_rows(path), start=1):
        try:
            left, right, outcome = _vote(row)
        except ValueError as error:
            raise BadVotes(f"row {number}: {error}") from error
        named |= {left, right}
        if outcome is None:
            ignored += 1
        else:
            cells[left, right, outcome] += 1
    names = tuple(sorted(named))
    at = {name: row for row, name in enumerate(names)}
    pairs = fold(Ballots(at[left], at[right], outcome, n) for (left, right, outcome), n in cells.items())
    return VoteFile(names, dense(pairs, {row: row for row in at.values()}, len(names)), ignored)


def _vote(row: object) -> tuple[str, str, Outcome | None]:
    if not isinstance(row, Mapping):
        raise ValueError("not an object with named values")  # noqa: TRY004 - wrong data, not a wrong call
    columns = next((pair for pair in _SIDES if row.get(pair[0]) is not None), _SIDES[0])
    left, right = (_name(row, column) for column in columns)
    if left == right:
        raise ValueError(f"{left!r} meets itself")
    word = next((row[column] for column in _WINNER if row.get(column) is not None), None)
    if not isinstance(word, str):
        raise ValueError("no winner")  # noqa: TRY004 - wrong data, not a wrong call
    said = word.strip().lower()
    if said == IGNORED:
        return left, right, None
    if said not in _WORDS:
        raise ValueError(f"unknown winner {word!r}; known: left, right, tie, both_bad")
    return left, right, _WORDS[said]


def _name(row: Mapping[str, Any], column: str) -> str:
    name = row.get(column)
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"no name in {column!r}")
    return name.strip()


def _rows(path: Path) -> Iterator[object]:
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise BadVotes(f"{path}: {error}") from error
    kind = next((suffix for suffix in reversed(path.suffixes) if suffix != ".gz"), "")
    if kind == ".csv":
        yield from _csv_rows(text)
    elif kind == ".json":
        yield from _json_array(path, text)
    else:
        yield from _json_lines(line for line in text.split("\n") if line.strip())


def _json_array(path: Path, text: str) -> Iterator[object]:
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise BadVotes(f"{path}: {error}") from error
    if not isinstance(rows, list):
        raise BadVotes(f"{path}: not a list of votes")
    yield from rows


def _json_lines(lines: Iterable[str]) -> Iterator[object]:
    for number, line in enumerate(lines, start=1):
        try:
            yield json.loads(line)
        except ValueError as error:
            raise BadVotes(f"row {number}: {error}") from error


def _csv_rows(text: str) -> Iterator[object]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        yield from reader
    except csv.Error as error:
        raise BadVotes(f"line {reader.line_num}: {error}") from error
