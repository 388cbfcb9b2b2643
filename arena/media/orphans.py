"""Daily: what lies in the object store and belongs to no row, or to a turn that ended without it, goes."""

from datetime import date, timedelta
from typing import Final

from arena.common import ledger, periods
from arena.common.object_store import store
from arena.media.models import Clip, RawClip
from arena.media.raw import PREFIX as RAW_PREFIX
from arena.media.raw import forget_raw
from arena.media.services import PREFIX

JOB: Final = ledger.Job("media.orphans", periods.DAILY, backlog=7)


def clean(period: ledger.Period) -> None:
    """Clean the day before the period's: what was being written at its end has long got its row, or never will."""
    forget_ended()
    forget_unknown((period.start - timedelta(days=1)).date())


def forget_ended() -> None:
    """Raw clips of turns that have ended: of a pair that was redrawn, or of a side whose rival failed."""
    ended = RawClip.objects.filter(response__turn__finished_at__isnull=False)
    for turn_id in set(ended.values_list("response__turn_id", flat=True)[:10_000]):
        forget_raw(turn_id)


def forget_unknown(day: date) -> int:
    """Objects of one day that no row names; returns how many. A worker killed between object and row leaves them."""
    number = 0
    for prefix, rows in ((PREFIX, Clip.objects), (RAW_PREFIX, RawClip.objects)):
        known = set(rows.filter(key__startswith=f"{prefix}/{day}/").values_list("key", flat=True))
        for key in store().keys(f"{prefix}/{day}"):
            if key not in known:
                store().delete(key)
                number += 1
    return number
