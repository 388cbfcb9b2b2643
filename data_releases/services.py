"""Build a release, review it, throw a draft away. Publishing is in `publish`.

ReleaseError (projection)
├── BuildRefused        the rows cannot be released as they are
├── EmbargoRunning      the month's embargo has not passed
├── NotADemo            only demo arenas may do without an embargo
├── AlreadyBuilding     somebody builds a release of this arena now
├── AlreadyReviewed     the release has been reviewed or published; only a draft is built again
└── WrongState          the release is not where the wish needs it
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.db import connection, transaction

from arena.arenas.models import Arena
from arena.common.object_store import store
from arena.common.storage import Store
from arena.rankings.services import fold_votes
from data_releases import anonymise, certified, clip_files, extract, publish, shards
from data_releases.assemble import Assembled, Facts, assemble
from data_releases.chain import carried
from data_releases.manifest import LEADERBOARD, MANIFEST, sha256
from data_releases.models import Release, ReleasePolicy, ReleaseState
from data_releases.projection import BuildRefused, ReleaseError, Rules, joined
from data_releases.publish import Place
from data_releases.schema import KeysCollide
from data_releases.site import signing_key
from data_releases.writing import begun

__all__ = [
    "AlreadyBuilding",
    "AlreadyReviewed",
    "BuildRefused",
    "EmbargoRunning",
    "NotADemo",
    "ReleaseError",
    "WrongState",
    "build_release",
    "current_policy",
    "due_months",
    "mark_reviewed",
    "policy_of",
    "today",
    "window_of",
]

#: First key of the advisory lock of a build; the second is the arena's id.
ADVISORY_LOCK: Final = 0x72656C73
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


class EmbargoRunning(ReleaseError):
    """The month's embargo has not passed."""


class NotADemo(ReleaseError):
    """Only demo arenas may do without an embargo."""


class AlreadyBuilding(ReleaseError):
    """Somebody builds a release of this arena now."""


class AlreadyReviewed(ReleaseError):
    """Only a draft is built again."""


class WrongState(ReleaseError):
    """The release is not where the wish needs it."""


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month; `end` is the first day outside."""

    start: date
    end: date

    @property
    def name(self) -> str:
        """`2026-10`."""
        return f"{self.start:%Y-%m}"


def window_of(text: str) -> Month:
    """The month written as `2026-10`.

    Raises:
        ValueError: it is none.
    """
    found = _MONTH.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no month: write YYYY-MM")
    return month_of(date(int(found[1]), int(found[2]), 1))


def month_of(day: date) -> Month:
    """The month of a day."""
    start = day.replace(day=1)
    return Month(start, (start + timedelta(days=32)).replace(day=1))


def policy_of(arena: Arena) -> ReleasePolicy:
    """How the arena releases its data; a demo arena has no persons behind its texts and releases them."""
    policy, _created = ReleasePolicy.objects.get_or_create(arena=arena, defaults=_policy_defaults(arena))
    return policy


def _policy_defaults(arena: Arena) -> dict[str, Any]:
    return {"publishes_texts": arena.is_demo}


def current_policy(arena: Arena) -> ReleasePolicy:
    """The same for readers: nothing is written where there is none yet."""
    return ReleasePolicy.objects.filter(arena=arena).first() or ReleasePolicy(arena=arena, **_policy_defaults(arena))


def today() -> date:
    """The day in UTC, by the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT (statement_timestamp() AT TIME ZONE 'UTC')::date")
        day: date = cursor.fetchone()[0]
    return day


def due_months(arena: Arena, day: date) -> list[Month]:
    """Months whose embargo has passed, that hold a finished battle and have no release yet; the oldest first."""
    embargo = timedelta(days=current_policy(arena).embargo_days)
    first = extract.first_battle_day(arena)
    built = Release.objects.filter(arena=arena, manifest__isnull=False)
    released = set(built.values_list("window_start", flat=True))
    due = []
    month = month_of(first) if first else None
    while month and month.end + embargo <= day:
        if month.start not in released:
            due.append(month)
        month = month_of(month.end)
    return due


def build_release(arena: Arena, month: Month, *, embargo: bool = True) -> Release:
    """Build the draft of a month, or build it again: the same rows give the same bytes.

    Raises:
        EmbargoRunning, NotADemo, AlreadyBuilding, AlreadyReviewed, BuildRefused: see the module.
        StorageError: the store does not answer.
    """
    policy = policy_of(arena)
    _require_over(arena, month, policy, embargo=embargo)
    with only_one(arena):
        release = _draft(arena, month, policy.embargo_days if embargo else 0)
        # Counted first: a wish that comes meanwhile makes the draft outdated, and publishing refuses it.
        withdrawals = publish.withdrawals_in(release)
        assembled = _assembled(release, policy)
        publish.store_draft(store(), release, assembled.files, assembled.clips)
        Release.objects.filter(pk=release.pk, state=ReleaseState.DRAFT).update(
            manifest=assembled.manifest,
            leaderboard=json.loads(assembled.files[LEADERBOARD]),
            manifest_sha256=sha256(assembled.files[MANIFEST]),
            previous=release.previous,
            withdrawals=withdrawals,
        )
    release.refresh_from_db()
    return release


