"""A month of battles in PostgreSQL for the benchmark of releases: rows by COPY and INSERT … SELECT, nothing by hand.

One battle in five may be published, with two answers of some hundred words; one in fifty has feedback. Every text has
its reading, as it would minutes after its battle ended, but for the filter's work: its verdict is "nothing found".
"""

from typing import Any, Final

from django.db import connection
from django.db.models import Max

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.rankings.models import FoldWatermark
from arena.rankings.traits import SORTING
from arena.router.models import SamplingPolicy
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from data_releases import near_duplicates, reading
from tests.ballots import make_arena, make_versions, make_voter
from tests.bench.large import ANSWER_WORDS, EVERY, SYSTEMS, VOTERS, texts

_BATCH: Final = 20_000

_FREE = """
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT conrelid::regclass AS owner, conname FROM pg_constraint WHERE contype = 'f' LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.owner, one.conname);
  END LOOP;
END $$
"""
_ROWS = """
CREATE TEMP TABLE made AS
  SELECT n, md5(n::text)::uuid AS battle, %(first)s + (n * 7919) %% %(systems)s AS a,
    %(first)s + (n * 7919 + 1 + n / 20 %% (%(systems)s - 1)) %% %(systems)s AS b, n %% %(every)s = 0 AS public,
    timestamptz '2026-10-01' + n * interval '31 days' / (%(votes)s + 1) AS at,
    %(voter)s + n * 31 %% %(voters)s AS voter
  FROM generate_series(1::bigint, %(votes)s) AS n;
CREATE UNIQUE INDEX ON made (n);
INSERT INTO router_pairing
    (id, arena_id, policy_id, left_id, right_id, pool, pair_propensity, side_propensity, seed, attempt)
  SELECT n, %(arena)s, %(policy)s, a, b, %(pool)s, 0.5, 0.5, n, 1 FROM made;
INSERT INTO battles_battle
    (id, arena_id, voter_id, state, reason, requirement, pairing_id, is_simulated, publication, created_at)
  SELECT battle, %(arena)s, voter, 'voted', '', '{}', n, false, public, at FROM made;
INSERT INTO battles_turn (id, battle_id, n, prompt, attempt, created_at)
  SELECT made.n, battle, 1, prompt, 1, at FROM made JOIN prompts ON k = made.n * 17 %% %(prompts)s;
INSERT INTO battles_response (turn_id, side, pairing_id, version_id, status, attempt, content, reasoning,
    finish_reason, error_class, identity_matches, identity_list_version, ttft_s, latency_s, input_tokens,
    output_tokens, cost_usd)
  SELECT made.n, side, made.n, CASE side WHEN 'left' THEN a ELSE b END, 'complete', 1,
    COALESCE(CASE side WHEN 'left' THEN answers.a_left ELSE a_right END, 'An answer.'), '', 'stop', '',
    CASE WHEN random() < 0.01 THEN ARRAY['I am Ada'] ELSE ARRAY[]::varchar[] END, '1', random(), 3 * random(), 20, 180,
    0.0001
  FROM made LEFT JOIN answers ON answers.n = made.n, (VALUES ('left'), ('right')) AS sides (side);
INSERT INTO votes_vote (battle_id, voter_id, outcome, turn_n, reasons, feedback, created_at)
  SELECT battle, voter, (ARRAY['left', 'right', 'tie', 'both_bad'])[1 + n %% 4], 1,
    '{"left": ["useful"], "right": []}',
    CASE n %% 50 WHEN 0 THEN '{"left": "Clear and short.", "right": ""}' ELSE '{"left": "", "right": ""}' END::jsonb,
    at + interval '1 minute' FROM made;
INSERT INTO rankings_battletraits (battle_id, language, categories, rules)
  SELECT battle, (ARRAY['en', 'en', 'en', 'de', 'fr'])[1 + n %% 5], (ARRAY[0, 1, 2, 4])[1 + n / 3 %% 4], %(rules)s
  FROM made;
INSERT INTO data_releases_textreading (sha256, rules, kinds)
  SELECT DISTINCT sha256(convert_to(text, 'UTF8')), %(reading)s, ''
  FROM answers, unnest(ARRAY[a_left, a_right]) AS text
  ON CONFLICT DO NOTHING;
INSERT INTO data_releases_textreading (sha256, rules, kinds)
  VALUES (sha256('Clear and short.'), %(reading)s, '') ON CONFLICT DO NOTHING;
"""


def fill(votes: int) -> Arena:
    """An arena whose October has so many votes, all of them folded and read."""
    arena = make_arena()
    versions = make_versions(arena, [f"System {n}" for n in range(SYSTEMS)])
    SystemVersion.objects.update(release_outputs=True)
    for _ in range(VOTERS):
        make_voter()
    values = {
        "votes": votes,
        "every": EVERY,
        "arena": arena.id,
        "policy": SamplingPolicy.objects.create(arena=arena, number=1).id,
        "first": versions[0].id,
        "systems": SYSTEMS,
        "voter": Voter.objects.earliest("id").id,
        "voters": VOTERS,
        "prompts": votes // EVERY,
        "pool": str([[version.id, 1.0] for version in versions]),
        "rules": SORTING["text"].version,
        "reading": reading.RULES,
    }
    with connection.cursor() as cursor:
        # The database is thrown away: its rows need no checks one by one.
        cursor.execute(_FREE)
        cursor.execute("SELECT setseed(0.5)")
        _copy_texts(cursor, votes)
        cursor.execute(_ROWS, values)
        cursor.execute("ANALYZE")
    last = Vote.objects.aggregate(last=Max("id"))["last"]
    FoldWatermark.objects.update_or_create(arena=arena, defaults={"last_vote_id": last})
    return arena


def _copy_texts(cursor: Any, votes: int) -> None:
    cursor.execute("CREATE TEMP TABLE prompts (k bigint PRIMARY KEY, prompt text)")
    cursor.execute("CREATE TEMP TABLE answers (n bigint PRIMARY KEY, a_left text, a_right text)")
    columns = "(sha256, rules, kinds, sketch, counts)"
    for start in range(0, votes // EVERY, _BATCH):
        numbers = range(start, min(start + _BATCH, votes // EVERY))
        prompts = list(texts(len(numbers), 10, seed=start))
        with cursor.copy("COPY prompts FROM STDIN") as rows:
            for row in zip(numbers, prompts, strict=True):
                rows.write_row(row)
        read = zip(prompts, near_duplicates.sketches_of(prompts), reading.counts_of(prompts), strict=True)
        with cursor.copy(f"COPY data_releases_textreading {columns} FROM STDIN") as rows:
            for prompt, sketch, counts in read:
                rows.write_row((reading.digest_of(prompt), reading.RULES, reading.CLEAN, sketch, counts))
        sides = (texts(len(numbers), ANSWER_WORDS, seed=start + side) for side in (1, 2))
        with cursor.copy("COPY answers FROM STDIN") as rows:
            for number, left, right in zip(numbers, *sides, strict=True):
                rows.write_row(((number + 1) * EVERY, left, right))
