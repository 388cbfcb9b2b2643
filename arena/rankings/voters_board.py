"""A voter's own leaderboard: their votes, drawn towards everybody's ratings."""

from dataclasses import dataclass

import numpy as np
from django.db.models import Count

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.rankings.contenders import rows_of
from arena.rankings.filters import EVERYTHING
from arena.rankings.folding import counted_votes
from arena.rankings.models import FoldWatermark
from arena.rankings.personal import personal_ratings
from arena.rankings.questions import computed
from arena.rankings.tallies import CODE_OF, Counts


@dataclass(frozen=True, slots=True)
class PersonalRow:
    """One system. votes: the voter's own; rating, lower, upper: theirs; everybody: the board's. Points."""

    system: str
    votes: int
    rating: float
    lower: float
    upper: float
    everybody: float


@dataclass(frozen=True, slots=True)
class PersonalBoard:
    """votes: of this voter that count; spread: how far their taste is taken to be from everybody's, in points."""

    arena: str
    arena_name: str
    votes: int
    spread: float
    rows: tuple[PersonalRow, ...]


def personal_board(arena: Arena, voter: Voter) -> PersonalBoard | None:
    """The voter's board in an arena, best first; None before their first vote on rated systems."""
    watermark = FoldWatermark.objects.filter(arena=arena).first()
    if watermark is None:
        return None
    found = computed(arena, EVERYTHING)
    rated = {row: place for place, row in enumerate(found.board.rated)}
    places = {version: rated[row] for version, row in rows_of(found.contenders).items() if row in rated}
    own = counted_votes(arena, watermark.last_vote_id).filter(voter=voter).order_by()
    groups = own.values_list("battle__pairing__left_id", "battle__pairing__right_id", "outcome").annotate(
        n=Count("id")
    )
    counts = Counts.empty(len(rated))
    for left, right, outcome, n in groups:
        if left in places and right in places:
            counts.cells[CODE_OF[outcome], places[left], places[right]] += n
    votes = counts.votes()
    if not votes.any():
        return None
    everybody = np.array([found.board.rows[row].rating for row in found.board.rated], dtype=float)
    personal = personal_ratings(counts.wins(), everybody)
    rows = [
        PersonalRow(
            found.names[row],
            int(votes[place]),
            float(personal.ratings[place]),
            float(personal.lower[place]),
            float(personal.upper[place]),
            float(everybody[place]),
        )
        for row, place in rated.items()
        if votes[place]
    ]
    ordered = tuple(sorted(rows, key=lambda row: (-row.rating, row.system)))
    return PersonalBoard(arena.slug, arena.name, int(votes.sum()) // 2, personal.spread, ordered)


def boards_of_voter(voter: Voter) -> list[PersonalBoard]:
    """One board for each open arena that the voter has voted in."""
    voted = Arena.objects.filter(
        is_open=True, id__in=Battle.objects.filter(voter=voter, state="voted").values("arena")
    )
    return [board for arena in voted.order_by("id") if (board := personal_board(arena, voter)) is not None]
