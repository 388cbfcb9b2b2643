"""Counters of calls, as hours of use would have left them."""

from datetime import timedelta

from django.utils import timezone

from arena.systems import buckets
from arena.systems.models import SystemVersion, Usage


def used(
    version: SystemVersion,
    calls: int,
    cost: float,
    seconds: float,
    *,
    failed: int = 0,
    days: int = 0,
    outcome: str = "",
) -> None:
    """Calls of some days ago, of 100 tokens and `seconds` each; `failed` more timed out."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=days)
    times = [calls * n for n in buckets.of(seconds)]
    Usage.objects.create(
        version=version, hour=hour, outcome=outcome, calls=calls, output_tokens=100 * calls, cost_usd=cost,
        ttft_counts=times, latency_counts=times,
    )  # fmt: skip
    if failed:
        empty = buckets.empty()
        Usage.objects.create(
            version=version, hour=hour, outcome="TimedOut", calls=failed, ttft_counts=empty, latency_counts=empty
        )
