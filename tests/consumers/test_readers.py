"""TRL trains on an export, `datasets` reads P2L's, and GQR-Bench scores a guard on its rows."""

import statistics

import pytest

from tests.consumers.conftest import TOLD


@pytest.fixture(scope="module")
def figures(exported, run, tmp_path_factory):
    formats = ("trl-preference", "trl-unpaired", "p2l", "gqr")
    return run("in_trl", *map(exported, formats), tmp_path_factory.mktemp("trl"))


def test_the_loss_of_trls_reward_model_falls(figures):
    losses = figures["reward_losses"]
    first, last = statistics.mean(losses[:5]), statistics.mean(losses[-5:])
    TOLD.append(f"TRL RewardTrainer, random weights: loss {first:.3f}, after {len(losses)} steps {last:.3f}")
    assert last < first - 0.02


def test_datasets_reads_what_kto_and_p2l_want(figures, release):
    assert figures["unpaired"] == 2 * sum(one == "train" for one in release.tables["battles"]["split"].to_pylist())
    assert figures["p2l"].keys() == {"train", "validation", "test"}
    assert min(figures["p2l"].values()) > 0


def test_gqr_bench_scores_a_guard_on_its_rows(figures):
    TOLD.append(f"GQR-Bench, a guard by words: accuracy {figures['gqr']['accuracy']:.3f}")
    assert figures["gqr"]["accuracy"] > 0.9
