"""What calls of systems came to: the hourly counters, and the breaker that follows from them, in one transaction.

Rows are locked in one order everywhere (usage by version, then health by version), so that two turns that end at the
same time wait for each other and never deadlock.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from arena.common import measures
from arena.systems import breaker, buckets
from arena.systems.breaker import Breaker, BreakerState, Rules
from arena.systems.models import Health

#: The fields of a `Health` row that are the breaker's.
BREAKER_FIELDS: Final = ("state", "recent", "openings", "retry_at", "probe_until")


#: The outcome of a call that was ended because of somebody else: no answer and no failure, but it costs.
UNUSED: Final = "unused"
#: The outcome of an answer that a simulation made up: nobody was called, and nothing is owed.
SIMULATED: Final = "simulated"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a call counts against the budget. `is_estimate`: the backend told no number of tokens."""

    usd: Decimal
    is_estimate: bool = False


FREE: Final = Charge(Decimal(0))


@dataclass(frozen=True, slots=True)
class CallResult:
    """One call that ended. Times in seconds from the call, None: unknown.

    `outcome`: empty for an answer, `UNUSED` where the call was ended before anybody could use it, else the class of
    the error. `steers`: whether the breaker hears of it; an operator's test prompt spends money and steers nothing.
    """

    version_id: int
    outcome: str = ""
    ttft_s: float | None = None
    latency_s: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    charge: Charge = FREE
    steers: bool = True


def rules() -> Rules:
    """The site's rules of breakers."""
    failures, calls, pause_s = settings.ARENA_BREAKER
    return Rules(int(failures), int(calls), float(pause_s))


def record(results: Sequence[CallResult]) -> None:
    """Count calls that ended, inside the transaction that stores what came of them."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("usage.record belongs into the transaction that ends the call")
    results = sorted(results, key=lambda result: result.version_id)
    for result in results:
        _count(result)
    transaction.on_commit(partial(_measure, results), robust=True)
    steering = [result for result in results if result.steers]
    healths = locked([result.version_id for result in steering])
    for result in steering:
        _follow(healths[result.version_id], result)


def record_simulated(results: Sequence[CallResult]) -> None:
    """Count answers that a simulation made up, apart from all calls: no budget, breaker or alert hears of them."""
    for result in sorted(results, key=lambda result: result.version_id):
        _count(replace(result, outcome=SIMULATED))


def _measure(results: Sequence[CallResult]) -> None:
    """Count the calls for Prometheus as well, which asks for totals without end instead of hours."""
    for result in results:
        if result.outcome not in ("", UNUSED):
            measures.ERRORS.count(result.version_id, result.outcome)
        if result.ttft_s is not None:
            measures.FIRST_TEXT_S.observe(result.version_id, seconds=result.ttft_s)
        if result.latency_s is not None:
            measures.GENERATION_S.observe(result.version_id, seconds=result.latency_s)
        if result.charge.usd:
            measures.SPEND_USD.count(result.version_id, n=float(result.charge.usd))


_COUNT_SQL: Final = """
INSERT INTO systems_usage AS u
    (version_id, hour, outcome, calls, input_tokens, output_tokens, cost_usd, estimated_usd,
     ttft_counts, latency_counts)
VALUES (%s, date_trunc('hour', statement_timestamp(), 'UTC'), %s, 1, %s, %s, %s, %s, %s, %s)
ON CONFLICT (version_id, hour, outcome) DO UPDATE SET
    calls = u.calls + 1,
    input_tokens = u.input_tokens + excluded.input_tokens,
    output_tokens = u.output_tokens + excluded.output_tokens,
    cost_usd = u.cost_usd + excluded.cost_usd,
    estimated_usd = u.estimated_usd + excluded.estimated_usd,
    ttft_counts = (SELECT array_agg(a + b ORDER BY n)
        FROM unnest(u.ttft_counts, excluded.ttft_counts) WITH ORDINALITY AS t(a, b, n)),
    latency_counts = (SELECT array_agg(a + b ORDER BY n)
        FROM unnest(u.latency_counts, excluded.latency_counts) WITH ORDINALITY AS t(a, b, n))
"""


def _count(result: CallResult) -> None:
    values: list[Any] = [
        result.version_id,
        result.outcome,
        result.input_tokens or 0,
        result.output_tokens or 0,
        result.charge.usd,
        result.charge.usd if result.charge.is_estimate else Decimal(0),
        buckets.of(result.ttft_s),
        buckets.of(result.latency_s),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_SQL, values)


def locked(version_ids: Sequence[int]) -> dict[int, Health]:
    """Version id → its health, locked until the transaction ends, made where it is missing. Carries `now`."""
    if not version_ids:
        return {}
    rows = _lock(version_ids)
    if len(rows) < len(set(version_ids)):
        missing = [Health(version_id=one) for one in sorted(set(version_ids))]
        Health.objects.bulk_create(missing, ignore_conflicts=True)
        rows = _lock(version_ids)
    return {row.version_id: row for row in rows}


def _lock(version_ids: Sequence[int]) -> list[Any]:
    rows: QuerySet[Any] = Health.objects.select_for_update().filter(version_id__in=version_ids)
    return list(rows.order_by("version_id").annotate(now=Now()))


def breaker_of(health: Health) -> Breaker:
    """The breaker that a row holds."""
    fields = {name: getattr(health, name) for name in BREAKER_FIELDS}
    return Breaker(**fields | {"state": BreakerState(health.state)})


def keep(health: Health, kept: Breaker, **changes: Any) -> None:
    """Store a breaker in its locked row."""
    fields = asdict(kept) | {"state": kept.state.value} | changes
    if any(getattr(health, name) != value for name, value in fields.items()):
        Health.objects.filter(version_id=health.version_id).update(**fields)


def _follow(health: Any, result: CallResult) -> None:
    outcome = breaker.FAILED if result.outcome else breaker.ANSWERED
    followed = breaker.after(breaker_of(health), outcome, health.now, rules())
    if result.outcome:
        keep(health, followed, last_failure_at=health.now, last_error_class=result.outcome)
    else:
        keep(health, followed, last_answer_at=health.now)


def forgo_probes(version_ids: Sequence[int]) -> None:
    """Calls ended without telling anything about these versions: a probe among them may be made again at once."""
    half_open = Health.objects.filter(version_id__in=version_ids, state=BreakerState.HALF_OPEN.value)
    half_open.update(probe_until=None)
