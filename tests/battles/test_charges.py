"""What a turn's calls count against the budget: also those that broke off, and those that nobody could use."""

from dataclasses import replace

import pytest
from django.db.models import F, Sum

from arena.battles import endings, generation, services
from arena.battles.models import Response
from arena.battles.states import SIDES
from arena.battles.work import Output
from arena.systems.backends.base import ConnectFailed, Misconfigured, RateLimited, ServerFailed, TimedOut, Truncated
from arena.systems.backends.openai_chunks import error_of_status
from arena.systems.figures import figures_of
from arena.systems.models import Health, Reservation, System, SystemVersion, Usage
from arena.systems.steering import spent_today_usd
from tests.ballots import make_voter
from tests.battles.turns import PROMPT, outputs, turn_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_finished_turn_counts_both_calls_and_gives_the_reserved_budget_back(battle):
    System.objects.update(daily_budget_usd=1)
    work = generation.claim_turn(turn_of(battle).id)
    assert Reservation.objects.count() == 2
    endings.finish_turn(work, outputs())
    assert not Reservation.objects.exists()
    rows = Usage.objects.order_by("version_id").values_list("outcome", "calls", "input_tokens", "output_tokens")
    assert list(rows) == [("", 1, 10, 20)] * 2
    assert {float(cost) for cost in Usage.objects.values_list("cost_usd", flat=True)} == {50 / 1e6}


def test_tokens_that_a_backend_does_not_tell_are_estimated_for_the_budget(battle):
    work = generation.claim_turn(turn_of(battle).id)
    endings.finish_turn(work, {side: Output("A few words.", "", "stop", 0.1, 1.0, None, None) for side in SIDES})
    assert all(cost > 0 for cost in Usage.objects.values_list("cost_usd", flat=True))
    assert set(Response.objects.values_list("cost_usd", flat=True)) == {None}


def test_failures_are_counted_by_class_and_a_cancelled_side_is_no_failure(battle):
    work = generation.claim_turn(turn_of(battle).id)
    work = endings.restart_side(work, "left", TimedOut("idle"))
    endings.fail_turn(work, {"left": ServerFailed("down")})
    version = work.sides["left"].version.id
    assert sorted(Usage.objects.values_list("version_id", "outcome", "calls")) == [
        (version, "ServerFailed", 1),
        (version, "TimedOut", 1),
    ]


def test_a_call_that_broke_off_is_charged_for_what_it_read_and_had_said_and_the_ledger_says_that_it_guesses(battle):
    work = generation.claim_turn(turn_of(battle).id)
    broke_off = ServerFailed("down")
    broke_off.said, broke_off.status = "Half of an answer.", 500
    endings.fail_turn(work, {"left": broke_off, "right": Truncated("without a word")})
    spent = dict(Usage.objects.values_list("version_id", "cost_usd"))
    assert spent[work.sides["left"].version.id] > spent[work.sides["right"].version.id] > 0
    assert not Usage.objects.exclude(estimated_usd=F("cost_usd")).exists()


@pytest.mark.parametrize(
    "error",
    [ConnectFailed("refused"), TimedOut("connect"), RateLimited(), Misconfigured("no key"), error_of_status(503, "")],
)
def test_a_call_that_the_system_never_began_to_answer_is_free(battle, error):
    work = generation.claim_turn(turn_of(battle).id)
    endings.fail_turn(work, {"left": error})
    assert Usage.objects.get().cost_usd == 0


def test_what_a_side_said_for_nobody_is_charged_and_is_neither_an_answer_nor_a_failure(battle):
    work = generation.claim_turn(turn_of(battle).id)
    unused = Output("Half of an answer.", "", "", 0.1, 0.5, None, None)
    endings.fail_turn(work, {"left": Truncated("cut")}, {"right": unused})
    version = work.sides["right"].version
    row = Usage.objects.get(version=version)
    assert (row.outcome, row.cost_usd > 0, row.estimated_usd == row.cost_usd) == ("unused", True, True)
    figures = figures_of([version])[version.id]
    assert (figures.calls, figures.failures, figures.spent_30_days_usd) == (0, {}, row.cost_usd)
    assert figures.estimated_30_days_usd == row.cost_usd
    assert not Health.objects.filter(version=version).exists()


def test_tokens_that_a_backend_tells_are_no_estimate(battle):
    endings.finish_turn(generation.claim_turn(turn_of(battle).id), outputs())
    assert set(Usage.objects.values_list("estimated_usd", flat=True)) == {0}


def test_what_came_and_was_stopped_before_it_was_shown_is_charged_too(battle):
    work = generation.claim_turn(turn_of(battle).id)
    shown = Output("A few words.", "", "stopped", 0.1, 1.0, None, None)
    endings.finish_turn(work, {"left": shown, "right": replace(shown, withheld=" And many more.")})
    spent = dict(Usage.objects.values_list("version_id", "cost_usd"))
    assert spent[work.sides["right"].version.id] > spent[work.sides["left"].version.id]


def test_what_a_simulation_makes_up_is_counted_apart_and_costs_nobody(arena):
    for _again in range(2):
        battle = services.start_battle(arena, make_voter(simulated=True), PROMPT, simulated=True)
        generation.complete_simulated(battle, lambda side, _work: outputs()[side])
    assert set(Usage.objects.values_list("outcome", flat=True)) == {"simulated"}
    assert Usage.objects.aggregate(calls=Sum("calls"), tokens=Sum("output_tokens")) == {"calls": 4, "tokens": 80}
    assert all(one > 0 for one in Usage.objects.values_list("cost_usd", flat=True))
    assert not Health.objects.exists()
    versions = list(SystemVersion.objects.all())
    assert set(spent_today_usd([one.pk for one in versions]).values()) <= {0}
    for figures in figures_of(versions).values():
        assert (figures.calls, figures.failures, figures.spent_30_days_usd) == (0, {}, 0)


def test_a_call_whose_worker_was_lost_is_charged_for_its_prompt_by_whoever_takes_over(battle):
    first = generation.claim_turn(turn_of(battle).id)
    generation.release_lease(first)
    second = generation.claim_turn(turn_of(battle).id)
    assert sorted(Usage.objects.values_list("outcome", "calls")) == [("unused", 1), ("unused", 1)]
    assert all(0 < row.cost_usd == row.estimated_usd for row in Usage.objects.all())
    endings.finish_turn(second, outputs())
    assert sorted(Usage.objects.values_list("outcome", "calls")) == [("", 1), ("", 1), ("unused", 1), ("unused", 1)]
