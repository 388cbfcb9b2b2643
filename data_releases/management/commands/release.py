"""`manage.py release`: build, publish, list and export releases."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.arenas.models import Arena
from arena.common.object_store import store
from arena.common.storage import StorageError
from data_releases import publish, revisions, services
from data_releases.export import export
from data_releases.formats import FORMATS, NothingToExport
from data_releases.found import NotVerified
from data_releases.models import Release, ReleaseState
from data_releases.services import ReleaseError


class Command(BaseCommand):
    """One subcommand per step of a release's life; the same steps are in the admin."""

    help = "Build the release of a month, publish it, revise it, list releases."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One parser per subcommand."""
        steps = parser.add_subparsers(dest="step", required=True)
        build = steps.add_parser("build", help="build the draft of a month, or build it again")
        build.add_argument("--arena", required=True, help="slug of the arena")
        build.add_argument("--window", required=True, metavar="YYYY-MM", help="the month")
        build.add_argument("--no-embargo", action="store_true", help="at once; demo arenas only")
        public = steps.add_parser("publish", help="publish a built release; running it means that you looked at it")
        _add_choice(public)
        again = steps.add_parser("revise", help="take out of public releases what was withdrawn; published at once")
        again.add_argument("--arena", required=True, help="slug of the arena")
        shaped = steps.add_parser("export", help="write a published release in another shape")
        _add_choice(shaped)
        shaped.add_argument("--format", required=True, choices=sorted(FORMATS), metavar="F", help=", ".join(FORMATS))
        shaped.add_argument("--out", required=True, type=Path, metavar="DIR")
        listed = steps.add_parser("list", help="list releases with their states, as JSON lines")
        listed.add_argument("--arena", help="slug of the arena")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run one step."""
        try:
            getattr(self, f"_{options['step']}")(options)
        except (ReleaseError, StorageError) as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error

    def _build(self, options: dict[str, Any]) -> None:
        try:
            month = services.window_of(options["window"])
        except ValueError as error:
            raise CommandError(f"--window {error}") from error
        release = services.build_release(_arena(options["arena"]), month, embargo=not options["no_embargo"])
        self.stdout.write(json.dumps(_told(release), indent=1))

    def _publish(self, options: dict[str, Any]) -> None:
        release = _chosen(options, [ReleaseState.DRAFT, ReleaseState.REVIEWED, ReleaseState.PUBLISHED])
        if release.state == ReleaseState.DRAFT:
            release = services.mark_reviewed(release.pk, release.manifest_sha256)
        self.stdout.write(json.dumps(_told(publish.publish(store(), release)), indent=1))

    def _revise(self, options: dict[str, Any]) -> None:
        made = revisions.revise_all(store(), _arena(options["arena"]))
        for release in made:
            self.stdout.write(json.dumps(_told(release)))
        if not made:
            self.stderr.write("No withdrawal asks for a revision.")

    def _export(self, options: dict[str, Any]) -> None:
        release = _chosen(options, [ReleaseState.PUBLISHED])
        try:
            written = export(publish.verified(store(), release, audio=False), options["format"], options["out"])
        except (NotVerified, NothingToExport) as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error
        self.stdout.write("\n".join(str(options["out"] / path) for path in written))

    def _list(self, options: dict[str, Any]) -> None:
        rows = Release.objects.select_related("arena").order_by("arena__slug", "window_start", "revision")
        for release in rows.filter(arena=_arena(options["arena"])) if options["arena"] else rows:
            self.stdout.write(json.dumps(_told(release)))


def _add_choice(parser: ArgumentParser) -> None:
    parser.add_argument("--arena", help="slug of the arena; not needed where there is one candidate")
    parser.add_argument("--window", "--release", dest="name", metavar="YYYY-MM[.rN]", help="name of the release")


def _arena(slug: str) -> Arena:
    arena = Arena.objects.filter(slug=slug).first()
    if arena is None:
        raise CommandError(f"there is no arena {slug!r}")
    return arena


def _chosen(options: dict[str, Any], states: list[ReleaseState]) -> Release:
    rows = Release.objects.select_related("arena").filter(state__in=states)
    if options["arena"]:
        rows = rows.filter(arena=_arena(options["arena"]))
    if options["name"]:
        rows = rows.filter(name=options["name"])
    elif len(states) > 1:
        rows = rows.exclude(state=ReleaseState.PUBLISHED)
    found = list(rows[:2])
    if len(found) != 1:
        what = "no release" if not found else "more than one release"
        raise CommandError(f"{what} fits: name it by --arena and --window (see `release list`)")
    return found[0]


def _told(release: Release) -> dict[str, Any]:
    manifest = release.manifest or {}
    return {
        "arena": release.arena.slug,
        "release": release.name,
        "state": release.state,
        "manifest_sha256": release.manifest_sha256 or None,
        "counts": manifest.get("counts"),
        "withheld_texts": manifest.get("withheld_texts"),
        "simulated": manifest.get("simulated"),
        "files": publish.folder_of(publish.place_of(release), release),
    }
