"""`manage.py create_token NAME`: a bearer token for a program, shown once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.accounts.errors import LimitsInvalid, TokenNameTaken
from arena.accounts.limits import parse_limits
from arena.accounts.services import create_token


class Command(BaseCommand):
    """Creates a token and prints it."""

    help = "Create a bearer token for a program. The token alone goes to standard output, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name and limits."""
        parser.add_argument("name", metavar="NAME", help="who uses the token; unique")
        parser.add_argument(
            "--limits",
            default="",
            metavar="ACTION.SCOPE=NUMBER/SECONDS,…",
            help="limits that replace the site's for this token, e.g. battle.network=0,vote.token=5000/3600 (0: none)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Create, print, remind."""
        name = options["name"].strip()
        if not 1 <= len(name) <= 120:
            raise CommandError("NAME has 1 to 120 characters.")
        try:
            _token, value = create_token(name, parse_limits(options["limits"]))
        except (LimitsInvalid, TokenNameTaken) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(value)
        self.stderr.write(f"Token {name!r} created. It is shown only now: keep it safe.")
