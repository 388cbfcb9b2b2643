"""The whole arena as processes: web server, workers and beat on the run's PostgreSQL and Valkey.

`Stack` starts and ends the processes, `Visitor` is a browser without a screen: cookies, CSRF, HTTP and the WebSocket.
"""

import contextlib
import json
import os
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import yaml
from websockets.sync.client import connect

from ops import parts
from ops.processes import Child, wait_until
from tests.commands import run_command, run_commands
from tests.environment import ROOT, run_lock
from tests.servers import Servers, SharedServers

#: Longer than a start, and than any answer, takes on a machine however busy.
READY_S, ANSWERED_S = 300, 120
#: A connection that rests is used again. The server closes it after 5 s, so a request a moment before could be lost.
KEPT_S = 2.0
_visitors: list["Visitor"] = []
#: No address here has TLS. httpx would read all authorities of the machine for each client, 20 ms of CPU.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def free_port() -> int:
    """A loopback port that nobody holds right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Stack:
    """The processes of one arena."""

    def __init__(self, var: Path, env: Mapping[str, str] | None = None, servers: Servers | None = None) -> None:
        self.var = var
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.children: dict[str, Child] = {}
        self._servers = servers or SharedServers()
        self.database_url = self._servers.database_url
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "arena.config.settings",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self._servers.redis_url,
            "ARENA_VAR": str(var),
            "ARENA_LIMITS_OFF": "1",
            # Most stacks have a system that fails on purpose, again and again.
            "ARENA_BREAKER": "0",
            # What nobody asked for would take part in every test of what somebody did.
            "ARENA_PREFETCH": "0",
            "OPENBLAS_NUM_THREADS": "1",
            **(env or {}),
        }

    def boot(self, *systems: Mapping[str, Any]) -> None:
        """Create the migrated database, start all parts, and `register`."""
        self._servers.create(lambda url: self.manage("migrate", "--verbosity", "0", DATABASE_URL=url))
        with run_lock("static"):
            if not (ROOT / "staticfiles" / "staticfiles.json").exists():
                self.manage("collectstatic", "--noinput", "--verbosity", "0")
        self.launch()
        # The parts need as long to import what they need as a registration takes.
        if systems:
            self.register(*systems)
        self.wait_ready()

    def register(self, *systems: Mapping[str, Any], then: Sequence[Sequence[str]] = ()) -> None:
        """Register systems, each a systems file's content, then run management commands, all in one process."""
        paths = [self.var / f"systems-{secrets.token_hex(3)}.yaml" for _ in systems]
        for path, one in zip(paths, systems, strict=True):
            path.write_text(yaml.safe_dump(dict(one)), encoding="utf-8")
        self.manage_all(*(("register_systems", str(path), "--apply") for path in paths), *then)

    def manage_all(self, *commands: Sequence[str]) -> str:
        """Run management commands one after the other; returns what they wrote, raises where one fails."""
        return run_commands(self.env, *commands)

    def manage(self, *arguments: str, stdin: str | None = None, **env: str) -> str:
        """Run a management command; returns its standard output, raises with its messages where it fails."""
        return run_command(self.env | env, *arguments, stdin=stdin)

    def start(self, *names: str) -> None:
        """Start the named parts, all of them by default, and wait until the arena is ready."""
        self.launch(*names)
        self.wait_ready()

    def launch(self, *names: str) -> None:
        """Start the named parts, all of them by default."""
        for part in self.all_parts():
            if not names or part.name in names:
                self.children[part.name] = part.start(self.var, self.env)

    def wait_ready(self) -> None:
        """Wait until the arena is ready.

        Raises:
            RuntimeError: it is not, with what its parts wrote last.
        """
        wait_until(self.is_ready, timeout_s=READY_S)
        if not self.is_ready():
            raise RuntimeError(f"not ready: {self.readiness()}; {self.logs()}")

    def all_parts(self) -> list[parts.Part]:
        """What the stack is made of."""
        return [parts.web(self.port), *parts.workers(), parts.beat(self.var)]

    def part_names(self) -> list[str]:
        """The names that `start` knows."""
        return [part.name for part in self.all_parts()]

    def readiness(self) -> str:
        """What /readyz says."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5, verify=NO_TLS).text
        except httpx.HTTPError as error:
            return repr(error)

    def is_ready(self) -> bool:
        """Whether /readyz answers 200."""
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/readyz", timeout=5, verify=NO_TLS).status_code == 200
        return False

    def logs(self) -> str:
        """The last lines of every part."""
        return "\n".join(f"== {name}\n" + "\n".join(child.last_lines()) for name, child in self.children.items())

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query on the stack's database."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def stop(self) -> None:
        """End all processes, then take the database and the messages away."""
        while _visitors:
            _visitors.pop().close()
        for child in self.children.values():
            child.ask_to_stop()
        for child in self.children.values():
            child.stop(8.0)
        self._servers.drop()


@contextlib.contextmanager
def running_stack(var: Path, *systems: Mapping[str, Any], env: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """A started stack with these systems, each a systems file's content; it ends with the block."""
    stack = Stack(var, env)
    try:
        stack.boot(*systems)
        yield stack
    finally:
        stack.stop()


