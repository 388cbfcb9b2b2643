"""`manage.py rank`: ratings of an arena's live tallies, or of a file of votes."""

from argparse import ArgumentParser, Namespace
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.arenas.models import Arena
from arena.rankings.bradley_terry import RankingError
from arena.rankings.command_line import BAD_INPUT, add_options, described, method_from, rank_file, show
from arena.rankings.intervals import VotersNeeded
from arena.rankings.method import BadMethod
from arena.rankings.services import rank_arena


class Command(BaseCommand):
    """Compute ratings and print them; nothing is stored but the fold of new votes."""

    help = "Rate the systems of an arena, or of a file of votes (which needs no settings and no database)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """See `command_line`."""
        add_options(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Rank."""
        asked = Namespace(**options)
        if asked.votes is not None:
            raise SystemExit(rank_file(asked))
        arena = Arena.objects.filter(slug=asked.arena).first()
        if arena is None:
            raise CommandError(f"there is no arena {asked.arena!r}", returncode=BAD_INPUT)
        try:
            ranked = rank_arena(arena.pk, method_from(asked))
        except (BadMethod, RankingError, VotersNeeded) as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        show(described(arena.slug, ranked.names, ranked.board, ranked.excluded), as_json=asked.json)
