"""A folder of clips: each is given for its prompt, none from outside the folder, and none that has changed."""

import json
from pathlib import Path

import pytest

from arena.systems.backends.base import (
    AUDIO_LIMITS,
    AudioClip,
    Finished,
    GenerationRequest,
    Limits,
    Message,
    Misconfigured,
    NothingSaid,
    TimedOut,
    TooLarge,
    Unsupported,
)
from arena.systems.backends.replay_audio import AudioFolder, ReplayAudioBackend
from tests.systems.conftest import events_of


def folder_of(tmp_path: Path, **index: str) -> Path:
    (tmp_path / "clips.json").write_text(json.dumps(index or {"a waltz": "one.mp3", "a march": "two.flac"}))
    (tmp_path / "one.mp3").write_bytes(b"ID3 one")
    (tmp_path / "two.flac").write_bytes(b"fLaC two")
    return tmp_path


def asking(prompt: str = "a waltz", limits: Limits = AUDIO_LIMITS) -> GenerationRequest:
    return GenerationRequest((Message("user", prompt),), limits)


async def test_the_clip_of_the_prompt_is_given(tmp_path: Path) -> None:
    backend = ReplayAudioBackend(folder_of(tmp_path))
    assert await events_of(backend, asking()) == [AudioClip(b"ID3 one", "audio/mpeg"), Finished("stop")]
    assert list(backend.known_prompts()) == ["a waltz", "a march"]
    assert backend.supports(asking("a march").messages)


async def test_an_unknown_prompt_is_unsupported(tmp_path: Path) -> None:
    backend = ReplayAudioBackend(folder_of(tmp_path))
    assert not backend.supports(asking("a polka").messages)
    with pytest.raises(Unsupported):
        await events_of(backend, asking("a polka"))


@pytest.mark.parametrize("name", ["../secret.mp3", "/etc/passwd", "one.txt", "a/../../x.mp3"])
async def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "secret.mp3").write_bytes(b"x")
    with pytest.raises(Misconfigured):
        await events_of(ReplayAudioBackend(folder_of(folder, **{"a waltz": name})), asking())


async def test_a_symbolic_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "secret.mp3").write_bytes(b"x")
    (folder / "link.mp3").symlink_to(tmp_path / "secret.mp3")
    with pytest.raises(Misconfigured):
        await events_of(ReplayAudioBackend(folder_of(folder, **{"a waltz": "link.mp3"})), asking())


def test_a_changed_folder_is_another_system(tmp_path: Path) -> None:
    before = AudioFolder(folder_of(tmp_path)).fingerprint()
    assert ReplayAudioBackend(tmp_path, sha256=before)
    (tmp_path / "one.mp3").write_bytes(b"ID3 another")
    with pytest.raises(Misconfigured, match="has changed"):
        ReplayAudioBackend(tmp_path, sha256=before)


def test_a_missing_clip_or_index_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"clips\.json"):
        AudioFolder(tmp_path)
    (folder_of(tmp_path) / "one.mp3").unlink()
    with pytest.raises(Misconfigured, match=r"one\.mp3"):
        AudioFolder(tmp_path).fingerprint()


async def test_size_emptiness_and_time_have_their_errors(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    with pytest.raises(TooLarge):
        await events_of(ReplayAudioBackend(folder), asking(limits=Limits(max_bytes=3)))
    with pytest.raises(TimedOut):
        await events_of(ReplayAudioBackend(folder, ttft_s=1), asking(limits=Limits(total_s=0.1)))
    (folder / "one.mp3").write_bytes(b"")
    with pytest.raises(NothingSaid):
        await events_of(ReplayAudioBackend(folder), asking())
