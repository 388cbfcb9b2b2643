"""What a release says about itself: for catalogues, for people, for `sha256sum`."""

import json
import re
import subprocess

import pytest

from data_releases import schema
from data_releases.manifest import canonical, read_key, signed
from tests.data_releases.tampering import SAMPLE

MANIFEST = json.loads((SAMPLE / "manifest.json").read_text())


@pytest.mark.filterwarnings("ignore")
def test_croissant_is_valid_and_describes_every_column() -> None:
    import mlcroissant  # half a second that every process would take to collect the tests

    dataset = mlcroissant.Dataset(str(SAMPLE / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    described = {record.id: [field.name for field in record.fields] for record in dataset.metadata.record_sets}
    assert described == {spec.name: spec.schema.names for spec in schema.TABLES}


def test_croissant_names_the_files_by_their_checksums() -> None:
    described = json.loads((SAMPLE / "croissant.json").read_text())
    sums = {entry["path"]: entry["sha256"] for entry in MANIFEST["files"]}
    assert {one["name"]: one["sha256"] for one in described["distribution"]} == {
        spec.file: sums[spec.file] for spec in schema.TABLES
    }
    for field in ("dataCollection", "dataBiases", "personalSensitiveInformation", "dataReleaseMaintenancePlan"):
        assert described[f"rai:{field}"]


def test_the_sums_are_those_of_sha256sum() -> None:
    done = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=SAMPLE, check=False)
    assert done.returncode == 0


def test_the_card_explains_every_column_and_states_the_figures() -> None:
    card = (SAMPLE / "DATACARD.md").read_text()
    for spec in schema.TABLES:
        section = card.split(f"### {spec.file}\n", 1)[1].split("\n### ", 1)[0]
        assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == spec.schema.names
    suite = MANIFEST["pii"]["suite"]
    assert f"{suite['structured_recall']:.3f} at a precision of {suite['precision']:.3f}" in card
    for name, n in MANIFEST["counts"]["excluded"].items():
        assert f"| {name} | {n} |" in card


def test_the_snippets_of_the_readme_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(SAMPLE)
    snippets = re.findall(r"```python\n(.*?)```", (SAMPLE / "README.md").read_text(), re.DOTALL)
    (pandas_snippet,) = [code for code in snippets if "pandas" in code]
    exec(pandas_snippet, {})
    assert "both_bad" in capsys.readouterr().out


def test_a_pinned_key_is_read_from_hexadecimal_and_from_pem() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    hexadecimal = json.loads(signed({"a": 1}, key))["signature"]["public_key"]
    assert read_key(pem.decode()) == read_key(f"{hexadecimal.upper()}\n") == hexadecimal
    with pytest.raises(ValueError, match="a key is"):
        read_key("abcd")


def test_canonical_json_is_one_text_for_one_value() -> None:
    assert canonical({"b": 1.5, "a": ["é", None]}) == '{"a":["é",null],"b":1.5}\n'.encode()
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical({"a": float("nan")})
