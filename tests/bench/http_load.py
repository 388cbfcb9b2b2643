"""A small HTTP/1.1 client for load: keep-alive connections, each with one request at a time.

A client library costs about a millisecond a request, which on the same machine is the server's. This one sends bytes
that were put together before and reads a status and a length.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.bench.figures import percentile


def request_bytes(
    method: str, path: str, port: int, headers: dict[str, str] | None = None, body: bytes = b""
) -> bytes:
    """One request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Answers:
    """What came back: statuses, seconds of each request in order of arrival, and how long all of it took."""

    statuses: Counter[int] = field(default_factory=Counter)
    latencies_s: list[float] = field(default_factory=list)
    elapsed_s: float = 0.0

    @property
    def per_s(self) -> float:
        """Answers per second."""
        return len(self.latencies_s) / self.elapsed_s if self.elapsed_s else 0.0

    def figures(self) -> dict[str, float]:
        """Rate and percentiles, in milliseconds."""
        return {
            "per_s": round(self.per_s, 1),
            "p50_ms": round(percentile(self.latencies_s, 50) * 1000, 1),
            "p99_ms": round(percentile(self.latencies_s, 99) * 1000, 1),
        }


class Connection:
    """One keep-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Connect to the loopback address."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 20))

    async def ask(self, request: bytes) -> tuple[int, bytes, bytes]:
        """Send, and return status, head and body."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status, lower = int(head[9:12]), head.lower()
        at = lower.find(b"\r\ncontent-length:")
        if at >= 0:
            length = int(lower[at + 17 : lower.index(b"\r", at + 17)])
            return status, head, await self._reader.readexactly(length) if length else b""
        if b"transfer-encoding: chunked" in lower:
            return status, head, await self._chunked()
        return status, head, b""

    async def _chunked(self) -> bytes:
        body = b""
        while length := int(await self._reader.readuntil(b"\r\n"), 16):
            body += (await self._reader.readexactly(length + 2))[:-2]
        await self._reader.readexactly(2)
        return body

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()


async def closed_loop(port: int, requests: Iterator[bytes], connections: int, max_s: float) -> Answers:
    """Each connection asks as soon as it was answered, until the requests or the seconds are used up."""
    answers, started = Answers(), time.perf_counter()

    async def one() -> None:
        connection = await Connection.open(port)
        for request in requests:
            sent = time.perf_counter()
            status, _head, _body = await connection.ask(request)
            now = time.perf_counter()
            answers.statuses[status] += 1
            answers.latencies_s.append(now - sent)
            if now - started > max_s:
                break
        connection.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    answers.elapsed_s = time.perf_counter() - started
    return answers


async def open_loop(
    port: int, requests: Iterator[bytes], rate_per_s: float, max_s: float, connections: int
) -> Answers:
    """Requests leave at a fixed rate, whatever became of those before; the latency counts from the planned moment."""
    answers, started = Answers(), time.perf_counter()
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await Connection.open(port))

    async def one(request: bytes, due: float) -> None:
        connection = await free.get()
        status, _head, _body = await connection.ask(request)
        answers.statuses[status] += 1
        answers.latencies_s.append(time.perf_counter() - due)
        free.put_nowait(connection)

    tasks = []
    for number, request in enumerate(requests):
        due = started + number / rate_per_s
        if due - started > max_s:
            break
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(request, due)))
    await asyncio.gather(*tasks)
    answers.elapsed_s = time.perf_counter() - started
    while not free.empty():
        free.get_nowait().close()
    return answers
