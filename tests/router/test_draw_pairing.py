"""Drawing a pairing: stored with everything needed to draw it again."""

import threading
from collections import Counter
from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction

from arena.arenas.models import Arena
from arena.router import sampler, services
from arena.router.models import DrawCount, Pairing, SamplingPolicy
from arena.router.services import NoPair, draw_pairing, verify_pairing
from arena.systems.backends.base import Message
from arena.systems.models import SystemVersion
from tests.ballots import make_arena, make_version, make_versions

pytestmark = pytest.mark.django_db

PROMPT = (Message("user", "Why is the sky blue?"),)


@pytest.fixture(autouse=True)
def _everybody_can_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def current(arena: Arena, messages: object) -> list[SystemVersion]:
        assert messages
        current = SystemVersion.objects.filter(system__arena=arena, system__is_paused=False, retired_at=None)
        return list(current.select_related("system").order_by("-id"))

    monkeypatch.setattr(services, "eligible_versions", current)


@pytest.fixture
def arena() -> Arena:
    return make_arena()


def settled(arena: Arena) -> None:
    """A policy under which nobody is new."""
    SamplingPolicy.objects.create(arena=arena, number=1, options={})


def test_a_pairing_says_how_it_was_drawn(arena: Arena) -> None:
    versions = make_versions(arena, ["ada", "bea", "cleo"])
    pairing = draw_pairing(arena, PROMPT)
    pairing.refresh_from_db()
    assert {pairing.left_id, pairing.right_id} < {version.id for version in versions}
    assert [version_id for version_id, _weight in pairing.pool] == sorted(version.id for version in versions)
    assert pairing.pair_propensity == pytest.approx(1 / 3)
    assert pairing.side_propensity == 0.5
    assert 0 <= pairing.seed < 2**63
    assert (pairing.attempt, pairing.redraw_of, pairing.policy.number) == (1, None, 1)


def test_every_stored_pairing_can_be_drawn_again(arena: Arena) -> None:
    for n, version in enumerate(make_versions(arena, "abcdefg")):
        version.system.weight = 0.1 + n * 1.7
        version.system.save()
    for _ in range(60):
        draw_pairing(arena, PROMPT)
    assert len({pairing.seed for pairing in Pairing.objects.all()}) == 60
    assert all(verify_pairing(pairing) for pairing in Pairing.objects.all())


@pytest.mark.parametrize("field", ["seed", "pair_propensity", "side_propensity", "pool", "left_id"])
def test_a_pairing_that_was_tampered_with_does_not_verify(arena: Arena, field: str) -> None:
    versions = make_versions(arena, "abcdefgh")
    pairing = draw_pairing(arena, PROMPT)
    other = next(version.id for version in versions if version.id not in (pairing.left_id, pairing.right_id))
    heavier = [[version_id, weight * (1 + n)] for n, (version_id, weight) in enumerate(pairing.pool)]
    # Another seed may draw the same pair by chance, so one is searched for that does not.
    drawn = {seed: sampler.draw(dict(pairing.pool), dict(pairing.pool), sampler.SeededRng(seed)) for seed in range(50)}
    seed = next(seed for seed, draw in drawn.items() if draw.left != pairing.left_id)
    wrong = {"seed": seed, "pair_propensity": 0.5, "side_propensity": 1.0, "pool": heavier, "left_id": other}
    assert verify_pairing(pairing)
    setattr(pairing, field, wrong[field])
    assert not verify_pairing(pairing)


def test_weights_steer_how_often_systems_meet(arena: Arena) -> None:
    settled(arena)
    heavy, *_light = make_versions(arena, "abcd")
    heavy.system.weight = 9.0
    heavy.system.save()
    drawn = Counter(heavy.id in (p.left_id, p.right_id) for p in (draw_pairing(arena, PROMPT) for _ in range(60)))
    assert drawn[True] > 40  # 27 of 30 expected; under equal weights 15


def test_a_new_system_is_drawn_more_often_until_it_is_known(arena: Arena) -> None:
    SamplingPolicy.objects.create(arena=arena, number=1, options={"new_system_boost": 3.0, "new_system_battles": 2})
    old = make_versions(arena, "abc")
    for version in old:
        DrawCount.objects.create(system=version.system, behaviour=version.behaviour, draws=2)
    new = make_version(arena, "new")
    weights = [dict(draw_pairing(arena, PROMPT).pool)[new.id]]
    while weights[-1] > 1.0:
        weights.append(dict(draw_pairing(arena, PROMPT).pool)[new.id])
    assert sorted(set(weights), reverse=True) == [3.0, 2.0, 1.0]
    assert all(later <= earlier for earlier, later in pairwise(weights))
    assert DrawCount.objects.get(system=new.system).draws == 2


