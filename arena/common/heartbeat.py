"""Signs of life: every long-running part says now and then that it works; `/readyz` reads how long ago.

A row per part instead of a question to the broker per request: asking costs a second and answers nothing about a
worker that is alive and stuck.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from django.db.models import F, fields
from django.db.models.expressions import CombinedExpression, ExpressionWrapper
from django.db.models.functions import Extract, Now

from arena.common.models import Heartbeat

#: A part that was silent for longer is taken for dead. Parts beat every `PERIOD_S`.
STALE_S: Final = 30.0
PERIOD_S: Final = 5.0
#: The part whose heartbeat tells that beat rings and that a worker hears it.
SWEEP: Final = "sweep"


def beat(name: str) -> None:
    """Write down that the part `name` is alive now, by the database's clock. One statement once the row exists."""
    if not Heartbeat.objects.filter(name=name).update(beat_at=Now()):
        Heartbeat.objects.bulk_create([Heartbeat(name=name)], ignore_conflicts=True)


def take_turn(name: str, every_s: float) -> bool:
    """Beat for the part `name`, unless it beat less than `every_s` seconds ago; whether this call did.

    By the database's clock and in one statement, so that of many who ask at once, one gets the turn.
    """
    due = Heartbeat.objects.filter(name=name, beat_at__lt=Now() - timedelta(seconds=every_s))
    if due.update(beat_at=Now()):
        return True
    if Heartbeat.objects.filter(name=name).exists():
        return False
    beat(name)
    return True


def ages_s() -> dict[str, float]:
    """Seconds since the last sign of life, by part, by the database's clock."""
    elapsed: CombinedExpression = Now() - F("beat_at")
    age = Extract(ExpressionWrapper(elapsed, output_field=fields.DurationField()), "epoch")
    return {name: float(seconds) for name, seconds in Heartbeat.objects.values_list("name", age)}


def silent(required: Sequence[str], ages: Mapping[str, float]) -> list[str]:
    """The required parts that gave no sign of life within `STALE_S`. Pure."""
    return [name for name in required if ages.get(name, STALE_S + 1) > STALE_S]
