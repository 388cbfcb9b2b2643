"""Make the revision that withdrawals ask for: from the published files minus rows, published at once.

Nobody reviews it: it only takes away. The revision before is superseded, and its files leave the store.
"""

import json
import logging
from typing import Any

import pyarrow as pa

from arena.arenas.models import Arena
from arena.common.storage import Store
from data_releases import certified, chain, clip_files, older, publish, released_rows, services
from data_releases.assemble import Assembled, Facts, assemble
from data_releases.found import Verified
from data_releases.manifest import LEADERBOARD, MANIFEST, sha256
from data_releases.models import Release, ReleaseState
from data_releases.projection import Projected
from data_releases.publish import PublishRefused
from data_releases.released_rows import Wishes
from data_releases.revise import revised
from data_releases.site import signing_key

logger = logging.getLogger(__name__)


def take_back(files: Store, arena: Arena) -> list[Release]:
    """All that withdrawals ask for, in drafts and in public releases; the new revisions.

    Raises:
        as `revise`.
    """
    discard_outdated(files, arena)
    return revise_all(files, arena)


def revise_all(files: Store, arena: Arena) -> list[Release]:
    """Revise every public release of an arena that withdrawals ask for; one that is refused keeps no other waiting.

    Raises:
        as `revise`; what is refused, the first of all, when the others are done.
    """
    publish.tidy(files, arena)
    public = Release.objects.select_related("arena").filter(arena=arena, state=ReleaseState.PUBLISHED)
    made, refused = [], []
    for release in public.order_by("window_start"):
        try:
            made.append(revise(files, release))
        except PublishRefused as error:
            refused.append(error)
    if refused:
        raise refused[0]
    return [release for release in made if release is not None]


def revise(files: Store, old: Release) -> Release | None:
    """Revise a public release, or finish what a killed process began; None where nothing is to be done.

    Raises:
        PublishRefused: its files do not verify.
        AlreadyBuilding: somebody builds a release of this arena now.
        StorageError: the store does not answer; call again.
    """
    first = publish.first_revision(old)
    if not released_rows.wishes_of(first):
        return None
    with services.only_one(old.arena):
        wishes = released_rows.wishes_of(first)
        old.refresh_from_db()
        if not wishes or old.state != ReleaseState.PUBLISHED:
            # Somebody else was quicker.
            return None
        checked = publish.verified(files, old, audio=False)
        if checked.problems:
            path, problem = checked.problems[0]
            raise PublishRefused(f"{old} does not verify: {path}: {problem}")
        tables = revised(checked, wishes.texts, wishes.whole, old.revision + 1)
        if tables is None:
            # The release never held what should go.
            released_rows.settle(first, wishes.texts, wishes.whole)
            return None
        release = _stored(files, old, checked, tables, wishes)
        return publish.publish(files, release)


def _stored(files: Store, old: Release, checked: Verified, tables: Projected, wishes: Wishes) -> Release:
    """The revision as a reviewed draft, its files in the store."""
    revision = old.revision + 1
    release, _created = Release.objects.get_or_create(
        arena=old.arena,
        window_start=old.window_start,
        revision=revision,
        defaults={
            "name": f"{publish.first_revision(old).name}.r{revision}",
            "window_end": old.window_end,
            "embargo_days": old.embargo_days,
            "previous": old.previous,
        },
    )
    _copy_clips(files, release, old, tables.tables["clips"])
    made = assemble(tables, checked.tables["prior_tallies"], _facts(release, old, checked), signing_key())
    publish.store_draft(files, release, made.files, made.clips)
    Release.objects.filter(pk=release.pk, state__in=[ReleaseState.DRAFT, ReleaseState.REVIEWED]).update(
        state=ReleaseState.REVIEWED, **_described(made, tables, checked, wishes)
    )
    release.refresh_from_db()
    logger.info("revision %s takes away %d rows", release.name, len(tables.tables["tombstones"]))
    return release


def _copy_clips(files: Store, release: Release, old: Release, clips: pa.Table) -> None:
    """The clips that stay, from the revision before."""
    source = publish.folder_of(publish.Place.PUBLIC, old)
    keys = pa.array([f"{source}/{path}" for path in clips["path"].to_pylist()], pa.string())
    target = publish.folder_of(publish.Place.DRAFT, release)
    if missing := clip_files.copied(files, clips.append_column("key", keys), target).missing:
        raise PublishRefused(f"{missing} clips of {old} are not in the store: bring its files back, or withdraw it")


def _facts(release: Release, old: Release, checked: Verified) -> Facts:
    manifest = checked.manifest
    return Facts(
        arena=release.arena.slug,
        modality=manifest["modality"],
        release=release.name,
        start=release.window_start,
        end=release.window_end,
        embargo_days=old.embargo_days,
        created=release.created_at.date(),
        licence=manifest["licence"],
        previous=manifest["previous"],
        revisions=(*manifest.get("earlier_revisions", []), chain.named(checked)),
        withdrawn_tallies=tuple(manifest.get("withdrawn_tallies", [])),
        missing_clips=manifest.get("audio", {}).get("missing", 0),
        split_rule=older.split_rule(manifest),
    )


def _described(made: Assembled, tables: Projected, checked: Verified, wishes: Wishes) -> dict[str, Any]:
    contenders = certified.contenders_of(checked.tables["systems"])
    before, after = (certified.tallies_of(one["votes"], contenders) for one in (checked.tables, tables.tables))
    return {
        "manifest": made.manifest,
        "leaderboard": json.loads(made.files[LEADERBOARD]),
        "manifest_sha256": sha256(made.files[MANIFEST]),
        "removed_tallies": certified.tally_rows(certified.without(before, after)),
        "settles": {"texts": sorted(wishes.texts), "whole": sorted(wishes.whole)},
    }


def discard_outdated(files: Store, arena: Arena) -> int:
    """Throw away the files of drafts that hold withdrawn battles; the next build makes them anew. Returns how many.

    Raises:
        AlreadyBuilding: somebody builds a release of this arena now, and writes such files.
    """
    drafts = Release.objects.select_related("arena").filter(
        arena=arena, revision=1, state__in=[ReleaseState.DRAFT, ReleaseState.REVIEWED], manifest__isnull=False
    )
    with services.only_one(arena):
        outdated = [draft for draft in drafts if publish.withdrawals_in(draft) != draft.withdrawals]
        for draft in outdated:
            Release.objects.filter(pk=draft.pk, published_at=None).update(
                state=ReleaseState.DRAFT, manifest=None, leaderboard=None, manifest_sha256=""
            )
            publish.discard(files, draft)
    return len(outdated)
