"""What one vote costs in CPU, part by part: each part alone, in one thread, without a server or a client.

Run as a process of its own beside a running arena: `python -m tests.bench.vote_parts COOKIE BATTLE…`; prints JSON,
milliseconds per vote. The parts are the very functions that the endpoint calls.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any, TypeVar
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.config.settings")

import django

django.setup()

from django.test import RequestFactory  # noqa: E402

from arena.api.rendering import rendered_battle  # noqa: E402
from arena.integrity.identity import browser_actor  # noqa: E402
from arena.integrity.services import admit  # noqa: E402
from arena.votes.outcome import Outcome  # noqa: E402
from arena.votes.services import cast_vote  # noqa: E402

T = TypeVar("T")


class Costs:
    """Thread CPU of each part, in milliseconds, per call."""

    def __init__(self) -> None:
        self.parts: dict[str, list[float]] = {}

    def of(self, part: str, work: Callable[[], T]) -> T:
        """Run a part and note its cost."""
        started = time.thread_time()
        done = work()
        self.parts.setdefault(part, []).append((time.thread_time() - started) * 1000)
        return done


def vote(costs: Costs, request: Any, battle_id: UUID) -> None:
    """One vote, as the endpoint does it."""
    actor = costs.of("identity", lambda: browser_actor(request))
    costs.of("admit", lambda: admit("vote", actor))
    cast = costs.of("vote_transaction", lambda: cast_vote(battle_id, actor.voter, Outcome.LEFT))
    costs.of("answer", lambda: rendered_battle(cast.battle, 201, cast.vote))


def main(cookie: str, *battles: str) -> None:
    """Vote on each battle; the first tenth warms up."""
    request = RequestFactory().post("/", HTTP_COOKIE=cookie)
    warm, costs = Costs(), Costs()
    for n, battle in enumerate(battles):
        vote(costs if n > len(battles) // 10 else warm, request, UUID(battle))
    sys.stdout.write(json.dumps({part: round(median(spent), 2) for part, spent in costs.parts.items()}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
