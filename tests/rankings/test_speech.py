"""Simulated answers have lengths and times that differ between systems, and the seed decides them."""

import random
import statistics

from arena.rankings.speech import MOST_TOKENS, Spoken, speaker_of


def answers(name: str, seed: int = 1, n: int = 400) -> list[Spoken]:
    rng = random.Random(seed)
    return [speaker_of(name, seed).answer("Why is the sky blue?", rng) for _ in range(n)]


def test_the_same_seed_gives_the_same_answers() -> None:
    assert answers("Ada") == answers("Ada") != answers("Ada", seed=2)


def test_systems_differ_in_length_and_answers_of_one_scatter_around_its_own() -> None:
    medians = {}
    for name in ("Ada", "Bell", "Cray"):
        tokens = [one.output_tokens for one in answers(name)]
        medians[name] = statistics.median(tokens)
        assert abs(medians[name] / speaker_of(name, 1).tokens - 1) < 0.2
        assert len(set(tokens)) > 100
        assert 1 <= min(tokens) <= max(tokens) <= MOST_TOKENS
    assert max(medians.values()) > 1.2 * min(medians.values())


def test_a_longer_answer_takes_longer_and_no_answer_ends_before_it_begins() -> None:
    speaker = speaker_of("Ada", 1)
    for one in answers("Ada"):
        assert one.input_tokens == 5
        assert abs(one.latency_s - one.ttft_s - one.output_tokens / speaker.tokens_per_second) < 0.002
        assert one.ttft_s > 0
