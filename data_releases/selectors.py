"""Reading releases: what visitors, programs and the leaderboard pages see. Only what is public."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from arena.arenas.models import Arena
from data_releases import services
from data_releases.models import Release, ReleaseState
from data_releases.released_rows import months_asked


@dataclass(frozen=True, slots=True)
class CertifiedRow:
    """One contender; numbers are None unless `status` is "ok", and rounded to three decimals."""

    contender: str
    rating: float | None
    lower: float | None
    upper: float | None
    rank_low: int | None
    rank_high: int | None
    votes: int
    status: str


@dataclass(frozen=True, slots=True)
class CertifiedBoard:
    """The leaderboard of the newest public release: anybody can compute it again from the release's files.

    counted: votes of this release in it; prior_votes: those of all earlier ones. window_end: the first day outside.
    """

    arena: str
    release: str
    window_start: date
    window_end: date
    published_at: datetime
    status: str
    groups: tuple[tuple[str, ...], ...]
    method: dict[str, Any]
    prior_votes: int
    counted: int
    excluded: dict[str, int]
    rows: tuple[CertifiedRow, ...]
    leaderboard_sha256: str
    manifest_sha256: str


def public_releases(arena: Arena | None = None) -> list[Release]:
    """Public releases of one arena or of all open ones, the newest month first."""
    rows = Release.objects.select_related("arena").filter(state=ReleaseState.PUBLISHED, arena__is_open=True)
    if arena is not None:
        rows = rows.filter(arena=arena)
    return list(rows.defer("leaderboard").order_by("-window_start", "arena__slug"))


def public_release(arena: Arena, name: str) -> Release | None:
    """One public release."""
    return Release.objects.select_related("arena").filter(arena=arena, name=name, state=ReleaseState.PUBLISHED).first()


def being_revised(releases: Iterable[Release]) -> set[int]:
    """Those (by key) that hold what was withdrawn: until their revision is out, their data are given to nobody."""
    asked = list(releases)
    months = months_asked({release.arena_id for release in asked})
    return {release.pk for release in asked if (release.arena_id, release.window_start) in months}


def newer_revision(slug: str, name: str) -> str | None:
    """The name of the public revision that replaced a release of an open arena; None where none did."""
    old = Release.objects.filter(arena__slug=slug, arena__is_open=True, name=name, state=ReleaseState.SUPERSEDED)
    public = Release.objects.filter(
        arena__slug=slug, window_start__in=old.values("window_start"), state=ReleaseState.PUBLISHED
    )
    return public.values_list("name", flat=True).first()


def _by_month(arena: Arena) -> QuerySet[Release]:
    """Public releases in the order in which their months were published, the last one first."""
    firsts = Release.objects.filter(arena=arena, window_start=OuterRef("window_start"), revision=1)
    public = Release.objects.filter(arena=arena, state=ReleaseState.PUBLISHED)
    return public.annotate(month_at=Subquery(firsts.values("published_at"))).order_by("-month_at", "-pk")


def certified_board(arena: Arena, name: str | None = None) -> CertifiedBoard | None:
    """The certified leaderboard of an arena, or None before its first release. One query.

    It is that of the month published last, in its newest revision: a chain of tallies ends there, whatever the
    order of the months. With `name`, that of one release.
    """
    own = _by_month(arena)
    newest = (own if name is None else own.filter(name=name)).first()
    return None if newest is None else _certified(arena, newest)


def certified_boards(arena: Arena) -> list[CertifiedBoard]:
    """Those of all public releases, in the order in which their months were published. One query."""
    return [board for release in _by_month(arena).reverse() if (board := _certified(arena, release)) is not None]


def _certified(arena: Arena, newest: Release) -> CertifiedBoard | None:
    if newest.leaderboard is None or newest.manifest is None or newest.published_at is None:
        return None
    board = newest.leaderboard
    return CertifiedBoard(
        arena=arena.slug,
        release=newest.name,
        window_start=newest.window_start,
        window_end=newest.window_end,
        published_at=newest.published_at,
        status=board["status"],
        groups=tuple(map(tuple, board["groups"])),
        method=board["method"],
        prior_votes=board["votes"]["prior"],
        counted=board["votes"]["counted"],
        excluded=board["votes"]["excluded"],
        rows=_rows(board["ratings"]),
        leaderboard_sha256=newest.manifest["leaderboard_sha256"],
        manifest_sha256=newest.manifest_sha256,
    )


def _rows(ratings: Iterable[dict[str, Any]]) -> tuple[CertifiedRow, ...]:
    return tuple(CertifiedRow(**rating) for rating in ratings)


def next_release_on(arena: Arena) -> date:
    """The first day on which a further month may be released; past or present where one is due already."""
    embargo = timedelta(days=services.current_policy(arena).embargo_days)
    day = services.today()
    if due := services.due_months(arena, day):
        return due[0].end + embargo
    # The first month whose embargo has not passed.
    return services.month_of(day - embargo).end + embargo
