"""The arena as it is deployed, for benchmarks under load: durable PostgreSQL, Valkey, web, sockets, workers, beat.

The load goes to two ports as the proxy of the production shape would send it: HTTP to `web`, WebSockets to `sockets`.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psutil import Process

from ops import parts
from ops.processes import wait_until
from ops.services import Postgres, Valkey
from tests.bench.figures import CpuMeter, family, memory_mb

if TYPE_CHECKING:
    from tests.stack import Stack, Visitor

#: More systems than two, so that pairs are drawn.
SYSTEMS = 4


@dataclass
class LoadedArena:
    """A running arena and the processes of its parts by name, each with its children."""

    stack: "Stack"
    sockets_port: int
    fake_port: int
    families: dict[str, list[Process]]
    _visitor: "Visitor | None" = None

    @property
    def port(self) -> int:
        """Of the web server for HTTP."""
        return self.stack.port

    def meter(self, **others: int) -> CpuMeter:
        """Count the CPU of every part from now on, and of others: each alone, as the parts are our children."""
        return CpuMeter(self.families | {name: [Process(pid)] for name, pid in others.items()})

    def memory_mb(self) -> dict[str, float]:
        """Memory of each part alone, in MB. PostgreSQL's shared buffers are not in it."""
        return {name: round(memory_mb(of_part), 1) for name, of_part in self.families.items()}

    @property
    def visitor(self) -> "Visitor":
        """A visitor who has consented."""
        from tests.stack import Visitor

        if self._visitor is None:
            self._visitor = Visitor(self.stack.url).consent()
        return self._visitor

    def headers(self) -> dict[str, str]:
        """What the visitor's browser sends with every request."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.visitor.http.cookies.items())
        return {"Cookie": cookies, "X-CSRFToken": self.visitor._token, "Origin": self.stack.url}


def part_of(name: str) -> str:
    """What a benchmark calls a part of the stack: a worker by its queue."""
    return name.removeprefix("worker ").strip("()")


@contextmanager
def peer(arena: LoadedArena, application: str) -> Iterator[tuple[int, int]]:
    """Another application on the arena's own server program: its port and its process id."""
    from tests.stack import free_port

    port = free_port()
    part = parts.web(port)
    argv = tuple(application if word == "arena.config.asgi:application" else word for word in part.argv)
    child = replace(part, name="peer", log="peer", argv=argv).start(arena.stack.var, arena.stack.env)
    try:
        if not wait_until(lambda: _listens(port), timeout_s=30):
            raise RuntimeError(f"{application} does not start: {child.last_lines()}")
        yield port, child.pid
    finally:
        child.stop(8)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def loaded_arena(systems: int = SYSTEMS, **fake: str) -> Iterator[LoadedArena]:
    """Start everything, with systems behind the fake backend (`fake`: its variables); it ends with the block."""
    folder = Path(tempfile.mkdtemp(prefix="arena-bench-"))
    folder.chmod(0o711)
    servers: dict[str, Postgres | Valkey] = {"postgresql": Postgres(folder), "valkey": Valkey(folder)}
    try:
        pids = {name: server.start().pid for name, server in servers.items()}
        os.environ["TEST_DATABASE_URL"], os.environ["TEST_REDIS_URL"] = (server.url for server in servers.values())
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        with _fake_models(fake) as (fake_pid, base_url), _stack(folder, base_url, systems) as (stack, port):
            children = {part_of(name): one.pid for name, one in stack.children.items()}
            pids |= children | {"fake": fake_pid}
            fake_port = int(base_url.removesuffix("/v1").rpartition(":")[2])
            yield LoadedArena(stack, port, fake_port, {name: family(pid) for name, pid in pids.items()})
    finally:
        for server in reversed(servers.values()):
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _fake_models(environment: dict[str, str]) -> Iterator[tuple[int, str]]:
    command = [sys.executable, "-m", "tests.bench.fake_models"]
    process = subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.PIPE, text=True, cwd=parts.ROOT
    )
    try:
        assert process.stdout is not None
        yield process.pid, process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _stack(folder: Path, base_url: str, systems: int) -> Iterator[tuple["Stack", int]]:
    from tests.environment import prepare

    prepare()
    from tests.stack import Stack, free_port

    port = free_port()

    class Deployed(Stack):
        def all_parts(self) -> list[parts.Part]:
            sockets = replace(parts.web(port), name="sockets", log="sockets")
            return [*super().all_parts(), sockets]

    address = base_url.removeprefix("http://").partition("/")[0]
    stack = Deployed(folder / "stack", {"ARENA_PRIVATE_BACKENDS": address, "ARENA_LOG_LEVEL": "WARNING"})
    stack.var.mkdir()
    try:
        stack.boot({"arena": "text", "systems": [_system(model(n), base_url) for n in range(systems)]})
        yield stack, port
    finally:
        stack.stop()


def model(n: int) -> str:
    """The name of the nth system and of its model."""
    return f"model-{n:02}"


def _system(name: str, base_url: str) -> dict[str, Any]:
    about = {"organisation": name.title(), "access": "open", "licence": "MIT"}
    return {"name": name, "backend": "openai_http", "base_url": base_url, "model": name, **about}
