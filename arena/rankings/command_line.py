"""`manage.py rank`: its options and its output. Knows no framework, so that `--votes` needs no settings."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from arena.rankings.board import RATES, Board, Row, rate
from arena.rankings.bradley_terry import RankingError
from arena.rankings.intervals import VotersNeeded
from arena.rankings.matrix import chances_of
from arena.rankings.method import CLUSTERED, INTERVALS, SEQUENCES, UNDETERMINED, BadMethod, Method
from arena.rankings.terms import BOTH_BAD, LEVEL, TIES
from arena.rankings.vote_files import BadVotes, read_votes

METHODS: Final = ("bradley-terry", "davidson", "rao-kupper")
BAD_INPUT: Final = 2


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the contract, and every setting of a method."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--arena", metavar="A", help="slug of an arena: its live tallies")
    source.add_argument("--votes", metavar="FILE", type=Path, help="CSV, JSON Lines, JSON (also .gz) or Parquet")
    parser.add_argument(
        "--method",
        choices=METHODS,
        default=METHODS[0],
        help="the model; a tie model's name implies its --ties",
    )
    parser.add_argument("--ties", choices=TIES, help="half a win for each side (the default), or a model of ties")
    parser.add_argument(
        "--both-bad", choices=BOTH_BAD, default="tie", help="as a tie (the default), left out, or told as a rate apart"
    )
    parser.add_argument("--intervals", choices=INTERVALS, default="sandwich", help="how errors are estimated")
    parser.add_argument("--level", type=float, default=LEVEL, help="of every interval (%(default)s)")
    parser.add_argument("--sequence", choices=SEQUENCES, default="each", help="limits that hold at every look")
    parser.add_argument("--anchor", metavar="NAME", help="the system whose rating is --anchor-rating")
    parser.add_argument("--anchor-rating", type=float, default=1000.0, help="of the anchor, else of the mean")
    parser.add_argument("--seed", type=int, default=0, help="of draws and replicates")
    parser.add_argument("--replicates", type=int, default=1000, help="of a bootstrap")
    parser.add_argument("--minimum-votes", type=int, default=0, help="fewer get a status instead of a number")
    parser.add_argument("--undetermined", choices=UNDETERMINED, default="status", help="where votes decide nothing")
    parser.add_argument("--matrix", action="store_true", help="also the chance of every pair")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")


def method_from(options: argparse.Namespace, *, weights: str = "one") -> Method:
    """The method that the options describe.

    Raises:
        BadMethod: they contradict each other, or one is out of range.
    """
    implied = "half" if options.method == METHODS[0] else options.method
    if options.ties and implied not in {"half", options.ties}:
        raise BadMethod(f"--method {options.method} and --ties {options.ties} are different models")
    return Method(
        ties=options.ties or implied,  # type: ignore[arg-type]  # by its choices
        both_bad=options.both_bad,
        intervals=options.intervals,
        level=options.level,
        sequence=options.sequence,
        anchor=options.anchor,
        anchor_rating=options.anchor_rating,
        weights=weights,
        seed=options.seed,
        replicates=options.replicates,
        minimum_votes=options.minimum_votes,
        undetermined=options.undetermined,
    )


def main(arguments: Sequence[str]) -> int:
    """`rank --votes FILE`, without Django.

    Returns:
        The exit code: 0, or 2 for bad input.
    """
    parser = argparse.ArgumentParser(prog="manage.py rank")
    add_options(parser)
    return rank_file(parser.parse_args(arguments))


def rank_file(options: argparse.Namespace) -> int:
    """Rank the file of votes that the options name, and print the result.

    Returns:
        The exit code: 0, or 2 for bad input.
    """
    try:
        method = method_from(options)
        votes = read_votes(options.votes, keep_votes=method.intervals in CLUSTERED)
        method = method_from(options, weights="file" if votes.weighted else "one")
        board = rate(votes.counts, method, names=votes.names, votes=votes.votes)
    except (BadVotes, BadMethod, RankingError, VotersNeeded) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return BAD_INPUT
    excluded = {"ignored": votes.ignored} if votes.ignored else {}
    show(described(None, votes.names, board, excluded, matrix=options.matrix), as_json=options.json)
    return 0


def described(
    arena: str | None, names: Sequence[str], board: Board, excluded: dict[str, int], *, matrix: bool = False
) -> dict[str, Any]:
    """The contract's shape: every contender has a row, best first; those without a number come last, by name.

    Args:
        arena: its slug, or None for a file.
        names: of the board's rows.
        board: what was computed.
        excluded: class → votes left out.
        matrix: whether to add the chances of every pair.
    """
    rows = sorted(zip(names, board.rows, strict=True), key=_best_first)
    return {
        "arena": arena,
        "method": board.method,
        "status": board.status.value,
        "groups": [[names[member] for member in group] for group in board.groups],
        "excluded": excluded,
        "digest": board.digest,
        "tie": asdict(board.tie) if board.tie else None,
        "ratings": [{"system": name} | row.as_dict() for name, row in rows],
        **({"matrix": chances_of(names, board)} if matrix else {}),
    }


def _best_first(named: tuple[str, Row]) -> tuple[float, str]:
    name, row = named
    return (float("inf") if row.rating is None else -row.rating, name)


def show(told: dict[str, Any], *, as_json: bool) -> None:
    """Print to standard output: JSON at full precision, or a table of rounded points."""
    try:
        _print(told, as_json=as_json)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has enough (`rank … | head`). Nor shall Python complain when it closes the pipe at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(told, ensure_ascii=False, allow_nan=False))
        return
    interval = f"{100 * told['method']['level']:g} % interval"
    print(f"{'rating':>8} {interval:>17} {'ranks':>7} {'votes':>8}  system")
    for row in told["ratings"]:
        print(_line(row))
    for pair in _once(told.get("matrix", ())):
        print("{p:>8.1%} ({lower:.1%} to {upper:.1%})  {row} over {column}".format(**pair))
    if as_of := told.get("as_of"):
        print("as of {moment}; votes: {votes} (up to {last_vote_id})".format(**as_of))
    if told["status"] != "ok":
        print(f"status: {told['status']}; groups: {told['groups']}", file=sys.stderr)


def _once(pairs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each pair from the side of the stronger; an even one as it comes first."""
    stronger: dict[frozenset[str], dict[str, Any]] = {}
    for pair in pairs:
        both = frozenset((pair["row"], pair["column"]))
        stronger[both] = max(stronger.get(both, pair), pair, key=itemgetter("p"))
    return [pair for pair in pairs if pair is stronger[frozenset((pair["row"], pair["column"]))]]


def _line(row: dict[str, Any]) -> str:
    numbers = f"{'-':>8} {row['status']:>17} {'-':>7}"
    if row["rating"] is not None:
        interval = f"{row['lower']:.1f} to {row['upper']:.1f}"
        numbers = f"{row['rating']:>8.1f} {interval:>17} {row['rank_low']:>3}-{row['rank_high']:<3}"
    told = "" if row["rating"] is None or row["status"] == "ok" else f"  ({row['status']})"
    if row["both_bad_rate"] is not None:
        told += "  both bad {:.1%} ({:.1%} to {:.1%})".format(*(row[name] for name in RATES))
    return f"{numbers} {row['votes']:>8}  {row['system']}{told}"
