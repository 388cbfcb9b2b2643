"""Make tests/data/release-sample anew: a small release of an invented arena, built by the project itself.

The figures of routers on it (tests/data/routers.json) are made anew with it; look at what changed.

    python -m tests.data_releases.sample

Names, questions and answers are invented; Merlin is a router, which answers through the first four. The signing key
is thrown away.
"""

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Final

from tests.bench.database import bench_database

FOLDER: Final = Path(__file__).resolve().parents[1] / "data" / "release-sample"
FIGURES: Final = FOLDER.parent / "routers.json"
SYSTEMS: Final = ("Heron", "Ibis", "Jay", "Kestrel", "Lark", "Merlin")
#: Many, so that two prompts of one kind are seldom nearly the same.
SUBJECTS: Final = [
    "bread",
    "tides",
    "chess",
    "rust",
    "moonlight",
    "saffron",
    "bridges",
    "glaciers",
    "jazz",
    "bees",
    "amber",
    "kites",
    "harbours",
    "ink",
    "lichen",
    "marble",
    "nettles",
    "oboes",
    "pepper",
    "quartz",
    "ravens",
    "sails",
    "thunder",
    "umbrellas",
    "violins",
    "willows",
    "yeast",
    "zinc",
    "anchors",
    "basalt",
    "cellos",
    "dunes",
    "embers",
    "ferns",
    "geysers",
    "herons",
    "icebergs",
    "junipers",
    "knots",
    "lanterns",
    "moss",
    "needles",
    "orchards",
    "pollen",
    "quilts",
    "reeds",
    "salt",
    "tapestry",
    "urns",
    "velvet",
]
ASKS: Final = (
    "Explain {} to a child.", "Write a limerick about {}.", "List three facts about {}.",
    "Was kann man über {} sagen?",
    "Résume l'histoire de {} en deux phrases.", "Give me a plan to learn about {} in a week.",
)  # fmt: skip


def main() -> None:
    """Fill a database, build, copy; then train."""
    with bench_database():
        build(FOLDER)
    write_figures(FOLDER, FIGURES)


def write_figures(release: Path, path: Path) -> None:
    """What the tests of routers expect."""
    from data_releases.routers.train import train
    from data_releases.routers.training import POLICIES
    from data_releases.source import Folder
    from data_releases.verify import verify

    found = verify(Folder(release))
    figures = {policy: train(found, policy, 1)[0].figures() for policy in sorted(POLICIES)}
    path.write_text(json.dumps(figures, indent=1) + "\n")


def build(folder: Path) -> None:
    """Build the sample into `folder`; the database is empty and migrated."""
    import random

    from arena.battles.states import SIDES
    from arena.systems.models import SystemVersion
    from tests.ballots import make_arena, make_versions, make_voter
    from tests.data_releases.world import FIRST, add_battle, route

    rng = random.Random(2026)
    arena = make_arena()
    versions = make_versions(arena, SYSTEMS)
    prices = {version.pk: (0.1 * (n + 1), 0.4 * (n + 1)) for n, version in enumerate(versions)}
    for pk, (price_in, price_out) in prices.items():
        SystemVersion.objects.filter(pk=pk).update(
            release_outputs=True, price_in_usd_per_mtok=price_in, price_out_usd_per_mtok=price_out
        )
    SystemVersion.objects.filter(system__name="Merlin").update(release_outputs=False)
    people = [make_voter() for _ in range(250)]
    for number in range(400):
        left, right = rng.sample(versions, 2)
        better = versions.index(left) > versions.index(right)
        outcome = rng.choices(("left", "right", "tie", "both_bad"), (5, 3, 2, 1) if better else (3, 5, 2, 1))[0]
        ask, subject = rng.choice(ASKS), ", ".join(rng.sample(SUBJECTS, 4))
        vote = add_battle(
            arena,
            left,
            right,
            voter=rng.choice(people),
            at=FIRST + timedelta(hours=number),
            outcome=outcome,
            prompt=ask.format(subject),
            answers={side: f"An invented {side} answer about {subject}{'!' * rng.randint(1, 30)}" for side in SIDES},
            feedback={"left": "Clear and short." if number % 9 == 0 else "", "right": ""},
            publication=number % 4 != 0,
            response={"identity_matches": ["I am Heron"]} if number % 50 == 7 else None,
        )  # fmt: skip
        if versions[-1] in (left, right):
            met = {left, right}
            member = next(one for one in versions[number % 3 :] if one not in met)
            route(vote.battle, member, "left" if left == versions[-1] else "right")
    write_release(arena.pk, folder)


def write_release(arena_id: int, folder: Path) -> None:
    """The release of an arena's October 2026, with a key that is thrown away."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from arena.arenas.models import Arena
    from data_releases import extract, services
    from data_releases.assemble import Facts, assemble
    from data_releases.certified import tally_table
    from data_releases.projection import Rules, project
    from tests.data_releases.world import FIRST, OCTOBER

    # The fold finds languages and categories.
    services.fold_votes(arena_id)
    midnight = FIRST.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    window = extract.Window(midnight, midnight.replace(month=11))
    raw = extract.read(Arena.objects.get(pk=arena_id), window)
    projected = project(raw, b"sample salt of 32 bytes, public!", Rules("text", is_demo=False, publish_texts=True))
    facts = Facts(
        arena="text",
        modality="text",
        release="2026-10",
        start=OCTOBER.start,
        end=OCTOBER.end,
        embargo_days=30,
        created=OCTOBER.end + timedelta(days=30),
        licence="CC BY 4.0",
    )
    made = assemble(projected, tally_table({}), facts, Ed25519PrivateKey.generate())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path, content in made.files.items():
        (folder / path).write_bytes(content)


if __name__ == "__main__":
    main()
