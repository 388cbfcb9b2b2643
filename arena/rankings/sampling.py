"""Draws counted beside their logged probabilities, each once; the page of an arena's transparency reads the sums."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.common import ledger, periods
from arena.rankings.draws import Expectation, expectation
from arena.rankings.models import DrawMark
from arena.router.models import Pairing

JOB: Final = ledger.Job("rankings.draws", periods.Every(timedelta(minutes=5)), backlog=1)
#: A draw is one short transaction; after this time none with a lower id can appear any more.
SETTLED_AFTER: Final = timedelta(seconds=30)
CHUNK: Final = 20_000

_ADD: Final = """
INSERT INTO rankings_drawsum (arena_id, first_id, second_id, observed, first_left, expected, product)
SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::float8[], %s::float8[])
ON CONFLICT (arena_id, first_id, second_id) DO UPDATE SET
  observed = rankings_drawsum.observed + EXCLUDED.observed,
  first_left = rankings_drawsum.first_left + EXCLUDED.first_left,
  expected = rankings_drawsum.expected + EXCLUDED.expected,
  product = rankings_drawsum.product + EXCLUDED.product
"""


@dataclass(slots=True)
class _Sums:
    """The columns of `DrawSum`, by (first, second)."""

    observed: defaultdict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    first_left: defaultdict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    expected: defaultdict[tuple[int, int], float] = field(default_factory=lambda: defaultdict(float))
    product: defaultdict[tuple[int, int], float] = field(default_factory=lambda: defaultdict(float))

    def draw(self, left: int, right: int) -> None:
        """One draw as it came out."""
        pair = (min(left, right), max(left, right))
        self.observed[pair] += 1
        self.first_left[pair] += left == pair[0]
        for version in pair:
            self.observed[version, version] += 1

    def expect(self, one: Expectation, n: int) -> None:
        """What n draws from one pool are expected to be."""
        for pair, p in one.pair.items():
            self.expected[pair] += n * p
            self.product[pair] += n * one.single[pair[0]] * one.single[pair[1]]
        for version, pi in one.single.items():
            self.expected[version, version] += n * pi
            self.product[version, version] += n * pi * pi


def count_draws(_period: ledger.Period) -> None:
    """Count the new draws of every arena."""
    for arena_id in Arena.objects.order_by("id").values_list("id", flat=True):
        while count_draws_of(arena_id) == CHUNK:
            pass


def count_draws_of(arena_id: int) -> int:
    """Add up to `CHUNK` settled draws to the sums of an arena, in one transaction under its mark's lock.

    Returns:
        How many there were.
    """
    with transaction.atomic():
        DrawMark.objects.bulk_create([DrawMark(arena_id=arena_id)], ignore_conflicts=True)
        mark = DrawMark.objects.select_for_update().get(arena_id=arena_id)
        draws = list(
            Pairing.objects.filter(
                arena_id=arena_id, id__gt=mark.last_pairing_id, created_at__lt=Now() - SETTLED_AFTER
            )
            .order_by("id")
            .values_list("id", "left_id", "right_id", "pool")[:CHUNK]
        )
        if draws:
            _add(arena_id, _summed([(left, right, pool) for _id, left, right, pool in draws]))
            mark.last_pairing_id = draws[-1][0]
            mark.draws += len(draws)
            mark.save()
    return len(draws)


def _summed(draws: list[tuple[int, int, list[list[float]]]]) -> _Sums:
    sums = _Sums()
    pools: defaultdict[str, int] = defaultdict(int)
    for left, right, pool in draws:
        sums.draw(left, right)
        pools[json.dumps(pool)] += 1
    for pool_text, n in pools.items():
        sums.expect(expectation([(int(version), weight) for version, weight in json.loads(pool_text)]), n)
    return sums


def _add(arena_id: int, sums: _Sums) -> None:
    keys = sorted(sums.observed.keys() | sums.expected.keys())
    columns = [[column.get(key, 0) for key in keys] for column in _columns(sums)]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [arena_id, [a for a, _b in keys], [b for _a, b in keys], *columns])


def _columns(sums: _Sums) -> tuple[dict[tuple[int, int], int] | dict[tuple[int, int], float], ...]:
    return (sums.observed, sums.first_left, sums.expected, sums.product)
