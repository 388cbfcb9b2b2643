"""From a draft to a public release: files first, the manifest last, then the row.

The bytes of a draft lie in the store under `drafts/`, those of a release under `releases/`; only the latter are
served, and only while the release's row says that it is public. Every step can be repeated: what lies there already is
not sent again, and a process that dies anywhere leaves nothing that a visitor sees, or a complete release.
"""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, time
from enum import Enum

import pyarrow as pa
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.common.storage import Missing, Store
from arena.votes.models import Withdrawal
from data_releases import released_rows
from data_releases.found import Verified
from data_releases.manifest import MANIFEST, sha256
from data_releases.models import ONCE_PUBLIC, Release, ReleaseState
from data_releases.projection import ReleaseError
from data_releases.schema import CLIPS, table_of
from data_releases.source import MAX_MANIFEST_BYTES, Unreadable
from data_releases.verify import verify


class PublishRefused(ReleaseError):
    """The release cannot be published as it is; the message says what to do."""


class Place(Enum):
    """Where the files of a release lie: before it is public, while it is, and after it was withdrawn."""

    DRAFT = "drafts"
    PUBLIC = "releases"
    WITHDRAWN = "withdrawn"


def key_of(place: Place, release: Release, file: str) -> str:
    """The key of a file of a release."""
    return f"{folder_of(place, release)}/{file}"


def folder_of(place: Place, release: Release) -> str:
    """The prefix of all its keys."""
    return f"{place.value}/{release.arena.slug}/{release.name}"


def place_of(release: Release) -> Place:
    """Where its files lie now."""
    if release.state == ReleaseState.WITHDRAWN:
        return Place.WITHDRAWN
    return Place.PUBLIC if release.state in ONCE_PUBLIC else Place.DRAFT


class StoredRelease:
    """The files of a release in one place, as `verify` reads them."""

    def __init__(self, files: Store, release: Release, place: Place) -> None:
        self._files = files
        self._release = release
        self._place = place

    def read(self, path: str, most: int = MAX_MANIFEST_BYTES) -> bytes:
        """See `source.Source`."""
        key = key_of(self._place, self._release, path)
        try:
            if self._files.size(key) > most:
                raise Unreadable(path, f"more than {most} bytes")
            return b"".join(self._files.read(key))
        except Missing as error:
            raise Unreadable(path, "it is not in the store") from error


def store_draft(files: Store, release: Release, content: Mapping[str, bytes], clips: Collection[str]) -> None:
    """Put the files of a draft beside its clips, which lie in the store, and remove those of an earlier build."""
    kept = {key_of(Place.DRAFT, release, path) for path in (*content, *clips)}
    for path in sorted(content, key=_manifest_last):
        files.put(key_of(Place.DRAFT, release, path), content[path])
    _keep_only(files, folder_of(Place.DRAFT, release), kept)


def _keep_only(files: Store, folder: str, kept: Collection[str]) -> None:
    """Remove what lies below a folder and is not among these keys: earlier builds left it."""
    for key in files.keys(folder):
        if key not in kept:
            files.delete(key)


def _manifest_last(path: str) -> tuple[bool, str]:
    return path == MANIFEST, path


def last_month(arena: Arena) -> Release | None:
    """The first revision of the month published last."""
    once = Release.objects.filter(arena=arena, state__in=ONCE_PUBLIC, revision=1)
    return once.order_by("-published_at", "-pk").first()


def newest_public(arena: Arena) -> Release | None:
    """The release that the next one follows: the newest revision of the month published last, public or not."""
    last = last_month(arena)
    return newest_revision(last) if last else None


def first_revision(release: Release) -> Release:
    """The first revision of the same month."""
    return Release.objects.get(arena=release.arena_id, window_start=release.window_start, revision=1)


def newest_revision(release: Release) -> Release:
    """The newest revision of the same month that was ever public."""
    once = Release.objects.filter(arena=release.arena_id, window_start=release.window_start, state__in=ONCE_PUBLIC)
    return once.select_related("arena").order_by("-revision").first() or release


def verified(files: Store, release: Release, place: Place | None = None, *, audio: bool = True) -> Verified:
    """Check a stored release as anybody would, where it lies or in another place."""
    return verify(StoredRelease(files, release, place or place_of(release)), audio=audio)


def publish(files: Store, release: Release) -> Release:
    """Make a reviewed release public and tidy up, or finish what a killed process began.

    Raises:
        as `make_public`.
    """
    make_public(files, release)
    tidy(files, release.arena)
    return release


def make_public(files: Store, release: Release) -> None:
    """Make a reviewed release public; one that is public stays as it is. Its draft stays: `tidy` removes it.

    Nothing is lost where the transaction around it is rolled back.

    Raises:
        PublishRefused: it is not reviewed, it no longer follows the newest release, or its files do not verify.
        StorageError: the store does not answer; call again.
    """
    if release.state == ReleaseState.PUBLISHED:
        return
    if release.state != ReleaseState.REVIEWED:
        raise PublishRefused(f"{release} is {release.get_state_display()}; review it first")
    _require_current(release)
    _copy(files, release)
    checked = verified(files, release, Place.PUBLIC)
    if checked.problems:
        path, problem = checked.problems[0]
        raise PublishRefused(f"{release} does not verify: {path}: {problem}")
    _open(release)
    release.refresh_from_db()


def _require_current(release: Release) -> None:
    """Refuse what is older than its releases or its withdrawals."""
    if release.revision > 1:
        return
    if newest_public(release.arena) != release.previous:
        raise PublishRefused(f"another release was published since {release} was built: throw it away and build anew")
    if withdrawals_in(release) != release.withdrawals:
        raise PublishRefused(f"battles of {release} were withdrawn since it was built: throw it away and build anew")


