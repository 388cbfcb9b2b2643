"""Voters, consents and tokens come into being here. The errors are drawn in `errors`."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from arena.accounts.errors import ConsentIncomplete, ExternalIdInvalid, TokenNameTaken
from arena.accounts.limits import Limit
from arena.accounts.models import ApiToken, Consent, Voter
from arena.accounts.selectors import (
    TOKEN_PREFIX,
    consent_of_token,
    current_consent,
    secret_sha256,
    token_of_bearer,
    voter_named,
    voter_of_cookie,
)

__all__ = [
    "CONSENT_TEXT_VERSION",
    "Actor",
    "ConsentIncomplete",
    "ExternalIdInvalid",
    "TokenNameTaken",
    "consent_of",
    "create_browser_voter",
    "create_token",
    "current_consent",
    "nobody",
    "record_consent",
    "revoke_token",
    "token_of_bearer",
    "voter_of_cookie",
    "voter_of_token",
]

#: Names the wording in `arena/web/forms.py` (labels and help of the three boxes) and its translations. Whoever changes
#: what a visitor agrees to changes this too: every stored consent points at the wording that was shown.
#: A test pins it.
CONSENT_TEXT_VERSION: Final = "2026-11-22"

MAX_EXTERNAL_ID_CHARS: Final = 200
_NOBODY_SHA256: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is doing something: a voter, perhaps through a program's token, from a network prefix (`203.0.113.0/24`)."""

    voter: Voter | None
    token: ApiToken | None
    network: str


def nobody() -> Voter:
    """The voter of what no visitor has asked for yet. No cookie is known that opens it: this is its hash."""
    voter, _made = Voter.objects.get_or_create(cookie_sha256=_NOBODY_SHA256)
    return voter


def create_browser_voter() -> tuple[Voter, str]:
    """A new pseudonymous voter and the value of its cookie, which is not stored anywhere else."""
    value = secrets.token_urlsafe(32)
    return Voter.objects.create(cookie_sha256=secret_sha256(value)), value


def create_token(name: str, limits: Mapping[str, Mapping[str, Limit]] | None = None) -> tuple[ApiToken, str]:
    """A new program's token, and its value, which is shown once and not stored.

    Args:
        name: who uses it; unique.
        limits: what replaces the site's limits: action → scope → (number, window in seconds), 0 = no limit.

    Raises:
        TokenNameTaken: a token of this name exists.
    """
    value = TOKEN_PREFIX + secrets.token_urlsafe(32)
    stored = {action: {scope: list(limit) for scope, limit in by.items()} for action, by in (limits or {}).items()}
    try:
        with transaction.atomic():
            token = ApiToken.objects.create(name=name, token_sha256=secret_sha256(value), limits=stored)
    except IntegrityError as error:
        raise TokenNameTaken(f"a token named {name!r} exists") from error
    return token, value


def revoke_token(token: ApiToken) -> bool:
    """From now on the token opens nothing, for good. Returns whether it was good until now."""
    return bool(ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=Now()))


def voter_of_token(token: ApiToken, external_id: str) -> Voter:
    """The program's voter of this id, created when it is first named.

    Raises:
        ExternalIdInvalid: the id is empty, over 200 characters, or not printable.
    """
    if not 1 <= len(external_id) <= MAX_EXTERNAL_ID_CHARS or not external_id.isprintable():
        raise ExternalIdInvalid(f"a voter is named by 1 to {MAX_EXTERNAL_ID_CHARS} printable characters")
    known = voter_named(token, external_id)
    # get_or_create leans on the unique constraint, so two first requests at once end with one voter.
    return known or Voter.objects.get_or_create(token=token, external_id=external_id)[0]


def record_consent(actor: Actor, *, research: bool, publication: bool, age_16: bool, language: str) -> Consent:
    """Store what the actor agreed to; a token consents for all of its voters.

    Args:
        actor: a browser's voter, or a token.
        research: agreement to the use of votes; required.
        publication: agreement to the publication of prompt, outputs and feedback; optional.
        age_16: the visitor is at least 16; required.
        language: language code of the text that was shown.

    Raises:
        ConsentIncomplete: `research` or `age_16` is missing.
        ValueError: the actor is neither a voter nor a token.
    """
    if not (research and age_16):
        raise ConsentIncomplete("research consent and the minimum age are required")
    if actor.voter is None and actor.token is None:
        raise ValueError("a consent needs a voter or a token; see create_browser_voter")
    return Consent.objects.create(
        voter=None if actor.token else actor.voter,
        token=actor.token,
        research=research,
        publication=publication,
        age_16=age_16,
        text_version=CONSENT_TEXT_VERSION,
        language=language[:16],
    )


def consent_of(actor: Actor) -> Consent | None:
    """The consent that counts for this actor, or None."""
    if actor.token is not None:
        return consent_of_token(actor.token.pk)
    return current_consent(actor.voter) if actor.voter is not None else None
