"""The musicians of the demo: they follow the prompt and the requirement, differ, and take a second of a core."""

import io
import time
import wave
from functools import cache
from typing import Any

import numpy as np
import pytest

from arena.systems.backends.base import AUDIO_LIMITS, AudioClip, Finished, GenerationRequest, Message, Unsupported
from arena.systems.backends.local_audio import LocalAudioBackend
from arena.systems.offline import CONTENDERS

MUSICIANS = [entry for entry, contender in CONTENDERS.items() if contender.gives == "audio"]
SINGERS = [entry for entry in MUSICIANS if ".singers:" in entry]
CHOIR = "arena.systems.offline.music.singers:choir"
CHIPTUNE = "arena.systems.offline.music.bands:chiptune"


SUNG = {"vocals": True, "lyrics": "The river runs along the road\nand carries all its heavy load"}


def asking(prompt: str = "A slow tune", seed: int = 7, **requirement: Any) -> GenerationRequest:
    """A request of six seconds, for singers with a voice and words."""
    return GenerationRequest(
        (Message("user", prompt),), AUDIO_LIMITS, seed=seed, requirement={"duration_s": 6, **SUNG, **requirement}
    )


def clip_of(entry: str, request: GenerationRequest) -> AudioClip:
    clip, end = LocalAudioBackend(entry).iterate(request)
    assert end == Finished("stop")
    return clip


@cache
def usual(entry: str) -> AudioClip:
    """What it gives for the usual request, made once for all who only look at it."""
    return clip_of(entry, asking())


def heard(clip: AudioClip) -> tuple[np.ndarray, int]:
    """Samples, shape (frames, channels), −1 to 1; and their rate in Hz."""
    with wave.open(io.BytesIO(clip.data)) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        return frames / 32768, file.getframerate()


@pytest.mark.parametrize("entry", MUSICIANS)
def test_a_clip_is_heard_all_along_and_as_long_as_asked(entry: str) -> None:
    samples, rate_hz = heard(usual(entry))
    seconds = len(samples) / rate_hz
    assert seconds == pytest.approx(30 if entry == CHIPTUNE else 6, abs=0.1)
    assert 0.5 < np.abs(samples).max() < 0.95
    loudness = [float(np.sqrt(np.mean(second**2))) for second in np.array_split(samples, int(seconds))[:-2]]
    assert min(loudness) > 0.005


@pytest.mark.parametrize("entry", MUSICIANS)
def test_the_same_request_gives_the_same_clip_and_another_seed_or_prompt_another(entry: str) -> None:
    clip = clip_of(entry, asking(duration_s=3))
    assert clip_of(entry, asking(duration_s=3)).data == clip.data
    assert clip_of(entry, asking(seed=8, duration_s=3)).data != clip.data
    assert clip_of(entry, asking("A fast march", duration_s=3)).data != clip.data


def test_a_clip_takes_a_fraction_of_its_length() -> None:
    started = time.process_time()
    for entry in MUSICIANS:
        clip_of(entry, asking(duration_s=5))
    assert time.process_time() - started < 5 * len(MUSICIANS) / 5


def test_the_tempo_that_was_asked_for_is_played() -> None:
    """The kick of four-to-the-floor house comes every beat: the pulse of the low band has that period."""
    samples, rate_hz = heard(clip_of(MUSICIANS[0], asking("house", tempo_bpm=120, duration_s=20)))
    frame = rate_hz // 100
    energy = np.square(samples[: len(samples) // frame * frame].mean(axis=1)).reshape(-1, frame).sum(axis=1)
    onsets = np.maximum(0, np.diff(energy))
    onsets -= onsets.mean()
    pulse = np.correlate(onsets, onsets, "full")[len(onsets) :]
    assert 45 <= 40 + int(pulse[40:60].argmax()) <= 55


def spectrum(clip: AudioClip, low_hz: float, high_hz: float) -> float:
    """The share of the energy between two frequencies."""
    samples, rate_hz = heard(clip)
    power = np.abs(np.fft.rfft(samples.mean(axis=1))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    return float(power[(frequencies >= low_hz) & (frequencies < high_hz)].sum() / power.sum())


def test_the_vowels_of_the_words_are_heard() -> None:
    """An "ee" has its second formant above 2 kHz and its first below 400 Hz; an "ah" lies between (Peterson 1952)."""
    ah, ee = (clip_of(CHOIR, asking(lyrics=f"{vowel} {vowel} {vowel}")) for vowel in ("la", "lee"))
    assert spectrum(ah, 600, 1300) > 2 * spectrum(ee, 600, 1300)
    assert spectrum(ee, 1900, 3300) > 2 * spectrum(ah, 1900, 3300)


@pytest.mark.parametrize("entry", SINGERS)
def test_a_singer_sings_the_words_that_are_given_and_says_so(entry: str) -> None:
    clip = usual(entry)
    assert clip.lyrics == SUNG["lyrics"]
    assert clip_of(entry, asking(lyrics="Stay here, stay here")).data != clip.data


@pytest.mark.parametrize("entry", sorted(set(MUSICIANS) - set(SINGERS)))
def test_an_instrumental_system_ignores_words(entry: str) -> None:
    clip = usual(entry)
    assert clip.data == clip_of(entry, asking(lyrics="Something else")).data
    assert clip.lyrics == ""


def test_the_songwriter_plays_without_a_voice_and_writes_words_where_none_are_given() -> None:
    songwriter = next(entry for entry in SINGERS if entry != CHOIR)
    assert clip_of(songwriter, asking(vocals=False)).lyrics == ""
    written = clip_of(songwriter, asking("a song about thunder", lyrics="")).lyrics
    assert "thunder" in written
    assert "thunder" in clip_of(songwriter, asking("une chanson sur thunder", lyrics="", language="fr")).lyrics


def test_the_choir_does_not_sing_without_words() -> None:
    with pytest.raises(Unsupported):
        clip_of(CHOIR, asking(lyrics=""))


@pytest.mark.parametrize(
    "words", ["日本語 の うた", "x", "brrr psst", "a " * 500, "[verse]\nl'été, où es-tu ?", "1 2 3 go"]
)
def test_any_words_are_sung_or_refused(words: str) -> None:
    for entry in SINGERS:
        try:
            # Eight beats, which is a line.
            assert clip_of(entry, asking(lyrics=words, duration_s=3, tempo_bpm=180)).data
        except Unsupported:
            assert entry == CHOIR
            assert words == "日本語 の うた"
