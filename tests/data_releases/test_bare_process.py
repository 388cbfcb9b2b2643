"""The commands of the base install run where none of the server's packages can be imported, from any folder."""

import json
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.data_releases.tampering import SAMPLE

#: Everything that the extras `server` and `train` bring, the project's web packages, and what only tests need.
NOT_THERE = (
    "django", "celery", "channels", "ninja", "redis", "boto3", "botocore", "psycopg", "phonenumbers", "stdnum",
    "plotly", "environs", "yaml", "uvicorn", "babel", "sklearn", "pandas",
)  # fmt: skip
#: The installed scripts as their interpreter runs them, in one process: to start one takes longer than what they do.
RUNS = """
import json, runpy, sys

class Bare:
    not_there = frozenset(json.loads(sys.argv[1]))

    def find_spec(self, name, path=None, target=None):
        if name in self.not_there:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Bare())
told = []
for script, *words in json.loads(sys.argv[2]):
    sys.argv = [script, *words]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as ended:
        told.append(ended.code)
    print("ended", script, flush=True)
sys.exit(json.dumps(told))
"""


def bare_process(*runs: tuple[str, ...], cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Installed scripts with words of theirs; the last line of stderr has the status of each, as JSON."""
    scripts = [[str(Path(sys.executable).with_name(name)), *map(str, words)] for name, *words in runs]
    for script, *_words in scripts:
        assert Path(script).read_text().startswith(f"#!{sys.executable}\n")
    command = [sys.executable, "-c", RUNS, json.dumps(NOT_THERE), json.dumps(scripts)]
    return subprocess.run(command, check=False, cwd=cwd, env={}, capture_output=True, text=True)


@pytest.fixture
def address():
    """Where the sample lies on a server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=SAMPLE)) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def test_they_verify_export_and_train(address, tmp_path):
    done = bare_process(
        ("arena-verify", SAMPLE),
        ("arena-verify", address),
        ("arena-export", SAMPLE, "--format", "llmrouter", "--out", "out"),
        ("arena-train", SAMPLE, "--policy", "knn", "--out", tmp_path),
        cwd=tmp_path,
    )
    assert json.loads(done.stderr.splitlines()[-1]) == [0] * 4, done.stderr
    of_folder, of_address, *_others = done.stdout.split("ended")
    for told in (of_folder, of_address):
        assert "computed again to the byte" in told
        assert "signer not pinned" in told
    assert (tmp_path / "out" / "llm_data.json").is_file()
    assert (tmp_path / "router.json").exists()
