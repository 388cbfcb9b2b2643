"""A router's files come back as they were, and nothing else is taken for one."""

import hashlib
import io
import json
import zipfile

import numpy as np
import pytest

from arena.policies import embedding
from arena.policies.files import (
    ARRAYS_FILE,
    JSON_FILE,
    OtherEmbedder,
    RouterDamaged,
    RouterUnreadable,
    fingerprint,
    load,
    written,
)
from arena.policies.routers import ClusterRouter, FactorRouter, KnnRouter

MEMBERS = ("Heron v1", "Ibis v2", "Jay v1")
PROMPTS = ("a proof of a sum", "a poem about rain", "a loop in python")
VECTORS = embedding.embedded(PROMPTS)
RNG = np.random.default_rng(3)
ROUTERS = {
    "cluster_bt": (ClusterRouter(VECTORS, np.eye(3)), {"clusters": 3}),
    "knn": (
        KnnRouter(VECTORS, np.array([0, 1, 2]), np.array([1, 2, 0]), np.array([1, 0.5, 0]), np.zeros(3), 2),
        {"neighbours": 2},
    ),
    "mf": (FactorRouter(RNG.normal(size=(2, 256)), RNG.normal(size=(3, 2)), np.zeros(3)), {"rank": 2}),
}


def stored(folder, kind, **changed):
    """The files of a router in a folder; `changed`: members of its JSON."""
    router, options = ROUTERS[kind]
    for name, content in written(kind, MEMBERS, router, {"options": options, **changed}).items():
        (folder / name).write_bytes(content)
    return folder / JSON_FILE


def with_arrays(path, arrays):
    """Other numbers, with the right checksum."""
    sink = io.BytesIO()
    np.savez(sink, **arrays)
    pinned(path, sink.getvalue())


def pinned(path, content):
    path.with_name(ARRAYS_FILE).write_bytes(content)
    said = json.loads(path.read_text())
    said["arrays"]["sha256"] = hashlib.sha256(content).hexdigest()
    path.write_text(json.dumps(said))


@pytest.mark.parametrize("policy", sorted(ROUTERS))
def test_a_router_comes_back_and_chooses_as_before(tmp_path, policy):
    path = stored(tmp_path, policy)
    model = load(path)
    assert (model.policy, model.members) == (policy, MEMBERS)
    assert np.array_equal(model.router.strengths(VECTORS), ROUTERS[policy][0].strengths(VECTORS))
    choice = model.choose(PROMPTS[1], frozenset(MEMBERS))
    assert choice.member in MEMBERS
    assert set(choice.scores) == set(MEMBERS)
    before = fingerprint(path)
    stored(tmp_path, policy)
    assert fingerprint(path) == before


def test_the_cluster_of_the_prompt_decides(tmp_path):
    model = load(stored(tmp_path, "cluster_bt"))
    assert [model.choose(prompt, frozenset(MEMBERS)).member for prompt in PROMPTS] == list(MEMBERS)


def test_another_number_is_found_by_its_checksum(tmp_path):
    path = stored(tmp_path, "mf")
    content = bytearray(path.with_name(ARRAYS_FILE).read_bytes())
    content[-200] ^= 1
    path.with_name(ARRAYS_FILE).write_bytes(content)
    with pytest.raises(RouterDamaged, match="checksum"):
        load(path)


class Mischief:
    def __reduce__(self):
        return (print, ("it ran",))


def test_a_pickled_object_is_refused_and_does_not_run(tmp_path, capsys):
    path = stored(tmp_path, "cluster_bt")
    with_arrays(path, {"centres": VECTORS, "table": np.array([Mischief()], dtype=object)})
    with pytest.raises(RouterDamaged, match="pickle"):
        load(path)
    assert "it ran" not in capsys.readouterr().out


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    path = stored(tmp_path, "cluster_bt")
    monkeypatch.setattr("arena.policies.files.MAX_ARRAYS_BYTES", 100_000)
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("centres.npy", bytes(1_000_000))
        packed.writestr("table.npy", b"")
    assert len(sink.getvalue()) < 10_000
    pinned(path, sink.getvalue())
    with pytest.raises(RouterDamaged, match="unpacks to more"):
        load(path)


KNN = {"vectors": VECTORS, "left": np.array([0, 1, 2]), "right": np.array([1, 2, 0]), "score": np.ones(3)}


@pytest.mark.parametrize(
    ("policy", "arrays", "message"),
    [
        ("cluster_bt", {"centres": VECTORS}, "holds centres"),
        ("cluster_bt", {"centres": VECTORS, "table": np.eye(3, dtype=np.float32)}, "must be float64"),
        ("cluster_bt", {"centres": VECTORS, "table": np.full((3, 3), np.nan)}, "all finite"),
        ("cluster_bt", {"centres": VECTORS, "table": np.eye(2)}, "do not fit"),
        ("knn", {**KNN, "left": np.array([0, 1, 3]), "overall": np.zeros(3)}, "do not fit"),
        ("knn", {**KNN, "score": np.full(3, 7.0), "overall": np.zeros(3)}, "do not fit"),
        ("mf", {"projection": np.ones((2, 9)), "factors": np.ones((3, 2)), "bias": np.ones(3)}, "do not fit"),
    ],
)
def test_numbers_that_do_not_fit_together_are_refused(tmp_path, policy, arrays, message):
    path = stored(tmp_path, policy)
    with_arrays(path, arrays)
    with pytest.raises(RouterDamaged, match=message):
        load(path)


def test_vectors_of_another_embedder_are_refused_with_what_to_do(tmp_path):
    other = embedding.described() | {"revision": 99}
    with pytest.raises(OtherEmbedder, match="Train it again"):
        load(stored(tmp_path, "mf", embedding=other))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format": "pickle"}, "not a router"),
        ({"format_version": 2}, "not a router"),
        ({"policy": "elo"}, "none of cluster_bt, knn, mf"),
        ({"members": ["one"]}, "distinct names"),
        ({"members": ["one", "one"]}, "distinct names"),
        ({"options": None}, "is missing"),
    ],
)
def test_what_is_no_router_is_refused_by_name(tmp_path, changed, message):
    with pytest.raises(RouterUnreadable, match=message):
        load(stored(tmp_path, "mf", **changed))


def test_a_missing_file_and_a_file_without_json_are_named(tmp_path):
    with pytest.raises(RouterUnreadable, match=r"router\.json: No such file"):
        load(tmp_path / JSON_FILE)
    (tmp_path / JSON_FILE).write_text("{")
    with pytest.raises(RouterUnreadable, match="no JSON"):
        load(tmp_path / JSON_FILE)
    path = stored(tmp_path, "mf")
    path.with_name(ARRAYS_FILE).unlink()
    with pytest.raises(RouterUnreadable, match=r"router\.npz: No such file"):
        load(path)