def withdrawals_in(release: Release) -> int:
    """How many wishes there are about battles of its window."""
    start, end = moments_of(release)
    return Withdrawal.objects.filter(
        battle__arena=release.arena, battle__created_at__gte=start, battle__created_at__lt=end
    ).count()


def moments_of(release: Release) -> tuple[datetime, datetime]:
    """Its window: start ≤ t < end."""
    return datetime.combine(release.window_start, time(), UTC), datetime.combine(release.window_end, time(), UTC)


def _copy(files: Store, release: Release) -> None:
    found = {place: _manifest_sha256(files, release, place) for place in (Place.DRAFT, Place.PUBLIC)}
    if found[Place.DRAFT] == release.manifest_sha256:
        _move(files, release, Place.DRAFT, Place.PUBLIC)
    elif found[Place.DRAFT]:
        raise PublishRefused(f"the draft of {release} is not the one that was reviewed: build and review it again")
    elif found[Place.PUBLIC] != release.manifest_sha256:
        raise PublishRefused(f"the files of {release} are not in the store: build it again")
    # Else everything was copied before, and the row was not opened.


def _manifest_sha256(files: Store, release: Release, place: Place) -> str:
    try:
        return sha256(StoredRelease(files, release, place).read(MANIFEST))
    except Unreadable:
        return ""


def _move(files: Store, release: Release, source: Place, target: Place) -> None:
    """Copy every file that the manifest knows, itself last, and leave no other there; the originals stay.

    What is lost stays lost: whoever publishes verifies what came, and whoever withdraws needs no more.
    """
    paths, lost = _listed(StoredRelease(files, release, source)), set()
    for path in paths:
        try:
            content = b"".join(files.read(key_of(source, release, path)))
        except Missing:
            lost.add(path)
        else:
            files.put(key_of(target, release, path), content)
    # Somebody else who published it may have removed the draft meanwhile: then nobody knows which clips are its own.
    if paths and CLIPS.file not in lost:
        _keep_only(files, folder_of(target, release), {key_of(target, release, path) for path in paths})


def _listed(stored: StoredRelease) -> list[str]:
    """The paths of a release, the manifest last; none without a manifest, no clips without their table."""
    try:
        manifest = json.loads(stored.read(MANIFEST))
    except Unreadable:
        return []
    sizes = {entry["path"]: entry["bytes"] for entry in manifest["files"]}
    clips = _clips(stored, sizes[CLIPS.file]) if CLIPS.file in sizes else []
    return [*clips, *sorted(sizes), MANIFEST]


def _clips(stored: StoredRelease, size: int) -> list[str]:
    """None where their table is lost or spoilt."""
    try:
        content = stored.read(CLIPS.file, size)
    except Unreadable:
        return []
    try:
        return list(table_of(content, ["path"])["path"].to_pylist())
    except (pa.ArrowException, OSError, KeyError):
        return []


def _open(release: Release) -> None:
    """The one statement that makes it public, and that destroys the salt."""
    with transaction.atomic():
        # Two releases of one arena are published one after the other.
        Arena.objects.select_for_update().get(pk=release.arena_id)
        _require_current(release)
        if release.revision == 1:
            released_rows.remember(release, *moments_of(release))
        else:
            Release.objects.filter(
                arena=release.arena, window_start=release.window_start, state=ReleaseState.PUBLISHED
            ).update(state=ReleaseState.SUPERSEDED)
            released_rows.settle(first_revision(release), release.settles["texts"], release.settles["whole"])
        moved = Release.objects.filter(
            pk=release.pk, state=ReleaseState.REVIEWED, manifest_sha256=release.manifest_sha256
        ).update(state=ReleaseState.PUBLISHED, published_at=Now(), salt=None)
        if not moved:
            raise PublishRefused(f"{release} changed while it was being published: look at it again")


def _remove(files: Store, place: Place, release: Release) -> None:
    """Delete the files in one place, the manifest first: what is left is no release."""
    for key in sorted(files.keys(folder_of(place, release)), key=lambda key: not key.endswith(MANIFEST)):
        files.delete(key)


def tidy(files: Store, arena: Arena) -> None:
    """Remove the files that the rows have made superfluous: a killed process, or an operator's act, left them."""
    rows = Release.objects.select_related("arena").filter(arena=arena)
    for hidden in rows.filter(state__in=[ReleaseState.SUPERSEDED, ReleaseState.WITHDRAWN]):
        _remove(files, Place.PUBLIC, hidden)
    for public in rows.filter(state=ReleaseState.PUBLISHED):
        _remove(files, Place.DRAFT, public)


def discard(files: Store, release: Release) -> None:
    """Remove the files of a draft."""
    _remove(files, Place.DRAFT, release)


def take_down(files: Store, release: Release) -> None:
    """Let nobody see a public release any more; its files are kept out of sight, for the counts that later ones need.

    Its public files stay where nobody is served: `tidy` removes them. Nothing is lost where the transaction around it
    is rolled back. A repeated call finishes what a killed process left.

    Raises:
        PublishRefused: it is not public.
        StorageError: the store does not answer; call again.
    """
    _move(files, release, Place.PUBLIC, Place.WITHDRAWN)
    moved = Release.objects.filter(
        pk=release.pk, state__in=[ReleaseState.PUBLISHED, ReleaseState.SUPERSEDED, ReleaseState.WITHDRAWN]
    ).update(state=ReleaseState.WITHDRAWN)
    if not moved:
        raise PublishRefused(f"{release} is not public")
    release.refresh_from_db()


def count_download(release_id: int) -> None:
    """One more reader of a release's data."""
    Release.objects.filter(pk=release_id).update(downloads=F("downloads") + 1)
