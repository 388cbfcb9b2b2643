"""What the site's settings give a release: the signing key."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def signing_key() -> Ed25519PrivateKey:
    """The key of ARENA_RELEASE_KEY; without one, derived from the site's secret key.

    A derived key is as lasting as the secret key: whoever changes that one changes the signer, too.
    """
    if settings.ARENA_RELEASE_KEY:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(settings.ARENA_RELEASE_KEY))
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"preference-arena release signature 1")
    return Ed25519PrivateKey.from_private_bytes(derived.derive(settings.SECRET_KEY.encode()))
