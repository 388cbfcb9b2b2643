"""A chat completions server that streams like the real ones, and misbehaves on demand.

    with FakeOpenAI() as fake:
        backend = OpenAIBackend(fake.base_url, "any-model", policy=fake.policy)

What it does is chosen by a marker in the prompt, `[[fake:NAME]]` or `[[fake:NAME:ARGUMENT]]`, or by a model named
`NAME` or `NAME:ARGUMENT`; otherwise it streams like OpenAI. Names are the functions below that `@behaviour` marks.
Everything that it was asked is kept in `asked`. It speaks raw HTTP/1.1 on purpose: a framework would not let it lie.

In a process of its own: `python -m tests.support.fake_openai` prints the base URL and runs until it is ended.
"""

import asyncio
import gzip
import json
import re
import sys
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from arena.systems.backends.addresses import AddressPolicy

_MARKER = re.compile(r"\[\[fake:([a-z0-9_]+)(?::([^\]]*))?\]\]")
_FOREVER_S = 3600.0


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


def echo(asked: Asked) -> str:
    """The default answer: several words, several lines, beyond ASCII."""
    plain = _MARKER.sub("", asked.prompt).strip()
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
            while asked := await _request(reader):
                if asked.method == "GET":
                    await _json(Wire(writer, self.pause_s), self._about(asked))
                    continue
                self.asked.append(asked)
                await self._answer(asked, Wire(writer, self.pause_s))
        except (ConnectionError, asyncio.IncompleteReadError):
            self.abandoned += 1
        except _HangUp:
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
        self.seen[asked.prompt] += 1
        wire.nth = self.seen[asked.prompt]
        await _BEHAVIOURS[name](wire, asked, self.answer(asked), argument)

    def _behaviour(self, asked: Asked) -> tuple[str, str]:
        if found := _MARKER.search(asked.prompt):
            return found[1], found[2] or ""
        name, _colon, argument = asked.model.partition(":")
        return (name, argument) if name in _BEHAVIOURS else ("openai", "")


class _HangUp(Exception):
    """Close the connection without another word."""


class Wire:
    """Raw HTTP/1.1 on one connection."""

    def __init__(self, writer: asyncio.StreamWriter, pause_s: float) -> None:
        self._writer = writer
        self._pause_s = pause_s
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
        await asyncio.sleep(self._pause_s)
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
        raise _HangUp


async def _request(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _c, value in (line.partition(":") for line in lines)}
    data = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, _version = first.split(" ")
    return Asked(method, path, headers, json.loads(data) if data else {})


# --- Dialects ------------------------------------------------------------------------------------------------------

Behaviour = Callable[[Wire, Asked, str, str], Awaitable[None]]
_BEHAVIOURS: dict[str, Behaviour] = {}


def behaviour(function: Behaviour) -> Behaviour:
    _BEHAVIOURS[function.__name__] = function
    return function


def names() -> list[str]:
    return sorted(_BEHAVIOURS)


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


@behaviour
async def openai(wire: Wire, asked: Asked, text: str, _argument: str, line_end: str = "\n") -> None:
    """Role first, `usage: null` in every chunk, then a chunk of usage alone, then [DONE]."""
    more = {"usage": None, "system_fingerprint": "fp_x"} if wants_usage(asked) else {}
    await wire.head(kind="text/event-stream; charset=utf-8")
    await wire.event(chunk(asked, {"role": "assistant", "content": "", "refusal": None}, **more), line_end)
    for token in tokens(text):
        await wire.event(chunk(asked, {"content": token}, **more), line_end)
    await wire.event(chunk(asked, {}, "stop", **more), line_end)
    if wants_usage(asked):
        await wire.event(chunk(asked, {}, choices=[], usage=usage(asked, text)), line_end)
    await wire.event("[DONE]", line_end)
    await wire.end()


