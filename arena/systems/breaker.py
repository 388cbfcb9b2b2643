"""The circuit breaker of one system version, as a state machine. Pure: the clock is an argument, the store elsewhere.

    closed ──too many failures──▶ open ──pause over, one probe is drawn──▶ half open ──success──▶ closed
                                   ▲                                           │
                                   └──────────────failure, longer pause────────┘

M. Nygard, "Release It!", 2nd ed. 2018, ch. 5. A probe whose worker died blocks nothing: it counts until `probe_until`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

ANSWERED: Final = "+"
FAILED: Final = "-"
#: Every opening in a row doubles the pause, up to this.
LONGEST_PAUSE_S: Final = 3600.0
_MOST_DOUBLINGS: Final = 20


class BreakerState(StrEnum):
    """Whether a version may be drawn."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Rules:
    """Opens after `failures` of the last `calls`, for `pause_s`. `failures` 0: never."""

    failures: int = 5
    calls: int = 10
    pause_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """One breaker. `recent`: the last calls, oldest first; `openings`: how often in a row it opened."""

    state: BreakerState = BreakerState.CLOSED
    recent: str = ""
    openings: int = 0
    retry_at: datetime | None = None
    probe_until: datetime | None = None


def admits(breaker: Breaker, now: datetime, rules: Rules) -> bool:
    """Whether a call may begin: closed, or the pause is over and no probe is on its way."""
    if breaker.state is BreakerState.CLOSED or not rules.failures:
        return True
    pause_over = breaker.retry_at is None or breaker.retry_at <= now
    return pause_over and (breaker.probe_until is None or breaker.probe_until <= now)


def probed(breaker: Breaker, now: datetime, lease_s: float) -> Breaker:
    """The breaker while its probe is on its way; a closed one needs none and stays as it is."""
    if breaker.state is BreakerState.CLOSED:
        return breaker
    return replace(breaker, state=BreakerState.HALF_OPEN, probe_until=now + timedelta(seconds=lease_s))


def after(breaker: Breaker, outcome: str, now: datetime, rules: Rules) -> Breaker:
    """The breaker after a call that ended as `ANSWERED` or `FAILED`.

    Calls that had begun before it opened may end during the pause; they change nothing.
    """
    if not rules.failures:
        return Breaker()
    if breaker.state is BreakerState.OPEN and not admits(breaker, now, rules):
        return breaker
    if breaker.state is not BreakerState.CLOSED:
        return Breaker(recent=ANSWERED) if outcome == ANSWERED else _opened(breaker, now, rules)
    recent = (breaker.recent + outcome)[-rules.calls :]
    followed = replace(breaker, recent=recent)
    return _opened(followed, now, rules) if recent.count(FAILED) >= rules.failures else followed


def _opened(breaker: Breaker, now: datetime, rules: Rules) -> Breaker:
    doublings = min(breaker.openings, _MOST_DOUBLINGS)
    pause_s = min(rules.pause_s * 2**doublings, max(LONGEST_PAUSE_S, rules.pause_s))
    return Breaker(BreakerState.OPEN, "", breaker.openings + 1, now + timedelta(seconds=pause_s))
