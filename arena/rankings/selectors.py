"""The leaderboard as pages and programs read it: one snapshot, with the names of the systems."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from arena.arenas.models import Arena
from arena.rankings.board import RATES, Status
from arena.rankings.computing import Computed, NoBoardYet, snapshot_at
from arena.rankings.contenders import name_of
from arena.rankings.filters import EVERYTHING, BoardFilter
from arena.rankings.models import Rating, Snapshot
from arena.rankings.services import CODE_VERSION, FACTS, facts_of, latest_of
from arena.rankings.variants import METHOD, USUAL
from arena.systems.models import SystemVersion

LISTED: Final = "listed"
PRELIMINARY: Final = "preliminary"
TOO_FEW_VOTES: Final = "too_few_votes"
_NO_RANK: Final[Mapping[str, None]] = MappingProxyType({"rank_low": None, "rank_high": None})
#: A system is marked as new for so long, unless its rating settles before.
NEW_FOR: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """One contender. Numbers are None unless `status` is "ok"; they are points, and ranks count from 1.

    listing: "listed", or, by the arena's two numbers of votes of today, "preliminary" or "too_few_votes"; no row is
    hidden. With too few votes it has no rank; the ranks of the others, and tiers, still count it.
    simultaneous_*: limits that hold for all rows at once; sequence_*: at every look. new: registered lately, and its
    rating is not settled yet.
    both_bad_*: the share of its votes that say that both are bad, with limits; where the method tells them apart.
    """

    system: str
    version: int
    organisation: str
    access: str
    licence: str
    retired: bool
    new: bool
    rating: float | None
    lower: float | None
    upper: float | None
    rank_low: int | None
    rank_high: int | None
    tier: int | None
    simultaneous_lower: float | None
    simultaneous_upper: float | None
    sequence_lower: float | None
    sequence_upper: float | None
    votes: int
    status: str
    listing: str
    both_bad_rate: float | None = None
    both_bad_lower: float | None = None
    both_bad_upper: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """By the names above; far faster than `dataclasses.asdict`, which copies deeply."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """A board of an arena: the newest, or that of a moment. `board` names the votes that it is about.

    status: "ok", "empty", "disconnected" or "separated"; for the last two, `groups` names the systems of each piece,
    or of each group, strongest first. counted: votes in the ratings, `simulated` of them by simulated voters.
    excluded: class → votes kept and left out. listed_from_votes, settled_from_votes: what `listing` goes by. `rows`
    come best first, then those without a number by name.
    """

    arena: str
    board: str
    snapshot_id: int | None
    status: str
    groups: tuple[tuple[str, ...], ...]
    method: dict[str, Any]
    code_version: str
    counted: int
    simulated: int
    excluded: dict[str, int]
    updated_at: datetime | None
    listed_from_votes: int
    settled_from_votes: int
    rows: tuple[LeaderboardRow, ...]

    @property
    def etag(self) -> str:
        """Changes exactly when the board does."""
        return f"{self.arena}-{self.board}-{self.snapshot_id or 0}"

    def as_dict(self) -> dict[str, Any]:
        """The contract's shape, at full precision."""
        names = ("arena", "board", "method", "status", "groups", "counted", "simulated", "excluded", "code_version")
        limits = ("listed_from_votes", "settled_from_votes")
        return {
            **{name: getattr(self, name) for name in (*names, *limits)},
            "snapshot": self.snapshot_id,
            "updated_at": self.updated_at.isoformat() if self.updated_at else None,
            "ratings": [row.as_dict() for row in self.rows],
        }


def leaderboard(
    arena: Arena, chosen: BoardFilter = EVERYTHING, as_of: datetime | None = None, variant: str = USUAL
) -> Leaderboard:
    """The newest stored leaderboard, or that of a moment, in two queries. Before the first: systems without numbers.

    Raises:
        NoBoardThen: there was none at that moment.
        NoBoardYet: of this variant there is none.
    """
    if as_of is not None:
        snapshot: Snapshot | None = snapshot_at(arena.pk, as_of, chosen, variant)
    else:
        snapshot = latest_of(arena.pk, chosen, variant)
    if snapshot is None:
        if variant != USUAL:
            raise NoBoardYet(f"the board {chosen.name!r} has not been computed by this method yet")
        return _before_the_first(arena, chosen)
    ratings = list(Rating.objects.filter(snapshot=snapshot).select_related("version__system"))
    return _leaderboard(arena, snapshot, ratings, snapshot.created_at)


