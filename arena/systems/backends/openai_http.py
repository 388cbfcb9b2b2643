"""Streaming chat completions over HTTP, as OpenAI defined them and many servers speak them. Framework-free.

Not sent: anything about the visitor. Not followed: redirects. Not used: proxies and keys from the environment.
"""

import codecs
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, ClassVar, Final

import httpx

# The parser behind httpx-sse's public EventSource, which would read the body without our deadlines and caps.
from httpx_sse._decoders import SSEDecoder, SSELineDecoder

from arena.systems.backends.addresses import AddressPolicy
from arena.systems.backends.base import (
    BackendError,
    BadResponse,
    Capabilities,
    Event,
    Finished,
    GenerationRequest,
    Limits,
    Message,
    NothingSaid,
    ServerFailed,
    TooLarge,
    Truncated,
)
from arena.systems.backends.http_body import Body, Clock, media_type_of, open_response, refuse_status
from arena.systems.backends.http_request import allowed_url, headers_of
from arena.systems.backends.openai_chunks import RESERVED_PARAMETERS, Chunk, Reason, error_text, read_chunk
from arena.systems.backends.text import AnswerText
from arena.systems.backends.transport import client

_TOKEN_CAPS: Final = ("max_tokens", "max_completion_tokens")
_MAX_ADAPTATIONS: Final = 2
_DONE: Final = "[DONE]"


class _Rejected(Exception):
    """The server refused an optional field of the request, which `_adapt` knows to leave out or to rename."""


class OpenAIBackend:
    """One model behind one base URL.

    Args:
        base_url: with its version path, e.g. `https://api.openai.com/v1`.
        model: as the server names it.
        api_key: sent as a bearer token; empty for none.
        policy: which addresses are allowed.
        parameters: sent with every request (temperature, top_p, seed …).
        system_prompt: put before the conversation; empty for none.

    Raises:
        Misconfigured, AddressForbidden: the URL can never be allowed.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(reports_usage=True)

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key: str = "",
        policy: AddressPolicy = AddressPolicy(),  # noqa: B008 - frozen
        parameters: Mapping[str, Any] | None = None,
        system_prompt: str = "",
    ) -> None:
        self._url = allowed_url(policy, base_url, "/chat/completions")
        self._model = model
        self._api_key = api_key
        self._policy = policy
        self._parameters = dict(parameters or {})
        self._system_prompt = system_prompt
        # What this server taught us; every later request profits.
        self._asks_usage = True
        self._token_cap = _TOKEN_CAPS[0]

    def supports(self, messages: tuple[Message, ...]) -> bool:
        """True for any conversation that ends with the user."""
        return bool(messages) and messages[-1].role == "user"

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Event, None]:
        """Generate; see `Backend.stream`."""
        clock = Clock(request.limits)
        for remaining in range(_MAX_ADAPTATIONS, -1, -1):
            try:
                async with aclosing(self._attempt(request, clock, adaptable=remaining > 0)) as events:
                    async for event in events:
                        yield event
            except _Rejected:
                continue
            return

    async def _attempt(
        self, request: GenerationRequest, clock: Clock, *, adaptable: bool
    ) -> AsyncGenerator[Event, None]:
        headers = {"Accept": "text/event-stream", **headers_of(request, self._api_key)}
        http = client(self._policy)
        outgoing = http.build_request("POST", self._url, json=self._payload(request), headers=headers)
        response = await open_response(http, outgoing, clock)
        try:
            body = Body(response, clock, request.limits)
            if response.status_code != httpx.codes.OK:
                if adaptable and response.status_code in (400, 422):
                    self._adapt(await body.start())
                await refuse_status(response, body, self._api_key)
            answer = _Answer(request.limits)
            async with aclosing(_chunks(response, body)) as chunks:
                async for chunk in chunks:
                    for event in answer.take(chunk):
                        yield event
                    if answer.is_cut:
                        break
                    body.may_end = answer.reason is not None
        finally:
            await response.aclose()
        for event in answer.end():
            yield event

    def _payload(self, request: GenerationRequest) -> dict[str, Any]:
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        if self._system_prompt:
            messages.insert(0, {"role": "system", "content": self._system_prompt})
        parameters = {**self._parameters, **request.parameters}
        caps = [parameters.pop(name) for name in _TOKEN_CAPS if name in parameters]
        payload = {
            **{name: value for name, value in parameters.items() if name not in RESERVED_PARAMETERS},
            "model": self._model,
            "messages": messages,
            "stream": True,
            self._token_cap: min([request.limits.max_output_tokens, *caps]),
        }
        if self._asks_usage:
            payload["stream_options"] = {"include_usage": True}
        return payload

    def _adapt(self, refusal: str) -> None:
        """Leave out or rename what the server does not know. Raises _Rejected if there was such a thing."""
        if self._asks_usage and ("stream_options" in refusal or "include_usage" in refusal):
            self._asks_usage = False
            raise _Rejected
        if self._token_cap == _TOKEN_CAPS[0] and _TOKEN_CAPS[1] in refusal:
            self._token_cap = _TOKEN_CAPS[1]
            raise _Rejected


class _Answer:
    """One answer as it grows: cleaned text, thought, caps, and how it ends."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._text = AnswerText()
        self._bytes = 0
        self._deltas = 0
        self._usage: tuple[int | None, int | None] = (None, None)
        self.reason: Reason | None = None
        self.is_cut = False

    def take(self, chunk: Chunk) -> list[Event]:
        """The events of one chunk. Raises TooLarge."""
        self.reason = chunk.reason or self.reason
        if chunk.input_tokens is not None or chunk.output_tokens is not None:
            self._usage = (chunk.input_tokens, chunk.output_tokens)
        if chunk.text or chunk.reasoning:
            self._count(chunk)
        return [*self._text.think(chunk.reasoning), *self._text.say(chunk.text)]

    def end(self) -> list[Event]:
        """The last events. Raises NothingSaid."""
        events: list[Event] = [*self._text.flush()]
        if not self._text.said_something:
            raise NothingSaid(f"the answer ended ({self.reason}) without text")
        reason: Reason = "length" if self.is_cut else self.reason or "stop"
        return [*events, Finished(reason, *self._usage)]

    def _count(self, chunk: Chunk) -> None:
        self._bytes += len((chunk.text + chunk.reasoning).encode("utf-8", "surrogatepass"))
        self._deltas += 1
        if self._bytes > self._limits.max_bytes:
            raise TooLarge(f"more than {self._limits.max_bytes} bytes of text")
        # Without a tokenizer: most servers send one token, some 4 bytes, a delta; others smaller or bigger pieces.
        cap = self._limits.max_output_tokens
        self.is_cut = (self._deltas > cap and self._bytes > 4 * cap) or self._bytes > 32 * cap


