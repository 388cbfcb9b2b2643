"""How servers misbehave."""

import asyncio
import gzip
import json

from tests.support.fake_openai.dialects import finish, openai
from tests.support.fake_openai.wire import FOREVER_S, Asked, Wire, behaviour, chunk, said, send_json


def _code(argument: str, default: int) -> int:
    """The code that was asked for; what stands behind a model's colon may be anything."""
    return int(argument) if argument.isdigit() else default


# --- Servers with a will of their own ------------------------------------------------------------------------------


@behaviour
async def rejects(wire: Wire, asked: Asked, text: str, argument: str) -> None:
    """400 as long as the request has this field."""
    if argument in asked.body:
        hint = " Use 'max_completion_tokens' instead." if argument == "max_tokens" else ""
        message = f"Unsupported parameter: '{argument}' is not supported with this model.{hint}"
        await send_json(wire, {"error": {"message": message, "type": "invalid_request_error"}}, "400 Bad Request")
    else:
        await openai(wire, asked, text, "")


@behaviour
async def flaky(wire: Wire, asked: Asked, text: str, argument: str) -> None:
    """500 for the first so many requests of this model with this prompt."""
    if wire.nth <= int(argument or 1):
        await status(wire, asked, text, "500")
    else:
        await openai(wire, asked, text, "")


@behaviour
async def breaks(wire: Wire, asked: Asked, text: str, argument: str) -> None:
    """Text and then a broken connection, for the first so many requests of this model with this prompt."""
    if wire.nth <= int(argument or 1):
        await cut(wire, asked, text, "")
    else:
        await openai(wire, asked, text, "")


@behaviour
async def slow(wire: Wire, asked: Asked, text: str, argument: str) -> None:
    """So many seconds between two chunks."""
    wire.pause_s = float(argument or 0.1)
    await openai(wire, asked, text, "")


# --- Failures ------------------------------------------------------------------------------------------------------


@behaviour
async def status(wire: Wire, asked: Asked, _text: str, code: str) -> None:
    error = {"message": f"fake failure of {asked.model}", "type": "fake", "code": None}
    await send_json(wire, {"error": error}, f"{code} Fake")


@behaviour
async def limited(wire: Wire, _asked: Asked, _text: str, seconds: str) -> None:
    """429, with Retry-After where seconds (or a date) are given."""
    await send_json(
        wire, {"error": {"message": "slow down", "code": "rate_limit"}}, "429 Too Many", Retry_After=seconds
    )


@behaviour
async def no_money(wire: Wire, _asked: Asked, _text: str, _argument: str) -> None:
    error = {"message": "You exceeded your current quota", "code": "insufficient_quota"}
    await send_json(wire, {"error": error}, "429 Too Many")


@behaviour
async def too_long(wire: Wire, _asked: Asked, _text: str, _argument: str) -> None:
    error = {"message": "This model's maximum context length is 4096 tokens", "code": "context_length_exceeded"}
    await send_json(wire, {"error": error}, "400 Bad Request")


@behaviour
async def key_in_error(wire: Wire, asked: Asked, _text: str, _argument: str) -> None:
    error = {"message": f"Incorrect API key provided: {asked.headers.get('authorization', '')}"}
    await send_json(wire, {"error": error}, "401 Unauthorized")


@behaviour
async def prompt_in_error(wire: Wire, asked: Asked, _text: str, code: str) -> None:
    """Repeats what it was asked, as some servers do."""
    error = {"message": f"cannot answer {asked.prompt!r}", "type": "fake"}
    await send_json(wire, {"error": error}, f"{code or 500} Fake")


@behaviour
async def html(wire: Wire, _asked: Asked, _text: str, code: str) -> None:
    page = b"<!DOCTYPE html><html><body><h1>It works behind a login</h1></body></html>"
    await wire.head(f"{_code(code, 200)} OK", "text/html", Transfer_Encoding="", Content_Length=str(len(page)))
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
    await said(wire, asked, text)
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
    await said(wire, asked, text)
    await wire.event(chunk(asked, {}, "stop", usage={"prompt_tokens": "12", "completion_tokens": -3}))
    await wire.event("[DONE]")
    await wire.end()


@behaviour
async def error_event(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    await said(wire, asked, text)
    await wire.body('event: error\ndata: {"message": "upstream went away"}\n\n')
    await wire.end()


@behaviour
async def error_in_stream(wire: Wire, asked: Asked, text: str, code: str) -> None:
    """OpenRouter's way: a chunk with `error` beside its choices."""
    await said(wire, asked, text)
    await wire.event(chunk(asked, {"content": ""}, "error", error={"code": _code(code, 502), "message": "lost"}))
    await wire.end()


@behaviour
async def truncated(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    """A clean end of the body without a finish."""
    await said(wire, asked, text)
    await wire.end()


@behaviour
async def cut(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    """The connection breaks inside the body."""
    await said(wire, asked, text)
    wire.reset()


@behaviour
async def hangs_up(wire: Wire, _asked: Asked, _text: str, _argument: str) -> None:
    """The connection breaks before the answer."""
    wire.reset()


@behaviour
async def silent(_wire: Wire, _asked: Asked, _text: str, _argument: str) -> None:
    await asyncio.sleep(FOREVER_S)


@behaviour
async def silent_body(wire: Wire, _asked: Asked, _text: str, _argument: str) -> None:
    await wire.head()
    await asyncio.sleep(FOREVER_S)


@behaviour
async def stalls(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    await said(wire, asked, text)
    await asyncio.sleep(FOREVER_S)


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
