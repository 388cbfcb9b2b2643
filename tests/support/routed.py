"""An arena in which a router from the sample release takes part, on a running stack."""

import json
from pathlib import Path
from typing import Any

from tests.stack import Stack

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "release-sample"
#: The systems of the sample release, which the router knows as its members.
MEMBERS = ("Heron", "Ibis", "Jay", "Kestrel", "Lark", "Merlin")
PROMPTS = tuple(f"Tell me about {topic}, number {n}." for n in range(10) for topic in ("rivers", "python code"))


def arena_file(folder: Path, *more: dict[str, Any]) -> dict[str, Any]:
    """An arena with the members, which say their names, and more systems."""
    entries = []
    for name in MEMBERS:
        rows = [{"prompt": prompt, "output": f"{name} says: " + "so it is. " * 20} for prompt in PROMPTS]
        path = folder / f"{name}.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows))
        system = {"name": name, "backend": "replay", "path": str(path), "tokens_per_second": 3000, "ttft_s": 0.01}
        entries.append({**system, "price_in": 1, "price_out": 2, "organisation": f"{name} org"})
    return {"arena": "routed", "modality": "text", "systems": [*entries, *more]}


def trained(stack: Stack, folder: Path) -> Path:
    """A router of the sample release, by the command; its `router.json`."""
    out = folder / "router"
    words = ("--release", str(SAMPLE), "--policy", "cluster_bt", "--out", str(out), "--json")
    figures = json.loads(stack.manage("train_router", *words))
    assert figures["votes"]["train"] > 100
    return out / "router.json"
