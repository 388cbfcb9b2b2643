"""What withdrawals ask of releases, at once."""

import logging

from django.db import OperationalError, transaction

from arena.arenas.models import Arena
from arena.common import outbox
from arena.common.object_store import store
from arena.common.queue import REVISE_RELEASES, app
from arena.common.storage import StorageError
from data_releases import revisions
from data_releases.services import AlreadyBuilding, ReleaseError

logger = logging.getLogger(__name__)


@app.task(name=REVISE_RELEASES)
def revise_releases(arena_id: int) -> None:
    """Take out of an arena's releases what was withdrawn. The hourly job does what fails here."""
    try:
        revisions.take_back(store(), Arena.objects.get(pk=arena_id))
    except AlreadyBuilding:
        # Until then none of its rows is served: do not wait for the hour.
        with transaction.atomic():
            outbox.enqueue(REVISE_RELEASES, arena_id)
    except ReleaseError as error:
        logger.warning("arena %s: not revised, an operator is needed: %s", arena_id, error)
    except (OperationalError, StorageError) as error:
        logger.warning("arena %s: revised within the hour: %s", arena_id, type(error).__name__)
