"""`manage.py reset_second_factor USERNAME`: for the only operator, whose phone is lost."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from arena.common import audit
from arena.operators.second_factors import remove_second_factor


class Command(BaseCommand):
    """Removes an operator's second factor."""

    help = "Remove an operator's authenticator and recovery codes; the next login sets up new ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who."""
        parser.add_argument("username")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Remove, audit, say so."""
        user = get_user_model().objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no operator {options['username']!r}.")
        with transaction.atomic():
            removed = remove_second_factor(user)
            audit.record(None, "second_factor.reset", user, note="by manage.py")
        self.stdout.write("Removed." if removed else "There was no second factor.")
