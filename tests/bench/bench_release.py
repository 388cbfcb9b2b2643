"""A release of a million votes and 200,000 conversations, beside pyarrow alone writing the same tables.

`build` is what the site does: shards by time, joined, leaderboard, documents, files in a store. Texts were read before
(`data_releases.readings`); the speed of that is printed apart, for one core. The parts are then computed again with a
Celery worker beside the builder, in another process: the same bytes, sooner. The peer writes the finished tables as
Parquet with the same settings and does nothing else.

    make bench-release [N=100000]
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ops.processes import wait_until
from tests.bench.database import bench_database
from tests.environment import ROOT

VOTES: Final = int(os.environ.get("N", "1000000"))
SAMPLE: Final = 500
BEGAN: Final = time.perf_counter()
#: All of it ends within eight minutes.
BUDGET_S: Final = 430


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of one call, and what it gave."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def say(text: str) -> None:
    """A line of progress."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)  # noqa: T201


def main() -> None:
    """Fill, build, verify, build the parts with one worker more, compare, print."""
    with bench_database():
        from tests.bench.release_data import fill

        fill_s, arena = timed(lambda: fill(VOTES))
        say(f"filled in {fill_s:.0f} s")
        figures = {"bench": "release", "votes": VOTES, "fill_s": round(fill_s, 1), **_measured(arena)}
    print(json.dumps(figures))  # noqa: T201


def _measured(arena: Any) -> dict[str, Any]:
    from data_releases import publish, services
    from data_releases.publish import Place
    from tests.data_releases.world import OCTOBER

    services.today = lambda: OCTOBER.end + timedelta(days=31)
    policy = services.policy_of(arena)
    policy.publishes_texts = True
    policy.save()
    before = _peak_mb()
    alone = _Build(arena)
    peak = _peak_mb()
    counts = alone.release.manifest["counts"]
    assert (counts["cast"], counts["rows"]["conversations"]) == (VOTES, VOTES // 5), counts
    verify_s, checked = timed(lambda: publish.verified(services.store(), alone.release, Place.DRAFT))
    say(f"verified in {verify_s:.1f} s, problems: {checked.problems}")
    pyarrow_s, size = timed(lambda: _written(checked.tables))
    checked.tables.clear()
    together = _with_a_worker(arena, alone.seconds)
    return {
        "conversations": counts["rows"]["conversations"],
        "build_s": alone.seconds,
        "parts_s": alone.parts_s,
        "with_a_worker_more": {"build_s": together.seconds, "parts_s": together.parts_s} if together else None,
        "pyarrow_alone_s": round(pyarrow_s, 1),
        "ratio_to_pyarrow": round(alone.seconds / pyarrow_s, 2),
        "verify_s": round(verify_s, 1),
        "verified": not checked.problems,
        "release_mb": round(size / 1e6, 1),
        "rss_before_mb": before,
        "peak_rss_mb": peak,
        **_readings(),
        "goals_met": {
            "build_120_s": alone.seconds <= 120,
            "peak_1500_mb": peak <= 1500,
            "ratio_6": alone.seconds <= 6 * pyarrow_s,
            "verify_60_s": verify_s <= 60 and not checked.problems,
            "same_bytes": together.sha256 == alone.sha256 if together else None,
            "a_worker_helps": together.parts_s < alone.parts_s if together else None,
        },
    }


def _with_a_worker(arena: Any, alone_s: float) -> "_Build | None":
    """The same build with a worker beside; left out where a benchmark may not take as long as that."""
    if time.perf_counter() - BEGAN + alone_s > BUDGET_S:
        say("no time left to build again with a worker beside: try a smaller N")
        return None
    with _worker():
        return _Build(arena)


class _Build:
    """One build and what it took; `parts_s` until the parts were complete."""

    def __init__(self, arena: Any) -> None:
        from data_releases import services
        from tests.data_releases.world import OCTOBER

        join, joining = services.joined, []

        def noting(*args: Any) -> Any:
            joining.append(time.perf_counter())
            return join(*args)

        services.joined = noting
        start = time.perf_counter()
        self.release = services.build_release(arena, OCTOBER)
        self.seconds = round(time.perf_counter() - start, 1)
        self.parts_s = round(joining[0] - start, 1)
        services.joined = join
        self.sha256 = self.release.manifest_sha256
        say(f"built in {self.seconds} s, parts {self.parts_s} s, peak {_peak_mb()} MB")


def _peak_mb() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _written(rows: dict[str, Any]) -> int:
    """Bytes of the tables as pyarrow writes them."""
    import io

    import pyarrow.parquet as pq

    from data_releases import schema, tables

    size = 0
    for spec in schema.TABLES:
        sink = io.BytesIO()
        options = {"compression": "zstd", "compression_level": tables.ZSTD_LEVEL, "version": "2.6"}
        pq.write_table(rows[spec.name], sink, row_group_size=tables.ROW_GROUP, store_schema=False, **options)
        size += sink.tell()
    return size


@contextmanager
def _worker() -> Iterator[None]:
    """A Celery worker of the `cpu` queue on the benchmark's database, ready to work."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    command = [sys.executable, "-m", "celery", "-A", "workers.app:app", "worker", "-Q", "cpu", "-c", "1"]
    env = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "arena.config.settings"}
    with tempfile.NamedTemporaryFile() as log:
        worker = subprocess.Popen([*command, "-l", "info"], cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            wait_until(lambda: "arena.try_streamed" in Path(log.name).read_text(), timeout_s=60)
            yield
        finally:
            worker.terminate()
            worker.wait(60)
            say(f"the worker computed {Path(log.name).read_text().count('its part is in the store')} parts")


def _readings() -> dict[str, int]:
    """Texts per second of what is done before a build."""
    from data_releases import near_duplicates, reading
    from tests.bench.large import ANSWER_WORDS, texts

    prompts, answers = list(texts(SAMPLE, 10, seed=1)), list(texts(SAMPLE, ANSWER_WORDS, seed=2))
    rates = {
        "prompts_filtered": lambda: [reading.verdict_of(text) for text in prompts],
        "prompts_sketched": lambda: near_duplicates.sketches_of(prompts),
        "prompts_embedded": lambda: reading.counts_of(prompts),
        "answers_filtered": lambda: [reading.verdict_of(text) for text in answers],
    }
    return {f"{name}_per_s_per_core": round(SAMPLE / timed(work)[0]) for name, work in rates.items()}


if __name__ == "__main__":
    main()
