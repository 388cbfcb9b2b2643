"""Redis may lose everything in mid-stream: open sockets go on within two seconds and end with the stored text."""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from tests.stack import Stack, Visitor, Watched, running_stack

pytestmark = pytest.mark.stack
PROMPT = "Tell me about rivers."
SOCKETS = 10
GAP_S = 2.0


@pytest.fixture
def stack(tmp_path) -> Iterator[Stack]:
    entries = []
    for name in ("alpha", "beta", "gamma"):
        text = " ".join(f"{name}{n}" for n in range(400))
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"prompt": PROMPT, "output": text}))
        common = {"organisation": name, "access": "open", "licence": "MIT", "backend": "replay"}
        entries.append(common | {"name": name, "path": str(tmp_path / f"{name}.jsonl"), "tokens_per_second": 90})
    with running_stack(tmp_path, {"arena": "text", "systems": entries}) as running:
        yield running


def _follow(stack: Stack, half_way: threading.Semaphore) -> tuple[Watched, float, dict]:
    with Visitor(stack.url).consent() as visitor:
        battle = visitor.start(PROMPT)
        heard: list[float] = []

        def until(seen: Watched) -> bool:
            if seen.texts.get(1, {}).get("left"):
                heard.append(time.monotonic())
            if len(heard) == 15:
                half_way.release()
            return seen.state in {"ready", "failed"}

        watched = visitor.watch(battle["id"], timeout_s=90, until=until)
        gap_s = max(later - earlier for earlier, later in itertools.pairwise(heard))
        return watched, gap_s, visitor.battle(battle["id"])["turns"][0]


def test_every_open_socket_ends_byte_equal_with_a_gap_of_two_seconds_at_most(stack):
    half_way = threading.Semaphore(0)
    with ThreadPoolExecutor(SOCKETS) as pool:
        followers = [pool.submit(_follow, stack, half_way) for _ in range(SOCKETS)]
        for _ in range(SOCKETS):
            assert half_way.acquire(timeout=60)
        with redis.Redis.from_url(stack.env["REDIS_URL"]) as valkey:
            valkey.flushall()
        results = [follower.result() for follower in followers]
    for watched, gap_s, stored in results:
        assert watched.state == "ready"
        assert watched.texts[1] == {side: stored[side]["text"] for side in ("left", "right")}
        assert gap_s <= GAP_S
