"""An arena's leaderboards in a few lines, for the page on which battles begin."""

from dataclasses import dataclass
from datetime import date

from arena.arenas.models import Arena
from arena.rankings.selectors import TOO_FEW_VOTES, leaderboard
from data_releases.selectors import CertifiedBoard, certified_board, next_release_on


@dataclass(frozen=True, slots=True)
class BoardSummary:
    """leader, rating: of the live board, None where nobody is ranked. counted, excluded: votes, these by class."""

    leader: str | None
    rating: float | None
    counted: int
    excluded: dict[str, int]
    certified: CertifiedBoard | None
    next_release: date


def summary_of(arena: Arena) -> BoardSummary:
    """A handful of queries, whatever the number of votes."""
    board = leaderboard(arena)
    ranked = (row for row in board.rows if row.rating is not None and row.listing != TOO_FEW_VOTES)
    first = next(ranked, None)
    return BoardSummary(
        leader=first.system if first else None,
        rating=first.rating if first else None,
        counted=board.counted,
        excluded={code: n for code, n in board.excluded.items() if n},
        certified=certified_board(arena),
        next_release=next_release_on(arena),
    )
