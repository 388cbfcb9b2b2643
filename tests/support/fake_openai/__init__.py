"""A chat completions server that streams like the real ones, and misbehaves on demand.

    with FakeOpenAI() as fake:
        backend = OpenAIBackend(fake.base_url, "any-model", policy=fake.policy)

What it does is chosen by a marker in the prompt, `[[fake:NAME]]` or `[[fake:NAME:ARGUMENT]]`, or by a model named
`NAME` or `NAME:ARGUMENT`; otherwise it streams like OpenAI. Names are the functions below that `@behaviour` marks.
A model named `steady…` heeds no marker, so that of two systems with one prompt only the other misbehaves.
Everything that it was asked is kept in `asked`. It speaks raw HTTP/1.1 on purpose: a framework would not let it lie.

In a process of its own: `python -m tests.support.fake_openai` prints the base URL and runs until it is ended.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from arena.systems.backends.addresses import AddressPolicy
from tests.support.fake_openai import dialects, failures
from tests.support.fake_openai.wire import (
    BEHAVIOURS,
    MARKER,
    Asked,
    HangUp,
    Wire,
    names,
    read_request,
    send_json,
    tokens,
)

__all__ = ["Asked", "FakeOpenAI", "dialects", "echo", "failures", "names", "tokens"]


def echo(asked: Asked) -> str:
    """The default answer: several words, several lines, beyond ASCII."""
    plain = MARKER.sub("", asked.prompt).strip()
    return f"You said: {plain}\n\n- naïve café\n- 日本語 😀\n"


@dataclass
class FakeOpenAI:
    """The server, in a thread of its own.

    Args:
        answer: what it says; gets the request.
        pause_s: between two chunks.
    """

    answer: Callable[[Asked], str] = echo
    pause_s: float = 0.0
    asked: list[Asked] = field(default_factory=list)
    # Connections that were closed by the client before the answer ended.
    abandoned: int = 0
    connections: int = 0
    seen: Counter = field(default_factory=Counter)
    port: int = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def host_port(self) -> str:
        """As ARENA_PRIVATE_BACKENDS wants it."""
        return f"127.0.0.1:{self.port}"

    @property
    def policy(self) -> AddressPolicy:
        return AddressPolicy.of([self.host_port])

    def __enter__(self) -> "FakeOpenAI":
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="fake-openai", daemon=True)
        self._thread.start()
        assert self._ready.wait(10), "the fake did not start"
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop, self._tasks = asyncio.Event(), set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(task := asyncio.current_task())
        self.connections += 1
        try:
            while asked := await read_request(reader):
                if asked.method == "GET":
                    await send_json(Wire(writer, self.pause_s), self._about(asked))
                    continue
                self.asked.append(asked)
                await self._answer(asked, Wire(writer, self.pause_s))
        except (ConnectionError, asyncio.IncompleteReadError):
            self.abandoned += 1
        except HangUp:
            pass
        except asyncio.CancelledError:
            # The end of the fake: nobody waits for this task's cancellation.
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def _about(self, asked: Asked) -> dict:
        if asked.path == "/asked":
            return {"asked": [{"path": one.path, "headers": one.headers, "body": one.body} for one in self.asked]}
        return {"object": "list", "data": [{"id": "fake", "object": "model"}]}

    async def _answer(self, asked: Asked, wire: "Wire") -> None:
        name, argument = self._behaviour(asked)
        # Both sides of a battle ask with one prompt.
        self.seen[asked.model, asked.prompt] += 1
        wire.nth = self.seen[asked.model, asked.prompt]
        await BEHAVIOURS[name](wire, asked, self.answer(asked), argument)

    def _behaviour(self, asked: Asked) -> tuple[str, str]:
        if not asked.model.startswith("steady") and (found := MARKER.search(asked.prompt)):
            return found[1], found[2] or ""
        name, _colon, argument = asked.model.partition(":")
        return (name, argument) if name in BEHAVIOURS else ("openai", "")
