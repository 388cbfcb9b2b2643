"""The parts of a build, computed by whoever has time: the process that builds, and workers that it rings for.

A month is cut by time into shards. Each is a row that one process claims with a lease, under one snapshot of the
database that all of them share; its part goes into the store, and the builder joins the parts. A worker that dies is
replaced when its lease ends; one that is late writes where nobody looks, because an attempt is part of the place. What
comes out depends neither on the cut nor on how many worked (`projection`).
"""

import itertools
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

import pyarrow as pa
from django.db import OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.common import outbox, queue
from arena.common.storage import StorageError, Store
from data_releases import extract, part
from data_releases.anonymise import Pseudonyms
from data_releases.models import Release, ReleaseShard
from data_releases.part import Rules
from data_releases.snapshots import shared_snapshot

logger = logging.getLogger(__name__)

#: Longer than a shard ever takes.
LEASE: Final = timedelta(minutes=10)
#: Battles of a shard: seconds of work, and some hundred megabytes at most.
BATTLES: Final = 20_000
_POLL_S: Final = 0.1
#: Where parts lie in the store, apart from what is ever published.
FOLDER: Final = "shards"
_VERSIONS: Final = "versions"

_CUT = """
SELECT created_at FROM (
    SELECT created_at, row_number() OVER (ORDER BY created_at) AS n FROM battles_battle
    WHERE arena_id = %s AND created_at >= %s AND created_at < %s
) AS numbered
WHERE n %% %s = 1 AND n > 1
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A shard that is ours until its lease ends, or somebody has a later attempt."""

    shard: ReleaseShard
    attempt: int

    @property
    def folder(self) -> str:
        """Where its part goes."""
        return f"{_folder(self.shard.release)}/{self.shard.pk}-{self.attempt}"


class StoredParts:
    """The parts of a month in the store, see `projection.Parts`."""

    def __init__(self, files: Store, done: list[ReleaseShard]) -> None:
        self._files = files
        self._folders = [Claimed(shard, shard.attempt).folder for shard in done]
        self.found: Mapping[str, int] = _summed([shard.found for shard in done])
        self.withdrawn = sum(shard.withdrawn for shard in done)

    @property
    def versions(self) -> pa.Table:
        """The systems, as each part was made with."""
        return part.from_blocks(self._files.read(f"{self._folders[0]}/{_VERSIONS}.arrow"))

    def table(self, name: str) -> pa.Table:
        """See `Parts`."""
        tables = [part.from_blocks(self._files.read(f"{folder}/{name}.arrow")) for folder in self._folders]
        return pa.concat_tables(tables).unify_dictionaries()


def _summed(counts: list[dict[str, int]]) -> dict[str, int]:
    kinds = sorted({kind for one in counts for kind in one})
    return {kind: sum(one.get(kind, 0) for one in counts) for kind in kinds}


@contextmanager
def parts_of(files: Store, release: Release, window: extract.Window, rules: Rules) -> Iterator[StoredParts]:
    """The parts of a release while they are needed; the caller sees to it that nobody else builds it."""
    try:
        with shared_snapshot() as snapshot:
            _plan(release, window, rules, snapshot)
            with _helped(files, release) if snapshot and _left(release).count() > 1 else nullcontext():
                while _left(release).exists():
                    if not _build_one(files, release):
                        time.sleep(_POLL_S)
        done = ReleaseShard.objects.select_related("release__arena").filter(release=release).order_by("number")
        yield StoredParts(files, list(done))
    finally:
        ReleaseShard.objects.filter(release=release).delete()
        sweep(files, release.arena)


def _left(release: Release) -> QuerySet[ReleaseShard]:
    return ReleaseShard.objects.filter(release=release, done_at=None).order_by("number")


def _build_one(files: Store, release: Release) -> bool:
    """Compute the first part that nobody computes; False where there is none."""
    return any(build(files, shard.pk) for shard in _left(release))


@contextmanager
def _helped(files: Store, release: Release) -> Iterator[None]:
    """A thread with a connection of its own computes parts as well: while one waits for PostgreSQL, the other works.

    It gives up where database or store are away: the builder has its part again, and says why.
    """
    ended = threading.Event()

    def help_building() -> None:
        try:
            while not ended.is_set() and _build_one(files, release):
                pass
        except (OperationalError, StorageError) as error:
            logger.warning("%s: parts are computed one after the other: %s", release, type(error).__name__)
        finally:
            connection.close()

    with ThreadPoolExecutor(1, "arena-parts") as pool:
        helper = pool.submit(help_building)
        try:
            yield
        finally:
            ended.set()
    helper.result()


def _plan(release: Release, window: extract.Window, rules: Rules, snapshot: str) -> None:
    """Write the shards of a build, and ring for each."""
    with connection.cursor() as cursor:
        cursor.execute(_CUT, [release.arena_id, window.start, window.end, BATTLES])
        inner = sorted({row[0] for row in cursor.fetchall()} - {window.start})
    edges: list[datetime] = [window.start, *inner, window.end]
    ReleaseShard.objects.filter(release=release).delete()
    with transaction.atomic():
        for number, (start, end) in enumerate(itertools.pairwise(edges)):
            values = {"number": number, "start": start, "end": end, "snapshot": snapshot, "rules": asdict(rules)}
            shard = ReleaseShard.objects.create(release=release, **values)
            outbox.enqueue(queue.BUILD_SHARD, shard.pk)


def build(files: Store, shard_id: int) -> bool:
    """Compute the part of a shard, if nobody does; returns whether there was anything to do here.

    Raises:
        SnapshotGone: whoever builds the release has ended.
        StorageError: the store does not answer.
    """
    claimed = _claim(shard_id)
    if claimed is None:
        return False
    shard = claimed.shard
    try:
        rules = Rules(**shard.rules)
        raw = extract.read(shard.release.arena, extract.Window(shard.start, shard.end), shard.snapshot)
        made = part.part_of(raw, Pseudonyms(bytes(shard.release.salt or b"")), rules)
        for name, table in {**made.tables, _VERSIONS: raw["systems"]}.items():
            # Whatever ends this machine ends the build, too.
            files.put(f"{claimed.folder}/{name}.arrow", part.to_bytes(table), lasting=False)
    except BaseException:
        # Somebody else may try at once.
        _held(claimed).update(lease_until=None)
        raise
    return bool(_held(claimed).update(done_at=Now(), found=made.found, withdrawn=made.withdrawn))


def _claim(shard_id: int) -> Claimed | None:
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    rows = ReleaseShard.objects.filter(free, pk=shard_id, done_at=None)
    if not rows.update(attempt=F("attempt") + 1, lease_until=Now() + LEASE):
        return None
    shard = ReleaseShard.objects.select_related("release__arena").filter(pk=shard_id).first()
    return Claimed(shard, shard.attempt) if shard else None


def _held(claimed: Claimed) -> QuerySet[ReleaseShard]:
    return ReleaseShard.objects.filter(pk=claimed.shard.pk, attempt=claimed.attempt, done_at=None)


def _folder(release: Release) -> str:
    return f"{FOLDER}/{release.arena.slug}/{release.name}"


def sweep(files: Store, arena: Arena) -> None:
    """Remove parts that belong to no build: they hold texts, and a worker may have written late."""
    rows = ReleaseShard.objects.filter(release__arena=arena).values_list("pk", "attempt", "done_at")
    wanted = {f"{pk}-{attempt}" for pk, attempt, _done in rows}
    for key in files.keys(f"{FOLDER}/{arena.slug}"):
        if key.split("/")[-2] not in wanted:
            files.delete(key)
