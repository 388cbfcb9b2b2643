"""Redis may lose everything in mid-stream: open sockets go on within two seconds and end with the stored text."""

import time

import pytest
import redis

from tests.faults.followers import ENDS, Follower, follow_all, stored_texts
from tests.faults.site import CALM, QUICK

pytestmark = pytest.mark.stack
SOCKETS = 50
GAP_S = 2.0
#: Where the machine itself held up the same streams a moment before, a flush may cost so many times that.
TIMES = 2
#: How long every stream has gone on before the flush, and how long after it a silence counts as its own.
BEFORE_S, AFTER_S = 2.0, 5.0


def test_50_of_50_open_sockets_end_byte_equal_with_a_gap_of_two_seconds_at_most(site):
    alice = site.visitor()
    followers = [Follower(battle_id) for battle_id in alice.start_many(CALM, SOCKETS)]
    states: list[str] = []

    def flush() -> None:
        time.sleep(BEFORE_S)
        states.extend(one.seen.state for one in followers)
        with redis.Redis.from_url(site.env["REDIS_URL"]) as valkey:
            valkey.flushall()

    began = follow_all(followers, site.url, alice, flush)
    flushed = began + BEFORE_S
    assert len(states) == SOCKETS
    assert ENDS.isdisjoint(states), "a stream had ended before the flush"
    for one in followers:
        assert one.seen.state == "ready"
        assert one.shown() == stored_texts(alice, one.battle_id)
        assert one.closes == []
    # 0.3 s was measured on two busy cores.
    silence_s = max(one.gap_s(flushed, flushed + AFTER_S) for one in followers)
    before_s = max(one.gap_before_s(began, flushed) for one in followers)
    assert silence_s <= max(GAP_S, TIMES * before_s), f"{before_s:.2f} s before"
    # What Celery and the outbox kept there is gone as well, and nobody misses it.
    battle = alice.start(QUICK)["id"]
    assert site.wait_for([battle], ["ready"], within_s=60) == {"ready": 1}
