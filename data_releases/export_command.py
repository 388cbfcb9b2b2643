"""`arena-export`: a release in the shape of another data set or router. Needs no account, no database, no settings."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from data_releases.export import export
from data_releases.formats import FORMATS, NothingToExport
from data_releases.found import Verified
from data_releases.release_command import status_of


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {form.name:16} {form.reader}: {form.meaning}" for form in FORMATS.values())
    parser = argparse.ArgumentParser(
        prog="arena-export",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Write a release in another shape. The release is verified first, but for its clips.",
        epilog=f"formats:\n{listed}\n\nExit status: 0 written, 1 the release does not verify, 2 it cannot be used.",
    )
    parser.add_argument("release", metavar="DIR_OR_URL", help="folder or address of the release")
    parser.add_argument("--format", required=True, choices=sorted(FORMATS), metavar="F", help="see below")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder to write; made where missing")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run; see the epilog for the exit status."""
    options = _parser().parse_args(argv)

    def work(release: Verified) -> None:
        for path in export(release, options.format, options.out):
            print(options.out / path)

    return status_of(options.release, work, NothingToExport)


def run() -> None:
    """The console script."""
    sys.exit(main())


if __name__ == "__main__":
    run()
