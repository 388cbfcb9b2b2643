"""The counted votes of an arena one by one, in columns: for intervals by voter, and weights of the draw.

A vote takes 32 bytes here, twice that while they are put together, and they are read in blocks in the order of their
ids: ten million fit into some 600 MB, and the same votes give the same bits.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any, Final, TypeAlias

import numpy as np
from django.db import connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from numpy.typing import NDArray

from arena.arenas.models import Arena
from arena.rankings.filters import BoardFilter
from arena.rankings.folding import counted_votes
from arena.rankings.models import BattleTraits
from arena.rankings.tallies import CODE_OF, Votes
from arena.votes.models import Vote

#: As they are read.
Rows: TypeAlias = Sequence[tuple[Any, ...]]

#: Votes in memory as objects at a time: some kilobytes each with all that is read beside them.
BLOCK: Final = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class SingleVotes:
    """N votes in the order of their ids; every column is (N,).

    left, right: version ids. outcome: places in `tallies.OUTCOMES`. voter: ids. propensity: the logged probability of
    the pair. language: of the prompts. categories: masks.
    """

    left: NDArray[np.int32]
    right: NDArray[np.int32]
    outcome: NDArray[np.uint8]
    voter: NDArray[np.int64]
    propensity: NDArray[np.float64]
    language: NDArray[np.bytes_]
    categories: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.left)

    def on_board(self, chosen: BoardFilter) -> "SingleVotes":
        """Those that count on a board."""
        there = self.categories & chosen.mask == chosen.mask
        if chosen.language:
            there &= self.language == chosen.language.encode()
        if there.all():
            return self
        return SingleVotes(*(getattr(self, column.name)[there] for column in _FIELDS))

    def votes(self, row_of: dict[int, int], *, weighted: bool) -> Votes:
        """With rows of contenders instead of versions, and weights whose mean is 1."""
        versions = np.array(sorted(row_of), dtype=np.int64)
        rows = np.array([row_of[int(version)] for version in versions], dtype=np.int32)
        left, right = (rows[np.searchsorted(versions, side)] for side in (self.left, self.right))
        weight = None
        if weighted:
            weight = 1.0 / self.propensity
            weight /= weight.mean() if len(self) else 1.0
        return Votes(left, right, self.outcome, weight, self.voter)


_FIELDS: Final = fields(SingleVotes)
_TYPES: Final[tuple[Any, ...]] = (np.int32, np.int32, np.uint8, np.int64, np.float64, "S3", np.int32)


def read_single(arena: Arena, up_to: int) -> SingleVotes:
    """The counted votes with id ≤ up_to."""
    return _joined([SingleVotes(*_columns(rows)) for rows in _blocks(_rows(arena, up_to).order_by("id"))])


def read_newest(
    arena: Arena, up_to: int, most: int, more: Mapping[str, Subquery], array_of: Callable[[Rows], NDArray[Any]]
) -> tuple[SingleVotes, NDArray[Any]]:
    """The newest of these, at most so many, and beside them what `array_of` makes of more columns, a row a vote."""
    own, votes, beside = len(_TYPES), [], []
    for rows in _blocks(_rows(arena, up_to, **more).order_by("-id")[:most]):
        votes.append(SingleVotes(*_columns([row[:own] for row in reversed(rows)])))
        beside.append(array_of([row[own:] for row in reversed(rows)]))
    return _joined(votes[::-1]), np.concatenate(beside[::-1])


def _joined(blocks: Sequence[SingleVotes]) -> SingleVotes:
    return SingleVotes(*(np.concatenate([getattr(block, column.name) for block in blocks]) for column in _FIELDS))


def _rows(arena: Arena, up_to: int, **more: Subquery) -> QuerySet[Vote, Any]:
    traits = BattleTraits.objects.filter(battle=OuterRef("battle"))
    told = {name: Subquery(traits.values(name)) for name in ("language", "categories")}
    votes = counted_votes(arena, up_to).annotate(**told, **more)
    return votes.values_list(
        *("battle__pairing__left_id", "battle__pairing__right_id", "outcome", "voter_id"),
        *("battle__pairing__pair_propensity", *told, *more),
    )


def _blocks(rows: QuerySet[Vote, Any]) -> Iterator[Rows]:
    """At least one, so that no votes are columns too."""
    with transaction.atomic(), connection.cursor() as cursor:
        # All rows are read: PostgreSQL is to plan for the last of them, not, as for a cursor, for the first ones.
        cursor.execute("SET LOCAL cursor_tuple_fraction = 1")
        told = rows.iterator(chunk_size=BLOCK)
        yield list(islice(told, BLOCK))
        while block := list(islice(told, BLOCK)):
            yield block


def _columns(rows: Rows) -> list[NDArray[Any]]:
    left, right, outcome, *others = zip(*rows, strict=True) if rows else ((),) * len(_TYPES)
    columns = (left, right, [CODE_OF[word] for word in outcome], *others)
    return [np.array(column, dtype=kind) for column, kind in zip(columns, _TYPES, strict=True)]
