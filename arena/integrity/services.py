"""The gate that every action passes, page and API alike. The errors are drawn in `errors`.

`CHECKS` is the seam: a check takes the action and the actor and raises `NotAdmitted`, or returns. Counting comes last,
so that whatever another check refuses has used up nothing. Proof of work and freezes are further entries.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from django.conf import settings

from arena.accounts.limits import SCOPES, Limit
from arena.accounts.models import Voter
from arena.accounts.services import Actor, consent_of
from arena.battles.models import Battle
from arena.battles.states import UNFINISHED
from arena.integrity import counters
from arena.integrity.errors import ConsentRequired, LimitReached, NotAdmitted, TooManyOpen

__all__ = [
    "CHECKS",
    "Check",
    "ConsentRequired",
    "LimitReached",
    "NotAdmitted",
    "TooManyOpen",
    "admit",
    "hold_open_battles",
    "purge_counters",
]

Check: TypeAlias = Callable[[str, Actor], None]

_NEEDS_CONSENT: Final = frozenset({"battle", "turn", "vote"})
_OPENS: Final = frozenset({"battle", "turn"})
#: A running generation is over within minutes at most; asking again after a few seconds is fair.
_OPEN_RETRY_S: Final = 5


def require_consent(action: str, actor: Actor) -> None:
    """Nobody takes part before agreeing to."""
    if action not in _NEEDS_CONSENT:
        return
    consent = consent_of(actor)
    if actor.voter is None or consent is None or not consent.research:
        raise ConsentRequired(action)


def limit_open_battles(action: str, actor: Actor) -> None:
    """A voter may have a few battles running, not many.

    Most requests are refused here, before they cost anything; `hold_open_battles` makes the limit exact.
    """
    if action in _OPENS and _most_open():
        _check_open_battles(actor)


def hold_open_battles(actor: Actor) -> None:
    """Look again in the transaction that opens a battle: openings of one voter wait for each other until its end.

    Raises:
        TooManyOpen: requests of the same instant took the last places.
    """
    if _most_open() and actor.voter is not None:
        Voter.objects.select_for_update(no_key=True).get(pk=actor.voter.pk)
        _check_open_battles(actor)


def _most_open() -> int:
    return 0 if settings.ARENA_LIMITS_OFF else int(settings.ARENA_MAX_OPEN_BATTLES)


def _check_open_battles(actor: Actor) -> None:
    most = _most_open()
    if Battle.objects.filter(voter=actor.voter, state__in=UNFINISHED)[:most].count() >= most:
        raise TooManyOpen(_OPEN_RETRY_S, "voter")


def limits_of(action: str, actor: Actor) -> dict[str, Limit]:
    """Scope → (number, window in seconds): the site's limits, overridden by those of the actor's token."""
    site = dict(settings.ARENA_LIMITS.get(action, {}))
    own = actor.token.limits.get(action, {}) if actor.token is not None else {}
    return site | {scope: (int(number), int(window_s)) for scope, (number, window_s) in own.items()}


def _subject(scope: str, actor: Actor) -> str | None:
    if scope == "voter":
        return str(actor.voter.pk) if actor.voter is not None else None
    if scope == "token":
        return str(actor.token.pk) if actor.token is not None else None
    return actor.network


def count_action(action: str, actor: Actor) -> None:
    """At most so many per voter, network and token in each window."""
    if settings.ARENA_LIMITS_OFF:
        return
    limits = limits_of(action, actor)
    buckets = []
    for scope in SCOPES:
        name = _subject(scope, actor)
        number, window_s = limits.get(scope, (0, 1))
        if name is not None and number:
            buckets.append(counters.Bucket(scope, counters.subject_of(scope, name), number, window_s))
    refused = counters.count(action, buckets)
    if refused is not None:
        raise LimitReached(refused.retry_after_s, refused.scope)


CHECKS: Final[tuple[Check, ...]] = (require_consent, limit_open_battles, count_action)


def admit(action: str, actor: Actor) -> None:
    """Let an action pass and count it. Call it before, and outside of, the transaction that acts.

    Args:
        action: `consent`, `battle`, `turn`, `vote`, `report` or `requirement`.
        actor: who acts, and from where.

    Raises:
        ConsentRequired: a battle, turn or vote without research consent.
        LimitReached: too often; carries `retry_after_s` for `Retry-After`.
    """
    for check in CHECKS:
        check(action, actor)


def purge_counters() -> int:
    """Forget counters that no limit needs any more; returns how many. Called by the periodic sweep."""
    return counters.purge()
