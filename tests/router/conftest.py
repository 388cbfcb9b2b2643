"""A model beside the router, and an arena of music that asks it."""

from collections.abc import Iterator
from typing import Any

import pytest

from arena.arenas.models import Arena, Modality
from tests.ballots import make_arena
from tests.router.moderator_server import ModeratorServer, running


@pytest.fixture
def model_server(settings: Any) -> Iterator[ModeratorServer]:
    """A server of chat completions, set as the router's model."""
    with running() as server:
        settings.ARENA_ROUTER_URL = server.url("/v1/chat/completions")
        settings.ARENA_ROUTER_MODEL, settings.ARENA_ROUTER_API_KEY = "model-1", "sk-canary"
        settings.ARENA_PRIVATE_BACKENDS = server.private
        yield server


@pytest.fixture
def music(db: None) -> Arena:
    """Of music in memory alone, where the reader looks; its row is not saved as such."""
    arena = make_arena("music")
    arena.modality = Modality.MUSIC
    return arena
