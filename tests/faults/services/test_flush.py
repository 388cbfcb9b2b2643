"""Redis may lose everything in mid-stream: open sockets go on within two seconds and end with the stored text."""

import time

import pytest
import redis

from tests.faults.followers import Follower, follow_all, stored_texts
from tests.faults.site import CALM, QUICK

pytestmark = pytest.mark.stack
SOCKETS = 50
GAP_S = 2.0
#: A frame is due several times a second, so a longer silence a moment before was the machine's.
AROUND_S = 5.0


@pytest.mark.alone
def test_50_of_50_open_sockets_end_byte_equal_with_a_gap_of_two_seconds_at_most(site):
    alice = site.visitor()
    followers = [Follower(alice.start(CALM)["id"]) for _ in range(SOCKETS)]

    def flush() -> None:
        time.sleep(AROUND_S)
        with redis.Redis.from_url(site.env["REDIS_URL"]) as valkey:
            valkey.flushall()

    began = follow_all(followers, site.url, alice, flush, timeout_s=120)
    flushed = began + AROUND_S
    for one in followers:
        assert one.seen.state == "ready"
        assert one.shown() == stored_texts(alice, one.battle_id)
        assert one.closes == []
    before_s = max(one.gap_s(began, flushed - GAP_S) for one in followers)
    after_s = max(one.gap_s(flushed, flushed + AROUND_S) for one in followers)
    assert after_s <= GAP_S + before_s, f"longest gap: {before_s:.2f} s before the flush, {after_s:.2f} s after it"
    # What Celery and the outbox kept there is gone as well, and nobody misses it.
    battle = alice.start(QUICK)["id"]
    assert site.wait_for([battle], ["ready"], within_s=30) == {"ready": 1}
