"""Readers that want a number for every query and model get the columns they read, and every invented one is marked."""

import io
import json
from functools import cache

import numpy as np
import pytest

from data_releases.formats import NothingToExport
from data_releases.formats.fusionbench import WISHES
from data_releases.formats.graphrouter import block_of
from data_releases.formats.grid import Range
from tests.data_releases.exports import MODELS, data, frame, grid, lines, made, rows_of, table, vectors

PARTS = ("train", "test")


@cache
def compared():
    return {(one.prompts[0], name) for one in data().comparisons if one.turns for name in (one.left, one.right)}


def test_the_models_are_those_of_the_sample():
    assert list(grid().models) == MODELS


def test_only_what_nobody_compared_is_imputed_and_a_cost_of_ones_own_is_not():
    for query in grid().queries():
        for cell in grid().cells(query):
            assert cell.imputed is ((query.text, cell.model) not in compared())
            assert cell.cost_imputed is cell.imputed
            assert cell.cost_usd > 0
            if cell.imputed:
                assert cell.response is None


def test_what_is_trained_on_has_not_seen_the_votes_of_the_test():
    for query in grid().queries():
        part = "all" if query.part == "test" or ("train", query.task) not in data().cells else "train"
        scored = data().cells[part, query.task]
        assert [cell.performance for cell in grid().cells(query)] == [scored[name]["adjusted"] for name in MODELS]


def test_numbers_that_are_all_equal_or_unknown_are_scaled_to_zero():
    values = [2.0, None, 4.0, 3.0]
    assert list(map(Range.of(values).scaled, values)) == [0.0, 0.0, 1.0, 0.5]
    assert list(map(Range.of([3.0], Range(2.0, 4.0)).scaled, values)) == [0.0, 0.0, 1.0, 0.5]
    assert Range.of([7.0, 7.0]).scaled(7.0) == 0.0
    assert Range.of([None, None]) is None


