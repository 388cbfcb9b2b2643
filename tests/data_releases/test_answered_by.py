"""Where a router was drawn, a release tells which member answered, and nothing that the router made of the prompt."""

import io

import pyarrow.parquet as pq
import pytest

from arena.battles.models import Battle, Response, Turn
from arena.common.storage import FolderStore
from arena.router.models import Route
from arena.systems.models import SystemVersion
from data_releases import publish
from tests.ballots import make_pairing, make_version
from tests.data_releases.publishing import build_october
from tests.data_releases.world import add_battle, make_world, route
from tests.kept_rows import kept_rows

pytestmark = pytest.mark.django_db


def version(name):
    return SystemVersion.objects.get(system__name=name)


@pytest.fixture(scope="module")
def once(tmp_path_factory, django_db_setup, django_db_blocker):
    """October, built once for all that read it, and where it lies: Cleo answered for Bert, Dora in a first draw."""
    files = FolderStore(tmp_path_factory.mktemp("once"))
    with kept_rows(django_db_blocker):
        arena = make_world(6)
        for name in ("Dora", "Eve"):
            make_version(arena, name)
        vote = add_battle(arena, version("Ada"), version("Bert"), prompt="For the router")
        route(vote.battle, version("Cleo"), "right")
        drawn_twice(arena)
        yield build_october(arena, files), files


def drawn_twice(arena):
    """A battle whose first draw went to Dora and failed."""
    vote = add_battle(arena, version("Ada"), version("Bert"))
    first = make_pairing(arena, version("Bert"), version("Ada"))
    Response.objects.filter(turn__battle=vote.battle).update(attempt=2)
    Response.objects.create(
        turn=Turn.objects.get(battle=vote.battle), pairing=first, version=version("Bert"), side="left",
        status="failed", attempt=1,
    )  # fmt: skip
    route(Battle(pairing=first), version("Dora"))


def read(once, name):
    release, files = once
    return pq.read_table(io.BytesIO(stored(release, files, f"{name}.parquet"))).to_pylist()


def stored(release, files, path):
    return b"".join(files.read(publish.key_of(publish.place_of(release), release, path)))


def test_each_response_of_a_router_names_its_member_and_no_other_does(once):
    found = [row for row in read(once, "responses") if row["status"] == "complete"]
    named = [row for row in found if row["answered_by"] is not None]
    assert [(row["side"], row["system_id"], row["answered_by"]) for row in named] == [("right", "Bert v1", "Cleo v1")]
    assert len(found) == 16


def test_an_attempt_before_a_redraw_keeps_the_member_of_its_own_draw(once):
    found = [row for row in read(once, "responses") if row["answered_by"] and row["answered_by"] != "Cleo v1"]
    assert [(row["status"], row["answered_by"]) for row in found] == [("failed", "Dora v1")]


def test_a_member_that_was_in_no_pool_is_listed_and_the_release_verifies(once):
    release, files = once
    assert "Dora v1" in {row["system_id"] for row in read(once, "systems")}
    assert publish.verified(files, release).problems == []


def test_a_system_without_a_part_in_it_is_not_listed(once):
    assert "Eve v1" not in {row["system_id"] for row in read(once, "systems")}


def test_the_scores_of_a_router_stay_inside(once):
    release, files = once
    assert Route.objects.count() == 2
    for path in [*(entry["path"] for entry in release.manifest["files"]), "manifest.json"]:
        content = stored(release, files, path)
        if path.endswith(".parquet"):
            content = str(pq.read_table(io.BytesIO(content)).to_pylist()).encode()
        assert b"0.7123" not in content, path
