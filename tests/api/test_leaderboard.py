"""GET /api/v1/arenas/{slug}/leaderboard."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoDbBlocker

from arena.arenas.models import Arena
from arena.rankings.by_vote import keep
from arena.rankings.imports import import_votes
from arena.rankings.models import ImportedSource, Rating, Snapshot
from arena.rankings.services import refresh_board
from arena.rankings.studies import study
from arena.systems.models import System, SystemVersion
from arena.votes.outcome import Outcome
from tests.api.callers import slug_of
from tests.ballots import make_arena, make_versions
from tests.kept_rows import kept_rows
from tests.rankings.voting import vote_rows

PATH = "/api/v1/arenas/text/leaderboard"

pytestmark = pytest.mark.django_db


def votes_on(arena: Arena, *outcomes: Outcome) -> None:
    """Votes on its first two systems."""
    left, right = SystemVersion.objects.filter(system__arena=arena).order_by("id")[:2]
    vote_rows(arena, [(left, right, outcome) for outcome in outcomes])


@pytest.fixture(scope="module")
def arena(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Arena]:
    """An arena with a board of votes that went both ways."""
    with kept_rows(django_db_blocker):
        arena = _of_two("text")
        votes_on(arena, Outcome.LEFT, Outcome.LEFT, Outcome.RIGHT, Outcome.TIE)
        refresh_board(arena.id)
        yield arena


@pytest.fixture
def board(arena: Arena) -> Snapshot:
    """Its board."""
    return Snapshot.objects.get()


def _of_two(slug: str) -> Arena:
    arena = make_arena(slug)
    make_versions(arena, ["CanaryLeft", "CanaryRight"])
    return arena


def test_the_board_tells_its_ratings_at_full_precision_and_its_method(board: Snapshot) -> None:
    Arena.objects.update(listed_from_votes=0)
    response = Client().get(PATH)

    assert response.status_code == 200
    document = response.json()
    assert (document["arena"], document["snapshot"], document["status"]) == ("text", board.pk, "ok")
    assert document["method"]
    assert document["counted"] == 4
    stored = {rating.version.system.name: rating for rating in Rating.objects.filter(snapshot=board)}
    assert len(document["ratings"]) == 2
    for row in document["ratings"]:
        for name in ("rating", "lower", "upper", "rank_low", "rank_high", "votes", "status"):
            assert row[name] == getattr(stored[row["system"]], name)


def test_the_keys_of_the_contract_are_there(board: Snapshot) -> None:
    document = Client().get(PATH).json()

    assert {"arena", "method", "ratings"} <= set(document)
    assert {"system", "rating", "lower", "upper", "rank_low", "rank_high", "votes", "status"} <= set(
        document["ratings"][0]
    )


def test_before_the_first_vote_the_systems_stand_there_without_numbers() -> None:
    _of_two("new")
    document = Client().get("/api/v1/arenas/new/leaderboard").json()

    assert document["snapshot"] is None
    assert [row["rating"] for row in document["ratings"]] == [None, None]
    assert {row["system"] for row in document["ratings"]} == {"CanaryLeft", "CanaryRight"}


def test_who_knows_the_board_is_told_that_it_is_the_same(board: Snapshot) -> None:
    first = Client().get(PATH)

    again = Client().get(PATH, headers={"If-None-Match": first["ETag"]})

    assert again.status_code == 304
    assert again.content == b""
    assert again["ETag"] == first["ETag"]


def test_a_board_that_changed_has_another_tag(arena: Arena, board: Snapshot) -> None:
    before = Client().get(PATH)["ETag"]
    make_versions(arena, ["Newcomer"])
    votes_on(arena, Outcome.RIGHT)
    refresh_board(arena.id)

    after = Client().get(PATH, headers={"If-None-Match": before})

    assert after.status_code == 200
    assert after["ETag"] != before


def test_a_system_that_retires_changes_the_tag_too(board: Snapshot) -> None:
    before = Client().get(PATH)["ETag"]
    version = SystemVersion.objects.earliest("id")
    version.retired_at = version.created_at
    version.save(update_fields=["retired_at"])

    assert Client().get(PATH)["ETag"] != before


def test_the_tag_does_not_depend_on_the_language(board: Snapshot) -> None:
    tags = {Client().get(PATH, headers={"Accept-Language": language})["ETag"] for language in ("en", "fr")}

    assert len(tags) == 1


def test_an_unknown_arena_is_not_found(arena: Arena) -> None:
    response = Client().get("/api/v1/arenas/nowhere/leaderboard")

    assert response.status_code == 404
    assert slug_of(response) == "arena-not-found"


def test_no_number_is_not_a_number(board: Snapshot) -> None:
    def refuse(constant: str) -> Any:
        raise AssertionError(constant)

    json.loads(Client().get(PATH).content, parse_constant=refuse)


def test_reading_a_board_costs_a_known_number_of_queries(board: Snapshot, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):
        Client().get(PATH)


# --- Filters, methods, the past ------------------------------------------------------------------------------------


def test_a_filter_gives_the_board_of_these_votes(board: Snapshot) -> None:
    document = Client().get(PATH, {"category": ["coding", "maths"], "language": "en"}).json()
    assert (document["board"], document["counted"]) == ("language:en category:coding category:maths", 0)
    assert Client().get(PATH, {"method": "davidson"}).json()["method"]["ties"] == "davidson"


def test_votes_that_both_are_bad_are_a_tie_left_out_or_a_rate_of_each_system(arena: Arena, board: Snapshot) -> None:
    votes_on(arena, Outcome.BOTH_BAD, Outcome.BOTH_BAD)
    refresh_board(arena.id)
    usual, out, apart = (Client().get(PATH, {"both_bad": word} if word else {}) for word in ("", "exclude", "apart"))
    first, second, third = (answer.json()["ratings"][0] for answer in (usual, out, apart))
    assert first["rating"] < second["rating"] == third["rating"]
    assert (first["both_bad_rate"], second["both_bad_rate"]) == (None, None)
    assert third["both_bad_rate"] == pytest.approx(2 / 6)
    assert third["both_bad_lower"] < 2 / 6 < third["both_bad_upper"]
    assert [answer.json()["method"]["both_bad"] for answer in (usual, out, apart)] == ["half", "exclude", "apart"]
    assert len({answer["ETag"] for answer in (usual, out, apart)}) == 3
    table = csv.DictReader(io.StringIO(Client().get(f"{PATH}.csv", {"both_bad": "apart"}).content.decode()))
    assert float(next(iter(table))["both_bad_rate"]) == third["both_bad_rate"]
    cells = [Client().get(f"{PATH}/matrix", {"both_bad": word}).json()["cells"][0][1] for word in ("tie", "exclude")]
    assert [(cell["battles"], cell["wins"]) for cell in cells] == [(6, 3.5), (4, 2.5)]


def test_a_board_of_the_past_and_one_before_all(board: Snapshot) -> None:
    board.refresh_from_db()
    assert Client().get(PATH, {"as_of": board.created_at.isoformat()}).json()["snapshot"] == board.pk
    response = Client().get(PATH, {"as_of": "2001-01-01"})
    assert (response.status_code, response.json()["type"]) == (404, "board-not-found")


@pytest.mark.parametrize(
    "query",
    [
        {"category": "cooking"},
        {"category": "vocal"},
        {"categorie": "coding"},
        {"language": "zz"},
        {"category": ["coding", "maths", "long", "hard"]},
        {"language": "English"},
        {"method": "elo"},
        {"both_bad": "maybe"},
        {"both_bad": "apart", "as_of": "2026-11-01"},
        {"both_bad": "exclude", "intervals": "clustered"},
        {"as_of": "soon"},
        {"as_of": "2026-11-01", "category": ["coding", "long"]},
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(board: Snapshot, query: dict[str, Any]) -> None:
    of_the_board_alone = {"as_of", "method", "intervals"} & set(query)
    for part in ("", ".csv") if of_the_board_alone else ("", ".csv", "/matrix", "/matrix.csv"):
        response = Client().get(PATH + part, query)
        assert (response.status_code, response.json()["type"]) == (422, "request-invalid")
        assert any(str(field) in error["where"] for error in response.json()["errors"] for field in query)


def test_what_the_votes_do_not_determine_is_a_conflict() -> None:
    arena = _of_two("even")
    votes_on(arena, *[Outcome.TIE] * 3)
    refresh_board(arena.id)
    response = Client().get("/api/v1/arenas/even/leaderboard", {"method": "davidson"})
    assert (response.status_code, response.json()["type"]) == (409, "not-determined")


@pytest.mark.parametrize("part", ["leaderboard", "leaderboard/history", "leaderboard/matrix", "value", "transparency"])
def test_everything_is_there_as_json_and_csv_with_a_tag(board: Snapshot, part: str) -> None:
    for path in (f"/api/v1/arenas/text/{part}", f"/api/v1/arenas/text/{part}.csv"):
        response = Client().get(path)
        assert response.status_code == 200
        assert Client().get(path, headers={"If-None-Match": response["ETag"]}).status_code == 304
        if path.endswith("csv"):
            rows = list(csv.DictReader(io.StringIO(response.content.decode())))
            assert rows
            assert not any(value.startswith("=") for row in rows for value in row.values())


def test_a_name_that_a_spreadsheet_would_run_is_quoted(board: Snapshot) -> None:
    System.objects.filter(id=SystemVersion.objects.order_by("id")[0].system_id).update(name="=HYPERLINK(1)")
    assert "'=HYPERLINK(1)" in Client().get(f"{PATH}.csv").content.decode()


def test_studies_are_null_until_they_are_made(board: Snapshot) -> None:
    assert Client().get("/api/v1/arenas/text/studies").json() == {"arena": "text", "fragility": None, "style": None}
    study(Arena.objects.get(slug="text"))
    assert Client().get("/api/v1/arenas/text/studies").json()["fragility"]["result"]["votes"] == 4


# --- Boards beside the live ones -----------------------------------------------------------------------------------

NAMES = {
    "leaderboard": {
        *("system", "version", "organisation", "access", "licence", "retired", "new", "rating", "lower", "upper"),
        *("rank_low", "rank_high", "tier", "simultaneous_lower", "simultaneous_upper", "sequence_lower"),
        *("sequence_upper", "votes", "status", "listing", "both_bad_rate", "both_bad_lower", "both_bad_upper"),
    },
    "value": {
        *("system", "version", "rating", "calls", "availability", "ttft_p50_s", "ttft_p95_s", "latency_p50_s"),
        *("latency_p95_s", "output_tokens", "cost_per_answer_usd", "win_share", "cost_per_win_usd", "energy_wh"),
        *("on_cost_front", "on_speed_front", "licence", "training_data", "speed_factor", "listing", "failures"),
        "simulated",
    },
    "transparency": {
        *("system", "version", "organisation", "access", "licence", "entered_at", "retired_at", "is_paused", "draws"),
        *("share", "expected", "votes", "events"),
    },
}


@pytest.mark.parametrize(
    ("part", "rows"), [("leaderboard", "ratings"), ("value", "values"), ("transparency", "entries")]
)
def test_names_that_have_left_the_site_once_stay_and_csv_has_the_same(board: Snapshot, part: str, rows: str) -> None:
    document = Client().get(f"/api/v1/arenas/text/{part}").json()
    assert set(document[rows][0]) >= NAMES[part]
    table = csv.DictReader(io.StringIO(Client().get(f"/api/v1/arenas/text/{part}.csv").content.decode()))
    assert set(table.fieldnames or ()) == set(document[rows][0])


def test_a_board_by_voter_comes_when_it_was_computed(board: Snapshot) -> None:
    response = Client().get(PATH, {"intervals": "clustered"})
    assert (response.status_code, slug_of(response)) == (404, "board-not-computed")
    keep(Arena.objects.get(slug="text"))
    document = Client().get(PATH, {"intervals": "clustered", "weights": "inverse-propensity"}).json()
    assert (document["method"]["intervals"], document["method"]["weights"]) == ("clustered", "inverse-propensity")
    response = Client().get(PATH, {"intervals": "clustered", "method": "davidson"})
    assert (response.status_code, slug_of(response)) == (422, "request-invalid")


def test_combinations_have_no_history_and_say_so(board: Snapshot) -> None:
    response = Client().get(f"{PATH}/history", {"language": "en", "category": "coding"})
    assert (response.status_code, slug_of(response)) == (422, "request-invalid")
    assert Client().get(f"{PATH}/history", {"category": "vocal"}).status_code == 422


@pytest.fixture
def source(arena: Arena, tmp_path: Path) -> ImportedSource:
    path = tmp_path / "votes.csv"
    path.write_text("left,right,winner\nXan,Yara,left\nYara,Xan,left\nXan,Yara,tie\nXan,=cmd,left\n=cmd,Yara,left\n")
    return import_votes(arena, path, "Elsewhere")


def test_imported_votes_have_boards_that_say_where_they_come_from(source: ImportedSource) -> None:
    listed = Client().get("/api/v1/arenas/text/imported").json()["sources"]
    assert [(one["id"], one["name"], one["votes"]) for one in listed] == [(source.pk, "Elsewhere", 5)]
    document = Client().get(f"/api/v1/arenas/text/imported/{source.pk}").json()
    assert (document["imported"], document["source"]["file_sha256"]) == (True, source.file_sha256)
    assert {row["system"] for row in document["ratings"]} == {"Xan", "Yara", "=cmd"}
    assert document["ratings"][0]["status"] == "ok"
    matrix = Client().get(f"/api/v1/arenas/text/imported/{source.pk}/matrix").json()
    assert (matrix["imported"], matrix["board"], len(matrix["cells"])) == (True, "Elsewhere", 3)


@pytest.mark.parametrize("part", ["", ".csv", "/matrix", "/matrix.csv"])
def test_imported_boards_have_tags_and_unknown_ones_are_not_found(source: ImportedSource, part: str) -> None:
    path = f"/api/v1/arenas/text/imported/{source.pk}{part}"
    response = Client().get(path)
    assert response.status_code == 200
    assert Client().get(path, headers={"If-None-Match": response["ETag"]}).status_code == 304
    if part.endswith(".csv"):
        rows = list(csv.DictReader(io.StringIO(response.content.decode())))
        assert {row["source"] for row in rows} == {"Elsewhere"}
        assert "'=cmd" in str(rows)
    assert Client().get(f"/api/v1/arenas/text/imported/999999{part}").status_code == 404


def test_before_the_first_release_no_board_is_certified(board: Snapshot) -> None:
    for part in ("", ".csv"):
        assert slug_of(Client().get(f"{PATH}/certified{part}")) == "not-found"
    assert Client().get(f"{PATH}/certified/history").json() == {"arena": "text", "points": []}
