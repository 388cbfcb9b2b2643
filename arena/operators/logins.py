"""Logins as they happen: counted against guessing, and written into the audit.

Names that are no account are not written down: people type passwords there by mistake.
"""

from typing import Any, Final

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from arena.common import audit, proof
from arena.integrity import counters
from arena.integrity.counters import Bucket, Refused
from arena.integrity.network import client_network

ACTION: Final = "admin_login"
WINDOW_S: Final = 900
#: A person who mistypes needs a few; a network of guessers gets these, an account that many networks guess at, those.
PER_NETWORK: Final = 10
PER_ACCOUNT: Final = 50


def count_attempt(request: HttpRequest, username: str) -> Refused | None:
    """Count a try to log in; what is returned says how long to wait. Not switched off by ARENA_LIMITS_OFF."""
    buckets = [
        Bucket("network", counters.subject_of("network", client_network(request)), PER_NETWORK, WINDOW_S),
        Bucket("account", counters.subject_of("account", username.casefold()), PER_ACCOUNT, WINDOW_S),
    ]
    return counters.count(ACTION, buckets)


@receiver(user_logged_in)
def _logged_in(request: HttpRequest | None, user: Any, **_signal: Any) -> None:
    if request is not None:
        proof.note_proof(request)
        way = "link" if "sesame" in getattr(user, "backend", "") else "password"
        _record(user, "login.accept", f"by {way}, from {client_network(request)}")


@receiver(user_logged_out)
def _logged_out(request: HttpRequest | None, user: Any, **_signal: Any) -> None:
    if request is not None and user is not None:
        _record(user, "login.end", "")


@receiver(user_login_failed)
def _failed(request: HttpRequest | None, credentials: dict[str, Any], **_signal: Any) -> None:
    if request is None:
        return
    user = get_user_model().objects.filter(username=credentials.get("username") or "").first()
    with transaction.atomic():
        audit.record(None, "login.fail", user, note=f"from {client_network(request)}")


def _record(user: Any, action: str, note: str) -> None:
    with transaction.atomic():
        audit.record(user, action, user, note=note)
