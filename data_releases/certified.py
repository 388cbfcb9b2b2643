"""The certified leaderboard: computed from the files of a release alone, so that anybody can compute it again. Pure.

It starts from `prior_tallies` (the counted votes of all earlier releases) and adds the counted votes of this one. The
ranking core works to a score of 1e-9 per comparison; what is published is rounded to three decimals, and that is what
makes the bytes the same elsewhere.
"""

from collections.abc import Iterable, Mapping
from operator import itemgetter, sub
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from arena.rankings.board import Board, rate
from arena.rankings.pair_counts import PairColumns, PairCount
from arena.votes.outcome import Outcome
from data_releases.columns import grouped
from data_releases.schema import PRIOR_TALLIES, TABLES

DIGITS: Final = 3
Tallies = dict[tuple[str, str], PairCount]

_COUNTS: Final = ("first_wins", "second_wins", "ties", "both_bad")
_NUMBERS: Final = ("rating", "lower", "upper")


def contenders_of(systems: pa.Table) -> dict[str, str]:
    """`system_id` → contender."""
    return dict(zip(systems["system_id"].to_pylist(), systems["contender"].to_pylist(), strict=True))


def tallies_of(votes: pa.Table, contender_of: Mapping[str, str]) -> Tallies:
    """How pairs of contenders ended in the counted votes.

    Raises:
        KeyError: a vote names a system that is not in `systems`.
        ValueError: an unknown outcome, or a vote on a contender against itself.
    """
    cast = votes.select(["left", "right", "outcome"]).filter(votes["counted"])
    counted = grouped(cast, ["left", "right", "outcome"]).aggregate([([], "count_all")])
    tallies: Tallies = {}
    for row in counted.to_pylist():
        left, right = contender_of[row["left"]], contender_of[row["right"]]
        if left == right:
            raise ValueError(f"{left} met itself")
        count = PairCount.of(Outcome(row["outcome"]), row["count_all"])
        pair, count = ((left, right), count) if left < right else ((right, left), count.mirrored)
        tallies[pair] = tallies.get(pair, PairCount()) + count
    return tallies


def tallies_from(table: pa.Table) -> Tallies:
    """`prior_tallies` as counts."""
    return tallies_of_rows(table.to_pylist())


def tallies_of_rows(rows: Iterable[Mapping[str, Any]]) -> Tallies:
    """The same from its rows."""
    return {(row["first"], row["second"]): PairCount(*(row[name] for name in _COUNTS)) for row in rows}


def tally_table(tallies: Tallies) -> pa.Table:
    """Counts as `prior_tallies`."""
    return pa.Table.from_pylist(tally_rows(tallies), schema=PRIOR_TALLIES.schema)


def tally_rows(tallies: Tallies) -> list[dict[str, Any]]:
    """The rows of `prior_tallies`."""
    return [
        {"first": first, "second": second, **dict(zip(_COUNTS, count.numbers, strict=True))}
        for (first, second), count in sorted(tallies.items())
    ]


def added(one: Tallies, other: Tallies) -> Tallies:
    """Both together."""
    return {pair: one.get(pair, PairCount()) + other.get(pair, PairCount()) for pair in one | other}


def without(one: Tallies, other: Tallies) -> Tallies:
    """The first without the second; pairs that come to nothing are left out."""
    nothing = PairCount()
    left = {pair: _minus(one.get(pair, nothing), other.get(pair, nothing)) for pair in one | other}
    return {pair: count for pair, count in left.items() if any(count.numbers)}


def _minus(one: PairCount, other: PairCount) -> PairCount:
    return PairCount(*map(sub, one.numbers, other.numbers))


def excluded_of(votes: pa.Table) -> dict[str, int]:
    """Class → votes left out."""
    return _tallied(votes["exclusion"].drop_null())


def _tallied(column: pa.ChunkedArray) -> dict[str, int]:
    """Value → rows, by value."""
    return {
        row["values"]: row["counts"] for row in sorted(pc.value_counts(column).to_pylist(), key=itemgetter("values"))
    }


def counts_of(rows: Mapping[str, int], battles: pa.Table, votes: pa.Table) -> dict[str, Any]:
    """What `verify` counts again: rows by table, battles by state, votes cast, counted and excluded by class."""
    return {
        "rows": {spec.name: rows[spec.name] for spec in TABLES if spec.name in rows},
        "battles": _tallied(battles["state"]),
        "texts": _tallied(battles["text_status"]),
        "cast": len(votes),
        "counted": pc.sum(votes["counted"]).as_py() or 0,
        "excluded": excluded_of(votes),
        "voters": pc.count_distinct(votes["voter_pid"]).as_py(),
    }


def overview_of(battles: pa.Table, votes: pa.Table) -> dict[str, dict[str, int]]:
    """What the release's page draws: votes by outcome, battles by language, and votes by system."""
    sides = pa.chunked_array([*votes["left"].chunks, *votes["right"].chunks], pa.string())
    return {
        "outcomes": _tallied(votes["outcome"]),
        "languages": _tallied(battles["language"]),
        "systems": _tallied(sides),
    }


def leaderboard(arena: str, release: str, systems: pa.Table, votes: pa.Table, prior: pa.Table) -> dict[str, Any]:
    """The content of `leaderboard.json`.

    Raises:
        KeyError: a vote or a tally names somebody who is not in `systems`.
        ValueError: an unknown outcome, or a vote on a contender against itself.
        NotConverged: the fit failed.
    """
    contender_of = contenders_of(systems)
    names = sorted(set(contender_of.values()))
    earlier, own = tallies_from(prior), tallies_of(votes, contender_of)
    number = {name: n for n, name in enumerate(names)}
    pairs = {(number[first], number[second]): count for (first, second), count in added(earlier, own).items()}
    board = rate(PairColumns.of(pairs).dense({n: n for n in range(len(names))}, len(names)))
    return {
        "arena": arena,
        "release": release,
        "status": board.status.value,
        "groups": [[names[row] for row in group] for group in board.groups],
        "method": board.method,
        "votes": {
            "prior": _total(earlier.values()),
            "counted": _total(own.values()),
            "excluded": excluded_of(votes),
        },
        "ratings": _ratings(names, board),
    }


def _total(counts: Iterable[PairCount]) -> int:
    return sum(count.total for count in counts)


def _ratings(names: list[str], board: Board) -> list[dict[str, Any]]:
    rows = [
        {
            "contender": name,
            **{field: _rounded(getattr(row, field)) for field in _NUMBERS},
            "rank_low": row.rank_low,
            "rank_high": row.rank_high,
            "votes": int(row.votes),
            "status": row.status.value,
        }
        for name, row in zip(names, board.rows, strict=True)
    ]
    return sorted(rows, key=lambda row: (row["rating"] is None, -(row["rating"] or 0.0), row["contender"]))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
