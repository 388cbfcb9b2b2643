"""One HTTP call that brings a clip: sent guarded, read under caps, its audio taken out. Framework-free."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Final, Literal

import httpx

from arena.systems.backends.addresses import AddressPolicy
from arena.systems.backends.base import BadResponse, GenerationRequest
from arena.systems.backends.http_body import Body, Clock, media_type_of, open_response, refuse_status
from arena.systems.backends.http_request import headers_of
from arena.systems.backends.text import clean
from arena.systems.backends.transport import client

MAX_LYRICS_CHARS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered with status 200."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls one server. `api_key`: sent as a bearer token; empty for none."""

    policy: AddressPolicy
    api_key: str = ""

    async def call(
        self,
        method: Literal["GET", "POST"],
        url: httpx.URL,
        request: GenerationRequest,
        clock: Clock,
        body: Any = None,
    ) -> Reply:
        """The reply. Raises a BackendError; redirects are not followed and a compressed body is not unfolded."""
        http = client(self.policy)
        outgoing = http.build_request(method, url, json=body, headers=headers_of(request, self.api_key))
        response = await open_response(http, outgoing, clock)
        try:
            reader = Body(response, clock, request.limits)
            if response.status_code != httpx.codes.OK:
                await refuse_status(response, reader, self.api_key)
            media_type = media_type_of(response)
            return Reply(await reader.data(), media_type)
        finally:
            await response.aclose()


def document_of(reply: Reply) -> Any:
    """The reply as JSON. Raises BadResponse."""
    if reply.media_type != "application/json":
        raise BadResponse(f"content type {reply.media_type!r}")
    try:
        return json.loads(reply.data)
    except (ValueError, RecursionError) as error:
        raise BadResponse(f"no JSON: {type(error).__name__}") from error


def at_path(document: Any, path: str) -> Any:
    """The value at a dotted path (`data.0.url`); None where there is none."""
    found = document
    for name in path.split("."):
        if isinstance(found, dict):
            found = found.get(name)
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found


def audio_of(encoded: object) -> bytes:
    """Audio from base64, also as a `data:` URL. Raises BadResponse."""
    if not isinstance(encoded, str):
        raise BadResponse("no base64 audio where it should be")
    if encoded.startswith("data:"):
        encoded = encoded.partition(",")[2]
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadResponse("the audio is no base64") from error


def lyrics_of(said: object) -> str:
    """The words that a system says were sung, bounded; empty for anything but text."""
    return clean(said)[:MAX_LYRICS_CHARS] if isinstance(said, str) else ""
