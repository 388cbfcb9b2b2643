"""The contenders that sing: a songwriter with a band, and a small choir. The words are those of the requirement."""

from typing import Final

from arena.systems.backends.base import AudioClip, GenerationRequest, Unsupported
from arena.systems.offline.music import bands, synth, verses
from arena.systems.offline.music.score import compose
from arena.systems.offline.music.voice import Sung, set_to, sing
from arena.systems.offline.music.words import lines_of
from arena.systems.offline.prose import seeded, user_turns

#: The lowest notes of the voices, MIDI numbers.
_SOLO: Final = 57
_CHOIR: Final = ((48, -0.6, -0.06), (55, 0.0, 0.05), (60, 0.6, 0.09))


def songwriter(request: GenerationRequest) -> AudioClip:
    """A band with a singer where a voice is asked for; without given words it writes its own. Stereo, 44.1 kHz."""
    need = request.requirement
    if not need.get("vocals"):
        return bands.band(request)
    lyrics = str(need.get("lyrics") or "") or verses.write(
        user_turns(request)[-1], str(need.get("language") or "en"), seeded(request, "songwriter-words")
    )
    score = compose(request, "songwriter", high=67)
    mix = bands.backing(score, 44_100, gain=0.45)
    sing(mix, set_to(score, lines_of(lyrics), _SOLO), gain=0.55)
    mix.echo(0.13, 0.2)
    return AudioClip(mix.wav(), bands.WAV, lyrics)


def choir(request: GenerationRequest) -> AudioClip:
    """Three parts without instruments; it cannot sing without words. Mono, 24 kHz.

    Raises:
        Unsupported: there are no words.
    """
    lyrics = str(request.requirement.get("lyrics") or "")
    lines = lines_of(lyrics)
    if not lines:
        raise Unsupported("the choir has no words to sing")
    score = compose(request, "choir", high=67)
    mix = synth.Mix(score.seconds, 24_000, channels=1)
    for low, pan, detune in _CHOIR:
        part = [_harmonised(sung, low) for sung in set_to(score, lines, low)]
        sing(mix, part, gain=0.4, pan=pan, detune=detune)
    mix.echo(0.09, 0.35)
    return AudioClip(mix.wav(fade_s=1.0), bands.WAV, lyrics)


def _harmonised(sung: Sung, low: int) -> Sung:
    """The middle part sings a fifth above the lowest, the others the tune."""
    return Sung(sung.start_s, sung.seconds, sung.pitch + (7 if low == _CHOIR[1][0] else 0), sung.syllable)
