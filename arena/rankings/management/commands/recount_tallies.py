"""`manage.py recount_tallies`: count all votes again and compare with the stored tallies."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.arenas.models import Arena
from arena.rankings.services import recount, refresh_board


class Command(BaseCommand):
    """Exit 0 where the tallies agree or were replaced, 1 where they disagree and `--apply` was not given."""

    help = "Count an arena's votes from scratch up to the watermark; with --apply, replace tallies that disagree."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One arena at a time."""
        parser.add_argument("--arena", required=True, help="slug of the arena")
        parser.add_argument("--apply", action="store_true", help="store the new count and compute a new leaderboard")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Recount."""
        arena = Arena.objects.filter(slug=options["arena"]).first()
        if arena is None:
            raise CommandError(f"there is no arena {options['arena']!r}")
        found = recount(arena.pk, apply=options["apply"])
        excluded = ", ".join(f"{number} {reason}" for reason, number in sorted(found.counted.excluded.items()))
        self.stdout.write(f"{found.counted.counted} votes counted, excluded: {excluded or 'none'}")
        if found.agrees:
            self.stdout.write("the stored tallies agree")
            return
        if not options["apply"]:
            raise CommandError(f"the stored tallies disagree in {found.differing} counts; --apply replaces them")
        refresh_board(arena.pk)
        self.stdout.write(f"replaced {found.differing} counts")
