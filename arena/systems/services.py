"""Which systems can answer, and how each is called."""

import logging
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from decimal import Decimal
from functools import lru_cache
from typing import Final

from arena.arenas.models import Arena
from arena.systems.backends.backoff import backoff_s
from arena.systems.backends.base import (
    AUDIO_LIMITS,
    BackendError,
    Event,
    GenerationRequest,
    Limits,
    Message,
    Unsupported,
)
from arena.systems.backends.local import LocalBackend
from arena.systems.backends.local_audio import LocalAudioBackend
from arena.systems.backends.replay import ReplayBackend
from arena.systems.backends.replay_audio import ReplayAudioBackend
from arena.systems.backends.text import pieces, prompt_tokens
from arena.systems.makers import address_policy, backend_for, described, has_secret, kept_backend
from arena.systems.models import SystemVersion
from arena.systems.routing import Answerer, answerer, is_router, without_orphans
from arena.systems.steering import hold, release, take, unavailable
from arena.systems.usage import FREE, UNUSED, CallResult, Charge, forgo_probes, record, record_simulated

__all__ = [
    "FREE",
    "UNUSED",
    "Answerer",
    "CallResult",
    "Charge",
    "address_policy",
    "answerer",
    "backend_for",
    "backoff_s",
    "caller_of",
    "can_answer",
    "charge",
    "cost_usd",
    "current_versions",
    "eligible_versions",
    "fault_of",
    "forgo_probes",
    "gives_audio",
    "has_secret",
    "hold",
    "is_router",
    "iterate_local",
    "limits_for",
    "most_usd",
    "record",
    "record_simulated",
    "release",
    "suggested_prompts",
    "take",
    "versions_by_id",
    "without_orphans",
]

logger = logging.getLogger(__name__)

_TOKENS_PER_PRICE: Final = 1_000_000
_SUGGESTION_CHARS: Final = 300
_LIMITS: Final = frozenset(field.name for field in fields(Limits))


# --- The pool ------------------------------------------------------------------------------------------------------


def current_versions(arena: Arena) -> list[SystemVersion]:
    """The versions that take part: not retired, of systems that are not paused; in a fixed order."""
    return list(
        SystemVersion.objects.filter(system__arena=arena, system__is_paused=False, retired_at=None)
        .select_related("system")
        .order_by("id")
    )


def eligible_versions(arena: Arena, messages: Sequence[Message]) -> list[SystemVersion]:
    """The current versions that can answer these messages, whose breaker is closed and whose budget has room."""
    able = [version for version in current_versions(arena) if can_answer(version, messages)]
    out = unavailable({version: most_usd(version, messages) for version in able})
    return [version for version in able if version.pk not in out]


def versions_by_id(ids: Iterable[int]) -> list[SystemVersion]:
    """These versions with their systems, whatever became of them since."""
    return list(SystemVersion.objects.filter(id__in=list(ids)).select_related("system"))


def can_answer(version: SystemVersion, messages: Sequence[Message]) -> bool:
    """Whether this version can answer; a version that is set up wrongly cannot, and the log says why."""
    try:
        return backend_for(version).supports(tuple(messages))
    except BackendError as error:
        logger.warning("system %s cannot be called: %s", version.system_id, error)
        return False


def fault_of(version: SystemVersion) -> str | None:
    """Why this version cannot be called by a process with this environment, whatever the prompt; None if it can."""
    try:
        backend_for(version)
    except BackendError as error:
        return str(error)
    return None


def suggested_prompts(arena: Arena, n: int) -> list[str]:
    """Up to `n` prompts to offer: the arena's own, else short ones that at least two replay systems can answer."""
    if arena.suggestions:
        return list(arena.suggestions[:n])
    stored = [described(version) for version in current_versions(arena) if version.backend == "replay"]
    shared = _shared_prompts(tuple(stored))
    return random.sample(shared, min(n, len(shared)))


@lru_cache(maxsize=64)
def _shared_prompts(stored: tuple[str, ...]) -> tuple[str, ...]:
    """Short prompts that at least two of these replay systems can answer."""
    counts = Counter(prompt for one in stored for prompt in _known_prompts(one))
    return tuple(prompt for prompt, n in counts.items() if n > 1 and len(prompt) <= _SUGGESTION_CHARS)


def _known_prompts(stored: str) -> set[str]:
    try:
        backend = kept_backend(stored)
        return set(backend.known_prompts()) if isinstance(backend, ReplayBackend | ReplayAudioBackend) else set()
    except BackendError:
        return set()


# --- Calling a system ----------------------------------------------------------------------------------------------


def gives_audio(version: SystemVersion) -> bool:
    """Whether its outputs are clips. A version that is set up wrongly gives nothing, and so no audio."""
    try:
        return backend_for(version).capabilities.gives == "audio"
    except BackendError:
        return False


def caller_of(version: SystemVersion, messages: Sequence[Message]) -> SystemVersion:
    """Who would answer for this version now, outside of any battle. Raises a BackendError if nobody can."""
    if not is_router(version):
        return version
    return answerer(version, eligible_versions(version.system.arena, messages), messages).version


def limits_for(version: SystemVersion) -> Limits:
    """Limits of one generation: the defaults, changed by `limits` and `max_tokens` of the systems file."""
    # The file and JSON know numbers; a number of bytes or tokens is whole.
    kinds = {name: type(getattr(Limits(), name)) for name in _LIMITS}
    given = {name: kinds[name](value) for name, value in version.endpoint.get("limits", {}).items() if name in kinds}
    limits = replace(AUDIO_LIMITS if gives_audio(version) else Limits(), **given)
    cap = version.parameters.get("max_tokens") or version.parameters.get("max_completion_tokens")
    return replace(limits, max_output_tokens=int(cap)) if cap else limits


def iterate_local(version: SystemVersion, request: GenerationRequest) -> Iterator[Event]:
    """Generate in this thread: for the worker process that `Capabilities.needs_own_process` asks for.

    Raises:
        BackendError: from the call or while iterating.
    """
    backend = backend_for(version)
    if not isinstance(backend, LocalBackend | LocalAudioBackend):
        raise Unsupported(f"{version.backend} does not run in a process of its own")
    return backend.iterate(request)


def cost_usd(version: SystemVersion, input_tokens: int | None, output_tokens: int | None) -> Decimal | None:
    """What a generation cost; None when the backend did not say how many tokens it took."""
    if input_tokens is None or output_tokens is None:
        return None
    spent = version.price_in_usd_per_mtok * input_tokens + version.price_out_usd_per_mtok * output_tokens
    return spent / _TOKENS_PER_PRICE


def charge(
    version: SystemVersion,
    messages: Sequence[Message],
    text: str,
    input_tokens: int | None,
    output_tokens: int | None,
) -> Charge:
    """What counts against the budget: the cost, with tokens estimated from the texts where the backend told none."""
    counted_in = prompt_tokens(messages) if input_tokens is None else input_tokens
    counted_out = len(pieces(text)) if output_tokens is None else output_tokens
    usd = cost_usd(version, counted_in, counted_out) or Decimal(0)
    return Charge(usd, is_estimate=None in (input_tokens, output_tokens))


def most_usd(version: SystemVersion, messages: Sequence[Message]) -> Decimal:
    """What an answer may cost at most: no tokenizer makes more tokens than bytes, and the answer is capped."""
    input_bytes = sum(len(message.content.encode()) for message in messages)
    return cost_usd(version, input_bytes, limits_for(version).max_output_tokens) or Decimal(0)