async def _chunks(response: httpx.Response, body: Body) -> AsyncGenerator[Chunk, None]:
    """The chunks of a stream, or the one chunk of an answer given whole. Raises BackendError."""
    kind = media_type_of(response)
    if kind == "application/json":
        chunk = read_chunk(await body.whole())
        if chunk.reason is None and not chunk.text:
            raise BadResponse("JSON without a completion")
        yield chunk
    elif kind == "text/event-stream":
        async with aclosing(_events(body)) as events:
            async for chunk in events:
                yield chunk
    else:
        raise BadResponse(f"content type {kind!r}")


async def _events(body: Body) -> AsyncGenerator[Chunk, None]:
    """Chunks until `[DONE]`, or until the body ends after a finish reason."""
    text, lines, events = codecs.getincrementaldecoder("utf-8-sig")("replace"), SSELineDecoder(), SSEDecoder()
    async with aclosing(body.blocks()) as blocks:
        async for block in blocks:
            for line in lines.decode(text.decode(block)):
                event = events.decode(line)
                if event is None or not event.data.strip():
                    continue
                if event.data.strip() == _DONE:
                    await body.drain()
                    return
                if event.event == "error":
                    raise _reported(event.data)
                yield read_chunk(event.data)
    if not body.may_end:
        raise Truncated("the stream ended without a finish reason")


def _reported(data: str) -> BackendError:
    """The error of an `event: error`, by its kind where its data tells it."""
    try:
        read_chunk(data)
    except BadResponse:
        return ServerFailed(error_text(data))
    except BackendError as error:
        return error
    return ServerFailed(error_text(data))
