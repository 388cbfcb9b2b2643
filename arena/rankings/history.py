"""How the ratings of a board moved: the last snapshot of every minute, hour or day, the older the coarser."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Case, Max, When
from django.db.models.functions import Now, TruncDay, TruncHour, TruncMinute

from arena.arenas.models import Arena
from arena.rankings.contenders import name_of
from arena.rankings.filters import EVERYTHING, BoardFilter
from arena.rankings.models import Rating, Snapshot
from arena.rankings.variants import USUAL

#: Points are a minute apart at first, then an hour, then a day.
BY_MINUTE: Final = timedelta(hours=2)
BY_HOUR: Final = timedelta(days=2)
MOST_POINTS: Final = 500


@dataclass(frozen=True, slots=True)
class Point:
    """A rating at a moment, in points."""

    at: datetime
    rating: float
    lower: float
    upper: float
    votes: int


@dataclass(frozen=True, slots=True)
class Line:
    """One contender through time, the oldest point first; gaps where it had no number."""

    system: str
    version: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class History:
    """Every contender of a board through time, the best of today first. moments: of all points, the oldest first."""

    board: str
    moments: tuple[datetime, ...]
    lines: tuple[Line, ...]


def history_of(arena: Arena, chosen: BoardFilter = EVERYTHING) -> History:
    """The history of a board of which snapshots are kept. Two queries, at most `MOST_POINTS` snapshots."""
    own = Snapshot.objects.filter(arena=arena, board=chosen.name, variant=USUAL)
    bucket = Case(
        When(created_at__gt=Now() - BY_MINUTE, then=TruncMinute("created_at")),
        When(created_at__gt=Now() - BY_HOUR, then=TruncHour("created_at")),
        default=TruncDay("created_at"),
    )
    shown = own.annotate(bucket=bucket).order_by().values("bucket").annotate(last=Max("id"))
    newest = list(shown.order_by("-last").values_list("last", flat=True)[:MOST_POINTS])
    rows = Rating.objects.filter(snapshot__in=newest, rating__isnull=False).select_related(
        "snapshot", "version__system"
    )
    lines: dict[tuple[str, int], list[Point]] = {}
    for row in rows.order_by("snapshot__created_at", "snapshot_id"):
        assert row.rating is not None  # noqa: S101 - as the query says
        point = Point(row.snapshot.created_at, row.rating, row.lower or 0.0, row.upper or 0.0, row.votes)
        lines.setdefault((name_of(row.version), row.version.number), []).append(point)
    moments = sorted({point.at for points in lines.values() for point in points})
    ordered = sorted(lines.items(), key=lambda line: (-line[1][-1].at.timestamp(), -line[1][-1].rating))
    return History(chosen.name, tuple(moments), tuple(Line(*key, tuple(points)) for key, points in ordered))
