"""Which systems can answer, and how each is called."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.systems import services
from arena.systems.backends.base import Finished, Limits, Message, Unsupported
from arena.systems.backends.local import LocalBackend
from arena.systems.backends.openai_http import OpenAIBackend
from arena.systems.backends.replay import ReplayBackend
from arena.systems.models import System, SystemVersion
from tests.support.fake_openai import FakeOpenAI
from tests.systems.conftest import asking, events_of

pytestmark = pytest.mark.django_db

HI = (Message("user", "Hi"),)
REMOTE = {"base_url": "https://api.example/v1", "model": "m"}


@pytest.fixture
def arena() -> Arena:
    return Arena.objects.create(slug="text", name="Text")


def version(arena: Arena, name: str, backend: str = "local", endpoint: dict | None = None, **more) -> SystemVersion:
    system = System.objects.create(arena=arena, name=name)
    given = {"entry": "arena.systems.offline.eliza:reply"} if endpoint is None else endpoint
    return SystemVersion.objects.create(
        system=system, number=1, access="open", backend=backend, endpoint=given, behaviour=name, **more
    )


def replay(arena: Arena, name: str, outputs: dict, folder: Path, **more) -> SystemVersion:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(outputs))
    return version(arena, name, "replay", {"path": str(path)}, **more)


def names(arena: Arena, messages=HI) -> list[str]:
    return [found.system.name for found in services.eligible_versions(arena, messages)]


def test_current_systems_that_can_answer_are_eligible(arena: Arena, tmp_path: Path) -> None:
    version(arena, "local")
    replay(arena, "knows", {"Hi": "Hello"}, tmp_path)
    replay(arena, "does not know", {"Bye": "Bye"}, tmp_path)
    retired = version(arena, "retired")
    SystemVersion.objects.filter(pk=retired.pk).update(retired_at=Now())
    paused = version(arena, "paused")
    System.objects.filter(pk=paused.system_id).update(is_paused=True)
    version(Arena.objects.create(slug="other", name="Other"), "elsewhere")
    assert names(arena) == ["local", "knows"]


def test_a_follow_up_needs_a_system_that_has_it(arena: Arena, tmp_path: Path) -> None:
    replay(arena, "one turn", {"Hi": "Hello"}, tmp_path)
    version(arena, "local")
    assert names(arena, asking("Hi", "And?").messages) == ["local"]


@pytest.mark.parametrize(
    ("backend", "endpoint"),
    [
        ("replay", {"path": "/no/such/file.json"}),
        ("replay", {}),
        ("local", {"entry": "os:system"}),
        ("openai_http", {"base_url": "http://api.example/v1", "model": "m"}),
        ("openai_http", {"model": "m"}),
        ("openai_http", REMOTE | {"api_key_env": "NOT_SET_API_KEY"}),
        ("telepathy", {}),
    ],
)
def test_a_system_set_up_wrongly_is_left_out_and_said_so(
    arena: Arena, backend: str, endpoint: dict, caplog: pytest.LogCaptureFixture
) -> None:
    broken = version(arena, "broken", backend, endpoint)
    assert names(arena) == []
    assert "cannot be called" in caplog.text
    assert not services.can_answer(broken, HI)


def test_each_kind_has_its_backend_made_once(arena: Arena, tmp_path: Path) -> None:
    kinds = {
        ReplayBackend: replay(arena, "a", {"Hi": "Hello"}, tmp_path),
        LocalBackend: version(arena, "b"),
        OpenAIBackend: version(arena, "c", "openai_http", REMOTE),
    }
    for kind, made in kinds.items():
        assert type(services.backend_for(made)) is kind
        assert services.backend_for(made) is services.backend_for(made)


async def _answer(made: SystemVersion) -> str:
    events = await events_of(services.backend_for(made))
    assert isinstance(events[-1], Finished)
    return "".join(getattr(event, "text", "") for event in events)


@pytest.mark.parametrize("as_file", [False, True])
async def test_the_key_comes_from_the_environment(
    as_file: bool, fake: FakeOpenAI, settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.ARENA_PRIVATE_BACKENDS = [fake.host_port]
    name = f"FAKE_{int(as_file)}_API_KEY"
    (tmp_path / "key").write_text("sk-canary\n")
    monkeypatch.setenv(f"{name}_FILE" if as_file else name, str(tmp_path / "key") if as_file else "sk-canary")
    endpoint = {"base_url": fake.base_url, "model": "m", "api_key_env": name}
    made = SystemVersion(backend="openai_http", endpoint=endpoint, parameters={"temperature": 0.5})
    assert await _answer(made)
    assert fake.asked[0].headers["authorization"] == "Bearer sk-canary"
    assert fake.asked[0].body["temperature"] == 0.5


def test_the_host_of_the_environments_models_may_be_private(settings) -> None:
    env = replace(settings.ENV, openai_base_url="http://127.0.0.1:11434/v1")
    settings.ENV = env
    assert services.address_policy().lists("127.0.0.1", 11434)
    assert not services.address_policy().lists("127.0.0.1", 5432)


def test_limits_come_from_the_file(arena: Arena) -> None:
    assert services.limits_for(version(arena, "a")) == Limits()
    endpoint = {"entry": "arena.systems.offline.eliza:reply", "limits": {"idle_s": 3.0}}
    limited = version(arena, "b", endpoint=endpoint, parameters={"max_tokens": 64})
    assert services.limits_for(limited) == Limits(idle_s=3.0, max_output_tokens=64)
    whole = services.limits_for(version(arena, "c", endpoint={**endpoint, "limits": {"max_output_tokens": 4096.0}}))
    assert isinstance(whole.max_output_tokens, int)


@pytest.mark.parametrize(
    ("tokens", "cost"),
    [((1_000_000, 0), "2.5"), ((0, 1_000_000), "10"), ((1000, 100), "0.0035"), ((None, 5), None), ((5, None), None)],
)
def test_costs_are_tokens_times_price(arena: Arena, tokens: tuple, cost: str | None) -> None:
    priced = version(arena, "a", price_in_usd_per_mtok=Decimal("2.5"), price_out_usd_per_mtok=Decimal(10))
    assert services.cost_usd(priced, *tokens) == (None if cost is None else Decimal(cost))


def test_a_worker_iterates_local_systems_only(arena: Arena, tmp_path: Path) -> None:
    assert list(services.iterate_local(version(arena, "a"), asking()))
    with pytest.raises(Unsupported):
        services.iterate_local(replay(arena, "b", {"Hi": "Hello"}, tmp_path), asking())


def test_suggestions_are_the_arenas_own_or_what_two_files_can_answer(arena: Arena, tmp_path: Path) -> None:
    assert services.suggested_prompts(arena, 3) == []
    replay(arena, "a", {"Hi": "x", "Why?": "x", "only a": "x", "long " * 100: "x"}, tmp_path)
    replay(arena, "b", {"Hi": "y", "Why?": "y", "long " * 100: "y"}, tmp_path)
    assert set(services.suggested_prompts(arena, 9)) == {"Hi", "Why?"}
    assert len(services.suggested_prompts(arena, 1)) == 1
    arena.suggestions = ["One", "Two", "Three"]
    assert services.suggested_prompts(arena, 2) == ["One", "Two"]
