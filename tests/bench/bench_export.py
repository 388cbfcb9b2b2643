"""What the exports of a large release take: seconds, and memory above that of the release itself.

Each format is written by a process of its own from the same tables, made in memory: one vote in five has texts, as in
the benchmark of releases. Runs on any code that has `data_releases.export.export`.

    make bench-export [N=200000] [FORMATS="llmrouter p2l"]
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tests.environment import ROOT

VOTES: Final = int(os.environ.get("N", "200000"))
#: Rows as CSV, Parquet and JSON lines; a grid of all systems; JSON arrays and vectors.
FORMATS: Final = ("lmarena-55k", "lmarena-140k", "trl-preference", "llmrouter", "routellm", "fusionbench")
MOST_S: Final = 300


def main() -> None:
    """One process per format; the last line is JSON."""
    figures: dict[str, Any] = {"bench": "export", "votes": VOTES}
    for name in os.environ.get("FORMATS", " ".join(FORMATS)).split():
        command = [sys.executable, "-m", "tests.bench.bench_export", name]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=MOST_S)
        figures[name] = json.loads(done.stdout)
        print(f"[{time.strftime('%H:%M:%S')}] {name}: {figures[name]}", file=sys.stderr, flush=True)  # noqa: T201
    print(json.dumps(figures))  # noqa: T201


def measured(name: str) -> dict[str, float]:
    """One export."""
    from data_releases.export import export
    from tests.bench.peak import with_added_mb
    from tests.bench.release_tables import large_release

    release = large_release(VOTES)
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        written, added_mb = with_added_mb(lambda: export(release, name, Path(folder)))
        seconds = time.perf_counter() - begin
        size = sum((Path(folder) / path).stat().st_size for path in written)
    tables_mb = sum(table.nbytes for table in release.tables.values()) / 1e6
    return {
        "seconds": round(seconds, 1),
        "added_mb": round(added_mb),
        "written_mb": round(size / 1e6),
        "tables_mb": round(tables_mb),
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measured(sys.argv[1])))  # noqa: T201
    else:
        main()
