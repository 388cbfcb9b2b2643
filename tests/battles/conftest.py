"""An arena of text with four systems that know two prompts; and processes for whole battles."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.arenas.models import Arena
from arena.battles import services
from arena.battles.models import Battle
from tests.ballots import make_arena, make_voter
from tests.battles.turns import ANSWER, PROMPT
from tests.contenders import replay_system
from tests.stack import Stack, running_stack
from tests.support.fake_openai import FakeOpenAI


@pytest.fixture
def arena(tmp_path: Path, valkey: object) -> Arena:
    arena = make_arena()
    for name in ("alpha", "beta", "gamma", "delta"):
        replay_system(arena, name, {PROMPT: f"{name} speaks", "More.": f"{name} again"}, tmp_path)
    return arena


@pytest.fixture
def battle(arena: Arena) -> Battle:
    return services.start_battle(arena, make_voter(), PROMPT)


@pytest.fixture(scope="package")
def fake() -> Iterator[FakeOpenAI]:
    """A backend whose models behave as their names say; the answer is always the same."""
    with FakeOpenAI(answer=lambda asked: ANSWER, pause_s=0.01) as server:
        yield server


@pytest.fixture(scope="package")
def processes(tmp_path_factory: pytest.TempPathFactory, fake: FakeOpenAI) -> Iterator[Stack]:
    """The processes of a site for all modules of whole battles, each of which registers arenas of its own."""
    var: Path = tmp_path_factory.mktemp("battles")
    with running_stack(var, env={"ARENA_PRIVATE_BACKENDS": fake.host_port}) as running:
        yield running
