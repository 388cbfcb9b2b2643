"""How long to wait before a failed generation is tried again. Pure."""

import random
from typing import Final

from arena.systems.backends.base import BackendError, RateLimited, RetryableError

FIRST_S: Final = 0.5
LONGEST_S: Final = 20.0


def backoff_s(error: BackendError, attempt: int, rng: random.Random | None = None) -> float | None:
    """Seconds to wait after failed attempt number `attempt` (1 for the first); None when retrying is pointless.

    Exponential with full jitter (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015). A backend
    that names its own delay is obeyed; if that is longer than a visitor waits (`LONGEST_S`), the answer is None.
    """
    if not isinstance(error, RetryableError):
        return None
    asked_s = error.retry_after_s if isinstance(error, RateLimited) else None
    if asked_s is not None and asked_s > LONGEST_S:
        return None
    ceiling_s = min(LONGEST_S, FIRST_S * 2.0 ** (max(1, attempt) - 1))
    return max(asked_s or 0.0, (rng or random).uniform(0.0, ceiling_s))
