"""Two beats, or none for a while: each period's job runs exactly once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ops import parts
from ops.processes import wait_until
from tests.faults.clockwork import PERIOD_S, TABLE
from tests.faults.site import Site

pytestmark = pytest.mark.stack
WITH_TWO, WITH_NONE = 5, 2
BEAT, PERIODIC = "beat", "worker (periodic)"


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


def test_two_beats_for_5_periods_and_none_for_2_make_7_runs(site):
    site.query(TABLE)
    for name in (BEAT, PERIODIC):
        site.children[name].stop(10)
    with site.extra("clockwork worker", _start(site, "clockwork worker")):
        with site.extra("beat one", _start(site, "beat one")), site.extra("beat two", _start(site, "beat two")):
            assert wait_until(lambda: len(_periods(site)) >= WITH_TWO, timeout_s=90), site.logs()
        ran = _periods(site)
        # Nobody rings: the next periods pass by.
        last = timedelta(seconds=PERIOD_S) * (WITH_NONE + 1)
        assert wait_until(
            lambda: site.query("SELECT now() > %s", [ran[-1] + last + timedelta(seconds=1)]) == [(True,)], timeout_s=30
        )
        missed = [row for row in _periods(site) if row not in ran]
        with site.extra("beat three", _start(site, "beat three")):
            assert wait_until(lambda: len(_periods(site)) >= len(ran) + WITH_NONE, timeout_s=60), site.logs()
    runs = _periods(site)
    assert missed == []
    first_seven = sorted(runs)[: WITH_TWO + WITH_NONE]
    assert first_seven == [runs[0] + timedelta(seconds=PERIOD_S) * n for n in range(WITH_TWO + WITH_NONE)]
    assert len(set(runs)) == len(runs)
