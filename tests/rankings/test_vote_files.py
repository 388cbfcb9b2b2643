"""Files of votes: every format, weights, voters, ids, and what refuses the whole file."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from arena.rankings import vote_tables
from arena.rankings.columns import MAX_SYSTEMS, count_columns
from arena.rankings.command_line import main
from arena.rankings.vote_files import BadVotes, read_votes

ROOT = Path(__file__).resolve().parents[2]
HEAD = "left,right,winner\n"


def csv(tmp_path: Path, text: str | bytes, name: str = "votes.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def parquet(tmp_path: Path, **columns: object) -> Path:
    path = tmp_path / "votes.parquet"
    pa.parquet.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("encoded", [True, False])
def test_parquet_with_or_without_dictionaries(tmp_path: Path, encoded: bool) -> None:
    left, right = pa.array(["Ada", "Bell", "Ada"]), pa.array(["Bell", "Ada", "Bell"])
    if encoded:
        left, right = left.dictionary_encode(), right.dictionary_encode()
    path = parquet(
        tmp_path, model_a=left, model_b=right, winner=["model_a", "model_b", "tie (bothbad)"], extra=[1, 2, 3]
    )
    found = read_votes(path)
    assert found.names == ("Ada", "Bell")
    assert found.counts.decisive.tolist() == [[0, 2], [0, 0]]
    assert found.counts.both_bad.tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "A,B,left\nA,B\nA,B,left\n", "row 2: 2 values instead of 3"),
        (HEAD + "A,B,left\nA,B,left,1\n", "row 2: 4 values instead of 3"),
        (HEAD + '"A\nA",B,left\n"A\nA",B\n', "row 2: 2 values"),
        (HEAD + "A,B,left\n\nA,B,up\n", "row 2: unknown winner 'up'"),
        (HEAD + "A, A ,left\n", "row 1: 'A' meets itself"),
        (HEAD + ",B,left\n", "row 1: no name in 'left'"),
        (HEAD.encode() + b"A,B,left\nA,\xff,left\n", "row 2: .*UTF8"),
        (HEAD, "no votes"),
        ("", "no votes"),
        ("a,b\n1,2\n", "no column 'left' or 'model_a' or 'system_a'; the columns are: a, b"),
        ("left;right;winner\nA;B;left\n", "the columns are: left;right;winner"),
        ("left,right,won\nA,B,left\n", "no column 'winner' or 'outcome'; the columns are: left, right, won"),
        ("left,left,right,winner\nA,A,B,left\n", "two columns are called 'left'"),
        ("left,right,winner,weight\nA,B,left,1\nA,B,left,-2\n", "row 2: weight '-2' is negative"),
        ("left,right,winner,weight\nA,B,left,1\nA,B,left,nan\n", "row 2: weight 'nan'"),
        ("left,right,winner,weight\nA,B,left,1\nA,B,left,\n", "row 2: weight None"),
        ("id,left,right,winner\n7,A,B,left\n8,A,B,tie\n7,B,A,left\n", "row 3: vote '7' is in row 1 already"),
    ],
)
def test_one_bad_row_refuses_a_csv_file_and_is_named(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(BadVotes, match=message):
        read_votes(csv(tmp_path, text))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (['{"left":"A","right":"B","winner":"left","weight":"heavy"}'], "row 1: weight 'heavy'"),
        (['{"left":{"a":1},"right":"B","winner":"left"}'], "row 1: no name in 'left'"),
        (['{"left":"A","right":"B","winner":"left"}', "[" * 100_000], "row 2: "),
        (['{"id":1,"left":"A","right":"B","winner":"tie"}'] * 2, "row 2: vote '1' is in row 1 already"),
        (["", "  "], "no votes"),
    ],
)
def test_one_bad_line_refuses_a_file_of_json_lines(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(BadVotes, match=message):
        read_votes(csv(tmp_path, "\n".join(lines), "votes.jsonl"))


@pytest.mark.parametrize(
    ("name", "data"), [("v.parquet", b"PAR1 no"), ("v.csv.gz", b"\x1f\x8b no"), ("v.jsonl", b'{"left": "\xff"}')]
)
def test_what_is_not_what_its_name_says_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(BadVotes):
        read_votes(csv(tmp_path, data, name))


def test_a_row_is_named_by_its_number_in_the_file_not_in_its_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vote_tables, "BLOCK_BYTES", 400)
    monkeypatch.setattr(vote_tables, "BLOCK_ROWS", 10)
    rows = [{"left": "A", "right": "B", "winner": "left"} for _row in range(200)]
    rows[170]["winner"] = "up"
    lines = csv(tmp_path, "\n".join(json.dumps(row) for row in rows), "v.jsonl")
    table = csv(tmp_path, HEAD + "\n".join(",".join(row.values()) for row in rows), "v.csv")
    columns = parquet(tmp_path, **{name: [row[name] for row in rows] for name in rows[0]})
    for path in (lines, table, columns):
        with pytest.raises(BadVotes, match="row 171: unknown winner 'up'"):
            read_votes(path)


def test_blocks_give_the_counts_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    names = np.array([f"s{i}" for i in range(9)])
    left = rng.integers(0, 9, 500)
    right = (left + rng.integers(1, 9, 500)) % 9
    words = np.array(["left", "right", "tie", "both_bad", "Ignore"])[rng.integers(0, 5, 500)]
    whole = count_columns(names[left].tolist(), names[right].tolist(), words.tolist())
    path = csv(
        tmp_path, HEAD + "".join(f"{a},{b},{w}\n" for a, b, w in zip(names[left], names[right], words, strict=True))
    )
    monkeypatch.setattr(vote_tables, "BLOCK_BYTES", 300)
    found = read_votes(path, keep_votes=True)
    assert found.names == whole.names
    assert found.counts.digest() == whole.counts.digest()
    assert found.ignored == whole.ignored == (words == "Ignore").sum()


def test_voters_and_weights_are_read_where_they_are(tmp_path: Path) -> None:
    text = "judge,model_a,model_b,winner,weight\nu,A,B,model_a,2\nv,B,A,model_a,0.5\nu,A,B,tie,1\n"
    found = read_votes(csv(tmp_path, text), keep_votes=True)
    assert found.weighted
    assert found.votes is not None
    assert found.votes.voter.tolist() == [0, 1, 0]  # type: ignore[union-attr]
    assert found.counts.decisive.tolist() == [[0, 2], [0.5, 0]]
    with pytest.raises(BadVotes, match="row 2: no voter"):
        read_votes(csv(tmp_path, "voter,left,right,winner\nu,A,B,left\n,A,B,left\n"), keep_votes=True)


def test_a_file_of_too_many_systems_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"system {i},other,left\n" for i in range(MAX_SYSTEMS))
    with pytest.raises(BadVotes, match="more than 2000 different systems"):
        read_votes(csv(tmp_path, HEAD + rows))


def test_the_command_refuses_by_name_and_says_what_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = csv(tmp_path, HEAD + "A,B,left\nB,A,left\nA,B,tie\n")
    for options, message in (
        (["--intervals", "clustered"], "VotersNeeded"),
        (["--anchor", "Zoe"], "UnknownAnchor: no contender 'Zoe'"),
        (["--method", "davidson", "--ties", "rao-kupper"], "BadMethod"),
        (["--level", "1.5"], "BadMethod: level"),
    ):
        assert main(["--votes", str(path), "--json", *options]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert message in told.err
    one_sided = csv(tmp_path, HEAD + "A,B,left\n")
    assert main(["--votes", str(one_sided), "--undetermined", "refuse"]) == 2
    assert "SeparatedComparisons" in capsys.readouterr().err


@pytest.mark.parametrize("ties", ["half", "davidson", "rao-kupper"])
@pytest.mark.parametrize("intervals", ["sandwich", "bootstrap", "clustered", "clustered-bootstrap"])
def test_every_method_prints_a_board(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ties: str, intervals: str
) -> None:
    rng = np.random.default_rng(3)
    rows = "".join(
        f"v{rng.integers(30)},{'ABC'[i]},{'ABC'[(i + 1) % 3]},{word}\n"
        for i in range(3)
        for word in rng.choice(["left", "right", "tie", "both_bad"], 60)
    )
    path = csv(tmp_path, "voter,left,right,winner\n" + rows)
    options = ["--ties", ties, "--intervals", intervals, "--both-bad", "apart", "--anchor", "B", "--replicates", "50"]
    assert main(["--votes", str(path), "--json", *options]) == 0
    told = json.loads(capsys.readouterr().out)
    by_name = {row["system"]: row for row in told["ratings"]}
    assert by_name["B"]["rating"] == 1000
    assert (told["tie"] is None) == (ties == "half")
    assert told["method"]["intervals"] == intervals
    for row in told["ratings"]:
        assert row["lower"] < row["rating"] < row["upper"]
        assert 0 < row["both_bad_lower"] < row["both_bad_rate"] < row["both_bad_upper"] < 1


def test_a_fresh_process_in_a_bare_environment_prints_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(4)
    names = [f"system {i}" for i in range(12)]
    pairs = [rng.choice(12, 2, replace=False) for _vote in range(3_000)]
    words = rng.choice(["left", "right", "tie"], 3_000)
    lines = [f"{names[a]},{names[b]},{word}\n" for (a, b), word in zip(pairs, words, strict=True)]
    first = csv(tmp_path, HEAD + "".join(lines), "one.csv")
    second = csv(tmp_path, HEAD + "".join(reversed(lines)), "two.csv")
    assert main(["--votes", str(first), "--json"]) == 0
    expected = capsys.readouterr().out.encode()
    for path, number in ((first, "1"), (second, "2")):
        run = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "rank", "--votes", str(path), "--json"],
            env={"PYTHONHASHSEED": number, "OPENBLAS_NUM_THREADS": number},
            cwd=tmp_path,
            capture_output=True,
            check=True,
            timeout=60,
        )
        assert (run.stdout, run.stderr) == (expected, b"")


# Not `ru_maxrss`: that starts from the peak of the process that started this one.
PEAK = """
import sys
from pathlib import Path
from arena.rankings.vote_files import read_votes
for path in sys.argv[1:]:
    read_votes(Path(path))
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(int(status["VmHWM"].split()[0]) / 1e3)
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """A million rows: the whole of them as columns of strings would be twice what is allowed."""
    words = ("left", "right", "tie")
    block = "".join(f"system {i % 50},system {50 + i % 49},{words[i % 3]}\n" for i in range(5_000))
    small = csv(tmp_path, HEAD + block, "small.csv")
    large = csv(tmp_path, HEAD + block * 200, "large.csv")
    command = [sys.executable, "-c", PEAK, str(small), str(large)]
    run = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True)
    first, both = map(float, run.stdout.split())
    assert large.stat().st_size > 20e6
    assert both - first < 60, (first, both)
