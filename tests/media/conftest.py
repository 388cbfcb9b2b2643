"""An arena of music whose systems give what a test says, and an object store of its own."""

from dataclasses import replace

import pytest
from django.conf import settings as django_settings

from arena.arenas.models import Modality
from tests.ballots import make_arena
from tests.contenders import replay_system

PROMPT = "A calm tune."


@pytest.fixture(autouse=True)
def _store_of_its_own(settings, tmp_path):
    settings.ENV = replace(django_settings.ENV, var=tmp_path)


def music_arena(slug="music"):
    """An arena of music without systems."""
    arena = make_arena(slug)
    arena.modality = Modality.MUSIC
    arena.save()
    return arena


@pytest.fixture
def arena(tmp_path, valkey):
    arena = music_arena()
    for name in ("alpha", "beta", "gamma", "delta"):
        replay_system(arena, name, {PROMPT: "a clip"}, tmp_path)
    return arena
