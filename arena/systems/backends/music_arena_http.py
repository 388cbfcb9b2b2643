"""A system as Music Arena packages it: a server with `GET /health` and `POST /generate`. Framework-free.

The protocol is that of its system containers (github.com/gclef-cmu/music-arena), spoken unchanged.
"""

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any, ClassVar, Final

from arena.systems.backends.addresses import AddressPolicy
from arena.systems.backends.audio_reply import Caller, audio_of, document_of, lyrics_of
from arena.systems.backends.base import (
    AudioClip,
    BadResponse,
    Capabilities,
    Event,
    Finished,
    GenerationRequest,
    Message,
    TimedOut,
)
from arena.systems.backends.clips import GIVES_A_CLIP, checked_size, is_one_prompt
from arena.systems.backends.http_body import Clock
from arena.systems.backends.http_request import allowed_url

# Its systems answer with MP3; a server that generates answers /health late, because both share one loop.
_MEDIA_TYPE: Final = "audio/mpeg"
_HEALTH_S: Final = 2.0
_HEALTH_BYTES: Final = 65_536


class MusicArenaBackend:
    """One system server.

    Args:
        base_url: where `/health` and `/generate` lie.
        policy: which addresses are allowed.

    Raises:
        Misconfigured, AddressForbidden: the URL can never be allowed.
    """

    capabilities: ClassVar[Capabilities] = GIVES_A_CLIP

    def __init__(self, base_url: str, *, policy: AddressPolicy = AddressPolicy()) -> None:  # noqa: B008 - frozen
        self._health, self._generate = (allowed_url(policy, base_url, path) for path in ("/health", "/generate"))
        self._caller = Caller(policy)

    def supports(self, messages: tuple[Message, ...]) -> bool:
        """True for one prompt."""
        return is_one_prompt(messages)

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Event, None]:
        """Generate; see `Backend.stream`."""
        clock = Clock(request.limits)
        await self._look(request)
        reply = await self._caller.call("POST", self._generate, request, clock, _prompt(request))
        document = document_of(reply)
        if not isinstance(document, dict):
            raise BadResponse("no object")
        data = checked_size(audio_of(document.get("audio_b64")), request.limits)
        yield AudioClip(data, _MEDIA_TYPE, lyrics_of(document.get("lyrics")))
        yield Finished("stop")

    async def _look(self, request: GenerationRequest) -> None:
        """Fail fast where no model is loaded; no answer in time only means that the server is busy."""
        limits = replace(
            request.limits, first_byte_s=_HEALTH_S, idle_s=_HEALTH_S, total_s=_HEALTH_S, max_wire_bytes=_HEALTH_BYTES
        )
        brief = replace(request, limits=limits)
        try:
            await self._caller.call("GET", self._health, brief, Clock(limits))
        except TimedOut as error:
            if error.phase == "connect":
                raise


def _prompt(request: GenerationRequest) -> dict[str, Any]:
    """The detailed prompt. `lyrics` must be null without vocals; null with them means: write your own."""
    need = request.requirement
    vocals = bool(need.get("vocals"))
    return {
        "overall_prompt": request.messages[-1].content,
        "instrumental": not vocals,
        "lyrics": (need.get("lyrics") or None) if vocals else None,
        "duration": need.get("duration_s"),
        "bpm": need.get("tempo_bpm"),
    }
