"""Reading clips: what a page needs to play them, and their bytes."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from arena.accounts.models import Voter
from arena.battles.models import Battle
from arena.battles.selectors import Player
from arena.battles.states import SIDES, BattleState, ResponseStatus, Side
from arena.common.object_store import store
from arena.common.storage import Missing
from arena.media.models import Clip
from arena.media.tokens import TokenInvalid, clip_of, token_for

__all__ = [
    "Audio",
    "ClipNotFound",
    "Missing",
    "Player",
    "RevealedClip",
    "audio_of",
    "blocks",
    "players_of",
    "revealed_clips",
]

#: Whoever hears a clip before both sides are complete knows which system is faster.
_AUDIBLE = frozenset({BattleState.READY.value, BattleState.VOTED.value})


class ClipNotFound(LookupError):
    """No clip for this voter under this address, told apart by nothing."""


@dataclass(frozen=True, slots=True)
class Audio:
    """The bytes of a clip: where they lie, how many, of what type."""

    key: str
    bytes: int
    media_type: str


def players_of(battle: Battle) -> dict[Side, Player]:
    """Side → how its clip is played by the battle's voter; empty until both sides may be heard."""
    if battle.state not in _AUDIBLE:
        return {}
    by_side = {clip.response.side: clip for clip in _heard(battle)}
    return {side: _player(by_side[side], battle) for side in SIDES if side in by_side}


def _player(clip: Clip, battle: Battle) -> Player:
    return Player(f"/media/{token_for(clip.pk, battle.voter_id)}", clip.duration_s, tuple(clip.peaks))


@dataclass(frozen=True, slots=True)
class RevealedClip:
    """What the vote reveals of a clip.

    `speed_factor`: seconds of music that the system gave per second of waiting. `downloadable`: whether the system's
    licence lets its outputs be given away. `training_data`: what its maker says that it learnt from.
    """

    generated_s: float
    speed_factor: float | None
    lyrics: str
    training_data: str
    downloadable: bool


def revealed_clips(battle: Battle) -> dict[Side, RevealedClip]:
    """Side → what is revealed of its clip; empty until the vote."""
    if battle.state != BattleState.VOTED.value:
        return {}
    by_side = {clip.response.side: clip for clip in _heard(battle)}
    return {side: _revealed(by_side[side]) for side in SIDES if side in by_side}


def _heard(battle: Battle) -> QuerySet[Clip]:
    complete = Clip.objects.filter(response__turn__battle=battle, response__status=ResponseStatus.COMPLETE.value)
    return complete.select_related("response__version")


def _revealed(clip: Clip) -> RevealedClip:
    latency_s = clip.response.latency_s
    return RevealedClip(
        generated_s=round(clip.generated_s, 1),
        speed_factor=round(clip.generated_s / latency_s, 2) if latency_s else None,
        lyrics=clip.lyrics,
        training_data=clip.response.version.training_data,
        downloadable=clip.response.version.release_outputs,
    )


def download_of(battle: Battle, side: Side) -> Audio:
    """The clip of one side, to be kept: after the vote, where the system's licence allows it.

    Raises:
        ClipNotFound: there is none, or it may not be given away.
    """
    if battle.state == BattleState.VOTED.value:
        for clip in _heard(battle).filter(response__side=side, response__version__release_outputs=True):
            return Audio(clip.key, clip.bytes, clip.media_type)
    raise ClipNotFound


def audio_of(token: str, voter: Voter | None) -> Audio:
    """The clip that this address opens for this voter.

    Raises:
        ClipNotFound: see there.
    """
    if voter is None:
        raise ClipNotFound
    try:
        clip_id = clip_of(token, voter.pk)
    except TokenInvalid as error:
        raise ClipNotFound from error
    heard = Clip.objects.filter(
        id=clip_id,
        response__status=ResponseStatus.COMPLETE.value,
        response__turn__battle__voter=voter,
        response__turn__battle__state__in=_AUDIBLE,
    )
    found = heard.values_list("key", "bytes", "media_type").first()
    if found is None:
        raise ClipNotFound
    return Audio(*found)


def blocks(audio: Audio, start: int, stop: int) -> Iterator[bytes]:
    """Bytes of a clip from `start` to before `stop`; raises StorageError before the first block."""
    return store().read(audio.key, start, stop)
