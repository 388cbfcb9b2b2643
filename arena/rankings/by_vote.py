"""The boards that need single votes, kept now and then: by voter, and weighted by the logged draws.

A minute's job reads an arena's votes once, in bounded memory, and stores every variant of every board whose votes
changed. Because its cost grows with the votes, it waits the longer the more there are; a live refresh does not wait
for it.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.common import ledger, periods
from arena.rankings.bradley_terry import RankingError
from arena.rankings.computing import compute_single
from arena.rankings.contenders import VersionRow, versions_of
from arena.rankings.filters import OVERALL, BoardFilter, from_name
from arena.rankings.folding import locked_watermark
from arena.rankings.intervals import VotersNeeded
from arena.rankings.models import BoardState, FoldWatermark, Snapshot
from arena.rankings.services import inputs_of, is_current, store, thin_out
from arena.rankings.single_votes import SingleVotes, read_single
from arena.rankings.variants import USUAL, VARIANTS

logger = logging.getLogger(__name__)

JOB: Final = ledger.Job("rankings.by_vote", periods.Every(timedelta(minutes=1)), backlog=1, lease_s=1800)
#: Votes for which the next look waits a second: reading them took less than half of that on two crowded cores.
VOTES_PER_SECOND: Final = 10_000
KINDS: Final = tuple(variant for variant in VARIANTS if variant != USUAL)


def keep_all(_period: ledger.Period) -> None:
    """Look at every arena."""
    for arena in Arena.objects.order_by("id"):
        keep(arena)


def keep(arena: Arena) -> int:
    """Store the boards of an arena whose votes changed, unless they were stored only just.

    Returns:
        How many were.
    """
    before = FoldWatermark.objects.filter(arena=arena).first()
    if before is None or _was_just_now(before):
        return 0
    with transaction.atomic():
        # Locked only for these three to be of one moment.
        watermark = locked_watermark(arena.pk)
        versions = versions_of(arena.pk)
        states = list(BoardState.objects.filter(arena=arena, counted__gt=0).order_by("board"))
    wanted = _changed(watermark, versions, states)
    if not wanted:
        return 0
    votes = read_single(watermark.arena, watermark.last_vote_id)
    return sum(_keep_board(watermark, versions, due, votes.on_board(due.chosen)) for due in wanted)


@dataclass(frozen=True, slots=True)
class _Due:
    """A board, and those of its variants that are not as the votes are; inputs: of the boards to be made."""

    chosen: BoardFilter
    inputs: dict[str, Any]
    variants: list[str]


def _changed(watermark: FoldWatermark, versions: list[VersionRow], states: list[BoardState]) -> list[_Due]:
    found, newest = [], _newest(states)
    for state in states:
        inputs = inputs_of(watermark, versions, state)
        latest = {variant: newest.get((state.board, variant)) for variant in KINDS}
        variants = [variant for variant, one in latest.items() if one is None or not is_current(one, inputs, variant)]
        if variants:
            found.append(_Due(from_name(state.board), inputs, variants))
    return found


def _newest(states: list[BoardState]) -> dict[tuple[str, str], Snapshot]:
    """The newest snapshots by board and variant. Two queries; the index finds each at once, whatever its past."""
    own = Snapshot.objects.filter(arena=OuterRef("arena"), board=OuterRef("board")).order_by("-id").values("id")
    last = {f"last_{place}": Subquery(own.filter(variant=variant)[:1]) for place, variant in enumerate(KINDS)}
    rows = BoardState.objects.filter(pk__in=[state.pk for state in states]).annotate(**last).values_list(*last)
    ids = [snapshot_id for row in rows for snapshot_id in row if snapshot_id is not None]
    return {(one.board, one.variant): one for one in Snapshot.objects.filter(pk__in=ids)}


def _was_just_now(watermark: FoldWatermark) -> bool:
    pause = timedelta(seconds=watermark.counted / VOTES_PER_SECOND)
    own = Snapshot.objects.filter(~Q(variant=USUAL), arena=watermark.arena_id, board=OVERALL)
    return own.filter(created_at__gt=Now() - pause).exists()


def _keep_board(watermark: FoldWatermark, versions: list[VersionRow], due: _Due, votes: SingleVotes) -> int:
    stored = 0
    for variant in due.variants:
        try:
            computed = compute_single(votes, versions, VARIANTS[variant], watermark.excluded)
        except (RankingError, VotersNeeded) as error:
            logger.info("no board %s of variant %s: %s", due.chosen.name, variant, type(error).__name__)
            continue
        with transaction.atomic():
            store(watermark, due.chosen, due.inputs, computed, variant)
            thin_out(watermark.arena_id, due.chosen, variant)
        stored += 1
    return stored