def computed_leaderboard(arena: Arena, chosen: BoardFilter, computed: Computed) -> Leaderboard:
    """A board that is not stored, with the names of its systems."""
    board = computed.board
    snapshot = Snapshot(
        arena=arena,
        board=chosen.name,
        last_vote_id=0,
        method=board.method,
        inputs={"counted": sum(row.votes for row in board.rows) // 2, "simulated": 0, "excluded": {}},
        status=board.status.value,
        groups=[[computed.contenders[row].newest for row in group] for group in board.groups],
        code_version=CODE_VERSION,
    )
    newest = [one.newest for one in computed.contenders]
    shown = SystemVersion.objects.select_related("system").in_bulk(newest)
    rows = facts_of(computed)
    ratings = [Rating(snapshot=snapshot, version=shown[row.pop("version_id")], **row) for row in rows]
    rates = {
        version: {name: getattr(row, name) for name in RATES} for version, row in zip(newest, board.rows, strict=True)
    }
    return _leaderboard(arena, snapshot, ratings, None, rates)


def _leaderboard(
    arena: Arena,
    snapshot: Snapshot,
    ratings: Sequence[Rating],
    stored_at: datetime | None,
    rates: Mapping[int, Mapping[str, Any]] = MappingProxyType({}),
) -> Leaderboard:
    """rates: version → what is told besides the stored facts, by the names of a row."""
    names = {rating.version_id: name_of(rating.version) for rating in ratings}
    inputs = snapshot.inputs
    moment = stored_at or datetime.now(UTC)
    rows = (_row(arena, rating, moment, rates.get(rating.version_id, {})) for rating in ratings)
    return Leaderboard(
        arena=arena.slug,
        board=snapshot.board,
        snapshot_id=snapshot.pk,
        status=snapshot.status,
        groups=tuple(tuple(names[version] for version in group) for group in snapshot.groups),
        method=snapshot.method,
        code_version=snapshot.code_version,
        counted=inputs["counted"],
        simulated=inputs["simulated"],
        excluded=inputs["excluded"],
        updated_at=stored_at,
        listed_from_votes=arena.listed_from_votes,
        settled_from_votes=arena.settled_from_votes,
        rows=tuple(sorted(rows, key=_best_first)),
    )


def _before_the_first(arena: Arena, chosen: BoardFilter) -> Leaderboard:
    versions = SystemVersion.objects.filter(system__arena=arena, retired_at=None).select_related("system")
    snapshot = Snapshot(
        arena=arena,
        board=chosen.name,
        last_vote_id=0,
        method=METHOD.described(),
        inputs={"counted": 0, "simulated": 0, "excluded": {}},
        status=Status.EMPTY.value,
    )
    unrated = [Rating(version=version, votes=0, status=Status.UNRATED.value) for version in versions]
    return _leaderboard(arena, snapshot, unrated, None)


def _row(arena: Arena, rating: Rating, moment: datetime, rates: Mapping[str, Any]) -> LeaderboardRow:
    version, listing = rating.version, _listing(arena, rating.votes)
    young = version.retired_at is None and version.system.created_at > moment - NEW_FOR
    return LeaderboardRow(
        system=version.system.name,
        version=version.number,
        organisation=version.organisation,
        access=version.access,
        licence=version.licence,
        retired=version.retired_at is not None,
        new=young and rating.votes < arena.settled_from_votes,
        status=rating.status,
        listing=listing,
        **{name: getattr(rating, name) for name in FACTS} | (dict(_NO_RANK) if listing == TOO_FEW_VOTES else {}),
        **rates,
    )


def _listing(arena: Arena, votes: int) -> str:
    if votes < arena.listed_from_votes:
        return TOO_FEW_VOTES
    return PRELIMINARY if votes < arena.settled_from_votes else LISTED


def _best_first(row: LeaderboardRow) -> tuple[float, str, int]:
    return (float("inf") if row.rating is None else -row.rating, row.system, row.version)
