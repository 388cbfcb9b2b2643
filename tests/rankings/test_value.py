"""What answers cost and how fast they come, from counters."""

from typing import Any

import pytest
from django.utils import timezone

from arena.media.errors import BY_NAME
from arena.rankings.selectors import leaderboard
from arena.rankings.services import refresh_board
from arena.rankings.value import FAILURES, OTHER_FAILURE, values_of
from arena.systems import buckets
from arena.systems.backends.base import BackendError
from arena.systems.models import SystemVersion, Usage
from arena.systems.usage import SIMULATED, UNUSED
from arena.votes.outcome import Outcome
from arena.web import messages
from tests.ballots import make_arena, make_versions
from tests.rankings.voting import vote
from tests.usages import used


def test_costs_speed_and_failures_stand_beside_the_score(db: None, django_assert_num_queries: Any) -> None:
    arena = make_arena()
    ada, bell, cray, dijk = make_versions(arena, ["Ada", "Bell", "Cray", "Dijk"])
    for left, right in ((ada, bell), (bell, cray), (cray, dijk), (ada, cray), (ada, dijk)):
        for outcome in (Outcome.LEFT, Outcome.LEFT, Outcome.LEFT, Outcome.RIGHT):
            vote(arena, left, right, outcome)
    refresh_board(arena.id)
    SystemVersion.objects.filter(id=ada.id).update(energy_wh_per_mtok=5000)
    used(ada, 10, 1.0, 2.0, failed=10)
    used(bell, 10, 2.0, 4.0)
    used(cray, 10, 0.1, 4.0)
    used(cray, 1000, 99.0, 200.0, days=8)
    arena.listed_from_votes = 0
    board = leaderboard(arena)
    with django_assert_num_queries(5):
        values = values_of(arena, board)
    assert [one.system for one in values] == [row.system for row in board.rows] == ["Ada", "Bell", "Cray", "Dijk"]
    first, second, third, fourth = values
    assert (first.calls, first.availability, first.output_tokens) == (20, 0.5, 100)
    assert first.cost_per_answer_usd == pytest.approx(0.1)
    assert first.win_share == 0.75
    assert (first.energy_wh, second.energy_wh) == (0.5, None)
    assert first.cost_per_win_usd == pytest.approx(0.1 / 0.75)
    assert first.latency_p50_s == pytest.approx(2.0, rel=0.25)
    assert third.cost_per_answer_usd == pytest.approx(0.01)
    assert [one.on_cost_front for one in values] == [True, False, True, False]
    assert [one.on_speed_front for one in values] == [True, False, False, False]
    assert (fourth.calls, fourth.availability, fourth.cost_per_win_usd, fourth.latency_p95_s) == (0, None, None, None)
    assert second.availability == 1
    assert (first.failures, second.failures) == ({"TimedOut": 10}, {})
    arena.listed_from_votes = 1000
    assert not any(one.on_cost_front or one.on_speed_front for one in values_of(arena, leaderboard(arena)))


def test_failures_are_told_by_class_the_most_frequent_first_and_never_in_other_words(db: None) -> None:
    arena = make_arena()
    ada, _bell = make_versions(arena, ["Ada", "Bell"])
    empty, hour = buckets.empty(), timezone.now().replace(minute=0, second=0, microsecond=0)
    for outcome, calls in (("TimedOut", 2), ("RateLimited", 5), ("sk-secret said no", 1), ("", 4), (UNUSED, 9)):
        Usage.objects.create(
            version=ada, hour=hour, outcome=outcome, calls=calls, ttft_counts=empty, latency_counts=empty
        )
    first, second = values_of(arena, leaderboard(arena))
    assert list(first.failures.items()) == [("RateLimited", 5), ("TimedOut", 2), ("Other", 1)]
    assert (first.calls, first.availability, second.failures) == (12, pytest.approx(1 / 3), {})


def test_every_class_of_failure_has_words_and_is_told_by_its_name() -> None:
    kinds = {kind.__name__ for kind in _classes(BackendError) if not _classes(kind)}
    assert kinds | set(BY_NAME) == FAILURES == set(messages.FAILURES) - {OTHER_FAILURE}


def _classes(kind: type[BackendError]) -> set[type[BackendError]]:
    """Below a class, of the arena itself."""
    own = {one for one in kind.__subclasses__() if one.__module__.startswith("arena.")}
    return own.union(*map(_classes, own))


@pytest.mark.parametrize("demo", [True, False])
def test_what_a_simulation_made_up_is_told_in_a_demo_arena_only_and_said_to_be_made_up(db: None, demo: bool) -> None:
    arena = make_arena(demo=demo)
    ada, bell = make_versions(arena, ["Ada", "Bell"])
    for outcome in (Outcome.LEFT, Outcome.RIGHT):
        vote(arena, ada, bell, outcome)
    refresh_board(arena.id)
    used(ada, 10, 1.0, 2.0)
    used(ada, 30, 9.0, 20.0, outcome=SIMULATED)
    found = {one.system: one for one in values_of(arena, leaderboard(arena))}["Ada"]
    assert (found.calls, found.simulated, found.availability) == ((40, 30, 1.0) if demo else (10, 0, 1.0))
    assert found.cost_per_answer_usd == pytest.approx(10.0 / 40 if demo else 0.1)
    assert found.latency_p50_s == pytest.approx(20.0 if demo else 2.0, rel=0.25)
