"""The leaderboard that was the newest at a moment, computed again: the kept one to the byte, else from its votes.

Thinning (`services.thin_out`) keeps the last board of a minute, later of an hour. So the newest one kept from before a
moment was the newest one then, unless the moment's minute or hour has a later kept board and no earlier one: then
others may have gone. How far their fold had come is stored nowhere; the votes cast until the moment are counted.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Max
from django.db.models.functions import Now

from arena.rankings.computing import Computed, recompute, snapshot_at
from arena.rankings.filters import EVERYTHING, OVERALL, BoardFilter
from arena.rankings.method import Method
from arena.rankings.models import Snapshot
from arena.rankings.services import KEPT_ALL, KEPT_BY_MINUTE
from arena.rankings.variants import USUAL
from arena.votes.models import Vote


@dataclass(frozen=True, slots=True)
class Then:
    """A board of the past. kept: the newest kept one; is_kept: whether it was the newest of all at the moment."""

    computed: Computed
    kept: Snapshot
    is_kept: bool
    moment: datetime
    last_vote_id: int

    def described(self) -> dict[str, Any]:
        """Which votes were counted: "those of the leaderboard" that is stored, or "those cast until the moment"."""
        return {
            "moment": self.moment.isoformat(),
            "votes": "those of the leaderboard" if self.is_kept else "those cast until the moment",
            "leaderboard": self.kept.created_at.isoformat() if self.is_kept else None,
            "last_vote_id": self.last_vote_id,
        }


def board_then(
    arena_id: int, moment: datetime, chosen: BoardFilter = EVERYTHING, method: Method | None = None
) -> Then:
    """Count the votes of the board that was the newest at a moment again, and compute it; by its method or another.

    Raises:
        NoBoardThen: there was none.
        VotesChanged: the votes of the newest kept one do not give its counts any more.
    """
    kept = snapshot_at(arena_id, moment, chosen)
    if not others_may_have_followed(kept, moment):
        return Then(recompute(kept, method), kept, is_kept=True, moment=moment, last_vote_id=kept.last_vote_id)
    last_vote = max(last_vote_at(kept, moment), kept.last_vote_id)
    computed = recompute(kept, method, (last_vote, moment))
    return Then(computed, kept, is_kept=False, moment=moment, last_vote_id=last_vote)


def others_may_have_followed(kept: Snapshot, moment: datetime) -> bool:
    """Whether boards between the newest usual one kept from before a moment and the moment may have been thinned out.

    In a minute, or an hour, boards go from the oldest on, so that none went after one that is still there. At a full
    minute or hour the last one before it counts.
    """
    later = Snapshot.objects.filter(arena_id=kept.arena_id, board=kept.board, variant=kept.variant)
    following = later.filter(created_at__gt=moment)
    minute, hour = (_start_of(moment, **parts) for parts in ({}, {"minute": 0}))
    by_minute = following.filter(created_at__lt=minute + timedelta(minutes=1))
    by_hour = following.filter(created_at__lt=hour + timedelta(hours=1)).filter(created_at__lt=Now() - KEPT_BY_MINUTE)
    old = later.filter(pk=kept.pk, created_at__lt=Now() - KEPT_ALL).exists()
    gone_by_minute = kept.created_at < minute and by_minute.exists()
    gone_by_hour = kept.created_at < hour and by_hour.exists()
    return old and (gone_by_minute or gone_by_hour)


def _start_of(moment: datetime, **parts: int) -> datetime:
    """Of the minute, or more, that ends with the moment or after it."""
    before = moment.astimezone(UTC) - timedelta.resolution
    return before.replace(second=0, microsecond=0, **parts)  # type: ignore[arg-type]  # not its time zone


def last_vote_at(kept: Snapshot, moment: datetime) -> int:
    """The last vote cast until a moment, of the arena of a board kept from before it.

    The boards of all votes around the moment say between which votes it lies; the votes' own times say where.
    """
    marks = Snapshot.objects.filter(arena_id=kept.arena_id, board=OVERALL, variant=USUAL)
    before, after = (
        marks.filter(created_at__lte=moment).order_by("-created_at", "-id").values_list("last_vote_id", flat=True),
        marks.filter(created_at__gt=moment).order_by("created_at", "id").values_list("last_vote_id", flat=True),
    )
    known, end = before.first() or 0, after.first()
    cast = Vote.objects.filter(battle__arena=kept.arena_id, id__gt=known, created_at__lte=moment)
    cast = cast if end is None else cast.filter(id__lte=end)
    return cast.aggregate(last=Max("id"))["last"] or known
