"""A worker that is killed in mid-generation costs time, never a battle and never a second result."""

import json
import os
import signal
import time

import psutil
import pytest
import redis

from ops.processes import wait_until
from tests.faults.followers import stored_texts
from tests.faults.site import LOCAL_ARENA, MUSIC_ARENA, SLOW, SONG, Regular, Site

pytestmark = pytest.mark.stack
BATTLES, ROUNDS = 20, 5
#: From the kill to the end of battles that streamed, and to the next try of a local system.
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


def _in_mid_stream(site: Site, alice: Regular) -> list[str]:
    """Battles in the middle of slow answers: all have begun, and the last one has shown some text."""
    for _ in range(ROUNDS):
        ids = alice.start_many(SLOW, BATTLES)
        alice.watch(ids[-1], until=lambda seen: any(seen.texts.get(1, {}).values()))
        site.wait_for(ids, ["generating", "ready"], within_s=30)
        # On a busy machine the first may have ended before the last began.
        if site.states(ids) == {"generating": BATTLES}:
            return ids
    raise AssertionError("they never streamed all at once")


def test_20_of_20_battles_end_within_45_s_of_the_kill_with_one_result_each(site):
    alice = site.visitor()
    ids = _in_mid_stream(site, alice)
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
    # One that waits for work uses nothing; one that works may get little where others do as well.
    busy = any(child.cpu_percent(0.2) > 5 for child in _pool_children(site))
    return busy and site.states([battle_id]) == {"generating": 1}


def _runs(site: Site, battle_id: str) -> set[str]:
    """Every run that has written to the private stream of a response of this battle."""
    sql = "SELECT r.id FROM battles_response r JOIN battles_turn t ON t.id = r.turn_id WHERE t.battle_id = %s"
    with redis.Redis.from_url(site.env["REDIS_URL"]) as valkey:
        entries = [entry for row in site.query(sql, [battle_id]) for entry in valkey.xrange(f"local:{row[0]}")]
    return {json.loads(fields[b"e"])["run"] for _id, fields in entries}


@pytest.mark.parametrize("whole", [False, True], ids=["pool child", "whole worker"])
def test_a_local_answer_is_computed_again_after_its_process_was_killed(site, whole):
    alice = site.visitor()
    battle_id = alice.start("Tell me a long story about a river.", arena=LOCAL_ARENA)["id"]
    assert wait_until(lambda: _in_mid_answer(site, battle_id), timeout_s=60)
    before = _runs(site, battle_id)
    if whole:
        site.kill(CPU)
        site.launch(CPU)
    else:
        for child in _pool_children(site):
            os.kill(child.pid, signal.SIGKILL)

    def begun_anew() -> bool:
        return bool(_runs(site, battle_id) - before) or site.states([battle_id]) == {"ready": 1}

    # Its last sign of life lasts 6 s, and its reader looks every second: it rings, and all is computed anew.
    assert wait_until(begun_anew, timeout_s=ENDED_S), site.logs()
    # How long that takes is this machine's affair.
    assert site.wait_for([battle_id], ["ready"], within_s=110) == {"ready": 1}, site.logs()
    _one_result_a_side(site, [battle_id])
    watched = alice.watch(battle_id)
    assert watched.texts[1] == stored_texts(alice, battle_id)


def _in_phase(site: Site, battle_id: str, phase: str) -> bool:
    """Whether a worker has a lease on this phase of the battle."""
    sql = "SELECT count(*) FROM battles_turn WHERE battle_id = %s AND phase = %s AND lease_until > now()"
    return site.query(sql, [battle_id, phase]) == [(1,)]


@pytest.mark.parametrize(("phase", "worker"), [("generate", STREAMS), ("prepare", CPU)])
def test_a_battle_of_music_outlives_the_worker_that_gathers_or_prepares_its_clips(site, phase, worker):
    alice = site.visitor()
    battle_id = alice.start(SONG, arena=MUSIC_ARENA)["id"]
    assert wait_until(lambda: _in_phase(site, battle_id, phase), timeout_s=60, every_s=0.05)
    site.kill(worker)
    assert site.states([battle_id]) == {"generating": 1}
    site.launch(worker)
    assert site.wait_for([battle_id], ["ready"], within_s=90) == {"ready": 1}, site.logs()
    _one_result_a_side(site, [battle_id])
    # The phase that was cut off came again under another lease; nothing waits to be prepared any more.
    (attempts,) = site.query(_ATTEMPTS, [[battle_id]])[0]
    assert attempts >= 3
    assert wait_until(lambda: site.query("SELECT count(*) FROM media_rawclip") == [(0,)], timeout_s=120)
    sides = alice.battle(battle_id)["turns"][0]
    clips = [alice.http.get(sides[side]["audio_url"]) for side in ("left", "right")]
    assert [clip.status_code for clip in clips] == [200, 200]
    assert len(clips[0].content) == len(clips[1].content)
