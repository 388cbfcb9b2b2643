"""Taking a second factor away from an account: for a lost phone without recovery codes."""

from typing import Any

from django.db import transaction
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice


@transaction.atomic
def remove_second_factor(user: Any) -> bool:
    """The next login is by password alone and sets up a new authenticator. Returns whether there was one."""
    StaticDevice.objects.filter(user=user).delete()
    deleted, _by_model = TOTPDevice.objects.filter(user=user).delete()
    return bool(deleted)
