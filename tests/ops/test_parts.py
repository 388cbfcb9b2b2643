"""The parts of a running arena bring defaults of their own; the operator's environment outweighs them."""

from pathlib import Path

import pytest

from ops.parts import Part, web, workers
from ops.processes import wait_until

SAY = ("sh", "-c", "echo pool=$ARENA_DB_POOL_SIZE")


def test_what_has_threads_shares_connections_and_what_forks_does_not() -> None:
    pooled = {part.name: "ARENA_DB_POOL_SIZE" in part.defaults for part in (web(8000), *workers())}
    assert pooled == {"web server": True, "worker (streams)": True, "worker (cpu)": False, "worker (periodic)": False}


@pytest.mark.parametrize(("env", "said"), [({}, "pool=3"), ({"ARENA_DB_POOL_SIZE": "5"}, "pool=5")])
def test_the_environment_outweighs_a_default(tmp_path: Path, env: dict[str, str], said: str) -> None:
    part = Part("speaker", "speaker", SAY, defaults={"ARENA_DB_POOL_SIZE": "3"})
    child = part.start(tmp_path, {"PATH": "/usr/bin:/bin", **env})
    assert wait_until(lambda: child.exit_code is not None, timeout_s=10)
    assert child.last_lines() == [said]
