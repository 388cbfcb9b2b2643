"""What belongs to a leaderboard: its history, who beats whom, transparency, imported votes, a voter's own."""

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from arena.arenas.models import Arena
from arena.arenas.selectors import open_arena
from arena.integrity.identity import browser_actor
from arena.rankings.filters import EVERYTHING, NoSuchFilter
from arena.rankings.history import History, Line, history_of
from arena.rankings.imports import NoSuchSource, imported_board, source_of
from arena.rankings.matrix import Matrix
from arena.rankings.questions import matrix_of, parts_of
from arena.rankings.transparency import transparency_of
from arena.rankings.voters_board import boards_of_voter
from arena.web.board_query import asked_of, data_query, kinds_of
from arena.web.figures import Rated, history_figure, interval_bars, leaderboard_figure, matrix_figure
from arena.web.public import public_page
from arena.web.refusals import answers_refusals

#: Lines that the history shows at first, and moments of its table.
LINES: Final = 8
MOMENTS: Final = 6
#: Parameters of both the pages and the data of history and matrix.
FILTERS: Final = frozenset({"language", "category"})


def context_of(arena: Arena, tab: str, **more: Any) -> dict[str, Any]:
    """What the template of every page about an arena's boards needs."""
    return {"arena": arena, "tab": tab, "section": "leaderboard", "nav_arena": arena.slug, **more}


@require_safe
@answers_refusals
@public_page
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """The ratings through time."""
    arena = open_arena(slug)
    asked = asked_of(request.GET)
    chosen, refused = asked.question.chosen, asked.refused
    if not chosen.is_named:
        chosen = EVERYTHING
        refused = _("Combinations have no history: it is kept for all votes, one language or one kind.")
    found = history_of(arena, chosen)
    moments = _spread(list(found.moments), MOMENTS)
    context = context_of(
        arena,
        "history",
        chosen=chosen,
        refused=refused,
        data_query="" if refused else data_query(request.GET, FILTERS),
        parts=parts_of(arena),
        moments=moments,
        lines=[(line, [_at(line, moment) for moment in moments]) for line in found.lines],
        figure=history_figure(found, LINES) if _moves(found) else None,
    )
    return render(request, "web/history_of_ratings.html", context)


def _moves(found: History) -> bool:
    return len(found.moments) > 1


def _at(line: Line, moment: Any) -> float | None:
    return next((point.rating for point in line.points if point.at == moment), None)


def _spread(moments: list[Any], most: int) -> list[Any]:
    """At most so many of them, evenly spread, the first and the last among them."""
    if len(moments) <= most:
        return moments
    return [moments[round(k * (len(moments) - 1) / (most - 1))] for k in range(most)]


@require_safe
@answers_refusals
@public_page
def matrix(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is preferred to whom."""
    arena = open_arena(slug)
    asked = asked_of(request.GET)
    chosen, refused = asked.question.chosen, asked.refused
    try:
        found = matrix_of(arena, chosen)
    except NoSuchFilter as error:
        found, refused = matrix_of(arena), str(error)
    context = context_of(
        arena,
        "matrix",
        chosen=chosen,
        refused=refused,
        **kinds_of(parts_of(arena)),
        names=found.names,
        rows=list(zip(found.names, found.cells, strict=True)),
        figure=matrix_figure(found) if _has_chances(found) else None,
        data_query=data_query(request.GET, FILTERS),
    )
    return render(request, "web/matrix.html", context)


def _has_chances(found: Matrix) -> bool:
    return any(cell is not None and cell.p is not None for row in found.cells for cell in row)


@require_safe
@answers_refusals
@public_page
def transparency(request: HttpRequest, slug: str) -> HttpResponse:
    """Who ever entered, how pairs were drawn, and which votes count."""
    arena = open_arena(slug)
    return render(request, "web/transparency.html", context_of(arena, "transparency", found=transparency_of(arena)))


@require_safe
@answers_refusals
@public_page
def imported(request: HttpRequest, slug: str, source_id: int) -> HttpResponse:
    """The board of an imported source."""
    arena = open_arena(slug)
    try:
        found = imported_board(source_of(arena, source_id))
    except NoSuchSource as error:
        raise Http404 from error
    rated = [Rated(row.system, row.rating, row.lower, row.upper) for row in found.rows]
    rows = list(zip(found.rows, interval_bars(rated), strict=True))
    figure = leaderboard_figure(rated) if found.board.rated else None
    return render(
        request, "web/imported.html", context_of(arena, "imported", source=found.source, rows=rows, figure=figure)
    )


@require_safe
@cache_control(no_store=True)
def own(request: HttpRequest) -> HttpResponse:
    """This browser's own ratings."""
    voter = browser_actor(request).voter
    boards = boards_of_voter(voter) if voter else []
    return render(request, "web/own_ratings.html", {"boards": boards, "section": "battles"})
