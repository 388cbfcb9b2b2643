"""Raw HTTP/1.1, chunks of a completion, and the register of behaviours."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

MARKER = re.compile(r"\[\[fake:([a-z0-9_]+)(?::([^\]]*))?\]\]")
FOREVER_S = 3600.0


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict

    @property
    def prompt(self) -> str:
        return self.body["messages"][-1]["content"]

    @property
    def model(self) -> str:
        return str(self.body.get("model", ""))


class HangUp(Exception):
    """Close the connection without another word."""


class Wire:
    """Raw HTTP/1.1 on one connection."""

    def __init__(self, writer: asyncio.StreamWriter, pause_s: float) -> None:
        self._writer = writer
        self.pause_s = pause_s
        self.nth = 1

    async def head(self, status: str = "200 OK", kind: str = "text/event-stream", **headers: str) -> None:
        given = {"Content-Type": kind, "Transfer-Encoding": "chunked"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
        await self.raw(f"HTTP/1.1 {status}\r\n{lines}\r\n".encode())

    async def body(self, data: str | bytes) -> None:
        data = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        if data:
            await self.raw(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def event(self, value: object, line_end: str = "\n") -> None:
        await asyncio.sleep(self.pause_s)
        await self.body(f"data: {value if isinstance(value, str) else json.dumps(value)}{line_end}{line_end}")

    async def end(self) -> None:
        await self.raw(b"0\r\n\r\n")

    async def raw(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()
        if self._writer.transport.is_closing():
            raise ConnectionError

    def reset(self) -> None:
        self._writer.transport.abort()
        raise HangUp


async def read_request(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _c, value in (line.partition(":") for line in lines)}
    data = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, _version = first.split(" ")
    return Asked(method, path, headers, json.loads(data) if data else {})


Behaviour = Callable[[Wire, Asked, str, str], Awaitable[None]]
BEHAVIOURS: dict[str, Behaviour] = {}


def behaviour(function: Behaviour) -> Behaviour:
    BEHAVIOURS[function.__name__] = function
    return function


def names() -> list[str]:
    return sorted(BEHAVIOURS)


def tokens(text: str) -> Iterator[str]:
    return iter(re.findall(r"\s*\S{1,5}|\s+", text))


def chunk(asked: Asked, delta: dict, finish: str | None = None, **more: object) -> dict:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {
        "id": "chatcmpl-7QyqpwdfhqwajicIEznoc6Q47XAyW",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": asked.model,
        "choices": [choice],
    } | more


def usage(asked: Asked, text: str) -> dict:
    sent, said = len(asked.prompt.split()), len(list(tokens(text)))
    return {"prompt_tokens": sent, "completion_tokens": said, "total_tokens": sent + said}


def wants_usage(asked: Asked) -> bool:
    return bool((asked.body.get("stream_options") or {}).get("include_usage"))


async def said(wire: Wire, asked: Asked, text: str) -> None:
    await wire.head()
    for token in tokens(text):
        await wire.event(chunk(asked, {"content": token}))


async def send_json(wire: Wire, document: dict, status: str = "200 OK", **headers: str) -> None:
    data = json.dumps(document).encode()
    await wire.head(status, "application/json", Transfer_Encoding="", Content_Length=str(len(data)), **headers)
    await wire.raw(data)
