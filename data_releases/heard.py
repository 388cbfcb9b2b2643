"""What was heard before a vote, only as finely as may be told: whole seconds and tenths of a clip. Pure.

The numbers are those of `arena.votes.listening`, by which the gate lets a vote pass; when anything was heard, and
which parts of a clip were, stays inside.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa

from arena.battles.states import SIDES
from arena.votes.listening import Ledger, Track
from data_releases import schema

#: Whoever listens longer is one among few.
MOST_HEARD_S: Final = 600
DIGITS: Final = 1


def listening_table(rows: pa.Table, vote_ids: pa.Array) -> pa.Table:
    """The table `listening`.

    Args:
        rows: `listening` of `extract.read`.
        vote_ids: (rows,) the released vote on each battle; null where there was none, then nothing is told.
    """
    voted = zip(rows.to_pylist(), vote_ids.to_pylist(), strict=True)
    told = [one for row, vote in voted if vote is not None for one in _sides(row, vote)]
    return pa.Table.from_pylist(told, schema.LISTENING.schema)


def _sides(row: Mapping[str, Any], vote: str) -> Iterator[dict[str, Any]]:
    duration_s = {side: row[f"{side}_duration_s"] for side in SIDES}
    for side in SIDES:
        parts = _parts(row[f"{side}_intervals"])
        ledger = Ledger(duration_s, {side: Track(round(row[f"{side}_heard_s"] * 1000), parts or [])})
        yield {
            "vote_id": vote,
            "side": side,
            "duration_s": round(duration_s[side], DIGITS),
            "heard_s": min(int(ledger.tracks[side].heard_s), MOST_HEARD_S),
            "coverage": None if parts is None else round(ledger.coverage(side), DIGITS),
        }


def _parts(text: str) -> list[tuple[int, int]] | None:
    """Milliseconds of a clip as pairs; None for anything else."""
    try:
        return [(int(start), int(end)) for start, end in json.loads(text)]
    except (TypeError, ValueError):
        return None
