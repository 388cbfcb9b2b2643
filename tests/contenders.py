"""Systems that answer for real: replay files written for a test."""

import json
from pathlib import Path

from arena.arenas.models import Arena
from arena.systems.models import System, SystemVersion


def replay_system(
    arena: Arena,
    name: str,
    answers: dict[str, str],
    folder: Path,
    *,
    tokens_per_second: float = 2000,
    ttft_s: float = 0.01,
) -> SystemVersion:
    """A system that answers exactly these prompts, at this rate."""
    path = folder / f"{name}.jsonl"
    rows = [json.dumps({"prompt": prompt, "output": output}) for prompt, output in answers.items()]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    system = System.objects.filter(arena=arena, name=name).first() or System.objects.create(arena=arena, name=name)
    return SystemVersion.objects.create(
        system=system,
        number=SystemVersion.objects.filter(system=system).count() + 1,
        organisation=f"{name} Ltd",
        access="open",
        licence="MIT",
        backend="replay",
        endpoint={"path": str(path), "tokens_per_second": tokens_per_second, "ttft_s": ttft_s},
        price_in_usd_per_mtok=1,
        price_out_usd_per_mtok=2,
        behaviour=name,
    )
