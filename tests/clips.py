"""Battles of music whose clips can be heard."""

from typing import Any

from arena.accounts.models import Voter
from arena.arenas.models import Arena, Modality
from arena.battles.models import Battle, Response
from arena.media.models import Clip
from tests.ballots import make_battle, make_versions

PEAKS = [20, 80, 100, 60, 30] * 40


def make_music_arena(slug: str = "music", *, min_listen_s: float = 5.0) -> Arena:
    """An open arena of music with two systems."""
    arena = Arena.objects.create(slug=slug, name="Music", modality=Modality.MUSIC, min_listen_s=min_listen_s)
    make_versions(arena, ["CanaryBand", "CanaryChip"])
    return arena


def make_music_battle(
    arena: Arena, *, voter: Voter | None = None, duration_s: float = 30.0, state: str = "ready", **more: Any
) -> Battle:
    """A battle whose two clips are prepared; their bytes are nowhere."""
    from arena.systems.models import SystemVersion

    left, right = SystemVersion.objects.filter(system__arena=arena).order_by("id")
    battle = make_battle(arena, left, right, voter=voter, state=state, prompt="A calm waltz", **more)
    for response in Response.objects.filter(turn__battle=battle):
        Clip.objects.create(
            response=response,
            key=f"clips/{battle.id}-{response.side}",
            media_type="audio/mpeg",
            duration_s=duration_s,
            peaks=PEAKS,
            bytes=720_000,
            sha256="0" * 64,
            generated_s=48.0,
            prepared_in_s=0.8,
        )
    Response.objects.filter(turn__battle=battle).update(content="", latency_s=4.0)
    return battle
