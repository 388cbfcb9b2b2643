"""Nothing about a system reaches the browser before the vote: every byte of the battles is recorded and searched.

Every field of every system, its address, its key and everything that its server says about itself carries a canary of
its own. The systems answer well, think aloud, fail in all the ways that real ones do, name themselves in their errors.
"""

import json
import random
import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from arena.battles.pacing import TAIL_CHARS
from tests.leaks.canaries import Canaries
from tests.stack import Stack, Visitor, running_stack
from tests.support.fake_openai import FakeOpenAI
from tests.support.routers import write_router

pytestmark = pytest.mark.stack
BATTLES = 60
VISITORS = 6
GOOD = ("openai", "vllm", "ollama", "llamacpp", "openrouter", "mistral", "think")
BAD = (
    *("status:500", "status:401", "status:404", "limited", "html", "garbage", "truncated", "cut", "error_in_stream"),
    *("error_event", "key_in_error", "no_http", "wrong_type", "empty", "only_thinks", "hangs_up", "redirect", "shape"),
)


def _system(canaries: Canaries, base_url: str, behaviour: str) -> dict[str, object]:
    plant = canaries.plant
    return {
        "name": plant("name"),
        "organisation": plant("organisation"),
        "access": "proprietary",
        "licence": plant("licence"),
        "links": {"home": f"https://{plant('link')}.example"},
        "backend": "openai_http",
        "base_url": base_url,
        # The fake repeats the model's name in every chunk, as real servers do.
        "model": f"{behaviour}:{plant('model')}" if ":" not in behaviour else behaviour,
        "system_prompt": plant("systemprompt"),
        "api_key_env": "LEAK_TEST_KEY",
        "price_out": 12.345678,
        "parameters": {"user": plant("parameter")},
        "limits": {"first_byte_s": 10, "idle_s": 10, "total_s": 30},
        "weight": 3 if behaviour in GOOD else 1,
    }


def _router(canaries: Canaries, var: Path, members: list[str]) -> dict[str, object]:
    """A router that is drawn often, and whose member is one of those that answer."""
    known = tuple(f"{name} v1" for name in members)
    path = write_router(var / canaries.plant("router"), {"Tell me something.": known[0], "Else": known[1]}, known)
    names = {key: canaries.plant(key) for key in ("name", "organisation", "licence")}
    return {**names, "access": "open", "backend": "router", "path": str(path), "weight": 6}


@pytest.fixture(scope="module")
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture(scope="module")
def stack(tmp_path_factory, canaries) -> Iterator[Stack]:
    var: Path = tmp_path_factory.mktemp("leaks")
    with FakeOpenAI(answer=lambda asked: "A plain answer. " * random.randint(5, 60), pause_s=0.002) as fake:
        # The port and the key identify a backend as well as its name does.
        canaries.planted.append(f":{fake.port}")
        env = {"ARENA_PRIVATE_BACKENDS": fake.host_port, "LEAK_TEST_KEY": canaries.plant("key")}
        systems = [_system(canaries, fake.base_url, behaviour) for behaviour in GOOD + BAD]
        systems.append(_router(canaries, var, [str(system["name"]) for system in systems[: len(GOOD)]]))
        with running_stack(var, {"arena": "text", "systems": systems}, env=env) as running:
            yield running


@dataclass
class Seen:
    """What the visitors together got to see."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    states: Counter[str] = field(default_factory=Counter)
    leaks: list[tuple[str, str]] = field(default_factory=list)
    headers: set[frozenset[str]] = field(default_factory=set)
    request_ids: list[str] = field(default_factory=list)
    revealed: int = 0


def _one_battle(stack: Stack, canaries: Canaries, number: int, seen: Seen) -> None:
    received: list[tuple[str, bytes]] = []
    visitor = Visitor(stack.url, lambda kind, data: received.append((kind, data))).consent()
    battle = visitor.start(f"Tell me something, number {number}.")
    visitor.watch(battle["id"])
    path = f"/battles/{battle['id']}"
    page = visitor.http.get(path)
    visitor.http.get("/battles")
    visitor.http.get("/api/v1/battles")
    stored = visitor.battle(battle["id"])
    blind = list(received)
    with seen.lock:
        seen.states[stored["state"]] += 1
        seen.headers.add(frozenset(name.lower() for name in page.headers) - {"content-length"})
        seen.request_ids.append(page.headers["X-Request-ID"])
        for kind, data in blind:
            seen.leaks += [(kind, canary) for canary in canaries.found_in(data)]
    if stored["state"] == "ready":
        answer = visitor.vote(battle["id"], "tie")
        assert answer.status_code == 201, answer.text
        with seen.lock:
            seen.revealed += bool(canaries.found_in(answer.content))


def test_no_byte_before_the_vote_tells_a_system(stack, canaries):
    seen = Seen()
    with ThreadPoolExecutor(VISITORS) as pool:
        for done in [pool.submit(_one_battle, stack, canaries, number, seen) for number in range(BATTLES)]:
            done.result()
    assert seen.leaks == []
    assert sum(seen.states.values()) == BATTLES
    assert set(seen.states) <= {"ready", "failed"}, seen.states
    # The search can find: after the vote the same canaries are there.
    # How many were ready is the luck of the draw: many of the systems fail.
    assert seen.revealed == seen.states["ready"] > BATTLES // 6
    # One set of headers for every battle's page, whoever stood on its sides, and ids that say nothing.
    assert len(seen.headers) == 1
    assert len(set(seen.request_ids)) == BATTLES
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in seen.request_ids)
    attempts = dict(stack.query("SELECT status, count(*) FROM battles_response GROUP BY 1"))
    assert attempts["failed"] > 0
    assert stack.query("SELECT count(*) FROM router_route")[0][0] > 0
    assert stack.query("SELECT count(*) FROM router_pairing WHERE redraw_of_id IS NOT NULL")[0][0] > 0
    one_sided = stack.query(
        "SELECT count(*) FROM votes_vote v WHERE 2 <> (SELECT count(*) FROM battles_response r JOIN battles_turn t"
        " ON t.id = r.turn_id WHERE t.battle_id = v.battle_id AND r.status = 'complete')"
    )
    assert one_sided[0][0] == 0


def test_frames_advance_both_sides_by_the_same_number_of_characters(stack):
    visitor = Visitor(stack.url).consent()
    compared = 0
    for _ in range(20):
        watched = visitor.watch(visitor.start("Tell me something about pace.")["id"])
        # A failed battle has no end, and an answer that is all tail nothing to compare: then another pair is drawn.
        compared += _compared(watched) if watched.state == "ready" else 0
        if compared:
            return
    raise AssertionError("no two answers were long enough")


def _compared(watched) -> int:
    """How many frames of a battle could be compared; each had both columns at one length."""
    shown, compared = {"left": 0, "right": 0}, 0
    total = {side: len(text) for side, text in watched.texts[1].items()}
    for message in watched.raw:
        body = json.loads(message)
        assert set(body) in ({"id", "type", "turn", "left", "right"}, {"id", "type", "state", "reason"})
        if body["type"] == "snapshot":
            shown = {"left": 0, "right": 0}
        if body["type"] in {"frame", "snapshot"}:
            shown = {side: shown[side] + len(body[side]) for side in shown}
            # Up to the tail that an answer keeps back, both columns have the same length.
            if max(shown.values()) <= min(total.values()) - TAIL_CHARS:
                compared += 1
                assert shown["left"] == shown["right"]
    return compared
