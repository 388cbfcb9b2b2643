"""The leaderboard: ratings with their intervals, with and without scripts, and honest when there are none."""

import json
import re

import pytest
from django.conf import settings

from arena.arenas.models import Arena
from arena.rankings.models import Rating, Snapshot
from arena.systems.models import SystemVersion
from tests.ballots import make_version
from tests.web.conftest import Browser

BOARD = "/arenas/text/leaderboard"
INPUTS = {"counted": 1234, "simulated": 0, "excluded": {}}


def publish(arena: Arena, status: str = "ok", rated: int = 3, **inputs: object) -> Snapshot:
    """A snapshot in which the first `rated` systems by name have numbers, 100 points apart."""
    versions = list(SystemVersion.objects.order_by("system__name"))
    snapshot = Snapshot.objects.create(
        arena=arena, last_vote_id=9, method={}, inputs=INPUTS | inputs, status=status, code_version="test"
    )
    for place, version in enumerate(versions):
        numbers = (
            {"rating": 1100.0 - 100 * place, "lower": 1050.0 - 100 * place, "upper": 1140.0 - 100 * place}
            | {"rank_low": place + 1, "rank_high": place + 1, "status": "ok"}
            if place < rated
            else {"status": status}
        )
        Rating.objects.create(snapshot=snapshot, version=version, votes=10 * (place + 1), **numbers)
    return snapshot


def rows_of(page: str) -> list[str]:
    """The text of each row of the table's body, tags replaced by single spaces."""
    body = page.split("<tbody>")[1].split("</tbody>", maxsplit=1)[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("<tr>")[1:]]


def test_ratings_come_best_first_with_interval_rank_and_votes(newcomer: Browser, arena: Arena) -> None:
    publish(arena)
    rows = rows_of(newcomer.get(BOARD).content.decode())
    assert rows[0] == "1 Ada Ada Ltd 1100 1050 – 1140 10"
    assert rows[2] == "3 Cleo Cleo Ltd 900 850 – 940 30"


def test_a_rank_range_is_shown_as_a_range(newcomer: Browser, arena: Arena) -> None:
    publish(arena)
    Rating.objects.update(rank_low=1, rank_high=3)
    assert rows_of(newcomer.get(BOARD).content.decode())[0].startswith("1–3 Ada")


def test_without_scripts_each_row_has_its_interval_as_a_bar(newcomer: Browser, arena: Arena) -> None:
    publish(arena)
    page = newcomer.get(BOARD, headers={"Accept-Language": "fr"}).content.decode()
    bars = re.findall(r'<line x1="([\d.]+)" x2="([\d.]+)"', page)
    assert len(bars) == 3
    assert all(float(start) < float(end) for start, end in bars)


def test_scripts_get_the_same_numbers_as_a_figure(newcomer: Browser, arena: Arena) -> None:
    publish(arena)
    page = newcomer.get(BOARD).content.decode()
    data = re.search(r'<script id="leaderboard-figure-data" type="application/json">(.*?)</script>', page)
    assert data
    trace = json.loads(data[1])["data"][0]
    assert trace["y"] == ["Ada", "Bert", "Cleo"]
    assert trace["x"] == [1100.0, 1000.0, 900.0]
    assert (trace["error_x"]["array"][0], trace["error_x"]["arrayminus"][0]) == (40.0, 50.0)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("disconnected", "Not all systems can be compared yet"),
        ("separated", "Some differences have no bound yet"),
    ],
)
def test_a_board_that_cannot_rate_everybody_says_why(newcomer: Browser, arena: Arena, status: str, words: str) -> None:
    publish(arena, status, rated=2)
    page = newcomer.get(BOARD).content.decode()
    assert words in page
    rows = rows_of(page)
    assert rows[0].startswith("1 Ada")
    assert rows[2].startswith("– Cleo")
    assert "nan" not in page.lower().replace("nance", "")


def test_before_the_first_vote_there_are_no_numbers(newcomer: Browser, arena: Arena) -> None:
    page = newcomer.get(BOARD).content.decode()
    assert "No ratings yet" in page
    assert rows_of(page)[0] == "– Ada Ada Ltd no votes yet 0"
    assert "leaderboard-figure" not in page


def test_an_arena_without_systems_invites_to_nothing_false(newcomer: Browser, db: None) -> None:
    Arena.objects.create(slug="text", name="Text")
    assert "There is nothing to show yet." in newcomer.get(BOARD).content.decode()


def test_votes_that_are_left_out_are_counted_and_explained(newcomer: Browser, arena: Arena) -> None:
    publish(arena, excluded={"identity_revealed": 17, "simulated": 0})
    page = newcomer.get(BOARD).content.decode()
    assert "<li>17 – an answer named its own maker or model</li>" in page
    assert "0 – simulated" not in page
    assert "1,234 votes counted." in page


def test_simulated_votes_are_labelled(newcomer: Browser, arena: Arena) -> None:
    publish(arena, simulated=900)
    assert "900 votes were cast by a program, not by people" in newcomer.get(BOARD).content.decode()


def test_a_retired_version_says_so(newcomer: Browser, arena: Arena) -> None:
    publish(arena)
    SystemVersion.objects.filter(system__name="Bert").update(retired_at="2099-01-01T00:00:00Z")
    assert "version 1, retired" in newcomer.get(BOARD).content.decode()


def test_the_page_links_to_its_methods(newcomer: Browser, arena: Arena) -> None:
    page = newcomer.get(BOARD).content.decode()
    assert 'href="/methods#ratings"' in page
    assert 'id="ratings"' in newcomer.get("/methods").content.decode()


def test_an_unchanged_board_is_not_sent_twice(newcomer: Browser, arena: Arena) -> None:
    publish(arena)
    newcomer.get(BOARD)
    tag = newcomer.get(BOARD)["ETag"]
    again = newcomer.get(BOARD, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    # The browser keeps the policy whose nonce stands in the page that it keeps.
    assert "Content-Security-Policy" not in again
    assert "no-cache" in again["Cache-Control"]


@pytest.mark.parametrize("change", ["board", "language", "cookie"])
def test_a_changed_page_is_sent_again(newcomer: Browser, arena: Arena, change: str) -> None:
    publish(arena)
    newcomer.get(BOARD)
    headers = {"If-None-Match": newcomer.get(BOARD)["ETag"]}
    if change == "board":
        publish(arena)
    elif change == "language":
        headers["Accept-Language"] = "fr"
    else:
        newcomer.cookies[settings.CSRF_COOKIE_NAME] = "x" * 32
    assert newcomer.get(BOARD, headers=headers).status_code == 200


def test_the_number_of_queries_does_not_grow_with_systems(
    newcomer: Browser, arena: Arena, django_assert_num_queries
) -> None:
    for n in range(10):
        make_version(arena, f"More {n}")
    publish(arena)
    with django_assert_num_queries(3):
        newcomer.get(BOARD)


def test_an_unknown_arena_has_no_board(newcomer: Browser, arena: Arena) -> None:
    assert newcomer.get("/arenas/nowhere/leaderboard").status_code == 404


def test_with_one_arena_the_list_leads_straight_to_its_board(newcomer: Browser, arena: Arena) -> None:
    assert newcomer.get("/leaderboards")["Location"] == BOARD
