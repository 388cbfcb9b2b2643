"""Votes into tallies: every vote once, from a watermark, without touching a vote.

A fold takes the votes between the watermark and a horizon below which nothing can appear any more
(`votes.services.last_settled_vote`), adds their counts to the tallies and moves the watermark: some thousand votes at
most in one transaction, under the watermark's row lock. So it does not matter how many fold at the same time, or when
one is killed. Its cost grows with the new votes; reading a board's tallies grows with the pairs that met.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from django.db import transaction
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, Max, OuterRef, Q, QuerySet, Subquery

from arena.arenas.models import Arena
from arena.battles.models import Response
from arena.rankings import tallying, traits
from arena.rankings.models import BattleTraits, FoldWatermark, TakenOut
from arena.rankings.pair_counts import PairCount
from arena.rankings.tallying import Cell
from arena.votes.models import Vote
from arena.votes.outcome import Outcome
from arena.votes.services import last_settled_vote

#: Why a vote is kept and not counted; the first that applies.
SIMULATED: Final = "simulated"
IDENTITY_REVEALED: Final = "identity_revealed"
#: By its voter; see `withdrawing`.
WITHDRAWN: Final = "withdrawn"
Exclusion: TypeAlias = Literal["simulated", "identity_revealed", "withdrawn"]

#: Votes of one transaction.
CHUNK: Final = 20_000


@dataclass(slots=True)
class Folded:
    """What a range of votes comes to."""

    cells: dict[Cell, PairCount] = field(default_factory=dict)
    counted: int = 0
    simulated: int = 0
    excluded: Counter[str] = field(default_factory=Counter)

    def take(self, group: "_Group", *, demo: bool) -> None:
        """Count or exclude a group of votes."""
        reason = _exclusion(group, demo=demo)
        if reason:
            self.excluded[reason] += group.n
            return
        cell = Cell(group.left, group.right, group.language, group.categories)
        self.cells[cell] = self.cells.get(cell, PairCount()) + PairCount.of(Outcome(group.outcome), group.n)
        self.counted += group.n
        self.simulated += group.n if group.is_simulated else 0


class _Group(NamedTuple):
    """`n` votes alike in everything that a fold looks at."""

    left: int
    right: int
    outcome: str
    language: str
    categories: int
    is_simulated: bool
    is_revealed: bool
    is_withdrawn: bool
    n: int


def fold_votes(arena_id: int) -> int:
    """Add the votes since the last fold to the tallies.

    Returns:
        The number of votes that were new to the fold, counted or excluded.
    """
    known = FoldWatermark.objects.filter(arena_id=arena_id).values_list("last_vote_id", flat=True).first()
    if known is not None and (Vote.objects.aggregate(last=Max("id"))["last"] or 0) <= known:
        return 0
    horizon, total, done = last_settled_vote(arena_id), 0, False
    while not done:
        number, done = _fold_chunk(arena_id, horizon)
        total += number
    return total


def _fold_chunk(arena_id: int, horizon: int) -> tuple[int, bool]:
    """Fold up to `CHUNK` votes; returns how many there were, and whether the horizon is reached."""
    with transaction.atomic():
        watermark = locked_watermark(arena_id)
        if horizon <= watermark.last_vote_id:
            return 0, True
        up_to = _end_of_chunk(watermark, horizon)
        folded = _fold_range(watermark.arena, watermark.last_vote_id, up_to)
        tallying.add(arena_id, folded.cells)
        watermark.last_vote_id = up_to
        watermark.counted += folded.counted
        watermark.simulated += folded.simulated
        watermark.excluded = dict(Counter(watermark.excluded) + folded.excluded)
        number = folded.counted + folded.excluded.total()
        watermark.revision += bool(number)
        watermark.save()
    return number, up_to == horizon


def _end_of_chunk(watermark: FoldWatermark, horizon: int) -> int:
    new = Vote.objects.filter(id__gt=watermark.last_vote_id, id__lte=horizon, battle__arena=watermark.arena_id)
    last = new.order_by("id").values_list("id", flat=True)[CHUNK - 1 : CHUNK].first()
    return last or horizon


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
    """Votes counted from scratch beside the stored sums; `differing`: of how many (board, left, right) they differ."""

    counted: Folded
    differing: int
    agrees: bool


def recount(arena_id: int, *, apply: bool = False) -> Recount:
    """Count all votes up to the watermark again, for operators and tests; with `apply`, replace what is stored.

    The answers' identity tags are read as they are now: after a new list of phrases this is how old votes follow it.
    With `apply`, battles that older rules looked at get their categories anew, as long as their prompts are there.
    """
    with transaction.atomic():
        watermark = locked_watermark(arena_id)
        folded = _fold_range(watermark.arena, 0, watermark.last_vote_id, anew=apply)
        stored, counted = tallying.stored_boards(arena_id), tallying.on_boards(folded.cells)
        differing = sum(stored.get(key) != counted.get(key) for key in stored | counted)
        totals = (watermark.counted, watermark.simulated, watermark.excluded)
        agrees = tallying.stored_cells(arena_id) == folded.cells and not differing
        agrees = agrees and totals == (folded.counted, folded.simulated, dict(folded.excluded))
        if apply and not agrees:
            tallying.clear(arena_id)
            tallying.add(arena_id, folded.cells)
            watermark.counted, watermark.simulated = folded.counted, folded.simulated
            watermark.excluded = dict(folded.excluded)
            watermark.revision += 1
            watermark.save()
    return Recount(folded, differing, agrees)


def count_again(arena: Arena, up_to: int) -> Folded:
    """What all votes of an arena up to one of them come to, by what is left out now; nothing is stored."""
    return _fold_range(arena, 0, up_to)


def _fold_range(arena: Arena, after: int, up_to: int, *, anew: bool = False) -> Folded:
    """Count the votes of an arena with after < id ≤ up_to, once it is known what their battles were about."""
    traits.describe(arena, after, up_to, anew=anew)
    return _folded(_judged(arena, after, up_to), demo=arena.is_demo)


def fold_these(arena: Arena, vote_ids: list[int]) -> Folded:
    """What single votes that were folded before came to."""
    return _folded(_judged(arena, 0, max(vote_ids)).filter(id__in=vote_ids), demo=arena.is_demo)


def _folded(votes: QuerySet[Vote, Any], *, demo: bool) -> Folded:
    folded = Folded()
    for group in _groups(votes):
        folded.take(group, demo=demo)
    return folded


def _exclusion(group: _Group, *, demo: bool) -> Exclusion | None:
    if group.is_withdrawn:
        return WITHDRAWN
    if group.is_simulated and not demo:
        return SIMULATED
    return IDENTITY_REVEALED if group.is_revealed else None


def _judged(arena: Arena, after: int, up_to: int) -> QuerySet[Vote, Any]:
    """The votes of an arena with after < id ≤ up_to, each with what may exclude it."""
    # Any attempt of the pair counts: what a visitor saw before a retry was seen.
    revealing = Response.objects.filter(
        turn__battle=OuterRef("battle"),
        turn__n__lte=OuterRef("turn_n"),
        pairing=OuterRef("battle__pairing"),
        identity_matches__len__gt=0,
    )
    simulated = Q(battle__is_simulated=True) | Q(voter__is_simulated=True)
    votes = Vote.objects.filter(id__gt=after, id__lte=up_to, battle__arena=arena)
    return votes.annotate(
        simulated=ExpressionWrapper(simulated, output_field=BooleanField()),
        revealed=Exists(revealing),
        withdrawn=Exists(TakenOut.objects.filter(vote=OuterRef("pk"))),
    )


def counted_votes(arena: Arena, up_to: int) -> QuerySet[Vote, Any]:
    """The single votes up to `up_to` that are in the tallies."""
    counted = Q(revealed=False, withdrawn=False) & (Q() if arena.is_demo else Q(simulated=False))
    return _judged(arena, 0, up_to).filter(counted)


def _groups(votes: QuerySet[Vote, Any]) -> Iterable[_Group]:
    """Judged votes, grouped by PostgreSQL: as many rows as there are pairs and outcomes, not votes."""
    told = BattleTraits.objects.filter(battle=OuterRef("battle"))
    rows = (
        votes.order_by()
        .annotate(language=Subquery(told.values("language")), categories=Subquery(told.values("categories")))
        .values_list(
            *("battle__pairing__left_id", "battle__pairing__right_id", "outcome"),
            *("language", "categories", "simulated", "revealed", "withdrawn"),
        )
        .annotate(n=Count("id"))
    )
    return (_Group(*row) for row in rows)
