"""How the real servers stream."""

import asyncio
import json

from tests.support.fake_openai.wire import (
    FOREVER_S,
    Asked,
    Wire,
    behaviour,
    chunk,
    said,
    send_json,
    tokens,
    usage,
    wants_usage,
)


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
    await send_json(wire, {"object": "chat.completion", "choices": [message], "usage": usage(asked, text)})


@behaviour
async def no_done(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    await said(wire, asked, text)
    await wire.event(chunk(asked, {}, "stop"))
    await wire.end()


@behaviour
async def done_only(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    await said(wire, asked, text)
    await wire.event("[DONE]")
    await wire.end()


@behaviour
async def lingering(wire: Wire, asked: Asked, text: str, _argument: str) -> None:
    """A finish reason, then nothing, and no end."""
    await said(wire, asked, text)
    await wire.event(chunk(asked, {}, "stop"))
    await asyncio.sleep(FOREVER_S)


@behaviour
async def finish(wire: Wire, asked: Asked, text: str, reason: str) -> None:
    """Ends with this reason."""
    await said(wire, asked, text)
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
