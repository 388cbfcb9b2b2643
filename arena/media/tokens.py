"""Addresses of clips: opaque, of one length, for one voter, for some hours.

A token is the clip, the voter and the end of its time, encrypted and authenticated by AES-SIV. SIV is deterministic:
the address of a clip stays the same while a page is open, so that nothing is loaded twice.

TokenInvalid    not ours, changed, of another voter, or too old
"""

import base64
import struct
import time
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

#: Addresses made within one step end together, so a token is good for one to two steps.
STEP_S: Final = 6 * 3600
_FORM: Final = struct.Struct(">QQI")


class TokenInvalid(Exception):
    """The token opens nothing for this voter now."""


def token_for(clip_id: int, voter_id: int, *, now_s: float | None = None) -> str:
    """The token with which this voter hears this clip."""
    ends_in_step = _step(now_s) + 1
    sealed = _cipher(settings.SECRET_KEY).encrypt(_FORM.pack(clip_id, voter_id, ends_in_step), None)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def clip_of(token: str, voter_id: int, *, now_s: float | None = None) -> int:
    """The id of the clip that the token opens for this voter.

    Raises:
        TokenInvalid: see there.
    """
    clip_id, of_voter, ends_in_step = _FORM.unpack(_opened(token))
    if of_voter != voter_id or ends_in_step < _step(now_s):
        raise TokenInvalid
    return int(clip_id)


def _opened(token: str) -> bytes:
    try:
        sealed = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except ValueError as error:
        raise TokenInvalid from error
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            opened = _cipher(key).decrypt(sealed, None)
        except (InvalidTag, ValueError):
            continue
        if len(opened) == _FORM.size:
            return opened
    raise TokenInvalid


def _step(now_s: float | None) -> int:
    return int((time.time() if now_s is None else now_s) // STEP_S)


@lru_cache(maxsize=8)
def _cipher(secret: str) -> AESSIV:
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"preference-arena clip address 1")
    return AESSIV(derived.derive(secret.encode()))
