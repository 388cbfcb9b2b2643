"""Battles that stream, each followed by a socket."""

import asyncio
import json
import signal
import time

from tests.bench.fake_models import answer
from tests.bench.http_load import Connection, request_bytes
from tests.bench.loaded_arena import SYSTEMS, LoadedArena, model
from tests.bench.socket_load import Followed, follow

#: Battles started per second: a start costs the web server and the worker some milliseconds each.
STARTS_PER_S = 15


class Streams:
    """Battles that stream, and their followers."""

    def __init__(self, arena: LoadedArena, chunks: int) -> None:
        self._arena, self._chunks = arena, chunks
        self._headers = arena.headers()
        # As through the proxy, pages and sockets have one origin.
        self._from = self._headers | {"Origin": f"http://127.0.0.1:{arena.sockets_port}"}
        self.followed: dict[str, Followed] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def open_until(self, number: int) -> None:
        """Start battles at a steady rate, each with a socket, until there are so many."""
        port, connection = self._arena.port, await Connection.open(self._arena.port)
        start = request_bytes("POST", "/api/v1/arenas/text/battles", port, self._headers, b'{"prompt": "Go on."}')
        at = time.monotonic()
        while len(self.followed) < number:
            status, _head, body = await connection.ask(start)
            assert status == 201, body
            battle = json.loads(body)["id"]
            followed = self.followed[battle] = Followed()
            address = f"ws://127.0.0.1:{self._arena.sockets_port}/ws/v1/battles/{battle}"
            self._tasks.append(asyncio.create_task(follow(address, self._from, followed)))
            at += 1 / STARTS_PER_S
            await asyncio.sleep(max(0.0, at - time.monotonic()))
        connection.close()

    async def late_ms(self) -> float:
        """By how much the fake backend was late at most since it was asked last."""
        connection = await Connection.open(self._arena.fake_port)
        _status, _head, body = await connection.ask(request_bytes("GET", "/", self._arena.fake_port))
        connection.close()
        return round(float(body) * 1000, 1)

    async def finish(self) -> None:
        """Let the backends end every answer, and wait until every follower has been told."""
        self._arena.families["fake"][0].send_signal(signal.SIGUSR1)
        await asyncio.wait_for(asyncio.gather(*self._tasks), 60)

    def lost(self) -> int:
        """Streams whose text is not what the fake said and PostgreSQL has."""
        stored = {
            str(battle): dict(zip(sides, texts, strict=True))
            for battle, sides, texts in self._arena.stack.query(
                "SELECT t.battle_id, array_agg(r.side), array_agg(r.content) FROM battles_response r "
                "JOIN battles_turn t ON t.id = r.turn_id WHERE r.status = 'complete' GROUP BY 1"
            )
        }
        return sum(
            stored.get(battle) != one.text() or not all(map(self._was_said, one.text().values()))
            for battle, one in self.followed.items()
        )

    def _was_said(self, text: str) -> bool:
        return bool(text) and any(answer(model(n), self._chunks).startswith(text) for n in range(SYSTEMS))