@behaviour
async def vllm(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    """Reasoning kept apart, token ids and stop reasons beside."""
    await wire.head(kind="text/event-stream; charset=utf-8")
    await wire.event(chunk(asked, {"role": "assistant", "content": ""}, prompt_token_ids=None))
    for token in tokens("I think about it."):
        await wire.event(chunk(asked, {"reasoning_content": token}))
    for token in tokens(text):
        await wire.event(chunk(asked, {"content": token, "reasoning_content": None}))
    await wire.event(chunk(asked, {"content": ""}, "stop"))
    await wire.event(chunk(asked, {}, choices=[], usage=usage(asked, text)))
    await wire.event("[DONE]")
    await wire.end()


@behaviour
async def ollama(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    """The role in every chunk; `reasoning`; usage in a last chunk."""
    await wire.head()
    await wire.event(chunk(asked, {"role": "assistant", "content": "", "reasoning": "Hm."}))
    for token in tokens(text):
        await wire.event(chunk(asked, {"role": "assistant", "content": token}, system_fingerprint="fp_ollama"))
    await wire.event(chunk(asked, {"role": "assistant", "content": ""}, "stop"))
    await wire.event(chunk(asked, {}, choices=[], usage=usage(asked, text)))
    await wire.event("[DONE]")
    await wire.end()


@behaviour
async def llamacpp(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    """Content null first, `timings`, usage beside empty choices."""
    await wire.head()
    await wire.event(chunk(asked, {"role": "assistant", "content": None}))
    for token in tokens(text):
        await wire.event(chunk(asked, {"content": token}))
    timings = {"prompt_n": 1, "predicted_per_second": 29.3}
    await wire.event(chunk(asked, {}, "stop", timings=timings))
    await wire.event(chunk(asked, {}, choices=[], usage=usage(asked, text), timings=timings))
    await wire.event("[DONE]")
    await wire.end()


@behaviour
async def openrouter(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    """Comments to keep the connection, `provider`, native finish reasons, usage in the chunk that ends."""
    await wire.head()
    for _n in range(3):
        await wire.body(": OPENROUTER PROCESSING\n\n")
    for token in tokens("Let me see."):
        await wire.event(chunk(asked, {"role": "assistant", "content": "", "reasoning": token}, provider="Fake"))
    for token in tokens(text):
        await wire.event(chunk(asked, {"role": "assistant", "content": token}, provider="Fake"))
    await wire.event(chunk(asked, {"content": ""}, "stop", usage=usage(asked, text), native_finish_reason="STOP"))
    await wire.event("[DONE]")
    await wire.end()


@behaviour
async def mistral(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    """Content as typed parts while it thinks."""
    await wire.head()
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Bon."}]}
    await wire.event(chunk(asked, {"role": "assistant", "content": [thought]}))
    for token in tokens(text):
        await wire.event(chunk(asked, {"content": token}))
    await wire.event(chunk(asked, {"content": ""}, "stop", usage=usage(asked, text)))
    await wire.event("[DONE]")
    await wire.end()


@behaviour
async def think(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    """A server without a reasoning parser: the thought stands in the answer, cut anywhere."""
    await wire.head()
    whole = f"\n<think>\nSomebody says something.\n</think>\n\n{text}"
    for at in range(0, len(whole), 3):
        await wire.event(chunk(asked, {"content": whole[at : at + 3]}))
    await wire.event(chunk(asked, {}, "stop"))
    await wire.event("[DONE]")
    await wire.end()


@behaviour
async def crlf(wire: Wire, asked: Asked, text: str, argument: str) -> None:
    await openai(wire, asked, text, argument, line_end="\r\n")


@behaviour
async def spread(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    """A byte order mark, ids, event names, data over several lines, and blocks that cut characters."""
    stream = "\ufeffretry: 1000\n\n"
    for number, token in enumerate(tokens(text)):
        lines = json.dumps(chunk(asked, {"content": token}), indent=1, ensure_ascii=False).split("\n")
        stream += f"id: {number}\nevent: message\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
    stream += f"data:{json.dumps(chunk(asked, {}, 'stop'))}\n\ndata:[DONE]\n\n"
    await wire.head()
    data = stream.encode()
    for at in range(0, len(data), 7):
        await wire.body(data[at : at + 7])
    await wire.end()


@behaviour
async def whole(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    """An answer given at once, though a stream was asked for."""
    message = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    await _json(wire, {"object": "chat.completion", "choices": [message], "usage": usage(asked, text)})


@behaviour
async def no_done(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    await _said(wire, asked, text)
    await wire.event(chunk(asked, {}, "stop"))
    await wire.end()


@behaviour
async def done_only(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    await _said(wire, asked, text)
    await wire.event("[DONE]")
    await wire.end()


@behaviour
async def lingering(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    """A finish reason, then nothing, and no end."""
    await _said(wire, asked, text)
    await wire.event(chunk(asked, {}, "stop"))
    await asyncio.sleep(_FOREVER_S)


@behaviour
async def finish(wire: Wire, asked: Asked, text: str, reason: str) -> None:
    """Ends with this reason."""
    await _said(wire, asked, text)
    await wire.event(chunk(asked, {}, reason))
    await wire.event("[DONE]")
    await wire.end()


@behaviour
async def nul(wire: Wire, asked: Asked, _text: str, _argument: str) -> None:
    """NUL, a lone surrogate, and a pair of surrogates cut between two chunks."""
    await wire.head()
    for piece in ("a\0b", "\ud800c", "\ud83d", "\ude00", "d\udc00"):
        await wire.event(chunk(asked, {"content": piece}))
    await wire.event(chunk(asked, {}, "stop"))
    await wire.event("[DONE]")
    await wire.end()


# --- Servers with a will of their own ------------------------------------------------------------------------------


@behaviour
async def rejects(wire: Wire, asked: Asked, text: str, argument: str) -> None:
    """400 as long as the request has this field."""
    if argument in asked.body:
        hint = " Use 'max_completion_tokens' instead." if argument == "max_tokens" else ""
        message = f"Unsupported parameter: '{argument}' is not supported with this model.{hint}"
        await _json(wire, {"error": {"message": message, "type": "invalid_request_error"}}, "400 Bad Request")
    else:
        await openai(wire, asked, text, "")


@behaviour
async def flaky(wire: Wire, asked: Asked, text: str, argument: str) -> None:
    """500 for the first so many requests with this prompt."""
    if wire.nth <= int(argument or 1):
        await status(wire, asked, text, "500")
    else:
        await openai(wire, asked, text, "")


@behaviour
async def slow(wire: Wire, asked: Asked, text: str, argument: str) -> None:
    """So many seconds between two chunks."""
    wire._pause_s = float(argument or 0.1)
    await openai(wire, asked, text, "")


# --- Failures ------------------------------------------------------------------------------------------------------


@behaviour
async def status(wire: Wire, asked: Asked, _text: str, code: str) -> None:
    error = {"message": f"fake failure of {asked.model}", "type": "fake", "code": None}
    await _json(wire, {"error": error}, f"{code} Fake")


@behaviour
async def limited(wire: Wire, _asked: Asked, _text: str, seconds: str) -> None:
    """429, with Retry-After where seconds (or a date) are given."""
    await _json(wire, {"error": {"message": "slow down", "code": "rate_limit"}}, "429 Too Many", Retry_After=seconds)


@behaviour
async def no_money(wire: Wire, _asked: Asked, _text: str, _argument: str) -> None:
    error = {"message": "You exceeded your current quota", "code": "insufficient_quota"}
    await _json(wire, {"error": error}, "429 Too Many")


@behaviour
async def too_long(wire: Wire, _asked: Asked, _text: str, _argument: str) -> None:
    error = {"message": "This model's maximum context length is 4096 tokens", "code": "context_length_exceeded"}
    await _json(wire, {"error": error}, "400 Bad Request")


@behaviour
async def key_in_error(wire: Wire, asked: Asked, _text: str, _argument: str) -> None:
    error = {"message": f"Incorrect API key provided: {asked.headers.get('authorization', '')}"}
    await _json(wire, {"error": error}, "401 Unauthorized")


@behaviour
async def html(wire: Wire, _asked: Asked, _text: str, code: str) -> None:
    page = b"<!DOCTYPE html><html><body><h1>It works behind a login</h1></body></html>"
    await wire.head(f"{code or 200} OK", "text/html", Transfer_Encoding="", Content_Length=str(len(page)))
    await wire.raw(page)


@behaviour
async def wrong_type(wire: Wire, _asked: Asked, _text: str, _argument: str) -> None:
    await wire.head(kind="application/octet-stream")
    await wire.body(b"\x00\x01\x02")
    await wire.end()


@behaviour
async def redirect(wire: Wire, _asked: Asked, _text: str, where: str) -> None:
    await wire.head("307 Temporary Redirect", Location=where or "http://169.254.169.254/latest/meta-data")
    await wire.end()


@behaviour
async def no_http(wire: Wire, _asked: Asked, _text: str, _argument: str) -> None:
    await wire.raw(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
    wire.reset()


@behaviour
async def garbage(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    await _said(wire, asked, text)
    await wire.event("{not json at all")
    await wire.end()


@behaviour
async def deep(wire: Wire, _asked: Asked, _text: str, _argument: str) -> None:
    """JSON nested deeper than any parser likes."""
    await wire.head()
    await wire.event("[" * 100_000)
    await wire.end()


@behaviour
async def shape(wire: Wire, asked: Asked, _text: str, argument: str) -> None:
    """Wrong types inside valid JSON."""
    shapes = {
        "choices": {"choices": "none"},
        "choice": {"choices": ["x"]},
        "delta": {"choices": [{"index": 0, "delta": "x"}]},
        "content": chunk(asked, {"content": 5}),
        "part": chunk(asked, {"content": ["x"]}),
        "array": [1, 2],
        "number": 7,
    }
    await wire.head()
    await wire.event(shapes[argument])
    await wire.end()


@behaviour
async def usage_shape(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    """Usage that cannot be believed."""
    await _said(wire, asked, text)
    await wire.event(chunk(asked, {}, "stop", usage={"prompt_tokens": "12", "completion_tokens": -3}))
    await wire.event("[DONE]")
    await wire.end()


@behaviour
async def error_event(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    await _said(wire, asked, text)
    await wire.body('event: error\ndata: {"message": "upstream went away"}\n\n')
    await wire.end()


@behaviour
async def error_in_stream(wire: Wire, asked: Asked, text: str, code: str) -> None:
    """OpenRouter's way: a chunk with `error` beside its choices."""
    await _said(wire, asked, text)
    await wire.event(chunk(asked, {"content": ""}, "error", error={"code": int(code or 502), "message": "lost"}))
    await wire.end()


@behaviour
async def truncated(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    """A clean end of the body without a finish."""
    await _said(wire, asked, text)
    await wire.end()


@behaviour
async def cut(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    """The connection breaks inside the body."""
    await _said(wire, asked, text)
    wire.reset()


@behaviour
async def hangs_up(wire: Wire, _asked: Asked, _text: str, _argument: str) -> None:
    """The connection breaks before the answer."""
    wire.reset()


@behaviour
async def silent(_wire: Wire, _asked: Asked, _text: str, _argument: str) -> None:
    await asyncio.sleep(_FOREVER_S)


@behaviour
async def silent_body(wire: Wire, _asked: Asked, _text: str, _argument: str) -> None:
    await wire.head()
    await asyncio.sleep(_FOREVER_S)


@behaviour
async def stalls(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    await _said(wire, asked, text)
    await asyncio.sleep(_FOREVER_S)


@behaviour
async def drip(wire: Wire, asked: Asked, text: str, seconds: str) -> None:
    """One byte at a time."""
    await wire.head()
    events = [chunk(asked, {"content": text}), chunk(asked, {}, "stop")]
    for byte in "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode():
        await wire.body(bytes([byte]))
        await asyncio.sleep(float(seconds or 1))
    await wire.end()


@behaviour
async def endless(wire: Wire, asked: Asked, _text: str, _argument: str) -> None:
    await wire.head()
    while True:
        await wire.event(chunk(asked, {"content": " more"}))


@behaviour
async def endless_comments(wire: Wire, _asked: Asked, _text: str, _argument: str) -> None:
    await wire.head()
    while True:
        await wire.body(": still here\n\n")
        await asyncio.sleep(0.01)


@behaviour
async def huge_line(wire: Wire, _asked: Asked, _text: str, _argument: str) -> None:
    """One line that never ends."""
    await wire.head()
    await wire.body("data: ")
    while True:
        await wire.body(b"x" * 65_536)


@behaviour
async def huge_delta(wire: Wire, asked: Asked, _text: str, argument: str) -> None:
    await wire.head()
    await wire.event(chunk(asked, {"content": "x" * int(argument or 3_000_000)}, "stop"))
    await wire.end()


@behaviour
async def compressed(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    await wire.head(Content_Encoding="gzip")
    await wire.body(gzip.compress(f"data: {json.dumps(chunk(asked, {'content': text}, 'stop'))}\n\n".encode()))
    await wire.end()


@behaviour
async def empty(wire: Wire, asked: Asked, _text: str, _argument: str) -> None:
    await finish(wire, asked, " \n", "stop")


@behaviour
async def only_thinks(wire: Wire, asked: Asked, _text: str, _argument: str) -> None:
    await wire.head()
    await wire.event(chunk(asked, {"reasoning_content": "Hm."}))
    await wire.event(chunk(asked, {}, "length"))
    await wire.event("[DONE]")
    await wire.end()


async def _said(wire: Wire, asked: Asked, text: str) -> None:
    await wire.head()
    for token in tokens(text):
        await wire.event(chunk(asked, {"content": token}))


async def _json(wire: Wire, document: dict, status: str = "200 OK", **headers: str) -> None:
    data = json.dumps(document).encode()
    await wire.head(status, "application/json", Transfer_Encoding="", Content_Length=str(len(data)), **headers)
    await wire.raw(data)


def main() -> None:
    with FakeOpenAI() as fake:
        sys.stdout.write(f"{fake.base_url}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
