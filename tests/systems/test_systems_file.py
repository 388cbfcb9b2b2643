"""Systems files, checked at the edge."""

import json
from pathlib import Path

import pytest

from arena.systems import offline
from arena.systems.backends.addresses import AddressPolicy
from arena.systems.entries import OpenAIEntry
from arena.systems.systems_file import (
    SystemsFileInvalid,
    environment_entries,
    missing_here,
    read_file,
)
from tests.systems.files import problems, read

REPLAY = {"name": "a", "backend": "replay", "path": "a.jsonl"}
REMOTE = {"name": "r", "backend": "openai_http", "base_url": "https://api.example/v1", "model": "m"}
LOCAL = {"name": "l", "backend": "local", "entry": "arena.systems.offline.eliza:reply"}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.jsonl").write_text(json.dumps({"prompt": "Hi", "output": "Hello"}))
    return tmp_path


def test_the_contracts_example_is_read(folder: Path) -> None:
    given = REPLAY | {
        "name": "gpt-4o",
        "organisation": "OpenAI",
        "access": "proprietary",
        "licence": "…",
        "tokens_per_second": 60,
        "price_in": 2.5,
        "price_out": 10,
        "release_outputs": True,
        "weight": 1,
        "signature": {},
    }
    entry = read(folder, given).systems[0]
    assert entry.name == "gpt-4o"
    assert entry.path == folder / "a.jsonl"
    assert str(entry.price_in) == "2.5"


def test_the_demos_file_is_read_and_has_four_systems() -> None:
    file = read_file(ROOT / "ops" / "demo_systems.yaml", AddressPolicy())
    assert file.arena.demo
    assert len({entry.endpoint()["entry"] for entry in file.systems}) >= 4


def test_the_demos_music_systems_have_different_signatures_and_say_that_they_are_demos() -> None:
    file = read_file(ROOT / "ops" / "demo_music.yaml", AddressPolicy())
    assert file.arena.demo
    assert file.arena.modality == "music"
    assert all(entry.name.startswith("demo-") for entry in file.systems)
    assert len({json.dumps(entry.signature, sort_keys=True) for entry in file.systems}) >= 3


MUSIC = {"name": "m", "backend": "local", "entry": "arena.systems.offline.music.bands:band"}


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        ({"vocals": "sometimes"}, "signature.vocals: 'sometimes' is none of none, optional, always"),
        ({"lyrics": ["accepts"]}, "signature.lyrics: without vocals nobody sings them"),
        ({"vocals": "always"}, "signature.lyrics: a system with vocals accepts, generates or requires lyrics"),
        ({"vocals": "always", "lyrics": ["hums"]}, "signature.lyrics: must be a list of accepts, generates, requires"),
        ({"vocals": "always", "lyrics": {"accepts": True}}, "signature.lyrics: must be a list"),
        ({"vocals": "always", "lyrics": ["generates", "requires"]}, "does not require them"),
        ({"duration": "long"}, "signature.duration: must be `free`, {fixed: seconds} or {min: seconds, max: seconds}"),
        ({"duration": {"fixed": 0}}, "signature.duration.fixed: must be seconds"),
        ({"duration": {"min": 30, "max": 10}}, "signature.duration: min is above max"),
        ({"duration": {"min": 3}}, "signature.duration: must be"),
        ({"sample_rates": [44.1]}, "signature.sample_rates: must be a list of whole numbers of Hz"),
        ({"languages": "en"}, "signature.languages: must be a list of language tags"),
        ({"max_prompt_chars": 0}, "signature.max_prompt_chars: must be a whole number above 0"),
        ({"wings": 2}, "signature.wings: unknown key; known are vocals, lyrics"),
    ],
)
def test_a_wrong_signature_of_music_is_named(folder: Path, signature: dict, said: str) -> None:
    found = problems(folder, MUSIC | {"signature": signature}, arena="music", modality="music")
    assert found.startswith("system 'm': signature.")
    assert said in found


def test_a_system_belongs_in_an_arena_of_what_it_gives(folder: Path) -> None:
    assert "system 'm': backend: gives audio, and an arena of text needs text" in problems(folder, MUSIC)
    found = problems(folder, LOCAL, arena="music", modality="music")
    assert "system 'l': backend: gives text, and an arena of music needs audio" in found


