"""`manage.py train_router`: a router from a release of this site, from a folder or from an address."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError

from arena.common.object_store import store
from arena.common.storage import StorageError
from data_releases import publish
from data_releases.found import NotVerified, Verified
from data_releases.models import Release, ReleaseState
from data_releases.routers import CannotTrain
from data_releases.source import SourceError, open_source
from data_releases.train_command import add_options, trained
from data_releases.verify import verify


class Command(BaseCommand):
    """Fit, judge, write; what is printed is what the card says."""

    help = "Fit a reference router on a release's training votes and judge it on its held-out votes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The release, and what `arena-train` takes."""
        parser.add_argument(
            "--release",
            required=True,
            metavar="R",
            help="a published release (2026-10, or text/2026-10), a folder, or an address",
        )
        add_options(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Train."""
        try:
            told, written = trained(
                _release(options["release"]),
                options["policy"],
                options["seed"],
                options["out"],
                as_json=options["json"],
            )
        except (NotVerified, CannotTrain, SourceError, StorageError, OSError) as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error
        self.stdout.write(told)
        for path in written:
            self.stderr.write(str(path))


def _release(name: str) -> Verified:
    if urlsplit(name).scheme in ("http", "https") or Path(name).exists():
        with open_source(name) as source:
            return verify(source, audio=False)
    arena, _slash, month = name.rpartition("/")
    rows = Release.objects.select_related("arena").filter(state=ReleaseState.PUBLISHED, name=month)
    found = list(rows.filter(arena__slug=arena) if arena else rows)
    if len(found) > 1:
        listed = ", ".join(sorted(f"{one.arena.slug}/{one.name}" for one in found))
        raise CommandError(f"several arenas have a release {month}: say which of {listed}")
    if not found:
        raise CommandError(f"{name!r} is no published release (see `release list`), no folder and no address")
    return publish.verified(store(), found[0], audio=False)
