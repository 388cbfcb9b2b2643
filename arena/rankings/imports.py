"""Votes of a file as a board of their own, clearly marked and never mixed with the arena's votes.

NoSuchSource            an arena has no such imported source
ImportRefused
├── AlreadyImported     this file, or another one by this name, is there
└── CannotImport        weights that are no whole numbers of votes, or a name that is too long
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from django.db import IntegrityError, transaction

from arena.arenas.models import Arena
from arena.rankings.board import Board, Row, rate
from arena.rankings.matrix import Matrix, matrix_from
from arena.rankings.models import ImportedSource, ImportedTally
from arena.rankings.tallies import Counts
from arena.rankings.tallying import COUNTS
from arena.rankings.variants import METHOD
from arena.rankings.vote_files import VoteFile, read_votes

NAME_CHARS: Final = 200


class NoSuchSource(LookupError):
    """An arena has no such imported source."""


class ImportRefused(Exception):
    """Nothing was imported."""


class AlreadyImported(ImportRefused):
    """This file, or another one by this name, is there."""


class CannotImport(ImportRefused):
    """Votes of this kind cannot be kept."""


def import_votes(arena: Arena, path: Path, name: str) -> ImportedSource:
    """Read a file to its end, in bounded memory, and only then store its counts, in one transaction.

    Raises:
        BadVotes: the file is not what it should be; the message names the row.
        ImportRefused: see there.
    """
    votes = read_votes(path)
    if votes.weighted:
        raise CannotImport("the file has weights; only votes that count once each can be kept")
    if long := [system for system in votes.names if len(system) > NAME_CHARS]:
        raise CannotImport(f"the name {long[0][:40]!r}… has more than {NAME_CHARS} characters")
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    try:
        with transaction.atomic():
            return _store(arena, name, sha256, votes)
    except IntegrityError as error:
        raise AlreadyImported(f"{arena.slug} has this file, or another one called {name!r}, already") from error


def _store(arena: Arena, name: str, sha256: str, votes: VoteFile) -> ImportedSource:
    cells = votes.counts.cells
    source = ImportedSource.objects.create(
        arena=arena,
        name=name,
        file_sha256=sha256,
        votes=int(cells.sum()),
        ignored={"ignored": votes.ignored} if votes.ignored else {},
    )
    met = np.argwhere(cells.sum(axis=0) > 0).tolist()
    ImportedTally.objects.bulk_create(
        ImportedTally(
            source=source,
            left=votes.names[i],
            right=votes.names[j],
            **{column: int(n) for column, n in zip(COUNTS, cells[:, i, j].tolist(), strict=True)},
        )
        for i, j in met
    )
    return source


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRow(Row):
    """A row of a board with the name that the file has for its system."""

    system: str


@dataclass(frozen=True, slots=True, eq=False)
class ImportedBoard:
    """The board of a source; names in the order of its rows, which are those of the counts."""

    source: ImportedSource
    names: tuple[str, ...]
    board: Board
    counts: Counts

    @property
    def rows(self) -> list[NamedRow]:
        """Best first, those without a number last."""
        rows = [
            NamedRow(system=name, **(row.as_dict() | {"status": row.status}))
            for name, row in zip(self.names, self.board.rows, strict=True)
        ]
        return sorted(rows, key=lambda row: (float("inf") if row.rating is None else -row.rating, row.system))

    @property
    def matrix(self) -> Matrix:
        """Who is preferred to whom."""
        return matrix_from(self.source.name, self.names, self.board, self.counts)


def sources_of(arena: Arena) -> list[ImportedSource]:
    """The imported sources of an arena, the newest first."""
    return list(ImportedSource.objects.filter(arena=arena).order_by("-id"))


def source_of(arena: Arena, source_id: int) -> ImportedSource:
    """One of them.

    Raises:
        NoSuchSource: see there.
    """
    source = ImportedSource.objects.filter(arena=arena, pk=source_id).first()
    if source is None:
        raise NoSuchSource(f"{arena.slug} has no imported source {source_id}")
    return source


def imported_board(source: ImportedSource) -> ImportedBoard:
    """Rate the systems of a source by the arena's method.

    Raises:
        NotConverged: the fit failed.
    """
    rows = list(ImportedTally.objects.filter(source=source).values_list("left", "right", *COUNTS))
    names = sorted({name for row in rows for name in row[:2]})
    place = {name: n for n, name in enumerate(names)}
    counts = Counts.empty(len(names))
    for left, right, *numbers in rows:
        counts.cells[:, place[left], place[right]] += numbers
    return ImportedBoard(source, tuple(names), rate(counts, METHOD), counts)
