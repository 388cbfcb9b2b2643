"""A router's pairing says which member answers for it, and by which scores."""

import json
from pathlib import Path

import pytest

from arena.arenas.models import Arena
from arena.router.models import Pairing, Route, SamplingPolicy
from arena.router.services import NoPair, able_now, draw_pairing, member_for, verify_pairing
from arena.systems import services as systems
from arena.systems.backends.base import Message, Misconfigured, Unsupported
from arena.systems.models import Health, System, SystemVersion
from arena.systems.routing import answerer
from tests.ballots import make_arena
from tests.contenders import replay_system
from tests.support.routers import MEMBERS, POEM, SUM, router

pytestmark = pytest.mark.django_db


@pytest.fixture
def arena() -> Arena:
    made = make_arena()
    SamplingPolicy.objects.create(arena=made, number=1, options={})
    return made


@pytest.fixture
def members(arena: Arena, tmp_path: Path) -> dict[str, SystemVersion]:
    answers = {POEM: "rain", SUM: "def add"}
    return {name: replay_system(arena, name, answers, tmp_path) for name in ("ada", "bea", "cleo")}


def draws(arena: Arena, prompt: str, n: int = 24) -> list[Pairing]:
    return [draw_pairing(arena, (Message("user", prompt),), seed=seed) for seed in range(n)]


def only_member(pairing: Pairing, version: SystemVersion) -> SystemVersion | None:
    side = "left" if pairing.left_id == version.pk else "right"
    return member_for(version, pairing.pk, side)


def test_the_member_that_the_prompt_calls_for_answers_and_its_scores_are_kept(arena, members, tmp_path) -> None:
    knn = router(arena, tmp_path)
    for prompt, name in ((POEM, "ada"), (SUM, "bea")):
        with_router = [one for one in draws(arena, prompt) if knn.pk in (one.left_id, one.right_id)]
        assert with_router
        for pairing in with_router:
            route = Route.objects.get(pairing=pairing)
            assert route.member == members[name] == only_member(pairing, knn)
            assert getattr(pairing, f"{route.side}_id") == knn.pk
            assert set(route.scores) == set(MEMBERS)
            assert max(route.scores, key=route.scores.get) == f"{name} v1"
            assert verify_pairing(pairing)


def test_a_pairing_without_a_router_has_no_route(arena, members) -> None:
    pairing = draws(arena, POEM, 1)[0]
    assert not Route.objects.exists()
    assert member_for(pairing.left, pairing.pk, "left") is None


def test_a_router_never_meets_the_member_that_it_picked_and_the_draw_that_did_is_kept(
    arena, members, tmp_path
) -> None:
    knn, other = router(arena, tmp_path), router(arena, tmp_path, "MF")
    alike = {members["ada"].pk, knn.pk, other.pk}
    found = draws(arena, POEM, 40)
    assert not any({one.left_id, one.right_id} <= alike for one in found)
    redrawn = [one for one in found if one.redraw_of_id]
    assert redrawn
    for pairing in redrawn:
        first = pairing.redraw_of
        assert {first.left_id, first.right_id} <= alike
        assert verify_pairing(first)
        assert pairing.attempt == first.attempt + 1
        # The router that drew its equal is not drawn again for this prompt.
        gone = {version for version, _weight in first.pool} - {version for version, _weight in pairing.pool}
        assert gone
        assert gone <= {knn.pk, other.pk}


def test_a_member_that_cannot_answer_is_not_picked(arena, members, tmp_path) -> None:
    knn = router(arena, tmp_path)
    System.objects.filter(pk=members["ada"].system_id).update(is_paused=True)
    assert systems.caller_of(knn, (Message("user", POEM),)) == members["bea"]
    Health.objects.create(version=members["bea"], state="open", openings=1, retry_at="2126-01-01T00:00Z")
    assert systems.caller_of(knn, (Message("user", SUM),)) == members["cleo"]


def test_a_router_with_one_member_left_is_not_drawn(arena, members, tmp_path) -> None:
    knn = router(arena, tmp_path, members=("ada v1", "bea v1"))
    System.objects.filter(name="bea").update(is_paused=True)
    assert able_now(arena, POEM, {}) == 2
    assert not any(knn.pk in dict(one.pool) for one in draws(arena, POEM, 5))
    System.objects.filter(name="cleo").update(is_paused=True)
    with pytest.raises(NoPair):
        draws(arena, POEM, 1)


def test_a_changed_price_keeps_a_member_and_a_changed_model_is_none_any_more(arena, members, tmp_path) -> None:
    knn = router(arena, tmp_path)
    ada = members["ada"]
    SystemVersion.objects.filter(pk=ada.pk).update(retired_at=ada.created_at)
    cheaper = replay_system(arena, "ada", {POEM: "rain"}, tmp_path)
    assert (cheaper.number, systems.caller_of(knn, (Message("user", POEM),))) == (2, cheaper)
    SystemVersion.objects.filter(pk=cheaper.pk).update(retired_at=cheaper.created_at)
    SystemVersion.objects.create(
        system=ada.system, number=3, backend="replay", endpoint=cheaper.endpoint, behaviour="another", access="open"
    )
    assert systems.caller_of(knn, (Message("user", POEM),)) == members["bea"]


def test_routers_are_no_members_of_routers(arena, members, tmp_path) -> None:
    knn, other = router(arena, tmp_path), router(arena, tmp_path, "ada v1")
    found = systems.eligible_versions(arena, (Message("user", POEM),))
    assert {knn, other} < set(found)
    assert answerer(knn, found, (Message("user", POEM),)).version == members["ada"]
    with pytest.raises(Unsupported, match="none of its members"):
        answerer(knn, [other], (Message("user", POEM),))


def test_the_whole_conversation_is_of_the_first_prompts_member(arena, members, tmp_path) -> None:
    knn = router(arena, tmp_path)
    talk = (Message("user", POEM), Message("assistant", "rain"), Message("user", SUM))
    assert answerer(knn, members.values(), talk).version == members["ada"]


def test_files_that_changed_take_the_router_out_of_the_pool(arena, members, tmp_path) -> None:
    knn = router(arena, tmp_path)
    path = Path(knn.endpoint["path"])
    path.write_text(json.dumps(json.loads(path.read_text()) | {"seed": 2}))
    assert not systems.can_answer(knn, (Message("user", POEM),))
    with pytest.raises(Misconfigured, match="register it again"):
        systems.backend_for(knn)
    assert not any(knn.pk in dict(one.pool) for one in draws(arena, POEM, 5))
