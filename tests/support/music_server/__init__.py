"""A system server as Music Arena packages them, which misbehaves on demand; written from the protocol's description.

    with MusicServer() as server:
        backend = MusicArenaBackend(server.url("good"), policy=server.policy)

A process of its own (`python -m tests.support.music_server` prints its port and runs until its input ends). What it
does is chosen by the first part of the path, `http://127.0.0.1:PORT/NAME`: `good`, or one of `MISBEHAVIOURS`.
`GET /NAME/asked` tells the bodies that this name was sent.
"""

import json
import subprocess
import sys
from typing import Any
from urllib.request import ProxyHandler, build_opener

from arena.systems.backends.addresses import AddressPolicy
from tests.support.music_server.behaviours import MISBEHAVIOURS

__all__ = ["MISBEHAVIOURS", "MusicServer"]


class MusicServer:
    """The server's process."""

    def __enter__(self) -> "MusicServer":
        command = [sys.executable, "-m", "tests.support.music_server"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_exc: object) -> None:
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    @property
    def host_port(self) -> str:
        """As ARENA_PRIVATE_BACKENDS wants it."""
        return f"127.0.0.1:{self.port}"

    @property
    def policy(self) -> AddressPolicy:
        return AddressPolicy.of([self.host_port])

    def url(self, name: str) -> str:
        """The base URL of a behaviour."""
        return f"http://{self.host_port}/{name}"

    def asked(self, name: str) -> list[dict[str, Any]]:
        """The bodies that this name was sent, in order."""
        with build_opener(ProxyHandler({})).open(f"{self.url(name)}/asked", timeout=5) as response:
            return json.load(response)
