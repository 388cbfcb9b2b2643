"""Who is preferred to whom: battles that were, and probabilities by the ratings. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from arena.rankings.board import Board
from arena.rankings.estimate import win_matrix
from arena.rankings.tallies import Counts
from arena.rankings.terms import BothBad


@dataclass(frozen=True, slots=True)
class Cell:
    """One ordered pair of the matrix.

    p: probability that the row's system is preferred to the column's (a tie being half), by the ratings, with its
    interval; None where they are not rated together. battles: how often they met, in votes that move ratings; wins: of
    these, for the row's, even votes as halves.
    """

    battles: int
    wins: float
    p: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class Matrix:
    """Who is preferred to whom. names: best first, (n,); cells: (n, n), None on the diagonal."""

    board: str
    names: tuple[str, ...]
    cells: tuple[tuple[Cell | None, ...], ...]


def matrix_from(name: str, names: Sequence[str], board: Board, counts: Counts, both_bad: BothBad = "tie") -> Matrix:
    """The matrix of the systems with votes.

    Args:
        name: of the board.
        names: of its rows.
        board: the ratings.
        counts: what they were computed from, in the same order.
        both_bad: what the method makes of votes that both are bad.
    """
    battles, wins = counts.decisive + counts.decisive.T + counts.halves(both_bad), counts.wins(both_bad)
    chances, rows = _chances(board), board.rows
    order = sorted(
        (row for row in range(len(rows)) if rows[row].votes),
        key=lambda row: (-(rows[row].rating or float("-inf")), names[row]),
    )
    cells = tuple(
        tuple(None if i == j else Cell(int(battles[i, j]), float(wins[i, j]), *chances.get((i, j), ())) for j in order)
        for i in order
    )
    return Matrix(name, tuple(names[row] for row in order), cells)


def chances_of(names: Sequence[str], board: Board) -> list[dict[str, Any]]:
    """{"row", "column", "p", "lower", "upper"} of each ordered pair of rated systems, by the board's own errors."""
    return [
        {"row": names[i], "column": names[j], "p": p, "lower": lower, "upper": upper}
        for (i, j), (p, lower, upper) in _chances(board).items()
    ]


def _chances(board: Board) -> dict[tuple[int, int], tuple[float, float, float]]:
    if board.estimate is None:
        return {}
    matrix = win_matrix(board.estimate, board.method["level"])
    return {
        (i, j): (float(matrix.p[a, b]), float(matrix.lower[a, b]), float(matrix.upper[a, b]))
        for a, i in enumerate(board.rated)
        for b, j in enumerate(board.rated)
        if i != j
    }
