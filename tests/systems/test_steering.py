"""Budget and breaker take a version out of the pool and let it in again, also when many draws come at once."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from arena.systems import steering, usage
from arena.systems.models import Health, Reservation, SystemEvent, SystemVersion, Usage
from arena.systems.usage import CallResult, Charge
from tests.ballots import make_arena, make_version

pytestmark = pytest.mark.django_db
#: For what many connections do, or one outside of a transaction.
COMMITTED = pytest.mark.django_db(transaction=True)
CENT = Decimal("0.01")


@pytest.fixture
def version() -> SystemVersion:
    version = make_version(make_arena(), "ada")
    version.system.daily_budget_usd = Decimal("0.10")
    version.system.save()
    return version


def ended(version: SystemVersion, *error_classes: str, **facts: object) -> None:
    for error_class in error_classes:
        with transaction.atomic():
            usage.record([CallResult(version.pk, error_class, **facts)])


def is_out(version: SystemVersion, cost: Decimal = CENT) -> bool:
    return version.pk in steering.unavailable({version: cost})


def at_once(n: int, work: Callable[[int], None]) -> None:
    """Run `work(0)` … `work(n - 1)` at the same moment, each with its own connection."""
    barrier, errors = threading.Barrier(n), []

    def run(k: int) -> None:
        try:
            barrier.wait(30)
            work(k)
        except BaseException as error:  # noqa: BLE001 - the test shows it
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(k,)) for k in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


def test_calls_are_counted_by_hour_and_outcome(version: SystemVersion) -> None:
    ended(version, "", "", ttft_s=0.2, latency_s=2.0, input_tokens=3, output_tokens=5, charge=Charge(CENT))
    ended(version, "TimedOut")
    answers = Usage.objects.get(outcome="")
    assert (answers.calls, answers.input_tokens, answers.output_tokens, answers.cost_usd) == (2, 6, 10, 2 * CENT)
    assert (sum(answers.ttft_counts), sum(answers.latency_counts)) == (2, 2)
    assert answers.hour == answers.hour.replace(minute=0, second=0, microsecond=0)
    assert Usage.objects.get(outcome="TimedOut").calls == 1


@COMMITTED
def test_no_call_is_lost_or_doubled_when_many_end_at_once(version: SystemVersion) -> None:
    other = make_version(version.system.arena, "bea")

    def end(k: int) -> None:
        pair = [CallResult(one.pk, "", latency_s=0.5, charge=Charge(CENT)) for one in (version, other)]
        for _ in range(5):
            with transaction.atomic():
                usage.record(pair if k % 2 else pair[::-1])

    at_once(8, end)
    for one in (version, other):
        row = Usage.objects.get(version=one)
        assert (row.calls, sum(row.latency_counts), row.cost_usd) == (40, 40, 40 * CENT)


@COMMITTED
def test_counting_belongs_into_the_transaction_of_its_cause(version: SystemVersion) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        usage.record([CallResult(version.pk)])


def test_failures_open_the_breaker_and_the_pause_lets_one_probe_in(version: SystemVersion) -> None:
    ended(version, *["ServerFailed"] * 4)
    assert not is_out(version)
    ended(version, "TimedOut")
    assert is_out(version)
    health = Health.objects.get(version=version)
    assert (health.last_error_class, health.last_answer_at) == ("TimedOut", None)
    Health.objects.update(retry_at=Now())
    assert not is_out(version)
    with transaction.atomic():
        assert steering.take({version: CENT}, "turn-1") == frozenset()
    assert is_out(version)
    ended(version, "")
    assert not is_out(version)
    assert Health.objects.get(version=version).state == "closed"


@COMMITTED
def test_of_many_draws_at_once_exactly_one_gets_the_probe(version: SystemVersion) -> None:
    ended(version, *["ServerFailed"] * 5)
    Health.objects.update(retry_at=Now())
    got: list[int] = []

    def draw(k: int) -> None:
        with transaction.atomic():
            if not steering.take({version: CENT}, f"turn-{k}"):
                got.append(k)

    at_once(8, draw)
    assert len(got) == 1
    assert Reservation.objects.count() == 1


def test_a_probe_that_told_nothing_may_be_made_again(version: SystemVersion) -> None:
    ended(version, *["ServerFailed"] * 5)
    Health.objects.update(retry_at=Now())
    with transaction.atomic():
        steering.take({version: CENT}, "turn-1")
    usage.forgo_probes([version.pk])
    assert not is_out(version)


@COMMITTED
def test_failures_that_end_at_once_open_the_breaker_once(version: SystemVersion) -> None:
    at_once(8, lambda _k: ended(version, "ServerFailed"))
    health = Health.objects.get(version=version)
    assert (health.state, health.openings) == ("open", 1)


def test_an_operators_test_prompt_costs_money_and_steers_nothing(version: SystemVersion) -> None:
    ended(version, *["ServerFailed"] * 9, steers=False, charge=Charge(CENT))
    assert Usage.objects.get().cost_usd == 9 * CENT
    assert not Health.objects.exists()


@COMMITTED
def test_parallel_draws_together_reserve_no_more_than_the_budget(version: SystemVersion) -> None:
    got: list[int] = []

    def draw(k: int) -> None:
        with transaction.atomic():
            if not steering.take({version: 3 * CENT}, f"turn-{k}"):
                got.append(k)

    at_once(10, draw)
    assert len(got) == 3
    assert steering.reserved_usd([version.pk]) == {version.pk: 9 * CENT}


def test_a_budget_is_spent_by_what_ended_today_and_kept_free_for_what_runs(version: SystemVersion) -> None:
    ended(version, "", charge=Charge(4 * CENT))
    with transaction.atomic():
        steering.take({version: 5 * CENT}, "turn-1")
    assert not is_out(version, CENT)
    assert is_out(version, 2 * CENT)
    steering.release("turn-1")
    assert not is_out(version, 6 * CENT)
    assert is_out(version, 7 * CENT)


def test_yesterdays_spending_is_forgotten_at_midnight_utc(version: SystemVersion) -> None:
    ended(version, "", charge=Charge(10 * CENT))
    assert is_out(version)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    Usage.objects.update(hour=midnight - timedelta(hours=1))
    assert not is_out(version)
    Usage.objects.update(hour=midnight)
    assert is_out(version)


def test_a_pair_is_taken_whole_or_not_at_all(version: SystemVersion) -> None:
    other = make_version(version.system.arena, "bea")
    with transaction.atomic():
        assert steering.take({other: CENT, version: Decimal(1)}, "turn-1") == {version.pk}
    assert not Reservation.objects.exists()


def test_a_reservation_whose_holder_vanished_ends_by_itself(version: SystemVersion) -> None:
    with transaction.atomic():
        steering.take({version: 10 * CENT}, "turn-1")
    assert is_out(version)
    Reservation.objects.update(expires_at=Now() - timedelta(seconds=1))
    assert not is_out(version)
    assert steering.purge_reservations() == 1


def test_a_free_system_never_runs_out_and_no_budget_is_no_limit(version: SystemVersion) -> None:
    ended(version, "", charge=Charge(Decimal(1)))
    assert is_out(version)
    assert not is_out(version, Decimal(0))
    version.system.daily_budget_usd = None
    assert not is_out(version, Decimal(1000))


def test_the_sites_budget_counts_where_a_system_has_none(version: SystemVersion, settings: object) -> None:
    version.system.daily_budget_usd = None
    settings.ARENA_DAILY_BUDGET_USD = Decimal("0.005")
    assert is_out(version)
    version.system.daily_budget_usd = Decimal(0)
    settings.ARENA_DAILY_BUDGET_USD = None
    assert is_out(version)


def test_pause_and_resume_happen_once_and_leave_an_event(version: SystemVersion) -> None:
    assert [steering.pause(version.system), steering.pause(version.system)] == [True, False]
    assert [steering.resume(version.system), steering.resume(version.system)] == [True, False]
    assert list(SystemEvent.objects.order_by("id").values_list("kind", flat=True)) == ["paused", "resumed"]


def test_an_operator_closes_a_breaker(version: SystemVersion) -> None:
    ended(version, *["ServerFailed"] * 5)
    assert steering.close_breaker(version)
    assert not is_out(version)
    assert not steering.close_breaker(version)
