"""A TCP proxy before several web processes, as a load balancer is: a new connection goes to one that answers."""

import asyncio
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

_CHUNK = 65_536


class Proxy:
    """Runs in a thread of its own, on a port of its own. `opened_at`: when connections came (monotonic seconds)."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.port = 0
        self.opened_at: list[float] = []
        self._ports = list(ports)
        self._next = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """What browsers ask."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Proxy":
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.opened_at.append(time.monotonic())
        try:
            upstream = await self._upstream()
            if upstream is None:
                return
            with suppress(OSError):
                await asyncio.gather(_pipe(reader, upstream[1]), _pipe(upstream[0], writer))
        except asyncio.CancelledError:
            pass  # the end of the proxy: nobody waits for this task
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _upstream(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in self._ports:
            self._next = (self._next + 1) % len(self._ports)
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self._ports[self._next])
        return None


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
