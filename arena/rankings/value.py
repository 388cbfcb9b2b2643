"""What a system's answers cost beside how good they are: speed, money, reliability, from hourly counters.

All figures are of the last days only (`WINDOW`), so that they cost the same however old the arena is, and tell how a
system is now. Simulated battles call no system: what they made up is in the figures of demo arenas only, whose boards
they move as well, and is counted apart (`Value.simulated`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Now

from arena.arenas.models import Arena, Modality
from arena.rankings.contenders import Contender, contenders_of, rows_of, versions_of
from arena.rankings.selectors import LISTED, TOO_FEW_VOTES, Leaderboard, LeaderboardRow
from arena.rankings.tallying import read
from arena.systems import buckets, usage
from arena.systems.models import SystemVersion, Usage

WINDOW: Final = timedelta(days=7)
#: Failures that are told by name: of calls (`arena.systems.backends.base`), and of clips (`arena.media.errors`).
FAILURES: Final = frozenset(
    {
        *("ConnectFailed", "TimedOut", "RateLimited", "ServerFailed", "Truncated"),
        *("Misconfigured", "AddressForbidden", "BadResponse", "TooLarge", "NothingSaid", "Unsupported"),
        *("NotAudio", "ClipTruncated", "NotFinite", "Silent", "TooShort", "TooLong", "TooExpensive"),
        *("Unlevelled", "ClipLost"),
    }
)
OTHER_FAILURE: Final = "Other"
#: By modality: the field of a `Value` that is the price in time.
PRICE_IN_TIME: Final[Mapping[str, str]] = {Modality.TEXT: "latency_p50_s", Modality.MUSIC: "wait_per_minute_s"}

_TIMES: Final = """
SELECT version_id, place, sum(ttft), sum(latency)
FROM systems_usage u
JOIN systems_systemversion v ON v.id = u.version_id JOIN systems_system s ON s.id = v.system_id,
  unnest(u.ttft_counts, u.latency_counts) WITH ORDINALITY AS bucket (ttft, latency, place)
WHERE s.arena_id = %s AND u.outcome = ANY(%s) AND u.hour > now() - make_interval(secs => %s)
GROUP BY version_id, place
"""


#: Of each version: the median of seconds of music per second of waiting.
_SPEEDS: Final = """
SELECT r.version_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY c.generated_s / r.latency_s)
FROM media_clip c
JOIN battles_response r ON r.id = c.response_id
JOIN systems_systemversion v ON v.id = r.version_id JOIN systems_system s ON s.id = v.system_id
WHERE s.arena_id = %s AND r.latency_s > 0 AND c.created_at > now() - make_interval(secs => %s)
GROUP BY r.version_id
"""


@dataclass(frozen=True, slots=True)
class Value:
    """One contender of a board, by its name, version and rating there.

    Times in seconds, tokens of an answer on average, money in US dollars.

    calls: answers and failures in the window, `simulated` of them made up by a simulation; availability: share of
    answers. win_share: wins and half of ties by all counted votes. cost_per_win_usd: what an answer costs, divided by
    the share of battles won. energy_wh: of an answer, as declared. on_*_front: of those with enough votes, nobody is
    both better and cheaper (faster). speed_factor: seconds of music per second of waiting, the median of the newest
    version; arenas of music only. listing: as on the board. failures: class → calls without an answer, the most
    frequent first.
    """

    system: str
    version: int
    rating: float | None
    retired: bool
    calls: int
    availability: float | None
    ttft_p50_s: float | None
    ttft_p95_s: float | None
    latency_p50_s: float | None
    latency_p95_s: float | None
    output_tokens: float | None
    cost_per_answer_usd: float | None
    win_share: float | None
    cost_per_win_usd: float | None
    energy_wh: float | None
    on_cost_front: bool = False
    on_speed_front: bool = False
    licence: str = ""
    training_data: str = ""
    speed_factor: float | None = None
    listing: str = LISTED
    failures: Mapping[str, int] = field(default_factory=dict)
    simulated: int = 0

    @property
    def wait_per_minute_s(self) -> float | None:
        """Seconds of waiting for a minute of music: a price, as time and money are."""
        return 60 / self.speed_factor if self.speed_factor else None


def values_of(arena: Arena, board: Leaderboard) -> list[Value]:
    """Every row of the board of all votes, in its order. Five queries, seven in an arena of music."""
    tallied, versions = read(arena.pk), versions_of(arena.pk)
    contenders = contenders_of(versions, tallied.ids)
    counts = tallied.dense(rows_of(contenders), len(contenders))
    votes = counts.votes()
    shares = [float(won / n) if n else None for won, n in zip(counts.wins().sum(axis=1), votes, strict=True)]
    calls, times, energy = _calls(arena), _times(arena), _energy(arena)
    speeds, learnt = ({}, {}) if arena.modality == Modality.TEXT else (_speeds(arena), _training_data(arena))
    by_name = {(row.system, row.version): row for row in board.rows}
    names = {version.id: (version.name, version.number) for version in versions}
    found = [
        replace(
            _value(by_name[names[contender.newest]], contender, share, calls, times, energy.get(contender.newest)),
            speed_factor=speeds.get(contender.newest),
            training_data=learnt.get(contender.newest, ""),
        )
        for contender, share in zip(contenders, shares, strict=True)
        if names[contender.newest] in by_name
    ]
    fronts = _front(found, "cost_per_answer_usd"), _front(found, PRICE_IN_TIME[arena.modality])
    place = {(row.system, row.version): number for number, row in enumerate(board.rows)}
    marked = [_marked(value, *fronts) for value in found]
    return sorted(marked, key=lambda value: place[value.system, value.version])


def _answers(arena: Arena) -> list[str]:
    """The outcomes that are answers here."""
    return ["", usage.SIMULATED] if arena.is_demo else [""]


def _calls(arena: Arena) -> dict[int, dict[str, Any]]:
    """Version → {"answers", "tokens", "cost" of answers, "simulated" of them, "failures": class → calls}."""
    others = {usage.UNUSED, usage.SIMULATED} - {*_answers(arena)}
    rows = (
        Usage.objects.filter(version__system__arena=arena, hour__gt=Now() - WINDOW)
        .exclude(outcome__in=others)
        .order_by()
        .values_list("version_id", "outcome")
        .annotate(calls=Sum("calls"), tokens=Sum("output_tokens"), cost=Sum("cost_usd"))
    )
    found: dict[int, dict[str, Any]] = {}
    for version, outcome, calls, tokens, cost in rows:
        own = found.setdefault(version, dict.fromkeys(_SUMMED, 0) | {"failures": {}})
        if outcome not in _answers(arena):
            own["failures"][outcome] = calls
            continue
        for name, value in (("answers", calls), ("tokens", tokens), ("cost", cost)):
            own[name] += value
        own["simulated"] += calls if outcome == usage.SIMULATED else 0
    return found


def _failures(counted: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sums by class; what is no class of ours has one name."""
    sums: Counter[str] = Counter()
    for one in counted:
        for name, n in one.items():
            sums[name if name in FAILURES else OTHER_FAILURE] += n
    return dict(sorted(sums.items(), key=lambda one: (-one[1], one[0])))


