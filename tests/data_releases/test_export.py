"""Every format has the columns that its reader wants, and says what it had to leave out or impute."""

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from arena.policies.embedding import DIMENSIONS
from data_releases.export import card_of
from data_releases.export_command import main
from data_releases.formats import FORMATS, NothingToExport, comparisons, files, fusionbench
from data_releases.formats.base import Data
from data_releases.formats.comparisons import Comparison
from data_releases.formats.lmarena import monday_of
from data_releases.manifest import sha256
from data_releases.split import PARTS
from tests.data_releases.exports import bytes_of, data, frame, grid, lines, made, release, rows_of
from tests.data_releases.tampering import ROOT, SAMPLE, edit_votes, flip

#: The formats that have Parquet files, whose row groups make bytes depend on how many votes are in memory.
WITH_PARQUET = {"fusionbench", "iranker", "lmarena-140k", "p2l", "router-r1", "routellm"}


@pytest.mark.parametrize("name", sorted(WITH_PARQUET))
def test_parquet_is_the_same_every_time(name):
    again = FORMATS[name].make(Data(release().tables, release().manifest))
    parquet = {path: file for path, file in again.files.items() if path.endswith(".parquet")}
    assert {path: bytes_of(file) for path, file in parquet.items()} == {
        path: made(name).files[path] for path in parquet
    }


def test_lmarena_55k_has_its_columns_and_one_winner_per_row():
    rows = rows_of(made("lmarena-55k").files["train.csv"])
    columns = "id model_a model_b prompt response_a response_b winner_model_a winner_model_b winner_tie"
    assert " ".join(rows[0]) == columns
    for row in rows:
        assert sorted(row[f"winner_{which}"] for which in ("model_a", "model_b", "tie")) == ["0", "0", "1"]
        assert all(isinstance(json.loads(row[part])[0], str) for part in ("prompt", "response_a", "response_b"))
    # Systems whose terms forbid publication have no answer to show.
    assert "Merlin" not in {row[side] for row in rows for side in ("model_a", "model_b")}


def test_lmarena_140k_has_its_columns_and_a_time_no_finer_than_a_week():
    table = pq.read_table(io.BytesIO(made("lmarena-140k").files["train.parquet"]))
    assert " ".join(table.column_names) == (
        "id model_a model_b winner evaluation_session_id evaluation_order conversation_a conversation_b "
        "full_conversation conv_metadata category_tag language is_code timestamp"
    )
    row = table.to_pylist()[0]
    prompts = {one.vote_id: one.prompts[0] for one in data().comparisons if one.turns}
    part = {"type": "text", "text": prompts[row["id"]], "image": None, "mimeType": None}
    assert row["conversation_a"][0] == {"role": "user", "content": [part]}
    assert [message["role"] for message in row["conversation_b"]] == ["user", "assistant"]
    assert set(row["conv_metadata"]) >= {"sum_assistant_a_tokens", "header_count_b", "list_count_a", "bold_count_b"}
    assert row["conv_metadata"]["header_count_a"].keys() == {f"h{n}" for n in range(1, 7)}
    assert {when.isoweekday() for when in table["timestamp"].to_pylist()} == {1}
    assert {row["winner"] for row in table.to_pylist()} == {"model_a", "model_b", "tie", "both_bad"}


def test_routellm_has_one_vector_per_pair_and_matching_rows_for_its_ranking():
    files = made("routellm").files
    for folder in ("", "test/"):
        pairs = json.loads(files[f"{folder}pairwise_data.json"])
        vectors = np.load(io.BytesIO(files[f"{folder}prompt_embedding.npy"]))
        assert [pair["idx"] for pair in pairs] == list(range(len(pairs)))
        assert (vectors.dtype, vectors.shape) == (np.float32, (len(pairs), DIMENSIONS))
        assert {pair["winner"] for pair in pairs} == {"model_a", "model_b", "tie", "tie (bothbad)"}
    ranked = frame(files["sw_ranking/train.csv"])
    own = pq.read_table(io.BytesIO(files["sw_ranking_embeddings/train.parquet"]))
    assert len(ranked) == len(own)
    assert own.column_names == ["embeddings"]
    assert all(len(json.loads(prompt)[0].strip()) >= 16 for prompt in ranked["prompt"])
    compile(files["adapter.py"], "adapter.py", "exec")


def test_routellm_trains_on_no_vote_of_the_test():
    files = made("routellm").files
    test = {one.vote_id for one in data().comparisons if one.turns and one.split == "test"}
    assert len(json.loads(files["test/pairwise_data.json"])) == len(test) > 0
    assert not test & set(frame(files["sw_ranking/train.csv"])["id"])
    usable = [one for one in data().comparisons if one.turns and one.split in ("train", "validation")]
    assert len(json.loads(files["pairwise_data.json"])) == len(usable)


