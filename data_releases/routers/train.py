"""Train a router on a verified release and write its files. Framework-free."""

from contextlib import suppress
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, Final

from arena.policies.files import written
from arena.rankings.blas import one_thread
from data_releases.found import Verified
from data_releases.manifest import canonical, sha256
from data_releases.routers.judge import judged
from data_releases.routers.report import Report, card
from data_releases.routers.training import fit
from data_releases.routers.votes import routing_data

CARD: Final = "ROUTER.md"


def train(release: Verified, policy: str, seed: int) -> tuple[Report, dict[str, bytes]]:
    """Fit a policy on a release and judge it.

    Args:
        release: as `verify` found it.
        policy: a key of `training.POLICIES`.
        seed: of everything drawn.

    Returns:
        Its figures, and its files by name.

    Raises:
        NotVerified: the release has a problem.
        CannotTrain: see `data_releases.routers`.
    """
    release.require_good()
    data = routing_data(release.tables)
    with one_thread():
        found = fit(policy, data.parts["train"], data.parts["validation"], len(data.members), seed)
        report = Report(policy, data, found, judged(found.router, data, seed), seed)
    of_release = _release(release.manifest)
    about = {
        "arena": release.manifest["arena"],
        "modality": release.manifest["modality"],
        "release": of_release,
        "options": found.options,
        "seed": seed,
        "libraries": _libraries(),
        "figures": report.figures(),
    }
    files = written(policy, data.members, found.router, about)
    sums = {path: sha256(content) for path, content in files.items()}
    return report, files | {CARD: card(report, of_release, sums).encode()}


def write(files: dict[str, bytes], folder: Path) -> list[Path]:
    """Write the files into a folder, made where it is missing; returns their paths. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        (folder / path).write_bytes(content)
    return [folder / path for path in sorted(files)]


def _release(manifest: dict[str, Any]) -> dict[str, Any]:
    named = {
        name: manifest[name] for name in ("arena", "release", "schema_version", "simulated", "leaderboard_sha256")
    }
    return named | {"manifest_sha256": sha256(canonical(manifest))}


def _libraries() -> dict[str, str]:
    """The versions of what decides numbers, read and not imported: not all policies need scikit-learn."""
    found = {name: installed(name) for name in ("numpy", "scipy")}
    with suppress(PackageNotFoundError):
        found["scikit-learn"] = installed("scikit-learn")
    return found
