"""Where a router was drawn, a release tells which member answered, and nothing that the router made of the prompt."""

import pyarrow.parquet as pq
import pytest

from arena.battles.models import Battle, Response, Turn
from arena.systems.models import SystemVersion
from data_releases import publish
from tests.ballots import make_pairing, make_version
from tests.data_releases.conftest import folder_of
from tests.data_releases.world import add_battle, make_world, route

pytestmark = pytest.mark.django_db


def rows(root, release, name):
    return pq.read_table(folder_of(root, release) / f"{name}.parquet").to_pylist()


@pytest.fixture
def arena():
    made = make_world(6)
    make_version(made, "Dora")
    return made


def version(name):
    return SystemVersion.objects.get(system__name=name)


def test_each_response_of_a_router_names_its_member_and_no_other_does(arena, folder, built):
    vote = add_battle(arena, version("Ada"), version("Bert"), prompt="For the router")
    route(vote.battle, version("Cleo"), "right")
    found = rows(folder, built(arena), "responses")
    named = [row for row in found if row["answered_by"] is not None]
    assert [(row["side"], row["system_id"], row["answered_by"]) for row in named] == [("right", "Bert v1", "Cleo v1")]
    assert len(found) == 14


def test_an_attempt_before_a_redraw_keeps_the_member_of_its_own_draw(arena, folder, built):
    vote = add_battle(arena, version("Ada"), version("Bert"))
    first = make_pairing(arena, version("Bert"), version("Ada"))
    Response.objects.filter(turn__battle=vote.battle).update(attempt=2)
    Response.objects.create(
        turn=Turn.objects.get(battle=vote.battle), pairing=first, version=version("Bert"), side="left",
        status="failed", attempt=1,
    )  # fmt: skip
    route(Battle(pairing=first), version("Dora"))
    found = [row for row in rows(folder, built(arena), "responses") if row["answered_by"]]
    assert [(row["status"], row["answered_by"]) for row in found] == [("failed", "Dora v1")]


def test_a_member_that_was_in_no_pool_is_listed_and_the_release_verifies(arena, folder, files, built):
    route(Battle.objects.select_related("pairing").earliest("created_at"), version("Dora"))
    release = built(arena)
    assert "Dora v1" in {row["system_id"] for row in rows(folder, release, "systems")}
    assert publish.verified(files, release).problems == []


def test_a_system_without_a_part_in_it_is_not_listed(arena, folder, built):
    assert "Dora v1" not in {row["system_id"] for row in rows(folder, built(arena), "systems")}


def test_the_scores_of_a_router_stay_inside(arena, folder, built):
    for battle in Battle.objects.select_related("pairing"):
        route(battle, version("Dora"))
    release = built(arena)
    for path in folder_of(folder, release).iterdir():
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content = str(pq.read_table(path).to_pylist()).encode()
        assert b"0.7123" not in content, path.name