def _require_over(arena: Arena, month: Month, policy: ReleasePolicy, *, embargo: bool) -> None:
    if not embargo and not arena.is_demo:
        raise NotADemo(f"{arena.slug} is no demo arena: its releases wait for {policy.embargo_days} days")
    over = month.end + timedelta(days=policy.embargo_days)
    if embargo and today() < over:
        raise EmbargoRunning(f"{month.name} may be released from {over.isoformat()} on")


@contextmanager
def only_one(arena: Arena) -> Iterator[None]:
    """One build of an arena at a time, whichever process; the lock goes with the connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [ADVISORY_LOCK, arena.pk])
        if not cursor.fetchone()[0]:
            raise AlreadyBuilding(f"a release of {arena.slug} is being built; try again when it is done")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [ADVISORY_LOCK, arena.pk])


def _draft(arena: Arena, month: Month, embargo_days: int) -> Release:
    """The month's draft: the one there is, or a new one with a salt of its own."""
    defaults: dict[str, Any] = {
        "name": month.name,
        "window_end": month.end,
        "embargo_days": embargo_days,
        "salt": anonymise.new_salt(),
    }
    release, _created = Release.objects.get_or_create(
        arena=arena, window_start=month.start, revision=1, defaults=defaults
    )
    if release.state != ReleaseState.DRAFT:
        raise AlreadyReviewed(f"{release} is {release.get_state_display()}; only a draft is built again")
    release.previous = publish.newest_public(arena)
    return release


def _assembled(release: Release, policy: ReleasePolicy) -> Assembled:
    arena = release.arena
    # The fold finds language and categories of voted battles.
    fold_votes(arena.pk)
    files, names = store(), anonymise.Pseudonyms(bytes(release.salt or b""))
    taken = _withdrawn_since(release)
    earlier = certified.without(_carried(files, release.previous), taken) if release.previous else {}
    rules = Rules(arena.modality, arena.is_demo, policy.publishes_texts, policy.min_voters)
    window = extract.Window(*publish.moments_of(release))
    with shards.parts_of(files, release, window, rules) as parts, begun(parts) as writing:
        contenders = {name for pair in earlier for name in pair}
        clips = clip_files.copied(files, parts.table("clips"), publish.folder_of(Place.DRAFT, release))
        projected = joined(parts, parts.versions, names, rules, contenders, clips.rows)
        facts = _facts(release, policy, taken, clips.missing)
        try:
            return assemble(projected, certified.tally_table(earlier), facts, signing_key(), writing)
        except KeysCollide as error:
            raise BuildRefused(f"{error}; throw the draft away and build anew, with a new salt") from error


def _carried(files: Store, previous: Release) -> certified.Tallies:
    # Its clips say nothing about its tallies.
    checked = publish.verified(files, previous, audio=False)
    if checked.problems:
        path, problem = checked.problems[0]
        raise BuildRefused(f"the release before it, {previous.name}, does not verify: {path}: {problem}")
    return carried(checked)


def _withdrawn_since(release: Release) -> certified.Tallies:
    """What revisions of earlier months took away after the month before was published: its tallies have it still."""
    last = publish.last_month(release.arena)
    if last is None:
        return {}
    since = Release.objects.filter(arena=release.arena, revision__gt=1, published_at__gt=last.published_at).exclude(
        window_start=last.window_start
    )
    taken: certified.Tallies = {}
    for rows in since.order_by("pk").values_list("removed_tallies", flat=True):
        taken = certified.added(taken, certified.tallies_of_rows(rows))
    return taken


def _facts(release: Release, policy: ReleasePolicy, taken: certified.Tallies, missing_clips: int) -> Facts:
    previous = release.previous
    return Facts(
        arena=release.arena.slug,
        modality=release.arena.modality,
        release=release.name,
        start=release.window_start,
        end=release.window_end,
        embargo_days=release.embargo_days,
        created=release.created_at.date(),
        licence=policy.licence,
        previous={"release": previous.name, "manifest_sha256": previous.manifest_sha256} if previous else None,
        withdrawn_tallies=tuple(certified.tally_rows(taken)),
        missing_clips=missing_clips,
    )


def mark_reviewed(release_id: int, manifest_sha256: str) -> Release:
    """Close a draft that somebody has looked at; `manifest_sha256` says which bytes they saw.

    Raises:
        WrongState: it is no draft, is not built, or was built again in between.
    """
    with transaction.atomic():
        moved = Release.objects.filter(
            pk=release_id, state=ReleaseState.DRAFT, manifest__isnull=False, manifest_sha256=manifest_sha256
        ).update(state=ReleaseState.REVIEWED)
        if not moved:
            raise WrongState("the draft was built again, or is none any more: look at it once more")
    return Release.objects.get(pk=release_id)
