"""`arena-verify`: check a downloaded or published release. Needs no account, no database and no settings."""

import argparse
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from data_releases.chain import check_chain
from data_releases.difference import differences
from data_releases.found import Verified
from data_releases.manifest import read_key
from data_releases.source import SourceError, open_source
from data_releases.verify import verify

VERIFIED: Final = 0
MISMATCH: Final = 1
UNREADABLE: Final = 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="arena-verify",
        description="Check a data release: signature, checksums, schemas, counts, and the leaderboard to the byte.",
        epilog="Exit status: 0 verified, 1 a file is not what it should be (it is named), 2 unreadable.",
    )
    parser.add_argument("release", nargs="?", metavar="DIR_OR_URL", help="folder or address of the release")
    parser.add_argument(
        "--previous",
        action="append",
        default=[],
        metavar="DIR",
        help="the release before it; again for the one before that: checks the chain of tallies",
    )
    parser.add_argument("--no-audio", action="store_true", help="do not read the clips under audio/")
    parser.add_argument("--key", type=Path, metavar="FILE", help="public key that must have signed")
    parser.add_argument("--diff", nargs=2, metavar=("OLD", "NEW"), help="explain what a revision changed")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run; see the epilog for the exit status."""
    parser = _parser()
    options = parser.parse_args(argv)
    if bool(options.release) == bool(options.diff):
        parser.error("name one release, or two with --diff")
    try:
        key = read_key(options.key.read_text()) if options.key else None
        places = options.diff or [options.release, *options.previous]
        # What a revision changed is told by rows.
        audio = not options.no_audio and not options.diff
        checked = [(place, _verified(place, key, audio=audio)) for place in places]
        return _explained(checked) if options.diff else _told(checked, pinned=key is not None, audio=audio)
    except SourceError as error:
        print(f"unreadable: {error}", file=sys.stderr)
    except (OSError, ValueError) as error:
        print(f"unreadable: {options.key}: {error}", file=sys.stderr)
    return UNREADABLE


def _verified(place: str, key: str | None, *, audio: bool) -> Verified:
    with open_source(place) as source:
        return verify(source, key, audio=audio)


def _told(checked: list[tuple[str, Verified]], *, pinned: bool, audio: bool) -> int:
    if all(not one.problems for _place, one in checked):
        for (_newer_place, newer), (_older_place, older) in pairwise(checked):
            check_chain(newer, older)
    for place, one in checked:
        for path, problem in one.problems:
            print(f"MISMATCH {path}: {problem} ({place})")
    if any(one.problems for _place, one in checked):
        return MISMATCH
    _praise([one.manifest for _place, one in checked], pinned=pinned, audio=audio)
    return VERIFIED


def _praise(manifests: list[dict[str, Any]], *, pinned: bool, audio: bool) -> None:
    manifest, *earlier = manifests
    counts = manifest["counts"]
    print(f"verified {manifest['arena']} {manifest['release']}: {counts['cast']} votes, {counts['counted']} counted,")
    print(f"leaderboard {manifest['leaderboard_sha256']} computed again to the byte")
    if clips := manifest.get("audio", {}).get("clips"):
        print(f"{clips} clips " + ("have the bytes that clips.parquet names" if audio else "not read: --no-audio"))
    if earlier:
        print(f"it follows {', '.join(one['release'] for one in earlier)}")
    elif manifest.get("previous"):
        print(f"earlier votes are taken as given: check release {manifest['previous']['release']} with --previous")
    print(f"signed by {manifest['signature']['public_key']}" + ("" if pinned else ", signer not pinned: see --key"))


def _explained(checked: list[tuple[str, Verified]]) -> int:
    (old_place, old), (new_place, new) = checked
    broken = [(place, *problem) for place, one in ((old_place, old), (new_place, new)) for problem in one.problems]
    for place, path, problem in broken:
        print(f"MISMATCH {path}: {problem} ({place})")
    if broken:
        return MISMATCH
    unexplained = 0
    for difference in differences(old, new):
        unexplained += not difference.reason
        print(f"{difference.path}: {difference.what}: {difference.reason or 'NOT EXPLAINED by the newer manifest'}")
    return MISMATCH if unexplained else VERIFIED


def run() -> None:
    """The console script."""
    sys.exit(main())


if __name__ == "__main__":
    run()
