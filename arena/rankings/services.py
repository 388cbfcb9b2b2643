"""Leaderboards from tallies: computed when something changed, stored as snapshots, thinned out as they age.

A refresh costs what the number of systems asks for, never what the number of votes does: the fold reads new votes
only, the fit works on one number per pair.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version as installed
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import Case, Max, When
from django.db.models.functions import Now, TruncHour, TruncMinute

from arena.rankings.board import Board, rate
from arena.rankings.folding import Recount, fold_votes, locked_watermark, recount
from arena.rankings.method import Method
from arena.rankings.models import FoldWatermark, Rating, Snapshot
from arena.rankings.tallies import dense
from arena.rankings.tallying import side_counts
from arena.systems.models import SystemVersion

__all__ = [
    "Contender",
    "Ranked",
    "Recount",
    "contenders_of",
    "fold_votes",
    "name_of",
    "rank_arena",
    "recount",
    "refresh_board",
    "thin_out",
]

#: Grows when the same tallies would give another board.
ALGORITHM: Final = 2
CODE_VERSION: Final = f"rankings-{ALGORITHM} numpy-{installed('numpy')} scipy-{installed('scipy')}"
#: How the live board is made.
METHOD: Final = Method()

#: A reader holds a snapshot for the time of two queries; this is far longer.
KEPT_ALL: Final = timedelta(minutes=2)
#: Younger snapshots are kept one a minute, older ones one an hour.
KEPT_BY_MINUTE: Final = timedelta(hours=48)


class VersionRow(NamedTuple):
    """What a board needs to know of a system version."""

    id: int
    system_id: int
    behaviour: str
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Contender:
    """Versions of one system that behave alike and share a rating; ids ascending."""

    versions: tuple[int, ...]

    @property
    def newest(self) -> int:
        """The version that stands for all."""
        return self.versions[-1]


def contenders_of(versions: Iterable[VersionRow], tallied: set[int]) -> list[Contender]:
    """Pool versions by system and behaviour; a change of price or licence keeps a rating, one of behaviour does not.

    Args:
        versions: all versions of an arena, by id.
        tallied: ids of versions with votes. A contender without any, and without a current version, is left out.
    """
    alike: dict[tuple[int, str], list[VersionRow]] = {}
    for version in versions:
        alike.setdefault((version.system_id, version.behaviour), []).append(version)
    return [
        Contender(tuple(version.id for version in group))
        for group in alike.values()
        if any(version.retired_at is None or version.id in tallied for version in group)
    ]


def refresh_board(arena_id: int) -> Snapshot | None:
    """Fold the new votes and, if anything changed, store a new leaderboard.

    Returns:
        The new snapshot, or None where the newest one still says all there is to say.

    Raises:
        NotConverged: the fit failed; the tallies are kept, and the board stays as it was.
    """
    fold_votes(arena_id)
    with transaction.atomic():
        # Held to the end: of two refreshes, the later snapshot is the one with more votes.
        watermark = locked_watermark(arena_id)
        versions = _versions(arena_id)
        inputs = _inputs(watermark, versions)
        latest = Snapshot.objects.filter(arena_id=arena_id).order_by("-id").first()
        if latest and (latest.inputs, latest.method, latest.code_version) == (
            inputs,
            METHOD.described(),
            CODE_VERSION,
        ):
            return None
        snapshot = _compute(watermark, versions, inputs)
    if latest and _minute(latest) != _minute(snapshot):
        thin_out(arena_id)
    return snapshot


@dataclass(frozen=True, slots=True)
class Ranked:
    """A board that is not stored: names in the order of its rows."""

    names: list[str]
    board: Board
    excluded: dict[str, int]


def rank_arena(arena_id: int, method: Method) -> Ranked:
    """Fold the new votes and compute a board by settings of one's own, without storing it.

    Raises:
        NotConverged: the fit failed.
    """
    fold_votes(arena_id)
    with transaction.atomic():
        watermark = locked_watermark(arena_id)
        contenders, board = _rated(arena_id, _versions(arena_id), method)
    shown = SystemVersion.objects.select_related("system").in_bulk([contender.newest for contender in contenders])
    return Ranked([name_of(shown[contender.newest]) for contender in contenders], board, watermark.excluded)


def name_of(version: SystemVersion) -> str:
    """The system's name; a retired version says which it was, as its system may be on the board again."""
    return version.system.name if version.retired_at is None else f"{version.system.name} v{version.number}"


def _versions(arena_id: int) -> list[VersionRow]:
    rows = SystemVersion.objects.filter(system__arena_id=arena_id).order_by("id")
    return [VersionRow(*row) for row in rows.values_list(*VersionRow._fields)]


def _inputs(watermark: FoldWatermark, versions: list[VersionRow]) -> dict[str, Any]:
    """What the board depends on; equal inputs give equal boards."""
    described = [[version.id, version.behaviour, version.retired_at is None] for version in versions]
    return {
        "revision": watermark.revision,
        "counted": watermark.counted,
        "simulated": watermark.simulated,
        "excluded": watermark.excluded,
        "versions": hashlib.sha256(json.dumps(described).encode()).hexdigest(),
    }


def _rated(arena_id: int, versions: list[VersionRow], method: Method) -> tuple[list[Contender], Board]:
    pairs = side_counts(arena_id)
    contenders = contenders_of(versions, {version for pair in pairs for version in pair})
    row_of = {version: row for row, contender in enumerate(contenders) for version in contender.versions}
    return contenders, rate(dense(pairs, row_of, len(contenders)), method)


def _compute(watermark: FoldWatermark, versions: list[VersionRow], inputs: dict[str, Any]) -> Snapshot:
    contenders, board = _rated(watermark.arena_id, versions, METHOD)
    snapshot = Snapshot.objects.create(
        arena_id=watermark.arena_id,
        last_vote_id=watermark.last_vote_id,
        method=board.method,
        inputs=inputs,
        status=board.status.value,
        groups=[[contenders[row].newest for row in group] for group in board.groups],
        code_version=CODE_VERSION,
    )
    Rating.objects.bulk_create(_ratings(snapshot, contenders, board))
    return snapshot


def _ratings(snapshot: Snapshot, contenders: list[Contender], board: Board) -> list[Rating]:
    return [
        Rating(
            snapshot=snapshot,
            version_id=contender.newest,
            rating=row.rating,
            lower=row.lower,
            upper=row.upper,
            rank_low=row.rank_low,
            rank_high=row.rank_high,
            votes=row.votes,
            status=row.status.value,
        )
        for contender, row in zip(contenders, board.rows, strict=True)
    ]


def _minute(snapshot: Snapshot) -> datetime:
    return snapshot.created_at.replace(second=0, microsecond=0)


def thin_out(arena_id: int) -> int:
    """Delete superseded snapshots: of each minute the last stays, of each hour after two days.

    A board that moves every two seconds thus keeps at most 2,880 snapshots and one for every older hour.

    Returns:
        How many went.
    """
    own = Snapshot.objects.filter(arena_id=arena_id)
    bucket = Case(
        When(created_at__lt=Now() - KEPT_BY_MINUTE, then=TruncHour("created_at")), default=TruncMinute("created_at")
    )
    kept = own.annotate(bucket=bucket).order_by().values("bucket").annotate(last=Max("id")).values("last")
    superseded = own.filter(created_at__lt=Now() - KEPT_ALL).exclude(id__in=kept)
    _rows, by_model = superseded.delete()
    return by_model.get("rankings.Snapshot", 0)
