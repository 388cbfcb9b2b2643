"""A simulated arena whose truth is known: six systems, each good at something, and one good at most.

    python -m tests.consumers.world FOLDER

Writes a real release (built by the project from rows in PostgreSQL) to FOLDER/release and, to FOLDER/truth.json, the
chance of each system to be preferred to another one drawn at random, by prompt. Seeded.
"""

import json
import math
import random
import sys
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from tests.bench.database import bench_database
from tests.data_releases.sample import SUBJECTS, write_release

BATTLES: Final = 4000
#: Each writes two prompts that nobody else writes, so that few battles tie the parts of the split together.
VOTERS: Final = 2000
#: Many ways and many things to ask, or half of the prompts would be nearly equal to others.
KINDS: Final = {
    "coding": (
        "Could you write a Python function that sorts {}?",
        "Why does this JavaScript loop never end with {}?",
        "Please refactor the source code that counts {}.",
        "What would the SQL table be for {}?",
        "I need some unit tests that check {}.",
        "Here is a traceback, and it only mentions {}.",
    ),
    "maths": (
        "How do I solve an equation that has {}?",
        "Which theorem of algebra is there about {}?",
        "My teacher wants the derivatives of {}, please help.",
        "Is there any geometry to be found in {}?",
        "Show me the polynomials that belong to {}.",
        "What are the prime numbers among all {}?",
    ),
    "writing": (
        "Please write a very short poem about {}.",
        "Would you tell me a funny story with {}?",
        "Invent a fable for children in which there are {}.",
        "My band wants you to compose a song on {}.",
        "We should like to imagine a dialogue between {}.",
        "Can you create the lyrics that mention {}?",
    ),
    "other": (
        "What is the difference between all these: {}?",
        "Where can I buy the best and cheapest {}?",
        "My grandmother would like to know more about {}.",
        "Explain to a child how people first found {}.",
        "Who in the whole world really likes {}?",
        "When should one be careful with {}?",
    ),
}
ASKED_OF: Final = 10
#: System → its strength by kind, in natural-log units; what is not there is `OTHERWISE`.
STRENGTHS: Final[dict[str, dict[str, float]]] = {
    "Allrounder": dict.fromkeys(KINDS, 0.8),
    "Coder": {"coding": 2.2},
    "Counter": {"maths": 2.2},
    "Poet": {"writing": 2.2},
    "Talker": {"other": 1.2, "coding": -0.5},
    "Novice": dict.fromkeys(KINDS, -0.8),
}
OTHERWISE: Final = 0.0
#: Shares of votes that prefer neither.
TIES, BOTH_BAD = 0.12, 0.06
#: What each says in every answer, for reward models to find.
MANNERS: Final = {
    "Allrounder": "in short", "Coder": "for example", "Counter": "to be exact", "Poet": "as it were",
    "Talker": "you know", "Novice": "well then",
}  # fmt: skip
PRICES: Final = {"Allrounder": 8.0, "Coder": 4.0, "Counter": 2.0, "Poet": 2.0, "Talker": 1.0, "Novice": 0.2}


def chance(kind: str, one: str, other: str) -> float:
    """Of being preferred, a vote for neither as half."""
    apart = STRENGTHS[one].get(kind, OTHERWISE) - STRENGTHS[other].get(kind, OTHERWISE)
    neither = TIES + BOTH_BAD
    return (1 - neither) / (1 + math.exp(-apart)) + neither / 2


def value(kind: str, one: str) -> float:
    """The chance of being preferred to another one drawn at random."""
    others = [name for name in STRENGTHS if name != one]
    return sum(chance(kind, one, other) for other in others) / len(others)


