"""Routers written for a test: which member answers which prompt is said, not learnt."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from arena.arenas.models import Arena
from arena.policies import embedding
from arena.policies.files import JSON_FILE, fingerprint, written
from arena.policies.routers import ClusterRouter
from arena.systems.models import System, SystemVersion

POEM, SUM = "Write a poem about rain", "Add two numbers in python"
MEMBERS = ("ada v1", "bea v1", "cleo v1")


def write_router(folder: Path, prompts: Mapping[str, str], members: tuple[str, ...], modality: str = "text") -> Path:
    """Its `router.json`; a prompt goes to the member of the prompt that shares most words with it.

    Args:
        folder: made where it is missing.
        prompts: prompt → the member that answers it.
        members: all members, as releases name them; those behind the chosen one are the better the earlier they are.
        modality: of the arena.
    """
    centres = embedding.embedded(list(prompts))
    table = np.array(
        [[3.0 if name == member else -n / 10 for n, name in enumerate(members)] for member in prompts.values()]
    )
    about = {"options": {"clusters": len(prompts)}, "modality": modality}
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in written("cluster_bt", members, ClusterRouter(centres, table), about).items():
        (folder / name).write_bytes(content)
    return folder / JSON_FILE


def router(arena: Arena, folder: Path, name: str = "kNN", members: tuple[str, ...] = MEMBERS) -> SystemVersion:
    """A contender that sends `POEM` to ada and `SUM` to bea, as long as they are among its members."""
    path = write_router(folder / name, {POEM: "ada v1", SUM: "bea v1"}, MEMBERS)
    system = System.objects.create(arena=arena, name=name)
    sha256 = fingerprint(path)
    endpoint = {"path": str(path), "sha256": sha256, "policy": "cluster_bt", "members": list(members)}
    return SystemVersion.objects.create(
        system=system, number=1, backend="router", endpoint=endpoint, behaviour=sha256, access="open"
    )
