"""Votes into tallies: every vote once, from a watermark, without touching a vote.

A fold takes the votes between the watermark and a horizon below which nothing can appear any more
(`votes.services.last_settled_vote`), adds their counts to the tallies and moves the watermark, all in one transaction
under the watermark's row lock. So it does not matter how many fold at the same time, or when one is killed. Its cost
grows with the new votes; reading a board's tallies grows with the pairs that met.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, Max, OuterRef, Q

from arena.arenas.models import Arena
from arena.battles.models import Response
from arena.rankings.models import FoldWatermark, Tally
from arena.rankings.tallies import Ballots, Pair, PairCount, fold
from arena.votes.models import Vote
from arena.votes.outcome import Outcome
from arena.votes.services import last_settled_vote

#: Why a vote is kept and not counted; the first that applies.
SIMULATED: Final = "simulated"
IDENTITY_REVEALED: Final = "identity_revealed"

_COUNTS: Final = ("first_wins", "second_wins", "ties", "both_bad")


@dataclass(slots=True)
class Folded:
    """What a range of votes comes to."""

    pairs: dict[Pair, PairCount] = field(default_factory=dict)
    counted: int = 0
    simulated: int = 0
    excluded: Counter[str] = field(default_factory=Counter)


class _Group(NamedTuple):
    """`n` votes alike in everything that a fold looks at."""

    left: int
    right: int
    outcome: str
    is_simulated: bool
    is_revealed: bool
    n: int


def fold_votes(arena_id: int) -> int:
    """Add the votes since the last fold to the tallies.

    Returns:
        The number of votes that were new to the fold, counted or excluded.
    """
    known = FoldWatermark.objects.filter(arena_id=arena_id).values_list("last_vote_id", flat=True).first()
    if known is not None and (Vote.objects.aggregate(last=Max("id"))["last"] or 0) <= known:
        return 0
    horizon = last_settled_vote(arena_id)
    with transaction.atomic():
        watermark = locked_watermark(arena_id)
        if horizon <= watermark.last_vote_id:
            return 0
        folded = _fold_range(watermark.arena, watermark.last_vote_id, horizon)
        tallies = pair_counts(arena_id)
        _store(arena_id, {pair: tallies.get(pair, PairCount()) + count for pair, count in folded.pairs.items()})
        watermark.last_vote_id = horizon
        watermark.counted += folded.counted
        watermark.simulated += folded.simulated
        watermark.excluded = dict(Counter(watermark.excluded) + folded.excluded)
        number = folded.counted + folded.excluded.total()
        watermark.revision += bool(number)
        watermark.save()
    return number


def pair_counts(arena_id: int) -> dict[Pair, PairCount]:
    """The tallies of an arena by pair of version ids."""
    rows = Tally.objects.filter(arena_id=arena_id).values_list("first_id", "second_id", *_COUNTS)
    return {(row[0], row[1]): PairCount(*row[2:]) for row in rows}


def locked_watermark(arena_id: int) -> FoldWatermark:
    """The arena's watermark, held until the caller's transaction ends; made where it is missing."""
    own = FoldWatermark.objects.select_for_update(of=("self",)).select_related("arena").filter(arena_id=arena_id)
    watermark = own.first()
    if watermark is None:
        FoldWatermark.objects.bulk_create([FoldWatermark(arena_id=arena_id)], ignore_conflicts=True)
        watermark = own.get()
    return watermark


@dataclass(frozen=True, slots=True)
class Recount:
    """Tallies counted from scratch beside the stored ones."""

    counted: Folded
    stored: dict[Pair, PairCount]
    agrees: bool


def recount(arena_id: int, *, apply: bool = False) -> Recount:
    """Count all votes up to the watermark again, for operators and tests; with `apply`, replace what is stored.

    The answers' identity tags are read as they are now: after a new list of phrases this is how old votes follow it.
    """
    with transaction.atomic():
        watermark = locked_watermark(arena_id)
        folded = _fold_range(watermark.arena, 0, watermark.last_vote_id)
        stored = pair_counts(arena_id)
        totals = (watermark.counted, watermark.simulated, watermark.excluded)
        agrees = stored == folded.pairs and totals == (folded.counted, folded.simulated, dict(folded.excluded))
        if apply and not agrees:
            Tally.objects.filter(arena_id=arena_id).delete()
            _store(arena_id, folded.pairs)
            watermark.counted, watermark.simulated = folded.counted, folded.simulated
            watermark.excluded = dict(folded.excluded)
            watermark.revision += 1
            watermark.save()
    return Recount(folded, stored, agrees)


def _store(arena_id: int, pairs: Mapping[Pair, PairCount]) -> None:
    rows = [
        Tally(
            arena_id=arena_id,
            first_id=first,
            second_id=second,
            **dict(zip(_COUNTS, astuple(count), strict=True)),
        )
        for (first, second), count in pairs.items()
    ]
    Tally.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["arena", "first", "second"], update_fields=list(_COUNTS)
    )


def _fold_range(arena: Arena, after: int, up_to: int) -> Folded:
    """Count the votes of an arena with after < id ≤ up_to."""
    folded, ballots = Folded(), []
    for group in _groups(arena, after, up_to):
        reason = _exclusion(group, demo=arena.is_demo)
        if reason:
            folded.excluded[reason] += group.n
            continue
        ballots.append(Ballots(group.left, group.right, Outcome(group.outcome), group.n))
        folded.counted += group.n
        folded.simulated += group.n if group.is_simulated else 0
    folded.pairs = fold(ballots)
    return folded


def _exclusion(group: _Group, *, demo: bool) -> str:
    if group.is_simulated and not demo:
        return SIMULATED
    return IDENTITY_REVEALED if group.is_revealed else ""


def _groups(arena: Arena, after: int, up_to: int) -> Iterable[_Group]:
    """The votes of a range, grouped by PostgreSQL: as many rows as there are pairs and outcomes, not votes."""
    # Any attempt of the pair counts: what a visitor saw before a retry was seen.
    revealing = Response.objects.filter(
        turn__battle=OuterRef("battle"),
        turn__n__lte=OuterRef("turn_n"),
        pairing=OuterRef("battle__pairing"),
        identity_matches__len__gt=0,
    )
    simulated = Q(battle__is_simulated=True) | Q(voter__is_simulated=True)
    rows = (
        Vote.objects.filter(id__gt=after, id__lte=up_to, battle__arena=arena)
        .order_by()
        .annotate(
            simulated=ExpressionWrapper(simulated, output_field=BooleanField()),
            revealed=Exists(revealing),
        )
        .values_list("battle__pairing__left_id", "battle__pairing__right_id", "outcome", "simulated", "revealed")
        .annotate(n=Count("id"))
    )
    return (_Group(*row) for row in rows)
