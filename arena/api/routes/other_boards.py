"""Boards beside the live ones: certified by releases, and of imported votes."""

from collections.abc import Iterator
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router

from arena.api.openapi import problems
from arena.api.ranking_schemas import (
    CertifiedHistoryOut,
    CertifiedOut,
    CertifiedPointOut,
    ImportedBoardOut,
    ImportedMatrixOut,
    SourceOut,
    SourcesOut,
)
from arena.api.rendering import rendered
from arena.api.routes.rankings import public_answer
from arena.api.tables import PAIRS, csv_response, matrix_facts, pairs_of
from arena.arenas.selectors import open_arena
from arena.rankings.imports import ImportedBoard, imported_board, source_of, sources_of
from data_releases.selectors import CertifiedBoard, CertifiedRow, certified_board, certified_boards

router = Router(tags=["leaderboards"])

_JSON: Final = {304: None, **problems(404, 422)}
_CSV: Final = {200: None, 304: None, **problems(404, 422)}


@router.get(
    "/arenas/{slug}/leaderboard/certified",
    operation_id="leaderboard_certified",
    response={200: CertifiedOut, **_JSON},
)
def certified(request: HttpRequest, slug: str, release: str | None = None) -> HttpResponse:
    """The certified leaderboard, of the newest release or of the one that `release` names."""
    return public_answer(rendered(CertifiedOut(_certified(slug, release))))


@router.get("/arenas/{slug}/leaderboard/certified.csv", operation_id="leaderboard_certified_csv", response=_CSV)
def certified_csv(request: HttpRequest, slug: str, release: str | None = None) -> HttpResponse:
    """The same as CSV."""
    found = _certified(slug, release)
    rows = ({name: getattr(row, name) for name in CertifiedRow.__slots__} for row in found.rows)
    return public_answer(csv_response(f"{slug}-{found.release}-certified.csv", CertifiedRow.__slots__, rows))


def _certified(slug: str, release: str | None) -> CertifiedBoard:
    found = certified_board(open_arena(slug), release)
    if found is None:
        raise Http404
    return found


@router.get(
    "/arenas/{slug}/leaderboard/certified/history",
    operation_id="leaderboard_certified_history",
    response={200: CertifiedHistoryOut, **_JSON},
)
def certified_history(request: HttpRequest, slug: str) -> HttpResponse:
    """The ratings in every public release, the oldest first."""
    points = [CertifiedPointOut(**point) for point in _points(slug)]
    return public_answer(rendered(CertifiedHistoryOut(arena=slug, points=points)))


@router.get(
    "/arenas/{slug}/leaderboard/certified/history.csv",
    operation_id="leaderboard_certified_history_csv",
    response=_CSV,
)
def certified_history_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """The same as CSV."""
    return public_answer(csv_response(f"{slug}-certified.csv", CertifiedPointOut.model_fields, _points(slug)))


def _points(slug: str) -> Iterator[dict[str, Any]]:
    for board in certified_boards(open_arena(slug)):
        for row in board.rows:
            told = {name: getattr(row, name) for name in ("contender", "rating", "lower", "upper", "votes")}
            yield {"release": board.release, "window_end": board.window_end, **told}


@router.get("/arenas/{slug}/imported", operation_id="list_imported", response={200: SourcesOut, **_JSON})
def sources(request: HttpRequest, slug: str) -> HttpResponse:
    """Votes from elsewhere that have boards of their own beside the arena's."""
    found = [SourceOut.model_validate(source) for source in sources_of(open_arena(slug))]
    return public_answer(rendered(SourcesOut(arena=slug, sources=found)))


@router.get(
    "/arenas/{slug}/imported/{int:source_id}", operation_id="imported", response={200: ImportedBoardOut, **_JSON}
)
def imported(request: HttpRequest, slug: str, source_id: int) -> HttpResponse:
    """The board of an imported source; its votes were not cast here."""
    found = _imported(slug, source_id)
    body = ImportedBoardOut(
        arena=slug,
        source=SourceOut.model_validate(found.source),
        status=found.board.status.value,
        groups=[[found.names[row] for row in group] for group in found.board.groups],
        method=found.board.method,
        digest=found.board.digest,
        ratings=found.rows,
    )
    return public_answer(rendered(body))


@router.get("/arenas/{slug}/imported/{int:source_id}.csv", operation_id="imported_csv", response=_CSV)
def imported_csv(request: HttpRequest, slug: str, source_id: int) -> HttpResponse:
    """The same as CSV; every row names the file that it comes from."""
    found = _imported(slug, source_id)
    rows = [{"source": found.source.name, "system": row.system, **row.as_dict()} for row in found.rows]
    columns = list(rows[0]) if rows else ["source", "system"]
    return public_answer(csv_response(f"{slug}-imported-{source_id}.csv", columns, rows))


@router.get(
    "/arenas/{slug}/imported/{int:source_id}/matrix",
    operation_id="imported_matrix",
    response={200: ImportedMatrixOut, **_JSON},
)
def imported_matrix(request: HttpRequest, slug: str, source_id: int) -> HttpResponse:
    """Who is preferred to whom in an imported source."""
    found = _imported(slug, source_id)
    return public_answer(rendered(ImportedMatrixOut(arena=slug, **matrix_facts(found.matrix))))


@router.get("/arenas/{slug}/imported/{int:source_id}/matrix.csv", operation_id="imported_matrix_csv", response=_CSV)
def imported_matrix_csv(request: HttpRequest, slug: str, source_id: int) -> HttpResponse:
    """The same as CSV: one row per ordered pair, each with the name of the source."""
    found = _imported(slug, source_id)
    rows = ({"source": found.source.name, **pair} for pair in pairs_of(found.matrix))
    return public_answer(csv_response(f"{slug}-imported-{source_id}-matrix.csv", ("source", *PAIRS), rows))


def _imported(slug: str, source_id: int) -> ImportedBoard:
    return imported_board(source_of(open_arena(slug), source_id))
