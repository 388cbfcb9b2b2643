"""A receipt for a vote: whoever has it may withdraw the battle, without the browser that voted.

It holds the battle's id and a keyed hash of it, so the site stores nothing, and nobody can make one without the site's
secret key. A secret key that was replaced opens old receipts as long as it is among the fallbacks.

ReceiptError
└── ReceiptInvalid      no receipt of this site
"""

import base64
import binascii
import hashlib
import hmac
import uuid
from typing import Final

from django.conf import settings

_ID_BYTES: Final = 16
#: 72 bits: with the id, 40 letters and digits without padding.
_MARK_BYTES: Final = 9
_GROUP: Final = 5


class ReceiptError(Exception):
    """A receipt cannot be used."""


class ReceiptInvalid(ReceiptError):
    """It is no receipt of this site."""


def _mark(battle_id: uuid.UUID, secret: str) -> bytes:
    key = hashlib.sha256(b"receipt 1 " + secret.encode()).digest()
    return hmac.digest(key, battle_id.bytes, "sha256")[:_MARK_BYTES]


def receipt_of(battle_id: uuid.UUID) -> str:
    """Eight groups of five letters and digits. Show it to the battle's voter alone."""
    code = base64.b32encode(battle_id.bytes + _mark(battle_id, settings.SECRET_KEY)).decode()
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def battle_of_receipt(text: str) -> uuid.UUID:
    """The battle that a receipt is for; spaces, dashes and the size of letters do not matter.

    Raises:
        ReceiptInvalid: see there.
    """
    code = "".join(text.split()).replace("-", "").upper()
    try:
        content = base64.b32decode(code)
    except (binascii.Error, ValueError):
        raise ReceiptInvalid("not a receipt") from None
    if len(content) != _ID_BYTES + _MARK_BYTES:
        raise ReceiptInvalid("not a receipt")
    battle_id = uuid.UUID(bytes=content[:_ID_BYTES])
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(hmac.compare_digest(content[_ID_BYTES:], _mark(battle_id, secret)) for secret in secrets):
        raise ReceiptInvalid("not a receipt")
    return battle_id
