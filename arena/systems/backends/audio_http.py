"""Any server that makes a clip from one JSON request; where its audio lies, the systems file says. Framework-free.

The body is a template: a text `{prompt}` alone becomes the value itself (`{duration_s}` a number, `{vocals}` a
boolean, what is not known null), inside a longer text it becomes its words. The names are in `PLACEHOLDERS`.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

import httpx

from arena.systems.backends.addresses import AddressPolicy
from arena.systems.backends.audio_reply import Caller, Reply, at_path, audio_of, document_of, lyrics_of
from arena.systems.backends.base import (
    AudioClip,
    BadResponse,
    Capabilities,
    Event,
    Finished,
    GenerationRequest,
    Message,
)
from arena.systems.backends.clips import GIVES_A_CLIP, checked_size, is_one_prompt
from arena.systems.backends.http_body import Clock
from arena.systems.backends.http_request import allowed_url

PLACEHOLDERS: Final = (
    *("prompt", "lyrics", "vocals", "instrumental", "duration_s", "tempo_bpm"),
    *("language", "genres", "seed"),
)
_PLACEHOLDER: Final = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")


@dataclass(frozen=True, slots=True)
class AudioPlace:
    """Where the audio is. `path`: dotted, into the JSON reply; empty for `bytes`."""

    kind: Literal["bytes", "base64", "link"] = "bytes"
    path: str = ""


class AudioHttpBackend:
    """One address that takes a JSON body.

    Args:
        url: to POST to.
        template: the body.
        audio: where the audio is: the body of the reply itself, base64 in its JSON, or a link on the same host.
        lyrics_path: where the JSON reply says what was sung; empty: nowhere.
        api_key: sent as a bearer token; empty for none.
        policy: which addresses are allowed.

    Raises:
        Misconfigured, AddressForbidden: the URL can never be allowed.
    """

    capabilities: ClassVar[Capabilities] = GIVES_A_CLIP

    def __init__(
        self,
        url: str,
        template: Any,
        audio: AudioPlace = AudioPlace(),
        *,
        lyrics_path: str = "",
        api_key: str = "",
        policy: AddressPolicy = AddressPolicy(),  # noqa: B008 - frozen
    ) -> None:
        self._url = allowed_url(policy, url)
        self._template = template
        self._audio = audio
        self._lyrics_path = lyrics_path
        self._caller = Caller(policy, api_key)

    def supports(self, messages: tuple[Message, ...]) -> bool:
        """True for one prompt."""
        return is_one_prompt(messages)

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Event, None]:
        """Generate; see `Backend.stream`."""
        clock = Clock(request.limits)
        reply = await self._caller.call("POST", self._url, request, clock, filled(self._template, _values(request)))
        yield await self._clip(reply, request, clock)
        yield Finished("stop")

    async def _clip(self, reply: Reply, request: GenerationRequest, clock: Clock) -> AudioClip:
        if self._audio.kind == "bytes":
            return AudioClip(checked_size(reply.data, request.limits), _audio_type(reply))
        document = document_of(reply)
        lyrics = lyrics_of(at_path(document, self._lyrics_path)) if self._lyrics_path else ""
        found = at_path(document, self._audio.path)
        if self._audio.kind == "base64":
            return AudioClip(checked_size(audio_of(found), request.limits), "", lyrics)
        fetched = await self._caller.call("GET", self._same_host(found), request, clock)
        return AudioClip(checked_size(fetched.data, request.limits), _audio_type(fetched), lyrics)

    def _same_host(self, link: object) -> httpx.URL:
        """The link, absolute. Raises BadResponse unless it leads to the very server that was asked."""
        if not isinstance(link, str):
            raise BadResponse(f"no link at {self._audio.path}")
        try:
            target = self._url.join(link)
        except (httpx.InvalidURL, ValueError) as error:
            raise BadResponse("the link is no URL") from error
        if (target.scheme, target.host, target.port) != (self._url.scheme, self._url.host, self._url.port):
            raise BadResponse("the link leads to another host")
        if target.userinfo:
            raise BadResponse("the link has a user name")
        return target


def _audio_type(reply: Reply) -> str:
    """The media type of a body that should be audio. Raises BadResponse for one that says that it is none."""
    if reply.media_type.startswith(("text/", "application/json", "application/xml", "image/")):
        raise BadResponse(f"content type {reply.media_type!r}")
    return reply.media_type


def _values(request: GenerationRequest) -> dict[str, Any]:
    need = request.requirement
    vocals = bool(need.get("vocals"))
    return {
        "prompt": request.messages[-1].content,
        "lyrics": (need.get("lyrics") or None) if vocals else None,
        "vocals": vocals,
        "instrumental": not vocals,
        "duration_s": need.get("duration_s"),
        "tempo_bpm": need.get("tempo_bpm"),
        "language": need.get("language"),
        "genres": list(need.get("genres") or ()),
        "seed": request.seed,
    }


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with its placeholders filled. What is filled in is not looked at again."""
    if isinstance(template, dict):
        return {key: filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, values) for value in template]
    if not isinstance(template, str):
        return template
    if alone := _PLACEHOLDER.fullmatch(template):
        return values[alone[1]]
    return _PLACEHOLDER.sub(lambda match: _words(values[match[1]]), template)


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