def test_fusionbench_has_the_columns_of_its_table_and_all_models_of_a_query_in_a_row():
    files = made("fusionbench").files
    columns = (
        "task_name task_id task_description task_description_embedding query query_embedding ground_truth metric llm "
        "input_price output_price input_tokens_num output_tokens_num performance cost response llm_description"
    )
    for name in ("train", "partial_test"):
        whole = table(files[f"{name}.parquet"])
        assert whole.column_names == [*columns.split(), "imputed", "cost_imputed"]
        assert whole["llm"].to_pylist() == MODELS * (len(whole) // len(MODELS))
        first = whole.slice(0, 1).to_pylist()[0]
        assert np.allclose(first["query_embedding"], vectors([first["query"]])[0])
        assert set(whole["ground_truth"].to_pylist()) == {None}
        # No response is made up.
        assert all(
            row["response"] is None for row in whole.select(["response", "imputed"]).to_pylist() if row["imputed"]
        )


@pytest.mark.parametrize("wish", sorted(WISHES))
def test_fusionbench_lists_candidates_with_scores_and_the_single_best_as_label(wish):
    performance, cost = WISHES[wish]
    for part in PARTS:
        entries = json.loads(made("fusionbench").files[f"{wish}_{part}.json"])
        assert entries
        for entry in entries:
            assert entry.keys() == {"query", "candidates", "ground_truth"}
            assert [one["candidate_name"] for one in entry["candidates"]] == MODELS
            scores = {one["candidate_name"]: one["score"] for one in entry["candidates"]}
            assert [name for name, score in scores.items() if score == max(scores.values())] == [entry["ground_truth"]]
            for one in entry["candidates"]:
                assert 0 <= one["performance"] <= 1
                assert one["score"] == pytest.approx(performance * one["performance"] - cost * one["cost"], abs=1e-6)


def test_graphrouter_finds_equal_tasks_and_their_parts_by_counting():
    files = made("graphrouter").files
    rows, config = rows_of(files["router_data.csv"]), json.loads(files["config.json"])
    columns = (
        "task_id task_description task_description_embedding query query_embedding ground_truth metric llm effect "
        "cost normalized_performance normalized_cost imputed cost_imputed"
    )
    assert " ".join(rows[0]) == columns
    names = list(json.loads(files["LLM_Descriptions.json"]))
    assert config["llm_num"] == len(names)
    queries = len(rows) // len(names)
    assert [row["llm"] for row in rows] == names * queries
    each = queries // config["num_task"]
    assert each * config["num_task"] == queries
    # As its code counts: parts of every task one after another.
    sizes = [int(each * share) for share in config["split_ratio"]]
    assert sum(sizes) == each
    part_of = {query.text: query.part for query in grid().queries()}
    for task in range(config["num_task"]):
        own = [row["query"] for row in rows[task * each * len(names) : (task + 1) * each * len(names) : len(names)]]
        parts = [part for part, size in zip(("train", "validation", "test"), sizes, strict=True) for _ in range(size)]
        assert [part_of[query] for query in own] == parts
    assert np.load(io.BytesIO(files["llm_description_embedding.npy"])).shape[0] == len(names)
    assert len(json.loads(rows[0]["query_embedding"])) == len(json.loads(rows[0]["task_description_embedding"])) == 256
    assert all(0 <= float(row["normalized_cost"]) <= 1 for row in rows)
    compile(files["adapter.py"], "adapter.py", "exec")


def test_the_block_of_graphrouter_is_the_largest_and_has_something_to_test():
    assert block_of({"a": (8, 1, 1), "b": (6, 2, 2), "c": (9, 9, 0)}).tasks == ("a", "b")
    assert block_of({"a": (90, 5, 5), "b": (1, 0, 1)}).sizes == (90, 5, 5)
    with pytest.raises(NothingToExport):
        block_of({"c": (9, 9, 0)})


def test_routerbench_has_three_columns_per_model_and_empty_ones_where_nobody_voted():
    for part in PARTS:
        dense = frame(made("routerbench").files[f"routerbench_{part}.csv"])
        votes = frame(made("routerbench").files[f"raw/routerbench_{part}.csv"])
        for sheet in (dense, votes):
            assert list(sheet.columns[:4]) == ["sample_id", "prompt", "eval_name", "oracle_model_to_route_to"]
            # How it finds its models.
            assert [name.split("|")[0] for name in sheet.columns if name.endswith("|model_response")] == MODELS
            assert set(sheet["oracle_model_to_route_to"]) <= {*MODELS, "no_model_correct"}
            assert sheet["sample_id"].is_unique
        assert not dense[[*MODELS, *(f"{name}|total_cost" for name in MODELS)]].isna().any(axis=None)
        for _n, row in votes.iterrows():
            assert {name for name in MODELS if not np.isnan(row[name])} == {
                name for name in MODELS if (row["prompt"], name) in compared()
            }
        best = dense[MODELS].idxmax(axis=1)
        single = (dense[MODELS].eq(dense[MODELS].max(axis=1), axis=0)).sum(axis=1) == 1
        assert (dense["oracle_model_to_route_to"] == best.where(single, "no_model_correct")).all()


def test_iranker_holds_votes_apart_from_the_grid():
    files = made("iranker").files
    raw = json.loads(files["ranking.json"])
    for part in PARTS:
        assert raw[part].keys() == {"Arena-Votes", "Router-Performance"}
        for one in (*raw[part]["Arena-Votes"], *raw[part]["Router-Performance"]):
            assert one.keys() == {"problem", "candidates", "gt", "task_name", "imputed"}
            assert one["gt"] in one["candidates"]
        assert not any(one["imputed"] for one in raw[part]["Arena-Votes"])
        rows = table(files[f"{part}.parquet"]).to_pylist()
        assert " ".join(rows[0]) == "data_source prompt ability reward_model extra_info"
        assert [row["reward_model"]["ground_truth"]["gt"] for row in rows] == [
            one["gt"] for task in raw[part].values() for one in task
        ]
        assert rows[0]["prompt"][0].keys() == {"role", "content"}
        assert rows[0]["extra_info"].keys() == {"split", "index", "task_name"}
    decisive = [
        one for one in data().comparisons if one.turns and one.split == "test" and one.outcome in ("left", "right")
    ]
    assert len(raw["test"]["Arena-Votes"]) == len(decisive)


def test_router_r1_gets_no_reference_answer_that_nobody_gave():
    files = made("router-r1").files
    for part in PARTS:
        rows = table(files[f"{part}.parquet"]).to_pylist()
        assert " ".join(rows[0]) == "data_source prompt ability reward_model extra_info"
        assert all(row["reward_model"] == {"style": "rule", "ground_truth": {"target": []}} for row in rows)
        assert [row["extra_info"] for row in rows] == [{"split": part, "index": n} for n in range(len(rows))]


def test_the_adapter_of_router_r1_knows_the_pool(tmp_path, monkeypatch):
    files = made("router-r1").files
    (tmp_path / "llm_pool.json").write_bytes(files["llm_pool.json"])
    monkeypatch.chdir(tmp_path)
    adapter = {}
    exec(files["adapter.py"], adapter)
    assert list(adapter["API_PRICE_1M_TOKENS"]) == MODELS
    assert adapter["check_llm_name"]("ask lark, please") == "Lark"
    assert adapter["check_llm_name"]("nobody") == ""
    assert "Jay by Jay Ltd" in adapter["DESCRIPTORS"]


def test_model_sat_says_shares_of_votes_and_lists_queries_won_and_lost():
    files = made("model-sat").files
    queries = json.loads(files["queries.json"])
    reprs = json.loads(files["1_model_reprs.json"])
    assert all(one.keys() == {"model_repr_id", "institute", "capability"} for one in reprs)
    assert "accuracy" not in reprs[0]["capability"]
    for part in PARTS:
        listed = json.loads(files[f"capit_1.0_{part}.json"])
        assert [one["model_repr"] for one in listed] == [one["capability"] for one in reprs]
        places = json.loads(files[f"2_interactions_{part}.json"])
        keys = {"dataset_name", "model_repr_id", "correct_query_indices", "incorrect_query_indices"}
        assert all(one.keys() == keys for one in places)
        for model, one in zip(MODELS, listed, strict=True):
            won = {queries[n] for row in places if row["model_repr_id"] == model for n in row["correct_query_indices"]}
            assert won == set(one["data_repr"]["pos"])
            assert not won & set(one["data_repr"]["neg"])
    winners = {
        (one.prompts[0], getattr(one, one.outcome))
        for one in data().comparisons
        if one.turns and one.outcome in ("left", "right")
    }
    for model, one in zip(MODELS, listed, strict=True):
        assert all((query, model) in winners for query in one["data_repr"]["pos"])


def test_gqr_numbers_domains_from_zero_and_three_is_none_of_them():
    files = made("gqr").files
    rows = [row for part in ("train", "validation", "test") for row in rows_of(files[f"{part}.csv"])]
    assert len(rows) == len(grid().outline)
    assert rows[0].keys() == {"text", "label", "domain", "dataset"}
    labels = {row["domain"]: row["label"] for row in rows}
    assert labels == {"creative-writing": "0", "ood": "3"}
    assert all((row["domain"] == "ood") is row["dataset"].endswith("/general") for row in rows)


def test_a_card_of_every_dense_format_says_that_cells_are_imputed():
    for name in ("llmrouter", "fusionbench", "graphrouter", "routerbench", "iranker"):
        assert "imputed" in " ".join(made(name).notes)
    assert "reference answers" in " ".join(made("router-r1").notes)
    assert lines(made("llmrouter").files["routing_data_test.jsonl"])[0]["imputed"] in (True, False)