def test_llmrouter_has_a_dense_grid_and_says_what_is_imputed():
    files = made("llmrouter").files
    models = json.loads(files["llm_data.json"])
    rows = [row for part in ("train", "test") for row in lines(files[f"routing_data_{part}.jsonl"])]
    queries = [row for part in ("train", "test") for row in lines(files[f"query_data_{part}.jsonl"])]
    assert set(rows[0]) >= {
        "task_name",
        "query",
        "ground_truth",
        "metric",
        "model_name",
        "performance",
        "embedding_id",
    }
    assert len(rows) == len(queries) * len(models)
    assert len({query["query"] for query in queries}) == len(queries)
    assert all(0 <= row["performance"] <= 1 for row in rows)
    # Training sees the cells of training votes alone.
    for row in lines(files["routing_data_train.jsonl"]):
        cells = data().cells.get(("train", row["task_name"])) or data().cells["all", row["task_name"]]
        assert row["performance"] == cells[row["model_name"]]["adjusted"]
    raw = [row for part in ("train", "test") for row in lines(files[f"raw/routing_data_{part}.jsonl"])]
    compared = {(row["query"], row["model_name"]) for row in raw}
    assert {(row["query"], row["model_name"]) for row in rows if not row["imputed"]} == compared
    vectors = np.load(io.BytesIO(files["query_embeddings.npy"]))
    assert len(vectors) == len(queries)
    assert {row["embedding_id"] for row in rows} == set(range(len(queries)))
    assert models["Jay"].keys() == {"feature", "input_price", "output_price", "model", "service", "api_endpoint"}


def test_no_query_of_llmrouter_is_on_both_sides():
    files = made("llmrouter").files
    train, test = ({row["query"] for row in lines(files[f"query_data_{part}.jsonl"])} for part in ("train", "test"))
    assert train
    assert test
    assert not train & test


def test_p2l_numbers_its_models_by_the_training_part_and_labels_winner_loser_kind():
    files = made("p2l").files
    models = json.loads(files["model_list.json"])
    train = pq.read_table(io.BytesIO(files["train.parquet"])).to_pylist()
    assert models == sorted({row[side] for row in train for side in ("model_a", "model_b")})
    for row in train:
        winner, loser, kind = row["labels"]
        pair = [models.index(row["model_a"]), models.index(row["model_b"])]
        assert [winner, loser] == (pair[::-1] if row["winner"] == "model_b" else pair)
        assert kind == {"tie": 1, "tie (bothbad)": 2}.get(row["winner"], 0)
    for part in ("validation", "test"):
        rows = pq.read_table(io.BytesIO(files[f"{part}.parquet"])).to_pylist()
        assert {row[side] for row in rows for side in ("model_a", "model_b")} <= set(models)


def test_trl_pairs_hold_the_winner_as_chosen():
    files = made("trl-preference").files
    rows = [row for content in files.values() for row in lines(content)]
    outcomes = {"left", "right"}
    decisive = [one for one in data().comparisons if one.complete and one.outcome in outcomes and one.split in PARTS]
    assert len(rows) == len(decisive)
    for row in rows:
        assert [message["role"] for message in row["prompt"] + row["chosen"]] == ["user", "assistant"]
        assert row["chosen"] != row["rejected"] or row["chosen_model"] != row["rejected_model"]
    one = next(one for one in decisive if one.outcome == "right" and one.split == "train")
    assert {"chosen": one.right, "rejected": one.left} in [
        {"chosen": row["chosen_model"], "rejected": row["rejected_model"]} for row in rows
    ]


def test_trl_unpaired_labels_both_sides():
    rows = [row for content in made("trl-unpaired").files.values() for row in lines(content)]
    complete = [one for one in data().comparisons if one.complete and one.split in PARTS]
    assert len(rows) == 2 * len(complete)
    good = {"left": 1, "right": 1, "tie": 2, "both_bad": 0}
    assert sum(row["label"] for row in rows) == sum(good[one.outcome] for one in complete)


def with_column(table, name, values):
    return table.set_column(table.column_names.index(name), name, pa.array(values, table[name].type))


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"lmarena-55k", "lmarena-140k"}))
def test_a_release_whose_votes_are_in_no_part_exports_nothing_and_says_so(name):
    battles = release().tables["battles"]
    mixed = release().tables | {"battles": with_column(battles, "split", ["mixed"] * len(battles))}
    with pytest.raises(NothingToExport, match="different parts"):
        FORMATS[name].make(Data(mixed, release().manifest))


