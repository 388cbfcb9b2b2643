"""What workers do with clips that came (`raw`): bring them to the profile, finish the turn.

SidesFailed     at least one side gave nothing that can be played; `failures` says which and why
"""

import hashlib
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction
from django.db.models.functions import Now

from arena.battles.endings import finish_turn
from arena.battles.models import Turn
from arena.battles.states import Side
from arena.battles.work import LeaseLost, Output, TurnWork, fence
from arena.common.object_store import store
from arena.common.storage import Missing
from arena.media import audio
from arena.media.decode import Decoded, decoded
from arena.media.errors import ClipError, ClipLost
from arena.media.lengths import common_length_s
from arena.media.models import Clip, RawClip
from arena.media.raw import forget_raw, new_key
from arena.systems.backends.base import BackendError, NothingSaid

PREFIX: Final = "clips"


class SidesFailed(Exception):
    """At least one side gave nothing that can be played."""

    def __init__(self, failures: Mapping[Side, BackendError]) -> None:
        super().__init__(", ".join(f"{side}: {error.summary}" for side, error in failures.items()))
        self.failures = dict(failures)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A side's clip in the store, not yet anybody's to hear."""

    raw: RawClip
    key: str
    clip: audio.Profiled
    native: dict[str, Any]
    music_s: float


def prepare(work: TurnWork) -> dict[Side, Prepared]:
    """Bring both sides' clips to the profile and to one length, and store them. Holds no connection meanwhile.

    Raises:
        SidesFailed: see there; nothing is stored then.
        StorageError: see `arena.common.storage`.
    """
    raws = _raws(work)
    connection.close()
    with ExitStack() as stack:
        found = {side: _attempt(stack.enter_context, decoded(_blocks(raw))) for side, raw in raws.items()}
        sources = _all_good(found)
        wished_s = next(iter(work.sides.values())).requirement.get("duration_s")
        length_s = common_length_s([one.clip_s for one in sources.values()], wished_s)
        clips = _all_good({side: _attempt(_profiled, one, length_s) for side, one in sources.items()})
    return {side: _stored(raws[side], clips[side], sources[side]) for side in raws}


def _raws(work: TurnWork) -> dict[Side, RawClip]:
    sides: dict[int, Side] = {one.response_id: side for side, one in work.sides.items()}
    raws = {sides[raw.response_id]: raw for raw in RawClip.objects.filter(response_id__in=sides)}
    if missing := set(work.sides) - set(raws):
        raise SidesFailed({side: NothingSaid("finished without a clip") for side in missing})
    return raws


def _blocks(raw: RawClip) -> Any:
    try:
        yield from store().read(raw.key)
    except Missing as error:
        raise ClipLost(raw.key) from error


def _attempt(call: Any, *arguments: Any) -> Any:
    """What the call returns, or the error of the clip."""
    try:
        return call(*arguments)
    except ClipError as error:
        return error


def _all_good(found: Mapping[Side, Any]) -> dict[Side, Any]:
    failures = {side: one for side, one in found.items() if isinstance(one, ClipError)}
    if failures:
        raise SidesFailed(failures)
    return dict(found)


def _profiled(source: Decoded, length_s: float) -> audio.Profiled:
    return audio.profiled(source.samples(length_s), length_s)


def _stored(raw: RawClip, clip: audio.Profiled, source: Decoded) -> Prepared:
    key = new_key(PREFIX)
    store().put(key, clip.data)
    came = {"media_type": raw.media_type, "bytes": raw.bytes, "loudness_lufs": round(clip.native_lufs, 2)}
    return Prepared(raw, key, clip, {**source.facts, **came}, source.music_s)


def finish(work: TurnWork, prepared: Mapping[Side, Prepared]) -> None:
    """Let both clips be heard: rows and the state `ready` in one transaction; then the raw ones go.

    Raises:
        LeaseLost: the turn is not ours any more; what was stored for it is gone.
    """
    try:
        with transaction.atomic():
            fence(work.turn_id, work.attempt)
            handed_over_at = max(one.raw.created_at for one in prepared.values())
            now = Turn.objects.filter(id=work.turn_id).values_list(Now(), flat=True).get()
            for one in prepared.values():
                _insert(one, (now - handed_over_at).total_seconds())
            finish_turn(work, {side: _output(one.raw) for side, one in prepared.items()})
    except LeaseLost:
        # Of any other failure nobody knows whether the rows are there; what no row names goes by `orphans`.
        for one in prepared.values():
            store().delete(one.key)
        raise
    forget_raw(work.turn_id)


def _insert(one: Prepared, prepared_in_s: float) -> None:
    Clip.objects.create(
        response_id=one.raw.response_id,
        key=one.key,
        media_type=audio.MEDIA_TYPE,
        duration_s=one.clip.duration_s,
        peaks=list(one.clip.peaks),
        bytes=len(one.clip.data),
        sha256=hashlib.sha256(one.clip.data).hexdigest(),
        lyrics=one.raw.lyrics,
        native=one.native,
        generated_s=one.music_s,
        prepared_in_s=prepared_in_s,
    )


def _output(raw: RawClip) -> Output:
    """A clip says nothing in words: what was sung stays with the clip until the vote."""
    return Output("", "", "stop", None, raw.latency_s, None, None)