def test_draws_among_known_systems_write_no_shared_row(arena: Arena, django_assert_num_queries: object) -> None:
    for version in make_versions(arena, "abc"):
        DrawCount.objects.create(system=version.system, behaviour=version.behaviour, draws=100)
    draw_pairing(arena, PROMPT)
    # The pool (of this test's stand-in), the policy, the counts; the insert in its savepoint.
    with django_assert_num_queries(6):  # type: ignore[operator]
        draw_pairing(arena, PROMPT)
    assert set(DrawCount.objects.values_list("draws", flat=True)) == {100}


def test_a_changed_price_is_no_new_system(arena: Arena) -> None:
    make_versions(arena, "ab")
    first = make_version(arena, "same", behaviour="fingerprint")
    DrawCount.objects.create(system=first.system, behaviour="fingerprint", draws=100)
    SystemVersion.objects.filter(id=first.id).update(retired_at=first.created_at)
    second = make_version(arena, "same", number=2, behaviour="fingerprint")
    assert dict(draw_pairing(arena, PROMPT).pool)[second.id] == 1.0


def test_a_redraw_names_what_it_replaces_and_leaves_out_the_failed(arena: Arena) -> None:
    make_versions(arena, "abcd")
    first = draw_pairing(arena, PROMPT)
    second = draw_pairing(arena, PROMPT, redraw_of=first, exclude=frozenset({first.left_id}))
    assert (second.redraw_of, second.attempt) == (first, 2)
    assert first.left_id not in dict(second.pool)
    assert verify_pairing(second)


def test_a_pairing_is_replaced_once(arena: Arena) -> None:
    make_versions(arena, "abc")
    first = draw_pairing(arena, PROMPT)
    draw_pairing(arena, PROMPT, redraw_of=first)
    counted = sorted(DrawCount.objects.values_list("system_id", "draws"))
    with pytest.raises(IntegrityError), transaction.atomic():
        draw_pairing(arena, PROMPT, redraw_of=first)
    assert sorted(DrawCount.objects.values_list("system_id", "draws")) == counted


@pytest.mark.parametrize("names", ["", "a"])
def test_fewer_than_two_systems_make_no_pair(arena: Arena, names: str) -> None:
    make_versions(arena, names)
    with pytest.raises(NoPair) as caught:
        draw_pairing(arena, PROMPT)
    assert caught.value.code == "no_systems"
    assert not Pairing.objects.exists()


def test_systems_that_cannot_do_what_is_needed_are_not_in_the_pool(arena: Arena) -> None:
    speakers = make_versions(arena, "abc")
    SystemVersion.objects.filter(id=speakers[0].id).update(signature={"languages": ["en"]})
    pairing = draw_pairing(arena, PROMPT, requirement={"language": "fr"})
    assert set(dict(pairing.pool)) == {speakers[1].id, speakers[2].id}


def test_systems_that_can_in_part_fill_a_pool_that_is_too_small(arena: Arena) -> None:
    versions = make_versions(arena, "abc")
    for version, languages in zip(versions, (["fr-CA"], ["fr"], ["en"]), strict=True):
        SystemVersion.objects.filter(id=version.id).update(signature={"languages": languages})
    pairing = draw_pairing(arena, PROMPT, requirement={"language": "fr-CA"})
    assert set(dict(pairing.pool)) == {versions[0].id, versions[1].id}
    with pytest.raises(NoPair) as caught:
        draw_pairing(arena, PROMPT, requirement={"language": "de"})
    assert caught.value.code == "no_pair"


def test_systems_of_another_arena_are_not_in_the_pool(arena: Arena) -> None:
    make_versions(make_arena("other"), "xyz")
    mine = make_versions(arena, "ab")
    assert set(dict(draw_pairing(arena, PROMPT).pool)) == {version.id for version in mine}


def test_the_newest_policy_of_the_arena_counts(arena: Arena) -> None:
    make_versions(arena, "ab")
    SamplingPolicy.objects.create(arena=make_arena("other"), number=7)
    assert draw_pairing(arena, PROMPT).policy.number == 1
    newest = SamplingPolicy.objects.create(arena=arena, number=2, options={})
    pairing = draw_pairing(arena, PROMPT)
    assert pairing.policy == newest
    assert {weight for _id, weight in pairing.pool} == {1.0}


@pytest.mark.django_db(transaction=True)
def test_first_draws_at_the_same_time_share_one_policy_and_lose_no_count() -> None:
    arena = make_arena()
    make_versions(arena, "ab")
    errors: list[BaseException] = []
    start = threading.Barrier(6)

    def drawing() -> None:
        try:
            start.wait(10)
            for _ in range(4):
                draw_pairing(arena, PROMPT)
        except Exception as error:  # noqa: BLE001 - handed to the main thread
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=drawing) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert SamplingPolicy.objects.count() == 1
    assert set(DrawCount.objects.values_list("draws", flat=True)) == {24}
    assert all(verify_pairing(pairing) for pairing in Pairing.objects.all())
