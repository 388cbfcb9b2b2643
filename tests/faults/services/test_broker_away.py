"""The broker may be gone for half a minute: votes and boards go on, battles wait and start when it is back."""

import time

import pytest

from tests.faults.site import QUICK

pytestmark = pytest.mark.stack
AWAY_S = 30.0
VOTES = 50
QUEUED = 5
STARTS_WITHIN_S = 10.0


def test_votes_and_boards_go_on_without_a_broker_and_queued_battles_start_within_10_s_of_its_return(site):
    alice = site.visitor()
    stock = site.stock(alice, VOTES)
    site.servers.valkey.stop()
    gone = time.monotonic()
    queued = [alice.start(QUICK)["id"] for _ in range(QUEUED)]
    answers = []
    for battle_id in stock:
        answers += [alice.vote(battle_id), alice.http.get("/api/v1/arenas/text/leaderboard"), alice.http.get("/")]
        time.sleep(AWAY_S / VOTES / 2)
    assert [answer.status_code for answer in answers] == [201, 200, 200] * VOTES
    assert site.states(queued) == {"queued": QUEUED}
    time.sleep(max(0.0, gone + AWAY_S - time.monotonic()))
    site.servers.valkey.start()
    back = time.monotonic()
    started = site.wait_for(queued, ["generating", "ready"], within_s=60)
    took_s = time.monotonic() - back
    assert set(started) <= {"generating", "ready"}, site.logs()
    assert took_s <= STARTS_WITHIN_S, f"{took_s:.1f} s"
    assert site.wait_for(queued, ["ready"], within_s=30) == {"ready": QUEUED}
