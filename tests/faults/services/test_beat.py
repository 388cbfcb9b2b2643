"""Two beats, or none for a while: each period's job runs exactly once."""

import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import redis

from ops import parts
from ops.processes import wait_until
from tests.faults.clockwork import PERIOD_S, TABLE
from tests.faults.site import Site

pytestmark = pytest.mark.stack
WITH_TWO, WITH_NONE = 5, 2
BEAT, PERIODIC = "beat", "worker (periodic)"
QUEUE = "periodic"


def _as_clockwork(part: parts.Part, name: str) -> parts.Part:
    argv = tuple("tests.faults.clockwork:app" if word == "workers.app:app" else word for word in part.argv)
    return replace(part, name=name, log=name.replace(" ", "-"), argv=argv)


def _start(site: Site, name: str):
    if name.startswith("beat"):
        folder = site.var / name.replace(" ", "-")
        folder.mkdir(exist_ok=True)
        part = parts.beat(folder)
    else:
        (part,) = (one for one in parts.workers() if one.name == PERIODIC)
    return lambda: _as_clockwork(part, name).start(site.var, site.env)


def _periods(site: Site) -> list:
    return [row[0] for row in site.query("SELECT period_start FROM clockwork ORDER BY ran_at")]


def _taken(valkey: redis.Redis) -> set[bytes]:
    """The tags of messages of the queue that a worker took and has not acknowledged."""
    # As kombu keeps them: message, exchange, routing key.
    return {tag for tag, one in valkey.hgetall("unacked").items() if json.loads(one)[2] == QUEUE}


def _wait_until_quiet(site: Site, of_the_past: set[bytes]) -> None:
    """Wait until no message is on its way to the worker, and it has acknowledged all that it took.

    of_the_past: what workers had taken that were killed or cut off before; it stays for an hour.
    """
    with redis.Redis.from_url(site.env["REDIS_URL"]) as valkey:

        def quiet() -> bool:
            return not valkey.llen(QUEUE) and _taken(valkey) <= of_the_past

        # Twice: for an instant, a message that is being taken is in neither place.
        for _ in range(2):
            assert wait_until(quiet, timeout_s=60)
            time.sleep(0.3)


def test_two_beats_for_5_periods_and_none_for_2_make_7_runs(site):
    site.query(TABLE)
    for name in (BEAT, PERIODIC):
        site.children[name].stop(10)
    with redis.Redis.from_url(site.env["REDIS_URL"]) as valkey:
        of_the_past = _taken(valkey)
    with site.extra("clockwork worker", _start(site, "clockwork worker")):
        with site.extra("beat one", _start(site, "beat one")), site.extra("beat two", _start(site, "beat two")):
            assert wait_until(lambda: len(_periods(site)) >= WITH_TWO, timeout_s=90), site.logs()
        _wait_until_quiet(site, of_the_past)
        ran = _periods(site)
        # Nobody rings: the next periods pass by.
        last = timedelta(seconds=PERIOD_S) * (WITH_NONE + 1)
        assert wait_until(
            lambda: site.query("SELECT now() > %s", [ran[-1] + last + timedelta(seconds=1)]) == [(True,)],
            timeout_s=120,
        )
        missed = [row for row in _periods(site) if row not in ran]
        with site.extra("beat three", _start(site, "beat three")):
            assert wait_until(lambda: len(_periods(site)) >= len(ran) + WITH_NONE, timeout_s=60), site.logs()
    runs = _periods(site)
    assert missed == []
    first_seven = sorted(runs)[: WITH_TWO + WITH_NONE]
    assert first_seven == [runs[0] + timedelta(seconds=PERIOD_S) * n for n in range(WITH_TWO + WITH_NONE)]
    assert len(set(runs)) == len(runs)
