"""`manage.py import_votes FILE`: votes from elsewhere as a marked board of their own beside an arena's."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.arenas.models import Arena
from arena.rankings.command_line import BAD_INPUT
from arena.rankings.imports import ImportRefused, import_votes
from arena.rankings.vote_files import BadVotes


class Command(BaseCommand):
    """Exit 0 where all votes were stored, 2 where none was."""

    help = "Import a file of votes (CSV, JSON Lines, JSON, also .gz, or Parquet) as a source of its own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A file, its arena, and the name under which the page shows it."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--arena", required=True, metavar="A", help="slug of the arena")
        parser.add_argument("--name", metavar="NAME", help="shown on the page; the file's name if not given")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Import."""
        arena = Arena.objects.filter(slug=options["arena"]).first()
        if arena is None:
            raise CommandError(f"there is no arena {options['arena']!r}", returncode=BAD_INPUT)
        name = options["name"] or options["file"].name
        try:
            source = import_votes(arena, options["file"], name[:120])
        except (BadVotes, ImportRefused) as error:
            raise CommandError(f"{type(error).__name__}: {error}", returncode=BAD_INPUT) from error
        self.stdout.write(f"{source.votes} votes imported into {arena.slug} as {source.name!r}")