def _times(arena: Arena) -> dict[int, tuple[list[int], list[int]]]:
    found: dict[int, tuple[list[int], list[int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_TIMES, [arena.pk, _answers(arena), WINDOW.total_seconds()])
        for version, place, ttft, latency in cursor.fetchall():
            both = found.setdefault(version, (buckets.empty(), buckets.empty()))
            both[0][place - 1], both[1][place - 1] = int(ttft), int(latency)
    return found


def _speeds(arena: Arena) -> dict[int, float]:
    with connection.cursor() as cursor:
        cursor.execute(_SPEEDS, [arena.pk, WINDOW.total_seconds()])
        return dict(cursor.fetchall())


def _training_data(arena: Arena) -> dict[int, str]:
    return dict(SystemVersion.objects.filter(system__arena=arena).values_list("id", "training_data"))


def _energy(arena: Arena) -> dict[int, float]:
    """Version → declared Wh per million output tokens."""
    declared = SystemVersion.objects.filter(system__arena=arena, energy_wh_per_mtok__isnull=False)
    rows = declared.values_list("id", "energy_wh_per_mtok")
    return {version: energy for version, energy in rows if energy is not None}


def _value(
    row: LeaderboardRow,
    contender: Contender,
    share: float | None,
    calls: dict[int, dict[str, Any]],
    times: dict[int, tuple[list[int], list[int]]],
    energy_wh_per_mtok: float | None,
) -> Value:
    used = [calls[version] for version in contender.versions if version in calls]
    answers, tokens, cost, simulated = (float(sum(one[name] for one in used)) for name in _SUMMED)
    failures = _failures(one["failures"] for one in used)
    total = answers + sum(failures.values())
    ttft, latency = (_added(times[v][kind] for v in contender.versions if v in times) for kind in (0, 1))
    per_answer = cost / answers if answers else None
    tokens_each = tokens / answers if answers else None
    known = energy_wh_per_mtok is not None and tokens_each is not None
    return Value(
        system=row.system,
        version=row.version,
        rating=row.rating,
        retired=row.retired,
        licence=row.licence,
        listing=row.listing,
        failures=failures,
        calls=int(total),
        simulated=int(simulated),
        availability=answers / total if total else None,
        ttft_p50_s=buckets.quantile_s(ttft, 0.5),
        ttft_p95_s=buckets.quantile_s(ttft, 0.95),
        latency_p50_s=buckets.quantile_s(latency, 0.5),
        latency_p95_s=buckets.quantile_s(latency, 0.95),
        output_tokens=tokens_each,
        cost_per_answer_usd=per_answer,
        win_share=share,
        cost_per_win_usd=per_answer / share if per_answer is not None and share else None,
        energy_wh=(energy_wh_per_mtok or 0) * (tokens_each or 0) / 1e6 if known else None,
    )


_SUMMED: Final = ("answers", "tokens", "cost", "simulated")


def _added(histograms: Iterable[list[int]]) -> list[int]:
    total = buckets.empty()
    for histogram in histograms:
        total = buckets.add(total, histogram)
    return total


def _front(values: list[Value], name: str) -> set[tuple[str, int]]:
    """The contenders to which nobody is better at no higher a price, or as good at a lower one."""
    known = [
        (getattr(value, name), -value.rating, (value.system, value.version))
        for value in values
        if getattr(value, name) is not None and value.rating is not None and value.listing != TOO_FEW_VOTES
    ]
    front, best = set(), float("inf")
    for _price, minus_rating, key in sorted(known):
        if minus_rating < best:
            front.add(key)
            best = minus_rating
    return front


def _marked(value: Value, cost: set[tuple[str, int]], speed: set[tuple[str, int]]) -> Value:
    key = (value.system, value.version)
    return replace(value, on_cost_front=key in cost, on_speed_front=key in speed)
