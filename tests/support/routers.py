"""Routers written for a test: which member answers which prompt is said, not learnt."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from arena.policies import embedding
from arena.policies.files import JSON_FILE, written
from arena.policies.routers import ClusterRouter


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
