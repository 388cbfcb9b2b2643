"""`manage.py simulate_votes`: fill a demo arena with the votes of simulated voters."""

import json
import math
import sys
import time
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.arenas.models import Arena
from arena.rankings.moments import moment_of
from arena.rankings.simulation import Plan, SimulationError, Window, simulate
from arena.rankings.voters import UnknownSystem


class Command(BaseCommand):
    """Simulate battles and votes through the real services, and print the true strengths as JSON."""

    help = "Simulated voters of known strengths vote in an arena. They count in demo arenas only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options of the contract, and two of our own."""
        parser.add_argument("--arena", required=True, help="slug of the arena")
        parser.add_argument("--battles", required=True, type=_number, metavar="N")
        parser.add_argument("--seed", type=int, default=0, metavar="S")
        parser.add_argument("--from", dest="start", type=moment_of, metavar="DATE", help="first day, UTC")
        parser.add_argument("--to", dest="end", type=moment_of, metavar="DATE", help="the day after the last")
        parser.add_argument("--strengths", nargs="*", default=[], metavar="NAME=POINTS")
        parser.add_argument("--force", action="store_true", help="also in an arena where these votes never count")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run."""
        arena = Arena.objects.filter(slug=options["arena"]).first()
        if arena is None:
            raise CommandError(f"there is no arena {options['arena']!r}")
        if not (arena.is_demo or options["force"]):
            raise CommandError(f"{arena.slug} is no demo arena: simulated votes would be stored and never count")
        plan = Plan(
            battles=options["battles"],
            seed=options["seed"],
            strengths=dict(_strength(given) for given in options["strengths"]),
            window=_window(options["start"], options["end"]),
        )
        began = time.monotonic()
        try:
            truth = simulate(arena, plan, lambda done: self._report(done, plan.battles, time.monotonic() - began))
        except (SimulationError, UnknownSystem) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps({"arena": arena.slug, "battles": plan.battles, "strengths": truth}))

    def _report(self, done: int, battles: int, seconds: float) -> None:
        print(f"{done}/{battles} battles, {done / max(seconds, 1e-9):.0f} per second", file=sys.stderr)


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def _window(start: datetime | None, end: datetime | None) -> Window | None:
    if start is None and end is None:
        return None
    if start is None or end is None or not start < end:
        raise CommandError("--from and --to go together, and --from is the earlier")
    return start, end


def _strength(given: str) -> tuple[str, float]:
    name, _separator, points = given.rpartition("=")
    try:
        value = float(points)
    except ValueError:
        value = math.nan
    if not name or not math.isfinite(value):
        raise CommandError(f"--strengths {given}: write NAME=POINTS")
    return name, value
