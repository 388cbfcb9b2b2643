"""The arena as `make demo` runs it: its supervisor, its systems, its settings; on the run's PostgreSQL and Valkey."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from ops.processes import Child
from tests.environment import ROOT
from tests.stack import Stack

_OURS = ("ARENA_", "DATABASE_", "REDIS_", "S3_", "AWS_", "OPENAI_", "PYTEST_", "DJANGO_")


def shell_environment() -> dict[str, str]:
    """The shell's environment without what would change the demo."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


class DemoStack(Stack):
    """A stack that the program behind `make demo` starts, watches and stops."""

    def launch(self, *_names: str) -> None:
        """Start the demo."""
        servers = {"DATABASE_URL": self.database_url, "REDIS_URL": self.env["REDIS_URL"]}
        self.children["demo"] = Child(
            "demo",
            (sys.executable, "-m", "ops.demo", "--var", self.var, "--port", str(self.port)),
            log=self.var / "log" / "demo.log",
            env=shell_environment() | servers,
            cwd=ROOT,
        )


@contextlib.contextmanager
def running_demo(var: Path) -> Iterator[Stack]:
    """A demo that is ready; it ends with the block."""
    demo = DemoStack(var)
    try:
        demo.boot()
        yield demo
    finally:
        demo.stop()
