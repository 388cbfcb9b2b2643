"""How each open arena stands, in a fixed number of queries: counters and the last snapshot, never a count of votes."""

from dataclasses import dataclass

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now, TruncDay

from arena.arenas.models import Arena
from arena.arenas.selectors import open_arenas
from arena.rankings.filters import OVERALL
from arena.rankings.models import FoldWatermark, Rating, Snapshot
from arena.rankings.variants import USUAL
from arena.systems.selectors import system_counts


@dataclass(frozen=True, slots=True)
class Leader:
    """The ranked system with the highest rating. `shared`: another one, perhaps listed apart, may be as good."""

    name: str
    rating: float
    shared: bool


@dataclass(frozen=True, slots=True)
class ArenaState:
    """One arena for the front page.

    votes: all that the last fold has seen, counted or not; votes_today: those since the last leaderboard of yesterday
    or before (UTC).
    """

    arena: Arena
    systems: int
    votes: int
    votes_today: int
    leader: Leader | None


def arena_states() -> list[ArenaState]:
    """Every open arena with its systems, votes and leader, the oldest arena first."""
    arenas = open_arenas()
    systems, votes, before, leaders = system_counts(), _votes(), _votes_before_today(), _leaders()
    return [
        ArenaState(
            arena=arena,
            systems=systems.get(arena.pk, 0),
            votes=votes.get(arena.pk, 0),
            votes_today=votes.get(arena.pk, 0) - before.get(arena.pk, 0),
            leader=leaders.get(arena.pk),
        )
        for arena in arenas
    ]


def _votes() -> dict[int, int]:
    return {mark.arena_id: mark.counted + sum(mark.excluded.values()) for mark in FoldWatermark.objects.all()}


def _of_all_votes() -> QuerySet[Snapshot]:
    return Snapshot.objects.filter(board=OVERALL, variant=USUAL)


def _votes_before_today() -> dict[int, int]:
    boards = _of_all_votes().filter(created_at__lt=TruncDay(Now()))
    last = boards.order_by("arena_id", "-id").distinct("arena_id")
    return {
        arena_id: inputs["counted"] + sum(inputs["excluded"].values())
        for arena_id, inputs in last.values_list("arena_id", "inputs")
    }


def _leaders() -> dict[int, Leader]:
    newest = _of_all_votes().order_by("arena_id", "-id").distinct("arena_id").values("id")
    ranked = Q(rating__isnull=False, votes__gte=F("snapshot__arena__listed_from_votes"))
    rated = (
        Rating.objects.filter(ranked, snapshot__in=newest)
        .select_related("snapshot", "version__system")
        .order_by("snapshot__arena_id", "-rating")
        .distinct("snapshot__arena_id")
    )
    return {
        row.snapshot.arena_id: Leader(row.version.system.name, row.rating, shared=(row.rank_high or 1) > 1)
        for row in rated
        if row.rating is not None
    }
