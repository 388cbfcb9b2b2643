"""Recovery codes: shown once, stored as a hash, each good for one login without the authenticator app."""

import hashlib
import secrets
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice

N_CODES: Final = 10
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE_CHARS: Final = 16
#: As long as django-otp's column; nobody can try hashes out, because every try asks the throttled device.
_STORED_CHARS: Final = 16


@transaction.atomic
def renew(user: AbstractBaseUser) -> list[str]:
    """Ten new codes in place of all older ones; this is the only time that anybody sees them."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="Recovery codes")
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_CODE_CHARS)) for _ in range(N_CODES)]
    for code in codes:
        device.token_set.create(token=stored_form(device, code))
    return ["-".join(code[start : start + 4] for start in range(0, _CODE_CHARS, 4)) for code in codes]


def is_recovery(device: Device) -> bool:
    """Whether the device is a set of recovery codes."""
    return isinstance(device, StaticDevice)


def stored_form(device: Device, code: str) -> str:
    """The code as the device knows it: a recovery code by its hash, any other as it is."""
    if not is_recovery(device):
        return code
    return hashlib.sha256(code.lower().encode()).hexdigest()[:_STORED_CHARS]


def left_of(user: Any) -> int:
    """How many recovery codes a user has left."""
    return sum(device.token_set.count() for device in StaticDevice.objects.filter(user=user))
