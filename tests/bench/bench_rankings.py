"""The ranking core beside its peers, against its goals.

Ratios are medians of rounds that alternate in one process, with one BLAS thread (`ranking_peers`, in an environment of
its own); refreshes from PostgreSQL run here. Seconds of one machine say little, ratios of one run more. Inputs differ
where a line says so: only "strings" starts from the peer's own DataFrame.

    make bench-rankings [ROUNDS=5] [LARGE_ROUNDS=5]      LARGE_ROUNDS=0 leaves 1e7 votes out
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tests.bench.database import bench_database
from tests.bench.goals import Line, figures_of

ROOT: Final = Path(__file__).resolve().parents[2]
PEERS_PYTHON: Final = ROOT / ".venv-bench" / "bin" / "python"
SYSTEMS: Final = 100
ONE_THREAD: Final = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ROUNDS: Final = int(os.environ.get("ROUNDS", "5"))


def peers() -> dict[str, Any]:
    """What `ranking_peers` measured."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [str(PEERS_PYTHON), "-m", "tests.bench.ranking_peers"],
            cwd=ROOT,
            env=os.environ | ONE_THREAD | {"BENCH_FOLDER": folder},
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def refreshes() -> dict[str, float]:
    """Milliseconds from the counters in PostgreSQL to a whole board, at four numbers of votes on the same pairs."""
    with bench_database():
        from arena.rankings.computing import rank_arena
        from arena.rankings.method import Method

        arenas = {votes: _arena_with(votes) for votes in (10**4, 10**5, 10**6, 10**7)}
        times: dict[int, list[tuple[float, float]]] = {votes: [] for votes in arenas}
        for turn in range(-1, 4 * ROUNDS):
            for votes, arena in arenas.items():
                start, busy = time.perf_counter(), time.process_time()
                board = rank_arena(arena, Method()).board
                if turn >= 0:
                    times[votes].append((time.perf_counter() - start, time.process_time() - busy))
                assert sum(row.votes for row in board.rows) == 2 * votes
    found = {}
    for votes, taken in times.items():
        name = f"{votes:.0e}".replace("+0", "")
        found[f"{name}_ms"], found[f"{name}_cpu_ms"] = (
            1e3 * statistics.median(kind) for kind in zip(*taken, strict=True)
        )
    return found


def _arena_with(votes: int) -> int:
    """An arena whose counters hold so many votes, on every ordered pair."""
    import numpy as np

    from arena.rankings.models import FoldWatermark, Tally
    from tests.ballots import make_arena, make_versions

    arena = make_arena(f"votes-{votes}")
    versions = make_versions(arena, [f"system-{i:03d}" for i in range(SYSTEMS)])
    rng = np.random.default_rng(4)
    strengths = rng.normal(0, 0.8, SYSTEMS)
    p = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
    chances = np.stack([0.65 * p, 0.65 * p.T, np.full_like(p, 0.3), np.full_like(p, 0.05)])
    chances[:, np.arange(SYSTEMS), np.arange(SYSTEMS)] = 0
    # One vote on every pair, the rest by chance: every pair meets at every size, so that the work is the same.
    cells = rng.multinomial(1, np.moveaxis(chances, 0, -1) / np.maximum(chances.sum(axis=0), 1e-300)[..., None])
    cells[np.arange(SYSTEMS), np.arange(SYSTEMS)] = 0
    cells = np.moveaxis(cells, -1, 0)
    cells = cells + rng.multinomial(votes - cells.sum(), (chances / chances.sum()).ravel()).reshape(chances.shape)
    rows = [
        Tally(
            arena=arena,
            board="all",
            left=versions[i],
            right=versions[j],
            **dict(zip(("left_wins", "right_wins", "ties", "both_bad"), cells[:, i, j].tolist(), strict=True)),
        )
        for i in range(SYSTEMS)
        for j in range(SYSTEMS)
        if i != j
    ]
    Tally.objects.bulk_create(rows)
    FoldWatermark.objects.create(arena=arena, revision=1, counted=votes)
    return int(arena.pk)


def against(name: str, found: dict[str, float], peer: str, ours: str, floor: float, goal: float) -> Line:
    """How many times as long a peer takes, by the clock; beside it by processor time, which load disturbs less."""
    busy = found[f"{peer}_cpu_s"] / found[f"{ours}_cpu_s"]
    return Line(name, found[f"{peer}_s"] / found[f"{ours}_s"], floor, goal, beside=f"(CPU {busy:.3g} x)")


def lines_of(found: dict[str, Any], refreshed: dict[str, float]) -> list[Line]:
    """Every goal that could be measured."""
    million, boot, style, agreed = (found[name] for name in ("votes_1e6", "bootstrap_1e5", "style_1e6", "agreement"))
    flat = refreshed["1e7_ms"] / refreshed["1e5_ms"]
    ours = f"(CPU of ours {refreshed['1e7_cpu_ms']:.3g} ms)"
    lines = [
        against("1e6 strings, with intervals: arena-rank", million, "arena_rank", "ours_strings", 20, 30),
        against("1e6 strings, with intervals: evalica's point", million, "evalica_point", "ours_strings", 20, 25),
        against("1e6 integer columns (ours): arena-rank on strings", million, "arena_rank", "ours_codes", 150, 200),
        against("1e6 integer columns (ours): evalica on strings", million, "evalica_point", "ours_codes", 150, 200),
        against("100 bootstraps of 1e5: evalica's percentile", boot, "evalica", "ours", 50, 50),
        against("100 bootstraps of 1e5: arenakit", boot, "arenakit", "ours", 3, 4),
        against("style control of 1e6, 8 covariates: arena-rank", style, "arena_rank", "ours", 10, 15),
        Line(
            "refresh from counters, database read included, 1e7",
            refreshed["1e7_ms"],
            25,
            25,
            "ms",
            below=True,
            beside=ours,
        ),
        Line("refresh: time(1e7) / time(1e5)", flat, 1.2, 1.2, below=True),
        Line("refresh: time(1e7) / time(1e4)", refreshed["1e7_ms"] / refreshed["1e4_ms"], 1.2, 1.2, below=True),
        Line("one vote moves a live board", found["live_1e5"]["live_move_us"], 100, 100, "us", below=True),
        Line("difference to choix", agreed["choix_points"], 1e-6, 1e-6, "points", below=True),
        Line("difference to evalica, tight", agreed["evalica_tight_points"], 1e-6, 1e-6, "points", below=True),
    ]
    if "votes_1e7" in found:
        large, memory = found["votes_1e7"], found["memory_1e7"]
        share = memory["ours_added_mb"] / memory["arena_rank_added_mb"]
        lines += [
            against("1e7 strings, with intervals: arena-rank", large, "arena_rank", "ours_strings", 15, 25),
            against("1e7 strings, with intervals: evalica's point", large, "evalica_point", "ours_strings", 15, 25),
            Line("added memory at 1e7, as a share of arena-rank's", share, 0.5, 0.5, below=True),
        ]
    return lines


def main() -> None:
    """Measure and print."""
    refreshed = refreshes()
    found = peers()
    lines = lines_of(found, refreshed)
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201
    print(json.dumps({"bench": "rankings", "lines": figures_of(lines), "refresh": refreshed, **found}))  # noqa: T201


if __name__ == "__main__":
    main()
