"""Demo arenas for simulated voters, and the command that lets them vote."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from arena.arenas.models import Arena
from tests.ballots import make_arena
from tests.contenders import replay_system

NAMES = ("Ada", "Bell", "Cray", "Dijk", "Eck")


def simulated_arena(slug: str, folder: Path) -> Arena:
    """A demo arena whose systems answer one prompt."""
    made = make_arena(slug, demo=True)
    for name in NAMES:
        replay_system(made, name, {"Why?": f"Because of {name}."}, folder)
    made.suggestions = ["Why?"]
    made.save()
    return made


def simulate(**options: Any) -> dict[str, Any]:
    """What the command prints."""
    out = StringIO()
    call_command("simulate_votes", **{"arena": "demo"} | options, stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told
