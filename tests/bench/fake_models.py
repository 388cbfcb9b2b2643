"""A chat completions server that costs next to nothing: what it sends is put together before, and sent by a clock.

Every stream gets one chunk each `FAKE_PERIOD_S`, in one of ten groups that are written to one after the other, until
`FAKE_CHUNKS` were sent or SIGUSR1 ends those that run. A model always says the same text, which `answer` gives, or a
beginning of it. Prints its base URL. Any GET is answered by how many seconds chunks were late at most since the last.
"""

import asyncio
import json
import os
import signal
import time
from typing import Any

import uvloop

PERIOD_S = float(os.environ.get("FAKE_PERIOD_S", "0.1"))
CHUNKS = int(os.environ.get("FAKE_CHUNKS", "100"))
FIRST_S = float(os.environ.get("FAKE_FIRST_S", "0.1"))
GROUPS = 10

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def piece(model: str, n: int) -> str:
    """What a model says in its nth chunk: some seven tokens."""
    return f"{model} says {n} of many things. "


def answer(model: str, chunks: int) -> str:
    """Everything that a model says."""
    return "".join(piece(model, n) for n in range(chunks))


def _event(body: object) -> bytes:
    data = f"data: {body if isinstance(body, str) else json.dumps(body)}\n\n".encode()
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def _chunk(model: str, delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _event({"id": "chatcmpl-0", "object": "chat.completion.chunk", "model": model, "choices": [choice]})


class Model:
    """One model's answer as bytes."""

    def __init__(self, name: str) -> None:
        self.chunks = [_chunk(name, {"content": piece(name, n)}) for n in range(CHUNKS)]
        usage = {"prompt_tokens": 5, "completion_tokens": 7 * CHUNKS}
        self.end = _chunk(name, {}, "stop") + _event({"choices": [], "usage": usage}) + _event("[DONE]") + b"0\r\n\r\n"


class Server:
    """The streams of all connections, and the clock that serves them."""

    def __init__(self) -> None:
        self._models: dict[str, Model] = {}
        self._groups: list[dict[Connection, int]] = [{} for _ in range(GROUPS)]
        self._late_s = 0.0

    def model(self, name: str) -> Model:
        """The model of this name, put together at its first call."""
        if name not in self._models:
            self._models[name] = Model(name)
        return self._models[name]

    def begin(self, connection: "Connection") -> None:
        """Start a stream, in the group that is the emptiest."""
        min(self._groups, key=len)[connection] = 0

    def forget(self, connection: "Connection") -> None:
        """The client has gone."""
        for group in self._groups:
            group.pop(connection, None)

    def end(self) -> None:
        """End every stream at its next turn."""
        for group in self._groups:
            group.update(dict.fromkeys(group, CHUNKS))

    async def run(self) -> None:
        """Write to one group after the other, each once a period."""
        at, turn = time.monotonic(), 0
        while True:
            at += PERIOD_S / GROUPS
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            self._late_s = max(self._late_s, time.monotonic() - at)
            self._write(self._groups[turn % GROUPS])
            turn += 1

    def late_s(self) -> float:
        """The most that chunks were late since somebody asked."""
        late_s, self._late_s = self._late_s, 0.0
        return late_s

    def _write(self, group: dict["Connection", int]) -> None:
        for connection, n in list(group.items()):
            if n < CHUNKS:
                connection.transport.write(connection.model.chunks[n])
                group[connection] = n + 1
            else:
                del group[connection]
                connection.transport.write(connection.model.end)


class Connection(asyncio.Protocol):
    """One connection of the arena's HTTP client: one request after the other."""

    def __init__(self, server: Server) -> None:
        self._server, self._received = server, b""
        self.model: Model
        self.transport: Any

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once the whole request is there."""
        self._received += data
        head, gap, body = self._received.partition(b"\r\n\r\n")
        if head.startswith(b"GET ") and gap:
            said, self._received = b"%.4f" % self._server.late_s(), b""
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said))
            return
        at = head.lower().find(b"content-length:")
        if at < 0 or len(body) < int(head[at + 15 :].split(b"\r\n", 1)[0]):
            return
        self._received = b""
        self.model = self._server.model(json.loads(body)["model"])
        asyncio.get_running_loop().call_later(FIRST_S, self._begin)

    def _begin(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_HEAD)
            self._server.begin(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop writing."""
        self._server.forget(self)


async def main() -> None:
    """Serve until the process is ended."""
    server, loop = Server(), asyncio.get_running_loop()
    listening = await loop.create_server(lambda: Connection(server), "127.0.0.1", 0, backlog=512)
    loop.add_signal_handler(signal.SIGUSR1, server.end)
    print(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1", flush=True)  # noqa: T201
    await server.run()


if __name__ == "__main__":
    uvloop.run(main())
