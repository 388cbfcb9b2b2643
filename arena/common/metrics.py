"""Numbers for Prometheus that many processes add to: counted in memory, added to PostgreSQL every few seconds.

Counting costs a dictionary entry and no query, so it may stand in the hottest path. `flush`, called by the thread of
`arena.common.processes`, adds what was counted to one row per series, which never shrinks. A process that is killed
loses what it counted since its last flush; the battles themselves are counted from their rows where it matters.

The metrics are listed in `arena.common.measures`. Labels are stored as they are counted: ids of arenas and versions,
which the reader turns into names.
"""

import os
import threading
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import DatabaseError, InterfaceError, connection

from arena.common.models import MetricSeries

Key = tuple[str, tuple[str, ...]]
#: By name, filled as metrics are made.
COUNTED: Final[dict[str, "Counter | Histogram"]] = {}
GAUGES: Final[dict[str, "Gauge"]] = {}


class _Pending:
    """What this process counted since its last flush."""

    lock = threading.Lock()
    amounts: dict[Key, list[float]] = {}


def _forget() -> None:
    """A forked process inherits what its parent is still to add, and perhaps a lock that nobody will open."""
    _Pending.lock, _Pending.amounts = threading.Lock(), {}


os.register_at_fork(after_in_child=_forget)


def _add(key: Key, amounts: Mapping[int, float], size: int) -> None:
    with _Pending.lock:
        pending = _Pending.amounts.setdefault(key, [0.0] * size)
        for place, amount in amounts.items():
            pending[place] += amount


@dataclass(frozen=True)
class Counter:
    """Something that happens. `labels` are the names of what `count` is told about it."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        COUNTED[self.name] = self

    def count(self, *values: object, n: float = 1) -> None:
        """It happened `n` times, with these values of its labels."""
        _add((self.name, _texts(self.labels, values)), {0: n}, 1)


@dataclass(frozen=True)
class Histogram:
    """How long something takes, in seconds. A series holds a number per bucket, one for longer times, and the sum."""

    name: str
    help: str
    bounds_s: tuple[float, ...]
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        COUNTED[self.name] = self

    def observe(self, *values: object, seconds: float) -> None:
        """It took so long, with these values of its labels."""
        bucket = bisect_left(self.bounds_s, seconds)
        _add((self.name, _texts(self.labels, values)), {bucket: 1, self.size - 1: seconds}, self.size)

    @property
    def size(self) -> int:
        """Numbers in a series."""
        return len(self.bounds_s) + 2


@dataclass
class Gauge:
    """How many there are in this process now; `arena.common.processes` reports it, the reader adds processes up.

    `measure` looks it up where something else counts; otherwise `add` does.
    """

    name: str
    help: str
    value: int = 0
    measure: Callable[[], int] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        GAUGES[self.name] = self

    def add(self, n: int) -> None:
        """So many more, or fewer."""
        with self._lock:
            self.value += n

    def read(self) -> int:
        """How many there are now."""
        return self.measure() if self.measure else self.value


def _texts(labels: Sequence[str], values: Sequence[object]) -> tuple[str, ...]:
    if len(labels) != len(values):
        raise ValueError(f"{len(values)} values for the labels {labels}")
    return tuple(map(str, values))


# A bucket list of another length was written by another version of the code: it begins anew.
_FLUSH_SQL: Final = """
INSERT INTO common_metricseries AS m (name, labels, amounts) VALUES {rows}
ON CONFLICT (name, labels) DO UPDATE SET amounts = CASE
    WHEN cardinality(m.amounts) <> cardinality(excluded.amounts) THEN excluded.amounts
    ELSE (SELECT array_agg(a + b ORDER BY n) FROM unnest(m.amounts, excluded.amounts) WITH ORDINALITY AS t(a, b, n))
END
"""
_ROW: Final = "(%s, %s::varchar[], %s::double precision[])"


def flush() -> int:
    """Add what was counted to the stored series, in one statement; returns the number of series.

    Raises:
        DatabaseError, InterfaceError: nothing was added and nothing is lost; the next flush tries again.
    """
    with _Pending.lock:
        amounts, _Pending.amounts = _Pending.amounts, {}
    if not amounts:
        return 0
    # One order everywhere, so that two processes cannot wait for each other's rows.
    values: list[Any] = []
    for (name, labels), sums in sorted(amounts.items()):
        values += [name, list(labels), sums]
    try:
        with connection.cursor() as cursor:
            cursor.execute(_FLUSH_SQL.format(rows=", ".join([_ROW] * len(amounts))), values)
    except (DatabaseError, InterfaceError):
        for key, sums in amounts.items():
            _add(key, dict(enumerate(sums)), len(sums))
        raise
    return len(amounts)


def stored() -> dict[str, dict[tuple[str, ...], list[float]]]:
    """Name → label values → amounts of every stored series. One query, whose size is the number of series."""
    series: dict[str, dict[tuple[str, ...], list[float]]] = {}
    for name, labels, amounts in MetricSeries.objects.values_list("name", "labels", "amounts"):
        series.setdefault(name, {})[tuple(labels)] = amounts
    return series
