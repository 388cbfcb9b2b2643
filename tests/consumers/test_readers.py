"""TRL, arena-rank and the method of P2L train on exports as they are, and GQR-Bench scores a guard on its rows."""

import statistics

import pytest

from tests.consumers.conftest import TOLD


@pytest.fixture(scope="module")
def figures(exported, run, tmp_path_factory):
    return run("in_trl", *map(exported, ("trl-preference", "trl-unpaired", "gqr")), tmp_path_factory.mktemp("trl"))


@pytest.mark.parametrize(("trainer", "least"), [("reward", 0.02), ("DPO", 0.01), ("KTO", 0.005)])
def test_the_loss_of_trls_trainers_falls(figures, trainer, least):
    losses = figures[trainer]
    first, last = statistics.mean(losses[:5]), statistics.mean(losses[-5:])
    TOLD.append(f"TRL {trainer}, random weights: loss {first:.3f}, after {len(losses)} steps {last:.3f}")
    assert last < first - least


def test_gqr_bench_scores_a_guard_on_its_rows(figures):
    TOLD.append(f"GQR-Bench, a guard by words: accuracy {figures['gqr']['accuracy']:.3f}")
    assert figures["gqr"]["accuracy"] > 0.9


def test_the_method_of_p2l_foretells_held_out_votes_better_by_the_prompt_than_without(exported, run):
    found = run("in_p2l", exported("p2l"))
    for name, one in found.items():
        TOLD.append(
            f"P2L's loss, {name}: {one['by_epoch'][0]:.3f} to {one['by_epoch'][-1]:.3f}, test {one['test']:.3f}"
        )
    by_epoch = found["by prompt"]["by_epoch"]
    assert by_epoch == sorted(by_epoch, reverse=True)
    assert found["by prompt"]["test"] < found["the same for all"]["test"] - 0.02


def test_arena_rank_ranks_the_140k_shape_as_the_release_does(exported, run, release, held_out):
    found = run("in_arena_rank", exported("lmarena-140k"), environment="PEERS_PYTHON")
    TOLD.append(f"arena-rank on lmarena-140k: {', '.join(f'{n} {r:.0f}' for n, r in found['plain'].items())}")
    strengths = held_out.strengths()
    assert sorted(found["plain"], key=found["plain"].get) == sorted(strengths, key=strengths.get)
    assert found["style"].keys() == found["plain"].keys()
