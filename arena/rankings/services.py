"""Leaderboards from tallies: computed when something changed, stored as snapshots, thinned out as they age.

A refresh costs what the number of systems asks for, never what the number of votes does: the fold reads new votes
only, the fit works on four numbers per pair.
"""

import json
from datetime import datetime, timedelta
from importlib.metadata import version as installed
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Case, F, Max, Q, When
from django.db.models.functions import Now, TruncDay, TruncHour, TruncMinute

from arena.rankings.computing import Computed, compute, sha256_of
from arena.rankings.contenders import VersionRow, digest_of, versions_of
from arena.rankings.filters import EVERYTHING, OVERALL, BoardFilter, from_name
from arena.rankings.folding import Recount, fold_votes, locked_watermark, recount
from arena.rankings.models import BoardState, FoldWatermark, Rating, Snapshot
from arena.rankings.sorting import SORTING
from arena.rankings.tallying import read
from arena.rankings.variants import METHOD, USUAL, VARIANTS
from arena.rankings.withdrawing import take_out_withdrawn

__all__ = ["Recount", "due_arenas", "fold_votes", "recount", "refresh_arena", "refresh_board", "thin_out"]

#: Grows when the same tallies would give another board.
ALGORITHM: Final = 3
CODE_VERSION: Final = f"rankings-{ALGORITHM} numpy-{installed('numpy')} scipy-{installed('scipy')}"

#: The board of a language or category follows its votes at this distance; that of all votes follows every sweep.
FOLLOW_EVERY: Final = timedelta(seconds=10)
#: A reader holds a snapshot for the time of two queries; this is far longer.
KEPT_ALL: Final = timedelta(minutes=2)
#: Younger snapshots are kept one a minute, older ones one an hour.
KEPT_BY_MINUTE: Final = timedelta(hours=48)

#: What a stored row takes from the board's.
FACTS: Final = (
    *("rating", "lower", "upper", "rank_low", "rank_high", "tier", "votes"),
    *("simultaneous_lower", "simultaneous_upper", "sequence_lower", "sequence_upper"),
)


def refresh_arena(arena_id: int) -> None:
    """Fold the new votes and refresh the board of all votes, and those of languages and categories that are due.

    Raises:
        NotConverged: a fit failed; the tallies are kept, and the board stays as it was.
    """
    refresh_board(arena_id)
    for board in _due(arena_id).values_list("board", flat=True):
        refresh_board(arena_id, from_name(board))


def refresh_board(
    arena_id: int, chosen: BoardFilter = EVERYTHING, *, simulated_at: datetime | None = None
) -> Snapshot | None:
    """Fold the new votes and, if anything changed, store a new leaderboard.

    simulated_at: when it seems to have been computed; for simulations that date their votes.

    Returns:
        The new snapshot, or None where the newest one still says all there is to say.

    Raises:
        NotConverged: the fit failed; the tallies are kept, and the board stays as it was.
    """
    fold_votes(arena_id)
    take_out_withdrawn(arena_id)
    with transaction.atomic():
        # Held to the end: of two refreshes, the later snapshot is the one with more votes.
        watermark = locked_watermark(arena_id)
        versions = versions_of(arena_id)
        inputs = inputs_of(watermark, versions, _looked_at(arena_id, chosen))
        latest = latest_of(arena_id, chosen)
        if latest is not None and is_current(latest, inputs, USUAL):
            return None
        computed = compute(read(arena_id, chosen), versions, METHOD, watermark.excluded)
        snapshot = store(watermark, chosen, inputs, computed, simulated_at=simulated_at)
    if latest and _minute(latest) != _minute(snapshot):
        thin_out(arena_id, chosen)
    return snapshot


def due_arenas() -> list[int]:
    """Arenas in which the board of a language or category waits for its refresh. One query."""
    return list(_due().order_by("arena_id").values_list("arena_id", flat=True).distinct())


def _due(arena_id: int | None = None) -> Any:
    long_ago = Q(fitted_at=None) | Q(fitted_at__lt=Now() - FOLLOW_EVERY)
    due = BoardState.objects.filter(long_ago).exclude(board=OVERALL).exclude(revision=F("fitted_revision"))
    return due if arena_id is None else due.filter(arena_id=arena_id)


def latest_of(arena_id: int, chosen: BoardFilter = EVERYTHING, variant: str = USUAL) -> Snapshot | None:
    """The newest stored board."""
    return Snapshot.objects.filter(arena_id=arena_id, board=chosen.name, variant=variant).order_by("-id").first()


def is_current(latest: Snapshot, inputs: dict[str, Any], variant: str) -> bool:
    """Whether another board of this variant would be the same."""
    known = (latest.inputs, latest.method, latest.code_version)
    return known == (inputs, VARIANTS[variant].described(), CODE_VERSION)


