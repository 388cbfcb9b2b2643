"""The status page: what an operator looks at first when something is slow. A few cheap questions, nothing counted."""

import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import django
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from redis.exceptions import RedisError

from arena.battles.gauges import HeldTurn, held_turns, open_battles, running_leases
from arena.common import gauges, heartbeat, live, processes
from arena.rankings.gauges import board_gauges

REFRESH_S: Final = 5
#: Older than this is a cause to worry, as docs/operations.md says.
OUTBOX_WORRY_S: Final = 30.0
WAIT_WORRY_S: Final = 30.0
DISK_WORRY_BYTES: Final = 1_000_000_000
#: The oldest turns by themselves; the others are in the sums.
LISTED_TURNS: Final = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One fact. `state`: good, bad or off; empty where there is nothing to judge."""

    name: str
    value: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """Facts that belong together."""

    title: str
    lines: list[Line]


def page(request: HttpRequest) -> HttpResponse:
    """Every panel; the page fetches itself again every few seconds until it is told to stop."""
    context = {
        **admin.site.each_context(request),
        "title": "Status",
        "panels": [Panel(title, make()) for title, make in PANELS.items()],
        "refresh_s": REFRESH_S,
        "now": gauges.now(),
    }
    return TemplateResponse(request, "operators/status.html", context)


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _judged(name: str, value: str, *, good: bool) -> Line:
    return Line(name, value, "good" if good else "bad")


def _parts() -> list[Line]:
    ages = heartbeat.ages_s()
    needed = {f"worker:{name}" for name in gauges.queue_names()}
    lines = [_judged(name, f"{_age(age)} ago", good=age <= heartbeat.STALE_S) for name, age in sorted(ages.items())]
    return lines + [Line(name, "never seen", "bad") for name in sorted(needed - set(ages))]


def _processes() -> list[Line]:
    """Every process by its id; what its gauges say."""
    told = [
        Line(process.id.rsplit(":", 1)[0], ", ".join(_gauge(*pair) for pair in process.gauges.items()) or "lives")
        for process in processes.alive()
    ]
    return told or [Line("processes", "none reports", "bad")]


def _gauge(name: str, value: float) -> str:
    """`arena_websockets_open` as "websockets open: 3"."""
    return f"{name.removeprefix('arena_').replace('_', ' ')}: {value:g}"


def _queues() -> list[Line]:
    depths = gauges.queue_depths()
    lines = [
        Line(name, "broker away", "bad") if depth is None else Line(name, f"{depth:,} waiting")
        for name, depth in depths.items()
    ]
    outbox = gauges.outbox_gauge()
    oldest = f", the oldest for {_age(outbox.oldest_age_s)}" if outbox.depth else ""
    good = outbox.oldest_age_s <= OUTBOX_WORRY_S
    return [*lines, _judged("outbox", f"{outbox.depth:,} rows{oldest}", good=good)]


def _leases() -> list[Line]:
    leases = running_leases()
    running = f", the oldest for {_age(leases.oldest_running_s)}" if leases.running else ""
    waiting = f", the oldest for {_age(leases.oldest_wait_s)}" if leases.waiting else ""
    return [
        Line("running", f"{leases.running:,}{running}"),
        _judged("waiting for a worker", f"{leases.waiting:,}{waiting}", good=leases.oldest_wait_s <= WAIT_WORRY_S),
        _judged("lease ran out", f"{leases.overdue:,}", good=not leases.overdue),
        *[_held(turn) for turn in held_turns(LISTED_TURNS)],
    ]


def _held(turn: HeldTurn) -> Line:
    left = f"lease for {turn.lease_left_s:.0f} s more" if turn.lease_left_s > 0 else "lease ran out"
    return _judged(
        f"turn {turn.turn_id}, attempt {turn.attempt}", f"{_age(turn.age_s)}, {left}", good=turn.lease_left_s > 0
    )


def _battles() -> list[Line]:
    lines = [
        Line(f"{one.arena}: {one.state}", f"{one.n:,}, the oldest for {_age(one.oldest_s)}") for one in open_battles()
    ]
    return lines or [Line("battles", "none")]


def _boards() -> list[Line]:
    boards = board_gauges()
    return [
        Line(board.arena, "no board yet" if board.snapshot_age_s is None else f"{_age(board.snapshot_age_s)} old")
        for board in boards
    ] or [Line("arenas", "none")]


def _storage() -> list[Line]:
    size = gauges.database_bytes()
    lines = [Line("database", _bytes(size))]
    if settings.ENV.storage == "s3":
        return [*lines, Line("objects", f"bucket {settings.ENV.s3_bucket}")]
    folder = settings.ENV.var
    if not folder.exists():
        return [*lines, Line("objects", f"folder {folder} is missing", "bad")]
    free = shutil.disk_usage(folder).free
    return [*lines, _judged("objects", f"folder, {_bytes(free)} free", good=free > DISK_WORRY_BYTES)]


def _bytes(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def _versions() -> list[Line]:
    version = cast("DatabaseWrapper", connection).pg_version
    return [
        Line("Python", platform.python_version()),
        Line("Django", django.get_version()),
        Line("PostgreSQL", f"{version // 10000}.{version % 10000}"),
        _broker_version(),
    ]


def _broker_version() -> Line:
    try:
        info: Any = live.client().info("server")
    except (RedisError, ConnectionError):
        return Line("Valkey", "away", "bad")
    return Line("Valkey", str(info.get("valkey_version") or info.get("redis_version")))


PANELS: Final[dict[str, Callable[[], list[Line]]]] = {
    "Parts, by their last sign of life": _parts,
    "Processes": _processes,
    "Queues": _queues,
    "Turns": _leases,
    "Battles that wait for answers": _battles,
    "Leaderboards": _boards,
    "Storage": _storage,
    "Versions": _versions,
}
