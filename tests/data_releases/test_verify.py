"""Anybody can check a release: what is untouched verifies, what is touched is named."""

import json
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from data_releases import schema
from data_releases.manifest import MANIFEST, SUMS, canonical, signed
from data_releases.verify_command import main
from tests.data_releases.tampering import (
    SAMPLE,
    drop_excluded,
    edit_votes,
    flip,
    sign_again,
    write,
)


@pytest.fixture
def release(tmp_path):
    """A copy of the sample that a test may touch."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "release"))


def test_an_overview_that_tells_other_counts_is_found(release, capsys):
    sign_again(release, overview={"outcomes": {"left": 10**6}, "languages": {}, "systems": {}})
    assert main([str(release)]) == 1
    assert "votes.parquet: the overview of the manifest is another" in "".join(capsys.readouterr())


@pytest.mark.parametrize("audio", [[], None, "none", {"clips": []}])
def test_a_manifest_that_says_nonsense_about_clips_is_a_mismatch(release, capsys, audio):
    sign_again(release, audio=audio)
    assert main([str(release)]) == 1
    assert "MISMATCH clips.parquet: the manifest counts other clips" in capsys.readouterr().out


@pytest.mark.parametrize("change", [flip, drop_excluded])
def test_a_touched_vote_is_named(release, capsys, change):
    edit_votes(release, change)
    assert main([str(release)]) == 1
    assert "MISMATCH votes.parquet" in capsys.readouterr().out


def test_touched_files_are_named_each(release, capsys):
    files = ["DATACARD.md", "README.md", "croissant.json", "leaderboard.json", SUMS]
    for file in files:
        (release / file).write_text((release / file).read_text().replace("1", "2", 1))
    assert main([str(release)]) == 1
    told = capsys.readouterr().out
    assert [file for file in files if f"MISMATCH {file}" not in told] == []


def test_another_last_byte_of_any_file_alone_is_named_and_nothing_else(release, capsys):
    files = [entry["path"] for entry in json.loads((release / MANIFEST).read_text())["files"]]
    assert len(files) > 15
    for file in files:
        content = (release / file).read_bytes()
        (release / file).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert main([str(release)]) == 1
        told = capsys.readouterr().out
        assert told.count("MISMATCH") == 1
        assert f"MISMATCH {file}: the checksum is not that of the manifest" in told
        (release / file).write_bytes(content)


def test_a_missing_file_is_named(release, capsys):
    (release / "battles.parquet").unlink()
    assert main([str(release)]) == 1
    assert "MISMATCH battles.parquet" in capsys.readouterr().out


def test_a_flipped_vote_is_found_even_if_everything_is_signed_again(release, capsys):
    edit_votes(release, flip)
    sign_again(release)
    assert main([str(release)]) == 1
    assert "MISMATCH leaderboard.json: the votes give another leaderboard" in capsys.readouterr().out


def test_a_dropped_excluded_vote_is_found_even_if_everything_is_signed_again(release, capsys):
    edit_votes(release, drop_excluded)
    sign_again(release)
    assert main([str(release)]) == 1
    out = capsys.readouterr().out
    assert "MISMATCH votes.parquet: cast" in out
    assert "MISMATCH votes.parquet: excluded" in out


def test_a_touched_manifest_is_no_longer_signed(release, capsys):
    manifest = json.loads((release / MANIFEST).read_text())
    manifest["counts"]["cast"] += 1
    (release / MANIFEST).write_bytes(canonical(manifest))
    assert main([str(release)]) == 1
    assert "MISMATCH manifest.json: the signature" in capsys.readouterr().out


def test_another_signer_is_found_where_the_key_is_pinned(release, tmp_path, capsys):
    pinned = tmp_path / "key"
    pinned.write_text(json.loads((release / MANIFEST).read_text())["signature"]["public_key"] + "\n")
    assert main([str(release), "--key", str(pinned)]) == 0
    assert "not pinned" not in capsys.readouterr().out
    sign_again(release)
    assert main([str(release)]) == 0
    assert main([str(release), "--key", str(pinned)]) == 1
    assert "MISMATCH manifest.json: signed by" in capsys.readouterr().out


def test_a_column_more_is_found(release, capsys):
    table = pq.read_table(release / "votes.parquet")
    pq.write_table(table.append_column("ip", pa.array(["x"] * len(table))), release / "votes.parquet")
    sign_again(release)
    assert main([str(release)]) == 1
    assert "MISMATCH votes.parquet: its columns are not those of the schema" in capsys.readouterr().out


def test_a_vote_on_a_battle_that_is_not_there_is_found(release, capsys):
    def change(rows):
        rows[0]["battle_id"] = "0" * 16
        return rows

    edit_votes(release, change)
    sign_again(release)
    assert main([str(release)]) == 1
    assert "votes.parquet: battle_id names rows that are not there" in capsys.readouterr().out


def test_a_member_that_is_not_there_is_found(release, capsys):
    rows = pq.read_table(release / "responses.parquet").to_pylist()
    next(row for row in rows if row["answered_by"])["answered_by"] = "Nobody v1"
    write(release, schema.RESPONSES, rows)
    sign_again(release)
    assert main([str(release)]) == 1
    assert "MISMATCH responses.parquet: answered_by names rows that are not there" in capsys.readouterr().out


def test_what_was_heard_before_a_vote_that_is_not_there_is_found(release, capsys):
    row = {"vote_id": "0" * 16, "side": "left", "duration_s": 30.0, "heard_s": 6, "coverage": 0.2}
    write(release, schema.LISTENING, [row])
    sign_again(release)
    assert main([str(release)]) == 1
    assert "MISMATCH listening.parquet: vote_id names rows that are not there" in capsys.readouterr().out


def test_over_http_all_files_come_by_one_connection(capsys):
    connections = []

    class Handler(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self):
            connections.append(self.client_address)
            super().setup()

        def log_message(self, *_words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=SAMPLE)) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            assert main([f"http://127.0.0.1:{server.server_port}"]) == 0
        finally:
            server.shutdown()
    assert "computed again to the byte" in capsys.readouterr().out
    assert len(connections) == 1


@pytest.mark.parametrize("where", ["nothing-here", "http://127.0.0.1:9/releases/text/2026-10"])
def test_what_cannot_be_read_is_another_matter(where, capsys, tmp_path):
    assert main([where if "://" in where else str(tmp_path / where)]) == 2
    assert "unreadable: manifest.json" in capsys.readouterr().err


def test_a_key_file_that_is_none_is_unreadable(release, tmp_path, capsys):
    (tmp_path / "key").write_text("not a key")
    assert main([str(release), "--key", str(tmp_path / "key")]) == 2
    assert "unreadable" in capsys.readouterr().err


def test_a_manifest_cannot_lead_out_of_its_folder(release, capsys):
    manifest = json.loads((release / MANIFEST).read_text())
    manifest["files"].append({"path": "../../etc/passwd", "bytes": 10, "sha256": "0" * 64})
    (release / MANIFEST).write_bytes(signed(manifest, Ed25519PrivateKey.generate()))
    assert main([str(release)]) == 1
    assert "not the name of a file" in capsys.readouterr().out


def test_a_touched_cell_is_found_even_if_everything_is_signed_again(release, capsys):
    rows = pq.read_table(release / "cells.parquet").to_pylist()
    rows[0]["adjusted"] += 0.1
    write(release, schema.CELLS, rows)
    sign_again(release)
    assert main([str(release)]) == 1
    assert "MISMATCH cells.parquet: the other tables give other rows" in capsys.readouterr().out


def test_a_vector_of_another_prompt_is_found(release, capsys):
    rows = pq.read_table(release / "embeddings.parquet").to_pylist()
    rows[0]["vector"] = rows[1]["vector"]
    write(release, schema.EMBEDDINGS, rows)
    sign_again(release)
    assert main([str(release)]) == 1
    assert "MISMATCH embeddings.parquet: the other tables give other rows" in capsys.readouterr().out


def test_a_voter_in_two_parts_is_found(release, capsys):
    rows = pq.read_table(release / "battles.parquet").to_pylist()
    for row in rows:
        row["split"] = "test" if row["split"] == "mixed" else row["split"]
    write(release, schema.BATTLES, rows)
    sign_again(release)
    assert main([str(release)]) == 1
    assert "MISMATCH battles.parquet: the split puts a voter_pid into two parts" in capsys.readouterr().out


def test_a_revision_is_explained_row_by_row(release, capsys):
    old = Path(shutil.copytree(release, release.parent / "old"))
    table = pq.read_table(release / "feedback.parquet")
    gone = table.to_pylist()[0]
    key = f"{gone['vote_id']}/{gone['side']}"
    write(release, schema.FEEDBACK, table.to_pylist()[1:])
    counts = json.loads((release / MANIFEST).read_text())["counts"]
    counts["rows"]["feedback"] -= 1
    sign_again(release, counts=counts)
    assert main(["--diff", str(old), str(release)]) == 1
    assert f"removed {key}: NOT EXPLAINED" in capsys.readouterr().out
    stone = {"file": "feedback.parquet", "key": key, "what": "removed", "reason": "withdrawn", "revision": 2}
    write(release, schema.TOMBSTONES, [stone])
    counts["rows"]["tombstones"] += 1
    sign_again(release, counts=counts)
    assert main(["--diff", str(old), str(release)]) == 0
    assert capsys.readouterr().out == f"feedback.parquet: removed {key}: withdrawn in revision 2\n"


def test_one_release_or_two_are_named(capsys):
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2
