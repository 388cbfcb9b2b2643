"""A worker that is killed in mid-generation costs time, never a battle and never a second result."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.processes import wait_until
from tests.stack import Stack, Visitor, running_stack

pytestmark = pytest.mark.stack
PROMPT = "Count slowly."
BATTLES = 20
#: About ten seconds for each answer.
RATE = 60.0


@pytest.fixture
def stack(tmp_path) -> Iterator[Stack]:
    var: Path = tmp_path
    entries = []
    for name in ("alpha", "beta", "gamma"):
        text = " ".join(f"{name}{n}" for n in range(300))
        (var / f"{name}.jsonl").write_text(json.dumps({"prompt": PROMPT, "output": text}))
        entries.append(
            {
                "name": name,
                "organisation": name,
                "access": "open",
                "licence": "MIT",
                "backend": "replay",
                "path": str(var / f"{name}.jsonl"),
                "tokens_per_second": RATE,
            }
        )
    with running_stack(var, {"arena": "text", "systems": entries}) as running:
        yield running


def _kill_worker_of_streams(stack: Stack) -> None:
    name = "worker (streams)"
    os.killpg(stack.children[name].pid, signal.SIGKILL)
    stack.children[name].stop(1.0)
    stack.start(name)


def test_20_of_20_battles_end_within_45_s_of_the_kill_with_one_result_each(stack):
    alice = Visitor(stack.url).consent()
    ids = [alice.start(PROMPT)["id"] for _ in range(BATTLES)]
    wait_until(
        lambda: stack.query("SELECT count(*) FROM battles_battle WHERE state = 'generating'")[0][0] == BATTLES,
        timeout_s=30,
    )
    time.sleep(5)
    killed = time.monotonic()
    _kill_worker_of_streams(stack)
    open_battles = "SELECT count(*) FROM battles_battle WHERE state IN ('queued', 'generating')"
    wait_until(lambda: stack.query(open_battles)[0][0] == 0, timeout_s=45 - (time.monotonic() - killed))
    states = {row[0] for row in stack.query("SELECT state FROM battles_battle")}
    assert states <= {"ready", "failed"}, stack.logs()
    assert states == {"ready"}
    complete = stack.query(
        "SELECT t.battle_id, r.side, count(*) FROM battles_response r JOIN battles_turn t ON t.id = r.turn_id "
        "WHERE r.status = 'complete' GROUP BY 1, 2"
    )
    assert len(complete) == 2 * BATTLES
    assert {row[2] for row in complete} == {1}
    calls = stack.query("SELECT max(attempt) FROM battles_turn")[0][0]
    assert calls == 2
    for battle_id in ids[:3]:
        assert alice.vote(battle_id).status_code == 201
