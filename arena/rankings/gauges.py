"""What an operator watches about votes and leaderboards."""

from dataclasses import dataclass

from django.db.models import DurationField, ExpressionWrapper, F, OuterRef, Subquery
from django.db.models.functions import Extract, Now

from arena.arenas.models import Arena
from arena.rankings.filters import OVERALL
from arena.rankings.models import FoldWatermark, Snapshot
from arena.rankings.variants import USUAL


@dataclass(frozen=True, slots=True)
class BoardGauge:
    """One arena: folded votes by what became of them, and the age of its leaderboard (None: there is none)."""

    arena: str
    votes: dict[str, int]
    snapshot_age_s: float | None


def board_gauges() -> list[BoardGauge]:
    """Every arena, from the watermarks of the fold: no vote is counted again. Two queries."""
    votes = {
        arena_id: {"counted": counted, **excluded}
        for arena_id, counted, excluded in FoldWatermark.objects.values_list("arena_id", "counted", "excluded")
    }
    newest = (
        Snapshot.objects.filter(arena=OuterRef("pk"), board=OVERALL, variant=USUAL)
        .order_by("-id")
        .values("created_at")[:1]
    )
    elapsed = ExpressionWrapper(Now() - F("newest_at"), output_field=DurationField())
    arenas = (
        Arena.objects.annotate(newest_at=Subquery(newest)).annotate(age_s=Extract(elapsed, "epoch")).order_by("id")
    )
    return [
        BoardGauge(slug, votes.get(arena_id, {}), None if age_s is None else float(age_s))
        for arena_id, slug, age_s in arenas.values_list("id", "slug", "age_s")
    ]
