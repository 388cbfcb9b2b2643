"""`arena-train`: a router from a release. Needs no account, no database, no settings.

All policies but `knn` need the extra `train`.

`manage.py train_router` is the same for releases of the site.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from data_releases.found import Verified
from data_releases.release_command import status_of
from data_releases.routers import CannotTrain
from data_releases.routers.train import train, write
from data_releases.routers.training import POLICIES


def add_options(parser: argparse.ArgumentParser) -> None:
    """What both commands share beside the release."""
    listed = "; ".join(f"{name}: {policy.meaning}" for name, policy in POLICIES.items())
    parser.add_argument("--policy", required=True, choices=sorted(POLICIES), metavar="P", help=listed)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder to write (default: router-ARENA-RELEASE-P)")
    parser.add_argument("--seed", type=int, default=0, help="of clusters, starts and intervals (default: 0)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def trained(
    release: Verified, policy: str, seed: int, folder: Path | None, *, as_json: bool
) -> tuple[str, list[Path]]:
    """Train and write.

    Returns:
        The figures to print, and the paths written.

    Raises:
        NotVerified, CannotTrain: see `routers.train`.
        OSError: the folder cannot be written.
    """
    report, files = train(release, policy, seed)
    manifest = release.manifest
    out = folder or Path(f"router-{manifest['arena']}-{manifest['release']}-{policy}")
    told = json.dumps(report.figures(), indent=1) if as_json else "\n".join(report.lines())
    return told, write(files, out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="arena-train",
        description="Fit a reference router on a release, which is verified first but for its clips, and judge it on "
        "held-out votes.",
        epilog="Exit status: 0 written, 1 the release does not verify, 2 nothing can be trained on it.",
    )
    parser.add_argument("release", metavar="DIR_OR_URL", help="folder or address of the release")
    add_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run; see the epilog for the exit status."""
    options = _parser().parse_args(argv)

    def work(release: Verified) -> None:
        told, written = trained(release, options.policy, options.seed, options.out, as_json=options.json)
        print(told)
        for path in written:
            print(path, file=sys.stderr)

    return status_of(options.release, work, CannotTrain)


def run() -> None:
    """The console script."""
    sys.exit(main())


if __name__ == "__main__":
    run()
