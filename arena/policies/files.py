"""A trained router as files: `router.json` says what it is and pins `router.npz`, its numbers. Nothing is executed.

RouterFileError
├── RouterUnreadable    a file is missing or too large, or its JSON is none
├── RouterDamaged       the numbers are not those that the JSON names, or do not fit together
└── OtherEmbedder       it was trained on vectors that this arena does not make
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arena.policies import embedding
from arena.policies.routers import Choice, ClusterRouter, FactorRouter, KnnRouter, Router, choose

JSON_FILE: Final = "router.json"
ARRAYS_FILE: Final = "router.npz"
FORMAT: Final = "arena-router"
FORMAT_VERSION: Final = 1
MAX_JSON_BYTES: Final = 4 * 1024 * 1024
MAX_ARRAYS_BYTES: Final = 512 * 1024 * 1024
MAX_MEMBERS: Final = 1000

Numbers = NDArray[Any]


class RouterFileError(Exception):
    """A router cannot be used."""


class RouterUnreadable(RouterFileError):
    """A file is missing, too large or no JSON."""


class RouterDamaged(RouterFileError):
    """The numbers are not those that the JSON names, or do not fit together."""


class OtherEmbedder(RouterFileError):
    """It was trained on other vectors."""


@dataclass(frozen=True, slots=True)
class RouterModel:
    """A router with the names of its members and what else its JSON says."""

    policy: str
    members: tuple[str, ...]
    router: Router
    about: Mapping[str, Any]

    def choose(self, prompt: str, available: frozenset[str]) -> Choice:
        """Who answers this prompt; see `routers.choose`."""
        return choose(self.router, self.members, embedding.embedded([prompt])[0], available)


@dataclass(frozen=True, slots=True)
class _Kind:
    """One policy's arrays: name → (dtype, how many axes), and how a router is made of them."""

    arrays: Mapping[str, tuple[str, int]]
    made: Callable[[Mapping[str, Numbers], Mapping[str, Any]], Router]
    fits: Callable[[Any, int], bool]


def _cluster_fits(router: ClusterRouter, members: int) -> bool:
    k = len(router.centres)
    return k > 0 and router.centres.shape == (k, embedding.DIMENSIONS) and router.table.shape == (k, members)


def _knn_fits(router: KnnRouter, members: int) -> bool:
    n = len(router.vectors)
    sides = (router.left, router.right)
    return (
        n > 0
        and router.neighbours > 0
        and router.vectors.shape == (n, embedding.DIMENSIONS)
        and router.overall.shape == (members,)
        and router.score.shape == (n,)
        and bool(((router.score >= 0) & (router.score <= 1)).all())
        and all(side.shape == (n,) and side.min() >= 0 and side.max() < members for side in sides)
    )


def _factor_fits(router: FactorRouter, members: int) -> bool:
    rank = len(router.projection)
    return (
        router.projection.shape == (rank, embedding.DIMENSIONS)
        and router.factors.shape == (members, rank)
        and router.bias.shape == (members,)
    )


KINDS: Final[Mapping[str, _Kind]] = {
    "cluster_bt": _Kind(
        {"centres": ("float32", 2), "table": ("float64", 2)},
        lambda arrays, _options: ClusterRouter(arrays["centres"], arrays["table"]),
        _cluster_fits,
    ),
    "knn": _Kind(
        {
            "vectors": ("float32", 2),
            "left": ("int64", 1),
            "right": ("int64", 1),
            "score": ("float64", 1),
            "overall": ("float64", 1),
        },
        lambda arrays, options: KnnRouter(**arrays, neighbours=int(options["neighbours"])),
        _knn_fits,
    ),
    "mf": _Kind(
        {"projection": ("float64", 2), "factors": ("float64", 2), "bias": ("float64", 1)},
        lambda arrays, _options: FactorRouter(**arrays),
        _factor_fits,
    ),
}


def written(policy: str, members: tuple[str, ...], router: Router, about: Mapping[str, Any]) -> dict[str, bytes]:
    """Both files by name; the same router gives the same bytes.

    Args:
        policy: a key of `KINDS`.
        members: names, in the router's order.
        router: of this policy.
        about: what else the JSON says; must hold `options` with what the policy needs beside its arrays.
    """
    sink = io.BytesIO()
    np.savez(sink, allow_pickle=False, **{name: getattr(router, name) for name in KINDS[policy].arrays})
    arrays = sink.getvalue()
    said = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "policy": policy,
        "members": list(members),
        "embedding": embedding.described(),
        "arrays": {"file": ARRAYS_FILE, "bytes": len(arrays), "sha256": hashlib.sha256(arrays).hexdigest()},
        **about,
    }
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False) + "\n"
    return {JSON_FILE: text.encode(), ARRAYS_FILE: arrays}


