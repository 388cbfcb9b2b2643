"""One worker's clock is an hour off: leases, expiry and periods go by the database's clock."""

import shutil
from dataclasses import replace

import pytest

from arena.common.queue import make_app
from ops import parts
from ops.processes import wait_until
from tests.faults.site import SLOW, Site

pytestmark = pytest.mark.stack
BATTLES = 12
STREAMS, PERIODIC = "worker (streams)", "worker (periodic)"


def _start_under(site: Site, offset: str, name: str):
    """Start a part under another clock. Its waiting stays true: only the time of day is wrong."""
    program = shutil.which("faketime")
    assert program, "faketime is missing: make system-packages installs it"
    (part,) = (one for one in parts.workers() if one.name == name)
    argv = tuple(word.replace("@%h", f"-{offset}@%h") for word in part.argv)
    wrong = replace(part, name=f"{name} {offset}", log=f"{part.log}{offset}", argv=(program, "-f", offset, *argv))
    env = site.env | {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
    return lambda: wrong.start(site.var, env)


def _listening(site: Site) -> int:
    """How many workers of streams answer over the broker."""
    app = make_app(site.env["REDIS_URL"].replace("unix://", "redis+socket://", 1))
    return sum("streams" in name for answer in app.control.ping(timeout=2) for name in answer)


def test_no_turn_is_claimed_twice_although_three_workers_disagree_about_the_hour(site):
    alice = site.visitor()
    early, late = _start_under(site, "-1h", STREAMS), _start_under(site, "+1h", STREAMS)
    with site.extra("early streams", early), site.extra("late streams", late):
        assert wait_until(lambda: _listening(site) == 3, timeout_s=90), site.logs()
        ids = [alice.start(SLOW)["id"] for _ in range(BATTLES)]
        assert site.wait_for(ids, ["ready"], within_s=90) == {"ready": BATTLES}
    attempts = "SELECT attempt, count(*) FROM battles_turn WHERE battle_id = ANY(%s::uuid[]) GROUP BY 1"
    assert site.query(attempts, [ids]) == [(1, BATTLES)]


@pytest.mark.parametrize("offset", ["+1h", "-1h"])
def test_the_sweep_of_such_a_worker_does_its_work_and_nothing_early(site, offset):
    alice = site.visitor()
    young, old = site.stock(alice, 2)
    aged = "UPDATE battles_battle SET state_changed_at = now() - %s * interval '1 minute' WHERE id = %s"
    site.query(aged, [24 * 60 - 30, young])
    site.children[PERIODIC].stop(10)
    with site.extra("other periodic", _start_under(site, offset, PERIODIC)):
        site.query(aged, [24 * 60 + 1, old])
        assert site.wait_for([old], ["expired"], within_s=60) == {"expired": 1}, site.logs()
    assert site.states([young]) == {"ready": 1}
