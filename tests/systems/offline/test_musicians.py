"""The musicians of the demo: they follow the prompt and the requirement, differ, and take a second of a core."""

import io
import time
import wave
from typing import Any

import numpy as np
import pytest

from arena.systems.backends.base import AUDIO_LIMITS, AudioClip, Finished, GenerationRequest, Message
from arena.systems.backends.local_audio import LocalAudioBackend
from arena.systems.offline import CONTENDERS

MUSICIANS = [entry for entry, contender in CONTENDERS.items() if contender.gives == "audio"]
CHIPTUNE = "arena.systems.offline.music.bands:chiptune"


def asking(prompt: str = "A slow tune", seed: int = 7, **requirement: Any) -> GenerationRequest:
    return GenerationRequest(
        (Message("user", prompt),), AUDIO_LIMITS, seed=seed, requirement={"duration_s": 10, **requirement}
    )


def clip_of(entry: str, request: GenerationRequest) -> AudioClip:
    clip, end = LocalAudioBackend(entry).iterate(request)
    assert end == Finished("stop")
    return clip


def heard(clip: AudioClip) -> tuple[np.ndarray, int]:
    """Samples, shape (frames, channels), −1 to 1; and their rate in Hz."""
    with wave.open(io.BytesIO(clip.data)) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        return frames / 32768, file.getframerate()


@pytest.mark.parametrize("entry", MUSICIANS)
def test_a_clip_is_heard_all_along_and_as_long_as_asked(entry: str) -> None:
    samples, rate_hz = heard(clip_of(entry, asking()))
    seconds = len(samples) / rate_hz
    assert seconds == pytest.approx(30 if entry == CHIPTUNE else 10, abs=0.1)
    assert 0.5 < np.abs(samples).max() < 0.95
    loudness = [float(np.sqrt(np.mean(second**2))) for second in np.array_split(samples, int(seconds))[:-2]]
    assert min(loudness) > 0.005


@pytest.mark.parametrize("entry", MUSICIANS)
def test_the_same_request_gives_the_same_clip_and_another_seed_or_prompt_another(entry: str) -> None:
    clip = clip_of(entry, asking())
    assert clip_of(entry, asking()).data == clip.data
    assert clip_of(entry, asking(seed=8)).data != clip.data
    assert clip_of(entry, asking("A fast march")).data != clip.data


def test_a_clip_takes_a_fraction_of_its_length() -> None:
    started = time.process_time()
    for entry in MUSICIANS:
        clip_of(entry, asking(duration_s=30))
    assert time.process_time() - started < 30 * len(MUSICIANS) / 5


def test_the_tempo_that_was_asked_for_is_played() -> None:
    """The kick of four-to-the-floor house comes every beat: the pulse of the low band has that period."""
    samples, rate_hz = heard(clip_of(MUSICIANS[0], asking("house", tempo_bpm=120, duration_s=20)))
    frame = rate_hz // 100
    energy = np.square(samples[: len(samples) // frame * frame].mean(axis=1)).reshape(-1, frame).sum(axis=1)
    onsets = np.maximum(0, np.diff(energy))
    onsets -= onsets.mean()
    pulse = np.correlate(onsets, onsets, "full")[len(onsets) :]
    assert 45 <= 40 + int(pulse[40:60].argmax()) <= 55