def fingerprint(path: Path) -> str:
    """SHA-256 of the JSON, which names that of the numbers. Raises RouterUnreadable."""
    return hashlib.sha256(_read(path, MAX_JSON_BYTES)).hexdigest()


def load(path: Path) -> RouterModel:
    """Read and check a router.

    Args:
        path: its `router.json`; the numbers lie beside it.

    Raises:
        RouterFileError: see the module.
    """
    said = _said(path)
    kind = KINDS[said["policy"]]
    content = _read(path.with_name(ARRAYS_FILE), MAX_ARRAYS_BYTES)
    if hashlib.sha256(content).hexdigest() != said["arrays"]["sha256"]:
        raise RouterDamaged(f"{ARRAYS_FILE}: the checksum is not that of {path.name}")
    try:
        router = kind.made(_arrays(content, kind), said["options"])
    except (ValueError, TypeError, KeyError) as error:
        raise RouterDamaged(f"{path.name}: {error}") from error
    if not kind.fits(router, len(said["members"])):
        raise RouterDamaged(f"{ARRAYS_FILE}: the numbers do not fit the members and vectors of {path.name}")
    return RouterModel(said["policy"], tuple(said["members"]), router, said)


def _said(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(_read(path, MAX_JSON_BYTES))
    except ValueError as error:
        raise RouterUnreadable(f"{path.name}: no JSON") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT or said.get("format_version") != FORMAT_VERSION:
        raise RouterUnreadable(f"{path.name}: not a router of format {FORMAT} {FORMAT_VERSION}")
    if said.get("policy") not in KINDS:
        raise RouterUnreadable(f"{path.name}: the policy is none of {', '.join(KINDS)}")
    if not _are_members(said.get("members")):
        raise RouterUnreadable(f"{path.name}: `members` must be distinct names, two to {MAX_MEMBERS}")
    if not isinstance(said.get("options"), dict) or not isinstance(said.get("arrays"), dict):
        raise RouterUnreadable(f"{path.name}: `options` or `arrays` is missing")
    if said.get("embedding") != embedding.described():
        raise OtherEmbedder(
            f"{path.name}: trained on vectors {said.get('embedding')}; this arena makes {embedding.described()}. "
            "Train it again on a release of this version."
        )
    return said


def _are_members(names: Any) -> bool:
    return (
        isinstance(names, list)
        and 2 <= len(names) <= MAX_MEMBERS
        and all(isinstance(name, str) and name for name in names)
        and len(set(names)) == len(names)
    )


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise RouterUnreadable(f"{path.name}: {error.strerror or type(error).__name__}") from error
    if len(content) > most:
        raise RouterUnreadable(f"{path.name}: more than {most} bytes")
    return content


def _arrays(content: bytes, kind: _Kind) -> dict[str, Numbers]:
    """The arrays, of the types that the kind wants and without an infinite number; raises ValueError."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            # A small file may unpack to a very large one.
            if sum(one.file_size for one in packed.infolist()) > MAX_ARRAYS_BYTES:
                raise ValueError(f"{ARRAYS_FILE}: unpacks to more than {MAX_ARRAYS_BYTES} bytes")
            names = {one.filename.removesuffix(".npy") for one in packed.infolist()}
    except zipfile.BadZipFile as error:
        raise ValueError(f"{ARRAYS_FILE}: no archive of arrays") from error
    if names != set(kind.arrays):
        raise ValueError(f"{ARRAYS_FILE}: holds {', '.join(sorted(names))}, not {', '.join(sorted(kind.arrays))}")
    with np.load(io.BytesIO(content), allow_pickle=False) as packed_arrays:
        arrays = {name: packed_arrays[name] for name in kind.arrays}
    for name, (dtype, axes) in kind.arrays.items():
        one = arrays[name]
        if one.dtype != dtype or one.ndim != axes or not np.isfinite(one).all():
            raise ValueError(f"{ARRAYS_FILE}: {name} must be {dtype} with {axes} axes, all finite")
    return arrays
