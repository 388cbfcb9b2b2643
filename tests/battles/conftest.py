"""An arena of text with four systems that know two prompts."""

from pathlib import Path

import pytest

from arena.arenas.models import Arena
from arena.battles import services
from arena.battles.models import Battle
from tests.ballots import make_arena, make_voter
from tests.battles.turns import PROMPT
from tests.contenders import replay_system


@pytest.fixture
def arena(tmp_path: Path, valkey: object) -> Arena:
    arena = make_arena()
    for name in ("alpha", "beta", "gamma", "delta"):
        replay_system(arena, name, {PROMPT: f"{name} speaks", "More.": f"{name} again"}, tmp_path)
    return arena


@pytest.fixture
def battle(arena: Arena) -> Battle:
    return services.start_battle(arena, make_voter(), PROMPT)
