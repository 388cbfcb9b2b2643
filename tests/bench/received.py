"""Everything that a visitor's browser receives of a battle of music before the vote, as numbers, side by side.

A number has a name, such as `clip.header.content-type`; texts become their length and a checksum. Left out is what
decodes to the samples: the inside of the frames of a clip.
"""

import json
import time
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import httpx

from tests.media.frames import headers_of
from tests.stack import Stack, Visitor, Watched

SIDES: Final = ("left", "right")
READY_S: Final = 300
#: What a browser asks for first of a clip, and what it asks for after a jump.
RANGES: Final = ("bytes=0-", "bytes=40000-40999")
Row: TypeAlias = dict[str, float]


@dataclass
class _Timed(Watched):
    """A socket whose messages are timed."""

    arrived_s: list[float] = field(default_factory=list)

    def take(self, message: str) -> None:
        """Apply one message."""
        self.arrived_s.append(time.monotonic())
        super().take(message)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer; seconds from the request to its head and to its end, by the monotonic clock when that was."""

    response: httpx.Response
    head_s: float
    whole_s: float
    at_s: float


@dataclass(frozen=True, slots=True)
class Received:
    """A battle that is ready: who may hear it, its two sides as JSON, and what came until both clips were there."""

    battle_id: str
    prompt: str
    cookies: httpx.Cookies
    sides: Mapping[str, dict[str, Any]]
    clips: Mapping[str, Fetched]
    rows: Mapping[str, Row]


def receive(stack: Stack, prompt: str, wish: Mapping[str, Any]) -> Received:
    """A new visitor's battle until both clips are loaded, side by side as a page loads them."""
    with Visitor(stack.url) as visitor:
        visitor.consent()
        asked_at_s = time.monotonic()
        answer = visitor.post("/api/v1/arenas/music/battles", {"prompt": prompt, "requirement": wish})
        assert answer.status_code == 201, answer.text
        seen, battle_id = _Timed(), answer.json()["id"]
        visitor.watch(battle_id, timeout_s=READY_S, watched=seen)
        assert seen.state == "ready", stack.logs()
        sides = visitor.battle(battle_id)["turns"][0]
        cookies = visitor.http.cookies
    with _browser(stack, cookies) as client, ThreadPoolExecutor(len(SIDES)) as pool:
        loading = {side: pool.submit(_fetch, client, sides[side]["audio_url"]) for side in SIDES}
        clips = {side: one.result() for side, one in loading.items()}
    first = min(SIDES, key=lambda side: clips[side].at_s)
    rows = {
        side: {
            **dict(_of_socket(seen, asked_at_s)),
            **dict(_of_json(sides, side)),
            **dict(_of_answer("clip", clips[side])),
            **dict(_of_file(clips[side].response.content)),
            "clip.came_first": float(side == first),
        }
        for side in SIDES
    }
    return Received(battle_id, prompt, cookies, {side: sides[side] for side in SIDES}, clips, rows)


def _browser(stack: Stack, cookies: httpx.Cookies) -> httpx.Client:
    return httpx.Client(base_url=stack.url, cookies=cookies, timeout=30)


def _fetch(client: httpx.Client, path: str, **headers: str) -> Fetched:
    began_s = time.monotonic()
    with client.stream("GET", path, headers=headers) as response:
        head_s = time.monotonic() - began_s
        response.read()
        ended_s = time.monotonic()
    return Fetched(response, head_s, ended_s - began_s, ended_s)


def listen_again(stack: Stack, one: Received) -> dict[str, Row]:
    """What is received of both clips one after the other, whole and in parts, while nothing else goes on."""
    rows: dict[str, Row] = {}
    with _browser(stack, one.cookies) as client:
        for side in SIDES:
            path = one.sides[side]["audio_url"]
            rows[side] = dict(_of_answer("again", _fetch(client, path)))
            for wanted in RANGES:
                part = _fetch(client, path, Range=wanted)
                assert part.response.status_code == httpx.codes.PARTIAL_CONTENT
                rows[side] |= _of_answer(wanted, part)
    return rows


def _text(name: str, text: str) -> Iterator[tuple[str, float]]:
    yield f"{name}.length", len(text)
    yield f"{name}.checksum", zlib.crc32(text.encode())


def _of_socket(seen: _Timed, asked_at_s: float) -> Iterator[tuple[str, float]]:
    yield "socket.messages", len(seen.raw)
    for number, (message, arrived_s) in enumerate(zip(seen.raw, seen.arrived_s, strict=True)):
        yield f"socket.{number}.s", arrived_s - asked_at_s
        yield from _text(f"socket.{number}", json.dumps({**json.loads(message), "id": ""}))


def _of_json(sides: Mapping[str, Any], side: str) -> Iterator[tuple[str, float]]:
    yield "side", SIDES.index(side)
    yield "json.place", list(sides).index(side)
    yield from _text("json.keys", " ".join(sides[side]))
    for key, value in sides[side].items():
        yield from _text(f"json.{key}", json.dumps(value))
    yield "json.duration_s", sides[side]["duration_s"]
    yield from ((f"json.peaks.{n:03}", height) for n, height in enumerate(sides[side]["peaks"]))
    yield from ((f"json.audio_url.{n:02}", ord(sign)) for n, sign in enumerate(sides[side]["audio_url"]))


def _of_answer(name: str, fetched: Fetched) -> Iterator[tuple[str, float]]:
    response = fetched.response
    yield f"{name}.status", response.status_code
    yield f"{name}.bytes", len(response.content)
    yield f"{name}.head_s", fetched.head_s
    yield f"{name}.whole_s", fetched.whole_s
    yield from _text(f"{name}.headers", " ".join(response.headers))
    for header, value in response.headers.multi_items():
        yield from _text(f"{name}.header.{header}", value)


def _of_file(content: bytes) -> Iterator[tuple[str, float]]:
    heads = headers_of(content)
    yield "file.frames", len(heads)
    yield from ((f"file.head.{n:04}", byte) for n, byte in enumerate(b"".join(heads)))
