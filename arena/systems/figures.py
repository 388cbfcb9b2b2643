"""How each version does, for operators: from counters, so that the cost does not grow with the number of battles."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Sum
from django.db.models.functions import Now, TruncDay

from arena.systems import buckets, steering
from arena.systems.breaker import BreakerState
from arena.systems.models import Health, SystemVersion, Usage
from arena.systems.usage import SIMULATED, UNUSED

WINDOW_H: Final = 24
SPENDING_DAYS: Final = 30


@dataclass(slots=True)
class Figures:
    """One version: calls and times of the last 24 hours, money of today (UTC) and of 30 days, and its breaker."""

    budget_usd: Decimal | None
    calls: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    latency_counts: list[int] = field(default_factory=buckets.empty)
    spent_today_usd: Decimal = Decimal(0)
    spent_30_days_usd: Decimal = Decimal(0)
    estimated_30_days_usd: Decimal = Decimal(0)
    reserved_usd: Decimal = Decimal(0)
    breaker: BreakerState = BreakerState.CLOSED
    retry_at: datetime | None = None
    last_answer_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_error_class: str = ""

    @property
    def error_rate(self) -> float | None:
        """Failed calls among all; None without calls."""
        return sum(self.failures.values()) / self.calls if self.calls else None

    @property
    def latency_median_s(self) -> float | None:
        """Of the answers."""
        return buckets.quantile_s(self.latency_counts, 0.5)

    @property
    def latency_p95_s(self) -> float | None:
        """Of the answers."""
        return buckets.quantile_s(self.latency_counts, 0.95)

    @property
    def is_used_up(self) -> bool:
        """Whether the budget of today is spent or promised."""
        return self.budget_usd is not None and self.spent_today_usd + self.reserved_usd >= self.budget_usd


def figures_of(versions: Iterable[SystemVersion]) -> dict[int, Figures]:
    """Version id → its figures. Five queries, whatever the number of versions."""
    found = {version.pk: Figures(steering.budget_usd(version)) for version in versions}
    _add_calls(found)
    for version_id, usd in steering.spent_today_usd(found).items():
        found[version_id].spent_today_usd = usd
    for version_id, usd in steering.reserved_usd(found).items():
        found[version_id].reserved_usd = usd
    for version_id, usd, estimated_usd in _spent_usd(found):
        found[version_id].spent_30_days_usd, found[version_id].estimated_30_days_usd = usd, estimated_usd
    for health in Health.objects.filter(version_id__in=list(found)):
        figures = found[health.version_id]
        figures.breaker, figures.retry_at = BreakerState(health.state), health.retry_at
        figures.last_answer_at, figures.last_failure_at = health.last_answer_at, health.last_failure_at
        figures.last_error_class = health.last_error_class
    return found


def _add_calls(found: dict[int, Figures]) -> None:
    """The hours of the last day: at most 25 rows for each version and outcome."""
    since = Now() - timedelta(hours=WINDOW_H)
    failures: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for hour in Usage.objects.filter(version_id__in=list(found), hour__gt=since).exclude(
        outcome__in=[UNUSED, SIMULATED]
    ):
        figures = found[hour.version_id]
        figures.calls += hour.calls
        if hour.outcome:
            failures[hour.version_id][hour.outcome] += hour.calls
        figures.latency_counts = buckets.add(figures.latency_counts, hour.latency_counts)
    for version_id, by_class in failures.items():
        found[version_id].failures = dict(by_class)


def _spent_usd(version_ids: Iterable[int]) -> Iterable[tuple[int, Decimal, Decimal]]:
    since = TruncDay(Now() - timedelta(days=SPENDING_DAYS - 1), tzinfo=UTC)
    recent = Usage.objects.filter(version_id__in=list(version_ids), hour__gte=since)
    paid = recent.exclude(outcome=SIMULATED).values_list("version_id")
    return paid.annotate(usd=Sum("cost_usd"), estimated_usd=Sum("estimated_usd"))
