"""Withdrawn votes out of the tallies: each once, under the watermark's lock, whatever comes first.

A fold counts a vote without looking for a withdrawal. This step takes the votes below the watermark whose voters have
withdrawn them out again and notes it in `TakenOut`, which is also what a count from scratch leaves out. So it does not
matter whether a vote is withdrawn before, while or after it is folded.
"""

from collections import Counter

from django.db import transaction
from django.db.models import Exists, OuterRef

from arena.rankings import folding, tallying
from arena.rankings.models import TakenOut
from arena.votes.models import Vote, Withdrawal, WithdrawnScope


def take_out_withdrawn(arena_id: int) -> int:
    """Take withdrawn votes out of the tallies. Returns how many."""
    wishes = Withdrawal.objects.filter(scope=WithdrawnScope.VOTE, battle__arena=arena_id)
    open_wishes = wishes.exclude(Exists(TakenOut.objects.filter(vote__battle=OuterRef("battle"))))
    if not open_wishes.exists():
        return 0
    with transaction.atomic():
        watermark = folding.locked_watermark(arena_id)
        votes = list(
            Vote.objects.filter(battle__in=open_wishes.values("battle"), id__lte=watermark.last_vote_id)
            .order_by("id")
            .values_list("id", flat=True)
        )
        if not votes:
            return 0
        folded = folding.fold_these(watermark.arena, votes)
        TakenOut.objects.bulk_create([TakenOut(vote_id=vote) for vote in votes])
        tallying.take_back(arena_id, folded.cells)
        watermark.counted -= folded.counted
        watermark.simulated -= folded.simulated
        excluded = Counter(watermark.excluded) - folded.excluded
        excluded[folding.WITHDRAWN] += len(votes)
        watermark.excluded = dict(excluded)
        watermark.revision += 1
        watermark.save()
    return len(votes)
