"""The leaderboard: ratings with their intervals, with and without scripts, and honest when there are none."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arena.arenas.models import Arena
from arena.rankings.models import Rating, Snapshot, Study
from arena.rankings.questions import METHODS
from arena.rankings.services import refresh_arena
from arena.systems.models import SystemVersion
from arena.votes.outcome import Outcome
from tests.ballots import make_version
from tests.rankings.voting import vote_rows
from tests.web.conftest import Browser

BOARD = "/arenas/text/leaderboard"
INPUTS = {"counted": 1234, "simulated": 0, "excluded": {}}


def publish(
    arena: Arena, status: str = "ok", rated: int = 3, facts: Mapping[str, Any] = MappingProxyType({}), **inputs: object
) -> Snapshot:
    """A snapshot in which the first `rated` systems by name have numbers, 100 points apart, and more votes each.

    facts: of the snapshot, and `rows`: of each of its rated rows.
    """
    versions = list(SystemVersion.objects.order_by("system__name"))
    own = {"last_vote_id": 9, "method": {}, "inputs": INPUTS | inputs, "status": status, "code_version": "test"}
    told = {name: value for name, value in facts.items() if name != "rows"}
    snapshot = Snapshot.objects.create(arena=arena, **own | told)
    rows = []
    for place, version in enumerate(versions):
        numbers = (
            {"rating": 1100.0 - 100 * place, "lower": 1050.0 - 100 * place, "upper": 1140.0 - 100 * place}
            | {"rank_low": place + 1, "rank_high": place + 1, "status": "ok"}
            | facts.get("rows", {})
            if place < rated
            else {"status": status}
        )
        rows.append(Rating(snapshot=snapshot, version=version, votes=100 * (place + 1), **numbers))
    Rating.objects.bulk_create(rows)
    return snapshot


def rows_of(page: str) -> list[str]:
    """The text of each row of the table's body, tags replaced by single spaces."""
    body = page.split("<tbody>", maxsplit=1)[1].split("</table>", maxsplit=1)[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("<tr>")[1:]]


def figure_of(page: str) -> str:
    data = re.search(r'<script id="leaderboard-figure-data" type="application/json">(.*?)</script>', page)
    assert data
    return data[1]


def test_ratings_come_best_first_with_interval_rank_and_votes(newcomer: Browser, arena: Arena) -> None:
    publish(arena)
    rows = rows_of(newcomer.get(BOARD).content.decode())
    assert rows[0] == "1 Ada new preliminary Ada Ltd 1100 1050 – 1140 100"
    assert rows[2] == "3 Cleo Cleo Ltd 900 850 – 940 300"


def test_a_system_with_too_few_votes_is_listed_apart_and_has_no_rank(newcomer: Browser, arena: Arena) -> None:
    """By the arena's own numbers; its rating is there all the same, and it leads nothing."""
    publish(arena)
    Arena.objects.update(listed_from_votes=200, settled_from_votes=250)
    page = newcomer.get(BOARD).content.decode()
    assert rows_of(page)[0] == "2 Bert new preliminary Bert Ltd 1000 950 – 1040 200"
    assert "Not ranked yet: fewer than 200 votes" in page
    assert rows_of(page)[2] == "– Ada new Ada Ltd 1100 1050 – 1140 100 of 200"
    assert "A system is ranked from 200 votes on; under 250 its rating is preliminary." in page
    assert json.loads(figure_of(page))["data"][0]["y"] == ["Bert", "Cleo"]
    assert "Bert leads with 1000 points." in newcomer.get("/arenas/text").content.decode()


def test_a_rank_range_is_shown_as_a_range(newcomer: Browser, arena: Arena) -> None:
    publish(arena, facts={"rows": {"rank_low": 1, "rank_high": 3}})
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
    trace = json.loads(figure_of(page))["data"][0]
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
    assert not re.search(r"\bnan\b", page.lower())


def test_before_the_first_vote_there_are_no_numbers(newcomer: Browser, arena: Arena) -> None:
    page = newcomer.get(BOARD).content.decode()
    assert "No ratings yet" in page
    assert rows_of(page)[0] == "– Ada new Ada Ltd no votes yet 0 of 30"
    assert "leaderboard-figure" not in page


def test_an_arena_without_systems_invites_to_nothing_false(newcomer: Browser, db: None) -> None:
    Arena.objects.create(slug="empty", name="Empty")
    assert "There is nothing to show yet." in newcomer.get("/arenas/empty/leaderboard").content.decode()


