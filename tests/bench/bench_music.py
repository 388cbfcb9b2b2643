"""Sixty battles of music by a whole stack: what their visitors receive before the vote, and how long they wait.

The demo's systems compose five seconds each, with a canary in every name, organisation, licence and label. Every byte
of pages, JSON, frames of sockets, headers and clips is kept and searched; headers, sizes, lengths, heads of frames and
keys of both sides are compared. The search is shown to find: the page of all systems holds the canaries. Battles of
suggested prompts are there before anybody asks: from the submit until both clips are with the visitor, they take at
most two seconds.

    make bench-music [BATTLES=60]
"""

import json
import os
import statistics
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from tests.environment import prepare
from tests.leaks.canaries import Canaries
from tests.media.blind_battles import BlindBattle, blind_battle, planted, wait_for_the_pool
from tests.stack import Stack, Visitor, running_stack

BATTLES: Final = int(os.environ.get("BATTLES", "60"))
VISITORS: Final = 4
PROMPTS: Final = ("A calm waltz, 5 seconds", "A gentle song about the sea with vocals, 5 s")
SUGGESTED: Final = ("A fast march, 5 seconds", "A slow choral song, 5 s", "Happy folk tune, 6 s")
MOST_PREFETCHED_S: Final = 2.0
POOL_S: Final = 300


def _battles(stack: Stack, canaries: Canaries) -> list[BlindBattle]:
    prompts = [PROMPTS[number % len(PROMPTS)] for number in range(BATTLES)]
    with ThreadPoolExecutor(VISITORS) as visitors:
        return list(visitors.map(lambda prompt: blind_battle(stack, canaries, prompt, {"duration_s": 5}), prompts))


def _figures(stack: Stack, canaries: Canaries) -> dict[str, Any]:
    made = _battles(stack, canaries)
    wait_for_the_pool(stack, len(SUGGESTED), POOL_S)
    ahead = [blind_battle(stack, canaries, prompt, None) for prompt in SUGGESTED]
    with Visitor(stack.url) as visitor:
        found = canaries.found_in(visitor.http.get("/systems").content)
    return {
        "bench": "music",
        "battles": len(made) + len(ahead),
        "leaks": sum(len(one.leaks) for one in [*made, *ahead]),
        "leaked_in": sorted({kind for one in [*made, *ahead] for kind, _canary in one.leaks}),
        "sides_that_differ": Counter(name for one in [*made, *ahead] for name in one.differences()),
        "canaries_found_where_they_belong": len(found),
        "made_s_median": round(statistics.median(one.waited_s for one in made), 1),
        "prefetched_s": [round(one.waited_s, 2) for one in ahead],
    }


def main() -> None:
    """Fight the battles, print the figures, then judge them."""
    prepare()
    canaries = Canaries()
    with tempfile.TemporaryDirectory() as folder:
        systems = planted(canaries, SUGGESTED)
        with running_stack(Path(folder), systems, {"ARENA_PREFETCH": "1"}) as stack:
            figures = _figures(stack, canaries)
    print(json.dumps(figures))  # noqa: T201
    assert figures["leaks"] == 0, figures
    assert not figures["sides_that_differ"], figures
    assert figures["canaries_found_where_they_belong"] > 0, figures
    assert max(figures["prefetched_s"]) <= MOST_PREFETCHED_S, figures


if __name__ == "__main__":
    main()
