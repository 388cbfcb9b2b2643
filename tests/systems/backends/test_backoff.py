"""How long to wait before another attempt."""

import random

import pytest

from arena.systems.backends.backoff import FIRST_S, LONGEST_S, backoff_s
from arena.systems.backends.base import (
    BackendError,
    BadResponse,
    ConnectFailed,
    Misconfigured,
    NothingSaid,
    RateLimited,
    RetryableError,
    ServerFailed,
    TimedOut,
    Truncated,
)


@pytest.mark.parametrize("error", [BadResponse("x"), Misconfigured("x"), NothingSaid("x")])
def test_a_permanent_error_is_not_tried_again(error: BackendError) -> None:
    assert backoff_s(error, 1) is None


@pytest.mark.parametrize("error", [ConnectFailed("x"), TimedOut("idle"), ServerFailed("x"), Truncated("x")])
def test_the_pause_grows_and_stays_bounded(error: RetryableError) -> None:
    rng = random.Random(1)
    for attempt in range(1, 12):
        pauses = [backoff_s(error, attempt, rng) for _n in range(200)]
        ceiling = min(LONGEST_S, FIRST_S * 2 ** (attempt - 1))
        assert all(0 <= pause <= ceiling for pause in pauses)
        assert max(pauses) > ceiling * 0.9


def test_a_named_delay_is_obeyed() -> None:
    assert backoff_s(RateLimited(3.0), 1) >= 3.0
    assert backoff_s(RateLimited(None), 1) <= FIRST_S


def test_a_delay_longer_than_anybody_waits_is_no_retry() -> None:
    assert backoff_s(RateLimited(LONGEST_S + 1), 1) is None
