"""Every format in one table: its files, and the columns and types that its reader takes from them.

Written from what the readers document and read, not from what the exports make. Of a CSV a value must be readable as
its type; `?` after a type: or nothing; names in `MARKS` are the project's own, and tell what is imputed.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_releases.formats import FORMATS
from tests.data_releases.exports import MODELS, made

MARKS = frozenset({"imputed", "cost_imputed", "cluster_votes"})
GRIDS = frozenset({"llmrouter", "fusionbench", "graphrouter", "routerbench", "iranker"})

_55K = {
    "id": "str", "model_a": "str", "model_b": "str", "prompt": "json", "response_a": "json", "response_b": "json",
    "winner_model_a": "int", "winner_model_b": "int", "winner_tie": "int",
}  # fmt: skip
_QUERY = {
    "task_name": "str", "query": "str", "ground_truth": "null", "metric": "str", "choices": "null", "task_id": "int",
}  # fmt: skip
_ROUTING = {**_QUERY, "model_name": "str", "performance": "float", "embedding_id": "int", "imputed": "bool"}
_FUSION = {
    "task_name": "str", "task_id": "int", "task_description": "str", "task_description_embedding": "list",
    "query": "str", "query_embedding": "list", "ground_truth": "null", "metric": "str", "llm": "str",
    "input_price": "float", "output_price": "float", "input_tokens_num": "float", "output_tokens_num": "float",
    "performance": "float", "cost": "float", "response": "str?", "llm_description": "str", "imputed": "bool",
    "cost_imputed": "bool",
}  # fmt: skip
_CANDIDATES = {"query": "str", "candidates": "list", "ground_truth": "str"}
_VERL = {"data_source": "str", "prompt": "list", "ability": "str", "reward_model": "dict", "extra_info": "dict"}
_P2L = {
    "prompt": "list", "model_a": "str", "model_b": "str", "winner": "str", "labels": "list", "weight": "float",
    "language": "str", "is_code": "bool",
}  # fmt: skip
_PAIR = {"prompt": "list", "chosen": "list", "rejected": "list", "chosen_model": "str", "rejected_model": "str"}
_LABELLED = {"prompt": "list", "completion": "list", "label": "bool", "model": "str"}
_GQR = {"text": "str", "label": "int", "domain": "str", "dataset": "str"}
_SAT = {"model_repr": "str", "data_repr": "dict"}
_MET = {
    "dataset_name": "str", "model_repr_id": "str", "correct_query_indices": "list", "incorrect_query_indices": "list",
}  # fmt: skip
_ABOUT = {"feature": "str", "input_price": "float", "output_price": "float", "model": "str"}
_VECTOR = {"vector": "float32"}


def _wide(*, raw: bool) -> dict[str, str]:
    """RouterBench: columns of each model; in the votes alone what nobody compared is empty."""
    gap = "?" if raw else ""
    kinds = {"": "float" + gap, "|model_response": "str?", "|total_cost": "float" + gap}
    kinds |= {"|imputed": "flag" + gap, "|cost_imputed": "flag" + gap}
    named = {f"{model}{ending}": kind for model in MODELS for ending, kind in kinds.items()}
    return {"sample_id": "str", "prompt": "str", "eval_name": "str", "oracle_model_to_route_to": "str", **named}


#: Format → file → column → type. Files that are no tables: their keys.
TABLE: dict[str, dict[str, dict[str, str]]] = {
    "lmarena-55k": {"train.csv": _55K},
    "lmarena-140k": {
        "train.parquet": {
            "id": "str", "model_a": "str", "model_b": "str", "winner": "str", "evaluation_session_id": "str",
            "evaluation_order": "int", "conversation_a": "list", "conversation_b": "list",
            "full_conversation": "list", "conv_metadata": "dict", "category_tag": "dict", "language": "str",
            "is_code": "bool", "timestamp": "time",
        }
    },
    "routellm": {
        **{
            f"{folder}pairwise_data.json": {"idx": "int", "model_a": "str", "model_b": "str", "winner": "str"}
            for folder in ("", "test/")
        },
        **{f"{folder}prompt_embedding.npy": _VECTOR for folder in ("", "test/")},
        "sw_ranking/train.csv": {**_55K, "response_a": "json", "response_b": "json"},
        "sw_ranking_embeddings/train.parquet": {"embeddings": "list"},
        "adapter.py": {},
    },
    "llmrouter": {
        **{f"query_data_{part}.jsonl": _QUERY for part in ("train", "test")},
        **{f"routing_data_{part}.jsonl": {**_ROUTING, "cluster_votes": "int"} for part in ("train", "test")},
        **{
            f"raw/routing_data_{part}.jsonl": {
                **_ROUTING, "response": "str?", "output_tokens": "int", "outcome": "str", "pair_propensity": "float",
            }
            for part in ("train", "test")
        },
        "query_embeddings.npy": _VECTOR,
        "llm_data.json": {**_ABOUT, "service": "null", "api_endpoint": "null"},
        "adapter.py": {},
    },
    "fusionbench": {
        **{f"{name}.parquet": _FUSION for name in ("train", "partial_test")},
        **{f"{wish}_{p}.json": _CANDIDATES for wish in ("performance", "balance", "cost") for p in ("train", "test")},
    },
    "graphrouter": {
        "router_data.csv": {
            "task_id": "str", "task_description": "str", "task_description_embedding": "json", "query": "str",
            "query_embedding": "json", "ground_truth": "null", "metric": "str", "llm": "str", "effect": "float",
            "cost": "float", "normalized_performance": "float", "normalized_cost": "float", "imputed": "flag",
            "cost_imputed": "flag",
        },
        "LLM_Descriptions.json": _ABOUT,
        "llm_description_embedding.npy": _VECTOR,
        "config.json": {
            "llm_num": "int", "num_task": "int", "split_ratio": "list", "queries_per_task": "dict", "scenario": "str",
        },
        "adapter.py": {},
    },
    "routerbench": {
        f"{folder}routerbench_{part}.csv": _wide(raw=bool(folder))
        for folder in ("", "raw/")
        for part in ("train", "test")
    },
    "p2l": {**{f"{part}.parquet": _P2L for part in ("train", "validation", "test")}, "model_list.json": {}},
    "iranker": {
        **{f"{part}.parquet": _VERL for part in ("train", "test")},
        "ranking.json": {"train": "dict", "test": "dict"},
        "llm_descriptions.json": dict.fromkeys(MODELS, "str"),
    },
    "router-r1": {
        **{f"{part}.parquet": _VERL for part in ("train", "test")},
        "llm_pool.json": {
            "descriptor": "str", "input_price": "float", "output_price": "float", "price_per_million_tokens": "float",
        },
        "adapter.py": {},
    },
    "model-sat": {
        **{f"capit_1.0_{part}.json": _SAT for part in ("train", "test")},
        **{f"2_interactions_{part}.json": _MET for part in ("train", "test")},
        "1_model_reprs.json": {"model_repr_id": "str", "institute": "str", "capability": "str"},
        "queries.json": {},
    },
    "gqr": {f"{part}.csv": _GQR for part in ("train", "validation", "test")},
    "trl-preference": {f"{part}.jsonl": _PAIR for part in ("train", "validation", "test")},
    "trl-unpaired": {f"{part}.jsonl": _LABELLED for part in ("train", "validation", "test")},
}  # fmt: skip

_ARROW: dict[str, Callable[[pa.DataType], bool]] = {
    "str": pa.types.is_string, "int": pa.types.is_integer, "float": pa.types.is_floating, "bool": pa.types.is_boolean,
    "list": pa.types.is_list, "dict": pa.types.is_struct, "time": pa.types.is_timestamp, "null": pa.types.is_string,
}  # fmt: skip
_PYTHON = {"str": str, "int": int, "float": (int, float), "bool": bool, "list": list, "dict": dict, "null": type(None)}
_READ: dict[str, Callable[[str], Any]] = {
    "str": str, "int": int, "float": float, "json": json.loads, "flag": {"True": True, "False": False}.__getitem__,
}  # fmt: skip


def _rows(path: str, content: bytes) -> list[dict[str, Any]]:
    """The objects of a JSON file: a list of them, or objects by name, or one."""
    if path.endswith("l"):
        return [json.loads(line) for line in content.decode().splitlines()]
    value = json.loads(content)
    if isinstance(value, list):
        return value
    inner = list(value.values())
    return inner if all(isinstance(one, dict) for one in inner) and path != "ranking.json" else [value]


def _check_json(path: str, content: bytes, columns: dict[str, str]) -> None:
    rows = _rows(path, content)
    assert rows, path
    for row in rows:
        assert list(row) == list(columns) or set(row) == set(columns), path
        for name, kind in columns.items():
            allowed = (type(None),) if kind.endswith("?") and row[name] is None else _PYTHON[kind.rstrip("?")]
            assert isinstance(row[name], allowed), (path, name, row[name])


def _check_csv(path: str, content: bytes, columns: dict[str, str]) -> None:
    csv.field_size_limit(10**7)
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert rows, path
    assert list(rows[0]) == list(columns), path
    for row in rows:
        for name, kind in columns.items():
            if kind == "null" or (kind.endswith("?") and not row[name]):
                assert row[name] == "", (path, name)
            else:
                _READ[kind.rstrip("?")](row[name])


def _check_parquet(path: str, content: bytes, columns: dict[str, str]) -> None:
    table = pq.read_table(io.BytesIO(content))
    assert table.column_names == list(columns), path
    assert len(table), path
    for name, kind in columns.items():
        assert _ARROW[kind.rstrip("?")](table.schema.field(name).type), (path, name)
        empty = table[name].null_count
        assert empty == (len(table) if kind == "null" else empty if kind.endswith("?") else 0), (path, name)


def _check(path: str, content: bytes, columns: dict[str, str]) -> None:
    if path.endswith(".npy"):
        vectors = np.load(io.BytesIO(content))
        assert vectors.ndim == 2, path
        assert str(vectors.dtype) == columns["vector"], path
    elif path.endswith(".parquet"):
        _check_parquet(path, content, columns)
    elif path.endswith(".csv"):
        _check_csv(path, content, columns)
    elif columns:
        _check_json(path, content, columns)


def test_the_table_has_every_format() -> None:
    assert TABLE.keys() == FORMATS.keys()


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_format_has_these_files_columns_and_types_and_no_others(name: str) -> None:
    files = made(name).files
    assert files.keys() == TABLE[name].keys()
    for path, columns in TABLE[name].items():
        _check(path, files[path], columns)


def _columns_of(name: str) -> Iterator[str]:
    for columns in TABLE[name].values():
        yield from (column.rpartition("|")[2] for column in columns)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_what_is_imputed_is_marked_in_the_file_and_told_by_the_card(name: str) -> None:
    told = " ".join(made(name).notes)
    in_files = bool(MARKS & set(_columns_of(name))) or b'"imputed"' in b"".join(made(name).files.values())
    assert in_files is (name in GRIDS)
    assert ("imputed" in told) is (name in GRIDS or name == "model-sat")
