"""Boards computed from counts: those of now, and those of a moment in the past from the votes of then.

RecomputeError
├── NoBoardThen     there was no leaderboard yet
├── NoBoardYet      a board that is computed now and then has not been computed so far
└── VotesChanged    the votes of then do not give the counts of then: what is left out has changed since
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction

from arena.arenas.models import Arena
from arena.rankings.board import Board, rate
from arena.rankings.command_line import described
from arena.rankings.contenders import Contender, VersionRow, contenders_of, rows_of, versions_of
from arena.rankings.filters import EVERYTHING, BoardFilter, from_name
from arena.rankings.folding import count_again, fold_votes, locked_watermark
from arena.rankings.method import Method
from arena.rankings.models import Snapshot
from arena.rankings.pair_counts import PairColumns
from arena.rankings.single_votes import SingleVotes, read_single
from arena.rankings.tallies import count
from arena.rankings.tallying import on_boards, read
from arena.rankings.variants import INVERSE_PROPENSITY, USUAL, needs_votes


class RecomputeError(Exception):
    """A board of the past cannot be computed again."""


class NoBoardThen(RecomputeError):
    """There was no leaderboard yet."""


class NoBoardYet(RecomputeError):
    """A board that is computed now and then has not been computed so far."""


class VotesChanged(RecomputeError):
    """The votes of then do not give the counts of then."""


@dataclass(frozen=True, slots=True)
class Computed:
    """A board with the contenders of its rows. excluded: class → votes left out."""

    contenders: list[Contender]
    board: Board
    excluded: dict[str, int]

    @property
    def names(self) -> list[str]:
        """The contenders' names in the order of the rows."""
        return [contender.name for contender in self.contenders]

    def document(self, arena: str, *, matrix: bool = False) -> dict[str, Any]:
        """The board in the shape of the contract; equal votes and settings give equal documents, to the byte."""
        return described(arena, self.names, self.board, self.excluded, matrix=matrix)


def compute(tallied: PairColumns, versions: list[VersionRow], method: Method, excluded: dict[str, int]) -> Computed:
    """Pool versions and rate.

    Raises:
        NotConverged: the fit failed.
        RankingError: the method refuses what the votes do not determine.
    """
    contenders = contenders_of(versions, tallied.ids)
    counts = tallied.dense(rows_of(contenders), len(contenders))
    names = [contender.name for contender in contenders]
    return Computed(contenders, rate(counts, method, names=names), excluded)


def compute_single(
    votes: SingleVotes, versions: list[VersionRow], method: Method, excluded: dict[str, int]
) -> Computed:
    """Pool versions and rate, by a method that needs single votes.

    Raises:
        NotConverged: the fit failed.
        RankingError: the method refuses what the votes do not determine.
        VotersNeeded: intervals by voter, and all votes are of one.
    """
    contenders = contenders_of(versions, np.unique(np.concatenate([votes.left, votes.right])).tolist())
    names = [contender.name for contender in contenders]
    columns = votes.votes(rows_of(contenders), weighted=method.weights == INVERSE_PROPENSITY)
    return Computed(contenders, rate(count(columns, len(contenders)), method, names=names, votes=columns), excluded)


def rank_arena(arena_id: int, method: Method, chosen: BoardFilter = EVERYTHING) -> Computed:
    """Fold the new votes and compute a board by settings of one's own, without storing it.

    Raises:
        NotConverged: the fit failed.
        VotersNeeded: intervals by voter, and all votes are of one.
    """
    fold_votes(arena_id)
    with transaction.atomic():
        watermark = locked_watermark(arena_id)
        tallied, versions = read(arena_id, chosen), versions_of(arena_id)
    if needs_votes(method):
        votes = read_single(watermark.arena, watermark.last_vote_id).on_board(chosen)
        return compute_single(votes, versions, method, watermark.excluded)
    return compute(tallied, versions, method, watermark.excluded)


def snapshot_at(arena_id: int, moment: datetime, chosen: BoardFilter = EVERYTHING, variant: str = USUAL) -> Snapshot:
    """The stored leaderboard that was the newest at a moment.

    Raises:
        NoBoardThen: see there.
    """
    own = Snapshot.objects.filter(arena_id=arena_id, board=chosen.name, variant=variant, created_at__lte=moment)
    found = own.order_by("-created_at", "-id").first()
    if found is None:
        raise NoBoardThen(f"there was no leaderboard on {moment.isoformat()}")
    return found


def recompute(snapshot: Snapshot, method: Method | None = None, until: tuple[int, datetime] | None = None) -> Computed:
    """Count the votes of a stored leaderboard again, one by one, and compute it anew; by its own method or another.

    until: the last vote and the moment of one that followed and was thinned out; None: it itself.

    Raises:
        VotesChanged: see there; whatever is computed, the stored leaderboard's own counts are compared.
    """
    own = Method.from_description(snapshot.method)
    kept = _again(snapshot, own, snapshot.last_vote_id, snapshot.created_at)
    if snapshot.digest and kept.board.digest != snapshot.digest:
        raise VotesChanged(
            f"the votes up to {snapshot.last_vote_id} do not give the counts of snapshot {snapshot.pk} any more:"
            " what is left out has changed since"
        )
    if until is None and method in {None, own}:
        return kept
    return _again(snapshot, method or own, *(until or (snapshot.last_vote_id, snapshot.created_at)))


def _again(snapshot: Snapshot, method: Method, last_vote: int, moment: datetime) -> Computed:
    arena = Arena.objects.get(pk=snapshot.arena_id)
    folded = count_again(arena, last_vote)
    wanted = {(left, right): n for (on, left, right), n in on_boards(folded.cells).items() if on == snapshot.board}
    tallied = PairColumns.of(wanted)
    versions = versions_of(arena.pk, moment, tallied.ids)
    if not needs_votes(method):
        return compute(tallied, versions, method, folded.excluded)
    votes = read_single(arena, last_vote).on_board(from_name(snapshot.board))
    return compute_single(votes, versions, method, folded.excluded)


def sha256_of(document: dict[str, Any]) -> str:
    """Of the document as canonical JSON."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
