"""Parts of a release, computed on the `cpu` queue while somebody builds it."""

import logging

from django.db import OperationalError

from arena.common.object_store import store
from arena.common.queue import BUILD_SHARD, app
from arena.common.storage import StorageError
from data_releases.snapshots import SnapshotGone

logger = logging.getLogger(__name__)


@app.task(name=BUILD_SHARD)
def build_shard(shard_id: int) -> None:
    """Compute one part, if nobody has. The builder takes over what fails here, and says why it fails there as well."""
    from data_releases import shards  # noqa: PLC0415 - Arrow and SciPy, once a month

    try:
        if shards.build(store(), shard_id):
            logger.info("shard %s: its part is in the store", shard_id)
    except SnapshotGone:
        logger.info("shard %s: the build has ended", shard_id)
    except (OperationalError, StorageError) as error:
        logger.warning("shard %s: the builder has it again: %s", shard_id, type(error).__name__)
