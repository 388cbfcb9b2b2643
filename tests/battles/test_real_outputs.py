"""200 battles of twelve real systems to their votes: nothing lost, nothing leaked, every byte as it was shown."""

import gzip
import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from arena.systems.backends.base import Limits
from arena.systems.backends.text import pieces
from tests.stack import Stack, Visitor

pytestmark = [pytest.mark.stack, pytest.mark.shared_data]
ARENA = "real-outputs"
BATTLES = 200
#: At a time. Most of a battle is waiting for texts that come at the rate of a model.
VISITORS = 64
#: No real output contains it, so wherever it shows up before the vote, a field of a system leaked.
CANARY = "zqxcanary"

_VOTES = """
    SELECT v.battle_id, v.outcome FROM votes_vote v JOIN battles_battle b ON b.id = v.battle_id
    JOIN arenas_arena a ON a.id = b.arena_id WHERE a.slug = %s
"""


@pytest.fixture(scope="module")
def outputs(shared_data) -> dict[str, dict[str, str]]:
    """What each system answered: {system: {prompt: output}}."""
    answers: dict[str, dict[str, str]] = {}
    for path in sorted((shared_data / "real_outputs").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        answers[path.name.removesuffix(".jsonl.gz")] = {row["prompt"]: row["output"] for row in rows}
    return answers


@pytest.fixture(scope="module")
def stack(processes, shared_data, outputs) -> Stack:
    systems = [
        {
            "name": f"{name}-{CANARY}",
            "organisation": f"organisation {CANARY}",
            "access": "open",
            "licence": f"licence {CANARY}",
            "backend": "replay",
            "path": str(shared_data / "real_outputs" / f"{name}.jsonl.gz"),
            "tokens_per_second": rate,
        }
        for name, rate in zip(outputs, range(60, 1000, 70), strict=False)
    ]
    processes.register({"arena": ARENA, "systems": systems})
    return processes


@dataclass
class Tally:
    """What came of the battles."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    states: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    unequal: list[str] = field(default_factory=list)
    votes: list[tuple[str, str]] = field(default_factory=list)
    received_bytes: int = 0


def _difference(battle_id: str, side: str, shown: dict[str, str] | None, stored: dict, raw: list[str]) -> str:
    """What somebody needs who has to find out why."""
    texts = (shown or {}).get(side, ""), stored["turns"][0][side]["text"]
    at = next((n for n, pair in enumerate(zip(*texts, strict=False)) if pair[0] != pair[1]), min(map(len, texts)))
    kinds = [(message["id"], message["type"]) for message in map(json.loads, raw)]
    return (
        f"{battle_id} {side}: shown {len(texts[0])}, stored {len(texts[1])}, differ at {at}; {kinds[:3]}…{kinds[-3:]}"
    )


def _one_battle(stack: Stack, outputs: dict[str, dict[str, str]], prompt: str, tally: Tally) -> None:
    received: list[bytes] = []
    visitor = Visitor(stack.url, lambda kind, data: received.append(data)).consent()
    battle = visitor.start(prompt, ARENA)
    watched = visitor.watch(battle["id"])
    stored = visitor.battle(battle["id"])
    visitor.http.get(f"/battles/{battle['id']}")
    blind = b"".join(received)
    outcome = random.choice(["left", "right", "tie", "both_bad"])
    revealed = visitor.vote(battle["id"], outcome).json() if stored["state"] == "ready" else None
    with tally.lock:
        tally.states.append(stored["state"])
        tally.received_bytes += len(blind)
        if CANARY.encode() in blind:
            tally.leaks.append(battle["id"])
        shown = watched.texts.get(1)
        for side in ("left", "right"):
            if shown is None or shown[side] != stored["turns"][0][side]["text"]:
                tally.unequal.append(_difference(battle["id"], side, shown, stored, watched.raw))
        if revealed:
            tally.votes.append((battle["id"], outcome))
            for side in ("left", "right"):
                name = revealed["systems"][side]["name"].removesuffix(f"-{CANARY}")
                if outputs[name][prompt] != stored["turns"][0][side]["text"]:
                    tally.unequal.append(f"{battle['id']} {side} {name}: stored is not what the system said")


def test_200_battles_lose_nothing_leak_nothing_and_end_byte_equal(stack, outputs, record_property):
    shared = sorted(set.intersection(*(set(answers) for answers in outputs.values())))
    # A few of the outputs are longer than the arena lets an answer be.
    longest = {prompt: max(len(pieces(answers[prompt])) for answers in outputs.values()) for prompt in shared}
    fitting = [prompt for prompt in shared if longest[prompt] <= Limits().max_output_tokens]
    prompts = [prompt for prompt in fitting if prompt.strip() and len(prompt) <= 8000]
    chosen = random.Random(11).sample(prompts, BATTLES)
    tally = Tally()
    with ThreadPoolExecutor(VISITORS) as pool:
        for done in [pool.submit(_one_battle, stack, outputs, prompt, tally) for prompt in chosen]:
            done.result()
    record_property("received_bytes", tally.received_bytes)
    assert tally.leaks == []
    assert tally.unequal == [], stack.logs()
    refused = tally.states.count("refused")
    assert tally.states.count("ready") == BATTLES - refused
    # The guard may refuse a real prompt; it must be the rare exception.
    assert refused <= BATTLES // 50
    stored = {(str(battle), outcome) for battle, outcome in stack.query(_VOTES, [ARENA])}
    assert stored == set(tally.votes)