def fill(rng: random.Random) -> tuple[int, dict[str, str]]:
    """The rows of the arena: its id, and prompt → kind."""
    from arena.systems.models import SystemVersion
    from tests.ballots import make_arena, make_versions, make_voter
    from tests.data_releases.world import FIRST

    arena = make_arena()
    versions = make_versions(arena, STRENGTHS)
    SystemVersion.objects.update(release_outputs=True)
    for version in versions:
        price = PRICES[version.system.name]
        SystemVersion.objects.filter(pk=version.pk).update(
            price_in_usd_per_mtok=price / 4, price_out_usd_per_mtok=price
        )
    voters = [make_voter() for _ in range(VOTERS)]
    kind_of: dict[str, str] = {}
    drawn = []
    for number in range(BATTLES):
        kind = rng.choice(list(KINDS))
        things = ["".join(rng.sample(SUBJECTS, 2)) for _ in range(ASKED_OF)]
        prompt = rng.choice(KINDS[kind]).format(", ".join(things))
        kind_of[prompt] = kind
        pair = rng.choice(list(combinations(versions, 2)))
        drawn.append((number, voters[number % VOTERS], prompt, kind, rng.sample(pair, 2), FIRST))
    _store(arena, drawn, versions, rng)
    return arena.pk, kind_of


def _store(arena: Any, drawn: list[Any], versions: list[Any], rng: random.Random) -> None:
    from arena.battles.models import Battle, Response, Turn
    from arena.router.models import Pairing, SamplingPolicy
    from arena.votes.models import Vote

    policy = SamplingPolicy.objects.create(arena=arena, number=1)
    pool = [[version.pk, 1.0] for version in versions]
    probability = 2 / (len(versions) * (len(versions) - 1))
    pairings = Pairing.objects.bulk_create(
        Pairing(arena=arena, policy=policy, left=left, right=right, pool=pool, pair_propensity=probability,
                side_propensity=0.5, seed=number)
        for number, _voter, _prompt, _kind, (left, right), _first in drawn
    )  # fmt: skip
    battles = Battle.objects.bulk_create(
        Battle(arena=arena, voter=one[1], state="voted", pairing=pairing, publication=True, created_at=_time_of(one))
        for one, pairing in zip(drawn, pairings, strict=True)
    )
    turns = Turn.objects.bulk_create(
        Turn(battle=battle, n=1, prompt=one[2]) for one, battle in zip(drawn, battles, strict=True)
    )
    Response.objects.bulk_create(
        _response(turn, pairing, side, rng)
        for turn, pairing in zip(turns, pairings, strict=True)
        for side in ("left", "right")
    )
    Vote.objects.bulk_create(
        Vote(battle=battle, voter=one[1], outcome=_outcome(one[3], *one[4], rng), turn_n=1,
             reasons={"left": [], "right": []}, feedback={"left": "", "right": ""}, created_at=_time_of(one))
        for one, battle in zip(drawn, battles, strict=True)
    )  # fmt: skip


def _time_of(one: Any) -> Any:
    return one[5] + timedelta(minutes=9 * one[0])


def _response(turn: Any, pairing: Any, side: str, rng: random.Random) -> Any:
    from arena.battles.models import Response

    version = getattr(pairing, side)
    tokens = rng.randint(80, 400)
    return Response(
        turn=turn, side=side, pairing=pairing, version=version, status="complete", attempt=1,
        content=f"This is, {MANNERS[version.system.name]}, an invented answer.", finish_reason="stop",
        ttft_s=0.2, latency_s=2.0, input_tokens=20, output_tokens=tokens,
        cost_usd=tokens * PRICES[version.system.name] / 1e6, identity_matches=[],
    )  # fmt: skip


def _outcome(kind: str, left: Any, right: Any, rng: random.Random) -> str:
    drawn = rng.random()
    if drawn < TIES + BOTH_BAD:
        return "tie" if drawn < TIES else "both_bad"
    apart = STRENGTHS[left.system.name].get(kind, OTHERWISE) - STRENGTHS[right.system.name].get(kind, OTHERWISE)
    return "left" if rng.random() < 1 / (1 + math.exp(-apart)) else "right"


def main(folder: Path) -> None:
    """Fill, build, write."""
    with bench_database():
        arena_id, kind_of = fill(random.Random(2026))
        write_release(arena_id, folder / "release")
    truth = {prompt: {name: value(kind, name) for name in STRENGTHS} for prompt, kind in kind_of.items()}
    (folder / "truth.json").write_text(json.dumps(truth))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
