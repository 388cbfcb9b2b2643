"""Whether a release starts from the votes of the one before it, withdrawals considered. Pure."""

from typing import Any

from data_releases import certified, schema
from data_releases.certified import Tallies
from data_releases.found import Verified
from data_releases.manifest import MANIFEST, canonical, sha256


def named(release: Verified) -> dict[str, str]:
    """How later releases name it."""
    return {"release": release.manifest["release"], "manifest_sha256": sha256(canonical(release.manifest))}


def carried(release: Verified) -> Tallies:
    """The tallies that the next release starts from."""
    own = certified.tallies_of(release.tables["votes"], certified.contenders_of(release.tables["systems"]))
    return certified.added(certified.tallies_from(release.tables["prior_tallies"]), own)


def check_chain(newer: Verified, older: Verified) -> None:
    """Note in `newer` where it does not follow `older`: another release, or other tallies than its votes give.

    Where `older` is a revision of the release that `newer` was made from, its tallies may lack votes withdrawn since:
    at most as many as it has tombstones of votes.
    """
    told = older.manifest["release"]
    follows = newer.manifest.get("previous")
    if newer.manifest["arena"] != older.manifest["arena"] or follows is None:
        newer.say(MANIFEST, f"it does not follow release {told}")
        return
    itself = follows == named(older)
    if not itself and follows not in older.manifest.get("earlier_revisions", []):
        same = follows["release"] == told
        newer.say(
            MANIFEST, f"it follows another {told} than the one given" if same else f"it does not follow release {told}"
        )
        return
    taken = certified.tallies_of_rows(newer.manifest.get("withdrawn_tallies", []))
    start = certified.added(certified.tallies_from(newer.tables["prior_tallies"]), taken)
    missing = certified.without(start, carried(older))
    if not _explained(missing, 0 if itself else _removed_votes(older)):
        newer.say(schema.PRIOR_TALLIES.file, f"its tallies are not those of {told} and before")


def _explained(missing: Tallies, most: int) -> bool:
    numbers = [number for count in missing.values() for number in count.numbers]
    return min(numbers, default=0) >= 0 and sum(numbers) <= most


def _removed_votes(release: Verified) -> int:
    stones: list[dict[str, Any]] = release.tables["tombstones"].to_pylist()
    return sum(stone["file"] == schema.VOTES.file for stone in stones)
