"""`manage.py rank`: its options and its output. Knows no framework, so that `--votes` needs no settings."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from arena.rankings.board import Board, Row, rate
from arena.rankings.method import Method
from arena.rankings.tallies import BOTH_BAD, BothBad
from arena.rankings.vote_files import BadVotes, read_votes

METHODS: Final = ("bradley-terry",)
BAD_INPUT: Final = 2


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the contract."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--arena", metavar="A", help="slug of an arena: its live tallies")
    source.add_argument("--votes", metavar="FILE", type=Path, help="JSON, JSON Lines or CSV, also .gz")
    parser.add_argument("--method", choices=METHODS, default=METHODS[0])
    parser.add_argument("--both-bad", choices=BOTH_BAD, default="tie", help="as a tie (the default), or left out")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")


def main(arguments: Sequence[str]) -> int:
    """`rank --votes FILE`, without Django.

    Returns:
        The exit code: 0, or 2 for bad input.
    """
    parser = argparse.ArgumentParser(prog="manage.py rank")
    add_options(parser)
    options = parser.parse_args(arguments)
    return rank_file(options.votes, options.both_bad, as_json=options.json)


def rank_file(path: Path, both_bad: BothBad, *, as_json: bool) -> int:
    """Rank a file of votes and print the result.

    Returns:
        The exit code: 0, or 2 for bad input.
    """
    try:
        votes = read_votes(path)
    except BadVotes as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    board = rate(votes.counts, Method(both_bad=both_bad))
    told = described(None, votes.names, board, {"ignored": votes.ignored} if votes.ignored else {})
    show(told, as_json=as_json)
    return 0


def described(arena: str | None, names: Sequence[str], board: Board, excluded: dict[str, int]) -> dict[str, Any]:
    """The contract's shape: every contender has a row, best first; those without a number come last, by name."""
    rows = sorted(zip(names, board.rows, strict=True), key=_best_first)
    return {
        "arena": arena,
        "method": board.method,
        "status": board.status.value,
        "groups": [[names[member] for member in group] for group in board.groups],
        "excluded": excluded,
        "ratings": [
            {
                "system": name,
                "rating": row.rating,
                "lower": row.lower,
                "upper": row.upper,
                "rank_low": row.rank_low,
                "rank_high": row.rank_high,
                "votes": row.votes,
                "status": row.status.value,
            }
            for name, row in rows
        ],
    }


def _best_first(named: tuple[str, Row]) -> tuple[float, str]:
    name, row = named
    return (float("inf") if row.rating is None else -row.rating, name)


def show(told: dict[str, Any], *, as_json: bool) -> None:
    """Print to standard output: JSON at full precision, or a table of rounded points."""
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return
    print(f"{'rating':>8} {'95 % interval':>17} {'ranks':>7} {'votes':>8}  system")
    for row in told["ratings"]:
        print(_line(row))
    if told["status"] != "ok":
        print(f"status: {told['status']}; groups: {told['groups']}", file=sys.stderr)


def _line(row: dict[str, Any]) -> str:
    numbers = f"{'-':>8} {row['status']:>17} {'-':>7}"
    if row["rating"] is not None:
        interval = f"{row['lower']:.1f} to {row['upper']:.1f}"
        numbers = f"{row['rating']:>8.1f} {interval:>17} {row['rank_low']:>3}-{row['rank_high']:<3}"
    return f"{numbers} {row['votes']:>8}  {row['system']}"