def _looked_at(arena_id: int, chosen: BoardFilter) -> BoardState:
    """The state of a board, noted as dealt with; that of all votes depends on the watermark, and is not read."""
    if chosen != EVERYTHING:
        states = BoardState.objects.filter(arena_id=arena_id, board=chosen.name)
        states.update(fitted_revision=F("revision"), fitted_at=Now())
        if (found := states.first()) is not None:
            return found
    return BoardState(board=chosen.name)


def inputs_of(watermark: FoldWatermark, versions: list[VersionRow], state: BoardState) -> dict[str, Any]:
    """What the board of this state depends on, besides its method; equal inputs give equal boards. No query."""
    inputs = {
        "revision": watermark.revision,
        "counted": watermark.counted,
        "simulated": watermark.simulated,
        "excluded": watermark.excluded,
        "versions": digest_of(versions),
    }
    if state.board == OVERALL:
        return inputs
    own = {"revision": state.revision, "counted": state.counted, "excluded": {}, "simulated": 0}
    return inputs | own | {"rules": SORTING[watermark.arena.modality].version}


def store(
    watermark: FoldWatermark,
    chosen: BoardFilter,
    inputs: dict[str, Any],
    computed: Computed,
    variant: str = USUAL,
    *,
    simulated_at: datetime | None = None,
) -> Snapshot:
    """Store a board with its rows. The caller holds the arena's watermark, or knows that nobody else stores it."""
    contenders, board = computed.contenders, computed.board
    snapshot = Snapshot.objects.create(
        arena_id=watermark.arena_id,
        board=chosen.name,
        variant=variant,
        last_vote_id=watermark.last_vote_id,
        method=board.method,
        inputs=inputs,
        status=board.status.value,
        groups=[[contenders[row].newest for row in group] for group in board.groups],
        digest=board.digest,
        document_sha256=sha256_of(computed.document(watermark.arena.slug)),
        code_version=CODE_VERSION,
        **({} if simulated_at is None else {"created_at": simulated_at}),
    )
    _store_ratings(snapshot.pk, facts_of(computed))
    return snapshot


def facts_of(computed: Computed) -> list[dict[str, Any]]:
    """What the rows of a snapshot hold, by the columns of `Rating`."""
    return [
        {"version_id": contender.newest, "status": row.status.value} | {name: getattr(row, name) for name in FACTS}
        for contender, row in zip(computed.contenders, computed.board.rows, strict=True)
    ]


def _store_ratings(snapshot_id: int, rows: list[dict[str, Any]]) -> None:
    """Insert the rows as one JSON value: making and preparing an object for each takes as long as the fit."""
    types = {field.column: field.rel_db_type(connection) for field in Rating._meta.concrete_fields}  # noqa: SLF001
    columns = ("version_id", "status", *FACTS)
    typed = ", ".join(f"{name} {types[name]}" for name in columns)
    table, names = Rating._meta.db_table, ", ".join(columns)  # noqa: SLF001 - Django documents it
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (snapshot_id, {names})"  # noqa: S608 - names of our columns
            f" SELECT %s, {names} FROM json_to_recordset(%s) AS row ({typed})",
            [snapshot_id, json.dumps(rows, allow_nan=False)],
        )


def _minute(snapshot: Snapshot) -> datetime:
    return snapshot.created_at.replace(second=0, microsecond=0)


def thin_out(arena_id: int, chosen: BoardFilter = EVERYTHING, variant: str = USUAL) -> int:
    """Delete superseded snapshots: of each minute the last stays, of each hour after two days.

    A board that moves every two seconds thus keeps at most 2,880 snapshots and one for every older hour. Of the other
    variants one stays for each day.

    Returns:
        How many went.
    """
    own = Snapshot.objects.filter(arena_id=arena_id, board=chosen.name, variant=variant)
    bucket: Any = TruncDay("created_at")
    if variant == USUAL:
        by_hour = When(created_at__lt=Now() - KEPT_BY_MINUTE, then=TruncHour("created_at"))
        bucket = Case(by_hour, default=TruncMinute("created_at"))
    kept = own.annotate(bucket=bucket).order_by().values("bucket").annotate(last=Max("id")).values("last")
    superseded = own.filter(created_at__lt=Now() - KEPT_ALL).exclude(id__in=kept)
    with transaction.atomic():
        # The triggers know this order, and this rule.
        ids = list(superseded.values_list("id", flat=True))
        Snapshot.objects.filter(id__in=ids).delete()
        Rating.objects.filter(snapshot__in=ids).delete()
    return len(ids)
