"""A worker that is killed in mid-generation costs time, never a battle and never a second result."""

import os
import signal
import time

import psutil
import pytest

from ops.processes import wait_until
from tests.faults.followers import stored_texts
from tests.faults.site import LOCAL_ARENA, SLOW, Site

pytestmark = pytest.mark.stack
BATTLES = 20
ENDED_S = 45
STREAMS, CPU = "worker (streams)", "worker (cpu)"
_COMPLETE = """
    SELECT t.battle_id, r.side, count(*) FROM battles_response r JOIN battles_turn t ON t.id = r.turn_id
    WHERE r.status = 'complete' AND t.battle_id = ANY(%s::uuid[]) GROUP BY 1, 2
"""
_ATTEMPTS = "SELECT max(attempt) FROM battles_turn WHERE battle_id = ANY(%s::uuid[])"


def _one_result_a_side(site: Site, ids: list[str]) -> None:
    complete = site.query(_COMPLETE, [ids])
    assert len(complete) == 2 * len(ids)
    assert {row[2] for row in complete} == {1}


def test_20_of_20_battles_end_within_45_s_of_the_kill_with_one_result_each(site):
    alice = site.visitor()
    ids = [alice.start(SLOW)["id"] for _ in range(BATTLES)]
    assert site.wait_for(ids, ["generating"], within_s=30) == {"generating": BATTLES}
    time.sleep(4)  # in the middle of answers that take ten seconds
    assert site.states(ids) == {"generating": BATTLES}
    killed = time.monotonic()
    site.kill(STREAMS)
    site.launch(STREAMS)
    assert site.wait_for(ids, ["ready"], within_s=ENDED_S) == {"ready": BATTLES}, site.logs()
    assert time.monotonic() - killed <= ENDED_S + 1
    _one_result_a_side(site, ids)
    # Each backend was called twice at most.
    assert site.query(_ATTEMPTS, [ids]) == [(2,)]
    for battle_id in ids[:3]:
        assert alice.vote(battle_id).status_code == 201


def _pool_children(site: Site) -> list[psutil.Process]:
    return psutil.Process(site.children[CPU].pid).children()


def _in_mid_answer(site: Site, battle_id: str) -> bool:
    busy = any(child.cpu_percent(0.2) > 20 for child in _pool_children(site))
    return busy and site.states([battle_id]) == {"generating": 1}


@pytest.mark.parametrize("whole", [False, True], ids=["pool child", "whole worker"])
def test_a_local_answer_is_computed_again_after_its_process_was_killed(site, whole):
    alice = site.visitor()
    battle_id = alice.start("Tell me a long story about a river.", arena=LOCAL_ARENA)["id"]
    assert wait_until(lambda: _in_mid_answer(site, battle_id), timeout_s=60)
    if whole:
        site.kill(CPU)
        site.launch(CPU)
    else:
        for child in _pool_children(site):
            os.kill(child.pid, signal.SIGKILL)
    # The reader of a silent process waits for up to 30 s before it asks again; then the answer is computed anew.
    assert site.wait_for([battle_id], ["ready"], within_s=110) == {"ready": 1}, site.logs()
    _one_result_a_side(site, [battle_id])
    watched = alice.watch(battle_id)
    assert watched.texts[1] == stored_texts(alice, battle_id)
