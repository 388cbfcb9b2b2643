"""What the votes do not determine is a status everywhere, never a number: on the page, in the API, in the command."""

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from arena.arenas.models import Arena
from arena.rankings.command_line import main as rank
from arena.rankings.services import refresh_board
from arena.systems.models import SystemVersion
from arena.votes.outcome import Outcome
from tests.ballots import make_arena, make_versions, make_voter
from tests.rankings.voting import vote_rows

NUMBERS = ("rating", "lower", "upper", "rank_low", "rank_high")
NAMES = ("Ada", "Bert", "Cleo", "Dora", "Emil")
Votes = Sequence[tuple[str, str, str]]

#: Hand-made boards: votes as (left, right, outcome), and who may have numbers.
CASES: dict[str, tuple[Votes, set[str]]] = {
    "one win": ([("Ada", "Bert", "left")], set()),
    "wins all one way": ([("Ada", "Bert", "left")] * 5 + [("Bert", "Cleo", "left")] * 5, set()),
    "two pairs that never met": (
        [("Ada", "Bert", "left"), ("Bert", "Ada", "left"), ("Cleo", "Dora", "tie"), ("Dora", "Cleo", "both_bad")],
        set(),
    ),
    "a newcomer who won once": (
        [("Ada", "Bert", "left"), ("Bert", "Cleo", "left"), ("Cleo", "Ada", "left"), ("Dora", "Ada", "left")],
        {"Ada", "Bert", "Cleo"},
    ),
    "two who never met the majority": (
        [("Ada", "Bert", "tie"), ("Bert", "Cleo", "tie"), ("Dora", "Emil", "left"), ("Emil", "Dora", "left")],
        {"Ada", "Bert", "Cleo"},
    ),
    "ties only": ([("Ada", "Bert", "tie")] * 3, {"Ada", "Bert"}),
    "a single tie": ([("Ada", "Bert", "tie")], {"Ada", "Bert"}),
    "both bad only": ([("Ada", "Bert", "both_bad")] * 3, {"Ada", "Bert"}),
    "a hundred ties and one win each": (
        [("Ada", "Bert", "tie")] * 40 + [("Ada", "Bert", "left"), ("Ada", "Bert", "right")],
        {"Ada", "Bert"},
    ),
    "nobody": ([], set()),
}


def check_rows(rows: Sequence[dict[str, Any]], rated: set[str]) -> None:
    """Those rated, and only they, have all numbers, in an interval that has a width; all others a status."""
    for row in rows:
        values = [row[name] for name in NUMBERS]
        if row["system"] in rated:
            assert row["status"] == "ok"
            assert row["lower"] + 1 < row["rating"] < row["upper"] - 1, row
        else:
            assert values == [None] * len(NUMBERS), row
            assert row["status"] in {"unrated", "separated", "disconnected", "too_few_votes"}
    assert {row["system"] for row in rows if row["rating"] is not None} == rated


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request: pytest.FixtureRequest) -> tuple[Votes, set[str]]:
    """One hand-made board."""
    return request.param  # type: ignore[no-any-return]


def test_the_command_says_no_undetermined_number(
    case: tuple[Votes, set[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    votes, rated = case
    path = tmp_path / "votes.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("model_a", "model_b", "winner"), *votes])
    if not votes:
        assert rank(["--votes", str(path), "--json"]) == 2
        return
    assert rank(["--votes", str(path), "--json"]) == 0
    check_rows(json.loads(capsys.readouterr().out)["ratings"], rated)
    assert rank(["--votes", str(path)]) == 0
    table = capsys.readouterr().out
    assert not re.search(r"\b(nan|inf|None)\b", table, re.IGNORECASE)


def test_page_and_api_and_command_show_no_undetermined_number(
    case: tuple[Votes, set[str]], db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    votes, rated = case
    arena = make_arena()
    Arena.objects.update(listed_from_votes=0)
    versions: dict[str, SystemVersion] = dict(zip(NAMES, make_versions(arena, list(NAMES)), strict=True))
    ballots = [(versions[left], versions[right], Outcome(outcome)) for left, right, outcome in votes]
    vote_rows(arena, ballots, voter=make_voter())
    refresh_board(arena.id)
    visitor = Client()

    check_rows(visitor.get("/api/v1/arenas/text/leaderboard").json()["ratings"], rated)
    capsys.readouterr()
    call_command("rank", "--arena", "text", "--json")
    check_rows(json.loads(capsys.readouterr().out)["ratings"], rated)
    page = visitor.get("/arenas/text/leaderboard").content.decode()
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    assert len(rows) == len(NAMES)
    for row in rows:
        name = next(name for name in NAMES if name in row)
        assert ("table__empty" in row) == (name not in rated), row
        # Neither a bar nor a rank without a number.
        assert ("<svg" in row) == (name in rated)
    figure = re.search(r'<script id="leaderboard-figure-data"[^>]*>(.*?)</script>', page)
    shown = set(json.loads(figure[1])["data"][0]["y"]) if figure else set()
    assert shown <= rated
