"""`manage.py rank --votes` on large files: peak memory and time, beside a file of a tenth of the rows.

A file is written row by row with the bench's names, words and ids, ranked by the command in a process of its own, and
deleted. Bounded memory means: a file ten times as long takes hardly more, but for eight bytes a row of ids, which must
all be known to find a doubled one.

    make bench-vote-files [ROWS=10000000] [KINDS="csv csv-ids jsonl parquet"]
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from tests.bench.goals import Line, figures_of
from tests.bench.ranking_data import WORDS, sample

ROOT: Final = Path(__file__).resolve().parents[2]
ROWS: Final = int(os.environ.get("ROWS", "10000000"))
KINDS: Final = os.environ.get("KINDS", "csv csv-ids jsonl parquet").split()
SYSTEMS: Final = 100
BLOCK: Final = 500_000
#: MB that ids may take: eight bytes a row to keep them, as many to sort them.
IDS_MB: Final = 16 * ROWS / 1e6
GROWTH_MB: Final = 100
#: The command, and then what it took. Not `ru_maxrss`: that starts from the peak of whoever started the process.
MEASURED: Final = """
import sys, time
from pathlib import Path
from arena.rankings.command_line import main
code = main(sys.argv[1:])
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(int(status["VmHWM"].split()[0]) / 1e3, time.process_time(), file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One ranking of one file. cpu_s: of the command; peak_mb: its largest resident set; file_mb: of the file."""

    peak_mb: float
    wall_s: float
    cpu_s: float
    file_mb: float


def blocks(rows: int, *, ids: bool) -> Iterator[pa.Table]:
    """Votes, half a million at a time."""
    for start in range(0, rows, BLOCK):
        data = sample(SYSTEMS, min(BLOCK, rows - start), seed=start)
        columns = {
            "model_a": pa.array(data.names[data.left].astype(object)),
            "model_b": pa.array(data.names[data.right].astype(object)),
            "winner": pa.array(WORDS[data.outcome].astype(object)),
        }
        if ids:
            columns["vote_id"] = pa.array([f"vote-{start + n:010d}" for n in range(len(data.left))])
        yield pa.table(columns)


def write(path: Path, kind: str, rows: int) -> None:
    """A file of votes; memory is bounded here, too."""
    if kind == "jsonl":
        with path.open("w", encoding="utf-8") as lines:
            for table in blocks(rows, ids=False):
                lines.writelines(json.dumps(row) + "\n" for row in table.to_pylist())
        return
    writer = None
    for table in blocks(rows, ids=kind.endswith("-ids")):
        if writer is None:
            make = pa.parquet.ParquetWriter if kind == "parquet" else pa.csv.CSVWriter
            writer = make(str(path), table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def ranked(path: Path) -> Run:
    """What ranking a file takes."""
    start = time.perf_counter()
    command = [sys.executable, "-c", MEASURED, "--votes", str(path), "--json"]
    run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    wall_s = time.perf_counter() - start
    assert len(json.loads(run.stdout)["ratings"]) == SYSTEMS
    peak_mb, cpu_s = (float(word) for word in run.stderr.split())
    return Run(peak_mb, wall_s, cpu_s, path.stat().st_size / 1e6)


def lines_of(kind: str, small: Run, large: Run) -> list[Line]:
    """The goals of one kind of file."""
    limit = GROWTH_MB + (IDS_MB if kind.endswith("-ids") else 0)
    speed = f"({large.cpu_s:.1f} s of CPU, {large.wall_s:.1f} s, file of {large.file_mb:.0f} MB)"
    grown = large.peak_mb - small.peak_mb
    return [
        Line(f"{kind}: growth from {ROWS // 10:,} rows", grown, limit, limit, "MB", below=True),
        Line(f"{kind}: peak at {ROWS:,} rows", large.peak_mb, 700, 700, "MB", below=True, beside=speed),
    ]


def main() -> None:
    """Write, rank, print."""
    lines, runs = [], {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            path = Path(folder) / f"votes.{kind.removesuffix('-ids')}"
            found = []
            for rows in (ROWS // 10, ROWS):
                write(path, kind, rows)
                found.append(ranked(path))
                path.unlink()
            runs[kind] = {"cpu_s": found[1].cpu_s, "peak_mb": found[1].peak_mb, "small_peak_mb": found[0].peak_mb}
            for line in lines_of(kind, *found):
                print(line, file=sys.stderr, flush=True)  # noqa: T201
                lines.append(line)
    print(json.dumps({"bench": "vote_files", "rows": ROWS, "lines": figures_of(lines), **runs}))  # noqa: T201


if __name__ == "__main__":
    main()
