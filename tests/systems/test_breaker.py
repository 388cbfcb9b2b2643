"""The circuit breaker opens after too many failures, lets one probe through after a pause, and closes on an answer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.systems.breaker import (
    ANSWERED,
    FAILED,
    LONGEST_PAUSE_S,
    Breaker,
    BreakerState,
    Rules,
    admits,
    after,
    probed,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
RULES = Rules(failures=5, calls=10, pause_s=60)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def fed(outcomes: str, rules: Rules = RULES) -> Breaker:
    breaker = Breaker()
    for outcome in outcomes:
        breaker = after(breaker, outcome, NOW, rules)
    return breaker


OPENED = fed("-----")


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ("----", BreakerState.CLOSED),
        ("-----", BreakerState.OPEN),
        ("-+-+-+-+-", BreakerState.OPEN),
        ("-+-+-+-++-", BreakerState.OPEN),
        ("----" + "+" * 7 + "-", BreakerState.CLOSED),
        ("+" * 50, BreakerState.CLOSED),
    ],
)
def test_it_opens_at_the_fifth_failure_of_the_last_ten_calls(outcomes: str, state: BreakerState) -> None:
    assert fed(outcomes).state is state


def test_an_open_one_admits_nobody_before_the_pause_is_over() -> None:
    assert not admits(OPENED, later(59), RULES)
    assert admits(OPENED, later(60), RULES)


def test_one_probe_at_a_time_and_a_lost_one_blocks_only_until_its_lease_ends() -> None:
    half = probed(OPENED, later(60), lease_s=600)
    assert half.state is BreakerState.HALF_OPEN
    assert not admits(half, later(61), RULES)
    assert admits(half, later(661), RULES)


def test_a_probe_that_answers_closes_it_and_one_that_fails_doubles_the_pause() -> None:
    half = probed(OPENED, later(60), lease_s=600)
    assert after(half, ANSWERED, later(65), RULES) == Breaker(recent=ANSWERED)
    again = after(half, FAILED, later(65), RULES)
    assert (again.state, again.retry_at) == (BreakerState.OPEN, later(65 + 120))


def test_what_ends_during_the_pause_changes_nothing() -> None:
    assert after(OPENED, ANSWERED, later(30), RULES) == OPENED
    assert after(OPENED, FAILED, later(30), RULES) == OPENED


def test_switched_off_it_never_opens_and_an_open_one_admits() -> None:
    off = Rules(failures=0)
    assert fed("-" * 50, off).state is BreakerState.CLOSED
    assert admits(OPENED, NOW, off)
    assert after(OPENED, FAILED, NOW, off) == Breaker()


STEPS = st.lists(st.tuples(st.sampled_from([ANSWERED, FAILED, "probe"]), st.floats(0, 4000)), max_size=60)


@given(STEPS)
def test_whatever_happens_it_is_never_stuck_and_remembers_little(steps: list[tuple[str, float]]) -> None:
    breaker, now = Breaker(), NOW
    for step, wait_s in steps:
        now += timedelta(seconds=wait_s)
        if step == "probe":
            breaker = probed(breaker, now, lease_s=600) if admits(breaker, now, RULES) else breaker
        else:
            breaker = after(breaker, step, now, RULES)
        assert len(breaker.recent) <= RULES.calls
        assert (breaker.state is BreakerState.CLOSED) == (breaker.retry_at is None and breaker.probe_until is None)
        # An open one always lets somebody in again, and an answer then always closes it.
        soon = now + timedelta(seconds=LONGEST_PAUSE_S + 600)
        assert admits(breaker, soon, RULES)
        assert after(probed(breaker, soon, 600), ANSWERED, soon, RULES).state is BreakerState.CLOSED


@given(st.text(alphabet="+-", max_size=40))
def test_a_closed_one_has_fewer_failures_than_it_takes_to_open(outcomes: str) -> None:
    breaker = fed(outcomes)
    if breaker.state is BreakerState.CLOSED:
        assert breaker.recent == outcomes[-RULES.calls :]
        assert breaker.recent.count(FAILED) < RULES.failures
    else:
        assert any(outcomes[max(0, end - RULES.calls) : end].count(FAILED) >= 5 for end in range(len(outcomes) + 1))


def test_the_pause_has_an_upper_limit() -> None:
    worn = replace(OPENED, openings=10**6)
    reopened = after(probed(worn, later(60), 600), FAILED, later(60), RULES)
    assert reopened.retry_at == later(60 + LONGEST_PAUSE_S)
