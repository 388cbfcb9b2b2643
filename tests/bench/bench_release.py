"""A release built from votes in PostgreSQL, beside pyarrow alone writing the same tables.

Build is reading, projection, leaderboard, documents and files, without the filter for personal data, whose speed is
printed apart (one core). The peer writes the finished tables as Parquet with the same settings and nothing else.

    make bench-release [VOTES=100000]
"""

import json
import os
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.bench.database import bench_database

VOTES = int(os.environ.get("VOTES", "100000"))
#: One battle in so many has texts to publish: 20,000 conversations for 100,000 votes.
EVERY = 5

_ROWS = """
CREATE TEMP TABLE made AS
  SELECT n, gen_random_uuid() AS battle, %(first)s + (n * 7919) %% %(systems)s AS a,
    %(first)s + (n * 7919 + 1 + n / 20 %% (%(systems)s - 1)) %% %(systems)s AS b,
    timestamptz '2026-10-01' + n * interval '31 days' / (%(votes)s + 1) AS at, %(voter)s + n %% %(voters)s AS voter
  FROM generate_series(1::bigint, %(votes)s) AS n;
INSERT INTO router_pairing
    (id, arena_id, policy_id, left_id, right_id, pool, pair_propensity, side_propensity, seed, attempt)
  SELECT n, %(arena)s, %(policy)s, a, b, %(pool)s, 0.5, 0.5, n, 1 FROM made;
INSERT INTO battles_battle
    (id, arena_id, voter_id, state, reason, requirement, pairing_id, is_simulated, publication, created_at)
  SELECT battle, %(arena)s, voter, 'voted', '', '{}', n, false, n %% %(every)s = 0, at FROM made;
INSERT INTO battles_turn (battle_id, n, prompt, attempt, created_at)
  SELECT battle, 1, 'Why is the sky blue on day ' || n %% 9000 || ' of the year?', 1, at FROM made;
INSERT INTO battles_response (turn_id, side, pairing_id, version_id, status, attempt, content, reasoning,
    finish_reason, error_class, identity_matches, identity_list_version, ttft_s, latency_s, input_tokens,
    output_tokens, cost_usd)
  SELECT t.id, side, made.n, CASE side WHEN 'left' THEN a ELSE b END, 'complete', 1,
    repeat('An answer of common length, number ' || made.n %% 5000 || '. ', 20), '', 'stop', '',
    CASE WHEN random() < 0.01 THEN ARRAY['I am Ada'] ELSE ARRAY[]::varchar[] END, '1', random(), 3 * random(), 20, 180,
    0.0001
  FROM made JOIN battles_turn t ON t.battle_id = made.battle, (VALUES ('left'), ('right')) AS sides (side);
INSERT INTO votes_vote (battle_id, voter_id, outcome, turn_n, reasons, feedback, created_at)
  SELECT battle, voter, (ARRAY['left', 'right', 'tie', 'both_bad'])[1 + n %% 4], 1,
    '{"left": ["useful"], "right": []}', '{"left": "", "right": ""}', at + interval '1 minute' FROM made;
"""


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of one call, and what it gave."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def fill() -> Any:
    """The arena of the benchmark."""
    from django.db import connection

    from arena.accounts.models import Voter
    from arena.router.models import SamplingPolicy
    from arena.systems.models import SystemVersion
    from tests.ballots import make_arena, make_versions, make_voter

    arena = make_arena()
    versions = make_versions(arena, [f"System {n}" for n in range(20)])
    SystemVersion.objects.update(release_outputs=True)
    voters = [make_voter() for _ in range(1000)]
    values = {
        "votes": VOTES,
        "every": EVERY,
        "arena": arena.id,
        "policy": SamplingPolicy.objects.create(arena=arena, number=1).id,
        "first": versions[0].id,
        "systems": len(versions),
        "voter": Voter.objects.earliest("id").id,
        "voters": len(voters),
        "pool": json.dumps([[version.id, 1.0] for version in versions]),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, values)
        cursor.execute("ANALYZE")
    return arena


def main() -> None:
    """Fill, build, verify, compare, print."""
    with bench_database():
        from data_releases import certified, pii, projection, schema, services, texts
        from data_releases.assemble import assemble
        from data_releases.extract import Window, read
        from data_releases.site import signing_key
        from data_releases.verify import verify

        arena = fill()
        fold_s, _folded = timed(lambda: services.fold_votes(arena.pk))
        found = pii.findings
        pii.findings = lambda _text: ()  # type: ignore[assignment]
        start = datetime(2026, 10, 1, tzinfo=UTC)
        read_s, raw = timed(lambda: read(arena, Window(start, start + timedelta(days=31))))
        rules = projection.Rules("text", is_demo=False, publish_texts=True)
        project_s, projected = timed(lambda: projection.project(raw, b"s" * 32, rules))
        prior = certified.tally_table({})
        facts = _facts()
        assemble_s, made = timed(lambda: assemble(projected, prior, facts, signing_key()))
        pii.findings = found
        tables = projected.tables | {"prior_tallies": prior}
        alone_s, _bytes = timed(
            lambda: [schema.parquet_bytes(spec, tables[spec.name]) for spec in schema.TABLES]
        )  # fmt: skip
        verify_s, checked = timed(lambda: verify(_InMemory(made.files)))
        sample = raw["answers"]["text"].slice(0, 5000).to_pylist()
        pii_s, _found = timed(lambda: [pii.findings(text) for text in sample])
        assert texts.PUBLISHED in made.manifest["counts"]["texts"]
    build_s = read_s + project_s + assemble_s
    figures = {
        "bench": "release",
        "votes": VOTES,
        "conversations": made.manifest["counts"]["rows"]["conversations"],
        "build_s": round(build_s, 2),
        "read_s": round(read_s, 2),
        "project_s": round(project_s, 2),
        "assemble_s": round(assemble_s, 2),
        "pyarrow_alone_s": round(alone_s, 2),
        "ratio_to_pyarrow": round(build_s / alone_s, 1),
        "verify_s": round(verify_s, 2),
        "verified": not checked.problems,
        "fold_before_s": round(fold_s, 2),
        "pii_texts_per_s_per_core": round(len(sample) / pii_s),
        "release_mb": round(sum(map(len, made.files.values())) / 1e6, 1),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(figures))  # noqa: T201


def _facts() -> Any:
    from data_releases.assemble import Facts
    from tests.data_releases.world import OCTOBER

    return Facts("text", "text", "2026-10", OCTOBER.start, OCTOBER.end, 30, OCTOBER.end, "CC BY 4.0")


class _InMemory:
    """The files of a release, as `verify` reads them."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def read(self, path: str, most: int = 0) -> bytes:
        """One file."""
        return self._files[path]


if __name__ == "__main__":
    main()
