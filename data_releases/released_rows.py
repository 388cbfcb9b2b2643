"""Which row of a public release a battle became: so that its voter can still take it out, and no longer than that.

The salt that made the ids of rows is gone with publication. `remember` runs just before: PostgreSQL computes the
same pseudonyms (HMAC-SHA256, RFC 2104) for the battles of the window and keeps them beside the battles.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.votes.models import Withdrawal, WithdrawnScope
from data_releases.anonymise import PSEUDONYM_CHARS, Pseudonyms
from data_releases.models import Release, ReleasedBattle, ReleaseState

_REMEMBER = """
INSERT INTO data_releases_releasedbattle (battle_id, release_id, "row", text_removed)
SELECT id, %s, left(encode(sha256(%s::bytea || sha256(%s::bytea || convert_to('battle:' || id, 'UTF8'))), 'hex'), %s),
       false
FROM battles_battle
WHERE arena_id = %s AND created_at >= %s AND created_at < %s AND pairing_id IS NOT NULL
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Rows of a release that withdrawals ask for: of `texts` the texts go, of `whole` everything."""

    texts: frozenset[str]
    whole: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.texts or self.whole)


def remember(release: Release, start: datetime, end: datetime) -> None:
    """Keep the ids of a release's battles; call it in the transaction that destroys the salt."""
    names = Pseudonyms(bytes(release.salt or b""))
    values: list[Any] = [
        release.pk,
        names.outer_block,
        names.inner_block,
        PSEUDONYM_CHARS,
        release.arena_id,
        start,
        end,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER, values)


def _asked(scope: WithdrawnScope) -> Exists:
    return Exists(Withdrawal.objects.filter(battle=OuterRef("battle"), scope=scope))


def wishes_of(first: Release) -> Wishes:
    """What is asked for and not done yet, of a month by its first revision."""
    rows = ReleasedBattle.objects.filter(release=first)
    whole = rows.filter(_asked(WithdrawnScope.VOTE)).values_list("row", flat=True)
    texts = rows.filter(_asked(WithdrawnScope.TEXT), text_removed=False).values_list("row", flat=True)
    return Wishes(frozenset(texts), frozenset(whole))


def months_asked(arenas: Collection[int]) -> set[tuple[int, date]]:
    """(arena, first day) of the months of these arenas of which something is to be taken out that is not yet.

    Two queries in one, each led by the wishes: they are few, and released battles are many.
    """
    wishes = Withdrawal.objects.filter(battle__arena__in=arenas).order_by()
    rows = ReleasedBattle.objects.filter(release__arena__in=arenas)
    whole = rows.filter(battle__in=wishes.filter(scope=WithdrawnScope.VOTE).values("battle"))
    texts = rows.filter(battle__in=wishes.filter(scope=WithdrawnScope.TEXT).values("battle"), text_removed=False)
    months = ("release__arena_id", "release__window_start")
    return set(whole.order_by().values_list(*months).union(texts.order_by().values_list(*months)))


def settle(first: Release, texts: Iterable[str], whole: Iterable[str]) -> None:
    """Note that the wishes about these rows are done; what is gone as a whole needs to be found no more."""
    rows = ReleasedBattle.objects.filter(release=first)
    rows.filter(row__in=list(texts)).update(text_removed=True)
    rows.filter(row__in=list(whole)).delete()


def forget_old(arena: Arena, after: timedelta) -> int:
    """Forget the ids of releases that were published longer ago, once their wishes are done; returns how many."""
    public = Release.objects.filter(
        arena=arena, window_start=OuterRef("release__window_start"), state=ReleaseState.PUBLISHED
    )
    waits = _asked(WithdrawnScope.VOTE) | (_asked(WithdrawnScope.TEXT) & Q(text_removed=False))
    old = ReleasedBattle.objects.filter(release__arena=arena, release__published_at__lt=Now() - after)
    number, _by_model = old.exclude(Exists(public) & waits).delete()
    return number
