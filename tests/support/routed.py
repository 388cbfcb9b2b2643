"""A demo arena whose own release trains a router, on a running stack."""

import json
from pathlib import Path

from tests.stack import Stack

TOPICS = ("rivers", "lakes", "clouds", "storms", "bread", "cheese", "chess", "violins", "stars", "comets")
QUESTIONS = ("Tell me about {}.", "Why do people like {}?", "A short poem about {}.", "Explain {} to a child.")
PROMPTS = tuple(question.format(topic) for topic in TOPICS for question in QUESTIONS)
STRENGTHS = {"ada": 1300, "bea": 1100, "cleo": 900, "dora": 700}


def arena_file(folder: Path, *more: dict) -> dict:
    """A demo arena of its own, with four systems that say their names."""
    entries = []
    for name in STRENGTHS:
        rows = [{"prompt": prompt, "output": f"{name} says: " + "so it is. " * 20} for prompt in PROMPTS]
        path = folder / f"{name}.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows))
        system = {"name": name, "backend": "replay", "path": str(path), "tokens_per_second": 3000, "ttft_s": 0.01}
        entries.append({**system, "price_in": 1, "price_out": 2, "organisation": f"{name} org"})
    return {"arena": "routed", "modality": "text", "demo": True, "systems": [*entries, *more]}


def trained(stack: Stack, folder: Path) -> Path:
    """A router of the arena's own release."""
    stack.register(arena_file(folder))
    strengths = [f"{name}={points}" for name, points in STRENGTHS.items()]
    october = ("--from", "2026-10-01", "--to", "2026-11-01", "--strengths", *strengths)
    for seed in ("1", "2"):
        stack.manage("simulate_votes", "--arena", "routed", "--battles", "400", "--seed", seed, *october)
    stack.manage("release", "build", "--arena", "routed", "--window", "2026-10", "--no-embargo")
    stack.manage("release", "publish", "--arena", "routed", "--window", "2026-10")
    told = stack.manage(
        *(
            "train_router",
            "--release",
            "routed/2026-10",
            "--policy",
            "cluster_bt",
            "--out",
            str(folder / "router"),
            "--json",
        )
    )
    figures = json.loads(told)
    assert figures["best_single"] == "ada v1"
    assert figures["votes"]["train"] > 100
    assert figures["predictions"]["test"]["accuracy"]["value"] > 0.5
    assert json.loads((folder / "router" / "router.json").read_text())["release"]["simulated"] is True
    return folder / "router" / "router.json"
