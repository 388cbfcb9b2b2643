"""The leaderboard: a table that works everywhere, and a figure where scripts run."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

from arena.arenas.models import Arena
from arena.arenas.selectors import open_arena, open_arenas
from arena.rankings.selectors import Leaderboard, leaderboard
from arena.web.figures import interval_bars, leaderboard_figure
from arena.web.fingerprint import etag_of
from arena.web.messages import BOARD_STATUSES
from arena.web.refusals import answers_refusals


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The leaderboards of all open arenas; where there is one, straight to it."""
    arenas = open_arenas()
    if len(arenas) == 1:
        return redirect("web:leaderboard", arenas[0].slug)
    return render(request, "web/arenas.html", {"arenas": arenas, "section": "leaderboard"})


@require_safe
@answers_refusals
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest snapshot of an arena. Browsers keep the page and ask whether it changed."""
    arena = open_arena(slug)
    board = leaderboard(arena)
    etag = etag_of(request, board.etag)
    response = get_conditional_response(request, etag=etag) or _rendered(request, arena, board)
    if response.status_code == 304:
        # The kept page carries the nonce of its first answer; a new policy would switch its scripts off.
        setattr(response, "_csp_exempt", True)  # noqa: B010 - django-csp reads this mark
    response["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    return response


def _rendered(request: HttpRequest, arena: Arena, board: Leaderboard) -> HttpResponse:
    rated = sum(row.rating is not None for row in board.rows)
    context = {
        "arena": arena,
        "board": board,
        "rows": list(zip(board.rows, interval_bars(board.rows), strict=True)),
        "explained": BOARD_STATUSES.get(board.status),
        "figure": leaderboard_figure(board.rows) if rated else None,
        "excluded": {code: n for code, n in board.excluded.items() if n},
        "section": "leaderboard",
        "nav_arena": arena.slug,
    }
    return render(request, "web/leaderboard.html", context)
