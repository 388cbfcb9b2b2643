"""`manage.py rank`: ratings of an arena's live tallies, or of a file of votes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.arenas.models import Arena
from arena.rankings.command_line import BAD_INPUT, add_options, described, rank_file, show
from arena.rankings.method import Method
from arena.rankings.services import rank_arena


class Command(BaseCommand):
    """Compute ratings and print them; nothing is stored but the fold of new votes."""

    help = "Rate the systems of an arena, or of a file of votes (which needs no settings and no database)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """See `command_line`."""
        add_options(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Rank."""
        if options["votes"] is not None:
            raise SystemExit(rank_file(options["votes"], options["both_bad"], as_json=options["json"]))
        arena = Arena.objects.filter(slug=options["arena"]).first()
        if arena is None:
            raise CommandError(f"there is no arena {options['arena']!r}", returncode=BAD_INPUT)
        ranked = rank_arena(arena.pk, Method(both_bad=options["both_bad"]))
        show(described(arena.slug, ranked.names, ranked.board, ranked.excluded), as_json=options["json"])
