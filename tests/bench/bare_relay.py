"""The least that relays a Redis Stream to a WebSocket: the named peer of `bench-streams`.

`/ws/KEY` reads the stream KEY with a blocking call and a connection of its own and passes every entry on. No check of
anything, no resume, no battle. Served by uvicorn with the options of the arena's own server.
"""

import asyncio
import os
from typing import Any

import redis.asyncio

_redis = redis.asyncio.Redis.from_url(os.environ["REDIS_URL"], max_connections=2000)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """One socket."""
    key, cursor = scope["path"].rpartition("/")[2], "0-0"
    await receive()
    await send({"type": "websocket.accept"})
    left = asyncio.create_task(receive())
    while not left.done():
        for _key, entries in await _redis.xread({key: cursor}, block=1000):
            for entry_id, fields in entries:
                cursor = entry_id.decode()
                text = f'{{"id":"{cursor}",{fields[b"e"].decode()[1:]}'
                await send({"type": "websocket.send", "text": text})
