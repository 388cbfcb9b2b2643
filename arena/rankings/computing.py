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
from django.db.models import Max

from arena.arenas.models import Arena
from arena.rankings.board import Board, rate
from arena.rankings.command_line import described
from arena.rankings.contenders import Contender, VersionRow, contenders_of, rows_of, versions_of
from arena.rankings.filters import EVERYTHING, OVERALL, BoardFilter, from_name
from arena.rankings.folding import count_again, fold_votes, locked_watermark
from arena.rankings.method import Method
from arena.rankings.models import Snapshot
from arena.rankings.pair_counts import PairColumns
from arena.rankings.single_votes import SingleVotes, read_single
from arena.rankings.tallies import count
from arena.rankings.tallying import on_boards, read
from arena.rankings.variants import INVERSE_PROPENSITY, USUAL, needs_votes
from arena.votes.models import Vote


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


def recompute(snapshot: Snapshot, method: Method | None = None, moment: datetime | None = None) -> Computed:
    """Count the votes of a stored leaderboard again, one by one, and compute it anew; by its own method or another.

    moment: of those that were thinned out after it, the one that was the newest then; None: it itself.

    Raises:
        VotesChanged: see there.
    """
    own = Method.from_description(snapshot.method)
    last_vote = snapshot.last_vote_id if moment is None else max(last_vote_at(snapshot, moment), snapshot.last_vote_id)
    if moment is None or last_vote == snapshot.last_vote_id:
        moment = snapshot.created_at
    computed = _again(snapshot, method or own, last_vote, moment)
    comparable = bool(snapshot.digest) and (method or own).weights == own.weights
    comparable &= last_vote == snapshot.last_vote_id
    if comparable and computed.board.digest != snapshot.digest:
        raise VotesChanged(
            f"the votes up to {snapshot.last_vote_id} do not give the counts of snapshot {snapshot.pk} any more:"
            " what is left out has changed since"
        )
    return computed


def last_vote_at(snapshot: Snapshot, moment: datetime) -> int:
    """The last vote of the board that was the newest at a moment, of the same arena as a snapshot kept from before it.

    The boards of all votes around the moment say between which votes it lies; the votes' own times say where.
    """
    marks = Snapshot.objects.filter(arena_id=snapshot.arena_id, board=OVERALL, variant=USUAL)
    before, after = (
        marks.filter(created_at__lte=moment).order_by("-created_at", "-id").values_list("last_vote_id", flat=True),
        marks.filter(created_at__gt=moment).order_by("created_at", "id").values_list("last_vote_id", flat=True),
    )
    known, end = before.first() or 0, after.first()
    cast = Vote.objects.filter(battle__arena=snapshot.arena_id, id__gt=known, created_at__lte=moment)
    cast = cast if end is None else cast.filter(id__lte=end)
    return cast.aggregate(last=Max("id"))["last"] or known


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
