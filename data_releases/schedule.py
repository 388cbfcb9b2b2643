"""What is due: each month of each arena once, when its embargo has passed; and what withdrawals ask for, hourly."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from typing import Final

from arena.arenas.models import Arena
from arena.common import ledger, periods
from arena.common.object_store import store
from data_releases import publish, readings, services, shards
from data_releases.models import Release, ReleaseState
from data_releases.released_rows import forget_old
from data_releases.revisions import take_back

logger = logging.getLogger(__name__)

#: A month of a large arena takes minutes; nobody else must take the run over meanwhile.
JOB: Final = ledger.Job("data_releases.build", periods.DAILY, backlog=1, lease_s=3600)
REVISE: Final = ledger.Job("data_releases.revise", periods.HOURLY, backlog=1, lease_s=3600)


def build_due(period: ledger.Period) -> None:
    """Build every month that is due, and publish the drafts of arenas that do without a review.

    A run that dies is made again: a month that was built is not due any more, and a draft that was not published yet
    is.
    """
    _in_each_arena(partial(_build, day=period.end.date()))


def _build(arena: Arena, day: date) -> None:
    policy = services.policy_of(arena)
    if policy.publishes:
        _publish(arena)
    for month in services.due_months(arena, day) if policy.builds else ():
        services.build_release(arena, month)
        logger.info("built release %s of %s", month.name, arena.slug)
        if policy.publishes:
            _publish(arena)


def revise_due(_period: ledger.Period) -> None:
    """Forget what is too old to be found, and take out of public releases what was withdrawn."""
    # First what waits for no release that is refused, and for no store that is away.
    readings.forget_old()
    for arena in Arena.objects.order_by("pk"):
        forget_old(arena, timedelta(days=services.current_policy(arena).withdrawal_days))
    for arena in Arena.objects.order_by("pk"):
        with suppress(services.AlreadyBuilding), services.only_one(arena):
            shards.sweep(store(), arena)
    _in_each_arena(_take_back)


def _take_back(arena: Arena) -> None:
    # The wish rings again until the build is over (`workers.releases`).
    with suppress(services.AlreadyBuilding):
        take_back(store(), arena)


def _in_each_arena(work: Callable[[Arena], None]) -> None:
    """What is refused in one arena keeps no other waiting; the first refusal is raised when all are done."""
    refused = []
    for arena in Arena.objects.order_by("pk"):
        try:
            work(arena)
        except services.ReleaseError as error:
            logger.warning("arena %s: %s", arena.slug, error)
            refused.append(error)
    if refused:
        raise refused[0]


def _publish(arena: Arena) -> None:
    """Publish what is built, the oldest month first: each release starts from the one before it."""
    built = Release.objects.filter(
        arena=arena, state__in=[ReleaseState.DRAFT, ReleaseState.REVIEWED], manifest__isnull=False
    ).order_by("window_start", "revision")
    for release in built.select_related("arena"):
        if release.state == ReleaseState.DRAFT:
            release = services.mark_reviewed(release.pk, release.manifest_sha256)  # noqa: PLW2901 - the same, reviewed
        publish.publish(store(), release)
