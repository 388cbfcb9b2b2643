"""Sixty battles of music by a whole stack: what their visitors receive before the vote, and how long they wait.

The demo's systems compose five seconds each, with a canary in every name, organisation, licence and label. Every byte
of pages, JSON, frames of sockets, headers and clips is kept and searched; headers, sizes, lengths, heads of frames and
keys of both sides are compared. The search is shown to find: the page of all systems holds the canaries. Battles of
suggested prompts are there before anybody asks: from the submit until both clips are with the visitor, they take at
most two seconds. So they do in Chromium, from the click to the moment when both players can be used; beside it, how
long a prompt of one's own takes there while nobody else is about.

    make bench-music [BATTLES=60]
"""

import json
import os
import statistics
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser

from tests.e2e.chromium import chromium
from tests.e2e.steps import start, wait_for_clips
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


def _opened_s(browser: Browser, stack: Stack, prompt: str) -> float:
    """From a new visitor's click to both players' being usable."""
    with browser.new_context(base_url=stack.url, locale="en-GB") as context:
        page = context.new_page()
        asked_at_s = start(page, prompt, "/arenas/music")
        wait_for_clips(page)
        return round(time.monotonic() - asked_at_s, 2)


def _in_chromium(stack: Stack) -> dict[str, Any]:
    with chromium() as browser:
        wait_for_the_pool(stack, len(SUGGESTED), POOL_S)
        ahead = [_opened_s(browser, stack, prompt) for prompt in SUGGESTED]
        return {"prefetched_in_chromium_s": ahead, "made_in_chromium_s": _opened_s(browser, stack, PROMPTS[0])}


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
        **_in_chromium(stack),
    }


def main() -> None:
    """Fight the battles, print the figures, then judge them."""
    prepare()
    canaries = Canaries()
    with tempfile.TemporaryDirectory() as folder:
        systems = planted(canaries, SUGGESTED)
        with running_stack(Path(folder), systems, env={"ARENA_PREFETCH": "1"}) as stack:
            figures = _figures(stack, canaries)
    print(json.dumps(figures))  # noqa: T201
    assert figures["leaks"] == 0, figures
    assert not figures["sides_that_differ"], figures
    assert figures["canaries_found_where_they_belong"] > 0, figures
    assert max(figures["prefetched_s"] + figures["prefetched_in_chromium_s"]) <= MOST_PREFETCHED_S, figures


if __name__ == "__main__":
    main()
