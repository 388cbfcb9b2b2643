"""A router of a systems file is checked where it is registered, and its test prompt goes to a member."""

from pathlib import Path

import pytest

from arena.systems import registry, trials
from arena.systems.backends.addresses import AddressPolicy
from arena.systems.models import SystemVersion, Usage
from tests.ballots import make_arena
from tests.contenders import replay_system
from tests.support.routers import write_router
from tests.systems.files import problems, read
from workers.trials import try_streamed

PROMPTS = {"A poem": "ada v1", "A sum": "bea v1"}
MEMBERS = ("ada v1", "bea v1", "cleo v1")


def entry(folder: Path, **keys: object) -> dict:
    write_router(folder / "knn", PROMPTS, MEMBERS)
    return {"name": "kNN", "backend": "router", "path": "knn/router.json", "access": "open", **keys}


def test_a_router_is_read_with_its_members_and_the_checksum_of_its_files(tmp_path: Path) -> None:
    found = read(tmp_path, entry(tmp_path)).systems[0]
    endpoint = found.endpoint()
    assert (endpoint["members"], endpoint["policy"], len(endpoint["sha256"])) == (list(MEMBERS), "cluster_bt", 64)
    assert found.problem(AddressPolicy()) is None
    assert read(tmp_path, entry(tmp_path, members=["bea v1", "ada v1"])).systems[0].endpoint()["members"] == [
        "ada v1",
        "bea v1",
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"path": "gone.json"}, "No such file"),
        ({"members": ["ada v1", "zoe v1"]}, "zoe v1: the router knows ada v1, bea v1, cleo v1"),
        ({"members": ["ada v1"]}, "at least 2"),
        ({"price_out": 3}, "costs what the member costs"),
        ({"release_outputs": True}, "release_outputs: Input should be False"),
        ({"model": "m"}, "model: unknown key"),
    ],
)
def test_what_is_wrong_with_a_router_is_named(tmp_path: Path, change: dict, said: str) -> None:
    assert said in problems(tmp_path, entry(tmp_path) | change)


def test_a_router_of_music_is_refused_until_there_are_some(tmp_path: Path) -> None:
    given = entry(tmp_path)
    write_router(tmp_path / "knn", PROMPTS, MEMBERS, modality="music")
    assert "only routers of text" in problems(tmp_path, given)


@pytest.mark.django_db(transaction=True)
def test_a_test_prompt_of_a_router_is_answered_and_paid_by_the_member(tmp_path: Path, valkey: object) -> None:
    arena = make_arena()
    members = {
        name: replay_system(arena, name, {"A sum": f"{name} adds."}, tmp_path) for name in ("ada", "bea", "cleo")
    }
    registry.apply(registry.plan(read(tmp_path, entry(tmp_path))))
    knn = SystemVersion.objects.select_related("system").get(backend="router")
    trial = trials.start(knn, "A sum")
    try_streamed(trial.pk)
    trial.refresh_from_db()
    assert (trial.content, trial.error_class, trial.version) == ("bea adds.", "", knn)
    assert Usage.objects.get().version == members["bea"]
