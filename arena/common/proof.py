"""Whether the person at the keyboard is still the one who logged in: asked before what cannot be undone.

A login and a second factor prove it for `ARENA_PROOF_S`. Later the operator gives a code of the second factor again,
or the password where there is no second factor. The one-time link of the demo has neither, and is not asked.
"""

import time
from typing import Any, Final, Literal

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django_otp import devices_for_user, user_has_device

from arena.common.codes import is_recovery, stored_form

_PROVED_AT: Final = "proved_at"


def note_proof(request: HttpRequest) -> None:
    """The operator has just proved who they are."""
    request.session[_PROVED_AT] = time.time()


def wanted(request: HttpRequest) -> Literal["code", "password"] | None:
    """What the operator must give before a destructive action; None: nothing, the last proof is fresh."""
    age_s = time.time() - float(request.session.get(_PROVED_AT, 0))
    if 0 <= age_s <= settings.ARENA_PROOF_S:
        return None
    if user_has_device(request.user):
        return "code"
    user: Any = request.user
    return "password" if user.has_usable_password() else None


def accepts(request: HttpRequest, given: str) -> bool:
    """Whether this is the code or the password that `wanted` asks for; if so, the proof is fresh again."""
    way = wanted(request)
    if way == "code":
        accepted = device_of_code(request.user, given) is not None
    else:
        accepted = way is None or request.user.check_password(given)
    if accepted:
        note_proof(request)
    return accepted


def device_of_code(user: AbstractBaseUser | AnonymousUser, code: str) -> Any:
    """The device that this code belongs to, or None. A code works once; wrong ones slow the next tries down.

    Digits are an app's, the rest is a recovery code: asking both each time would throttle the one that was not meant.
    """
    code = code.strip().replace(" ", "").replace("-", "")
    with transaction.atomic():
        for device in devices_for_user(user, for_verify=True):
            if is_recovery(device) != code.isdecimal() and device.verify_token(stored_form(device, code)):
                return device
    return None
