"""Draws are counted once beside their logged probabilities, and nothing that entered an arena can leave it."""

import random
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.rankings.draws import drawn_as_logged, expectation, fair_sides
from arena.rankings.models import DrawMark, DrawSum
from arena.rankings.sampling import count_draws_of
from arena.rankings.services import refresh_board
from arena.rankings.transparency import transparency_of
from arena.router.models import Pairing
from arena.systems.models import System, SystemEvent, SystemVersion
from arena.votes.models import Vote
from arena.votes.outcome import Outcome
from tests.ballots import make_arena, make_pairing, make_version, make_versions, new_pairing, policy_of
from tests.rankings.voting import reveal, vote

Scene = tuple[Arena, list[SystemVersion]]


@pytest.fixture
def scene(db: None) -> Scene:
    arena = make_arena()
    return arena, make_versions(arena, ["Ada", "Bell", "Cray"])


def draw(arena: Arena, versions: list[SystemVersion], n: int, weights: dict[str, float], seed: int = 1) -> None:
    """Draws in proportion to `weights`, logged as if all weights were 1."""
    rng = random.Random(seed)
    pairs = [(a, b) for a in versions for b in versions if a.pk < b.pk]
    chances = [weights.get(a.system.name, 1) * weights.get(b.system.name, 1) for a, b in pairs]
    policy, pool = policy_of(arena), [[version.pk, 1.0] for version in versions]
    drawn = [new_pairing(policy, *rng.sample(pair, 2)) for pair in rng.choices(pairs, chances, k=n)]
    for pairing in drawn:
        pairing.pool = pool
    Pairing.objects.bulk_create(drawn)
    Pairing.objects.update(created_at=Now() - timedelta(minutes=1))


def test_the_expectation_of_a_draw_is_that_of_the_sampler() -> None:
    found = expectation([(7, 1.0), (3, 2.0), (5, 1.0)])
    total = 1 * 2 + 1 * 1 + 2 * 1
    assert found.pair == pytest.approx({(3, 7): 2 / total, (5, 7): 1 / total, (3, 5): 2 / total})
    assert found.single == pytest.approx({7: 3 / total, 3: 4 / total, 5: 3 / total})


def test_the_test_holds_its_level_and_sees_a_sampler_that_cheats() -> None:
    """Pools change from draw to draw; the covariance is exact all the same."""
    rng, n = np.random.default_rng(5), 400
    rejected = 0
    for _run in range(200):
        observed, expected, covariance = np.zeros(4), np.zeros(4), np.zeros((4, 4))
        for size in (3, 4):
            found = expectation([(i, 1.0 + i) for i in range(size)])
            pairs, chances = list(found.pair), list(found.pair.values())
            for k, times in enumerate(rng.multinomial(n, np.array(chances) / sum(chances))):
                for i in pairs[k]:
                    observed[i] += times
            for i in range(size):
                expected[i] += n * found.single[i]
                for j in range(size):
                    both = found.single[i] if i == j else found.pair[min(i, j), max(i, j)]
                    covariance[i, j] += n * (both - found.single[i] * found.single[j])
        test = drawn_as_logged(observed, expected, covariance)
        assert test is not None
        rejected += test.p_value < 0.05
    assert 2 <= rejected <= 20
    assert fair_sides(50, 100) is not None
    assert fair_sides(80, 100).p_value < 1e-6  # type: ignore[union-attr]
    assert fair_sides(0, 0) is None


def test_every_draw_is_counted_once_and_fair_ones_pass(scene: Scene) -> None:
    arena, versions = scene
    draw(arena, versions, 120, {})
    assert [count_draws_of(arena.id), count_draws_of(arena.id)] == [120, 0]
    draw(arena, versions, 30, {}, seed=2)
    assert count_draws_of(arena.id) == 30
    assert DrawMark.objects.get().draws == 150
    own = DrawSum.objects.filter(first=versions[0], second=versions[0]).get()
    assert own.expected == pytest.approx(150 * 2 / 3)
    found = transparency_of(arena)
    assert sum(entry.draws for entry in found.entries) == 300
    assert found.sampling is not None
    assert found.sampling.degrees == 2
    assert found.sampling.p_value > 0.001
    assert sum(provider.share or 0 for provider in found.providers) == pytest.approx(1)


def test_draws_that_are_not_as_logged_are_seen(scene: Scene) -> None:
    arena, versions = scene
    draw(arena, versions, 200, {"Ada": 4})
    count_draws_of(arena.id)
    found = transparency_of(arena).sampling
    assert found is not None
    assert found.p_value < 1e-6


def test_a_draw_in_flight_is_left_for_the_next_time(scene: Scene) -> None:
    arena, (ada, bell, _cray) = scene
    make_pairing(arena, ada, bell)
    assert count_draws_of(arena.id) == 0


def test_the_report_names_every_version_and_every_pause(scene: Scene) -> None:
    arena, (ada, bell, _cray) = scene
    reveal(vote(arena, ada, bell, Outcome.LEFT), "left")
    vote(arena, bell, ada, Outcome.TIE)
    refresh_board(arena.id)
    SystemVersion.objects.filter(id=ada.id).update(retired_at=Now())
    make_version(arena, "Ada", number=2)
    System.objects.filter(id=bell.system_id).update(is_paused=True)
    SystemEvent.objects.create(system=bell.system, kind="paused")
    found = transparency_of(arena)
    assert [(one.system, one.version, one.votes, one.is_paused) for one in found.entries] == [
        ("Ada", 1, 1, False),
        ("Ada", 2, 0, False),
        ("Bell", 1, 1, True),
        ("Cray", 1, 0, False),
    ]
    assert found.entries[0].retired_at is not None
    assert [event.kind for event in found.entries[2].events] == ["paused"]
    assert (found.votes, found.counted, found.excluded) == (2, 1, {"identity_revealed": 1})


def test_the_report_costs_the_same_for_any_number_of_systems(scene: Scene, django_assert_num_queries: object) -> None:
    arena, _versions = scene
    make_versions(arena, [f"System {n}" for n in range(20)])
    with django_assert_num_queries(6):  # type: ignore[operator]
        assert len(transparency_of(arena).entries) == 23


def test_no_entry_can_be_deleted(scene: Scene) -> None:
    """Not by the ORM, and not by SQL either."""
    arena, (ada, bell, _cray) = scene
    vote(arena, ada, bell, Outcome.LEFT)
    refresh_board(arena.id)
    for rows in (SystemVersion.objects.filter(id=ada.id), System.objects.filter(id=ada.system_id)):
        with pytest.raises(ProtectedError):
            rows.delete()
        with pytest.raises(IntegrityError):
            delete_by_sql(rows)


def test_no_vote_and_no_pause_can_be_deleted_or_a_pause_moved(scene: Scene) -> None:
    """Neither a vote that nothing points to, nor what says when a system was away."""
    arena, (ada, bell, _cray) = scene
    vote(arena, ada, bell, Outcome.LEFT)
    SystemEvent.objects.create(system=bell.system, kind="paused")
    for rows in (Vote.objects.all(), SystemEvent.objects.filter(kind="paused")):
        assert rows.exists()
        with pytest.raises(IntegrityError, match="is never"):
            delete_by_sql(rows)
        assert rows.exists()
    with pytest.raises(IntegrityError, match="is never"), transaction.atomic():
        SystemEvent.objects.update(created_at=Now() - timedelta(days=1))


def delete_by_sql(rows: QuerySet[Any]) -> None:
    with transaction.atomic():
        rows._raw_delete(rows.db)
        transaction.get_connection().check_constraints()
