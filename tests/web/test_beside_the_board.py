"""The pages beside a leaderboard: matrix, history, value, transparency, imports, a visitor's own ratings."""

import json
import re
from pathlib import Path

import pytest
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.rankings.imports import import_votes
from arena.rankings.models import Snapshot
from arena.rankings.services import refresh_arena
from arena.systems.models import SystemVersion
from arena.systems.usage import SIMULATED
from arena.votes.outcome import Outcome
from tests.pasts import rewritten
from tests.rankings.music_board import voted_music_arena
from tests.rankings.voting import vote_rows
from tests.usages import used
from tests.web.conftest import Browser

BOARD = "/arenas/text/leaderboard"
BESIDE = ["leaderboard/history", "leaderboard/matrix", "leaderboard/value", "transparency"]


@pytest.mark.parametrize("part", BESIDE)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_stands_also_where_there_is_nothing(
    newcomer: Browser, arena: Arena, part: str, language: str
) -> None:
    response = newcomer.get(f"/arenas/text/{part}", headers={"Accept-Language": language})
    assert response.status_code == 200
    assert response.content.decode().count('aria-current="page"') >= 1


def voted(arena: Arena) -> list[SystemVersion]:
    versions = list(SystemVersion.objects.order_by("system__name"))
    pairs = zip(versions, [*versions[1:], versions[0]], strict=True)
    vote_rows(arena, [(*pair, outcome) for pair in pairs for outcome in (Outcome.LEFT, Outcome.LEFT, Outcome.RIGHT)])
    refresh_arena(arena.id)
    return versions


def test_the_matrix_is_a_table_with_words(newcomer: Browser, arena: Arena) -> None:
    voted(arena)
    page = newcomer.get("/arenas/text/leaderboard/matrix").content.decode()
    assert '<th scope="col">Ada</th>' in page
    assert page.count("3 battles") == 6
    assert "/api/v1/arenas/text/leaderboard/matrix.csv" in page
    assert 'data-figure="matrix-figure-data"' in page


def test_a_matrix_without_ratings_has_no_figure(newcomer: Browser, arena: Arena) -> None:
    ada, bell, *_others = SystemVersion.objects.order_by("system__name")
    vote_rows(arena, [(ada, bell, Outcome.LEFT)])
    refresh_arena(arena.id)
    page = newcomer.get("/arenas/text/leaderboard/matrix").content.decode()
    assert "1 battle" in page
    assert "data-figure" not in page


def test_the_history_has_a_table_beside_its_figure(newcomer: Browser, arena: Arena) -> None:
    versions = voted(arena)
    with rewritten():
        Snapshot.objects.filter(board="all").update(created_at="2026-01-02T03:04:05Z")
    vote_rows(arena, [(versions[0], versions[1], Outcome.LEFT)])
    refresh_arena(arena.id)
    page = newcomer.get("/arenas/text/leaderboard/history").content.decode()
    assert 'id="history-figure-data"' in page
    assert page.count("<time datetime=") == 2


def test_costs_stand_in_a_table_and_two_figures(newcomer: Browser, arena: Arena) -> None:
    versions = voted(arena)
    used(versions[0], 10, 1.0, 2.0, failed=3)
    Arena.objects.update(listed_from_votes=0)
    page = newcomer.get("/arenas/text/leaderboard/value?order=cost_per_win_usd").content.decode()
    assert "3 × too slow" in page
    assert '"cost-figure-data"' in page
    assert '"speed-figure-data"' in page
    assert "best for its price" in page
    assert "$0.10" in page


def test_a_demo_says_how_many_of_its_answers_are_made_up(newcomer: Browser, arena: Arena) -> None:
    versions = voted(arena)
    used(versions[0], 12, 1.0, 2.0, outcome=SIMULATED)
    address = "/arenas/text/leaderboard/value"
    assert "No system has answered in this time" in newcomer.get(address).content.decode()
    Arena.objects.update(is_demo=True)
    page = newcomer.get(address).content.decode()
    assert "12 answers are simulated" in page
    assert '"cost-figure-data"' in page


@pytest.mark.django_db
def test_of_music_the_table_and_the_figure_say_how_fast_and_from_what(newcomer: Browser) -> None:
    voted_music_arena()
    Arena.objects.update(listed_from_votes=0)
    page = newcomer.get("/arenas/music/leaderboard/value").content.decode()
    figure = json.loads(re.search(r'<script id="speed-figure-data" type="application/json">(.*?)</script>', page)[1])
    assert {"CanaryBand", "CanaryChip"} <= set(re.findall(r"Canary\w+", json.dumps(figure)))
    assert page.count("Own songs") == 2
    assert "best for its speed" in page


def test_the_transparency_page_names_everybody(newcomer: Browser, arena: Arena) -> None:
    SystemVersion.objects.filter(id=voted(arena)[0].id).update(retired_at=Now())
    page = newcomer.get("/arenas/text/transparency").content.decode()
    assert all(f"{name} <span" in page for name in ("Ada", "Bert", "Cleo"))
    assert "retired on" in page


def test_an_imported_source_is_marked_and_unknown_ones_are_404(
    newcomer: Browser, arena: Arena, tmp_path: Path
) -> None:
    path = tmp_path / "votes.csv"
    path.write_text("left,right,winner\nXan,Yara,left\nYara,Xan,left\n")
    source = import_votes(arena, path, "Elsewhere")
    assert "Elsewhere" in newcomer.get(BOARD).content.decode()
    page = newcomer.get(f"{BOARD}/imported/{source.pk}").content.decode()
    assert "Not votes of this arena" in page
    assert "Xan" in page
    assert newcomer.get(f"{BOARD}/imported/{source.pk + 1}").status_code == 404


def test_a_browser_without_votes_is_told_how_its_own_ratings_begin(newcomer: Browser, arena: Arena) -> None:
    response = newcomer.get("/battles/ratings")
    assert "your own ratings begin here" in response.content.decode()
    assert "no-store" in response["Cache-Control"]


def test_a_visitor_sees_their_own_ratings_beside_everybodys(alice: Browser, bob: Browser, arena: Arena) -> None:
    ada, bert, _cleo = voted(arena)
    vote_rows(arena, [(ada, bert, Outcome.RIGHT)] * 5, voter=alice.voter)
    refresh_arena(arena.id)
    page = alice.get("/battles/ratings").content.decode()
    own = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in page.split("<tbody>")[1].split("<tr>")[1:]]
    assert "5 votes of yours count" in page
    assert [row.split()[0] for row in own[:2]] == ["Bert", "Ada"]
    assert int(own[0].split()[1]) > int(own[0].split()[2])
    assert "votes of yours" not in bob.get("/battles/ratings").content.decode()
