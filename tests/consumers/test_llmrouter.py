"""LLMRouter's own command trains on an export as it is, and what it learns beats the best single system."""

import pytest

from tests.consumers.conftest import WORTH


@pytest.fixture(scope="module")
def choices(exported, run, tmp_path_factory):
    return run("in_llmrouter", exported("llmrouter"), tmp_path_factory.mktemp("llmrouter"))


@pytest.mark.parametrize("router", ["knnrouter", "svmrouter", "mlprouter", "mfrouter"])
def test_a_router_trained_on_the_export_beats_the_best_single_system(choices, held_out, router):
    worth = held_out.worth(choices[router])
    WORTH[f"LLMRouter {router}"] = worth
    single, oracle = WORTH["best single system"].true, WORTH["oracle"].true
    # It finds at least half of what there is to find.
    assert worth.true > (single + oracle) / 2
    # What votes alone say of it is what the simulator knows.
    assert worth.doubly_robust.lower <= worth.true <= worth.doubly_robust.upper