@dataclass
class Watched:
    """What a socket showed: the texts by turn, the last state, and every message as it came."""

    texts: dict[int, dict[str, str]] = field(default_factory=dict)
    state: str = ""
    #: What was said about a battle without text: (phase, expected seconds).
    progress: list[tuple[str, float | None]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    last_id: str | None = None

    def take(self, message: str) -> None:
        """Apply one message."""
        self.raw.append(message)
        body = json.loads(message)
        if body["type"] == "heard":
            # Of what was listened to, not of the battle's stream: it has no id.
            return
        self.last_id = body["id"]
        if body["type"] == "state":
            self.state = body["state"]
            return
        if body["type"] == "progress":
            self.progress.append((body["phase"], body["expected_s"]))
            return
        before = self.texts.get(body["turn"], {"left": "", "right": ""})
        keep = body["type"] == "frame"
        self.texts[body["turn"]] = {side: (before[side] if keep else "") + body[side] for side in before}


class Visitor:
    """A browser without a screen. Everything that it receives goes to `record(kind, bytes)`."""

    def __init__(self, url: str, record: Callable[[str, bytes], None] | None = None) -> None:
        self._record = record or (lambda kind, data: None)
        _visitors.append(self)
        self._url = url
        self.http = httpx.Client(
            base_url=url,
            timeout=ANSWERED_S,
            verify=NO_TLS,
            limits=httpx.Limits(keepalive_expiry=KEPT_S),
            event_hooks={"response": [self._keep]},
        )

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; `Stack.stop` does it for every visitor that was forgotten."""
        self.http.close()

    def _keep(self, response: httpx.Response) -> None:
        response.read()
        head = f"{response.status_code} {response.headers.multi_items()}"
        self._record(
            f"{response.request.method} {response.request.url.path}", head.encode() + b"\n" + response.content
        )

    def consent(self, *, publication: bool = False) -> "Visitor":
        """Give research consent; returns self."""
        self._csrf()
        answer = self.post("/api/v1/consent", {"research": True, "publication": publication, "age_16": True})
        assert answer.status_code == 201, answer.text
        return self

    def _csrf(self) -> None:
        self._token = self.http.get("/api/v1/session").json()["csrf_token"]

    def post(self, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> httpx.Response:
        """POST JSON as the site's own scripts do."""
        sent = {"X-CSRFToken": self._token, "Origin": self._url, **headers}
        return self.http.post(path, json=dict(body) if body is not None else None, headers=sent)

    def start(self, prompt: str, arena: str = "text", **headers: str) -> dict[str, Any]:
        """Start a battle; returns it."""
        answer = self.post(f"/api/v1/arenas/{arena}/battles", {"prompt": prompt}, **headers)
        assert answer.status_code == 201, answer.text
        battle: dict[str, Any] = answer.json()
        return battle

    def battle(self, battle_id: str) -> dict[str, Any]:
        """Read a battle."""
        answer = self.http.get(f"/api/v1/battles/{battle_id}")
        assert answer.status_code == 200, answer.text
        battle: dict[str, Any] = answer.json()
        return battle

    def vote(self, battle_id: str, outcome: str = "left", feedback: str = "") -> httpx.Response:
        """Vote without reasons, and with the same words about both sides."""
        reasons, words = {"left": [], "right": []}, {"left": feedback, "right": feedback}
        return self.post(
            f"/api/v1/battles/{battle_id}/vote", {"outcome": outcome, "reasons": reasons, "feedback": words}
        )

    @property
    def cookie_header(self) -> str:
        """This browser's cookies as a request carries them."""
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    def socket(self, battle_id: str, after: str | None = None) -> Any:
        """Open the battle's WebSocket with this browser's cookies."""
        query = f"?after={after}" if after else ""
        address = self._url.replace("http://", "ws://") + f"/ws/v1/battles/{battle_id}{query}"
        return connect(
            address, origin=self._url, additional_headers={"Cookie": self.cookie_header}, open_timeout=ANSWERED_S
        )  # type: ignore[arg-type]

    def watch(
        self,
        battle_id: str,
        *,
        timeout_s: float = 240,
        until: Callable[[Watched], bool] | None = None,
        watched: Watched | None = None,
    ) -> Watched:
        """Follow a battle until it is no longer being written, or until `until` says so."""
        seen = watched or Watched()
        done = until or (lambda one: one.state in {"ready", "failed", "refused", "voted", "expired"})
        deadline = time.monotonic() + timeout_s
        with self.socket(battle_id, seen.last_id) as socket_:
            for name, value in socket_.response.headers.raw_items():
                self._record("WS handshake", f"{name}: {value}".encode())
            while not done(seen):
                message = socket_.recv(timeout=max(0.1, deadline - time.monotonic()))
                self._record("WS", message.encode())
                seen.take(message)
        return seen