def test_answers_that_may_not_be_published_leave_the_formats_that_need_none():
    texts = release().tables["conversations"]
    for side in ("left", "right"):
        texts = with_column(texts, side, [None] * len(texts))
    without = Data(release().tables | {"conversations": texts}, release().manifest)
    made_from = set()
    for name, form in FORMATS.items():
        try:
            form.make(without)
        except NothingToExport:
            continue
        made_from.add(name)
    needs_answers = {"lmarena-55k", "lmarena-140k", "trl-preference", "trl-unpaired"}
    assert set(FORMATS) - made_from == needs_answers


def test_what_is_there_of_a_comparison_is_known_without_making_it():
    texts = release().tables["conversations"]
    for second, left in ((0, 0), (1, 1), (1, 0)):
        # Some battles are told from a second turn on, which was not voted on, and some answers are not told.
        changed = with_column(
            texts, "turn", [one + (n % 7 == 0) * second for n, one in enumerate(texts["turn"].to_pylist())]
        )
        answers = changed["left"].to_pylist()
        changed = with_column(changed, "left", [None if n % 5 == 0 and left else one for n, one in enumerate(answers)])
        all_of = Data(release().tables | {"conversations": changed}, release().manifest).comparisons
        prompted, complete = ([one.vote_id for one in some] for some in (all_of.prompted(), all_of.complete()))
        assert prompted == [one.vote_id for one in all_of if one.turns]
        assert complete == [one.vote_id for one in all_of if one.complete]
        assert 0 < len(complete) < len(prompted) < len(all_of)
        decisive = [one.vote_id for one in all_of.among("outcome", ("left", "right"))]
        assert decisive == [one.vote_id for one in all_of if one.outcome in ("left", "right")]


def test_a_week_begins_on_monday():
    assert monday_of("2026-W01").isoformat() == "2025-12-29T00:00:00+00:00"


def card_for(name):
    export = made(name)
    return card_of(
        release().manifest, FORMATS[name], export, {path: sha256(one) for path, one in export.files.items()}
    )


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_has_a_card_that_names_its_files(name):
    card = card_for(name)
    assert "Votes left out" in card
    assert made(name).notes
    assert all(path in card for path in made(name).files)


def test_the_command_writes_a_format_with_its_card(tmp_path, capsys):
    assert main([str(SAMPLE), "--format", "gqr", "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "EXPORT.md").read_text() == card_for("gqr")
    assert str(tmp_path / "out" / "EXPORT.md") in capsys.readouterr().out


def test_the_docs_have_a_row_for_every_format():
    page = (ROOT / "docs" / "releases.md").read_text()
    assert [name for name in FORMATS if f"`{name}`" not in page] == []


def test_nothing_is_exported_from_a_release_that_does_not_verify(tmp_path, capsys):
    release = Path(shutil.copytree(SAMPLE, tmp_path / "release"))
    edit_votes(release, flip)
    assert main([str(release), "--format", "p2l", "--out", str(tmp_path / "out")]) == 1
    assert "votes.parquet" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


#: Votes that are held at a time, in this test.
BATCH = 16


class Counted(Comparison):
    """A comparison that knows how many of its kind are in memory."""

    now = 0
    most = 0

    def __init__(self, **fields):
        super().__init__(**fields)
        Counted.now += 1
        Counted.most = max(Counted.most, Counted.now)

    def __del__(self):
        Counted.now -= 1


@pytest.fixture
def few_at_once(name, monkeypatch):
    # What the test compares with is made as always.
    made(name)
    grid()
    monkeypatch.setattr(comparisons, "Comparison", Counted)
    monkeypatch.setattr(Counted, "most", 0)
    for module in (comparisons, files):
        monkeypatch.setattr(module, "ROWS", BATCH)
    monkeypatch.setattr(fusionbench, "QUERIES", BATCH)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_few_votes_are_in_memory_while_a_format_is_written_which_is_the_same_and_counts_what_it_leaves_out(
    name, few_at_once
):
    export = FORMATS[name].make(Data(release().tables, release().manifest))
    written = {path: bytes_of(file) for path, file in export.files.items()}
    of_one_query = int(grid().outline.votes.max())
    assert 0 < Counted.most <= 3 * BATCH * of_one_query < len(data().comparisons) / 4
    assert Counted.now == 0
    assert sum(export.left_out.values()) > 0
    # What is written does not depend on how many are in memory, but for the row groups of Parquet.
    assert written.keys() == made(name).files.keys()
    same = {path for path in written if not path.endswith(".parquet")}
    assert (written.keys() != same) is (name in WITH_PARQUET)
    assert {path: written[path] for path in same} == {path: made(name).files[path] for path in same}
