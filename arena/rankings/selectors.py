"""The leaderboard as pages and programs read it: one snapshot, with the names of the systems."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from arena.arenas.models import Arena
from arena.rankings.board import Status
from arena.rankings.models import Rating, Snapshot
from arena.rankings.services import METHOD, name_of
from arena.systems.models import SystemVersion


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """One contender. Numbers are None unless `status` is "ok"; they are points, and ranks count from 1."""

    system: str
    version: int
    organisation: str
    access: str
    licence: str
    retired: bool
    rating: float | None
    lower: float | None
    upper: float | None
    rank_low: int | None
    rank_high: int | None
    votes: int
    status: str


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The newest board of an arena.

    status: "ok", "empty", "disconnected" or "separated"; for the last two, `groups` names the systems of each piece,
    or of each group, strongest first. counted: votes in the ratings, `simulated` of them by simulated voters.
    excluded: class → votes kept and left out. `rows` come best first, then those without a number by name.
    """

    arena: str
    snapshot_id: int | None
    status: str
    groups: tuple[tuple[str, ...], ...]
    method: dict[str, Any]
    code_version: str
    counted: int
    simulated: int
    excluded: dict[str, int]
    updated_at: datetime | None
    rows: tuple[LeaderboardRow, ...]

    @property
    def etag(self) -> str:
        """Changes exactly when the board does."""
        return f"{self.arena}-{self.snapshot_id or 0}"

    def as_dict(self) -> dict[str, Any]:
        """The contract's shape, at full precision."""
        rows = [asdict(row) for row in self.rows]
        names = ("arena", "method", "status", "groups", "counted", "simulated", "excluded", "code_version")
        return {
            **{name: getattr(self, name) for name in names},
            "snapshot": self.snapshot_id,
            "updated_at": self.updated_at.isoformat() if self.updated_at else None,
            "ratings": rows,
        }


_FACTS: Final = ("rating", "lower", "upper", "rank_low", "rank_high", "votes", "status")


def leaderboard(arena: Arena) -> Leaderboard:
    """The newest leaderboard of an arena, in two queries. Before the first one: its systems without numbers."""
    snapshot = Snapshot.objects.filter(arena=arena).order_by("-id").first()
    if snapshot is None:
        return _before_the_first(arena)
    ratings = list(Rating.objects.filter(snapshot=snapshot).select_related("version__system"))
    names = {rating.version_id: name_of(rating.version) for rating in ratings}
    inputs = snapshot.inputs
    return Leaderboard(
        arena=arena.slug,
        snapshot_id=snapshot.pk,
        status=snapshot.status,
        groups=tuple(tuple(names[version] for version in group) for group in snapshot.groups),
        method=snapshot.method,
        code_version=snapshot.code_version,
        counted=inputs["counted"],
        simulated=inputs["simulated"],
        excluded=inputs["excluded"],
        updated_at=snapshot.created_at,
        rows=tuple(sorted((_row(rating) for rating in ratings), key=_best_first)),
    )


def _before_the_first(arena: Arena) -> Leaderboard:
    versions = SystemVersion.objects.filter(system__arena=arena, retired_at=None).select_related("system")
    rows = (_row(Rating(version=version, votes=0, status=Status.UNRATED.value)) for version in versions)
    return Leaderboard(
        arena=arena.slug,
        snapshot_id=None,
        status=Status.EMPTY.value,
        groups=(),
        method=METHOD.described(),
        code_version="",
        counted=0,
        simulated=0,
        excluded={},
        updated_at=None,
        rows=tuple(sorted(rows, key=_best_first)),
    )


def _row(rating: Rating) -> LeaderboardRow:
    version = rating.version
    return LeaderboardRow(
        system=version.system.name,
        version=version.number,
        organisation=version.organisation,
        access=version.access,
        licence=version.licence,
        retired=version.retired_at is not None,
        **{name: getattr(rating, name) for name in _FACTS},
    )


def _best_first(row: LeaderboardRow) -> tuple[float, str, int]:
    return (float("inf") if row.rating is None else -row.rating, row.system, row.version)
