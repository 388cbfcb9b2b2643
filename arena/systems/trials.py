"""Test prompts: an operator calls a system once and sees what comes back, without a battle.

The call is made where battles make theirs (same workers, same environment, same keys), so that it proves something.
It is made at most once: a worker that dies with it leaves a trial that never ended, and the page says so.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Now

from arena.common import outbox, queue
from arena.systems import music_signature, services
from arena.systems.backends.base import (
    AudioClip,
    BackendError,
    Event,
    Finished,
    GenerationRequest,
    Message,
    NothingSaid,
    ReasoningDelta,
    Restarted,
    TextDelta,
)
from arena.systems.models import SystemVersion, Trial
from arena.systems.usage import CallResult, Charge

#: An operator waits no longer; a system that needs more is told as too slow.
TOTAL_S: Final = 60.0
MAX_CHARS: Final = 8000
KEEP: Final = timedelta(days=7)
_CLIP_S: Final = 10.0
_WORDS: Final = "One two three, sing with me"


@dataclass(frozen=True, slots=True)
class TrialWork:
    """A trial that this worker alone has."""

    trial_id: int
    version: SystemVersion
    request: GenerationRequest


class Notes:
    """What a call says, as it comes."""

    def __init__(self) -> None:
        self.text = self.reasoning = ""
        self.finish: Finished | None = None
        self.ttft_s: float | None = None
        self._started = time.monotonic()

    @property
    def latency_s(self) -> float:
        """Seconds since the call."""
        return time.monotonic() - self._started

    def take(self, event: Event) -> None:
        """Note one event. Raises NothingSaid for an end without any text, as battles do."""
        match event:
            case TextDelta(text):
                self.ttft_s = self.ttft_s or self.latency_s
                self.text += text
            case ReasoningDelta(text):
                self.reasoning += text
            case AudioClip(data, media_type, lyrics):
                # A test prompt proves that the system answers; its clip is not kept.
                self.ttft_s = self.latency_s
                self.text = f"{media_type or 'audio'}, {len(data):,} bytes\n\n{lyrics}".strip()
            case Restarted():
                self.text = self.reasoning = ""
            case Finished():
                if not self.text.strip():
                    raise NothingSaid("finished without any text")
                self.finish = event

    def take_all(self, events: Iterable[Event]) -> None:
        """Note all events of a local system."""
        for event in events:
            self.take(event)


@transaction.atomic
def start(version: SystemVersion, prompt: str) -> Trial:
    """Store a trial and promise its call. Local systems compute in the `cpu` workers, as in battles."""
    trial = Trial.objects.create(version=version, prompt=prompt)
    try:
        caller = services.caller_of(version, (Message("user", prompt),))
        is_local = services.backend_for(caller).capabilities.needs_own_process
    except BackendError:
        # The worker finds the same, and its answer is what the operator wants to see.
        is_local = False
    outbox.enqueue(queue.TRY_LOCAL if is_local else queue.TRY_STREAMED, trial.pk)
    return trial


def claim(trial_id: int) -> TrialWork | None:
    """Take a trial that nobody has begun; None where somebody has."""
    if not Trial.objects.filter(pk=trial_id, started_at=None).update(started_at=Now()):
        return None
    trial = Trial.objects.select_related("version__system__arena").get(pk=trial_id)
    messages = (Message("user", trial.prompt),)
    try:
        version = services.caller_of(trial.version, messages)
    except BackendError:
        # The call fails for the same reason, and its answer is what the operator wants to see.
        version = trial.version
    limits = services.limits_for(version)
    request = GenerationRequest(
        messages=messages,
        limits=replace(limits, total_s=min(limits.total_s, TOTAL_S)),
        parameters=version.parameters,
        seed=trial.pk,
        key=f"trial-{trial.pk}",
        requirement=_requirement(version),
    )
    return TrialWork(trial.pk, version, request)


def _requirement(version: SystemVersion) -> dict[str, Any]:
    """What a test prompt needs of a system of music: some seconds, and a few words for one that sings."""
    if not services.gives_audio(version):
        return {}
    signature = music_signature.read(version.signature)
    sings = signature.vocals != "none"
    return {"vocals": sings, "duration_s": _CLIP_S} | ({"lyrics": _WORDS} if signature.takes_lyrics else {})


@transaction.atomic
def finish(work: TrialWork, notes: Notes, error_class: str = "", *, is_free: bool = False) -> None:
    """Store what came back, and count it as usage; the breaker hears nothing of it.

    `is_free`: the system never came to work on it.
    """
    finish = notes.finish or Finished("other")
    tokens = (finish.input_tokens, finish.output_tokens)
    changed = Trial.objects.filter(pk=work.trial_id, finished_at=None).update(
        finished_at=Now(),
        content=notes.text,
        reasoning=notes.reasoning,
        finish_reason=notes.finish.reason if notes.finish else "",
        error_class=error_class,
        ttft_s=notes.ttft_s,
        latency_s=notes.latency_s,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        cost_usd=services.cost_usd(work.version, *tokens),
    )
    if changed:
        said = notes.reasoning + notes.text
        charge = services.FREE if is_free else services.charge(work.version, work.request.messages, said, *tokens)
        services.record([_result(work, notes, error_class, charge)])


def _result(work: TrialWork, notes: Notes, error_class: str, charge: Charge) -> CallResult:
    return CallResult(
        version_id=work.version.pk,
        outcome=error_class,
        ttft_s=notes.ttft_s,
        latency_s=None if error_class else notes.latency_s,
        input_tokens=notes.finish.input_tokens if notes.finish else None,
        output_tokens=notes.finish.output_tokens if notes.finish else None,
        charge=charge,
        steers=False,
    )


def purge() -> int:
    """Forget old trials; returns how many. Called by the periodic sweep."""
    return Trial.objects.filter(created_at__lt=Now() - KEEP).delete()[0]