def test_votes_that_are_left_out_are_counted_and_explained(newcomer: Browser, arena: Arena) -> None:
    publish(arena, excluded={"identity_revealed": 17, "simulated": 0})
    page = newcomer.get(BOARD).content.decode()
    assert "<li>17 – kept, but left out: an answer named its own maker or model</li>" in page
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
    first = newcomer.get(BOARD)
    again = newcomer.get(BOARD, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    of_every_answer = {"X-Request-ID", "Content-Type", "Content-Length"}
    assert {name: again[name] for name in first.headers if name not in of_every_answer} == {
        name: first[name] for name in first.headers if name not in of_every_answer
    }


@pytest.mark.parametrize("change", ["board", "language"])
def test_a_changed_page_is_sent_again(newcomer: Browser, arena: Arena, change: str) -> None:
    publish(arena)
    headers = {"If-None-Match": newcomer.get(BOARD)["ETag"]}
    if change == "board":
        publish(arena, rated=2)
    else:
        headers["Accept-Language"] = "fr"
    assert newcomer.get(BOARD, headers=headers).status_code == 200


def test_the_number_of_queries_does_not_grow_with_systems(newcomer: Browser, arena: Arena) -> None:
    def queries() -> int:
        publish(arena)
        with CaptureQueriesContext(connection) as captured:
            newcomer.get(BOARD)
        return len(captured)

    few = queries()
    for n in range(10):
        make_version(arena, f"More {n}")
    assert queries() == few <= 20


def test_an_unknown_arena_has_no_board(newcomer: Browser, arena: Arena) -> None:
    assert newcomer.get("/arenas/nowhere/leaderboard").status_code == 404


def test_with_one_arena_the_list_leads_straight_to_its_board(newcomer: Browser, arena: Arena) -> None:
    assert newcomer.get("/leaderboards")["Location"] == BOARD


def test_the_table_is_sorted_by_links_and_says_how(newcomer: Browser, arena: Arena) -> None:
    publish(arena)
    page = newcomer.get(BOARD).content.decode()
    assert 'aria-sort="descending"><a class="table__sort" href="?order=-rating">' in page
    page = newcomer.get(f"{BOARD}?order=-votes").content.decode()
    assert [row.split()[1] for row in rows_of(page)] == ["Ada", "Bert", "Cleo"]
    page = newcomer.get(f"{BOARD}?order=votes").content.decode()
    assert [row.split()[1] for row in rows_of(page)] == ["Cleo", "Bert", "Ada"]
    assert page.count("aria-sort") == 1


def test_the_interval_is_named_and_may_be_another(newcomer: Browser, arena: Arena) -> None:
    publish(arena, facts={"rows": {"simultaneous_lower": 700.0, "simultaneous_upper": 1300.0}})
    page = newcomer.get(f"{BOARD}?interval=simultaneous").content.decode()
    assert "700 – 1300" in rows_of(page)[0]
    assert "All intervals of the board hold at once" in page


def test_the_board_says_which_errors_it_shows_and_offers_the_others(newcomer: Browser, arena: Arena) -> None:
    publish(arena, facts={"method": {"intervals": "sandwich", "weights": "one"}})
    page = newcomer.get(BOARD).content.decode()
    assert "Every vote is taken to be independent of the others." in page
    assert "A tie is half a win for each side. A vote that both are bad is a tie." in page
    assert 'href="?intervals=clustered">Show the intervals voter by voter' in page
    assert "Not computed so yet" in newcomer.get(f"{BOARD}?intervals=clustered").content.decode()
    publish(arena, rated=2, facts={"variant": "clustered", "method": {"intervals": "clustered"}})
    page = newcomer.get(f"{BOARD}?intervals=clustered").content.decode()
    assert "Votes of one voter are taken together" in page
    assert "Show the intervals vote by vote" in page
    assert "leaderboard.csv?intervals=clustered" in page


def test_how_often_both_were_bad_has_a_column_where_it_is_told_apart(newcomer: Browser, arena: Arena) -> None:
    ada, bert = SystemVersion.objects.order_by("id")[:2]
    outcomes = (Outcome.LEFT, Outcome.RIGHT, Outcome.BOTH_BAD, Outcome.BOTH_BAD)
    vote_rows(arena, [(ada, bert, outcome) for outcome in outcomes])
    refresh_arena(arena.id)
    usual, apart = (newcomer.get(f"{BOARD}?both_bad={word}").content.decode() for word in ("tie", "apart"))
    assert "Both bad (95 %)" not in usual
    assert "Both bad (95 %)" in apart
    assert "50 % 15 % – 85 %" in rows_of(apart)[0]
    assert "Votes that both are bad move no rating" in apart
    assert '<option value="apart" selected>' in apart
    assert "leaderboard.csv?both_bad=apart" in apart


def test_filters_go_together_on_the_board_and_in_the_matrix(newcomer: Browser, arena: Arena) -> None:
    ada, bert = SystemVersion.objects.order_by("id")[:2]
    prompt = "Write a haiku in Python, in exactly three lines, please."
    vote_rows(arena, [(ada, bert, outcome) for outcome in (Outcome.LEFT, Outcome.RIGHT)], prompt=prompt)
    refresh_arena(arena.id)
    query = "language=en&category=coding&category=instruction-following"
    for path in (BOARD, f"{BOARD}/matrix"):
        page = newcomer.get(f"{path}?{query}").content.decode()
        assert page.count("checked") == 2
        assert "does not exist" not in page
        assert query in page.replace("&amp;", "&")
    assert "There is no category" not in newcomer.get(f"{BOARD}/history?{query}").content.decode()
    assert "Combinations have no history" in newcomer.get(f"{BOARD}/history?{query}").content.decode()
    assert "there is no category" in newcomer.get(f"{BOARD}/matrix?category=vocal").content.decode()
    assert "no such kind of battles" in newcomer.get(f"{BOARD}?category=vocal").content.decode()


def test_a_board_of_the_past_says_so_and_a_missing_one_too(newcomer: Browser, arena: Arena) -> None:
    publish(arena, facts={"created_at": "2026-01-02T03:04:05Z"})
    publish(arena, rated=2)
    page = newcomer.get(f"{BOARD}?as_of=2026-02-01").content.decode()
    assert "A leaderboard of the past" in page
    assert rows_of(page)[2].startswith("3 Cleo")
    assert "of every minute: for a date, and for every full hour" in page
    assert "There was no such leaderboard yet" in newcomer.get(f"{BOARD}?as_of=2025-12-31").content.decode()


def test_a_board_of_the_past_from_single_votes_is_kept_by_the_day(newcomer: Browser, arena: Arena) -> None:
    method = METHODS["bradley-terry"]
    told = {"variant": "clustered", "method": replace(method, intervals="clustered").described()}
    publish(arena, facts=told | {"created_at": "2026-01-02T03:04:05Z"})
    page = newcomer.get(f"{BOARD}?as_of=2026-02-01&intervals=clustered").content.decode()
    assert "the last one of every day is kept" in page
    assert "full hour" not in page


@pytest.mark.parametrize(
    "query",
    ["language=FR", "category=cooking", "as_of=yesterday", "method=guess", "intervals=wide", "both_bad=maybe"],
)
def test_an_address_that_asks_for_nonsense_is_told_so(newcomer: Browser, arena: Arena, query: str) -> None:
    publish(arena)
    response = newcomer.get(f"{BOARD}?{query}")
    assert response.status_code == 200
    assert "This address asks for something that does not exist" in response.content.decode()


def test_without_a_release_there_is_no_certified_board_and_no_claim_of_one(newcomer: Browser, arena: Arena) -> None:
    publish(arena)
    page = newcomer.get(BOARD).content.decode()
    assert "No release has been published yet" in page
    assert "The next month may be released from" in page


def test_the_arena_page_tells_both_boards_apart_and_counts_votes_by_class(newcomer: Browser, arena: Arena) -> None:
    page = newcomer.get("/arenas/text").content.decode()
    assert "leads with" not in page
    publish(arena, excluded={"identity_revealed": 2})
    page = newcomer.get("/arenas/text").content.decode()
    assert "Ada leads with 1100 points." in page
    assert "you have to trust this site for it" in page
    assert "No release has been published yet" in page
    assert "The next month may be released from" in page
    assert "1,234 votes counted. 2 kept, but left out: an answer named its own maker or model." in page


def test_the_fragility_of_the_first_place_is_told_when_it_was_studied(newcomer: Browser, arena: Arena) -> None:
    publish(arena)
    assert "This is examined every ten minutes" in newcomer.get(BOARD).content.decode()
    result = {
        "votes": 60, "first": "Ada", "lead": 12.34, "largest_voter": 3.0,
        "by_votes": {"number": 3, "share": 0.05, "becomes": "Bert"}, "by_voters": None,
    }  # fmt: skip
    Study.objects.create(arena=arena, kind="fragility", last_vote_id=9, revision=1, result=result, code_version="test")
    page = newcomer.get(BOARD).content.decode()
    assert "Ada leads by 12.3 points." in page
    assert "Without 3 votes (5.0 % of all) the first place would change. Then Bert would be first." in page
    assert "No small set of voters was found" in page
