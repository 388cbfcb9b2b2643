"""Who is asking, and what they agreed to."""

import hashlib
import re
from typing import Final

from arena.accounts.models import ApiToken, Consent, Voter

#: 256 random bits in URL-safe base64, as `secrets.token_urlsafe(32)` writes them.
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
# By hand, because every request of a visitor or a program runs them and the ORM takes several times as long.
_VOTER_SQL: Final = "SELECT * FROM accounts_voter WHERE cookie_sha256 = %s"
_CONSENT_SQL: Final = "SELECT * FROM accounts_consent WHERE voter_id = %s ORDER BY id DESC LIMIT 1"
_PROGRAM_SQL: Final = "SELECT * FROM accounts_apitoken WHERE token_sha256 = %s AND revoked_at IS NULL"
_NAMED_VOTER_SQL: Final = "SELECT * FROM accounts_voter WHERE token_id = %s AND external_id = %s"
_PROGRAM_CONSENT_SQL: Final = "SELECT * FROM accounts_consent WHERE token_id = %s ORDER BY id DESC LIMIT 1"
TOKEN_PREFIX: Final = "arena_"  # noqa: S105 - the public part, so that leaked tokens can be searched for


def secret_sha256(secret: str) -> bytes:
    """What is stored of a secret. A plain hash is enough: 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).digest()


def voter_of_cookie(value: str | None) -> Voter | None:
    """The browser voter whose cookie this is; None for no, a malformed or an unknown cookie."""
    if not value or not _SECRET.fullmatch(value):
        return None
    return next(iter(Voter.objects.raw(_VOTER_SQL, [secret_sha256(value)])), None)


def token_of_bearer(value: str | None) -> ApiToken | None:
    """The unrevoked token that a program sent (the part after `Bearer `), or None.

    The lookup is by hash: what an attacker could time is the comparison of hashes, which says nothing of the token.
    """
    if not value or not _SECRET.fullmatch(value.removeprefix(TOKEN_PREFIX)):
        return None
    return next(iter(ApiToken.objects.raw(_PROGRAM_SQL, [secret_sha256(value)])), None)


def voter_named(token: ApiToken, external_id: str) -> Voter | None:
    """The program's voter of this id, or None where it was not named before."""
    return next(iter(Voter.objects.raw(_NAMED_VOTER_SQL, [token.pk, external_id])), None)


def current_consent(voter: Voter) -> Consent | None:
    """The newest consent of the voter, or of the token that answers for it; None if nobody was asked yet."""
    if voter.token_id is not None:
        return consent_of_token(voter.token_id)
    return next(iter(Consent.objects.raw(_CONSENT_SQL, [voter.pk])), None)


def consent_of_token(token_id: int) -> Consent | None:
    """The newest consent given for all voters of a token."""
    return next(iter(Consent.objects.raw(_PROGRAM_CONSENT_SQL, [token_id])), None)
