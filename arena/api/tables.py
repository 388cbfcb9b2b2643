"""Answers as CSV: one row per thing, a header, full precision, no cell that a spreadsheet would take for a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from django.http import HttpResponse

from arena.rankings.matrix import Matrix

#: A text that begins so is a formula to a spreadsheet.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_response(name: str, columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> HttpResponse:
    """The rows as a file called `name`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = list(columns)
    writer.writerow(names)
    writer.writerows([_cell(row[name]) for name in names] for row in rows)
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


#: The columns of a matrix as a table.
PAIRS: Final = ("row", "column", "battles", "wins", "p", "lower", "upper")


def pairs_of(matrix: Matrix) -> Iterator[dict[str, Any]]:
    """One row for each ordered pair."""
    for name, row in zip(matrix.names, matrix.cells, strict=True):
        for other, cell in zip(matrix.names, row, strict=True):
            if cell is not None:
                yield {"row": name, "column": other, **asdict(cell)}


def matrix_facts(matrix: Matrix) -> dict[str, Any]:
    """The same by the fields of `ranking_schemas.MatrixOut`."""
    return {"board": matrix.board, "systems": list(matrix.names), "cells": [list(row) for row in matrix.cells]}
