"""`manage.py rank`: a file in a bare environment, an arena with its settings."""

import csv
import gzip
import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from arena.rankings.command_line import main
from arena.rankings.selectors import leaderboard
from arena.rankings.services import refresh_board
from arena.votes.outcome import Outcome
from tests.ballots import make_arena, make_versions
from tests.rankings.voting import reveal, vote, vote_rows

ROOT = Path(__file__).resolve().parents[2]
VOTES = (
    [("Ada", "Bell", "left")] * 6
    + [("Bell", "Ada", "left")] * 2
    + [("Bell", "Ada", "tie"), ("Ada", "Bell", "both_bad")]
)


def rows(left: str, right: str, words: dict[str, str]) -> list[dict[str, str]]:
    return [{left: a, right: b, "winner": words[winner]} for a, b, winner in VOTES]


OURS = {word: word for word in ("left", "right", "tie", "both_bad")}
LMARENA = {"left": "model_a", "right": "model_b", "tie": "tie", "both_bad": "tie (bothbad)"}
EVALICA = {"left": "X", "right": "Y", "tie": "Draw", "both_bad": "both_bad"}


def write(path: Path, votes: list[dict[str, Any]]) -> Path:
    kind = path.name.removesuffix(".gz").rpartition(".")[2]
    buffer = StringIO()
    if kind == "json":
        json.dump(votes, buffer)
    elif kind == "jsonl":
        buffer.writelines(json.dumps(vote) + "\n" for vote in votes)
    else:
        writer = csv.DictWriter(buffer, list(votes[0]))
        writer.writeheader()
        writer.writerows(votes)
    data = buffer.getvalue().encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def ranked(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert main([str(argument) for argument in (*arguments, "--json")]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


@pytest.mark.parametrize("name", ["v.json", "v.jsonl", "v.csv", "v.json.gz", "v.jsonl.gz", "v.csv.gz"])
@pytest.mark.parametrize(
    "spelling", [("left", "right", OURS), ("model_a", "model_b", LMARENA), ("left", "right", EVALICA)]
)
def test_every_format_and_spelling_gives_the_same_ratings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, spelling: Any
) -> None:
    told = ranked(capsys, "--votes", write(tmp_path / name, rows(*spelling)))
    best, other = told["ratings"]
    assert (told["status"], best["system"], best["status"]) == ("ok", "Ada", "ok")
    assert (best["votes"], other["votes"]) == (10, 10)
    assert best["rating"] == pytest.approx(1000 + 200 * 0.3679767852945943, abs=1e-6)  # seven of ten


def test_both_bad_can_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = ranked(capsys, "--votes", write(tmp_path / "v.csv", rows("left", "right", OURS)), "--both-bad", "exclude")
    assert told["method"]["both_bad"] == "exclude"
    assert told["ratings"][0]["rating"] == pytest.approx(1000 + 200 * 0.41497335, abs=1e-6)  # 6.5 to 2.5


def test_no_row_is_hidden(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    votes = [*rows("left", "right", OURS), {"left": "Cray", "right": "Ada", "winner": "left"}]
    votes.append({"left": "Dijk", "right": "Ada", "winner": "Ignore"})
    told = ranked(capsys, "--votes", write(tmp_path / "v.json", votes))
    assert [(row["system"], row["status"]) for row in told["ratings"]] == [
        ("Ada", "ok"),
        ("Bell", "ok"),
        ("Cray", "separated"),
        ("Dijk", "unrated"),
    ]
    assert told["groups"] == [["Cray"], ["Ada", "Bell"]]
    assert told["excluded"] == {"ignored": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"left": "A", "right": "B", "winner": "left"}\n{"left": "A", "right": "B", "winner": "up"}',
            "row 2: unknown winner",
        ),
        ('{"left": "A", "right": "A", "winner": "left"}', "row 1: 'A' meets itself"),
        ('{"left": "A", "winner": "left"}', "row 1: no name in 'right'"),
        ('{"left": "A", "right": "B"}', "row 1: no winner"),
        ('{"left": "A", "right": "B", "winner": null}', "row 1: no winner"),
        ("[1]", "row 1: not an object"),
        ('{"left": "A"', "row 1: "),
    ],
)
def test_a_bad_row_is_named_and_the_exit_code_is_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    path = tmp_path / "v.jsonl"
    path.write_text(text)
    assert main(["--votes", str(path), "--json"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert message in told.err


def test_a_missing_file_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--votes", str(tmp_path / "none.csv")]) == 2
    assert "none.csv" in capsys.readouterr().err


def test_the_table_is_for_readers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--votes", str(write(tmp_path / "v.csv", rows("left", "right", OURS)))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["rating", "95", "%", "interval", "ranks", "votes", "system"]
    assert lines[1].split()[0] == "1073.6"
    assert main(["--votes", str(tmp_path / "v.csv"), "--both-bad", "apart"]) == 0
    assert "both bad 10.0% (1.8% to 40.4%)" in capsys.readouterr().out


@pytest.mark.parametrize("ties", ["bradley-terry", "davidson", "rao-kupper"])
def test_the_chances_of_pairs_come_with_every_model_and_with_errors_by_voter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ties: str
) -> None:
    votes = [vote | {"voter": f"v{n // 4}"} for n, vote in enumerate(rows("left", "right", OURS))]
    path = write(tmp_path / "v.jsonl", votes)
    alone, together = (
        ranked(capsys, "--votes", path, "--method", ties, "--intervals", errors, "--matrix")["matrix"]
        for errors in ("sandwich", "clustered")
    )
    assert [(one["row"], one["column"]) for one in together] == [("Ada", "Bell"), ("Bell", "Ada")]
    assert together[0]["p"] + together[1]["p"] == pytest.approx(1)
    assert together[0]["lower"] < together[0]["p"] == alone[0]["p"] < together[0]["upper"]
    assert together[0]["lower"] != alone[0]["lower"]
    assert main(["--votes", str(path), "--method", ties, "--matrix"]) == 0
    assert " Ada over Bell" in capsys.readouterr().out


def test_the_table_has_every_pair_once_also_an_even_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    even = ["left,right,winner", "Ada,Bell,left", "Ada,Bell,right", "Bell,Cray,tie", "Ada,Cray,left", "Ada,Cray,tie"]
    (tmp_path / "even.csv").write_text("\n".join([*even, "Cray,Bell,right", "Bell,Cray,tie"]))
    for ties in ("half", "davidson", "rao-kupper"):
        assert main(["--votes", str(tmp_path / "even.csv"), "--ties", ties, "--matrix"]) == 0
        pairs = [line.split("  ")[-1] for line in capsys.readouterr().out.splitlines() if " over " in line]
        assert sorted(pairs) == ["Ada over Bell", "Ada over Cray", "Bell over Cray"]


def test_an_arena_is_ranked_from_its_tallies(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    arena = make_arena()
    versions = make_versions(arena, ["Ada", "Bell"])
    ada, bell = versions
    vote_rows(arena, [(ada, bell, out) for out in (Outcome.LEFT, Outcome.LEFT, Outcome.RIGHT, Outcome.BOTH_BAD)])
    call_command("rank", "--arena", arena.slug, "--json")
    told = json.loads(capsys.readouterr().out)
    refresh_board(arena.id)
    arena.listed_from_votes = 0
    board = leaderboard(arena).as_dict()
    assert told["method"] == board["method"]
    for row, stored in zip(told["ratings"], board["ratings"], strict=True):
        for name in row.keys() & stored.keys():
            assert row[name] == stored[name]
    call_command("rank", "--arena", arena.slug, "--both-bad", "exclude", "--json")
    assert json.loads(capsys.readouterr().out)["ratings"][0]["rating"] > told["ratings"][0]["rating"]
    with pytest.raises(CommandError, match="no arena"):
        call_command("rank", "--arena", "nowhere")


def test_a_recount_by_an_operator_says_what_it_finds(db: None) -> None:
    arena = make_arena()
    versions = make_versions(arena, ["Ada", "Bell"])
    stored = vote(arena, *versions, Outcome.LEFT)
    refresh_board(arena.id)
    out = StringIO()
    call_command("recount_tallies", "--arena", arena.slug, stdout=out)
    assert "1 votes counted, excluded: none\nthe stored tallies agree" in out.getvalue()
    reveal(stored, "left")
    with pytest.raises(CommandError, match="disagree in 2 counts"):
        call_command("recount_tallies", "--arena", arena.slug, stdout=out)
    call_command("recount_tallies", "--arena", arena.slug, "--apply", stdout=out)
    assert leaderboard(arena).excluded == {"identity_revealed": 1}


def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    path = write(tmp_path / "votes.csv", rows("left", "right", OURS))
    command = [sys.executable, "manage.py", "rank", "--votes", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()
        assert (process.wait(60), said) == (0, "")
