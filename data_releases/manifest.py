"""The manifest: what a release holds, in canonical JSON, signed with Ed25519. Pure.

Canonical JSON: keys sorted, no white space, UTF-8, one newline at the end. The signature covers the canonical JSON of
the manifest without its member `signature`.

    ManifestError
    ├── ManifestInvalid     it is no manifest of a known schema
    ├── SignatureInvalid    the signature does not fit the content
    └── SignerUnknown       it is signed by another key than the one expected
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from data_releases.schema import SCHEMA_VERSION

MANIFEST: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"
LEADERBOARD: Final = "leaderboard.json"
ALGORITHM: Final = "ed25519"
_REQUIRED: Final = (
    "schema_version",
    "arena",
    "release",
    "window",
    "files",
    "counts",
    "leaderboard_sha256",
    "signature",
)


class ManifestError(Exception):
    """The manifest cannot be trusted."""


class ManifestInvalid(ManifestError):
    """It is no manifest of a known schema."""


class SignatureInvalid(ManifestError):
    """The signature does not fit the content."""


class SignerUnknown(ManifestError):
    """It is signed by another key than the one expected."""


def canonical(value: Any) -> bytes:
    """Canonical JSON.

    Raises:
        ValueError: a number that JSON does not know.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def public_hex(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """The public key, 32 bytes in hexadecimal."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()


def signed(content: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """The manifest's bytes with its signature."""
    unsigned = {name: value for name, value in content.items() if name != "signature"}
    signature = {
        "algorithm": ALGORITHM,
        "public_key": public_hex(key),
        "value": key.sign(canonical(unsigned)).hex(),
    }
    return canonical(unsigned | {"signature": signature})


def read_manifest(content: bytes) -> dict[str, Any]:
    """A manifest whose signature fits.

    Raises:
        ManifestInvalid: no JSON object, another schema, a member is missing, or not canonical.
        SignatureInvalid: see there.
    """
    try:
        manifest = json.loads(content)
        version = manifest["schema_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise ManifestInvalid("it is no release manifest") from error
    if version not in range(1, SCHEMA_VERSION + 1):
        raise ManifestInvalid(
            f"schema version {version!r}; this program knows 1 to {SCHEMA_VERSION}: take a newer one"
        )
    if missing := [name for name in _REQUIRED if name not in manifest]:
        raise ManifestInvalid(f"it lacks {', '.join(missing)}")
    _check_signature(manifest)
    if canonical(manifest) != content:
        raise ManifestInvalid("it is not canonical JSON")
    return dict(manifest)


def _check_signature(manifest: Mapping[str, Any]) -> None:
    unsigned = {name: value for name, value in manifest.items() if name != "signature"}
    try:
        signature = manifest["signature"]
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature["public_key"]))
        key.verify(bytes.fromhex(signature["value"]), canonical(unsigned))
    except (InvalidSignature, KeyError, TypeError, ValueError) as error:
        raise SignatureInvalid("the signature does not fit the content") from error


def require_signer(manifest: Mapping[str, Any], expected_hex: str) -> None:
    """Compare the signer with a pinned key.

    Raises:
        SignerUnknown: another key.
    """
    found = manifest["signature"]["public_key"]
    if found != expected_hex:
        raise SignerUnknown(f"signed by {found[:16]}…, not by the pinned key {expected_hex[:16]}…")


def read_key(text: str) -> str:
    """A pinned key, from the 64 hexadecimal digits or a PEM file of a public key; as hexadecimal.

    Raises:
        ValueError: neither.
    """
    words = text.split()
    if "BEGIN PUBLIC KEY" in text:
        loaded = serialization.load_pem_public_key(text.encode())
        if not isinstance(loaded, Ed25519PublicKey):
            raise ValueError("the key is not an Ed25519 key")
        return public_hex(loaded)
    if len(words) == 1 and len(bytes.fromhex(words[0])) == 32:
        return words[0].lower()
    raise ValueError("a key is 64 hexadecimal digits or a PEM public key")


def sums(digests: Mapping[str, str]) -> bytes:
    """`SHA256SUMS` as `sha256sum -c` reads it, from SHA-256 by path."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items())).encode()
