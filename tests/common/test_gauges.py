"""What operators watch is read from the real queues, and a broker that is away is no error."""

from arena.common import gauges, live, queue


def test_the_depth_of_a_queue_is_what_waits_in_the_broker(valkey):
    queue.ring(queue.GENERATE_TURN, 1)
    queue.ring(queue.GENERATE_TURN, 2)
    assert gauges.queue_depths() == {"cpu": 0, "periodic": 0, "streams": 2}


def test_a_broker_that_is_away_has_no_depth(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    live.client.cache_clear()
    try:
        assert gauges.queue_depths() == {"cpu": None, "periodic": None, "streams": None}
    finally:
        live.client.cache_clear()
