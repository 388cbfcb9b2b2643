"""Pre-generated outputs."""

import csv
import gzip
import io
import json
import os
import time
import tracemalloc
from pathlib import Path

import pytest

from arena.systems.backends.base import Limits, Message, Misconfigured, NothingSaid, Unsupported
from arena.systems.backends.replay import ReplayBackend
from arena.systems.backends.replay_files import open_outputs
from tests.systems.conftest import asking, events_of, text_of

ROWS = [
    {"prompt": "Why?", "output": "Because.\nIt is so.", "dataset": "x"},
    {"prompt": "Who, me?", "output": 'She said "you", naïve 😀'},
]


def _csv(rows: list[dict]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, ["prompt", "output"], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


WRITTEN = {
    "list.json": json.dumps(ROWS),
    "object.json": json.dumps({row["prompt"]: row["output"] for row in ROWS}),
    "rows.jsonl": "\n".join(json.dumps(row) for row in ROWS) + "\n\n",
    "rows.csv": _csv(ROWS),
    "marked.csv": "\ufeff" + _csv(ROWS),
}


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("name", WRITTEN)
async def test_every_format_gives_the_same_outputs(tmp_path: Path, name: str, packed: str) -> None:
    backend = ReplayBackend(written(tmp_path, name + packed, WRITTEN[name]), tokens_per_second=10_000, ttft_s=0)
    assert list(backend.known_prompts()) == ["Why?", "Who, me?"]
    for row in ROWS:
        assert text_of(await events_of(backend, asking(row["prompt"]))) == row["output"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.jsonl", '{"prompt": "x"}', "record 1"),
        ("a.jsonl", '{"prompt": "a", "output": "b"}\n{oops', "line 2"),
        ("a.jsonl", '{"prompt": 1, "output": "b"}', "must be texts"),
        ("a.jsonl", '{"prompt": ["a", "b"], "output": ["c"]}', "equal length"),
        ("a.json", "7", "neither a list"),
        ("a.json", "{", "Expecting"),
        ("a.csv", "question,answer\na,b\n", "record 1"),
        ("a.txt", "x", "not one of"),
        ("a.json.gz", "no gzip", "gzip"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, name: str, text: str, said: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(Misconfigured, match=said):
        open_outputs(path)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"gone\.jsonl"):
        ReplayBackend(tmp_path / "gone.jsonl").supports(asking("Why?").messages)


async def test_a_prompt_that_the_file_lacks_is_unsupported(tmp_path: Path) -> None:
    backend = ReplayBackend(written(tmp_path, "rows.jsonl", WRITTEN["rows.jsonl"]))
    assert backend.supports(asking("Why?").messages)
    assert not backend.supports(asking("Why not?").messages)
    with pytest.raises(Unsupported):
        await events_of(backend, asking("Why not?"))


def test_a_prompt_is_found_as_a_form_sends_it(tmp_path: Path) -> None:
    backend = ReplayBackend(written(tmp_path, "a.json", json.dumps({"One\nTwo é": "x"})))
    assert backend.supports((Message("user", " One\r\nTwo e\u0301\n"),))


async def test_a_follow_up_is_answered_if_the_file_has_it(tmp_path: Path) -> None:
    rows = [{"prompt": ["Hi", "And?"], "output": ["Hello", "Nothing"]}, {"prompt": "Why?", "output": "Because"}]
    backend = ReplayBackend(written(tmp_path, "a.json", json.dumps(rows)), 1000, 0)
    assert not backend.supports(asking("And?").messages)
    for turns, output in ((("Hi",), "Hello"), (("Hi", "And?"), "Nothing"), (("Hi", "Why?"), "Because")):
        assert text_of(await events_of(backend, asking(*turns))) == output
    assert not backend.supports(asking("Hi", "What?").messages)


async def test_the_pace_is_that_of_a_live_system(tmp_path: Path) -> None:
    words = " ".join(["word"] * 60)
    backend = ReplayBackend(written(tmp_path, "a.json", json.dumps({"x": words})), tokens_per_second=100, ttft_s=0.2)
    started = time.monotonic()
    times = [time.monotonic() - started async for _event in backend.stream(asking("x"))]
    assert 0.1 < times[0] < 1.0
    assert 0.5 < times[-1] - times[0] < 2.0
    assert len(times) >= 8


async def test_an_empty_output_is_said_to_be_empty(tmp_path: Path) -> None:
    backend = ReplayBackend(written(tmp_path, "a.json", json.dumps({"x": " "})))
    assert backend.supports(asking("x").messages)
    with pytest.raises(NothingSaid):
        await events_of(backend, asking("x"))


def test_a_changed_file_is_read_anew_and_refused_where_it_is_pinned(tmp_path: Path) -> None:
    path = written(tmp_path, "a.json", json.dumps({"x": "old"}))
    pinned = ReplayBackend(path, sha256=open_outputs(path).sha256)
    assert pinned.supports(asking("x").messages)
    written(tmp_path, "a.json", json.dumps({"y": "new"}))
    os.utime(path, ns=(1, 1))
    assert ReplayBackend(path).supports(asking("y").messages)
    with pytest.raises(Misconfigured, match="register it again"):
        pinned.supports(asking("x").messages)


def test_the_texts_stay_on_disk(tmp_path: Path) -> None:
    rows = {f"prompt {n}": "x" * 20_000 for n in range(500)}
    path = written(tmp_path, "big.jsonl", "\n".join(json.dumps({"prompt": p, "output": o}) for p, o in rows.items()))
    tracemalloc.start()
    outputs = open_outputs(path)
    held, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(outputs) == 500
    assert held < 1_000_000
    assert outputs.find(("prompt 499",)) == "x" * 20_000


@pytest.mark.shared_data
async def test_the_real_outputs_come_back_byte_for_byte(shared_data: Path) -> None:
    limits = Limits(max_output_tokens=10**6)
    for path in sorted((shared_data / "real_outputs").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        backend = ReplayBackend(path, tokens_per_second=1e6, ttft_s=0)
        assert len(open_outputs(path)) == len({row["prompt"].strip() for row in rows})
        for row in rows[::80]:
            if row["output"].strip():
                assert text_of(await events_of(backend, asking(row["prompt"], limits=limits))) == row["output"]
