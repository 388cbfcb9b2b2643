"""The leaderboard: a table that works everywhere, and a figure where scripts run."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from arena.arenas.models import Arena
from arena.arenas.selectors import open_arena, open_arenas
from arena.rankings.board import Status
from arena.rankings.bradley_terry import RankingError
from arena.rankings.computing import NoBoardThen, NoBoardYet
from arena.rankings.filters import NoSuchFilter
from arena.rankings.imports import sources_of
from arena.rankings.method import Method
from arena.rankings.models import ImportedSource
from arena.rankings.questions import Part, Question, board_of, parts_of
from arena.rankings.selectors import TOO_FEW_VOTES, Leaderboard, LeaderboardRow
from arena.rankings.studies import FRAGILITY, STYLE, newest
from arena.web.board_query import Asked, asked_of, columns_of, data_query, kinds_of, ordered
from arena.web.figures import Bar, Rated, interval_bars, leaderboard_figure
from arena.web.messages import BOARD_STATUSES, BOTH_BAD, ERRORS, INTERVALS, TIES, WEIGHTS
from arena.web.public import public_page
from arena.web.refusals import answers_refusals
from data_releases.selectors import certified_board, next_release_on

COLUMNS: Final = ("rating", "system", "votes")
FALLING: Final = frozenset({"rating", "votes"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page of a board shows of the database: the same for everybody who asks the same question."""

    arena: Arena
    board: Leaderboard
    missing: str
    beside: dict[str, Any]
    parts: list[Part]
    sources: list[ImportedSource]


@require_safe
@public_page
def index(request: HttpRequest) -> HttpResponse:
    """The leaderboards of all open arenas; where there is one, straight to it."""
    arenas = open_arenas()
    if len(arenas) == 1:
        return redirect("web:leaderboard", arenas[0].slug)
    return render(request, "web/arenas.html", {"arenas": arenas, "section": "leaderboard"})


@require_safe
@answers_refusals
@public_page
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """A board of an arena."""
    asked = asked_of(request.GET)
    return _rendered(request, asked, _shown(open_arena(slug), asked.question))


def _shown(arena: Arena, question: Question) -> Shown:
    board, missing = _board(arena, question)
    return Shown(arena, board, missing, _beside(arena), parts_of(arena), sources_of(arena))


def _board(arena: Arena, question: Question) -> tuple[Leaderboard, str]:
    """The board, or the usual one and why there is no other."""
    try:
        return board_of(arena, question), ""
    except NoBoardThen:
        return board_of(arena, Question()), "then"
    except NoBoardYet:
        return board_of(arena, Question(question.chosen)), "yet"
    except NoSuchFilter:
        return board_of(arena, Question()), "filter"
    except RankingError:
        return board_of(arena, Question()), "undetermined"


def _beside(arena: Arena) -> dict[str, Any]:
    """What the page tells besides the board."""
    certified = certified_board(arena)
    return {
        "fragility": newest(arena, FRAGILITY),
        "style": newest(arena, STYLE),
        "certified": certified,
        "next_release": next_release_on(arena),
    }


def _rendered(request: HttpRequest, asked: Asked, shown: Shown) -> HttpResponse:
    board = shown.board
    method = _method_of(board)
    groups = _groups(asked, board)
    ranked = [rated for is_ranked, rows in groups for _row, rated, _bar in rows if is_ranked]
    context = {
        "arena": shown.arena,
        "asked": asked,
        "board": board,
        "missing": shown.missing,
        "groups": groups,
        "columns": columns_of(request.GET, asked.order, COLUMNS, FALLING),
        "explained": BOARD_STATUSES.get(board.status),
        "figure": leaderboard_figure(ranked) if any(row.rating is not None for row in ranked) else None,
        "excluded": {code: n for code, n in board.excluded.items() if n},
        "chosen": asked.question.chosen,
        **kinds_of(shown.parts),
        "intervals": INTERVALS,
        "method": method,
        "told": _told(asked.interval, method),
        "unusual": asked != Asked(Question(asked.question.chosen), order=asked.order),
        "methods": {"intervals": ERRORS, "weights": WEIGHTS, "method": TIES, "both_bad": BOTH_BAD},
        "switch": _switch(request, board),
        "data_query": data_query(request.GET),
        "sources": shown.sources,
        "tab": "ratings",
        "section": "leaderboard",
        "nav_arena": shown.arena.slug,
        **shown.beside,
    }
    return render(request, "web/leaderboard.html", context)


def _groups(asked: Asked, board: Leaderboard) -> list[tuple[bool, list[tuple[LeaderboardRow, Rated, Bar | None]]]]:
    """(whether they are ranked, rows): the ranked ones, then those with too few votes; empty groups are left out.

    Only the ranked ones have bars: an interval from three votes would squeeze all others.
    """
    groups: dict[bool, list[LeaderboardRow]] = {True: [], False: []}
    for row in ordered(board.rows, asked.order, getattr, FALLING):
        groups[row.listing != TOO_FEW_VOTES].append(row)
    found = []
    for is_ranked, rows in groups.items():
        told = [_rated(row, asked.interval) for row in rows]
        bars = interval_bars(told) if is_ranked else [None] * len(told)
        if rows:
            found.append((is_ranked, list(zip(rows, told, bars, strict=True))))
    return found


def _rated(row: LeaderboardRow, interval: str) -> Rated:
    if interval == "own" or row.status != Status.OK.value:
        return Rated(row.system, row.rating, row.lower, row.upper)
    return Rated(row.system, row.rating, getattr(row, f"{interval}_lower"), getattr(row, f"{interval}_upper"))


def _method_of(board: Leaderboard) -> dict[str, str]:
    """The settings of a board as its address names them."""
    method = Method.from_description(board.method)
    return {
        "intervals": method.intervals,
        "weights": method.weights,
        "method": "bradley-terry" if method.ties == "half" else method.ties,
        "both_bad": method.both_bad,
    }


def _told(interval: str, method: dict[str, str]) -> list[Any]:
    """Sentences that say how the numbers were made: always what an even vote is and the intervals."""
    told = [INTERVALS[interval][1], ERRORS[method["intervals"]][1]] if method["intervals"] in ERRORS else []
    if method["weights"] != "one":
        told.append(WEIGHTS[method["weights"]][1])
    return [TIES[method["method"]][1], BOTH_BAD[method["both_bad"]][1], *told]


def _switch(request: HttpRequest, board: Leaderboard) -> str:
    """The address of the same board with the other errors."""
    other = request.GET.copy()
    clustered = board.method.get("intervals") == "clustered"
    other["intervals"] = "sandwich" if clustered else "clustered"
    # Voter by voter, boards are kept with even votes as half wins only.
    for name in () if clustered else ("method", "both_bad"):
        other.pop(name, None)
    return f"?{other.urlencode()}"