@pytest.mark.parametrize("votes", [-1, 2.5, "30", 2**31])
def test_votes_for_a_rank_are_a_whole_number(folder: Path, votes: object) -> None:
    assert "listed_from_votes" in problems(folder, LOCAL, listed_from_votes=votes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tempo": 1}, "system 'a': tempo: unknown key"),
        ({"name": ""}, "name"),
        ({"name": " a"}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"price_in": -1}, "system 'a': price_in"),
        ({"price_in": "cheap"}, "price_in"),
        ({"weight": 0}, "weight"),
        ({"weight": float("nan")}, "weight"),
        ({"weight": "1"}, "weight"),
        ({"access": "free"}, "access"),
        ({"release_outputs": "yes"}, "release_outputs"),
        ({"links": {"home": "javascript:alert(1)"}}, "links.home"),
        ({"limits": {"idle": 3}}, "limits: idle is none of"),
        ({"limits": {"idle_s": 0}}, "limits: idle_s must be positive"),
        ({"parameters": {"stream": False}}, "parameters: stream: set by the arena"),
        ({"tokens_per_second": 0}, "tokens_per_second"),
        ({"path": "gone.jsonl"}, "gone.jsonl"),
        ({"path": "systems.yaml"}, "not one of .json"),
        ({"backend": "magic"}, "'magic' is none of replay"),
        ({"backend": "router"}, "not a router of format"),
        ({"backend": None}, "backend: None is none of"),
        ({"entry": "os:system"}, "entry: unknown key"),
    ],
)
def test_a_wrong_entry_is_named_with_what_is_wrong(folder: Path, change: dict, said: str) -> None:
    found = problems(folder, REPLAY | change)
    assert said in found
    assert "system" in found


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (LOCAL | {"entry": "os:system"}, "system 'l': entry: none of arena.systems.offline"),
        (REMOTE | {"base_url": "http://api.example/v1"}, "system 'r': base_url: api.example:80: https is required"),
        (REMOTE | {"base_url": "https://u:canary@api.example/v1"}, "has a user name"),
        (REMOTE | {"api_key_env": "ARENA_SECRET_KEY"}, "system 'r': api_key_env: name a variable"),
        (REMOTE | {"api_key_env": "DATABASE_URL"}, "api_key_env"),
        (REMOTE | {"api_key_env": "AWS_SECRET_ACCESS_KEY"}, "api_key_env"),
        (REMOTE | {"api_key": "canary"}, "system 'r': api_key: a secret does not belong in this file"),
        (REMOTE | {"api_key_env": "sk-canary-1234567890"}, "api_key_env: a secret does not belong"),
        (REMOTE | {"parameters": {"extra_headers": {"Authorization": "canary"}}}, "parameters.extra_headers.Auth"),
        (REMOTE | {"parameters": {"x": ["Bearer canary123456"]}}, "parameters.x.0: a secret"),
    ],
)
def test_what_a_backend_must_not_have_is_refused(folder: Path, entry: dict, said: str) -> None:
    found = problems(folder, entry)
    assert said in found
    assert "canary" not in found


def test_every_problem_is_told_at_once(folder: Path) -> None:
    found = problems(folder, REPLAY | {"weight": -1}, LOCAL | {"entry": "x:y"}, REMOTE, REMOTE, speed=1)
    for said in (
        "system 'a': weight",
        "system 'l': entry",
        "system 'r': the name is used twice",
        "speed: unknown key",
    ):
        assert said in found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be a mapping"),
        ("- a", "must be a mapping"),
        ("arena: text", "`systems` must be a list"),
        ("arena: text\nsystems: []", "`systems` must be a list"),
        ("arena: text\nsystems: [1]", "system 1: not a mapping"),
        ("arena: [", "no YAML"),
        ("arena: a\narena: b\nsystems: []", "the key 'arena' stands twice"),
        ("arena: !!python/object/apply:os.system ['true']", "no YAML"),
        ("arena: Text Arena\nsystems: []", "arena"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(SystemsFileInvalid, match=said):
        read_file(tmp_path / "x.yaml", AddressPolicy())


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemsFileInvalid, match="No such file"):
        read_file(tmp_path / "x.yaml", AddressPolicy())


def test_the_environment_describes_systems_too(folder: Path) -> None:
    entries = environment_entries("http://127.0.0.1:11434/v1", ["llama3", " qwen ", "llama3", ""], has_key=False)
    assert [(entry.name, entry.model) for entry in entries] == [("llama3", "llama3"), ("qwen", "qwen")]
    assert "api_key_env" not in entries[0].endpoint()
    with_key = environment_entries("https://a.example/v1", ["m"], has_key=True)[0]
    assert isinstance(with_key, OpenAIEntry)
    assert with_key.endpoint()["api_key_env"] == "OPENAI_API_KEY"
    assert environment_entries("", ["m"], has_key=True) == []
    together = read(folder, REPLAY).with_systems(entries)
    assert [entry.name for entry in together.systems] == ["a", "llama3", "qwen"]
    with pytest.raises(SystemsFileInvalid, match="twice"):
        together.with_systems(entries)


def test_what_a_machine_lacks_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = read(folder, REPLAY, REMOTE | {"api_key_env": "A_KEY"}, LOCAL).systems
    assert [missing_here(entry, lambda _name: True) for entry in entries] == [None, None, None]
    monkeypatch.setitem(offline.CONTENDERS, LOCAL["entry"], offline.Contender(requires=("no_such_package",)))
    _replay, remote, local = (missing_here(entry, lambda _name: False) for entry in entries)
    assert remote.startswith("A_KEY is not set here")
    assert local.startswith("no_such_package not installed here")
